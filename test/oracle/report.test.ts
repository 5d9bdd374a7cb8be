import { describe, expect, it } from 'vitest';
import { judge, RECEIVER, run } from './course.ts';
import { ReportBook } from './report-book.ts';

const SEEDS = [1, 2, 3, 4];

describe('what a receiver reports is what RFC 2018 and RFC 2883 say of the segments that came', () => {
  for (const timestamps of [false, true]) {
    it.each(SEEDS)(`on a wire that loses and doubles, timestamps ${timestamps}, seed %d`, (seed) => {
      // With timestamps no reordering: what is late is dropped by its timestamp, unless a gap is open.
      const late = timestamps ? {} : { reorder: 0.1, reorderDelay: 1, reorderJitter: 15 };
      const forth = { delay: 20, rate: 1e7, loss: 0.02, duplicate: 0.05, ...late };
      const book = new ReportBook(timestamps);
      const options = { timestamps, mtuProbing: 'off' as const };
      judge(run({ seed, forth, back: { delay: 20, loss: 0.02 }, options, duration: 5000 }), book, RECEIVER);
      expect(book.acks).toBeGreaterThan(500);
      expect(book.duplicates).toBeGreaterThan(20);
      expect(book.several).toBeGreaterThan(20);
      expect(book.beyondGap).toBeGreaterThan(0);
    });
  }

  it.each(SEEDS)('where ACKs are lost in bursts, so that much is sent again for nothing, seed %d', (seed) => {
    const book = new ReportBook(false);
    const back = { delay: 30, loss: 0.3, lossBurst: 20 };
    const options = { timestamps: false, mtuProbing: 'off' as const };
    judge(run({ seed, forth: { delay: 30, rate: 4e6, loss: 0.01 }, back, options, duration: 20_000 }), book, RECEIVER);
    expect(book.duplicates).toBeGreaterThan(3);
  });
});
