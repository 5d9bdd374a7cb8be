/**
 * Owns: one event after the other, and the look whether time goes on meanwhile: links without latency or bound, with somebody who always
 * has more to send, keep a simulation in one instant for ever.
 */

import type { Scheduler } from '../base/scheduler.ts';
import { SimulationError } from './errors.ts';

/** Events at one instant at most. */
export const MOST_AT_ONCE = 10_000_000;

export class Pace {
  readonly #scheduler: Scheduler;
  readonly #most: number;
  #instant = -1;
  #count = 0;

  constructor(scheduler: Scheduler, most: number = MOST_AT_ONCE) {
    this.#scheduler = scheduler;
    this.#most = most;
  }

  /** Runs one event that is due at `time`, ms. @throws SimulationError ERR_SIM_LIVELOCK when it is one too many at that instant */
  step(time: number): void {
    if (time > this.#instant) {
      this.#instant = time;
      this.#count = 0;
    } else if (++this.#count > this.#most) {
      const message = `more than ${this.#most} events at ${this.#instant} ms: time does not go on; is there a link without latency?`;
      throw new SimulationError('ERR_SIM_LIVELOCK', message, { time: this.#instant });
    }
    this.#scheduler.runDue(time, 1);
  }

  /** Runs until `time`, or until nothing is left. */
  runUntil(time: number): void {
    const scheduler = this.#scheduler;
    for (let at = scheduler.next(); at <= time && at !== Infinity; at = scheduler.next()) this.step(at);
    scheduler.runUntil(time);
  }
}
