import { describe, expect, it } from 'vitest';
import type { ImpairedLink, Impairment } from '../../src/link/index.ts';
import type { World } from '../../src/sim/index.ts';
import { judge, type Plan, run } from './course.ts';
import { RenoBook } from './reno-book.ts';

const SEEDS = [1, 2, 3];
const MSS = 1460;

function judged(
  seed: number,
  forth: Partial<Impairment>,
  back: Partial<Impairment>,
  wire?: Plan['wire'],
): RenoBook['compared'] {
  const options = { sack: false, timestamps: false, congestion: 'newreno', mtuProbing: 'off' as const };
  const book = new RenoBook(MSS);
  judge(run({ seed, forth, back, options, duration: 15_000, ...(wire === undefined ? {} : { wire }) }), book);
  return book.compared;
}

describe('recovery without SACK is what RFC 3042, RFC 5681 and RFC 6582 compute from the trace', () => {
  it.each(SEEDS)('with losses now and then, seed %d', (seed) => {
    const compared = judged(seed, { delay: 20, rate: 1e7, loss: 0.005 }, { delay: 20 });
    expect(compared.recoveries).toBeGreaterThan(10);
    expect(compared.limited).toBeGreaterThan(10);
    expect(compared.full).toBeGreaterThan(5);
    expect(compared.growth).toBeGreaterThan(300);
  });

  it.each(SEEDS)('with losses in bursts: partial ACKs, and time-outs, seed %d', (seed) => {
    const compared = judged(seed, { delay: 20, rate: 1e7, loss: 0.03, lossBurst: 12 }, { delay: 20 });
    expect(compared.partial).toBeGreaterThan(5);
    expect(compared.timeouts).toBeGreaterThan(0);
  });

  it.each(SEEDS)('with reordering that looks like loss, seed %d', (seed) => {
    const compared = judged(seed, { delay: 20, rate: 1e6, jitter: 600, queuePackets: 500 }, { delay: 20 });
    expect(compared.limited).toBeGreaterThan(20);
    expect(compared.recoveries).toBeGreaterThan(5);
  });

  it('on a wire that stops for a moment: the time-out proves needless (F-RTO), and the window is as it was', () => {
    const stops = (link: ImpairedLink, world: World): void => {
      for (let at = 1000; at < 14_000; at += 1500) {
        world.run(at);
        const hold = link.hold(() => true);
        world.run(at + 700);
        hold.release();
      }
    };
    const compared = judged(3, { delay: 20, rate: 1e7, loss: 0.0005 }, { delay: 20 }, stops);
    expect(compared.undone).toBeGreaterThan(0);
    expect(compared.timeouts).toBeGreaterThan(0);
  });
});
