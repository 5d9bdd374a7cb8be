/**
 * Owns: IP addresses and prefixes of both families, as four 32-bit words.
 */

/**
 * An IP address: four 32-bit words, most significant first, held as signed integers (what engines store most cheaply).
 * IPv4 is kept as its IPv4-mapped form `0, 0, 0xffff, a.b.c.d`, so one comparison and one hash serve both families.
 * An address is a value: do not write to one that you did not make.
 */
export class Address {
  family: 4 | 6;
  w0: number;
  w1: number;
  w2: number;
  w3: number;

  constructor(family: 4 | 6 = 4, w0 = 0, w1 = 0, w2 = 0xffff, w3 = 0) {
    this.family = family;
    this.w0 = w0 | 0;
    this.w1 = w1 | 0;
    this.w2 = w2 | 0;
    this.w3 = w3 | 0;
  }

  clone(): Address {
    return new Address(this.family, this.w0, this.w1, this.w2, this.w3);
  }
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.w3 === b.w3 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0 && a.family === b.family;
}
