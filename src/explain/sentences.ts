/**
 * Owns: which sentences there are, as one type for every language: a language that lacks one does not compile. Sentences are
 * functions of facts. Names of the protocol (SYN, cwnd, states) are the RFC's in every language.
 */

import type { CallEvent, CongestionEvent, LinkEvent, StateName, TimerName } from '../trace/events.ts';
import type { Kind } from './meaning.ts';

/** The arrows of the state diagram whose end is another state than CLOSED, and TIME-WAIT's and LAST-ACK's to CLOSED. */
export type ArrowName =
  | 'CLOSED>LISTEN'
  | 'CLOSED>SYN-SENT'
  | 'LISTEN>SYN-RECEIVED'
  | 'LISTEN>SYN-SENT'
  | 'LISTEN>CLOSED'
  | 'SYN-SENT>SYN-RECEIVED'
  | 'SYN-SENT>ESTABLISHED'
  | 'SYN-RECEIVED>ESTABLISHED'
  | 'SYN-RECEIVED>FIN-WAIT-1'
  | 'SYN-RECEIVED>LISTEN'
  | 'ESTABLISHED>FIN-WAIT-1'
  | 'ESTABLISHED>CLOSE-WAIT'
  | 'FIN-WAIT-1>FIN-WAIT-2'
  | 'FIN-WAIT-1>CLOSING'
  | 'FIN-WAIT-1>TIME-WAIT'
  | 'FIN-WAIT-2>TIME-WAIT'
  | 'CLOSE-WAIT>LAST-ACK'
  | 'CLOSING>TIME-WAIT'
  | 'LAST-ACK>CLOSED'
  | 'TIME-WAIT>CLOSED'
  | 'TIME-WAIT>SYN-RECEIVED'
  | 'SYN-RECEIVED>TIME-WAIT';

/** Why a connection is deleted outside the order of things. */
export type Ending = 'reset' | 'timeout' | 'orphan' | 'call';

/** Why something is sent again: a timer, reports that it is missing, a tail loss probe; or nobody knows. */
export type Again = 'time-out' | 'missing' | 'probe' | 'unknown';

/** What a SYN says besides its number. */
export interface Offer {
  readonly mss: number | null;
  /** Factor of its window. */
  readonly scale: number | null;
  readonly sack: boolean;
  readonly timestamps: boolean;
  readonly ecn: boolean;
  /** 'request' for a fast open cookie, or 'cookie'. */
  readonly fastOpen: 'request' | 'cookie' | null;
}

/** Octets `from` to `to`, both included. */
export type Range = readonly [from: number, to: number];

/** `h` is the host that the event is about, `p` the other one. */
export interface Sentences {
  /** What stands between two sentences. */
  readonly space: string;
  /** A time that a person reads at a glance. */
  duration(ms: number): string;

  /** A packet as a noun: `A's SYN`, `octets 1-100 of A`; of the one spoken of where `h` is null: `its SYN`. */
  packet(h: string | null, kind: Kind, range: Range | null, fin: boolean): string;
  somePacket: string;

  // Segments that are sent
  syn(h: string, p: string, isn: number): string;
  synAck(h: string, p: string, isn: number): string;
  synBoth(h: string, p: string): string;
  handshake(h: string, p: string): string;
  text(h: string, range: Range, p: string): string;
  /** `afterText`: the segment has text, too. `halfway`: `p` has not closed yet. */
  fin(h: string, p: string, afterText: boolean, halfway: boolean): string;
  /** All octets up to and including `last`. */
  ack(h: string, last: number): string;
  /** `halfway`: `h` itself has not closed yet. */
  ackFin(h: string, p: string, halfway: boolean): string;
  ackFinAgain(h: string, p: string): string;
  ackAgain(h: string, next: number): string;
  duplicate(h: string, next: number, count: number): string;
  window(h: string, window: number): string;
  zeroWindow(h: string, p: string): string;
  windowProbe(h: string, p: string): string;
  probeAnswer(h: string, window: number): string;
  keepAlive(h: string, p: string): string;
  keepAliveAnswer(h: string): string;
  challenge(h: string, p: string): string;
  refusal(h: string, port: number): string;
  noConnection(h: string, p: string): string;
  abort(h: string, p: string): string;
  again(thing: string, h: string, why: Again): string;
  forged(h: string, claimed: string): string;

  // What a segment says besides
  offers(h: string, offer: Offer): string;
  reuse: string;
  alsoAcks(last: number): string;
  sack(ranges: readonly Range[]): string;
  twice(range: Range): string;
  noRoom(p: string): string;
  echo(p: string): string;
  reduced(h: string): string;
  urgent(h: string): string;

  // Segments that arrive
  comes(h: string, thing: string): string;
  copy(h: string, thing: string): string;
  stranger(h: string, thing: string): string;
  takes(h: string, thing: string): string;
  fills(h: string, thing: string): string;
  beyond(h: string, thing: string, next: number): string;
  old(h: string, thing: string): string;
  outside(h: string, thing: string): string;
  aged(h: string, thing: string): string;
  resetOutside(h: string): string;
  acked(h: string, octets: number, after: number | null): string;
  ownAcked(h: string, flag: 'SYN' | 'FIN', after: number | null): string;
  heardDuplicate(h: string, count: number): string;
  opens(h: string, window: number): string;
  stops(h: string): string;

  // States
  readonly arrows: Readonly<Record<ArrowName, (h: string, p: string) => string>>;
  ends(h: string, from: StateName, why: Ending): string;

  // Timers: what each is for, as it is set, and what its end means
  readonly timers: Readonly<
    Record<TimerName, { readonly name: string; readonly purpose: string; readonly fired: string }>
  >;
  timerSet(h: string, name: string, wait: string, purpose: string, anew: boolean): string;
  timerStopped(h: string, name: string): string;
  timerFired(h: string, name: string, fired: string): string;

  // The congestion window, octets; `before` is null the first time
  cwnd(h: string, now: number, before: number | null): string;
  readonly phases: Readonly<Record<CongestionEvent['phase'], string>>;
  undone(h: string): string;

  // Calls
  call(h: string, call: CallEvent['call'], count: number, listens: boolean): string;
  refused(result: string): string;

  // The network
  readonly link: Readonly<Record<LinkEvent['type'], (thing: string) => string>>;
  dropped(h: string, thing: string, why: 'queue' | 'checksum' | 'down' | null, reason: string): string;
}
