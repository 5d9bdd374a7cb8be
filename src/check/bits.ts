/** Owns: several small numbers in one word, each checked to fit: a value that did not would be another state. */

import { invariant } from '../base/invariant.ts';

/** Writes fields into a word from the lowest bit on. */
export class Packer {
  word = 0;
  #at = 0;

  begin(): this {
    this.word = 0;
    this.#at = 0;
    return this;
  }

  /** The next `bits` bits. */
  put(value: number, bits: number): this {
    invariant(value >= 0 && value < 1 << bits && this.#at + bits <= 31, `${value} does not fit into ${bits} bits`);
    this.word |= value << this.#at;
    this.#at += bits;
    return this;
  }

  flag(value: boolean): this {
    return this.put(value ? 1 : 0, 1);
  }
}

/** Reads them again, in the same order. */
export class Unpacker {
  #word = 0;
  #at = 0;

  begin(word: number): this {
    this.#word = word;
    this.#at = 0;
    return this;
  }

  take(bits: number): number {
    const value = (this.#word >>> this.#at) & ((1 << bits) - 1);
    this.#at += bits;
    return value;
  }

  flag(): boolean {
    return this.take(1) === 1;
  }
}
