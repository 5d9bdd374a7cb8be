/**
 * Owns: what a frame of a capture carries: where its IP packet begins, by the link type and the protocol that the frame
 * names.
 */

import { type CapturedPacket, LINKTYPE_ETHERNET, LINKTYPE_RAW } from './capture.ts';

/** Numbers of the tcpdump registry; raw IP has some that systems wrote into files before there was a registry. */
const LINKTYPE_NULL = 0;
const LINKTYPE_PPP = 9;
const LINKTYPE_RAW_BSD = 12;
const LINKTYPE_RAW_OPENBSD = 14;
const LINKTYPE_PPP_HDLC = 50;
const LINKTYPE_PPP_ETHER = 51;
const LINKTYPE_LOOP = 108;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_LINUX_SLL2 = 276;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_PPPOE = 0x8864;
/** Below it, the field is a length (IEEE 802.3). */
const SMALLEST_ETHERTYPE = 0x600;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPPOE_HEADER = 6;

const AF_INET = 2;
/** Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS. */
const AF_INET6: readonly number[] = [10, 23, 24, 28, 30];

type Frame = Pick<CapturedPacket, 'linkType' | 'buf' | 'off' | 'kept'>;

/** The IP packet that a frame carries, with whatever stands behind it; or null. */
export function ipPacketOf(frame: Frame): Uint8Array | null {
  const at = ipStart(frame);
  return at < 0 ? null : frame.buf.subarray(at, frame.off + frame.kept);
}

/** Where in `buf` the IP packet begins that a frame carries, or -1 where it carries none. */
export function ipStart(frame: Frame): number {
  const at = behindLink(frame);
  // What was looked at stands before it, and so is the frame's own.
  return at < frame.off + frame.kept ? at : -1;
}

function behindLink({ linkType, buf, off, kept }: Frame): number {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return behindEthertype(buf, off + 12, off + kept);
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
      return ipAt(buf, off, 0);
    case LINKTYPE_IPV4:
      return ipAt(buf, off, 4);
    case LINKTYPE_IPV6:
      return ipAt(buf, off, 6);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return behindFamily(buf, off);
    case LINKTYPE_LINUX_SLL:
      return behindEthertype(buf, off + 14, off + kept);
    case LINKTYPE_LINUX_SLL2:
      return behindCooked(buf, off, off + kept);
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
      return behindPpp(buf, u16(buf, off) === 0xff03 ? off + 2 : off);
    case LINKTYPE_PPP_ETHER:
      return behindPpp(buf, off + PPPOE_HEADER);
    default:
      return -1;
  }
}

/** Behind an EtherType at `at`, and tags before it. */
function behindEthertype(buf: Uint8Array, at: number, end: number): number {
  let place = at;
  let type = u16(buf, place);
  while (isTag(type) && place < end) {
    place += 4;
    type = u16(buf, place);
  }
  return behindType(buf, type, place + 2);
}

/** IEEE 802.1Q tags, those of providers, and what these used before there was a number. */
function isTag(type: number): boolean {
  return type === 0x8100 || type === 0x88a8 || type === 0x9100 || type === 0x9200;
}

/** The second version of Linux's cooked frames has the EtherType first, and what a tag says behind its header. */
function behindCooked(buf: Uint8Array, at: number, end: number): number {
  const type = u16(buf, at);
  return isTag(type) ? behindEthertype(buf, at + 22, end) : behindType(buf, type, at + 20);
}

function behindType(buf: Uint8Array, type: number, at: number): number {
  if (type === ETHERTYPE_IPV4) return ipAt(buf, at, 4);
  if (type === ETHERTYPE_IPV6) return ipAt(buf, at, 6);
  if (type === ETHERTYPE_PPPOE) return behindPpp(buf, at + PPPOE_HEADER);
  // A length instead: LLC and SNAP (RFC 1042), with an EtherType at their end.
  const snap = type < SMALLEST_ETHERTYPE && u16(buf, at) === 0xaaaa && buf[at + 2] === 3;
  return snap && u16(buf, at + 3) === 0 && buf[at + 5] === 0 ? behindSnap(buf, at + 6) : -1;
}

function behindSnap(buf: Uint8Array, at: number): number {
  const type = u16(buf, at);
  return type < SMALLEST_ETHERTYPE ? -1 : behindType(buf, type, at + 2);
}

function behindPpp(buf: Uint8Array, at: number): number {
  const protocol = u16(buf, at);
  if (protocol === PPP_IPV4) return ipAt(buf, at + 2, 4);
  return protocol === PPP_IPV6 ? ipAt(buf, at + 2, 6) : -1;
}

/** BSD's loopback has the address family before the packet, in the byte order of its machine. */
function behindFamily(buf: Uint8Array, at: number): number {
  const [high, low] = [u16(buf, at), u16(buf, at + 2)];
  const family = high === 0 ? low : low === 0 ? ((high & 0xff) << 8) | (high >> 8) : -1;
  if (family === AF_INET) return ipAt(buf, at + 4, 4);
  return AF_INET6.includes(family) ? ipAt(buf, at + 4, 6) : -1;
}

/** @param version that of IP, 0 for either */
function ipAt(buf: Uint8Array, at: number, version: number): number {
  const found = (buf[at] ?? 0) >> 4;
  return found === version || (version === 0 && (found === 4 || found === 6)) ? at : -1;
}

function u16(buf: Uint8Array, at: number): number {
  return ((buf[at] ?? 0) << 8) | (buf[at + 1] ?? 0);
}
