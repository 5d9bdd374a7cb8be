/** Programs of Node in a scenario of `tsyn sim`, over hundreds of seeds in two threads. */

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Ran, tsyn } from '../../../cli/run.ts';

/** Real ms; a busy machine takes longer. */
const TIMEOUT = 200_000;

function run(name: string, ...options: string[]): Ran {
  const file = fileURLToPath(new URL(`../../../../examples/scenarios/${name}.mjs`, import.meta.url));
  return tsyn(['sim', file, ...options], {}, TIMEOUT);
}

describe('http and undici, told to 200 seeds in two threads', { timeout: TIMEOUT }, () => {
  it('fail where an order is made twice: with one fault, the crash after it was written down', () => {
    const { status, stdout } = run('order-twice', '--seeds', '200', '--jobs', '2', '--minimise');
    expect(status).toBe(1);
    expect(stdout).toMatch(/10 orders were confirmed, and 1\d made/);
    expect(stdout).toMatch(/one fault is enough/);
    expect(stdout).toMatch(/the scenario's decision 'the shop crashes' was yes the \w+ time/);
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(stdout)!;
    expect(Number(passed) + Number(failed)).toBe(200);
    expect(Number(failed)).toBeGreaterThan(10);
  });

  it('pass where each order has a key', () => {
    const { status, stdout } = run('order-once', '--seeds', '200', '--jobs', '2');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('200 passed, 0 failed');
    expect(status).toBe(0);
  });

  it('fail by the same seeds in one thread as in two', () => {
    const found = ['1', '2'].map((jobs) => {
      const { stdout } = run('order-twice', '--seeds', '40', '--jobs', jobs, '--json');
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 }));
    });
    expect(found[0]).toEqual(found[1]);
    expect(found[0]!.length).toBe(2);
  });
});
