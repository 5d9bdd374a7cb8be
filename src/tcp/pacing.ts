/**
 * Owns: pacing, an option: what the window allows is spread over the round trip instead of sent at once. The rate is somewhat
 * above cwnd / SRTT, so that the window, not the pace, is what limits; twice that in slow start, which doubles the window in
 * a round trip. What a millisecond carries goes together, for timers are no finer.
 */

import type { TcpEnv } from './env.ts';
import { Pace, type Tcb } from './tcb.ts';
import { setTimer } from './timers.ts';

/** Share of cwnd / SRTT: in slow start, and otherwise. */
const SLOW_START_GAIN = 2;
const GAIN = 1.2;
/** What leaves together is at most so much time at the rate, ms; two segments at least. */
const BURST = 1;

/** Octets a millisecond; `Infinity` where nothing is paced. */
export function pacingRate(tcb: Tcb): number {
  return tcb.options.pacing ? windowRate(tcb) : Infinity;
}

/** The rate that the window allows, octets a millisecond; `Infinity` before a round trip is measured. */
function windowRate({ cc, rtt }: Tcb): number {
  if (rtt.srtt <= 0) return Infinity;
  return ((cc.cwnd < cc.ssthresh ? SLOW_START_GAIN : GAIN) * cc.cwnd) / rtt.srtt;
}

/** Octets that a super-segment holds at most, whatever the rate. */
export const LARGEST_BURST = 65_215;
/** Each so many microseconds of the shortest round trip halve what a burst may be beyond its millisecond. */
const NEAR = 512;

/**
 * Segments of a burst that ends with PSH (`bursts.ts`): a millisecond's at the rate, paced or not. Across a short path they
 * are larger: there what a burst costs the processors counts for more than the queue that it makes. A round trip that has
 * become longer counts at once: bursts do not grow while a queue does.
 */
export function burstSegments(tcb: Tcb, env: TcpEnv): number {
  const { minRtt } = tcb.stats;
  const halvings = Math.floor(minRtt / NEAR);
  const near = halvings < 0 || halvings > 30 ? 0 : LARGEST_BURST >> halvings;
  const slower = tcb.board === null ? 1 : Math.max(tcb.board.rack.rtt / Math.max(tcb.rtt.srtt, 1), 1);
  const octets = Math.min((windowRate(tcb) / slower) * BURST + near, LARGEST_BURST);
  return Math.max(Math.floor(octets / tcb.snd.mss), env.config.minBurst);
}

/** Octets that may leave together, a multiple of the segment size. */
export function burstSize(tcb: Tcb): number {
  const { mss } = tcb.snd;
  const octets = pacingRate(tcb) * BURST;
  return octets === Infinity ? Infinity : Math.max(octets - (octets % mss), 2 * mss);
}

/** `length` octets of text have left: when may the next? */
export function paced(tcb: Tcb, env: TcpEnv, length: number, now: number): void {
  const rate = pacingRate(tcb);
  if (rate === Infinity) return;
  tcb.pace ??= new Pace();
  const { pace } = tcb;
  pace.next = Math.max(pace.next, now) + length / rate;
  const ahead = (pace.next - now) * rate;
  const burst = burstSize(tcb);
  if (ahead < burst - tcb.snd.mss / 2) return;
  // Half a burst at a time, so that timers are not one a segment.
  setTimer(tcb, env, 'pacing', now + (ahead - burst / 2) / rate, now);
}
