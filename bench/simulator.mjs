/**
 * The workloads on the simulator, where virtual time is as fast as the processor: bulk over one link, many hosts at once, and a day in
 * which nothing happens.
 */

import { simulate } from '../dist/sim/index.js';

function drain(socket, count) {
  for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
    count(view.length);
    socket.consume(view.length);
  }
}

/** Half a megabyte: on a link of endless bandwidth buffers would grow to windows that no cache holds. */
const tcp = { receiveBufferMax: 512 * 1024 };

/** One sender that always has more, over a link with latency; faults are written down as they always are. @returns octets per second */
export function bulk(seconds) {
  const sim = simulate({ seed: 1 });
  const [a, b] = [sim.host('a'), sim.host('b', { tcp })];
  sim.link(a, b, { latency: 1 });
  let received = 0;
  const onReadable = (socket) =>
    drain(socket, (n) => {
      received += n;
    });
  b.stack.tcp.listen({ port: 80, onConnection: () => {}, handler: { onReadable } });
  const chunk = new Uint8Array(65_536).fill(7);
  const pump = (socket) => {
    while (socket.write(chunk) === chunk.length);
  };
  a.stack.tcp.connect({ address: b.address, port: 80, handler: { onConnect: pump, onWritable: pump } });
  const run = (ms) => {
    const from = { time: performance.now(), received };
    let time = from.time;
    while (time - from.time < ms) {
      sim.run(sim.now + 5);
      time = performance.now();
    }
    return (received - from.received) / ((time - from.time) / 1000);
  };
  run(Math.min(seconds * 300, 1000));
  return { rate: run(seconds * 1000) };
}

/** Pairs of hosts on a link of their own, with a connection that has carried something. @returns octets of RSS, ms to build and run it */
export function pairs(count) {
  const began = performance.now();
  const sim = simulate({ seed: 1 });
  const message = new Uint8Array(64);
  let echoed = 0;
  const server = {
    onReadable(socket) {
      const view = socket.peek();
      socket.write(view);
      socket.consume(view.length);
    },
  };
  const client = {
    onConnect: (socket) => socket.write(message),
    onReadable(socket) {
      echoed += socket.readableLength;
      socket.consume(socket.readableLength);
    },
  };
  for (let i = 0; i < count; i++) {
    const [a, b] = [sim.host(`a${i}`), sim.host(`b${i}`)];
    sim.link(a, b, { latency: 1 });
    b.stack.tcp.listen({ port: 80, onConnection: () => {}, handler: server });
    a.stack.tcp.connect({ address: b.address, port: 80, handler: client });
  }
  sim.runUntil(() => echoed === count * message.length, { goal: 'every pair has spoken' });
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  return { rss: process.memoryUsage().rss, total: performance.now() - began };
}

/** A day of a hundred hosts with connections that say nothing. @returns ms of real time, tasks that ran */
export function day() {
  const sim = simulate({ seed: 1 });
  const server = sim.host('server');
  const lan = sim.switch('lan');
  sim.link(lan, server);
  server.stack.tcp.listen({ port: 80, onConnection: () => {} });
  let up = 0;
  for (let i = 0; i < 100; i++) {
    const host = sim.host(`h${i}`);
    sim.link(host, lan, { latency: 1 });
    host.stack.tcp.connect({ address: server.address, port: 80, handler: { onConnect: () => up++ } });
  }
  sim.runUntil(() => up === 100, { goal: 'every host is connected' });
  const began = performance.now();
  const steps = sim.scheduler.runUntil(sim.now + 86_400_000);
  return { total: performance.now() - began, steps };
}
