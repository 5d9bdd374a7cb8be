/** Owns: a parsed segment as traces show it: plain data, unsigned numbers, absent options left out. */

import type { SegmentView } from '../trace/events.ts';
import { unsigned } from './seq.ts';
import { ABSENT, type Segment } from './tcp.ts';

export function segmentView(segment: Segment): SegmentView {
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
