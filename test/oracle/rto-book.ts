/**
 * The retransmission time-out by the book: RFC 6298, measured with the echo of timestamps (RFC 7323 4) or, without them, one
 * segment at a time that was sent once (Karn, RFC 6298 3).
 */

import type { SegmentEvent, TimerEvent, TraceEvent } from '../../src/trace/index.ts';
import { ACK, type Book, Numbers, near, SYN } from './course.ts';

const ALPHA = 1 / 8;
const BETA = 1 / 4;
const K = 4;
/** Clock granularity, ms. */
const G = 1;

export class RtoBook implements Book {
  srtt = -1;
  rttvar = 0;
  rto = 1000;
  backoff = 0;
  /** RTT samples taken; timer settings compared. */
  samples = 0;
  compared = 0;
  readonly #minRto: number;
  readonly #maxRto: number;
  readonly #numbers: Numbers = new Numbers();
  #una = 0;
  #highest = 0;
  #timestamps = false;
  #clock = 0;
  /** Without timestamps: the segment that is timed, if there is one. */
  #timed: { end: number; at: number } | null = null;

  constructor(minRto = 200, maxRto = 120_000) {
    this.#minRto = minRto;
    this.#maxRto = maxRto;
  }

  take(event: TraceEvent): string | null {
    switch (event.type) {
      case 'segment-sent':
        this.#sent(event);
        return null;
      case 'segment-received':
        this.#received(event);
        return null;
      case 'timer-fired':
        if (event.timer === 'retransmission') {
          this.backoff++; // 5.5
          this.#timed = null;
        }
        return null;
      case 'timer-set':
        return event.timer === 'retransmission' ? this.#compare(event) : null;
      default:
        return null;
    }
  }

  #sent({ segment, time }: SegmentEvent): void {
    if (segment.flags & SYN && this.#numbers.iss < 0) this.#numbers.iss = segment.seq;
    if (segment.tsVal !== undefined) this.#clock = (segment.tsVal - Math.floor(time)) | 0;
    const end = this.#numbers.end(segment);
    if (end === this.#numbers.of(segment.seq)) return;
    if (this.#numbers.of(segment.seq) < this.#highest)
      this.#timed = null; // Karn
    else this.#timed ??= { end, at: time };
    this.#highest = Math.max(this.#highest, end);
  }

  #received({ segment, time }: SegmentEvent): void {
    if ((segment.flags & ACK) === 0) return;
    if (segment.flags & SYN) this.#timestamps = segment.tsVal !== undefined;
    const ack = this.#numbers.of(segment.ack);
    if (ack <= this.#una || ack > this.#highest) return;
    this.#una = ack;
    let sample = -1;
    if (this.#timestamps) {
      sample = (Math.floor(time) + this.#clock - segment.tsEcr!) | 0;
    } else if (this.#timed !== null && ack >= this.#timed.end) {
      sample = time - this.#timed.at;
      this.#timed = null;
    }
    if (sample >= 0) this.#measure(sample);
    else if (segment.flags & SYN && this.backoff > 0) {
      this.rto = Math.max(this.rto, 3000); // 5.7
      this.backoff = 0;
    }
  }

  #measure(sample: number): void {
    if (this.srtt < 0) {
      this.srtt = sample; // 2.2
      this.rttvar = sample / 2;
    } else {
      this.rttvar = (1 - BETA) * this.rttvar + BETA * Math.abs(this.srtt - sample); // 2.3
      this.srtt = (1 - ALPHA) * this.srtt + ALPHA * sample;
    }
    this.rto = Math.ceil(this.srtt + Math.max(G, K * this.rttvar, this.#minRto)); // in whole ticks
    this.backoff = 0; // 5.7 and the note after it: only a measurement collapses what was backed off
    this.samples++;
  }

  #compare({ due, time }: TimerEvent): string | null {
    this.compared++;
    const expected = Math.min(this.rto * 2 ** this.backoff, this.#maxRto);
    if (near(due! - time, expected, 1e-6)) return null;
    return `the retransmission timer is set for ${due! - time} ms, by RFC 6298 ${expected} ms (backed off ${this.backoff} times)`;
  }
}
