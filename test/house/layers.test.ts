import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesMatching, ROOT, type SourceFile, SRC, sourceFiles } from './source.ts';

/** Which folders a folder may import from, besides itself. Everyone may use the types of `trace/events.ts`. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  wire: ['base'],
  tcp: ['base', 'wire'],
  link: ['base', 'wire'],
  stack: ['base', 'wire', 'tcp', 'link'],
  trace: ['base', 'wire'],
  explain: ['base', 'wire', 'tcp', 'trace'],
  check: ['base', 'wire', 'tcp'],
  sim: ['base', 'wire', 'tcp', 'link', 'stack', 'trace'],
  drill: ['base', 'wire', 'tcp', 'link', 'stack', 'trace', 'sim'],
  web: ['base', 'wire', 'tcp', 'link', 'stack', 'trace', 'sim'],
  node: ['base', 'wire', 'tcp', 'link', 'stack', 'trace', 'sim', 'drill', 'web'],
  cli: ['base', 'wire', 'tcp', 'link', 'stack', 'trace', 'explain', 'check', 'sim', 'drill', 'web', 'node'],
};

/** Folders that compile without a runtime: no clock, no timers, no entropy, no I/O. */
const CORE = ['base', 'wire', 'tcp', 'link', 'stack', 'trace', 'explain', 'check', 'sim', 'drill'];
const IMPURE = ['web', 'node', 'cli'];

/** Names of runtimes, and where they would be a value: not a property of something, nor one being named. */
const RUNTIME =
  /(?<![.#\w])(Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|process|Buffer|console|crypto|fetch|TextEncoder|TextDecoder|globalThis|require)\b(?!\s*[?]?:)(?=\s*[.(,;)\]]|\s*$)/;
/** What every engine computes alike (IEEE 754 demands it of sqrt); the rest of Math may differ in the last bit. */
const MATH = /\bMath\.(?!(?:sqrt|imul|clz32|floor|ceil|round|trunc|min|max|abs|sign)\b)\w+|\*\*/;

const files = sourceFiles();
const core = files.filter((file) => CORE.includes(file.layer));

function offences(some: readonly SourceFile[], pattern: RegExp): string[] {
  return some.flatMap((file) => linesMatching(file, pattern));
}

describe('the layers', () => {
  it('are seen at all: files, imports and folders', () => {
    expect(files.length).toBeGreaterThanOrEqual(60);
    expect(core.length).toBeGreaterThanOrEqual(50);
    expect(files.flatMap((file) => file.imports).length).toBeGreaterThanOrEqual(200);
    for (const layer of ['base', 'wire', 'tcp', 'link', 'stack', 'trace', 'node']) {
      expect(files.filter((file) => file.layer === layer).length, layer).toBeGreaterThanOrEqual(3);
    }
  });

  it('are the ones of the table', () => {
    expect(files.filter((file) => !(file.layer in LAYERS)).map((file) => file.path)).toEqual([]);
    expect([...CORE, ...IMPURE].sort()).toEqual(Object.keys(LAYERS).sort());
  });

  it('import downwards only', () => {
    const wrong: string[] = [];
    for (const file of files) {
      for (const { file: target, typeOnly } of file.imports) {
        if (target === null) continue;
        const layer = target.split('/')[0]!;
        const allowed = layer === file.layer || LAYERS[file.layer]!.includes(layer);
        if (!allowed && !(typeOnly && target === 'trace/events.ts')) wrong.push(`${file.path} imports ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('name files that exist, by their extension', () => {
    const wrong = files.flatMap((file) =>
      file.imports
        .filter(({ file: target }) => target !== null && (!target.endsWith('.ts') || !existsSync(join(SRC, target))))
        .map(({ from }) => `${file.path} imports ${from}`),
    );
    expect(wrong).toEqual([]);
  });

  it('take no package into the core, and only declared ones elsewhere', () => {
    const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const wrong: string[] = [];
    for (const file of files) {
      for (const { from, file: target } of file.imports) {
        if (target !== null) continue;
        const declared = from.startsWith('node:') || from in dependencies || from in peerDependencies;
        if (CORE.includes(file.layer) || file.layer === 'web' || !declared) wrong.push(`${file.path} imports ${from}`);
        if (from === 'koffi' && file.path !== 'node/libc.ts') wrong.push(`${file.path} imports ${from}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('the core', () => {
  it('knows no runtime', () => {
    expect(offences(core, RUNTIME)).toEqual([]);
  });

  it('computes only what every engine computes alike', () => {
    expect(offences(core, MATH)).toEqual([]);
  });

  it('never compares sequence numbers with < and >', () => {
    const names = '(?:una|nxt|wl1|wl2|iss|irs|seq|ack|recover|lastAckSent)';
    const compared = new RegExp(`\\.${names}\\s*[<>]=?(?![<>=])\\s|\\s[<>]=?\\s*[\\w.]*\\.${names}\\b(?!\\.)`);
    const some = files.filter((file) => ['tcp', 'stack', 'explain', 'check'].includes(file.layer));
    expect(some.length).toBeGreaterThanOrEqual(20);
    expect(offences(some, compared)).toEqual([]);
  });
});

describe('a guard', () => {
  const seen = (text: string): SourceFile => ({ path: 'x.ts', layer: 'tcp', text, code: text, imports: [] });

  it('sees what it is there for', () => {
    for (const bad of [
      'const now = Date.now();',
      'setTimeout(run, 5);',
      'x = Buffer.from(y)',
      'process.exit()',
      'f(console)',
    ]) {
      expect(linesMatching(seen(bad), RUNTIME), bad).toHaveLength(1);
    }
    for (const bad of ['Math.random()', 'Math.pow(2, 3)', '2 ** 3', 'Math.cbrt(x)', 'Math.log2(x)']) {
      expect(linesMatching(seen(bad), MATH), bad).toHaveLength(1);
    }
  });

  it('lets the rest pass', () => {
    for (const good of ['this.process(x);', 'performance: number;', '#console.x', 'lastDate(x)']) {
      expect(linesMatching(seen(good), RUNTIME), good).toHaveLength(0);
    }
    for (const good of ['Math.floor(x)', 'Math.imul(a, b)', 'a * b']) {
      expect(linesMatching(seen(good), MATH), good).toHaveLength(0);
    }
  });
});

describe('a file', () => {
  it('opens with what it owns', () => {
    const silent = files.filter(
      (file) => !file.path.endsWith('/index.ts') && !/^(#!.*\n)?\/\*\*\s+(\*\s+)?Owns:/.test(file.text),
    );
    expect(silent.map((file) => file.path)).toEqual([]);
  });

  it('is short enough to hold in the head', () => {
    const long = files.filter((file) => file.text.split('\n').length > 600);
    expect(long.map((file) => `${file.path}: ${file.text.split('\n').length} lines`)).toEqual([]);
  });
});
