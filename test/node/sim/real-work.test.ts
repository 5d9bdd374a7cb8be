import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import { readFile } from 'node:fs';
import { readFile as readLater } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeHost, type NodeSimulation, simulate } from '../../../src/node/sim/index.ts';

/** Taken before there is a simulation, as a package does that is loaded early. */
const early = { setTimeout, sleep: promisify(setTimeout) };
const NAME = new URL(import.meta.url);

let sim: NodeSimulation;
let host: NodeHost;

beforeEach(() => {
  sim = simulate({ seed: 3, realTimeLimit: 500 });
  host = sim.host('a');
});

afterEach(() => sim.close());

describe('time stands still', () => {
  const works: Record<string, () => Promise<unknown>> = {
    'while a file is read': () => promisify(readFile)(NAME),
    'while a file is read with promises': () => readLater(NAME),
    'while a key is derived': () => promisify(crypto.pbkdf2)('word', 'salt', 20_000, 8, 'sha512'),
    'while a key is derived with memory': () => promisify(crypto.scrypt)('word', 'salt', 8) as Promise<unknown>,
    'while something is compressed': () => promisify(zlib.gzip)(Buffer.alloc(2_000_000, 'abcdefg')),
    'while a digest is made': () => crypto.webcrypto.subtle.digest('SHA-256', Buffer.alloc(1_000_000)),
    'while a pair of keys is made': () =>
      promisify(crypto.generateKeyPair)('ec', { namedCurve: 'P-256' }) as Promise<unknown>,
    'while a child runs': () => new Promise((resolve) => spawn(process.execPath, ['--version']).on('exit', resolve)),
    'while a worker runs': () => new Promise((resolve) => new Worker('', { eval: true }).on('exit', resolve)),
    'while a timer runs that was taken early': () => early.sleep(20),
  };
  for (const [name, work] of Object.entries(works)) {
    it(name, async () => {
      const other = simulate({ seed: 3 });
      const at = await other.until(
        other.host('b').run(async () => {
          const late = setTimeout(() => {}, 86_000_000);
          await work();
          clearTimeout(late);
          return performance.now();
        }),
      );
      await other.close();
      expect(at).toBe(0);
    });
  }

  it('for one simulation, not for others', async () => {
    const other = simulate({ seed: 4 });
    host.run(() => early.setTimeout(() => {}, 100));
    other.host('b').run(() => setTimeout(() => {}, 1_000_000));
    await other.run();
    expect([sim.now, other.now]).toEqual([0, 1_000_000]);
    await other.close();
    await sim.run();
  });
});

describe('time goes on', () => {
  it('where the work blocks, and is over', async () => {
    host.run(() => {
      crypto.pbkdf2Sync('word', 'salt', 1, 8, 'sha1');
      zlib.gzipSync('abc');
      setTimeout(() => {}, 1000);
    });
    await sim.run();
    expect(sim.now).toBe(1000);
  });

  it('where nobody waits for what is real', async () => {
    host.run(() => {
      early.setTimeout(() => {}, 60_000).unref();
      setTimeout(() => {}, 1000);
    });
    await sim.run();
    expect(sim.now).toBe(1000);
  });
});

describe('what is real and takes too long', () => {
  it('is named, with where it was begun', async () => {
    let timer: NodeJS.Timeout | undefined;
    host.run(() => {
      timer = early.setTimeout(() => {}, 60_000);
    });
    const error = await sim.run().catch((thrown) => thrown);
    clearTimeout(timer);
    expect(error.code).toBe('ERR_SIM_REAL_IO');
    expect(error.message).toContain(
      "500 ms of real time (seed 3): something real is under way on host 'a', Timeout, begun",
    );
    expect(error.message).toContain('real-work.test.ts');
  });
});
