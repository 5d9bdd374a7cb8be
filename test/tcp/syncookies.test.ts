import { describe, expect, it } from 'vitest';
import type { Key128 } from '../../src/base/siphash.ts';
import { sendCookie } from '../../src/tcp/index.ts';
import { seq, unsigned } from '../../src/wire/seq.ts';
import { Segment, SYN } from '../../src/wire/tcp.ts';
import { Peer } from '../helpers/endpoint.ts';

const ONE: Key128 = [1, 2, 3, 4];
const OTHER: Key128 = [1, 2, 3, 5];
/** The part of ISS that is hash; the rest says the size and the period, which are no secrets. */
const HASH = 0xffffffe0;

/** ISSs of the cookies that answer SYNs with these ISNs. */
function cookies(key: Key128, isns: readonly number[], now = 1000): number[] {
  const peer = new Peer().listen();
  const syn = new Segment();
  syn.flags = SYN;
  for (const isn of isns) {
    syn.seq = seq(isn);
    sendCookie(peer.tcb, peer.env, key, syn, now);
  }
  expect(peer.tcb.state).toBe('LISTEN');
  return peer.all.map(({ segment }) => unsigned(segment.seq));
}

function bits(n: number): number {
  let count = 0;
  for (let rest = n >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}

/** How many of the 27 bits differ, on average. */
function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + bits((x ^ b[i]!) & HASH), 0) / a.length;
}

describe('the ISS of a SYN cookie', () => {
  const isns = Array.from({ length: 4096 }, (_, i) => i * 17);

  it('is the same for a SYN that is sent again in the same period, and another in the next', () => {
    const first = cookies(ONE, isns, 64_000);
    expect(cookies(ONE, isns, 127_999)).toEqual(first);
    expect(distance(first, cookies(ONE, isns, 128_000))).toBeCloseTo(13.5, 0);
  });

  it('has nothing in common with that under another secret, though one bit of it differs', () => {
    expect(distance(cookies(ONE, isns), cookies(OTHER, isns))).toBeCloseTo(13.5, 0);
  });

  it('has nothing in common with that of the ISN beside it', () => {
    const beside = isns.map((isn) => isn ^ 1);
    expect(distance(cookies(ONE, isns), cookies(ONE, beside))).toBeCloseTo(13.5, 0);
  });

  it('has every bit of its hash set in half of all cases, and no value twice as often as chance has it', () => {
    const all = cookies(ONE, isns);
    for (let bit = 5; bit < 32; bit++) {
      const set = all.filter((iss) => (iss >>> bit) & 1).length;
      expect(Math.abs(set - 2048)).toBeLessThan(200); // six standard deviations
    }
    expect(new Set(all).size).toBeGreaterThan(4090);
  });
});
