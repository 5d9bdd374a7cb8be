/**
 * Owns: what happens to a packet between a transport and a link: IP header, identification (RFC 6864, RFC 7739),
 * fragmentation (RFC 791 2.3, RFC 8200 4.5), the neighbour, and whatever offload the link turns out not to have.
 */

import { CSUM_PARTIAL, type Packet } from '../link/packet.ts';
import { segment } from '../link/segment.ts';
import { complete } from '../link/transport.ts';
import { IPV4_HEADER, Ipv4Header, writeIpv4 } from '../wire/ipv4.ts';
import { IPV6_HEADER, Ipv6Header, writeIpv6 } from '../wire/ipv6.ts';
import { fragment4, fragment6 } from './fragmentation.ts';
import type { Path } from './paths.ts';
import type { SourceRoute } from './source-route.ts';
import type { Stack } from './stack.ts';

export class IpOutput {
  readonly #stack: Stack;
  readonly #v4: Ipv4Header = new Ipv4Header();
  readonly #v6: Ipv6Header = new Ipv6Header();
  /** Pieces of the packet being cut up. */
  readonly #pieces: Packet[] = [];

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** See `IpLayer.send`. */
  send(
    packet: Packet,
    path: Path,
    protocol: number,
    ttl: number,
    tos: number,
    dontFragment: boolean,
    route: SourceRoute | null = null,
  ): void {
    const stack = this.#stack;
    if (!stack.paths.refresh(path)) {
      if (path.family === 4) stack.mib.IpOutNoRoutes++;
      else stack.mib.Ip6OutNoRoutes++;
      stack.drop('ip-no-route', packet);
      return;
    }
    if (path.pmtuExpires !== Infinity) stack.paths.age(path, stack.scheduler.now);
    const hops = ttl === 0 ? stack.config.ip.ttl : ttl;
    if (path.family === 4) this.#send4(packet, path, protocol, hops, tos, dontFragment, route);
    else this.#send6(packet, path, protocol, hops, tos, dontFragment);
  }

  #send4(
    packet: Packet,
    path: Path,
    protocol: number,
    ttl: number,
    tos: number,
    dontFragment: boolean,
    route: SourceRoute | null,
  ): void {
    const { mib } = this.#stack;
    mib.IpOutRequests++;
    const h = this.#v4;
    h.tos = tos;
    h.totalLength = packet.len;
    // Atomic datagrams need none (RFC 6864 4.1; MAY-4); the others count for each destination apart.
    h.id = dontFragment ? 0 : nextId(path) & 0xffff;
    h.dontFragment = dontFragment;
    h.ttl = ttl;
    h.protocol = protocol;
    h.src = path.local;
    h.dst = path.remote;
    writeIpv4(packet.buf, packet.off, h);
    if (route !== null) route.write(packet);
    if (packet.len <= path.mtu || packet.segmentSize > 0) this.transmit(packet, path);
    else if (dontFragment) this.#tooBig(packet, 4);
    else this.fragment(packet, path);
  }

  #send6(packet: Packet, path: Path, protocol: number, ttl: number, tos: number, dontFragment: boolean): void {
    this.#stack.mib.Ip6OutRequests++;
    const h = this.#v6;
    h.trafficClass = tos;
    h.hopLimit = ttl;
    h.protocol = protocol;
    h.src = path.local;
    h.dst = path.remote;
    writeIpv6(packet.buf, packet.off, h, packet.len - IPV6_HEADER, protocol);
    if (packet.len <= path.mtu || packet.segmentSize > 0) this.transmit(packet, path);
    else if (dontFragment) this.#tooBig(packet, 6);
    else this.fragment(packet, path);
  }

  /** Cuts a packet with a complete IP header into fragments for the path's MTU, and sends those. */
  fragment(packet: Packet, path: Path): void {
    const { mib, pool } = this.#stack;
    const pieces = this.#pieces;
    complete(packet, 'ip');
    let made: boolean;
    if (path.family === 4) {
      made = fragment4(packet, path.mtu, pool, pieces);
      if (made) mib.IpFragOKs++;
      mib.IpFragCreates += pieces.length;
    } else {
      made = fragment6(packet, path.mtu, nextId(path), pool, pieces);
      if (made) mib.Ip6FragOKs++;
      mib.Ip6FragCreates += pieces.length;
    }
    if (!made) {
      this.#tooBig(packet, path.family);
      return;
    }
    pool.give(packet);
    this.#transmitPieces(path);
  }

  /** Hands a packet with a complete IP header to the path's link. */
  transmit(packet: Packet, path: Path): void {
    const { iface } = path;
    const { offload } = iface.link;
    if (packet.segmentSize > 0 && packet.len > offload.segmentation && packet.len > path.mtu) {
      segment(packet, 'ip', this.#stack.pool, this.#pieces);
      this.#transmitPieces(path);
      return;
    }
    if (packet.checksum === CSUM_PARTIAL && !offload.checksum) complete(packet, 'ip');
    if (iface.neighbours === null) iface.link.send(packet);
    else iface.neighbours.send(packet, path);
  }

  #transmitPieces(path: Path): void {
    const pieces = this.#pieces;
    const { iface } = path;
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i]!;
      // A super-segment made for a larger path MTU than there is now: its sender will hear of it in time.
      if (piece.len > path.iface.mtu) this.#tooBig(piece, path.family);
      else if (iface.neighbours === null) iface.link.send(piece);
      else iface.neighbours.send(piece, path);
    }
    pieces.length = 0;
  }

  #tooBig(packet: Packet, family: 4 | 6): void {
    const { mib } = this.#stack;
    if (family === 4) mib.IpFragFails++;
    else mib.Ip6FragFails++;
    this.#stack.drop('ip-too-big', packet);
  }
}

/** The next identification of a path: 32 bits, a counter with a random start. */
function nextId(path: Path): number {
  const id = path.nextId;
  path.nextId = (id + 1) >>> 0;
  return id;
}

/** Octets of the largest transport segment that goes to `path` unfragmented. */
export function largestSegment(path: Path): number {
  return path.mtu - (path.family === 4 ? IPV4_HEADER : IPV6_HEADER);
}
