/**
 * Owns: ARP packets for IPv4 over Ethernet (RFC 826). Leaves to others: the cache and what to believe (`stack/`).
 */

import { Address, readAddress4 } from './address.ts';
import { readU16, writeU16, writeU32 } from './bytes.ts';
import { ETHERTYPE_IPV4, Mac, readMac, writeMac } from './ethernet.ts';

export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
/** Octets of an ARP packet for IPv4 over Ethernet. */
export const ARP_LENGTH = 28;

/** An ARP packet. Its addresses are its own: parsing writes into them. */
export class ArpPacket {
  /** ARP_REQUEST or ARP_REPLY. */
  operation = 0;
  senderMac: Mac = new Mac();
  senderAddress: Address = new Address();
  targetMac: Mac = new Mac();
  targetAddress: Address = new Address();
}

export type ArpParse = 'ok' | 'truncated' | 'hardware-type' | 'protocol-type' | 'address-length' | 'operation';

/** Reads the packet at `off`; link padding after it is ignored. */
export function parseArp(buf: Uint8Array, off: number, len: number, into: ArpPacket): ArpParse {
  if (len < ARP_LENGTH) return 'truncated';
  if (readU16(buf, off) !== 1) return 'hardware-type';
  if (readU16(buf, off + 2) !== ETHERTYPE_IPV4) return 'protocol-type';
  if (buf[off + 4] !== 6 || buf[off + 5] !== 4) return 'address-length';
  into.operation = readU16(buf, off + 6);
  readMac(buf, off + 8, into.senderMac);
  readAddress4(buf, off + 14, into.senderAddress);
  readMac(buf, off + 18, into.targetMac);
  readAddress4(buf, off + 24, into.targetAddress);
  return into.operation === ARP_REQUEST || into.operation === ARP_REPLY ? 'ok' : 'operation';
}

/** Writes the packet. @returns its 28 octets */
export function writeArp(buf: Uint8Array, off: number, arp: ArpPacket): number {
  writeU16(buf, off, 1);
  writeU16(buf, off + 2, ETHERTYPE_IPV4);
  writeU16(buf, off + 4, 0x0604);
  writeU16(buf, off + 6, arp.operation);
  writeMac(buf, off + 8, arp.senderMac);
  writeU32(buf, off + 14, arp.senderAddress.w3);
  writeMac(buf, off + 18, arp.targetMac);
  writeU32(buf, off + 24, arp.targetAddress.w3);
  return ARP_LENGTH;
}
