/**
 * Owns: Node's timers in virtual time: `setTimeout`, `setInterval`, `setImmediate` and their ends, of a place. Leaves to others: their
 * promises (`timer-promises.ts`), which code gets these (`patches.ts`).
 */

import { AsyncResource } from 'node:async_hooks';
import type { Task } from '../../base/scheduler.ts';
import { coded, invalidArgType } from '../net/errors.ts';
import type { Place } from './place.ts';

/** The longest that Node's timers wait, ms; what is longer is taken for 1 ms. */
const LONGEST = 0x7fffffff;

type Callback = (...args: unknown[]) => void;

/** Timers whose number somebody has asked for. */
const NUMBERED: Map<number, VirtualTimeout> = new Map();
/** Above those that Node gives out itself. */
let numbers = 2 ** 40;

/** What `setTimeout` and `setInterval` return. */
export class VirtualTimeout extends AsyncResource implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  readonly #place: Place;
  readonly #callback: Callback;
  readonly #args: unknown[];
  /** ms */
  readonly #wait: number;
  readonly #repeats: boolean;
  #referenced = true;
  #number: number | null = null;

  constructor(place: Place, callback: Callback, wait: number, args: unknown[], repeats: boolean) {
    super('Timeout', { requireManualDestroy: true });
    this.#place = place;
    this.#callback = callback;
    this.#wait = wait;
    this.#args = args;
    this.#repeats = repeats;
    this.refresh();
  }

  /** For the scheduler. */
  run(): void {
    this.#left();
    const place = this.#place;
    place.guard(() => this.runInAsyncScope(this.#callback, this, ...this.#args));
    // It may have been cleared, or refreshed, by its callback.
    if (!this.#repeats && this.#number !== null && this.slot < 0) NUMBERED.delete(this.#number);
    if (this.#repeats && this.slot < 0 && !this.#cleared) this.refresh();
  }

  #cleared = false;

  /** Counts anew from now. */
  refresh(): this {
    if (this.#cleared || !this.#place.alive) return this;
    const { scheduler } = this.#place.surroundings;
    if (this.slot < 0) this.#entered();
    scheduler.schedule(this, scheduler.now + this.#wait);
    return this;
  }

  close(): this {
    this.#cleared = true;
    if (this.#number !== null) NUMBERED.delete(this.#number);
    if (this.slot < 0) return this;
    this.#place.surroundings.scheduler.cancel(this);
    this.#left();
    return this;
  }

  ref(): this {
    if (!this.#referenced && this.slot >= 0) this.#place.surroundings.idlers--;
    this.#referenced = true;
    return this;
  }

  unref(): this {
    if (this.#referenced && this.slot >= 0) this.#place.surroundings.idlers++;
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  [Symbol.toPrimitive](): number {
    if (this.#number === null) {
      this.#number = ++numbers;
      if (!this.#cleared) NUMBERED.set(this.#number, this);
    }
    return this.#number;
  }

  #entered(): void {
    this.#place.timers.add(this);
    if (!this.#referenced) this.#place.surroundings.idlers++;
  }

  #left(): void {
    this.#place.timers.delete(this);
    if (!this.#referenced) this.#place.surroundings.idlers--;
  }
}

/** What `setImmediate` returns. */
export class VirtualImmediate extends AsyncResource {
  #callback: (() => void) | null;
  #referenced = true;

  constructor(place: Place, callback: Callback, args: unknown[]) {
    super('Immediate', { requireManualDestroy: true });
    this.#callback = () => this.runInAsyncScope(callback, this, ...args);
    place.post(() => this.#callback?.());
  }

  /** It does not come any more. */
  close(): void {
    this.#callback = null;
  }

  ref(): this {
    this.#referenced = true;
    return this;
  }

  unref(): this {
    this.#referenced = false;
    return this;
  }

  hasRef(): boolean {
    return this.#referenced;
  }
}

// Disposal is newer than some Nodes.
const { dispose } = Symbol as { dispose?: symbol };
if (dispose !== undefined) {
  for (const Class of [VirtualTimeout, VirtualImmediate]) {
    Object.defineProperty(Class.prototype, dispose, {
      value(this: VirtualTimeout | VirtualImmediate) {
        this.close();
      },
      configurable: true,
      writable: true,
    });
  }
}

export function setTimeoutAt(place: Place, callback: unknown, wait: unknown, args: unknown[]): VirtualTimeout {
  checkCallback(callback);
  return new VirtualTimeout(place, callback, waitOf(wait), args, false);
}

export function setIntervalAt(place: Place, callback: unknown, wait: unknown, args: unknown[]): VirtualTimeout {
  checkCallback(callback);
  return new VirtualTimeout(place, callback, waitOf(wait), args, true);
}

export function setImmediateAt(place: Place, callback: unknown, args: unknown[]): VirtualImmediate {
  checkCallback(callback);
  return new VirtualImmediate(place, callback, args);
}

/** Clears a timer of virtual time. @returns whether it was one */
export function clearVirtual(timer: unknown): boolean {
  const found = typeof timer === 'number' || typeof timer === 'string' ? NUMBERED.get(Number(timer)) : timer;
  if (!(found instanceof VirtualTimeout || found instanceof VirtualImmediate)) return false;
  found.close();
  return true;
}

/** Whole milliseconds, as Node counts them. */
function waitOf(wait: unknown): number {
  const ms = Number(wait);
  if (ms > LONGEST) {
    const message = `${ms} does not fit into a 32-bit signed integer.\nTimeout duration was set to 1.`;
    process.emitWarning(message, 'TimeoutOverflowWarning');
  }
  return ms >= 1 && ms <= LONGEST ? Math.trunc(ms) : 1;
}

function checkCallback(callback: unknown): asserts callback is Callback {
  if (typeof callback !== 'function') throw invalidArgType('callback', 'of type function', callback);
}

/** What is thrown where a signal has ended a wait. */
export function abortError(signal: AbortSignal): Error {
  const error = coded(Error, 'ABORT_ERR', 'The operation was aborted');
  error.name = 'AbortError';
  return Object.assign(error, { cause: signal.reason });
}
