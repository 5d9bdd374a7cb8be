/**
 * Owns: where in a captured IP packet a TCP segment lies. An observer is no host: checksums, options and routing headers are
 * passed over, and what was cut off by the capture is missed, not refused. Leaves to others: the segment itself
 * (`wire/tcp.ts`), and fragments other than the first, which are not put together.
 */

import { Address, readAddress4, readAddress6 } from '../wire/address.ts';
import { readU16 } from '../wire/bytes.ts';
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_TCP } from '../wire/ipv4.ts';
import { NEXT_DESTINATION, NEXT_FRAGMENT, NEXT_HOP_BY_HOP, NEXT_ROUTING } from '../wire/ipv6.ts';

const IP_IN_IP = 4;
const IPV6_IN_IP = 41;
const AUTHENTICATION_HEADER = 51;
const MOBILITY = 135;
const HOST_IDENTITY = 139;
const SHIM6 = 140;

/** Headers one after the other, at most: IP, extensions, tunnels, quotes. */
const MAX_HEADERS = 16;
/** Less of a TCP header says nothing: ports, sequence numbers, flags and window. */
const LEAST_TCP = 16;

/** `other`: no TCP; `fragment`: a later one. */
export type Found = 'tcp' | 'other' | 'fragment' | 'malformed';

/** Where a segment is. Made to be reused. */
export class Place {
  readonly src: Address = new Address();
  readonly dst: Address = new Address();
  /** Where its TCP header begins. */
  offset = 0;
  /** Octets of the segment that were captured. */
  captured = 0;
  /** Octets that it had on the wire; of a fragment those of the fragment. */
  length = 0;
  /** It is the beginning of a fragmented packet. */
  fragment = false;
  /** An ICMP error brings it back: nobody sent it here. */
  quoted = false;

  /** While searching: what comes next, where it ends on the wire, and where the capture does. */
  protocol = 0;
  end = 0;
  limit = 0;
}

/**
 * Searches an IP packet.
 *
 * @param at where in `buf` it begins
 * @param limit where in `buf` ends what was captured of its frame
 * @param end where the frame would end, had all of it been captured: behind what the link put after the packet
 */
export function findTcp(buf: Uint8Array, at: number, limit: number, end: number, into: Place): Found {
  into.offset = at;
  into.limit = limit;
  into.end = Math.max(end, limit);
  into.fragment = false;
  into.quoted = false;
  if (isPlain(buf, at, limit)) return plainSegment(buf, at, into);
  into.protocol = (buf[at] ?? 0) >> 4 === 6 ? IPV6_IN_IP : IP_IN_IP;
  for (let headers = 0; headers < MAX_HEADERS; headers++) {
    if (into.protocol === PROTO_TCP) return segmentAt(into);
    const result = step(buf, into);
    if (result !== 'tcp') return result;
  }
  return 'malformed';
}

/** What nearly all are: IPv4 without options, whole, with TCP in it. Hurried through, as a long capture has many. */
function isPlain(buf: Uint8Array, at: number, limit: number): boolean {
  if (at + 20 > limit || buf[at] !== 0x45 || buf[at + 9] !== PROTO_TCP) return false;
  return (readU16(buf, at + 6) & 0x3fff) === 0 && readU16(buf, at + 2) >= 20;
}

function plainSegment(buf: Uint8Array, at: number, into: Place): Found {
  into.end = Math.min(into.end, at + readU16(buf, at + 2));
  readAddress4(buf, at + 12, into.src);
  readAddress4(buf, at + 16, into.dst);
  into.offset = at + 20;
  return segmentAt(into);
}

function segmentAt(into: Place): Found {
  into.length = into.end - into.offset;
  into.captured = Math.min(into.limit, into.end) - into.offset;
  return into.captured < LEAST_TCP ? 'malformed' : 'tcp';
}

/** Passes one header. @returns 'tcp' to go on */
function step(buf: Uint8Array, into: Place): Found {
  switch (into.protocol) {
    case IP_IN_IP:
      return passIpv4(buf, into);
    case IPV6_IN_IP:
      return passIpv6(buf, into);
    case PROTO_ICMP:
    case PROTO_ICMPV6:
      return passIcmp(buf, into);
    case NEXT_FRAGMENT:
      return passFragment(buf, into);
    case AUTHENTICATION_HEADER:
      return passExtension(buf, into, 2, 4);
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_DESTINATION:
    case MOBILITY:
    case HOST_IDENTITY:
    case SHIM6:
      return passExtension(buf, into, 1, 8);
    default:
      return 'other';
  }
}

function passIpv4(buf: Uint8Array, into: Place): Found {
  const at = into.offset;
  if (at + 20 > into.limit) return 'malformed';
  const header = (buf[at]! & 15) << 2;
  if (buf[at]! >> 4 !== 4 || header < 20) return 'malformed';
  const total = readU16(buf, at + 2);
  // 0 is what a capture on a sender that leaves segmentation to its device shows.
  if (total !== 0) {
    if (total < header) return 'malformed';
    into.end = Math.min(into.end, at + total);
  }
  const fragment = readU16(buf, at + 6);
  if ((fragment & 0x1fff) !== 0) return 'fragment';
  if ((fragment & 0x2000) !== 0) into.fragment = true;
  readAddress4(buf, at + 12, into.src);
  readAddress4(buf, at + 16, into.dst);
  into.protocol = buf[at + 9]!;
  into.offset = at + header;
  return 'tcp';
}

function passIpv6(buf: Uint8Array, into: Place): Found {
  const at = into.offset;
  if (at + 40 > into.limit || buf[at]! >> 4 !== 6) return 'malformed';
  const payload = readU16(buf, at + 4);
  // 0 for a jumbogram (RFC 2675), and where the device segments.
  if (payload !== 0) into.end = Math.min(into.end, at + 40 + payload);
  readAddress6(buf, at + 8, into.src);
  readAddress6(buf, at + 24, into.dst);
  into.protocol = buf[at + 6]!;
  into.offset = at + 40;
  return 'tcp';
}

function passFragment(buf: Uint8Array, into: Place): Found {
  const at = into.offset;
  if (at + 8 > into.limit) return 'malformed';
  const field = readU16(buf, at + 2);
  if ((field & 0xfff8) !== 0) return 'fragment';
  if ((field & 1) !== 0) into.fragment = true;
  into.protocol = buf[at]!;
  into.offset = at + 8;
  return 'tcp';
}

/** A header that tells its length in `unit` octets, `beyond` of them not counted. */
function passExtension(buf: Uint8Array, into: Place, beyond: number, unit: number): Found {
  const at = into.offset;
  if (at + 2 > into.limit) return 'malformed';
  into.protocol = buf[at]!;
  into.offset = at + (buf[at + 1]! + beyond) * unit;
  return 'tcp';
}

/** Errors quote the packet that they are about after eight octets; other messages are no matter of TCP. */
function passIcmp(buf: Uint8Array, into: Place): Found {
  const at = into.offset;
  const type = at < into.limit ? buf[at]! : 0xff;
  const v6 = into.protocol === PROTO_ICMPV6;
  const error = v6 ? type >= 1 && type <= 4 : type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
  if (!error || into.quoted) return 'other';
  into.quoted = true;
  into.protocol = v6 ? IPV6_IN_IP : IP_IN_IP;
  into.offset = at + 8;
  return 'tcp';
}
