/**
 * Owns: what is to be told of one captured connection besides its figures: how it opened, anomalies with their frames, who
 * closed first, what flowed in a half-closed time, which reset ended it and why, as far as the capture tells. Its size does not
 * grow with the connection. Leaves to others: the states (`states.ts`), the sentences (`story.ts`).
 */

import type { StateName, TraceSink } from '../trace/events.ts';
import { add, seq } from '../wire/seq.ts';
import { ACK, FIN, RST, SYN } from '../wire/tcp.ts';
import type { Connection } from './connection.ts';
import { StateFollower } from './states.ts';
import { ANOMALIES, type AnomalyName, type End, type FollowedSegment, SENT_AGAIN } from './types.ts';

/** One kind of anomaly in a connection. */
export interface AnomalySummary {
  readonly name: AnomalyName;
  /** As in Wireshark's column "Info", without numbers. */
  readonly label: string;
  /** How many of each end's segments have it. */
  readonly counts: [number, number];
  /** The first frames that have it, at most {@link MOST_FRAMES}. */
  readonly frames: number[];
  /** ms from the connection's first packet. */
  readonly first: number;
  last: number;
}

/** The likely reason for a reset. */
export type ResetCause =
  /** In answer to a SYN: nobody listens. */
  | 'closed-port'
  /** In answer to a SYN,ACK for another SYN, or by one who has already given up. */
  | 'old-answer'
  | 'gave-up-opening'
  /** Of an end without the connection: it has restarted, or forgotten it. */
  | 'no-connection'
  /** Text came after it had closed, and nobody is there to read it. */
  | 'text-after-close'
  /** It has sent again and again, or asked, without any answer. */
  | 'timeout'
  | 'keep-alive'
  /** Its user closed with text unread, or aborted. */
  | 'unread'
  | 'abort'
  /** It comes after the end. */
  | 'after-end';

export interface Reset {
  readonly by: End;
  readonly frame: number;
  /** ms from the first packet. */
  readonly time: number;
  readonly cause: ResetCause;
  /** The other end went on after it. */
  ignored: boolean;
}

export type Opening =
  | 'handshake'
  | 'simultaneous'
  | 'refused'
  | 'unanswered'
  /** SYN and SYN,ACK, and no more. */
  | 'unfinished'
  /** Only one end's packets are in the capture. */
  | 'one-way'
  /** The capture begins with the SYN,ACK. */
  | 'answer'
  /** It began before the capture. */
  | 'middle';

/** Frames of an anomaly that are named. */
export const MOST_FRAMES = 5;
/** Retransmissions, or keep-alives, without an answer that look like a peer that is gone. */
const GONE = 3;

export class Life {
  readonly connection: Connection;
  readonly follower: StateFollower;
  readonly anomalies: Map<AnomalyName, AnomalySummary> = new Map();
  /** SYNs without ACK of each end; and when its first and its last one were sent, ms from the first packet. */
  readonly syns: [number, number] = [0, 0];
  readonly synTimes: [number, number] = [0, 0];
  /** When the other answered, ms from the first packet. */
  answered: number | null = null;
  /** The first FIN of each end, ms from the first packet. */
  readonly fins: [number | null, number | null] = [null, null];
  /** Octets of text that the second to close sent after it had the other's FIN. */
  halfClosed = 0;
  /** How long each end's window was closed, ms. */
  readonly stalls: [number, number] = [0, 0];
  reset: Reset | null = null;
  resets = 0;
  /** Segments sent again, and keep-alives, since the other was heard last. */
  readonly unanswered: [number, number] = [0, 0];
  readonly #probes: [number, number] = [0, 0];
  readonly #closedSince: [number | null, number | null] = [null, null];
  /** Who sent text last, and what: an end that has text to read. */
  #textFrom: End | null = null;

  /** @param sink told the connection as a trace (`StateFollower`) */
  constructor(first: FollowedSegment, sink: TraceSink) {
    this.connection = first.connection;
    this.follower = new StateFollower(first, sink);
  }

  take(segment: FollowedSegment): void {
    const { from } = segment;
    const to = from === 0 ? 1 : 0;
    const before = this.follower.ends[from].state;
    this.follower.take(segment);
    const time = this.follower.timeOf(segment);
    this.#summarize(segment, time);
    const { flags, length } = segment.segment;
    if (flags & RST) {
      this.#takeReset(segment, before, time);
      return;
    }
    if (this.reset !== null && this.reset.by === from) this.reset.ignored = true;
    if (flags & SYN) this.#takeSyn(from, flags, time);
    const again = segment.anomalies.some(({ name }) => bitOf(name) & SENT_AGAIN);
    const probe = segment.anomalies.some(({ name }) => name === 'keep_alive');
    this.unanswered[to] = 0;
    this.#probes[to] = 0;
    if (again) this.unanswered[from]++;
    if (probe) this.#probes[from]++;
    const own = this.follower.ends[from].state;
    const halfway = own === 'CLOSE-WAIT' || (flags & FIN && own === 'LAST-ACK');
    if (length > 0 && !again && !probe) {
      this.#textFrom = from;
      if (halfway) this.halfClosed += length;
    }
    if (flags & FIN) this.fins[from] ??= time;
    this.#takeWindow(segment, time);
  }

  /** The capture is over. */
  end(): void {
    this.follower.end();
  }

  /** The end that asked for the connection: the client. Null where the capture does not show it. */
  get opener(): End | null {
    const { opener } = this.connection;
    if (opener !== null) return opener;
    if (this.follower.ends[0].passive) return 1;
    return this.follower.ends[1].passive ? 0 : null;
  }

  get opening(): Opening {
    const { ends } = this.follower;
    if (ends.some(({ assumed }) => assumed)) return 'middle';
    if (this.syns[0] > 0 && this.syns[1] > 0) return 'simultaneous';
    if (this.connection.opener === null) return ends.some(({ iss }) => iss !== null) ? 'answer' : 'middle';
    if (this.reset?.cause === 'closed-port') return 'refused';
    if (this.answered === null && !this.#wasOpen) return 'unanswered';
    if (this.answered === null && this.connection.sides.some(({ packets }) => packets === 0)) return 'one-way';
    return this.#wasOpen ? 'handshake' : 'unfinished';
  }

  /** The states in which the capture leaves both ends. */
  get states(): readonly [StateName | null, StateName | null] {
    const [a, b] = this.follower.ends;
    return [a.state, b.state];
  }

  /** The end that sent its FIN first; null where none did, or both before they had the other's. */
  get closer(): End | null {
    const [a, b] = this.fins;
    if (this.simultaneousClose || (a === null && b === null)) return null;
    if (a === null) return 1;
    return b === null || a <= b ? 0 : 1;
  }

  get simultaneousClose(): boolean {
    return this.follower.crossed;
  }

  get #wasOpen(): boolean {
    return this.follower.opened;
  }

  #summarize({ anomalies, frame, from }: FollowedSegment, time: number): void {
    for (const { name } of anomalies) {
      let summary = this.anomalies.get(name);
      if (summary === undefined) {
        const { label } = ANOMALIES.find((kind) => kind.name === name)!;
        summary = { name, label, counts: [0, 0], frames: [], first: time, last: time };
        this.anomalies.set(name, summary);
      }
      summary.counts[from]++;
      summary.last = time;
      if (summary.frames.length < MOST_FRAMES) summary.frames.push(frame);
    }
  }

  #takeSyn(from: End, flags: number, time: number): void {
    if (flags & ACK) {
      this.answered ??= time;
      return;
    }
    if (this.syns[from] === 0) this.synTimes[from] = time;
    this.syns[from]++;
  }

  #takeWindow({ from, segment, anomalies }: FollowedSegment, time: number): void {
    const since = this.#closedSince[from];
    if (anomalies.some(({ name }) => name === 'zero_window')) this.#closedSince[from] ??= time;
    else if (since !== null && segment.window > 0) {
      this.stalls[from] += time - since;
      this.#closedSince[from] = null;
    }
  }

  #takeReset(segment: FollowedSegment, before: StateName | null, time: number): void {
    this.resets++;
    if (this.reset !== null && !this.reset.ignored) return;
    const { from, frame } = segment;
    this.reset = { by: from, frame, time, cause: this.#causeOf(segment, before), ignored: false };
  }

  #causeOf({ from, segment: { flags } }: FollowedSegment, before: StateName | null): ResetCause {
    const own = this.follower.ends[from];
    const other: End = from === 0 ? 1 : 0;
    const heard = own.heard?.segment;
    const answersSyn = heard !== undefined && (heard.flags & (SYN | ACK)) === SYN;
    if ((own.state ?? before) === null || (before === 'CLOSED' && this.fins[from] === null)) {
      return answersSyn ? 'closed-port' : 'no-connection';
    }
    if (before === 'CLOSED' || before === 'TIME-WAIT') return 'after-end';
    if (before === 'SYN-SENT') {
      const good = heard !== undefined && own.iss !== null && seq(heard.ack) === add(own.iss, 1);
      return heard === undefined || good ? 'gave-up-opening' : 'old-answer';
    }
    if (this.unanswered[from] >= GONE) return 'timeout';
    if (this.#probes[from] >= GONE) return 'keep-alive';
    if (this.fins[from] !== null && heard !== undefined && heard.length > 0) return 'text-after-close';
    if ((flags & ACK) === 0 && this.fins[from] === null) return 'no-connection';
    return this.#textFrom === other ? 'unread' : 'abort';
  }
}

function bitOf(name: AnomalyName): number {
  return ANOMALIES.find((kind) => kind.name === name)!.bit;
}
