import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tsyn, tsynHere } from './run.ts';

const RESET = `0 < S 100:100(0) win 65535
+0 > R. 0:0(0) ack 1
`;

let folder: string;

function put(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'drill-'));
  mkdirSync(join(folder, 'good'));
  mkdirSync(join(folder, 'empty'));
  put('good/reset.pkt', RESET);
  put('good/reset-v6.pkt', RESET);
  put('wrong.pkt', RESET.replace('ack 1', 'ack 2'));
  put('silent.pkt', '0 < S 100:100(0) win 65535\n+0 > S. 0:0(0) ack 1\n+1 > S. 0:0(0) ack 1\n');
  put('shell.pkt', `0 \`reboot\`\n${RESET}`);
});

afterAll(() => rmSync(folder, { recursive: true }));

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;

describe('tsyn drill', () => {
  it('plays the scripts of a folder over every version of IP that their names allow', async () => {
    const { status, stdout } = await tsynHere(['drill', join(folder, 'good')]);
    expect(lastLine(stdout)).toBe('4 passed, 0 failed, 0 skipped');
    expect(status).toBe(0);
  });

  it('plays one version where it is asked to', async () => {
    const { stdout } = await tsynHere(['drill', '--ip', 'ipv6', join(folder, 'good')]);
    expect(lastLine(stdout)).toBe('2 passed, 0 failed, 0 skipped');
    expect((await tsynHere(['drill', '--ip', 'ipv4', join(folder, 'good/reset-v6.pkt')])).status).toBe(2);
  });

  it('shows where a script fails: line, expected, actual, time, ladder', async () => {
    const { status, stdout } = await tsynHere(['drill', '--ip', 'ipv4', join(folder, 'wrong.pkt')]);
    expect(status).toBe(1);
    expect(stdout).toContain('wrong.pkt:2: ack: expected 2, actual 1 (at 0.000000 s)');
    expect(stdout).toContain('expected  0.000000 > R. 0:0(0) ack 2');
    expect(stdout).toContain('actual    0.000000 > R. 0:0(0) ack 1');
    expect(stdout).toMatch(/\|-+ SYN seq=0/);
    expect(lastLine(stdout)).toBe('0 passed, 1 failed, 0 skipped');
  });

  it('ends at the line at which the host does not answer', async () => {
    const { status, stdout } = await tsynHere(['drill', '--ip', 'ipv4', join(folder, 'silent.pkt')]);
    expect(status).toBe(1);
    expect(stdout).toContain('silent.pkt:2:');
  });

  it('names what it skips, which is no pass', async () => {
    const { status, stdout } = await tsynHere(['drill', '--ip', 'ipv4', join(folder, 'shell.pkt')]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/SKIP {2}ipv4 {4}\S*shell\.pkt: unsupported shell command.*reboot/);
    expect(lastLine(stdout)).toBe('0 passed, 0 failed, 1 skipped');
  });

  it('writes one record for each script and version with --json', async () => {
    const words = ['drill', '--json', '--ip', 'ipv4', join(folder, 'good/reset.pkt'), join(folder, 'wrong.pkt')];
    const records = (await tsynHere(words)).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { path: join(folder, 'good/reset.pkt'), ip: 'ipv4', result: 'pass', reason: '' },
      { ip: 'ipv4', result: 'fail', reason: 'ack: expected 2, actual 1', line: 2 },
    ]);
  });

  it('draws scripts that pass with --ladder', async () => {
    const { stdout } = await tsynHere(['drill', '--ladder', '--ip', 'ipv4', join(folder, 'good/reset.pkt')]);
    expect(stdout).toMatch(/<-+ RST,ACK/);
  });

  it('plays mutants with --mutate, and none of them passes', async () => {
    const { status, stdout } = await tsynHere(['drill', '--mutate', '--ip', 'ipv4', join(folder, 'good/reset.pkt')]);
    expect(stdout).toMatch(/^[1-9]\d* mutants, 0 of them passed$/m);
    expect(status).toBe(0);
  });

  it('takes options of scripts, and symbols', async () => {
    const path = put('symbol.pkt', RESET.replace('ack 1', 'ack WHAT'));
    const words = ['drill', '--ip', 'ipv4', path];
    expect((await tsynHere([...words, '-D', 'WHAT=1', '--tolerance_usecs', '1'])).status).toBe(0);
    expect((await tsynHere([...words, '-D', 'WHAT=2'])).status).toBe(1);
    expect((await tsynHere([...words, '--tolerance_usecs', 'soon'])).stderr).toContain('tolerance_usecs');
  });

  it('reports every difference with --keep-going', async () => {
    const path = put('two.pkt', `${RESET.replace('ack 1', 'ack 2')}+0 < S 7:7(0) win 1\n+0 > R. 0:0(0) ack 9\n`);
    const { stdout } = await tsynHere(['drill', '--keep-going', '--ip', 'ipv4', path]);
    expect(stdout).toContain('two.pkt:2:');
    expect(stdout).toContain('two.pkt:4:');
  });

  it('spreads scripts over threads without changing what it prints', () => {
    const names = Array.from({ length: 120 }, (_, i) =>
      put(`many-${i}-v4.pkt`, i === 77 ? RESET.replace('ack 1', 'ack 3') : RESET),
    );
    const timeless = (text: string): string => text.replace(/, in [\d.]+ s$/m, '');
    const one = tsyn(['drill', '--jobs', '1', ...names]);
    const two = tsyn(['drill', '--jobs', '2', ...names]);
    expect(timeless(two.stdout)).toBe(timeless(one.stdout));
    expect(lastLine(two.stdout)).toBe('238 passed, 2 failed, 0 skipped');
    expect(two.status).toBe(1);
  });

  it.each<[string, () => string, RegExp]>([
    ['an empty file', () => put('none.pkt', ''), /none\.pkt:1:1: .*an event/],
    [
      'a binary file',
      () => put('binary.pkt', Uint8Array.of(0x7f, 0x45, 0, 1)),
      /binary\.pkt:1:1: this is no text file/,
    ],
    ['a syntax error', () => put('syntax.pkt', '0 < S 1:3(0) win 1\n'), /syntax\.pkt:1:\d+: [\s\S]*\^/],
    ['an unknown option', () => put('option.pkt', `--frob=1\n${RESET}`), /option\.pkt:1:1: .*frob/],
    [
      'an impossible option length',
      () => put('length.pkt', '0 < S 0:0(0) win 1 <mss 1>\n+0 > . 1:1(0) ack 1 <nop>\n'),
      /multiple of 4/,
    ],
    [
      'a time that goes back',
      () => put('back.pkt', `${RESET}1 < S 0:0(0) win 1\n0.5 > R. 0:0(0) ack 1\n`),
      /time goes back/,
    ],
    ['a path that is not there', () => join(folder, 'nowhere'), /no such file or folder/],
    ['a folder without scripts', () => join(folder, 'empty'), /no scripts/],
  ])('ends with status 2 and a clear message for %s', async (_what, path, message) => {
    const { status, stderr } = await tsynHere(['drill', path()]);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });
});

describe('tsyn drill --record', () => {
  it('makes of the trace of a simulation a script that passes', async () => {
    const trace = put('demo.jsonl', (await tsynHere(['demo', '--json', '--lang', 'en'])).stdout);
    for (const connection of ['0', '1']) {
      const { status, stdout } = await tsynHere(['drill', '--record', trace, '--connection', connection]);
      expect(status).toBe(0);
      const played = await tsynHere(['drill', put(`demo-${connection}.pkt`, stdout)]);
      expect(lastLine(played.stdout)).toBe('3 passed, 0 failed, 0 skipped');
    }
    const { status, stderr } = await tsynHere(['drill', '--record', trace, '--connection', '2']);
    expect([status, stderr]).toEqual([1, expect.stringContaining('there are 2 connections')]);
  });

  it('says what is wrong with a file that is no capture', async () => {
    const { status, stderr } = await tsynHere(['drill', '--record', put('no.pcapng', 'nothing of the kind')]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('neither a capture nor a trace')]);
  });
});
