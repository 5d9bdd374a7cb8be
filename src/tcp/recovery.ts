/**
 * Owns: what counts as a loss and what is sent again: duplicate ACKs, fast retransmit and fast recovery (RFC 5681 3.2,
 * RFC 6582), limited transmit (RFC 3042), the retransmission time-out's reaction (RFC 5681 3.1). Window sizes are the
 * congestion controller's.
 */

import { add, diff, ge, gt, lt } from '../wire/seq.ts';
import type { Segment } from '../wire/tcp.ts';
import type { CongestionController } from './congestion/controller.ts';
import { windowReduced } from './ecn.ts';
import type { TcpEnv } from './env.ts';
import { cancelProbe, probeFailed } from './plpmtud.ts';
import { stopTiming } from './rto.ts';
import { type Tcb, textEnd, textStart } from './tcb.ts';
import { beforeReduction, forwardRto, reductionWasNeedless } from './undo.ts';

export function controllerOf(tcb: Tcb, env: TcpEnv): CongestionController {
  return env.controllers[tcb.cc.name]!;
}

/** FlightSize: octets sent and not acknowledged. */
export function flightSize(tcb: Tcb): number {
  return diff(tcb.snd.nxt, tcb.snd.una);
}

/** Segments sent and not acknowledged, if they are full. */
function segmentsOutstanding(tcb: Tcb): number {
  return Math.ceil(flightSize(tcb) / tcb.snd.mss);
}

/** Octets that are in the network, as far as is known. */
export function inFlight(tcb: Tcb): number {
  return tcb.board === null ? diff(tcb.snd.rxt, textStart(tcb)) : tcb.board.pipe;
}

/** The congestion window with what limited transmit adds to it, octets. */
export function congestionWindow(tcb: Tcb, env: TcpEnv): number {
  const { cwnd, duplicates, recovering } = tcb.cc;
  if (recovering || duplicates === 0 || duplicates >= env.config.duplicateThreshold) return cwnd;
  return cwnd + duplicates * tcb.snd.mss;
}

/** An output pass has found text, and `sent` some of it for the first time: how much of the congestion window was in use? */
export function noteWindowUse(tcb: Tcb, env: TcpEnv, sent: boolean): void {
  const { cc, snd, timers } = tcb;
  const paced = timers.pacing !== Infinity && lt(snd.nxt, textEnd(tcb));
  const limited = paced || congestionWindow(tcb, env) - inFlight(tcb) < snd.mss;
  if (!sent && !(limited && lt(snd.nxt, textEnd(tcb)))) return;
  const flight = flightSize(tcb);
  if (!limited && lt(snd.una, cc.useEnd) && (cc.limited || flight <= cc.largestFlight)) return;
  cc.limited = limited;
  cc.largestFlight = flight;
  cc.useEnd = snd.nxt;
}

/** Beyond half the sequence space behind SND.UNA a remembered number would seem to lie ahead of it. */
const FARTHEST = 1 << 30;

/** SND.UNA has moved: marks of a loss or a reduction long ago follow it. */
export function keepMarksNear({ cc, ecn, board, snd }: Tcb): void {
  if (diff(snd.una, cc.recover) > FARTHEST) cc.recover = add(snd.una, -1);
  if (ecn !== null && diff(snd.una, ecn.recover) > FARTHEST) ecn.recover = snd.una;
  if (board !== null && diff(snd.una, board.rack.dsackRound) > FARTHEST) board.rack.dsackRound = snd.una;
}

/** Octets: as RFC 6928 2 bounds it, unless the user has said how many segments. */
function initialWindow(tcb: Tcb, env: TcpEnv): number {
  const { mss } = tcb.snd;
  const { initialWindow } = tcb.options;
  return initialWindow === null
    ? Math.min(env.config.initialWindow * mss, Math.max(2 * mss, 14600))
    : initialWindow * mss;
}

/** A connection is established: the initial window (RFC 6928), smaller if the SYN was lost (RFC 5681 3.1). */
export function startCongestion(tcb: Tcb, env: TcpEnv, now: number): void {
  const cc = tcb.cc;
  const { mss } = tcb.snd;
  cc.cwnd = tcb.rtt.backoff > 0 ? mss : initialWindow(tcb, env);
  cc.recover = tcb.snd.iss;
  cc.useEnd = tcb.snd.una;
  cc.lastSent = Math.floor(now);
  controllerOf(tcb, env).start(cc, now);
  traceCongestion(tcb, env, now);
}

/** Tells the controller of `acked` octets that arrived; `rtt` ms is what this measures, or -1. */
export function tellController(tcb: Tcb, env: TcpEnv, acked: number, flight: number, rtt: number, now: number): void {
  if (tcb.ecn?.echoed) return; // no reason to grow (RFC 3168 6.1.2)
  const report = env.acknowledgment;
  report.acked = acked;
  report.flight = flight;
  report.mss = tcb.snd.mss;
  report.rtt = rtt;
  report.srtt = tcb.rtt.srtt;
  report.una = tcb.snd.una;
  report.nxt = tcb.snd.nxt;
  controllerOf(tcb, env).acknowledged(tcb.cc, report, now);
}

/** `acked` octets up to SND.UNA = SEG.ACK were acknowledged for the first time; `flight` was outstanding before. */
export function newlyAcknowledged(
  tcb: Tcb,
  env: TcpEnv,
  segment: Segment,
  acked: number,
  flight: number,
  rtt: number,
  now: number,
): void {
  const { ack } = segment;
  const cc = tcb.cc;
  const { mss } = tcb.snd;
  if (tcb.undo !== null) {
    if (reductionWasNeedless(tcb, env, tcb.undo, segment, true, now)) return;
    if (tcb.undo !== null && tcb.undo.frto !== 'off' && forwardRto(tcb, env, tcb.undo, true, ack, now) !== 'go on')
      return;
  }
  if (!cc.recovering) {
    // What the duplicates told of opens no window, as it does not with SACK.
    const news = Math.max(acked - cc.duplicates * mss, Math.min(acked, mss));
    cc.duplicates = 0;
    tellController(tcb, env, news, flight, rtt, now);
  } else if (ge(ack, cc.recover)) {
    // A full acknowledgment ends recovery without a burst (RFC 6582 3.2 step 3, option 1).
    cc.cwnd = Math.min(cc.ssthresh, Math.max(flightSize(tcb), mss) + mss);
    cc.recovering = false;
    cc.duplicates = 0;
  } else {
    // A partial acknowledgment: the next hole is lost too. Deflate by what left the network, send one more.
    cc.cwnd = Math.max(cc.cwnd - acked, mss) + (acked >= mss ? mss : 0);
    cc.duplicates = segmentsOutstanding(tcb);
    tcb.owed.oldest = true;
  }
  if (env.trace !== null) traceCongestion(tcb, env, now);
}

/** One more ACK for the same octet while others are outstanding (RFC 5681 2). */
export function duplicateAck(tcb: Tcb, env: TcpEnv, now: number): void {
  const cc = tcb.cc;
  const { mss } = tcb.snd;
  if (cc.recovering) {
    // Each says that a segment has left the network; no more can than were there (RFC 5681 3.2).
    if (cc.duplicates === 0) {
      env.counters.TcpSurplusDuplicates++;
      return;
    }
    cc.duplicates--;
    cc.cwnd += mss;
    return;
  }
  cc.duplicates++;
  if (tcb.undo !== null && tcb.undo.frto !== 'off') forwardRto(tcb, env, tcb.undo, false, null, now);
  if (cc.duplicates !== env.config.duplicateThreshold) return;
  // Duplicates of what a time-out sent again are no news (RFC 6582 3.2 step 2).
  if (!gt(tcb.snd.una, cc.recover)) return;
  if (probeLost(tcb, env)) return;
  cancelProbe(tcb);
  beforeReduction(tcb, false);
  controllerOf(tcb, env).congested(cc, 'loss', flightSize(tcb), mss, now);
  cc.cwnd = cc.ssthresh + env.config.duplicateThreshold * mss;
  cc.recovering = true;
  cc.duplicates = Math.max(segmentsOutstanding(tcb) - env.config.duplicateThreshold, 0);
  cc.recover = tcb.snd.nxt;
  if (tcb.ecn !== null) windowReduced(tcb.ecn, tcb.snd.nxt);
  tcb.owed.oldest = true;
  stopTiming(tcb);
  env.counters.TcpFastRetransmits++;
  traceCongestion(tcb, env, now);
}

/** What is missing is a probe of a larger size: its text is owed, in ordinary segments, and nothing else follows from it. */
function probeLost({ search, snd, owed }: Tcb, env: TcpEnv): boolean {
  if (search === null || search.start === search.end || search.start !== snd.una) return false;
  probeFailed(env, search);
  owed.oldest = true;
  return true;
}

/** The retransmission timer fired: everything outstanding is sent again, as the window grows from one segment. */
export function retransmissionTimedOut(tcb: Tcb, env: TcpEnv, now: number): void {
  const { cc, snd } = tcb;
  beforeReduction(tcb, true);
  controllerOf(tcb, env).timedOut(cc, flightSize(tcb), snd.mss, tcb.rtt.backoff === 0, now);
  cc.recovering = false;
  cc.duplicates = 0;
  cc.recover = snd.nxt;
  snd.rxt = textStart(tcb);
  if (tcb.ecn !== null) windowReduced(tcb.ecn, snd.nxt);
  stopTiming(tcb);
  traceCongestion(tcb, env, now);
}

/** After silence longer than RTO the window says little about the path: start anew (RFC 5681 4.1). */
export function restartAfterIdle(tcb: Tcb, env: TcpEnv, now: number): void {
  const cc = tcb.cc;
  if (!env.config.restartAfterIdle || now - cc.lastSent <= tcb.rtt.rto) return;
  cc.cwnd = Math.min(cc.cwnd, env.config.initialWindow * tcb.snd.mss);
  controllerOf(tcb, env).restarted?.(cc, now);
  tcb.undo = null;
}

/** The windows, for whoever watches. `undone`: a reduction was taken back. */
export function traceCongestion(tcb: Tcb, env: TcpEnv, now: number, undone = false): void {
  if (env.trace === null) return;
  const { cwnd, ssthresh, recovering } = tcb.cc;
  const phase = recovering
    ? 'fast-recovery'
    : tcb.rtt.backoff > 0
      ? 'loss'
      : cwnd < ssthresh
        ? 'slow-start'
        : 'congestion-avoidance';
  const connection = env.describe(tcb);
  const pipe = tcb.board === null ? flightSize(tcb) : tcb.board.pipe;
  const event = { type: 'congestion', time: now, host: env.name, connection, cwnd, ssthresh, pipe, phase } as const;
  env.trace(undone ? { ...event, undone } : event);
}
