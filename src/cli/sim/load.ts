/** Owns: a scenario from a file: found, loaded as a module, and looked at whether it is one. */

import { existsSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type NodeSimulation, type Scenario, ScenarioError, scenarioOf } from '../../node/sim/index.ts';
import { UsageError } from '../args.ts';

/** A scenario, and how stacks name its file. */
export interface LoadedScenario {
  readonly scenario: Scenario<NodeSimulation>;
  /** The end of its path. */
  readonly file: string;
}

/** @throws UsageError no such file, a module that cannot be loaded or throws meanwhile, one that exports no scenario */
export async function loadScenario(path: string): Promise<LoadedScenario> {
  const absolute = resolve(path);
  if (!existsSync(absolute)) throw new UsageError(`no such file: '${path}'`);
  if (!statSync(absolute).isFile()) throw new UsageError(`'${path}' is no file: a scenario is a module`);
  const module: unknown = await importModule(path, absolute);
  try {
    const name = basename(absolute, extname(absolute));
    return { scenario: scenarioOf<NodeSimulation>(module, `'${path}'`, name), file: `/${basename(absolute)}` };
  } catch (error) {
    if (error instanceof ScenarioError) throw new UsageError(error.message);
    throw error;
  }
}

async function importModule(path: string, absolute: string): Promise<unknown> {
  try {
    return await import(pathToFileURL(absolute).href);
  } catch (error) {
    if ((error as { readonly code?: unknown } | null)?.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      const hint = /\.[cm]?ts$/.test(path)
        ? `: Node ${process.version} reads no TypeScript, from 22.18 on it does`
        : '';
      throw new UsageError(`'${path}' cannot be loaded: unknown file extension '${extname(path)}'${hint}`);
    }
    throw new UsageError(`'${path}' cannot be loaded: ${describe(error, absolute)}`);
  }
}

/** The error in a line, with the place in the module where there is one. */
function describe(error: unknown, absolute: string): string {
  if (!(error instanceof Error)) return `it throws ${String(error)}`;
  const at = new RegExp(`${escaped(absolute)}:(\\d+(?::\\d+)?)`).exec(error.stack ?? '');
  return `${error.name}: ${error.message.split('\n')[0]}${at === null ? '' : ` (line ${at[1]})`}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
