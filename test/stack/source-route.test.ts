import { describe, expect, it } from 'vitest';
import { tap } from '../../src/link/index.ts';
import { World } from '../../src/sim/index.ts';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { readU16, writeU16 } from '../../src/wire/bytes.ts';
import { finish, sum } from '../../src/wire/checksum.ts';
import { Ipv4Header, parseIpv4 } from '../../src/wire/ipv4.ts';
import { pattern } from '../helpers/endpoint.ts';
import { drops, World as HandWorld, type Raw } from './hosts.ts';
import { answers, code, drain, echo, forge, see, US } from './tcp-peer.ts';

const ON: PartialConfig = { ip: { sourceRoutes: true } };
const ROUTER: PartialConfig = { ip: { sourceRoutes: true, forwarding: true } };

/** The options of an IPv4 packet: addresses short, the pointer in front. */
function route(packet: Uint8Array): string | null {
  const header = (packet[0]! & 15) << 2;
  if (header === 20) return null;
  const name = packet[21] === 131 ? 'LSRR' : packet[21] === 137 ? 'SSRR' : `option ${packet[21]}`;
  const addresses: string[] = [];
  for (let at = 24; at < 21 + packet[22]!; at += 4) addresses.push([...packet.subarray(at, at + 4)].join('.'));
  return `${name} ${packet[23]} ${addresses.join(' ')}`;
}

interface Line {
  world: World;
  a: Stack;
  b: Stack;
  routers: Stack[];
  /** What a put on its wire, and b on its own: destination and route. */
  fromA: string[];
  fromB: string[];
  sizes: number[];
  problems: string[];
}

/**
 * a - x - y - b in a row, and no routes but those to neighbours' networks: a and b do not reach each other except by
 * routes that name x and y.
 */
function line(config: PartialConfig = ON, routers: PartialConfig = ROUTER): Line {
  const world = new World({ seed: 3 });
  const a = world.host('a', { config });
  const x = world.host('x', { config: routers });
  const y = world.host('y', { config: routers });
  const b = world.host('b', { config });
  const l: Line = { world, a, b, routers: [x, y], fromA: [], fromB: [], sizes: [], problems: [] };
  const watch = (host: Stack, into: string[]) => (link: Parameters<typeof tap>[0], owner: Stack) =>
    owner !== host
      ? link
      : tap(link, world.scheduler, (direction, _time, packet) => {
          if (direction !== 'send') return;
          const bytes = packet.buf.slice(packet.off, packet.off + packet.len);
          l.sizes.push(bytes.length);
          into.push(`${bytes.subarray(16, 20).join('.')} ${route(bytes) ?? ''}`.trim());
          const h = new Ipv4Header();
          if (parseIpv4(bytes, null, 0, bytes.length, h) !== 'ok') l.problems.push('unsound');
        });
  const pair = (n: number): [string[], string[]] => [[`10.0.${n}.1/24`], [`10.0.${n}.2/24`]];
  world.join(a, x, { addresses: pair(1), wrap: watch(a, l.fromA) });
  world.join(x, y, { addresses: pair(2) });
  world.join(y, b, { addresses: pair(3), wrap: watch(b, l.fromB) });
  // Their own answers need a way that no router has: only the route's.
  a.addRoute({ destination: '10.0.2.0/24', via: '10.0.1.2', interface: a.interfaces()[1]! });
  b.addRoute({ destination: '10.0.1.0/24', via: '10.0.3.1', interface: b.interfaces()[1]! });
  return l;
}

const VIA = ['10.0.1.2', '10.0.2.2'];

describe('IPv4 source routes, switched on', () => {
  it('MUST-51, MUST-53: a connection goes by the hosts it names, and the passive side answers by the same ones', () => {
    const l = line();
    echo(l.b, 7);
    const socket = l.a.tcp.connect({ address: '10.0.3.2', port: 7, sourceRoute: VIA });
    l.world.run(100);
    expect(socket.state).toBe('ESTABLISHED');
    socket.write(pattern(5000));
    l.world.run(5000);
    expect(drain(socket)).toEqual(pattern(5000));
    // a's own packets name the second hop and the end; b's the way back by the addresses that x and y had put there.
    expect([...new Set(l.fromA)]).toEqual(['10.0.1.2 LSRR 4 10.0.2.2 10.0.3.2']);
    expect([...new Set(l.fromB)]).toEqual(['10.0.3.1 LSRR 4 10.0.2.1 10.0.1.1']);
    expect(l.problems).toEqual([]);
    socket.end();
    l.world.run(10_000);
    expect(socket.state).toBe('TIME-WAIT');
  });

  it('takes the room of the option from segments', () => {
    const l = line();
    echo(l.b, 7);
    const socket = l.a.tcp.connect({ address: '10.0.3.2', port: 7, sourceRoute: VIA });
    l.world.run(100);
    expect(socket.info().sndMss).toBe(1460 - 12 - 12);
    socket.write(pattern(20_000));
    l.world.run(5000);
    expect(drain(socket)).toEqual(pattern(20_000));
    expect(Math.max(...l.sizes)).toBe(1500);
  });

  it('carries nine addresses and no more; what is no host of IPv4, or too many, is refused', () => {
    const { a } = line();
    const connect = (sourceRoute: unknown, address = '10.0.3.2'): string =>
      code(() => a.tcp.connect({ address, port: 7, sourceRoute: sourceRoute as string[] }).abort());
    expect(connect(new Array(9).fill('10.0.1.2'))).toBe('none');
    for (const bad of [
      [],
      new Array(10).fill('10.0.1.2'),
      ['fd00::1'],
      ['224.0.0.1'],
      ['0.0.0.0'],
      ['x'],
      'x',
      null,
      [5],
    ]) {
      expect(connect(bad), String(bad)).toBe('ERR_INVALID_ARG_VALUE');
    }
    expect(connect(VIA, 'fd00::2')).toBe('ERR_INVALID_ARG_VALUE');
    expect(connect(['203.0.113.1'])).toBe('ENETUNREACH');
  });

  it('is refused by routers where they have it off: the packet is dropped, the sender told', () => {
    const l = line(ON, { ip: { forwarding: true, sourceRoutes: false } });
    echo(l.b, 7);
    l.a.tcp.connect({ address: '10.0.3.2', port: 7, sourceRoute: VIA });
    l.world.run(100);
    expect(l.fromB).toEqual([]);
    const half = line(ON, { ip: { forwarding: false, sourceRoutes: true } });
    half.a.tcp.connect({ address: '10.0.3.2', port: 7, sourceRoute: VIA });
    half.world.run(100);
    expect(drops(half.routers[0]!)['ip-source-route']).toBe(1);
    expect(half.a.mib.IcmpInDestUnreachs).toBe(1);
  });
});

/** A TCP packet of the peer's with options in its IP header. */
function optioned(packet: Uint8Array, ...options: number[]): Uint8Array {
  const padded = options.concat(new Array((4 - (options.length % 4)) % 4).fill(0));
  const out = new Uint8Array(packet.length + padded.length);
  out.set(packet.subarray(0, 20));
  out.set(padded, 20);
  out.set(packet.subarray(20), 20 + padded.length);
  out[0] = 0x40 | ((20 + padded.length) >> 2);
  writeU16(out, 2, out.length);
  writeU16(out, 10, 0);
  writeU16(out, 10, finish(sum(out, null, 0, 20 + padded.length, 0)));
  return out;
}

const R1 = [10, 0, 0, 77];
const R2 = [10, 0, 0, 78];
const complete = (...hops: number[][]): number[] => [1, 131, 3 + 4 * hops.length, 4 + 4 * hops.length, ...hops.flat()];

function victim(config: PartialConfig = ON): { w: HandWorld; a: Stack; raw: Raw } {
  const w = new HandWorld();
  const { a, raw } = w.victim({}, config);
  a.tcp.listen({ port: 80 });
  return { w, a, raw };
}

/** Where the answers went, and by which route. */
function ways(packets: Uint8Array[]): string[] {
  return packets.map((p) => `${p.subarray(16, 20).join('.')} ${route(p) ?? ''}`.trim());
}

describe('a received route', () => {
  /** A connection by R1, R2; the next sequence numbers. */
  function opened(): { w: HandWorld; a: Stack; raw: Raw; socket: TcpSocket; seq: number; ack: number } {
    const { w, a, raw } = victim();
    const listener = a.tcp.listeners.find(US, 80)!;
    const [synAck] = raw.ask(optioned(forge('SYN', { mss: 1460 }), ...complete(R1, R2)));
    const ack = (see(synAck!)!.seq + 1) >>> 0;
    raw.ask(optioned(forge('ACK', { seq: 1001, ack }), ...complete(R1, R2)));
    return { w, a, raw, socket: listener.accept()!, seq: 1001, ack };
  }

  it('MUST-53: is reversed for the SYN,ACK and everything after it', () => {
    const { raw, socket, w } = opened();
    socket.write(pattern(100));
    w.run(0);
    expect(ways(raw.received.splice(0))).toEqual(['10.0.0.78 LSRR 4 10.0.0.77 10.0.0.2']);
    expect(socket.info().sndMss).toBe(1460 - 12);
    expect(socket.remoteAddress).toBe('10.0.0.2');
    socket.abort();
    w.run(0);
    expect(ways(raw.received.splice(0))).toEqual(['10.0.0.78 LSRR 4 10.0.0.77 10.0.0.2']);
  });

  it('leaves out the sender where it recorded itself first', () => {
    const { raw } = victim();
    const out = raw.ask(optioned(forge('SYN'), ...complete([10, 0, 0, 2], R1)));
    expect(ways(out)).toEqual(['10.0.0.77 LSRR 4 10.0.0.2']);
  });

  it('SHLD-24: a later one takes its place, from a segment that the peer may have sent', () => {
    const { raw, socket, w, seq, ack } = opened();
    const say = (at: number, ...hops: number[][]): string[] => {
      raw.ask(optioned(forge('ACK', { seq: at, ack }), ...complete(...hops)));
      socket.write(pattern(10));
      w.run(0);
      return ways(raw.received.splice(0)).slice(-1);
    };
    socket.setNoDelay(true);
    expect(say(seq, R1)).toEqual(['10.0.0.77 LSRR 4 10.0.0.2']);
    expect(say(seq - 5, R2)).toEqual(['10.0.0.77 LSRR 4 10.0.0.2']);
    expect(say(seq + 10_000_000, R2)).toEqual(['10.0.0.77 LSRR 4 10.0.0.2']);
    raw.ask(forge('ACK', { seq, ack }));
    socket.write(pattern(10));
    w.run(0);
    expect(ways(raw.received.splice(0)).slice(-1)).toEqual(['10.0.0.77 LSRR 4 10.0.0.2']);
    expect(say(seq, R2)).toEqual(['10.0.0.78 LSRR 4 10.0.0.2']);
  });

  it('MUST-52: does not change the way of a connection that we opened', () => {
    const { w, a, raw } = victim();
    for (const sourceRoute of [['10.0.0.77'], undefined]) {
      const socket = a.tcp.connect({
        address: '10.0.0.2',
        port: 9,
        ...(sourceRoute === undefined ? {} : { sourceRoute }),
      });
      w.run(0);
      const [syn] = raw.received.splice(0);
      const expected = sourceRoute === undefined ? '10.0.0.2' : '10.0.0.77 LSRR 4 10.0.0.2';
      expect(ways([syn!])).toEqual([expected]);
      const { sport, seq } = seen(syn!);
      const answer = forge('SYN,ACK', { sport: 9, dport: sport, seq: 500, ack: (seq + 1) >>> 0 });
      expect(ways(raw.ask(optioned(answer, ...complete(R2))))).toEqual([expected]);
      expect(socket.state).toBe('ESTABLISHED');
      socket.abort();
      w.run(0);
      raw.received.length = 0;
    }
  });

  it('that lies costs a counter and is dropped', () => {
    const { a, raw } = victim();
    for (const [options, reason] of [
      [[131, 7, 3, ...R1], 'ipv4-option-pointer'],
      [[131, 7, 5, ...R1], 'ipv4-option-pointer'],
      [[131, 7, 12, ...R1], 'ipv4-option-pointer'],
      [[131, 7, 255, ...R1], 'ipv4-option-pointer'],
      [[131, 7, 0, ...R1], 'ipv4-option-pointer'],
      [[131, 2, 4, 0], 'ipv4-option-length'],
      [[131, 6, 8, 0, 0, 0], 'ipv4-option-length'],
      [[131, 40, 4, 0], 'ipv4-option-length'],
      [[131, 0, 4, 0], 'ipv4-option-length'],
      [[1, 1, 1, 131], 'ipv4-option-length'],
      [[7, 0, 4, 0], 'ipv4-option-length'],
      [[131, 7, 8, ...R1, 137, 7, 8, ...R2], 'ipv4-option-twice'],
      [[131, 7, 4, ...R1], 'ip-source-route'],
      [[137, 7, 4, ...R1], 'ip-source-route'],
    ] as const) {
      const before = a.mib.drops[reason];
      const out = raw.ask(optioned(forge('SYN'), ...options));
      expect(
        out.flatMap((p) => see(p) ?? []),
        String(options),
      ).toEqual([]);
      expect(a.mib.drops[reason], String(options)).toBe(before + 1);
    }
  });

  it('without an address, or by addresses of no host, gives no way back', () => {
    for (const options of [[131, 3, 4], complete([224, 0, 0, 1]), complete([0, 0, 0, 0])]) {
      expect(ways(victim().raw.ask(optioned(forge('SYN'), ...options)))).toEqual(['10.0.0.2']);
    }
  });

  it('MAY-10, MAY-11: Record Route and Timestamp are passed over', () => {
    const { raw } = victim();
    expect(ways(raw.ask(optioned(forge('SYN'), 7, 7, 4, 0, 0, 0, 0)))).toEqual(['10.0.0.2']);
    expect(ways(raw.ask(optioned(forge('SYN', { sport: 9 }), 68, 8, 5, 0, 0, 0, 0, 0)))).toEqual(['10.0.0.2']);
    expect(answers(raw, optioned(forge('SYN', { sport: 10 }), 0, 131, 1, 0))).toEqual(['SYN,ACK']); // after the end
  });

  it('is nothing to a host where source routes are off, which is the default', () => {
    const { a, raw } = victim({});
    expect(ways(raw.ask(optioned(forge('SYN'), ...complete(R1, R2))))).toEqual(['10.0.0.2']);
    expect(ways(raw.ask(optioned(forge('SYN', { sport: 9 }), 131, 7, 4, ...R1)))).toEqual(['10.0.0.2']);
    expect(drops(a)).toEqual({});
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 9, sourceRoute: ['10.0.0.77'] }))).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
  });
});

describe('a packet on its way', () => {
  const TO = [10, 0, 0, 88];

  it('goes to the next address, our own in its place, one hop less', () => {
    const { raw } = victim(ROUTER);
    const out = raw.ask(optioned(forge('SYN', { to: US }), 1, 131, 11, 4, ...TO, 10, 9, 9, 9));
    expect(ways(out)).toEqual(['10.0.0.88 LSRR 8 10.0.0.1 10.9.9.9']);
    const h = new Ipv4Header();
    expect(parseIpv4(out[0]!, null, 0, out[0]!.length, h)).toBe('ok');
    expect(h.ttl).toBe(63);
    expect(readU16(out[0]!, 2)).toBe(out[0]!.length);
  });

  it('strictly, only to a neighbour', () => {
    const { a, raw } = victim(ROUTER);
    expect(ways(raw.ask(optioned(forge('SYN'), 1, 137, 7, 4, ...TO)))).toEqual(['10.0.0.88 SSRR 8 10.0.0.1']);
    a.addRoute({ destination: '0.0.0.0/0', via: '10.0.0.99', interface: a.interfaces()[1]! });
    expect(ways(raw.ask(optioned(forge('SYN'), 1, 131, 7, 4, 192, 0, 2, 9)))).toEqual(['192.0.2.9 LSRR 8 10.0.0.1']);
    raw.ask(optioned(forge('SYN'), 1, 137, 7, 4, 192, 0, 2, 9));
    expect(drops(a)).toEqual({ 'ip-source-route': 1 });
  });

  it('does not go to groups, to ourselves, or to nowhere', () => {
    const { a, raw } = victim(ROUTER);
    for (const next of [
      [224, 0, 0, 1],
      [255, 255, 255, 255],
      [10, 0, 0, 1],
      [0, 0, 0, 0],
      [192, 0, 2, 9],
    ]) {
      raw.ask(optioned(forge('SYN'), 1, 131, 7, 4, ...next));
    }
    expect(drops(a)).toEqual({ 'ip-source-route': 5 });
    expect(a.mib.IpForwDatagrams).toBe(0);
  });
});

function seen(packet: Uint8Array): { sport: number; seq: number } {
  const header = (packet[0]! & 15) << 2;
  const view = new DataView(packet.buffer, packet.byteOffset + header);
  return { sport: view.getUint16(0), seq: view.getUint32(4) };
}
