/**
 * Owns: what one host saw and did on one connection, in order: from a capture, in which calls are inferred from what they make the
 * host send, or from a trace, which knows them.
 */

import type { CapturedPacket } from '../trace/capture.ts';
import { ipPacketOf } from '../trace/capture-link.ts';
import type { CallEvent, SegmentEvent, SegmentView, TraceEvent } from '../trace/events.ts';
import { seq } from '../wire/seq.ts';
import { ACK, FIN, PSH, RST, Segment, SYN, writeTcp } from '../wire/tcp.ts';
import { decodePacket, type LiveTcp } from './live.ts';
import { decodeOptions } from './options.ts';

export interface PacketStep {
  readonly kind: 'packet';
  /** µs. */
  readonly time: number;
  readonly outbound: boolean;
  readonly tcp: LiveTcp;
  /** The two bits of ECN. */
  readonly ecn: number;
}

export interface CallStep {
  readonly kind: 'call';
  readonly time: number;
  readonly call: 'SEND' | 'RECEIVE' | 'CLOSE' | 'ABORT';
  /** Octets. */
  readonly count: number;
}

export type Step = PacketStep | CallStep;

/** A connection as one of its hosts saw it. */
export interface Recording {
  readonly family: 4 | 6;
  readonly local: string;
  readonly remote: string;
  readonly steps: readonly Step[];
}

/** Which connection, and whose view. */
export interface RecordOptions {
  /** Connections count from 0, by their first SYN. */
  readonly connection?: number;
  /** The address, or in a trace the name, of the host whose view it is; by default the one that answers the SYN. */
  readonly local?: string;
  /** The script is played with the stack's own defaults, not with a kernel's. By default that is so of traces. */
  readonly own?: boolean;
}

/** There is no such connection. */
export class RecordError extends Error {
  readonly code = 'ERR_DRILL_RECORD';

  constructor(reason: string) {
    super(reason);
    this.name = 'RecordError';
  }
}

interface Sighting {
  readonly time: number;
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly ecn: number;
  readonly tcp: LiveTcp;
}

// ---- Captures ----

/** @throws RecordError */
export function fromCapture(packets: readonly CapturedPacket[], options: RecordOptions): Recording {
  const seen = packets.flatMap((packet): Sighting[] => {
    const ip = ipPacketOf(packet);
    const live = ip === null ? null : decodePacket(packet.time, ip);
    if (live === null || live.content.protocol !== 'tcp') return [];
    const { family, source, destination, tos } = live;
    return [{ time: Math.round(packet.time * 1000), family, source, destination, ecn: tos & 3, tcp: live.content }];
  });
  const syn = chosen(seen, options);
  const local = options.local ?? syn.destination;
  if (local !== syn.source && local !== syn.destination) throw new RecordError(`${local} is no end of the connection`);
  // Of one host with itself both ends have one address: then the ports tell.
  const active = local === syn.source && syn.source !== syn.destination;
  const ours = seen.filter((sighting) => sameConnection(sighting, syn));
  const steps = ours.map((sighting): PacketStep => {
    const forth = sighting.source === syn.source && sighting.tcp.sourcePort === syn.tcp.sourcePort;
    const { time, tcp, ecn } = sighting;
    return { kind: 'packet', time, outbound: forth === active, tcp, ecn };
  });
  const remote = active ? syn.destination : syn.source;
  return { family: syn.family, local, remote, steps: withCalls(steps) };
}

function chosen(seen: readonly Sighting[], { connection = 0 }: RecordOptions): Sighting {
  const opened: Sighting[] = [];
  for (const sighting of seen) {
    if ((sighting.tcp.flags & (SYN | ACK)) !== SYN) continue;
    if (!opened.some((other) => sameConnection(other, sighting) && other.tcp.seq === sighting.tcp.seq))
      opened.push(sighting);
  }
  const syn = opened[connection];
  if (syn !== undefined) return syn;
  throw new RecordError(
    opened.length === 0 ? 'no connection opens here' : `there are ${opened.length} connections, counted from 0`,
  );
}

function sameConnection(a: Sighting, b: Sighting): boolean {
  const ends = ({ source, destination, tcp }: Sighting): string[] => [
    `${source} ${tcp.sourcePort}`,
    `${destination} ${tcp.destinationPort}`,
  ];
  return ends(a).sort().join() === ends(b).sort().join();
}

/** The packets, and the calls that explain them: text is written before it is sent, as far as PSH, and read as it comes. */
function withCalls(packets: readonly PacketStep[]): readonly Step[] {
  const steps: Step[] = [];
  const sent = new Sent();
  const received = new Received();
  let unread = 0;
  packets.forEach((packet, index) => {
    const { time, outbound, tcp } = packet;
    const call = (name: CallStep['call'], count = 0, at = time): void =>
      void steps.push({ kind: 'call', time: at, call: name, count });
    const before = packets[index - 1];
    // What comes at one instant is read together.
    if (before !== undefined && unread > 0 && (outbound || before.time < time)) {
      call('RECEIVE', unread, before.time);
      unread = 0;
    }
    if (!outbound) {
      steps.push(packet);
      unread += received.take(tcp);
      return;
    }
    const answers = before !== undefined && !before.outbound && time - before.time < 1000;
    if (sent.isNew(tcp)) call('SEND', sent.write(packets.slice(index)));
    if (sent.closes(tcp)) call('CLOSE');
    if ((tcp.flags & RST) !== 0 && !answers) call('ABORT');
    steps.push(packet);
  });
  const last = packets.at(-1);
  if (last !== undefined && unread > 0) steps.push({ kind: 'call', time: last.time, call: 'RECEIVE', count: unread });
  return steps;
}

/** What the host has sent for the first time. */
class Sent {
  /** The FIN stands on the last of what was written. */
  #ending = false;
  #closed = false;
  #isn: number | null = null;
  /** Octets written so far, from the first one of text. */
  #written = 0;

  isNew(tcp: LiveTcp): boolean {
    if ((tcp.flags & SYN) !== 0) this.#isn ??= tcp.seq;
    return tcp.length > 0 && this.#end(tcp) > this.#written;
  }

  /** @param packets from here on. @returns how much is written now: up to the next PSH, or what is sent before anything is heard */
  write(packets: readonly PacketStep[]): number {
    const before = this.#written;
    for (const { outbound, tcp } of packets) {
      if (!outbound || tcp.length === 0 || this.#end(tcp) <= this.#written) continue;
      this.#written = this.#end(tcp);
      this.#ending = (tcp.flags & FIN) !== 0;
      if ((tcp.flags & (PSH | FIN)) !== 0) break;
    }
    return this.#written - before;
  }

  /** Whether it is time to close: with a FIN, or with the text that it will stand on. */
  closes(tcp: LiveTcp): boolean {
    if (this.#closed || (!this.#ending && (tcp.flags & FIN) === 0)) return false;
    this.#closed = true;
    return true;
  }

  #end(tcp: LiveTcp): number {
    const first = ((this.#isn ?? tcp.seq - 1) + ((tcp.flags & SYN) === 0 ? 1 : 0)) | 0;
    return ((tcp.seq - first) | 0) + tcp.length;
  }
}

/** What the host has received in order. */
class Received {
  #next: number | null = null;
  #early: LiveTcp[] = [];

  /** @returns how many octets can be read that could not before */
  take(tcp: LiveTcp): number {
    if ((tcp.flags & SYN) !== 0) this.#next ??= (tcp.seq + 1) | 0;
    if (this.#next === null || (tcp.flags & SYN) !== 0) return 0;
    const before = this.#next;
    this.#early.push(tcp);
    for (let more = true; more; ) {
      more = false;
      for (const { seq: start, length } of this.#early) {
        const offset = (start - this.#next) | 0;
        if (offset > 0 || offset + length <= 0) continue;
        this.#next = (start + length) | 0;
        more = true;
      }
    }
    this.#early = this.#early.filter(({ seq: start }) => ((start - (this.#next ?? 0)) | 0) > 0);
    return (this.#next - before) | 0;
  }
}

// ---- Traces ----

/** @throws RecordError */
export function fromTrace(events: readonly TraceEvent[], options: RecordOptions): Recording {
  const sent = events.filter((event): event is SegmentEvent => event.type === 'segment-sent');
  const syn = chosen(sent.map(sightingOf), options);
  const ends = sent.filter((event) => sameConnection(sightingOf(event), syn));
  const opener = ends.find((event) => event.src === syn.source && event.segment.srcPort === syn.tcp.sourcePort);
  const answerer = ends.find((event) => event.src !== syn.source || event.segment.srcPort !== syn.tcp.sourcePort);
  const host = options.local ?? answerer?.host ?? opener?.host;
  const first = ends.find((event) => event.host === host || event.src === host);
  if (first === undefined) throw new RecordError(`${host} is no end of the connection`);
  const local = `${first.src} ${first.segment.srcPort}`;
  const steps = events.flatMap((event): Step[] => {
    if (event.host !== first.host) return [];
    if (event.type === 'call') return callOf(event, first);
    if (event.type !== 'segment-sent' && event.type !== 'segment-received') return [];
    const sighting = sightingOf(event);
    if (!sameConnection(sighting, syn)) return [];
    const outbound = event.type === 'segment-sent';
    if (outbound !== (`${event.src} ${event.segment.srcPort}` === local)) return [];
    return [{ kind: 'packet', time: sighting.time, outbound, tcp: sighting.tcp, ecn: 0 }];
  });
  return { family: syn.family, local: first.src, remote: first.dst, steps };
}

function sightingOf({ time, src, dst, segment }: SegmentEvent): Sighting {
  const family = src.includes(':') ? 6 : 4;
  return { time: Math.round(time * 1000), family, source: src, destination: dst, ecn: 0, tcp: liveOf(segment) };
}

function callOf({ connection, call, count = 0, time, result }: CallEvent, { dst, segment }: SegmentEvent): CallStep[] {
  const remote = dst.includes(':') ? `[${dst}]:${segment.dstPort}` : `${dst}:${segment.dstPort}`;
  // A host that connects to one port again and again does so from others.
  if (!connection.local.endsWith(`:${segment.srcPort}`)) return [];
  const idle = call === 'OPEN' || ((call === 'SEND' || call === 'RECEIVE') && count === 0);
  if (idle || connection.remote !== remote || result === 'connection does not exist') return [];
  return [{ kind: 'call', time: Math.round(time * 1000), call, count }];
}

/** The options of a trace have no order: they are laid out as the stack does. */
function liveOf(view: SegmentView): LiveTcp {
  const segment = new Segment();
  if (view.mss !== undefined) segment.mss = view.mss;
  if (view.windowScale !== undefined) segment.windowScale = view.windowScale;
  segment.sackPermitted = view.sackPermitted === true;
  if (view.tsVal !== undefined) {
    segment.timestamps = true;
    segment.tsVal = seq(view.tsVal);
    segment.tsEcr = seq(view.tsEcr ?? 0);
  }
  view.sack?.forEach(([left, right], i) => {
    segment.sack[2 * i] = seq(left);
    segment.sack[2 * i + 1] = seq(right);
    segment.sackCount = i + 1;
  });
  if (view.fastOpen !== undefined) {
    const octets = view.fastOpen.match(/../g) ?? [];
    segment.fastOpenLength = octets.length;
    segment.fastOpenCookie.set(octets.map((octet) => Number.parseInt(octet, 16)));
  }
  segment.flags = view.flags;
  const header = new Uint8Array(60);
  const length = writeTcp(header, 0, segment);
  return {
    protocol: 'tcp',
    sourcePort: view.srcPort,
    destinationPort: view.dstPort,
    seq: view.seq,
    ack: view.ack,
    flags: view.flags,
    window: view.window,
    urgent: view.urgent,
    options: decodeOptions(header, 20, length) ?? [],
    length: view.length,
    zeros: true,
  };
}

// ---- Bursts ----

/**
 * What arrives at one instant is answered together, while a script's segments are answered one by one: pieces of a burst become
 * one segment, which `--mss` cuts up again. `mss` is 0 where there is none.
 */
export function withBursts(steps: readonly Step[]): { readonly steps: readonly Step[]; readonly mss: number } {
  const lengths = steps.map((step) => (step.kind === 'packet' && !step.outbound ? step.tcp.length : 0));
  const mss = Math.max(0, ...lengths);
  const merged: Step[] = [];
  let cut = false;
  for (const step of steps) {
    const before = merged.at(-1);
    if (before?.kind === 'packet' && step.kind === 'packet' && continues(before, step, mss)) {
      merged[merged.length - 1] = {
        ...step,
        tcp: { ...step.tcp, seq: before.tcp.seq, length: before.tcp.length + step.tcp.length },
      };
      cut = true;
    } else merged.push(step);
  }
  return { steps: merged, mss: cut ? mss : 0 };
}

function continues(before: PacketStep, next: PacketStep, mss: number): boolean {
  const [a, b] = [before.tcp, next.tcp];
  return (
    !before.outbound &&
    !next.outbound &&
    before.time === next.time &&
    before.ecn === next.ecn &&
    a.length > 0 &&
    a.length % mss === 0 &&
    b.length > 0 &&
    b.seq === (a.seq + a.length) >>> 0 &&
    a.flags === ACK &&
    (b.flags & ~(PSH | FIN)) === ACK &&
    a.ack === b.ack &&
    a.window === b.window &&
    JSON.stringify(a.options) === JSON.stringify(b.options)
  );
}
