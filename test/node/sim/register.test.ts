import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../house/source.ts';

/** Takes from Node, as it is loaded, what it uses on a host later. */
const PROGRAM = `
  const { randomBytes } = require('node:crypto');
  const { setTimeout: later } = require('node:timers');
  const sleep = require('node:util').promisify(setTimeout);
  const now = Date.now;
  (async () => {
    const { simulate } = await import('tsyn/sim');
    const seen = [];
    for (let i = 0; i < 2; i++) {
      const sim = simulate({ seed: 5, realTimeLimit: 100 });
      const program = async () => {
        await sleep(1000);
        await new Promise((resolve) => later(resolve, 1000));
        return [randomBytes(8).toString('hex'), now()];
      };
      const done = sim.until(sim.host('a').run(program)).catch((error) => error.code);
      seen.push(JSON.stringify(await done));
      await sim.close();
    }
    console.log(seen[0], seen[0] === seen[1], now() > 1735689602000);
    process.exit();
  })();
`;

function run(...flags: string[]): string {
  const options = { cwd: ROOT, encoding: 'utf8', timeout: 60_000 } as const;
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--input-type=commonjs', '-e', PROGRAM], options);
  return stdout + stderr;
}

describe('a program that keeps what it took from Node early', () => {
  it('runs on a host with tsyn/sim/register', () => {
    expect(run('--import', 'tsyn/sim/register')).toMatch(/^\["[0-9a-f]{16}",1735689602000\] true true\n$/);
  });

  it('is told without, that something real is under way', () => {
    expect(run()).toBe('"ERR_SIM_REAL_IO" true true\n');
  });
});
