import { describe, expect, it } from 'vitest';
import { tcpSegment } from '../../src/link/transport.ts';
import { World } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';

interface Flow {
  readonly controller: string;
  /** When it connects, ms. */
  readonly at: number;
}

const BUFFER = 1_000_000;
const CHUNK = new Uint8Array(65_536);

/** Octets that each flow brought through one bottleneck from `from` to `to` (ms); the queue holds `queue` packets. */
function share(flows: readonly Flow[], rate: number, rtt: number, queue: number, from: number, to: number): number[] {
  const world = new World({ seed: 5 });
  const a = world.host('a', { tcp: { sendBuffer: BUFFER } });
  const b = world.host('b', { tcp: { receiveBuffer: BUFFER } });
  world.join(a, b, { forth: { rate, delay: rtt / 2, queuePackets: queue }, back: { delay: rtt / 2 } });
  const got = flows.map(() => 0);
  const fill = (socket: TcpSocket): void => {
    while (socket.write(CHUNK) === CHUNK.length);
  };
  for (const [i, { controller, at }] of flows.entries()) {
    const port = 80 + i;
    const onReadable = (socket: TcpSocket): void => {
      got[i]! += socket.readableLength;
      socket.consume(socket.readableLength);
    };
    b.tcp.listen({ port, onConnection: () => {}, handler: { onReadable } });
    world.run(at);
    const options = { congestion: controller };
    a.tcp.connect({ address: '10.0.0.2', port, options, handler: { onConnect: fill, onWritable: fill } });
  }
  world.run(from);
  const before = got.slice();
  world.run(to);
  return got.map((octets, i) => octets - before[i]!);
}

/** Jain's index: 1 when all have the same, 1 / n when one has everything. */
const fairness = (list: readonly number[]): number =>
  list.reduce((a, b) => a + b, 0) ** 2 / (list.length * list.reduce((a, b) => a + b * b, 0));

const used = (list: readonly number[], rate: number, ms: number): number =>
  (list.reduce((a, b) => a + b, 0) * 8000) / ((rate * ms * 1448) / 1500);

describe('two CUBIC flows on one bottleneck', () => {
  it.each([
    ['that begin together', 0, 10e6, 40],
    ['that begin together, on a longer path', 0, 10e6, 100],
    ['of which one begins 5 s later', 5000, 10e6, 40],
    ['of which one begins 20 s later, on a longer path', 20_000, 10e6, 100],
  ])("%s: Jain's index over a minute is 0.95 at least", (_, later, rate, rtt) => {
    const queue = Math.ceil((rate * rtt) / 8000 / 1500);
    const flows = [
      { controller: 'cubic', at: 0 },
      { controller: 'cubic', at: later },
    ];
    const shares = share(flows, rate, rtt, queue, later, later + 60_000);
    expect(fairness(shares)).toBeGreaterThan(0.95);
    expect(used(shares, rate, 60_000)).toBeGreaterThan(0.93);
  });
});

describe('CUBIC beside NewReno', () => {
  it.each([
    [10e6, 10],
    [10e6, 30],
  ])("%d bit/s, %d ms: a path of Reno's kind is shared within a factor of two (RFC 9438 4.3)", (rate, rtt) => {
    const queue = Math.max(20, Math.ceil((rate * rtt) / 8000 / 1500));
    const flows = [
      { controller: 'cubic', at: 0 },
      { controller: 'newreno', at: 0 },
    ];
    const shares = share(flows, rate, rtt, queue, 10_000, 70_000);
    const [cubic, newreno] = shares as [number, number];
    expect(cubic / newreno).toBeGreaterThan(0.5);
    expect(cubic / newreno).toBeLessThan(2);
    expect(used(shares, rate, 60_000)).toBeGreaterThan(0.95);
  });
});

describe('a lost tail', () => {
  // What the probe tells lets one segment go, and what that tells two (RFC 9937): four take a round trip more.
  it.each([
    [1, 3],
    [2, 3],
    [5, 4],
  ])('of %d segments costs a probe and %d round trips, not a time-out', (lost, trips) => {
    const world = new World({ seed: 1 });
    const tcp = { noDelay: true };
    const a = world.host('a', { tcp });
    const b = world.host('b', { tcp });
    const { link } = world.join(a, b, { forth: { delay: 50 }, back: { delay: 50 } });
    let received = 0;
    const onReadable = (socket: TcpSocket): void => {
      received += socket.readableLength;
      socket.consume(socket.readableLength);
    };
    b.tcp.listen({ port: 80, onConnection: () => {}, handler: { onReadable } });
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80 });
    // Round trips are known before the tail is lost.
    for (let i = 0; i < 10; i++) {
      world.run(world.now + 500);
      socket.write(CHUNK, 0, 2 * 1448);
    }
    world.run(world.now + 500);
    const total = 9 * 1448;
    const first = socket.tcb.snd.nxt;
    const isTail = (seq: number): boolean => ((seq - first) | 0) >= total - lost * 1448;
    link.drop((packet, direction) => direction === 'send' && isTail(tcpSegment(packet, 'ip')?.seq ?? first), lost);
    const before = received;
    const { now } = world;
    socket.write(CHUNK, 0, total);
    expect(world.runUntil(() => received - before === total, now + 300 + 100 * trips)).toBe(true);
    world.run(now + 2000);
    const { TcpExtTCPTimeouts, TcpExtTCPLossProbes } = a.tcp.counters;
    expect([TcpExtTCPTimeouts, TcpExtTCPLossProbes]).toEqual([0, 1]);
  });
});
