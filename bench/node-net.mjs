/** The same workloads on Node's own `net` over the kernel's loopback, both ends in one process. */

import net from 'node:net';
import { sleep } from './tsyn.mjs';

const listen = (options, onConnection) =>
  new Promise((resolve) => {
    const server = net.createServer(options, onConnection);
    server.listen(0, '127.0.0.1', () => resolve({ server, port: server.address().port }));
  });

export async function bulk(seconds) {
  let received = 0;
  const { server, port } = await listen({}, (socket) =>
    socket.on('data', (data) => {
      received += data.length;
    }),
  );
  const chunk = Buffer.alloc(65536, 7);
  const client = net.connect(port, '127.0.0.1');
  const pump = () => {
    while (client.write(chunk));
  };
  client.on('connect', pump).on('drain', pump);
  await sleep(Math.min(seconds * 300, 1000));
  const before = { received, time: performance.now() };
  await sleep(seconds * 1000);
  const rate = (received - before.received) / ((performance.now() - before.time) / 1000);
  client.destroy();
  server.close();
  return { rate };
}

export async function pingPong(seconds) {
  const { server, port } = await listen({ noDelay: true }, (socket) => socket.on('data', (data) => socket.write(data)));
  const ping = Buffer.alloc(64);
  let trips = 0;
  const client = net.connect({ port, host: '127.0.0.1', noDelay: true });
  client.on('connect', () => client.write(ping));
  client.on('data', () => {
    trips++;
    client.write(ping);
  });
  await sleep(Math.min(seconds * 300, 1000));
  const before = { trips, time: performance.now() };
  await sleep(seconds * 1000);
  const rate = (trips - before.trips) / ((performance.now() - before.time) / 1000);
  client.destroy();
  server.close();
  return { rate };
}

export async function connections(seconds, { flights = 1 }) {
  const { server, port } = await listen({}, (socket) => socket.resume());
  let count = 0;
  let going = true;
  const open = () => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => socket.end());
    socket.resume();
    socket.on('end', () => {
      count++;
      if (going) open();
    });
  };
  for (let i = 0; i < flights; i++) open();
  await sleep(Math.min(seconds * 300, 1000));
  const before = { count, time: performance.now() };
  await sleep(seconds * 1000);
  const rate = (count - before.count) / ((performance.now() - before.time) / 1000);
  going = false;
  server.close();
  return { rate };
}
