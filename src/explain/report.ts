/**
 * Owns: a capture as a report: every connection with its figures, and of few, or of one that is asked for, the life and the trace.
 * Memory grows with connections, not with the capture. Leaves to others: reading it (`trace/capture-reader.ts`), and how the
 * report looks.
 */

import type { CapturedPacket } from '../trace/capture.ts';
import { ipStart } from '../trace/capture-link.ts';
import type { SegmentEvent, TraceEvent } from '../trace/events.ts';
import type { Connection } from './connection.ts';
import { Connections } from './connections.ts';
import { Life } from './life.ts';
import type { End, FollowedSegment } from './types.ts';

/** A connection told in full. */
export interface Told {
  readonly life: Life;
  /** Its trace (`StateFollower`), by time; without its middle where it is long. */
  readonly events: readonly TraceEvent[];
  /** Segments that are not in the trace. */
  readonly left: number;
}

export interface ReportOptions {
  /** The stream to be told in full; by default all, while they are few. */
  readonly connection?: number | undefined;
  /** So many connections are few. Default 4. */
  readonly few?: number;
  /** The first ones are told in full even where there are more. Default false: then none is. */
  readonly firstOnly?: boolean;
  /** What is told in full is given up when they have more segments than this, unless one is asked for. Default 10,000. */
  readonly segments?: number;
}

const FEW = 4;
const SEGMENTS = 10_000;
/** Of a long connection, segments that are kept from its beginning and from its end. */
const HEAD = 5000;
const TAIL = 500;

/**
 * Takes the packets of a capture one by one.
 *
 * @example
 * const report = new CaptureReport();
 * const reader = new CaptureReader((packet) => report.take(packet));
 * ...
 * report.end();
 * for (const connection of report.connections) ...
 */
export class CaptureReport {
  readonly connections: Connections;
  readonly #wanted: number | undefined;
  readonly #few: number;
  readonly #most: number;
  readonly #firstOnly: boolean;
  readonly #tellers: Map<number, Teller> = new Map();
  /** All that the capture held, TCP or not. */
  packets = 0;
  #segments = 0;
  /** There are too many connections, or too much of them, for all to be told in full. */
  crowded = false;

  constructor({ connection, few = FEW, firstOnly = false, segments = SEGMENTS }: ReportOptions = {}) {
    this.#wanted = connection;
    this.#few = few;
    this.#most = firstOnly ? Infinity : segments;
    this.#firstOnly = firstOnly;
    const only = connection === undefined ? {} : { onlyStream: connection };
    this.connections = new Connections({ onSegment: (segment) => this.#follow(segment), ...only });
  }

  take(packet: CapturedPacket): void {
    this.packets++;
    const at = ipStart(packet);
    if (at >= 0) this.connections.take(packet, at);
  }

  /** The capture is over. */
  end(): void {
    for (const { life } of this.#tellers.values()) life.end();
  }

  /** The connections that are told in full, in the order of their streams. */
  told(): Told[] {
    return [...this.#tellers.values()].map(({ life, clip }) => ({ life, events: clip.events(), left: clip.left }));
  }

  #follow(segment: FollowedSegment): void {
    const { stream } = segment.connection;
    if (this.#wanted === undefined && !this.#hasRoom(stream)) return;
    let teller = this.#tellers.get(stream);
    if (teller === undefined) {
      const clip = new Clip();
      teller = { clip, life: new Life(segment, (event) => clip.add(event)) };
      this.#tellers.set(stream, teller);
    }
    teller.life.take(segment);
  }

  /** Whether a segment of the stream is to be followed. Where there are too many, none is any more, or only the first streams. */
  #hasRoom(stream: number): boolean {
    const room = stream < this.#few;
    if (this.#firstOnly) {
      this.crowded ||= !room;
      return room;
    }
    if (room && ++this.#segments <= this.#most) return true;
    this.crowded = true;
    this.#tellers.clear();
    this.connections.quiet();
    return false;
  }
}

interface Teller {
  readonly life: Life;
  readonly clip: Clip;
}

/** The beginning and the end of a trace, and all changes of state. */
class Clip {
  /** Segments left out. */
  left = 0;
  readonly #head: TraceEvent[] = [];
  readonly #states: TraceEvent[] = [];
  #tail: TraceEvent[] = [];
  #sent = 0;

  add(event: TraceEvent): void {
    if (event.type === 'segment-sent') this.#sent++;
    if (this.#sent <= HEAD) this.#head.push(event);
    else {
      this.#tail.push(event);
      if (this.#tail.length >= 4 * TAIL) this.#forget();
    }
  }

  events(): TraceEvent[] {
    return [...this.#head, ...this.#states, ...this.#tail].sort((a, b) => a.time - b.time);
  }

  #forget(): void {
    const gone = this.#tail.slice(0, -2 * TAIL);
    this.#tail = this.#tail.slice(-2 * TAIL);
    for (const event of gone) {
      if (event.type === 'state') this.#states.push(event);
      else if (event.type === 'segment-sent') this.left++;
    }
  }
}

/**
 * A trace with the first and the last segments only, and all changes of state.
 *
 * @param words the note in the place of those left out
 */
export function shortened(
  events: readonly TraceEvent[],
  head: number,
  tail: number,
  words: (count: number) => string,
): readonly TraceEvent[] {
  const sent = events.filter((event): event is SegmentEvent => event.type === 'segment-sent');
  if (sent.length <= head + tail) return events;
  const kept = new Set([...sent.slice(0, head), ...sent.slice(sent.length - tail)].map(({ packet }) => packet));
  const last = sent[head - 1]!;
  const note: TraceEvent = { type: 'note', time: last.time, host: last.host, text: words(sent.length - head - tail) };
  const short: TraceEvent[] = [];
  let noted = false;
  for (const event of events) {
    const segment = event.type === 'segment-sent' || event.type === 'segment-received';
    if (!noted && segment && !kept.has(event.packet)) {
      short.push(note);
      noted = true;
    }
    if (!segment || kept.has(event.packet)) short.push(event);
  }
  return short;
}

/**
 * The trace with the times that each host saw: a packet is sent half of the least round trip to its sender before it was captured, and
 * received half of the other's after. What has no round trip measured is taken to be at the place of the capture.
 */
export function atHosts({ life, events }: Told): readonly TraceEvent[] {
  const ways = ([0, 1] as const).map((end) => wayTo(life.connection, end));
  const names = life.follower.ends.map(({ host }) => host);
  const clocks = [0, 0];
  const changed = [0, 0];
  const captured = new Map<number, number>();
  const least = Math.max(...ways);
  return events
    .map((event) => {
      const end = Math.max(0, names.indexOf(event.host));
      if (event.type === 'state') {
        // With the segment that it belongs to, and never before an earlier one.
        changed[end] = Math.max(changed[end]!, clocks[end]!);
        return { ...event, time: changed[end]! };
      }
      const way = ways[end]!;
      let time = event.time + least;
      if (event.type === 'segment-sent') {
        captured.set(event.packet, time);
        time -= way;
      } else if (event.type === 'segment-received') {
        // What was late may have been so on its way from the capture, and came after what it did not stop.
        time = Math.max((captured.get(event.packet) ?? time) + way, clocks[end]!);
      }
      time = Math.round(time * 1000) / 1000;
      clocks[end] = time;
      return { ...event, time };
    })
    .sort((a, b) => a.time - b.time);
}

/** From the place of the capture to an end, ms: half of the least time in which it acknowledged what came from the other. */
function wayTo({ sides }: Connection, end: End): number {
  const { count, min } = sides[end === 0 ? 1 : 0].roundTrips;
  return count === 0 ? 0 : min / 2;
}
