import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ROOT } from './source.ts';

describe('docs/conformance.md', () => {
  it('is what tests, citations and deviations say now: `npm run conformance` writes it', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/conformance.mjs', '--static'], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect(stdout).toContain('MUST 69 of 69 tested\n');
    expect([stdout.split('\n').at(-2), status]).toEqual(['119 passed, 0 failed', 0]);
  });
});
