/**
 * Owns: what has to hold. Safety is asked of every step of one side: what it was before, what came, what it is and has sent
 * afterwards. Goals are asked of states of the world; that one stays reachable from everywhere is the search's business
 * (`search.ts`). The names are those of docs/why.md.
 */

import type { State } from '../tcp/index.ts';
import { diff, ge, gt, type Seq, seq } from '../wire/seq.ts';
import { ACK, FIN, RST, SYN } from '../wire/tcp.ts';
import { glanceState, WORD } from './codec.ts';
import type { Interner } from './interner.ts';
import { ENDINGS, Ledger } from './ledger.ts';
import type { Carried } from './segments.ts';
import { hasTakenFin, type Side } from './side.ts';

export type SafetyName =
  | 'H1'
  | 'H1-weak'
  | 'H3'
  | 'D1'
  | 'D2'
  | 'D3'
  | 'D4'
  | 'D6'
  | 'C1'
  | 'C4'
  | 'W1'
  | 'W2'
  | 'W3'
  | 'W4'
  | 'S1';

export type GoalName = 'H2' | 'C2' | 'C3' | 'D5' | 'W5';

/** What a side is, as far as safety asks. Taken before a step and after it. */
export class Facts {
  state: State = 'CLOSED';
  inc = 0;
  peer = 0;
  /** Octets of the peer's stream that are here: read, waiting to be read, held beyond a gap. */
  present = 0;
  delivered = 0;
  finKnown = false;
  finTaken = false;
  /** TIME-WAIT: it is held; it sleeps; how long it lasts yet, ms. */
  waiting = false;
  asleep = false;
  left = 0;
  una: Seq = seq(0);
  nxt: Seq = seq(0);
  rcvNxt: Seq = seq(0);
  edge: Seq = seq(0);

  take({ endpoint, ledger, now }: Side): void {
    const { tcb, record, state } = endpoint;
    const { snd, rcv } = tcb;
    this.state = state;
    this.inc = ledger.inc;
    this.peer = ledger.peer;
    this.delivered = ledger.delivered;
    this.present = ledger.delivered + rcv.text.length + heldOctets(tcb);
    this.finTaken = hasTakenFin(state);
    this.finKnown = this.finTaken || (rcv.finHeld && isSynchronizedOrNearly(state));
    this.waiting = record !== null && !record.asleep;
    this.asleep = record?.asleep ?? false;
    this.left = record === null ? 0 : record.asleep ? record.due : record.due - now;
    this.una = snd.una;
    this.nxt = snd.nxt;
    this.rcvNxt = rcv.nxt;
    this.edge = rcv.edge;
  }
}

function heldOctets({ rcv }: Side['endpoint']['tcb']): number {
  if (rcv.held === null) return 0;
  const { ranges } = rcv.held;
  let sum = 0;
  for (let at = seq(rcv.nxt - 1); ranges.find(at); at = ranges.right) sum += diff(ranges.right, ranges.left);
  return sum;
}

function isSynchronizedOrNearly(state: State): boolean {
  return state !== 'CLOSED' && state !== 'LISTEN' && state !== 'SYN-SENT';
}

/** There is a connection, of this incarnation. */
function isLive(state: State): boolean {
  return state !== 'CLOSED' && state !== 'LISTEN' && state !== 'TIME-WAIT';
}

/** The other side: what its incarnations have been bound to. */
export interface Other {
  readonly state: State;
  readonly inc: number;
  readonly bindings: number;
}

/** Somebody's connection ends with it: a half-open one that nobody has heard of merely listens again. */
function isConnection(state: State): boolean {
  return isLive(state) && state !== 'SYN-RECEIVED';
}

type Names = ReadonlySet<SafetyName>;

/**
 * A segment has arrived at `side`.
 *
 * @param other the other side meanwhile (H1)
 * @returns the property that does not hold, or null
 */
export function checkArrival(
  names: Names,
  side: Side,
  carried: Carried,
  before: Facts,
  after: Facts,
  other: Other,
): SafetyName | null {
  const { segment } = carried;
  const { ledger } = side;
  const own = carried.inc === after.peer && carried.peer === after.inc;
  const same = before.inc === after.inc;
  if (before.state !== 'SYN-SENT' && before.state !== 'ESTABLISHED' && after.state === 'ESTABLISHED') {
    const agreed = Ledger.isBound(other.bindings, after.peer, after.inc);
    if (names.has('H1') && !agreed) return 'H1';
    const opening = other.state === 'SYN-SENT' && other.inc === after.peer;
    if (names.has('H1-weak') && !agreed && !opening) return 'H1-weak';
  }
  if (names.has('H3') && before.state === 'SYN-SENT' && after.state === 'ESTABLISHED' && carried.peer !== after.inc) {
    return 'H3';
  }
  if (names.has('D1') && same && after.present > before.present && !own) return 'D1';
  if (names.has('D2') && same && !before.finKnown && after.finKnown && !own) return 'D2';
  if (names.has('D3') && segment.flags & RST && isConnection(before.state) && !isLive(after.state)) {
    if (carried.inc !== before.peer || carried.peer !== before.inc) return 'D3';
  }
  if (names.has('D6') && same && maySendText(after.state) && after.present < arrivedInOrder(ledger.arrived))
    return 'D6';
  if (names.has('W1') && before.state === 'LAST-ACK' && after.state !== 'LAST-ACK' && ledger.ending !== 'clean')
    return 'W1';
  if (names.has('W3') && before.waiting && !after.waiting && !(after.asleep && isBareSyn(segment.flags))) return 'W3';
  // What is left of TIME-WAIT stays as it is while it sleeps beside what may prove old.
  const slept = (before.waiting && after.asleep) || (before.asleep && after.waiting);
  if (names.has('W4') && slept && before.left !== after.left) return 'W4';
  return null;
}

function isBareSyn(flags: number): boolean {
  return (flags & (SYN | ACK)) === SYN;
}

function maySendText(state: State): boolean {
  return state === 'ESTABLISHED' || state === 'FIN-WAIT-1' || state === 'FIN-WAIT-2';
}

/** How many octets from the first on have arrived. */
function arrivedInOrder(arrived: number): number {
  let count = 0;
  while (arrived & (1 << count)) count++;
  return count;
}

/** Any step of `side`: what it has sent, what its application has read. @returns the property that does not hold, or null */
export function checkStep(names: Names, side: Side, before: Facts, after: Facts): SafetyName | null {
  const { ledger } = side;
  if (names.has('D4')) {
    const first = after.inc === before.inc ? before.delivered : 0;
    for (let i = 0; i < side.readCount; i++) {
      if (side.read[i] !== Ledger.octet(after.peer, first + i)) return 'D4';
    }
    if (!before.finTaken && after.finTaken && after.inc === before.inc && after.present !== ledger.finTotal)
      return 'D4';
  }
  if (names.has('C4') && !ledger.closed) {
    for (let i = 0; i < side.sentCount; i++) if (side.sent[i]!.flags & FIN) return 'C4';
  }
  if (names.has('S1') && !holdsS1(side, before, after)) return 'S1';
  return null;
}

/** The invariants of every stream: edges go forward, and segments say what they must and no more. */
function holdsS1(side: Side, before: Facts, after: Facts): boolean {
  if (isLive(after.state) && gt(after.una, after.nxt)) return false;
  const same = before.inc === after.inc && isSynchronizedOrNearly(before.state) && isLive(after.state);
  if (same && !(ge(after.rcvNxt, before.rcvNxt) && ge(after.edge, before.edge))) return false;
  for (let i = 0; i < side.sentCount; i++) {
    const { flags, ack, mss } = side.sent[i]!;
    if (flags & RST) continue;
    if (!(flags & SYN) && (!(flags & ACK) || mss >= 0)) return false;
    if (flags & ACK && isLive(after.state) && gt(ack, after.rcvNxt)) return false;
  }
  return true;
}

// ---- Goals, asked of snapshots ----

/** A state of the world as far as goals ask. */
export interface Outlook {
  readonly sides: Interner;
  /** Numbers of A's and B's records. */
  readonly a: number;
  readonly b: number;
}

/** A side out of its snapshot. */
export function otherOf(sides: Interner, side: number): Other {
  const bindings = sides.word(side, WORD.bindings);
  return { state: stateOf(sides, side), inc: incOf(sides.word(side, WORD.ghosts)), bindings };
}

const stateOf = (sides: Interner, side: number): State => glanceState(sides.word(side, WORD.state));
const incOf = (ghosts: number): number => (ghosts >>> 3) & 7;
const peerOf = (ghosts: number): number => (ghosts >>> 6) & 7;
const writtenOf = (word: number): number => word & 7;
const deliveredOf = (word: number): number => (word >>> 3) & 7;
const endingOf = (word: number): string => ENDINGS[(word >>> 19) & 7]!;

/** Both ESTABLISHED, each with the other's incarnation. */
function areConnected({ sides, a, b }: Outlook): boolean {
  if (stateOf(sides, a) !== 'ESTABLISHED' || stateOf(sides, b) !== 'ESTABLISHED') return false;
  const left = sides.word(a, WORD.ghosts);
  const right = sides.word(b, WORD.ghosts);
  return incOf(left) === peerOf(right) && incOf(right) === peerOf(left);
}

function isIdle(state: State): boolean {
  return state === 'CLOSED' || state === 'LISTEN';
}

function areIdle({ sides, a, b }: Outlook): boolean {
  return isIdle(stateOf(sides, a)) && isIdle(stateOf(sides, b));
}

/** The connection is over on both sides, and in good order. */
function areDone(outlook: Outlook): boolean {
  const { sides, a, b } = outlook;
  if (!areIdle(outlook)) return false;
  return endingOf(sides.word(a, WORD.ledger)) === 'clean' && endingOf(sides.word(b, WORD.ledger)) === 'clean';
}

/** What `writer` has written has been delivered, or its application knows better. */
function isSettled(sides: Interner, writer: number, reader: number): boolean {
  const ledger = sides.word(writer, WORD.ledger);
  const ending = endingOf(ledger);
  if (writtenOf(ledger) === 0 || (ending !== 'none' && ending !== 'clean')) return true;
  const same = peerOf(sides.word(reader, WORD.ghosts)) === incOf(sides.word(writer, WORD.ghosts));
  return same && deliveredOf(sides.word(reader, WORD.ledger)) === writtenOf(ledger);
}

export interface Goal {
  /** Asked of every state: is it a good one? */
  readonly holds: (outlook: Outlook) => boolean;
  /** From which states it must be reachable; all, if not given. */
  readonly from?: (outlook: Outlook) => boolean;
  /** Not by waiting for the end of TIME-WAIT. */
  readonly beforeTimeWaitEnds?: true;
}

export const GOALS: Readonly<Record<GoalName, Goal>> = {
  H2: { holds: (outlook) => areConnected(outlook) || areIdle(outlook) },
  C2: { holds: areDone },
  C3: { holds: areDone },
  D5: { holds: ({ sides, a, b }) => isSettled(sides, a, b) && isSettled(sides, b, a) },
  W5: {
    holds: areConnected,
    from: ({ sides, a, b }) => {
      const left = stateOf(sides, a);
      const right = stateOf(sides, b);
      return (left === 'SYN-SENT' && right === 'TIME-WAIT') || (right === 'SYN-SENT' && left === 'TIME-WAIT');
    },
    beforeTimeWaitEnds: true,
  },
};
