/**
 * Owns: randomness as an argument. The core draws none of its own; whoever creates a stack or a simulation passes one
 * of these (a seeded generator here, the system's entropy in `node/entropy.ts`).
 */

/** A source of uniform unsigned 32-bit integers. */
export interface Random {
  /** The next integer in 0 .. 2^32-1. */
  uint32(): number;
}

/** xoshiro128** seeded through splitmix32: small, fast, the same on every engine. Not for secrets. */
export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number) {
    let state = seed | 0;
    const split = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = split();
    this.#b = split();
    this.#c = split();
    this.#d = split() | 1; // never all zero
  }

  uint32(): number {
    const result = Math.imul(rotl(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = rotl(this.#d, 11);
    return result;
  }
}

function rotl(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}

/** A number in [0, 1). */
export function unit(random: Random): number {
  return random.uint32() / 4294967296;
}

/** An integer in 0 .. n-1, without modulo bias. `n` is 1 .. 2^32. */
export function below(random: Random, n: number): number {
  const limit = 4294967296 - (4294967296 % n);
  for (;;) {
    const x = random.uint32();
    if (x < limit) return x % n;
  }
}
