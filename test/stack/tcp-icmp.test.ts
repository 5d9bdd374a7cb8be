import { describe, expect, it } from 'vitest';
import { World as SimWorld, type WireOptions } from '../../src/sim/index.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { type Address, formatAddress } from '../../src/wire/address.ts';
import { pattern } from '../helpers/endpoint.ts';
import { type Raw, World } from './hosts.ts';
import { icmpPacket } from './packets.ts';
import { ask, drain, echo, forge, PEER, PEER6, recorder, see, shake, US, US6 } from './tcp-peer.ts';

/** The forged sender of ICMP errors: some router. */
const FAMILIES = [
  { name: 'IPv4', us: US, peer: PEER },
  { name: 'IPv6', us: US6, peer: PEER6 },
] as const;

/** An ICMP error from the peer about a segment that we are said to have sent. */
function errorAbout(
  us: Address,
  peer: Address,
  type: number,
  codeNumber: number,
  rest: number,
  quoted: { sport: number; dport: number; seq: number },
): Uint8Array {
  const quote = forge('ACK', { from: us, to: peer, ...quoted });
  return icmpPacket(peer, us, type, codeNumber, rest, quote.subarray(0, us.family === 4 ? 28 : 48));
}

function tooBig(
  us: Address,
  peer: Address,
  mtu: number,
  quoted: { sport: number; dport: number; seq: number },
): Uint8Array {
  return us.family === 4 ? errorAbout(us, peer, 3, 4, mtu, quoted) : errorAbout(us, peer, 2, 0, mtu, quoted);
}

interface Opening {
  w: World;
  a: Stack;
  raw: Raw;
  log: string[];
  socket: TcpSocket;
  quoted: { sport: number; dport: number; seq: number };
}

function synSent(us: Address, peer: Address): Opening {
  const w = new World();
  const { a, raw } = w.victim();
  const log: string[] = [];
  const socket = a.tcp.connect({ address: formatAddress(peer), port: 9, handler: recorder(log, 'a') });
  w.run(0);
  const syn = see(raw.received[0]!)!;
  void us;
  return { w, a, raw, log, socket, quoted: { sport: syn.sport, dport: 9, seq: syn.seq } };
}

/** A live connection whose text is in flight. */
function established(us: Address, peer: Address, size = 5000): Opening & { next: { seq: number; ack: number } } {
  const w = new World();
  const { a, raw } = w.victim();
  const log: string[] = [];
  const listener = a.tcp.listen({ port: 80, handler: recorder(log, 'a') });
  const next = shake(raw, { from: peer, to: us, mss: 1460 });
  const socket = listener.accept()!;
  socket.setNoDelay(true);
  raw.received.length = 0;
  socket.write(pattern(size));
  w.run(0);
  log.length = 0;
  return { w, a, raw, log, socket, next, quoted: { sport: 80, dport: 1234, seq: next.ack } };
}

describe('D02: ICMP errors', () => {
  for (const { name, us, peer } of FAMILIES) {
    const hard = us.family === 4 ? [2, 3] : [1, 4];
    const unreachable = us.family === 4 ? 3 : 1;
    const others: [number, number][] =
      us.family === 4
        ? [
            [3, 0],
            [3, 1],
            [3, 5],
            [3, 6],
            [3, 7],
            [3, 8],
            [3, 11],
            [3, 12],
            [11, 0],
            [11, 1],
            [12, 0],
          ]
        : [
            [1, 0],
            [1, 2],
            [1, 3],
            [3, 0],
            [3, 1],
            [4, 0],
          ];

    it(`${name}: a hard one in SYN-SENT ends the attempt; port unreachable reads as a refusal`, () => {
      for (const c of hard) {
        const t = synSent(us, peer);
        t.raw.ask(errorAbout(us, peer, unreachable, c, 0, t.quoted));
        const refused = c === (us.family === 4 ? 3 : 4);
        expect(t.log, `code ${c}`).toEqual([`a close ${refused ? 'ECONNREFUSED' : 'EHOSTUNREACH'}`]);
        expect([t.a.tcp.table.size, t.w.scheduler.size]).toEqual([0, 0]);
      }
    });

    it(`${name}: MUST-56: a soft one ends nothing in SYN-SENT, and names the failure if the attempt fails in the end`, () => {
      for (const [type, c] of others) {
        const t = synSent(us, peer);
        t.raw.ask(errorAbout(us, peer, type, c, 0, t.quoted));
        expect(t.log.length, `${type}/${c}`).toBe(1);
        expect(t.log[0]).toMatch(/^a soft /);
        expect(t.socket.state).toBe('SYN-SENT');
        t.w.run(180_000);
        expect(t.log.at(-1)).toBe('a close ETIMEDOUT');
      }
    });

    it(`${name}: none ends an established connection, whatever its code (RFC 5927 5.2); MUST-47: it is reported`, () => {
      for (const [type, c] of [...others, ...hard.map((h) => [unreachable, h] as [number, number])]) {
        const t = established(us, peer);
        t.raw.ask(errorAbout(us, peer, type, c, 0, t.quoted));
        expect(t.socket.state, `${type}/${c}`).toBe('ESTABLISHED');
        expect(t.log.length).toBe(1);
        expect(t.log[0]).toMatch(/^a soft /);
        t.raw.ask(
          forge('ACK', { from: peer, to: us, seq: t.next.seq, ack: t.next.ack + t.socket.info().unackedBytes }),
        );
        expect(t.socket.writableLength).toBe(0);
        t.w.judge();
      }
    });

    it(`${name}: MUST-54: one that quotes another pair or a sequence number not in flight touches nothing`, () => {
      const t = synSent(us, peer);
      for (const change of [{ seq: t.quoted.seq - 1 }, { seq: t.quoted.seq + 1 }, { sport: 1 }, { dport: 10 }]) {
        const quoted = { ...t.quoted, ...change, seq: (change.seq ?? t.quoted.seq) >>> 0 };
        t.raw.ask(errorAbout(us, peer, unreachable, hard[1]!, 0, quoted));
      }
      expect([t.log, t.socket.state]).toEqual([[], 'SYN-SENT']);
      expect(t.a.tcp.counters.TcpExtOutOfWindowIcmps).toBe(2);

      const live = established(us, peer);
      for (const seq of [live.next.ack - 1, live.next.ack + live.socket.info().unackedBytes, live.next.ack + 2 ** 31]) {
        live.raw.ask(errorAbout(us, peer, unreachable, hard[1]!, 0, { ...live.quoted, seq: seq >>> 0 }));
        live.raw.ask(tooBig(us, peer, 1280, { ...live.quoted, seq: seq >>> 0 }));
      }
      expect(live.log).toEqual([]);
      expect(live.socket.info().pmtu).toBe(1500);
    });
  }

  it("one about a listener, a TIME-WAIT or nothing is nobody's", () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80 });
    raw.ask(errorAbout(US, PEER, 3, 3, 0, { sport: 80, dport: 1234, seq: 0 }));
    const next = shake(raw);
    listener.accept()!.end();
    w.run(0);
    raw.ask(forge('FIN,ACK', { seq: next.seq, ack: next.ack + 1 }));
    expect(a.tcp.timeWaits.size).toBe(1);
    raw.ask(errorAbout(US, PEER, 3, 3, 0, { sport: 80, dport: 1234, seq: next.ack }));
    expect(a.tcp.timeWaits.size).toBe(1);
    raw.ask(forge('SYN', { sport: 99 }));
    expect(listener.halfOpen).toBe(1);
    w.judge();
  });

  it('a hard one does not end a half-open connection of a listener', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80 });
    const [synAck] = ask(raw, forge('SYN'));
    raw.ask(errorAbout(US, PEER, 3, 3, 0, { sport: 80, dport: 1234, seq: synAck!.seq }));
    raw.ask(forge('ACK', { seq: 1001, ack: synAck!.seq + 1 }));
    expect(listener.accept()?.state).toBe('ESTABLISHED');
  });

  it('any does where `errorsEndOpening` is set; one that was opened early is kept for its user, with what it brought', () => {
    const w = new World();
    const { a, raw } = w.victim({}, { tcp: { errorsEndOpening: true, readAfterFailure: true } });
    const listener = a.tcp.listen({ port: 80, fastOpen: true, fastOpenWithoutCookie: true });
    for (const data of ['', 'early']) {
      const [synAck] = ask(raw, forge('SYN', { data }));
      raw.ask(errorAbout(US, PEER, 3, 1, 0, { sport: 80, dport: 1234, seq: synAck!.seq }));
      expect(ask(raw, forge('ACK', { seq: 1006, ack: synAck!.seq + 1 })).map((s) => s.flags)).toEqual(['RST']);
    }
    const socket = listener.accept()!;
    expect([socket.state, new TextDecoder().decode(drain(socket)), listener.accept()]).toEqual([
      'CLOSED',
      'early',
      null,
    ]);
  });

  it('a neighbour that does not answer is a soft error: the SYN is tried until R2', () => {
    const w = new World();
    const { a } = w.victim({ medium: 'ethernet' });
    const log: string[] = [];
    a.tcp.connect({ address: '10.0.0.9', port: 9, handler: recorder(log, 'a') });
    w.run(170_000);
    expect(log[0]).toBe('a soft host-unreachable');
    w.run(10_000);
    expect(log.at(-1)).toBe('a close ETIMEDOUT');
    expect(a.tcp.table.size).toBe(0);
  });
});

describe('D03: packet too big', () => {
  for (const { name, us, peer } of FAMILIES) {
    const floor = us.family === 4 ? 552 : 1280;
    const header = us.family === 4 ? 40 : 60;

    it(`${name}: makes later segments fit, and sends what was outstanding anew at once`, () => {
      const t = established(us, peer);
      const mtu = us.family === 4 ? 1000 : 1300;
      const again = ask(t.raw, tooBig(us, peer, mtu, t.quoted));
      expect(again.length).toBeGreaterThan(0);
      expect(again[0]!.seq).toBe(t.next.ack);
      expect(again.every((s) => s.size <= mtu)).toBe(true);
      expect(t.socket.info()).toMatchObject({ pmtu: mtu, sndMss: mtu - header });
      t.w.judge();
    });

    it(`${name}: is believed down to ${floor} octets and no further, and never makes the path larger`, () => {
      const t = established(us, peer);
      t.raw.ask(tooBig(us, peer, 1400, t.quoted));
      expect(t.socket.info().pmtu).toBe(1400);
      for (const mtu of [1401, 1500, 9000, 65_535]) t.raw.ask(tooBig(us, peer, mtu, t.quoted));
      expect(t.socket.info().pmtu).toBe(1400);
      for (const mtu of [floor - 1, 296, 68, 67, 1, 0]) {
        const quoted = { ...t.quoted };
        t.raw.ask(tooBig(us, peer, mtu, quoted));
        expect(t.socket.info().pmtu).toBeGreaterThanOrEqual(floor);
      }
      expect(t.socket.info().pmtu).toBe(floor);
      t.w.judge();
    });
  }

  it('sends nothing anew on a connection whose flight fits as it is', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80 });
    const large = shake(raw, { sport: 1, mss: 1460 });
    const small = shake(raw, { sport: 2, mss: 1460 });
    listener.accept()!.write(pattern(2920));
    const chat = listener.accept()!;
    chat.setNoDelay(true);
    for (let i = 0; i < 2; i++) chat.write(pattern(100));
    w.run(0);
    raw.received.length = 0;
    const out = ask(raw, tooBig(US, PEER, 1000, { sport: 80, dport: 1, seq: large.ack }));
    expect([...new Set(out.map((s) => s.dport))]).toEqual([1]);
    // The other one hears of the MTU with its next event, and goes on.
    expect(ask(raw, forge('ACK', { sport: 2, seq: small.seq, ack: small.ack + 100 }))).toEqual([]);
    w.judge();
  });

  it('holds for ten minutes, then the larger size is tried again', () => {
    const t = established(US, PEER);
    t.raw.ask(tooBig(US, PEER, 600, t.quoted));
    t.raw.ask(forge('ACK', { seq: t.next.seq, ack: t.next.ack + t.socket.info().unackedBytes }));
    expect(t.socket.info().pmtu).toBe(600);
    t.w.run(600_000);
    t.socket.write(pattern(10));
    t.w.run(0);
    t.socket.write(pattern(10));
    expect(t.socket.info().pmtu).toBe(1500);
  });
});

/** As `toEqual`, and quick. */
function same(got: Uint8Array, wanted: Uint8Array): void {
  expect(got.length).toBe(wanted.length);
  expect(Buffer.from(got).equals(wanted)).toBe(true);
}

interface Routed {
  world: SimWorld;
  a: Stack;
  b: Stack;
  routers: readonly [Stack, Stack];
}

/** a, two routers, b: the wire between the routers is the narrow one, and nobody else knows. */
function routed(mtu: number, options: Partial<WireOptions> = {}, near: Partial<WireOptions> = {}): Routed {
  const world = new SimWorld({ seed: 5 });
  const a = world.host('a');
  const b = world.host('b');
  const router = (name: string): Stack => world.host(name, { config: { ip: { forwarding: true } } });
  const [left, right] = [router('left'), router('right')];
  const pair = (n: number, wide: boolean): [string[], string[]] => {
    const ends = [1, 2].map((host) => [`10.0.${n}.${host}/24`, ...(wide ? [`fd0${n}::${host}/64`] : [])]);
    return [ends[0]!, ends[1]!];
  };
  const six = mtu >= 1280;
  world.join(a, left, { addresses: pair(1, true), ...near });
  world.join(left, right, { addresses: pair(2, six), mtu, ...options });
  world.join(right, b, { addresses: pair(3, true) });
  const route = (host: Stack, destination: string, via: string, at: number): void => {
    host.addRoute({ destination, via, interface: host.interfaces()[at]! });
  };
  route(a, '0.0.0.0/0', '10.0.1.2', 1);
  route(b, '0.0.0.0/0', '10.0.3.1', 1);
  route(left, '10.0.3.0/24', '10.0.2.2', 2);
  route(right, '10.0.1.0/24', '10.0.2.1', 1);
  route(a, '::/0', 'fd01::2', 1);
  route(b, '::/0', 'fd03::1', 1);
  if (six) {
    route(left, 'fd03::/64', 'fd02::2', 2);
    route(right, 'fd01::/64', 'fd02::1', 1);
  }
  return { world, a, b, routers: [left, right] };
}

/** Sends `size` octets to b's echo service and back. */
function bulk(t: Routed, to: string, size: number, port: number = 7): { socket: TcpSocket; done: () => boolean } {
  const data = pattern(size);
  const got: Uint8Array[] = [];
  let sent = 0;
  let over = false;
  const write = (s: TcpSocket): void => {
    if (sent === size) return;
    sent += s.write(data, sent);
    if (sent === size) s.end();
  };
  const socket = t.a.tcp.connect({
    address: to,
    port,
    handler: {
      onConnect: write,
      onWritable: write,
      onReadable: (s) => {
        got.push(drain(s));
      },
      onClose: (_, error) => {
        expect(error).toBeNull();
        expect(Buffer.concat(got).equals(data)).toBe(true);
        over = true;
      },
    },
  });
  return { socket, done: () => over };
}

describe('path MTU discovery through routers', () => {
  for (const [mtu, to] of [
    [1400, '10.0.3.2'],
    [1400, 'fd03::2'],
    [1280, 'fd03::2'],
    [600, '10.0.3.2'],
    [552, '10.0.3.2'],
  ] as const) {
    it(`256 KiB to ${to} and back pass an MTU of ${mtu}, without a time-out`, () => {
      const t = routed(mtu, { forth: { delay: 5 }, back: { delay: 5 } });
      echo(t.b, 7);
      const one = bulk(t, to, 256 * 1024);
      expect(t.world.runUntil(one.done, 60_000)).toBe(true);
      expect(t.world.now).toBeLessThan(3000);
      expect(t.a.tcp.counters.TcpExtTCPTimeouts + t.b.tcp.counters.TcpExtTCPTimeouts).toBe(0);
      expect(t.a.mib.IpFragCreates + t.routers[0].mib.IpFragCreates).toBe(0);
      // The next connection knows already.
      const before = t.routers[0].mib.drops['forward-too-big'];
      expect(before).toBeGreaterThan(0);
      const two = bulk(t, to, 64 * 1024);
      expect(t.world.runUntil(two.done, 60_000)).toBe(true);
      expect(t.routers[0].mib.drops['forward-too-big']).toBe(before);
      expect(two.socket.info().pmtu).toBe(mtu);
    });
  }

  it('an MTU of 296, less than is believed, is passed all the same: what is sent at the floor may be fragmented', () => {
    const t = routed(296);
    echo(t.b, 7);
    const one = bulk(t, '10.0.3.2', 64 * 1024);
    expect(t.world.runUntil(one.done, 60_000)).toBe(true);
    expect(one.socket.info().pmtu).toBe(552);
  });

  it('a probe of a larger size that a router is too small for fails at once, and the next is of the size it names', () => {
    for (const sack of [true, false]) {
      const delay = { forth: { delay: 5 }, back: { delay: 5 } };
      const t = routed(1300, delay, delay);
      t.a.tcp.defaults = { ...t.a.tcp.defaults, mtuProbing: 'always', sack };
      echo(t.b, 7);
      const one = bulk(t, '10.0.3.2', 512 * 1024);
      expect(t.world.runUntil(one.done, 60_000)).toBe(true);
      expect(one.socket.info()).toMatchObject({ pmtu: 1300, sndMss: 1248 });
      const { counters } = t.a.tcp;
      expect([counters.TcpExtTCPMTUPFail, counters.TcpExtTCPMTUPSuccess]).toEqual([1, 1]);
      expect([counters.TcpExtTCPTimeouts, counters.TcpFastRetransmits]).toEqual([0, 0]);
      expect(t.routers[0].mib.drops['forward-too-big']).toBe(1);
      expect(one.socket.info().totalRetrans).toBe(2);
    }
  });

  it('all connections on a path follow the first, each as soon as it has something to say', () => {
    const t = routed(1300);
    echo(t.b, 7);
    const sockets = Array.from({ length: 5 }, () => t.a.tcp.connect({ address: '10.0.3.2', port: 7 }));
    t.world.run(1000);
    sockets[0]!.write(pattern(20_000));
    t.world.run(2000);
    const drops = t.routers[0].mib.drops['forward-too-big'];
    for (const socket of sockets.slice(1)) socket.write(pattern(20_000));
    t.world.run(2100);
    expect(t.routers[0].mib.drops['forward-too-big']).toBe(drops);
    for (const socket of sockets) {
      expect(socket.info().pmtu).toBe(1300);
      same(drain(socket), pattern(20_000));
    }
    expect(t.a.mib.drops['ip-too-big']).toBe(0);
  });

  it('a connection that has segments in flight when another learns of the MTU loses no more than those', () => {
    const t = routed(1300, { forth: { delay: 20 }, back: { delay: 20 } });
    echo(t.b, 7);
    const sockets = Array.from({ length: 5 }, () => t.a.tcp.connect({ address: '10.0.3.2', port: 7 }));
    t.world.run(1000);
    for (const socket of sockets) socket.write(pattern(200_000));
    t.world.run(20_000);
    for (const socket of sockets) same(drain(socket), pattern(200_000));
    expect(t.a.mib.drops['ip-too-big']).toBe(0);
  });

  it('a larger path MTU later on does not strand a connection whose congestion window is a small segment', () => {
    const t = routed(600, { forth: { delay: 20 }, back: { delay: 20 } });
    echo(t.b, 7);
    const one = t.a.tcp.connect({ address: '10.0.3.2', port: 7 });
    t.world.run(1000);
    one.write(pattern(20_000));
    t.world.run(5000);
    drain(one);
    // A lost segment, so that the window is that of one small segment.
    const iface = t.a.interfaces()[1]!;
    iface.setUp(false);
    one.write(pattern(10));
    t.world.run(6000); // a probe alone would mend it
    iface.setUp(true);
    t.world.run(20_000);
    drain(one);
    expect(one.info().sndCwnd).toBeLessThan(1460);
    t.world.run(700_000);
    one.write(pattern(20_000));
    t.world.run(760_000);
    same(drain(one), pattern(20_000));
  });
});
