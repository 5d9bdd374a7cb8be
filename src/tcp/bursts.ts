/**
 * Owns: how text leaves where `config.pushBursts` is set: in bursts, each of which ends with PSH although more is queued, as a
 * stack with segmentation offload sends it. A burst is what a millisecond carries at the pacing rate, and at most half of the
 * congestion window, so that ACKs keep coming; it ends where a record ends. PSH tells the receiver's offload, which gathers
 * segments, that nothing more comes at once (RFC 9293 3.9.1.2 lets a sender set it where it likes). What is sent again
 * goes within the bounds of its burst: several segments of it are a burst again, one is none.
 *
 * Nagle's rule is here the one of Minshall: a small segment waits for the ACK of another small one, not of anything, so that
 * the end of a long write does not wait for a round trip.
 */

import { add, diff, gt, le, max, type Seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import { burstSegments, LARGEST_BURST } from './pacing.ts';
import { type Tcb, textEnd } from './tcb.ts';

/** Of connections that have sent something. */
export class Bursts {
  /** Where bursts end that are sent and not acknowledged, in order. */
  ends: Seq[] = [];
  /** Of these, where a SEND ended: PSH stands after it whenever it is sent. */
  pushes: Seq[] = [];
  /** The burst that is being sent ends here, with PSH; null for a single segment. */
  current: Seq | null = null;
  /** Where records end that are not sent: no segment reaches across. */
  records: Seq[] = [];
  /** Where the piece begins that what is written next may be added to (`sendroom.ts`). */
  piece: Seq;
  /** PSH stands after what was written last. */
  pushed = false;
  /** Where it stood last. */
  pushedTo: Seq;
  /** Bursts that this pass may still send: while a SEND goes on it is one, so that the rest may grow first. */
  left: number = Infinity;
  /** The SEND at hand was one without PUSH. */
  more = false;
  /** What waits for company goes without it in this pass. */
  atOnce = false;
  /** End of the segment sent last that was not whole. */
  small: Seq;

  constructor(start: Seq) {
    this.piece = start;
    this.pushedTo = start;
    this.small = start;
  }
}

export function copyBursts(bursts: Bursts): Bursts {
  const copy = Object.assign(new Bursts(bursts.small), bursts);
  copy.ends = bursts.ends.slice();
  copy.pushes = bursts.pushes.slice();
  copy.records = bursts.records.slice();
  return copy;
}

/** Octets that are queued together: whole segments, no more than half the peer's window takes. */
export function sizeGoal({ snd: { mss, maxWnd } }: Tcb): number {
  const most = maxWnd === 0 ? LARGEST_BURST : Math.min(LARGEST_BURST, maxWnd / 2);
  return Math.max(Math.floor(most / mss), 1) * mss;
}

/** Octets unsent of the piece that is being filled. */
export function pieceLength(tcb: Tcb): number {
  const { bursts, snd } = tcb;
  const start = bursts === null ? snd.nxt : max(bursts.piece, snd.nxt);
  return Math.max(diff(textEnd(tcb), start), 0);
}

/**
 * A SEND has brought `length` octets. `begun`: the piece before it was full; `more`: there is more of it, which gets PSH only where
 * half of the peer's window lies behind the last one.
 */
export function noteWritten(
  tcb: Tcb,
  length: number,
  begun: boolean,
  push: boolean,
  record: boolean,
  more: boolean,
): void {
  tcb.bursts ??= new Bursts(tcb.snd.una);
  const { bursts } = tcb;
  const end = textEnd(tcb);
  if (begun) bursts.piece = add(end, -length);
  const due = diff(end, bursts.pushedTo) > tcb.snd.maxWnd / 2;
  bursts.pushed = push && (due || !more);
  if (bursts.pushed) bursts.pushedTo = end;
  bursts.left = more && !due ? 1 : Infinity;
  bursts.more = !push;
  if (!record) return;
  bursts.records.push(end);
  bursts.piece = end;
}

/** The rest of a SEND finds no room: what is queued of it is pushed. */
export function noteRefused(tcb: Tcb, bursts: Bursts): void {
  if (!gt(textEnd(tcb), tcb.snd.nxt)) return;
  bursts.pushed = true;
  bursts.pushedTo = textEnd(tcb);
}

/** Octets queued from SND.RXT on that may share a segment; `queued` there are. */
export function together(tcb: Tcb, bursts: Bursts, queued: number): number {
  const { records } = bursts;
  while (records.length > 0 && le(records[0]!, tcb.snd.rxt)) records.shift();
  return records.length > 0 ? diff(records[0]!, tcb.snd.rxt) : queued;
}

/** Octets of the next burst, never sent before; 0 when they must wait. `usable` the peer allows, `room` the congestion window. */
export function nextBurst(tcb: Tcb, env: TcpEnv, bursts: Bursts, queued: number, usable: number, room: number): number {
  if (bursts.left === 0) return 0;
  const { mss } = tcb.snd;
  const size = together(tcb, bursts, queued);
  const last = size === queued;
  const needed = Math.min(size, usable);
  if (needed < Math.min(size, mss)) return tcb.owed.override ? needed : 0;
  if (room < Math.min(size, mss)) return 0;
  if (size <= mss) return size < mss && last && waits(tcb, bursts) ? 0 : size;
  const half = Math.max(Math.floor(tcb.cc.cwnd / mss / 2), 1);
  const most = mss * Math.min(half, Math.floor(room / mss), burstSegments(tcb, env));
  if (most <= needed) return most;
  const rest = needed % mss;
  return rest > 0 && last && waits(tcb, bursts) ? needed - rest : needed;
}

/** A small segment at the end of the queue had better wait for company. */
function waits({ snd, owed, cork, options }: Tcb, bursts: Bursts): boolean {
  if (snd.closed || snd.urgent || owed.override || bursts.atOnce) return false;
  if (bursts.more || cork?.on) return true;
  return !options.noDelay && gt(bursts.small, snd.una) && le(bursts.small, snd.nxt);
}

/** A burst of `length` octets leaves from SND.RXT. */
export function noteBurst(tcb: Tcb, bursts: Bursts, length: number): void {
  const { mss, rxt } = tcb.snd;
  const end = add(rxt, length);
  bursts.left--;
  const record = bursts.records[0] === end;
  if (record) bursts.records.shift();
  bursts.ends.push(end);
  bursts.current = length > mss ? end : null;
  if (record || tcb.owed.override || (bursts.pushed && end === textEnd(tcb))) bursts.pushes.push(end);
  if (length % mss !== 0) bursts.small = end;
}

/** Text has left on the SYN, up to `end`. */
export function noteSynText(bursts: Bursts, end: Seq): void {
  bursts.ends.push(end);
  bursts.pushes.push(end);
}

/** A burst is being sent that reaches beyond `from`. */
export function isUnderWay({ current }: Bursts, from: Seq): boolean {
  return current !== null && gt(current, from);
}

/** Text is sent again from `from` on, `length` octets of it in this pass. */
export function noteBurstAgain(tcb: Tcb, env: TcpEnv, bursts: Bursts, from: Seq, length: number): void {
  const count = Math.min(length, leftOfBurst(bursts, from), tcb.snd.mss * burstSegments(tcb, env));
  const end = add(from, count);
  bursts.current = count > tcb.snd.mss ? end : null;
  // What is sent apart stays apart.
  if (gt(from, tcb.snd.una)) insert(bursts.ends, from);
  insert(bursts.ends, end);
}

/** Octets from `from` to the end of its burst. */
export function leftOfBurst({ ends }: Bursts, from: Seq): number {
  const index = after(ends, add(from, 1));
  return index < ends.length ? diff(ends[index]!, from) : Infinity;
}

/** Does PSH stand after the octets that end at `end`? */
export function isPushed(tcb: Tcb, bursts: Bursts, end: Seq): boolean {
  if (bursts.current === end || (bursts.pushed && end === textEnd(tcb))) return true;
  return bursts.pushes[after(bursts.pushes, end)] === end;
}

/** SND.UNA has moved on. */
export function forgetBursts({ ends, pushes }: Bursts, una: Seq): void {
  forget(ends, una);
  forget(pushes, una);
}

function forget(list: Seq[], una: Seq): void {
  const count = after(list, add(una, 1));
  if (count > 0) list.splice(0, count);
}

/** The place of the first that is `at` or beyond it. */
function after(list: readonly Seq[], at: Seq): number {
  let low = 0;
  for (let high = list.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (gt(at, list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(list: Seq[], at: Seq): void {
  const index = after(list, at);
  if (list[index] !== at) list.splice(index, 0, at);
}

/** Text was taken back that was never sent. */
export function recordsDiscarded(tcb: Tcb, bursts: Bursts): void {
  const end = textEnd(tcb);
  bursts.records = bursts.records.filter((record) => le(record, end));
}
