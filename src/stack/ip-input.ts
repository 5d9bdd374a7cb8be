/**
 * Owns: what happens to a packet between a link and a transport (RFC 1122 3.2.1, RFC 8200): is it sound, may its source
 * be, is it for us, is it whole, who takes it. Leaves to others: reassembly (`fragments.ts`), packets for others
 * (`forward.ts`), error messages (`icmp.ts`, `icmpv6.ts`), source routes where those are on (`source-route.ts`). Other
 * options are passed over (MUST-50, MAY-10, MAY-11).
 */

import type { Packet } from '../link/packet.ts';
import {
  type Address,
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
} from '../wire/address.ts';
import { ICMP_PROTOCOL_UNREACHABLE, ICMP_UNREACHABLE } from '../wire/icmp.ts';
import {
  ICMPV6_ERRONEOUS_FIELD,
  ICMPV6_INCOMPLETE_CHAIN,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_UNKNOWN_NEXT_HEADER,
  ICMPV6_UNKNOWN_OPTION,
} from '../wire/icmpv6.ts';
import { IPV4_HEADER, Ipv4Header, type Ipv4Parse, PROTO_ICMP, PROTO_ICMPV6, parseIpv4 } from '../wire/ipv4.ts';
import { Ipv6Header, type Ipv6Parse, NEXT_HOP_BY_HOP, NEXT_NONE, parseIpv6 } from '../wire/ipv6.ts';
import type { DropReason } from './counters.ts';
import type { Forwarder } from './forward.ts';
import type { Reassembly } from './fragments.ts';
import type { Interface } from './interface.ts';
import { type SourceRoute, SourceRoutes } from './source-route.ts';
import type { Stack } from './stack.ts';
import { IpView } from './transport.ts';

const REASON4: Record<Exclude<Ipv4Parse, 'ok'>, DropReason> = {
  truncated: 'ipv4-truncated',
  version: 'ipv4-version',
  'header-length': 'ipv4-header-length',
  'total-length': 'ipv4-total-length',
  'header-checksum': 'ipv4-header-checksum',
  'fragment-overflow': 'ipv4-fragment-overflow',
  'fragment-length': 'ipv4-fragment-length',
};

const REASON6: Record<Exclude<Ipv6Parse, 'ok'>, DropReason> = {
  truncated: 'ipv6-truncated',
  version: 'ipv6-version',
  'payload-length': 'ipv6-payload-length',
  'extension-length': 'ipv6-extension-length',
  'option-length': 'ipv6-option-length',
  'too-many-headers': 'ipv6-too-many-headers',
  'too-many-options': 'ipv6-too-many-options',
  'option-discard': 'ipv6-option-discard',
  'option-unknown': 'ipv6-option-unknown',
  'option-unknown-unicast': 'ipv6-option-unknown-unicast',
  'routing-type': 'ipv6-routing-type',
  'next-header': 'ipv6-next-header',
  'nested-fragment': 'ipv6-nested-fragment',
  'fragment-length': 'ipv6-fragment-length',
  'fragment-overflow': 'ipv6-fragment-overflow',
  'first-fragment-chain': 'ipv6-first-fragment-chain',
};

/** The code of the parameter problem that a reason is answered with; -1 for none. */
const PROBLEM: Partial<Record<Ipv6Parse, number>> = {
  'option-unknown': ICMPV6_UNKNOWN_OPTION,
  'option-unknown-unicast': ICMPV6_UNKNOWN_OPTION,
  'routing-type': ICMPV6_ERRONEOUS_FIELD,
  'fragment-length': ICMPV6_ERRONEOUS_FIELD,
  'fragment-overflow': ICMPV6_ERRONEOUS_FIELD,
  'next-header': ICMPV6_UNKNOWN_NEXT_HEADER,
  'first-fragment-chain': ICMPV6_INCOMPLETE_CHAIN,
};

/** Whose a destination is. */
type Destination = 'ours' | 'group' | 'other' | DropReason;

export class IpInput {
  readonly #stack: Stack;
  readonly #reassembly: Reassembly;
  readonly #forwarder: Forwarder;
  readonly #v4: Ipv4Header = new Ipv4Header();
  readonly #v6: Ipv6Header = new Ipv6Header();
  readonly #routes: SourceRoutes;
  readonly #view4: IpView = new IpView();
  readonly #view6: IpView = new IpView();

  constructor(stack: Stack, reassembly: Reassembly, forwarder: Forwarder) {
    this.#stack = stack;
    this.#reassembly = reassembly;
    this.#forwarder = forwarder;
    this.#routes = new SourceRoutes(stack);
    this.#view4.src = this.#v4.src;
    this.#view4.dst = this.#v4.dst;
    this.#view6.family = 6;
    this.#view6.src = this.#v6.src;
    this.#view6.dst = this.#v6.dst;
  }

  /** A datagram from a link that carries nothing else. */
  input(packet: Packet, iface: Interface): void {
    const version = packet.len > 0 ? packet.buf[packet.off]! >> 4 : 0;
    if (version === 4) this.input4(packet, iface, false);
    else if (version === 6) this.input6(packet, iface, false);
    else this.#stack.drop('ip-version', packet);
  }

  /** @param group the link carried it to a group address */
  input4(packet: Packet, iface: Interface, group: boolean): void {
    const stack = this.#stack;
    const { mib } = stack;
    const h = this.#v4;
    mib.IpInReceives++;
    const result = parseIpv4(packet.buf, packet.words, packet.off, packet.len, h);
    if (result !== 'ok') {
      mib.IpInHdrErrors++;
      stack.drop(REASON4[result], packet);
      return;
    }
    packet.len = h.totalLength; // link padding ends here
    if (!iface.loopback) {
      const martian = this.#source(h.src, iface);
      if (martian !== null) {
        mib.IpInAddrErrors++;
        stack.drop(martian, packet);
        return;
      }
    }
    const destination = this.#destination4(h.dst, iface);
    if (destination === 'ours' || destination === 'group') {
      // RFC 1122 3.3.6: a datagram for one host does not come by broadcast.
      if (group && destination === 'ours') {
        stack.drop('ip-unicast-in-link-broadcast', packet);
        return;
      }
      if (h.headerLength > IPV4_HEADER && destination === 'ours' && stack.config.ip.sourceRoutes) {
        this.#routed4(packet, iface);
      } else this.#local4(packet, iface, destination === 'group');
    } else if (destination === 'other' && stack.config.ip.forwarding && !group) {
      this.#forwarder.forward4(packet, iface, h);
    } else {
      mib.IpInAddrErrors++;
      stack.drop(destination === 'other' ? 'ip-not-for-us' : destination, packet);
    }
  }

  /** @param group the link carried it to a group address */
  input6(packet: Packet, iface: Interface, group: boolean): void {
    const stack = this.#stack;
    const { mib } = stack;
    const h = this.#v6;
    mib.Ip6InReceives++;
    const result = parseIpv6(packet.buf, packet.off, packet.len, h);
    if (result === 'truncated' || result === 'version' || result === 'payload-length') {
      mib.Ip6InHdrErrors++;
      stack.drop(REASON6[result], packet);
      return;
    }
    const { buf, off } = packet;
    packet.len = 40 + ((buf[off + 4]! << 8) | buf[off + 5]!); // link padding ends here
    if (!iface.loopback) {
      const martian = this.#source(h.src, iface);
      if (martian !== null && !(isUnspecified(h.src) && isMulticast(h.dst))) {
        mib.Ip6InAddrErrors++;
        stack.drop(martian, packet);
        return;
      }
    }
    const destination = this.#destination6(h.dst, iface);
    if (destination === 'ours' || destination === 'group') {
      if (result !== 'ok') this.#unsound(packet, iface, result, destination === 'group');
      else if (group && destination === 'ours') stack.drop('ip-unicast-in-link-broadcast', packet);
      else this.#local6(packet, iface, destination === 'group');
    } else if (destination === 'other' && stack.config.ip.forwarding && !group) {
      // Of the extension headers a router looks at hop-by-hop options only (RFC 8200 4.3).
      if (result !== 'ok' && buf[off + 6] === NEXT_HOP_BY_HOP) this.#unsound(packet, iface, result, true);
      else this.#forwarder.forward6(packet, iface, h);
    } else {
      mib.Ip6InAddrErrors++;
      stack.drop(destination === 'other' ? 'ip-not-for-us' : destination, packet);
    }
  }

  /** Why nobody may send from `src` on this interface (RFC 1122 3.2.1.3, RFC 1812 5.3.7); null where somebody may. */
  #source(src: Address, iface: Interface): DropReason | null {
    if (src.family === 4) {
      const top = src.w3 >>> 24;
      if (top === 0 || top === 127 || (top >= 224 && top < 240) || src.w3 === -1 || iface.isDirectedBroadcast(src)) {
        return 'ip-source-martian';
      }
    } else if (isMulticast(src) || isUnspecified(src) || isLoopback(src) || isMapped(src)) {
      return 'ip-source-martian';
    }
    // What we sent does not come back from outside (LAND, CVE-1999-0016).
    return this.#stack.isLocal(src) ? 'ip-source-is-ours' : null;
  }

  #destination4(dst: Address, iface: Interface): Destination {
    if (iface.owns(dst)) return 'ours';
    const top = dst.w3 >>> 24;
    if (top === 127) return iface.loopback ? 'ours' : 'ip-destination-martian';
    if (top >= 224) {
      if (isLimitedBroadcast(dst)) return 'group';
      if (top < 240) return iface.joined(dst) ? 'group' : 'ip-multicast-not-joined';
      return 'ip-destination-martian';
    }
    if (iface.isDirectedBroadcast(dst)) return 'group';
    if (this.#stack.isLocal(dst)) return 'ours';
    return top === 0 ? 'ip-destination-martian' : 'other';
  }

  #destination6(dst: Address, iface: Interface): Destination {
    if (iface.owns(dst)) return 'ours';
    if (isMulticast(dst)) return iface.joined(dst) ? 'group' : 'ip-multicast-not-joined';
    if (isUnspecified(dst) || isMapped(dst) || (isLoopback(dst) && !iface.loopback)) return 'ip-destination-martian';
    // A link-local address is one on its own link only (RFC 4007 9).
    if (isLinkLocal(dst) && !iface.loopback) return 'other';
    return this.#stack.isLocal(dst) ? 'ours' : 'other';
  }

  #routed4(packet: Packet, iface: Interface): void {
    const outcome = this.#routes.input(packet, iface, this.#v4);
    if (outcome === 'onward') this.#forwarder.forward4(packet, iface, this.#v4);
    else if (outcome === 'arrived') this.#local4(packet, iface, false, this.#routes.back);
  }

  #local4(packet: Packet, iface: Interface, broadcast: boolean, route: SourceRoute | null = null): void {
    const stack = this.#stack;
    const h = this.#v4;
    const view = this.#view4;
    const fragmented = h.moreFragments || h.fragmentOffset > 0;
    if (fragmented) {
      const whole = this.#reassembly.add4(packet, h, iface);
      if (whole === null) return;
      packet = whole;
      if (parseIpv4(packet.buf, packet.words, packet.off, packet.len, h) !== 'ok') {
        stack.drop('ipv4-total-length', packet);
        return;
      }
    }
    view.protocol = h.protocol;
    view.ttl = h.ttl;
    view.tos = h.tos;
    view.payloadOffset = h.payloadOffset;
    view.payloadLength = h.payloadLength;
    view.headerOffset = packet.off;
    view.broadcast = broadcast;
    view.route = route;
    view.fragmented = fragmented;
    const transport = h.protocol === PROTO_ICMPV6 ? null : stack.transports[h.protocol]!;
    if (transport === null) {
      stack.mib.IpInUnknownProtos++;
      stack.icmp.sendError(packet, iface, ICMP_UNREACHABLE, ICMP_PROTOCOL_UNREACHABLE, 0);
      stack.drop('ip-unknown-protocol', packet);
      return;
    }
    stack.mib.IpInDelivers++;
    transport.input(packet, view, iface);
  }

  #local6(packet: Packet, iface: Interface, broadcast: boolean): void {
    const stack = this.#stack;
    const h = this.#v6;
    const view = this.#view6;
    const fragmented = h.hasFragment;
    if (h.moreFragments || h.fragmentOffset > 0) {
      const whole = this.#reassembly.add6(packet, h, iface);
      if (whole === null) return;
      packet = whole;
      const result = parseIpv6(packet.buf, packet.off, packet.len, h);
      if (result !== 'ok') {
        this.#unsound(packet, iface, result, broadcast);
        return;
      }
      if (h.hasFragment) {
        stack.drop('ipv6-nested-fragment', packet);
        return;
      }
    }
    view.protocol = h.protocol;
    view.ttl = h.hopLimit;
    view.tos = h.trafficClass;
    view.payloadOffset = h.payloadOffset;
    view.payloadLength = h.payloadLength;
    view.headerOffset = packet.off;
    view.broadcast = broadcast;
    view.fragmented = fragmented;
    if (h.protocol === NEXT_NONE) {
      stack.drop('ip-no-next-header', packet);
      return;
    }
    const transport = h.protocol === PROTO_ICMP ? null : stack.transports[h.protocol]!;
    if (transport === null) {
      stack.mib.Ip6InUnknownProtos++;
      const code = ICMPV6_UNKNOWN_NEXT_HEADER;
      stack.icmpv6.sendError(packet, iface, ICMPV6_PARAMETER_PROBLEM, code, h.problemPointer);
      stack.drop('ip-unknown-protocol', packet);
      return;
    }
    stack.mib.Ip6InDelivers++;
    transport.input(packet, view, iface);
  }

  /** Drops an IPv6 packet whose extension headers will not do, and says so where the RFC wants that said. */
  #unsound(packet: Packet, iface: Interface, result: Exclude<Ipv6Parse, 'ok'>, broadcast: boolean): void {
    const stack = this.#stack;
    stack.mib.Ip6InHdrErrors++;
    const code = PROBLEM[result];
    // Code 2 alone may answer a multicast (RFC 4443 2.4 (e.3)); `sendError` sees to the rest.
    if (code !== undefined && !(broadcast && result === 'option-unknown-unicast')) {
      stack.icmpv6.sendError(packet, iface, ICMPV6_PARAMETER_PROBLEM, code, this.#v6.problemPointer);
    }
    stack.drop(REASON6[result], packet);
  }
}

/** ::ffff:0:0/96 is a way of writing IPv4 addresses, and never on the wire. */
function isMapped(a: Address): boolean {
  return a.w0 === 0 && a.w1 === 0 && a.w2 === 0xffff;
}
