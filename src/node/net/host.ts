/**
 * Owns: what the sockets of one `net` share: the stack they are of, the resolver, defaults, and how events reach the program:
 * each in a turn of its own, so that its ticks and microtasks are done before the next, as with events of the kernel.
 */

import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import hostNet, { type LookupFunction } from 'node:net';
import type { Stack } from '../../stack/stack.ts';
import { EventLoopDriver } from '../driver.ts';

export interface NetOptions {
  /** Resolves names for `connect` and `listen`; the host's `dns.lookup` by default, looked up at each call. */
  readonly lookup?: LookupFunction;
}

/** Whoever has events to tell. */
export interface Turn {
  turn(): void;
}

export class NetHost {
  readonly stack: Stack;
  readonly #lookup: LookupFunction | undefined;
  readonly #driver: EventLoopDriver | null;
  /** As the host has them at the beginning: `--no-network-family-autoselection` counts. */
  autoSelectFamily: boolean = hostNet.getDefaultAutoSelectFamily();
  autoSelectFamilyAttemptTimeout: number = hostNet.getDefaultAutoSelectFamilyAttemptTimeout();

  constructor(stack: Stack, options: NetOptions = {}) {
    this.stack = stack;
    this.#lookup = options.lookup;
    this.#driver = EventLoopDriver.of(stack.scheduler);
    // From now on sockets keep the process alive, not the stack's timers.
    this.#driver?.unref();
  }

  get lookup(): LookupFunction {
    return this.#lookup ?? (dnsLookup as LookupFunction);
  }

  /** Lets `who` tell its next event. @param held whether the process waits for that */
  post(who: Turn, held: boolean): void {
    const immediate = setImmediate(run, who);
    if (held) return;
    immediate.unref();
    setTimeout(nothing, 1).unref(); // else the event loop might sleep with it
  }

  /** The process waits for something of a socket, until `release`. */
  hold(): void {
    this.#driver?.hold();
  }

  release(): void {
    this.#driver?.release();
  }
}

export type { LookupAddress };

function run(who: Turn): void {
  who.turn();
}

function nothing(): void {}
