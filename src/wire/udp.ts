/**
 * Owns: the UDP header (RFC 768). Leaves to others: the checksum's pseudo-header (`checksum.ts`), sockets (`stack/`).
 */

import { readU16, writeU16 } from './bytes.ts';

/** Octets of the header. */
export const UDP_HEADER = 8;

/** A UDP header, and where its payload lies. */
export class UdpHeader {
  srcPort = 0;
  dstPort = 0;
  /** Octets of header and payload. */
  length = 0;
  /** As on the wire; 0 says that the sender computed none (IPv4 only, RFC 8200 8.1). */
  checksum = 0;
  /** From the start of the buffer. */
  payloadOffset = 0;
  payloadLength = 0;
}

/** `length`: shorter than the header or longer than the IP payload. */
export type UdpParse = 'ok' | 'truncated' | 'length';

/** Reads the datagram in an IP payload of `len` octets at `off`. */
export function parseUdp(buf: Uint8Array, off: number, len: number, into: UdpHeader): UdpParse {
  if (len < UDP_HEADER) return 'truncated';
  into.srcPort = readU16(buf, off);
  into.dstPort = readU16(buf, off + 2);
  into.length = readU16(buf, off + 4);
  into.checksum = readU16(buf, off + 6);
  into.payloadOffset = off + UDP_HEADER;
  into.payloadLength = 0;
  if (into.length < UDP_HEADER || into.length > len) return 'length';
  into.payloadLength = into.length - UDP_HEADER;
  return 'ok';
}

/**
 * Writes a header whose checksum field is 0.
 *
 * @param length octets of header and payload
 * @returns octets written: 8
 */
export function writeUdp(buf: Uint8Array, off: number, srcPort: number, dstPort: number, length: number): number {
  writeU16(buf, off, srcPort);
  writeU16(buf, off + 2, dstPort);
  writeU16(buf, off + 4, length);
  writeU16(buf, off + 6, 0);
  return UDP_HEADER;
}
