/**
 * Owns: scripts as tests: a script's text is played over every version of IP that it is for, and what does not pass is thrown.
 */

import { DrillSkip } from './errors.ts';
import { harnessDefines } from './harness.ts';
import type { IpVersion } from './host.ts';
import { parseScript } from './parser.ts';
import { type DrillResult, play } from './play.ts';
import { describeResult } from './report.ts';
import { type RunOptions, scriptIpVersion } from './run-settings.ts';

export interface DrillOptions extends RunOptions {
  /** Symbols of the script, as `--define` has them; they go over those that every script has. */
  readonly defines?: ReadonlyMap<string, string>;
}

/** A script did not pass. `message` says where it and what happened part, and shows the ladder up to there. */
export class DrillFailedError extends Error {
  readonly code = 'ERR_DRILL_FAILED';
  /** Of every version of IP that was played. */
  readonly results: readonly DrillResult[];

  constructor(results: readonly DrillResult[]) {
    super(differences(results).join('\n\n'));
    this.name = 'DrillFailedError';
    this.results = results;
  }
}

/** What went wrong, each thing once, with the versions of IP for which it did. */
function differences(results: readonly DrillResult[]): string[] {
  const versions = new Map<string, string[]>();
  for (const result of results.filter(({ result }) => result !== 'pass')) {
    const text = result.result === 'skip' ? `${result.name} is skipped: ${result.reason}` : describeResult(result);
    versions.set(text, [...(versions.get(text) ?? []), result.ip]);
  }
  return [...versions].map(([text, ips]) => `over ${ips.join(', ')}:\n${text}`);
}

const ALL: readonly IpVersion[] = ['ipv4', 'ipv6', 'mapped'];

/**
 * The versions of IP that a script is for: what its head says, else what its name says (`...v4.pkt` is IPv4, with sockets of
 * either family; `...v6.pkt` is IPv6), else all.
 *
 * @throws DrillSyntaxError if the text is no script
 */
export function ipVersions(name: string, text: string): readonly IpVersion[] {
  const own = scriptIpVersion(parseScript(name, text, harnessDefines('ipv4')));
  if (own !== null) return [own];
  if (/v4(\.\w+)?$/.test(name)) return ['ipv4', 'mapped'];
  return /v6(\.\w+)?$/.test(name) ? ['ipv6'] : ALL;
}

/**
 * Plays a script's text over one version of IP. What the language has and this player has not is a skip, not an error.
 *
 * @throws DrillSyntaxError if the text is no script
 */
export function playText(name: string, text: string, ip: IpVersion, options: DrillOptions = {}): DrillResult {
  const defines = new Map([...harnessDefines(ip), ...(options.defines ?? [])]);
  try {
    return play(parseScript(name, text, defines), { ...options, ip });
  } catch (error) {
    if (!(error instanceof DrillSkip)) throw error;
    return { name, ip, result: 'skip', reason: error.message, failures: [], duration: 0, printed: [], trace: [] };
  }
}

/**
 * Plays a script's text over every version of IP that it is for, or over `options.ip`.
 *
 * @param name for messages: the path, or what the script is called
 * @returns the results, all of them passes
 * @throws DrillFailedError a version that failed, or was skipped: what was not played has shown nothing
 * @throws DrillSyntaxError if the text is no script
 */
export function drillText(name: string, text: string, options: DrillOptions = {}): readonly DrillResult[] {
  const versions = options.ip === undefined ? ipVersions(name, text) : [options.ip];
  const results = versions.map((ip) => playText(name, text, ip, options));
  if (results.some(({ result }) => result !== 'pass')) throw new DrillFailedError(results);
  return results;
}

/**
 * A script that stands in the program, as a tagged template:
 *
 * ```ts
 * drill`
 *   0 < S 100:100(0) win 65535
 *   +0 > R. 0:0(0) ack 1
 * `;
 * ```
 *
 * @returns the results, one for each version of IP, all of them passes
 * @throws DrillFailedError, DrillSyntaxError as `drillText`
 */
export function drill(text: TemplateStringsArray, ...values: unknown[]): readonly DrillResult[] {
  return drillText('inline script', String.raw({ raw: text }, ...values));
}
