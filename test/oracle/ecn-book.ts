/**
 * The sender's answer to marks by the book: the window is reduced at most once a round trip (RFC 3168 6.1.2), to 0.8 of what is in
 * flight (RFC 8511 3; 0.85 with CUBIC), an ACK that echoes a mark opens it no further, and the next new text says CWR,
 * once. On a wire that loses nothing.
 */

import type { CongestionEvent, SegmentEvent, TraceEvent } from '../../src/trace/index.ts';
import { ACK, type Book, Numbers, near, SYN } from './course.ts';

const ECE = 64;
const CWR = 128;

export class EcnBook implements Book {
  /** ACKs with an echo; reductions. */
  echoes = 0;
  reductions = 0;

  readonly #numbers: Numbers = new Numbers();
  readonly #share: number;
  readonly #mss: number;
  #una = 1;
  #nxt = 1;
  #cwnd = 0;
  /** The next reduction is news when something beyond this is acknowledged: that was sent with CWR. */
  #round = 0;
  #echoed = false;
  /** What the window is to be reduced to, or -1. */
  #due = -1;
  /** New text owes CWR. */
  #cwr = false;

  constructor(share: number, mss: number) {
    this.#share = share;
    this.#mss = mss;
  }

  take(event: TraceEvent): string | null {
    switch (event.type) {
      case 'segment-sent':
        return this.#sent(event);
      case 'segment-received':
        return this.#received(event);
      case 'congestion':
        return this.#congestion(event);
      default:
        return null;
    }
  }

  #sent({ segment }: SegmentEvent): string | null {
    if (segment.flags & SYN) {
      this.#numbers.iss = segment.seq;
      return null;
    }
    const said = (segment.flags & CWR) !== 0;
    const fresh = segment.length > 0 && this.#numbers.of(segment.seq) >= this.#nxt;
    if (said !== (fresh && this.#cwr)) return said ? 'CWR without a reduction' : 'no CWR after a reduction';
    if (!fresh) return null;
    this.#cwr = false;
    this.#nxt = this.#numbers.end(segment);
    return null;
  }

  #received({ segment }: SegmentEvent): string | null {
    if (this.#due >= 0) return `an echoed mark has not reduced the window to ${this.#due}`;
    if ((segment.flags & ACK) === 0 || segment.flags & SYN) return null;
    const flight = this.#nxt - this.#una;
    this.#una = Math.max(this.#una, this.#numbers.of(segment.ack));
    this.#echoed = (segment.flags & ECE) !== 0;
    if (!this.#echoed) return null;
    this.echoes++;
    if (flight === 0 || this.#una <= this.#round) return null;
    this.#due = Math.max(Math.round(Math.min(flight, this.#cwnd) * this.#share), this.#mss);
    this.#round = this.#nxt;
    return null;
  }

  #congestion({ cwnd, ssthresh }: CongestionEvent): string | null {
    const before = this.#cwnd;
    this.#cwnd = cwnd;
    if (before === 0 || cwnd === before) return null;
    if (cwnd > before) return this.#echoed ? `the window grows to ${cwnd} by an ACK that echoes a mark` : null;
    if (!near(cwnd, this.#due, 1)) return `the window is reduced to ${cwnd}, by the book ${this.#due}`;
    if (!near(ssthresh, Math.max(this.#due, 2 * this.#mss), 1)) return `ssthresh is ${ssthresh}`;
    this.#due = -1;
    this.#cwr = true;
    this.reductions++;
    return null;
  }
}
