/**
 * Owns: the system's entropy as the arguments a stack wants: a stream of integers (ports, query ids, jitter) and 128-bit keys
 * (initial sequence numbers of RFC 6528, ports of RFC 6056, hash tables, cookies).
 */

import { randomFillSync } from 'node:crypto';
import type { Random } from '../base/random.ts';
import type { Key128 } from '../base/siphash.ts';

/** Integers drawn from the system at once: one call in 256 pays for it. */
const WORDS = 256;

/** The system's cryptographic generator, buffered. What was handed out is not kept. */
export class SystemRandom implements Random {
  readonly #words: Uint32Array<ArrayBuffer> = new Uint32Array(WORDS);
  #next: number = WORDS;

  uint32(): number {
    if (this.#next === WORDS) {
      randomFillSync(this.#words);
      this.#next = 0;
    }
    const word = this.#words[this.#next]!;
    this.#words[this.#next++] = 0;
    return word;
  }
}

/** The generator that everything in this process may share. */
export const systemRandom: Random = new SystemRandom();

/** A fresh 128-bit key. */
export function randomKey(): Key128 {
  return [systemRandom.uint32(), systemRandom.uint32(), systemRandom.uint32(), systemRandom.uint32()];
}
