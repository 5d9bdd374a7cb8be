/** The mechanisms can be switched off in the checker's world, and nowhere else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXPERIMENTS, MUTANTS } from '../../src/check/index.ts';
import { ROOT, sourceFiles } from '../house/source.ts';

const files = sourceFiles();
const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Record<string, string>>;
};

/** Every source file that an entry reaches by its imports, those of types alone left out. */
function reached(entry: string): Set<string> {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const file = files.find((other) => other.path === path);
    for (const { file: target, typeOnly } of file?.imports ?? []) if (target !== null && !typeOnly) visit(target);
  };
  visit(entry);
  return seen;
}

const sources = Object.entries(exports).flatMap(([subpath, target]) =>
  (typeof target === 'string' ? [] : Object.values(target))
    .filter((path) => path.endsWith('.js'))
    .map((path) => [subpath, path.replace('./dist/', '').replace(/\.js$/, '.ts')] as const),
);

describe('a mutant', () => {
  it('is reached by tsyn/check and by no other entry of the package', () => {
    const reaching = sources.filter(([, source]) => reached(source).has('check/mutants.ts'));
    expect(reaching).toEqual([['./check', 'check/index.ts']]);
    expect(sources.length).toBeGreaterThanOrEqual(14);
    for (const [subpath, source] of sources) expect(reached(source).size, subpath).toBeGreaterThan(0);
  });

  it('is imported by nothing outside the checker but its commands', () => {
    const importers = files.filter((file) => file.imports.some(({ file: target }) => target?.startsWith('check/')));
    const outside = new Set(importers.map(({ layer }) => layer).filter((layer) => layer !== 'check'));
    expect([...outside].filter((layer) => layer !== 'cli')).toEqual([]);
  });

  it('has no switch in src/tcp: no setting, and no word of it', () => {
    const tcp = files.filter(({ layer }) => layer === 'tcp');
    expect(tcp.length).toBeGreaterThanOrEqual(50);
    for (const { path, text, imports } of tcp) {
      expect(text, path).not.toMatch(/mutant|twoWay|autoFin|noTimeWait|constIsn|noAckCheck|assassinate|noPersist/i);
      for (const { file } of imports) expect(file?.startsWith('check/') ?? false, path).toBe(false);
    }
  });

  it('is used by an experiment, each of them', () => {
    const used = new Set(EXPERIMENTS.map(({ question }) => question.mutant).filter((mutant) => mutant !== null));
    expect([...used].sort()).toEqual(Object.keys(MUTANTS).sort());
  });
});
