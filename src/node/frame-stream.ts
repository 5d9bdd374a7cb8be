/**
 * Owns: Ethernet frames over a byte stream, each behind its length as four octets, most significant first: what passt and
 * QEMU's `-netdev stream` speak over a Unix or TCP socket. Plain Node: no device, no rights, no native code.
 *
 * Bounds: one frame is collected at a time, of at most 65,550 octets; a length of 0 or more than that ends the link. What
 * the stream does not take waits up to `maxQueued` octets; beyond that the newest frame is dropped and counted.
 */

import net, { type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Scheduler } from '../base/scheduler.ts';
import { type Link, type LinkReceiver, NO_OFFLOAD, type Offload } from '../link/link.ts';
import { HEADROOM, type Packet, type PacketPool } from '../link/packet.ts';
import { TsynError } from '../stack/errors.ts';

/** The host's own, also where `net` becomes another's (`register/`). */
const { connect } = net;

const ETHERNET_HEADER = 14;
const PREFIX = 4;
/** Octets of the largest frame: an Ethernet header and the largest IP packet, and one to make it even. */
export const LARGEST_FRAME = 65550;

export interface FrameStreamOptions {
  /** Where packets come from: the stack's. */
  readonly pool: PacketPool;
  /** Whose time is brought up to date before packets are delivered: the stack's. */
  readonly scheduler: Scheduler;
  /** Octets of the largest IP packet sent; default 1500. Larger ones that arrive are delivered. */
  readonly mtu?: number;
  /** Octets that may wait for the stream, default 1 MiB. */
  readonly maxQueued?: number;
}

/** What went through a frame stream, and what did not. */
export class FrameStreamCounters {
  rxPackets = 0;
  rxOctets = 0;
  txPackets = 0;
  txOctets = 0;
  /** Frames that found the queue full, the link closed, or themselves too long. */
  txDropped = 0;
}

/** A link over any duplex stream. The stream belongs to the link from now on. */
export class FrameStreamLink implements Link {
  readonly medium = 'ethernet' as const;
  readonly mtu: number;
  readonly offload: Offload = NO_OFFLOAD;
  readonly counters: FrameStreamCounters = new FrameStreamCounters();
  /** Fulfilled when the link has ended: with the reason, or with null after {@link close} and where the other end closed
   *  in good order. `ERR_TSYN_FRAME` is a violation of the framing. */
  readonly closed: Promise<TsynError | null>;

  readonly #stream: Duplex;
  readonly #pool: PacketPool;
  readonly #scheduler: Scheduler;
  readonly #maxQueued: number;
  readonly #written: () => void;
  readonly #uncork: () => void;
  #receiver: LinkReceiver | null = null;
  /** Packets whose octets the stream still reads, oldest first; it reports on them in order. */
  #pending: Packet[] = [];
  #pendingHead = 0;
  #queued = 0;
  #corked = false;
  /** Octets of the present frame's prefix and content seen so far. */
  #seen = 0;
  #length = 0;
  #frame: Packet | null = null;
  #closed = false;
  #tellClosed: (reason: TsynError | null) => void = () => {};

  constructor(stream: Duplex, options: FrameStreamOptions) {
    this.#stream = stream;
    this.#pool = options.pool;
    this.#scheduler = options.scheduler;
    this.mtu = options.mtu ?? 1500;
    this.#maxQueued = options.maxQueued ?? 1024 * 1024;
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    this.#written = () => this.#giveOldest();
    this.#uncork = () => {
      this.#corked = false;
      this.#stream.uncork();
    };
    stream.on('data', (chunk: Uint8Array) => this.#arrived(chunk));
    stream.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(new TsynError(error.code ?? 'ERR_TSYN_STREAM', error.message)),
    );
    stream.on('end', () => this.#finished());
    stream.on('close', () => this.#finished());
  }

  /** Octets waiting for the stream to take them. */
  get queued(): number {
    return this.#queued;
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(packet: Packet): void {
    const length = packet.len + PREFIX;
    if (this.#closed || packet.len === 0 || packet.len > LARGEST_FRAME || this.#queued + length > this.#maxQueued) {
      this.counters.txDropped++;
      this.#pool.give(packet);
      return;
    }
    if (packet.off < PREFIX) packet = this.#withHeadroom(packet);
    const { buf, off, len } = packet;
    buf[off - 4] = 0;
    buf[off - 3] = len >>> 16;
    buf[off - 2] = (len >>> 8) & 0xff;
    buf[off - 1] = len & 0xff;
    this.#pending.push(packet);
    this.#queued += length;
    this.counters.txPackets++;
    this.counters.txOctets += len;
    if (!this.#corked) {
      // What is sent in one turn goes to the system in one call.
      this.#corked = true;
      this.#stream.cork();
      process.nextTick(this.#uncork);
    }
    this.#stream.write(buf.subarray(off - PREFIX, off + len), this.#written);
  }

  close(): void {
    this.#end(null);
  }

  /** Lets the open link keep the process alive, which is how it starts, if the stream is a socket. */
  ref(): this {
    (this.#stream as Partial<Socket>).ref?.();
    return this;
  }

  /** Lets the process end although the link is open. */
  unref(): this {
    (this.#stream as Partial<Socket>).unref?.();
    return this;
  }

  #end(error: TsynError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#frame !== null) this.#pool.give(this.#frame);
    this.#frame = null;
    // The stream reports on what it had not written yet, which gives those packets back.
    this.#stream.destroy();
    this.#tellClosed(error);
  }

  #finished(): void {
    if (this.#seen === 0) this.#end(null);
    else this.#end(new TsynError('ERR_TSYN_FRAME', 'the stream ended within a frame'));
  }

  #giveOldest(): void {
    const packet = this.#pending[this.#pendingHead];
    if (packet === undefined) return;
    this.#pendingHead++;
    if (this.#pendingHead === this.#pending.length) {
      this.#pending = [];
      this.#pendingHead = 0;
    } else if (this.#pendingHead >= 1024) {
      this.#pending = this.#pending.slice(this.#pendingHead);
      this.#pendingHead = 0;
    }
    this.#queued -= packet.len + PREFIX;
    this.#pool.give(packet);
  }

  #arrived(chunk: Uint8Array): void {
    this.#scheduler.refresh();
    let delivered = false;
    for (let at = 0; at < chunk.length && !this.#closed; ) {
      if (this.#seen < PREFIX) {
        this.#length = this.#length * 256 + chunk[at++]!;
        if (++this.#seen === PREFIX && !this.#begin()) return;
        continue;
      }
      const frame = this.#frame!;
      const take = Math.min(this.#length - frame.len, chunk.length - at);
      frame.buf.set(chunk.subarray(at, at + take), frame.off + frame.len);
      frame.len += take;
      this.#seen += take;
      at += take;
      if (frame.len === this.#length) {
        this.#frame = null;
        this.#seen = 0;
        this.#length = 0;
        this.counters.rxPackets++;
        this.counters.rxOctets += frame.len;
        delivered = true;
        if (this.#receiver === null) this.#pool.give(frame);
        else this.#receiver.packet(frame);
      }
    }
    if (delivered && this.#receiver !== null && !this.#closed) this.#receiver.burstEnd();
  }

  /** The length is known: takes a packet for the frame, or ends the link. */
  #begin(): boolean {
    const length = this.#length;
    if (length === 0 || length > LARGEST_FRAME) {
      this.#end(new TsynError('ERR_TSYN_FRAME', `a frame of ${length} octets: not a frame stream, or out of step`));
      return false;
    }
    const frame = this.#pool.take(Math.min(Math.max(length - ETHERNET_HEADER, 0), 65535));
    frame.off = HEADROOM - ETHERNET_HEADER; // the IP header starts on a word
    this.#frame = frame;
    return true;
  }

  #withHeadroom(packet: Packet): Packet {
    const copy = this.#pool.take(Math.min(packet.len, 65535));
    copy.off = HEADROOM - ETHERNET_HEADER;
    copy.len = packet.len;
    copy.id = packet.id;
    copy.buf.set(packet.buf.subarray(packet.off, packet.off + packet.len), copy.off);
    this.#pool.give(packet);
    return copy;
  }
}

/** Where a frame stream is listening: the path of a Unix socket, or a TCP port. */
export type FrameStreamTarget = string | { readonly path: string } | { readonly host?: string; readonly port: number };

/**
 * Connects to passt (`passt --foreground --socket PATH`), QEMU (`-netdev stream,server=on`) or the like.
 *
 * @throws TsynError with Node's code: ENOENT, ECONNREFUSED (nobody listens there), EACCES, ...
 */
export function connectFrameStream(target: FrameStreamTarget, options: FrameStreamOptions): Promise<FrameStreamLink> {
  return new Promise((resolve, reject) => {
    const socket = socketTo(target);
    const refused = (error: NodeJS.ErrnoException): void => reject(refusal(error));
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      resolve(new FrameStreamLink(socket, options));
    });
  });
}

/** The same without waiting: frames sent before there is a connection wait for it; that there will be none shows in `closed`. */
export function beginFrameStream(target: FrameStreamTarget, options: FrameStreamOptions): FrameStreamLink {
  return new FrameStreamLink(socketTo(target), options);
}

function socketTo(target: FrameStreamTarget): Socket {
  const where = typeof target === 'string' ? { path: target } : { ...target };
  return connect(where as NetConnectOpts).setNoDelay(true);
}

function refusal(error: NodeJS.ErrnoException): TsynError {
  return new TsynError(error.code ?? 'ERR_TSYN_STREAM', `frame stream: ${error.message}`, { syscall: 'connect' });
}
