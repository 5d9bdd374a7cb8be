/**
 * Owns: the set of visited states, as 64 bits of hash each, with what is needed to tell how a state was reached and where it
 * leads. Two different states with the same 64 bits would be taken for one: among ten million states the odds are one in
 * 370,000. A found counter-example is played again from the start, so it is never such an accident.
 */

import { hashWords } from './interner.ts';

const CHUNK_SHIFT = 14;
const CHUNK = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK - 1;

/** A growing list of 32-bit words that never copies what it has. */
export class Words {
  length = 0;
  readonly #chunks: Int32Array[] = [];

  get octets(): number {
    return this.#chunks.length * CHUNK * 4;
  }

  get(index: number): number {
    return this.#chunks[index >>> CHUNK_SHIFT]![index & CHUNK_MASK]!;
  }

  set(index: number, word: number): void {
    this.#chunks[index >>> CHUNK_SHIFT]![index & CHUNK_MASK] = word;
  }

  push(word: number): void {
    if ((this.length & CHUNK_MASK) === 0 && this.length >>> CHUNK_SHIFT === this.#chunks.length) {
      this.#chunks.push(new Int32Array(CHUNK));
    }
    this.set(this.length++, word);
  }
}

const SEED_LOW = 0x2545f491;
const SEED_HIGH = 0x4f6cdd1d;

export class Visited {
  /** How many states; they are numbered in the order in which they were found. */
  count = 0;
  /** Of the last state given to `add`: was it there before? */
  known = false;
  readonly #low: Words = new Words();
  readonly #high: Words = new Words();
  /** By state: the state it was found from, and by which action. */
  readonly #parents: Words = new Words();
  readonly #actions: Words = new Words();
  /** State number + 1 by hash; 0 is an empty slot. At most three quarters full. */
  #slots = new Int32Array(1 << 14);
  /** Where the states that a state leads to begin in `#targets`, while edges are kept. */
  readonly #first: Words = new Words();
  readonly #targets: Words = new Words();

  get octets(): number {
    let sum = this.#slots.byteLength;
    for (const words of [this.#low, this.#high, this.#parents, this.#actions, this.#first, this.#targets]) {
      sum += words.octets;
    }
    return sum;
  }

  /** The number of the state in the first `length` words, found from `parent` by `action` if it is new (`known` tells). */
  add(words: Int32Array, length: number, parent: number, action: number): number {
    const low = hashWords(words, length, SEED_LOW);
    const high = hashWords(words, length, SEED_HIGH);
    const mask = this.#slots.length - 1;
    let slot = low & mask;
    for (let found = this.#slots[slot]!; found !== 0; found = this.#slots[slot]!) {
      if (this.#low.get(found - 1) === low && this.#high.get(found - 1) === high) {
        this.known = true;
        return found - 1;
      }
      slot = (slot + 1) & mask;
    }
    this.known = false;
    const number = this.count++;
    this.#low.push(low);
    this.#high.push(high);
    this.#parents.push(parent);
    this.#actions.push(action);
    this.#slots[slot] = number + 1;
    if (4 * this.count > 3 * this.#slots.length) this.#rehash();
    return number;
  }

  parent(state: number): number {
    return this.#parents.get(state);
  }

  action(state: number): number {
    return this.#actions.get(state);
  }

  /** The edges that follow are those of the next state in order. */
  beginEdges(): void {
    this.#first.push(this.#targets.length);
  }

  /** @param mark edges of this kind can be left out of a walk (`isMarked`) */
  addEdge(target: number, mark: boolean): void {
    this.#targets.push(mark ? target | MARK : target);
  }

  /** Calls `each` for every kept edge of a state until it returns true. @returns whether it did */
  someEdge(state: number, each: (target: number, marked: boolean) => boolean): boolean {
    const end = state + 1 < this.#first.length ? this.#first.get(state + 1) : this.#targets.length;
    for (let i = this.#first.get(state); i < end; i++) {
      const target = this.#targets.get(i);
      if (each(target & ~MARK, (target & MARK) !== 0)) return true;
    }
    return false;
  }

  /** How many states have had their edges kept. */
  get expanded(): number {
    return this.#first.length;
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number++) {
      let slot = this.#low.get(number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

const MARK = 1 << 30;
