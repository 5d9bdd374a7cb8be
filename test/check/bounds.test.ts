import { describe, expect, it } from 'vitest';
import {
  EXPERIMENTS,
  type Model,
  ModelError,
  modelAt,
  type Progress,
  QUIET,
  search,
  World,
} from '../../src/check/index.ts';
import { hashWords, Interner } from '../../src/check/interner.ts';
import { Visited } from '../../src/check/visited.ts';

const stream: Model = modelAt(EXPERIMENTS.find(({ name }) => name === 'retransmission')!.question, 1);
const closing: Model = modelAt(EXPERIMENTS.find(({ name }) => name === 'four-way')!.question, 1);

describe('a search that meets a bound', () => {
  it('of memory says what it has covered, and never that anything holds', () => {
    const result = search(stream, { goal: 'D5', memory: 1 << 20 });
    expect(result).toMatchObject({ verdict: 'bounded', stopped: 'memory', property: null, trace: [] });
    expect(result.states).toBeGreaterThan(1000);
    expect(result.waiting).toBeGreaterThan(0);
  });

  it('of states likewise', () => {
    const result = search(closing, { states: 5000 });
    expect(result).toMatchObject({ verdict: 'bounded', stopped: 'states' });
    expect(result.depth).toBeGreaterThan(3);
  });

  it('is stopped when its watcher wants no more', () => {
    const seen: Progress[] = [];
    const result = search(closing, {
      every: 100,
      progress: (progress) => {
        seen.push(progress);
        return seen.length < 5 ? undefined : false;
      },
    });
    expect(result).toMatchObject({ verdict: 'bounded', stopped: 'asked' });
    expect(seen).toHaveLength(5);
    for (const [i, progress] of seen.entries()) expect(progress.states).toBeGreaterThan(seen[i - 1]?.states ?? 0);
  });
});

describe('a model', () => {
  const wrong: readonly (readonly [Partial<Model>, string])[] = [
    [{ losses: -1 }, 'losses is -1; it must be a whole number from 0 to 7'],
    [{ capacity: 0 }, 'capacity is 0; it must be a whole number from 1 to 16'],
    [{ opens: 8 }, 'opens is 8; it must be a whole number from 0 to 7'],
    [{ msl: 1.5 }, 'msl is 1.5; it must be a whole number from 1 to 7'],
    [{ window: 65 }, 'window is 65; it must be a whole number from 1 to 64'],
  ];
  for (const [change, message] of wrong) {
    it(`with ${JSON.stringify(change)} is refused`, () => {
      const model = { ...QUIET, ...change };
      expect(() => new World(model)).toThrow(new ModelError(`quiet: ${message}`));
      expect(() => search(model)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    });
  }
});

describe('initial sequence numbers', () => {
  // What a search visits is a matter of distances: the place on the circle changes nothing, the wrap included.
  const question = EXPERIMENTS.find(({ name }) => name === 'piggyback')!.question;
  const { states, transitions } = search(modelAt(question, 1));

  it.each([0, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1])('of %d change nothing', (isn) => {
    const result = search({ ...modelAt(question, 1), isn }, { safety: question.safety, goal: question.goal });
    expect(result).toMatchObject({ verdict: 'holds', states, transitions });
  });
});

describe('what is remembered of a visited state', () => {
  it('is at most 64 octets, the frontier apart, with edges and without', () => {
    for (const name of ['retransmission', 'time-wait']) {
      const { question } = EXPERIMENTS.find((experiment) => experiment.name === name)!;
      const { safety, goal } = question;
      const result = search(modelAt(question, 1), { safety, goal });
      expect(result.states).toBeGreaterThan(50_000);
      expect(result.octetsPerState, name).toBeLessThanOrEqual(64);
    }
  });

  it('tells states apart, and knows them again', () => {
    const visited = new Visited();
    const words = new Int32Array(3);
    const count = 100_000;
    for (let i = 0; i < count; i++) {
      words.set([i, i >> 3, -i]);
      expect(visited.add(words, 3, i - 1, i & 31)).toBe(i);
      if (visited.known) throw new Error(`${i} was known`);
    }
    for (let i = 0; i < count; i += 97) {
      words.set([i, i >> 3, -i]);
      expect([visited.add(words, 3, 0, 0), visited.known, visited.parent(i), visited.action(i)]).toEqual([
        i,
        true,
        i - 1,
        i & 31,
      ]);
    }
  });

  it('is a number for each record, the same for equal ones', () => {
    const table = new Interner();
    const words = new Int32Array(8);
    const out = new Int32Array(8);
    for (let i = 0; i < 20_000; i++) {
      words.fill(i, 0, i % 8);
      expect(table.add(words, i % 8) <= i).toBe(true);
    }
    for (let i = 8; i < 20_000; i += 13) {
      words.fill(i, 0, i % 8);
      const number = table.add(words, i % 8);
      expect([...out.subarray(0, table.get(number, out))]).toEqual([...words.subarray(0, i % 8)]);
    }
    expect(() => table.get(table.count, out)).toThrow('there is no record');
  });

  it('is hashed so that neighbours are far apart', () => {
    const low = new Set<number>();
    for (let i = 0; i < 4096; i++) low.add(hashWords(Int32Array.of(i, 0, 0), 3) & 0xfff);
    // As random as balls into bins: 1 - 1/e of them are hit.
    expect(low.size).toBeGreaterThan(4096 * 0.6);
    expect(low.size).toBeLessThan(4096 * 0.67);
  });
});
