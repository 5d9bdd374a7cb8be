/** `tsyn why`: the words of every row, and the command as its users run it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answer,
  EXPERIMENTS,
  type Experiment,
  GOALS,
  MUTANTS,
  type Question,
  type Result,
  WHYS,
} from '../../src/check/index.ts';
import { experimentsNamed, whyNamed } from '../../src/cli/check/names.ts';
import { blockNames, blockOf, propertiesBlock, withBlocks } from '../../src/cli/why/page.ts';
import { WHY_TEXTS } from '../../src/cli/why/texts.ts';
import { readCapture } from '../../src/trace/capture-reader.ts';
import { tsyn, tsynHere } from './run.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'why-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const CJK = /[\u4e00-\u9fff]/;

describe.each(['en', 'zh'] as const)('the words in %s', (lang) => {
  const words = WHY_TEXTS[lang];

  it('are there for every question, every counter-example, every property and every mutant, and for nothing else', () => {
    const violated = EXPERIMENTS.filter(({ expected }) => expected === 'violated');
    expect(Object.keys(words.whys)).toEqual(WHYS.map(({ name }) => name));
    expect(Object.keys(words.counters).sort()).toEqual(violated.map(({ name }) => name).sort());
    expect(Object.keys(words.mutants).sort()).toEqual(Object.keys(MUTANTS).sort());
    const asked = EXPERIMENTS.flatMap(({ property, question }) => [property, ...question.safety]);
    expect(Object.keys(words.properties)).toEqual(expect.arrayContaining([...asked, ...Object.keys(GOALS)]));
  });

  it('are questions in one sentence, and explanations in whole ones', () => {
    for (const { question, answer: text } of Object.values(words.whys)) {
      expect(question).toMatch(lang === 'zh' ? /^[^。]+？$/ : /^[A-Z][^.]+\?$/);
      expect(text).toMatch(/[.。]$/);
      expect(CJK.test(question + text)).toBe(lang === 'zh');
    }
    for (const text of Object.values(words.counters)) {
      expect(text).toMatch(/[.。）)]$/);
      expect(CJK.test(text)).toBe(lang === 'zh');
    }
  });

  it('tell the bounds of every model', () => {
    for (const { name, question } of EXPERIMENTS) {
      const text = words.bounds(question.model);
      expect(text, name).not.toMatch(/undefined|NaN/);
      expect(text, name).toContain(`${question.model.msl}`);
    }
  });
});

describe('names', () => {
  it.each([
    ['syn', 'three-way'],
    ['three', 'three-way'],
    ['FIN', 'four-way'],
    ['four', 'four-way'],
    ['2msl', 'two-msl'],
    ['time-wait', 'time-wait'],
  ])('%s is %s', (word, name) => {
    expect(whyNamed(word).name).toBe(name);
  });

  it('of experiments stand for those alone', () => {
    expect(whyNamed('one-msl').experiments.map(({ name }) => name)).toEqual(['one-msl']);
    expect(experimentsNamed('one-msl').map(({ name }) => name)).toEqual(['one-msl']);
    expect(experimentsNamed('two-msl').map(({ name }) => name)).toEqual(['two-msl', 'one-msl']);
  });

  it('that do not exist are met with the nearest', async () => {
    const { status, stderr } = await tsynHere(['why', 'tree-way']);
    expect(status).toBe(2);
    expect(stderr).toContain("there is no question 'tree-way'; did you mean three-way");
    expect((await tsynHere(['why', 'xyzzyplugh'])).stderr).toContain("'tsyn why' lists them");
  });
});

describe('tsyn why', () => {
  it('lists the questions', async () => {
    const { status, stdout } = await tsynHere(['why']);
    expect(status).toBe(0);
    for (const { name } of WHYS) expect(stdout).toMatch(new RegExp(`^  ${name} +[A-Z].*\\?$`, 'm'));
    const objects = (await tsynHere(['why', '--json'])).stdout.trimEnd().split('\n');
    expect(objects.map((line) => JSON.parse(line).name)).toEqual(WHYS.map(({ name }) => name));
  });

  it('answers one: what is searched, what holds, what does not, the ladder, why', () => {
    const { status, stdout } = tsyn(['why', 'three']);
    expect(status).toBe(0);
    const { whys, counters } = WHY_TEXTS.en;
    const flat = stdout.replace(/\s+/g, ' ');
    expect(stdout).toContain(`${whys['three-way']!.question} (three-way)`);
    expect(flat).toContain('H2 holds in 1,418 states');
    expect(flat).toContain('H1-weak is violated after 3 steps, the fewest possible (15 states):');
    expect(stdout).toContain(' 0  CLOSED        | ABORT                                      |\n');
    expect(flat).toContain(counters['two-way-stuck']!);
    expect(stdout).toContain('== from here H2 is out of reach, whatever happens ==');
  });

  it('answers in Chinese', () => {
    const { stdout } = tsyn(['why', 'two-way', '--lang', 'zh', '--real']);
    expect(stdout).toContain(WHY_TEXTS.zh.whys['three-way']!.question);
    expect(stdout).toContain('H1-weak 被违反');
    expect(stdout).toContain(WHY_TEXTS.zh.cure);
    expect(stdout).toMatch(/RST seq=1 -+>\| {2}LISTEN/);
  });

  it('writes the counter-example as SVG, pcapng and script, a second one beside', () => {
    const path = (name: string): string => join(folder, name);
    const words = ['--svg', path('a.svg'), '--pcapng', path('a.pcapng'), '--script', path('a.pkt')];
    const { status, stderr } = tsyn(['why', 'three-way', ...words]);
    expect(status).toBe(0);
    expect(stderr).toContain(
      `written: ${path('a.svg')} ${path('a.pcapng')} ${path('a.pkt')} ${path('a-two-way-stuck.svg')}`,
    );
    const svg = readFileSync(path('a.svg'), 'utf8');
    expect(svg).toContain(`<title>${WHY_TEXTS.en.whys['three-way']!.question}</title>`);
    expect(svg).toContain('>ESTABLISHED<');
    const packets = readCapture(readFileSync(path('a.pcapng')));
    expect(packets).toHaveLength(3);
    const drilled = tsyn(['drill', '--ip', 'ipv4', path('a.pkt')]);
    expect(drilled.stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed, 0 skipped');
  });

  it('says as JSON what it has found', () => {
    const { stdout } = tsyn(['why', 'two-way', '--json']);
    const record = JSON.parse(stdout);
    expect(record).toMatchObject({
      why: 'three-way',
      name: 'two-way',
      verdict: 'violated',
      violated: 'H1-weak',
      steps: 3,
    });
    expect(record.trace.map(({ kind }: { kind: string }) => kind)).toEqual(['open A', 'abort A', 'deliver']);
    expect(record.ladder).toContain('SYN seq=0');
  });

  it('never says of a bound that was reached that something holds', () => {
    const { status, stdout } = tsyn(['why', 'fresh-isn', '--states', '1000']);
    expect(status).toBe(1);
    expect(stdout).toContain('Not decided: that many states were asked for. 1,001 states were visited');
    expect(stdout).not.toContain('holds in');
  });

  it.each([
    [['why', 'syn', 'fin'], "unexpected argument 'fin'"],
    [['why', 'syn', '--all'], "--all does not go with 'syn'"],
    [['why', '--all', '--svg', 'x'], '--svg goes with one question'],
    [['why', 'syn', '--level', '4'], '--level must be an integer from 1 to 3'],
    [['why', 'syn', '--lang', 'fr'], '--lang must be en or zh'],
  ])('%j is refused', async (words, message) => {
    const { status, stderr } = await tsynHere(words);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('has no file to write where nothing goes wrong', () => {
    const { status, stderr } = tsyn(['why', 'piggyback', '--svg', join(folder, 'none.svg')]);
    expect(status).toBe(2);
    expect(stderr).toContain('piggyback has no counter-example');
  });
});

/** States that a question may have for its block to be written anew here: `npm run why` writes all of them. */
const FEW = 20_000;

describe.each([
  ['en', 'why.md'],
  ['zh', 'why.zh-CN.md'],
] as const)('the page in %s', (lang, file) => {
  const page = readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8');
  const recorded: Readonly<Record<string, { readonly states: number }>> = JSON.parse(
    readFileSync(new URL('../check/experiments.json', import.meta.url), 'utf8'),
  )['1'];
  const found = new Map<Question, Result>();
  const resultOf = ({ question }: Experiment): Result => {
    const result = found.get(question) ?? answer(question, 1);
    found.set(question, result);
    return result;
  };

  it('has a block for every question, in the order of the gallery', () => {
    expect(blockNames(page)).toEqual(['properties', ...WHYS.map(({ name }) => name)]);
  });

  it('says of questions that are quickly searched what the search says', () => {
    const quick = WHYS.filter(({ experiments }) =>
      experiments.every(({ name }) => (recorded[name]?.states ?? Infinity) < FEW),
    );
    expect(quick.length).toBeGreaterThanOrEqual(3);
    const current = withBlocks(page, (name) => {
      if (name === 'properties') return propertiesBlock(lang);
      const why = quick.find((one) => one.name === name);
      return why === undefined ? null : blockOf(why, resultOf, lang);
    });
    expect(current, 'stale: npm run why -- --record').toBe(page);
  });
});
