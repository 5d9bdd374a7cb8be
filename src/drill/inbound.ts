/**
 * Owns: the octets of what a script injects: TCP segments and ICMP messages about ours, with checksums filled in.
 */

import { type Address, parseAddress } from '../wire/address.ts';
import { writeU16, writeU32 } from '../wire/bytes.ts';
import { transportChecksum } from '../wire/checksum.ts';
import { ICMP_HEADER, writeIcmp } from '../wire/icmp.ts';
import { writeIcmpv6 } from '../wire/icmpv6.ts';
import { Ipv4Header, PROTO_ICMP, PROTO_ICMPV6, PROTO_TCP, PROTO_UDP, writeIpv4 } from '../wire/ipv4.ts';
import { Ipv6Header, writeIpv6 } from '../wire/ipv6.ts';
import { DrillSkip } from './errors.ts';
import { type Flow, flagBits } from './flow.ts';
import { icmpNumbers } from './icmp-names.ts';
import { AE } from './live.ts';
import { encodeOptions } from './options.ts';
import type { IcmpSpec, IpInfo, TcpSpec } from './script.ts';

/** Who talks to whom: the peer of the host under test, and the host. */
export interface Ends {
  readonly peer: Address;
  readonly host: Address;
}

export function ends(peer: string, host: string): Ends {
  return { peer: parseAddress(peer)!, host: parseAddress(host)! };
}

/** A segment of the peer's, in one packet, whatever its size. @throws DrillMismatch a timestamp that echoes nothing */
export function buildSegment(spec: TcpSpec, flow: Flow, between: Ends, scaledEcho: boolean): Uint8Array {
  const live = flow.toLive(spec, scaledEcho);
  const options = encodeOptions(live.options);
  const header = 20 + options.length;
  const tcp = new Uint8Array(header + spec.length);
  writeU16(tcp, 0, spec.ports?.[0] || flow.remotePort);
  writeU16(tcp, 2, spec.ports?.[1] || flow.localPort);
  writeU32(tcp, 4, live.seq);
  writeU32(tcp, 8, live.ack);
  const flags = flagBits(spec);
  tcp[12] = ((header >> 2) << 4) | (flags & AE ? 1 : 0);
  tcp[13] = flags & 0xff;
  writeU16(tcp, 14, spec.window ?? 0);
  writeU16(tcp, 18, spec.urgent ?? 0);
  tcp.set(options, 20);
  return datagram(spec.ip, between, PROTO_TCP, tcp, 16);
}

/** An ICMP message that quotes the head of one of ours; none where the version of IP has no such message. */
export function buildIcmp(spec: IcmpSpec, flow: Flow, between: Ends): Uint8Array[] {
  const { family } = between.host;
  const numbers = icmpNumbers(spec, family);
  if (numbers === null) return [];
  const { type, code, growth } = numbers;
  const body = isError(type, family) ? quote(spec, flow, between) : new Uint8Array(0);
  const message = new Uint8Array(ICMP_HEADER + body.length);
  message.set(body, ICMP_HEADER);
  const rest = spec.mtu === null ? (spec.id ?? 0) * 0x10000 : spec.mtu + growth;
  if (family === 4) {
    writeIcmp(message, null, 0, message.length, type, code, rest);
    return [datagram(spec.ip, between, PROTO_ICMP, message, -1)];
  }
  writeIcmpv6(message, null, 0, message.length, type, code, rest, between.peer, between.host);
  return [datagram(spec.ip, between, PROTO_ICMPV6, message, -1)];
}

/** ICMP errors quote what they are about, queries nothing. */
function isError(type: number, family: 4 | 6): boolean {
  return family === 4 ? ERRORS.has(type) : type < 128;
}

const ERRORS: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);

/** A segment without text at the first sequence number, where the script does not say what is quoted. */
const SOME_SEGMENT: NonNullable<IcmpSpec['quoted']> = { protocol: 'tcp', seq: 0, length: 0 };

/** The IP header of one of our packets, and 8 octets of what it carried. */
function quote(spec: IcmpSpec, flow: Flow, { peer, host }: Ends): Uint8Array {
  const head = new Uint8Array(8);
  writeU16(head, 0, flow.localPort);
  writeU16(head, 2, flow.remotePort);
  const quoted = spec.quoted ?? SOME_SEGMENT;
  if (quoted.protocol === 'tcp') writeU32(head, 4, (quoted.seq + flow.liveLocalIsn) >>> 0);
  else writeU16(head, 4, 8 + quoted.length);
  const protocol = quoted.protocol === 'tcp' ? PROTO_TCP : PROTO_UDP;
  const length = (quoted.protocol === 'tcp' ? 20 : 8) + quoted.length;
  return datagram(NOTHING, { peer: host, host: peer }, protocol, head, -1, length);
}

const NOTHING: IpInfo = { ecn: null, tos: null, ttl: null, flowLabel: null };
const ECN_BITS = { noecn: 0, ect1: 1, ect0: 2, ce: 3, ect01: 2 } as const;

/**
 * An IP packet around a message.
 *
 * @param checksumAt where in the message the transport checksum goes, or -1
 * @param length octets that the header claims to follow
 */
function datagram(
  info: IpInfo,
  { peer, host }: Ends,
  protocol: number,
  message: Uint8Array,
  checksumAt: number,
  length: number = message.length,
): Uint8Array {
  if (peer.family === 4 && 20 + message.length > 65_535) throw new DrillSkip('a packet larger than IP carries');
  const tos = info.tos ?? (info.ecn === null ? 0 : ECN_BITS[info.ecn]);
  const ttl = info.ttl ?? 255;
  const header = host.family === 4 ? 20 : 40;
  const packet = new Uint8Array(header + message.length);
  if (host.family === 4) {
    const ip = Object.assign(new Ipv4Header(), {
      tos,
      ttl,
      protocol,
      totalLength: header + length,
      src: peer,
      dst: host,
    });
    writeIpv4(packet, 0, ip);
  } else {
    const fields = { trafficClass: tos, flowLabel: info.flowLabel ?? 0, hopLimit: ttl, protocol, src: peer, dst: host };
    writeIpv6(packet, 0, Object.assign(new Ipv6Header(), fields), length, protocol);
  }
  packet.set(message, header);
  if (checksumAt >= 0) {
    const checksum = transportChecksum(packet, null, header, message.length, protocol, peer, host);
    writeU16(packet, header + checksumAt, checksum);
  }
  return packet;
}
