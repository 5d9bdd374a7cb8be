/**
 * Owns: ICMPv6 messages (RFC 4443). Neighbor Discovery's contents are in `nd.ts`. Leaves to others: what an error means
 * and when one may be sent (`stack/`).
 */

import type { Address } from './address.ts';
import { writeU16, writeU32 } from './bytes.ts';
import { transportChecksum } from './checksum.ts';
import { ICMP_HEADER, type IcmpMessage, type IcmpParse, readIcmp } from './icmp.ts';
import { PROTO_ICMPV6 } from './ipv4.ts';

export const ICMPV6_UNREACHABLE = 1;
export const ICMPV6_PACKET_TOO_BIG = 2;
export const ICMPV6_TIME_EXCEEDED = 3;
export const ICMPV6_PARAMETER_PROBLEM = 4;
export const ICMPV6_ECHO = 128;
export const ICMPV6_ECHO_REPLY = 129;
export const ICMPV6_MLD_QUERY = 130;
export const ICMPV6_MLD_REPORT = 131;
export const ICMPV6_MLD_DONE = 132;
export const ICMPV6_ROUTER_SOLICITATION = 133;
export const ICMPV6_ROUTER_ADVERTISEMENT = 134;
export const ICMPV6_NEIGHBOR_SOLICITATION = 135;
export const ICMPV6_NEIGHBOR_ADVERTISEMENT = 136;
export const ICMPV6_REDIRECT = 137;
export const ICMPV6_MLDV2_REPORT = 143;

// Codes of ICMPV6_UNREACHABLE.
export const ICMPV6_NO_ROUTE = 0;
export const ICMPV6_ADMIN_PROHIBITED = 1;
export const ICMPV6_ADDRESS_UNREACHABLE = 3;
export const ICMPV6_PORT_UNREACHABLE = 4;

// Codes of ICMPV6_TIME_EXCEEDED.
export const ICMPV6_HOP_LIMIT_EXCEEDED = 0;
export const ICMPV6_REASSEMBLY_EXCEEDED = 1;

// Codes of ICMPV6_PARAMETER_PROBLEM.
export const ICMPV6_ERRONEOUS_FIELD = 0;
export const ICMPV6_UNKNOWN_NEXT_HEADER = 1;
export const ICMPV6_UNKNOWN_OPTION = 2;
export const ICMPV6_INCOMPLETE_CHAIN = 3;

/** Whether a message of this type reports an error (RFC 4443 2.1). */
export function isIcmpv6Error(type: number): boolean {
  return type < 128;
}

/** Reads an ICMPv6 message of `len` octets at `off`, and verifies its checksum. */
export function parseIcmpv6(
  buf: Uint8Array,
  words: Uint32Array | null,
  off: number,
  len: number,
  src: Address,
  dst: Address,
  into: IcmpMessage,
): IcmpParse {
  // MLD and ND messages have 8 octets at least too, so a shorter message is of no use to anyone.
  if (len < ICMP_HEADER) return 'truncated';
  readIcmp(buf, off, len, into);
  return transportChecksum(buf, words, off, len, PROTO_ICMPV6, src, dst) === 0 ? 'ok' : 'checksum';
}

/**
 * Writes the 8 octets before a body that is in place already, with the checksum over both.
 *
 * @param len octets of the whole message
 * @param rest the 4 octets after the checksum: `id << 16 | sequence` of an echo, the MTU, the pointer
 * @returns octets written: 8
 */
export function writeIcmpv6(
  buf: Uint8Array,
  words: Uint32Array | null,
  off: number,
  len: number,
  type: number,
  code: number,
  rest: number,
  src: Address,
  dst: Address,
): number {
  buf[off] = type;
  buf[off + 1] = code;
  writeU32(buf, off + 4, rest);
  checksumIcmpv6(buf, words, off, len, src, dst);
  return ICMP_HEADER;
}

/** Fills in the checksum of a complete message of `len` octets: the last touch to what `nd.ts` writes. */
export function checksumIcmpv6(
  buf: Uint8Array,
  words: Uint32Array | null,
  off: number,
  len: number,
  src: Address,
  dst: Address,
): void {
  writeU16(buf, off + 2, 0);
  writeU16(buf, off + 2, transportChecksum(buf, words, off, len, PROTO_ICMPV6, src, dst));
}
