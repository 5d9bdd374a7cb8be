import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source.ts';

const OPTIONS = { cwd: ROOT, encoding: 'utf8', timeout: 60_000 } as const;

/** What the examples of clients print. */
const SAYS: Readonly<Record<string, readonly string[]>> = {
  http: ['http: 200 /one for 127.0.0.1', 'http: 200 /two for 127.0.0.1'],
  http2: ['http2: /one for 127.0.0.1, /two for 127.0.0.1'],
  https: ['https: 200 for 127.0.0.1, from 127.0.0.1 port 443'],
  ioredis: ['ioredis: hello'],
  mqtt: ['mqtt: weather/today is fair'],
  mysql2: ['mysql2: select me'],
  nodemailer: ['nodemailer: 250 b@example.org has mail: hello'],
  pg: ['pg: select me'],
  ssh2: ['ssh2: work: done'],
  undici: ['undici: 200 there and back'],
  ws: ['ws: there and back'],
};

/** What the examples of the simulator print: what goes wrong on a bad network, and what does not. */
const SIMULATED: Readonly<Record<string, readonly RegExp[]>> = {
  'sim-http': [/^http: fetchExport: [1-9]\d? of 20 files are short$/, /^http: fetchWhole: 0 of 20 files are short$/],
  'sim-ioredis': [
    /^ioredis: everySecond: up to [12]\d\d SYNs a second, \d\d of 200 served after ten$/,
    /^ioredis: spread: up to [1-3]\d SYNs a second, 1\d\d of 200 served after ten$/,
  ],
  'sim-pg': [
    /^pg: \{\}: read ETIMEDOUT after \d{6} ms$/,
    /^pg: \{"keepAlive":true,"keepAliveInitialDelayMillis":60000\}: done after \d\d ms$/,
    /^pg: \{"idleTimeoutMillis":60000\}: done after \d\d ms$/,
  ],
  'sim-undici': [
    /^undici: without keys: 10 orders confirmed, 1[1-9] made$/,
    /^undici: with keys: 10 orders confirmed, 10 made$/,
  ],
  'sim-ws': [
    /^ws: without ping: 1 connections, silent for 50 minutes$/,
    /^ws: with ping: 2 connections, silent for 0 minutes$/,
  ],
};

const run = (name: string): string => execFileSync(process.execPath, [join('examples', name)], OPTIONS);

describe('the examples', () => {
  it('are those that are tested, here or with the READMEs', () => {
    const others = [
      'capture.mjs',
      'certificate.mjs',
      'congestion-controller.mjs',
      'drill.test.mjs',
      'quick-start.mjs',
      'register.mjs',
      'scenarios',
    ];
    const named = [...Object.keys(SAYS), ...Object.keys(SIMULATED)].map((name) => `${name}.mjs`);
    expect(readdirSync(join(ROOT, 'examples')).sort()).toEqual([...others, ...named].sort());
  });

  for (const [name, lines] of Object.entries(SAYS)) {
    it(`${name} speaks over sockets of tsyn, and the process ends`, () => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [join('examples', `${name}.mjs`)], OPTIONS);
      expect(stderr).toBe('');
      expect(stdout.trimEnd().split('\n')).toEqual(lines);
      expect(status).toBe(0);
    });
  }

  for (const [name, lines] of Object.entries(SIMULATED)) {
    it(`${name} finds a bug on simulated hosts, and not where it is mended`, () => {
      const said = run(`${name}.mjs`).trimEnd().split('\n');
      expect(said.length).toBe(lines.length);
      for (const [index, line] of lines.entries()) expect(said[index]).toMatch(line);
    });
  }

  it('a program that knows nothing of tsyn speaks over its sockets after --import tsyn/register', () => {
    const words = ['--import', 'tsyn/register', join('examples', 'register.mjs')];
    expect(execFileSync(process.execPath, words, OPTIONS).trimEnd().split('\n')).toEqual([
      'register: 200 there and back',
      'register: 1 connection opened, 1 accepted, several segments',
    ]);
  });

  it('the ten lines of docs/net.md run', () => {
    const [, source] = /^```js\n([\s\S]*?)^```/m.exec(readFileSync(join(ROOT, 'docs/net.md'), 'utf8'))!;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', source!], OPTIONS)).toBe('there and back\n');
  });

  it('are all named in docs/net.md, those of clients', () => {
    const page = readFileSync(join(ROOT, 'docs/net.md'), 'utf8');
    expect(Object.keys(SAYS).filter((name) => !page.includes(`(../examples/${name}.mjs)`))).toEqual([]);
  });

  it('a controller of one page fills the path, with a shorter queue than CUBIC and no losses', () => {
    const lines = run('congestion-controller.mjs').trim().split('\n');
    const [cubic, vegas] = lines.map((line) => {
      const [, name, rate, rtt, again] = /^(\w+): ([\d.]+) Mbit\/s, (\d+) ms a round trip, (\d+) segments/.exec(line)!;
      return { name, rate: Number(rate), rtt: Number(rtt), again: Number(again) };
    });
    expect([cubic!.name, vegas!.name]).toEqual(['cubic', 'vegas']);
    expect(vegas!.rate).toBeGreaterThan(18);
    expect(vegas!.rtt).toBeLessThan(cubic!.rtt / 2);
    expect([cubic!.again > 0, vegas!.again]).toEqual([true, 0]);
  });

  it('scripts are a suite of node:test, from files, inline and by the folder', () => {
    const words = ['--test', '--test-reporter=tap', join('examples', 'drill.test.mjs')];
    const output = execFileSync(process.execPath, words, OPTIONS);
    expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(20);
    expect(output).toMatch(/^# fail 0$/m);
    expect(output).toContain('two-msl-then-nobody.pkt over ipv6');
  });
});
