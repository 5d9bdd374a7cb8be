/**
 * Part of the scenario that every runtime plays: conversations on virtual time. A seed has one course of events, so
 * the trace of each, every segment, state, timer and loss of it, comes out the same to the octet wherever it is played.
 */

import { World } from '../dist/sim/index.js';
import { toJsonLines } from '../dist/trace/index.js';
import { pattern, sha256, talk } from './talk.mjs';

const HARD = {
  forth: { loss: 0.02, delay: 20, jitter: 3, reorder: 0.01, duplicate: 0.005, corrupt: 0.005, rate: 50e6 },
  back: { loss: 0.01, lossBurst: 3, delay: 25, reorder: 0.02, rate: 20e6 },
};

/** Both hosts send `octets` at once and close. @returns what came, when it was over, and the digest of the trace */
async function transfer({ seed, wire, address, octets, tcp = {} }) {
  const events = [];
  const world = new World({ seed, trace: (event) => events.push(event) });
  const [a, b] = [world.host('a', { tcp }), world.host('b', { tcp })];
  world.join(a, b, wire);
  const text = pattern(octets);
  const ends = [];
  b.tcp.listen({ port: 7, onConnection: (socket) => ends.push(talk(socket, text)) });
  ends.push(talk(a.tcp.connect({ address, port: 7 }), text));
  world.run();
  const intact = ends.map(({ received }) => received.length === octets && received.every((o, i) => o === text[i]));
  if (ends.length !== 2 || !intact.every(Boolean)) throw new Error('text was lost or changed');
  return {
    octets: ends.map(({ received }) => received.length),
    events: events.length,
    over: world.now,
    retransmitted: [a, b].map((host) => host.counters().TcpRetransSegs),
    trace: await sha256(new TextEncoder().encode(toJsonLines(events))),
  };
}

/** A peer that is not there, and one that refuses. */
async function failures() {
  const events = [];
  const world = new World({ seed: 5, trace: (event) => events.push(event) });
  const [a, b] = [world.host('a'), world.host('b')];
  world.join(a, b);
  const codes = [];
  for (const address of ['10.0.0.2', '10.0.0.9', 'fd00::2']) {
    a.tcp.connect({ address, port: 9, handler: { onClose: (_, error) => codes.push([world.now, error?.code]) } });
  }
  world.run();
  return { codes, trace: await sha256(new TextEncoder().encode(toJsonLines(events))) };
}

export const simulated = {
  'simulated: 200 kB each way on a path that loses, doubles, reorders and corrupts': () =>
    transfer({ seed: 19, wire: HARD, address: '10.0.0.2', octets: 200_000 }),
  'simulated: the same over IPv6 on an Ethernet, with NewReno and no SACK': () =>
    transfer({
      seed: 20,
      wire: { ...HARD, medium: 'ethernet' },
      address: 'fd00::2',
      octets: 200_000,
      tcp: { congestion: 'newreno', sack: false },
    }),
  'simulated: super-segments, 2 MB each way': () =>
    transfer({
      seed: 21,
      wire: { forth: { delay: 5, loss: 0.02 }, offload: { checksum: true, segmentation: 65_535 } },
      address: '10.0.0.2',
      octets: 2_000_000,
    }),
  'simulated: nobody listens, nobody is there': failures,
};
