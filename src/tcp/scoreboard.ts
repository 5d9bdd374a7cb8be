/**
 * Owns: the scoreboard (RFC 6675 3, RFC 8985 5.1): what is in the network, segment by segment: when it was last sent,
 * whether the peer holds it (SACKed), whether it is taken for lost, whether it was sent again.
 *
 * Every operation costs in proportion to what an ACK changes, not to the window: segments stand in a ring in the order of
 * their sequence numbers, and those still in flight also in a list in the order in which they were sent. What the peer
 * has reported before is remembered as ranges, so that a repeated report costs a search and nothing else.
 */

import { add, diff, ge, gt, lt, type Seq, seq } from '../wire/seq.ts';
import { LostQueue } from './lost-queue.ts';
import { type Delivery, Rack } from './rack.ts';
import { Ranges } from './ranges.ts';

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
/** Was taken for lost, whether sent again since or not. */
const MARKED = 16;

const NONE = -1;

export class Scoreboard {
  /** Segments on the board. */
  length = 0;
  /** Octets on the board; of these SACKed; of these taken for lost. */
  octets = 0;
  sacked = 0;
  lost = 0;
  /** Octets that were taken for lost, sent again since or not. */
  marked = 0;
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
    lastSent: -1,
    lastEnd: seq(0),
    lastAcknowledged: false,
    original: false,
    originalEnd: seq(0),
    reordered: false,
    lowest: seq(0),
  };
  #cells: Float64Array = new Float64Array(16 * STRIDE);
  #mask = 15;
  #head = 0;
  /** Ends of the list of segments in flight, by slot. */
  #oldest = NONE;
  #newest = NONE;
  /** What the peer has reported above SND.UNA. */
  #reported: Ranges = new Ranges();
  /** Of a report, what is news: pairs of edges. */
  readonly #news: Seq[] = [];
  /** Where what is lost begins. */
  #toResend: LostQueue = new LostQueue();
  /** All goes well: entries may stand for several segments, from this index on. */
  #coarse = true;
  #coarseFrom = 0;

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
    // One that ends with a small segment ends there, or it would be cut elsewhere than it was sent.
    const whole = this.#newest !== NONE && cells[last + LENGTH]! % mss === 0;
    if (probe || !whole || cells[last + SENT] !== now || cells[last + FLAGS] !== 0) {
      this.#push(start, length, now);
      if (probe) this.#cells[this.#newest * STRIDE + FLAGS] = PROBE;
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
    delivery.lastSent = -1;
    delivery.lastAcknowledged = false;
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
        if ((cells[cell + FLAGS]! & SACKED) === 0) this.#deliver(cell, covered, earliest, true);
        this.#account(cell, -covered);
        cells[cell + START] = una;
        cells[cell + LENGTH] = length - covered;
        break;
      }
      if ((cells[cell + FLAGS]! & SACKED) === 0) this.#deliver(cell, length, earliest, true);
      this.#account(cell, -length);
      if (cells[cell + FLAGS]! & SACKED) this.sackedSegments--;
      this.#unlink(this.#head);
      this.#head = (this.#head + 1) & this.#mask;
      this.length--;
      if (this.#coarseFrom > 0) this.#coarseFrom--;
    }
    if (gt(una, this.fack)) this.fack = una;
    this.#reported.dropBefore(una);
    if (this.#coarse || this.sackedSegments > 0 || this.lost > 0) return;
    this.#coarse = true;
    this.#coarseFrom = this.length;
  }

  /**
   * The peer reports that it holds [left, right), which lies within what is on the board.
   *
   * @returns false when nobody honest reports so many pieces
   */
  sack(left: Seq, right: Seq, mss: number, earliest: number): boolean {
    this.#takeApart(mss);
    const reported = this.#reported;
    // An honest report covers whole segments; one that does not is not remembered without end.
    if (reported.count > this.length + SPARE_RANGES) return false;
    const news = this.#news;
    news.length = 0;
    for (let at = left; lt(at, right) && reported.findHole(at, right); at = reported.right) {
      news.push(reported.left, reported.right);
    }
    if (news.length === 0) return true;
    reported.add(left, right);
    const { left: from, right: to } = reported;
    for (let i = 0; i < news.length; i += 2) this.#mark(news[i]!, news[i + 1]!, from, to, earliest);
    return true;
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
      this.#deliver(cell, length, earliest, false);
      this.#unlink(slot);
      if (cells[cell + FLAGS]! & LOST) this.lost -= length;
      else if (cells[cell + FLAGS]! & RESENT) this.resentOctets -= length;
      if (cells[cell + FLAGS]! & MARKED) this.marked -= length;
      cells[cell + FLAGS] = (cells[cell + FLAGS]! & ~(LOST | MARKED)) | SACKED;
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

  /** The first `length` octets of an entry have arrived; `acknowledged`, or reported by SACK. */
  #deliver(cell: number, length: number, earliest: number, acknowledged: boolean): void {
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
    else if (!resent && lt(end, this.fack)) {
      const start = cells[cell + START]! as Seq;
      if (!delivery.reordered || lt(start, delivery.lowest)) delivery.lowest = start;
      delivery.reordered = true;
    }
    // What was sent again a moment ago cannot have been delivered by that already (RFC 8985 6.2 step 2).
    if (resent && sent > earliest) return;
    if (acknowledged || delivery.lastSent < 0 || (!delivery.lastAcknowledged && gt(end, delivery.lastEnd))) {
      delivery.lastSent = sent;
      delivery.lastEnd = end;
      delivery.lastAcknowledged = acknowledged;
    }
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
    this.#reported.clear();
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
    const queue = this.#toResend;
    if (this.lost === 0) {
      queue.clear();
      return NONE;
    }
    for (; queue.length > 0; queue.pop()) {
      const index = this.#find(queue.first);
      if (index < this.length && this.#cells[((this.#head + index) & this.#mask) * STRIDE + FLAGS]! & LOST)
        return index;
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

  /** Octets taken for lost that lie together from a lost segment on, as far as `most` allows. */
  lostFrom(index: number, most: number): number {
    let octets = this.size(index);
    for (let next = index + 1; next < this.length && octets < most; next++) {
      const cell = ((this.#head + next) & this.#mask) * STRIDE;
      const longer = octets + this.#cells[cell + LENGTH]!;
      if ((this.#cells[cell + FLAGS]! & LOST) === 0 || longer > most) break;
      octets = longer;
    }
    return octets;
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
    this.marked = 0;
    this.resentOctets = 0;
    this.sackedSegments = 0;
    this.#head = 0;
    this.#oldest = NONE;
    this.#newest = NONE;
    this.#toResend.clear();
    this.#coarse = true;
    this.#coarseFrom = 0;
    this.rack.reset();
    this.#reported.clear();
    if (this.#mask > LARGEST_KEPT) {
      this.#cells = new Float64Array(16 * STRIDE);
      this.#mask = 15;
    }
  }

  clone(): Scoreboard {
    const copy = new Scoreboard();
    const { length, octets, sacked, lost, marked, resentOctets, sackedSegments, fack } = this;
    Object.assign(copy, { length, octets, sacked, lost, marked, resentOctets, sackedSegments, fack });
    Object.assign(copy.rack, this.rack);
    Object.assign(copy.delivery, this.delivery);
    copy.#cells = this.#cells.slice();
    copy.#mask = this.#mask;
    copy.#head = this.#head;
    copy.#oldest = this.#oldest;
    copy.#newest = this.#newest;
    copy.#reported = this.#reported.clone();
    copy.#toResend = this.#toResend.clone();
    copy.#coarse = this.#coarse;
    copy.#coarseFrom = this.#coarseFrom;
    return copy;
  }

  /** Nothing is lost after all: what was taken for lost is in flight, in the order in which it was sent. */
  findAgain(): void {
    if (this.marked === 0) return;
    const cells = this.#cells;
    const slots: number[] = [];
    for (let i = 0; i < this.length; i++) {
      const slot = (this.#head + i) & this.#mask;
      const cell = slot * STRIDE;
      if (cells[cell + FLAGS]! & SACKED) continue;
      if ((cells[cell + FLAGS]! & (LOST | RESENT)) === (LOST | RESENT)) this.resentOctets += cells[cell + LENGTH]!;
      cells[cell + FLAGS] = cells[cell + FLAGS]! & ~(LOST | MARKED);
      slots.push(slot);
    }
    // A stable sort: of those sent at one time the lower comes first.
    slots.sort((a, b) => cells[a * STRIDE + SENT]! - cells[b * STRIDE + SENT]!);
    this.lost = 0;
    this.marked = 0;
    this.#oldest = NONE;
    this.#newest = NONE;
    for (const slot of slots) this.#append(slot, cells[slot * STRIDE + SENT]!);
  }

  #lose(slot: number): void {
    const cell = slot * STRIDE;
    this.#unlink(slot);
    const flags = this.#cells[cell + FLAGS]!;
    this.#cells[cell + FLAGS] = flags | LOST | MARKED;
    this.lost += this.#cells[cell + LENGTH]!;
    if ((flags & MARKED) === 0) this.marked += this.#cells[cell + LENGTH]!;
    if (flags & RESENT) this.resentOctets -= this.#cells[cell + LENGTH]!;
    this.#toResend.push(this.#cells[cell + START]! as Seq);
  }

  /** Takes `change` octets of a segment into the sums. */
  #account(cell: number, change: number): void {
    this.octets += change;
    const flags = this.#cells[cell + FLAGS]!;
    if (flags & MARKED) this.marked += change;
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

  /**
   * Makes segments of entries that stand for several: those at the end, pushed since all went well. All of them are in
   * flight, or they would be segments already; each octet is taken apart once.
   */
  #takeApart(mss: number): void {
    this.#coarse = false;
    const from = this.#coarseFrom;
    const { length } = this;
    this.#coarseFrom = length;
    // Where the segments of each entry will stand.
    const places: number[] = [from];
    for (let i = from; i < length; i++) places.push(places[i - from]! + Math.ceil(this.size(i) / mss));
    const parts = places[length - from]!;
    if (parts === length) return;
    while (parts > this.#mask + 1) this.#grow();
    const head = this.#head;
    const mask = this.#mask;
    const cells = this.#cells;
    const old = new Float64Array((length - from) * STRIDE);
    for (let i = from; i < length; i++) {
      const cell = ((head + i) & mask) * STRIDE;
      old.set(cells.subarray(cell, cell + STRIDE), (i - from) * STRIDE);
    }
    // Slots of the first or the last segment that is in the place of what stood in a slot.
    const moved = (slot: number, last: 0 | 1): number => {
      const i = (slot - head) & mask;
      return slot === NONE || i < from ? slot : (head + places[i - from + last]! - last) & mask;
    };
    for (let i = from; i < length; i++) {
      const entry = (i - from) * STRIDE;
      const older = moved(old[entry + OLDER]!, 1);
      const newer = moved(old[entry + NEWER]!, 0);
      const first = places[i - from]!;
      const last = places[i - from + 1]! - 1;
      for (let part = first; part <= last; part++) {
        const slot = (head + part) & mask;
        const cell = slot * STRIDE;
        const done = (part - first) * mss;
        cells[cell + START] = add(old[entry + START]! as Seq, done);
        cells[cell + LENGTH] = Math.min(old[entry + LENGTH]! - done, mss);
        cells[cell + SENT] = old[entry + SENT]!;
        cells[cell + FLAGS] = old[entry + FLAGS]!;
        cells[cell + OLDER] = part === first ? older : (slot - 1) & mask;
        cells[cell + NEWER] = part === last ? newer : (slot + 1) & mask;
      }
      const firstSlot = (head + first) & mask;
      const lastSlot = (head + last) & mask;
      if (older === NONE) this.#oldest = firstSlot;
      else cells[older * STRIDE + NEWER] = firstSlot;
      if (newer === NONE) this.#newest = lastSlot;
      else cells[newer * STRIDE + OLDER] = lastSlot;
    }
    this.length = parts;
    this.#coarseFrom = parts;
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

/** Ranges that a board remembers beyond one for each segment. */
const SPARE_RANGES = 16;

/** A board that has grown larger than this (segments) gives its storage back when it is cleared. */
const LARGEST_KEPT = 1023;
