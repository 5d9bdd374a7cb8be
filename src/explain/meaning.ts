/**
 * Owns: what a segment of a trace means in its conversation: a first SYN or one sent again, text that is new, a duplicate ACK
 * and which, a window that closes. Leaves to others: the sentences (`events.ts`), what Wireshark calls it (`analysis.ts`).
 *
 * It knows what a reader of the trace knows: which segments were sent, and which arrived. Sequence numbers are relative: a
 * direction's SYN is 0, its first octet 1.
 */

import type { SegmentEvent } from '../trace/events.ts';
import { endpoint } from '../trace/text.ts';
import { ACK, FIN, RST, SYN } from '../wire/tcp.ts';

/** What a segment is sent for. One that also carries other news has it in the other fields of its {@link Meaning}. */
export type Kind =
  | 'syn'
  | 'syn-ack'
  /** A SYN,ACK of the one that had sent a SYN before: simultaneous open. */
  | 'syn-both'
  /** The third segment of the handshake. */
  | 'handshake'
  | 'text'
  | 'fin'
  | 'ack'
  | 'ack-again'
  | 'ack-fin'
  | 'ack-fin-again'
  | 'duplicate'
  | 'window'
  | 'zero-window'
  | 'window-probe'
  | 'probe-answer'
  | 'keep-alive'
  | 'keep-alive-answer'
  /** In answer to a SYN, a RST or an ACK that might be forged. */
  | 'challenge'
  /** Resets: of a closed port, for a segment of no connection here, of one who gives up. */
  | 'refusal'
  | 'no-connection'
  | 'abort';

/** Where the text or the SYN or FIN of an arriving segment belongs. `aged`: it would fit, and its timestamp is too old (PAWS). */
export type Place = 'next' | 'fills' | 'beyond' | 'old' | 'outside' | 'aged' | 'none';

export interface Meaning {
  readonly kind: Kind;
  /** Some of it was sent before. */
  readonly again: boolean;
  /** Its first octet and one past its last one; equal without text. */
  readonly from: number;
  readonly to: number;
  readonly fin: boolean;
  /** One past the last octet acknowledged, in the other direction's numbers; -1 without. And whether it is more than the last time. */
  readonly upTo: number;
  readonly news: boolean;
  /** Octets, scaled where the scale is known. */
  readonly window: number;
  /** Which duplicate ACK. */
  readonly count: number;
  /** Octets reported out of order, and octets reported to have come twice. */
  readonly sack: readonly (readonly [number, number])[];
  readonly twice: readonly [number, number] | null;
  /** A SYN for a pair of ports that had a connection before. */
  readonly reuse: boolean;
  /** One of the two directions is not closed yet: the sender's own, for one that acknowledges; the other, for one that closes. */
  readonly halfway: boolean;
}

export interface Arrival {
  readonly meaning: Meaning;
  readonly place: Place;
  /** It has come before. */
  readonly copy: boolean;
  /** What is still missing: the first octet, in the sender's numbers. */
  readonly expected: number;
  /** What it acknowledges for the first time: octets, a SYN, a FIN; and the time since the last of it was sent, if once, ms. */
  readonly acked: number;
  readonly syn: boolean;
  readonly fin: boolean;
  readonly roundTrip: number | null;
  /** The how-many-th duplicate ACK in a row it is for its receiver; 0 when it is none. */
  readonly duplicate: number;
  /** It gives a receiver that had waited for room its window back. */
  readonly opens: boolean;
}

/** Text under way, for round-trip times. */
interface Timed {
  readonly to: number;
  readonly time: number;
  once: boolean;
}

/** One direction of a conversation: whose numbers they are, and what is known of them at both ends. */
export class Direction {
  base = 0;
  known = false;
  /** Flags of its SYN; 0 before. */
  syn = 0;
  scale = -1;
  /** One past the highest number sent, and the same with window probes, whose octet may come once more. */
  sentTo = 0;
  probedTo = 0;
  /** The FIN's number; -1 before. */
  fin = -1;
  /** What its sender acknowledged and offered last, in the other direction's numbers. */
  ackSent = -1;
  windowSent = -1;
  duplicatesSent = 0;
  /** What its sender has heard from the other: highest ACK of these numbers, window, duplicates in a row, SACK. */
  ackHeard = 0;
  windowHeard = -1;
  duplicatesHeard = 0;
  /** How far these numbers have come at the other end without a gap, and what has come beyond. */
  arrived = -1;
  readonly beyond: [number, number][] = [];
  /** The timestamp of what came last in order (TS.Recent of RFC 7323), or null. */
  stamp: number | null = null;
  readonly flight: Timed[] = [];
  /** What its sender has received last. */
  prompt: Prompt | null = null;

  /** The number relative to the SYN, below and above 2^32 of octets alike. */
  relative(n: number): number {
    return this.sentTo + ((n - this.base - this.sentTo) | 0);
  }

  begin(seq: number): void {
    this.base = seq;
    this.sentTo = 0;
    this.probedTo = 0;
    this.known = true;
    this.syn = 0;
    this.fin = -1;
    this.ackSent = -1;
    this.windowSent = -1;
    this.ackHeard = 0;
    this.arrived = -1;
    this.beyond.length = 0;
    this.stamp = null;
    this.flight.length = 0;
    this.prompt = null;
  }

  /** It is seen from its middle on: this number is taken for that of the first octet. */
  join(seq: number): void {
    this.begin((seq - 1) >>> 0);
    this.sentTo = 1;
    this.probedTo = 1;
    this.ackHeard = 1;
    this.arrived = 1;
  }
}

interface Prompt {
  readonly time: number;
  readonly flags: number;
  readonly kind: Kind;
  readonly place: Place;
  /** Its ACK field in absolute numbers. */
  readonly ack: number;
  /** Why it may not be believed. */
  readonly odd: boolean;
}

/** Segments under way whose times are kept for each direction. */
const MOST_TIMED = 64;
/** Gaps that are kept in mind for each direction. */
const MOST_GAPS = 64;

/** Reads the segments of a trace in its order. */
export class Conversations {
  readonly #directions: Map<string, Direction> = new Map();
  readonly #sent: Map<number, { readonly meaning: Meaning; arrived: boolean }> = new Map();

  /** The direction of an event's segment, or the one that answers it. */
  direction({ src, dst, segment, incarnation = 0 }: SegmentEvent, back: boolean = false): Direction {
    const [here, there] = [endpoint(src, segment.srcPort), endpoint(dst, segment.dstPort)];
    const key = `${back ? there : here} ${back ? here : there} ${incarnation}`;
    let found = this.#directions.get(key);
    if (found === undefined) {
      found = new Direction();
      this.#directions.set(key, found);
    }
    return found;
  }

  /** What the packet was sent for, if it was seen being sent. */
  meaningOf(packet: number): Meaning | null {
    return this.#sent.get(packet)?.meaning ?? null;
  }

  /** @param forged sent by somebody in another's name: nothing is learnt from it */
  sent(event: SegmentEvent, forged: boolean = false): Meaning {
    const { segment, time } = event;
    const own = this.direction(event);
    const other = this.direction(event, true);
    const reuse = !forged && this.#begin(event, own, other);
    const meaning = read(event, own, other, reuse);
    if (event.packet !== 0) this.#sent.set(event.packet, { meaning, arrived: false });
    if (forged) return meaning;
    const { flags } = segment;
    if ((flags & RST) === 0) {
      const end = meaning.to + (flags & FIN ? 1 : 0);
      if (flags & SYN) own.syn = flags;
      if (flags & FIN) own.fin = meaning.to;
      if (meaning.kind === 'window-probe') own.probedTo = Math.max(own.probedTo, end);
      else own.sentTo = Math.max(own.sentTo, end);
      if (end > meaning.from || flags & SYN) keepTime(own, flags & SYN ? Math.max(end, 1) : end, time, meaning.again);
    }
    if (flags & ACK) {
      if (meaning.kind === 'duplicate') own.duplicatesSent = meaning.count;
      else own.duplicatesSent = 0;
      own.ackSent = Math.max(own.ackSent, meaning.upTo);
      if ((flags & RST) === 0) own.windowSent = meaning.window;
    }
    return meaning;
  }

  received(event: SegmentEvent): Arrival {
    const { segment, time } = event;
    const own = this.direction(event);
    const other = this.direction(event, true);
    const before = this.#sent.get(event.packet);
    const copy = before?.arrived === true;
    if (before !== undefined) before.arrived = true;
    const meaning = before?.meaning ?? read(event, own, other, false);
    if (before === undefined && event.packet !== 0) this.#sent.set(event.packet, { meaning, arrived: true });
    const { flags, ack } = segment;
    const foreign = flags & SYN ? own.known && segment.seq !== own.base : false;
    const odd =
      foreign ||
      (flags & SYN ? own.arrived > 1 : false) ||
      (flags & RST ? own.arrived >= 0 && own.relative(segment.seq) !== own.arrived : false) ||
      (other.known && flags & ACK ? other.relative(ack) - Math.max(other.sentTo, other.probedTo) > 0 : false);
    const expected = Math.max(own.arrived, 0);
    const fits = foreign ? 'outside' : placeOf(own, other, segment.seq, meaning, flags);
    const taken = (fits === 'next' || fits === 'fills' || fits === 'beyond') && (flags & RST) === 0;
    const place = taken && isAged(own, segment) ? 'aged' : fits;
    if (taken && place !== 'aged') {
      if (fits !== 'beyond') own.stamp = segment.tsVal ?? null;
      take(own, meaning, flags);
    }
    other.prompt = { time, flags, kind: meaning.kind, place, ack, odd };
    const heard = flags & ACK && (flags & RST) === 0 && !odd && other.known;
    return { meaning, place, copy, expected, ...(heard ? hear(other, event, meaning) : NOTHING_HEARD) };
  }

  /** Sets a direction's beginning. @returns whether the pair of ports had a connection before */
  #begin({ segment: { flags, seq, ack, windowScale } }: SegmentEvent, own: Direction, other: Direction): boolean {
    let reuse = false;
    if (flags & SYN && (!own.known || own.base !== seq)) {
      reuse = own.known;
      own.begin(seq);
      own.scale = windowScale ?? -1;
    } else if (!own.known && (flags & RST) === 0) {
      own.join(seq);
    }
    if (flags & ACK && !other.known && (flags & RST) === 0) {
      other.join(ack);
    }
    return reuse;
  }
}

/** PAWS (RFC 7323 5.3). */
function isAged({ stamp }: Direction, { tsVal }: SegmentEvent['segment']): boolean {
  return stamp !== null && tsVal !== undefined && ((tsVal - stamp) | 0) < 0;
}

type Heard = Pick<Arrival, 'acked' | 'syn' | 'fin' | 'roundTrip' | 'duplicate' | 'opens'>;

const NOTHING_HEARD: Heard = { acked: 0, syn: false, fin: false, roundTrip: null, duplicate: 0, opens: false };

/** What a segment is for, before anything is learnt from it. */
function read({ segment, retransmission }: SegmentEvent, own: Direction, other: Direction, reuse: boolean): Meaning {
  const { flags, length } = segment;
  const from = own.relative(segment.seq) + (flags & SYN ? 1 : 0);
  const to = from + length;
  const end = to + (flags & FIN ? 1 : 0);
  const upTo = flags & ACK ? other.relative(segment.ack) : -1;
  const scaled = (flags & SYN) === 0 && own.scale >= 0 && other.scale >= 0;
  const window = segment.window << (scaled ? Math.min(own.scale, 14) : 0);
  const blocks = (segment.sack ?? []).map(([a, b]) => [other.relative(a), other.relative(b)] as const);
  const twice = doubled(blocks, upTo);
  const kind = kindOf(segment, own, other, { from, to, upTo, window, twice });
  const spans = end > from || (flags & SYN) !== 0;
  const seen = flags & SYN ? own.syn === flags : own.sentTo > from;
  const again = retransmission ?? (spans && kind !== 'keep-alive' && kind !== 'window-probe' && seen);
  return {
    kind,
    again,
    from,
    to,
    fin: (flags & FIN) !== 0,
    upTo,
    news: upTo > own.ackSent,
    window,
    count: own.duplicatesSent + 1,
    sack: twice === null ? blocks : blocks.slice(1),
    twice,
    reuse,
    halfway: flags & FIN ? other.fin < 0 || other.arrived <= other.fin : own.fin < 0,
  };
}

/** A first block below the ACK, or within the second one, reports what came twice (RFC 2883 4). */
function doubled(blocks: readonly (readonly [number, number])[], upTo: number): readonly [number, number] | null {
  const [first, second] = blocks;
  if (first === undefined) return null;
  const within = second !== undefined && first[0] >= second[0] && first[1] <= second[1];
  return first[1] <= upTo || within ? first : null;
}

function kindOf(
  { flags, length, ack, seq }: SegmentEvent['segment'],
  own: Direction,
  other: Direction,
  { from, upTo, window, twice }: Pick<Meaning, 'from' | 'to' | 'upTo' | 'window' | 'twice'>,
): Kind {
  const { prompt } = own;
  if (flags & RST) {
    const answers = prompt !== null && (prompt.flags & RST) === 0;
    if (answers && (flags & ACK) === 0 && prompt.flags & ACK && prompt.ack === seq) return 'no-connection';
    if (answers && flags & ACK && seq === 0 && (prompt.flags & ACK) === 0) return 'refusal';
    return 'abort';
  }
  if (flags & SYN) {
    if ((flags & ACK) === 0) return 'syn';
    return own.syn !== 0 && (own.syn & ACK) === 0 ? 'syn-both' : 'syn-ack';
  }
  const idle = own.ackHeard >= own.sentTo && own.sentTo > 0;
  if (length <= 1 && (flags & FIN) === 0 && own.windowHeard === 0 && (length === 1 || from < own.sentTo)) {
    return 'window-probe';
  }
  if (length <= 1 && (flags & FIN) === 0 && from === own.sentTo - 1 && (length === 0 || idle)) return 'keep-alive';
  if (length > 0) return 'text';
  if (flags & FIN) return 'fin';
  if (other.fin >= 0 && upTo === other.fin + 1) return own.ackSent === upTo ? 'ack-fin-again' : 'ack-fin';
  if (upTo === 1 && own.ackSent < 1 && own.syn !== 0) return 'handshake';
  if (upTo > own.ackSent && upTo > 1) return window === 0 && own.windowSent !== 0 ? 'zero-window' : 'ack';
  return repeated(own, other, ack, window, twice);
}

/** An ACK that acknowledges nothing new: why it is sent. */
function repeated(own: Direction, other: Direction, ack: number, window: number, twice: Meaning['twice']): Kind {
  const { prompt } = own;
  if (prompt?.odd === true && other.relative(ack) === own.ackSent) return 'challenge';
  if (prompt?.kind === 'keep-alive') return 'keep-alive-answer';
  if (prompt?.kind === 'window-probe') return window > 0 && own.windowSent === 0 ? 'window' : 'probe-answer';
  if (window === 0 && own.windowSent > 0) return 'zero-window';
  if (twice !== null) return 'ack-again';
  const gap = prompt === null ? other.sentTo > own.ackSent : prompt.place === 'beyond';
  if (gap) return 'duplicate';
  if (window !== own.windowSent) return 'window';
  return 'ack-again';
}

function placeOf(own: Direction, other: Direction, seq: number, meaning: Meaning, flags: number): Place {
  const { kind, from, to, fin } = meaning;
  const end = to + (fin ? 1 : 0);
  if (flags & RST) return own.arrived < 0 || own.relative(seq) === own.arrived ? 'next' : 'outside';
  if (flags & SYN) return own.arrived < 0 ? 'next' : 'old';
  if (end === from || (kind === 'window-probe' && other.windowSent === 0)) return 'none';
  const expected = Math.max(own.arrived, 0);
  if (end <= expected) return 'old';
  if (from > expected) {
    if (other.windowSent >= 0 && from >= expected + Math.max(other.windowSent, 1)) return 'outside';
    return own.beyond.some(([a, b]) => a <= from && end <= b) ? 'old' : 'beyond';
  }
  return own.beyond.length > 0 ? 'fills' : 'next';
}

/** The segment has arrived: joins it to what has come before. */
function take(own: Direction, { from: first, to, fin }: Meaning, flags: number): void {
  const from = flags & SYN ? 0 : first;
  const end = flags & SYN ? Math.max(to, 1) : to + (fin ? 1 : 0);
  if (from > Math.max(own.arrived, 0)) {
    if (own.beyond.length < MOST_GAPS) own.beyond.push([from, end]);
    return;
  }
  own.arrived = Math.max(own.arrived, end);
  for (let i = 0; i < own.beyond.length; ) {
    const [a, b] = own.beyond[i]!;
    if (a > own.arrived) i++;
    else {
      own.arrived = Math.max(own.arrived, b);
      own.beyond.splice(i, 1);
      i = 0;
    }
  }
}

/** An ACK has reached the sender of `own`'s numbers. */
function hear(own: Direction, { segment, time }: SegmentEvent, { upTo, window, to, from, fin }: Meaning): Heard {
  const news = Math.max(upTo - own.ackHeard, 0);
  const syn = news > 0 && own.ackHeard === 0;
  const finished = news > 0 && own.fin >= 0 && upTo > own.fin;
  const opens = own.windowHeard === 0 && window > 0;
  const bare = to === from && !fin && (segment.flags & SYN) === 0;
  const same = news === 0 && upTo === own.ackHeard && own.sentTo > upTo && bare;
  const duplicate = same && window === own.windowHeard ? own.duplicatesHeard + 1 : 0;
  if (news > 0 || duplicate > 0) own.duplicatesHeard = duplicate;
  own.windowHeard = window;
  let roundTrip: number | null = null;
  if (news > 0) {
    own.ackHeard = upTo;
    while (own.flight.length > 0 && own.flight[0]!.to <= upTo) {
      const { time: sent, once } = own.flight.shift()!;
      roundTrip = once ? time - sent : null;
    }
  }
  return { acked: news - (syn ? 1 : 0) - (finished ? 1 : 0), syn, fin: finished, roundTrip, duplicate, opens };
}

function keepTime(own: Direction, to: number, time: number, again: boolean): void {
  if (again) {
    for (const timed of own.flight) timed.once = false;
  } else if (own.flight.length < MOST_TIMED) own.flight.push({ to, time, once: true });
}
