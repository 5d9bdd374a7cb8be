/**
 * Owns: rate limits.
 */

/** At most `burst` at once and `rate` a second. */
export class TokenBucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at = 0;

  constructor(rate: number, burst: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
  }

  /** Takes `cost` tokens (at least 1 must be there) at time `now`, ms. @returns whether there were any */
  take(now: number, cost: number = 1): boolean {
    if (now > this.#at) {
      this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#rate) / 1000);
      this.#at = now;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= cost;
    return true;
  }
}
