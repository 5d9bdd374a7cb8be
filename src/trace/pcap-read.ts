/**
 * Owns: reading captures: pcap of either byte order and resolution, pcapng (draft-ietf-opsawg-pcapng) with its sections,
 * interfaces, and enhanced, simple and obsolete packets; and finding the IP packet in what a link carries.
 */

import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from './pcapng.ts';

export interface CapturedPacket {
  /** ms, whole microseconds; from 1970 in captures of real interfaces. */
  readonly time: number;
  readonly linkType: number;
  /** What was kept of it. */
  readonly octets: Uint8Array;
  /** What it had on the wire. */
  readonly length: number;
}

/** The octets are no capture, or break off. */
export class CaptureError extends Error {
  readonly code = 'ERR_CAPTURE';

  constructor(offset: number, reason: string) {
    super(`capture, octet ${offset}: ${reason}`);
    this.name = 'CaptureError';
  }
}

const PCAP_MICRO = 0xa1b2c3d4;
const PCAP_NANO = 0xa1b23c4d;
const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;

const LINKTYPE_NULL = 0;
const LINKTYPE_RAW_BSD = 12;
const LINKTYPE_LOOP = 108;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_LINUX_SLL2 = 276;

/** The packets of a capture, in its order. @throws CaptureError */
export function readCapture(octets: Uint8Array): readonly CapturedPacket[] {
  if (octets.length < 4) throw new CaptureError(0, 'no capture: it has less than four octets');
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  if (view.getUint32(0) === SECTION_HEADER) return readPcapng(octets, view);
  for (const little of [true, false]) {
    const magic = view.getUint32(0, little);
    if (magic === PCAP_MICRO || magic === PCAP_NANO) return readPcap(octets, view, little, magic === PCAP_NANO);
  }
  throw new CaptureError(0, 'neither pcap nor pcapng');
}

function readPcap(octets: Uint8Array, view: DataView, little: boolean, nano: boolean): readonly CapturedPacket[] {
  if (octets.length < 24) throw new CaptureError(0, 'the file header is cut short');
  const linkType = view.getUint32(20, little) & 0xffff;
  const packets: CapturedPacket[] = [];
  for (let at = 24; at < octets.length; ) {
    if (at + 16 > octets.length) throw new CaptureError(at, 'a packet header is cut short');
    const fraction = view.getUint32(at + 4, little);
    const kept = view.getUint32(at + 8, little);
    if (kept > octets.length - at - 16) throw new CaptureError(at, 'a packet is cut short');
    const microseconds = view.getUint32(at, little) * 1e6 + (nano ? Math.round(fraction / 1000) : fraction);
    const length = view.getUint32(at + 12, little);
    packets.push({ time: microseconds / 1000, linkType, octets: octets.subarray(at + 16, at + 16 + kept), length });
    at += 16 + kept;
  }
  return packets;
}

interface Interface {
  readonly linkType: number;
  /** Steps of its clock in a second, and where it begins, s. */
  readonly resolution: bigint;
  readonly offset: bigint;
}

function readPcapng(octets: Uint8Array, view: DataView): readonly CapturedPacket[] {
  const packets: CapturedPacket[] = [];
  let interfaces: Interface[] = [];
  let little = true;
  for (let at = 0; at < octets.length; ) {
    if (at + 12 > octets.length) throw new CaptureError(at, 'a block is cut short');
    if (view.getUint32(at) === SECTION_HEADER) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
      if (!little && view.getUint32(at + 8) !== BYTE_ORDER_MAGIC) throw new CaptureError(at, 'no byte-order magic');
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const total = view.getUint32(at + 4, little);
    if (total < 12 || total % 4 !== 0 || total > octets.length - at)
      throw new CaptureError(at, 'a block has no such length');
    const block: Block = { octets, view, little, at: at + 8, end: at + total - 4 };
    if (type === INTERFACE_DESCRIPTION) interfaces.push(interfaceOf(block));
    else if (type === ENHANCED_PACKET || type === OBSOLETE_PACKET) packets.push(timedPacket(block, type, interfaces));
    else if (type === SIMPLE_PACKET) packets.push(simplePacket(block, interfaces, packets.at(-1)?.time ?? 0));
    at += total;
  }
  return packets;
}

/** What is in a block, without its type and lengths. */
interface Block {
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly little: boolean;
  readonly at: number;
  readonly end: number;
}

function interfaceOf(block: Block): Interface {
  const { view, little, at, end } = need(block, 8);
  let resolution = 1_000_000n;
  let offset = 0n;
  for (let option = at + 8; option + 4 <= end; ) {
    const code = view.getUint16(option, little);
    const length = view.getUint16(option + 2, little);
    const value = option + 4;
    if (code === 0 || value + length > end) break;
    if (code === IF_TSRESOL && length === 1) {
      const power = view.getUint8(value);
      resolution = power & 0x80 ? 1n << BigInt(power & 0x7f) : tenTo(power);
    } else if (code === IF_TSOFFSET && length === 8) offset = view.getBigInt64(value, little);
    option = value + ((length + 3) & ~3);
  }
  return { linkType: view.getUint16(at, little), resolution, offset };
}

function tenTo(power: number): bigint {
  return BigInt(`1${'0'.repeat(power)}`);
}

function timedPacket(block: Block, type: number, interfaces: readonly Interface[]): CapturedPacket {
  const { view, little, at } = need(block, 20);
  const number = type === ENHANCED_PACKET ? view.getUint32(at, little) : view.getUint16(at, little);
  const source = interfaces[number];
  if (source === undefined) throw new CaptureError(at, `there is no interface ${number}`);
  const stamp = (BigInt(view.getUint32(at + 4, little)) << 32n) | BigInt(view.getUint32(at + 8, little));
  const microseconds = (stamp * 1_000_000n + source.resolution / 2n) / source.resolution + source.offset * 1_000_000n;
  const octets = keptOf(block, 20, view.getUint32(at + 12, little));
  return {
    time: Number(microseconds) / 1000,
    linkType: source.linkType,
    octets,
    length: view.getUint32(at + 16, little),
  };
}

/** It has no time of its own: it comes with the one before. */
function simplePacket(block: Block, interfaces: readonly Interface[], time: number): CapturedPacket {
  const { view, little, at, end } = need(block, 4);
  const source = interfaces[0];
  if (source === undefined) throw new CaptureError(at, 'there is no interface');
  const length = view.getUint32(at, little);
  return { time, linkType: source.linkType, octets: keptOf(block, 4, Math.min(length, end - at - 4)), length };
}

function keptOf({ octets, at, end }: Block, header: number, length: number): Uint8Array {
  if (length > end - at - header) throw new CaptureError(at, 'a packet is longer than its block');
  return octets.subarray(at + header, at + header + length);
}

function need(block: Block, octets: number): Block {
  if (block.end - block.at < octets) throw new CaptureError(block.at, 'a block is too short for what it is');
  return block;
}

/** The IP packet that a link's frame carries, or null. */
export function ipPacketOf({ linkType, octets }: CapturedPacket): Uint8Array | null {
  switch (linkType) {
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_BSD:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      return ipAt(octets, 0);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return ipAt(octets, 4);
    case LINKTYPE_LINUX_SLL:
      return ipAt(octets, 16);
    case LINKTYPE_LINUX_SLL2:
      return ipAt(octets, 20);
    case LINKTYPE_ETHERNET: {
      let at = 12;
      while ([0x8100, 0x88a8].includes(u16(octets, at))) at += 4; // tags of IEEE 802.1Q
      return [0x0800, 0x86dd].includes(u16(octets, at)) ? ipAt(octets, at + 2) : null;
    }
    default:
      return null;
  }
}

function ipAt(octets: Uint8Array, at: number): Uint8Array | null {
  const version = (octets[at] ?? 0) >> 4;
  return version === 4 || version === 6 ? octets.subarray(at) : null;
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}
