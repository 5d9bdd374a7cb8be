/**
 * Owns: SEGMENT ARRIVES in SYN-RECEIVED and the synchronized states (RFC 9293 3.10.7.4), one function a step, in the
 * RFC's order. The fifth step is `ack.ts`; the seventh and eighth are `text.ts`. TIME-WAIT is `timewait.ts`.
 */

import { add, diff, gt, le, lt, within } from '../wire/seq.ts';
import { ACK, FIN, RST, type Segment, SYN, segLen, URG } from '../wire/tcp.ts';
import { checkAck, isAcceptableAck, type Step } from './ack.ts';
import { challenge } from './challenge.ts';
import { noteMark, takeEcnOffer } from './ecn.ts';
import type { TcpEnv } from './env.ts';
import { isEarly } from './fastopen.ts';
import { noteTwice } from './reassembly.ts';
import { maySendUs } from './state.ts';
import { receiveWindow, SIGNAL_URGENT, type Tcb } from './tcb.ts';
import { destroy, returnToListen } from './teardown.ts';
import { checkFin, processText } from './text.ts';
import { stopTimer } from './timers.ts';
import { isOldDuplicate, lacksTimestamp } from './timestamps.ts';
import { takeUserTimeout } from './usertimeout.ts';

export function segmentArrivesSynchronized(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  if (checkSequence(tcb, env, segment, now) === 'done') return;
  if (checkReset(tcb, env, segment, now) === 'done') return;
  // Third, check security: IP security options are not carried.
  if (checkSyn(tcb, env, segment, now) === 'done') return;
  if (checkAck(tcb, env, segment, now) === 'done') return;
  if (tcb.uto !== null) takeUserTimeout(tcb, env, segment);
  afterAck(tcb, env, segment, now);
}

/** Sixth to eighth: also where SYN-SENT continues once its SYN is acknowledged. */
export function afterAck(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  if (tcb.ecn !== null) noteMark(tcb, tcb.ecn, segment);
  checkUrgent(tcb, segment);
  processText(tcb, env, segment, now);
  if (tcb.state !== 'CLOSED') checkFin(tcb, env, segment, now);
}

/** First, check sequence number; PAWS before it (RFC 7323 5.3). */
function checkSequence(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): Step {
  if (env.config.requireTimestamps && lacksTimestamp(tcb, segment)) {
    env.counters.TcpMissingTimestamp++;
    return 'done';
  }
  if (tcb.state === 'SYN-RECEIVED' && segment.flags & SYN && segment.seq === tcb.rcv.irs) {
    return peersSynAgain(tcb, env, segment, now);
  }
  if (isOldDuplicate(tcb, segment, now)) {
    env.counters.TcpExtPAWSEstab++;
    answerUnacceptable(tcb, env, segment, now);
    return 'done';
  }
  if (!(env.config.takeBeyondWindow ? isTaken(tcb, env, segment) : isAcceptable(tcb, segment))) {
    env.counters.TcpOutOfWindow++;
    if ((segment.flags & RST) === 0) answerUnacceptable(tcb, env, segment, now);
    return 'done';
  }
  return 'continue';
}

/** The four cases of table 6, with SEG.LEN counting SYN and FIN. */
function isAcceptable(tcb: Tcb, segment: Segment): boolean {
  const { nxt } = tcb.rcv;
  const window = receiveWindow(tcb);
  const length = segLen(segment);
  if (window === 0) {
    // Text has no room, but valid ACKs, URGs and RSTs that come with it are taken (MUST-66); the text step answers.
    return segment.seq === nxt && (length === 0 || segment.dataLength > 0);
  }
  if (within(segment.seq, nxt, window)) return true;
  return length > 0 && within(add(segment.seq, length - 1), nxt, window);
}

/** The same where text may end beyond the window (`config.takeBeyondWindow`), a FIN in any case. */
function isTaken(tcb: Tcb, env: TcpEnv, segment: Segment): boolean {
  const { nxt, edge, text } = tcb.rcv;
  const end = add(segment.seq, segLen(segment));
  if (lt(end, nxt)) return false;
  if (le(add(end, segment.flags & FIN ? -1 : 0), edge)) return gt(end, nxt) || segment.seq === nxt;
  if (le(segment.seq, edge) && text.length === 0) return true;
  env.counters.TcpExtBeyondWindow++;
  return false;
}

/**
 * <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>. Text and FIN out of the window are somebody's honest retransmission and always
 * deserve the answer; bare ACKs and SYNs do not keep a dispute alive (RFC 5961 7).
 */
function answerUnacceptable(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  const honest = segment.dataLength > 0 || segment.flags & FIN;
  const end = add(segment.seq, segment.dataLength);
  if (segment.dataLength > 0 && le(end, tcb.rcv.nxt) && gt(end, add(tcb.rcv.nxt, -MAX_TWICE))) {
    noteTwice(tcb, segment.seq, end);
  }
  if (honest && (segment.flags & SYN) === 0) tcb.owed.ack = true;
  else challenge(tcb, env, now);
}

/** Text from longer ago than any window was not needlessly sent again: it is an old duplicate, or a lie. */
const MAX_TWICE = 1 << 30;

/**
 * SYN-RECEIVED and the peer's SYN once more. It left the peer before it saw ours.
 * DEVIATION: RFC 9293 3.10.7.4 read literally would only acknowledge it. If it carries an acceptable ACK this is line 6
 * of figure 7 (simultaneous open), and the ACK establishes the connection; without one our SYN,ACK was lost and is what
 * the peer needs.
 */
function peersSynAgain(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): Step {
  if (segment.flags & RST) return 'done';
  if (segment.flags & ACK && isAcceptableAck(tcb, segment.ack)) {
    // Our SYN,ACK may have been lost; the peer is told that its SYN has come, and twice.
    noteTwice(tcb, segment.seq, add(segment.seq, 1));
    tcb.owed.ack = true;
    segment.flags &= ~SYN;
    segment.seq = add(segment.seq, 1);
    return 'continue';
  }
  if (segment.flags & ACK) {
    env.counters.TcpBadAck++;
    tcb.owed.ack = true;
    return 'done';
  }
  // The newest timestamp is the one to echo (RFC 7323 4.3), and the timer counts from this SYN,ACK.
  if (tcb.ts.on && segment.timestamps && lt(tcb.ts.recent, segment.tsVal)) {
    tcb.ts.recent = segment.tsVal;
    tcb.ts.recentAt = Math.floor(now);
  }
  if (tcb.ecn !== null) takeEcnOffer(tcb, segment); // a SYN that was sent again may ask for less (RFC 3168 6.1.1.1)
  stopTimer(tcb, env, 'retransmission', now);
  tcb.owed.syn = true;
  env.counters.TcpExtTCPSynRetrans++;
  return 'done';
}

/** Second, check the RST bit, as RFC 5961 3 has it: only the exact sequence number resets, with text or without (SHLD-2). */
function checkReset(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): Step {
  if ((segment.flags & RST) === 0) return 'continue';
  if (segment.seq !== tcb.rcv.nxt) {
    challenge(tcb, env, now);
    return 'done';
  }
  if (tcb.state === 'SYN-RECEIVED') {
    if (isEarly(tcb)) destroy(tcb, env, 'reset', now);
    else if (tcb.passive) returnToListen(tcb, env, now);
    else destroy(tcb, env, 'refused', now);
    return 'done';
  }
  // CLOSING and LAST-ACK: both users have closed, nobody is told.
  const over = tcb.state === 'CLOSING' || tcb.state === 'LAST-ACK';
  destroy(tcb, env, over ? null : 'reset', now);
  return 'done';
}

/** Fourth, check the SYN bit, as RFC 5961 4 has it: a challenge ACK, whatever the sequence number. */
function checkSyn(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): Step {
  if ((segment.flags & SYN) === 0) return 'continue';
  if (tcb.state === 'SYN-RECEIVED' && tcb.passive && !isEarly(tcb)) {
    returnToListen(tcb, env, now);
    return 'done';
  }
  env.counters.TcpExtTCPSYNChallenge++;
  challenge(tcb, env, now);
  return 'done';
}

/** Sixth, check the URG bit. The urgent pointer names the octet after the urgent text (MUST-62). */
function checkUrgent(tcb: Tcb, segment: Segment): void {
  if ((segment.flags & URG) === 0 || !maySendUs(tcb.state)) return;
  const rcv = tcb.rcv;
  const up = add(segment.seq, segment.urgent);
  // Nothing urgent lies ahead of what was received and read.
  if (!gt(up, add(rcv.nxt, -rcv.text.length))) return;
  if (rcv.urgent && !lt(rcv.up, up)) return;
  // A pointer further ahead than any window is nonsense.
  if (diff(up, rcv.nxt) > 65535) return;
  // Announced, or moved ahead (MUST-32).
  rcv.up = up;
  rcv.urgent = true;
  tcb.signals |= SIGNAL_URGENT;
}
