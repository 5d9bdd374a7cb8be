/**
 * Owns: ICMPv6 (RFC 4443): echo requests answered, errors sent and received. Neighbor Discovery is passed to `nd.ts`.
 *
 * Ignored and counted: redirects (by policy), multicast listener discovery, everything else.
 */

import type { Packet } from '../link/packet.ts';
import { isLoopback, isMulticast, isUnspecified } from '../wire/address.ts';
import { ICMP_HEADER, IcmpMessage } from '../wire/icmp.ts';
import {
  ICMPV6_ADMIN_PROHIBITED,
  ICMPV6_ECHO,
  ICMPV6_ECHO_REPLY,
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_PARAMETER_PROBLEM,
  ICMPV6_PORT_UNREACHABLE,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_SOLICITATION,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_UNKNOWN_OPTION,
  ICMPV6_UNREACHABLE,
  isIcmpv6Error,
  parseIcmpv6,
  writeIcmpv6,
} from '../wire/icmpv6.ts';
import { PROTO_ICMPV6 } from '../wire/ipv4.ts';
import { IPV6_HEADER, IPV6_MIN_MTU, Ipv6Header, parseIpv6Quote } from '../wire/ipv6.ts';
import { deliverError, turnEchoRound } from './icmp-common.ts';
import type { IcmpLimit } from './icmp-limit.ts';
import type { Interface } from './interface.ts';
import { NeighborDiscovery } from './nd.ts';
import type { Stack } from './stack.ts';
import { IcmpError, type IpView, type TransportProtocol } from './transport.ts';

export class Icmpv6 implements TransportProtocol {
  readonly nd: NeighborDiscovery;
  readonly #stack: Stack;
  readonly #limit: IcmpLimit;
  readonly #message: IcmpMessage = new IcmpMessage();
  readonly #quoted: Ipv6Header = new Ipv6Header();
  readonly #original: Ipv6Header = new Ipv6Header();
  readonly #error: IcmpError = new IcmpError();

  constructor(stack: Stack, limit: IcmpLimit) {
    this.#stack = stack;
    this.#limit = limit;
    this.nd = new NeighborDiscovery(stack);
  }

  input(packet: Packet, ip: IpView, iface: Interface): void {
    const stack = this.#stack;
    const { mib } = stack;
    const m = this.#message;
    mib.Icmp6InMsgs++;
    const { buf, words } = packet;
    const result = parseIcmpv6(buf, words, ip.payloadOffset, ip.payloadLength, ip.src, ip.dst, m);
    if (result === 'truncated') {
      mib.Icmp6InErrors++;
      stack.drop('icmp-truncated', packet);
      return;
    }
    if (result === 'checksum') {
      mib.Icmp6InCsumErrors++;
      stack.drop('icmp-checksum', packet);
      return;
    }
    if (m.type >= ICMPV6_ROUTER_SOLICITATION && m.type <= ICMPV6_NEIGHBOR_ADVERTISEMENT) {
      this.nd.input(packet, ip, iface);
      return;
    }
    // All but the solicitations that ask for a free address come from somebody.
    if (isUnspecified(ip.src)) {
      stack.drop('ip-source-martian', packet);
      return;
    }
    switch (m.type) {
      case ICMPV6_ECHO:
        mib.Icmp6InEchos++;
        if (turnEchoRound(stack, packet, ip, ICMPV6_ECHO_REPLY)) {
          mib.Icmp6OutMsgs++;
          mib.Icmp6OutEchoReplies++;
        }
        return;
      case ICMPV6_ECHO_REPLY:
        mib.Icmp6InEchoReplies++;
        if (!stack.pings.reply(m, ip, packet.buf)) {
          stack.drop('icmp-unmatched', packet);
          return;
        }
        stack.pool.give(packet);
        return;
      case ICMPV6_UNREACHABLE:
        mib.Icmp6InDestUnreachs++;
        this.#errorIn(packet, ip);
        return;
      case ICMPV6_PACKET_TOO_BIG:
        mib.Icmp6InPktTooBigs++;
        this.#errorIn(packet, ip);
        return;
      case ICMPV6_TIME_EXCEEDED:
        mib.Icmp6InTimeExcds++;
        this.#errorIn(packet, ip);
        return;
      case ICMPV6_PARAMETER_PROBLEM:
        mib.Icmp6InParmProblems++;
        this.#errorIn(packet, ip);
        return;
      case ICMPV6_REDIRECT:
        mib.Icmp6InRedirects++;
        stack.drop('nd-ignored', packet);
        return;
      default:
        stack.drop('icmp-type', packet);
        return;
    }
  }

  /** An error about a message of ours: an echo request, or nothing. */
  error(error: IcmpError): void {
    this.#stack.pings.error(error);
  }

  burstEnd(): void {}

  /**
   * Sends an error about `packet` (an IPv6 packet; it stays the caller's), unless RFC 4443 2.4 (e) forbids it or the rate
   * limit does.
   *
   * @param iface where the packet came from
   * @param rest the 4 octets after the checksum: an MTU, a pointer
   */
  sendError(packet: Packet, iface: Interface, type: number, code: number, rest: number): void {
    const stack = this.#stack;
    const { mib } = stack;
    if (!this.#mayAnswer(packet, iface, type, code)) return;
    const { src, dst } = this.#original;
    const path = stack.paths.find(src, stack.isLocal(dst) ? dst : null);
    if (typeof path === 'string' || path.broadcast) return;
    const allowed = this.#limit.take(src);
    if (allowed === 'host') mib.Icmp6OutRateLimitHost++;
    if (allowed === 'global') mib.Icmp6OutRateLimitGlobal++;
    if (allowed !== 'ok') return;
    const quote = Math.min(packet.len, IPV6_MIN_MTU - IPV6_HEADER - ICMP_HEADER);
    const reply = stack.pool.take(IPV6_HEADER + ICMP_HEADER + quote);
    const at = reply.off + IPV6_HEADER;
    const length = ICMP_HEADER + quote;
    reply.buf.set(packet.buf.subarray(packet.off, packet.off + quote), at + ICMP_HEADER);
    writeIcmpv6(reply.buf, reply.words, at, length, type, code, rest, path.local, path.remote);
    reply.len = IPV6_HEADER + length;
    mib.Icmp6OutMsgs++;
    if (type === ICMPV6_UNREACHABLE) mib.Icmp6OutDestUnreachs++;
    else if (type === ICMPV6_PACKET_TOO_BIG) mib.Icmp6OutPktTooBigs++;
    else if (type === ICMPV6_TIME_EXCEEDED) mib.Icmp6OutTimeExcds++;
    else mib.Icmp6OutParmProblems++;
    stack.ip.send(reply, path, PROTO_ICMPV6, 0, 0, false);
  }

  /** RFC 4443 2.4 (e): never about errors, redirects, most multicasts, or from sources that are no single node. */
  #mayAnswer(packet: Packet, iface: Interface, type: number, code: number): boolean {
    const h = this.#original;
    const result = parseIpv6Quote(packet.buf, packet.off, packet.len, h);
    if (result === 'truncated' || result === 'version') return false;
    const { src, dst } = h;
    if (isMulticast(src) || isUnspecified(src) || (isLoopback(src) && !iface.loopback)) return false;
    const toMany =
      type === ICMPV6_PACKET_TOO_BIG || (type === ICMPV6_PARAMETER_PROBLEM && code === ICMPV6_UNKNOWN_OPTION);
    if (isMulticast(dst) && !toMany) return false;
    // Fragments after the first are told apart by nothing that a sender could use.
    if (h.fragmentOffset > 0) return type === ICMPV6_PARAMETER_PROBLEM;
    if (result !== 'ok' || h.protocol !== PROTO_ICMPV6) return true;
    if (h.payloadLength === 0) return false;
    const inner = packet.buf[h.payloadOffset]!;
    return !isIcmpv6Error(inner) && inner !== ICMPV6_REDIRECT;
  }

  #errorIn(packet: Packet, ip: IpView): void {
    const stack = this.#stack;
    const m = this.#message;
    const h = this.#quoted;
    const result = parseIpv6Quote(packet.buf, m.bodyOffset, m.bodyLength, h);
    const usable = result === 'ok' && h.fragmentOffset === 0 && h.payloadLength >= 8;
    if (!usable || ip.broadcast || !stack.isLocal(h.src) || isUnspecified(h.dst)) {
      stack.mib.Icmp6InErrors++;
      stack.drop('icmp-quote', packet);
      return;
    }
    const error = this.#error;
    error.mtu = 0;
    error.hard = false;
    if (m.type === ICMPV6_PACKET_TOO_BIG) {
      error.kind = 'packet-too-big';
      error.mtu = m.rest;
    } else if (m.type === ICMPV6_TIME_EXCEEDED) {
      error.kind = 'time-exceeded';
    } else if (m.type === ICMPV6_PARAMETER_PROBLEM) {
      error.kind = 'parameter-problem';
      // The other end does not know the protocol: what code 2 of unreachable says in IPv4.
      error.hard = m.code === 1;
    } else {
      error.kind = 'unreachable';
      // RFC 5461 2: the equivalents of the hard errors of RFC 1122.
      error.hard = m.code === ICMPV6_ADMIN_PROHIBITED || m.code === ICMPV6_PORT_UNREACHABLE;
    }
    deliverError(stack, packet, ip, error, m, h);
  }
}
