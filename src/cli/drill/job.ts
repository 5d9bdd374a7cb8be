/**
 * Owns: one script over one version of IP: read, played, and, if asked for, its mutants too. The answer is plain data, so that
 * threads can pass it on.
 */

import {
  type DrillOptions,
  type DrillResult,
  DrillSyntaxError,
  describeResult,
  drillLadder,
  harnessDefines,
  type IpVersion,
  mutants,
  parseScript,
  play,
  playText,
  type RunOptions,
} from '../../drill/index.ts';
import { UsageError } from '../args.ts';
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

/** Plays a script over one version of IP, and then, if it passes and they are asked for, its mutants. */
export function runJob(job: Job, options: JobOptions): JobResult {
  const { path, ip } = job;
  const text = readScript(path);
  const run = { ...options.run, defines: new Map(options.defines) };
  let result: DrillResult;
  try {
    result = playText(path, text, ip, run);
  } catch (error) {
    const nothing = { expected: null, actual: null, time: 0, printed: [], mutants: 0, survivors: [] };
    if (error instanceof DrillSyntaxError) {
      const { reason, at, message } = error;
      return { ...job, ...nothing, result: 'error', reason, line: at.line, text: message };
    }
    if (!(error instanceof Error) || error instanceof UsageError) throw error;
    // A bug of ours costs one script, not all that were to be played.
    return {
      ...job,
      ...nothing,
      result: 'fail',
      reason: `a bug: ${error.message}`,
      line: null,
      text: `a bug: ${error.stack}`,
    };
  }
  const first = result.failures[0];
  const { played, survivors } = options.mutate && result.result === 'pass' ? mutate(job, text, run) : NO_MUTANTS;
  return {
    ...job,
    result: result.result,
    reason: result.reason,
    line: first?.line ?? null,
    expected: first?.expected ?? null,
    actual: first?.actual ?? null,
    time: result.duration,
    text: textOf(result, options.ladder),
    printed: result.printed,
    mutants: played,
    survivors,
  };
}

const NO_MUTANTS = { played: 0, survivors: [] as string[] };

function mutate({ path, ip }: Job, text: string, run: DrillOptions): { played: number; survivors: string[] } {
  const script = parseScript(path, text, new Map([...harnessDefines(ip), ...(run.defines ?? [])]));
  const changed = mutants(script, { ...run, ip });
  const survivors = changed
    .filter((mutant) => play(mutant.script, { ...run, ip }).result === 'pass')
    .map(({ line, kind, description }) => `${path}:${line}: ${kind}: ${description}`);
  return { played: changed.length, survivors };
}

function textOf(result: DrillResult, ladder: boolean): string {
  if (result.result === 'pass') return ladder ? drillLadder(result) : '';
  return result.result === 'fail' ? describeResult(result) : '';
}
