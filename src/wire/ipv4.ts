/**
 * Owns: the IPv4 header (RFC 791 3.1). Leaves to others: reassembly, addresses that make no sense, options (passed over
 * unread: source routes are not honoured, RFC 7126), all in `stack/`.
 */

import { Address, readAddress4 } from './address.ts';
import { readU16, writeU16, writeU32 } from './bytes.ts';
import { finish, sum } from './checksum.ts';

export const PROTO_ICMP = 1;
export const PROTO_IGMP = 2;
export const PROTO_TCP = 6;
export const PROTO_UDP = 17;
export const PROTO_ICMPV6 = 58;

/** Octets of the header without options. */
export const IPV4_HEADER = 20;

/** An IPv4 header, and where its payload lies. Its addresses are its own: parsing writes into them. */
export class Ipv4Header {
  headerLength: number = IPV4_HEADER;
  /** DSCP and ECN (RFC 2474, RFC 3168). */
  tos = 0;
  totalLength = 0;
  id = 0;
  dontFragment = false;
  moreFragments = false;
  /** In octets. */
  fragmentOffset = 0;
  ttl = 0;
  protocol = 0;
  src: Address = new Address();
  dst: Address = new Address();
  /** From the start of the buffer. */
  payloadOffset = 0;
  payloadLength = 0;
}

/**
 * `total-length`: shorter than its header or longer than what came. `fragment-overflow`: a fragment that would end beyond
 * 65,535 octets. `fragment-length`: not the last one, and not a multiple of 8 octets or empty.
 */
export type Ipv4Parse =
  | 'ok'
  | 'truncated'
  | 'version'
  | 'header-length'
  | 'total-length'
  | 'header-checksum'
  | 'fragment-overflow'
  | 'fragment-length';

/** Reads the datagram of at most `len` octets at `off`; link padding after it is cut off. */
export function parseIpv4(
  buf: Uint8Array,
  words: Uint32Array | null,
  off: number,
  len: number,
  into: Ipv4Header,
): Ipv4Parse {
  const result = parseHeader(buf, off, len, into);
  if (result !== 'ok') return result;
  const { headerLength, totalLength } = into;
  if (totalLength < headerLength || totalLength > len) return 'total-length';
  if (!headerIntact(buf, words, off, into)) return 'header-checksum';
  into.payloadLength = totalLength - headerLength;
  if (into.moreFragments && (into.payloadLength === 0 || into.payloadLength & 7)) return 'fragment-length';
  if (into.fragmentOffset + totalLength > 65535) return 'fragment-overflow';
  return 'ok';
}

/** Whether the header checksum is right. Without options the fields just read are summed, not the octets once more. */
function headerIntact(buf: Uint8Array, words: Uint32Array | null, off: number, h: Ipv4Header): boolean {
  if (h.headerLength > IPV4_HEADER) return finish(sum(buf, words, off, h.headerLength, 0)) === 0;
  const { src, dst } = h;
  let total = 0x4500 + h.tos + h.totalLength + h.id + readU16(buf, off + 6) + ((h.ttl << 8) | h.protocol);
  total += readU16(buf, off + 10) + (src.w3 >>> 16) + (src.w3 & 0xffff) + (dst.w3 >>> 16) + (dst.w3 & 0xffff);
  return (total & 0xffff) + (total >>> 16) === 0xffff;
}

/**
 * Reads the header of a datagram quoted in an ICMP error: cut short, and its checksum perhaps not updated on the way.
 * `payloadLength` is what there is of the payload; it may be 0.
 */
export function parseIpv4Quote(buf: Uint8Array, off: number, len: number, into: Ipv4Header): Ipv4Parse {
  const result = parseHeader(buf, off, len, into);
  if (result !== 'ok') return result;
  if (into.totalLength < into.headerLength) return 'total-length';
  into.payloadLength = Math.min(into.totalLength, len) - into.headerLength;
  return 'ok';
}

function parseHeader(buf: Uint8Array, off: number, len: number, into: Ipv4Header): Ipv4Parse {
  if (len < 1) return 'truncated';
  const first = buf[off]!;
  if (first >> 4 !== 4) return 'version';
  if (len < IPV4_HEADER) return 'truncated';
  const headerLength = (first & 15) << 2;
  if (headerLength < IPV4_HEADER || headerLength > len) return 'header-length';
  into.headerLength = headerLength;
  into.tos = buf[off + 1]!;
  into.totalLength = readU16(buf, off + 2);
  into.id = readU16(buf, off + 4);
  const fragment = readU16(buf, off + 6);
  into.dontFragment = (fragment & 0x4000) !== 0;
  into.moreFragments = (fragment & 0x2000) !== 0;
  into.fragmentOffset = (fragment & 0x1fff) << 3;
  into.ttl = buf[off + 8]!;
  into.protocol = buf[off + 9]!;
  readAddress4(buf, off + 12, into.src);
  readAddress4(buf, off + 16, into.dst);
  into.payloadOffset = off + headerLength;
  into.payloadLength = 0;
  return 'ok';
}

/**
 * Writes a header without options, its checksum included. `headerLength`, `payloadOffset` and `payloadLength` are not
 * read.
 *
 * @returns octets written: 20
 */
export function writeIpv4(buf: Uint8Array, off: number, header: Ipv4Header): number {
  const { src, dst } = header;
  const fragment =
    (header.dontFragment ? 0x4000 : 0) | (header.moreFragments ? 0x2000 : 0) | ((header.fragmentOffset >> 3) & 0x1fff);
  const lead = 0x4500 | header.tos;
  const life = (header.ttl << 8) | header.protocol;
  writeU16(buf, off, lead);
  writeU16(buf, off + 2, header.totalLength);
  writeU16(buf, off + 4, header.id);
  writeU16(buf, off + 6, fragment);
  writeU16(buf, off + 8, life);
  // The sum of the fields as they stand in registers costs less than reading them back.
  let total = lead + header.totalLength + header.id + fragment + life;
  total += (src.w3 >>> 16) + (src.w3 & 0xffff) + (dst.w3 >>> 16) + (dst.w3 & 0xffff);
  total = (total & 0xffff) + (total >>> 16);
  total = (total & 0xffff) + (total >>> 16);
  writeU16(buf, off + 10, total ^ 0xffff);
  writeU32(buf, off + 12, src.w3);
  writeU32(buf, off + 16, dst.w3);
  return IPV4_HEADER;
}
