/**
 * Owns: ICMP messages for IPv4 (RFC 792, RFC 1191, RFC 4884 in that a quote may be followed by more). Leaves to others:
 * what an error means and when one may be sent (`stack/`).
 */

import { readU16, readU32, writeU16, writeU32 } from './bytes.ts';
import { finish, sum } from './checksum.ts';

export const ICMP_ECHO_REPLY = 0;
export const ICMP_UNREACHABLE = 3;
export const ICMP_SOURCE_QUENCH = 4;
export const ICMP_REDIRECT = 5;
export const ICMP_ECHO = 8;
export const ICMP_TIME_EXCEEDED = 11;
export const ICMP_PARAMETER_PROBLEM = 12;

// Codes of ICMP_UNREACHABLE.
export const ICMP_NET_UNREACHABLE = 0;
export const ICMP_HOST_UNREACHABLE = 1;
export const ICMP_PROTOCOL_UNREACHABLE = 2;
export const ICMP_PORT_UNREACHABLE = 3;
export const ICMP_FRAGMENTATION_NEEDED = 4;
export const ICMP_SOURCE_ROUTE_FAILED = 5;
export const ICMP_HOST_PROHIBITED = 10;
export const ICMP_ADMIN_PROHIBITED = 13;

// Codes of ICMP_TIME_EXCEEDED.
export const ICMP_TTL_EXCEEDED = 0;
export const ICMP_REASSEMBLY_EXCEEDED = 1;

/** Octets before the data of an echo or the quote of an error, in ICMP and in ICMPv6. */
export const ICMP_HEADER = 8;

/** The first 8 octets of an ICMP or ICMPv6 message, and where the rest lies. */
export class IcmpMessage {
  type = 0;
  code = 0;
  /** The last 4 of the 8 octets, unsigned: their meaning goes by the type. */
  rest = 0;
  /** Of an echo: the high half of `rest`. */
  id = 0;
  /** Of an echo: the low half of `rest`. For ICMP_FRAGMENTATION_NEEDED that is the next hop's MTU (RFC 1191 4). */
  sequence = 0;
  /** The data of an echo, or the quoted packet of an error. */
  bodyOffset = 0;
  bodyLength = 0;
}

export type IcmpParse = 'ok' | 'truncated' | 'checksum';

/** Reads an ICMP message of `len` octets at `off`, and verifies its checksum. */
export function parseIcmp(
  buf: Uint8Array,
  words: Uint32Array | null,
  off: number,
  len: number,
  into: IcmpMessage,
): IcmpParse {
  if (len < ICMP_HEADER) return 'truncated';
  readIcmp(buf, off, len, into);
  return finish(sum(buf, words, off, len, 0)) === 0 ? 'ok' : 'checksum';
}

/** Reads the fields that ICMP and ICMPv6 share, of a message of 8 octets at least; verifies nothing. */
export function readIcmp(buf: Uint8Array, off: number, len: number, into: IcmpMessage): void {
  into.type = buf[off]!;
  into.code = buf[off + 1]!;
  into.rest = readU32(buf, off + 4);
  into.id = readU16(buf, off + 4);
  into.sequence = readU16(buf, off + 6);
  into.bodyOffset = off + ICMP_HEADER;
  into.bodyLength = len - ICMP_HEADER;
}

/** Whether a message of this type reports an error, and so quotes a packet and is never answered by another error. */
export function isIcmpError(type: number): boolean {
  return (
    type === ICMP_UNREACHABLE ||
    type === ICMP_SOURCE_QUENCH ||
    type === ICMP_REDIRECT ||
    type === ICMP_TIME_EXCEEDED ||
    type === ICMP_PARAMETER_PROBLEM
  );
}

/**
 * Writes the 8 octets before a body that is in place already, with the checksum over both.
 *
 * @param len octets of the whole message
 * @param rest the 4 octets after the checksum: `id << 16 | sequence` of an echo, the MTU, the pointer `<< 24`
 * @returns octets written: 8
 */
export function writeIcmp(
  buf: Uint8Array,
  words: Uint32Array | null,
  off: number,
  len: number,
  type: number,
  code: number,
  rest: number,
): number {
  buf[off] = type;
  buf[off + 1] = code;
  writeU16(buf, off + 2, 0);
  writeU32(buf, off + 4, rest);
  writeU16(buf, off + 2, finish(sum(buf, words, off, len, 0)));
  return ICMP_HEADER;
}
