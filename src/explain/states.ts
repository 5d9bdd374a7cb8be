/**
 * Owns: the states of both ends of a captured connection, as the engine would go through them (`ARROWS` of `tcp/state.ts`),
 * and the capture as a trace: each segment sent, received, and what it did. Leaves to others: the story (`story.ts`).
 *
 * A capture sees a packet once, somewhere on its way. It counts as sent then, and as received then too, unless what the
 * receiver sends afterwards shows that it had not come yet: a FIN that is not acknowledged, a SYN answered by another SYN, a
 * reset after which it goes on. Then it is received just before the first segment that could answer it, or, where it is
 * sent again, not at all. TIME-WAIT ends unseen.
 */

import type { ConnectionRef, SegmentEvent, StateName, TraceEvent, TraceSink } from '../trace/events.ts';
import { add, ge, le, lt, max, type Seq, seq } from '../wire/seq.ts';
import { ACK, FIN, RST, SYN } from '../wire/tcp.ts';
import type { End, FollowedSegment } from './types.ts';

/** A segment that waits for a sign that it has been received. */
interface Held {
  readonly segment: FollowedSegment;
  readonly received: SegmentEvent;
  /** The receiver has sent something that it would not have sent after it. */
  late: boolean;
  /** Its sender went on after it: a reset that did nothing. */
  ignored: boolean;
  /** The same was sent before, without an answer. */
  readonly again: boolean;
}

/** One end, as far as the capture tells. */
export class EndStates {
  /** Null while nothing is known. */
  state: StateName | null = null;
  /** It was open when the capture began. */
  assumed = false;
  /** It answered a SYN. */
  passive = false;
  iss: Seq | null = null;
  /** One past the highest number it has sent. */
  sentTo: Seq | null = null;
  /** One past its FIN. */
  fin: Seq | null = null;
  /** How it ended, where it did. */
  readonly ref: ConnectionRef;
  readonly host: string;
  readonly inbox: Held[] = [];
  /** Something in the inbox is late, or may be sent again. */
  watched = false;
  /** What it received last. */
  heard: FollowedSegment | null = null;
  /** It has the other's FIN, but text before it is missing. */
  early = false;
  /** When something happened to it last, ms. */
  now = 0;
  /** When it sent a reset that ends it here, ms, unless it goes on: then the reset was somebody else's. */
  resetAt: number | null = null;

  constructor(host: string, ref: ConnectionRef) {
    this.host = host;
    this.ref = ref;
  }
}

/** Segments that wait for a sign at most, after which they have arrived; in a capture of one direction there is never one. */
const MOST_HELD = 256;

/** Follows one captured connection; events come in an order that keeps each host's own, not always by time. */
export class StateFollower {
  readonly ends: readonly [EndStates, EndStates];
  /** An end was seen to become ESTABLISHED. */
  opened = false;
  /** Both closed before they had the other's FIN. */
  crossed = false;
  readonly #sink: TraceSink;
  readonly #origin: number;

  /**
   * @param first the connection's first segment
   * @param sink told events, times in ms from the first segment; hosts are named as `192.0.2.1:80`, packets by their frames
   */
  constructor(first: FollowedSegment, sink: TraceSink) {
    const [a, b] = [first.connection.sides[0].name, first.connection.sides[1].name];
    const id = first.connection.stream;
    this.ends = [new EndStates(a, { id, local: a, remote: b }), new EndStates(b, { id, local: b, remote: a })];
    this.#sink = sink;
    this.#origin = first.time;
    this.#begin(first);
  }

  /** ms from the first segment, whole microseconds. */
  timeOf({ time }: FollowedSegment): number {
    return Math.round((time - this.#origin) * 1000) / 1000;
  }

  take(segment: FollowedSegment): void {
    const [own, other] = this.#ofEnd(segment.from);
    this.#deliver(own, other, segment);
    this.#imply(own, other, segment);
    own.now = Math.max(own.now, this.timeOf(segment));
    this.#sink(this.#event(segment, 'segment-sent', own.host));
    this.#send(own, segment);
    this.#hold(other, own, segment);
  }

  /** The capture is over: what is on its way arrives, but for what was sent again and again in vain. */
  end(): void {
    for (const from of [0, 1] as const) {
      const [own, other] = this.#ofEnd(from);
      this.#closeReset(own);
      for (const held of own.inbox) {
        if (!held.again) this.#receive(own, other, held, this.timeOf(held.segment), null);
      }
      own.inbox.length = 0;
    }
  }

  #closeReset(end: EndStates): void {
    if (end.resetAt === null) return;
    const { now } = end;
    end.now = end.resetAt;
    this.#move(end, 'CLOSED', end.resetAt);
    end.now = now;
  }

  #ofEnd(from: End): readonly [EndStates, EndStates] {
    return from === 0 ? this.ends : [this.ends[1], this.ends[0]];
  }

  /** What a first segment that is no SYN tells of the time before. */
  #begin({ segment: { flags }, from }: FollowedSegment): void {
    if (flags & RST || (flags & (SYN | ACK)) === SYN) return;
    const [own, other] = this.#ofEnd(from);
    if (flags & SYN) {
      this.#enter(other, 'CLOSED', 'SYN-SENT', 0);
      return;
    }
    for (const end of [own, other]) {
      end.state = 'ESTABLISHED';
      end.assumed = true;
    }
  }

  #event(segment: FollowedSegment, type: SegmentEvent['type'], host: string): SegmentEvent {
    const { src, dst, frame, anomalies } = segment;
    const remarks = anomalies.map(({ label }) => label);
    const again = anomalies.some(({ name }) => /retransmission$/.test(name));
    return {
      type,
      time: this.timeOf(segment),
      host,
      packet: frame,
      src,
      dst,
      segment: segment.segment,
      retransmission: again,
      ...(type === 'segment-sent' && remarks.length > 0 ? { remarks } : {}),
    };
  }

  #enter(end: EndStates, from: StateName, to: StateName, at: number): void {
    end.state = to;
    if (to === 'ESTABLISHED') this.opened = true;
    if (to === 'CLOSING') this.crossed = true;
    const time = Math.max(end.now, at);
    end.now = time;
    this.#sink({ type: 'state', time, host: end.host, connection: end.ref, from, to } satisfies TraceEvent);
  }

  #move(end: EndStates, to: StateName, time: number): void {
    this.#enter(end, end.state ?? 'CLOSED', to, time);
  }

  #hold(to: EndStates, from: EndStates, segment: FollowedSegment): void {
    const { inbox } = to;
    const control = (segment.segment.flags & (SYN | FIN | RST)) !== 0;
    if (inbox.length >= MOST_HELD) {
      const oldest = inbox.shift()!;
      this.#receive(to, from, oldest, this.timeOf(oldest.segment), null);
    }
    const again = to.watched && this.#supersede(to, segment);
    to.watched ||= control;
    const received = this.#event(segment, 'segment-received', to.host);
    inbox.push({ segment, received, late: false, ignored: false, again });
  }

  /** Takes out what a segment brings again. @returns whether that was a SYN or FIN */
  #supersede({ inbox }: EndStates, segment: FollowedSegment): boolean {
    const reset = (segment.segment.flags & RST) !== 0;
    for (const held of inbox) {
      if (!reset && held.segment.segment.flags & RST && held.late) held.ignored = true;
    }
    // What is sent again after it was late, or before there was any answer to a SYN or FIN, did not arrive.
    const kept = inbox.filter(
      ({ late, segment: before }) => !((late || before.segment.flags & (SYN | FIN)) && repeats(segment, before)),
    );
    const again = (segment.segment.flags & (SYN | FIN)) !== 0 && kept.length < inbox.length;
    inbox.splice(0, inbox.length, ...kept);
    return again;
  }

  /** Before `own` sends `next`: all that it may have received by then. */
  #deliver(own: EndStates, other: EndStates, next: FollowedSegment): void {
    const { inbox } = own;
    let count = 0;
    while (count < inbox.length) {
      const held = inbox[count]!;
      if (!held.ignored && this.#contradicts(own, held.segment, next)) break;
      const time = held.late ? this.timeOf(next) : this.timeOf(held.segment);
      this.#receive(own, other, held, time, next);
      count++;
    }
    inbox.splice(0, count);
    for (const held of inbox) held.late = true;
    own.watched = inbox.length > 0;
    const { flags, ack } = next.segment;
    if (own.early && flags & ACK && other.fin !== null && ge(seq(ack), other.fin)) {
      own.early = false;
      this.#finished(own, this.timeOf(own.heard ?? next));
    }
  }

  /** Whether `own` would not send `next` if it had received `held`. */
  #contradicts(own: EndStates, { segment: held }: FollowedSegment, { segment: next }: FollowedSegment): boolean {
    if (next.flags & RST) return false;
    if (held.flags & RST) return own.state !== 'TIME-WAIT';
    const acks = (next.flags & ACK) !== 0;
    if (held.flags & SYN && !acks) return true;
    if (held.flags & FIN && acks && lt(seq(next.ack), endOf(held)) && !reported(next, held)) return true;
    if ((held.flags & ACK) === 0) return false;
    const ack = seq(held.ack);
    if (next.flags & SYN && own.iss !== null && own.iss === seq(next.seq)) return ge(ack, add(own.iss, 1));
    return (next.flags & FIN) !== 0 && own.fin !== null && endOf(next) === own.fin && ge(ack, own.fin);
  }

  #receive(own: EndStates, other: EndStates, held: Held, at: number, next: FollowedSegment | null): void {
    const { segment } = held;
    const time = Math.max(own.now, at);
    own.now = time;
    this.#sink({ ...held.received, time });
    own.heard = segment;
    const { flags } = segment.segment;
    if (own.resetAt !== null || held.ignored) return;
    if (flags & RST) {
      this.#reset(own, segment, time);
      return;
    }
    if (flags & SYN) this.#synchronize(own, segment, time, next);
    if (flags & ACK) this.#acknowledge(own, segment, time);
    if ((flags & FIN) === 0 || other.fin === null) return;
    if (next !== null && next.segment.flags & ACK && lt(seq(next.segment.ack), other.fin)) own.early = true;
    else this.#finished(own, time);
  }

  #reset(own: EndStates, { segment: { flags, ack } }: FollowedSegment, time: number): void {
    switch (own.state) {
      case null:
      case 'CLOSED':
      case 'LISTEN':
      case 'TIME-WAIT':
        return;
      case 'SYN-SENT':
        if (flags & ACK && own.iss !== null && seq(ack) === add(own.iss, 1)) this.#move(own, 'CLOSED', time);
        return;
      case 'SYN-RECEIVED':
        this.#move(own, own.passive ? 'LISTEN' : 'CLOSED', time);
        return;
      default:
        this.#move(own, 'CLOSED', time);
    }
  }

  #synchronize(own: EndStates, segment: FollowedSegment, time: number, next: FollowedSegment | null): void {
    const { flags, seq: number, ack } = segment.segment;
    if (flags & ACK) {
      const good = own.iss === null || seq(ack) === add(own.iss, 1);
      const refuses = next !== null && (next.segment.flags & (RST | ACK)) === RST;
      if (own.state === 'SYN-SENT' && good && !refuses) this.#move(own, 'ESTABLISHED', time);
      return;
    }
    if (own.state === 'SYN-SENT') this.#move(own, 'SYN-RECEIVED', time);
    const answers = next !== null && (next.segment.flags & (SYN | ACK | RST)) === (SYN | ACK);
    if (own.state === null && answers && seq(next.segment.ack) === add(seq(number), 1)) {
      own.passive = true;
      this.#enter(own, 'LISTEN', 'SYN-RECEIVED', time);
    }
  }

  #acknowledge(own: EndStates, { segment }: FollowedSegment, time: number): void {
    const ack = seq(segment.ack);
    if (own.state === 'SYN-RECEIVED' && own.iss !== null && ge(ack, add(own.iss, 1))) {
      this.#move(own, 'ESTABLISHED', time);
    }
    if (own.fin === null || lt(ack, own.fin)) return;
    if (own.state === 'FIN-WAIT-1') this.#move(own, 'FIN-WAIT-2', time);
    else if (own.state === 'CLOSING') this.#move(own, 'TIME-WAIT', time);
    else if (own.state === 'LAST-ACK') this.#move(own, 'CLOSED', time);
  }

  /** The other's FIN has come. */
  #finished(own: EndStates, time: number): void {
    if (own.state === 'ESTABLISHED') this.#move(own, 'CLOSE-WAIT', time);
    else if (own.state === 'FIN-WAIT-1') this.#move(own, 'CLOSING', time);
    else if (own.state === 'FIN-WAIT-2') this.#move(own, 'TIME-WAIT', time);
  }

  /** What sending this shows of what was not captured. */
  #imply(own: EndStates, other: EndStates, { segment, ...rest }: FollowedSegment): void {
    const { flags } = segment;
    if (flags & (RST | SYN) || (flags & ACK) === 0) return;
    const time = this.timeOf({ segment, ...rest });
    if (own.state === 'SYN-SENT') {
      // The SYN,ACK that it acknowledges is missing.
      this.#move(own, 'ESTABLISHED', time);
      if (other.state === null) this.#answered(other, seq(segment.ack), time);
    } else if (own.state === null && other.iss !== null) {
      if (ge(seq(segment.ack), add(other.iss, 1)) && le(seq(segment.ack), other.sentTo ?? other.iss)) {
        this.#answered(own, seq(segment.seq), time);
        this.#move(own, 'ESTABLISHED', time);
      } else {
        // It acknowledges what the other has never sent: an older connection is open here.
        own.state = 'ESTABLISHED';
        own.assumed = true;
      }
    }
  }

  #answered(end: EndStates, first: Seq, time: number): void {
    end.passive = true;
    end.iss = add(first, -1);
    this.#enter(end, 'LISTEN', 'SYN-RECEIVED', time);
  }

  /** What an end does by sending this. */
  #send(own: EndStates, segment: FollowedSegment): void {
    const { flags, seq: number } = segment.segment;
    const time = this.timeOf(segment);
    const end = endOf(segment.segment);
    if ((flags & RST) === 0) own.sentTo = own.sentTo === null || flags & SYN ? end : max(own.sentTo, end);
    if (flags & RST) {
      if (own.resetAt === null && this.#sendReset(own, segment)) own.resetAt = time;
      return;
    }
    own.resetAt = null;
    if (flags & SYN) {
      own.iss = seq(number);
      if (own.state === null && (flags & ACK) === 0) this.#enter(own, 'CLOSED', 'SYN-SENT', time);
      else if (own.state === null) {
        own.passive = true;
        this.#enter(own, 'LISTEN', 'SYN-RECEIVED', time);
      }
    }
    if (flags & FIN) {
      own.fin = endOf(segment.segment);
      if (own.state === 'ESTABLISHED' || own.state === 'SYN-RECEIVED') this.#move(own, 'FIN-WAIT-1', time);
      else if (own.state === 'CLOSE-WAIT') this.#move(own, 'LAST-ACK', time);
    }
  }

  /** Whether the end has no connection any more that sends this reset. */
  #sendReset(own: EndStates, { segment: { flags } }: FollowedSegment): boolean {
    switch (own.state) {
      case null:
      case 'CLOSED':
      case 'LISTEN':
        return false;
      case 'SYN-SENT': {
        // An answer to what acknowledges another SYN leaves it waiting; one to its own shows that it has given up.
        const heard = own.heard?.segment;
        const answers = heard !== undefined && (flags & ACK) === 0;
        return !answers || (own.iss !== null && seq(heard.ack) === add(own.iss, 1));
      }
      case 'SYN-RECEIVED':
        // Without ACK it answers an ACK that is not for its SYN, and changes nothing.
        return (flags & ACK) !== 0;
      default:
        return true;
    }
  }
}

function endOf({ seq: number, length, flags }: FollowedSegment['segment']): Seq {
  return add(seq(number), length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0));
}

/** Whether an ACK reports what a segment has brought out of order. */
function reported({ sack = [] }: FollowedSegment['segment'], held: FollowedSegment['segment']): boolean {
  const [first, last] = [seq(held.seq), add(seq(held.seq), held.length)];
  return held.length > 0 && sack.some(([from, to]) => ge(first, seq(from)) && ge(seq(to), last));
}

/** Whether a segment brings again what an earlier one of the same end was to bring. */
function repeats({ segment: now }: FollowedSegment, { segment: before }: FollowedSegment): boolean {
  const control = before.flags & (SYN | FIN);
  if (control !== 0) return ((now.flags ^ before.flags) & (SYN | FIN | ACK)) === 0 && endOf(now) === endOf(before);
  if (before.flags & RST) return (now.flags & RST) !== 0;
  return before.length === 0 && (now.flags & ACK) !== 0 && ge(seq(now.ack), seq(before.ack));
}
