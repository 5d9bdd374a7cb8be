/**
 * Owns: UDP (RFC 768, RFC 1122 4.1): datagrams to sockets and from them, port unreachable, ICMP errors to connected
 * sockets. A socket itself is in `udp-socket.ts`.
 */

import { CSUM_COMPLETE, CSUM_PARTIAL, LARGE_PACKET, type Packet } from '../link/packet.ts';
import { type Address, sameAddress } from '../wire/address.ts';
import { readU16, writeU16 } from '../wire/bytes.ts';
import { fold, pseudoHeader, transportChecksum } from '../wire/checksum.ts';
import { ICMP_PORT_UNREACHABLE, ICMP_UNREACHABLE } from '../wire/icmp.ts';
import { ICMPV6_PORT_UNREACHABLE, ICMPV6_UNREACHABLE } from '../wire/icmpv6.ts';
import { PROTO_UDP } from '../wire/ipv4.ts';
import { parseUdp, UDP_HEADER, UdpHeader, writeUdp } from '../wire/udp.ts';
import type { DropReason } from './counters.ts';
import { TsynError } from './errors.ts';
import type { Interface } from './interface.ts';
import { ipHeaderLength } from './ip.ts';
import type { Path } from './paths.ts';
import type { Stack } from './stack.ts';
import type { IcmpError, IpView, TransportProtocol } from './transport.ts';
import { UdpSocket, type UdpSocketOptions } from './udp-socket.ts';

/** Octets of the largest datagram's data: as much as one IP packet here takes. */
export function maxUdpData(family: 4 | 6): number {
  return LARGE_PACKET - ipHeaderLength(family) - UDP_HEADER;
}

export class Udp implements TransportProtocol {
  readonly #stack: Stack;
  readonly #header: UdpHeader = new UdpHeader();
  /** Bound sockets by local port. */
  readonly #bound: Map<number, UdpSocket[]> = new Map();
  readonly #all: Set<UdpSocket> = new Set();

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  /** See `Stack.openUdp`. */
  open(options: UdpSocketOptions): UdpSocket {
    if (this.#all.size >= this.#stack.config.udp.maxSockets) {
      throw new TsynError('ENOSPC', 'there are config.udp.maxSockets UDP sockets already');
    }
    const socket = new UdpSocket(this.#stack, this, options);
    this.#all.add(socket);
    return socket;
  }

  /** Whether a socket that would overlap (local address, families) has the port. */
  inUse(port: number, local: Address | null, v4: boolean, v6: boolean, except: UdpSocket | null): boolean {
    const sockets = this.#bound.get(port);
    return sockets?.some((s) => s !== except && s.overlaps(local, v4, v6)) ?? false;
  }

  /** For sockets: takes and leaves a place in the port table. */
  enter(socket: UdpSocket, port: number): void {
    const sockets = this.#bound.get(port);
    if (sockets === undefined) this.#bound.set(port, [socket]);
    else sockets.push(socket);
  }

  leave(socket: UdpSocket, port: number): void {
    this.#all.delete(socket);
    const sockets = this.#bound.get(port);
    const at = sockets?.indexOf(socket) ?? -1;
    if (sockets === undefined || at < 0) return;
    sockets.splice(at, 1);
    if (sockets.length === 0) this.#bound.delete(port);
  }

  /** Open sockets, the oldest first. */
  sockets(): Iterable<UdpSocket> {
    return this.#all;
  }

  input(packet: Packet, ip: IpView, iface: Interface): void {
    const stack = this.#stack;
    const { mib } = stack;
    const h = this.#header;
    const result = parseUdp(packet.buf, ip.payloadOffset, ip.payloadLength, h);
    if (result !== 'ok') {
      this.#bad(result === 'truncated' ? 'udp-truncated' : 'udp-length', packet);
      return;
    }
    if (h.srcPort === 0 || h.dstPort === 0) {
      this.#bad('udp-port', packet);
      return;
    }
    if (!checksumRight(packet, ip, h)) {
      mib.UdpInCsumErrors++;
      this.#bad('udp-checksum', packet);
      return;
    }
    const sockets = this.#bound.get(h.dstPort);
    if (ip.broadcast && sockets !== undefined) {
      this.#toAll(sockets, packet, ip);
      return;
    }
    const socket = sockets === undefined ? null : best(sockets, ip, h);
    if (socket !== null) {
      this.#deliver(socket, packet, ip);
      return;
    }
    mib.UdpNoPorts++;
    if (!ip.broadcast) {
      if (ip.family === 4) stack.icmp.sendError(packet, iface, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0);
      else stack.icmpv6.sendError(packet, iface, ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE, 0);
    }
    stack.drop('udp-no-port', packet);
  }

  /** An ICMP error about a datagram of ours: for the socket that sent it, if the quote fits (RFC 1122 4.1.3.3). */
  error(error: IcmpError): void {
    const { buf, quoteOffset: at, local, remote, family } = error;
    const remotePort = readU16(buf, at + 2);
    for (const socket of this.#bound.get(readU16(buf, at)) ?? []) {
      if (!socket.sentTo(family, local, remote, remotePort)) continue;
      if (error.kind === 'packet-too-big') {
        const path = this.#stack.paths.find(remote, local);
        if (typeof path !== 'string') this.#stack.paths.packetTooBig(path, error.mtu);
      }
      socket.errorIn(error);
      return;
    }
  }

  burstEnd(): void {}

  close(): void {
    for (const socket of [...this.#all]) socket.close();
  }

  /** Sends a datagram; its size is checked already. */
  send(path: Path, srcPort: number, dstPort: number, data: Uint8Array, ttl: number, tos: number): void {
    const stack = this.#stack;
    const header = ipHeaderLength(path.family);
    const length = UDP_HEADER + data.length;
    const packet = stack.pool.take(header + length);
    const { buf, words } = packet;
    const at = packet.off + header;
    packet.len = header + length;
    buf.set(data, at + UDP_HEADER);
    writeUdp(buf, at, srcPort, dstPort, length);
    if (path.iface.link.offload.checksum && packet.len <= path.mtu) {
      packet.checksum = CSUM_PARTIAL;
      writeU16(buf, at + 6, fold(pseudoHeader(path.local, path.remote, PROTO_UDP, length)));
    } else {
      const checksum = transportChecksum(buf, words, at, length, PROTO_UDP, path.local, path.remote);
      writeU16(buf, at + 6, checksum === 0 ? 0xffff : checksum); // 0 would say that there is none
    }
    stack.mib.UdpOutDatagrams++;
    stack.ip.send(packet, path, PROTO_UDP, ttl, tos, false);
  }

  #deliver(socket: UdpSocket, packet: Packet, ip: IpView): void {
    const { mib } = this.#stack;
    if (!this.#offer(socket, packet, ip)) {
      mib.UdpRcvbufErrors++;
      this.#bad('udp-queue-full', packet);
      return;
    }
    mib.UdpInDatagrams++;
    this.#stack.pool.give(packet);
    socket.flush();
  }

  /** A broadcast is for every socket that would take it. */
  #toAll(sockets: readonly UdpSocket[], packet: Packet, ip: IpView): void {
    const { mib } = this.#stack;
    const takers = sockets.filter((s) => s.score(ip, this.#header.srcPort) >= 0);
    let taken = 0;
    for (const socket of takers) {
      if (this.#offer(socket, packet, ip)) taken++;
      else mib.UdpRcvbufErrors++;
    }
    if (taken === 0) {
      this.#bad(takers.length > 0 ? 'udp-queue-full' : 'udp-no-port', packet);
      return;
    }
    mib.UdpInDatagrams++;
    this.#stack.pool.give(packet);
    for (const socket of takers) socket.flush();
  }

  #offer(socket: UdpSocket, packet: Packet, ip: IpView): boolean {
    const h = this.#header;
    const { payloadOffset: at, payloadLength: length } = h;
    if (!socket.hasRoom(length)) return false;
    socket.queue({
      data: packet.buf.slice(at, at + length),
      remote: ip.src.clone(),
      port: h.srcPort,
      local: ip.dst.clone(),
      tos: ip.tos,
    });
    return true;
  }

  #bad(reason: DropReason, packet: Packet): void {
    this.#stack.mib.UdpInErrors++;
    this.#stack.drop(reason, packet);
  }
}

/** RFC 768: 0 says there is none, which IPv6 does not allow (RFC 8200 8.1). */
function checksumRight(packet: Packet, ip: IpView, h: UdpHeader): boolean {
  if (packet.checksum !== CSUM_COMPLETE) return true;
  if (h.checksum === 0) return ip.family === 4;
  return transportChecksum(packet.buf, packet.words, ip.payloadOffset, h.length, PROTO_UDP, ip.src, ip.dst) === 0;
}

function best(sockets: readonly UdpSocket[], ip: IpView, h: UdpHeader): UdpSocket | null {
  let found: UdpSocket | null = null;
  let most = -1;
  for (let i = 0; i < sockets.length; i++) {
    const score = sockets[i]!.score(ip, h.srcPort);
    if (score <= most) continue;
    most = score;
    found = sockets[i]!;
  }
  return found;
}

/** Whether two local addresses, null being any, cannot both be bound to one port. */
export function overlap(a: Address | null, b: Address | null): boolean {
  return a === null || b === null || sameAddress(a, b);
}
