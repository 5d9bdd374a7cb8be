/**
 * Owns: where code runs: on a host of a simulation, in a simulation but on no host, or outside of any. The asynchronous context says so; what
 * stands in the place of Node's functions (`patches.ts`) asks it.
 */

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { type Random, unit } from '../../base/random.ts';
import type { Scheduler } from '../../base/scheduler.ts';
import type { Net } from '../net/create.ts';
import { processes } from './processes.ts';
import type { VirtualTimeout } from './timers.ts';

/** What places have in common that are in one simulation. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  /** Milliseconds since 1970 at virtual time 0. */
  readonly epoch: number;
  /** Has something run at this instant, in a macrotask of its own. */
  post(turn: () => void): void;
  /** Ends the run with an error that nobody has caught. */
  fail(error: unknown, place: Place): void;
  /** Addresses of a name, the best first; none if nobody has it. */
  resolve(name: string): readonly string[];
  /** How many timers are set that nobody waits for. */
  idlers: number;
}

/** Timers of a place that are told at most. */
const MOST_TIMERS = 5;

let places = 0;

/** One life of a host, from its start to its crash, or the simulation around the hosts. */
export class Place {
  readonly surroundings: Surroundings;
  /** The host's name; null where it is on no host. */
  readonly name: string | null;
  readonly random: Random;
  /** Different for every life of every host. */
  readonly id: number = ++places;
  /** Virtual time at which it began, ms. */
  readonly begun: number;
  readonly timers: Set<VirtualTimeout> = new Set();
  /** The host's; null where it is on no host. */
  net: Net | null = null;
  #alive = true;

  constructor(surroundings: Surroundings, name: string | null, random: Random) {
    this.surroundings = surroundings;
    this.name = name;
    this.random = random;
    this.begun = surroundings.scheduler.now;
  }

  /** Virtual time, ms. */
  get now(): number {
    return this.surroundings.scheduler.now;
  }

  /** Milliseconds since 1970. */
  get date(): number {
    return Math.floor(this.surroundings.epoch + this.now);
  }

  /** Milliseconds since it began. */
  get uptime(): number {
    return this.now - this.begun;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** A number in [0, 1) with the 53 bits that Math.random has. */
  chance(): number {
    return (Math.floor(unit(this.random) * 0x200_0000) * 0x1000_0000 + (this.random.uint32() >>> 4)) / 2 ** 53;
  }

  /** What the code here waits for beside its sockets, for a report: the timers that come first. */
  waitsFor(): readonly string[] {
    if (this.timers.size === 0) return [];
    const dues = [...this.timers].map(({ at }) => at - this.now).sort((a, b) => a - b);
    const shown = dues.slice(0, MOST_TIMERS).map((ms) => `${Math.ceil(ms)} ms`);
    const more = dues.length > MOST_TIMERS ? ` and ${dues.length - MOST_TIMERS} more` : '';
    return [`timers due in ${shown.join(', ')}${more}`];
  }

  /** Has something run here, at this instant; not if the place has ended by then. */
  post(turn: () => void): void {
    this.surroundings.post(() => {
      if (this.#alive) this.guard(turn);
    });
  }

  /** The same for something that code here has asked for, in its context. */
  later(turn: () => void): void {
    this.post(AsyncResource.bind(turn));
  }

  /** Runs an event; what it throws ends the run, as it would end the process. */
  guard(event: () => void): void {
    latest = this;
    try {
      event();
    } catch (error) {
      this.surroundings.fail(error, this);
    }
  }

  /** Nothing happens here any more: no timer, no event. Harmless when repeated. */
  end(): void {
    this.#alive = false;
    for (const timer of this.timers) timer.close();
  }
}

/** Where the latest event was; ticks and microtasks that follow from it run before the next one. */
let latest: Place | undefined;

/** The place of the event that is running, where the context does not say; undefined between events. */
export function running(): Place | undefined {
  return latest;
}

/** A new macrotask begins: the event is over, with all that followed from it at once. */
export function nothingRuns(): void {
  latest = undefined;
}

/** The process' one. Of this module there may be several: a preload's, and those of test runners that load everything anew. */
const CONTEXT: AsyncLocalStorage<Place> = shared();

function shared(): AsyncLocalStorage<Place> {
  const key = Symbol.for('tsyn/sim/context');
  const holder = processes().at(-1) as unknown as Record<symbol, AsyncLocalStorage<Place> | undefined>;
  const context = holder[key] ?? new AsyncLocalStorage<Place>();
  Object.defineProperty(holder, key, { value: context, configurable: true });
  return context;
}

/** Where the code that is running is; undefined outside of any simulation. */
export function here(): Place | undefined {
  return CONTEXT.getStore();
}

/** Runs something in a place, and all that follows from it. */
export function runAt<Result>(place: Place, run: () => Result): Result {
  return CONTEXT.run(place, run);
}

/** Runs something outside of any simulation. */
export function runOutside<Result>(run: () => Result): Result {
  return here() === undefined ? run() : CONTEXT.run(undefined as never, run);
}
