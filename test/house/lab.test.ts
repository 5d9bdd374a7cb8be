import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source.ts';

/** The page's own code, without its tests and how it is built. */
const FILES = readdirSync(join(ROOT, 'lab'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.startsWith('test') && !path.endsWith('.config.ts'))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(ROOT, 'lab', path), 'utf8') }));

const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, from]) => from!);

describe('the lab', () => {
  it('is seen at all', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(60);
    expect(FILES.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThanOrEqual(200);
  });

  it('has of the package what any user has: public entries, and Preact beside', () => {
    const wrong = FILES.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((from) => !/^(?:tsyn(?:\/[a-z]+)*|preact(?:\/[a-z-]+)?|@preact\/signals)$/.test(from))
        .filter((from) => !from.startsWith('.') || join('/lab', path, '..', from).split('/')[1] !== 'lab')
        .map((from) => `${path} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  it('runs its engine and presets without a page, on the TCP that ships', () => {
    const engine = FILES.filter(({ path }) => path.startsWith('engine/') || path.startsWith('presets/'));
    expect(engine.length).toBeGreaterThanOrEqual(15);
    const wrong = engine.flatMap(({ path, text }) =>
      importsOf(text)
        .filter((from) => /^(?:preact|@preact)/.test(from) || /\/(?:ui|words)\//.test(from))
        .map((from) => `${path} imports ${from}`),
    );
    expect(wrong).toEqual([]);
    expect(engine.some(({ text }) => importsOf(text).includes('tsyn/tcp'))).toBe(true);
  });

  it('has no file that is too long to be held in the head', () => {
    const long = FILES.filter(({ path, text }) => !path.startsWith('words/presets-') && text.split('\n').length > 600);
    expect(long.map(({ path }) => path)).toEqual([]);
  });
});
