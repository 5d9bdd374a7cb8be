import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimise } from '../../src/sim/minimise.ts';
import type { Fault } from '../../src/sim/plan.ts';

const lost = (packet: number): Fault => ({ kind: 'loss', link: 'wire', direction: 'forth', packet });
const late = (packet: number, by: number, kind: 'jitter' | 'reorder' = 'jitter'): Fault => ({
  kind,
  link: 'wire',
  direction: 'back',
  packet,
  by,
});
const upTo = (count: number): Fault[] => Array.from({ length: count }, (_, i) => lost(i + 1));
const ordinals = (faults: readonly Fault[]): number[] =>
  faults.map((fault) => (fault.kind === 'chance' ? fault.ask : fault.packet));

describe('the faults that matter', () => {
  it('are found among a thousand, however few and wherever they are', async () => {
    for (const needed of [[1], [1000], [17, 512], [3, 4, 999], [1, 500, 501, 1000]]) {
      const { faults, complete, runs } = await minimise(upTo(1000), (some) =>
        needed.every((n) => ordinals(some).includes(n)),
      );
      expect(ordinals(faults)).toEqual(needed);
      expect(complete).toBe(true);
      expect(runs).toBeLessThan(300);
    }
  });

  it('are none where it fails without any', async () => {
    expect(await minimise(upTo(50), () => true)).toEqual({ faults: [], runs: 1, complete: true });
  });

  it('are all where all are needed', async () => {
    const all = upTo(9);
    expect((await minimise(all, (some) => some.length === 9)).faults).toEqual(all);
  });

  it('are each needed, whatever makes it fail', async () => {
    const sets = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(sets, { minLength: 1, maxLength: 4 }), async (ways) => {
        // It fails when all of any one set are there, which is as odd as a real course of events.
        const fails = (some: readonly Fault[]): boolean =>
          ways.some((way) => way.every((n) => ordinals(some).includes(n)));
        const { faults } = await minimise(upTo(40), fails);
        expect(fails(faults)).toBe(true);
        for (const [index] of faults.entries()) expect(fails(faults.filter((_, i) => i !== index))).toBe(false);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('are found by runs that are never made twice', async () => {
    const tried = new Set<string>();
    await minimise(upTo(60), (some) => {
      const key = JSON.stringify(some);
      expect(tried.has(key)).toBe(false);
      tried.add(key);
      return [7, 8, 44].every((n) => ordinals(some).includes(n));
    });
    expect(tried.size).toBeGreaterThan(10);
  });
});

describe('a fault that matters', () => {
  it('is a shorter and rounder delay, where that is enough', async () => {
    const enough = (some: readonly Fault[]): boolean => some.some((fault) => 'by' in fault && fault.by >= 37);
    expect((await minimise([late(3, 812.337)], enough)).faults).toEqual([late(3, 50)]);
    expect((await minimise([late(3, 41.7, 'reorder')], enough)).faults).toEqual([late(3, 42, 'reorder')]);
  });

  it('is a loss in place of damage, where that is enough', async () => {
    const damage: Fault = { kind: 'corrupt', link: 'wire', direction: 'forth', packet: 5, bit: 77 };
    expect((await minimise([damage], (some) => some.length === 1)).faults).toEqual([lost(5)]);
    const only = (some: readonly Fault[]): boolean => some.some(({ kind }) => kind === 'corrupt');
    expect((await minimise([damage], only)).faults).toEqual([damage]);
  });

  it('made simpler makes others needless', async () => {
    // As long as one is long the other is needed, too.
    const fails = (some: readonly Fault[]): boolean =>
      some.some((fault) => 'by' in fault && fault.packet === 1 && (fault.by <= 10 || some.length === 2));
    expect((await minimise([late(1, 99.5), lost(2)], fails)).faults).toEqual([late(1, 1)]);
  });
});

describe('faults that only move others', () => {
  // A packet sent twice is answered twice: what is lost then is the packet after the one that matters.
  const moves = (some: readonly Fault[]): boolean => {
    const doubled = some.filter(({ kind }) => kind === 'duplicate').length;
    return some.some((fault) => fault.kind === 'loss' && fault.packet === 10 + doubled);
  };
  const doubled = (packet: number): Fault => ({ kind: 'duplicate', link: 'wire', direction: 'forth', packet });

  it('are left out, and what matters is named by its place without them', async () => {
    for (const before of [[doubled(1)], [doubled(1), doubled(4)], [doubled(2), doubled(3), doubled(5)]]) {
      const { faults, complete } = await minimise([...before, lost(10 + before.length)], moves);
      expect(faults).toEqual([lost(10)]);
      expect(complete).toBe(true);
    }
  });

  it('stay where their number matters', async () => {
    const all = [doubled(1), lost(11)];
    const fails = (some: readonly Fault[]): boolean => moves(some) && some.length === 2;
    expect((await minimise(all, fails)).faults).toEqual(all);
  });
});

describe('a search', () => {
  it('ends at its bound of runs, and says that it is not complete', async () => {
    let runs = 0;
    const result = await minimise(upTo(500), (some) => [3, 400].every((n) => ordinals(some).includes(n)), {
      runs: 12,
      onRun: () => runs++,
    });
    expect(result).toMatchObject({ complete: false, runs: 12 });
    expect(runs).toBe(12);
    expect(ordinals(result.faults)).toEqual(expect.arrayContaining([3, 400]));
  });

  it('tells how far it is', async () => {
    const left: number[] = [];
    await minimise(upTo(64), (some) => ordinals(some).includes(9), { onRun: (_runs, faults) => left.push(faults) });
    expect(left.at(0)).toBe(64);
    expect(left.at(-1)).toBe(1);
    expect([...left].sort((a, b) => b - a)).toEqual(left);
  });

  it('waits for runs that take their time', async () => {
    const fails = async (some: readonly Fault[]): Promise<boolean> => {
      await Promise.resolve();
      return ordinals(some).includes(2);
    };
    expect((await minimise(upTo(8), fails)).faults).toEqual([lost(2)]);
  });
});
