/**
 * Owns: giving numbers to records of 32-bit words: equal records, equal numbers. Of the snapshots of an endpoint a search meets
 * millions of times the same few thousand; a state of the world then is a handful of numbers.
 */

import { invariant } from '../base/invariant.ts';

const FIRST_WORDS = 1 << 12;
const FIRST_SLOTS = 1 << 10;

export class Interner {
  /** How many different records there are; they are numbered from 0. */
  count = 0;
  #words = new Int32Array(FIRST_WORDS);
  #used = 0;
  /** Where each record begins, and, one further, where it ends. */
  #starts = new Int32Array(FIRST_SLOTS);
  /** Record number + 1 by hash; 0 is an empty slot. At most half full. */
  #slots = new Int32Array(FIRST_SLOTS);

  /** Octets of memory in use. */
  get octets(): number {
    return this.#words.byteLength + this.#starts.byteLength + this.#slots.byteLength;
  }

  /** The number of the record in the first `length` words. */
  add(words: Int32Array, length: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashWords(words, length) & mask;
    for (let found = this.#slots[slot]!; found !== 0; found = this.#slots[slot]!) {
      if (this.#equals(found - 1, words, length)) return found - 1;
      slot = (slot + 1) & mask;
    }
    const number = this.count;
    this.#append(words, length);
    this.#slots[slot] = number + 1;
    if (2 * this.count > this.#slots.length) this.#rehash();
    return number;
  }

  /** Copies a record to `target`. @returns its length in words */
  get(number: number, target: Int32Array): number {
    invariant(number >= 0 && number < this.count, `there is no record ${number}`);
    const start = this.#starts[number]!;
    const length = this.#starts[number + 1]! - start;
    for (let i = 0; i < length; i++) target[i] = this.#words[start + i]!;
    return length;
  }

  /** One word of a record. */
  word(number: number, index: number): number {
    return this.#words[this.#starts[number]! + index]!;
  }

  #equals(number: number, words: Int32Array, length: number): boolean {
    const start = this.#starts[number]!;
    if (this.#starts[number + 1]! - start !== length) return false;
    for (let i = 0; i < length; i++) if (this.#words[start + i] !== words[i]) return false;
    return true;
  }

  #append(words: Int32Array, length: number): void {
    if (this.#used + length > this.#words.length) this.#words = grown(this.#words);
    if (this.count + 2 > this.#starts.length) this.#starts = grown(this.#starts);
    for (let i = 0; i < length; i++) this.#words[this.#used + i] = words[i]!;
    this.#used += length;
    this.count++;
    this.#starts[this.count] = this.#used;
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    const record = new Int32Array(256);
    for (let number = 0; number < this.count; number++) {
      let slot = hashWords(record, this.get(number, record)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function grown(words: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * words.length);
  larger.set(words);
  return larger;
}

/** 32 bits that depend on every bit of the words (the finalizer of MurmurHash3 over a running product). */
export function hashWords(words: Int32Array, length: number, seed: number = 0): number {
  let hash = seed ^ length;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
