/** Owns: what a run of many seeds comes to: how many failed, and of what, each cause once. */

import { causeOf, type Failure } from '../../sim/index.ts';
import type { BatchResult } from './batch.ts';

/** Seeds of a cause that are remembered beside the first. */
const MOST_SEEDS = 10;

/** Failures that have one cause. */
export interface Cause {
  readonly cause: string;
  /** Of the least seed. */
  readonly failure: Failure;
  readonly seed: number;
  readonly count: number;
  /** Some of the others, in order. */
  readonly others: readonly number[];
}

export class Tally {
  done = 0;
  failed = 0;
  /** Virtual time of all runs, ms. */
  time = 0;
  /** What was thrown while no run was under way. */
  readonly strays: string[] = [];
  readonly #causes: Map<string, { seeds: number[]; count: number; failure: Failure }> = new Map();

  add({ done, failures, time, strays }: BatchResult): void {
    this.strays.push(...strays);
    this.done += done;
    this.failed += failures.length;
    this.time += time;
    for (const { seed, failure } of failures) this.#fail(seed, failure);
  }

  /** Each cause once, by its least seed. */
  get causes(): readonly Cause[] {
    return [...this.#causes]
      .map(([cause, { seeds, count, failure }]) => ({ cause, failure, count, seed: seeds[0]!, others: seeds.slice(1) }))
      .sort((a, b) => a.seed - b.seed);
  }

  #fail(seed: number, failure: Failure): void {
    const cause = causeOf(failure);
    const known = this.#causes.get(cause);
    if (known === undefined) {
      this.#causes.set(cause, { seeds: [seed], count: 1, failure });
      return;
    }
    known.count++;
    // Threads are done in any order.
    if (seed < known.seeds[0]!) known.failure = failure;
    known.seeds = [...known.seeds, seed].sort((a, b) => a - b).slice(0, MOST_SEEDS + 1);
  }
}
