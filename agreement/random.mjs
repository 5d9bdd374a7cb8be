/**
 * Owns: segments that no TCP would send: small sequence numbers, so that everything overlaps, any flags, windows that open and
 * close, clocks that stand still or go back. What two programs make of nonsense shows where their definitions differ.
 */

import { below, SeededRandom } from '../dist/base/index.js';
import { ABSENT, Address, Segment, seq } from '../dist/wire/index.js';
import { tcpPacket } from './packets.mjs';

/** Common ones more often. */
const FLAGS = [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x18, 0x18, 0x18, 0x11, 0x02, 0x12, 0x04, 0x14, 0x00, 0x30];
const LENGTHS = [0, 0, 0, 0, 1, 1, 2, 10, 10, 10, 20, 100];
const WINDOWS = [0, 0, 10, 20, 20, 20, 100, 1000];
/** ns, at and around the limits that the definitions have. */
const STEPS = [0, 0, 1_000, 100_000, 1_000_000, 2_999_999, 3_000_000, 19_999_999, 20_000_000, 500_000_000];
const BACKWARDS = 40_000_000;
/** Where sequence numbers begin: anywhere, before they wrap, and where Wireshark thinks that it has seen none. */
const BASES = [1_000_000, 0xffffff00, 0, 0xffffffff, 1];
/** What a segment does: go on, stray, say the same once more, send what the peer waits for. */
const MOODS = ['on', 'on', 'on', 'stray', 'repeat', 'repeat', 'fill'];
const STRAYS = [-20, -11, -10, -2, -1, 1, 10, 30];

const ENDS = [new Address(4, 0, 0, 0xffff, 0x0a000001), new Address(4, 0, 0, 0xffff, 0x0a000002)];

/**
 * @param count how many packets
 * @returns packets `{ time, octets }`, time in ms
 */
export function randomPackets(seed, count) {
  const random = new SeededRandom(seed);
  const pick = (list) => list[below(random, list.length)];
  const pairs = new Map();
  const packets = [];
  let now = 1e12;
  for (let i = 0; i < count; i++) {
    now += below(random, 500) === 0 ? -BACKWARDS : pick(STEPS);
    const port = 20_000 + below(random, 1 + Math.floor(i / 200));
    if (!pairs.has(port)) pairs.set(port, [newFlow(pick(BASES)), newFlow(pick(BASES))]);
    const from = below(random, 2);
    const [here, there] = from === 0 ? pairs.get(port) : [...pairs.get(port)].reverse();
    const segment = nextSegment(here, there, pick);
    [segment.srcPort, segment.dstPort] = from === 0 ? [port, 80] : [80, port];
    const octets = tcpPacket(ENDS[from], ENDS[1 - from], segment, new Uint8Array(segment.dataLength));
    packets.push({ time: now / 1e6, octets });
  }
  return packets;
}

/** A direction: its first sequence number, how far it got from there, and what it said last. */
function newFlow(base) {
  return { base, next: 0, ack: 0, window: 20 };
}

function nextSegment(here, there, pick) {
  const mood = pick(MOODS);
  const segment = new Segment();
  segment.flags = mood === 'repeat' ? 0x10 : pick(FLAGS);
  segment.dataLength = mood === 'repeat' ? 0 : pick(LENGTHS);
  const from = mood === 'stray' ? here.next + pick(STRAYS) : mood === 'fill' ? there.ack : here.next;
  if (mood === 'on') here.ack = there.next;
  if (mood === 'stray') here.ack = Math.max(0, there.next + pick(STRAYS));
  if (mood !== 'repeat') here.window = pick(WINDOWS);
  segment.seq = seq(here.base + Math.max(0, from));
  // Some say a number without the flag.
  segment.ack = seq(segment.flags & 0x10 || mood === 'stray' ? there.base + here.ack : 0);
  segment.window = here.window;
  segment.windowScale = segment.flags & 2 ? pick([ABSENT, 0, 1, 7, 14]) : ABSENT;
  here.next = Math.max(here.next, from + segment.dataLength + (segment.flags & 3 ? 1 : 0));
  return segment;
}
