/**
 * Owns: the order in which things happen. One binary heap of tasks serves every deadline of a process or a simulation:
 * connection timers, packets in flight on simulated links, caches that expire. It reads no clock: whoever drives it
 * says what time it is (`node/driver.ts` from the monotonic clock, `sim/` from the next event).
 *
 * Times are milliseconds as plain numbers (fractions allowed), on whatever origin the driver chooses.
 */

import { invariant } from './invariant.ts';

/** At one instant arrivals run before timers, so that a timer of exactly 2 MSL is long enough. */
export type Rank = 0 | 1;
export const ARRIVAL: Rank = 0;
export const TIMER: Rank = 1;

/** Something with at most one appointment. The three bookkeeping fields belong to the scheduler; start them as shown. */
export interface Task {
  /** Does what is due. It may schedule itself again. Calling it early or twice must be harmless. */
  run(now: number): void;
  /** Time of the appointment in ms; `Infinity` when there is none. */
  at: number;
  /** Tie-break among equal times: rank first, then first come first served. */
  order: number;
  /** Position in the heap, -1 when absent. */
  slot: number;
}

const RANK_STEP = 0x10000000000000; // 2^52: order = rank * RANK_STEP + counter, exact in a double

export class Scheduler {
  /** The time last told by the driver, in ms. Never goes back. */
  now = 0;
  /** Called when the earliest appointment moves to an earlier time: a driver re-arms its wake-up here. */
  onEarlier: ((at: number) => void) | null = null;
  /** The clock of a driver for which time passes between its turns, in ms; null in virtual time. */
  clock: (() => number) | null = null;
  readonly #heap: Task[] = [];
  #counter = 0;

  constructor(now: number = 0) {
    this.now = now;
  }

  /**
   * Brings `now` up to date. Whatever comes from outside a driver's turn (a user's call, a device that became readable)
   * says this first, or its deadlines would count from the last turn, which may be long ago.
   */
  refresh(): number {
    if (this.clock !== null) {
      const now = this.clock();
      if (now > this.now) this.now = now;
    }
    return this.now;
  }

  /** Number of appointments. */
  get size(): number {
    return this.#heap.length;
  }

  /** Time of the earliest appointment in ms, `Infinity` when there is none. */
  next(): number {
    const first = this.#heap[0];
    return first === undefined ? Infinity : first.at;
  }

  /** Gives `task` an appointment at `at` (ms), in place of any it had. `Infinity` cancels. */
  schedule(task: Task, at: number, rank: Rank = TIMER): void {
    if (at === Infinity) {
      this.cancel(task);
      return;
    }
    invariant(!Number.isNaN(at), 'a task is scheduled at NaN');
    const order = rank * RANK_STEP + this.#counter++;
    const before = this.next();
    if (task.slot < 0) {
      task.at = at;
      task.order = order;
      task.slot = this.#heap.length;
      this.#heap.push(task);
      this.#up(task.slot);
    } else {
      task.at = at;
      task.order = order;
      this.#down(this.#up(task.slot));
    }
    if (at < before && this.onEarlier !== null) this.onEarlier(at);
  }

  cancel(task: Task): void {
    const slot = task.slot;
    if (slot < 0) return;
    const last = this.#heap.pop()!;
    if (last !== task) {
      this.#heap[slot] = last;
      last.slot = slot;
      this.#down(this.#up(slot));
    }
    task.slot = -1;
    task.at = Infinity;
  }

  /**
   * Tells the time and runs what is due by then, in order. Tasks that become due while running are run too, up to
   * `limit` tasks, so that a driver can give the event loop its turn.
   *
   * @returns how many tasks ran
   */
  runDue(now: number, limit: number = Infinity): number {
    if (now > this.now) this.now = now;
    let ran = 0;
    while (ran < limit) {
      const first = this.#heap[0];
      if (first === undefined || first.at > this.now) break;
      this.cancel(first);
      ran++;
      first.run(this.now);
    }
    return ran;
  }

  /**
   * Runs arrivals that are due and that no timer is due before, up to `limit` tasks. The time stays as it is.
   *
   * @returns how many tasks ran
   */
  runArrivals(limit: number = Infinity): number {
    let ran = 0;
    while (ran < limit) {
      const first = this.#heap[0];
      if (first === undefined || first.at > this.now || first.order >= TIMER * RANK_STEP) break;
      this.cancel(first);
      ran++;
      first.run(this.now);
    }
    return ran;
  }

  /**
   * Virtual time: jumps from appointment to appointment until `until` (ms, inclusive) or until nothing is left, then
   * stands at `until` (if finite).
   *
   * @returns how many tasks ran
   */
  runUntil(until: number): number {
    let ran = 0;
    for (let at = this.next(); at <= until && at !== Infinity; at = this.next()) ran += this.runDue(at, 1);
    if (until !== Infinity && until > this.now) this.now = until;
    return ran;
  }

  #before(a: Task, b: Task): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  #up(slot: number): number {
    const heap = this.#heap;
    const task = heap[slot]!;
    while (slot > 0) {
      const parentSlot = (slot - 1) >> 1;
      const parent = heap[parentSlot]!;
      if (!this.#before(task, parent)) break;
      heap[slot] = parent;
      parent.slot = slot;
      slot = parentSlot;
    }
    heap[slot] = task;
    task.slot = slot;
    return slot;
  }

  #down(slot: number): void {
    const heap = this.#heap;
    const task = heap[slot]!;
    const length = heap.length;
    for (;;) {
      let childSlot = slot * 2 + 1;
      if (childSlot >= length) break;
      let child = heap[childSlot]!;
      const rightSlot = childSlot + 1;
      if (rightSlot < length && this.#before(heap[rightSlot]!, child)) {
        childSlot = rightSlot;
        child = heap[childSlot]!;
      }
      if (!this.#before(child, task)) break;
      heap[slot] = child;
      child.slot = slot;
      slot = childSlot;
    }
    heap[slot] = task;
    task.slot = slot;
  }
}
