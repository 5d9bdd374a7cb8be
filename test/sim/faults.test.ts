import { describe, expect, it } from 'vitest';
import { tcpSegment } from '../../src/link/index.ts';
import { type SimHost, type SimLink, type Simulation, simulate } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { echo, type Talk, talkTo } from '../helpers/simulated.ts';

interface Pair {
  readonly sim: Simulation;
  readonly a: SimHost;
  readonly b: SimHost;
  readonly link: SimLink;
  readonly events: TraceEvent[];
}

function pair(): Pair {
  const events: TraceEvent[] = [];
  const sim = simulate({ seed: 5, trace: (event) => events.push(event) });
  const [a, b] = [sim.host('a'), sim.host('b')];
  const link = sim.link(a, b, { latency: 10 });
  echo(b);
  return { sim, a, b, link, events };
}

function over(sim: Simulation, talk: Talk): string {
  sim.runUntil(() => talk.over !== null, { goal: 'the conversation is over' });
  return talk.over!;
}

/** The code that an idle connection's `write` leads to in the end. */
function writeAndSee(sim: Simulation, socket: TcpSocket): string {
  let end = '';
  socket.handler = { onClose: (_, error) => (end = error?.code ?? 'ok') };
  socket.write(new Uint8Array(10));
  sim.runUntil(() => end !== '', { goal: 'the connection is over' });
  return end;
}

function connected({ sim, a, b }: Pair): TcpSocket {
  let up = false;
  const handler = { onConnect: () => (up = true) };
  const socket = a.stack.tcp.connect({ address: b.address, port: 7, handler });
  sim.runUntil(() => up, { goal: 'a connection' });
  return socket;
}

describe('a link', () => {
  it('that is down loses what is sent and what arrives, by direction, and is mended', () => {
    const { sim, a, b, link, events } = pair();
    const talk = talkTo(a, b.address, 10);
    sim.run(5);
    link.down('forth'); // the SYN is under way
    sim.run(10);
    expect([link.isDown('forth'), link.isDown('back')]).toEqual([true, false]);
    expect(link.counters.forth).toMatchObject({ offered: 1, delivered: 1, stopped: 1 });
    sim.run(1500); // the SYN was sent again
    expect(link.counters.forth).toMatchObject({ offered: 1, stopped: 2 });
    expect(events.filter((event) => event.type === 'packet-dropped')).toMatchObject([
      { host: 'a-b', time: 10, reason: 'link-down' },
      { host: 'a-b', reason: 'link-down' },
    ]);
    link.up();
    expect(over(sim, talk)).toBe('ok');
  });

  it('has settings of its own for each direction, and others when they are set', async () => {
    const sim = simulate({ seed: 5 });
    const [a, b] = [sim.host('a'), sim.host('b')];
    const link = sim.link(a, b, { latency: 10, forth: { latency: 30 }, back: { loss: 1 } });
    const trip = async (): Promise<number> => {
      const ping = a.stack.ping(b.address, { timeout: 500 });
      sim.run(sim.now + 500);
      return (await ping).time;
    };
    await expect(trip()).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(link.counters.back.lost).toBe(1);
    link.set({ loss: 0 }, 'back');
    expect(await trip()).toBe(40);
    link.set({ latency: 1 });
    expect(await trip()).toBe(2);
  });

  it('refuses settings that make no sense, and changes nothing then', () => {
    const { sim, a, b, link } = pair();
    const refused = (act: () => void, code: string, message: RegExp): void =>
      expect(act).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
    refused(
      () => link.set({ loss: 0.5, latency: -1 }),
      'ERR_OUT_OF_RANGE',
      /^link 'a-b' forth: latency is -1; it must be >= 0 ms$/,
    );
    refused(() => link.set({ latancy: 1 } as never), 'ERR_INVALID_ARG_VALUE', /'a-b'.latancy/);
    refused(() => link.set({ loss: 0.2, mtu: 20 }), 'ERR_OUT_OF_RANGE', /mtu is 20/);
    refused(() => link.down('sideways' as never), 'ERR_INVALID_ARG_VALUE', /direction/);
    expect(over(sim, talkTo(a, b.address, 100_000))).toBe('ok');
    expect(link.counters.forth).toMatchObject({ lost: 0, stopped: 0 });
  });

  it('holds what is sent, and lets it go in the order that is asked for', () => {
    const { sim, a, b, link } = pair();
    const came: number[] = [];
    const socket = b.stack.openUdp();
    socket.bind({ port: 9 });
    socket.onMessage = ({ data }) => came.push(data[0]!);
    const sender = a.stack.openUdp();
    const send = (...all: number[]): void => {
      for (const n of all) sender.send(new Uint8Array([n]), { address: b.address, port: 9 });
    };
    link.hold('forth');
    send(1, 2, 3);
    sim.run(1000);
    expect([came, link.held]).toEqual([[], 3]);
    link.release('reverse');
    sim.run(2000);
    send(4);
    sim.run(3000);
    expect([came, link.held]).toEqual([[3, 2, 1, 4], 0]);
  });

  it('holds one direction, or packets that are chosen; what is dropped by choice is counted', () => {
    const { sim, a, b, link } = pair();
    const hold = link.hold('back', (packet) => (tcpSegment(packet, 'ip')?.dataLength ?? 0) > 0);
    const drop = link.drop((packet) => (tcpSegment(packet, 'ip')?.dataLength ?? 0) > 0, 1, 'forth');
    const talk = talkTo(a, b.address, 10);
    sim.run(5000);
    expect([talk.connected, talk.received, drop.count]).toEqual([true, 0, 1]);
    expect(hold.packets.length).toBeGreaterThan(0);
    link.release();
    expect(over(sim, talk)).toBe('ok');
  });

  it('takes a packet that somebody puts on it', () => {
    const { sim, b, link } = pair();
    const version5 = new Uint8Array(40).fill(0x50);
    link.inject(version5, 'forth');
    sim.run();
    expect(b.stack.mib.drops['ip-version']).toBe(1);
    expect(link.counters.forth.injected).toBe(1);
  });

  it('is a black hole for what is larger than its MTU becomes, and TCP finds that out', () => {
    const both = pair();
    const { sim, a, b, link } = both;
    const socket = connected(both);
    link.set({ mtu: 600 }, 'forth');
    socket.end();
    const talk = talkTo(a, b.address, 20_000);
    expect(over(sim, talk)).toBe('ok');
    expect(talk).toMatchObject({ received: 20_000, intact: true });
    expect(link.counters.forth.stopped).toBeGreaterThan(0);
  });

  it('too narrow for IPv6 has IPv4 alone', () => {
    const sim = simulate({ seed: 5 });
    const [a, b] = [sim.host('a'), sim.host('b')];
    sim.link(a, b, { mtu: 1500, back: { mtu: 576 } });
    expect([a.addresses, b.addresses]).toEqual([['10.0.0.1'], ['10.0.0.2']]);
    echo(b);
    const talk = talkTo(a, '10.0.0.2', 5000);
    expect(over(sim, talk)).toBe('ok');
    expect([talk.socket.info().pmtu, talk.received]).toEqual([1500, 5000]);
  });
});

describe('a host that crashes', () => {
  it('says nothing more, and its peer gives up in the end', () => {
    const both = pair();
    const { sim, b, link } = both;
    const socket = connected(both);
    const before = link.counters;
    b.crash();
    expect(writeAndSee(sim, socket)).toBe('ETIMEDOUT');
    expect([b.isUp, link.counters.back.offered]).toEqual([false, before.back.offered]);
    expect(link.counters.forth.stopped).toBeGreaterThan(3);
  });

  it('knows nothing of its connections after a restart: the peer is reset', () => {
    const both = pair();
    const { sim, a, b } = both;
    const socket = connected(both);
    const [addresses, stack, key] = [b.addresses, b.stack, b.stack.secret];
    b.crash();
    b.restart();
    expect(b.stack).not.toBe(stack);
    expect(b.stack.secret).not.toEqual(key);
    expect([b.addresses, b.incarnation, stack.closed]).toEqual([addresses, 2, true]);
    expect(writeAndSee(sim, socket)).toBe('ECONNRESET');
    echo(b);
    expect(over(sim, talkTo(a, b.address, 100))).toBe('ok');
  });

  it('keeps its routes and its place on an Ethernet', () => {
    const sim = simulate({ seed: 5 });
    const [a, b, r, s] = [sim.host('a'), sim.host('b'), sim.router('r'), sim.switch('s')];
    sim.link(a, s);
    sim.link(s, r);
    sim.link(r, b);
    echo(b);
    expect(over(sim, talkTo(a, b.address, 100))).toBe('ok');
    for (const host of [a, r]) {
      host.crash();
      host.restart();
    }
    for (const address of b.addresses) expect(over(sim, talkTo(a, address, 100))).toBe('ok');
  });

  it('tells who asked to be told, and the trace', () => {
    const { b, events } = pair();
    const told: string[] = [];
    b.onCrash(() => told.push(`crash ${b.isUp}`));
    b.onRestart(() => told.push(`restart ${b.isUp} ${b.stack.closed}`));
    b.crash();
    b.restart();
    expect(told).toEqual(['crash false', 'restart true false']);
    expect(events.filter((event) => event.type === 'note').map((event) => event.text)).toEqual([
      'b crashes',
      'b restarts',
    ]);
  });

  it('cannot crash again before it is restarted, nor be linked, nor restart while it is up', () => {
    const { sim, a, b } = pair();
    const refused = (act: () => void, message: RegExp): void =>
      expect(act).toThrow(expect.objectContaining({ code: 'ERR_SIM_STATE', message: expect.stringMatching(message) }));
    refused(() => b.restart(), /'b' is up/);
    b.crash();
    refused(() => b.crash(), /'b' is down already/);
    refused(() => sim.link(a, b), /'b' is down/);
    refused(() => sim.host('c').address, /'c' has no address/);
  });
});

describe('a partition', () => {
  it('keeps groups from hearing each other, through routers and switches, until it is repaired', () => {
    const sim = simulate({ seed: 6 });
    const hosts = ['a', 'b', 'c', 'd'].map((name) => sim.host(name)) as [SimHost, SimHost, SimHost, SimHost];
    const [a, b, c, d] = hosts;
    const [router, lan] = [sim.router('router'), sim.switch('lan')];
    sim.link(a, router);
    sim.link(lan, router);
    for (const host of [b, c]) sim.link(host, lan);
    sim.link(c, d);
    for (const host of hosts) echo(host);
    const hears = (from: SimHost, to: SimHost): boolean[] => {
      const talks = to.addresses.slice(0, 1).map((address) => talkTo(from, address, 10));
      sim.run(sim.now + 2000);
      return talks.map(({ received }) => received === 10);
    };
    sim.partition([a, b], [c]);
    expect([hears(a, b), hears(a, c), hears(b, c), hears(c, a), hears(d, c)].flat()).toEqual([
      true, // within a group
      false, // behind a router
      false, // at the same switch
      false,
      true, // d is in no group
    ]);
    sim.partition([a], [b, c]);
    expect([hears(a, b), hears(b, c)].flat()).toEqual([false, true]);
    sim.repair();
    expect([hears(a, b), hears(a, c), hears(b, c)].flat()).toEqual([true, true, true]);
  });

  it('cuts what is under way, and TCP goes on where it was', () => {
    const { sim, a, b, link } = pair();
    const talk = talkTo(a, b.address, 200_000);
    sim.run(60);
    expect(talk.received).toBeGreaterThan(0);
    sim.partition([a], [b]);
    const { received } = talk;
    sim.run(5000);
    expect([talk.received, talk.over]).toEqual([received, null]);
    expect(link.counters.forth.stopped).toBeGreaterThan(0);
    sim.repair();
    expect(over(sim, talk)).toBe('ok');
    expect(talk).toMatchObject({ received: 200_000, intact: true });
  });

  it('cannot have somebody on both sides', () => {
    const { sim, a, b } = pair();
    expect(() => sim.partition([a, b], [b])).toThrow(
      expect.objectContaining({ code: 'ERR_SIM_TOPOLOGY', message: "'b' is on both sides of the partition" }),
    );
    expect(() => sim.partition([a], [simulate({ seed: 1 }).host('x')])).toThrow(/'x' belongs to another simulation/);
  });
});
