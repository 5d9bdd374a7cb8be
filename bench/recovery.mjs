/**
 * Owns: what mending a large window costs (the SACK panic class): two hosts and a window of many segments of which every
 * second is lost, and a peer that acknowledges in the order that is worst for us. In virtual time; what is measured is the
 * processor's time for a segment, against a window that arrives whole.
 */

import { BufferPool } from '../dist/base/index.js';
import { World } from '../dist/sim/index.js';
import { Acknowledgment, createTcpCounters, defaultTcpConfig, defaultTcpOptions, Endpoint } from '../dist/tcp/index.js';
import { ACK, parseAddress, Segment, SYN, seq } from '../dist/wire/index.js';

/** Octets of text of a segment, and of its packet. */
const MSS = 500;
const PACKET = MSS + 52;
const BUFFER = 128 * 1024 * 1024;

/** A window that is always open: what is measured is recovery, not growth. */
const open = {
  name: 'open',
  start(cc) {
    cc.cwnd = BUFFER;
  },
  acknowledged() {},
  restarted(cc) {
    cc.cwnd = BUFFER;
  },
  congested(cc) {
    cc.ssthresh = BUFFER;
  },
  timedOut(cc) {
    cc.cwnd = BUFFER;
  },
};

const tcp = { congestion: 'open', receiveBuffer: BUFFER, sendBuffer: BUFFER, maxSegment: MSS + 12 };

/** One window of `count` segments from host to host. @returns ms of processor time, from the first to the last octet acknowledged */
function transfer(count, lossy) {
  const world = new World({ seed: 1 });
  const a = world.host('a', { tcp, controllers: { open } });
  const b = world.host('b', { tcp, controllers: { open } });
  const wire = world.join(a, b, {
    // The last segment leaves before the first ACK comes.
    forth: { delay: 500, rate: count * PACKET * 16, queuePackets: 2 * count },
    back: { delay: 500 },
  });
  // Of the first copies every second one is lost.
  const seen = new Uint8Array(count);
  let first = -1;
  const lost = ({ buf, off, len }) => {
    if (len !== PACKET) return false;
    const number = new DataView(buf.buffer, buf.byteOffset + off + 24).getUint32(0);
    if (first < 0) first = number;
    const index = ((number - first) >>> 0) / MSS;
    return seen[index]++ === 0 && index % 2 === 0;
  };
  if (lossy) wire.link.drop(lost);
  let received = 0;
  const scratch = new Uint8Array(1 << 20);
  const onReadable = (socket) => {
    for (let n = socket.read(scratch); n > 0; n = socket.read(scratch)) received += n;
  };
  b.tcp.listen({ port: 9, onConnection: (socket) => (socket.handler = { onReadable }) });
  const socket = a.tcp.connect({ address: '10.0.0.2', port: 9 });
  world.run(2000);
  const began = process.cpuUsage();
  const chunk = new Uint8Array(MSS * 1000);
  for (let i = 0; i < count; i += 1000)
    if (socket.write(chunk) !== chunk.length) throw new Error('the send buffer is full');
  if (!world.runUntil(() => received === count * MSS && socket.info().unacked === 0, 600_000))
    throw new Error('it does not arrive');
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

/** The orders in which a hostile peer reports every second segment of a window. */
const ORDERS = {
  'from the end': (i, n) => n - 1 - i,
  'from both ends': (i, n) => (i % 2 === 0 ? i >> 1 : n - 1 - (i >> 1)),
  scattered: (i, n) => (i * 7919) % n,
};

/** A peer that reports every second segment by itself, four a time, in the given order. @returns ms of processor time */
function reported(count, order) {
  const ends = { local: parseAddress('192.0.2.1'), localPort: 80, remote: parseAddress('192.0.2.2'), remotePort: 9 };
  const env = {
    name: 'bench',
    config: defaultTcpConfig,
    counters: createTcpCounters(),
    buffers: new BufferPool(),
    outbox: { segment() {} },
    controllers: { open },
    acknowledgment: new Acknowledgment(),
    out: new Segment(),
    boards: [],
    trace: null,
    initialSequence: () => seq(0),
    timestampOffset: () => seq(0),
    describe: () => ({}),
  };
  const endpoint = new Endpoint(env, ends, { ...defaultTcpOptions, ...tcp, timestamps: false });
  let now = 1000;
  endpoint.open('passive', now);
  const segment = new Segment();
  Object.assign(segment, { flags: SYN, mss: MSS, windowScale: 14, sackPermitted: true, window: 65_535 });
  endpoint.arrive(segment, now);
  const ack = () => Object.assign(segment.clear(), { flags: ACK, seq: seq(1), ack: seq(1), window: 65_535 });
  now += 50;
  endpoint.arrive(ack(), now);
  const chunk = new Uint8Array(MSS * 1000);
  for (let i = 0; i < count; i += 1000) endpoint.send(chunk, false, now);
  const half = count / 2;
  now += 50;
  const began = process.cpuUsage();
  for (let i = 0; i < half; i += 4) {
    ack();
    for (let j = 0; j < 4; j++) {
      const start = 1 + (2 * order(i + j, half) + 1) * MSS;
      segment.sack[2 * j] = seq(start);
      segment.sack[2 * j + 1] = seq(start + MSS);
    }
    segment.sackCount = 4;
    now += 0.001;
    endpoint.arrive(segment, now);
  }
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

const WARM_UP = 10_000;

/** @returns cost: µs for a segment; total: ms */
export function window(_seconds, { count, lossy }) {
  transfer(WARM_UP, lossy);
  const total = transfer(count, lossy);
  return { cost: (total / count) * 1000, total };
}

/** The worst of the orders. @returns cost: µs for a segment */
export function reports(_seconds, { count }) {
  const totals = Object.values(ORDERS).map((order) => {
    reported(WARM_UP, order);
    return reported(count, order);
  });
  return { cost: (Math.max(...totals) / count) * 1000 };
}
