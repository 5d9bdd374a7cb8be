/**
 * Owns: `tsyn/drill` where there are files: all of it, and `drill` takes paths too. It knows no test runner: it throws, and a
 * folder is registered with whatever `test(name, body)` it is given (Vitest, Jest, node:test).
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  DrillFailedError,
  type DrillOptions,
  type DrillResult,
  drillText,
  ipVersions,
  playText,
  drill as template,
} from '../drill/index.ts';

export * from '../drill/index.ts';

/**
 * Plays a script that stands in the program, over every version of IP.
 *
 * @returns the results, one for each version, all of them passes
 * @throws DrillFailedError a version that failed, or was skipped; `message` shows where and the ladder up to there
 * @throws DrillSyntaxError if the text is no script
 */
export function drill(text: TemplateStringsArray, ...values: unknown[]): readonly DrillResult[];
/**
 * Plays a script file over every version of IP that it is for: `drill('handshake.pkt')` within a test.
 *
 * @param path from the current folder, or `new URL('handshake.pkt', import.meta.url)` for one beside the program
 * @returns the results, one for each version, all of them passes
 * @throws DrillFailedError a version that failed, or was skipped; `message` shows where and the ladder up to there
 * @throws DrillSyntaxError if the text is no script
 */
export function drill(path: string | URL, options?: DrillOptions): readonly DrillResult[];
export function drill(first: TemplateStringsArray | string | URL, ...rest: unknown[]): readonly DrillResult[] {
  if (typeof first !== 'string' && !(first instanceof URL)) return template(first, ...rest);
  const path = pathOf(first);
  return drillText(path, readFileSync(path, 'utf8'), rest[0] as DrillOptions | undefined);
}

/** What registers a test: Vitest's and Jest's `test`, or `node:test`'s. */
export type RegisterTest = (name: string, body: () => void) => unknown;

/**
 * Registers a test for each script in a folder, and in the folders in it, and each version of IP: `drillFolder('scripts', test)`.
 *
 * @throws Error a folder without scripts: nothing would be tested
 * @throws DrillSyntaxError a file that is no script
 */
export function drillFolder(folder: string | URL, test: RegisterTest, options: DrillOptions = {}): void {
  const root = pathOf(folder);
  const paths = scriptsIn(root);
  if (paths.length === 0) throw new Error(`${root}: no scripts (*.pkt)`);
  for (const path of paths) {
    const text = readFileSync(path, 'utf8');
    for (const ip of options.ip === undefined ? ipVersions(path, text) : [options.ip]) {
      test(`${relative(root, path).replaceAll('\\', '/')} over ${ip}`, () => {
        const result = playText(path, text, ip, options);
        if (result.result !== 'pass') throw new DrillFailedError([result]);
      });
    }
  }
}

/** The scripts in a folder and the folders in it, in order. */
export function scriptsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.pkt') && statSync(join(folder, path)).isFile())
    .sort()
    .map((path) => join(folder, path));
}

function pathOf(path: string | URL): string {
  return path instanceof URL ? fileURLToPath(path) : path;
}
