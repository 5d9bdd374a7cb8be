/**
 * Owns: the captures made here, and what captures suffer: only one direction of them, packets that were not written, only the first
 * octets of each, a beginning that is missing.
 */

import { captureOf } from './packets.mjs';
import { randomPackets } from './random.mjs';
import { scriptPackets } from './scripts.mjs';
import { simulatedPackets } from './simulated.mjs';

const SIMULATION_SEED = 1;
const RANDOM_SEEDS = [1, 2];
const RANDOM_PACKETS = 20_000;
/** The kinds of conversation from which damaged captures are made. */
const DAMAGED = ['loss', 'disorder', 'closed windows', 'the same ports again', 'IPv6'];

/** @returns captures `{ name, octets }` */
export function generatedCaptures() {
  const simulated = simulatedPackets(SIMULATION_SEED);
  const [clients, servers] = ['client', 'server'].map((wanted) => simulated.filter(({ side }) => side === wanted));
  const captures = [
    { name: 'simulated/clients', packets: clients },
    { name: 'simulated/servers', packets: servers },
    ...damages(clients.filter(({ kind }) => DAMAGED.includes(kind))),
    { name: 'scripts', packets: scriptPackets() },
    ...RANDOM_SEEDS.map((seed) => ({ name: `random/${seed}`, packets: randomPackets(seed, RANDOM_PACKETS) })),
  ];
  return captures.map(({ name, packets, snapLength }) => ({ name, octets: captureOf(packets, snapLength) }));
}

function damages(packets) {
  return [
    { name: 'damaged/outbound only', packets: packets.filter(({ direction }) => direction === 'outbound') },
    { name: 'damaged/inbound only', packets: packets.filter(({ direction }) => direction === 'inbound') },
    { name: 'damaged/every 13th missing', packets: packets.filter((_, i) => i % 13 !== 5) },
    { name: 'damaged/late', packets: packets.slice(Math.floor(packets.length / 3)) },
    { name: 'damaged/cut at 60 octets', packets, snapLength: 60 },
    { name: 'damaged/cut at 40 octets', packets, snapLength: 40 },
  ];
}
