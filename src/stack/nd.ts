/**
 * Owns: Neighbor Discovery as a host with configured addresses speaks it (RFC 4861 7): solicitations answered and sent,
 * advertisements heard. Leaves to others: the cache (`neighbours.ts`), the messages' form (`wire/nd.ts`).
 *
 * Not done, on purpose: duplicate address detection (RFC 4862 5.4; addresses are the configuration's word), router
 * discovery and address autoconfiguration (router advertisements are counted and ignored, which is also the answer to
 * RFC 6104), redirects (ignored and counted).
 */

import type { Packet } from '../link/packet.ts';
import { type Address, ALL_NODES, isUnspecified, solicitedNode } from '../wire/address.ts';
import { ETHERTYPE_IPV6, isGroupMac, type Mac, multicastMac, sameMac } from '../wire/ethernet.ts';
import {
  checksumIcmpv6,
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
} from '../wire/icmpv6.ts';
import { PROTO_ICMPV6 } from '../wire/ipv4.ts';
import { IPV6_HEADER, Ipv6Header, writeIpv6 } from '../wire/ipv6.ts';
import { NdMessage, parseNd, writeNd } from '../wire/nd.ts';
import { sourceFor } from './arp.ts';
import type { Interface } from './interface.ts';
import type { Stack } from './stack.ts';
import type { IpView } from './transport.ts';

/** What a receiver demands, so that the message cannot have come through a router (RFC 4861 7.1). */
const HOP_LIMIT = 255;
/** Octets of the largest message written here. */
const ND_LENGTH = 32;

export class NeighborDiscovery {
  readonly #stack: Stack;
  readonly #in: NdMessage = new NdMessage();
  readonly #out: NdMessage = new NdMessage();
  readonly #ip: Ipv6Header = new Ipv6Header();

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** A message of types 133 to 136 whose checksum is right. */
  input(packet: Packet, ip: IpView, iface: Interface): void {
    const stack = this.#stack;
    const { neighbours } = iface;
    if (ip.fragmented) {
      stack.drop('nd-fragmented', packet);
      return;
    } // RFC 6980
    const m = this.#in;
    const result = parseNd(packet.buf, ip.payloadOffset, ip.payloadLength, ip.ttl, ip.src, ip.dst, m);
    if (result !== 'ok') {
      stack.drop(result === 'hop-limit' ? 'nd-hop-limit' : 'nd-malformed', packet);
      return;
    }
    if ((m.hasSourceMac && badMac(m.sourceMac)) || (m.hasTargetMac && badMac(m.targetMac))) {
      stack.drop('nd-malformed', packet);
      return;
    }
    if (m.type === ICMPV6_ROUTER_SOLICITATION) stack.mib.Icmp6InRouterSolicits++;
    if (m.type === ICMPV6_ROUTER_ADVERTISEMENT) stack.mib.Icmp6InRouterAdvertisements++;
    if (neighbours === null) {
      stack.drop('nd-ignored', packet);
      return;
    }
    if (m.type === ICMPV6_NEIGHBOR_SOLICITATION) this.#solicited(packet, ip, iface);
    else if (m.type === ICMPV6_NEIGHBOR_ADVERTISEMENT) this.#advertised(packet, iface);
    else stack.drop('nd-ignored', packet);
  }

  /**
   * Asks who has `target`, its solicited-node group or, to verify what is known, `known` alone.
   *
   * @returns whether there is an address to ask from
   */
  solicit(iface: Interface, target: Address, known: Mac | null): boolean {
    const source = sourceFor(target, iface);
    if (source === null) return false;
    const m = this.#out;
    m.type = ICMPV6_NEIGHBOR_SOLICITATION;
    m.target = target;
    m.hasSourceMac = true;
    m.sourceMac = iface.mac!;
    m.hasTargetMac = false;
    this.#stack.mib.Icmp6OutNeighborSolicits++;
    const dst = known === null ? solicitedNode(target) : target;
    this.#send(iface, source, dst, known ?? multicastMac(dst));
    return true;
  }

  #solicited(packet: Packet, ip: IpView, iface: Interface): void {
    const stack = this.#stack;
    const m = this.#in;
    stack.mib.Icmp6InNeighborSolicits++;
    if (!iface.owns(m.target)) {
      stack.drop('nd-not-for-us', packet);
      return;
    }
    const { neighbours } = iface;
    if (isUnspecified(ip.src)) {
      // Somebody asks whether the address is free (RFC 4862 5.4): it is not, and everybody may know.
      this.#advertise(iface, m.target, ALL_NODES, multicastMac(ALL_NODES), false);
    } else {
      const onLink = iface.addresses.some((own) => own.prefix.contains(ip.src));
      if (m.hasSourceMac) neighbours!.heard(ip.src, m.sourceMac, onLink);
      const mac = m.hasSourceMac ? m.sourceMac : (neighbours!.lookup(ip.src)?.mac ?? null);
      // RFC 4861 7.2.4 has the answer wait for a resolution of its own; who asks by multicast must say (7.2.2).
      if (mac === null || (mac.hi === 0 && mac.lo === 0)) {
        stack.drop('nd-malformed', packet);
        return;
      }
      this.#advertise(iface, m.target, ip.src, mac, true);
    }
    stack.pool.give(packet);
  }

  /** Tells everybody that `address` is ours (RFC 4861 7.2.6). */
  announce(iface: Interface, address: Address): void {
    this.#advertise(iface, address, ALL_NODES, multicastMac(ALL_NODES), false);
  }

  #advertised(packet: Packet, iface: Interface): void {
    const stack = this.#stack;
    const m = this.#in;
    stack.mib.Icmp6InNeighborAdvertisements++;
    if (iface.owns(m.target)) {
      if (m.hasTargetMac && !sameMac(m.targetMac, iface.mac!)) stack.mib.NdConflicts++;
      stack.drop('nd-conflict', packet);
      return;
    }
    const mac = m.hasTargetMac ? m.targetMac : null;
    if (!iface.neighbours!.advertised(m.target, mac, m.solicited, m.override)) {
      stack.drop('nd-unsolicited', packet);
      return;
    }
    stack.pool.give(packet);
  }

  #advertise(iface: Interface, target: Address, dst: Address, mac: Mac, solicited: boolean): void {
    const m = this.#out;
    m.type = ICMPV6_NEIGHBOR_ADVERTISEMENT;
    m.target = target;
    m.router = this.#stack.config.ip.forwarding;
    m.solicited = solicited;
    m.override = true;
    m.hasSourceMac = false;
    m.hasTargetMac = true;
    m.targetMac = iface.mac!;
    this.#stack.mib.Icmp6OutNeighborAdvertisements++;
    this.#send(iface, target, dst, mac);
  }

  #send(iface: Interface, src: Address, dst: Address, mac: Mac): void {
    const { pool, mib } = this.#stack;
    const packet = pool.take(IPV6_HEADER + ND_LENGTH);
    const at = packet.off + IPV6_HEADER;
    const length = writeNd(packet.buf, at, this.#out);
    checksumIcmpv6(packet.buf, packet.words, at, length, src, dst);
    const ip = this.#ip;
    ip.hopLimit = HOP_LIMIT;
    ip.protocol = PROTO_ICMPV6;
    ip.src = src;
    ip.dst = dst;
    writeIpv6(packet.buf, packet.off, ip, length);
    packet.len = IPV6_HEADER + length;
    mib.Ip6OutRequests++;
    mib.Icmp6OutMsgs++;
    this.#stack.ethernet.output(packet, iface, mac, ETHERTYPE_IPV6);
  }
}

function badMac(mac: Mac): boolean {
  return isGroupMac(mac) || (mac.hi === 0 && mac.lo === 0);
}
