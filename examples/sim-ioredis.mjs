// Two hundred clients of ioredis and a server that is started anew: npm run -s build && node examples/sim-ioredis.mjs
//
// The server can greet forty connections a second. Clients that all wait for the same time come all at once, give up after a
// second, and come again: it is busy for ever with those that have gone already.
import net from 'node:net';
import { Redis } from 'ioredis';
import { simulate } from 'tsyn/sim';

const CLIENTS = 200;
const GREETING = 25;

/** Answers everything with OK, once it has had time for the connection. */
function serve() {
  const sockets = new Set();
  let free = 0;
  const server = net
    .createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      free = Math.max(free, performance.now()) + GREETING;
      setTimeout(() => socket.on('data', () => socket.write('+OK\r\n')), free - performance.now());
    })
    .listen(6379);
  return () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
}

const connect = (retryStrategy) =>
  new Redis({ host: 'cache', retryStrategy, socketTimeout: 1000, disableClientInfo: true }).on('error', () => {});

const everySecond = () => 1000;
const spread = (times) => Math.random() * Math.min(60_000, 5000 * 2 ** times);

for (const retry of [everySecond, spread]) {
  let syns = 0;
  const trace = ({ type, segment }) => type === 'segment-sent' && segment.flags === 2 && syns++;
  const sim = simulate({ seed: 1, trace });
  const apps = sim.host('apps');
  const cache = sim.host('cache');
  sim.link(apps, cache, { latency: 1, jitter: 0.5 });
  const stop = cache.run(serve);
  const clients = [];
  apps.run(() => {
    for (let i = 0; i < CLIENTS; i++) setTimeout(() => clients.push(connect(retry)), i * 50);
  });
  await sim.run(12_000);
  stop();
  await sim.run(15_000);
  cache.run(serve);
  let most = 0;
  for (let second = 15; second < 25; second++) {
    syns = 0;
    await sim.run((second + 1) * 1000);
    most = Math.max(most, syns);
  }
  const served = clients.filter(({ status }) => status === 'ready').length;
  console.log(`ioredis: ${retry.name}: up to ${most} SYNs a second, ${served} of ${CLIENTS} served after ten`);
  await sim.close();
}
