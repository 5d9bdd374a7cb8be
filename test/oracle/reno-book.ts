/**
 * Loss recovery without SACK by the book: limited transmit (RFC 3042), fast retransmit and NewReno's fast recovery with its
 * partial and full ACKs (RFC 5681 3.2, RFC 6582 3.2), the window at a time-out (RFC 5681 3.1) and when that proves needless
 * (RFC 5682 with RFC 4015 3.2: as it was). Growth is judged from the first recovery to the next time-out, in slow start
 * and congestion avoidance as RFC 5681 3.1 has them; HyStart++ is `window-book.ts`'s. The sender always has text.
 */

import type { CongestionEvent, SegmentEvent, TraceEvent } from '../../src/trace/index.ts';
import { ACK, type Book, Numbers, near, SYN } from './course.ts';

const DUP_THRESH = 3;

export class RenoBook implements Book {
  /** Compared: segments of limited transmit, recoveries, partial ACKs, full ACKs, ACKs of growth, time-outs, undone ones. */
  readonly compared = { limited: 0, recoveries: 0, partial: 0, full: 0, growth: 0, timeouts: 0, undone: 0 };

  readonly #numbers: Numbers = new Numbers();
  readonly #mss: number;
  #una = 1;
  #nxt = 1;
  #window = -1;
  #cwnd = 0;
  #ssthresh = Infinity;
  #bytesAcked = 0;
  #dup = 0;
  #recovering = false;
  #recover = 0;
  /** Octets by which duplicates may still stretch the window (RFC 5681 3.2, the note on step 4). */
  #stretch = 0;
  /** After a time-out, until what was outstanding then is acknowledged: F-RTO has its own windows. */
  #loss = false;
  /** How the window grows is somebody else's business: it is taken as it is said. */
  #adopting = true;
  /** What it was before the reduction. */
  #before = { cwnd: 0, ssthresh: Infinity };
  #justTimedOut = false;
  /** Owed since this time: the oldest segment once more; a new one (limited transmit). */
  #oldest = -1;
  #fresh = -1;

  constructor(mss: number) {
    this.#mss = mss;
  }

  take(event: TraceEvent): string | null {
    switch (event.type) {
      case 'segment-sent':
        return this.#sent(event);
      case 'segment-received':
        return this.#owing(event.time) ?? this.#received(event);
      case 'timer-fired':
        if (event.timer === 'retransmission' && this.#nxt > this.#una) this.#timedOut();
        return null;
      case 'congestion':
        return this.#congestion(event);
      default:
        return null;
    }
  }

  #owing(now: number): string | null {
    if (this.#oldest >= 0 && now > this.#oldest) return `${this.#una} has not been sent again`;
    if (this.#fresh >= 0 && now > this.#fresh) return `limited transmit sends nothing after duplicate ${this.#dup}`;
    return null;
  }

  #sent({ segment }: SegmentEvent): string | null {
    if (segment.flags & SYN) this.#numbers.iss = segment.seq;
    const start = this.#numbers.of(segment.seq);
    const end = this.#numbers.end(segment);
    if (start === end || segment.flags & SYN) return null;
    if (start < this.#nxt) {
      if (this.#loss) return null;
      if (this.#oldest < 0 || start !== this.#una) return `${start} is sent again for no reason`;
      this.#oldest = -1;
      return null;
    }
    this.#nxt = end;
    if (this.#loss) return null;
    if (this.#fresh >= 0) this.compared.limited++;
    this.#fresh = -1;
    const beyond = !this.#recovering && this.#dup < DUP_THRESH ? this.#dup * this.#mss : 0;
    const most = this.#cwnd + beyond;
    return end - this.#una > most ? `${end - this.#una} octets in flight, the window is ${most}` : null;
  }

  #received({ segment, time }: SegmentEvent): string | null {
    if ((segment.flags & ACK) === 0 || segment.flags & SYN) return null;
    const ack = this.#numbers.of(segment.ack);
    const same = segment.window === this.#window;
    this.#window = segment.window;
    if (ack > this.#nxt || ack < this.#una) return null;
    if (ack > this.#una) this.#advanced(ack, time);
    else if (same && segment.length === 0 && this.#nxt > this.#una) this.#duplicate(time);
    return null;
  }

  #advanced(ack: number, now: number): void {
    const mss = this.#mss;
    const flight = this.#nxt - this.#una;
    const acked = ack - this.#una;
    this.#una = ack;
    this.#fresh = -1;
    if (this.#loss) {
      this.#dup = 0;
      if (ack >= this.#recover) this.#loss = false;
      else this.#recover = this.#nxt; // F-RTO may have let new text out
      return;
    }
    if (!this.#recovering) {
      // Each duplicate told of a segment that had arrived; they do not open the window (RFC 3042), then or now.
      const news = Math.max(acked - this.#dup * mss, Math.min(acked, mss));
      this.#dup = 0;
      if (!this.#adopting) this.#grow(news, flight);
    } else if (ack >= this.#recover) {
      this.compared.full++;
      this.#recovering = false;
      this.#dup = 0;
      this.#cwnd = Math.min(this.#ssthresh, Math.max(this.#nxt - ack, mss) + mss);
    } else {
      this.compared.partial++;
      this.#cwnd = Math.max(this.#cwnd - acked, mss) + (acked >= mss ? mss : 0);
      this.#stretch = this.#nxt - ack;
      this.#oldest = now;
    }
  }

  #grow(acked: number, flight: number): void {
    this.compared.growth++;
    if (this.#cwnd < this.#ssthresh) {
      this.#cwnd = Math.min(this.#cwnd + Math.min(acked, flight), this.#ssthresh);
      return;
    }
    this.#bytesAcked += acked;
    if (this.#bytesAcked < this.#cwnd) return;
    this.#bytesAcked -= this.#cwnd;
    this.#cwnd += this.#mss;
  }

  #duplicate(now: number): void {
    const mss = this.#mss;
    if (this.#recovering) {
      if (this.#stretch > 0) this.#cwnd += mss;
      this.#stretch -= mss;
      return;
    }
    this.#dup++;
    if (this.#loss) return;
    if (this.#dup < DUP_THRESH) {
      if (this.#nxt - this.#una + mss <= this.#cwnd + this.#dup * mss) this.#fresh = now;
      return;
    }
    this.#fresh = -1;
    if (this.#dup > DUP_THRESH || this.#una <= this.#recover) return;
    this.compared.recoveries++;
    this.#remember();
    this.#halve();
    this.#cwnd = this.#ssthresh + DUP_THRESH * mss;
    this.#stretch = this.#nxt - this.#una - DUP_THRESH * mss;
    this.#recovering = true;
    this.#recover = this.#nxt;
    this.#adopting = false;
    this.#oldest = now;
  }

  /** A reduction on top of another is taken back with that one. */
  #remember(): void {
    if (this.#recovering || this.#una < this.#recover) return;
    this.#before = { cwnd: this.#cwnd, ssthresh: this.#ssthresh };
  }

  #halve(): void {
    const flight = Math.min(this.#nxt - this.#una, this.#cwnd);
    this.#ssthresh = Math.max(Math.round(flight / 2), 2 * this.#mss);
    this.#bytesAcked = 0;
  }

  #timedOut(): void {
    // While the last one is being mended the window is F-RTO's, and what it was not known here.
    this.#justTimedOut = !this.#loss;
    this.#remember();
    if (!this.#loss) this.#halve();
    this.#cwnd = this.#mss;
    this.#recovering = false;
    this.#dup = 0;
    this.#recover = this.#nxt;
    this.#loss = true;
    this.#adopting = true;
    this.#oldest = -1;
    this.#fresh = -1;
  }

  #congestion({ cwnd, ssthresh, phase, undone }: CongestionEvent): string | null {
    const said = `window ${cwnd}, threshold ${ssthresh} (${phase})`;
    if (undone) {
      this.compared.undone++;
      const before = this.#before;
      this.#loss = false;
      this.#recovering = false;
      this.#adopting = true;
      this.#dup = 0;
      this.#oldest = -1;
      this.#recover = this.#una - 1;
      const right = near(cwnd, before.cwnd, 1) && ssthresh === before.ssthresh;
      this.#cwnd = cwnd;
      this.#ssthresh = ssthresh;
      return right ? null : `${said} after the time-out proved needless, before it ${before.cwnd}, ${before.ssthresh}`;
    }
    if (this.#justTimedOut) {
      this.#justTimedOut = false;
      this.compared.timeouts++;
      if (cwnd !== this.#mss || !near(ssthresh, this.#ssthresh, 1))
        return `${said} after a time-out, by the book ${this.#mss}, ${this.#ssthresh}`;
    } else if (this.#loss && phase === 'fast-recovery') {
      // A loss of what was sent after the time-out.
      this.#loss = false;
      this.#recovering = true;
      this.#recover = this.#nxt;
      this.#stretch = this.#nxt - this.#una - DUP_THRESH * this.#mss;
      this.#adopting = false;
      this.#oldest = Infinity;
      this.#bytesAcked = 0;
    } else if (!this.#adopting) {
      if ((phase === 'fast-recovery') !== this.#recovering) return `${said}: recovery by the book ${this.#recovering}`;
      if (near(cwnd, this.#cwnd, 1) && near(ssthresh, this.#ssthresh, 1)) return null;
      return `${said}, by the book ${this.#cwnd}, ${this.#ssthresh}`;
    }
    this.#cwnd = cwnd;
    this.#ssthresh = ssthresh;
    return null;
  }
}
