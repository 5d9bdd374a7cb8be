/** ioredis: a server that is started anew, and all its clients at once. */

import { Redis, type RedisOptions } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { type Course, SECOND, type Story, tell } from './course.ts';
import { type RedisServer, serveRedis } from './redis.ts';

const HOSTS = 4;
const CLIENTS = 200;
/** What a new connection costs the server's one thread, ms: it can take forty a second. */
const GREETING = 25;
/** The server is stopped, and is back after three seconds. */
const STOP = 12 * SECOND;
const BACK = 15 * SECOND;

type Retry = NonNullable<RedisOptions['retryStrategy']>;

/** Clients that give an attempt up after a second without an answer. @returns how many are served `span` ms after the server is back */
function restart(retryStrategy: Retry, span: number): Story<number> {
  return async ({ sim, log }) => {
    const hosts = Array.from({ length: HOSTS }, (_, i) => sim.host(`app ${i}`));
    const cache = sim.host('cache');
    const lan = sim.switch('lan');
    for (const host of [...hosts, cache]) sim.link(host, lan, { latency: 1, jitter: 0.5, loss: 0.001 });
    const serve = (): RedisServer => cache.run(() => serveRedis({ greeting: GREETING }));
    const first = serve();
    const clients: Redis[] = [];
    hosts.forEach((host, i) => {
      host.run(() => {
        for (let k = i; k < CLIENTS; k += HOSTS) setTimeout(() => clients.push(connect(retryStrategy)), k * 50);
      });
    });
    const ready = (): number => clients.filter(({ status }) => status === 'ready').length;
    await sim.run(STOP);
    expect(ready()).toBe(CLIENTS);
    first.stop();
    await sim.run(BACK);
    serve();
    for (let time = BACK; time <= BACK + span; time += SECOND) {
      await sim.run(time);
      log(`${ready()} ready`);
    }
    return ready();
  };
}

function connect(retryStrategy: Retry): Redis {
  const redis = new Redis({ host: 'cache', retryStrategy, socketTimeout: SECOND, disableClientInfo: true });
  redis.on('error', () => {});
  return redis;
}

/** Connections begun in the worst second since the server is back. */
function peak({ syns }: Course<unknown>): number {
  const after = syns.filter((time) => time >= BACK);
  let most = 0;
  for (let i = 0, first = 0; i < after.length; i++) {
    while (after[first]! <= after[i]! - SECOND) first++;
    most = Math.max(most, i - first + 1);
  }
  return most;
}

const everySecond: Retry = () => SECOND;
/** At any time within a span that doubles, from ten seconds to a minute. */
const spread: Retry = (times) => Math.random() * Math.min(60 * SECOND, 5 * SECOND * 2 ** times);

describe(`${CLIENTS} clients of ioredis whose server is started anew`, () => {
  it('come all at once, again and again, and few are served, if they wait for a fixed time', async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const course = await tell(seed, restart(everySecond, 6 * SECOND));
      expect(peak(course)).toBeGreaterThan(CLIENTS / 2);
      expect(course.result).toBeLessThan(CLIENTS / 2);
    }
  });

  it('come one after the other, and all are served, if chance says when', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const course = await tell(seed, restart(spread, 90 * SECOND));
      expect(peak(course)).toBeLessThan(SECOND / GREETING);
      expect(course.result).toBe(CLIENTS);
    }
  });

  it('have one course of events for one seed', async () => {
    const first = await tell(4, restart(spread, 20 * SECOND));
    expect(first.log.length).toBe(21);
    expect(await tell(4, restart(spread, 20 * SECOND))).toEqual(first);
  });
});
