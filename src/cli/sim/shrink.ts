/** Owns: a run that failed, run again until the fewest faults are known that make it fail in the same way. */

import { causeOf, type Failure, minimise, type Outcome, runScenario } from '../../node/sim/index.ts';
import type { LoadedScenario } from './load.ts';
import { Turn } from './pool.ts';

export interface Shrunk {
  /** The run with the faults that are left: with trace and packets. */
  readonly outcome: Outcome;
  readonly before: number;
  readonly runs: number;
  readonly complete: boolean;
}

/**
 * @param found a run that failed, with its faults written down
 * @returns null when its faults alone do not make it fail in that way
 */
export async function shrink(
  { scenario, file }: LoadedScenario,
  found: Outcome,
  signal: AbortSignal,
  onRun: (runs: number, left: number) => void,
): Promise<Shrunk | null> {
  const { seed } = found;
  const cause = causeOf(found.failure as Failure);
  const turn = new Turn();
  const alike = ({ failure }: Outcome): boolean => failure !== null && causeOf(failure) === cause;
  const all = found.faults.map(({ fault }) => fault);
  if (!alike(await runScenario(scenario, seed, { plan: { faults: all }, file }))) return null;
  const { faults, runs, complete } = await minimise(
    all,
    async (some) => {
      await turn.yield();
      // Ctrl-C: nothing is tried any more, and what is known so far stands.
      if (signal.aborted) return false;
      return alike(await runScenario(scenario, seed, { plan: { faults: some }, file }));
    },
    { onRun },
  );
  const outcome = await runScenario(scenario, seed, {
    plan: { faults },
    file,
    record: true,
    trace: true,
    capture: true,
  });
  return { outcome, before: all.length, runs, complete: complete && !signal.aborted };
}
