import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ranges } from '../../src/tcp/ranges.ts';
import { add, diff, type Seq, seq } from '../../src/wire/seq.ts';

/** What a set holds, relative to `base`. */
function content(ranges: Ranges, base: Seq): [number, number][] {
  const found: [number, number][] = [];
  for (let at = add(base, -1); ranges.find(at); at = ranges.right) {
    found.push([diff(ranges.left, base), diff(ranges.right, base)]);
  }
  expect(ranges.count).toBe(found.length);
  return found;
}

/** The same of a plain set of numbers. */
function runs(numbers: Set<number>): [number, number][] {
  const found: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === n) last[1] = n + 1;
    else found.push([n, n + 1]);
  }
  return found;
}

const SPAN = 3000;

describe('ranges of sequence numbers', () => {
  it('hold what a plain set holds, wherever on the circle, whatever is added and dropped', () => {
    const step = fc.oneof(
      { weight: 20, arbitrary: fc.tuple(fc.constant('add' as const), fc.nat(SPAN), fc.integer({ min: 1, max: 4 })) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('add' as const), fc.nat(SPAN), fc.integer({ min: 1, max: 900 })) },
      { weight: 1, arbitrary: fc.tuple(fc.constant('drop' as const), fc.nat(SPAN / 4), fc.constant(0)) },
    );
    fc.assert(
      fc.property(fc.integer(), fc.array(step, { maxLength: 300, size: 'max' }), (start, steps) => {
        const base = seq(start);
        const ranges = new Ranges();
        const numbers = new Set<number>();
        for (const [kind, from, length] of steps) {
          if (kind === 'drop') {
            ranges.dropBefore(add(base, from));
            for (const n of numbers) if (n < from) numbers.delete(n);
            continue;
          }
          ranges.add(add(base, from), add(base, from + length));
          for (let n = from; n < from + length; n++) numbers.add(n);
          const run = runs(numbers).find(([left, right]) => left <= from && from < right)!;
          expect([diff(ranges.left, base), diff(ranges.right, base)]).toEqual(run);
        }
        expect(content(ranges, base)).toEqual(runs(numbers));
        expect(content(ranges.clone(), base)).toEqual(runs(numbers));
      }),
      { numRuns: 40 },
    );
  });

  it('find the holes of a stretch', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 9 })), { maxLength: 40 }),
        fc.nat(200),
        fc.integer({ min: 1, max: 100 }),
        (added, from, length) => {
          const ranges = new Ranges();
          const missing = new Set<number>();
          for (let n = from; n < from + length; n++) missing.add(n);
          for (const [left, size] of added) {
            ranges.add(seq(left), seq(left + size));
            for (let n = left; n < left + size; n++) missing.delete(n);
          }
          const found: [number, number][] = [];
          for (let at = seq(from); ranges.findHole(at, seq(from + length)); at = ranges.right) {
            found.push([ranges.left, ranges.right]);
            if (ranges.right === from + length) break;
          }
          expect(found).toEqual(runs(missing));
        },
      ),
    );
  });

  it('hold tens of thousands, added in any order', () => {
    for (const order of [(i: number) => i, (i: number) => 20_000 - i, (i: number) => (i * 7919) % 20_011]) {
      const ranges = new Ranges();
      for (let i = 0; i < 20_000; i++) ranges.add(seq(2 * order(i)), seq(2 * order(i) + 1));
      expect(ranges.count).toBe(20_000);
      for (let i = 0; i < 20_000; i++) ranges.add(seq(2 * order(i) + 1), seq(2 * order(i) + 2));
      expect(ranges.count).toBeLessThan(100);
    }
  });
});
