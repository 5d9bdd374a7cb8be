/**
 * Owns: keyed hashing. SipHash-2-4 (128-bit key, 64-bit result) where an outsider must not be able to guess: initial
 * sequence numbers (RFC 6528), ephemeral ports (RFC 6056), timestamp offsets, cookies. HalfSipHash-1-3 (64-bit key,
 * 32-bit result) for hash tables, where an outsider must not be able to force collisions.
 *
 * Both follow the designs of Aumasson and Bernstein, on 32-bit words because those are what JavaScript is quick at.
 */

/** A 128-bit key as four 32-bit words. */
export type Key128 = readonly [number, number, number, number];

/** The result of {@link siphash}: low and high 32 bits, unsigned. The one object is reused by every call. */
const result: { lo: number; hi: number } = { lo: 0, hi: 0 };

/**
 * SipHash-2-4 of `count` 32-bit words (little-endian bytes).
 *
 * @returns `{ lo, hi }`, overwritten by the next call
 */
export function siphash(key: Key128, words: ArrayLike<number>, count: number): Readonly<{ lo: number; hi: number }> {
  const [k0l, k0h, k1l, k1h] = key;
  let v0l = k0l ^ 0x70736575;
  let v0h = k0h ^ 0x736f6d65;
  let v1l = k1l ^ 0x6e646f6d;
  let v1h = k1h ^ 0x646f7261;
  let v2l = k0l ^ 0x6e657261;
  let v2h = k0h ^ 0x6c796765;
  let v3l = k1l ^ 0x79746573;
  let v3h = k1h ^ 0x74656462;
  let t = 0;

  const total = count >> 1; // whole 64-bit blocks
  for (let block = 0; block <= total + 1; block++) {
    let ml = 0;
    let mh = 0;
    let rounds = 2;
    if (block < total) {
      ml = words[block * 2]! | 0;
      mh = words[block * 2 + 1]! | 0;
    } else if (block === total) {
      // The last block carries the left-over word and the length in bytes in its top octet.
      ml = (count & 1) === 1 ? words[count - 1]! | 0 : 0;
      mh = ((count * 4) & 0xff) << 24;
    } else {
      v2l ^= 0xff;
      rounds = 4;
    }
    v3l ^= ml;
    v3h ^= mh;
    for (let r = 0; r < rounds; r++) {
      // v0 += v1; v1 = rotl(v1, 13) ^ v0; v0 = rotl(v0, 32)
      t = (v0l >>> 0) + (v1l >>> 0);
      v0h = (v0h + v1h + (t > 0xffffffff ? 1 : 0)) | 0;
      v0l = t | 0;
      t = (v1l << 13) | (v1h >>> 19);
      v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
      v1l = t ^ v0l;
      t = v0l;
      v0l = v0h;
      v0h = t;
      // v2 += v3; v3 = rotl(v3, 16) ^ v2
      t = (v2l >>> 0) + (v3l >>> 0);
      v2h = (v2h + v3h + (t > 0xffffffff ? 1 : 0)) | 0;
      v2l = t | 0;
      t = (v3l << 16) | (v3h >>> 16);
      v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
      v3l = t ^ v2l;
      // v0 += v3; v3 = rotl(v3, 21) ^ v0
      t = (v0l >>> 0) + (v3l >>> 0);
      v0h = (v0h + v3h + (t > 0xffffffff ? 1 : 0)) | 0;
      v0l = t | 0;
      t = (v3l << 21) | (v3h >>> 11);
      v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
      v3l = t ^ v0l;
      // v2 += v1; v1 = rotl(v1, 17) ^ v2; v2 = rotl(v2, 32)
      t = (v2l >>> 0) + (v1l >>> 0);
      v2h = (v2h + v1h + (t > 0xffffffff ? 1 : 0)) | 0;
      v2l = t | 0;
      t = (v1l << 17) | (v1h >>> 15);
      v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
      v1l = t ^ v2l;
      t = v2l;
      v2l = v2h;
      v2h = t;
    }
    v0l ^= ml;
    v0h ^= mh;
  }
  result.lo = (v0l ^ v1l ^ v2l ^ v3l) >>> 0;
  result.hi = (v0h ^ v1h ^ v2h ^ v3h) >>> 0;
  return result;
}

/** HalfSipHash-1-3 as a running hash: start, mix in words, finish. State lives in the object, so one serves a table. */
export class TableHash {
  readonly #k0: number;
  readonly #k1: number;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;

  constructor(k0: number, k1: number) {
    this.#k0 = k0 | 0;
    this.#k1 = k1 | 0;
  }

  start(): this {
    this.#v0 = this.#k0;
    this.#v1 = this.#k1;
    this.#v2 = this.#k0 ^ 0x6c796765;
    this.#v3 = this.#k1 ^ 0x74656462;
    return this;
  }

  word(w: number): this {
    this.#v3 ^= w;
    this.#round();
    this.#v0 ^= w;
    return this;
  }

  /** The hash as an unsigned 32-bit integer. Every caller hashes a fixed number of words, so no length is mixed in. */
  finish(): number {
    this.#v2 ^= 0xff;
    this.#round();
    this.#round();
    this.#round();
    return (this.#v1 ^ this.#v3) >>> 0;
  }

  #round(): void {
    let v0 = this.#v0;
    let v1 = this.#v1;
    let v2 = this.#v2;
    let v3 = this.#v3;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}
