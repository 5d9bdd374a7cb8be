/**
 * Owns: a script and its verdict: the events are played, then the assertions about what was seen on the way are made, in their
 * order and in one name space.
 */

import { TsynError } from '../stack/index.ts';
import type { TraceEvent } from '../trace/events.ts';
import { DrillSkip } from './errors.ts';
import type { IpVersion } from './host.ts';
import { HostMaker } from './host-maker.ts';
import { INFO_CONSTANTS } from './info.ts';
import { PythonAssertion, PythonError, type PyValue, runPython } from './python.ts';
import { type RunOptions, runSettings } from './run-settings.ts';
import { type Failure, Runner, type Snapshot } from './runner.ts';
import type { Script } from './script.ts';

export interface DrillResult {
  readonly name: string;
  readonly ip: IpVersion;
  readonly result: 'pass' | 'fail' | 'skip';
  /** What differed first, or what is not to be had here; empty for a pass. */
  readonly reason: string;
  /** The first, or with `keepGoing` all. */
  readonly failures: readonly Failure[];
  /** Virtual time at the end, seconds. */
  readonly duration: number;
  /** What the script printed. */
  readonly printed: readonly string[];
  /** What was sent and received, and what the connection made of it, for ladders. */
  readonly trace: readonly TraceEvent[];
}

/** Plays a script. @throws DrillSyntaxError an option of the script with an impossible value */
export function play(script: Script, options: RunOptions = {}): DrillResult {
  const settings = runSettings(script, options);
  const trace: TraceEvent[] = [];
  const maker = new HostMaker(settings, (event) => trace.push(event));
  const runner = new Runner(script, settings, options, maker);
  const printed: string[] = [];
  const common = { name: script.name, ip: settings.ip, printed, trace };
  try {
    runner.play();
    const failures = [...runner.failures];
    if (failures.length === 0 || options.keepGoing === true) failures.push(...assertions(runner.snapshots, printed));
    const duration = runner.now / 1000;
    const reason = failures[0]?.reason ?? '';
    return { ...common, result: failures.length === 0 ? 'pass' : 'fail', reason, failures, duration };
  } catch (error) {
    const skip = { ...common, result: 'skip', failures: [], duration: runner.now / 1000 } as const;
    if (error instanceof DrillSkip) return { ...skip, reason: error.message };
    // What a script sets up may be more, or less, than the stack allows anybody: an MTU, an address, the size of a buffer.
    if (error instanceof TsynError)
      return { ...skip, reason: `the stack refuses what the script sets: ${error.message}` };
    throw error;
  }
}

/** What the script asserts of the connection, looked at when it said so. @returns the first that does not hold */
function assertions(snapshots: readonly Snapshot[], printed: string[]): Failure[] {
  const scope = new Map<string, PyValue>();
  for (const [name, value] of INFO_CONSTANTS) scope.set(name, BigInt(value));
  for (const { line, text, time, fields } of snapshots) {
    for (const [name, value] of Object.entries(fields)) scope.set(name, BigInt(value));
    try {
      runPython(text, scope, printed);
    } catch (error) {
      if (!(error instanceof PythonAssertion) && !(error instanceof PythonError)) throw error;
      return [{ line, reason: error.message, expected: null, actual: null, time }];
    }
  }
  return [];
}
