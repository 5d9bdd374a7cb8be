/** docs/explain.md, docs/explain.zh-CN.md and what the READMEs show of `tsyn explain`: every command and program, run. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../cli/run.ts';
import { page } from './pages.ts';
import { ROOT } from './source.ts';

const PAGES = ['docs/explain.md', 'docs/explain.zh-CN.md'] as const;
const READMES = ['README.md', 'README.zh-CN.md'] as const;
const COMMAND = '$ node dist/cli/main.js explain talk.pcapng';

let folder: string;
let capture: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsyn-explain-'));
  capture = join(folder, 'talk.pcapng');
  expect(run('examples/capture.mjs', capture)).toBe(`13 packets in ${capture}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...words: string[]): string {
  const options = { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env['PATH'], LC_ALL: 'C' } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { ...options, timeout: 30_000 });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** What a command of a page prints, a line each, without the spaces behind it. */
function printed(command: string): string[] {
  const [, , , ...words] = command.split(' ').map((word) => (word === 'talk.pcapng' ? capture : word));
  return run(MAIN, ...words)
    .split('\n')
    .map((line) => line.trimEnd());
}

describe.each([...PAGES, ...READMES])('%s', (path) => {
  it('shows what tsyn explain prints, whole or with some lines left out', () => {
    const shown = page(path).blocks.filter(({ text }) => text.startsWith(COMMAND));
    expect(shown).toHaveLength(1);
    const [command, ...lines] = shown[0]!.text.split('\n');
    const all = printed(command!);
    expect(lines.filter((line) => line !== '...' && !all.includes(line))).toEqual([]);
    expect(lines.length).toBeGreaterThanOrEqual(8);
  });
});

describe.each(PAGES)('%s', (path) => {
  it('shows programs that print what is shown below them', () => {
    const { blocks } = page(path);
    const programs = blocks.filter(({ language }, i) => language === 'js' && blocks[i + 1]?.language === 'text');
    expect(programs).toHaveLength(2);
    for (const program of programs) {
      const source = program.text.replace("'talk.pcapng'", JSON.stringify(capture));
      expect(run('--input-type=module', '-e', source).trimEnd()).toBe(blocks[blocks.indexOf(program) + 1]!.text);
    }
  });

  it('lists every difference from Wireshark', () => {
    const listed = readFileSync(join(ROOT, 'agreement/differences.tsv'), 'utf8').trim().split('\n').slice(1);
    const table = /^\| (?:where|在哪里) .*\n\|.*\n((?:\|.*\n)+)/m.exec(readFileSync(join(ROOT, path), 'utf8'));
    expect(table![1]!.trimEnd().split('\n')).toHaveLength(listed.length);
    for (const line of listed) {
      const [name = ''] = line.split('\t');
      if (name !== '*') expect(table![1]).toContain(name);
      if (path === 'docs/explain.md') expect(table![1]).toContain(line.split('\t').at(-1));
    }
  });
});

it('the pages say the same: code blocks alike but for the language, headings of the same levels', () => {
  const [english, chinese] = PAGES.map(page);
  const code = ({ blocks }: typeof english & object): unknown[] =>
    blocks.map(({ language, text }) => (text.startsWith(COMMAND) ? language : { language, text }));
  expect(code(chinese!)).toEqual(code(english!));
  expect(chinese!.headings.map(({ level }) => level)).toEqual(english!.headings.map(({ level }) => level));
});
