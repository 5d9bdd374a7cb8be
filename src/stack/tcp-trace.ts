/** Owns: how a stack's segments and connections look in a trace. Nothing here runs while nobody watches. */

import type { Ends } from '../tcp/index.ts';
import type { ConnectionRef, SegmentView } from '../trace/events.ts';
import { type Address, formatAddress, formatEndpoint } from '../wire/address.ts';
import { unsigned } from '../wire/seq.ts';
import { ABSENT, type Segment } from '../wire/tcp.ts';
import type { Stack } from './stack.ts';

export function describeConnection(connection: Ends & { readonly id: number }): ConnectionRef {
  return {
    id: connection.id,
    local: formatEndpoint(connection.local, connection.localPort),
    remote: formatEndpoint(connection.remote, connection.remotePort),
  };
}

export function traceSegment(
  stack: Stack,
  type: 'segment-sent' | 'segment-received',
  packet: number,
  src: Address,
  dst: Address,
  segment: Segment,
): void {
  stack.trace?.({
    type,
    time: stack.scheduler.now,
    host: stack.name,
    packet,
    src: formatAddress(src),
    dst: formatAddress(dst),
    segment: segmentView(segment),
  });
}

function segmentView(segment: Segment): SegmentView {
  const { srcPort, dstPort, flags, window, urgent } = segment;
  const sack: [number, number][] = [];
  for (let i = 0; i < segment.sackCount; i++)
    sack.push([unsigned(segment.sack[2 * i]!), unsigned(segment.sack[2 * i + 1]!)]);
  return {
    srcPort,
    dstPort,
    seq: unsigned(segment.seq),
    ack: unsigned(segment.ack),
    flags,
    window,
    urgent,
    length: segment.dataLength,
    ...(segment.mss === ABSENT ? {} : { mss: segment.mss }),
    ...(segment.windowScale === ABSENT ? {} : { windowScale: segment.windowScale }),
    ...(segment.sackPermitted ? { sackPermitted: true } : {}),
    ...(segment.timestamps ? { tsVal: unsigned(segment.tsVal), tsEcr: unsigned(segment.tsEcr) } : {}),
    ...(segment.fastOpenLength === ABSENT ? {} : { fastOpen: cookieText(segment) }),
    ...(sack.length > 0 ? { sack } : {}),
  };
}

function cookieText(segment: Segment): string {
  const octets = Array.from(segment.fastOpenCookie.subarray(0, segment.fastOpenLength));
  return octets.map((octet) => octet.toString(16).padStart(2, '0')).join('');
}
