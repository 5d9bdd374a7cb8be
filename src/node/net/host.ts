/**
 * Owns: what the sockets of one `net` share: the stack they are of, the resolver, defaults, and how events reach the program:
 * each in a turn of its own, so that its ticks and microtasks are done before the next, as with events of the kernel.
 */

import { AsyncResource } from 'node:async_hooks';
import dns, { type LookupAddress, type LookupAllOptions } from 'node:dns';
import hostNet, { type LookupFunction } from 'node:net';
import type { Stack } from '../../stack/stack.ts';
import { EventLoopDriver } from '../driver.ts';
import type { ReadEvents } from './tcp-handle.ts';

export interface NetOptions {
  /** Resolves names for `connect` and `listen`; the host's `dns.lookup` by default, looked up at each call. */
  readonly lookup?: LookupFunction;
  /** Gives each event its turn, in a macrotask of its own; by default an immediate of the event loop. */
  readonly post?: (turn: () => void) => void;
}

/** Whoever has events to tell. */
export interface Turn {
  turn(): void;
}

export class NetHost {
  readonly stack: Stack;
  /** Nobody's context: what the network begins belongs to no call of the program's. */
  readonly outside: AsyncResource = new AsyncResource('TSYNNET', { requireManualDestroy: true });
  readonly #lookup: LookupFunction | undefined;
  readonly #post: ((turn: () => void) => void) | undefined;
  readonly #driver: EventLoopDriver | null;
  /** Who hears what sockets read. */
  readonly readEvents: ReadEvents<never>;
  /** As the host has them at the beginning: `--no-network-family-autoselection` counts. */
  autoSelectFamily: boolean = hostNet.getDefaultAutoSelectFamily();
  autoSelectFamilyAttemptTimeout: number = hostNet.getDefaultAutoSelectFamilyAttemptTimeout();

  constructor(stack: Stack, readEvents: ReadEvents<never>, options: NetOptions = {}) {
    this.stack = stack;
    this.readEvents = readEvents;
    this.#lookup = options.lookup;
    this.#post = options.post;
    this.#driver = EventLoopDriver.of(stack.scheduler);
    // From now on sockets keep the process alive, not the stack's timers.
    this.#driver?.unref();
  }

  get lookup(): LookupFunction {
    return this.#lookup ?? lookupWithLocalhost;
  }

  /** Lets `who` tell its next event. @param held whether the process waits for that */
  post(who: Turn, held: boolean): void {
    if (this.#post !== undefined) {
      this.#post(() => who.turn());
      return;
    }
    const immediate = setImmediate(run, who);
    if (held) return;
    immediate.unref();
    setTimeout(nothing, 1).unref(); // else the event loop might sleep with it
  }

  /** What an event has led to arrives at once, where it stays in the process. */
  deliver(): void {
    this.#driver?.deliver();
  }

  /** The process waits for something of a socket, until `release`. */
  hold(): void {
    this.#driver?.hold();
  }

  release(): void {
    this.#driver?.release();
  }
}

const LOOPBACKS: readonly LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * The host's `dns.lookup`, whatever that is by now. 'localhost' is this host even where the system's tables know nothing of
 * it, or not of the family that is asked for (RFC 6761 6.3).
 */
const lookupWithLocalhost: LookupFunction = (name, options, callback) => {
  dns.lookup(name, options as LookupAllOptions, (error, ...answer) => {
    const known = error && /^(.+\.)?localhost\.?$/i.test(name) ? localhost(options.family) : [];
    const [first] = known;
    if (first === undefined) callback(error, ...(answer as unknown as [string, number]));
    else if (options.all) callback(null, [...known]);
    else callback(null, first.address, first.family);
  });
};

function localhost(family: unknown): LookupAddress[] {
  return LOOPBACKS.filter((address) => (family !== 4 && family !== 6) || address.family === family);
}

function run(who: Turn): void {
  who.turn();
}

function nothing(): void {}
