/**
 * Owns: a segment as the IPv4 packet that carries it, as octets, and as events show it. Leaves to others: where it goes
 * (`network.ts`).
 */

import type { Ring } from 'tsyn/base';
import type { Ends } from 'tsyn/tcp';
import type { SegmentView } from 'tsyn/trace';
import {
  ABSENT,
  Address,
  IPV4_HEADER,
  Ipv4Header,
  PROTO_TCP,
  parseTcp,
  readAddress4,
  type Segment,
  tcpHeaderLength,
  transportChecksum,
  unsigned,
  update16,
  writeIpv4,
  writeTcp,
} from 'tsyn/wire';

const TTL = 64;
/** Where things lie in an IPv4 header without options, and in the TCP header behind it. */
const TOS_AT = 1;
const IP_CHECKSUM_AT = 10;
const SOURCE_AT = 12;
const DESTINATION_AT = 16;
const CHECKSUM_AT = IPV4_HEADER + 16;
/** Congestion experienced (RFC 3168 5). */
const CE = 3;

const header = new Ipv4Header();
const source = new Address();
const destination = new Address();

/**
 * The packet in which `ends.local` sends a segment, ports filled in.
 *
 * @param text holds the segment's text from offset `at`; null where there is none
 * @param id of the IP header
 */
export function packetOf(ends: Ends, segment: Segment, text: Ring | null, at: number, id: number): Uint8Array {
  const headers = IPV4_HEADER + tcpHeaderLength(segment);
  header.totalLength = headers + segment.dataLength;
  header.id = id & 0xffff;
  header.dontFragment = true;
  header.ttl = TTL;
  header.protocol = PROTO_TCP;
  header.tos = segment.ecn;
  header.src = ends.local;
  header.dst = ends.remote;
  const octets = new Uint8Array(header.totalLength);
  writeIpv4(octets, 0, header);
  writeTcp(octets, IPV4_HEADER, segment);
  if (text !== null) text.copy(at, segment.dataLength, octets, headers);
  else octets.set(segment.data.subarray(segment.dataOffset, segment.dataOffset + segment.dataLength), headers);
  put16(octets, CHECKSUM_AT, checksumOf(octets));
  return octets;
}

/** Reads what {@link packetOf} has written. @returns whether the checksum is right: otherwise nothing was read */
export function readPacket(octets: Uint8Array, into: Segment): boolean {
  if (checksumOf(octets) !== 0) return false;
  parseTcp(octets, IPV4_HEADER, octets.length - IPV4_HEADER, into);
  into.ecn = octets[TOS_AT]! & 3;
  return true;
}

/** 0 over what is intact. */
function checksumOf(octets: Uint8Array): number {
  readAddress4(octets, SOURCE_AT, source);
  readAddress4(octets, DESTINATION_AT, destination);
  const length = octets.length - IPV4_HEADER;
  const words = new Uint32Array(octets.buffer, 0, octets.length >> 2);
  return transportChecksum(octets, words, IPV4_HEADER, length, PROTO_TCP, source, destination);
}

/** One bit of it flips: of the text, or of the checksum where there is no text. */
export function damage(octets: Uint8Array): void {
  const headers = IPV4_HEADER + ((octets[IPV4_HEADER + 12]! >> 4) << 2);
  const at = octets.length > headers ? octets.length - 1 : CHECKSUM_AT + 1;
  octets[at]! ^= 1;
}

/** A router marks it in the place of dropping it. @returns false where its sender has not said that it may be marked */
export function mark(octets: Uint8Array): boolean {
  const before = (octets[0]! << 8) | octets[TOS_AT]!;
  if ((before & 3) === 0) return false;
  octets[TOS_AT]! |= CE;
  const checksum = (octets[IP_CHECKSUM_AT]! << 8) | octets[IP_CHECKSUM_AT + 1]!;
  put16(octets, IP_CHECKSUM_AT, update16(checksum, before, before | CE));
  return true;
}

function put16(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >>> 8;
  octets[at + 1] = value & 0xff;
}

/** A segment as events show it. */
export function viewOf(segment: Segment): SegmentView {
  const { srcPort, dstPort, flags, window, urgent } = segment;
  const sack: [number, number][] = [];
  for (let i = 0; i < segment.sackCount; i++)
    sack.push([unsigned(segment.sack[2 * i]!), unsigned(segment.sack[2 * i + 1]!)]);
  return {
    srcPort,
    dstPort,
    seq: unsigned(segment.seq),
    ack: unsigned(segment.ack),
    flags,
    window,
    urgent,
    length: segment.dataLength,
    ...(segment.mss === ABSENT ? {} : { mss: segment.mss }),
    ...(segment.windowScale === ABSENT ? {} : { windowScale: segment.windowScale }),
    ...(segment.sackPermitted ? { sackPermitted: true } : {}),
    ...(segment.timestamps ? { tsVal: unsigned(segment.tsVal), tsEcr: unsigned(segment.tsEcr) } : {}),
    ...(sack.length > 0 ? { sack } : {}),
  };
}
