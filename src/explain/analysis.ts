/**
 * Owns: which anomalies a captured segment has, defined as in Wireshark 4.0 ("TCP Analysis" in its user's guide), from what
 * the two directions of its connection have shown before. The state is a few numbers a direction, and nothing is kept of
 * segments. Leaves to others: to which connection a segment belongs, and what is counted of it (`connections.ts`).
 *
 * Where Wireshark takes 0 to mean "not seen yet", of a sequence number or a time, so does this: a flag for it would be
 * clearer, and would disagree with it.
 */

import { add, gt, le, lt, type Seq, seq } from '../wire/seq.ts';
import { ABSENT, ACK, FIN, RST, type Segment, SYN } from '../wire/tcp.ts';
import {
  ACK_LOST_SEGMENT,
  DUPLICATE_ACK,
  type End,
  FAST_RETRANSMISSION,
  KEEP_ALIVE,
  KEEP_ALIVE_ACK,
  LOST_SEGMENT,
  OUT_OF_ORDER,
  RETRANSMISSION,
  SPURIOUS_RETRANSMISSION,
  WINDOW_FULL,
  WINDOW_UPDATE,
  ZERO_WINDOW,
  ZERO_WINDOW_PROBE,
  ZERO_WINDOW_PROBE_ACK,
} from './types.ts';

/** How soon after a duplicate ACK a retransmission answers it, ns. */
const FAST = 20_000_000;
/** How late a segment may come out of order where the round trip is not known, ns. */
const DISORDER = 3_000_000;
/** In the place of a count of duplicate ACKs: the next one is the first. It compares as a large count. */
const BEGIN_AGAIN = 0xffffffff;

/** Window scales: no SYN was seen, or one without the option. */
const SCALE_UNKNOWN = -1;
const SCALE_UNUSED = -2;

/** What one direction has shown. */
export class Flow {
  /** The sequence number of its SYN, or one before the first seen; by it a new connection is told from the old. */
  base: Seq = seq(0);
  baseKnown = false;
  /** After the highest text seen (with SYN and FIN). */
  next: Seq = seq(0);
  /** Up to here everything was seen, so the peer may acknowledge it. */
  whole: Seq = seq(0);
  /** When `next` last moved, ns. */
  nextTime = 0;
  /** Of its last segment; its time is in ns. */
  ack: Seq = seq(0);
  ackTime = 0;
  window = -1;
  anomalies = 0;
  /** Of its SYN: 0 .. 14, or one of the two above. */
  scale: number = SCALE_UNKNOWN;
  /** The last window it told was in a SYN, which is never scaled. */
  unscaled = false;
  /** How often its last ACK was repeated, and the frame that brought it first. */
  duplicates = 0;
  original = 0;
}

/** A segment as the analysis needs it. Made to be reused. */
export class Arrival {
  segment: Segment;
  frame = 0;
  /** ns from shortly before the first packet of the capture, so that a number has them exactly for a hundred days. */
  time = 0;
  /** The capture's clock stands at 0, which Wireshark takes for no time at all. */
  timeless = false;
  /** Its header breaks off: an option that is not there may have been sent. */
  cut = false;

  constructor(segment: Segment) {
    this.segment = segment;
  }
}

/** What both directions of a connection have shown. */
export class Analysis {
  readonly flows: readonly [Flow, Flow] = [new Flow(), new Flow()];
  /** From the last SYN to the first segment with an ACK that is no SYN, ns; 0 while not known. */
  initialRtt = 0;
  #synTime: number | null = null;

  /** Takes a segment into account. @returns its anomalies, a set of bits */
  take(from: End, arrival: Arrival): number {
    const forward = this.flows[from];
    const back = this.flows[from === 0 ? 1 : 0];
    if (this.initialRtt === 0 || !isOrdinary(forward, back, arrival.segment)) return this.takeInFull(from, arrival);
    proceed(forward, arrival);
    return 0;
  }

  /** The same without the short way. */
  takeInFull(from: End, arrival: Arrival): number {
    const forward = this.flows[from];
    const back = this.flows[from === 0 ? 1 : 0];
    const { segment } = arrival;
    learnBases(forward, back, segment);
    let anomalies = isZeroWindowProbe(forward, back, segment)
      ? ZERO_WINDOW_PROBE
      : ofWindowAndOrder(forward, back, segment) | ofRepeated(forward, back, segment);
    if (segment.ack !== forward.ack) {
      forward.original = arrival.frame;
      forward.duplicates = 0;
    }
    anomalies |= ofUnseen(back, segment);
    if (segment.dataLength > 0 || segment.flags & (SYN | FIN)) {
      if (!(anomalies & KEEP_ALIVE)) anomalies |= this.#ofSentAgain(forward, back, arrival);
    }
    advance(forward, arrival, anomalies);
    forward.anomalies = anomalies;
    this.#learnRoundTrip(arrival);
    learnScale(forward, back, arrival);
    return anomalies;
  }

  /** Text, SYN or FIN that may have been sent before. */
  #ofSentAgain(forward: Flow, back: Flow, arrival: Arrival): number {
    const { segment } = arrival;
    const from = segment.seq;
    const length = segment.dataLength;
    const to = add(from, length);
    if (length > 0 && back.ack !== 0 && le(to, back.ack)) return SPURIOUS_RETRANSMISSION;
    if (forward.next === 0 || !lt(from, forward.next)) return 0;
    // What follows a window probe of one octet begins with that octet, and is new.
    if (length > 1 && from === add(forward.next, -1)) return 0;
    if (back.duplicates >= 2 && back.ack === from && isWithin(FAST, arrival.time - back.ackTime))
      return FAST_RETRANSMISSION;
    const limit = this.initialRtt === 0 ? DISORDER : this.initialRtt;
    const end = segment.flags & (SYN | FIN) ? add(to, 1) : to;
    return end !== forward.next && isWithin(limit, arrival.time - forward.nextTime) ? OUT_OF_ORDER : RETRANSMISSION;
  }

  #learnRoundTrip(arrival: Arrival): void {
    const { flags } = arrival.segment;
    if ((flags & (SYN | ACK)) === SYN) this.#synTime = arrival.timeless ? null : arrival.time;
    else if ((flags & (SYN | ACK)) === ACK && this.initialRtt === 0 && this.#synTime !== null)
      this.initialRtt = arrival.time - this.#synTime;
  }
}

/** A clock that was set back says nothing about how soon. */
function isWithin(limit: number, time: number): boolean {
  return time >= 0 && (time < limit || limit < 0);
}

/**
 * Whether it is what nearly all are, of which there is nothing to find out: the next text of a connection from which nothing
 * is missing, within the window, or an ACK of more than the last one acknowledged.
 */
function isOrdinary(forward: Flow, back: Flow, segment: Segment): boolean {
  const { seq: from, ack, dataLength: length } = segment;
  if ((segment.flags & (SYN | FIN | RST | ACK)) !== ACK || segment.windowScale !== ABSENT) return false;
  if (from !== forward.next || from !== forward.whole || from === 0 || !forward.baseKnown || !back.baseKnown)
    return false;
  if (segment.window === 0 || back.window === 0 || gt(ack, back.whole)) return false;
  if (length === 0) return ack !== forward.ack;
  const to = add(from, length);
  return length > 1 && gt(to, back.ack) && to !== windowEdge(back);
}

/** Takes an ordinary segment into account. */
function proceed(forward: Flow, { segment, frame, time }: Arrival): void {
  if (segment.ack !== forward.ack) {
    forward.original = frame;
    forward.duplicates = 0;
  }
  if (segment.dataLength > 0) {
    forward.next = add(segment.seq, segment.dataLength);
    forward.whole = forward.next;
    forward.nextTime = time;
  }
  forward.window = segment.window;
  forward.ack = segment.ack;
  forward.ackTime = time;
  forward.anomalies = 0;
  forward.unscaled = false;
}

function learnBases(forward: Flow, back: Flow, segment: Segment): void {
  if (!forward.baseKnown) {
    forward.base = segment.flags & SYN ? segment.seq : add(segment.seq, -1);
    forward.baseKnown = true;
  }
  if (!back.baseKnown && segment.flags & ACK) {
    back.base = add(segment.ack, -1);
    back.baseKnown = true;
  }
}

function isZeroWindowProbe(forward: Flow, back: Flow, segment: Segment): boolean {
  return segment.dataLength === 1 && segment.seq === forward.next && back.window === 0;
}

/** What a segment's own numbers show against its direction's last ones and the window it was offered. */
function ofWindowAndOrder(forward: Flow, back: Flow, segment: Segment): number {
  const { seq: from, dataLength: length, flags } = segment;
  let anomalies = 0;
  if (forward.next !== 0 && gt(from, forward.next) && !(flags & RST)) anomalies |= LOST_SEGMENT;
  if (flags & (SYN | FIN | RST)) return anomalies;
  if (segment.window === 0) anomalies |= ZERO_WINDOW;
  if (length <= 1 && from === add(forward.next, -1)) anomalies |= KEEP_ALIVE;
  if (length > 0 && back.scale !== SCALE_UNKNOWN && add(from, length) === windowEdge(back)) anomalies |= WINDOW_FULL;
  return anomalies;
}

/** The sequence number up to which a direction lets its peer send. */
function windowEdge(flow: Flow): Seq {
  const scale = flow.unscaled || flow.scale < 0 ? 0 : flow.scale;
  return add(flow.ack, flow.window << scale);
}

/** A segment that brings nothing and has the numbers of the one before. */
function ofRepeated(forward: Flow, back: Flow, segment: Segment): number {
  if (segment.dataLength !== 0 || segment.flags & (SYN | FIN | RST)) return 0;
  if (segment.seq !== forward.next || segment.ack !== forward.ack) return 0;
  if (segment.window !== forward.window) return segment.window === 0 ? 0 : WINDOW_UPDATE;
  if (segment.window === 0) return back.anomalies & ZERO_WINDOW_PROBE ? ZERO_WINDOW_PROBE_ACK : 0;
  if (back.anomalies & KEEP_ALIVE) return KEEP_ALIVE_ACK;
  forward.duplicates = forward.duplicates === BEGIN_AGAIN ? 1 : forward.duplicates + 1;
  return DUPLICATE_ACK;
}

/** An ACK of text that the capture does not have. It is told once for each such text. */
function ofUnseen(back: Flow, segment: Segment): number {
  if (!(segment.flags & ACK) || back.whole === 0 || !gt(segment.ack, back.whole)) return 0;
  if (lt(back.whole, back.next)) {
    back.whole = back.next;
    return ACK_LOST_SEGMENT;
  }
  const first = back.duplicates === 0;
  back.duplicates = BEGIN_AGAIN;
  return first ? ACK_LOST_SEGMENT : 0;
}

/** Moves the direction's numbers on. A window probe is not counted as text. */
function advance(forward: Flow, arrival: Arrival, anomalies: number): void {
  const { segment } = arrival;
  const to = add(segment.seq, segment.dataLength + (segment.flags & (SYN | FIN) ? 1 : 0));
  if (!(anomalies & ZERO_WINDOW_PROBE)) {
    if (forward.next === 0 || gt(to, forward.next)) {
      forward.next = to;
      forward.nextTime = arrival.time;
    }
    if (forward.whole === 0 || segment.seq === forward.whole) forward.whole = forward.next;
  }
  forward.window = segment.window;
  forward.ack = segment.ack;
  forward.ackTime = arrival.time;
}

/** Scaling is used where both SYNs have the option (RFC 7323 2.2); one without it is enough to know that it is not. */
function learnScale(forward: Flow, back: Flow, { segment, cut }: Arrival): void {
  if (segment.windowScale !== ABSENT) forward.scale = segment.windowScale;
  if (segment.flags & SYN) {
    forward.unscaled = true;
    if (cut) return;
    if (forward.scale === SCALE_UNKNOWN) {
      forward.scale = SCALE_UNUSED;
      back.scale = SCALE_UNUSED;
    } else if (segment.flags & ACK && back.scale === SCALE_UNUSED) forward.scale = SCALE_UNUSED;
  } else if (segment.flags & ACK) forward.unscaled = false;
}
