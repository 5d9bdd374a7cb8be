import { describe, expect, it } from 'vitest';
import { judge, run } from './course.ts';
import { RtoBook } from './rto-book.ts';

const SEEDS = [1, 2, 3, 4, 5];

describe('the retransmission time-out is what RFC 6298 computes from the trace', () => {
  it.each(SEEDS)('with timestamps (RFC 7323), losses, jitter and reordering, seed %d', (seed) => {
    const forth = { delay: 40, jitter: 60, loss: 0.03, rate: 2e6, reorder: 0.05, reorderDelay: 30 };
    const book = new RtoBook();
    judge(run({ seed, forth, back: { delay: 20, jitter: 30, loss: 0.02 }, duration: 20_000 }), book);
    expect(book.samples).toBeGreaterThan(100);
    expect(book.compared).toBeGreaterThan(100);
  });

  it.each(SEEDS)('without timestamps: one segment at a time, and none that was sent twice (Karn), seed %d', (seed) => {
    const book = new RtoBook();
    const forth = { delay: 40, jitter: 40, loss: 0.03, rate: 2e6 };
    judge(run({ seed, forth, back: { delay: 20 }, options: { timestamps: false }, duration: 60_000 }), book);
    expect(book.samples).toBeGreaterThan(100);
  });

  it.each(SEEDS)(
    'on a wire that goes dead now and then: back-off doubles, and a measurement ends it, seed %d',
    (seed) => {
      for (const timestamps of [true, false]) {
        const book = new RtoBook();
        const forth = { delay: 50, loss: 0.2, lossBurst: 5, rate: 1e6 };
        const options = { timestamps, sack: seed % 2 === 0 };
        judge(run({ seed, forth, back: { delay: 50 }, options, duration: 300_000 }), book);
        expect(book.compared).toBeGreaterThan(15);
      }
    },
  );
});
