/**
 * Owns: source routes of IPv4 as a host has them (RFC 1122 3.2.1.8 (c), 3.3.5; RFC 9293 3.9.2.1), where `config.ip.sourceRoutes` is
 * on: the route of a connection's packets, the way back that a received route gives, a packet's next step along its route.
 * Off, which is the default and what RFC 7126 advises, nothing here is ever asked.
 */

import type { Packet } from '../link/packet.ts';
import { ipOptionsChanged, receiveWindow } from '../tcp/index.ts';
import { type Address, isLimitedBroadcast, isMulticast, sameAddress } from '../wire/address.ts';
import { writeU16, writeU32 } from '../wire/bytes.ts';
import { finish, sum } from '../wire/checksum.ts';
import { ICMP_SOURCE_ROUTE_FAILED, ICMP_UNREACHABLE } from '../wire/icmp.ts';
import { IPV4_HEADER, type Ipv4Header } from '../wire/ipv4.ts';
import {
  MAX_ROUTE,
  parseIpv4Options,
  recordedRoute,
  SourceRouteOption,
  sourceRouteLength,
  writeSourceRoute,
} from '../wire/ipv4-options.ts';
import { diff, le } from '../wire/seq.ts';
import { ACK, type Segment } from '../wire/tcp.ts';
import { invalidArgument } from './errors.ts';
import type { Interface } from './interface.ts';
import type { Stack } from './stack.ts';
import { checkAddress } from './tcp-options.ts';
import type { TcpSocket } from './tcp-socket.ts';

/** The hosts that a connection's packets come by before they reach the peer. */
export class SourceRoute {
  /** Where packets go first. */
  readonly first: Address;
  /** Where they go then; the last is the peer. */
  readonly rest: readonly Address[];

  constructor(hops: readonly Address[], peer: Address) {
    this.first = hops[0]!;
    this.rest = [...hops.slice(1), peer];
  }

  /** What it adds to the IP header. */
  get octets(): number {
    return sourceRouteLength(this.rest.length);
  }

  /** Puts the option into a packet whose header has been written without, room for it left. */
  write(packet: Packet): void {
    const { buf, off } = packet;
    const header = IPV4_HEADER + this.octets;
    buf[off] = 0x40 | (header >> 2);
    writeSourceRoute(buf, off + IPV4_HEADER, this.rest);
    rewriteChecksum(packet, header);
  }

  same(other: SourceRoute | null): boolean {
    if (other === null || other.rest.length !== this.rest.length || !sameAddress(other.first, this.first)) return false;
    return this.rest.every((address, i) => sameAddress(address, other.rest[i]!));
  }
}

/**
 * The route that a user asks for.
 *
 * @throws TsynError ERR_INVALID_ARG_VALUE: not addresses of IPv4 hosts, too many, or source routes are off
 */
export function checkSourceRoute(stack: Stack, hops: readonly string[] | undefined, peer: Address): SourceRoute | null {
  if (hops === undefined) return null;
  if (!stack.config.ip.sourceRoutes) {
    throw invalidArgument('sourceRoute', hops, 'absent while config.ip.sourceRoutes is off');
  }
  if (!Array.isArray(hops) || hops.length < 1 || hops.length > MAX_ROUTE || peer.family !== 4) {
    throw invalidArgument('sourceRoute', hops, `1 to ${MAX_ROUTE} IPv4 addresses, to an IPv4 address`);
  }
  const route = hops.map((hop) => {
    const address = checkAddress('sourceRoute', hop);
    if (!isHost(address)) throw invalidArgument('sourceRoute', hop, 'the IPv4 address of a host');
    return address;
  });
  return new SourceRoute(route, peer);
}

/**
 * A segment has come by a source route: the way back is that of a connection that was opened passively (MUST-53), not of one
 * that the application gave a route of its own (MUST-52); another one takes its place (SHLD-24). Only where the segment is one that the peer may have sent: anybody can write a route.
 */
export function takeRoute(stack: Stack, socket: TcpSocket, segment: Segment, route: SourceRoute): void {
  const { tcb } = socket;
  const ahead = diff(segment.seq, tcb.rcv.nxt);
  const acked = le(tcb.snd.una, segment.ack) && le(segment.ack, tcb.snd.nxt);
  const credible = segment.flags & ACK && acked && ahead >= 0 && ahead <= receiveWindow(tcb);
  if (!tcb.passive || !credible || route.same(socket.route)) return;
  const path = stack.ip.pathTo(route.first, tcb.local);
  if (typeof path === 'string' || path.broadcast) return;
  socket.route = route;
  socket.path = path;
  ipOptionsChanged(tcb, route.octets);
}

function isHost(address: Address): boolean {
  return address.family === 4 && !isMulticast(address) && !isLimitedBroadcast(address) && address.w3 >>> 24 !== 0;
}

/** Source routes of packets that arrive for this host. */
export class SourceRoutes {
  readonly #stack: Stack;
  readonly #option: SourceRouteOption = new SourceRouteOption();
  /** The way back that the packet's route gives; null for none. Valid until the next packet. */
  back: SourceRoute | null = null;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /**
   * A packet with options has come to an address of ours.
   *
   * @returns 'arrived'; 'onward' with `h` saying where to; 'dropped'
   */
  input(packet: Packet, iface: Interface, h: Ipv4Header): 'arrived' | 'onward' | 'dropped' {
    const stack = this.#stack;
    const option = this.#option;
    this.back = null;
    const result = parseIpv4Options(packet.buf, packet.off, h.headerLength, option);
    if (result !== 'ok') {
      stack.mib.IpInHdrErrors++;
      stack.drop(`ipv4-${result}`, packet);
      return 'dropped';
    }
    if (option.at < 0) return 'arrived';
    if (!option.complete) return this.#advance(packet, iface, h);
    const hops = recordedRoute(packet.buf, option).reverse();
    // Some hosts record themselves first (RFC 1122 3.2.1.8 (c) (B)).
    if (hops.length > 0 && sameAddress(hops.at(-1)!, h.src)) hops.pop();
    if (hops.length > 0 && hops.every(isHost)) this.back = new SourceRoute(hops, h.src.clone());
    return 'arrived';
  }

  /** One step along a route: the next address becomes the destination, the one we send from takes its place. */
  #advance(packet: Packet, iface: Interface, h: Ipv4Header): 'onward' | 'dropped' {
    const stack = this.#stack;
    const option = this.#option;
    const { buf } = packet;
    const next = recordedRoute(buf, option)[(option.pointer - 4) >> 2]!;
    const path = stack.config.ip.forwarding && isHost(next) && !stack.isLocal(next) ? stack.paths.transit(next) : null;
    const own =
      path === null || path === 'no-route' ? undefined : path.iface.addresses.find((a) => a.address.family === 4);
    const strays = option.strict && path !== null && path !== 'no-route' && !sameAddress(path.nextHop, next);
    if (own === undefined || strays) {
      stack.icmp.sendError(packet, iface, ICMP_UNREACHABLE, ICMP_SOURCE_ROUTE_FAILED, 0);
      stack.drop('ip-source-route', packet);
      return 'dropped';
    }
    writeU32(buf, option.at + option.pointer - 1, own.address.w3);
    buf[option.at + 2] = option.pointer + 4;
    writeU32(buf, packet.off + 16, next.w3);
    rewriteChecksum(packet, h.headerLength);
    h.dst.w3 = next.w3;
    return 'onward';
  }
}

function rewriteChecksum(packet: Packet, header: number): void {
  const { buf, off } = packet;
  writeU16(buf, off + 10, 0);
  writeU16(buf, off + 10, finish(sum(buf, packet.words, off, header, 0)));
}
