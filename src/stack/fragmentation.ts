/**
 * Owns: cutting a datagram into fragments (RFC 791 3.2, RFC 8200 4.5; RFC 1812 5.2.7 for datagrams passing through).
 * Putting them together again is in `fragments.ts`.
 */

import type { Packet, PacketPool } from '../link/packet.ts';
import { readU16, writeU16 } from '../wire/bytes.ts';
import { finish, sum } from '../wire/checksum.ts';
import { FRAGMENT_HEADER, IPV6_HEADER, NEXT_FRAGMENT, writeFragmentHeader } from '../wire/ipv6.ts';

/**
 * Cuts an IPv4 datagram, which may be a fragment itself. The packet stays the caller's.
 *
 * @param into where the fragments are put, in order
 * @returns false where the MTU leaves no room for 8 octets
 */
export function fragment4(packet: Packet, mtu: number, pool: PacketPool, into: Packet[]): boolean {
  const { buf, off } = packet;
  const header = (buf[off]! & 15) << 2;
  const room = (mtu - header) & ~7;
  if (room < 8) return false;
  const length = packet.len - header;
  const field = readU16(buf, off + 6);
  const base = (field & 0x1fff) << 3;
  const moreAfter = field & 0x2000;
  for (let at = 0; at < length; at += room) {
    const size = Math.min(room, length - at);
    const piece = take(pool, packet, header + size);
    const start = piece.off;
    piece.buf.set(buf.subarray(off, off + header), start);
    piece.buf.set(buf.subarray(off + header + at, off + header + at + size), start + header);
    if (base + at > 0) dropUncopiedOptions(piece.buf, start + 20, start + header);
    writeU16(piece.buf, start + 2, header + size);
    writeU16(piece.buf, start + 6, ((base + at) >> 3) | (at + size < length ? 0x2000 : moreAfter));
    writeU16(piece.buf, start + 10, 0);
    writeU16(piece.buf, start + 10, finish(sum(piece.buf, piece.words, start, header, 0)));
    into.push(piece);
  }
  return true;
}

/** Options that only the first fragment carries become no-operations in the others (RFC 791 3.1: the copied flag). */
function dropUncopiedOptions(buf: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end) {
    const type = buf[at]!;
    if (type === 0) return;
    const length = type === 1 ? 1 : at + 1 < end ? buf[at + 1]! : 0;
    if (type !== 1 && (length < 2 || at + length > end)) {
      buf.fill(1, at, end);
      return;
    }
    if ((type & 0x80) === 0) buf.fill(1, at, at + length);
    at += length;
  }
}

/** Cuts an IPv6 packet without extension headers that we send ourselves. The packet stays the caller's. */
export function fragment6(packet: Packet, mtu: number, id: number, pool: PacketPool, into: Packet[]): boolean {
  const { buf, off } = packet;
  const lead = IPV6_HEADER + FRAGMENT_HEADER;
  const room = (mtu - lead) & ~7;
  if (room < 8) return false;
  const length = packet.len - IPV6_HEADER;
  const next = buf[off + 6]!;
  for (let at = 0; at < length; at += room) {
    const size = Math.min(room, length - at);
    const piece = take(pool, packet, lead + size);
    const start = piece.off;
    piece.buf.set(buf.subarray(off, off + IPV6_HEADER), start);
    piece.buf[start + 6] = NEXT_FRAGMENT;
    writeU16(piece.buf, start + 4, FRAGMENT_HEADER + size);
    writeFragmentHeader(piece.buf, start + IPV6_HEADER, next, at, at + size < length, id);
    piece.buf.set(buf.subarray(off + IPV6_HEADER + at, off + IPV6_HEADER + at + size), start + lead);
    into.push(piece);
  }
  return true;
}

function take(pool: PacketPool, original: Packet, length: number): Packet {
  const piece = pool.take(length);
  piece.len = length;
  piece.id = original.id;
  return piece;
}
