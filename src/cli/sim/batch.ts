/**
 * Owns: some seeds of a scenario in a row, in this thread. The answer is plain data, so that threads can pass it on. Nothing is
 * traced or written down here: what fails is run once more for that.
 */

import { type Failure, runScenario } from '../../node/sim/index.ts';
import type { LoadedScenario } from './load.ts';
import type { Readiness } from './ready.ts';

/** Seeds from `from` on. */
export interface Batch {
  readonly from: number;
  readonly count: number;
  /** Whether the first failure ends it. */
  readonly untilFailure: boolean;
}

export interface BatchResult {
  /** How many were run. */
  readonly done: number;
  readonly failures: readonly { readonly seed: number; readonly failure: Failure }[];
  /** Virtual time of all of them, ms. */
  readonly time: number;
  /** What was thrown while no run was under way. */
  readonly strays: readonly string[];
}

/** Runs them. */
export async function runBatch(
  { from, count, untilFailure }: Batch,
  { scenario, file }: LoadedScenario,
  readiness: Readiness,
): Promise<BatchResult> {
  const failures: { seed: number; failure: Failure }[] = [];
  let time = 0;
  let done = 0;
  while (done < count && !(untilFailure && failures.length > 0)) {
    const seed = from + done;
    const outcome = await runScenario(scenario, seed, { file });
    if (outcome.failure !== null) failures.push({ seed, failure: outcome.failure });
    time += outcome.time;
    done++;
  }
  return { done, failures, time, strays: readiness.takeStrays() };
}
