import { describe, expect, it } from 'vitest';
import { type LinkOptions, type SimLink, simulate } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';

interface Course {
  readonly link: SimLink;
  /** Round-trip times, ms, every 100 ms once the start is over. */
  readonly trips: readonly number[];
  /** Bits a second. */
  readonly rate: number;
}

/** Twenty seconds of one sender that always has more, over 10 Mbit/s and 40 ms there and back. */
function course(queue: LinkOptions['queue'], medium: 'ip' | 'ethernet' = 'ip'): Course {
  const sim = simulate({ seed: 1 });
  const [a, b] = [sim.host('a'), sim.host('b')];
  const link = sim.link(a, b, { latency: 20, medium, forth: { bandwidth: 10e6, queue: queue ?? {} } });
  let received = 0;
  const onReadable = (socket: TcpSocket): void => {
    received += socket.readableLength;
    socket.consume(socket.readableLength);
  };
  b.stack.tcp.listen({ port: 80, onConnection: () => {}, handler: { onReadable } });
  const text = new Uint8Array(65_536);
  const pump = (socket: TcpSocket): void => {
    while (socket.write(text) === text.length);
  };
  const handler = { onConnect: pump, onWritable: pump };
  const socket = a.stack.tcp.connect({ address: b.address, port: 80, handler });
  const trips: number[] = [];
  for (let time = 5000; time < 20_000; time += 100) sim.at(time, () => trips.push(socket.info().rtt));
  sim.run(20_000);
  return { link, trips, rate: (received * 8) / 20 };
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[list.length >> 1]!;
}

describe('the queue before a link of limited bandwidth', () => {
  it('fills and stays full where it drops the tail: the round trip is that of a full queue', () => {
    const { link, trips, rate } = course({ packets: 100 });
    expect(link.counters.forth.overflowed).toBeGreaterThan(0);
    expect(link.counters.forth.thinned).toBe(0);
    // 100 packets of 1500 octets are 120 ms.
    expect(median(trips)).toBeGreaterThan(100);
    expect(rate).toBeGreaterThan(9e6);
  });

  it('stands near its target under CoDel, and the link is still used', () => {
    const { link, trips, rate } = course({ packets: 100, discipline: 'codel' });
    expect(link.counters.forth.thinned).toBeGreaterThan(5);
    expect(link.counters.forth.overflowed).toBe(0);
    expect(median(trips)).toBeLessThan(40 + 2 * 5 + 5);
    expect(rate).toBeGreaterThan(8.5e6);
  });

  it('is as long as the target says', () => {
    const { trips } = course({ packets: 500, discipline: 'codel', target: 40, interval: 200 });
    expect(median(trips)).toBeGreaterThan(60);
    expect(median(trips)).toBeLessThan(110);
  });

  it('counts octets of IP packets on an Ethernet too, and overflows under CoDel as well', () => {
    const { link } = course({ octets: 15_000, discipline: 'codel' }, 'ethernet');
    expect(link.counters.forth.overflowed).toBeGreaterThan(0);
  });

  it('has another discipline from now on when it is set, and loses nothing that waits', () => {
    const sim = simulate({ seed: 1 });
    const [a, b] = [sim.host('a'), sim.host('b')];
    const link = sim.link(a, b, { bandwidth: 8e6 });
    const socket = b.stack.openUdp();
    socket.bind({ port: 9 });
    const order: number[] = [];
    socket.onMessage = ({ data }) => order.push(data[0]!);
    const sender = a.stack.openUdp();
    const send = (from: number): void => {
      for (let n = from; n < from + 5; n++) sender.send(new Uint8Array(972).fill(n), { address: b.address, port: 9 });
    };
    send(0);
    link.set({ queue: { discipline: 'codel' } });
    send(5);
    expect(link.inFlight('forth')).toBe(10);
    link.set({ queue: { discipline: 'tail-drop' } });
    send(10);
    link.set({ bandwidth: Infinity });
    send(15);
    sim.run();
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});
