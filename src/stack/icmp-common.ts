/** Owns: what ICMP of both families does alike: turning an echo request round, saying whose packet an error quotes. */

import { CSUM_COMPLETE, type Packet } from '../link/packet.ts';
import type { Address } from '../wire/address.ts';
import { readU16, writeU16 } from '../wire/bytes.ts';
import { update16 } from '../wire/checksum.ts';
import { ipHeaderLength } from './ip.ts';
import type { Stack } from './stack.ts';
import type { IcmpError, IpView } from './transport.ts';

/**
 * Turns an echo request into its reply and sends it back (RFC 1122 3.2.2.6, RFC 4443 4.2); none to a group, which would
 * be a Smurf's amplifier (RFC 2644). Takes the packet over.
 *
 * @param replyType the ICMP type of a reply
 * @returns whether a reply was sent
 */
export function turnEchoRound(stack: Stack, packet: Packet, ip: IpView, replyType: number): boolean {
  if (ip.broadcast) {
    stack.drop('icmp-broadcast', packet);
    return false;
  }
  if (!stack.config.icmp.echoReply) {
    stack.drop('icmp-disabled', packet);
    return false;
  }
  const path = stack.paths.find(ip.src, ip.dst);
  if (typeof path === 'string') {
    stack.drop('ip-no-route', packet);
    return false;
  }
  const { buf } = packet;
  const at = ip.payloadOffset;
  const before = readU16(buf, at);
  buf[at] = replyType;
  // In ICMPv6 the pseudo-header's sum does not mind that source and destination change places.
  // The sum of a message that is all zeros is 0xffff, which stands for the other zero in any other message too.
  writeU16(buf, at + 2, update16(readU16(buf, at + 2), before, readU16(buf, at)) || 0xffff);
  const header = ipHeaderLength(ip.family);
  packet.off = at - header;
  packet.len = header + ip.payloadLength;
  packet.checksum = CSUM_COMPLETE;
  packet.segmentSize = 0;
  // The reply keeps the service asked for, but not the network's congestion marks.
  stack.ip.send(packet, path, ip.protocol, 0, ip.tos & ~3, false);
  return true;
}

/** The header of a quoted packet, of either family. */
interface Quoted {
  readonly src: Address;
  readonly dst: Address;
  readonly protocol: number;
  readonly payloadOffset: number;
  readonly payloadLength: number;
}

/** Delivers an error, whose kind is said already, to the protocol that sent what it quotes. Takes the packet over. */
export function deliverError(
  stack: Stack,
  packet: Packet,
  ip: IpView,
  error: IcmpError,
  message: { readonly type: number; readonly code: number },
  quoted: Quoted,
): void {
  error.family = ip.family;
  error.type = message.type;
  error.code = message.code;
  error.local = quoted.src;
  error.remote = quoted.dst;
  error.protocol = quoted.protocol;
  error.from = ip.src;
  error.buf = packet.buf;
  error.quoteOffset = quoted.payloadOffset;
  error.quoteLength = quoted.payloadLength;
  stack.transports[quoted.protocol]?.error(error);
  stack.pool.give(packet);
}
