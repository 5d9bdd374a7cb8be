/**
 * Owns: arithmetic on sequence numbers, modulo 2^32 (RFC 9293 3.4). A `Seq` is 32 bits held as a *signed* integer:
 * engines store those in a field without a box, and a connection has two dozen of them. Which half of the circle looks
 * negative means nothing; `unsigned` is the number as the wire and people have it. The compiler cannot stop `a < b` on
 * two of them; a test greps for it. Use these functions.
 */

declare const brand: unique symbol;
/** A sequence number: an integer in -2^31 .. 2^31-1, standing for itself modulo 2^32. */
export type Seq = number & { readonly [brand]: 'Seq' };

/** Takes any integer modulo 2^32. */
export function seq(n: number): Seq {
  return (n | 0) as Seq;
}

/** The number as it stands in a header: 0 .. 2^32-1. */
export function unsigned(a: Seq): number {
  return a >>> 0;
}

/** a + n, modulo 2^32. */
export function add(a: Seq, n: number): Seq {
  return ((a + n) | 0) as Seq;
}

/** The signed distance from b to a: positive when a is after b. Exact for distances below 2^31. */
export function diff(a: Seq, b: Seq): number {
  return (a - b) | 0;
}

/** a is before b. */
export function lt(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) < 0;
}

/** a is before b or equal. */
export function le(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) <= 0;
}

/** a is after b. */
export function gt(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) > 0;
}

/** a is after b or equal. */
export function ge(a: Seq, b: Seq): boolean {
  return ((a - b) | 0) >= 0;
}

/** The later of the two. */
export function max(a: Seq, b: Seq): Seq {
  return ((a - b) | 0) >= 0 ? a : b;
}

/** The earlier of the two. */
export function min(a: Seq, b: Seq): Seq {
  return ((a - b) | 0) <= 0 ? a : b;
}

/** start =< x < start + length: the window test of RFC 9293 3.4. `length` is 0 .. 2^32-1. */
export function within(x: Seq, start: Seq, length: number): boolean {
  return (x - start) >>> 0 < length;
}
