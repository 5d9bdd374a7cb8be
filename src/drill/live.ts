/**
 * Owns: what the host under test put on the wire, decoded as a script looks at it. Every checksum is verified here.
 */

import { type Address, formatAddress } from '../wire/address.ts';
import { readU16, readU32 } from '../wire/bytes.ts';
import { finish, sum, transportChecksum } from '../wire/checksum.ts';
import { Ipv4Header, PROTO_ICMP, PROTO_ICMPV6, PROTO_TCP, PROTO_UDP, parseIpv4 } from '../wire/ipv4.ts';
import { Ipv6Header, parseIpv6 } from '../wire/ipv6.ts';
import { decodeOptions } from './options.ts';
import type { OptionSpec } from './script.ts';

/** A packet that left the host. Addresses as text; sequence numbers unsigned, as on the wire. */
export interface LivePacket {
  /** Virtual time, ms. */
  readonly time: number;
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly tos: number;
  readonly ttl: number;
  readonly flowLabel: number;
  /** What is wrong with it, or null. */
  readonly fault: string | null;
  readonly content: LiveTcp | LiveUdp | LiveIcmp | LiveOther;
}

export interface LiveTcp {
  readonly protocol: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  /** The octet of flags, and AE as bit 8. */
  readonly flags: number;
  readonly window: number;
  readonly urgent: number;
  readonly options: readonly OptionSpec[];
  readonly length: number;
  /** Every octet of text is zero, as scripts have it. */
  readonly zeros: boolean;
}

export interface LiveUdp {
  readonly protocol: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
}

export interface LiveIcmp {
  readonly protocol: 'icmp';
  readonly type: number;
  readonly code: number;
}

export interface LiveOther {
  readonly protocol: 'other';
  readonly number: number;
}

/** Accurate ECN (RFC 9768), as a bit beside the octet of flags. */
export const AE = 0x100;

/** Reads a datagram. `fault` says what no receiver should accept. */
export function decodePacket(time: number, buf: Uint8Array): LivePacket {
  const family = buf[0]! >> 4 === 6 ? 6 : 4;
  const header = family === 6 ? new Ipv6Header() : new Ipv4Header();
  const parsed =
    header instanceof Ipv6Header ? parseIpv6(buf, 0, buf.length, header) : parseIpv4(buf, null, 0, buf.length, header);
  const { src, dst, protocol, payloadOffset, payloadLength } = header;
  const packet = {
    time,
    family,
    source: formatAddress(src),
    destination: formatAddress(dst),
    tos: header instanceof Ipv6Header ? header.trafficClass : header.tos,
    ttl: header instanceof Ipv6Header ? header.hopLimit : header.ttl,
    flowLabel: header instanceof Ipv6Header ? header.flowLabel : 0,
  } as const;
  if (parsed !== 'ok') return { ...packet, fault: `IP header: ${parsed}`, content: { protocol: 'other', number: 0 } };
  const end = payloadOffset + payloadLength;
  const sound = checksumHolds(buf, payloadOffset, payloadLength, protocol, src, dst);
  const fault = sound ? null : 'checksum';
  if (protocol === PROTO_TCP) {
    const content = decodeTcp(buf, payloadOffset, end);
    return content === null
      ? { ...packet, fault: 'TCP header', content: { protocol: 'other', number: protocol } }
      : { ...packet, fault, content };
  }
  if (protocol === PROTO_UDP) return { ...packet, fault, content: decodeUdp(buf, payloadOffset, payloadLength) };
  if (protocol === PROTO_ICMP || protocol === PROTO_ICMPV6) {
    const content: LiveIcmp = { protocol: 'icmp', type: buf[payloadOffset]!, code: buf[payloadOffset + 1]! };
    return { ...packet, fault, content };
  }
  return { ...packet, fault: null, content: { protocol: 'other', number: protocol } };
}

function checksumHolds(
  buf: Uint8Array,
  at: number,
  length: number,
  protocol: number,
  src: Address,
  dst: Address,
): boolean {
  if (protocol === PROTO_ICMP) return finish(sum(buf, null, at, length, 0)) === 0;
  if (protocol !== PROTO_TCP && protocol !== PROTO_UDP && protocol !== PROTO_ICMPV6) return true;
  return transportChecksum(buf, null, at, length, protocol, src, dst) === 0;
}

function decodeTcp(buf: Uint8Array, at: number, end: number): LiveTcp | null {
  if (end - at < 20) return null;
  const header = (buf[at + 12]! >> 4) << 2;
  if (header < 20 || at + header > end) return null;
  const options = decodeOptions(buf, at + 20, at + header);
  if (options === null) return null;
  const text = buf.subarray(at + header, end);
  return {
    protocol: 'tcp',
    sourcePort: readU16(buf, at),
    destinationPort: readU16(buf, at + 2),
    seq: readU32(buf, at + 4),
    ack: readU32(buf, at + 8),
    flags: buf[at + 13]! | (buf[at + 12]! & 1 ? AE : 0),
    window: readU16(buf, at + 14),
    urgent: readU16(buf, at + 18),
    options,
    length: text.length,
    zeros: text.every((octet) => octet === 0),
  };
}

function decodeUdp(buf: Uint8Array, at: number, length: number): LiveUdp {
  return {
    protocol: 'udp',
    sourcePort: readU16(buf, at),
    destinationPort: readU16(buf, at + 2),
    length: length - 8,
  };
}
