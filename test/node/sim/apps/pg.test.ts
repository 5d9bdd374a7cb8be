/** pg: a pool that hands out connections which a firewall on the way has forgotten. */

import pg, { type PoolOptions } from 'pg';
import { describe, expect, it } from 'vitest';
import type { Middlebox } from '../../../../src/link/index.ts';
import { SYN } from '../../../../src/wire/tcp.ts';
import { MINUTE, SECOND, type Story, tell, tellMany } from './course.ts';
import { servePostgres } from './postgres.ts';

/** Knows connections from their SYN on, forgets those that are silent for five minutes, and lets nothing else pass; nobody is told. */
function firewall(now: () => number): Middlebox {
  const seen = new Map<string, number>();
  return (packet, _direction, passage) => {
    const ends = [`${packet.src} ${packet.srcPort}`, `${packet.dst} ${packet.dstPort}`];
    const flow = ends.sort().join(' ');
    const known = now() - (seen.get(flow) ?? -Infinity) <= 5 * MINUTE;
    if (known || packet.flags & SYN) seen.set(flow, now());
    else passage.drop();
  };
}

/** Twenty jobs, one after the other, with pauses of up to twenty minutes. @returns how each query went: ms, or the error */
function jobs(options: Partial<PoolOptions>): Story<readonly (number | string)[]> {
  return async ({ sim, log }) => {
    const [worker, database] = [sim.host('worker'), sim.host('database')];
    const link = sim.link(worker, database, { latency: 5, jitter: 2, loss: 0.005 });
    link.middlebox(firewall(() => sim.now));
    database.run(() => servePostgres((sql) => [`answer to ${sql}`]));
    return await sim.until(
      worker.run(async () => {
        const pool = new pg.Pool({ host: 'database', user: 'worker', ...options });
        pool.on('error', (error: Error) => log(`idle: ${error.message}`));
        const took: (number | string)[] = [];
        for (let job = 1; job <= 20; job++) {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * MINUTE));
          const began = performance.now();
          const answer = await pool.query(`job ${job}`).catch((error: Error) => error.message);
          const ms = performance.now() - began;
          if (typeof answer !== 'string') expect(answer.rows).toEqual([{ value: `answer to job ${job}` }]);
          took.push(typeof answer === 'string' ? answer : ms);
          log(`job ${job}: ${took.at(-1)} (${ms} ms)`);
        }
        return took;
      }),
    );
  };
}

const FOR_EVER = { max: 1, idleTimeoutMillis: 0 };

describe('a pool of pg behind a firewall that forgets silent connections', () => {
  it('hands out dead ones and waits for them for minutes, if it keeps them for ever', async () => {
    for (const took of await tellMany(8, jobs(FOR_EVER))) {
      const bad = took.filter((ms) => typeof ms === 'string' || ms > MINUTE);
      expect(bad.length).toBeGreaterThan(0);
    }
  });

  const right: Readonly<Record<string, Partial<PoolOptions>>> = {
    'asks by keep-alive what the firewall is to remember': {
      ...FOR_EVER,
      keepAlive: true,
      keepAliveInitialDelayMillis: MINUTE,
    },
    'gives idle connections up before the firewall does': { max: 1, idleTimeoutMillis: MINUTE },
  };
  for (const [name, options] of Object.entries(right)) {
    it(`answers at once if it ${name}`, async () => {
      for (const took of await tellMany(8, jobs(options))) {
        expect(took.length).toBe(20);
        for (const ms of took) expect(ms).toBeLessThan(5 * SECOND);
      }
    });
  }

  it('has one course of events for one seed', async () => {
    const first = await tell(3, jobs(FOR_EVER));
    expect(first.log.length).toBeGreaterThanOrEqual(20);
    expect(await tell(3, jobs(FOR_EVER))).toEqual(first);
    expect((await tell(4, jobs(FOR_EVER))).hash).not.toBe(first.hash);
  });
});
