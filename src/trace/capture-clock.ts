/**
 * Owns: the clocks of pcapng's interfaces: steps of any resolution counted in 64 bits, turned into seconds and nanoseconds
 * exactly. Steps that are whole nanoseconds, which is to say nearly all, need no integers beyond a double's.
 */

import { SECOND } from './capture.ts';

const HALF = 0x1_0000;

/** What is set by {@link CaptureClock.read}. */
interface Stamped {
  seconds: number;
  nanoseconds: number;
  time: number;
}

export class CaptureClock {
  /** Steps of a second. */
  readonly #steps: number;
  /** Nanoseconds of a step, or 0 where that is no whole number. */
  readonly #step: number;
  /** Steps of a second where `#step` is 0. */
  readonly #exact: bigint;
  /** Seconds to add. */
  readonly #offset: number;

  /**
   * @param resolution the octet of if_tsresol: a negative power of ten, or of two if its highest bit is set
   * @param offset that of if_tsoffset, s
   */
  constructor(resolution: number, offset: number) {
    this.#exact = resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : BigInt(`1${'0'.repeat(resolution)}`);
    this.#steps = Number(this.#exact);
    this.#step = SECOND % this.#steps === 0 ? SECOND / this.#steps : 0;
    this.#offset = offset;
  }

  /** What a stamp of two halves of 32 bits says, down to whole nanoseconds. */
  read(high: number, low: number, into: Stamped): void {
    if (this.#step === 0) this.#readExact(high, low, into);
    else this.#readShort(high, low, into);
    into.seconds += this.#offset;
    into.time = into.seconds * 1000 + into.nanoseconds / 1e6;
  }

  /** Long division, 16 bits at a time: no part is beyond 2^46. */
  #readShort(high: number, low: number, into: Stamped): void {
    const steps = this.#steps;
    let quotient = Math.floor(high / steps);
    let rest = (high - quotient * steps) * HALF + (low >>> 16);
    let digit = Math.floor(rest / steps);
    quotient = quotient * HALF + digit;
    rest = (rest - digit * steps) * HALF + (low & 0xffff);
    digit = Math.floor(rest / steps);
    into.seconds = quotient * HALF + digit;
    into.nanoseconds = (rest - digit * steps) * this.#step;
  }

  #readExact(high: number, low: number, into: Stamped): void {
    const stamp = (BigInt(high) << 32n) | BigInt(low);
    into.seconds = Number(stamp / this.#exact);
    into.nanoseconds = Number(((stamp % this.#exact) * BigInt(SECOND)) / this.#exact);
  }
}
