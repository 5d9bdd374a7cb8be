/**
 * Owns: the timestamps option (RFC 7323): our clock, TS.Recent, PAWS, and RTTM from echoes.
 */

import { add, diff, ge, gt, le, lt, type Seq, seq } from '../wire/seq.ts';
import { RST, type Segment } from '../wire/tcp.ts';
import type { TcpEnv } from './env.ts';
import { measured } from './rto.ts';
import { Disorder, type Tcb } from './tcb.ts';

/** TS.Recent of a connection idle for longer than this says nothing (RFC 7323 5.5), ms. */
const RECENT_LIFETIME = 24 * 24 * 3600 * 1000;

/** Our timestamp clock: one tick a millisecond, from an origin of the connection's own. */
export function timestampNow(offset: Seq, now: number): Seq {
  return add(offset, Math.floor(now));
}

/**
 * PAWS (RFC 7323 5.3 R1): the segment is an old duplicate by its timestamp. Resets are never judged so.
 *
 * DEVIATION: while a gap is open the bound is not TS.Recent but the least timestamp with which what is missing can have been
 * sent for the first time. A retransmission that fills a hole carries a newer timestamp than everything that is late
 * behind it; judged by that, a path that reorders would be one that loses.
 */
export function isOldDuplicate(tcb: Tcb, segment: Segment, now: number): boolean {
  const { ts, rcv } = tcb;
  if (!ts.on || !segment.timestamps || segment.flags & RST) return false;
  if (!lt(segment.tsVal, ts.recent) || now - ts.recentAt >= RECENT_LIFETIME) return false;
  const { disorder } = ts;
  if (disorder === null || rcv.held === null) return true;
  if (disorder.marked && ge(rcv.nxt, disorder.mark)) {
    disorder.floor = disorder.markVal;
    disorder.marked = false;
  }
  return lt(segment.tsVal, disorder.floor);
}

/** Text beyond a gap was taken (`first`: it made the gap): what is missing behind it was first sent no earlier. */
export function noteDisorder(tcb: Tcb, segment: Segment, first: boolean): void {
  const { ts } = tcb;
  if (!ts.on || !segment.timestamps) return;
  if (first || ts.disorder === null) ts.disorder = new Disorder(ts.recent);
  if (ts.disorder.marked) return;
  ts.disorder.marked = true;
  ts.disorder.mark = segment.seq;
  ts.disorder.markVal = segment.tsVal;
}

/** Timestamps were agreed on and are missing: drop, except a reset (RFC 7323 3.2). */
export function lacksTimestamp(tcb: Tcb, segment: Segment): boolean {
  return tcb.ts.on && !segment.timestamps && (segment.flags & RST) === 0;
}

/** Notes TS.Recent from an acceptable segment (RFC 7323 4.3 (2), 5.3 R3). */
export function noteRecent(tcb: Tcb, segment: Segment, now: number): void {
  if (!tcb.ts.on || !segment.timestamps) return;
  if (!le(segment.seq, tcb.rcv.lastAck)) return;
  if (lt(segment.tsVal, tcb.ts.recent) && now - tcb.ts.recentAt < RECENT_LIFETIME) return;
  tcb.ts.recent = segment.tsVal;
  tcb.ts.recentAt = Math.floor(now);
}

/** SYN-SENT, and a SYN,ACK: it echoes a timestamp that no SYN of ours carried. */
export function echoesAnother({ options, ts }: Tcb, segment: Segment, now: number): boolean {
  if (!options.timestamps || !segment.timestamps || segment.tsEcr === seq(0)) return false;
  const first = timestampNow(ts.offset, ts.recentAt);
  return lt(segment.tsEcr, first) || gt(segment.tsEcr, timestampNow(ts.offset, now));
}

/** RTTM (RFC 7323 4): the echo of an acknowledgment of something new measures the round trip. @returns it, ms; -1 for none */
export function measureEcho(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): number {
  if (segment.tsEcr === seq(0)) return -1;
  const sample = diff(timestampNow(tcb.ts.offset, now), segment.tsEcr);
  // An echo of something we have not sent yet, or of before any time-out, is not a measurement.
  if (sample < 0 || sample > env.config.maxRto) {
    env.counters.TcpExtTSEcrRejected++;
    return -1;
  }
  measured(tcb, env, sample);
  return sample;
}
