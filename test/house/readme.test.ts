import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN } from '../cli/run.ts';
import { type Page, page, text } from './pages.ts';
import { ROOT } from './source.ts';

const READMES = ['README.md', 'README.zh-CN.md'] as const;
const SIMULATOR = ['docs/simulator.md', 'docs/simulator.zh-CN.md'] as const;
const OTHERS = ['lab', 'explain', 'web'].flatMap((name) => [`docs/${name}.md`, `docs/${name}.zh-CN.md`]);
const PAGES = [
  ...READMES,
  ...SIMULATOR,
  ...OTHERS,
  'ARCHITECTURE.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
];
const QUICK_START = 'examples/quick-start.mjs';

/** The name by which GitHub lets a heading be linked to. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

function run(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

describe('the READMEs', () => {
  it('say the same: code blocks alike, headings of the same levels', () => {
    const [english, chinese] = READMES.map(page);
    expect(english!.blocks.length).toBeGreaterThanOrEqual(8);
    expect(chinese!.blocks).toEqual(english!.blocks);
    expect(english!.headings.length).toBeGreaterThanOrEqual(12);
    expect(chinese!.headings.map(({ level }) => level)).toEqual(english!.headings.map(({ level }) => level));
    // A page or a picture that there is in Chinese is linked to in Chinese.
    const targets = ({ links }: Page): string[] =>
      links.filter((link) => !READMES.includes(link as never)).map((link) => link.replace(/\.zh-CN|#.*/g, ''));
    expect(targets(chinese!)).toEqual(targets(english!));
  });

  it('link to each other before anything else', () => {
    expect(page('README.md').links[0]).toBe('README.zh-CN.md');
    expect(page('README.zh-CN.md').links[0]).toBe('README.md');
  });

  for (const path of READMES) {
    const { blocks } = page(path);

    it(`${path}: the set-up is two commands`, () => {
      expect(blocks.find(({ language }) => language === 'sh')?.text).toBe('npm ci && npm start\nnpm ci && npm test');
    });

    it(`${path}: the quick start is ${QUICK_START}`, () => {
      expect(blocks.map(({ text: code }) => code)).toContain(text(QUICK_START).trimEnd());
    });

    it(`${path}: the quick start prints what is shown below it`, () => {
      const at = blocks.findIndex(({ text: code }) => code === text(QUICK_START).trimEnd());
      // Where the engine has changed and this is rightly so: node examples/quick-start.mjs, and both READMEs are told.
      expect(run(QUICK_START).trimEnd()).toBe(blocks[at + 1]?.text);
    });

    it(`${path}: the ladder is one of the demo`, () => {
      const block = blocks.find(({ text: code }) => code.startsWith('$ node dist/cli/main.js demo\n'))!;
      const shown = block.text
        .split('\n')
        .slice(1)
        .filter((line) => line !== '');
      expect(shown.length).toBeGreaterThanOrEqual(5);
      const output = run(MAIN, 'demo')
        .split('\n')
        .filter((line) => line !== '');
      // The words between a section's title and its ladder may be left out, no line of the ladder may.
      const title = output.indexOf(shown[0]!);
      const ladder = output.indexOf(shown[1]!, title);
      expect(title, shown[0]).toBeGreaterThanOrEqual(0);
      expect(output.slice(ladder, ladder + shown.length - 1)).toEqual(shown.slice(1));
    });
  }

  it('show programs that print what is shown below them, the drop-in in ten lines', () => {
    const { blocks } = page('README.md');
    const shown = blocks.filter(
      ({ language }, i) =>
        language === 'js' && blocks[i + 1]?.language === 'text' && !blocks[i + 1]!.text.startsWith('$ '),
    );
    expect(shown.map(({ text: code }) => / from '(tsyn[^']*)'/.exec(code)?.[1])).toEqual([
      'tsyn/net',
      'tsyn/sim',
      'tsyn/sim',
      'tsyn/web',
    ]);
    expect(shown[0]!.text.split('\n').length).toBeLessThanOrEqual(10);
    for (const block of shown) {
      const printed = run('--input-type=module', '-e', block.text).trimEnd();
      expect(printed).toBe(blocks[blocks.indexOf(block) + 1]!.text);
    }
  });

  it('show what tsyn why prints, with some lines left out', () => {
    const { blocks } = page('README.md');
    const block = blocks.find(({ text: code }) => code.startsWith('$ node dist/cli/main.js why '))!;
    const [command, ...shown] = block.text.split('\n');
    const printed = run(MAIN, ...command!.split(' ').slice(3)).split('\n');
    expect(shown.filter((line) => line !== '...' && !printed.includes(line))).toEqual([]);
    expect(shown.length).toBeGreaterThanOrEqual(8);
  });

  it('show how a host gets a link over a WebSocket: tried with one that never opens', () => {
    const source = page('README.md').blocks.find(({ text: code }) => code.includes('websocketLink'))!.text;
    const never = 'class extends EventTarget { readyState = 0; bufferedAmount = 0; close() {} }';
    const told = 'console.log(lan.addresses.length, stack.core.routes().length)';
    const words = `globalThis.WebSocket = ${never}; ${source}; ${told}`;
    expect(run('--input-type=module', '-e', words)).toBe('1 1\n');
  });

  it('show how a trace becomes pictures', () => {
    const source = page('README.md').blocks.find(({ text: code }) => code.includes('ladderSvg'))!.text;
    const [, ...program] = source.replaceAll('writeFileSync(', 'console.log(').split('\n');
    const printed = run('--input-type=module', '-e', program.join('\n'));
    const pictures = ['ladder.svg <svg', 'states.svg <svg', 'sequence.svg <svg'];
    expect(
      printed
        .split('\n')
        .filter((line) => line.includes('.svg '))
        .map((line) => line.slice(0, line.indexOf(' ') + 5)),
    ).toEqual(pictures);
    expect(printed).toContain('TIME-WAIT');
  });

  it('import only what the package exports', async () => {
    const imports = page('README.md')
      .blocks.filter(({ language }) => language === 'js')
      .flatMap(({ text: code }) => [...code.matchAll(/^import \{ ([^}]+) \} from '(tsyn[^']*)';$/gm)]);
    expect(imports.length).toBeGreaterThanOrEqual(6);
    for (const [, names, from] of imports) {
      const exported = run('--input-type=module', '-e', `console.log(Object.keys(await import('${from}')).join(' '))`);
      for (const name of names!.split(', ')) expect(exported.trim().split(' '), from).toContain(name);
    }
  });
});

describe('the pages of the simulator', () => {
  const [english, chinese] = SIMULATOR.map(page);

  it('say the same: code blocks alike, headings of the same levels', () => {
    expect(chinese!.blocks).toEqual(english!.blocks);
    expect(chinese!.headings.map(({ level }) => level)).toEqual(english!.headings.map(({ level }) => level));
  });

  it('show programs that print what is shown below them', () => {
    const { blocks } = english!;
    const programs = blocks.filter(
      ({ language, text: code }, i) =>
        language === 'js' &&
        blocks[i + 1]?.language === 'text' &&
        code.startsWith('import ') &&
        !code.includes(" from 'vitest'"),
    );
    expect(programs.length).toBeGreaterThanOrEqual(2);
    for (const block of programs) {
      const printed = run('--input-type=module', '-e', block.text).trimEnd();
      expect(printed).toBe(blocks[blocks.indexOf(block) + 1]!.text);
    }
  });

  it('show what the examples print', () => {
    const { blocks } = english!;
    for (const name of ['http', 'ioredis', 'pg', 'undici', 'ws']) {
      const shown = blocks.find(({ language, text: code }) => language === 'text' && code.startsWith(`${name}: `));
      expect(run(`examples/sim-${name}.mjs`).trimEnd()).toBe(shown?.text);
    }
  });
});

describe('the pages', () => {
  for (const path of PAGES) {
    it(`${path} links to what is there`, () => {
      const { links } = page(path);
      if (READMES.includes(path as never)) expect(links.length).toBeGreaterThanOrEqual(20);
      const broken = links.filter((link) => {
        if (/^[a-z]+:/.test(link)) return false;
        const [file, fragment] = link.split('#');
        const target = file === '' ? path : join(dirname(path), file!);
        if (!existsSync(join(ROOT, target))) return true;
        return fragment !== undefined && !page(target).headings.some((heading) => anchor(heading.text) === fragment);
      });
      expect(broken).toEqual([]);
    });
  }
});
