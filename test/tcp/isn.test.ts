import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { type Key128, siphash } from '../../src/base/siphash.ts';
import { type Ends, initialSequence, timestampOffset } from '../../src/tcp/index.ts';
import { Address, parseAddress } from '../../src/wire/address.ts';
import { add, diff, unsigned } from '../../src/wire/seq.ts';

const KEY: Key128 = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c];
const OTHER: Key128 = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0d];
const LOCAL = parseAddress('192.0.2.1')!;

function ends(n: number): Ends {
  const remote = new Address(4, 0, 0, 0xffff, (0xc6336400 + (n >>> 14)) | 0);
  return { local: LOCAL, localPort: 80, remote, remotePort: 1024 + (n & 0x3fff) };
}

/** Chi-squared of counts against an even spread. */
function chiSquared(counts: readonly number[]): number {
  const even = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + ((n - even) * (n - even)) / even, 0);
}

describe('SipHash-2-4', () => {
  it('gives the values of the reference vectors: key 00..0f, message 00, 01, ..', () => {
    for (const [count, value] of VECTORS) {
      const words = Array.from({ length: count }, (_, i) => (0x03020100 + i * 0x04040404) | 0);
      const { lo, hi } = siphash(KEY, words, count);
      const text = hi.toString(16).padStart(8, '0') + lo.toString(16).padStart(8, '0');
      expect(text, `${count * 4} octets`).toBe(value);
    }
  });
});

/** Of the 64 reference values those of whole 32-bit words: their number, and the hash as a number. */
const VECTORS: readonly (readonly [number, string])[] = [
  [0, '726fdb47dd0e0e31'],
  [1, 'cf2794e0277187b7'],
  [2, '93f5f5799a932462'],
  [3, '751e8fbc860ee5fb'],
  [4, '3f2acc7f57c29bdb'],
  [5, 'bed65cf21aa2ee98'],
  [8, '7127512f72f27cce'],
  [10, '0e3ea96b5304a7d0'],
  [12, 'e612a3cb9ecba951'],
  [15, '6ca4ecb15c5f91e1'],
];

describe('the initial sequence number', () => {
  it('MUST-8: is a clock that ticks 250 times a millisecond, for one pair and key', () => {
    const start = initialSequence(KEY, ends(1), 0);
    for (const ms of [1, 2, 10, 1000, 60_000, 3_600_000]) {
      expect(diff(initialSequence(KEY, ends(1), ms), start)).toBe((ms * 250) | 0);
    }
    expect(diff(initialSequence(KEY, ends(1), 0.004), start)).toBe(1);
    expect(diff(initialSequence(KEY, ends(1), 0.0039), start)).toBe(0);
    // Once around in 4 h 46 min, also after months.
    const around = 4294967296 / 250;
    for (const turns of [1, 2, 1000]) expect(initialSequence(KEY, ends(1), around * turns)).toBe(start);
  });

  it('never goes back within half a turn', () => {
    let last = initialSequence(KEY, ends(7), 123);
    for (let now = 123; now < 50_000; now += 12.34) {
      const next = initialSequence(KEY, ends(7), now);
      expect(diff(next, last)).toBeGreaterThanOrEqual(0);
      last = next;
    }
  });

  it('is another for another address, port, family or key', () => {
    const base = ends(1);
    const variants: Ends[] = [
      base,
      { ...base, localPort: 81 },
      { ...base, remotePort: base.remotePort + 1 },
      { ...base, local: parseAddress('192.0.2.2')! },
      { ...base, remote: parseAddress('198.51.100.9')! },
      { ...base, local: parseAddress('fd00::1')!, remote: parseAddress('fd00::2')! },
      { local: base.remote, localPort: base.remotePort, remote: base.local, remotePort: base.localPort },
    ];
    const values = new Set(variants.map((e) => initialSequence(KEY, e, 5)));
    for (const e of variants) values.add(initialSequence(OTHER, e, 5));
    expect(values.size).toBe(2 * variants.length);
  });

  it('over 100,000 pairs is spread evenly in every octet, and one says nothing about the next (SHLD-1)', () => {
    const N = 100_000;
    const values = new Uint32Array(N);
    for (let n = 0; n < N; n++) values[n] = unsigned(initialSequence(KEY, ends(n), 1000));
    // 255 degrees of freedom: 99.99 % of random sources stay below 347.
    for (const shift of [0, 8, 16, 24]) {
      const counts = new Array<number>(256).fill(0);
      const steps = new Array<number>(256).fill(0);
      for (let n = 0; n < N; n++) {
        const octet = (values[n]! >>> shift) & 255;
        counts[octet]!++;
        if (n > 0) steps[((values[n]! - values[n - 1]!) >>> shift) & 255]!++;
      }
      expect(chiSquared(counts)).toBeLessThan(347);
      expect(chiSquared(steps)).toBeLessThan(347);
    }
    // Each bit flips half of the time between neighbouring ports.
    for (let bit = 0; bit < 32; bit++) {
      let flips = 0;
      for (let n = 1; n < N; n++) flips += ((values[n]! ^ values[n - 1]!) >>> bit) & 1;
      expect(Math.abs(flips - N / 2)).toBeLessThan(4 * Math.sqrt(N / 4));
    }
    // Birthdays: about one collision among 100,000 of 2^32, never dozens.
    expect(N - new Set(values).size).toBeLessThan(10);
  });

  it('does not depend on a neighbouring pair by a constant: differences between two keys are all different', () => {
    const differences = new Set<number>();
    for (let n = 0; n < 10_000; n++)
      differences.add(diff(initialSequence(KEY, ends(n), 0), initialSequence(OTHER, ends(n), 0)));
    expect(differences.size).toBeGreaterThan(9990);
  });
});

describe('the timestamp offset', () => {
  it('is one number for each pair, another for each, and unrelated to the ISN (RFC 7323 7.1)', () => {
    expect(timestampOffset(KEY, ends(3))).toBe(timestampOffset(KEY, ends(3)));
    const offsets = new Set<number>();
    const gaps = new Set<number>();
    for (let n = 0; n < 20_000; n++) {
      const offset = timestampOffset(KEY, ends(n));
      offsets.add(offset);
      gaps.add(diff(offset, initialSequence(KEY, ends(n), 0)));
    }
    expect(offsets.size).toBeGreaterThan(19_990);
    expect(gaps.size).toBeGreaterThan(19_990);
    const counts = new Array<number>(256).fill(0);
    for (const offset of offsets) counts[(offset >>> 24) & 255]!++;
    expect(chiSquared(counts)).toBeLessThan(347);
  });
});

describe('I1: incarnations of one pair of sockets', () => {
  it('begin beyond all that one before sent, while it sent less than the clock ticks: 250 kB a second', () => {
    const random = new SeededRandom(5);
    for (let i = 0; i < 2000; i++) {
      const opened = random.uint32() % 1e9;
      const lasted = 1 + (random.uint32() % 1e6); // a quarter of an hour at most, or the clock has gone round half
      const sent = Math.floor((random.uint32() / 2 ** 32) * lasted * 250);
      const first = initialSequence(KEY, ends(i), opened);
      const next = initialSequence(KEY, ends(i), opened + lasted);
      expect(diff(next, add(first, sent))).toBeGreaterThan(0);
    }
  });
});
