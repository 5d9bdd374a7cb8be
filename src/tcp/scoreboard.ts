/**
 * Owns: the scoreboard (RFC 6675 3, RFC 8985 5.1): what is in the network, segment by segment: when it was last sent,
 * whether the peer holds it (SACKed), whether it is taken for lost, whether it was sent again.
 *
 * Every operation costs in proportion to what an ACK changes, not to the window: segments stand in a ring in the order of
 * their sequence numbers, and those still in flight also in a list in the order in which they were sent. What the peer
 * has reported before is remembered as ranges, so that a repeated report costs a search and nothing else.
 */

import { add, diff, ge, gt, le, lt, max, min, type Seq, seq } from '../wire/seq.ts';

// One segment is six numbers in a row.
const START = 0;
const LENGTH = 1;
const SENT = 2;
const FLAGS = 3;
const NEWER = 4;
const OLDER = 5;
const STRIDE = 6;

/** The peer holds it. */
const SACKED = 1;
/** Taken for lost and not sent again since. */
const LOST = 2;
/** Sent more than once: an ACK may be about either. */
const RESENT = 4;
/** Left as one segment larger than the others. */
const PROBE = 8;

const NONE = -1;

/** What one ACK has delivered. */
export interface Delivery {
  /** Octets acknowledged or SACKed for the first time. */
  octets: number;
  /** Of the segments delivered, the one sent last: when, and its end. -1: none that says anything. */
  sent: number;
  end: Seq;
  /** That one was sent more than once. */
  resent: boolean;
  /** Some was delivered that was sent only once: the end of the lowest such segment. */
  original: boolean;
  originalEnd: Seq;
  /** A segment sent once was delivered after one behind it: the path reorders. */
  reordered: boolean;
}

/** What loss recovery remembers while something is outstanding: RACK, TLP (RFC 8985 5.2, 7.3), PRR (RFC 6937). */
export class Rack {
  /** Of the segments delivered, the one sent last: when, its end, its RTT (ms); -1 none. */
  sent = -1;
  end: Seq = seq(0);
  rtt = 0;
  /** Least RTT lately and when it was seen, ms; -1 none. */
  minRtt = -1;
  minRttAt = 0;
  /** How patient to be with reordering, in quarters of the least RTT. */
  reoWndMult = 1;
  reoWndPersist = 16;
  dsackRound: Seq = seq(0);
  /** A tail loss probe is out: SND.NXT when it left, and whether it was an old segment. */
  probing = false;
  probeEnd: Seq = seq(0);
  probeResent = false;
  prrDelivered = 0;
  prrOut = 0;
  prrFlight = 0;

  /** For the next connection that needs a board. */
  reset(): void {
    this.sent = -1;
    this.rtt = 0;
    this.minRtt = -1;
    this.reoWndMult = 1;
    this.reoWndPersist = 16;
    this.probing = false;
    this.prrDelivered = 0;
    this.prrOut = 0;
    this.prrFlight = 0;
  }
}

export class Scoreboard {
  /** Segments on the board. */
  length = 0;
  /** Octets on the board; of these SACKed; of these taken for lost. */
  octets = 0;
  sacked = 0;
  lost = 0;
  /** Octets sent again and in flight since. */
  resentOctets = 0;
  /** Segments SACKed. */
  sackedSegments = 0;
  /** The highest sequence number acknowledged or SACKed. */
  fack: Seq = seq(0);
  readonly rack: Rack = new Rack();
  readonly delivery: Delivery = {
    octets: 0,
    sent: -1,
    end: seq(0),
    resent: false,
    original: false,
    originalEnd: seq(0),
    reordered: false,
  };
  #cells: Float64Array = new Float64Array(16 * STRIDE);
  #mask = 15;
  #head = 0;
  /** Ends of the list of segments in flight, by slot. */
  #oldest = NONE;
  #newest = NONE;
  /** Ranges SACKed above SND.UNA: pairs of edges in order; those before `#rangesFrom` are history. */
  #ranges: Seq[] = [];
  #rangesFrom = 0;
  /** No segment before this index is marked lost. */
  #lostFrom = 0;
  /** All goes well: entries may stand for several segments. */
  #coarse = true;

  /** Octets in flight: sent, not SACKed, not taken for lost (pipe of RFC 6675 4). */
  get pipe(): number {
    return this.octets - this.sacked - this.lost;
  }

  /**
   * `length` octets from `start` have been sent for the first time, in segments of `mss`.
   *
   * @param probe as one segment: should it be lost it is several, of the size of the others
   */
  push(start: Seq, length: number, mss: number, now: number, probe = false): void {
    if (!this.#coarse) {
      for (let done = 0; done < length; done += mss) this.#push(add(start, done), Math.min(length - done, mss), now);
      return;
    }
    const last = this.#newest * STRIDE;
    const cells = this.#cells;
    if (probe || this.#newest === NONE || cells[last + SENT] !== now || cells[last + FLAGS] !== 0) {
      this.#push(start, length, now);
      if (probe) cells[this.#newest * STRIDE + FLAGS] = PROBE;
      return;
    }
    cells[last + LENGTH] = cells[last + LENGTH]! + length;
    this.octets += length;
  }

  #push(start: Seq, length: number, now: number): void {
    if (this.length > this.#mask) this.#grow();
    if (this.length === 0) this.fack = start;
    const slot = (this.#head + this.length) & this.#mask;
    const cell = slot * STRIDE;
    this.#cells[cell + START] = start;
    this.#cells[cell + LENGTH] = length;
    this.#cells[cell + FLAGS] = 0;
    this.length++;
    this.octets += length;
    this.#append(slot, now);
  }

  /** Begins an ACK: what is delivered is counted anew. */
  begin(): void {
    const { delivery } = this;
    delivery.octets = 0;
    delivery.sent = -1;
    delivery.resent = false;
    delivery.original = false;
    delivery.reordered = false;
  }

  /**
   * Everything before `una` is acknowledged.
   *
   * @param earliest a segment sent more than once and last sent after this time cannot be what is acknowledged
   */
  acknowledge(una: Seq, earliest: number): void {
    const cells = this.#cells;
    while (this.length > 0) {
      const cell = this.#head * STRIDE;
      const start = cells[cell + START]! as Seq;
      if (ge(start, una)) break;
      const length = cells[cell + LENGTH]!;
      const covered = diff(una, start);
      if (covered < length) {
        // The rest stays.
        if ((cells[cell + FLAGS]! & SACKED) === 0) this.#deliver(cell, covered, earliest);
        this.#account(cell, -covered);
        cells[cell + START] = una;
        cells[cell + LENGTH] = length - covered;
        break;
      }
      if ((cells[cell + FLAGS]! & SACKED) === 0) this.#deliver(cell, length, earliest);
      this.#account(cell, -length);
      if (cells[cell + FLAGS]! & SACKED) this.sackedSegments--;
      this.#unlink(this.#head);
      this.#head = (this.#head + 1) & this.#mask;
      this.length--;
      if (this.#lostFrom > 0) this.#lostFrom--;
    }
    if (gt(una, this.fack)) this.fack = una;
    this.#forgetRanges(una);
    if (this.sackedSegments === 0 && this.lost === 0) this.#coarse = true;
  }

  /** The peer reports that it holds [left, right), which lies within what is on the board. */
  sack(left: Seq, right: Seq, mss: number, earliest: number): void {
    this.#takeApart(mss);
    const ranges = this.#ranges;
    // The known ranges that touch the new one become one with it; only what was unknown is looked at.
    let first = this.#rangesFrom >> 1;
    let high = ranges.length >> 1;
    while (first < high) {
      const middle = (first + high) >> 1;
      if (ge(ranges[middle * 2 + 1]!, left)) high = middle;
      else first = middle + 1;
    }
    first *= 2;
    let last = first;
    while (last < ranges.length && le(ranges[last]!, right)) last += 2;
    const from = first < last ? min(ranges[first]!, left) : left;
    const to = first < last ? max(ranges[last - 1]!, right) : right;
    let at = left;
    for (let i = first; i < last; i += 2) {
      if (lt(at, ranges[i]!)) this.#mark(at, ranges[i]!, from, to, earliest);
      at = max(at, ranges[i + 1]!);
    }
    if (lt(at, right)) this.#mark(at, right, from, to, earliest);
    if (last - first === 2) {
      ranges[first] = from;
      ranges[first + 1] = to;
    } else {
      ranges.splice(first, last - first, from, to);
    }
  }

  /** Segments in [left, right) that the range [from, to) covers whole are SACKed. */
  #mark(left: Seq, right: Seq, from: Seq, to: Seq, earliest: number): void {
    const cells = this.#cells;
    for (let i = this.#find(left); i < this.length; i++) {
      const slot = (this.#head + i) & this.#mask;
      const cell = slot * STRIDE;
      const start = cells[cell + START]! as Seq;
      if (ge(start, right)) return;
      const length = cells[cell + LENGTH]!;
      const end = seq(start + length);
      if (cells[cell + FLAGS]! & SACKED || lt(start, from) || gt(end, to)) continue;
      this.#deliver(cell, length, earliest);
      this.#unlink(slot);
      if (cells[cell + FLAGS]! & LOST) this.lost -= length;
      else if (cells[cell + FLAGS]! & RESENT) this.resentOctets -= length;
      cells[cell + FLAGS] = (cells[cell + FLAGS]! & ~LOST) | SACKED;
      this.sacked += length;
      this.sackedSegments++;
    }
  }

  /** Index of the first segment that ends after `at`. */
  #find(at: Seq): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const cell = ((this.#head + middle) & this.#mask) * STRIDE;
      const end = seq(this.#cells[cell + START]! + this.#cells[cell + LENGTH]!);
      if (gt(end, at)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The first `length` octets of an entry have arrived. */
  #deliver(cell: number, length: number, earliest: number): void {
    const cells = this.#cells;
    const { delivery } = this;
    const sent = cells[cell + SENT]!;
    const end = seq(cells[cell + START]! + length);
    const resent = (cells[cell + FLAGS]! & RESENT) !== 0;
    delivery.octets += length;
    if (!resent && (!delivery.original || lt(end, delivery.originalEnd))) {
      delivery.original = true;
      delivery.originalEnd = end;
    }
    if (gt(end, this.fack)) this.fack = end;
    else if (!resent && lt(end, this.fack)) delivery.reordered = true;
    // What was sent again a moment ago cannot have been delivered by that already (RFC 8985 6.2 step 2).
    if (resent && sent > earliest) return;
    if (sent > delivery.sent || (sent === delivery.sent && gt(end, delivery.end))) {
      delivery.sent = sent;
      delivery.end = end;
      delivery.resent = resent;
    }
  }

  /**
   * RACK (RFC 8985 6.2 step 5): of the segments in flight, those sent so long before the one that was delivered last that
   * they should have been delivered too are lost.
   *
   * @param sent when the segment that was delivered last was sent, and where it ends
   * @param patience ms from being sent to being taken for lost
   * @returns ms until the next segment would be lost, 0 when none waits for that
   */
  detectLost(sent: number, end: Seq, patience: number, mss: number, now: number): number {
    if (this.#oldest === NONE || (this.#coarse && !this.#behind(this.#oldest, sent, end))) return 0;
    this.#takeApart(mss);
    const cells = this.#cells;
    let slot = this.#oldest;
    while (slot !== NONE) {
      const cell = slot * STRIDE;
      const newer = cells[cell + NEWER]!;
      const at = cells[cell + SENT]!;
      if (at > sent) break;
      // The list is in the order of sending, and within an instant of the sequence numbers: none behind this one is due.
      if (at === sent && !lt(seq(cells[cell + START]! + cells[cell + LENGTH]!), end)) break;
      if (at + patience > now) return at + patience - now;
      this.#lose(slot);
      slot = newer;
    }
    return 0;
  }

  /** Whether an entry was sent before the segment that was sent at `sent` and ends at `end`. */
  #behind(slot: number, sent: number, end: Seq): boolean {
    const cell = slot * STRIDE;
    const at = this.#cells[cell + SENT]!;
    return at < sent || (at === sent && lt(this.#cells[cell + START]! as Seq, end));
  }

  /** A time-out: the oldest segment is lost, and whatever else was sent at `before` or earlier (RFC 8985 6.3). */
  loseOnTimeout(before: number, mss: number): void {
    this.#takeApart(mss);
    if (this.length > 0 && (this.#cells[this.#head * STRIDE + FLAGS]! & (SACKED | LOST)) === 0) this.#lose(this.#head);
    while (this.#oldest !== NONE && this.#cells[this.#oldest * STRIDE + SENT]! <= before) this.#lose(this.#oldest);
  }

  /** The peer no longer holds what it said it held (RFC 2018 8): nothing is SACKed any more, everything is lost. */
  renege(mss: number): void {
    const cells = this.#cells;
    this.#ranges.length = 0;
    this.#rangesFrom = 0;
    for (let i = 0; i < this.length; i++) {
      const slot = (this.#head + i) & this.#mask;
      const cell = slot * STRIDE;
      if (cells[cell + FLAGS]! & SACKED) {
        cells[cell + FLAGS] = cells[cell + FLAGS]! & ~SACKED;
        if (cells[cell + FLAGS]! & RESENT) this.resentOctets += cells[cell + LENGTH]!;
        this.#append(slot, cells[cell + SENT]!);
      }
    }
    this.sacked = 0;
    this.sackedSegments = 0;
    this.loseOnTimeout(Infinity, mss);
  }

  /** The oldest segment is one that the peer said it holds: it has gone back on its word. */
  get reneged(): boolean {
    return this.length > 0 && (this.#cells[this.#head * STRIDE + FLAGS]! & SACKED) !== 0;
  }

  /** Index of the first segment to be sent again, -1 when there is none. */
  nextLost(): number {
    if (this.lost === 0) return NONE;
    for (let i = this.#lostFrom; i < this.length; i++) {
      if (this.#cells[((this.#head + i) & this.#mask) * STRIDE + FLAGS]! & LOST) {
        this.#lostFrom = i;
        return i;
      }
    }
    return NONE;
  }

  /** Octets in [from, to) that are taken for lost. */
  lostBetween(from: Seq, to: Seq): number {
    let octets = 0;
    for (let i = this.#find(from); i < this.length && lt(this.start(i), to); i++) {
      if (this.#cells[((this.#head + i) & this.#mask) * STRIDE + FLAGS]! & LOST) octets += this.size(i);
    }
    return octets;
  }

  /** Takes what is in flight of [from, to) for lost. */
  lose(from: Seq, to: Seq, mss: number): void {
    this.#takeApart(mss);
    for (let i = this.#find(from); i < this.length && lt(this.start(i), to); i++) {
      const slot = (this.#head + i) & this.#mask;
      if ((this.#cells[slot * STRIDE + FLAGS]! & (SACKED | LOST)) === 0) this.#lose(slot);
    }
  }

  start(index: number): Seq {
    return this.#cells[((this.#head + index) & this.#mask) * STRIDE + START]! as Seq;
  }

  size(index: number): number {
    return this.#cells[((this.#head + index) & this.#mask) * STRIDE + LENGTH]!;
  }

  /** Index of the segment with the highest sequence numbers. */
  lastSegment(mss: number): number {
    this.#takeApart(mss);
    return this.length - 1;
  }

  /** A segment has been sent again. */
  resent(index: number, now: number): void {
    const slot = (this.#head + index) & this.#mask;
    const cell = slot * STRIDE;
    const flags = this.#cells[cell + FLAGS]!;
    if (flags & SACKED) return;
    if (flags & LOST) this.lost -= this.#cells[cell + LENGTH]!;
    else this.#unlink(slot);
    if ((flags & (LOST | RESENT)) !== RESENT) this.resentOctets += this.#cells[cell + LENGTH]!;
    this.#cells[cell + FLAGS] = (flags & ~LOST) | RESENT;
    this.#append(slot, now);
  }

  /** Forgets everything, for the next connection that needs a board. */
  clear(): void {
    this.length = 0;
    this.octets = 0;
    this.sacked = 0;
    this.lost = 0;
    this.resentOctets = 0;
    this.sackedSegments = 0;
    this.#head = 0;
    this.#oldest = NONE;
    this.#newest = NONE;
    this.#lostFrom = 0;
    this.#coarse = true;
    this.rack.reset();
    this.#ranges.length = 0;
    this.#rangesFrom = 0;
    if (this.#mask > LARGEST_KEPT) {
      this.#cells = new Float64Array(16 * STRIDE);
      this.#mask = 15;
    }
  }

  clone(): Scoreboard {
    const copy = new Scoreboard();
    const { length, octets, sacked, lost, resentOctets, sackedSegments, fack } = this;
    Object.assign(copy, { length, octets, sacked, lost, resentOctets, sackedSegments, fack });
    Object.assign(copy.rack, this.rack);
    Object.assign(copy.delivery, this.delivery);
    copy.#cells = this.#cells.slice();
    copy.#mask = this.#mask;
    copy.#head = this.#head;
    copy.#oldest = this.#oldest;
    copy.#newest = this.#newest;
    copy.#ranges = this.#ranges.slice();
    copy.#lostFrom = this.#lostFrom;
    copy.#rangesFrom = this.#rangesFrom;
    copy.#coarse = this.#coarse;
    return copy;
  }

  /** Nothing is lost after all: what was taken for lost is in flight, in the order in which it was sent. */
  findAgain(): void {
    if (this.lost === 0) return;
    const cells = this.#cells;
    const slots: number[] = [];
    for (let i = 0; i < this.length; i++) {
      const slot = (this.#head + i) & this.#mask;
      const cell = slot * STRIDE;
      if (cells[cell + FLAGS]! & SACKED) continue;
      cells[cell + FLAGS] = cells[cell + FLAGS]! & ~LOST;
      slots.push(slot);
    }
    // A stable sort: of those sent at one time the lower comes first.
    slots.sort((a, b) => cells[a * STRIDE + SENT]! - cells[b * STRIDE + SENT]!);
    this.lost = 0;
    this.#oldest = NONE;
    this.#newest = NONE;
    for (const slot of slots) this.#append(slot, cells[slot * STRIDE + SENT]!);
  }

  #lose(slot: number): void {
    const cell = slot * STRIDE;
    this.#unlink(slot);
    this.#cells[cell + FLAGS] = this.#cells[cell + FLAGS]! | LOST;
    this.lost += this.#cells[cell + LENGTH]!;
    if (this.#cells[cell + FLAGS]! & RESENT) this.resentOctets -= this.#cells[cell + LENGTH]!;
    const index = (slot - this.#head) & this.#mask;
    if (index < this.#lostFrom) this.#lostFrom = index;
  }

  /** Takes `change` octets of a segment into the sums. */
  #account(cell: number, change: number): void {
    this.octets += change;
    const flags = this.#cells[cell + FLAGS]!;
    if (flags & SACKED) this.sacked += change;
    else if (flags & LOST) this.lost += change;
    else if (flags & RESENT) this.resentOctets += change;
  }

  /** Puts a segment at the end of the list of those in flight. */
  #append(slot: number, now: number): void {
    const cells = this.#cells;
    const cell = slot * STRIDE;
    cells[cell + SENT] = now;
    cells[cell + OLDER] = this.#newest;
    cells[cell + NEWER] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else cells[this.#newest * STRIDE + NEWER] = slot;
    this.#newest = slot;
  }

  #unlink(slot: number): void {
    const cells = this.#cells;
    const cell = slot * STRIDE;
    if (cells[cell + FLAGS]! & (SACKED | LOST)) return; // not in the list
    const older = cells[cell + OLDER]!;
    const newer = cells[cell + NEWER]!;
    if (older === NONE) this.#oldest = newer;
    else cells[older * STRIDE + NEWER] = newer;
    if (newer === NONE) this.#newest = older;
    else cells[newer * STRIDE + OLDER] = older;
  }

  #forgetRanges(una: Seq): void {
    const ranges = this.#ranges;
    let from = this.#rangesFrom;
    while (from < ranges.length && le(ranges[from + 1]!, una)) from += 2;
    if (from < ranges.length && lt(ranges[from]!, una)) ranges[from] = una;
    // The history is thrown away when it is the larger part: each range is moved once on the average.
    if (from > 64 && from * 2 > ranges.length) {
      ranges.splice(0, from);
      from = 0;
    }
    this.#rangesFrom = from;
  }

  /** Makes segments of entries that stand for several. All of them are in flight: else they would be segments already. */
  #takeApart(mss: number): void {
    if (!this.#coarse) return;
    this.#coarse = false;
    const old = this.#cells;
    const first: number[] = []; // of the segments of each entry
    let parts = 0;
    for (let i = 0; i < this.length; i++) {
      first.push(parts);
      parts += Math.ceil(this.size(i) / mss);
    }
    if (parts === this.length) return;
    let size = this.#mask + 1;
    while (size <= parts) size *= 2;
    const cells = new Float64Array(size * STRIDE);
    const byTime: number[] = [];
    for (let slot = this.#oldest; slot !== NONE; slot = old[slot * STRIDE + NEWER]!) byTime.push(slot);
    this.#oldest = NONE;
    this.#newest = NONE;
    this.#cells = cells;
    for (const slot of byTime) {
      const from = slot * STRIDE;
      const length = old[from + LENGTH]!;
      let to = first[(slot - this.#head) & this.#mask]!;
      for (let done = 0; done < length; done += mss, to++) {
        const cell = to * STRIDE;
        cells[cell + START] = add(old[from + START]! as Seq, done);
        cells[cell + LENGTH] = Math.min(length - done, mss);
        cells[cell + FLAGS] = old[from + FLAGS]!;
        this.#append(to, old[from + SENT]!);
      }
    }
    this.#head = 0;
    this.#mask = size - 1;
    this.length = parts;
    this.#lostFrom = 0;
  }

  #grow(): void {
    const old = this.#cells;
    const size = this.#mask + 1;
    const cells = new Float64Array(size * 2 * STRIDE);
    const moved = (slot: number): number => (slot === NONE ? NONE : (slot - this.#head) & this.#mask);
    for (let i = 0; i < this.length; i++) {
      const from = ((this.#head + i) & this.#mask) * STRIDE;
      const to = i * STRIDE;
      for (let field = 0; field < STRIDE; field++) cells[to + field] = old[from + field]!;
      cells[to + NEWER] = moved(old[from + NEWER]!);
      cells[to + OLDER] = moved(old[from + OLDER]!);
    }
    this.#oldest = moved(this.#oldest);
    this.#newest = moved(this.#newest);
    this.#head = 0;
    this.#mask = size * 2 - 1;
    this.#cells = cells;
  }
}

/** A board that has grown larger than this (segments) gives its storage back when it is cleared. */
const LARGEST_KEPT = 1023;
