/** Workloads on `tsyn/web`: two of its stacks in one process, joined by a pipe, their sockets used as streams. */

import { createPipe } from '../dist/link/index.js';
import { createStack, WebDriver } from '../dist/web/index.js';
import { ADDRESS, SUPER, sleep } from './tsyn.mjs';

function pair() {
  const driver = new WebDriver();
  const [a, b] = [createStack({ driver }), createStack({ driver })];
  const ends = createPipe(driver.scheduler, a.core.pool, { offload: SUPER });
  [a, b].forEach((stack, i) => {
    stack.core.addInterface({ link: ends[i], addresses: [`10.0.0.${i + 1}/16`] });
  });
  const close = () => {
    a.close();
    b.close();
    driver.close();
  };
  return { a, b, close };
}

/** Chunks of 64 KiB, each write awaited, to a default reader. @returns { octets per second } */
export async function bulk(seconds) {
  const { a, b, close } = pair();
  let received = 0;
  const listener = b.listen({ port: 80 });
  const client = a.connect({ hostname: ADDRESS, port: 80 });
  const server = await listener.accept();
  const read = async () => {
    for await (const chunk of server) received += chunk.length;
  };
  const write = async () => {
    const chunk = new Uint8Array(65536).fill(7);
    const writer = client.writable.getWriter();
    for (;;) await writer.write(chunk);
  };
  read().catch(() => {});
  write().catch(() => {});
  await sleep(Math.min(seconds * 300, 1000));
  const before = { received, time: performance.now() };
  await sleep(seconds * 1000);
  const rate = (received - before.received) / ((performance.now() - before.time) / 1000);
  close();
  return { rate };
}

/** @returns round trips of 64 octets a second */
export async function pingPong(seconds) {
  const { a, b, close } = pair();
  const listener = b.listen({ port: 80 });
  const client = a.connect({ hostname: ADDRESS, port: 80 });
  const server = await listener.accept();
  server.readable.pipeTo(server.writable).catch(() => {});
  let trips = 0;
  const play = async () => {
    const ping = new Uint8Array(64);
    const writer = client.writable.getWriter();
    const reader = client.readable.getReader();
    for (;;) {
      await writer.write(ping);
      await reader.read();
      trips++;
    }
  };
  play().catch(() => {});
  await sleep(Math.min(seconds * 300, 1000));
  const before = { trips, time: performance.now() };
  await sleep(seconds * 1000);
  const rate = (trips - before.trips) / ((performance.now() - before.time) / 1000);
  close();
  return { rate };
}
