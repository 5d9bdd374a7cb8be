/**
 * A program that talks with a Redis server by node-redis, and tells what came of it as JSON. It knows nothing of tsyn.
 *
 *     node redis-client.mjs HOST PORT
 */

import { createClient } from 'redis';

const [, , host, port] = process.argv;
const client = await createClient({ socket: { host, port: Number(port) } }).connect();
const keys = Array.from({ length: 1000 }, (_, i) => `key ${i}`);
const answers = await Promise.all(keys.map((key, i) => client.set(key, `${i}`)));
const values = await client.mGet(keys);

const listener = await client.duplicate().connect();
let heard = 0;
const all = new Promise((resolve) => {
  listener
    .subscribe('news', () => ++heard === 100 && resolve())
    .then(async () => {
      for (let i = 0; i < 100; i++) await client.publish('news', `message ${i}`);
    });
});
await all;

await client.set('large', 'x'.repeat(1e6));
const { length } = await client.get('large');
const { addr: caller } = await client.clientInfo();
const stored = answers.filter((answer) => answer === 'OK').length;
const equal = values.every((value, i) => value === `${i}`);
console.log(JSON.stringify({ caller, stored, equal, heard, length }));
await Promise.all([client.close(), listener.close()]);
