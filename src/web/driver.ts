/**
 * Owns: running a scheduler on any runtime that has `setTimeout`, `performance` and `MessageChannel`: browsers, workers, Deno,
 * Bun, Node. Leaves to others: what the tasks are (`stack/`, `link/`); Node's own event loop (`node/driver.ts`).
 *
 * One wake-up is armed at a time, for the earliest appointment. A timer of a page takes 4 ms once it is nested, so what is due
 * at once comes as a message to ourselves instead. Messages may come before anything else has its turn (Node hands over up
 * to a thousand in a row), so a timer goes with them: where it has not come {@link BREATH} ms later, others are being starved,
 * and the next turn waits for it.
 *
 * The channel is open while somebody retains the driver, which keeps a process alive as an open socket does; else it is opened
 * for the message and closed after it. (Whether a port can be unreferenced differs from runtime to runtime; closing always works.)
 */

import { BufferPool } from '../base/ring.ts';
import { Scheduler } from '../base/scheduler.ts';
import { PacketPool } from '../link/packet.ts';
import { invalidArgument } from '../stack/errors.ts';

export interface WebDriverOptions {
  /** The scheduler to run; by default a new one. It has one driver at a time. */
  readonly scheduler?: Scheduler;
  /** Milliseconds that never go back; by default `performance.now`. */
  readonly clock?: () => number;
  /** Tasks run before others get their turn; 1 or more, by default 512. */
  readonly tasksPerTurn?: number;
}

/** Timers take at most 2^31 - 1 ms; a longer wait is done in pieces. */
const LONGEST_TIMEOUT = 0x7fffffff;
/** For so many ms turn may follow upon turn before other things have theirs. */
const BREATH = 10;

/** Timers of runtimes whose processes end know this; those of pages are numbers. */
interface Referenced {
  ref?(): unknown;
  unref?(): unknown;
}

export class WebDriver {
  readonly scheduler: Scheduler;
  /** What the stacks on this driver share: packets that one of them sends are given back by another. */
  readonly pool: PacketPool = new PacketPool();
  readonly buffers: BufferPool = new BufferPool();
  readonly #clock: () => number;
  readonly #tasksPerTurn: number;
  /** Runs a turn as soon as what came meanwhile has been looked at. */
  readonly #soon: () => void;
  readonly #breathed: () => void;
  #channel: MessageChannel | null = null;
  #timeout: ReturnType<typeof setTimeout> | null = null;
  /** When the armed wake-up comes, ms; `Infinity` when none is armed. */
  #armed = Infinity;
  /** The message under way is ours; an older one is answered with nothing. */
  #posted = 0;
  #wanted = 0;
  /** Comes when timers have had their turn since the messages began ... */
  #breath: ReturnType<typeof setTimeout> | null = null;
  /** ... at this time, ms. */
  #since = 0;
  /** The next turn waits for it. */
  #held = false;
  #running = false;
  #retained = 0;
  #closed = false;

  /** @throws TsynError ERR_INVALID_ARG_VALUE */
  constructor(options: WebDriverOptions = {}) {
    const { clock = now, tasksPerTurn = 512 } = options;
    if (!(tasksPerTurn >= 1)) throw invalidArgument('tasksPerTurn', tasksPerTurn, 'a number of 1 at least');
    this.#clock = clock;
    this.#tasksPerTurn = tasksPerTurn;
    this.scheduler = options.scheduler ?? new Scheduler(clock());
    this.#soon = () => {
      this.#timeout = null;
      this.#post();
    };
    this.#breathed = () => {
      this.#breath = null;
      if (this.#held) this.#run();
    };
    this.scheduler.clock = clock;
    this.scheduler.onEarlier = (at) => {
      if (!this.#running) this.#arm(at);
    };
    this.scheduler.refresh();
    this.#arm(this.scheduler.next());
  }

  /** Keeps the process alive until `release` was called as often. */
  retain(): void {
    if (this.#closed) return;
    if (this.#retained++ > 0) return;
    this.#open();
    for (const timer of [this.#timeout, this.#breath]) (timer as Referenced | null)?.ref?.();
  }

  release(): void {
    if (this.#retained === 0 || --this.#retained > 0) return;
    for (const timer of [this.#timeout, this.#breath]) (timer as Referenced | null)?.unref?.();
    this.#shutWhenIdle();
  }

  /** How often it is retained: what keeps the process alive. */
  get retained(): number {
    return this.#retained;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Ends the driving: no task runs any more. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#retained = 0;
    this.#disarm();
    if (this.#breath !== null) clearTimeout(this.#breath);
    this.#shutWhenIdle();
    this.scheduler.onEarlier = null;
    this.scheduler.clock = null;
  }

  #run(): void {
    this.#disarm();
    this.#running = true;
    try {
      this.scheduler.runDue(this.#clock(), this.#tasksPerTurn);
    } finally {
      // Also after a task threw: the others have appointments to be kept.
      this.#running = false;
      if (!this.#closed) this.#arm(this.scheduler.next());
      this.#shutWhenIdle();
    }
  }

  #arm(at: number): void {
    if (at >= this.#armed) return;
    this.#disarm();
    this.#armed = at;
    const delay = at - this.#clock();
    if (delay < 1) this.#post();
    else this.#timeout = this.#wait(this.#soon, Math.min(Math.ceil(delay), LONGEST_TIMEOUT));
  }

  #wait(then: () => void, ms: number): ReturnType<typeof setTimeout> {
    const timeout = setTimeout(then, ms);
    if (this.#retained === 0) (timeout as Referenced).unref?.();
    return timeout;
  }

  #post(): void {
    const now = this.#clock();
    if (this.#breath === null) {
      this.#since = now;
      this.#breath = this.#wait(this.#breathed, 0);
    } else if (now - this.#since >= BREATH) {
      this.#held = true;
      return;
    }
    this.#wanted = ++this.#posted;
    this.#open().port2.postMessage(this.#wanted);
  }

  #open(): MessageChannel {
    if (this.#channel !== null) return this.#channel;
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => {
      if (data === this.#wanted && data !== 0) this.#run();
    };
    this.#channel = channel;
    return channel;
  }

  #shutWhenIdle(): void {
    if (this.#retained > 0 || this.#wanted !== 0 || this.#channel === null) return;
    this.#channel.port1.close();
    this.#channel = null;
  }

  #disarm(): void {
    this.#armed = Infinity;
    this.#wanted = 0;
    this.#held = false;
    if (this.#timeout === null) return;
    clearTimeout(this.#timeout);
    this.#timeout = null;
  }
}

function now(): number {
  return performance.now();
}
