/**
 * Owns: packets for others (RFC 1812 5.2, 5.3; RFC 8200 3): off unless `config.ip.forwarding`. What may pass, one hop
 * less, errors to the source. Redirects are not sent; source routes are not honoured.
 */

import type { Packet } from '../link/packet.ts';
import { type Address, isLinkLocal, isLoopback, isMulticast, isUnspecified } from '../wire/address.ts';
import { readU16, writeU16 } from '../wire/bytes.ts';
import { update16 } from '../wire/checksum.ts';
import {
  ICMP_FRAGMENTATION_NEEDED,
  ICMP_NET_UNREACHABLE,
  ICMP_TIME_EXCEEDED,
  ICMP_TTL_EXCEEDED,
  ICMP_UNREACHABLE,
} from '../wire/icmp.ts';
import {
  ICMPV6_HOP_LIMIT_EXCEEDED,
  ICMPV6_NO_ROUTE,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_UNREACHABLE,
} from '../wire/icmpv6.ts';
import { type Ipv4Header, PROTO_TCP } from '../wire/ipv4.ts';
import type { Ipv6Header } from '../wire/ipv6.ts';
import type { Interface } from './interface.ts';
import type { IpOutput } from './ip-output.ts';
import type { Stack } from './stack.ts';

export class Forwarder {
  readonly #stack: Stack;
  readonly #output: IpOutput;

  constructor(stack: Stack, output: IpOutput) {
    this.#stack = stack;
    this.#output = output;
  }

  /** A sound IPv4 datagram for another host; `h` is its header. */
  forward4(packet: Packet, iface: Interface, h: Ipv4Header): void {
    const stack = this.#stack;
    // 240/4 is neither unicast nor multicast (RFC 1812 5.3.7).
    if (mayNotPass(h.src, h.dst) || h.dst.w3 >>> 28 === 15) {
      stack.drop('forward-martian', packet);
      return;
    }
    if (h.ttl <= 1) {
      stack.mib.IpInHdrErrors++;
      stack.icmp.sendError(packet, iface, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED, 0);
      stack.drop('forward-ttl', packet);
      return;
    }
    const path = stack.paths.transit(h.dst);
    if (path === 'no-route') {
      stack.mib.IpOutNoRoutes++;
      stack.icmp.sendError(packet, iface, ICMP_UNREACHABLE, ICMP_NET_UNREACHABLE, 0);
      stack.drop('forward-no-route', packet);
      return;
    }
    if (path.broadcast) {
      stack.drop('forward-martian', packet);
      return;
    }
    const large = sizeOnWire(packet, h.payloadOffset, h.protocol) > path.mtu;
    if (large && h.dontFragment) {
      stack.mib.IpFragFails++;
      stack.icmp.sendError(packet, iface, ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, path.mtu);
      stack.drop('forward-too-big', packet);
      return;
    }
    const { buf, off } = packet;
    const before = readU16(buf, off + 8);
    buf[off + 8] = h.ttl - 1;
    writeU16(buf, off + 10, update16(readU16(buf, off + 10), before, readU16(buf, off + 8)));
    stack.mib.IpForwDatagrams++;
    if (large && packet.segmentSize === 0) this.#output.fragment(packet, path);
    else this.#output.transmit(packet, path);
  }

  /** A sound IPv6 packet for another host; `h` is its header. */
  forward6(packet: Packet, iface: Interface, h: Ipv6Header): void {
    const stack = this.#stack;
    if (mayNotPass(h.src, h.dst)) {
      stack.drop('forward-martian', packet);
      return;
    }
    if (h.hopLimit <= 1) {
      stack.mib.Ip6InHdrErrors++;
      stack.icmpv6.sendError(packet, iface, ICMPV6_TIME_EXCEEDED, ICMPV6_HOP_LIMIT_EXCEEDED, 0);
      stack.drop('forward-ttl', packet);
      return;
    }
    const path = stack.paths.transit(h.dst);
    if (path === 'no-route') {
      stack.mib.Ip6OutNoRoutes++;
      stack.icmpv6.sendError(packet, iface, ICMPV6_UNREACHABLE, ICMPV6_NO_ROUTE, 0);
      stack.drop('forward-no-route', packet);
      return;
    }
    if (path.broadcast) {
      stack.drop('forward-martian', packet);
      return;
    }
    if (sizeOnWire(packet, h.payloadOffset, h.protocol) > path.mtu) {
      stack.icmpv6.sendError(packet, iface, ICMPV6_PACKET_TOO_BIG, 0, path.mtu);
      stack.drop('forward-too-big', packet);
      return;
    }
    packet.buf[packet.off + 7] = h.hopLimit - 1;
    stack.mib.Ip6OutForwDatagrams++;
    this.#output.transmit(packet, path);
  }
}

/** What never passes a router: its own link's business, and addresses that are no host's. */
function mayNotPass(src: Address, dst: Address): boolean {
  return (
    isLinkLocal(src) ||
    isLinkLocal(dst) ||
    isMulticast(dst) ||
    isLoopback(dst) ||
    isUnspecified(dst) ||
    isUnspecified(src)
  );
}

/** Octets of the largest IP packet that this one becomes on a link: a super-segment is cut up there. */
function sizeOnWire(packet: Packet, transport: number, protocol: number): number {
  if (packet.segmentSize === 0 || protocol !== PROTO_TCP) return packet.len;
  const header = (packet.buf[transport + 12]! >> 4) << 2;
  return Math.min(packet.len, transport - packet.off + header + packet.segmentSize);
}
