/**
 * Owns: the Internet checksum (RFC 1071, RFC 1624) and the pseudo-headers of IPv4 (RFC 9293 3.1) and IPv6 (RFC 8200 8.1).
 *
 * A running sum is a plain non-negative number below 2^53 that counts 16-bit words in little-endian order, whatever the
 * order on the wire: a ones'-complement sum does not care about byte order until the end (RFC 1071 2(B)), so whole
 * 32-bit words can be added as the machine reads them. `finish` and `fold` turn it into network order.
 */

import type { Address } from './address.ts';

/** On a big-endian machine the words would sum in the wrong order; the bytes are always right. */
const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * Adds `length` octets of `buf` from `offset` to the running sum `start`. Any alignment and any length will do; only the
 * last part of a sum in parts may have an odd length.
 *
 * @param words the memory of `buf` as 32-bit words, from its first octet on; null sums byte by byte
 * @param start 0, a {@link pseudoHeader}, or the sum of a part of even length
 */
export function sum(buf: Uint8Array, words: Uint32Array | null, offset: number, length: number, start: number): number {
  if (words === null || !LITTLE_ENDIAN) return sumBytes(buf, offset, length, start);
  const end = offset + length;
  let at = offset;
  let total = 0;
  if (at & 1 && at < end) total += buf[at++]! << 8;
  if (at & 2 && at + 1 < end) {
    total += buf[at]! | (buf[at + 1]! << 8);
    at += 2;
  }
  // Doubles hold 2^21 words of 32 bits exactly: no carry to look after inside the loop.
  let i = at >> 2;
  const last = end >> 2;
  const stop = (last - 7) | 0;
  while (i < stop) {
    total +=
      words[i]! +
      words[i + 1]! +
      words[i + 2]! +
      words[i + 3]! +
      words[i + 4]! +
      words[i + 5]! +
      words[i + 6]! +
      words[i + 7]!;
    i = (i + 8) | 0;
  }
  for (; i < last; i++) total += words[i]!;
  if (i << 2 > at) at = i << 2;
  if (at + 1 < end) {
    total += buf[at]! | (buf[at + 1]! << 8);
    at += 2;
  }
  if (at < end) total += buf[at]!;
  // From an odd offset every octet was counted in the other half of its word (RFC 1071 2(B): swap the result).
  return offset & 1 ? start + swap(fold16(total)) : start + total;
}

function sumBytes(buf: Uint8Array, offset: number, length: number, start: number): number {
  let total = start;
  const end = offset + length - 1;
  let at = offset;
  for (; at < end; at += 2) total += buf[at]! | (buf[at + 1]! << 8);
  return at === end ? total + buf[at]! : total;
}

/** The checksum to store or to compare: folded, complemented, in network order. Over intact data it is 0. */
export function finish(sum: number): number {
  return swap(fold16(sum)) ^ 0xffff;
}

/** Folded but not complemented, in network order: what a CSUM_PARTIAL packet carries in its checksum field. */
export function fold(sum: number): number {
  return swap(fold16(sum));
}

/**
 * The running sum of a pseudo-header, to start {@link sum} from.
 *
 * @param length octets of the transport segment, header included
 */
export function pseudoHeader(src: Address, dst: Address, protocol: number, length: number): number {
  const a = src.w3;
  const b = dst.w3;
  let total = (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff) + protocol + length;
  if (src.family === 6) total += half(src) + half(dst);
  return swap(fold16(total));
}

/** All words of an address but the last, as 16-bit words. */
function half(a: Address): number {
  return (a.w0 >>> 16) + (a.w0 & 0xffff) + (a.w1 >>> 16) + (a.w1 & 0xffff) + (a.w2 >>> 16) + (a.w2 & 0xffff);
}

/**
 * The checksum of a TCP, UDP or ICMPv6 message in network order: what to store when the checksum field is 0, and 0 when
 * the field holds the right value. (UDP stores 0xffff in place of 0.)
 */
export function transportChecksum(
  buf: Uint8Array,
  words: Uint32Array | null,
  offset: number,
  length: number,
  protocol: number,
  src: Address,
  dst: Address,
): number {
  return finish(sum(buf, words, offset, length, pseudoHeader(src, dst, protocol, length)));
}

/**
 * A checksum after one 16-bit word under it has changed (RFC 1624 3, equation 3). All values in network order.
 */
export function update16(checksum: number, oldValue: number, newValue: number): number {
  return fold16((~checksum & 0xffff) + (~oldValue & 0xffff) + (newValue & 0xffff)) ^ 0xffff;
}

function fold16(sum: number): number {
  const high = Math.floor(sum / 4294967296);
  const low = sum >>> 0;
  let s = (low & 0xffff) + (low >>> 16) + (high & 0xffff) + (high >>> 16);
  s = (s & 0xffff) + (s >>> 16);
  return (s & 0xffff) + (s >>> 16);
}

function swap(x: number): number {
  return ((x & 0xff) << 8) | (x >>> 8);
}
