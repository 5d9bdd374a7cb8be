/** The workloads on tsyn: two stacks in one process, joined by a pipe, driven by the event loop as an application's are. */

import { BufferPool, SeededRandom } from '../dist/base/index.js';
import { createPipe, PacketPool } from '../dist/link/index.js';
import { EventLoopDriver } from '../dist/node/index.js';
import { createStack } from '../dist/stack/index.js';

export const SUPER = { checksum: true, segmentation: 65535 };

export function pair({ offload, mtu = 1500, config = {}, tcp = {} } = {}) {
  const driver = new EventLoopDriver();
  const { scheduler } = driver;
  const pool = new PacketPool();
  const buffers = new BufferPool();
  const ends = createPipe(scheduler, pool, offload ? { mtu, offload } : { mtu });
  const [a, b] = ends.map((link, i) => {
    const stack = createStack({
      name: 'ab'[i],
      scheduler,
      random: new SeededRandom(i + 1),
      pool,
      buffers,
      config,
      tcp,
    });
    stack.addInterface({ link, addresses: [`10.0.0.${i + 1}/16`] });
    return stack;
  });
  const close = () => {
    a.close();
    b.close();
    driver.close();
  };
  return { driver, scheduler, pool, a, b, close };
}

export const ADDRESS = '10.0.0.2';

function drain(socket, count) {
  for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
    count(view.length);
    socket.consume(view.length);
  }
}

/** @returns { octets per second, segments per second, allocated octets a segment } */
export async function bulk(seconds, { gso }) {
  const { a, b, close } = pair(gso ? { offload: SUPER } : {});
  let received = 0;
  b.tcp.listen({
    port: 80,
    onConnection: () => {},
    handler: {
      onReadable: (socket) =>
        drain(socket, (n) => {
          received += n;
        }),
    },
  });
  const chunk = new Uint8Array(65536).fill(7);
  const pump = (socket) => {
    while (socket.write(chunk) === chunk.length);
  };
  a.tcp.connect({ address: ADDRESS, port: 80, handler: { onConnect: pump, onWritable: pump } });
  await sleep(Math.min(seconds * 300, 1000));
  globalThis.gc?.();
  const before = { received, segments: b.mib.tcp.TcpInSegs, time: performance.now(), heap: allocated() };
  await sleep(seconds * 1000);
  const time = (performance.now() - before.time) / 1000;
  const segments = b.mib.tcp.TcpInSegs - before.segments;
  const result = {
    rate: (received - before.received) / time,
    segments: segments / time,
    allocated: (allocated() - before.heap) / segments,
  };
  close();
  return result;
}

/** Octets allocated on the heap since the start, garbage included, as far as V8 tells. */
let collected = 0;
let last = 0;
function allocated() {
  const { heapUsed, external } = process.memoryUsage();
  const now = heapUsed + external;
  if (now < last) collected += last - now;
  last = now;
  return now + collected;
}

/** @returns round trips of 64 octets a second */
export async function pingPong(seconds) {
  const { a, b, close } = pair();
  const ping = new Uint8Array(64);
  const buffer = new Uint8Array(64);
  b.tcp.listen({
    port: 80,
    onConnection: () => {},
    handler: {
      onReadable(socket) {
        socket.read(buffer);
        socket.write(buffer);
      },
    },
  });
  let trips = 0;
  a.tcp.connect({
    address: ADDRESS,
    port: 80,
    handler: {
      onConnect: (socket) => socket.write(ping),
      onReadable(socket) {
        socket.read(buffer);
        trips++;
        socket.write(ping);
      },
    },
  });
  await sleep(Math.min(seconds * 300, 1000));
  const before = { trips, time: performance.now() };
  await sleep(seconds * 1000);
  const rate = (trips - before.trips) / ((performance.now() - before.time) / 1000);
  close();
  return { rate };
}

/** Connect, accept, client FIN, server FIN, client sees it; `flights` at once. @returns connections a second */
export async function connections(seconds, { flights = 1 }) {
  const { a, b, close } = pair();
  // A pair of ports rests for 2 MSL after use, so the connections are spread over many servers' ports.
  const ports = 256;
  const server = { onEnd: (socket) => socket.end() };
  for (let i = 0; i < ports; i++) b.tcp.listen({ port: 1000 + i, handler: server, onConnection: () => {} });
  let count = 0;
  let opened = 0;
  let going = true;
  const handler = {
    onConnect: (socket) => socket.end(),
    onEnd() {
      count++;
      if (going) open();
    },
  };
  const open = () => a.tcp.connect({ address: ADDRESS, port: 1000 + (opened++ % ports), handler });
  for (let i = 0; i < flights; i++) open();
  await sleep(Math.min(seconds * 300, 1000));
  const before = { count, time: performance.now() };
  await sleep(seconds * 1000);
  const rate = (count - before.count) / ((performance.now() - before.time) / 1000);
  going = false;
  close();
  return { rate };
}

/** @returns octets of memory an idle connection's end, and a TIME-WAIT record, take */
export async function memory(count) {
  const { a, b, scheduler, close } = pair({ config: { ports: { first: 10_000, last: 65_535 } } });
  const accepted = [];
  const opened = [];
  const server = {
    onReadable(socket) {
      const view = socket.peek();
      socket.write(view);
      socket.consume(view.length);
    },
    onEnd: (socket) => socket.end(),
  };
  b.tcp.listen({ port: 80, handler: server, onConnection: (socket) => accepted.push(socket) });
  const message = new Uint8Array(64);
  const client = {
    onConnect: (socket) => socket.write(message),
    onReadable: (socket) => socket.consume(socket.readableLength),
  };
  const open = async (n) => {
    while (opened.length < n) {
      for (let i = 0; i < 100; i++) opened.push(a.tcp.connect({ address: ADDRESS, port: 80, handler: client }));
      await sleep(2);
    }
    await sleep(300);
  };
  await open(200);
  const base = used();
  await open(200 + count);
  if (accepted.length !== 200 + count) throw new Error(`only ${accepted.length} of ${200 + count} connections opened`);
  const idle = (used() - base) / count / 2;
  const before = opened.length;
  // The records are told from what else changes by ending all and comparing with the wait's end.
  for (let i = 0; i < opened.length; i += 100) {
    for (const socket of opened.slice(i, i + 100)) socket.end();
    await sleep(2);
  }
  await sleep(500);
  const records = a.tcp.timeWaits.size;
  if (records !== before) throw new Error(`${records} of ${before} connections are in TIME-WAIT`);
  opened.length = 0;
  accepted.length = 0;
  const waiting = used();
  scheduler.runDue(scheduler.now + 120_000);
  const timeWait = (waiting - used()) / records;
  close();
  return { idle, timeWait };
}

function used() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** The same bulk transfer with other connections open and idle. @returns seconds a segment */
export async function crowded(seconds, { others }) {
  const { a, b, close } = pair({ config: { ports: { first: 10_000, last: 65_535 } } });
  let received = 0;
  let accepted = 0;
  b.tcp.listen({
    port: 80,
    onConnection: () => accepted++,
    handler: {
      onReadable: (socket) =>
        drain(socket, (n) => {
          received += n;
        }),
    },
  });
  for (let i = 0; i < others; i++) {
    a.tcp.connect({ address: ADDRESS, port: 80 });
    if (i % 100 === 99) await sleep(1);
  }
  await sleep(200);
  if (accepted !== others) throw new Error(`only ${accepted} of ${others} connections opened`);
  const chunk = new Uint8Array(65536).fill(7);
  const pump = (socket) => {
    while (socket.write(chunk) === chunk.length);
  };
  a.tcp.connect({ address: ADDRESS, port: 80, handler: { onConnect: pump, onWritable: pump } });
  await sleep(Math.min(seconds * 300, 1000));
  const before = { received, segments: b.mib.tcp.TcpInSegs, time: performance.now() };
  await sleep(seconds * 1000);
  const segments = b.mib.tcp.TcpInSegs - before.segments;
  const cost = (performance.now() - before.time) / 1000 / segments;
  close();
  return { cost };
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
