/**
 * What a receiver reports, by the book: the ranges that it holds, the one that changed last first (RFC 2018 4), and before
 * them what came twice (RFC 2883 4). It is the receiver's trace that is read.
 */

import type { SegmentEvent, SegmentView, TraceEvent } from '../../src/trace/index.ts';
import { ACK, type Book, Numbers, SYN } from './course.ts';

type Range = readonly [number, number];

const show = (ranges: readonly Range[]): string => ranges.map(([l, r]) => `${l}:${r}`).join(' ') || 'none';

export class ReportBook implements Book {
  /** ACKs compared; with a D-SACK, of these about text beyond a gap; with more than one block. */
  acks = 0;
  duplicates = 0;
  beyondGap = 0;
  several = 0;

  readonly #numbers: Numbers = new Numbers();
  readonly #most: number;
  /** What has come, in order, none touching another; the first begins at 1. */
  #have: Range[] = [[1, 1]];
  /** The last segment that came twice, as long as no ACK has told: the parts of it that had come before. */
  #twice: readonly Range[] = [];
  /** A segment came that PAWS may drop: it need not be reported. */
  #doubtful = false;
  /** Where the last text beyond a gap came. */
  #latest = -1;
  #highestStamp = -Infinity;
  #firstStamp: number | null = null;

  /** @param timestamps agreed on: they take the room of one block (RFC 2018 3) */
  constructor(timestamps: boolean) {
    this.#most = timestamps ? 3 : 4;
  }

  take(event: TraceEvent): string | null {
    if (event.type === 'segment-received') this.#received(event);
    return event.type === 'segment-sent' ? this.#sent(event) : null;
  }

  #received({ segment }: SegmentEvent): void {
    if (segment.flags & SYN) this.#numbers.iss = segment.seq;
    const from = this.#numbers.of(segment.seq);
    const to = from + segment.length;
    if (segment.length === 0 || segment.flags & SYN) return;
    const old = this.#isOlder(segment);
    const twice: Range[] = [];
    for (const [l, r] of this.#have) {
      if (Math.max(l, from) < Math.min(r, to)) twice.push([Math.max(l, from), Math.min(r, to)]);
    }
    if (twice.length > 0) {
      this.#twice = twice;
      this.#doubtful = old;
    } else if (old) return; // text that is new and old at once: whether it is taken shows in the ACK
    this.#add(from, to);
    if (from > this.#have[0]![1] && !old) this.#latest = from;
  }

  /** Older than a timestamp that came before. */
  #isOlder({ tsVal }: SegmentView): boolean {
    if (tsVal === undefined) return false;
    this.#firstStamp ??= tsVal;
    const at = (tsVal - this.#firstStamp) | 0;
    const older = at < this.#highestStamp;
    this.#highestStamp = Math.max(this.#highestStamp, at);
    return older;
  }

  #add(from: number, to: number): void {
    const apart = this.#have.filter(([l, r]) => r < from || l > to);
    const joined = this.#have.filter(([l, r]) => r >= from && l <= to);
    const left = Math.min(from, ...joined.map(([l]) => l));
    const right = Math.max(to, ...joined.map(([, r]) => r));
    this.#have = [...apart, [left, right] as const].sort((a, b) => a[0] - b[0]);
  }

  #sent({ segment }: SegmentEvent): string | null {
    if ((segment.flags & ACK) === 0 || segment.flags & SYN) return null;
    this.acks++;
    const ack = this.#numbers.of(segment.ack);
    const blocks = (segment.sack ?? []).map(([l, r]): Range => [this.#numbers.of(l), this.#numbers.of(r)]);
    const told = `${show(blocks)} with ACK ${ack}`;
    if (blocks.length > this.#most) return `${blocks.length} blocks`;
    if (blocks.length > 1) this.several++;

    const [first, second] = blocks;
    const inOther = (a: Range, b: Range | undefined): boolean => b !== undefined && b[0] <= a[0] && a[1] <= b[1];
    const isDuplicate = first !== undefined && (first[1] <= ack || inOther(first, second));
    const due = this.#twice;
    this.#twice = [];
    if (isDuplicate) {
      blocks.shift();
      this.duplicates++;
      // (1) to (3): each once, and its exact edges.
      if (!due.some(([l, r]) => l === first[0] && r === first[1]))
        return `a D-SACK of ${show([first])}: what came twice, and was not told yet, is ${show(due)}`;
      // (4): a part of what lies beyond a gap is told with all of that.
      if (first[0] >= ack) {
        this.beyondGap++;
        if (!inOther(first, blocks[0])) return `D-SACK of ${show([first])} without its block: ${told}`;
      }
    } else if (due.length > 0 && !this.#doubtful) {
      return `${show(due)} came twice and is not reported: ${told}`;
    }

    const [inOrder, ...held] = this.#have;
    if (ack !== inOrder![1] && ack !== inOrder![1] + 1) return `ACK ${ack}, by the book ${inOrder![1]}`;
    for (const [i, block] of blocks.entries()) {
      if (!held.some(([l, r]) => l === block[0] && r === block[1]))
        return `block ${show([block])}: what is held beyond ${ack} is ${show(held)}`;
      if (blocks.findIndex(([l]) => l === block[0]) !== i) return `a block twice: ${told}`;
    }
    // As many as there are and fit; the one with the latest arrival first.
    const room = this.#most - (isDuplicate ? 1 : 0);
    if (blocks.length !== Math.min(held.length, room)) return `${told}: what is held is ${show(held)}`;
    if (this.#latest >= ack && blocks.length > 0 && (isDuplicate === false || first![0] < ack)) {
      const [l, r] = blocks[0]!;
      if (this.#latest < l || this.#latest >= r) return `the last to come was ${this.#latest}, first is ${told}`;
    }
    return null;
  }
}
