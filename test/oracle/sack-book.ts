/**
 * Loss recovery with SACK by the book: the scoreboard and its pipe (RFC 6675 4, with RACK's marks in place of IsLost), RACK with its reordering
 * window (RFC 8985 6.2, 6.3), and what proportional rate reduction lets be sent (RFC 9937 6).
 */

import type { CongestionEvent, SegmentEvent, TraceEvent } from '../../src/trace/index.ts';
import { ACK, type Book, Numbers, SYN } from './course.ts';
import { RtoBook } from './rto-book.ts';

interface Piece {
  readonly start: number;
  readonly end: number;
  /** When it was last sent, and the timestamp it carried. */
  sentAt: number;
  tsVal: number | undefined;
  again: boolean;
  sacked: boolean;
  lost: boolean;
}

const DUP_THRESH = 3;
const REO_WND_PERSIST = 16;

export class SackBook implements Book {
  /** Pipes compared; segments marked lost; recoveries; retransmissions ignored by RACK; D-SACKs. */
  compared = 0;
  marked = 0;
  recoveries = 0;
  ignored = 0;
  duplicates = 0;
  undone = 0;
  reorderingSeen = false;
  /** By how many segments at most. */
  reordering = 0;
  /** What the last ACK told: octets delivered, FlightSize before it, the RTT of the last of them sent (-1: sent twice, or none), whether SND.UNA moved. */
  last = { delivered: 0, flight: 0, rtt: -1, advanced: false };

  readonly rto: RtoBook;
  readonly #numbers: Numbers = new Numbers();
  readonly #mss: number;
  #pieces: Piece[] = [];
  una = 1;
  nxt = 1;

  // RFC 8985 5.2
  #xmit = -1;
  #end = 0;
  #rtt = 0;
  #minRtt = Infinity;
  #fack = 1;
  #dsackRound: number | null = null;
  #mult = 1;
  #persist = REO_WND_PERSIST;

  recovery: 'none' | 'fast' | 'rto' = 'none';
  #recoveryPoint = 0;

  // RFC 9937 6
  #prrDelivered = 0;
  #prrOut = 0;
  #recoverFS = 0;
  #deliveredData = 0;
  /** SND.UNA has advanced; the ACK indicated further loss. */
  #advanced = false;
  #furtherLoss = false;
  /** What happened last was an ACK. */
  #acked = false;
  #lastAck: { readonly newly: readonly Piece[]; readonly echo: number | undefined } = { newly: [], echo: undefined };
  /** Octets that may be sent until the next ACK; Infinity outside of fast recovery. */
  #budget: number = Infinity;

  constructor(mss: number, minRto?: number) {
    this.#mss = mss;
    this.rto = new RtoBook(minRto);
  }

  take(event: TraceEvent): string | null {
    this.rto.take(event);
    switch (event.type) {
      case 'segment-sent':
        return this.#sent(event);
      case 'segment-received':
        this.#received(event);
        return null;
      case 'timer-fired':
        if (event.timer === 'reordering') {
          this.#acked = false;
          this.#detectLosses(event.time);
          this.#maybeEnter();
          // No ACK, nothing delivered: one segment at most, or a lost tail of the recovery would wait for a time-out.
          this.#budget = Math.max(this.#budget, this.#mss);
        }
        if (event.timer === 'retransmission') this.#timedOut(event.time);
        return null;
      case 'congestion':
        return this.#compare(event);
      default:
        return null;
    }
  }

  get pipe(): number {
    return this.#pieces.reduce((sum, p) => sum + (p.sacked || p.lost ? 0 : p.end - p.start), 0);
  }

  #sent({ segment, time }: SegmentEvent): string | null {
    if (segment.flags & SYN) this.#numbers.iss = segment.seq;
    const start = this.#numbers.of(segment.seq);
    const end = this.#numbers.end(segment);
    if (start === end || segment.flags & SYN) return null;
    if (start >= this.nxt) {
      const { tsVal } = segment;
      this.#pieces.push({ start, end, sentAt: time, tsVal, again: false, sacked: false, lost: false });
      this.nxt = end;
    } else {
      const piece = this.#pieces.find((p) => p.start === start && p.end === end);
      if (piece === undefined) return `octets ${start} to ${end} are sent again, which is not a segment sent before`;
      Object.assign(piece, { sentAt: time, tsVal: segment.tsVal, again: true, lost: false });
    }
    if (this.recovery !== 'fast') return null;
    this.#prrOut += end - start;
    this.#budget -= end - start;
    return this.#budget < 0 ? `PRR lets ${-this.#budget} octets less be sent until the next ACK` : null;
  }

  #received({ segment, time }: SegmentEvent): void {
    if ((segment.flags & ACK) === 0 || segment.flags & SYN) return;
    const ack = this.#numbers.of(segment.ack);
    if (ack > this.nxt) return;
    const blocks = (segment.sack ?? []).map(
      ([left, right]) => [this.#numbers.of(left), this.#numbers.of(right)] as const,
    );
    const newly: Piece[] = [];
    const flight = this.nxt - this.una;
    this.#advanced = ack > this.una;
    this.una = Math.max(this.una, ack);
    let dsack = false;
    const [first, second] = blocks;
    if (first !== undefined) {
      dsack = first[1] <= ack || (second !== undefined && first[0] >= second[0] && first[1] <= second[1]);
      if (dsack) blocks.shift();
    }
    for (const p of this.#pieces) {
      if (p.sacked) continue;
      const covered = p.end <= this.una || blocks.some(([left, right]) => left <= p.start && p.end <= right);
      if (!covered) continue;
      newly.push(p);
      p.sacked = true;
      p.lost = false;
    }
    this.#pieces = this.#pieces.filter((p) => p.end > this.una);
    this.#acked = true;
    this.#deliveredData = newly.reduce((sum, p) => sum + p.end - p.start, 0);
    if (dsack) this.duplicates++;
    const latest = newly.reduce<Piece | null>(
      (a, p) => (a === null || p.sentAt > a.sentAt || (p.sentAt === a.sentAt && p.end > a.end) ? p : a),
      null,
    );
    this.last = {
      delivered: this.#deliveredData,
      flight,
      rtt: latest === null || latest.again ? -1 : time - latest.sentAt,
      advanced: this.#advanced,
    };
    this.#lastAck = { newly, echo: segment.tsEcr };
    this.#update(newly, segment.tsEcr, time);

    const exits = this.recovery !== 'none' && this.una >= this.#recoveryPoint;
    if (exits) this.recovery = 'none';
    this.#adapt(dsack, exits);
    const { marked } = this;
    this.#detectLosses(time);
    this.#furtherLoss = this.marked > marked;
    this.#maybeEnter();
    if (this.recovery === 'fast') this.#prrDelivered += this.#deliveredData;
    else this.#budget = Infinity;
  }

  /** Steps 1 to 3. */
  #update(newly: readonly Piece[], echo: number | undefined, now: number): void {
    const byTime = [...newly].sort((a, b) => a.sentAt - b.sentAt || a.end - b.end);
    const credible: Piece[] = [];
    for (const p of byTime) {
      const rtt = now - p.sentAt;
      if (p.again) {
        // The echo is that of the left edge (RFC 7323 4.3); it indicates nothing about what is reported beyond.
        const told = p.end <= this.una && echo !== undefined && p.tsVal !== undefined;
        const older = told && ((echo - p.tsVal!) | 0) < 0;
        if (older || rtt < this.#minRtt - 1e-6) {
          this.ignored++;
          continue;
        }
      }
      this.#minRtt = Math.min(this.#minRtt, rtt);
      credible.push(p);
      if (p.sentAt > this.#xmit || (p.sentAt === this.#xmit && p.end > this.#end)) {
        this.#xmit = p.sentAt;
        this.#end = p.end;
      }
    }
    // RACK.rtt is that of the last in the order in which the ACK is read: SACK blocks, then what it acknowledges.
    const acknowledged = (p: Piece): number => (p.end <= this.una ? 1 : 0);
    const last = credible.sort((a, b) => acknowledged(a) - acknowledged(b) || a.end - b.end).at(-1);
    if (last !== undefined) this.#rtt = now - last.sentAt;
    for (const p of [...newly].sort((a, b) => a.end - b.end)) {
      if (p.end > this.#fack) this.#fack = p.end;
      else if (p.end < this.#fack && !p.again) {
        this.reorderingSeen = true;
        this.reordering = Math.max(this.reordering, (this.#fack - p.start) / this.#mss);
      }
    }
  }

  /** Step 4, the part that remembers. */
  #adapt(dsack: boolean, exits: boolean): void {
    if (this.#dsackRound !== null && this.una >= this.#dsackRound) this.#dsackRound = null;
    if (this.#dsackRound === null && dsack) {
      this.#dsackRound = this.nxt;
      this.#mult++;
      this.#persist = REO_WND_PERSIST;
    } else if (exits && --this.#persist <= 0) {
      this.#mult = 1;
    }
  }

  get #reoWnd(): number {
    if (!this.reorderingSeen) {
      if (this.recovery !== 'none') return 0;
      if (this.#pieces.filter((p) => p.sacked).length >= DUP_THRESH) return 0;
    }
    const least = this.#minRtt === Infinity ? 0 : this.#minRtt;
    return Math.min((this.#mult * least) / 4, Math.max(this.rto.srtt, 0));
  }

  /** Step 5. */
  #detectLosses(now: number): void {
    if (this.#xmit < 0) return;
    for (const p of this.#pieces) {
      if (p.sacked || p.lost) continue;
      const before = this.#xmit > p.sentAt || (this.#xmit === p.sentAt && this.#end > p.end);
      if (before && p.sentAt + this.#rtt + this.#reoWnd - now <= 1e-6) {
        p.lost = true;
        this.marked++;
      }
    }
  }

  #maybeEnter(): void {
    if (this.recovery !== 'none' || !this.#pieces.some((p) => p.lost)) return;
    this.recoveries++;
    this.recovery = 'fast';
    this.#recoveryPoint = this.nxt;
    this.#prrDelivered = 0;
    this.#prrOut = 0;
    const sacked = this.#pieces.reduce((sum, p) => sum + (p.sacked ? p.end - p.start : 0), 0);
    this.#recoverFS = this.nxt - this.una - sacked + (this.#acked ? this.#deliveredData : 0);
    this.#budget = this.#mss; // the fast retransmit
  }

  /**
   * A reduction is taken back (RFC 5682, RFC 9438 4.9): no recovery, no losses, and RACK begins with this ACK again. When that is
   * done is not this book's business.
   */
  #takenBack(now: number): void {
    this.recovery = 'none';
    this.#budget = Infinity;
    for (const p of this.#pieces) p.lost = false;
    this.reorderingSeen = true;
    this.#xmit = -1;
    this.#end = 0;
    this.#update(this.#lastAck.newly, this.#lastAck.echo, now);
  }

  /** 6.3 */
  #timedOut(now: number): void {
    const patience = this.#rtt + this.#reoWnd;
    for (const p of this.#pieces) {
      if (!p.sacked && (p.start === this.una || p.sentAt + patience - now <= 1e-6)) p.lost = true;
    }
    this.recovery = 'rto';
    this.#recoveryPoint = this.nxt;
    this.#budget = Infinity;
  }

  #compare({ pipe, ssthresh, phase, undone, time }: CongestionEvent): string | null {
    this.compared++;
    if (undone) {
      this.undone++;
      this.#takenBack(time);
      if (pipe !== this.pipe) return `pipe is ${pipe} after a reduction was taken back, by the book ${this.pipe}`;
      this.#detectLosses(time);
      this.#maybeEnter();
      return null;
    }
    const expected = this.pipe;
    if (pipe !== expected) {
      const lost = this.#pieces.filter((p) => p.lost).map((p) => p.start);
      return `pipe is ${pipe}, by the book ${expected}; lost are ${lost}, the oldest in flight was sent at ${Math.min(...this.#pieces.filter((p) => !p.sacked && !p.lost).map((p) => p.sentAt))}; reordering window ${this.#reoWnd}, RACK.rtt ${this.#rtt}, least RTT ${this.#minRtt}, recovery ${this.recovery}`;
    }
    if ((phase === 'fast-recovery') !== (this.recovery === 'fast'))
      return `the phase is ${phase}, by the book ${this.recovery}`;
    if (this.recovery === 'fast' && this.#acked) {
      let count: number;
      if (pipe > ssthresh) {
        count = Math.ceil((this.#prrDelivered * ssthresh) / this.#recoverFS) - this.#prrOut;
      } else {
        const safe = this.#advanced && !this.#furtherLoss;
        const limit = Math.max(this.#prrDelivered - this.#prrOut, this.#deliveredData) + (safe ? this.#mss : 0);
        count = Math.min(ssthresh - pipe, limit);
      }
      this.#budget = Math.max(count, this.#prrOut === 0 ? this.#mss : 0);
    }
    return null;
  }
}
