/**
 * Owns: the IPv6 header and its extension headers (RFC 8200 3, 4). Leaves to others: reassembly, sending the parameter
 * problems asked for here, addresses that make no sense (`stack/`). Chains and option lists are limited (RFC 8504 5.3).
 */

import { Address, readAddress6, writeAddress } from './address.ts';
import { readU16, readU32, writeU16, writeU32 } from './bytes.ts';
import { PROTO_ICMPV6, PROTO_TCP, PROTO_UDP } from './ipv4.ts';

export const NEXT_HOP_BY_HOP = 0;
export const NEXT_ROUTING = 43;
export const NEXT_FRAGMENT = 44;
export const NEXT_NONE = 59;
export const NEXT_DESTINATION = 60;

/** Octets of the fixed header. */
export const IPV6_HEADER = 40;
/** Octets of a fragment header. */
export const FRAGMENT_HEADER = 8;
/** The MTU every IPv6 link has (RFC 8200 5). */
export const IPV6_MIN_MTU = 1280;
/** Extension headers in one packet, and options in one header, at most. */
const MAX_HEADERS = 8;
const MAX_OPTIONS = 8;

/**
 * An IPv6 header, what its extension headers say, and where the upper layer lies. Its addresses are its own: parsing
 * writes into them. Offsets count from the start of the buffer unless said otherwise.
 */
export class Ipv6Header {
  trafficClass = 0;
  flowLabel = 0;
  hopLimit = 0;
  /** The upper layer: what follows the extension headers. For a fragment other than the first, what the fragment header names. */
  protocol = 0;
  src: Address = new Address(6, 0, 0, 0, 0);
  dst: Address = new Address(6, 0, 0, 0, 0);
  /** The upper layer. */
  payloadOffset = 0;
  payloadLength = 0;

  /**
   * A fragment header is there. One with offset 0 and no more fragments is an atomic fragment (RFC 6946): the packet is
   * whole, and nothing needs to be done about it.
   */
  hasFragment = false;
  /** In octets, from the start of the original's fragmentable part. */
  fragmentOffset = 0;
  moreFragments = false;
  /** Unsigned 32 bits. */
  fragmentId = 0;
  /** The fragment header itself: up to here goes the unfragmentable part. */
  fragmentHeaderOffset = 0;
  /** The octet that says 44, to be overwritten with {@link fragmentNextHeader} when the fragment header is taken out. */
  fragmentPointerOffset = 0;
  /** The type of what the fragmentable part begins with. */
  fragmentNextHeader = 0;
  /** What follows the fragment header. */
  fragmentablePartOffset = 0;
  fragmentablePartLength = 0;

  /**
   * From the start of the IPv6 header: the octet that a parameter problem about this result would point at. After `ok` it
   * is the octet that named `protocol`, for a protocol nobody here speaks.
   */
  problemPointer = 0;
}

/**
 * What is wrong, and what to answer if the packet was for us:
 *
 * | reason | answer |
 * |---|---|
 * | `truncated`, `version`, `payload-length`, `extension-length`, `option-length` | none: the packet is broken |
 * | `too-many-headers`, `too-many-options`, `option-discard`, `nested-fragment` | none: we decline it |
 * | `option-unknown` | parameter problem, code 2 |
 * | `option-unknown-unicast` | the same, unless the destination was multicast |
 * | `routing-type`, `fragment-length`, `fragment-overflow` | parameter problem, code 0 |
 * | `next-header` (hop-by-hop options not first) | parameter problem, code 1 |
 * | `first-fragment-chain` (RFC 7112) | parameter problem, code 3 |
 */
export type Ipv6Parse =
  | 'ok'
  | 'truncated'
  | 'version'
  | 'payload-length'
  | 'extension-length'
  | 'option-length'
  | 'too-many-headers'
  | 'too-many-options'
  | 'option-discard'
  | 'option-unknown'
  | 'option-unknown-unicast'
  | 'routing-type'
  | 'next-header'
  | 'nested-fragment'
  | 'fragment-length'
  | 'fragment-overflow'
  | 'first-fragment-chain';

/**
 * Reads the packet of at most `len` octets at `off`; link padding after it is cut off. From `payload-length` on in the
 * list of reasons the fixed header has been read, addresses included.
 */
export function parseIpv6(buf: Uint8Array, off: number, len: number, into: Ipv6Header): Ipv6Parse {
  const result = parseFixed(buf, off, len, into);
  if (result !== 'ok') return result;
  const end = into.payloadOffset + readU16(buf, off + 4);
  if (end > off + len) return 'payload-length';
  into.payloadLength = end - into.payloadOffset;
  // Nearly every packet has no extension header.
  return isExtension(into.protocol) ? walk(buf, off, end, into) : 'ok';
}

/**
 * Reads the header of a packet quoted in an ICMPv6 error, cut short anywhere. `payloadLength` is what there is of the
 * upper layer, and 0 when the quote ends before it.
 */
export function parseIpv6Quote(buf: Uint8Array, off: number, len: number, into: Ipv6Header): Ipv6Parse {
  const result = parseFixed(buf, off, len, into);
  if (result !== 'ok') return result;
  const end = off + Math.min(len, IPV6_HEADER + readU16(buf, off + 4));
  into.payloadLength = end - into.payloadOffset;
  return isExtension(into.protocol) ? walk(buf, off, end, into) : 'ok';
}

function parseFixed(buf: Uint8Array, off: number, len: number, into: Ipv6Header): Ipv6Parse {
  into.hasFragment = false;
  into.fragmentOffset = 0;
  into.moreFragments = false;
  into.payloadLength = 0;
  if (len < 1) return 'truncated';
  if (buf[off]! >> 4 !== 6) return 'version';
  if (len < IPV6_HEADER) return 'truncated';
  const lead = readU32(buf, off);
  into.trafficClass = (lead >>> 20) & 255;
  into.flowLabel = lead & 0xfffff;
  into.protocol = buf[off + 6]!;
  into.hopLimit = buf[off + 7]!;
  readAddress6(buf, off + 8, into.src);
  readAddress6(buf, off + 24, into.dst);
  into.payloadOffset = off + IPV6_HEADER;
  into.problemPointer = 6;
  return 'ok';
}

function isExtension(next: number): boolean {
  return next === NEXT_HOP_BY_HOP || next === NEXT_ROUTING || next === NEXT_FRAGMENT || next === NEXT_DESTINATION;
}

/** Follows the chain of extension headers from the fixed header to the upper layer, or into a later fragment. */
function walk(buf: Uint8Array, off: number, end: number, into: Ipv6Header): Ipv6Parse {
  let next = into.protocol;
  let at = into.payloadOffset;
  /** The octet that named `next`. */
  let named = off + 6;
  for (let count = 0; isExtension(next); count++) {
    into.problemPointer = named - off;
    if (count === MAX_HEADERS) return 'too-many-headers';
    if (next === NEXT_HOP_BY_HOP && count > 0) return 'next-header';
    if (next === NEXT_FRAGMENT && into.hasFragment) return 'nested-fragment';
    const length = at + 2 > end ? 8 : next === NEXT_FRAGMENT ? FRAGMENT_HEADER : (buf[at + 1]! + 1) << 3;
    if (at + length > end) return cutShort(into);
    let result: Ipv6Parse = 'ok';
    if (next === NEXT_FRAGMENT) result = readFragment(buf, off, at, end, named, into);
    else if (next === NEXT_ROUTING) result = checkRouting(buf, off, at, into);
    else result = checkOptions(buf, off, at + 2, at + length, into);
    if (result !== 'ok') return result;
    next = buf[at]!;
    named = at;
    at += length;
    into.protocol = next;
    into.payloadOffset = at;
    into.payloadLength = end - at;
    if (into.fragmentOffset > 0) break;
  }
  into.problemPointer = named - off;
  if (into.hasFragment && into.moreFragments && into.fragmentOffset === 0) return checkFirst(next, into);
  return 'ok';
}

/** A chain that ends early: in a first fragment that is a matter of its own (RFC 7112 5). */
function cutShort(into: Ipv6Header): Ipv6Parse {
  into.payloadLength = 0;
  return into.hasFragment && into.moreFragments ? 'first-fragment-chain' : 'extension-length';
}

/** A first fragment must hold the upper layer's header too: of those known here, its fixed part. */
function checkFirst(next: number, into: Ipv6Header): Ipv6Parse {
  const least = next === PROTO_TCP ? 20 : next === PROTO_UDP ? 8 : next === PROTO_ICMPV6 ? 4 : 0;
  return into.payloadLength < least ? 'first-fragment-chain' : 'ok';
}

function readFragment(
  buf: Uint8Array,
  off: number,
  at: number,
  end: number,
  named: number,
  into: Ipv6Header,
): Ipv6Parse {
  const field = readU16(buf, at + 2);
  into.hasFragment = true;
  into.fragmentOffset = field & 0xfff8;
  into.moreFragments = (field & 1) !== 0;
  into.fragmentId = readU32(buf, at + 4);
  into.fragmentHeaderOffset = at;
  into.fragmentPointerOffset = named;
  into.fragmentNextHeader = buf[at]!;
  into.fragmentablePartOffset = at + FRAGMENT_HEADER;
  into.fragmentablePartLength = end - at - FRAGMENT_HEADER;
  const length = into.fragmentablePartLength;
  if (into.moreFragments && (length === 0 || length & 7)) {
    into.problemPointer = 4;
    return 'fragment-length';
  }
  // The payload length of the original counts the unfragmentable part's extension headers too.
  if (at - off - IPV6_HEADER + into.fragmentOffset + length > 65535) {
    into.problemPointer = at + 2 - off;
    return 'fragment-overflow';
  }
  return 'ok';
}

/** With no segments left a routing header of any type is passed over; else none is known here (RFC 5095, RFC 8200 4.4). */
function checkRouting(buf: Uint8Array, off: number, at: number, into: Ipv6Header): Ipv6Parse {
  if (buf[at + 3] === 0) return 'ok';
  into.problemPointer = at + 2 - off;
  return 'routing-type';
}

/** Options of a hop-by-hop or destination options header: none is known but padding (RFC 8200 4.2). */
function checkOptions(buf: Uint8Array, off: number, start: number, end: number, into: Ipv6Header): Ipv6Parse {
  let at = start;
  for (let count = 0; at < end; count++) {
    into.problemPointer = at - off;
    if (count === MAX_OPTIONS) return 'too-many-options';
    const type = buf[at]!;
    if (type === 0) {
      at++;
      continue;
    }
    if (at + 2 > end || at + 2 + buf[at + 1]! > end) return 'option-length';
    // The two highest bits say what to do with an option that one does not know.
    if (type >= 0x40) return type < 0x80 ? 'option-discard' : type < 0xc0 ? 'option-unknown' : 'option-unknown-unicast';
    at += 2 + buf[at + 1]!;
  }
  return 'ok';
}

/**
 * Writes the fixed header: traffic class, flow label, hop limit and addresses from `header`, its `protocol` as the next
 * header unless `next` says otherwise.
 *
 * @param payloadLength octets after this header, extension headers included
 * @returns octets written: 40
 */
export function writeIpv6(
  buf: Uint8Array,
  off: number,
  header: Ipv6Header,
  payloadLength: number = header.payloadLength,
  next: number = header.protocol,
): number {
  writeU32(buf, off, 0x60000000 | (header.trafficClass << 20) | header.flowLabel);
  writeU16(buf, off + 4, payloadLength);
  buf[off + 6] = next;
  buf[off + 7] = header.hopLimit;
  writeAddress(header.src, buf, off + 8);
  writeAddress(header.dst, buf, off + 24);
  return IPV6_HEADER;
}

/**
 * Writes a fragment header.
 *
 * @param next the type of what the fragmentable part begins with
 * @param fragmentOffset in octets, a multiple of 8
 * @returns octets written: 8
 */
export function writeFragmentHeader(
  buf: Uint8Array,
  off: number,
  next: number,
  fragmentOffset: number,
  moreFragments: boolean,
  id: number,
): number {
  buf[off] = next;
  buf[off + 1] = 0;
  writeU16(buf, off + 2, fragmentOffset | (moreFragments ? 1 : 0));
  writeU32(buf, off + 4, id);
  return FRAGMENT_HEADER;
}
