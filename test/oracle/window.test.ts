import { describe, expect, it } from 'vitest';
import { type Course, judge, run } from './course.ts';
import { type Rules, WindowBook } from './window-book.ts';

const SEEDS = [1, 2, 3];
const MSS = 1448;

function judged(course: Course, rules: Rules): WindowBook {
  const book = new WindowBook(rules, MSS);
  judge(course, book);
  expect([book.timeouts, book.sack.undone]).toEqual([0, 0]);
  return book;
}

describe('the congestion window is what the RFCs compute from the ACKs of the trace', () => {
  for (const rules of ['newreno', 'cubic'] as const) {
    const options = { congestion: rules, mtuProbing: 'off' as const, receiveBuffer: 8_000_000 };

    it.each(SEEDS)(`${rules} with losses now and then, seed %d`, (seed) => {
      const forth = { delay: 25, rate: 2e7, loss: 0.002 };
      const { compared } = judged(run({ seed, forth, back: { delay: 25 }, options, duration: 12_000 }), rules);
      expect(compared.avoidance).toBeGreaterThan(1000);
      expect(compared.reductions).toBeGreaterThan(3);
    });

    it(`${rules} on a long path: HyStart++ ends slow start`, () => {
      const forth = { delay: 60, rate: 1e7, queuePackets: 1000 };
      const book = judged(run({ seed: 1, forth, back: { delay: 60 }, options, duration: 12_000 }), rules);
      expect(book.alarms).toBeGreaterThan(0);
      expect(book.ends).toBe(1);
      expect(book.compared.slowStart).toBeGreaterThan(50);
    });
  }

  it('CUBIC on a path that is long and fat is on the cubic curve as well as in the region where Reno would be faster', () => {
    const options = { congestion: 'cubic', mtuProbing: 'off' as const, receiveBuffer: 8_000_000 };
    const forth = { delay: 60, rate: 5e7, loss: 0.0004 };
    const { compared } = judged(run({ seed: 2, forth, back: { delay: 60 }, options, duration: 15_000 }), 'cubic');
    expect(compared.friendly).toBeGreaterThan(50);
    expect(compared.cubic).toBeGreaterThan(1000);
  });
});
