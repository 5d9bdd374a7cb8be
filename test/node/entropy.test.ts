import { describe, expect, it } from 'vitest';
import { monotonic } from '../../src/node/clock.ts';
import { randomKey, SystemRandom } from '../../src/node/entropy.ts';

describe('the system as arguments', () => {
  it('draws integers of 32 bits that do not repeat', () => {
    const random = new SystemRandom();
    const drawn = Array.from({ length: 2000 }, () => random.uint32());
    for (const word of drawn) expect(Number.isInteger(word) && word >= 0 && word <= 0xffffffff).toBe(true);
    // 2000 of 2^32: an equal pair has a chance of 1 in 2000, three or more none to speak of.
    expect(new Set(drawn).size).toBeGreaterThan(1997);
    expect(drawn.some((word) => word > 0x80000000)).toBe(true);
  });

  it('draws keys of four words', () => {
    const key = randomKey();
    expect(key.length).toBe(4);
    expect(randomKey()).not.toEqual(key);
  });

  it('tells a time that does not go back', () => {
    let last = monotonic();
    for (let i = 0; i < 10_000; i++) {
      const now = monotonic();
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
  });
});
