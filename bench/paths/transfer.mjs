/**
 * One bulk transfer between two hosts on virtual time, as a cell of the table says, measured in its steady state. Same
 * cell, same seed, same figures to the last digit.
 */

import { World } from '../../dist/sim/index.js';
import { BURST, bdp, PACKET, REORDER } from './cells.mjs';

/** What a ring holds at most, octets. */
const LARGEST_BUFFER = 128 * 1024 * 1024;

/** A cell with losses is measured over at least so many of its loss events and segments, unless it reaches the cap. */
const LOSS_EVENTS = 120;
const SEGMENTS = 100_000;
const MOST_SEGMENTS = 1_500_000;
/** Loss events before the steady state, or this many round trips where losses are that seldom. */
const WARM_UP = 20;

/** The path of a cell as settings of a wire. */
export function wireOf({ rate, rtt, loss, burst, reorder }) {
  return {
    mtu: PACKET,
    forth: {
      delay: rtt / 2,
      rate: rate * 1e6,
      queuePackets: queueOf({ rate, rtt }),
      loss: loss / 100,
      lossBurst: burst ? BURST : 1,
      reorder: reorder ? REORDER : 0,
      reorderDelay: 0,
      reorderJitter: rtt / 4,
    },
    back: { delay: rtt / 2 },
  };
}

/**
 * A round trip of the path under load, ms, by thirds: the queue makes three of one where it holds two of what the path
 * does, and more where it holds twenty packets for a path that holds few.
 */
export function roundTrip({ rate, rtt }) {
  const queue = (queueOf({ rate, rtt }) * PACKET * 8) / rate / 1000;
  return Math.max(rtt, (rtt + queue) / 3);
}

const queueOf = (path) => Math.max(20, Math.ceil(2 * bdp(path)));

/** Six times what the path holds, queue included twice, in octets; at least 256 KiB, at most what a ring holds. */
export const bufferOf = (cell) => Math.min(LARGEST_BUFFER, Math.max(256 * 1024, Math.ceil(6 * bdp(cell) * PACKET)));

/** A sender that always has text, and a receiver that takes it at once. */
export function transfer(cell, seed) {
  const world = new World({ seed });
  const buffer = bufferOf(cell);
  const tcp = { congestion: cell.controller, receiveBuffer: buffer, sendBuffer: buffer };
  const a = world.host('a', { tcp });
  const b = world.host('b', { tcp });
  const wire = world.join(a, b, wireOf(cell));
  const chunk = new Uint8Array(65536);
  const pump = (socket) => {
    while (socket.write(chunk) === chunk.length);
  };
  const progress = { connectedAt: -1 };
  const take = (socket) => {
    socket.consume(socket.readableLength);
  };
  b.tcp.listen({ port: 80, onConnection: () => {}, handler: { onReadable: take } });
  const onConnect = (socket) => {
    progress.connectedAt = world.now;
    pump(socket);
  };
  const socket = a.tcp.connect({ address: '10.0.0.2', port: 80, handler: { onConnect, onWritable: pump } });
  return { world, a, b, wire, socket, progress };
}

/**
 * Runs a cell.
 *
 * @returns Mbit/s of text of which the sender heard that it arrived, in order or not, and what else is worth knowing of the time measured
 */
export function measure(cell, seed) {
  const cpu = process.cpuUsage();
  const { world, a, wire, socket, progress } = transfer(cell, seed);
  const { counters } = a.tcp;
  const now = () => ({
    time: world.now,
    arrived: socket.info().bytesAcked + (socket.tcb.board?.sacked ?? 0),
    sent: counters.TcpOutSegs,
    again: counters.TcpRetransSegs,
    recoveries: counters.TcpFastRetransmits,
    timeouts: counters.TcpExtTCPTimeouts,
    probes: counters.TcpExtTCPLossProbes,
    lost: wire.link.counters.send.lost,
    overflowed: wire.link.counters.send.overflowed,
  });
  const events = (from) => counters.TcpFastRetransmits + counters.TcpExtTCPTimeouts - from.recoveries - from.timeouts;
  const start = now();
  world.runUntil(() => progress.connectedAt >= 0, 60_000);
  const rtt = roundTrip(cell);
  const connected = progress.connectedAt;
  let from;
  if (cell.loss === 0) {
    world.run(connected + 30 * rtt);
    from = now();
    world.run(connected + 60 * rtt);
  } else {
    do world.run(world.now + 10 * rtt);
    while (events(start) < WARM_UP && counters.TcpOutSegs < MOST_SEGMENTS / 10);
    from = now();
    do world.run(world.now + 10 * rtt);
    while (
      (events(from) < LOSS_EVENTS || counters.TcpOutSegs - from.sent < SEGMENTS) &&
      counters.TcpOutSegs - from.sent < MOST_SEGMENTS
    );
  }
  const to = now();
  const result = {
    seed,
    mbps: ((to.arrived - from.arrived) * 8) / (to.time - from.time) / 1000,
    ms: to.time - from.time,
    rto: socket.info().rto,
    events: events(from),
    cpu: 0,
  };
  for (const key of ['sent', 'again', 'timeouts', 'probes', 'lost', 'overflowed']) result[key] = to[key] - from[key];
  const { user, system } = process.cpuUsage(cpu);
  result.cpu = (user + system) / 1e6;
  a.close();
  return result;
}
