/** Owns: Redis' server and `ioredis` on tsyn: a pipeline, messages to subscribers, a large value, blocking reads. */

import assert from 'node:assert/strict';
import { AbstractConnector, Redis } from 'ioredis';
import { daemon, version } from '../daemon.mjs';
import { megabytes, patternBuffer } from '../text.mjs';

export const REDIS_PORT = 6379;

export async function startRedis({ place, directory }) {
  const settings = { bind: place.far.address, port: REDIS_PORT, 'protected-mode': 'no', save: '', dir: directory };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const server = await daemon('redis-server', words, { address: place.far.address, port: REDIS_PORT });
  return { version: version('redis-server'), stop: server.stop };
}

/** How ioredis gets its sockets from another net. */
function connectorOf({ near, far }) {
  return class extends AbstractConnector {
    async connect() {
      this.connecting = true;
      this.stream = near.net.connect({ host: far.address, port: REDIS_PORT });
      return this.stream;
    }
  };
}

async function withClients(place, count, work) {
  const Connector = connectorOf(place);
  const clients = Array.from({ length: count }, () => new Redis({ Connector, retryStrategy: null }));
  const end = async (client) => {
    const ended = new Promise((resolve) => client.once('end', resolve));
    await client.quit();
    await ended;
  };
  try {
    await work(...clients);
  } finally {
    await Promise.all(clients.map(end));
  }
}

export const redisProgram = {
  name: 'Redis with ioredis',
  place: 'tun',
  needs: ['redis-server'],
  start: startRedis,
  cases: {
    async 'a pipeline of many commands'({ place, scaled, note }) {
      const count = scaled(10_000);
      await withClients(place, 1, async (client) => {
        const writes = client.pipeline();
        for (let i = 0; i < count; i++) writes.set(`key ${i}`, `value ${i * i}`);
        const written = await writes.exec();
        assert.ok(written.every(([error, answer]) => error === null && answer === 'OK'));
        const reads = client.pipeline();
        for (let i = 0; i < count; i++) reads.get(`key ${i}`);
        const values = (await reads.exec()).map(([, value]) => value);
        assert.deepEqual(
          values,
          Array.from({ length: count }, (_, i) => `value ${i * i}`),
        );
        assert.equal(await client.dbsize(), count);
        await client.flushall();
      });
      note(`twice ${count} commands`);
    },
    async 'what is published reaches every subscriber, in order'({ place, scaled, note }) {
      const count = scaled(5000);
      await withClients(place, 3, async (publisher, one, two) => {
        await Promise.all([one.subscribe('news'), two.psubscribe('n*')]);
        const heard = [
          ['message', one],
          ['pmessage', two],
        ].map(
          ([event, client]) =>
            new Promise((resolve) => {
              const messages = [];
              client.on(event, (...words) => {
                if (messages.push(words.at(-1)) === count) resolve(messages);
              });
            }),
        );
        const messages = Array.from({ length: count }, (_, i) => `message ${i}`);
        const received = await Promise.all(messages.map((message) => publisher.publish('news', message)));
        assert.ok(received.every((clients) => clients === 2));
        for (const got of await Promise.all(heard)) assert.deepEqual(got, messages);
        await Promise.all([one.unsubscribe(), two.punsubscribe()]);
      });
      note(`${count} messages to two`);
    },
    async 'a large value in and out, and a read that waits for another client'({ place, scaled, note }) {
      await withClients(place, 2, async (client, other) => {
        const octets = scaled(20e6);
        const value = patternBuffer(2, 0, octets);
        await client.set('large', value);
        assert.equal(Buffer.compare(await other.getBuffer('large'), value), 0);
        const waited = client.blpop('list', 30);
        await other.rpush('list', 'at last');
        assert.deepEqual(await waited, ['list', 'at last']);
        note(`${megabytes(octets)} each way`);
      });
    },
  },
};
