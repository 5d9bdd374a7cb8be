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
/** IEEE 802.1Q tags, those of providers, and what these used before there was a number. */
const TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100, 0x9200];
/** Below it, the field is a length (IEEE 802.3). */
const SMALLEST_ETHERTYPE = 0x600;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPPOE_HEADER = 6;

const AF_INET = 2;
/** Linux, Windows, NetBSD and OpenBSD, FreeBSD, macOS. */
const AF_INET6: readonly number[] = [10, 23, 24, 28, 30];

type Frame = Pick<CapturedPacket, 'linkType' | 'octets'>;

/** The IP packet that a frame carries, with whatever stands behind it; or null. */
export function ipPacketOf(frame: Frame): Uint8Array | null {
  const at = ipStart(frame);
  return at < 0 ? null : frame.octets.subarray(at);
}

/** Where in the frame its IP packet begins, or -1 where it carries none. */
export function ipStart({ linkType, octets }: Frame): number {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return behindEthertype(octets, 12);
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_RAW_OPENBSD:
      return ipAt(octets, 0, 0);
    case LINKTYPE_IPV4:
      return ipAt(octets, 0, 4);
    case LINKTYPE_IPV6:
      return ipAt(octets, 0, 6);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return behindFamily(octets);
    case LINKTYPE_LINUX_SLL:
      return behindEthertype(octets, 14);
    case LINKTYPE_LINUX_SLL2:
      return TAGS.includes(u16(octets, 0)) ? behindEthertype(octets, 22) : behindType(octets, u16(octets, 0), 20);
    case LINKTYPE_PPP:
    case LINKTYPE_PPP_HDLC:
      return behindPpp(octets, u16(octets, 0) === 0xff03 ? 2 : 0);
    case LINKTYPE_PPP_ETHER:
      return behindPpp(octets, PPPOE_HEADER);
    default:
      return -1;
  }
}

/** Behind an EtherType at `at`, and tags before it. */
function behindEthertype(octets: Uint8Array, at: number): number {
  let type = at;
  while (TAGS.includes(u16(octets, type))) type += 4;
  return behindType(octets, u16(octets, type), type + 2);
}

function behindType(octets: Uint8Array, type: number, at: number): number {
  if (type === ETHERTYPE_IPV4) return ipAt(octets, at, 4);
  if (type === ETHERTYPE_IPV6) return ipAt(octets, at, 6);
  if (type === ETHERTYPE_PPPOE) return behindPpp(octets, at + PPPOE_HEADER);
  // A length instead: LLC and SNAP (RFC 1042), with an EtherType at their end.
  const snap = type < SMALLEST_ETHERTYPE && u16(octets, at) === 0xaaaa && octets[at + 2] === 3;
  return snap && u16(octets, at + 3) === 0 && octets[at + 5] === 0 ? behindSnap(octets, at + 6) : -1;
}

function behindSnap(octets: Uint8Array, at: number): number {
  const type = u16(octets, at);
  return type < SMALLEST_ETHERTYPE ? -1 : behindType(octets, type, at + 2);
}

function behindPpp(octets: Uint8Array, at: number): number {
  const protocol = u16(octets, at);
  if (protocol === PPP_IPV4) return ipAt(octets, at + 2, 4);
  return protocol === PPP_IPV6 ? ipAt(octets, at + 2, 6) : -1;
}

/** BSD's loopback has the address family before the packet, in the byte order of its machine. */
function behindFamily(octets: Uint8Array): number {
  const [high, low] = [u16(octets, 0), u16(octets, 2)];
  const family = high === 0 ? low : low === 0 ? ((high & 0xff) << 8) | (high >> 8) : -1;
  if (family === AF_INET) return ipAt(octets, 4, 4);
  return AF_INET6.includes(family) ? ipAt(octets, 4, 6) : -1;
}

/** @param version that of IP, 0 for either */
function ipAt(octets: Uint8Array, at: number, version: number): number {
  const found = (octets[at] ?? 0) >> 4;
  return found === version || (version === 0 && (found === 4 || found === 6)) ? at : -1;
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}
