/**
 * Owns: one direction of a connection read from a trace: its segments, what is acknowledged, reported and allowed, over time, as the
 * sender sees it. Leaves to others: the graph (`sequence-graph.ts`).
 */

import { ACK, FIN, RST, SYN } from '../wire/tcp.ts';
import type { SegmentEvent, TraceEvent } from './events.ts';
import { endpoint } from './text.ts';

/** A segment. Sequence numbers count from 0, the SYN's, and do not wrap. */
export interface SentSegment {
  readonly time: number;
  readonly packet: number;
  readonly from: number;
  /** Behind its last octet, SYN and FIN included. */
  readonly until: number;
  readonly length: number;
  readonly again: boolean;
  readonly syn: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  lost: boolean;
}

/** What an ACK tells. */
export interface Acknowledgement {
  readonly time: number;
  /** One past the last octet acknowledged. */
  readonly upTo: number;
  /** Where the window ends. */
  readonly edge: number;
  readonly zero: boolean;
  readonly duplicate: boolean;
  readonly blocks: readonly (readonly [number, number])[];
}

export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly segments: readonly SentSegment[];
  readonly acknowledgements: readonly Acknowledgement[];
}

export interface FlowChoice {
  /** The sender's and the receiver's ends, as `192.0.2.1:80`. By default the direction with the most text. */
  readonly from?: string;
  readonly to?: string;
}

/** A direction as it is found in a trace: the events that tell of its segments. */
interface Found {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** Whether its sender tells, or else its receiver. */
  sender: boolean;
  octets: number;
}

/** @returns null where the trace has no such direction */
export function readFlow(events: readonly TraceEvent[], choice: FlowChoice): Flow | null {
  const found = choose(events, choice);
  if (found === null) return null;
  const [data, acks] = found.sender
    ? (['segment-sent', 'segment-received'] as const)
    : (['segment-received', 'segment-sent'] as const);
  const reader = new FlowReader();
  for (const event of events) {
    if (event.type === data && ends(event) === found.key) reader.segment(event);
    else if (event.type === acks && ends(event, true) === found.key) reader.acknowledgement(event);
    else if (event.type === 'packet-lost' || event.type === 'packet-dropped') reader.lost(event.packet);
  }
  return { from: found.from, to: found.to, segments: reader.segments, acknowledgements: reader.acknowledgements };
}

function choose(events: readonly TraceEvent[], { from, to }: FlowChoice): Found | null {
  const all = new Map<string, Found>();
  for (const event of events) {
    if (event.type !== 'segment-sent' && event.type !== 'segment-received') continue;
    const key = ends(event);
    let found = all.get(key);
    if (found === undefined) {
      const { src, dst, segment } = event;
      found = {
        key,
        from: endpoint(src, segment.srcPort),
        to: endpoint(dst, segment.dstPort),
        sender: false,
        octets: 0,
      };
      all.set(key, found);
    }
    if (event.type === 'segment-sent') found.sender = true;
    found.octets += event.segment.length;
  }
  let best: Found | null = null;
  for (const found of all.values()) {
    if ((from !== undefined && found.from !== from) || (to !== undefined && found.to !== to)) continue;
    if (best === null || found.octets > best.octets) best = found;
  }
  return best;
}

/** Which direction of which connection. @param back the one that a segment answers */
function ends({ src, dst, segment: { srcPort, dstPort } }: SegmentEvent, back: boolean = false): string {
  return back ? `${dst} ${dstPort} ${src} ${srcPort}` : `${src} ${srcPort} ${dst} ${dstPort}`;
}

class FlowReader {
  readonly segments: SentSegment[] = [];
  readonly acknowledgements: Acknowledgement[] = [];
  readonly #packets: Map<number, SentSegment> = new Map();
  /** A sequence number of the trace and what it counts as; later ones are found from there. */
  #known: { seq: number; count: number } | null = null;
  #highest = 0;
  /** Of both SYNs; windows are scaled where both have one. */
  #ownScale = -1;
  #peerScale = -1;
  #last: Acknowledgement | null = null;
  #lastWindow = -1;

  segment({ time, packet, segment, retransmission }: SegmentEvent): void {
    const { flags, length, seq } = segment;
    const syn = (flags & SYN) !== 0;
    const fin = (flags & FIN) !== 0;
    if (syn) this.#ownScale = segment.windowScale ?? -1;
    this.#known ??= { seq, count: syn ? 0 : 1 };
    const from = this.#count(seq);
    const until = from + length + (syn ? 1 : 0) + (fin ? 1 : 0);
    const again = retransmission ?? (until > from && from < this.#highest);
    const made: SentSegment = {
      time,
      packet,
      from,
      until,
      length,
      again,
      syn,
      fin,
      rst: (flags & RST) !== 0,
      lost: false,
    };
    this.#highest = Math.max(this.#highest, until);
    if (until === from && !made.rst) return;
    this.segments.push(made);
    if (packet !== 0) this.#packets.set(packet, made);
  }

  acknowledgement({ time, segment }: SegmentEvent): void {
    const { flags, ack, window, length } = segment;
    if (flags & SYN) this.#peerScale = segment.windowScale ?? -1;
    if (!(flags & ACK) || flags & RST) return;
    this.#known ??= { seq: (ack - 1) >>> 0, count: 0 };
    const scaled = (flags & SYN) === 0 && this.#ownScale >= 0 && this.#peerScale >= 0;
    const size = scaled ? window * (1 << Math.min(this.#peerScale, 14)) : window;
    const count = this.#count(ack);
    const blocks = (segment.sack ?? []).map(([from, to]) => [this.#count(from), this.#count(to)] as const);
    const last = this.#last;
    // RFC 5681 2: no text, nothing new, the same window, while something is outstanding.
    const same = last !== null && last.upTo === count && this.#lastWindow === window;
    const duplicate = same && size > 0 && length === 0 && !(flags & (SYN | FIN)) && this.#highest > count;
    // An old ACK that comes late takes nothing back.
    if (last !== null && count < last.upTo) return;
    this.#lastWindow = window;
    this.#last = { time, upTo: count, edge: count + size, zero: size === 0, duplicate, blocks };
    this.acknowledgements.push(this.#last);
  }

  lost(packet: number): void {
    const segment = this.#packets.get(packet);
    if (segment !== undefined) segment.lost = true;
  }

  /** A sequence number counted from the SYN's, the one nearest to what was counted last. */
  #count(seq: number): number {
    const known = this.#known!;
    const count = known.count + ((seq - known.seq) | 0);
    if (count > known.count) this.#known = { seq, count };
    return count;
  }
}
