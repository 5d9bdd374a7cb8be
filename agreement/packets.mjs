/** Owns: packets made of segments, and captures made of packets. */

import { LINKTYPE_RAW, PcapngWriter } from '../dist/trace/index.js';
import {
  Ipv4Header,
  Ipv6Header,
  PROTO_TCP,
  tcpHeaderLength,
  transportChecksum,
  writeIpv4,
  writeIpv6,
  writeTcp,
  writeU16,
} from '../dist/wire/index.js';

const CHECKSUM_AT = 16;

/** A TCP packet of either family, with its checksums. */
export function tcpPacket(src, dst, segment, text) {
  const header = src.family === 4 ? 20 : 40;
  const length = tcpHeaderLength(segment) + text.length;
  const octets = new Uint8Array(header + length);
  if (src.family === 4) {
    const ip = Object.assign(new Ipv4Header(), { totalLength: octets.length, ttl: 64, protocol: PROTO_TCP, src, dst });
    writeIpv4(octets, 0, ip);
  } else {
    writeIpv6(octets, 0, Object.assign(new Ipv6Header(), { hopLimit: 64, src, dst }), length, PROTO_TCP);
  }
  octets.set(text, header + writeTcp(octets, header, segment));
  const sum = transportChecksum(octets, null, header, length, PROTO_TCP, src, dst);
  writeU16(octets, header + CHECKSUM_AT, sum);
  return octets;
}

/**
 * A capture of raw IP packets `{ time, octets }`, time in ms.
 *
 * @param snapLength octets kept of each at most; 0 for all
 */
export function captureOf(packets, snapLength = 0) {
  const writer = new PcapngWriter();
  const blocks = [writer.header(), writer.interface({ linkType: LINKTYPE_RAW, snapLength })];
  for (const { time, octets } of packets) blocks.push(writer.packet(0, time, octets, 0, octets.length));
  return Buffer.concat(blocks);
}
