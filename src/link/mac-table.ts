/**
 * Owns: which port a switch last heard each hardware address on. A fixed number of entries in sets of four, like the
 * table of a real switch: an address that finds its set full takes the place of the one heard longest ago, so a flood
 * of addresses costs no memory (IEEE 802.1Q 8.8 allows both).
 */

const WAYS = 4;

export class MacTable {
  readonly #sets: number;
  readonly #age: number;
  readonly #hi: Int32Array;
  readonly #lo: Int32Array;
  readonly #port: Int32Array;
  /** When an address was last heard, ms; -Infinity marks a free entry. */
  readonly #heard: Float64Array;
  /** The order in which addresses were last heard: many are at one instant. */
  readonly #turns: Float64Array;
  #turn = 0;

  /**
   * @param limit entries at most; rounded up to a power of two
   * @param age ms after which an address not heard again is forgotten
   */
  constructor(limit: number, age: number) {
    let size = WAYS;
    while (size < limit) size *= 2;
    this.#sets = size / WAYS;
    this.#age = age;
    this.#hi = new Int32Array(size);
    this.#lo = new Int32Array(size);
    this.#port = new Int32Array(size);
    this.#heard = new Float64Array(size).fill(-Infinity);
    this.#turns = new Float64Array(size);
  }

  /** Most entries it can hold. */
  get limit(): number {
    return this.#heard.length;
  }

  /** Entries in force at `now`. Counts them: for tests and people. */
  size(now: number): number {
    let count = 0;
    for (const heard of this.#heard) if (now - heard <= this.#age) count++;
    return count;
  }

  /** The address (as in `Mac`) is behind `port`. */
  learn(hi: number, lo: number, port: number, now: number): void {
    let slot = this.#slot(hi, lo);
    if (slot < 0) {
      slot = this.#set(hi, lo);
      for (let i = slot + 1, end = slot + WAYS; i < end; i++) if (this.#turns[i]! < this.#turns[slot]!) slot = i;
      this.#hi[slot] = hi;
      this.#lo[slot] = lo;
    }
    this.#port[slot] = port;
    this.#heard[slot] = now;
    this.#turns[slot] = ++this.#turn;
  }

  /** The port an address is behind, -1 when not known. */
  find(hi: number, lo: number, now: number): number {
    const slot = this.#slot(hi, lo);
    return slot >= 0 && now - this.#heard[slot]! <= this.#age ? this.#port[slot]! : -1;
  }

  /** Forgets what was heard on a port that is gone. */
  forget(port: number): void {
    for (let i = 0; i < this.#port.length; i++) if (this.#port[i] === port) this.#free(i);
  }

  #free(slot: number): void {
    this.#heard[slot] = -Infinity;
    this.#turns[slot] = 0;
  }

  #set(hi: number, lo: number): number {
    const mixed = Math.imul(lo ^ (hi << 13), 0x9e3779b1);
    return ((mixed ^ (mixed >>> 15)) & (this.#sets - 1)) * WAYS;
  }

  #slot(hi: number, lo: number): number {
    const first = this.#set(hi, lo);
    for (let i = first; i < first + WAYS; i++) {
      if (this.#lo[i] === lo && this.#hi[i] === hi && this.#heard[i] !== -Infinity) return i;
    }
    return -1;
  }
}
