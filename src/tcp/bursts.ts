/**
 * Owns: how text leaves where `config.pushBursts` is set: in bursts, each of which ends with PSH although more is queued, as a
 * stack with segmentation offload sends it. A burst is what a millisecond carries at the pacing rate, and at most half of the
 * congestion window, so that ACKs keep coming; it ends where a record ends. PSH tells the receiver's offload, which gathers
 * segments, that nothing more comes at once (RFC 9293 3.9.1.2 lets a sender set it where it likes). A segment that has
 * carried PSH carries it when it is sent again.
 *
 * Nagle's rule is here the one of Minshall: a small segment waits for the ACK of another small one, not of anything, so that
 * the end of a long write does not wait for a round trip.
 */

import { add, diff, gt, le, type Seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import { burstSegments } from './pacing.ts';
import { type Tcb, textEnd } from './tcb.ts';

/** Of connections that have sent something. */
export class Bursts {
  /** PSH stands after these: sent, not acknowledged, in order. */
  pushes: Seq[] = [];
  /** Where records end that are not sent: no segment reaches across. */
  records: Seq[] = [];
  /** PSH stands after what was written last. */
  pushed = false;
  /** The SEND at hand was one without PUSH. */
  more = false;
  /** What waits for company goes without it in this pass. */
  atOnce = false;
  /** End of the segment sent last that was not whole. */
  small: Seq;

  constructor(small: Seq) {
    this.small = small;
  }
}

export function copyBursts(bursts: Bursts): Bursts {
  const { pushes, records } = bursts;
  return Object.assign(new Bursts(bursts.small), bursts, { pushes: pushes.slice(), records: records.slice() });
}

/** A SEND has brought text. */
export function noteWritten(tcb: Tcb, push: boolean, record: boolean): void {
  tcb.bursts ??= new Bursts(tcb.snd.una);
  const { bursts } = tcb;
  bursts.pushed = push;
  bursts.more = !push;
  if (record) bursts.records.push(textEnd(tcb));
}

/** Octets queued from SND.RXT on that may share a segment; `queued` there are. */
export function together(tcb: Tcb, bursts: Bursts, queued: number): number {
  const { records } = bursts;
  while (records.length > 0 && le(records[0]!, tcb.snd.rxt)) records.shift();
  return records.length > 0 ? diff(records[0]!, tcb.snd.rxt) : queued;
}

/** Octets of the next burst, never sent before; 0 when they must wait. `usable` the peer allows, `room` the congestion window. */
export function nextBurst(tcb: Tcb, env: TcpEnv, bursts: Bursts, queued: number, usable: number, room: number): number {
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
  const record = bursts.records[0] === end;
  if (record) bursts.records.shift();
  if (length > mss || record || tcb.owed.override || (bursts.pushed && end === textEnd(tcb))) bursts.pushes.push(end);
  if (length % mss !== 0) bursts.small = end;
}

/** Does PSH stand after the octets that end at `end`? */
export function isPushed(tcb: Tcb, bursts: Bursts, end: Seq): boolean {
  if (bursts.pushed && end === textEnd(tcb)) return true;
  const { pushes } = bursts;
  let low = 0;
  for (let high = pushes.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (gt(end, pushes[middle]!)) low = middle + 1;
    else high = middle;
  }
  return pushes[low] === end;
}

/** SND.UNA has moved on. */
export function forgetPushes({ pushes }: Bursts, una: Seq): void {
  let count = 0;
  while (count < pushes.length && le(pushes[count]!, una)) count++;
  if (count > 0) pushes.splice(0, count);
}

/** Text was taken back that was never sent. */
export function recordsDiscarded(tcb: Tcb, bursts: Bursts): void {
  const end = textEnd(tcb);
  bursts.records = bursts.records.filter((record) => le(record, end));
}
