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
export function pacingRate({ options, cc, rtt }: Tcb): number {
  if (!options.pacing || rtt.srtt <= 0) return Infinity;
  return ((cc.cwnd < cc.ssthresh ? SLOW_START_GAIN : GAIN) * cc.cwnd) / rtt.srtt;
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
