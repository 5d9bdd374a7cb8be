/**
 * Owns: the story of a captured connection in sentences: how it opened, what went over it, what went wrong, how it ended.
 * Leaves to others: the facts (`life.ts`), the words (`story-en.ts`, `story-zh.ts`).
 */

import type { StateName } from '../trace/events.ts';
import { diff } from '../wire/seq.ts';
import type { Connection, Offer } from './connection.ts';
import type { AnomalySummary, Life, Opening, ResetCause } from './life.ts';
import type { AnomalyName, End } from './types.ts';

/** An end of the connection: by its part, where the capture shows who asked; `name` is its address and port. */
export interface Actor {
  readonly role: 'client' | 'server' | null;
  readonly name: string;
}

/** The sentences of a story, one type for every language. Times are ms, sizes octets. */
export interface StoryWords {
  /** What stands between two sentences. */
  readonly space: string;
  readonly headings: {
    readonly opened: string;
    readonly flowed: string;
    readonly trouble: string;
    readonly ended: string;
  };
  /** `The client is A, the server B.` */
  cast(client: string, server: string): string;
  /** Without a client: who sent the first packet. */
  strangers(first: string, second: string): string;
  duration(ms: number): string;

  opened(opening: Opening, client: Actor, server: Actor, roundTrip: number | null): string;
  /** The SYN was answered at the n-th try only. */
  persisted(client: Actor, tries: number, after: number): string;
  reused: string;
  agreed(client: Offer, server: Offer): string;

  flowed(from: Actor, text: number, segments: number, bitsPerSecond: number): string;
  silent(actors: readonly Actor[]): string;
  roundTrips(from: Actor, mean: number, min: number, max: number): string;

  readonly fine: string;
  readonly anomalies: Readonly<Record<AnomalyName, string>>;
  /** `by` has who had how many; `times` the first and the last, ms from the beginning. */
  anomaly(
    label: string,
    by: readonly { readonly actor: Actor; readonly count: number }[],
    frames: readonly number[],
    more: boolean,
    times: readonly [number, number],
    meaning: string,
  ): string;
  stalled(actor: Actor, time: number): string;
  /** What was sent again of all that was sent, 0 .. 1. */
  loss(actor: Actor, share: number): string;
  icmp(count: number): string;

  closed(first: Actor, time: number): string;
  crossed(time: number): string;
  /** The second one followed after `wait`; it sent so much in between. */
  followed(second: Actor, wait: number, octets: number): string;
  halfOpen(second: Actor, octets: number): string;
  timeWait(actors: readonly Actor[]): string;
  lastAckMissing(actor: Actor): string;
  reset(by: Actor, other: Actor, time: number, cause: ResetCause): string;
  resetIgnored(by: Actor, other: Actor): string;
  moreResets(count: number): string;
  /** The states in which the capture leaves the ends, of those that are known. */
  stillOpen(ends: readonly { readonly actor: Actor; readonly state: StateName }[]): string;
  /** The last that was sent, again and again, was never answered. */
  unanswered(actor: Actor, times: number): string;
}

export interface Story {
  readonly cast: string;
  readonly opened: readonly string[];
  readonly flowed: readonly string[];
  readonly trouble: readonly string[];
  readonly ended: readonly string[];
}

/** The story of a connection whose capture is over (`Life.end`). */
export function tellStory(life: Life, words: StoryWords): Story {
  return new Teller(life, words).story();
}

/** Octets that sequence numbers can tell apart. */
const LONGEST = 0x7fffffff;
/** ms. */
const LEAST_ROUND_TRIP = 0.01;

/** Anomalies that are no trouble in themselves. */
const HARMLESS: ReadonlySet<AnomalyName> = new Set(['window_update', 'keep_alive', 'keep_alive_ack']);

class Teller {
  readonly #life: Life;
  readonly #words: StoryWords;
  readonly #connection: Connection;
  readonly #actors: readonly [Actor, Actor];
  readonly #client: End;

  constructor(life: Life, words: StoryWords) {
    this.#life = life;
    this.#words = words;
    this.#connection = life.connection;
    const { opener } = life;
    const [a, b] = life.connection.sides;
    const roles = opener === null ? [null, null] : opener === 0 ? ['client', 'server'] : ['server', 'client'];
    this.#actors = [
      { role: roles[0] as Actor['role'], name: a.name },
      { role: roles[1] as Actor['role'], name: b.name },
    ];
    this.#client = opener ?? 0;
  }

  story(): Story {
    const { opener } = this.#life;
    const [a, b] = [this.#actor(this.#client), this.#actor(other(this.#client))];
    return {
      cast: opener === null ? this.#words.strangers(a.name, b.name) : this.#words.cast(a.name, b.name),
      opened: this.#opened(),
      flowed: this.#flowed(),
      trouble: this.#trouble(),
      ended: this.#ended(),
    };
  }

  #actor(end: End): Actor {
    return this.#actors[end];
  }

  #opened(): string[] {
    const w = this.#words;
    const { opening, syns, synTimes, answered } = this.#life;
    const client = this.#client;
    const actor = this.#actor(client);
    const sentences = [w.opened(opening, actor, this.#actor(other(client)), this.#connection.initialRoundTrip)];
    if (opening !== 'simultaneous' && syns[client] > 1) {
      const until = answered ?? this.#life.reset?.time ?? this.#connection.duration;
      sentences.push(w.persisted(actor, syns[client], until - synTimes[client]));
    }
    if (this.#connection.reused) sentences.push(w.reused);
    const [own, peer] = [this.#connection.sides[client].offer, this.#connection.sides[other(client)].offer];
    if (own !== null && peer !== null) sentences.push(w.agreed(own, peer));
    return sentences;
  }

  #flowed(): string[] {
    const w = this.#words;
    const ends = [this.#client, other(this.#client)] as const;
    const talking = ends.filter((end) => this.#connection.sides[end].text > 0);
    const sentences = talking.map((end) => {
      const { packets } = this.#connection.sides[end];
      const text = this.#textOf(end);
      const { duration } = this.#connection;
      return w.flowed(this.#actor(end), text, packets, duration > 0 ? (text * 8000) / duration : 0);
    });
    const quiet = ends.filter((end) => !talking.includes(end));
    if (quiet.length > 0) sentences.push(w.silent(quiet.map((end) => this.#actor(end))));
    for (const end of ends) {
      const { count, mean, min, max } = this.#connection.sides[end].roundTrips;
      // Where the capture was made at the other end there is nothing to tell.
      if (count > 1 && mean >= LEAST_ROUND_TRIP) sentences.push(w.roundTrips(this.#actor(end), mean, min, max));
    }
    return sentences;
  }

  /** Octets of the stream: by its numbers, where it was seen from its SYN on and is shorter than they are. */
  #textOf(end: End): number {
    const { text, retransmitted } = this.#connection.sides[end];
    const { iss, sentTo, fin } = this.#life.follower.ends[end];
    if (iss === null || sentTo === null || text >= LONGEST) return text - retransmitted;
    return Math.max(0, diff(sentTo, iss) - 1 - (fin === null ? 0 : 1));
  }

  #trouble(): string[] {
    const w = this.#words;
    const sentences: string[] = [];
    for (const summary of this.#life.anomalies.values()) sentences.push(this.#anomaly(summary));
    for (const end of [0, 1] as const) {
      const { packets, retransmissions } = this.#connection.sides[end];
      if (retransmissions > 0) sentences.push(w.loss(this.#actor(end), retransmissions / packets));
      if (this.#life.stalls[end] > 0) sentences.push(w.stalled(this.#actor(end), this.#life.stalls[end]));
    }
    if (this.#connection.quoted > 0) sentences.push(w.icmp(this.#connection.quoted));
    const harmless = [...this.#life.anomalies.keys()].every((name) => HARMLESS.has(name));
    return harmless && this.#connection.quoted === 0 ? [w.fine, ...sentences] : sentences;
  }

  #anomaly({ name, label, counts, frames, first, last }: AnomalySummary): string {
    const by = ([0, 1] as const)
      .filter((end) => counts[end] > 0)
      .map((end) => ({ actor: this.#actor(end), count: counts[end] }));
    const more = counts[0] + counts[1] > frames.length;
    return this.#words.anomaly(label, by, frames, more, [first, last], this.#words.anomalies[name]);
  }

  #ended(): string[] {
    const { reset, opening } = this.#life;
    const sentences = this.#closing();
    if (reset !== null) sentences.push(...this.#resetting(reset.by));
    const waiting = ([0, 1] as const).filter((end) => this.#life.states[end] === 'TIME-WAIT');
    if (waiting.length > 0) sentences.push(this.#words.timeWait(waiting.map((end) => this.#actor(end))));
    for (const end of [0, 1] as const) {
      const { unanswered } = this.#life;
      if (unanswered[end] > 0 && (reset === null || reset.by === end)) {
        sentences.push(this.#words.unanswered(this.#actor(end), unanswered[end]));
      }
      if (this.#life.states[end] === 'LAST-ACK') sentences.push(this.#words.lastAckMissing(this.#actor(end)));
    }
    const over = reset !== null && !reset.ignored;
    if (sentences.length === 0 || (!over && this.#life.fins.every((fin) => fin === null) && opening !== 'refused')) {
      const ends = [this.#client, other(this.#client)].flatMap((end) => {
        const state = this.#life.states[end];
        return state === null ? [] : [{ actor: this.#actor(end as End), state }];
      });
      if (ends.length > 0) sentences.push(this.#words.stillOpen(ends));
    }
    return sentences;
  }

  #closing(): string[] {
    const w = this.#words;
    const { closer, fins, halfClosed, simultaneousClose } = this.#life;
    if (simultaneousClose) return [w.crossed(Math.min(...fins.map((fin) => fin ?? Infinity)))];
    if (closer === null) return [];
    const second = other(closer);
    const sentences = [w.closed(this.#actor(closer), fins[closer]!)];
    const end = fins[second];
    if (end !== null) sentences.push(w.followed(this.#actor(second), end - fins[closer]!, halfClosed));
    else if (this.#life.reset === null) sentences.push(w.halfOpen(this.#actor(second), halfClosed));
    return sentences;
  }

  #resetting(by: End): string[] {
    const w = this.#words;
    const { time, cause, ignored } = this.#life.reset!;
    const [one, two] = [this.#actor(by), this.#actor(other(by))];
    return [
      w.reset(one, two, time, cause),
      ...(ignored ? [w.resetIgnored(one, two)] : []),
      ...(this.#life.resets > 1 ? [w.moreResets(this.#life.resets)] : []),
    ];
  }
}

function other(end: End): End {
  return end === 0 ? 1 : 0;
}
