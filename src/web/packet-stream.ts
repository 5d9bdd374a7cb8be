/**
 * Owns: the outside of a stack's interface as two streams of packets: what the stack sends comes out of `readable`, what is
 * written to `writable` arrives at the stack.
 *
 * Packets have no flow control, so both directions are bounded: while nobody has locked `readable`, or when {@link QUEUE} packets
 * wait in it, what the stack sends is dropped and counted (and TCP, which can see that, waits); a writer that is
 * {@link QUEUE} packets ahead waits for the stack's next turn.
 */

import type { Scheduler } from '../base/scheduler.ts';
import { Delivery, fits, type LinkCounters, linkCounters } from '../link/delivery.ts';
import { type Link, type LinkReceiver, NO_OFFLOAD, type Offload } from '../link/link.ts';
import { HEADROOM, LARGE_PACKET, type Packet, type PacketPool } from '../link/packet.ts';
import { ETHERNET_HEADER } from '../wire/ethernet.ts';
import { badArgument, SocketError } from './errors.ts';
import { Deferred, type Octets, octetsOf } from './settle.ts';

/** Packets that may wait in one direction. */
const QUEUE = 1024;

export interface PacketStreamOptions {
  readonly medium: 'ip' | 'ethernet';
  /** Octets of the largest IP packet: 1500. */
  readonly mtu?: number;
}

export class PacketStream implements Link {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload = NO_OFFLOAD;
  readonly counters: LinkCounters = linkCounters();
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Octets>;
  readonly #pool: PacketPool;
  readonly #arriving: Delivery;
  readonly #largest: number;
  #out!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #in!: WritableStreamDefaultController;
  /** The readable has ended. */
  #deaf = false;
  #closed = false;
  /** Packets written and not yet delivered. */
  #pending = 0;
  /** The write that waits until they are. */
  #room: Deferred<void> | null = null;

  constructor(scheduler: Scheduler, pool: PacketPool, options: PacketStreamOptions) {
    this.medium = options.medium;
    this.mtu = options.mtu ?? 1500;
    this.#pool = pool;
    this.#largest = LARGE_PACKET + (this.medium === 'ethernet' ? ETHERNET_HEADER : 0);
    this.#arriving = new Delivery(scheduler, pool, 2 * QUEUE, this.counters);
    this.readable = new ReadableStream(
      {
        start: (controller) => {
          this.#out = controller;
        },
        cancel: () => {
          this.#deaf = true;
        },
      },
      { highWaterMark: QUEUE },
    );
    this.writable = new WritableStream(
      {
        start: (controller) => {
          this.#in = controller;
        },
        write: (packet) => this.#write(packet),
      },
      { highWaterMark: 1 },
    );
  }

  /** TCP keeps its text back meanwhile. */
  get full(): boolean {
    return this.#listening && this.#out.desiredSize! <= 0;
  }

  attach(receiver: LinkReceiver): void {
    this.#arriving.receiver = {
      packet: (packet) => {
        this.#pending--;
        receiver.packet(packet);
      },
      burstEnd: () => {
        receiver.burstEnd();
        this.#room?.resolve();
        this.#room = null;
      },
    };
  }

  send(packet: Packet): void {
    const { counters } = this;
    counters.sent++;
    if (!fits(packet, this)) counters.oversized++;
    else if (!this.#listening) counters.undelivered++;
    else if (this.#out.desiredSize! <= 0) counters.overflowed++;
    else this.#out.enqueue(packet.buf.slice(packet.off, packet.off + packet.len) as Uint8Array<ArrayBuffer>);
    this.#pool.give(packet);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#arriving.close();
    if (!this.#deaf) this.#out.close();
    this.#deaf = true;
    const error = new SocketError('EBADF', 'the interface was removed');
    this.#in.error(error);
    this.#room?.reject(error);
    this.#room = null;
  }

  get #listening(): boolean {
    return !this.#deaf && this.readable.locked;
  }

  #write(chunk: Octets): void | Promise<void> {
    const data = octetsOf(chunk);
    if (data === null) throw badArgument('packet', chunk, 'an ArrayBuffer or a view of one');
    if (data.length > this.#largest) {
      throw badArgument('packet', `one of ${data.length} octets`, `of ${this.#largest} octets at most`);
    }
    const packet = this.#pool.take(Math.min(data.length, LARGE_PACKET));
    // The IP header starts on a word, and there is room for the Ethernet header before it.
    if (this.medium === 'ethernet') packet.off = HEADROOM - ETHERNET_HEADER;
    packet.buf.set(data, packet.off);
    packet.len = data.length;
    this.#pending++;
    this.#arriving.push(packet);
    if (this.#pending < QUEUE) return;
    this.#room = new Deferred();
    return this.#room.promise;
  }
}
