/** The guard of the scripts themselves: a stack with one line spoilt fails the scripts that are about that line. */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type * as Drill from '../../src/drill/index.ts';
import { OWN_SCRIPTS, TOPICS } from './own-scripts.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

interface Mutation {
  /** What is wrong with the stack then. */
  readonly name: string;
  readonly file: string;
  /** Stands there once. */
  readonly find: string;
  readonly replace: string;
  /** Scripts of these topics notice, of those do not. */
  readonly fails: readonly string[];
  readonly passes: readonly string[];
}

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'TIME-WAIT lasts one MSL',
    file: 'tcp/timewait.ts',
    find: 'return now + 2 * env.config.msl;',
    replace: 'return now + env.config.msl;',
    fails: ['time-wait'],
    passes: ['open', 'reset', 'sack', 'window'],
  },
  {
    name: 'a reset anywhere in the window ends the connection',
    file: 'tcp/synchronized.ts',
    find: 'if (segment.seq !== tcb.rcv.nxt) {',
    replace: 'if (segment.seq === null) {',
    fails: ['reset'],
    passes: ['close', 'nagle', 'sack', 'time-wait'],
  },
  {
    name: 'the time-out is not backed off',
    file: 'tcp/rto.ts',
    find: 'const factor = doublings < 20 ? 1 << doublings : 1 << 20;',
    replace: 'const factor = doublings < 20 ? 1 : 1 << 20;',
    fails: ['rexmt', 'open', 'window'],
    passes: ['reset', 'sack', 'time-wait', 'urgent'],
  },
  {
    name: 'SACK blocks are told from the lowest on',
    file: 'tcp/reassembly.ts',
    find: 'for (let i = 0; i < recent.length && count < limit; i++) {',
    replace: 'for (let i = 0; i < 0 * recent.length && count < limit; i++) {',
    fails: ['sack'],
    passes: ['close', 'data', 'reset', 'window'],
  },
  {
    name: 'a closed window is not probed',
    file: 'tcp/timeouts.ts',
    find: 'tcb.owed.probe = true;',
    replace: 'tcb.owed.probe = false;',
    fails: ['window'],
    passes: ['close', 'keepalive', 'rexmt', 'sack'],
  },
];

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A copy of the source with the mutation, if one is given, and what drills it. */
async function spoilt(mutation: Mutation | null): Promise<typeof Drill> {
  const copy = join(mkdtempSync(join(tmpdir(), 'tsyn-')), 'src');
  folders.push(join(copy, '..'));
  cpSync(SRC, copy, { recursive: true });
  if (mutation !== null) {
    const path = join(copy, mutation.file);
    const text = readFileSync(path, 'utf8');
    expect(text.split(mutation.find).length - 1, `${mutation.file}: ${mutation.find}`).toBe(1);
    writeFileSync(
      path,
      text.replace(mutation.find, () => mutation.replace),
    );
  }
  return import(/* @vite-ignore */ join(copy, 'drill/index.ts'));
}

/** Topics of which a script fails. */
function failing({ ipVersions, playText }: typeof Drill, topics: readonly string[]): string[] {
  const failed = OWN_SCRIPTS.filter(({ topic }) => topics.includes(topic)).filter(
    ({ path, text }) => playText(path, text, ipVersions(path, text)[0]!).result === 'fail',
  );
  return [...new Set(failed.map(({ topic }) => topic))];
}

describe('a stack that is broken in one line', () => {
  it('is one with which nothing is wrong otherwise', async () => {
    expect(failing(await spoilt(null), TOPICS)).toEqual([]);
  });

  it.each(MUTATIONS)('fails scripts of its topic: $name', async (mutation) => {
    const { fails, passes } = mutation;
    expect(failing(await spoilt(mutation), [...fails, ...passes].sort())).toEqual([...fails].sort());
  });
});
