/**
 * Owns: SEGMENT ARRIVES (RFC 9293 3.10.7): the dispatch on the state, and the states before synchronization: CLOSED
 * (3.10.7.1), LISTEN (3.10.7.2), SYN-SENT (3.10.7.3). The others are `synchronized.ts`.
 */

import { InvariantError } from '../base/invariant.ts';
import { add, diff, type Seq } from '../wire/seq.ts';
import { ACK, FIN, RST, type Segment, SYN } from '../wire/tcp.ts';
import { acknowledged, becomeEstablished, isAcceptableAck, type Step } from './ack.ts';
import type { TcpEnv } from './env.ts';
import { noteAnswer, openEarly } from './fastopen.ts';
import { prepareOffer, takeOffer } from './negotiate.ts';
import { resetUnknown } from './reset.ts';
import { enter } from './state.ts';
import { countIn } from './statistics.ts';
import { afterAck, segmentArrivesSynchronized } from './synchronized.ts';
import type { Tcb } from './tcb.ts';
import { destroy } from './teardown.ts';
import { holdForLater } from './text.ts';
import { echoesAnother } from './timestamps.ts';
import { firstWindow } from './window.ts';

/** A segment whose addresses, ports and checksum are right for this connection. */
export function segmentArrives(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  tcb.lastHeard = Math.ceil(now);
  tcb.keepAlives = 0;
  tcb.probedAt = -1;
  if (tcb.state !== 'LISTEN') countIn(tcb, segment, now);
  switch (tcb.state) {
    case 'CLOSED':
      // 3.10.7.1: there is no connection.
      resetUnknown(tcb, env, segment);
      return;
    case 'LISTEN':
      segmentArrivesListen(tcb, env, segment, now);
      return;
    case 'SYN-SENT':
      segmentArrivesSynSent(tcb, env, segment, now);
      return;
    case 'TIME-WAIT':
      // The host keeps a TimeWait record in place of the TCB (`timewait.ts`).
      throw new InvariantError('a segment reached a TCB in TIME-WAIT');
    default:
      segmentArrivesSynchronized(tcb, env, segment, now);
  }
}

/** 3.10.7.2. The remote socket and the path are filled in by the host before. */
function segmentArrivesListen(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  // First, check for a RST.
  if (segment.flags & RST) return;
  // Second, check for an ACK.
  if (segment.flags & ACK) {
    resetUnknown(tcb, env, segment);
    return;
  }
  // Third, check for a SYN.
  if ((segment.flags & SYN) === 0) {
    // Fourth, other data or control.
    env.counters.TcpUnexpected++;
    return;
  }
  countIn(tcb, segment, now);
  tcb.passive = true;
  prepareOffer(tcb);
  chooseInitialSequence(tcb, env, now);
  takeSyn(tcb, env, segment, now);
  tcb.snd.wnd = segment.window;
  tcb.snd.maxWnd = segment.window;
  tcb.snd.wl1 = segment.seq;
  tcb.snd.wl2 = tcb.snd.iss;
  enter(tcb, env, 'SYN-RECEIVED', now);
  if (tcb.fastOpen?.accept) openEarly(tcb, env, segment, now);
  // A peer whose cookie does not do will send its text again at once.
  else if (tcb.fastOpen === null) holdForLater(tcb, env, segment);
  tcb.owed.syn = true;
}

/** ISS and what begins with it (3.10.1). */
export function chooseInitialSequence(tcb: Tcb, env: TcpEnv, now: number): void {
  let iss = env.initialSequence(tcb, now);
  if (tcb.resumes !== null) {
    // A reopened pair starts beyond everything its last incarnation sent (MAY-2 (1)), by more than any unscaled window.
    const least = add(tcb.resumes.sndNxt, 65536);
    if (diff(iss, least) < 0) iss = least;
  }
  startSequence(tcb, iss);
  tcb.ts.offset = env.timestampOffset(tcb);
  tcb.rtt.rto = env.config.initialRto;
}

/** SND.UNA, SND.NXT <- ISS, before the SYN is sent. */
export function startSequence(tcb: Tcb, iss: Seq): void {
  const { snd } = tcb;
  snd.iss = iss;
  snd.una = iss;
  snd.nxt = iss;
  snd.rxt = iss;
}

/** RCV.NXT <- SEG.SEQ+1, IRS <- SEG.SEQ, and the options of the peer's SYN. */
function takeSyn(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  const rcv = tcb.rcv;
  rcv.irs = segment.seq;
  rcv.nxt = add(segment.seq, 1);
  rcv.lastAck = rcv.nxt;
  rcv.pushed = rcv.nxt;
  rcv.up = rcv.nxt;
  rcv.edge = add(rcv.nxt, firstWindow(tcb, env));
  takeOffer(tcb, env, segment, now);
}

/** 3.10.7.3. */
function segmentArrivesSynSent(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  if (checkAckSynSent(tcb, env, segment, now) === 'done') return;
  // Second, check the RST bit.
  if (segment.flags & RST) {
    // "error: connection reset" of the RFC is what users know as a refused connection.
    if (segment.flags & ACK) destroy(tcb, env, 'refused', now);
    else env.counters.TcpUnexpected++;
    return;
  }
  // Third, check the security: none.
  // Fourth, check the SYN bit.
  if ((segment.flags & SYN) === 0) {
    // Fifth, neither SYN nor RST.
    env.counters.TcpUnexpected++;
    return;
  }
  takeSyn(tcb, env, segment, now);
  if (segment.flags & ACK) {
    if (tcb.fastOpen !== null) noteAnswer(tcb.fastOpen, segment);
    acknowledged(tcb, env, segment, now);
    becomeEstablished(tcb, env, segment, now);
    tcb.owed.ack = true;
    if (segment.dataLength > 0 || segment.flags & FIN) afterAck(tcb, env, segment, now);
    return;
  }
  // Simultaneous open (MUST-10).
  tcb.snd.wnd = segment.window;
  tcb.snd.maxWnd = segment.window;
  tcb.snd.wl1 = segment.seq;
  tcb.snd.wl2 = segment.ack;
  enter(tcb, env, 'SYN-RECEIVED', now);
  // With fast open the peer sends its text again once it sees that only its SYN is acknowledged.
  if (tcb.fastOpen === null) holdForLater(tcb, env, segment);
  tcb.owed.syn = true;
}

/** First, check the ACK bit: an old SYN,ACK does not speak of our SYN, nor does one that echoes a timestamp we did not send. */
function checkAckSynSent(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): Step {
  if ((segment.flags & ACK) === 0) return 'continue';
  if (isAcceptableAck(tcb, segment.ack) && !echoesAnother(tcb, segment, now)) return 'continue';
  if (isAcceptableAck(tcb, segment.ack)) env.counters.TcpExtTSEcrRejected++;
  else env.counters.TcpBadAck++;
  resetUnknown(tcb, env, segment);
  return 'done';
}
