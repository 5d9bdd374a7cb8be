/**
 * Owns: the runtime's entropy (Web Cryptography) as the stream of integers that a stack wants for initial sequence numbers,
 * ports, hash keys and query ids.
 */

import type { Random } from '../base/random.ts';

/** Integers drawn at once: one call in 256 pays for it. */
const WORDS = 256;

/** `crypto.getRandomValues`, buffered. What was handed out is not kept. */
export class WebRandom implements Random {
  readonly #words: Uint32Array<ArrayBuffer> = new Uint32Array(WORDS);
  #next: number = WORDS;

  uint32(): number {
    if (this.#next === WORDS) {
      crypto.getRandomValues(this.#words);
      this.#next = 0;
    }
    const word = this.#words[this.#next]!;
    this.#words[this.#next++] = 0;
    return word;
  }
}
