/**
 * Owns: a Linux TUN or TAP device as a link: opening, reading in bursts, writing, offloads, closing.
 * Leaves to others: addresses and the up state of the kernel's end (`tun-config.ts`, or the user), the virtio header
 * (`vnet.ts`).
 *
 * Reading: the descriptor is non-blocking; a poll(2) waits for it on a thread of libuv's pool, then the event loop drains
 * it. While packets keep coming nobody waits in poll: the device is read again on the next turns of the event loop.
 * Writing is synchronous: the kernel's receive path runs during the call, and never blocks.
 */

import { closeSync, constants, openSync } from 'node:fs';
import type { Scheduler } from '../base/scheduler.ts';
import { type Link, type LinkReceiver, NO_OFFLOAD, type Offload } from '../link/link.ts';
import { HEADROOM, LARGE_PACKET, type Packet, type PacketPool, SMALL_PACKET } from '../link/packet.ts';
import { invalidArgument, TsynError } from '../stack/errors.ts';
import { EAGAIN, EINTR, errnoName, type Libc, loadLibc } from './libc.ts';
import { readVnet, VNET_LENGTH, writeVnet } from './vnet.ts';

export { configureTun, type TunConfiguration } from './tun-config.ts';

export interface TunOptions {
  /** Name of the kernel's interface, at most 15 octets; `%d` in it stands for the first free number. Default `tsyn%d`. */
  readonly name?: string;
  /** 'tun' (the default) carries IP packets, 'tap' Ethernet frames. */
  readonly mode?: 'tun' | 'tap';
  /** Whether checksums may be left to the kernel and super-segments pass both ways. Default true. */
  readonly offload?: boolean;
  /** Default `/dev/net/tun`. */
  readonly device?: string;
  /** Octets of the largest IP packet; the kernel's interface must be told the same. Default 1500. */
  readonly mtu?: number;
  /** Where packets come from: the stack's. */
  readonly pool: PacketPool;
  /** Whose time is brought up to date before packets are delivered: the stack's. */
  readonly scheduler: Scheduler;
}

const TUNSETIFF = 0x400454ca;
const TUNSETOFFLOAD = 0x400454d0;
const TUNSETVNETHDRSZ = 0x400454d8;
const TUNSETVNETLE = 0x400454dc;
const IFF_TUN = 0x0001;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;

const IFNAMSIZ = 16;
const IFREQ_LENGTH = 40;
const ETHERNET_HEADER = 14;
const POLLIN = 1;

/** Packets delivered before the event loop gets its turn. */
const BURST = 64;
/** Turns of the event loop on which the device is looked at again before someone waits in poll for it: that costs two
 *  changes of thread, the look costs a microsecond, and the next packet of a conversation is often that near. */
const LINGER = 16;
/** How often a link that does not hold the process looks at its device, ms: a thread in poll would hold it. */
const LOOK_EVERY = 5;
/** A thread in poll cannot be interrupted by the runtime, so it comes back by itself now and then, ms. */
const POLL_TIMEOUT = 1000;

/** What went through a device, and what did not. */
export class DeviceCounters {
  rxPackets = 0;
  rxOctets = 0;
  /** Packets the device delivered in a form that was not asked for. */
  rxErrors = 0;
  txPackets = 0;
  txOctets = 0;
  /** Packets the device refused, or that were sent to a closed link. */
  txDropped = 0;
}

/**
 * Opens a TUN or TAP device; the kernel's interface appears with it and goes with it. An open link keeps the process
 * alive until {@link TunLink.close} or {@link TunLink.unref}.
 *
 * @example
 * const link = await openTun({ name: 'tsyn0', pool: stack.pool, scheduler: stack.scheduler });
 * configureTun(link.name, { addresses: ['10.77.0.1/24'], up: true });
 *
 * @throws TsynError ERR_TSYN_PLATFORM (not Linux), ERR_TSYN_NO_KOFFI (`npm install koffi`), ENOENT (no such device),
 *   EACCES or EPERM (no right to), EBUSY (name in use), EINVAL (name in use by a device of the other mode),
 *   ERR_INVALID_ARG_VALUE (name too long and the like)
 */
export async function openTun(options: TunOptions): Promise<TunLink> {
  return openTunSync(options);
}

/** The same at once: nothing of it takes time. @throws TsynError */
export function openTunSync(options: TunOptions): TunLink {
  const name = options.name ?? 'tsyn%d';
  const device = options.device ?? '/dev/net/tun';
  const mode = options.mode ?? 'tun';
  const mtu = options.mtu ?? 1500;
  if (!/^[\x21-\x2e\x30-\x7e]{1,15}$/.test(name)) {
    throw invalidArgument('name', name, 'an interface name of 1 to 15 printable octets without /');
  }
  if (mode !== 'tun' && mode !== 'tap') throw invalidArgument('mode', mode, "'tun' or 'tap'");
  if (!Number.isInteger(mtu) || mtu < 68 || mtu > 65535) throw invalidArgument('mtu', mtu, 'from 68 to 65535');
  const libc = loadLibc();

  let fd: number;
  try {
    fd = openSync(device, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw deviceError((error as NodeJS.ErrnoException).code ?? 'UNKNOWN', 'open', device);
  }
  try {
    const offload = options.offload ?? true;
    const request = new Uint8Array(new ArrayBuffer(IFREQ_LENGTH));
    for (let i = 0; i < name.length; i++) request[i] = name.charCodeAt(i);
    const flags = (mode === 'tun' ? IFF_TUN : IFF_TAP) | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0);
    new DataView(request.buffer).setInt16(IFNAMSIZ, flags, LITTLE_ENDIAN);
    check(libc, libc.ioctl(fd, TUNSETIFF, request), 'TUNSETIFF', name);
    if (offload) {
      const value = new Uint8Array(new ArrayBuffer(4));
      const view = new DataView(value.buffer);
      view.setInt32(0, VNET_LENGTH, LITTLE_ENDIAN);
      check(libc, libc.ioctl(fd, TUNSETVNETHDRSZ, value), 'TUNSETVNETHDRSZ', name);
      if (!LITTLE_ENDIAN) {
        view.setInt32(0, 1, LITTLE_ENDIAN);
        check(libc, libc.ioctl(fd, TUNSETVNETLE, value), 'TUNSETVNETLE', name);
      }
      check(libc, libc.ioctlValue(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6), 'TUNSETOFFLOAD', name);
    }
    let given = '';
    for (let i = 0; i < IFNAMSIZ && request[i] !== 0; i++) given += String.fromCharCode(request[i]!);
    const wake = libc.eventfd();
    check(libc, wake, 'eventfd', name);
    return new TunLink(libc, fd, wake, given, mode, mtu, offload, options.pool, options.scheduler);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** An open device. Made by {@link openTun}. */
export class TunLink implements Link {
  readonly name: string;
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload;
  readonly counters: DeviceCounters = new DeviceCounters();
  /** Fulfilled when the kernel's interface is gone: with the reason, or with null after {@link close}. */
  readonly closed: Promise<TsynError | null>;

  readonly #libc: Libc;
  readonly #fd: number;
  readonly #wake: number;
  readonly #pool: PacketPool;
  readonly #scheduler: Scheduler;
  /** Octets of virtio header before each packet: 10, or 0 without offloads. */
  readonly #prefix: number;
  /** Octets of Ethernet header before each IP header: 14, or 0. */
  readonly #ethernet: number;
  readonly #turn: () => void;
  readonly #polled: (error: Error | null, ready: number) => void;
  /** struct pollfd twice: the device, and the eventfd that ends the waiting. */
  readonly #pollSet: Uint8Array;
  /** The packet that is read into. Large ones are passed on, small ones copied out of it. */
  #hot: Packet;
  readonly #capacity: number;
  /** Addresses of pooled buffers: asking for one costs more than looking it up. */
  readonly #addresses: WeakMap<Uint8Array, number> = new WeakMap();
  #receiver: LinkReceiver | null = null;
  #idleTurns = 0;
  #closed = false;
  #referenced = true;
  #polling = false;
  /** The thread in poll was sent back. */
  #woken = false;
  /** When the device is looked at next, where the link does not hold the process. */
  #look: NodeJS.Timeout | null = null;
  #released = false;
  #reason: TsynError | null = null;
  #tellClosed: (reason: TsynError | null) => void = () => {};

  /** @internal */
  constructor(
    libc: Libc,
    fd: number,
    wake: number,
    name: string,
    mode: 'tun' | 'tap',
    mtu: number,
    offload: boolean,
    pool: PacketPool,
    scheduler: Scheduler,
  ) {
    this.#libc = libc;
    this.#fd = fd;
    this.#wake = wake;
    this.name = name;
    this.medium = mode === 'tun' ? 'ip' : 'ethernet';
    this.mtu = mtu;
    this.offload = offload ? { checksum: true, segmentation: LARGE_PACKET } : NO_OFFLOAD;
    this.#prefix = offload ? VNET_LENGTH : 0;
    this.#ethernet = mode === 'tun' ? 0 : ETHERNET_HEADER;
    this.#pool = pool;
    this.#scheduler = scheduler;
    this.#capacity = offload ? LARGE_PACKET : mtu;
    this.#hot = pool.take(this.#capacity);
    this.#pollSet = new Uint8Array(new ArrayBuffer(16));
    const set = new DataView(this.#pollSet.buffer);
    set.setInt32(0, fd, LITTLE_ENDIAN);
    set.setInt16(4, POLLIN, LITTLE_ENDIAN);
    set.setInt32(8, wake, LITTLE_ENDIAN);
    set.setInt16(12, POLLIN, LITTLE_ENDIAN);
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    this.#turn = () => {
      this.#look = null;
      this.#drain();
    };
    this.#polled = () => {
      this.#polling = false;
      if (this.#woken) this.#forgetWaking();
      if (this.#closed) this.#release();
      else this.#drain();
    };
    open.add(this);
    if (open.size === 1) process.on('exit', closeAll);
    this.#wait();
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  send(packet: Packet): void {
    if (this.#closed) {
      this.counters.txDropped++;
      this.#pool.give(packet);
      return;
    }
    if (packet.off < this.#prefix) packet = this.#withHeadroom(packet);
    const start = packet.off - this.#prefix;
    const length = packet.len + this.#prefix;
    if (this.#prefix > 0 && writeVnet(packet.buf, start, packet, packet.off + this.#ethernet) !== 'ok') {
      this.counters.txDropped++;
    } else if (this.#libc.write(this.#fd, this.#addressOf(packet.buf) + start, length) === length) {
      this.counters.txPackets++;
      this.counters.txOctets += packet.len;
    } else {
      // The interface is down (EIO), or the kernel has no memory or did not like the packet: lost, as on any wire.
      this.counters.txDropped++;
    }
    this.#pool.give(packet);
  }

  close(): void {
    this.#end(null);
  }

  /** Lets the open link keep the process alive, which is how it starts. */
  ref(): this {
    this.#referenced = true;
    if (this.#look !== null) {
      clearTimeout(this.#look);
      this.#look = null;
      setImmediate(this.#turn);
    }
    return this;
  }

  /** Lets the process end although the link is open. Packets are then noticed up to 5 ms late. */
  unref(): this {
    this.#referenced = false;
    if (this.#polling && !this.#closed) this.#sendBack();
    return this;
  }

  #end(error: TsynError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reason = error;
    open.delete(this);
    if (open.size === 0) process.off('exit', closeAll);
    if (this.#polling) {
      // A thread is in poll on these descriptors: they are closed when it has left.
      this.#sendBack();
    } else {
      if (this.#look !== null) clearTimeout(this.#look);
      this.#release();
    }
  }

  /** Ends the waiting of the thread in poll. */
  #sendBack(): void {
    if (this.#woken) return;
    this.#woken = true;
    const one = new Uint8Array(new ArrayBuffer(8));
    one[0] = 1;
    this.#libc.write(this.#wake, this.#libc.address(one), 8);
  }

  #forgetWaking(): void {
    this.#woken = false;
    const count = new Uint8Array(new ArrayBuffer(8));
    this.#libc.read(this.#wake, this.#libc.address(count), 8);
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    closeSync(this.#fd);
    this.#libc.close(this.#wake);
    this.#pool.give(this.#hot);
    this.#tellClosed(this.#reason);
  }

  #wait(): void {
    this.#polling = true;
    this.#libc.poll(this.#addressOf(this.#pollSet), 2, POLL_TIMEOUT, this.#polled);
  }

  /** Reads and delivers until the device has no more or others want their turn, then arranges for the next time. */
  #drain(): void {
    if (this.#closed) {
      if (!this.#polling) this.#release();
      return;
    }
    this.#scheduler.refresh();
    let count = 0;
    let more = true;
    try {
      while (count < BURST && !this.#closed) {
        more = this.#readOne();
        if (!more) break;
        count++;
      }
    } finally {
      // Also after a receiver threw: the device is read on.
      if (this.#closed) this.#release();
      else if (!this.#referenced) this.#look = setTimeout(this.#turn, count > 0 || more ? 0 : LOOK_EVERY).unref();
      else if (count > 0 || more || this.#idleTurns++ < LINGER) setImmediate(this.#turn);
      else this.#wait();
      if (count > 0) this.#idleTurns = 0;
    }
    if (count > 0 && this.#receiver !== null) this.#receiver.burstEnd();
  }

  /** Reads and delivers one packet; false when there is none. */
  #readOne(): boolean {
    const hot = this.#hot;
    const off = HEADROOM - this.#ethernet; // the IP header starts on a word
    const start = off - this.#prefix;
    const got = this.#libc.read(this.#fd, this.#addressOf(hot.buf) + start, hot.buf.length - start);
    if (got < 0) {
      const errno = this.#libc.errno();
      if (errno !== EAGAIN && errno !== EINTR) this.#end(deviceError(errnoName(errno), 'read', this.name));
      return false;
    }
    const length = got - this.#prefix;
    if (length <= 0 || (this.#prefix > 0 && readVnet(hot.buf, start, hot) !== 'ok')) {
      this.counters.rxErrors++;
      return true;
    }
    this.counters.rxPackets++;
    this.counters.rxOctets += length;
    const receiver = this.#receiver;
    if (receiver === null) return true;
    let packet = hot;
    if (length - this.#ethernet > SMALL_PACKET) {
      this.#hot = this.#pool.take(this.#capacity);
    } else {
      packet = this.#pool.take(length - this.#ethernet);
      packet.buf.set(hot.buf.subarray(off, off + length), off);
      packet.checksum = hot.checksum;
      packet.segmentSize = hot.segmentSize;
    }
    packet.off = off;
    packet.len = length;
    receiver.packet(packet);
    return true;
  }

  #withHeadroom(packet: Packet): Packet {
    const copy = this.#pool.take(packet.len);
    copy.off = HEADROOM - this.#ethernet;
    copy.len = packet.len;
    copy.checksum = packet.checksum;
    copy.segmentSize = packet.segmentSize;
    copy.id = packet.id;
    copy.buf.set(packet.buf.subarray(packet.off, packet.off + packet.len), copy.off);
    this.#pool.give(packet);
    return copy;
  }

  #addressOf(buffer: Uint8Array): number {
    let address = this.#addresses.get(buffer);
    if (address === undefined) {
      address = this.#libc.address(buffer);
      this.#addresses.set(buffer, address);
    }
    return address;
  }
}

/** Links whose poll must end before the process can: the runtime joins the pool's threads when it exits. */
const open: Set<TunLink> = new Set();

function closeAll(): void {
  for (const link of [...open]) link.close();
}

const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function check(libc: Libc, result: number, syscall: string, name: string): void {
  if (result < 0) throw deviceError(errnoName(libc.errno()), syscall, name);
}

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such device: load the tun module, or make the node with mknod /dev/net/tun c 10 200',
  ENODEV: 'the kernel has no tun driver: load the tun module',
  ENXIO: 'the kernel has no tun driver: load the tun module',
  EACCES: 'no right to open it: use sudo, or a user namespace (unshare -r -n) with the device of mode 0666',
  EPERM: 'no right to make an interface: use sudo, or a network namespace of your own (unshare -r -n)',
  EBUSY: 'the interface is in use by another process: take another name',
  EINVAL: 'an interface of this name exists and is of another kind: take another name',
  EBADFD: 'the interface has been deleted',
  EIO: 'the interface is gone',
};

function deviceError(code: string, syscall: string, what: string): TsynError {
  const hint = HINTS[code];
  return new TsynError(code, `${syscall} ${code} ${what}${hint === undefined ? '' : `: ${hint}`}`, { syscall });
}
