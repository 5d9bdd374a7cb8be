import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source.ts';

const run = (name: string): string =>
  execFileSync(process.execPath, [join('examples', name)], { cwd: ROOT, encoding: 'utf8', timeout: 60_000 });

describe('the examples', () => {
  it('are those that are tested, here or with the READMEs', () => {
    expect(readdirSync(join(ROOT, 'examples')).sort()).toEqual([
      'certificate.mjs',
      'congestion-controller.mjs',
      'drill.test.mjs',
      'quick-start.mjs',
    ]);
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
    const output = execFileSync(process.execPath, words, { cwd: ROOT, encoding: 'utf8', timeout: 60_000 });
    expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(20);
    expect(output).toMatch(/^# fail 0$/m);
    expect(output).toContain('two-msl-then-nobody.pkt over ipv6');
  });
});
