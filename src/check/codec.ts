/**
 * Owns: an endpoint and its ledger as words, and back: a copy of plain data, and the canonical form of a state at once. Times are
 * distances from now. What changes nothing that can be observed is left out and comes back as it is in a new TCB: statistics,
 * round-trip measurements (the model's RTO is fixed), the congestion window (more than the model's text ever needs).
 *
 * A field of the TCB that this file knows nothing of would be forgotten silently: `test/check/codec.test.ts` lists them all,
 * and what a model never uses is refused here by name.
 */

import type { BufferPool, Ring } from '../base/ring.ts';
import { ARROWS, type Congestion, type Endpoint, type State, type Tcb, TimeWait } from '../tcp/index.ts';
import { Held, Undo } from '../tcp/tcb.ts';
import { add, diff, type Seq, seq } from '../wire/seq.ts';
import { Packer, Unpacker } from './bits.ts';
import { ENDINGS, type Ledger } from './ledger.ts';

/** Words of the longest record. */
export const MOST_WORDS = 96;

export const STATES: readonly State[] = [...new Set(ARROWS.flatMap(({ from, to }) => [from, to]))];
const STATE_NUMBER: ReadonlyMap<State, number> = new Map(STATES.map((state, number) => [state, number]));

/** Where the words of every record are. */
export const WORD = { state: 0, ghosts: 1, bindings: 2, ledger: 3 } as const;

const packer = new Packer();
const unpacker = new Unpacker();
const octets = new Uint8Array(64);

/** A place in an array of words, going forward. */
class Cursor {
  words: Int32Array = new Int32Array(0);
  at = 0;

  begin(words: Int32Array): this {
    this.words = words;
    this.at = 0;
    return this;
  }

  put(word: number): void {
    this.words[this.at++] = word;
  }

  take(): number {
    return this.words[this.at++]!;
  }

  takeSeq(): Seq {
    return seq(this.take());
  }
}

const cursor = new Cursor();

/** Distances of deadlines: -1 is off. */
function fromNow(due: number, now: number): number {
  return due === Infinity ? -1 : Math.max(due - now, 0);
}

function atNow(distance: number, now: number): number {
  return distance < 0 ? Infinity : now + distance;
}

/** The state of an endpoint as told by the first word of its record. */
export function glanceState(word: number): State {
  return STATES[word & 15]!;
}

/** Whether a deadline of it has come. */
export function glanceDue(word: number): boolean {
  return (word & 16) !== 0;
}

/** Writes a side at `now`. @returns words written */
export function encodeSide(endpoint: Endpoint, ledger: Ledger, now: number, words: Int32Array): number {
  const { tcb, record } = endpoint;
  cursor.begin(words);
  const { snd, rcv } = tcb;
  const { undo } = tcb;
  const live = isLive(tcb.state);
  cursor.put(
    packer
      .begin()
      .put(STATE_NUMBER.get(endpoint.state)!, 4)
      .flag(endpoint.nextDeadline() <= now)
      .put(STATE_NUMBER.get(tcb.state)!, 4)
      .flag(endpoint.listening)
      .put(record === null ? 0 : record.asleep ? 2 : 1, 2)
      .flag(live && tcb.passive)
      .flag(live && snd.synAcked)
      .flag(live && snd.closed)
      .flag(live && snd.finSent)
      .flag(live && snd.urgent)
      .flag(live && rcv.urgent)
      .flag(live && rcv.finHeld)
      .flag(live && tcb.wantsRoom)
      .flag(tcb.detached)
      .flag(tcb.resumes !== null)
      .flag(live && tcb.lastChallenge >= 0 && now - tcb.lastChallenge < endpoint.env.config.challengeInterval)
      .flag(live && rcv.held !== null)
      .flag(live && undo !== null)
      .flag(live && tcb.cc.recovering)
      .put(live ? Math.min(tcb.cc.duplicates, endpoint.env.config.duplicateThreshold + 1) : 0, 3).word,
  );
  putLedger(ledger);
  putText(rcv.text);
  if (record !== null) putRecord(record, now);
  if (!live) return cursor.at;
  refuseUnknown(tcb);
  for (const word of [snd.una, snd.nxt, snd.rxt, snd.wnd, snd.maxWnd, snd.wl1, snd.wl2, snd.iss]) cursor.put(word);
  if (snd.urgent) cursor.put(snd.up);
  for (const word of [rcv.nxt, rcv.edge, rcv.irs, rcv.unacked, rcv.largest]) cursor.put(word);
  if (rcv.urgent) cursor.put(rcv.up);
  if (rcv.finHeld) cursor.put(rcv.finAt);
  putTimers(tcb, endpoint.env.config.r2, now);
  cursor.put(tcb.cc.recover);
  putText(snd.text);
  if (rcv.held !== null) putHeld(tcb, rcv.held);
  if (undo !== null) putUndo(undo);
  return cursor.at;
}

/** Makes `endpoint` and `ledger` what the words say, at `now`. */
export function restoreSide(endpoint: Endpoint, ledger: Ledger, now: number, words: Int32Array): void {
  cursor.begin(words);
  const { env, tcb } = endpoint;
  unpacker.begin(cursor.take());
  unpacker.take(5);
  tcb.state = STATES[unpacker.take(4)]!;
  endpoint.listening = unpacker.flag();
  const record = unpacker.take(2);
  const { snd, rcv } = tcb;
  const live = isLive(tcb.state);
  tcb.passive = unpacker.flag();
  snd.synAcked = unpacker.flag();
  snd.closed = unpacker.flag();
  snd.finSent = unpacker.flag();
  snd.urgent = unpacker.flag();
  rcv.urgent = unpacker.flag();
  rcv.finHeld = unpacker.flag();
  tcb.wantsRoom = unpacker.flag();
  tcb.detached = unpacker.flag();
  const resumes = unpacker.flag();
  tcb.lastChallenge = unpacker.flag() ? now : -1;
  const held = unpacker.flag();
  const undone = unpacker.flag();
  tcb.cc.recovering = unpacker.flag();
  tcb.cc.duplicates = unpacker.take(3);
  clearRest(tcb, env.config.maxRto);
  takeLedger(ledger);
  takeText(rcv.text, env.buffers);
  endpoint.record = record === 0 ? null : takeRecord(tcb, now, record === 2);
  tcb.resumes = resumes ? endpoint.record : null;
  snd.text.clear(env.buffers);
  rcv.held = null;
  tcb.undo = null;
  if (!live) {
    clearVariables(tcb);
    return;
  }
  snd.una = cursor.takeSeq();
  snd.nxt = cursor.takeSeq();
  snd.rxt = cursor.takeSeq();
  snd.wnd = cursor.take();
  snd.maxWnd = cursor.take();
  snd.wl1 = cursor.takeSeq();
  snd.wl2 = cursor.takeSeq();
  snd.iss = cursor.takeSeq();
  snd.up = snd.urgent ? cursor.takeSeq() : snd.una;
  rcv.nxt = cursor.takeSeq();
  rcv.edge = cursor.takeSeq();
  rcv.irs = cursor.takeSeq();
  rcv.unacked = cursor.take();
  rcv.largest = cursor.take();
  rcv.up = rcv.urgent ? cursor.takeSeq() : rcv.nxt;
  rcv.finAt = rcv.finHeld ? cursor.takeSeq() : rcv.nxt;
  rcv.lastAck = rcv.nxt;
  rcv.pushed = rcv.nxt;
  takeTimers(tcb, env.config.r2, now);
  tcb.cc.recover = cursor.takeSeq();
  takeText(snd.text, env.buffers);
  if (held) rcv.held = takeHeld(tcb, env.buffers);
  if (undone) tcb.undo = takeUndo(tcb.cc);
}

/** Of the others nothing is left but the state. */
function isLive(state: State): boolean {
  return state !== 'CLOSED' && state !== 'LISTEN' && state !== 'TIME-WAIT';
}

function putLedger(ledger: Ledger): void {
  const { count, inc, peer, recordInc, recordPeer, finTotal } = ledger;
  cursor.put(packer.begin().put(count, 3).put(inc, 3).put(peer, 3).put(recordInc, 3).put(recordPeer, 3).word);
  cursor.put(ledger.bindings);
  const ending = ENDINGS.indexOf(ledger.ending);
  packer.begin().put(ledger.written, 3).put(ledger.delivered, 3).put(ledger.arrived, 8).put(finTotal, 3);
  cursor.put(packer.flag(ledger.finKnown).flag(ledger.closed).put(ending, 3).word);
}

function takeLedger(ledger: Ledger): void {
  unpacker.begin(cursor.take());
  ledger.count = unpacker.take(3);
  ledger.inc = unpacker.take(3);
  ledger.peer = unpacker.take(3);
  ledger.recordInc = unpacker.take(3);
  ledger.recordPeer = unpacker.take(3);
  ledger.bindings = cursor.take();
  unpacker.begin(cursor.take());
  ledger.written = unpacker.take(3);
  ledger.delivered = unpacker.take(3);
  ledger.arrived = unpacker.take(8);
  ledger.finTotal = unpacker.take(3);
  ledger.finKnown = unpacker.flag();
  ledger.closed = unpacker.flag();
  ledger.ending = ENDINGS[unpacker.take(3)]!;
}

function putRecord(record: TimeWait, now: number): void {
  const answered = record.lastAnswer >= 0 && record.lastAnswer === now;
  cursor.put(record.asleep ? record.due : fromNow(record.due, now));
  for (const word of [record.sndNxt, record.rcvNxt, record.irs, record.window, answered ? 1 : 0]) cursor.put(word);
}

function takeRecord(tcb: Tcb, now: number, asleep: boolean): TimeWait {
  const due = cursor.take();
  const { snd, rcv } = tcb;
  snd.nxt = cursor.takeSeq();
  rcv.nxt = cursor.takeSeq();
  rcv.irs = cursor.takeSeq();
  rcv.edge = add(rcv.nxt, cursor.take());
  const record = new TimeWait(tcb, asleep ? due : atNow(due, now));
  record.asleep = asleep;
  record.lastAnswer = cursor.take() === 1 ? now : -1;
  return record;
}

/** Off, or up to how far: retransmission, persist, delayed ACK, keep-alive, user, closing; then back-off. */
function putTimers({ timers, rtt, keepAlives, lastHeard, probedAt, options }: Tcb, r2: number, now: number): void {
  cursor.put(fromNow(timers.retransmission, now));
  cursor.put(fromNow(timers.persist, now));
  cursor.put(fromNow(timers.delayedAck, now));
  cursor.put(fromNow(timers.user, now));
  cursor.put(fromNow(timers.closing, now));
  if (options.keepAlive) {
    cursor.put(fromNow(timers.keepAlive, now));
    cursor.put(keepAlives);
    cursor.put(now - lastHeard);
  }
  if (r2 !== Infinity) cursor.put(probedAt < 0 ? -1 : now - probedAt);
  cursor.put(Math.min(rtt.backoff, 1));
}

function takeTimers(tcb: Tcb, r2: number, now: number): void {
  const { timers } = tcb;
  timers.retransmission = atNow(cursor.take(), now);
  timers.persist = atNow(cursor.take(), now);
  timers.delayedAck = atNow(cursor.take(), now);
  timers.user = atNow(cursor.take(), now);
  timers.closing = atNow(cursor.take(), now);
  if (tcb.options.keepAlive) {
    timers.keepAlive = atNow(cursor.take(), now);
    tcb.keepAlives = cursor.take();
    tcb.lastHeard = now - cursor.take();
  }
  if (r2 !== Infinity) {
    const since = cursor.take();
    tcb.probedAt = since < 0 ? -1 : now - since;
  }
  tcb.rtt.backoff = cursor.take();
}

function putText(text: Ring): void {
  cursor.put(text.length);
  if (text.length === 0) return;
  text.copy(0, text.length, octets, 0);
  putOctets(text.length);
}

function takeText(text: Ring, pool: BufferPool): void {
  text.clear(pool);
  const length = cursor.take();
  if (length === 0) return;
  takeOctets(length);
  text.push(pool, octets, 0, length);
}

function putOctets(length: number): void {
  octets.fill(0, length, length + 2);
  for (let i = 0; i < length; i += 3) {
    cursor.put(octets[i]! | (octets[i + 1]! << 8) | (octets[i + 2]! << 16));
  }
}

function takeOctets(length: number): void {
  for (let i = 0; i < length; i += 3) {
    const word = cursor.take();
    octets[i] = word;
    octets[i + 1] = word >>> 8;
    octets[i + 2] = word >>> 16;
  }
}

/** Out-of-order text lies in the ring beyond its length. What lies in the gaps means nothing. */
function putHeld({ rcv }: Tcb, { ranges }: Held): void {
  const { text } = rcv;
  cursor.put(ranges.count);
  for (let at = seq(rcv.nxt - 1); ranges.find(at); at = ranges.right) {
    const { left, right } = ranges;
    cursor.put(left);
    cursor.put(right);
    const from = text.length + diff(left, rcv.nxt);
    const length = diff(right, left);
    text.extend(diff(right, rcv.nxt));
    text.copy(from, length, octets, 0);
    text.extend(-diff(right, rcv.nxt));
    putOctets(length);
  }
}

function takeHeld({ rcv }: Tcb, pool: BufferPool): Held {
  const held = new Held();
  for (let left = cursor.take(); left > 0; left--) {
    const from = cursor.takeSeq();
    const end = cursor.takeSeq();
    held.ranges.add(from, end);
    takeOctets(diff(end, from));
    rcv.text.put(pool, rcv.text.length + diff(from, rcv.nxt), octets, 0, diff(end, from));
  }
  return held;
}

const FRTO: readonly Undo['frto'][] = ['off', 'first', 'second'];

function putUndo(undo: Undo): void {
  const { marker, low, high, firstEnd, until } = undo;
  for (const word of [marker, low, high, firstEnd, until]) cursor.put(word);
  cursor.put(
    packer
      .begin()
      .put(FRTO.indexOf(undo.frto), 2)
      .flag(undo.over)
      .flag(undo.resent > 0).word,
  );
}

function takeUndo(cc: Congestion): Undo {
  const undo = new Undo(cc, cursor.takeSeq(), seq(0));
  undo.low = cursor.takeSeq();
  undo.high = cursor.takeSeq();
  undo.firstEnd = cursor.takeSeq();
  undo.until = cursor.takeSeq();
  unpacker.begin(cursor.take());
  undo.frto = FRTO[unpacker.take(2)]!;
  undo.over = unpacker.flag();
  undo.resent = unpacker.flag() ? 1 : 0;
  return undo;
}

/** What no model uses, and this file does not write. */
const UNUSED = ['ecn', 'pace', 'board', 'uto', 'cork', 'bursts', 'search', 'fastOpen'] as const;

function refuseUnknown(tcb: Tcb): void {
  for (const name of UNUSED) {
    if (tcb[name] !== null) throw new Error(`the checker's snapshots do not hold tcb.${name}`);
  }
  const { rcv, ts, cc } = tcb;
  if (rcv.quick !== null) throw new Error("the checker's snapshots do not hold tcb.rcv.quick");
  if (ts.on || tcb.sack || tcb.scaling)
    throw new Error("the checker's snapshots do not hold the options of RFC 7323 and 2018");
  if (cc.slowStart !== null || cc.state !== null)
    throw new Error("the checker's snapshots do not hold a controller's state");
}

/** What is left out comes back as in a new TCB. */
function clearRest(tcb: Tcb, rto: number): void {
  const { rtt, stats, owed, timers, rcv } = tcb;
  tcb.signals = 0;
  tcb.failure = null;
  tcb.softError = null;
  tcb.mtu = MTU;
  tcb.keepAlives = 0;
  tcb.probedAt = -1;
  rtt.srtt = -1;
  rtt.rttvar = 0;
  rtt.rto = rto;
  rtt.backoff = 0;
  rtt.timedAt = -1;
  stats.phase = null;
  stats.rare = null;
  stats.bytesReceived = 0;
  stats.minRtt = -1;
  rcv.largest = 0;
  owed.ack = false;
  owed.syn = false;
  owed.oldest = false;
  owed.probe = false;
  owed.tail = false;
  owed.keepAlive = false;
  owed.override = false;
  timers.retransmission = Infinity;
  timers.persist = Infinity;
  timers.delayedAck = Infinity;
  timers.keepAlive = Infinity;
  timers.user = Infinity;
  timers.closing = Infinity;
  tcb.cc.cwnd = CWND;
  tcb.cc.ssthresh = Infinity;
  tcb.cc.limited = false;
  tcb.cc.largestFlight = 0;
}

function clearVariables(tcb: Tcb): void {
  const { snd, rcv, cc } = tcb;
  const zero = seq(0);
  snd.wnd = 0;
  snd.maxWnd = 0;
  snd.una = zero;
  snd.nxt = zero;
  snd.rxt = zero;
  snd.wl1 = zero;
  snd.wl2 = zero;
  snd.iss = zero;
  snd.up = zero;
  rcv.nxt = zero;
  rcv.edge = zero;
  rcv.irs = zero;
  rcv.up = zero;
  rcv.finAt = zero;
  rcv.lastAck = zero;
  rcv.pushed = zero;
  rcv.unacked = 0;
  cc.recover = zero;
}

/** What a path carries, as in a new TCB. */
const MTU = 1500;
/** More than any model's text. */
export const CWND = 10_000;
