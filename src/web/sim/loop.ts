/**
 * Owns: the event loop of a simulation with applications in it: what happens next in virtual time, each thing in a macrotask of the
 * runtime's own, so that promises settle in between as they do in the runtime's own loop.
 *
 * The order is a rule: first what was posted (immediates, events of sockets), as many as there were when the turn came to them; then one
 * task of the scheduler that is due, arrivals before timers; then what that has posted; and so on. When nothing is left to do at
 * this instant, one more turn of the runtime passes; then, unless real work is under way, time jumps to the next appointment.
 *
 * Leaves to others: what a macrotask is, and what real work there is (`LoopHost`).
 */

import type { Scheduler } from '../../base/scheduler.ts';
import { SimulationError } from '../../sim/errors.ts';
import { Pace } from '../../sim/pace.ts';

/** The runtime beneath. */
export interface LoopHost {
  /** Runs something soon, after everything that is in the runtime's queues now. */
  macrotask(run: () => void): void;
  /** Runs one event of the simulation. What it throws is the loop's to take. */
  enter(event: () => void): void;
  /** Whether time has to stand still, because something real is under way that an application has begun. @throws SimulationError */
  busy(): boolean;
  /** Like `macrotask`, while something real is waited for: there is no hurry. */
  wait(run: () => void): void;
  /** Appointments that nobody waits for: timers without a reference. */
  idlers(): number;
}

/** Why a drive has ended: what was asked for holds, the limit was reached, or nothing is left to happen. */
export type DriveEnd = 'done' | 'limit' | 'idle';

/** So many posted turns without one of the scheduler's tasks are a circle that time cannot end. */
const MOST_POSTED = 100_000;

export class VirtualLoop {
  readonly scheduler: Scheduler;
  readonly #host: LoopHost;
  readonly #pace: Pace;
  #posted: (() => void)[] = [];
  /** The next of `#posted`; what was before it has run. */
  #first = 0;
  /** How many of `#posted` come before the scheduler's next task. */
  #batch = 0;
  /** A turn of the runtime has passed since the last event. */
  #settled = false;
  #driving = false;
  #failure: { readonly error: unknown } | null = null;
  /** Posted turns since the scheduler's last task. */
  #turns = 0;

  constructor(scheduler: Scheduler, host: LoopHost) {
    this.scheduler = scheduler;
    this.#host = host;
    this.#pace = new Pace(scheduler);
  }

  /** Whether it is being driven. */
  get driving(): boolean {
    return this.#driving;
  }

  /** Has something run at this instant, in a macrotask of its own. */
  post(turn: () => void): void {
    this.#posted.push(turn);
  }

  /** Ends the drive that is under way, or the next one, with an error. The first counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** @throws what `fail` was given and no drive has thrown yet */
  check(): void {
    if (this.#failure === null) return;
    const { error } = this.#failure;
    this.#failure = null;
    throw error;
  }

  /**
   * Lets things happen until `done` holds or the next thing would be after `limit` (virtual ms).
   *
   * @throws (rejects) what was given to `fail`, or thrown by an event; SimulationError ERR_SIM_STATE, ERR_SIM_LIVELOCK
   */
  async drive(done: () => boolean, limit: number): Promise<DriveEnd> {
    if (this.#driving)
      throw new SimulationError('ERR_SIM_STATE', 'the simulation is running already: await that first');
    this.#driving = true;
    try {
      return await new Promise((resolve, reject) => {
        const turn = (): void => {
          try {
            const end = this.#turn(done, limit);
            if (end === 'wait') this.#host.wait(turn);
            else if (end === null) this.#host.macrotask(turn);
            else resolve(end);
          } catch (error) {
            reject(error);
          }
        };
        this.#host.macrotask(turn);
      });
    } finally {
      this.#driving = false;
    }
  }

  /** One event, or none where the runtime has to have its turn first. */
  #turn(done: () => boolean, limit: number): DriveEnd | 'wait' | null {
    this.check();
    if (done()) return 'done';
    if (this.#runAtHand()) return null;
    if (!this.#settled) {
      this.#settled = true;
      return null;
    }
    if (this.#host.busy()) {
      this.#settled = false;
      return 'wait';
    }
    const { scheduler } = this;
    if (scheduler.size <= this.#host.idlers() && limit === Infinity) return 'idle';
    const next = scheduler.next();
    if (next > limit || next === Infinity) return scheduler.size <= this.#host.idlers() ? 'idle' : 'limit';
    this.#runTask(next);
    return null;
  }

  /** What is posted, or due. @returns whether there was something */
  #runAtHand(): boolean {
    const { scheduler } = this;
    const due = scheduler.next() <= scheduler.now;
    if (this.#batch === 0 && !due) this.#batch = this.#posted.length - this.#first;
    if (this.#batch === 0 && !due) return false;
    if (this.#batch > 0) this.#runPosted();
    else this.#runTask(scheduler.now);
    return true;
  }

  #runPosted(): void {
    if (this.#turns++ === MOST_POSTED) throw endless(this.scheduler.now);
    this.#settled = false;
    this.#batch--;
    const turn = this.#posted[this.#first++]!;
    if (this.#first === this.#posted.length) {
      this.#posted = [];
      this.#first = 0;
    }
    this.#host.enter(turn);
  }

  #runTask(time: number): void {
    this.#settled = false;
    this.#turns = 0;
    try {
      this.#host.enter(() => this.#pace.step(time));
    } finally {
      this.#batch = this.#posted.length - this.#first;
    }
  }
}

function endless(time: number): SimulationError {
  const turns = MOST_POSTED.toLocaleString('en');
  const message = `${turns} immediates and events one after the other at ${time} ms: time cannot go on`;
  return new SimulationError('ERR_SIM_LIVELOCK', message, { time });
}
