/**
 * Owns: echo requests sent and the replies and errors that answer them (RFC 792, RFC 4443 4.1, 4.2).
 */

import type { Task } from '../base/scheduler.ts';
import { LARGE_PACKET } from '../link/packet.ts';
import { type Address, formatAddress, parseAddress, sameAddress } from '../wire/address.ts';
import { readU16 } from '../wire/bytes.ts';
import { ICMP_ECHO, ICMP_HEADER, type IcmpMessage, writeIcmp } from '../wire/icmp.ts';
import { ICMPV6_ECHO, writeIcmpv6 } from '../wire/icmpv6.ts';
import { PROTO_ICMP, PROTO_ICMPV6 } from '../wire/ipv4.ts';
import { invalidArgument, syscallError, type TsynError } from './errors.ts';
import { ipHeaderLength } from './ip.ts';
import type { Path } from './paths.ts';
import type { Stack } from './stack.ts';
import type { IcmpError, IpView } from './transport.ts';

export interface PingOptions {
  /** Octets of data: 56 by default. */
  readonly size?: number;
  /** The data itself, in place of `size` octets 0, 1, 2, ... */
  readonly payload?: Uint8Array;
  /** How long to wait, ms: 5000 by default. */
  readonly timeout?: number;
  /** Hop limit; `config.ip.ttl` by default. */
  readonly ttl?: number;
  /** Our address to ask from; by default the one RFC 6724 chooses. */
  readonly from?: string;
}

export interface PingResult {
  /** Who replied. */
  readonly address: string;
  /** Octets of data. */
  readonly size: number;
  /** From request to reply, ms. */
  readonly time: number;
  /** Hop limit left in the reply. */
  readonly ttl: number;
  readonly sequence: number;
  /** The data that came back: what was sent, or the reply would not have counted. */
  readonly payload: Uint8Array;
}

/** Requests waiting at most. */
const MAX_PENDING = 4096;
/** How often a request is sent again because a path MTU became smaller. */
const MAX_RESENDS = 4;

/** A request that waits for its reply; a task, whose appointment is the timeout. */
class Pending implements Task {
  at: number = Infinity;
  order = 0;
  slot: number = -1;
  readonly path: Path;
  readonly sequence: number;
  readonly payload: Uint8Array;
  readonly ttl: number;
  readonly sent: number;
  resends = 0;
  readonly settle: (result: PingResult | TsynError) => void;
  readonly #timeout: (pending: Pending) => void;

  constructor(
    path: Path,
    sequence: number,
    payload: Uint8Array,
    ttl: number,
    sent: number,
    settle: (result: PingResult | TsynError) => void,
    timeout: (pending: Pending) => void,
  ) {
    this.path = path;
    this.sequence = sequence;
    this.payload = payload;
    this.ttl = ttl;
    this.sent = sent;
    this.settle = settle;
    this.#timeout = timeout;
  }

  run(): void {
    this.#timeout(this);
  }
}

export class Pings {
  readonly #stack: Stack;
  readonly #id: number;
  readonly #pending: Map<number, Pending> = new Map();
  #sequence: number;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#id = stack.random.uint32() & 0xffff;
    this.#sequence = stack.random.uint32() & 0xffff;
  }

  /** Names this host's requests among those of others (RFC 792). */
  get identifier(): number {
    return this.#id;
  }

  /** See `Stack.ping`. The request leaves before this returns. */
  ping(text: string, options: PingOptions): Promise<PingResult> {
    return new Promise((resolve, reject) => {
      const path = this.#pathTo(text, options);
      const { payload, timeout = 5000, ttl = 0 } = options;
      const size = payload?.length ?? options.size ?? 56;
      const room = LARGE_PACKET - ipHeaderLength(path.family) - ICMP_HEADER;
      if (!Number.isInteger(size) || size < 0) throw invalidArgument('size', size, 'a non-negative integer');
      if (size > room) throw syscallError('EMSGSIZE', 'ping', text);
      if (!(timeout > 0)) throw invalidArgument('timeout', timeout, 'a positive number');
      if (!Number.isInteger(ttl) || ttl < 0 || ttl > 255) throw invalidArgument('ttl', ttl, 'an integer from 1 to 255');
      if (this.#pending.size >= MAX_PENDING || this.#stack.closed) throw syscallError('ENOBUFS', 'ping', text);
      const settle = (result: PingResult | TsynError): void => {
        if (result instanceof Error) reject(result);
        else resolve(result);
      };
      const give = (pending: Pending): void => this.#finish(pending, syscallError('ETIMEDOUT', 'ping', text));
      const now = this.#stack.now();
      const pending = new Pending(path, this.#next(), payload?.slice() ?? counted(size), ttl, now, settle, give);
      this.#pending.set(pending.sequence, pending);
      this.#stack.scheduler.schedule(pending, now + timeout);
      this.#send(pending);
    });
  }

  /** An echo reply has come. @returns whether somebody waited for it */
  reply(m: IcmpMessage, ip: IpView, buf: Uint8Array): boolean {
    const pending = m.id === this.#id ? this.#pending.get(m.sequence) : undefined;
    if (pending === undefined || !sameAddress(pending.path.remote, ip.src)) return false;
    if (!carries(buf, m, pending.payload)) return false;
    this.#finish(pending, {
      address: formatAddress(ip.src),
      size: m.bodyLength,
      time: this.#stack.now() - pending.sent,
      ttl: ip.ttl,
      sequence: m.sequence,
      payload: pending.payload,
    });
    return true;
  }

  /** An ICMP error about an ICMP message of ours. */
  error(error: IcmpError): void {
    const { buf, quoteOffset: at, remote } = error;
    const echo = error.family === 4 ? ICMP_ECHO : ICMPV6_ECHO;
    if (buf[at] !== echo || readU16(buf, at + 4) !== this.#id) return;
    const pending = this.#pending.get(readU16(buf, at + 6));
    if (pending === undefined || !sameAddress(pending.path.remote, remote)) return;
    const address = formatAddress(remote);
    switch (error.kind) {
      case 'packet-too-big':
        if (this.#stack.paths.packetTooBig(pending.path, error.mtu) && pending.resends++ < MAX_RESENDS)
          this.#send(pending);
        return;
      case 'unreachable':
        this.#finish(pending, syscallError(error.code === 0 ? 'ENETUNREACH' : 'EHOSTUNREACH', 'ping', address));
        return;
      case 'time-exceeded':
        this.#finish(pending, syscallError('EHOSTUNREACH', 'ping', address));
        return;
      default:
        this.#finish(pending, syscallError('EPROTO', 'ping', address));
        return;
    }
  }

  close(): void {
    for (const pending of this.#pending.values()) this.#finish(pending, syscallError('ECANCELED', 'ping'));
  }

  #pathTo(text: string, options: PingOptions): Path {
    const remote = parseAddress(text);
    if (remote === null) throw invalidArgument('address', text, 'an IP address');
    let local: Address | null = null;
    if (options.from !== undefined) {
      local = parseAddress(options.from);
      if (local === null) throw invalidArgument('from', options.from, 'an IP address');
    }
    const path = this.#stack.ip.pathTo(remote, local);
    if (path === 'no-route') throw syscallError('ENETUNREACH', 'ping', text);
    if (path === 'no-source') throw syscallError('EADDRNOTAVAIL', 'ping', text);
    return path;
  }

  #next(): number {
    do this.#sequence = (this.#sequence + 1) & 0xffff;
    while (this.#pending.has(this.#sequence));
    return this.#sequence;
  }

  #send(pending: Pending): void {
    const { mib, pool, ip } = this.#stack;
    const { path, payload } = pending;
    const header = ipHeaderLength(path.family);
    const length = ICMP_HEADER + payload.length;
    const packet = pool.take(header + length);
    const at = packet.off + header;
    packet.buf.set(payload, at + ICMP_HEADER);
    const rest = (this.#id << 16) | pending.sequence;
    packet.len = header + length;
    if (path.family === 4) {
      writeIcmp(packet.buf, packet.words, at, length, ICMP_ECHO, 0, rest);
      mib.IcmpOutMsgs++;
      mib.IcmpOutEchos++;
      ip.send(packet, path, PROTO_ICMP, pending.ttl, 0, false);
    } else {
      writeIcmpv6(packet.buf, packet.words, at, length, ICMPV6_ECHO, 0, rest, path.local, path.remote);
      mib.Icmp6OutMsgs++;
      mib.Icmp6OutEchos++;
      ip.send(packet, path, PROTO_ICMPV6, pending.ttl, 0, false);
    }
  }

  #finish(pending: Pending, result: PingResult | TsynError): void {
    this.#pending.delete(pending.sequence);
    this.#stack.scheduler.cancel(pending);
    pending.settle(result);
  }
}

/** Octets 0, 1, 2, ... */
function counted(size: number): Uint8Array {
  const octets = new Uint8Array(size);
  for (let i = 0; i < size; i++) octets[i] = i;
  return octets;
}

/** Whether a reply brings back what was sent (RFC 792). */
function carries(buf: Uint8Array, m: IcmpMessage, payload: Uint8Array): boolean {
  if (m.bodyLength !== payload.length) return false;
  for (let i = 0; i < payload.length; i++) if (buf[m.bodyOffset + i] !== payload[i]) return false;
  return true;
}
