/**
 * Owns: a set of sequence numbers as ranges in order, none touching another: what the peer has reported (RFC 2018), what
 * has arrived beyond a gap. A search, and a change wherever it falls, cost little more than the logarithm of their number:
 * an adversary chooses where (the SACK panic class of attacks), and there may be tens of thousands. All lies within 2^31.
 */

import { add, ge, gt, le, lt, max, min, type Seq, seq } from '../wire/seq.ts';

/** Numbers in one chunk at most: pairs of left and right edge. */
const CHUNK = 128;

export class Ranges {
  /** How many ranges. */
  count = 0;
  /** What {@link find} and {@link findHole} have found. */
  left: Seq = seq(0);
  right: Seq = seq(0);
  /** Pairs of edges in order, cut into chunks; none is empty. */
  #chunks: Seq[][] = [];
  /** A place: chunk, and index in it. */
  #chunk = 0;
  #index = 0;

  /** Goes to the first range that ends at `at` or after it. @returns false when there is none */
  #goto(at: Seq): boolean {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const chunk = chunks[middle]!;
      if (ge(chunk[chunk.length - 1]!, at)) high = middle;
      else low = middle + 1;
    }
    this.#chunk = low;
    this.#index = 0;
    if (low === chunks.length) return false;
    const chunk = chunks[low]!;
    low = 0;
    high = chunk.length >> 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ge(chunk[2 * middle + 1]!, at)) high = middle;
      else low = middle + 1;
    }
    this.#index = 2 * low;
    return true;
  }

  /** The first range that ends after `at`, in `left` and `right`. @returns false when there is none */
  find(at: Seq): boolean {
    if (!this.#goto(add(at, 1))) return false;
    const chunk = this.#chunks[this.#chunk]!;
    this.left = chunk[this.#index]!;
    this.right = chunk[this.#index + 1]!;
    return true;
  }

  /** The first part of [from, to) that is not in the set, in `left` and `right`. @returns false when all of it is */
  findHole(from: Seq, to: Seq): boolean {
    let left = from;
    let right = to;
    if (this.find(from)) {
      if (gt(this.left, from)) {
        right = min(this.left, to);
      } else {
        left = this.right;
        if (ge(left, to)) return false;
        if (this.find(left)) right = min(this.left, to);
      }
    }
    this.left = left;
    this.right = right;
    return true;
  }

  /** Adds [left, right), which is not empty. What touches it becomes one with it, then in `left` and `right`. */
  add(left: Seq, right: Seq): void {
    const chunks = this.#chunks;
    let from = left;
    let to = right;
    if (!this.#goto(left) || gt(chunks[this.#chunk]![this.#index]!, right)) {
      this.#insert(left, right);
    } else {
      const chunk = chunks[this.#chunk]!;
      const index = this.#index;
      from = min(left, chunk[index]!);
      to = max(right, chunk[index + 1]!);
      let last = index + 2;
      while (last < chunk.length && le(chunk[last]!, to)) {
        to = max(to, chunk[last + 1]!);
        last += 2;
      }
      this.count -= (last - index - 2) >> 1;
      const reachesEnd = last === chunk.length;
      if (last > index + 2) chunk.splice(index + 2, last - index - 2);
      if (reachesEnd) to = this.#absorb(this.#chunk + 1, to);
      chunk[index] = from;
      chunk[index + 1] = to;
    }
    this.left = from;
    this.right = to;
  }

  /** Takes away the ranges from chunk `first` on that begin at `to` or before. @returns where the last of them ends, or `to` */
  #absorb(first: number, to: Seq): Seq {
    const chunks = this.#chunks;
    let end = to;
    let next = first;
    while (next < chunks.length) {
      const chunk = chunks[next]!;
      let gone = 0;
      while (gone < chunk.length && le(chunk[gone]!, end)) {
        end = max(end, chunk[gone + 1]!);
        gone += 2;
      }
      this.count -= gone >> 1;
      if (gone < chunk.length) {
        if (gone > 0) chunk.splice(0, gone);
        break;
      }
      next++;
    }
    if (next > first) chunks.splice(first, next - first);
    return end;
  }

  /** A new range at the place. */
  #insert(left: Seq, right: Seq): void {
    const chunks = this.#chunks;
    this.count++;
    if (this.#chunk === chunks.length) {
      // Behind all others.
      const last = chunks[chunks.length - 1];
      if (last === undefined || last.length >= CHUNK) chunks.push([left, right]);
      else last.push(left, right);
      return;
    }
    const chunk = chunks[this.#chunk]!;
    chunk.splice(this.#index, 0, left, right);
    if (chunk.length > CHUNK) chunks.splice(this.#chunk + 1, 0, chunk.splice(CHUNK / 2));
  }

  /** Forgets everything before `at`. */
  dropBefore(at: Seq): void {
    const chunks = this.#chunks;
    if (chunks.length === 0 || ge(chunks[0]![0]!, at)) return;
    this.#goto(add(at, 1));
    for (let i = 0; i < this.#chunk; i++) this.count -= chunks[i]!.length >> 1;
    if (this.#chunk > 0) chunks.splice(0, this.#chunk);
    const first = chunks[0];
    if (first === undefined) return;
    this.count -= this.#index >> 1;
    if (this.#index > 0) first.splice(0, this.#index);
    if (lt(first[0]!, at)) first[0] = at;
  }

  clear(): void {
    this.count = 0;
    this.#chunks.length = 0;
  }

  clone(): Ranges {
    const copy = new Ranges();
    copy.count = this.count;
    copy.#chunks = this.#chunks.map((chunk) => chunk.slice());
    return copy;
  }
}
