/**
 * Owns: the fifth step of SEGMENT ARRIVES (RFC 9293 3.10.7.4), the ACK field: what is acknowledged, the send window
 * with SND.WL1 and SND.WL2, duplicates, and the moves that an acknowledged SYN or FIN makes.
 */

import { diff, ge, gt, le, lt, max, type Seq, seq } from '../wire/seq.ts';
import { ACK, ECE, FIN, type Segment, SYN } from '../wire/tcp.ts';
import { tuneSendBuffer } from './buffers.ts';
import { forgetBursts } from './bursts.ts';
import { challenge } from './challenge.ts';
import { congestionEchoed } from './ecn.ts';
import type { TcpEnv } from './env.ts';
import { textOnSynAcknowledged } from './fastopen.ts';
import { probeAcknowledged, startSearch } from './plpmtud.ts';
import { duplicateAck, flightSize, keepMarksNear, newlyAcknowledged, startCongestion } from './recovery.ts';
import { resetUnknown } from './reset.ts';
import { endBackoff, finishTiming } from './rto.ts';
import { acknowledgedWithSack } from './sack.ts';
import { tellOfRoom } from './sendroom.ts';
import { enter } from './state.ts';
import { noteAcknowledged } from './statistics.ts';
import { finAcked, SIGNAL_DRAINED, SIGNAL_ESTABLISHED, type Tcb } from './tcb.ts';
import { destroy } from './teardown.ts';
import { enterTimeWait, takeHeld } from './text.ts';
import { setTimer, stopTimer } from './timers.ts';
import { measureEcho, noteRecent } from './timestamps.ts';

/** Whether processing goes on to the next step. */
export type Step = 'continue' | 'done';

/** Fifth, check the ACK field. */
export function checkAck(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): Step {
  if ((segment.flags & ACK) === 0) return 'done';
  const snd = tcb.snd;
  const ack = segment.ack;

  if (tcb.state === 'SYN-RECEIVED') {
    if (!(gt(ack, snd.una) && le(ack, snd.nxt))) {
      env.counters.TcpBadAck++;
      resetUnknown(tcb, env, segment);
      return 'done';
    }
    synAcknowledged(tcb, env, segment, now);
  } else if (gt(ack, snd.nxt) || lt(ack, seq(snd.una - snd.maxWnd))) {
    // It acknowledges what was never sent, or what was acknowledged long ago: blind injection (RFC 5961 5, MAY-12).
    env.counters.TcpBadAck++;
    challenge(tcb, env, now);
    return 'done';
  }

  noteRecent(tcb, segment, now); // here, where the ACK has been believed: a blind forger must not set the clock back

  const flight = flightSize(tcb);
  if (tcb.ecn !== null) tcb.ecn.echoed = (segment.flags & ECE) !== 0;
  if (gt(ack, snd.una)) acknowledged(tcb, env, segment, now);
  else if (tcb.sack && (segment.sackCount > 0 || tcb.board?.rack.probing)) {
    acknowledgedWithSack(tcb, env, segment, flight, false, now);
  } else if (ack === snd.una && !tcb.sack) maybeDuplicate(tcb, env, segment, now);
  if (tcb.ecn?.echoed) congestionEchoed(tcb, env, tcb.ecn, flight, now);
  if (ge(ack, snd.una)) updateWindow(tcb, env, segment, now);

  if (!finAcked(tcb)) return 'continue';
  switch (tcb.state) {
    case 'FIN-WAIT-1':
      stopTimer(tcb, env, 'closing', now);
      enter(tcb, env, 'FIN-WAIT-2', now);
      if (tcb.detached) setTimer(tcb, env, 'closing', now + env.config.finWait2, now);
      return 'continue';
    case 'CLOSING':
      enterTimeWait(tcb, env, now);
      return 'done';
    case 'LAST-ACK':
      destroy(tcb, env, null, now);
      return 'done';
    default:
      return 'continue';
  }
}

/** SYN-RECEIVED: our SYN is acknowledged, the connection is established (and a CLOSE that waited goes ahead). */
function synAcknowledged(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  tcb.resumes = null;
  becomeEstablished(tcb, env, segment, now);
  takeHeld(tcb, env, segment, now);
}

/** Enters ESTABLISHED with the window of the segment that brought us here. */
export function becomeEstablished(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  const snd = tcb.snd;
  snd.wnd = segment.flags & SYN ? segment.window : segment.window << snd.shift;
  snd.maxWnd = Math.max(snd.maxWnd, snd.wnd);
  snd.wl1 = segment.seq;
  snd.wl2 = segment.ack;
  // A SYN that had to be repeated on an initial RTO below 3 s says that the guess was too low (RFC 6298 5.7).
  if (tcb.rtt.backoff > 0 && tcb.rtt.srtt < 0) tcb.rtt.rto = Math.max(tcb.rtt.rto, 3000);
  startSearch(tcb, env);
  startCongestion(tcb, env, now);
  if (tcb.stats.dataHeard < 0) tcb.stats.dataHeard = Math.floor(now);
  tcb.rtt.backoff = 0;
  enter(tcb, env, 'ESTABLISHED', now);
  // By fast open its user has it already.
  if (!(tcb.fastOpened && tcb.passive)) tcb.signals |= SIGNAL_ESTABLISHED;
  if (tcb.options.keepAlive) setTimer(tcb, env, 'keepAlive', now + tcb.options.keepAliveIdle, now);
  if (snd.closed) enter(tcb, env, 'FIN-WAIT-1', now);
}

/** SND.UNA < SEG.ACK =< SND.NXT. */
export function acknowledged(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  const snd = tcb.snd;
  const ack = segment.ack;
  const flight = flightSize(tcb);
  let octets = diff(ack, snd.una);
  if (!snd.synAcked) {
    snd.synAcked = true;
    octets--;
    if (tcb.fastOpen !== null && tcb.fastOpen.sent > 0) textOnSynAcknowledged(tcb, env, tcb.fastOpen, ack);
  }
  const text = Math.min(octets, snd.text.length);
  snd.text.drop(env.buffers, text);
  snd.una = ack;
  snd.rxt = max(snd.rxt, ack);
  if (snd.urgent && le(snd.up, ack)) snd.urgent = false;
  if (tcb.bursts !== null) forgetBursts(tcb.bursts, ack);
  if (text > 0) noteAcknowledged(tcb, text, now);
  if (tcb.search !== null) probeAcknowledged(tcb, env, tcb.search);
  keepMarksNear(tcb);

  const rtt = tcb.ts.on && segment.timestamps ? measureEcho(tcb, env, segment, now) : finishTiming(tcb, env, ack, now);
  if (tcb.sack) acknowledgedWithSack(tcb, env, segment, flight, true, now);
  // Of text that went with the SYN the controller hears nothing: it begins once the connection is established.
  else if (text > 0 && tcb.state !== 'SYN-SENT') newlyAcknowledged(tcb, env, segment, text, flight, rtt, now);
  // Of the SYN's back-off `becomeEstablished` makes use first.
  if (octets > 0) endBackoff(tcb, env, rtt >= 0);

  // RFC 6298 5.2, 5.3: stop when nothing is outstanding, else start anew (the output pass does).
  stopTimer(tcb, env, 'retransmission', now);
  stopTimer(tcb, env, 'probe', now);
  stopTimer(tcb, env, 'user', now);
  if (tcb.wantsRoom) tuneSendBuffer(tcb, env);
  tellOfRoom(tcb, env);
  if (ack === snd.nxt && snd.text.length === 0 && (text > 0 || snd.finSent)) tcb.signals |= SIGNAL_DRAINED;
}

/** SEG.ACK = SND.UNA: a duplicate in the sense of RFC 5681 2, or just a segment with text or a window. */
function maybeDuplicate(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  const snd = tcb.snd;
  if (snd.una === snd.nxt || segment.dataLength > 0 || segment.flags & (SYN | FIN)) return;
  if (segment.window << snd.shift !== snd.wnd) return;
  // What is answered here is our probe, not a hole.
  if (tcb.timers.persist !== Infinity) return;
  duplicateAck(tcb, env, now);
}

/** The send window moves only by segments newer than the one that set it last. */
function updateWindow(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  const snd = tcb.snd;
  const newer = lt(snd.wl1, segment.seq) || (snd.wl1 === segment.seq && le(snd.wl2, segment.ack));
  if (!newer) return;
  const before = snd.wnd;
  snd.wnd = segment.flags & SYN ? segment.window : segment.window << snd.shift;
  snd.wl1 = segment.seq;
  snd.wl2 = segment.ack;
  if (snd.wnd > snd.maxWnd) snd.maxWnd = snd.wnd;
  if (before !== 0 || snd.wnd === 0) return;
  stopTimer(tcb, env, 'persist', now);
  // It had been closed for a moment only: acknowledgments are still to be expected, and a peer that opens and closes
  // its window has not everything sent to it each time.
  if (tcb.rtt.backoff === 0) return;
  // The window opens: what was sent into it while it was closed was not taken.
  tcb.rtt.backoff = 0;
  if (tcb.board !== null) tcb.board.loseOnTimeout(Infinity, snd.mss);
  else if (gt(snd.nxt, snd.una)) snd.rxt = snd.una;
}

/** SEG.ACK is in (SND.UNA, SND.NXT]: the test of SYN-SENT and SYN-RECEIVED. */
export function isAcceptableAck(tcb: Tcb, ack: Seq): boolean {
  return gt(ack, tcb.snd.una) && le(ack, tcb.snd.nxt);
}
