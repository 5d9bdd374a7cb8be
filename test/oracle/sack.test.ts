import { describe, expect, it } from 'vitest';
import type { Impairment } from '../../src/link/index.ts';
import { judge, run } from './course.ts';
import { SackBook } from './sack-book.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];

const WORLDS: Record<string, Partial<Impairment>> = {
  'random loss': { delay: 20, rate: 1e7, loss: 0.02 },
  'bursts of loss': { delay: 20, rate: 1e7, loss: 0.03, lossBurst: 6 },
  'a short queue': { delay: 30, rate: 5e6, queuePackets: 15 },
  reordering: { delay: 20, rate: 1e7, reorder: 0.05, reorderDelay: 1, reorderJitter: 9 },
  'reordering and loss': { delay: 20, rate: 1e7, loss: 0.01, reorder: 0.05, reorderDelay: 1, reorderJitter: 9 },
  'much reordering, loss and copies': {
    delay: 20,
    rate: 1e7,
    loss: 0.02,
    reorder: 0.2,
    reorderDelay: 5,
    reorderJitter: 60,
    duplicate: 0.02,
  },
};

describe('pipe, the marks of RACK and the bound of PRR are what the RFCs compute from the trace', () => {
  for (const [name, forth] of Object.entries(WORLDS)) {
    it.each(SEEDS)(`${name}, seed %d`, (seed) => {
      for (const timestamps of [true, false]) {
        const book = new SackBook(timestamps ? 1448 : 1460);
        const options = {
          timestamps,
          mtuProbing: 'off' as const,
          congestion: seed % 2 === 0 ? 'newreno' : 'cubic',
          sendBuffer: 300_000,
          receiveBuffer: 600_000,
        };
        judge(run({ seed, forth, back: { delay: 20 }, options, duration: 8000 }), book);
        expect(book.compared).toBeGreaterThan(400);
        expect(book.recoveries).toBeGreaterThan(0);
      }
    });
  }
});
