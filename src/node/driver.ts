/**
 * Owns: running a scheduler on the Node event loop: the one place where deadlines become timers of the runtime.
 * Leaves to others: what the tasks are (`stack/`, `link/`), reading devices (`tun.ts`, `frame-stream.ts`).
 *
 * One timeout is armed at a time, for the earliest appointment. It is moved only to earlier times, and stays while the event loop's
 * next turn is asked for; where the earliest appointment is put off or cancelled, which is what acknowledgments do to
 * retransmission timers all day, the timeout comes early, finds nothing due and is armed again.
 *
 * Node looks at timers before it looks at devices. After the event loop was busy for long that order would take packets
 * that wait to be read for lost ones, so a wake-up lets one look at the devices pass before it runs anything.
 */

import { Scheduler } from '../base/scheduler.ts';
import { monotonic } from './clock.ts';

export interface DriverOptions {
  /** The scheduler to run; by default a new one. It has one driver at a time. */
  readonly scheduler?: Scheduler;
  /** Milliseconds that never go back; by default {@link monotonic}. */
  readonly clock?: () => number;
  /** Tasks run before the event loop gets its turn; 1 or more, by default 512. */
  readonly tasksPerTurn?: number;
}

/** What can keep the process alive, or not. */
export interface Referable {
  ref(): unknown;
  unref(): unknown;
}

/** Node's timers take at most 2^31 - 1 ms; a longer wait is done in pieces. */
const LONGEST_TIMEOUT = 0x7fffffff;

const DRIVERS: WeakMap<Scheduler, EventLoopDriver> = new WeakMap();

export class EventLoopDriver {
  readonly scheduler: Scheduler;
  readonly #clock: () => number;
  readonly #tasksPerTurn: number;
  readonly #turn: () => void;
  readonly #timedOut: () => void;
  #timeout: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  /** When the timeout comes, ms; `Infinity` when there is none. */
  #timeoutAt = Infinity;
  #running = false;
  #referenced = true;
  /** How many ask for the process to live on, and what keeps it alive where there is no appointment. */
  #holds = 0;
  #alive: NodeJS.Timeout | null = null;
  readonly #followers: Referable[] = [];
  #closed = false;

  constructor(options: DriverOptions = {}) {
    this.#clock = options.clock ?? monotonic;
    this.#tasksPerTurn = Math.max(1, options.tasksPerTurn ?? 512);
    this.scheduler = options.scheduler ?? new Scheduler(this.#clock());
    this.#turn = () => this.#run();
    this.#timedOut = () => {
      this.#timeout = null;
      this.#timeoutAt = Infinity;
      this.#soon();
    };
    DRIVERS.set(this.scheduler, this);
    this.scheduler.clock = this.#clock;
    this.scheduler.onEarlier = (at) => {
      if (!this.#running) this.#arm(at);
    };
    this.wake();
    this.#arm(this.scheduler.next());
  }

  /**
   * Brings the scheduler's time up to date without running anything: said before packets of a device are delivered, so
   * that arrivals are handled before the timers of the same instant and new deadlines count from now.
   */
  wake(): void {
    if (!this.#closed) this.scheduler.refresh();
  }

  /** The driver of a scheduler, or null. */
  static of(scheduler: Scheduler): EventLoopDriver | null {
    return DRIVERS.get(scheduler) ?? null;
  }

  /** Lets appointments keep the process alive, which is how a driver starts. */
  ref(): this {
    this.#referenced = true;
    this.#refer();
    return this;
  }

  /** Lets the process end although appointments are left, unless someone holds it. */
  unref(): this {
    this.#referenced = false;
    this.#refer();
    return this;
  }

  /** Whether appointments keep the process alive. */
  hasRef(): boolean {
    return this.#referenced || this.#holds > 0;
  }

  /** Keeps the process alive, appointments or not, until as many `release` follow. */
  hold(): void {
    if (this.#holds++ > 0) return;
    this.#alive ??= setInterval(nothing, LONGEST_TIMEOUT);
    this.#alive.ref();
    this.#refer();
  }

  release(): void {
    if (--this.#holds > 0) return;
    this.#alive?.unref();
    this.#refer();
  }

  /** Has a link keep the process alive when this driver does, and only then. */
  follow(link: Referable): this {
    this.#followers.push(link);
    this.#refer();
    return this;
  }

  /**
   * Lets packets arrive that were sent within this process just now, without waiting for the event loop's next turn. Timers wait for
   * that: devices have to be looked at before.
   */
  deliver(): void {
    if (this.#immediate === null || this.#running) return;
    this.#running = true;
    try {
      this.scheduler.runArrivals(this.#tasksPerTurn);
    } finally {
      this.#running = false;
      const next = this.scheduler.next();
      if (this.#immediate !== null && next > this.scheduler.now) {
        clearImmediate(this.#immediate);
        this.#immediate = null;
      }
      if (!this.#closed) this.#arm(next);
    }
  }

  #refer(): void {
    if (this.hasRef()) {
      this.#timeout?.ref();
      this.#immediate?.ref();
      for (const link of this.#followers) link.ref();
    } else {
      this.#timeout?.unref();
      this.#immediate?.unref();
      for (const link of this.#followers) link.unref();
    }
  }

  /** Ends the driving: no task runs any more. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#alive !== null) clearInterval(this.#alive);
    this.#alive = null;
    DRIVERS.delete(this.scheduler);
    this.#clearTimeout();
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
    this.scheduler.onEarlier = null;
    this.scheduler.clock = null;
  }

  #run(): void {
    this.#immediate = null;
    this.#running = true;
    try {
      this.scheduler.runDue(this.#clock(), this.#tasksPerTurn);
    } finally {
      // Also after a task threw: the others have appointments to be kept.
      this.#running = false;
      if (!this.#closed) this.#arm(this.scheduler.next());
    }
  }

  #arm(at: number): void {
    if (this.#immediate !== null) return; // it looks at all of them
    if (at === Infinity) {
      this.#clearTimeout(); // it would keep the process alive for nothing
      return;
    }
    const delay = at - this.#clock();
    if (delay < 1) {
      // Too soon for Node's timers, which count whole milliseconds: the event loop's next turn looks again.
      this.#soon();
    } else if (at < this.#timeoutAt) {
      this.#clearTimeout();
      this.#timeoutAt = at;
      this.#timeout = setTimeout(this.#timedOut, Math.min(Math.ceil(delay), LONGEST_TIMEOUT));
      if (!this.hasRef()) this.#timeout.unref();
    }
  }

  /** Runs a turn as soon as devices have been looked at. */
  #soon(): void {
    if (this.#immediate !== null) return;
    this.#immediate = setImmediate(this.#turn);
    if (this.hasRef()) return;
    // The event loop does not wait for such an immediate, and may sleep with it: a timer wakes it.
    this.#immediate.unref();
    setTimeout(nothing, 1).unref();
  }

  #clearTimeout(): void {
    this.#timeoutAt = Infinity;
    if (this.#timeout === null) return;
    clearTimeout(this.#timeout);
    this.#timeout = null;
  }
}

function nothing(): void {}
