/**
 * Owns: where a program runs: two ends that can reach each other, each a `net` module and an address, and the path between.
 *
 *     pipe:   near, a stack - (impair) - pipe - a stack, far
 *     tun:    near, a stack - (impair) - TUN device - the kernel, far
 *     served: near, the kernel - TUN device - (impair) - a stack, far
 *
 * With `kernel` both ends are Node's own `net` on the loopback device: what fails there fails for reasons of its own.
 */

import hostNet from 'node:net';
import { SeededRandom } from '../dist/base/index.js';
import { createPipe, impair, LARGE_PACKET, PacketPool } from '../dist/link/index.js';
import { EventLoopDriver, openTun, randomKey, systemRandom } from '../dist/node/index.js';
import { createStack } from '../dist/stack/index.js';
import { tool } from '../interop/tools.mjs';
import { until } from '../interop/wait.mjs';

/** The bad path, in each direction: one packet in a hundred is lost, and 20 ms there and back. */
export const IMPAIRMENT = { loss: 0.01, delay: 10 };

const SUPER_SEGMENTS = { checksum: true, segmentation: LARGE_PACKET };

/** Near and far addresses by family, and the length of their prefix. */
const ADDRESSES = { 4: ['10.79.0.2', '10.79.0.1', 24], 6: ['fd79::2', 'fd79::1', 64] };

const DEVICE = 'programs';

/**
 * Opens a place. `options`: kind ('pipe', 'tun' or 'served'), family (4 or 6), impaired, kernel, seed.
 *
 * @returns `near` and `far`, each `{ net, address, host }` (the host as URLs have it), `lost` (packets, so far), `left`
 *   (connections that are not over, a line each) and `close`
 */
export async function openPlace({ kind, family, impaired, kernel, seed }) {
  if (kernel) return kernelPlace(family);
  const { createNet } = await import('../dist/node/net/index.js');
  const [nearAddress, farAddress, prefix] = ADDRESSES[family];
  const driver = new EventLoopDriver();
  const { scheduler } = driver;
  const pool = new PacketPool();
  const stacks = [];
  const host = (name, link, address) => {
    const stack = createStack({ name, scheduler, random: systemRandom, secret: randomKey(), pool });
    stack.addInterface({ link, addresses: [`${address}/${prefix}`] });
    stacks.push(stack);
    return end(createNet(stack), address);
  };
  const [inner, other] =
    kind === 'pipe'
      ? createPipe(scheduler, pool, { offload: SUPER_SEGMENTS })
      : [await openDevice(pool, scheduler, `${farAddress}/${prefix}`), null];
  const link = impaired ? impair(inner, scheduler, pool, { random: new SeededRandom(seed) }) : inner;
  if (impaired) link.set('both', { ...IMPAIRMENT, queuePackets: 1e6 });
  const ours = host('near', link, nearAddress);
  const others = other === null ? end(hostNet, farAddress) : host('far', other, farAddress);
  const [near, far] = kind === 'served' ? [others, ours] : [ours, others];
  return {
    near,
    far,
    lost: () => (impaired ? link.counters.send.lost + link.counters.receive.lost : 0),
    left: () => stacks.flatMap((stack) => stack.sockets().filter(isLeft).map(describe)),
    async close() {
      for (const stack of stacks) stack.close();
      link.close();
      await inner.closed;
      driver.close();
    },
  };
}

function kernelPlace(family) {
  const side = end(hostNet, family === 4 ? '127.0.0.1' : '::1');
  return { near: side, far: side, lost: () => 0, left: () => [], async close() {} };
}

function end(net, address) {
  return { net, address, host: address.includes(':') ? `[${address}]` : address };
}

async function openDevice(pool, scheduler, address) {
  const link = await openTun({ name: DEVICE, pool, scheduler });
  const lines = [
    `link set dev ${DEVICE} txqueuelen 10000`,
    `address add ${address} dev ${DEVICE}${address.includes(':') ? ' nodad' : ''}`,
    `link set dev ${DEVICE} up`,
  ];
  await tool('ip', ['-batch', '-'], { input: lines.join('\n') });
  return link;
}

/** Whether our side of a connection still has to say its last word: what comes after that is the protocol's business. */
function isLeft({ protocol, state }) {
  return protocol === 'tcp' && ['SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED', 'CLOSE-WAIT'].includes(state);
}

function describe({ local, remote, state }) {
  return `${local} ${remote} ${state}`;
}

/** Waits until both ends have closed everything they had. @throws Error naming what is left */
export async function nothingLeft(place) {
  await until(
    () => place.left().length === 0,
    () => `every connection to end: ${place.left().slice(0, 5).join(', ')} are left`,
    5000,
  );
}
