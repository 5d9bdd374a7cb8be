/** Captures of tests, followed: a trace for each connection. */

import { Connections, type FollowedSegment } from '../../src/explain/index.ts';
import { StateFollower } from '../../src/explain/states.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import type { Captured } from './two-hosts.ts';

export interface Followed {
  readonly hosts: readonly [string, string];
  readonly follower: StateFollower;
  /** By time. */
  readonly events: readonly TraceEvent[];
}

/** Segments of all connections, as they are told. */
export function segmentsOf(packets: readonly Captured[]): FollowedSegment[] {
  const segments: FollowedSegment[] = [];
  const connections = new Connections({ onSegment: (segment) => segments.push(segment) });
  packets.forEach(({ time, octets }, at) => {
    const seconds = Math.floor(time / 1000);
    const nanoseconds = Math.round((time % 1000) * 1e6);
    const { length } = octets;
    connections.take({ frame: at + 1, seconds, nanoseconds, length, buf: octets, off: 0, kept: length }, 0);
  });
  return segments;
}

/** The connections of a capture, in its order. */
export function follow(packets: readonly Captured[]): Followed[] {
  return followSegments(segmentsOf(packets));
}

export function followSegments(segments: readonly FollowedSegment[]): Followed[] {
  const found = new Map<unknown, { follower: StateFollower; events: TraceEvent[] }>();
  for (const segment of segments) {
    let one = found.get(segment.connection);
    if (one === undefined) {
      const events: TraceEvent[] = [];
      one = { follower: new StateFollower(segment, (event) => events.push(event)), events };
      found.set(segment.connection, one);
    }
    one.follower.take(segment);
  }
  return [...found.values()].map(({ follower, events }) => {
    follower.end();
    const [a, b] = follower.ends;
    return { hosts: [a.host, b.host], follower, events: events.sort((x, y) => x.time - y.time) };
  });
}
