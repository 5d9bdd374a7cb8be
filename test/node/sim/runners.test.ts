import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';

const HERE = fileURLToPath(new URL('runners', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** Runs a suite as its users do; what it printed, and whether it says that something failed. */
function run(...args: string[]): { text: string; failed: boolean } {
  const { FORCE_COLOR: _, NODE_TEST_CONTEXT: __, CI: ___, ...env } = process.env;
  const child = spawnSync(process.execPath, args, {
    cwd: HERE,
    env: { ...env, NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { text: stripVTControlCharacters(child.stdout + child.stderr), failed: child.status === 1 };
}

/** What each runner says of the suite's failures: two of five cases fail, as they are meant to. */
function expectFailures({ text, failed }: { text: string; failed: boolean }): void {
  expect(failed, text).toBe(true);
  expect(text).toContain('there is an answer: not reached at 60000 ms, 60000 ms have passed (seed 4242)');
  expect(text).toContain("uncaught on host 'server' at 10 ms (seed 4242): Error: out of paper");
}

describe('programs on simulated hosts', () => {
  it('are tested in node:test, where failures tell the seed', () => {
    const result = run('--test', '--test-reporter=tap', 'node-test.mjs');
    expectFailures(result);
    expect(result.text).toMatch(/^# pass 3\n# fail 2$/m);
  });

  it('are tested in vitest, where failures tell the seed', () => {
    const result = run(`${MODULES}/vitest/vitest.mjs`, 'run', '--root', '.');
    expectFailures(result);
    expect(result.text).toMatch(/Tests +2 failed \| 3 passed \(5\)/);
  });

  it('are tested in jest, as modules and from CommonJS, where failures tell the seed', () => {
    // Its modules get copies of Node's exports as they are when they are first imported: so they have to be replaced before.
    const preload = ['--experimental-vm-modules', '--import', 'tsyn/sim/register'];
    const result = run(...preload, `${MODULES}/jest/bin/jest.js`, '--config', 'jest.config.json', '--runInBand');
    expectFailures(result);
    expect(result.text).toMatch(/Tests: +2 failed, 4 passed, 6 total/);
  });
});
