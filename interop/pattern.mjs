/**
 * Owns: the text that tests send: octets that differ by seed and place, so that none can stand in for another, and their
 * digest. Both sides of the suite make the same from the same seed.
 */

import { createHash } from 'node:crypto';

/** A prime: no segment, window or buffer size divides the period. */
const PERIOD = 1_048_573;

const periods = new Map();

/** One period of the text of `seed`. */
function periodOf(seed) {
  let period = periods.get(seed);
  if (period === undefined) {
    period = Buffer.alloc(PERIOD);
    let x = (seed * 2_654_435_761 + 88_675_123) >>> 0 || 1;
    for (let i = 0; i < PERIOD; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      period[i] = x >>> 11;
    }
    periods.set(seed, period);
    if (periods.size > 8) periods.delete(periods.keys().next().value);
  }
  return period;
}

/** At most `most` octets of the text of `seed` from `offset` on: a view, not to be changed. */
export function pattern(seed, offset, most) {
  const at = offset % PERIOD;
  return periodOf(seed).subarray(at, Math.min(PERIOD, at + most));
}

/** The SHA-256 of the first `octets` of the text of `seed`, in hex. */
export function patternDigest(seed, octets) {
  const hash = createHash('sha256');
  for (let at = 0; at < octets; ) {
    const piece = pattern(seed, at, octets - at);
    hash.update(piece);
    at += piece.length;
  }
  return hash.digest('hex');
}
