/**
 * The congestion window by the book: initial window (RFC 6928), slow start by octets (RFC 5681 3.1, RFC 3465 without a bound) with
 * HyStart++ (RFC 9406), NewReno's congestion avoidance and halving (RFC 5681 3.1, 3.2), CUBIC (RFC 9438). When a
 * recovery begins and ends is the word of `sack-book.ts`; the sender always has text to send, and
 * no time-out and no reduction taken back is among what is judged.
 */

import type { CongestionEvent, TraceEvent } from '../../src/trace/index.ts';
import type { Book } from './course.ts';
import { SackBook } from './sack-book.ts';

export type Rules = 'newreno' | 'cubic';

/** Octets by which rounding may differ. */
const ROUNDING = 4;

export class WindowBook implements Book {
  readonly sack: SackBook;
  /** Windows compared in each phase; reductions compared; CUBIC's ACKs in the Reno-friendly region and out of it. */
  readonly compared = { slowStart: 0, avoidance: 0, reductions: 0, friendly: 0, cubic: 0 };
  /** HyStart++ gave an alarm; ended slow start. */
  alarms = 0;
  ends = 0;
  timeouts = 0;

  readonly #rules: Rules;
  readonly #mss: number;
  #cwnd = 0;
  #ssthresh = Infinity;
  #recoveries = 0;
  #inRecovery = false;
  #ackPending = false;

  // NewReno
  #bytesAcked = 0;

  // RFC 9406 4.2
  #windowEnd = -1;
  #lastRoundMinRtt = Infinity;
  #currentRoundMinRtt = Infinity;
  #rttSampleCount = 0;
  #cssBaselineMinRtt = Infinity;
  #cssRounds = 0;

  // RFC 9438 4.1.2, in segments and seconds
  #wMax = 0;
  #cwndPrior = 0;
  #wEst = 0;
  #k = 0;
  #tEpoch = -1;
  #met = false;

  constructor(rules: Rules, mss: number) {
    this.#rules = rules;
    this.#mss = mss;
    this.sack = new SackBook(mss);
  }

  take(event: TraceEvent): string | null {
    const problem = this.sack.take(event);
    if (problem !== null) return problem;
    if (event.type === 'timer-fired' && event.timer === 'retransmission') this.timeouts++;
    if (event.type === 'segment-received') this.#ackPending = true;
    return event.type === 'congestion' ? this.#congestion(event) : null;
  }

  #congestion(event: CongestionEvent): string | null {
    const mss = this.#mss;
    if (this.#cwnd === 0) {
      this.#cwnd = Math.min(10 * mss, Math.max(2 * mss, 14_600)); // RFC 6928 2
      return this.#compare(event, this.#cwnd, 'the initial window');
    }
    const { sack } = this;
    // The recovery of before is over: PRR has brought the window to ssthresh (RFC 9937 6).
    if (this.#inRecovery && (sack.recovery !== 'fast' || sack.recoveries !== this.#recoveries)) {
      this.#inRecovery = false;
      this.#cwnd = Math.max(this.#ssthresh, mss);
    }
    if (sack.recoveries !== this.#recoveries) {
      this.#recoveries = sack.recoveries;
      this.#inRecovery = true;
      this.#reduce();
      this.compared.reductions++;
      this.#ackPending = false;
    }
    // Text beyond a gap opens the window only where the path is known to reorder by more than that (RFC 5681 3.1, RFC 3042).
    const grows = sack.last.advanced || sack.reordering > 3;
    if (!this.#inRecovery && this.#ackPending && sack.last.delivered > 0 && grows) this.#grow(event.time);
    this.#ackPending = false;
    if (Math.abs(event.ssthresh - this.#ssthresh) > ROUNDING) {
      return `ssthresh is ${event.ssthresh}, by the book ${this.#ssthresh}`;
    }
    if (this.#inRecovery) return null;
    return this.#compare(event, this.#cwnd, event.phase);
  }

  #compare(event: CongestionEvent, cwnd: number, what: string): string | null {
    if (Math.abs(event.cwnd - cwnd) <= ROUNDING) return null;
    return `cwnd is ${event.cwnd}, by the book ${cwnd} (${what}; K ${this.#k}, W_max ${this.#wMax}, W_est ${this.#wEst}, CSS ${this.#cssBaselineMinRtt})`;
  }

  #reduce(): void {
    const beta = this.#rules === 'cubic' ? 0.7 : 0.5;
    // What limited transmit sent beyond the window does not count (RFC 5681 3.2 step 2).
    const flight = Math.min(this.sack.nxt - this.sack.una, this.#cwnd);
    this.#ssthresh = Math.max(Math.round(flight * beta), 2 * this.#mss);
    this.#bytesAcked = 0;
    const window = this.#cwnd / this.#mss;
    this.#cwndPrior = window;
    this.#wMax = window < this.#wMax ? (window * (1 + beta)) / 2 : window; // 4.7
    this.#tEpoch = -1;
    this.#met = true;
  }

  #grow(now: number): void {
    if (this.#cwnd < this.#ssthresh) {
      this.compared.slowStart++;
      this.#slowStart();
    } else {
      this.compared.avoidance++;
      if (this.#rules === 'cubic') this.#cubic(now);
      else this.#reno();
    }
  }

  #slowStart(): void {
    const { delivered, flight, rtt } = this.sack.last;
    let growth = Math.min(delivered, flight);
    if (this.#ssthresh === Infinity) {
      if (this.#windowEnd < 0) this.#windowEnd = this.sack.nxt;
      if (rtt >= 0) {
        this.#currentRoundMinRtt = Math.min(this.#currentRoundMinRtt, rtt);
        this.#rttSampleCount++;
      }
      if (this.#rttSampleCount >= 8) {
        if (this.#cssBaselineMinRtt < Infinity) {
          if (this.#currentRoundMinRtt < this.#cssBaselineMinRtt) this.#cssBaselineMinRtt = Infinity;
        } else if (this.#lastRoundMinRtt < Infinity) {
          const threshold = Math.max(4, Math.min(this.#lastRoundMinRtt / 8, 16));
          if (this.#currentRoundMinRtt >= this.#lastRoundMinRtt + threshold) {
            this.#cssBaselineMinRtt = this.#currentRoundMinRtt;
            this.#cssRounds = 0;
            this.alarms++;
          }
        }
      }
      const css = this.#cssBaselineMinRtt < Infinity;
      if (css) growth = Math.ceil(growth / 4);
      if (this.sack.una >= this.#windowEnd) {
        this.#windowEnd = this.sack.nxt;
        this.#lastRoundMinRtt = this.#currentRoundMinRtt;
        this.#currentRoundMinRtt = Infinity;
        this.#rttSampleCount = 0;
        if (css && ++this.#cssRounds >= 5) {
          this.#ssthresh = this.#cwnd;
          this.ends++;
          return;
        }
      }
    }
    this.#cwnd = Math.min(this.#cwnd + growth, this.#ssthresh);
  }

  /** RFC 5681 3.1: a full-sized segment for each window acknowledged. */
  #reno(): void {
    this.#bytesAcked += this.sack.last.delivered;
    if (this.#bytesAcked < this.#cwnd) return;
    this.#bytesAcked -= this.#cwnd;
    this.#cwnd += this.#mss;
  }

  /** RFC 9438 4.2 to 4.5. */
  #cubic(now: number): void {
    const C = 0.4;
    const beta = 0.7;
    const cwnd = this.#cwnd / this.#mss;
    const acked = this.sack.last.delivered / this.#mss;
    if (this.#tEpoch < 0) {
      this.#tEpoch = now;
      this.#wEst = cwnd;
      if (this.#met && cwnd < this.#wMax) {
        this.#k = Math.cbrt((this.#wMax - cwnd) / C);
      } else {
        this.#wMax = cwnd;
        this.#k = 0;
        if (!this.#met) this.#cwndPrior = cwnd;
      }
    }
    const alpha = this.#wEst >= this.#cwndPrior ? 1 : (3 * (1 - beta)) / (1 + beta);
    this.#wEst += (alpha * acked) / cwnd;
    const w = (t: number): number => C * (t - this.#k) ** 3 + this.#wMax;
    const t = (now - this.#tEpoch) / 1000;
    if (w(t) < this.#wEst) {
      this.compared.friendly++;
      this.#cwnd = Math.max(this.#cwnd, this.#wEst * this.#mss);
      return;
    }
    this.compared.cubic++;
    const target = Math.min(Math.max(w(t + this.sack.rto.srtt / 1000), cwnd), 1.5 * cwnd);
    this.#cwnd += ((target - cwnd) / cwnd) * acked * this.#mss;
  }
}
