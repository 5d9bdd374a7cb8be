/** Packets as bytes for the tests of the IP half. */

import type { Address } from '../../src/wire/address.ts';
import { ArpPacket, writeArp } from '../../src/wire/arp.ts';
import { writeU16 } from '../../src/wire/bytes.ts';
import { finish, sum } from '../../src/wire/checksum.ts';
import { BROADCAST_MAC, ETHERTYPE_ARP, Mac, writeEthernet } from '../../src/wire/ethernet.ts';
import { writeIcmp } from '../../src/wire/icmp.ts';
import { checksumIcmpv6, writeIcmpv6 } from '../../src/wire/icmpv6.ts';
import { Ipv4Header, PROTO_ICMP, PROTO_ICMPV6, PROTO_UDP, writeIpv4 } from '../../src/wire/ipv4.ts';
import { Ipv6Header, writeFragmentHeader, writeIpv6 } from '../../src/wire/ipv6.ts';
import { NdMessage, writeNd } from '../../src/wire/nd.ts';
import { writeUdp } from '../../src/wire/udp.ts';
import { ipPacket } from '../helpers/wire.ts';

export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
}

export function udpPacket(src: Address, dst: Address, from: number, to: number, data: Uint8Array): Uint8Array {
  const datagram = new Uint8Array(8 + data.length);
  writeUdp(datagram, 0, from, to, datagram.length);
  datagram.set(data, 8);
  return ipPacket(src, dst, PROTO_UDP, datagram);
}

export function icmpPacket(
  src: Address,
  dst: Address,
  type: number,
  code: number,
  rest: number,
  body: Uint8Array,
): Uint8Array {
  const message = new Uint8Array(8 + body.length);
  message.set(body, 8);
  if (src.family === 4) {
    writeIcmp(message, null, 0, message.length, type, code, rest);
    return ipPacket(src, dst, PROTO_ICMP, message);
  }
  writeIcmpv6(message, null, 0, message.length, type, code, rest, src, dst);
  return ipPacket(src, dst, PROTO_ICMPV6, message);
}

export function echoPacket(src: Address, dst: Address, length: number = 16): Uint8Array {
  return icmpPacket(src, dst, src.family === 4 ? 8 : 128, 0, 0x12340001, counting(length));
}

/** One IPv4 fragment. */
export function fragment4(
  src: Address,
  dst: Address,
  protocol: number,
  id: number,
  offset: number,
  more: boolean,
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(20 + payload.length);
  const h = new Ipv4Header();
  h.totalLength = bytes.length;
  h.id = id;
  h.moreFragments = more;
  h.fragmentOffset = offset;
  h.ttl = 64;
  h.protocol = protocol;
  h.src = src;
  h.dst = dst;
  writeIpv4(bytes, 0, h);
  bytes.set(payload, 20);
  return bytes;
}

/** One IPv6 fragment. */
export function fragment6(
  src: Address,
  dst: Address,
  protocol: number,
  id: number,
  offset: number,
  more: boolean,
  payload: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(48 + payload.length);
  const h = new Ipv6Header();
  h.hopLimit = 64;
  h.src = src;
  h.dst = dst;
  writeIpv6(bytes, 0, h, 8 + payload.length, 44);
  writeFragmentHeader(bytes, 40, protocol, offset, more, id);
  bytes.set(payload, 48);
  return bytes;
}

/** A datagram cut into fragments of at most `size` octets of payload (a multiple of 8). */
export function pieces(packet: Uint8Array, size: number, id: number): Uint8Array[] {
  const h4 = packet[0]! >> 4 === 4;
  const header = h4 ? 20 : 40;
  const payload = packet.subarray(header);
  const cut: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const part = payload.subarray(at, at + size);
    const more = at + size < payload.length;
    const lead = packet.slice(0, header);
    const bytes = new Uint8Array(header + (h4 ? 0 : 8) + part.length);
    bytes.set(lead);
    bytes.set(part, bytes.length - part.length);
    if (h4) {
      writeU16(bytes, 2, bytes.length);
      writeU16(bytes, 4, id);
      writeU16(bytes, 6, (at >> 3) | (more ? 0x2000 : 0));
      reChecksum(bytes);
    } else {
      writeU16(bytes, 4, 8 + part.length);
      bytes[6] = 44;
      writeFragmentHeader(bytes, 40, packet[6]!, at, more, id);
    }
    cut.push(bytes);
  }
  return cut;
}

/** Makes the IPv4 header checksum right again after a change. */
export function reChecksum(packet: Uint8Array, offset: number = 0): Uint8Array {
  const header = (packet[offset]! & 15) << 2;
  writeU16(packet, offset + 10, 0);
  writeU16(packet, offset + 10, finish(sum(packet, null, offset, header, 0)));
  return packet;
}

export interface ArpFields {
  operation: number;
  senderMac: Mac;
  senderAddress: Address;
  targetAddress: Address;
  targetMac?: Mac;
  dst?: Mac;
}

export function arpFrame(fields: ArpFields): Uint8Array {
  const arp = new ArpPacket();
  arp.operation = fields.operation;
  arp.senderMac = fields.senderMac;
  arp.senderAddress = fields.senderAddress;
  arp.targetAddress = fields.targetAddress;
  arp.targetMac = fields.targetMac ?? new Mac();
  const bytes = new Uint8Array(42);
  writeEthernet(bytes, 0, fields.dst ?? BROADCAST_MAC, fields.senderMac, ETHERTYPE_ARP);
  writeArp(bytes, 14, arp);
  return bytes;
}

/** A Neighbor Discovery message in its IPv6 packet. */
export function ndPacket(src: Address, dst: Address, hopLimit: number, fill: (m: NdMessage) => void): Uint8Array {
  const m = new NdMessage();
  fill(m);
  const message = new Uint8Array(256);
  const length = writeNd(message, 0, m);
  checksumIcmpv6(message, null, 0, length, src, dst);
  const packet = ipPacket(src, dst, PROTO_ICMPV6, message.subarray(0, length));
  packet[7] = hopLimit;
  return packet;
}
