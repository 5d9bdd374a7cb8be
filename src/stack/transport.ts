/**
 * Owns: the contract between IP and the protocols above it (RFC 9293 3.9.2, RFC 1122 3.4). ICMP, ICMPv6, UDP and TCP
 * are all registered in `stack.transports` under their protocol numbers and implement {@link TransportProtocol}.
 */

import type { Packet } from '../link/packet.ts';
import { Address, ANY4 } from '../wire/address.ts';
import type { Interface } from './interface.ts';
import type { SourceRoute } from './source-route.ts';

/** A protocol above IP. */
export interface TransportProtocol {
  /**
   * A packet for this host. The protocol takes the packet over and gives it back to the pool (`stack.drop` or
   * `stack.pool.give`). `ip` is scratch, valid during the call; its addresses too: clone what is kept.
   */
  input(packet: Packet, ip: IpView, iface: Interface): void;
  /**
   * An ICMP error about something this host sent with this protocol number. Lengths and ICMP checksum are right and
   * the quoted source is an address of this host; whether the quote belongs to a connection is for the protocol to say
   * (RFC 5927 4.1), before it tells the path about a smaller MTU (`stack.paths.packetTooBig`). Scratch, valid during the call.
   */
  error(error: IcmpError): void;
  /** The link has no more packets for the moment. */
  burstEnd(): void;
}

/** The IP header of a packet that arrived, for the protocol above. One scratch object for each family is reused. */
export class IpView {
  family: 4 | 6 = 4;
  src: Address = new Address();
  dst: Address = new Address();
  protocol = 0;
  ttl = 0;
  /** DSCP and ECN. */
  tos = 0;
  /** Where the transport header starts in `packet.buf`. */
  payloadOffset = 0;
  /** Octets of transport header and text; link padding is cut off already. */
  payloadLength = 0;
  /** Where the IP header starts in `packet.buf`. */
  headerOffset = 0;
  /** The destination is a broadcast or multicast address, of IP or of the link: no errors, no resets (RFC 1122 3.2.2). */
  broadcast = false;
  /** The way back that its source route gives; null without one, or where they are off. */
  route: SourceRoute | null = null;
  /** It came in pieces, or with a fragment header (RFC 6980 forbids that to Neighbor Discovery). */
  fragmented = false;
}

export type IcmpErrorKind =
  | 'unreachable'
  | 'time-exceeded'
  | 'parameter-problem'
  | 'packet-too-big'
  | 'source-quench'
  | 'redirect';

/**
 * An ICMP error, or the local equivalent of one (a neighbour that does not answer). 'source-quench' and 'redirect'
 * are never delivered: they are counted and discarded (RFC 6633; redirects are ignored by policy).
 */
export class IcmpError {
  kind: IcmpErrorKind = 'unreachable';
  /** RFC 1122 4.2.3.9: hard errors say that the destination will not have it; soft ones that it may pass. */
  hard = false;
  family: 4 | 6 = 4;
  type = 0;
  code = 0;
  /** For 'packet-too-big', octets: as the message says, or guessed where an old router says 0 (RFC 1191 5). Not clamped. */
  mtu = 0;
  /** Whose quoted packet it was: our address. */
  local: Address = ANY4;
  /** Where it was going. */
  remote: Address = ANY4;
  protocol = 0;
  /** Who sent the error. Equal to `local` where this host found out itself. */
  from: Address = ANY4;
  buf: Uint8Array = EMPTY;
  /** Where the quoted transport header starts in `buf`. */
  quoteOffset = 0;
  /** Octets of it that are there, at least 8. */
  quoteLength = 0;
}

const EMPTY: Uint8Array = new Uint8Array(0);
