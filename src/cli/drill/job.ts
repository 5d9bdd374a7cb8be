/**
 * Owns: one script over one version of IP: read, played, and, if asked for, its mutants too. The answer is plain data, so that
 * threads can pass it on.
 */

import {
  describeResult,
  type DrillResult,
  DrillSkip,
  DrillSyntaxError,
  drillLadder,
  harnessDefines,
  type IpVersion,
  mutants,
  parseScript,
  play,
  type RunOptions,
  type Script,
} from '../../drill/index.ts';
import { readScript } from './find.ts';

export interface Job {
  readonly path: string;
  readonly ip: IpVersion;
}

/** What all jobs of a run have in common. */
export interface JobOptions {
  readonly run: RunOptions;
  /** Symbols given on the command line: name and value. */
  readonly defines: readonly (readonly [string, string])[];
  readonly mutate: boolean;
  readonly ladder: boolean;
}

export type Verdict = 'pass' | 'fail' | 'skip' | 'error';

/** What came of a job. 'error' is a file that is no script. */
export interface JobResult extends Job {
  readonly result: Verdict;
  readonly reason: string;
  readonly line: number | null;
  readonly expected: string | null;
  readonly actual: string | null;
  /** Virtual time at which it ended, seconds. */
  readonly time: number;
  /** For people: several lines. */
  readonly text: string;
  readonly printed: readonly string[];
  /** Mutants that were played, and those that passed all the same. */
  readonly mutants: number;
  readonly survivors: readonly string[];
}

/** The versions over which a script can be played: its name, or an option of its own, may leave only one. */
export function versionsOf(path: string): IpVersion[] {
  if (path.endsWith('v6.pkt')) return ['ipv6'];
  if (path.endsWith('v4.pkt')) return ['ipv4', 'mapped'];
  return ['ipv4', 'ipv6', 'mapped'];
}

/** @returns null for a script that asks for another version of IP than the job's */
export function runJob(job: Job, options: JobOptions): JobResult | null {
  const { path, ip } = job;
  const nothing = { ...job, line: null, expected: null, actual: null, time: 0, printed: [], mutants: 0, survivors: [] };
  let script: Script;
  try {
    const defines = new Map([...harnessDefines(ip), ...options.defines]);
    script = parseScript(path, readScript(path), defines);
  } catch (error) {
    if (error instanceof DrillSkip) return { ...nothing, result: 'skip', reason: error.message, text: '' };
    if (!(error instanceof DrillSyntaxError)) throw error;
    const { reason, at, message } = error;
    return { ...nothing, result: 'error', reason, line: at.line, text: message };
  }
  const asked = versionOf(script);
  if (asked !== null && asked !== ip) return null;
  const result = play(script, { ...options.run, ip });
  const survivors: string[] = [];
  const changed = options.mutate && result.result === 'pass' ? mutants(script, { ...options.run, ip }) : [];
  for (const mutant of changed) {
    if (play(mutant.script, { ...options.run, ip }).result === 'pass') {
      survivors.push(`${path}:${mutant.line}: ${mutant.kind}: ${mutant.description}`);
    }
  }
  const first = result.failures[0];
  return {
    ...nothing,
    result: result.result,
    reason: result.reason,
    line: first?.line ?? null,
    expected: first?.expected ?? null,
    actual: first?.actual ?? null,
    time: first?.time ?? result.duration,
    text: textOf(result, options.ladder),
    printed: result.printed,
    mutants: changed.length,
    survivors,
  };
}

function textOf(result: DrillResult, ladder: boolean): string {
  if (result.result === 'pass') return ladder ? drillLadder(result) : '';
  return result.result === 'fail' ? describeResult(result) : '';
}

function versionOf(script: Script): IpVersion | null {
  const option = script.options.filter(({ name }) => name === 'ip_version').at(-1);
  if (option === undefined) return null;
  return option.value === 'ipv4-mapped-ipv6' ? 'mapped' : (option.value as IpVersion);
}
