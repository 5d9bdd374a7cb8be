/**
 * Owns: a link over anything that carries messages, one packet a message: what is refused, the bounds in both directions,
 * the counters, how it ends. Leaves to others: the transport itself, a `Carrier` (`websocket.ts`, `message-port.ts`, ...).
 *
 * What arrives waits in a queue of `queueLimit` packets and is handed over in a scheduler task, so packets that come
 * in one turn of the event loop make one burst; beyond the limit the newest is dropped. What is sent is dropped where more than
 * `maxQueued` octets wait in the transport, as far as it can tell. A message is copied before anybody looks at it.
 */

import type { Scheduler } from '../../base/scheduler.ts';
import { Delivery, fits, type LinkCounters, linkCounters, QUEUE_LIMIT } from '../../link/delivery.ts';
import { type Link, type LinkReceiver, NO_OFFLOAD, type Offload } from '../../link/link.ts';
import { HEADROOM, LARGE_PACKET, type Packet, type PacketPool } from '../../link/packet.ts';
import { invalidArgument, type TsynError } from '../../stack/errors.ts';
import { ETHERNET_HEADER } from '../../wire/ethernet.ts';

/** What a link needs of the stack that it is for; a stack is one. */
export interface LinkHost {
  /** Where packets come from. */
  readonly pool: PacketPool;
  /** Whose time is brought up to date before packets are delivered. */
  readonly scheduler: Scheduler;
}

export interface MessageLinkOptions {
  /** Octets of the largest IP packet sent, 68 to 65,535: 1500. Larger ones that arrive are delivered. */
  readonly mtu?: number;
  /** Octets that may wait for the transport: 1 MiB. */
  readonly maxQueued?: number;
  /** Packets that may wait for the stack: 8192. */
  readonly queueLimit?: number;
}

/** `overflowed` counts packets sent, `undelivered` those on their way in either direction when the link closed. */
export interface MessageLinkCounters extends LinkCounters {
  /** Messages that came and were no packet: not octets, or of a length that no packet has. */
  refused: number;
  /** Packets that came and found the queue towards the stack full. */
  missed: number;
}

/** A transport of messages, as the link sees it. */
export interface Carrier {
  /** Octets it holds that are not on their way yet, where it can tell. */
  readonly waiting?: number;
  /** Sends one message; the octets, alone in their buffer, are the carrier's from now on. */
  send(octets: Uint8Array<ArrayBuffer>): void;
  /** Ends it. Called once. */
  close(reason: TsynError | null): void;
}

const MAX_QUEUED = 1024 * 1024;

export class MessageLink implements Link {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload = NO_OFFLOAD;
  readonly counters: MessageLinkCounters = { ...linkCounters(), refused: 0, missed: 0 };
  /** Fulfilled when the link has ended: with the reason, or with null after {@link close} and where the other end closed
   *  in good order. */
  readonly closed: Promise<TsynError | null>;

  readonly #host: LinkHost;
  readonly #maxQueued: number;
  readonly #inbound: Delivery;
  #carrier: Carrier | null = null;
  #ended = false;
  #tellClosed: (reason: TsynError | null) => void = () => {};

  /** @throws TsynError ERR_INVALID_ARG_VALUE for a bound that makes no sense */
  constructor(host: LinkHost, medium: 'ip' | 'ethernet', options: MessageLinkOptions) {
    const { mtu = 1500, maxQueued = MAX_QUEUED, queueLimit = QUEUE_LIMIT } = options;
    checkInteger('mtu', mtu, 68, LARGE_PACKET);
    checkInteger('maxQueued', maxQueued, mtu + ETHERNET_HEADER, Number.MAX_SAFE_INTEGER);
    checkInteger('queueLimit', queueLimit, 1, Number.MAX_SAFE_INTEGER);
    if (medium !== 'ip' && medium !== 'ethernet') throw invalidArgument('medium', medium, "'ip' or 'ethernet'");
    this.medium = medium;
    this.mtu = mtu;
    this.#host = host;
    this.#maxQueued = maxQueued;
    this.#inbound = new Delivery(host.scheduler, host.pool, queueLimit, this.counters);
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
  }

  /** Names the transport: once, before anything is sent. */
  carriedBy(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  /** Octets waiting for the transport to take them; 0 where it cannot tell. */
  get queued(): number {
    return this.#carrier?.waiting ?? 0;
  }

  get full(): boolean {
    return !this.#ended && this.queued + this.mtu + ETHERNET_HEADER > this.#maxQueued;
  }

  send(packet: Packet): void {
    const { counters } = this;
    counters.sent++;
    if (this.#ended || this.#carrier === null) counters.undelivered++;
    else if (packet.len === 0 || !fits(packet, this)) counters.oversized++;
    else if (this.queued + packet.len > this.#maxQueued) counters.overflowed++;
    else this.#carrier.send(packet.buf.slice(packet.off, packet.off + packet.len) as Uint8Array<ArrayBuffer>);
    this.#host.pool.give(packet);
  }

  attach(receiver: LinkReceiver): void {
    this.#inbound.receiver = receiver;
  }

  close(): void {
    this.end(null);
  }

  /** A message has come, whatever it is; for the transport. */
  arrived(message: unknown): void {
    if (this.#ended) return;
    const octets = octetsOf(message);
    const header = this.medium === 'ethernet' ? ETHERNET_HEADER : 0;
    if (octets === null || octets.length === 0 || octets.length < header || octets.length > LARGE_PACKET + header) {
      this.counters.refused++;
      return;
    }
    const packet = this.#host.pool.take(octets.length - header);
    packet.off = HEADROOM - header; // the IP header starts on a word
    packet.len = octets.length;
    packet.buf.set(octets, packet.off);
    this.#host.scheduler.refresh();
    if (!this.#inbound.push(packet)) this.counters.missed++;
  }

  /** A message has come that the platform could not make sense of; for the transport. */
  refused(): void {
    this.counters.refused++;
  }

  /** Fulfilled once there is room for what arrives; for a transport that can wait. */
  room(): Promise<void> | null {
    if (this.#ended || !this.#inbound.full) return null;
    return new Promise((resolve) => {
      this.#inbound.onDrained = () => {
        this.#inbound.onDrained = null;
        resolve();
      };
    });
  }

  /** Ends the link, with the reason where it is not in good order; for the transport. */
  end(reason: TsynError | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#inbound.close();
    this.#inbound.onDrained?.();
    this.#carrier?.close(reason);
    this.#tellClosed(reason);
  }
}

function checkInteger(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw invalidArgument(name, value, `an integer ${range}`);
}

/** The octets of a message that is some; null for any other. */
function octetsOf(message: unknown): Uint8Array | null {
  if (message instanceof Uint8Array) return message;
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  if (ArrayBuffer.isView(message)) return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  return null;
}

/** What an unknown thing that was thrown or rejected says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
