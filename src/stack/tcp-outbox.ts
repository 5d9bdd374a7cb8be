/**
 * Owns: a segment's way from the engine to IP: the packet is built in one pooled buffer, header and text, checksum made
 * or left to the link.
 */

import type { Ring } from '../base/ring.ts';
import { CSUM_PARTIAL } from '../link/packet.ts';
import type { Ends, Outbox } from '../tcp/index.ts';
import { writeU16 } from '../wire/bytes.ts';
import { finish, fold, pseudoHeader, sum } from '../wire/checksum.ts';
import { PROTO_TCP } from '../wire/ipv4.ts';
import { type Segment, tcpHeaderLength, writeTcp } from '../wire/tcp.ts';
import { ipHeaderLength } from './ip.ts';
import type { Path } from './paths.ts';
import type { SourceRoute } from './source-route.ts';
import type { Stack } from './stack.ts';
import { traceSegment } from './tcp-trace.ts';

const CHECKSUM_OFFSET = 16;

export class TcpOutbox implements Outbox {
  /** The way of the connection that the engine is working on; null where there is none, and its segments are dropped. */
  path: Path | null = null;
  /** The source route of its packets: `path` leads to the first host of it. */
  route: SourceRoute | null = null;
  ttl = 64;
  tos = 0;
  readonly #stack: Stack;

  constructor(stack: Stack) {
    this.#stack = stack;
  }

  get full(): boolean {
    return this.path?.iface.link.full === true;
  }

  segment(ends: Ends, segment: Segment, text: Ring | null, at: number): void {
    const { path, route } = this;
    if (path === null) {
      this.#stack.mib.IpOutNoRoutes++;
      return;
    }
    segment.srcPort = ends.localPort;
    segment.dstPort = ends.remotePort;
    const ipHeader = ipHeaderLength(path.family) + (route === null ? 0 : route.octets);
    // With a source route the checksum is about the last destination (RFC 9293 3.1).
    const remote = route === null ? path.remote : ends.remote;
    const header = tcpHeaderLength(segment);
    const length = header + segment.dataLength;
    const packet = this.#stack.pool.take(ipHeader + length);
    const { buf } = packet;
    const off = packet.off + ipHeader;
    writeTcp(buf, off, segment);
    if (text !== null) text.copy(at, segment.dataLength, buf, off + header);
    packet.len = ipHeader + length;
    packet.segmentSize = segment.segmentSize;
    // The checksum (MUST-2): here, or by a link that offers to.
    const pseudo = pseudoHeader(path.local, remote, PROTO_TCP, length);
    if (path.iface.link.offload.checksum && route === null) {
      packet.checksum = CSUM_PARTIAL;
      writeU16(buf, off + CHECKSUM_OFFSET, fold(pseudo));
    } else {
      writeU16(buf, off + CHECKSUM_OFFSET, finish(sum(buf, packet.words, off, length, pseudo)));
    }
    if (this.#stack.trace !== null) {
      packet.id = this.#stack.pool.nextId();
      traceSegment(this.#stack, 'segment-sent', packet.id, path.local, remote, segment);
    }
    this.#stack.ip.send(packet, path, PROTO_TCP, this.ttl, this.tos | segment.ecn, this.#mayDiscover(path), route);
  }

  /**
   * Whether segments say "do not fragment" (RFC 1191). Not where IPv4 routers said less than `config.ip.minPmtu4`: that
   * much is sent, and may be cut up on its way.
   */
  #mayDiscover(path: Path): boolean {
    return path.family === 6 || path.pmtuExpires === Infinity || path.mtu > this.#stack.config.ip.minPmtu4;
  }
}
