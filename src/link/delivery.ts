/**
 * Owns: getting packets from `send` at one place to `LinkReceiver.packet` at another without calling back into the
 * sender: they wait in a queue, and a task of rank ARRIVAL hands them over. Pipe, loopback and switch are made of these.
 */

import { ARRIVAL, type Scheduler, type Task } from '../base/scheduler.ts';
import { ETHERNET_HEADER } from '../wire/ethernet.ts';
import type { Link, LinkReceiver, Offload } from './link.ts';
import type { Packet, PacketPool } from './packet.ts';
import { PacketQueue } from './queue.ts';

/** What a link made here has counted, in packets. */
export interface LinkCounters {
  /** Taken by `send`, whatever became of them. */
  sent: number;
  /** Handed to the receiver. */
  delivered: number;
  /** Dropped because the queue was full. */
  overflowed: number;
  /** Dropped because larger than the MTU, or a super-segment larger than was offered. */
  oversized: number;
  /** Dropped because nobody was attached, or the link closed. */
  undelivered: number;
}

export function linkCounters(): LinkCounters {
  return { sent: 0, delivered: 0, overflowed: 0, oversized: 0, undelivered: 0 };
}

/** Packets that a queue holds at most unless told otherwise: what a pool keeps for reuse. */
export const QUEUE_LIMIT = 8192;

/** One direction: a bounded queue and the task that drains it. */
export class Delivery implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  receiver: LinkReceiver | null = null;
  /** Called when what waited has been handed over: whoever feeds the queue, and can wait, goes on. */
  onDrained: (() => void) | null = null;
  readonly #scheduler: Scheduler;
  readonly #pool: PacketPool;
  readonly #limit: number;
  /** `delivered` and `undelivered` are counted at the end where packets arrive. */
  readonly #counters: LinkCounters;
  readonly #queue: PacketQueue = new PacketQueue();
  #closed = false;

  constructor(scheduler: Scheduler, pool: PacketPool, limit: number, counters: LinkCounters) {
    this.#scheduler = scheduler;
    this.#pool = pool;
    this.#limit = limit;
    this.#counters = counters;
  }

  /** Whether the next packet finds no room. */
  get full(): boolean {
    return this.#queue.length >= this.#limit;
  }

  /** Takes a packet over. @returns false, and the packet is gone, when the queue was full */
  push(packet: Packet): boolean {
    if (this.#closed) {
      this.#discard(packet);
      return true;
    }
    if (this.full) {
      this.#pool.give(packet);
      return false;
    }
    this.#queue.push(packet);
    if (this.slot < 0) this.#scheduler.schedule(this, this.#scheduler.now, ARRIVAL);
    return true;
  }

  /** Hands over what was queued when it began: what is sent meanwhile has its own turn, so two ends cannot starve the rest. */
  run(): void {
    let delivered = 0;
    for (let left = this.#queue.length; left > 0; left--) {
      const packet = this.#queue.shift();
      if (packet === null) break; // closed meanwhile
      if (this.receiver === null) {
        this.#discard(packet);
      } else {
        delivered++;
        this.#counters.delivered++;
        this.receiver.packet(packet);
      }
    }
    if (delivered > 0 && this.receiver !== null && !this.#closed) this.receiver.burstEnd();
    if (this.onDrained !== null) this.onDrained();
  }

  /** Drops what waits and whatever comes. */
  close(): void {
    this.#closed = true;
    this.#scheduler.cancel(this);
    for (let packet = this.#queue.shift(); packet !== null; packet = this.#queue.shift()) this.#discard(packet);
  }

  #discard(packet: Packet): void {
    this.#counters.undelivered++;
    this.#pool.give(packet);
  }
}

/** Whether a packet is no larger than a link said it takes. */
export function fits(packet: Packet, link: Link): boolean {
  const octets = link.medium === 'ethernet' ? packet.len - ETHERNET_HEADER : packet.len;
  const offload: Offload = link.offload;
  return octets <= (packet.segmentSize > 0 ? Math.max(offload.segmentation, link.mtu) : link.mtu);
}
