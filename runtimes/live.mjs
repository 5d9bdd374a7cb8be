/**
 * Part of the scenario that every runtime plays: in real time, with the runtime's own timers, messages, streams and sockets
 * underneath. Each part has hosts of its own, and a seed for what its path loses.
 */

import { SeededRandom } from '../dist/base/index.js';
import { impair } from '../dist/link/index.js';
import { createStack } from '../dist/stack/index.js';
import {
  broadcastChannelLink,
  createSockets,
  messagePortLink,
  streamLink,
  WebDriver,
  WebRandom,
  websocketLink,
} from '../dist/web/index.js';
import { join, pattern, sha256 } from './talk.mjs';

const MEGABYTE = 1_000_000;

/** A host with web sockets. `plug` gives it a link and the addresses 10.0.0.n and fd00::n. */
export function createHost() {
  const driver = new WebDriver();
  const stack = createStack({ scheduler: driver.scheduler, random: new WebRandom() });
  const sockets = createSockets(stack, { driver });
  return {
    stack,
    connect: (address, options) => sockets.connect(address, options),
    listen: (options) => sockets.listen(options),
    plug(link, n) {
      const mac = link.medium === 'ethernet' ? { mac: `02:00:00:00:00:0${n}` } : {};
      stack.addInterface({ link, addresses: [`10.0.0.${n}/24`, `fd00::${n}/64`], ...mac });
    },
    /** The link as a path with faults. */
    faulty: (link, seed, faults) =>
      impair(link, stack.scheduler, stack.pool, { random: new SeededRandom(seed), send: faults, receive: faults }),
    close() {
      sockets.close();
      stack.close();
      driver.close();
    },
  };
}

async function readAll(readable) {
  const chunks = [];
  for (const reader = readable.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return join(chunks);
    chunks.push(value);
  }
}

/** Writes `octets` in pieces of 64 KiB and closes the direction. */
async function writeAll(writable, octets) {
  const writer = writable.getWriter();
  for (let at = 0; at < octets.length; at += 65_536) await writer.write(octets.subarray(at, at + 65_536));
  await writer.close();
}

/** Answers each client, once it has closed its direction, with as much as it sent, and closes. */
export async function serve(listener) {
  for await (const socket of listener) {
    const received = await readAll(socket.readable);
    await writeAll(socket.writable, received);
  }
}

/** A client of {@link serve}: what came back after it had closed its direction, and how it ended. */
export async function converse(host, hostname, octets) {
  const socket = host.connect({ hostname, port: 7 }, { allowHalfOpen: true });
  const { remoteAddress } = await socket.opened;
  const text = pattern(octets);
  await writeAll(socket.writable, text);
  const back = await readAll(socket.readable);
  await socket.closed;
  const digest = await sha256(back);
  if (digest !== (await sha256(text))) throw new Error(`${back.length} octets came back, changed`);
  return { remoteAddress, octets: back.length, digest };
}

/** Two hosts on the links that `links` makes of them, for as long as `part` takes. */
async function between(links, part, faults) {
  const [a, b] = [createHost(), createHost()];
  try {
    const [one, other] = links(a, b);
    a.plug(faults === undefined ? one : a.faulty(one, 7, faults), 1);
    b.plug(other, 2);
    return await part(a, b);
  } finally {
    a.close();
    b.close();
  }
}

/** Conversations with a server on `b`, over both families. */
async function conversations(a, b, octets) {
  const listener = b.listen({ port: 7, allowHalfOpen: true });
  const serving = serve(listener);
  const said = [await converse(a, '10.0.0.2', octets), await converse(a, 'fd00::2', octets / 10)];
  await listener.close();
  await serving;
  return said;
}

function ports(a, b) {
  const { port1, port2 } = new MessageChannel();
  return [messagePortLink(port1, a.stack), messagePortLink(port2, b.stack)];
}

function streams(a, b) {
  const [forth, back] = [new TransformStream(), new TransformStream()];
  return [
    streamLink({ readable: back.readable, writable: forth.writable }, a.stack),
    streamLink({ readable: forth.readable, writable: back.writable }, b.stack),
  ];
}

const FAULTS = { loss: 0.002, duplicate: 0.001, reorder: 0.002, corrupt: 0.0005 };

/** What a promise is rejected with. */
async function rejection(promise) {
  try {
    await promise;
    return 'fulfilled';
  } catch (error) {
    return [error.name, error.code];
  }
}

/** The other end resets, nobody listens, the user gives up: each with its code, and no port is left in use. */
async function endings(a, b) {
  const listener = b.listen({ port: 7 });
  const accepting = listener[Symbol.asyncIterator]().next();
  const reset = a.connect({ hostname: '10.0.0.2', port: 7 });
  await reset.opened;
  const { value: accepted } = await accepting;
  const reading = rejection(readAll(reset.readable));
  const aborting = await rejection(accepted.writable.abort('no more'));
  const refused = a.connect('10.0.0.2:9');
  const control = new AbortController();
  const aborted = a.connect('10.0.0.77:7', { signal: control.signal });
  const waiting = rejection(aborted.opened);
  control.abort();
  const results = {
    reset: [aborting, await reading, await rejection(reset.closed)],
    refused: [await rejection(refused.opened), await rejection(refused.closed)],
    aborted: [await waiting, await rejection(aborted.closed)],
    inUse: await rejection((async () => b.listen({ port: 7 }))()),
  };
  await rejection(accepted.closed);
  await listener.close();
  return { ...results, left: [a, b].map(({ stack }) => stack.sockets().length) };
}

/** Three hosts on one Ethernet that has no switch. */
async function segment() {
  if (globalThis.BroadcastChannel === undefined) return { absent: 'there is no BroadcastChannel' };
  const hosts = [createHost(), createHost(), createHost()];
  try {
    for (const [i, host] of hosts.entries()) host.plug(broadcastChannelLink('tsyn runtimes', host.stack), i + 1);
    const [a, b, c] = hosts;
    const listeners = [b, c].map((host) => host.listen({ port: 7, allowHalfOpen: true }));
    for (const listener of listeners) void serve(listener);
    const said = await Promise.all([
      converse(a, '10.0.0.2', MEGABYTE / 2),
      converse(b, 'fd00::3', MEGABYTE / 2),
      a.stack.ping('10.0.0.3').then(({ address }) => address),
    ]);
    for (const listener of listeners) await listener.close();
    return said;
  } finally {
    for (const host of hosts) host.close();
  }
}

async function sockets(relay) {
  if (globalThis.WebSocket === undefined) return { absent: 'there is no WebSocket' };
  const links = (a, b) => [websocketLink(relay, a.stack), websocketLink(relay, b.stack)];
  return between(links, (a, b) => conversations(a, b, MEGABYTE));
}

/** A worker of the runtime that plays `worker.mjs`: a host that serves. */
async function startWorker() {
  const file = new URL('./worker.mjs', import.meta.url);
  if (globalThis.Worker !== undefined) return new Worker(file, { type: 'module' });
  const { Worker: NodeWorker } = await import('node:worker_threads');
  return new NodeWorker(file);
}

async function worker() {
  const started = await startWorker();
  const host = createHost();
  try {
    host.plug(messagePortLink(started, host.stack), 1);
    return [await converse(host, '10.0.0.2', MEGABYTE), await converse(host, 'fd00::2', MEGABYTE / 10)];
  } finally {
    host.close();
    await started.terminate();
  }
}

export const live = {
  'MessagePort: 10 MB each way on a path with faults, each direction closed by itself': () =>
    between(ports, (a, b) => conversations(a, b, 10 * MEGABYTE), FAULTS),
  'MessagePort: reset, refused, aborted, in use': () => between(ports, endings),
  'streams: 2 MB each way': () => between(streams, (a, b) => conversations(a, b, 2 * MEGABYTE)),
  'BroadcastChannel: three hosts on one Ethernet': segment,
  'WebSocket: 1 MB each way through a relay': sockets,
  'worker: 1 MB each way with a host in a worker': worker,
};
