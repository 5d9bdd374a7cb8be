/**
 * Owns: reassembly of both families (RFC 791 3.2, RFC 815 in spirit, RFC 8200 4.5) and its bounds.
 *
 * Policies: any overlap drops the whole datagram and every later piece of it (RFC 5722, for IPv4 too); an exact copy of a
 * piece is passed over; more than `maxPieces` pieces count as an attack; above `highMark` octets, overhead included, the
 * oldest datagrams go until `lowMark` is left; after `timeout` ms the sender is told, if its fragment 0 came. Pieces are
 * kept sorted and found by bisection. IPv6 atomic fragments (RFC 6946) never come here.
 */

import type { Task } from '../base/scheduler.ts';
import type { TableHash } from '../base/siphash.ts';
import { HEADROOM, LARGE_PACKET, type Packet, SMALL_PACKET } from '../link/packet.ts';
import { type Address, sameAddress } from '../wire/address.ts';
import { writeU16 } from '../wire/bytes.ts';
import { finish, sum } from '../wire/checksum.ts';
import { ICMP_REASSEMBLY_EXCEEDED, ICMP_TIME_EXCEEDED } from '../wire/icmp.ts';
import { ICMPV6_REASSEMBLY_EXCEEDED, ICMPV6_TIME_EXCEEDED } from '../wire/icmpv6.ts';
import type { Ipv4Header } from '../wire/ipv4.ts';
import { FRAGMENT_HEADER, IPV6_HEADER, type Ipv6Header } from '../wire/ipv6.ts';
import type { FragmentConfig } from './config.ts';
import type { DropReason } from './counters.ts';
import type { Interface } from './interface.ts';
import { mixAddress, tableHash } from './keys.ts';
import type { Stack } from './stack.ts';

/** Octets counted for a datagram and for each piece, besides the buffers. */
const DATAGRAM_OVERHEAD = 512;
const PIECE_OVERHEAD = 128;
const BUCKETS = 1024;

/** A piece: octets `start` (inclusive) to `end` of the datagram's payload, which lie in `packet.buf` from `at`. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly packet: Packet;
  readonly at: number;
  /** IPv6: the octet that says 44, counted from the start of the packet. */
  readonly pointer: number;
}

/** A datagram of which some pieces came. */
class Datagram {
  readonly src: Address;
  readonly dst: Address;
  readonly id: number;
  /** IPv4 only: the protocol is part of the key. */
  readonly protocol: number;
  readonly hash: number;
  readonly expires: number;
  /** In order, without gaps between array places but perhaps between octets. */
  readonly pieces: Piece[] = [];
  /** The length of the whole payload; -1 until the last piece came. */
  total: number = -1;
  /** Octets of payload held. */
  held = 0;
  cost: number = DATAGRAM_OVERHEAD;
  /** Overlapped or flooded: every further piece is dropped. */
  condemned = false;
  /** ECN fields seen, one bit for each of the four values. */
  ecn = 0;
  iface: Interface;
  chain: Datagram | null = null;
  older: Datagram | null = null;
  newer: Datagram | null = null;

  constructor(
    src: Address,
    dst: Address,
    id: number,
    protocol: number,
    hash: number,
    expires: number,
    iface: Interface,
  ) {
    this.src = src.clone();
    this.dst = dst.clone();
    this.id = id;
    this.protocol = protocol;
    this.hash = hash;
    this.expires = expires;
    this.iface = iface;
  }
}

export class Reassembly implements Task {
  at: number = Infinity;
  order = 0;
  slot: number = -1;
  readonly #stack: Stack;
  readonly #config: FragmentConfig;
  readonly #hash: TableHash;
  readonly #buckets: (Datagram | null)[] = new Array<Datagram | null>(BUCKETS).fill(null);
  #oldest: Datagram | null = null;
  #newest: Datagram | null = null;
  #used = 0;
  #size = 0;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#config = stack.config.fragments;
    this.#hash = tableHash(stack.secret, 'fragmentTable');
  }

  /** Octets held, overhead included. */
  get used(): number {
    return this.#used;
  }

  /** Datagrams under way. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes an IPv4 fragment.
   *
   * @returns the whole datagram, with a header that says so, when this was the piece missing; else null
   */
  add4(packet: Packet, ip: Ipv4Header, iface: Interface): Packet | null {
    const { mib } = this.#stack;
    mib.IpReasmReqds++;
    if (ip.payloadLength === 0) return this.#refuse('fragment-empty', packet, 4);
    const d = this.#datagram(ip.src, ip.dst, ip.id, ip.protocol, iface, packet);
    const end = ip.fragmentOffset + ip.payloadLength;
    const piece: Piece = { start: ip.fragmentOffset, end, packet, at: ip.payloadOffset, pointer: 0 };
    if (!this.#insert(d, piece, ip.moreFragments, ip.tos)) return null;
    const first = d.pieces[0]!;
    const whole = this.#join(d, first.at - first.packet.off);
    if (whole === null) return null;
    const { buf, off } = whole;
    const header = (buf[off]! & 15) << 2;
    buf[off + 1] = (buf[off + 1]! & ~3) | congestion(d.ecn);
    writeU16(buf, off + 2, whole.len);
    writeU16(buf, off + 6, 0);
    writeU16(buf, off + 10, 0);
    writeU16(buf, off + 10, finish(sum(buf, whole.words, off, header, 0)));
    mib.IpReasmOKs++;
    return whole;
  }

  /** Takes an IPv6 fragment, not an atomic one. See {@link add4}. */
  add6(packet: Packet, ip: Ipv6Header, iface: Interface): Packet | null {
    const { mib } = this.#stack;
    mib.Ip6ReasmReqds++;
    if (ip.fragmentablePartLength === 0) return this.#refuse('fragment-empty', packet, 6);
    const d = this.#datagram(ip.src, ip.dst, ip.fragmentId, 0, iface, packet);
    const piece: Piece = {
      start: ip.fragmentOffset,
      end: ip.fragmentOffset + ip.fragmentablePartLength,
      packet,
      at: ip.fragmentablePartOffset,
      pointer: ip.fragmentPointerOffset - packet.off,
    };
    if (!this.#insert(d, piece, ip.moreFragments, ip.trafficClass)) return null;
    const first = d.pieces[0]!;
    const header = first.at - FRAGMENT_HEADER;
    const next = first.packet.buf[header]!;
    const whole = this.#join(d, header - first.packet.off);
    if (whole === null) return null;
    const { buf, off } = whole;
    buf[off + 1] = (buf[off + 1]! & ~0x30) | (congestion(d.ecn) << 4);
    writeU16(buf, off + 4, whole.len - IPV6_HEADER);
    buf[off + first.pointer] = next; // the fragment header is gone from the chain
    mib.Ip6ReasmOKs++;
    return whole;
  }

  /** Gives up on what is too old. */
  run(now: number): void {
    const { mib } = this.#stack;
    while (this.#oldest !== null && this.#oldest.expires <= now) {
      const d = this.#oldest;
      const v4 = d.src.family === 4;
      if (!d.condemned) {
        if (v4) mib.IpReasmTimeout++;
        else mib.Ip6ReasmTimeout++;
        const first = d.pieces[0];
        // RFC 1122 3.3.2, RFC 8200 4.5: only where fragment 0 came.
        if (first !== undefined && first.start === 0) {
          if (v4) this.#stack.icmp.sendError(first.packet, d.iface, ICMP_TIME_EXCEEDED, ICMP_REASSEMBLY_EXCEEDED, 0);
          else this.#stack.icmpv6.sendError(first.packet, d.iface, ICMPV6_TIME_EXCEEDED, ICMPV6_REASSEMBLY_EXCEEDED, 0);
        }
        this.#failed(d);
      }
      this.#remove(d, 'fragment-timeout');
    }
    if (this.#oldest !== null) this.#stack.scheduler.schedule(this, this.#oldest.expires);
  }

  close(): void {
    while (this.#oldest !== null) this.#remove(this.#oldest, 'fragment-evicted');
    this.#stack.scheduler.cancel(this);
  }

  /** The datagram that a piece belongs to, with room made for the piece's buffer. */
  #datagram(src: Address, dst: Address, id: number, protocol: number, iface: Interface, packet: Packet): Datagram {
    const { highMark, lowMark, timeout } = this.#config;
    const buffer = isWasteful(packet) ? SMALL_PACKET + HEADROOM : packet.buf.length;
    const need = buffer + PIECE_OVERHEAD + DATAGRAM_OVERHEAD;
    if (this.#used + need > highMark) {
      while (this.#oldest !== null && this.#used + need > lowMark) {
        if (!this.#oldest.condemned) this.#failed(this.#oldest);
        this.#remove(this.#oldest, 'fragment-evicted');
      }
    }
    const hash = mixAddress(mixAddress(this.#hash.start(), src), dst).word(id).word(protocol).finish();
    let d: Datagram | null = this.#buckets[hash & (BUCKETS - 1)]!;
    while (
      d !== null &&
      !(d.id === id && d.protocol === protocol && sameAddress(d.src, src) && sameAddress(d.dst, dst))
    ) {
      d = d.chain;
    }
    if (d !== null) return d;
    const { scheduler } = this.#stack;
    d = new Datagram(src, dst, id, protocol, hash, scheduler.now + timeout, iface);
    d.chain = this.#buckets[hash & (BUCKETS - 1)]!;
    this.#buckets[hash & (BUCKETS - 1)] = d;
    d.older = this.#newest;
    if (this.#newest === null) this.#oldest = d;
    else this.#newest.newer = d;
    this.#newest = d;
    this.#used += d.cost;
    this.#size++;
    if (this.slot < 0) scheduler.schedule(this, d.expires);
    return d;
  }

  /**
   * Puts a piece in its place; takes its packet over in any case.
   *
   * @returns whether the datagram is whole now
   */
  #insert(d: Datagram, piece: Piece, more: boolean, tos: number): boolean {
    const { pieces } = d;
    const { start, end, packet } = piece;
    if (d.condemned) return this.#reject('fragment-condemned', packet);
    // Pieces mostly come in order; otherwise bisect for the first one that ends beyond our start.
    let place = pieces.length;
    if (place > 0 && pieces[place - 1]!.end > start) place = bisect(pieces, start);
    const next = pieces[place];
    if (next !== undefined && next.start < end) {
      if (isCopy(d, next, piece, more)) return this.#reject('fragment-duplicate', packet);
      this.#condemn(d, 'fragment-overlap');
      return this.#reject('fragment-overlap', packet);
    }
    // Two different ends, or text beyond the end, contradict each other as overlaps do.
    const last = pieces[pieces.length - 1];
    const beyond = d.total >= 0 ? end > d.total || !more : !more && last !== undefined && last.end > end;
    if (beyond) {
      this.#condemn(d, 'fragment-overlap');
      return this.#reject('fragment-overlap', packet);
    }
    if (pieces.length >= this.#config.maxPieces) {
      this.#condemn(d, 'fragment-too-many');
      return this.#reject('fragment-too-many', packet);
    }
    const kept = this.#compact(piece);
    if (place === pieces.length) pieces.push(kept);
    else pieces.splice(place, 0, kept);
    d.ecn |= 1 << (tos & 3);
    d.held += end - start;
    const cost = kept.packet.buf.length + PIECE_OVERHEAD;
    d.cost += cost;
    this.#used += cost;
    if (!more) d.total = end;
    return d.held === d.total;
  }

  /** A small fragment does not keep a large buffer. */
  #compact(piece: Piece): Piece {
    const { packet } = piece;
    if (!isWasteful(packet)) return piece;
    const { pool } = this.#stack;
    const small = pool.take(packet.len);
    small.len = packet.len;
    small.id = packet.id;
    small.buf.set(packet.buf.subarray(packet.off, packet.off + packet.len), small.off);
    const at = piece.at - packet.off + small.off;
    pool.give(packet);
    return { start: piece.start, end: piece.end, packet: small, at, pointer: piece.pointer };
  }

  /** Puts the pieces together after the first `header` octets of fragment 0, and forgets the datagram. */
  #join(d: Datagram, header: number): Packet | null {
    const { pool } = this.#stack;
    if (header + d.total > LARGE_PACKET) {
      this.#condemn(d, 'fragment-too-long');
      return null;
    }
    // RFC 3168 5.3: a mark on one that could not be marked.
    if ((d.ecn & 0b1001) === 0b1001) {
      this.#condemn(d, 'fragment-ecn');
      return null;
    }
    const first = d.pieces[0]!.packet;
    const whole = pool.take(header + d.total);
    whole.len = header + d.total;
    whole.id = first.id;
    whole.buf.set(first.buf.subarray(first.off, first.off + header), whole.off);
    const base = whole.off + header;
    for (const { packet, start, end, at } of d.pieces) {
      whole.buf.set(packet.buf.subarray(at, at + end - start), base + start);
      pool.give(packet);
    }
    d.pieces.length = 0;
    this.#remove(d, 'fragment-evicted');
    return whole;
  }

  #refuse(reason: DropReason, packet: Packet, family: 4 | 6): null {
    if (family === 4) this.#stack.mib.IpReasmFails++;
    else this.#stack.mib.Ip6ReasmFails++;
    this.#stack.drop(reason, packet);
    return null;
  }

  #reject(reason: DropReason, packet: Packet): false {
    this.#stack.drop(reason, packet);
    return false;
  }

  /** Drops what came of a datagram, and remembers until its time is out that the rest is to be dropped too. */
  #condemn(d: Datagram, reason: DropReason): void {
    d.condemned = true;
    this.#failed(d);
    this.#empty(d, reason);
  }

  #failed(d: Datagram): void {
    if (d.src.family === 4) this.#stack.mib.IpReasmFails++;
    else this.#stack.mib.Ip6ReasmFails++;
  }

  #empty(d: Datagram, reason: DropReason): void {
    for (const { packet } of d.pieces) this.#stack.drop(reason, packet);
    d.pieces.length = 0;
    this.#used -= d.cost - DATAGRAM_OVERHEAD;
    d.cost = DATAGRAM_OVERHEAD;
  }

  #remove(d: Datagram, reason: DropReason): void {
    this.#empty(d, reason);
    this.#used -= d.cost;
    this.#size--;
    if (d.older === null) this.#oldest = d.newer;
    else d.older.newer = d.newer;
    if (d.newer === null) this.#newest = d.older;
    else d.newer.older = d.older;
    d.older = null;
    d.newer = null;
    const slot = d.hash & (BUCKETS - 1);
    let at: Datagram | null = this.#buckets[slot]!;
    if (at === d) this.#buckets[slot] = d.chain;
    else {
      while (at !== null && at.chain !== d) at = at.chain;
      if (at !== null) at.chain = d.chain;
    }
  }
}

/** The first piece that ends beyond `start`. */
function bisect(pieces: readonly Piece[], start: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle]!.end > start) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The same octets in the same place, with the same word on whether more follows. */
function isCopy(d: Datagram, old: Piece, piece: Piece, more: boolean): boolean {
  if (old.start !== piece.start || old.end !== piece.end || more !== (d.total !== old.end)) return false;
  const a = old.packet.buf;
  const b = piece.packet.buf;
  for (let i = old.end - old.start - 1; i >= 0; i--) if (a[old.at + i] !== b[piece.at + i]) return false;
  return true;
}

/** A small packet in a large buffer. */
function isWasteful(packet: Packet): boolean {
  return packet.len <= SMALL_PACKET && packet.buf.length >= LARGE_PACKET;
}

/** The ECN field of the whole: congestion experienced where any piece says so (RFC 3168 5.3). */
function congestion(seen: number): number {
  if (seen & 0b1000) return 3;
  if (seen & 0b0100) return 2;
  return seen & 0b0010 ? 1 : 0;
}
