/**
 * Owns: the retransmission time-out (RFC 6298, MUST-18) and what may be measured (Karn's rule: nothing that was sent twice,
 * unless timestamps say which copy is acknowledged).
 */

import { ge, type Seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import { noteRtt } from './statistics.ts';
import type { Tcb } from './tcb.ts';

/** Clock granularity G, ms: the timestamp clock ticks once a millisecond. */
const G = 1;

/** Takes one measurement of the round-trip time (ms) into SRTT, RTTVAR and RTO (RFC 6298 2.2, 2.3). */
export function measured(tcb: Tcb, env: TcpEnv, sample: number): void {
  const rtt = tcb.rtt;
  if (sample < 0) return;
  // Timestamps tell whole milliseconds; the scoreboard knows better.
  if (!tcb.sack || !tcb.ts.on) noteRtt(tcb, sample);
  if (rtt.srtt < 0) {
    rtt.srtt = sample;
    rtt.rttvar = sample / 2;
  } else {
    rtt.rttvar = 0.75 * rtt.rttvar + 0.25 * Math.abs(rtt.srtt - sample);
    rtt.srtt = 0.875 * rtt.srtt + 0.125 * sample;
  }
  // In whole ticks.
  rtt.rto = Math.min(Math.ceil(rtt.srtt + Math.max(G, 4 * rtt.rttvar, env.config.minRto)), env.config.maxRto);
}

/** RTO with back-off applied (RFC 6298 5.5), ms. */
export function backedOff(tcb: Tcb, env: TcpEnv): number {
  const { backoff } = tcb.rtt;
  const doublings = tcb.state === 'SYN-SENT' ? Math.max(backoff - env.config.evenSyns, 0) : backoff;
  const factor = doublings < 20 ? 1 << doublings : 1 << 20;
  return Math.min(tcb.rtt.rto * factor, env.config.maxRto);
}

/**
 * Something new is acknowledged. Without a measurement the time-out stays as it was backed off (Karn; RFC 6298 5.5, 5.7):
 * what was acknowledged may have been the copy sent first, or last.
 */
export function endBackoff(tcb: Tcb, env: TcpEnv, measured: boolean): void {
  if (!measured) tcb.rtt.rto = backedOff(tcb, env);
  tcb.rtt.backoff = 0;
}

/** Starts timing the segment that ends at `end`, if none is being timed. */
export function startTiming(tcb: Tcb, end: Seq, now: number): void {
  if (tcb.ts.on || tcb.rtt.timedAt >= 0) return;
  tcb.rtt.timedUpTo = end;
  tcb.rtt.timedAt = now;
}

/** Something was sent again: what is being timed can no longer be told apart (Karn). */
export function stopTiming(tcb: Tcb): void {
  tcb.rtt.timedAt = -1;
}

/** Takes the measurement if `ack` covers the timed segment. @returns it, ms; -1 for none */
export function finishTiming(tcb: Tcb, env: TcpEnv, ack: Seq, now: number): number {
  const { timedAt, timedUpTo } = tcb.rtt;
  if (timedAt < 0 || !ge(ack, timedUpTo)) return -1;
  tcb.rtt.timedAt = -1;
  measured(tcb, env, now - timedAt);
  return now - timedAt;
}
