/**
 * Owns: a pipe, two links back to back in one process. No latency, no loss but a full queue's; wrap an end in `impair`
 * for those.
 */

import type { Scheduler } from '../base/scheduler.ts';
import { Delivery, fits, type LinkCounters, linkCounters, QUEUE_LIMIT } from './delivery.ts';
import { type Link, type LinkReceiver, NO_OFFLOAD, type Offload } from './link.ts';
import type { Packet, PacketPool } from './packet.ts';

export interface PipeOptions {
  /** Octets of the largest IP packet: 1500. */
  readonly mtu?: number;
  /** 'ip' unless said otherwise. */
  readonly medium?: 'ip' | 'ethernet';
  /** What both ends spare their users: nothing. */
  readonly offload?: Offload;
  /** Packets waiting in one direction at most: 8192. */
  readonly queueLimit?: number;
}

/** One end of a pipe. */
export class PipeEnd implements Link {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload;
  readonly counters: LinkCounters = linkCounters();
  readonly #pool: PacketPool;
  /** What arrives at this end. */
  readonly #inbound: Delivery;
  #peer: PipeEnd | null = null;

  constructor(scheduler: Scheduler, pool: PacketPool, options: PipeOptions) {
    this.medium = options.medium ?? 'ip';
    this.mtu = options.mtu ?? 1500;
    this.offload = options.offload ?? NO_OFFLOAD;
    this.#pool = pool;
    this.#inbound = new Delivery(scheduler, pool, options.queueLimit ?? QUEUE_LIMIT, this.counters);
  }

  /** Joins two ends; each is joined once. */
  static join(a: PipeEnd, b: PipeEnd): void {
    a.#peer = b;
    b.#peer = a;
  }

  send(packet: Packet): void {
    this.counters.sent++;
    if (this.#peer === null || !fits(packet, this)) {
      this.counters.oversized++;
      this.#pool.give(packet);
    } else if (!this.#peer.#inbound.push(packet)) {
      this.counters.overflowed++;
    }
  }

  attach(receiver: LinkReceiver): void {
    this.#inbound.receiver = receiver;
  }

  /** Ends both directions: a cable has no half. */
  close(): void {
    this.#inbound.close();
    if (this.#peer !== null) this.#peer.#inbound.close();
  }
}

/** Makes a pipe. @returns its two ends */
export function createPipe(scheduler: Scheduler, pool: PacketPool, options: PipeOptions = {}): [PipeEnd, PipeEnd] {
  const a = new PipeEnd(scheduler, pool, options);
  const b = new PipeEnd(scheduler, pool, options);
  PipeEnd.join(a, b);
  return [a, b];
}
