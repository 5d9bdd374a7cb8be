/**
 * Owns: a small world on virtual time: hosts, and wires between them that lose, delay and reorder as told. One seed, one
 * course of events. Nothing waits: time jumps from event to event.
 */

import { type Random, SeededRandom } from '../base/random.ts';
import { BufferPool } from '../base/ring.ts';
import { Scheduler } from '../base/scheduler.ts';
import { type ImpairedLink, impair } from '../link/impair.ts';
import type { Impairment } from '../link/impairment.ts';
import type { Link, Offload } from '../link/link.ts';
import { PacketPool } from '../link/packet.ts';
import { createPipe } from '../link/pipe.ts';
import { createStack, type Stack, type StackOptions } from '../stack/index.ts';
import type { TraceSink } from '../trace/events.ts';

export interface WorldOptions {
  readonly seed: number;
  /** Where every host's and wire's events go. */
  readonly trace?: TraceSink;
}

export interface WireOptions {
  /** Octets of the largest IP packet: 1500. */
  readonly mtu?: number;
  readonly medium?: 'ip' | 'ethernet';
  readonly offload?: Offload;
  /** Addresses of the two hosts on this wire: 10.0.0.1/24 and fd00::1/64, and the same with 2. */
  readonly addresses?: readonly [readonly string[], readonly string[]];
  /** The wire's name in traces. */
  readonly name?: string;
  /** From the first host to the second, and back. */
  readonly forth?: Partial<Impairment>;
  readonly back?: Partial<Impairment>;
  /** Wraps the ends of the wire: a tap, a capture. */
  readonly wrap?: (link: Link, host: Stack) => Link;
}

/** Two hosts joined. `link` is the first host's end: direction 'send' is forth, 'receive' is back. */
export interface Wire {
  readonly link: ImpairedLink;
}

const ADDRESSES: readonly [readonly string[], readonly string[]] = [
  ['10.0.0.1/24', 'fd00::1/64'],
  ['10.0.0.2/24', 'fd00::2/64'],
];

export class World {
  readonly scheduler: Scheduler = new Scheduler();
  readonly pool: PacketPool = new PacketPool();
  readonly buffers: BufferPool = new BufferPool();
  readonly random: Random;
  readonly trace: TraceSink | null;
  #macs = 0;

  constructor(options: WorldOptions) {
    this.random = new SeededRandom(options.seed);
    this.trace = options.trace ?? null;
  }

  /** Virtual time, ms. */
  get now(): number {
    return this.scheduler.now;
  }

  /** A host with nothing but its loopback. */
  host(name: string, options: Partial<StackOptions> = {}): Stack {
    const { scheduler, pool, buffers, trace } = this;
    const random = new SeededRandom(this.random.uint32());
    return createStack({ name, scheduler, random, pool, buffers, trace, ...options });
  }

  /** Joins two hosts by a wire. */
  join(first: Stack, second: Stack, options: WireOptions = {}): Wire {
    const { scheduler, pool } = this;
    const { mtu = 1500, medium = 'ip', forth = {}, back = {}, wrap = (link: Link): Link => link } = options;
    const pipe = { mtu, medium, ...(options.offload === undefined ? {} : { offload: options.offload }) };
    const [a, b] = createPipe(scheduler, pool, pipe);
    const link = impair(a, scheduler, pool, {
      random: this.random,
      send: forth,
      receive: back,
      name: options.name ?? 'wire',
      trace: this.trace,
      keepSegments: options.offload !== undefined,
    });
    const [firstAddresses, secondAddresses] = options.addresses ?? ADDRESSES;
    first.addInterface({ link: wrap(link, first), addresses: firstAddresses, ...this.#mac(medium) });
    second.addInterface({ link: wrap(b, second), addresses: secondAddresses, ...this.#mac(medium) });
    return { link };
  }

  /** Runs until `time` (ms), or until nothing is left to happen. */
  run(time: number = Infinity): void {
    this.scheduler.runUntil(time);
  }

  /**
   * Runs until `done` holds, at most until `limit` (ms).
   *
   * @returns whether it came to hold
   */
  runUntil(done: () => boolean, limit: number = Infinity): boolean {
    while (!done()) {
      const next = this.scheduler.next();
      if (next > limit || next === Infinity) return false;
      this.scheduler.runDue(next, 1);
    }
    return true;
  }

  #mac(medium: 'ip' | 'ethernet'): { mac?: string } {
    if (medium === 'ip') return {};
    const n = (++this.#macs).toString(16).padStart(2, '0');
    return { mac: `02:00:00:00:00:${n}` };
  }
}
