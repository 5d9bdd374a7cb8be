/**
 * Owns: ICMP for IPv4 (RFC 792, RFC 1122 3.2.2, RFC 1812 4.3): echo requests answered, errors sent and received.
 *
 * Ignored and counted: source quench (RFC 6633, MUST-55), redirects (by policy), router discovery, timestamps, everything else.
 */

import type { Packet } from '../link/packet.ts';
import { isLimitedBroadcast, isLoopback, isMulticast, isUnspecified } from '../wire/address.ts';
import {
  ICMP_ECHO,
  ICMP_ECHO_REPLY,
  ICMP_FRAGMENTATION_NEEDED,
  ICMP_HEADER,
  ICMP_PARAMETER_PROBLEM,
  ICMP_PORT_UNREACHABLE,
  ICMP_PROTOCOL_UNREACHABLE,
  ICMP_REDIRECT,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  IcmpMessage,
  parseIcmp,
  writeIcmp,
} from '../wire/icmp.ts';
import { IPV4_HEADER, Ipv4Header, PROTO_ICMP, parseIpv4Quote } from '../wire/ipv4.ts';
import { deliverError, turnEchoRound } from './icmp-common.ts';
import type { IcmpLimit } from './icmp-limit.ts';
import type { Interface } from './interface.ts';
import type { Stack } from './stack.ts';
import { IcmpError, type IpView, type TransportProtocol } from './transport.ts';

/** Octets of the largest error, its IP header included (RFC 1812 4.3.2.3). */
const ERROR_LENGTH = 576;

/** RFC 1191 7.1: MTUs in use, for routers that do not say theirs. */
const PLATEAUS: readonly number[] = [65_535, 32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68];

export class Icmp implements TransportProtocol {
  readonly #stack: Stack;
  readonly #limit: IcmpLimit;
  readonly #message: IcmpMessage = new IcmpMessage();
  readonly #quoted: Ipv4Header = new Ipv4Header();
  readonly #original: Ipv4Header = new Ipv4Header();
  readonly #error: IcmpError = new IcmpError();

  constructor(stack: Stack, limit: IcmpLimit) {
    this.#stack = stack;
    this.#limit = limit;
  }

  input(packet: Packet, ip: IpView, _iface: Interface): void {
    const stack = this.#stack;
    const { mib } = stack;
    const m = this.#message;
    mib.IcmpInMsgs++;
    const result = parseIcmp(packet.buf, packet.words, ip.payloadOffset, ip.payloadLength, m);
    if (result === 'truncated') {
      mib.IcmpInErrors++;
      stack.drop('icmp-truncated', packet);
      return;
    }
    if (result === 'checksum') {
      mib.IcmpInCsumErrors++;
      stack.drop('icmp-checksum', packet);
      return;
    }
    switch (m.type) {
      case ICMP_ECHO:
        mib.IcmpInEchos++;
        if (turnEchoRound(stack, packet, ip, ICMP_ECHO_REPLY)) {
          mib.IcmpOutMsgs++;
          mib.IcmpOutEchoReps++;
        }
        return;
      case ICMP_ECHO_REPLY:
        mib.IcmpInEchoReps++;
        if (!stack.pings.reply(m, ip, packet.buf)) {
          stack.drop('icmp-unmatched', packet);
          return;
        }
        stack.pool.give(packet);
        return;
      case ICMP_UNREACHABLE:
        mib.IcmpInDestUnreachs++;
        this.#errorIn(packet, ip);
        return;
      case ICMP_TIME_EXCEEDED:
        mib.IcmpInTimeExcds++;
        this.#errorIn(packet, ip);
        return;
      case ICMP_PARAMETER_PROBLEM:
        mib.IcmpInParmProbs++;
        this.#errorIn(packet, ip);
        return;
      case ICMP_SOURCE_QUENCH:
        mib.IcmpInSrcQuenchs++;
        stack.drop('icmp-ignored', packet);
        return;
      case ICMP_REDIRECT:
        mib.IcmpInRedirects++;
        stack.drop('icmp-ignored', packet);
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
   * Sends an error about `packet` (an IPv4 datagram; it stays the caller's), unless RFC 1122 3.2.2 forbids it or the rate
   * limit does.
   *
   * @param iface where the packet came from
   * @param rest the 4 octets after the checksum: an MTU, a pointer
   */
  sendError(packet: Packet, iface: Interface, type: number, code: number, rest: number): void {
    const stack = this.#stack;
    const { mib } = stack;
    if (!this.#mayAnswer(packet, iface)) return;
    const { src, dst } = this.#original;
    const path = stack.paths.find(src, stack.isLocal(dst) ? dst : null);
    if (typeof path === 'string' || path.broadcast) return;
    const allowed = this.#limit.take(src);
    if (allowed === 'host') mib.IcmpOutRateLimitHost++;
    if (allowed === 'global') mib.IcmpOutRateLimitGlobal++;
    if (allowed !== 'ok') return;
    const quote = Math.min(packet.len, ERROR_LENGTH - IPV4_HEADER - ICMP_HEADER);
    const reply = stack.pool.take(IPV4_HEADER + ICMP_HEADER + quote);
    const at = reply.off + IPV4_HEADER;
    reply.buf.set(packet.buf.subarray(packet.off, packet.off + quote), at + ICMP_HEADER);
    writeIcmp(reply.buf, reply.words, at, ICMP_HEADER + quote, type, code, rest);
    reply.len = IPV4_HEADER + ICMP_HEADER + quote;
    mib.IcmpOutMsgs++;
    if (type === ICMP_UNREACHABLE) mib.IcmpOutDestUnreachs++;
    else if (type === ICMP_TIME_EXCEEDED) mib.IcmpOutTimeExcds++;
    else mib.IcmpOutParmProbs++;
    stack.ip.send(reply, path, PROTO_ICMP, 0, 0, false);
  }

  /** RFC 1122 3.2.2: never about errors, groups, fragments but the first, or sources that are no single host. */
  #mayAnswer(packet: Packet, iface: Interface): boolean {
    const h = this.#original;
    if (parseIpv4Quote(packet.buf, packet.off, packet.len, h) !== 'ok') return false;
    if (h.fragmentOffset > 0) return false;
    const { src, dst } = h;
    if (isMulticast(dst) || isLimitedBroadcast(dst) || iface.isDirectedBroadcast(dst)) return false;
    if (isMulticast(src) || isLimitedBroadcast(src) || iface.isDirectedBroadcast(src)) return false;
    if (src.w3 >>> 24 === 0 || (isLoopback(src) && !iface.loopback)) return false;
    if (h.protocol !== PROTO_ICMP) return true;
    // Of ICMP messages only queries may be answered so: echoes.
    return h.payloadLength > 0 && packet.buf[h.payloadOffset] === ICMP_ECHO;
  }

  #errorIn(packet: Packet, ip: IpView): void {
    const stack = this.#stack;
    const m = this.#message;
    const h = this.#quoted;
    const result = parseIpv4Quote(packet.buf, m.bodyOffset, m.bodyLength, h);
    const usable = result === 'ok' && h.fragmentOffset === 0 && h.payloadLength >= 8;
    if (!usable || ip.broadcast || !stack.isLocal(h.src) || isUnspecified(h.dst)) {
      stack.mib.IcmpInErrors++;
      stack.drop('icmp-quote', packet);
      return;
    }
    const error = this.#error;
    this.#classify(error);
    deliverError(stack, packet, ip, error, m, h);
  }

  #classify(error: IcmpError): void {
    const m = this.#message;
    error.mtu = 0;
    error.hard = false;
    if (m.type === ICMP_TIME_EXCEEDED) error.kind = 'time-exceeded';
    else if (m.type === ICMP_PARAMETER_PROBLEM) error.kind = 'parameter-problem';
    else if (m.code === ICMP_FRAGMENTATION_NEEDED) {
      error.kind = 'packet-too-big';
      // A router from before RFC 1191 says 0: the next plateau below what was too big (7.1).
      error.mtu = m.sequence === 0 ? plateauBelow(this.#quoted.totalLength) : m.sequence;
    } else {
      error.kind = 'unreachable';
      // RFC 1122 4.2.3.9
      error.hard = m.code === ICMP_PROTOCOL_UNREACHABLE || m.code === ICMP_PORT_UNREACHABLE;
    }
  }
}

function plateauBelow(length: number): number {
  for (const plateau of PLATEAUS) if (plateau < length) return plateau;
  return 68;
}
