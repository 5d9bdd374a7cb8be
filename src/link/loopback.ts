/**
 * Owns: the loopback, a link whose packets come back to its own user (RFC 1122 3.2.1.3(g) says who may use it). Nothing
 * can happen to a packet on the way, so it spares its user checksums and segmentation.
 */

import type { Scheduler } from '../base/scheduler.ts';
import { Delivery, fits, type LinkCounters, linkCounters, QUEUE_LIMIT } from './delivery.ts';
import type { Link, LinkReceiver, Offload } from './link.ts';
import { LARGE_PACKET, type Packet, type PacketPool } from './packet.ts';

export interface LoopbackOptions {
  /** Octets of the largest IP packet: 65535. */
  readonly mtu?: number;
  /** Packets waiting at most: 8192. */
  readonly queueLimit?: number;
}

export class Loopback implements Link {
  readonly medium = 'ip' as const;
  readonly mtu: number;
  readonly offload: Offload = { checksum: true, segmentation: LARGE_PACKET };
  readonly counters: LinkCounters = linkCounters();
  readonly #pool: PacketPool;
  readonly #delivery: Delivery;

  constructor(scheduler: Scheduler, pool: PacketPool, options: LoopbackOptions) {
    this.mtu = options.mtu ?? LARGE_PACKET;
    this.#pool = pool;
    this.#delivery = new Delivery(scheduler, pool, options.queueLimit ?? QUEUE_LIMIT, this.counters);
  }

  send(packet: Packet): void {
    this.counters.sent++;
    if (!fits(packet, this)) {
      this.counters.oversized++;
      this.#pool.give(packet);
    } else if (!this.#delivery.push(packet)) {
      this.counters.overflowed++;
    }
  }

  attach(receiver: LinkReceiver): void {
    this.#delivery.receiver = receiver;
  }

  close(): void {
    this.#delivery.close();
  }
}

export function createLoopback(scheduler: Scheduler, pool: PacketPool, options: LoopbackOptions = {}): Loopback {
  return new Loopback(scheduler, pool, options);
}
