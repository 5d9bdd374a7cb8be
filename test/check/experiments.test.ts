/**
 * Every argument as a search over the TCP that ships. What was found is recorded in `experiments.json`, looked at by a person: a
 * mutant fails the named property in no more steps, what holds is visited to the last state. `npm run experiments -- --record` writes it anew.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXPERIMENTS, WHYS } from '../../src/check/index.ts';
import { tsyn } from '../cli/run.ts';

interface Recorded {
  readonly states: number;
  readonly steps: number;
}

/** What `tsyn check --json` says of an experiment. */
interface Found {
  readonly name: string;
  readonly verdict: string;
  readonly violated?: string;
  readonly states: number;
  readonly steps?: number;
}

const recorded: Readonly<Record<string, Recorded>> = JSON.parse(
  readFileSync(new URL('./experiments.json', import.meta.url), 'utf8'),
)['1'];

describe('at level 1', () => {
  const experiments = EXPERIMENTS.filter(({ question }) => question.level === 1);
  const found = new Map<string, Found>();

  // The command searches in threads, from the built package: half a minute of work in a quarter of the time.
  beforeAll(() => {
    const { stdout } = tsyn(['check', '--level', '1', '--json'], {}, 120_000);
    for (const line of stdout.trimEnd().split('\n')) {
      const one: Found = JSON.parse(line);
      found.set(one.name, one);
    }
  }, 130_000);

  for (const { name, property, expected, question } of experiments) {
    const title = question.mutant === null ? name : `${name} (${question.mutant})`;
    it(`${title}: ${property} ${expected === 'holds' ? 'holds' : 'is violated'}`, () => {
      const { verdict, violated, states, steps } = found.get(name)!;
      expect(verdict).toBe(expected);
      if (expected === 'violated') {
        expect(violated).toBe(property);
        expect(steps).toBeLessThanOrEqual(recorded[name]!.steps);
      } else {
        expect(states).toBe(recorded[name]!.states);
      }
    });
  }

  it('every experiment is recorded, and nothing else', () => {
    expect(experiments.length).toBeGreaterThanOrEqual(36);
    expect(Object.keys(recorded).sort()).toEqual(experiments.map(({ name }) => name).sort());
  });
});

describe('the gallery', () => {
  it('names every experiment once', () => {
    const names = EXPERIMENTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(WHYS.map(({ name }) => name)).size).toBe(WHYS.length);
  });

  it('begins each argument with what holds', () => {
    for (const { name, experiments } of WHYS) expect(experiments[0]!.expected, name).toBe('holds');
  });

  it('asks what a control holds of the property that it is about', () => {
    for (const { name, property, question, expected } of EXPERIMENTS) {
      const asked: readonly string[] = [...question.safety, ...(question.goal === null ? [] : [question.goal])];
      const same = property === 'C3' ? 'C2' : property;
      expect([name, asked.includes(property) || asked.includes(same)]).toEqual([name, true]);
      if (expected === 'violated') expect(asked, name).toEqual([property]);
    }
  });
});
