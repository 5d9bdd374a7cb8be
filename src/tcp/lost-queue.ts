/**
 * Owns: the order in which what is lost is sent again: lowest sequence number first (RFC 6675 4, NextSeg), however the
 * losses were found. A heap: an entry costs the logarithm of their number, once in and once out. What has arrived
 * meanwhile is passed over when it comes to the top.
 */

import { lt, type Seq } from '../wire/seq.ts';

export class LostQueue {
  readonly #heap: Seq[] = [];

  get length(): number {
    return this.#heap.length;
  }

  /** The lowest; there is one. */
  get first(): Seq {
    return this.#heap[0]!;
  }

  push(start: Seq): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(start);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!lt(start, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = start;
  }

  /** Takes the lowest away. */
  pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && lt(heap[child + 1]!, heap[child]!)) child++;
      if (!lt(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  clone(): LostQueue {
    const copy = new LostQueue();
    for (const start of this.#heap) copy.#heap.push(start);
    return copy;
  }
}
