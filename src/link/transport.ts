/**
 * Owns: what a link needs to know of a packet's inside: where the transport header is (`locate`), its checksum
 * (`complete`), and a look at a TCP segment for whoever chooses packets by what they say (`tcpSegment`).
 */

import { readU16, writeU16 } from '../wire/bytes.ts';
import { pseudoHeader, sum, finish as toChecksum } from '../wire/checksum.ts';
import { ETHERNET_HEADER, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../wire/ethernet.ts';
import { Ipv4Header, PROTO_ICMPV6, PROTO_TCP, PROTO_UDP, parseIpv4 } from '../wire/ipv4.ts';
import { Ipv6Header, parseIpv6 } from '../wire/ipv6.ts';
import { parseTcp, Segment } from '../wire/tcp.ts';
import { CSUM_COMPLETE, CSUM_PARTIAL, type Packet } from './packet.ts';

/** Where the parts of an IP packet are, as offsets into its buffer. Addresses belong to the record's headers. */
export class Located {
  family: 4 | 6 = 4;
  /** The IP header. */
  ipOffset = 0;
  protocol = 0;
  /** The transport header. */
  offset = 0;
  /** Octets of transport header and text. */
  length = 0;
  readonly ip4: Ipv4Header = new Ipv4Header();
  readonly ip6: Ipv6Header = new Ipv6Header();
}

/** Where octets of a packet are; `words` is their memory as 32-bit words, where somebody has that. */
export interface PacketOctets extends Pick<Packet, 'buf' | 'off' | 'len'> {
  readonly words: Uint32Array | null;
}

/** Finds the transport header. @returns false for what is no sound IP packet, and for fragments */
export function locate(packet: PacketOctets, medium: 'ip' | 'ethernet', into: Located): boolean {
  let at = packet.off;
  let rest = packet.len;
  if (medium === 'ethernet') {
    if (rest < ETHERNET_HEADER) return false;
    const type = readU16(packet.buf, at + 12);
    if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return false;
    at += ETHERNET_HEADER;
    rest -= ETHERNET_HEADER;
  }
  if (rest === 0) return false;
  into.ipOffset = at;
  if (packet.buf[at]! >> 4 === 4) {
    const ip = into.ip4;
    if (parseIpv4(packet.buf, packet.words, at, rest, ip) !== 'ok' || ip.moreFragments || ip.fragmentOffset > 0) {
      return false;
    }
    into.family = 4;
    into.protocol = ip.protocol;
    into.offset = ip.payloadOffset;
    into.length = ip.payloadLength;
    return true;
  }
  const ip = into.ip6;
  if (parseIpv6(packet.buf, at, rest, ip) !== 'ok' || ip.moreFragments || ip.fragmentOffset > 0) return false;
  into.family = 6;
  into.protocol = ip.protocol;
  into.offset = ip.payloadOffset;
  into.length = ip.payloadLength;
  return true;
}

const scratch: Located = new Located();

/**
 * Computes the transport checksum of a CSUM_PARTIAL packet, which becomes CSUM_COMPLETE; others are left as they are.
 * For links that put packets on a real wire.
 */
export function complete(packet: Packet, medium: 'ip' | 'ethernet'): void {
  if (packet.checksum !== CSUM_PARTIAL) return;
  packet.checksum = CSUM_COMPLETE;
  if (locate(packet, medium, scratch)) fillChecksum(packet, scratch);
}

/** Writes the checksum of the TCP, UDP or ICMPv6 message that `at` locates. */
export function fillChecksum(packet: Packet, at: Located): void {
  const { protocol, offset, length } = at;
  const place = checksumPlace(protocol, length);
  if (place < 0) return;
  const { src, dst } = at.family === 4 ? at.ip4 : at.ip6;
  const { buf } = packet;
  writeU16(buf, offset + place, 0);
  const value = toChecksum(sum(buf, packet.words, offset, length, pseudoHeader(src, dst, protocol, length)));
  // In UDP a 0 would say that there is none (RFC 768).
  writeU16(buf, offset + place, value === 0 && protocol === PROTO_UDP ? 0xffff : value);
}

/** How far into its header a protocol keeps the checksum; -1 when the message is too short or has none of this kind. */
function checksumPlace(protocol: number, length: number): number {
  if (protocol === PROTO_TCP && length >= 20) return 16;
  if (protocol === PROTO_UDP && length >= 8) return 6;
  return protocol === PROTO_ICMPV6 && length >= 4 ? 2 : -1;
}

const segmentScratch: Segment = new Segment();

/**
 * The TCP segment in a packet, for predicates that choose packets by what they say; null when there is none (whole and
 * with sound options).
 *
 * @returns one record, overwritten by the next call
 */
export function tcpSegment(packet: Packet, medium: 'ip' | 'ethernet'): Segment | null {
  if (!locate(packet, medium, scratch) || scratch.protocol !== PROTO_TCP) return null;
  if (parseTcp(packet.buf, scratch.offset, scratch.length, segmentScratch) !== 'ok') return null;
  segmentScratch.segmentSize = packet.segmentSize;
  return segmentScratch;
}
