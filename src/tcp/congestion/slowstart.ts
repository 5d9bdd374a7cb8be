/**
 * Owns: slow start (RFC 5681 3.1), and its end before the queue overflows: HyStart++ (RFC 9406). While round trips
 * become longer the window grows a quarter as fast (conservative slow start); after some rounds of that it is congestion
 * avoidance's turn, and a false alarm, a round trip as short as before, takes it back. For the first slow start only: later
 * ones have an `ssthresh` to end at.
 */

import { ge, type Seq } from '../../wire/seq.ts';
import type { Congestion } from '../tcb.ts';
import type { Acknowledgment } from './controller.ts';

/** Bounds of the increase that tells, ms. */
const MIN_RTT_THRESH = 4;
const MAX_RTT_THRESH = 16;
const MIN_RTT_DIVISOR = 8;
/** Samples a round needs before it is judged. */
const N_RTT_SAMPLE = 8;
const CSS_GROWTH_DIVISOR = 4;
const CSS_ROUNDS = 5;

/** What HyStart++ remembers while it lasts. Times in ms; `Infinity` is none. */
export class SlowStart {
  /** The round is over when this is acknowledged. */
  windowEnd: Seq;
  lastRoundMinRtt: number = Infinity;
  currentRoundMinRtt: number = Infinity;
  samples = 0;
  /** Least RTT of the round that gave the alarm; `Infinity` while there is none. */
  cssBaseline: number = Infinity;
  cssRounds = 0;

  constructor(windowEnd: Seq) {
    this.windowEnd = windowEnd;
  }
}

/** Grows the window as slow start does, up to `ssthresh`. */
export function slowStart(cc: Congestion, ack: Acknowledgment): void {
  let growth = Math.min(ack.acked, ack.flight);
  if (cc.ssthresh === Infinity) {
    const alarmed = watchRoundTrips(cc, ack);
    if (alarmed) growth = Math.ceil(growth / CSS_GROWTH_DIVISOR);
    if (cc.slowStart === null) return; // it is over
  }
  // Octet counting (RFC 3465): an ACK for many segments opens the window as much as many ACKs would. DEVIATION: RFC 5681
  // 3.1 and RFC 9406 4.3 recommend a bound for each ACK; a peer behind a link with super-segments acknowledges 45
  // segments at once, and would be kept slow for hundreds of round trips.
  cc.cwnd = Math.min(cc.cwnd + growth, cc.ssthresh);
}

/** HyStart++ (RFC 9406 4.3). @returns whether the window is to grow slowly */
function watchRoundTrips(cc: Congestion, ack: Acknowledgment): boolean {
  cc.slowStart ??= new SlowStart(ack.nxt);
  const watch = cc.slowStart;
  if (ack.rtt >= 0) {
    watch.samples++;
    if (ack.rtt < watch.currentRoundMinRtt) watch.currentRoundMinRtt = ack.rtt;
  }
  if (watch.samples >= N_RTT_SAMPLE) {
    const { currentRoundMinRtt: current, lastRoundMinRtt: last } = watch;
    if (watch.cssBaseline !== Infinity) {
      if (current < watch.cssBaseline) watch.cssBaseline = Infinity;
    } else if (last !== Infinity) {
      const threshold = Math.max(MIN_RTT_THRESH, Math.min(last / MIN_RTT_DIVISOR, MAX_RTT_THRESH));
      if (current >= last + threshold) {
        watch.cssBaseline = current;
        watch.cssRounds = 0;
      }
    }
  }
  const alarmed = watch.cssBaseline !== Infinity;
  if (ge(ack.una, watch.windowEnd)) {
    watch.windowEnd = ack.nxt;
    watch.lastRoundMinRtt = watch.currentRoundMinRtt;
    watch.currentRoundMinRtt = Infinity;
    watch.samples = 0;
    if (alarmed && ++watch.cssRounds >= CSS_ROUNDS) {
      cc.ssthresh = cc.cwnd;
      cc.slowStart = null;
    }
  }
  return alarmed;
}
