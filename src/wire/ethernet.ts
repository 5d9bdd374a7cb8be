/**
 * Owns: Ethernet II frames (RFC 894, RFC 2464) and hardware addresses. Leaves to others: neighbour resolution (`stack/`),
 * VLAN tags and 802.3 length fields (not spoken here: they show as a type nobody takes).
 */

import { Address } from './address.ts';
import { readI32, readU16, writeU16, writeU32 } from './bytes.ts';

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;
/** Octets of the header. */
export const ETHERNET_HEADER = 14;

/**
 * A hardware address as two integers: the first 16 bits and the other 32, the latter held as a signed integer like the
 * words of an {@link Address}. A value: do not write to one that you did not make.
 */
export class Mac {
  hi: number;
  lo: number;

  constructor(hi: number = 0, lo: number = 0) {
    this.hi = hi & 0xffff;
    this.lo = lo | 0;
  }
}

/** ff:ff:ff:ff:ff:ff */
export const BROADCAST_MAC: Mac = new Mac(0xffff, 0xffffffff);

export function sameMac(a: Mac, b: Mac): boolean {
  return a.lo === b.lo && a.hi === b.hi;
}

/** Broadcast or multicast: the group bit is set. */
export function isGroupMac(mac: Mac): boolean {
  return (mac.hi & 0x0100) !== 0;
}

/** `02:00:00:00:00:01`, also with dashes; null for anything else. */
export function parseMac(text: string): Mac | null {
  if (!/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text) && !/^[0-9a-fA-F]{2}(-[0-9a-fA-F]{2}){5}$/.test(text))
    return null;
  const hex = text.replace(/[:-]/g, '');
  return new Mac(Number.parseInt(hex.slice(0, 4), 16), Number.parseInt(hex.slice(4), 16));
}

export function formatMac(mac: Mac): string {
  const hex = mac.hi.toString(16).padStart(4, '0') + (mac.lo >>> 0).toString(16).padStart(8, '0');
  return hex.replace(/(..)(?=.)/g, '$1:');
}

/** The group address of an IPv4 (RFC 1112 6.4) or IPv6 (RFC 2464 7) multicast address. */
export function multicastMac(address: Address): Mac {
  if (address.family === 4) return new Mac(0x0100, 0x5e000000 | (address.w3 & 0x7fffff));
  return new Mac(0x3333, address.w3);
}

/** The link-local IPv6 address with the modified EUI-64 of a hardware address (RFC 4291 appendix A, RFC 4862 5.3). */
export function linkLocalOf(mac: Mac): Address {
  const w2 = ((mac.hi ^ 0x0200) << 16) | ((mac.lo >>> 24) << 8) | 0xff;
  return new Address(6, 0xfe800000, 0, w2, 0xfe000000 | (mac.lo & 0xffffff));
}

export function readMac(buf: Uint8Array, off: number, into: Mac): void {
  into.hi = readU16(buf, off);
  into.lo = readI32(buf, off + 2);
}

export function writeMac(buf: Uint8Array, off: number, mac: Mac): void {
  writeU16(buf, off, mac.hi);
  writeU32(buf, off + 2, mac.lo);
}

/** The header of a frame; addresses as in {@link Mac}: 16 bits, then 32 bits held signed. */
export class EthernetHeader {
  dst0 = 0;
  dst1 = 0;
  src0 = 0;
  src1 = 0;
  type = 0;
  /** Octets of the header. */
  readonly length: number = ETHERNET_HEADER;
}

/** `length-field`: an 802.3 frame, whose type field is a length. */
export type EthernetParse = 'ok' | 'truncated' | 'length-field';

/** Reads the header of a frame of `len` octets at `off`. */
export function parseEthernet(buf: Uint8Array, off: number, len: number, into: EthernetHeader): EthernetParse {
  if (len < ETHERNET_HEADER) return 'truncated';
  into.dst0 = readU16(buf, off);
  into.dst1 = readI32(buf, off + 2);
  into.src0 = readU16(buf, off + 6);
  into.src1 = readI32(buf, off + 8);
  into.type = readU16(buf, off + 12);
  return into.type < 0x600 ? 'length-field' : 'ok';
}

/** Writes a header. @returns its 14 octets */
export function writeEthernet(buf: Uint8Array, off: number, dst: Mac, src: Mac, type: number): number {
  writeMac(buf, off, dst);
  writeMac(buf, off + 6, src);
  writeU16(buf, off + 12, type);
  return ETHERNET_HEADER;
}
