/** Owns: the checker's segments as the rest of the package knows them: as events show them, and as IPv4 packets in octets. */

import type { SegmentView } from '../trace/events.ts';
import { transportChecksum } from '../wire/checksum.ts';
import { IPV4_HEADER, Ipv4Header, PROTO_TCP, writeIpv4 } from '../wire/ipv4.ts';
import { unsigned } from '../wire/seq.ts';
import { ABSENT, Segment, tcpHeaderLength, writeTcp } from '../wire/tcp.ts';
import type { Emitted } from './segments.ts';
import type { Side } from './side.ts';

const TTL = 64;
const CHECKSUM_AT = 16;

/** A segment that has just left, ports not filled in. Valid until the next one leaves. */
export function segmentOf(from: Emitted): Segment {
  const segment = new Segment();
  segment.flags = from.flags;
  segment.seq = from.seq;
  segment.ack = from.ack;
  segment.window = from.window;
  segment.urgent = from.urgent;
  segment.mss = from.mss;
  segment.data = from.text;
  segment.dataLength = from.length;
  return segment;
}

export function viewOf(segment: Segment): SegmentView {
  const { srcPort, dstPort, seq, ack, flags, window, urgent, dataLength, mss } = segment;
  return {
    srcPort,
    dstPort,
    seq: unsigned(seq),
    ack: unsigned(ack),
    flags,
    window,
    urgent,
    length: dataLength,
    ...(mss === ABSENT ? {} : { mss }),
  };
}

/** The packet in which `from` sends a segment. @param id of the IP header */
export function octetsOf(segment: Segment, { endpoint }: Side, id: number): Uint8Array {
  const { local, remote } = endpoint.ends;
  const length = tcpHeaderLength(segment) + segment.dataLength;
  const header = new Ipv4Header();
  header.totalLength = IPV4_HEADER + length;
  header.id = id & 0xffff;
  header.dontFragment = true;
  header.ttl = TTL;
  header.protocol = PROTO_TCP;
  header.src = local;
  header.dst = remote;
  const octets = new Uint8Array(header.totalLength);
  writeIpv4(octets, 0, header);
  const text = IPV4_HEADER + writeTcp(octets, IPV4_HEADER, segment);
  octets.set(segment.data.subarray(0, segment.dataLength), text);
  const checksum = transportChecksum(octets, null, IPV4_HEADER, length, PROTO_TCP, local, remote);
  octets[IPV4_HEADER + CHECKSUM_AT] = checksum >>> 8;
  octets[IPV4_HEADER + CHECKSUM_AT + 1] = checksum & 0xff;
  return octets;
}
