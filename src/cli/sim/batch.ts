/**
 * Owns: some seeds of a scenario in a row, in this thread. The answer is plain data, so that threads can pass it on. Nothing is
 * traced or written down here: what fails is run once more for that.
 */

import { type Failure, runScenario } from '../../node/sim/index.ts';
import type { LoadedScenario } from './load.ts';

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
}

/** @param stopped asked before each seed whether to stop */
export async function runBatch(
  { from, count, untilFailure }: Batch,
  { scenario, file }: LoadedScenario,
  stopped: () => boolean = () => false,
): Promise<BatchResult> {
  const failures: { seed: number; failure: Failure }[] = [];
  let time = 0;
  let done = 0;
  while (done < count && !stopped() && !(untilFailure && failures.length > 0)) {
    const seed = from + done;
    const outcome = await runScenario(scenario, seed, { file });
    if (outcome.failure !== null) failures.push({ seed, failure: outcome.failure });
    time += outcome.time;
    done++;
  }
  return { done, failures, time };
}
