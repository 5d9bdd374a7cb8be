/**
 * Owns: explicit congestion notification (RFC 3168, SHLD-8): what two SYNs agree on, which packets may be marked by routers, the
 * receiver's echo of a mark until the sender says that it has slowed down, the sender's reaction once a round trip. How
 * much slower is the congestion controller's business (RFC 8511).
 */

import { ge, gt, type Seq } from '../wire/seq.ts';
import { ACK, CWR, ECE, type Segment, SYN } from '../wire/tcp.ts';
import type { TcpEnv } from './env.ts';
import { controllerOf, traceCongestion } from './recovery.ts';
import { backedOff } from './rto.ts';
import { Ecn, type Tcb } from './tcb.ts';
import { setTimer } from './timers.ts';

/** The ECN field of an IP header: may not be marked, may be (two words for it), marked. */
export const NOT_ECT = 0;
export const ECT1 = 1;
export const ECT0 = 2;
export const CE = 3;

/** Writes our part of the agreement into a SYN (6.1.1). One that has to be repeated goes without: it may be the reason. */
export function offerEcn(tcb: Tcb, out: Segment, answering: boolean): void {
  if (answering) {
    if (tcb.ecn !== null) out.flags |= ECE;
  } else if (tcb.options.ecn === 'request' && tcb.rtt.backoff === 0) {
    out.flags |= ECE | CWR;
  }
}

/** Takes the peer's part: both flags in a SYN, ECE alone in a SYN,ACK (whose other patterns mean no). */
export function takeEcnOffer(tcb: Tcb, segment: Segment): void {
  const flags = segment.flags & (SYN | ACK | ECE | CWR);
  const offered = flags === (SYN | ECE | CWR) && tcb.options.ecn !== 'off';
  const agreed = flags === (SYN | ACK | ECE) && tcb.options.ecn === 'request' && tcb.rtt.backoff === 0;
  tcb.ecn = offered || agreed ? new Ecn(tcb.snd.iss) : null;
}

/** New text may be marked, and says so once when the window has been reduced (6.1.2). Nothing sent again is (6.1.5). */
export function markText(ecn: Ecn, out: Segment): void {
  out.ecn = ECT0;
  if (!ecn.reduced) return;
  ecn.reduced = false;
  out.flags |= CWR;
}

/** The receiver's side (6.1.3): a segment in the window that was marked, or says that the sender has heard of it. */
export function noteMark(tcb: Tcb, ecn: Ecn, segment: Segment): void {
  if (segment.dataLength === 0) return;
  if (segment.flags & CWR) ecn.echoing = false;
  if (segment.ecn !== NOT_ECT) ecn.seen = true;
  if (segment.ecn !== CE) return;
  ecn.marks++;
  if (ecn.echoing) return;
  ecn.echoing = true;
  tcb.owed.ack = true; // the sender should know at once
}

/**
 * The sender's side (6.1.2): the peer saw a mark. The window is reduced once a round trip, not at all while a loss is
 * being mended for which it was reduced already. A window that cannot be less waits for a time-out instead. A round trip is
 * over when something above `recover` is acknowledged: an ACK of just that much was sent before CWR could arrive.
 */
export function congestionEchoed(tcb: Tcb, env: TcpEnv, ecn: Ecn, flight: number, now: number): void {
  const { cc, snd } = tcb;
  env.counters.TcpEcnEchoes++;
  ecn.echoes++;
  if (flight === 0 || !gt(snd.una, ecn.recover) || cc.recovering || !ge(snd.una, cc.recover)) return;
  const least = cc.cwnd <= snd.mss;
  controllerOf(tcb, env).congested(cc, 'ecn', flight, snd.mss, now);
  cc.cwnd = Math.min(cc.cwnd, Math.max(cc.ssthresh, snd.mss));
  cc.ssthresh = Math.max(cc.ssthresh, 2 * snd.mss);
  windowReduced(ecn, snd.nxt);
  if (least) setTimer(tcb, env, 'pacing', now + backedOff(tcb, env), now);
  env.counters.TcpEcnReductions++;
  if (env.trace !== null) traceCongestion(tcb, env, now);
}

/** The window has been reduced, for whatever reason: the next new text says so, and the next round trip is quiet. */
export function windowReduced(ecn: Ecn, nxt: Seq): void {
  ecn.reduced = true;
  ecn.recover = nxt;
}
