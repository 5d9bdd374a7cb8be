/**
 * Owns: finding out that the window was reduced for nothing, and taking that back. Three witnesses: timestamps, when the
 * ACK echoes one older than the first retransmission (the Eifel test, RFC 7323 4 with RFC 9438 4.9); D-SACKs, when
 * everything that was sent again is reported to have come twice (RFC 2883); and after a time-out the ACKs of what was
 * not sent again (F-RTO, RFC 5682).
 */

import { add, diff, ge, gt, le, lt, max, min, type Seq, seq } from '../wire/seq.ts';
import type { Segment } from '../wire/tcp.ts';
import type { TcpEnv } from './env.ts';
import { flightSize, inFlight, traceCongestion } from './recovery.ts';
import { copyCongestion, type Tcb, textEnd, Undo } from './tcb.ts';
import { timestampNow } from './timestamps.ts';

/** The reduction was taken back; what seems lost must not be sent again yet; nothing to say. */
export type Verdict = 'needless' | 'wait' | 'go on';

/** The window is about to be reduced: keeps what it was. A reduction on top of another is taken back with that. */
export function beforeReduction(tcb: Tcb, timeout: boolean): void {
  const { cc, snd } = tcb;
  if (cc.recovering || lt(snd.una, cc.recover)) {
    if (tcb.undo !== null) tcb.undo.frto = 'off';
    return;
  }
  tcb.undo = new Undo(copyCongestion(cc), snd.una, snd.nxt);
  tcb.undo.earlier = tcb.board !== null && tcb.board.resentOctets > 0;
  // Losses that were being mended already say nothing about the timer (RFC 5682 2.1 step 1).
  if (timeout) tcb.undo.frto = 'first';
}

/** `length` octets from `start` are sent again. */
export function noteResent(tcb: Tcb, undo: Undo, start: Seq, length: number, now: number): void {
  const end = add(start, Math.max(length, 1));
  if (undo.resent === 0 && !undo.stamped) {
    undo.stamp = timestampNow(tcb.ts.offset, now);
    undo.stamped = tcb.ts.on;
    undo.firstEnd = end;
    undo.low = start;
    undo.high = end;
  } else {
    undo.low = min(undo.low, start);
    undo.high = max(undo.high, end);
  }
  undo.resent += Math.max(Math.ceil(length / tcb.snd.mss), 1);
}

/**
 * An ACK came, SND.UNA is up to date. `advanced`: by this ACK.
 *
 * @returns whether a reduction was taken back
 */
export function reductionWasNeedless(
  tcb: Tcb,
  env: TcpEnv,
  undo: Undo,
  segment: Segment,
  advanced: boolean,
  now: number,
): boolean {
  const early = advanced && undo.stamped && !undo.earlier && segment.timestamps && segment.tsEcr !== seq(0);
  if (early && lt(segment.tsEcr, undo.stamp) && gt(tcb.snd.una, undo.marker)) {
    if (undo.frto === 'off') env.counters.TcpExtTCPFullUndo++;
    else env.counters.TcpExtTCPSpuriousRTOs++;
    takeBack(tcb, env, undo, now);
    return true;
  }
  forget(tcb, undo);
  return false;
}

/** A D-SACK for [left, right). @returns whether a reduction was taken back */
export function resentArrivedTwice(tcb: Tcb, env: TcpEnv, undo: Undo, left: Seq, right: Seq, now: number): boolean {
  if (undo.resent === 0 || lt(left, undo.low) || gt(right, undo.high)) {
    env.counters.TcpExtTCPDSACKIgnoredOld++;
    return false;
  }
  undo.resent -= Math.min(Math.ceil(diff(right, left) / tcb.snd.mss), undo.resent);
  if (undo.resent > 0) return false;
  env.counters.TcpExtTCPDSACKUndo++;
  takeBack(tcb, env, undo, now);
  return true;
}

/**
 * F-RTO (RFC 5682 2.1, 3.1) after a time-out: the first ACK lets new text out in place of old, the second tells.
 *
 * @param advanced SND.UNA did
 * @param original the end of the lowest text that arrived by this ACK and was never sent again, or null for none: with
 *   SACK; without it what the ACK covers beyond the retransmission
 */
export function forwardRto(
  tcb: Tcb,
  env: TcpEnv,
  undo: Undo,
  advanced: boolean,
  original: Seq | null,
  now: number,
): Verdict {
  const { cc, snd } = tcb;
  if (undo.frto === 'first') {
    if (!advanced) {
      if (!tcb.sack) undo.frto = 'off'; // a duplicate: something is missing
      return 'go on';
    }
    // All of it, or not even what was sent again: no evidence. Nor where nothing new can be sent.
    const fresh = Math.min(diff(textEnd(tcb), snd.nxt), snd.wnd - flightSize(tcb));
    if (lt(snd.una, undo.firstEnd) || ge(snd.una, cc.recover) || fresh <= 0) {
      undo.frto = 'off';
      return 'go on';
    }
    undo.frto = 'second';
    undo.until = cc.recover; // what was sent before the time-out
    cc.recover = snd.nxt;
    snd.rxt = snd.nxt;
    cc.cwnd = inFlight(tcb) + 2 * snd.mss;
    return 'wait';
  }
  const told = original !== null && le(original, undo.until);
  undo.frto = 'off';
  if (told) {
    env.counters.TcpExtTCPSpuriousRTOs++;
    cc.cwnd = Math.min(cc.cwnd, undo.before.cwnd); // it had been stretched for the new text
    takeBack(tcb, env, undo, now);
    return 'needless';
  }
  // Two round trips have passed since: three segments is what slow start would have reached.
  if (tcb.board === null) snd.rxt = snd.una;
  cc.cwnd = Math.min(cc.cwnd, inFlight(tcb) + 3 * snd.mss);
  return 'go on';
}

/** The window and all that belongs to it as they were (RFC 9438 4.9.2), unless it is larger again already. */
function takeBack(tcb: Tcb, env: TcpEnv, undo: Undo, now: number): void {
  const { cc, snd, board } = tcb;
  const { before } = undo;
  tcb.undo = null;
  if (cc.recovering || cc.cwnd <= before.cwnd) {
    cc.cwnd = before.cwnd; // what recovery had stretched it to is no window
    cc.ssthresh = Math.max(cc.ssthresh, before.ssthresh);
    cc.credit = before.credit;
    cc.slowStart = before.slowStart;
    cc.state = before.state;
  }
  cc.recovering = false;
  cc.duplicates = 0;
  cc.recover = add(snd.una, -1); // the next loss is news
  snd.rxt = snd.nxt;
  if (board !== null) {
    board.findAgain();
    board.rack.sent = -1; // what was sent again was not what arrived
  }
  tcb.rtt.backoff = 0;
  tcb.reordering = Math.max(tcb.reordering, 1);
  if (tcb.ecn !== null) tcb.ecn.reduced = false;
  if (env.trace !== null) traceCongestion(tcb, env, now, true);
}

/** Witnesses come until a round trip after the end of recovery. */
function forget(tcb: Tcb, undo: Undo): void {
  const { cc, snd } = tcb;
  if (cc.recovering || lt(snd.una, cc.recover)) return;
  if (!undo.over) {
    undo.over = true;
    undo.until = snd.nxt;
  } else if (ge(snd.una, undo.until)) {
    tcb.undo = null;
  }
}
