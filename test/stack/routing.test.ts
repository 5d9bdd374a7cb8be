import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CSUM_PARTIAL } from '../../src/link/packet.ts';
import { createPipe } from '../../src/link/pipe.ts';
import type { Interface } from '../../src/stack/interface.ts';
import type { Path } from '../../src/stack/paths.ts';
import { formatRoute } from '../../src/stack/routes.ts';
import { commonPrefix } from '../../src/stack/source.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { Address, formatAddress } from '../../src/wire/address.ts';
import { readU16 } from '../../src/wire/bytes.ts';
import { Segment } from '../../src/wire/tcp.ts';
import { tcpPacket } from '../helpers/wire.ts';
import { address, drops, Raw, World } from './hosts.ts';
import { counting, echoPacket, fragment4, fragment6, icmpPacket, udpPacket } from './packets.ts';

const RUNS = { seed: 20260104, numRuns: 200 } as const;

function path(stack: Stack, remote: string, local: string | null = null): Path {
  const found = stack.ip.pathTo(address(remote), local === null ? null : address(local));
  if (typeof found === 'string') throw new Error(found);
  return found;
}

/** A stack with interfaces on raw peers. */
function star(w: World, stack: Stack, ...addresses: string[][]): Array<{ iface: Interface; raw: Raw }> {
  return addresses.map((list) => {
    const [left, right] = createPipe(w.scheduler, w.pool);
    const iface = stack.addInterface({ link: w.judged(left), addresses: list });
    return { iface, raw: new Raw(w, right) };
  });
}

/** left --- router --- right, the router between MTUs. */
function routed(
  mtus: [number, number] = [1500, 1500],
  medium: 'ip' | 'ethernet' = 'ip',
): { w: World; left: Stack; router: Stack; right: Stack } {
  const w = new World();
  const left = w.stack('left');
  const router = w.stack('router', { ip: { forwarding: true } });
  const right = w.stack('Right');
  const [l, rl] = createPipe(w.scheduler, w.pool, { mtu: mtus[0], medium });
  const [rr, r] = createPipe(w.scheduler, w.pool, { mtu: mtus[1], medium });
  const macs = medium === 'ethernet' ? [1, 2, 3, 4].map((n) => ({ mac: `02:00:00:00:00:0${n}` })) : [{}, {}, {}, {}];
  const li = left.addInterface({ link: w.judged(l), addresses: ['10.1.0.1/24', 'fd01::1/64'], ...macs[0] });
  router.addInterface({ link: w.judged(rl), addresses: ['10.1.0.2/24', 'fd01::2/64'], ...macs[1] });
  router.addInterface({ link: w.judged(rr), addresses: ['10.2.0.2/24', 'fd02::2/64'], ...macs[2] });
  const ri = right.addInterface({ link: w.judged(r), addresses: ['10.2.0.1/24', 'fd02::1/64'], ...macs[3] });
  left.addRoute({ destination: '0.0.0.0/0', via: '10.1.0.2', interface: li });
  left.addRoute({ destination: '::/0', via: 'fd01::2', interface: li });
  right.addRoute({ destination: '0.0.0.0/0', via: '10.2.0.2', interface: ri });
  right.addRoute({ destination: '::/0', via: 'fd02::2', interface: ri });
  return { w, left, router, right };
}

describe('routes', () => {
  it('the longest prefix wins, then the smaller metric, and interfaces that are down do not count', () => {
    const w = new World();
    const a = w.stack('a');
    const [one, two, three] = star(w, a, ['10.0.1.1/24'], ['10.0.2.1/24'], ['10.0.3.1/24']).map((x) => x.iface);
    a.addRoute({ destination: '0.0.0.0/0', via: '10.0.1.2', interface: one! });
    a.addRoute({ destination: '192.0.2.0/24', via: '10.0.2.2', interface: two!, metric: 5 });
    a.addRoute({ destination: '192.0.2.0/24', via: '10.0.3.2', interface: three!, metric: 1 });
    expect(formatAddress(path(a, '192.0.2.9').nextHop)).toBe('10.0.3.2');
    expect(formatAddress(path(a, '198.51.100.1').nextHop)).toBe('10.0.1.2');
    expect(formatAddress(path(a, '10.0.2.77').nextHop)).toBe('10.0.2.77');
    three!.setUp(false);
    expect(formatAddress(path(a, '192.0.2.9').nextHop)).toBe('10.0.2.2');
    three!.setUp(true);
    expect(formatAddress(path(a, '192.0.2.9').nextHop)).toBe('10.0.3.2');
    expect(a.routes().map(formatRoute)).toEqual([
      '192.0.2.0/24 via 10.0.3.2 dev if4 metric 1',
      '192.0.2.0/24 via 10.0.2.2 dev if3 metric 5',
      '0.0.0.0/0 via 10.0.1.2 dev if2 metric 0',
    ]);
    expect(a.removeRoute('192.0.2.0/24', three!)).toBe(1);
    expect(formatAddress(path(a, '192.0.2.9').nextHop)).toBe('10.0.2.2');
    a.removeInterface(two!);
    expect(formatAddress(path(a, '192.0.2.9').nextHop)).toBe('10.0.1.2');
  });

  it('a route may carry less than its interface, and what it carries holds at once', () => {
    const w = new World();
    const a = w.stack('a');
    const [one] = star(w, a, ['10.0.1.1/24', 'fd00::1/64']).map((x) => x.iface);
    const route = { destination: '192.0.2.0/24', via: '10.0.1.2', interface: one! };
    a.addRoute({ ...route, mtu: 900 });
    const known = path(a, '192.0.2.9');
    expect(known.mtu).toBe(900);
    expect(formatRoute(a.routes()[0]!)).toBe('192.0.2.0/24 via 10.0.1.2 dev if2 metric 0 mtu 900');
    a.paths.packetTooBig(known, 700);
    expect(path(a, '192.0.2.9').mtu).toBe(700);
    a.removeRoute(route.destination);
    a.addRoute({ ...route, mtu: 9000 });
    expect(path(a, '192.0.2.9').mtu).toBe(1500); // no more than the interface; what was said of the old route is forgotten
    for (const [destination, mtu] of [
      ['0.0.0.0/0', 67],
      ['::/0', 1279],
      ['0.0.0.0/0', 700.5],
    ] as const) {
      expect(() => a.addRoute({ destination, interface: one!, mtu })).toThrow('mtu');
    }
  });

  it('agrees with a search through all routes', () => {
    const prefix = fc.tuple(fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 24 }));
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), fc.tuple(fc.nat(255), fc.nat(255)), (prefixes, [x, y]) => {
        const w = new World();
        const a = w.stack('a');
        const { iface } = star(w, a, ['192.168.0.1/30'])[0]!;
        const best = new Map<number, string>();
        prefixes.forEach(([p, q, length], i) => {
          const destination = `${p}.${q}.0.0/${length}`;
          try {
            a.addRoute({ destination, via: `10.0.0.${i + 1}`, interface: iface });
          } catch {
            return; // the same network twice
          }
          const mask = (-1 << (32 - length)) >>> 0;
          const net = ((p << 24) | (q << 16)) >>> 0;
          const target = ((x << 24) | (y << 16) | 5) >>> 0;
          if (((net ^ target) & mask) === 0) best.set(length, `10.0.0.${i + 1}`);
        });
        const found = a.routeTable.lookup(address(`${x}.${y}.0.5`), null);
        const expected = best.size === 0 ? null : best.get(Math.max(...best.keys()));
        expect(found === null ? null : formatAddress(found.via!)).toBe(expected);
      }),
      RUNS,
    );
  });

  it('a path that is held learns of changes, and is useless while there is no way', () => {
    const w = new World();
    const a = w.stack('a');
    const [one, two] = star(w, a, ['10.0.1.1/24'], ['10.0.2.1/24']);
    const route = { destination: '192.0.2.0/24' };
    a.addRoute({ ...route, via: '10.0.1.2', interface: one!.iface });
    const held = path(a, '192.0.2.9');
    const socket = a.openUdp();
    socket.bind({ port: 9, address: '10.0.1.1' });
    const send = (): void => socket.send(counting(1), { address: '192.0.2.9', port: 9 });
    send();
    w.run(0);
    expect(one!.raw.count).toBe(1);
    a.removeRoute('192.0.2.0/24');
    expect(send).toThrow('ENETUNREACH');
    a.addRoute({ ...route, via: '10.0.2.2', interface: two!.iface });
    send();
    w.run(0);
    expect(two!.raw.count).toBe(1);
    expect(held.iface).toBe(two!.iface);
    expect(path(a, '192.0.2.9', '10.0.1.1')).toBe(held);
    one!.iface.removeAddress(address('10.0.1.1'));
    expect(a.ip.pathTo(address('192.0.2.9'), address('10.0.1.1'))).toBe('no-route');
  });

  it('remembers a bounded number of paths', () => {
    const w = new World();
    const { a } = w.pair({}, { ip: { maxPaths: 10 } });
    const first = path(a, '10.0.0.2');
    for (let i = 3; i < 250; i++) {
      path(a, `10.0.0.${i}`);
      expect(path(a, '10.0.0.2')).toBe(first); // asked for again and again
      expect(a.paths.size).toBeLessThanOrEqual(10);
    }
    for (let i = 3; i < 20; i++) path(a, `10.0.0.${i}`);
    expect(path(a, '10.0.0.2')).not.toBe(first);
  });
});

describe('source addresses', () => {
  it.each([
    // own address, outgoing interface, scope, longest prefix
    ['10.0.1.9', '10.0.1.1'],
    ['192.0.2.1', '10.0.1.1'],
    ['10.0.1.1', '10.0.1.1'],
    ['127.0.0.1', '127.0.0.1'],
    ['fd01::9', 'fd01::1'],
    ['2001:db8:1::9', '2001:db8:1::1'],
    ['2001:db8:2:3::9', '2001:db8:2::1'],
    ['fe80::9', 'fe80::1'],
    ['ff02::1', 'fe80::1'],
    ['::1', '::1'],
  ])('to %s is %s', (remote, local) => {
    const w = new World();
    const a = w.stack('a');
    const [one] = star(
      w,
      a,
      ['10.0.1.1/24', 'fd01::1/64', '2001:db8:1::1/64', '2001:db8:2::1/48', 'fe80::1/64'],
      ['10.0.2.1/24'],
    );
    a.addRoute({ destination: '0.0.0.0/0', via: '10.0.1.254', interface: one!.iface });
    expect(formatAddress(path(a, remote).local)).toBe(local);
  });

  it('reach as far as the destination is away, though no farther than need be', () => {
    const w = new World();
    const a = w.stack('a');
    const [one] = star(w, a, ['fe80::1/64', '169.254.0.1/16', 'fd01::1/64', '10.0.1.1/24']);
    a.addRoute({ destination: '::/0', via: 'fe80::2', interface: one!.iface });
    a.addRoute({ destination: '0.0.0.0/0', interface: one!.iface });
    expect(formatAddress(path(a, 'fe00::1').local)).toBe('fd01::1');
    expect(formatAddress(path(a, 'ff0e::1').local)).toBe('fd01::1');
    expect(formatAddress(path(a, 'ff02::1').local)).toBe('fe80::1');
    expect(formatAddress(path(a, '168.0.0.1').local)).toBe('10.0.1.1');
    expect(formatAddress(path(a, '169.254.9.9').local)).toBe('169.254.0.1');
  });

  it('an unnumbered interface borrows an address, but no link-local one', () => {
    const w = new World();
    const a = w.stack('a');
    const [, two] = star(w, a, ['10.0.1.1/24', 'fe80::1/64'], []);
    a.addRoute({ destination: '192.0.2.0/24', interface: two!.iface });
    a.addRoute({ destination: '2001:db8::/32', interface: two!.iface });
    expect(formatAddress(path(a, '192.0.2.1').local)).toBe('10.0.1.1');
    expect(a.ip.pathTo(address('2001:db8::1'), null)).toBe('no-source');
  });

  it('a link-local address is ours on its own link only', () => {
    const w = new World();
    const a = w.stack('a');
    const [one, two] = star(w, a, ['fd01::1/64', 'fe80::1/64'], ['fd02::1/64', 'fe80::2/64']);
    expect(one!.raw.ask(echoPacket(address('fe80::9'), address('fe80::1'))).length).toBe(1);
    expect(two!.raw.ask(echoPacket(address('fe80::9'), address('fe80::1')))).toEqual([]);
    expect(two!.raw.ask(echoPacket(address('fd02::9'), address('fd01::1'))).length).toBe(1);
    expect(drops(a)).toEqual({ 'ip-not-for-us': 1 });
  });

  it('must be ours where it is given', () => {
    const w = new World();
    const { a } = w.pair();
    expect(a.ip.pathTo(address('10.0.0.2'), address('10.0.0.3'))).toBe('no-source');
    expect(a.ip.pathTo(address('10.0.0.2'), address('fd00::1'))).toBe('no-source');
    expect(a.ip.pathTo(address('10.0.0.2'), address('127.0.0.1'))).toBe('no-source');
    expect(a.ip.pathTo(address('0.0.0.0'), null)).toBe('no-route');
    expect(path(a, '10.0.0.2', '0.0.0.0').local.w3).toBe(0x0a000001);
  });

  it('commonPrefix counts the leading bits that are the same', () => {
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(word, word, word, fc.nat(127), (x, y, z, bit) => {
        const a = new Address(6, x, y, z, x ^ y);
        const words = [a.w0, a.w1, a.w2, a.w3];
        words[bit >> 5]! ^= 1 << (31 - (bit & 31));
        expect(commonPrefix(a, new Address(6, words[0], words[1], words[2], words[3]))).toBe(bit);
        expect(commonPrefix(a, a)).toBe(128);
      }),
      RUNS,
    );
  });
});

describe('path MTU', () => {
  it('D03: never falls below 552 (IPv4) or 1280 (IPv6), never rises by a message, and ages in ten minutes', () => {
    const w = new World();
    const { a } = w.pair();
    for (const [remote, floor] of [
      ['10.0.0.2', 552],
      ['fd00::2', 1280],
    ] as const) {
      const p = path(a, remote);
      expect(a.paths.packetTooBig(p, 1400)).toBe(true);
      expect(p.mtu).toBe(1400);
      expect(a.paths.packetTooBig(p, 1450)).toBe(false);
      for (const mtu of [0, 1, 41, 68]) a.paths.packetTooBig(p, mtu);
      expect(p.mtu).toBe(floor);
      w.run(599_999);
      path(a, remote);
      expect(p.mtu).toBe(floor);
      w.run(1);
      path(a, remote);
      expect(p.mtu).toBe(1500);
    }
  });

  it('ages on a path that is only held and used', () => {
    const w = new World();
    const { a } = w.pair();
    const p = path(a, '10.0.0.2');
    a.paths.packetTooBig(p, 600);
    w.run(600_000);
    const packet = a.pool.take(40);
    packet.len = 40;
    a.ip.send(packet, p, 253, 0, 0, true);
    expect(p.mtu).toBe(1500);
  });

  it('drops what is too big and may not be fragmented', () => {
    const w = new World();
    const { a } = w.pair();
    for (const remote of ['10.0.0.2', 'fd00::2']) {
      const packet = a.pool.take(1501);
      packet.len = 1501;
      a.ip.send(packet, path(a, remote), 253, 0, 0, true);
    }
    expect(drops(a)).toEqual({ 'ip-too-big': 2 });
    expect([a.mib.IpFragFails, a.mib.Ip6FragFails]).toEqual([1, 1]);
  });

  it('IPv6 learns a narrow hop from packet too big; IPv4 is fragmented on the way', async () => {
    const { w, left, router, right } = routed([1500, 1280]);
    expect((await w.settle(left.ping('fd02::1', { size: 1400 }))).size).toBe(1400);
    expect(path(left, 'fd02::1').mtu).toBe(1280);
    expect(router.mib.Icmp6OutPktTooBigs).toBe(1);
    expect((await w.settle(left.ping('10.2.0.1', { size: 1400 }))).size).toBe(1400);
    expect(router.mib.IpFragOKs).toBe(1);
    expect(right.mib.IpReasmOKs).toBe(1);
    w.judge();
  });
});

describe('forwarding', () => {
  it.each(['ip', 'ethernet'] as const)('carries echoes across a router on %s links, one hop less', async (medium) => {
    const { w, left, router } = routed([1500, 1500], medium);
    expect((await w.settle(left.ping('10.2.0.1'))).ttl).toBe(63);
    expect((await w.settle(left.ping('fd02::1'))).ttl).toBe(63);
    expect([router.mib.IpForwDatagrams, router.mib.Ip6OutForwDatagrams]).toEqual([2, 2]);
    w.judge();
  });

  it('B10: checks the TTL and says time exceeded', async () => {
    const { w, left, router } = routed();
    for (const target of ['10.2.0.1', 'fd02::1']) {
      await expect(w.settle(left.ping(target, { ttl: 1 }))).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
      expect((await w.settle(left.ping(target, { ttl: 2 }))).ttl).toBe(63);
    }
    expect(router.mib.drops['forward-ttl']).toBe(2);
    w.judge();
  });

  it('B10: a loop between two routers ends, and its time exceeded is rate-limited', () => {
    const w = new World();
    const config = { ip: { forwarding: true } };
    const { a, b, ia, ib } = w.pair({}, config, config);
    const [source] = star(w, a, ['10.9.0.1/24']);
    a.addRoute({ destination: '192.0.2.0/24', via: '10.0.0.2', interface: ia });
    b.addRoute({ destination: '192.0.2.0/24', via: '10.0.0.1', interface: ib });
    b.addRoute({ destination: '10.9.0.0/24', via: '10.0.0.1', interface: ib });
    const packet = udpPacket(address('10.9.0.9'), address('192.0.2.1'), 1, 2, counting(4));
    packet[8] = 255;
    packet[10]! -= 191;
    w.log = false;
    for (let i = 0; i < 100; i++) source!.raw.send(fixed(packet));
    w.run(0);
    const hops = a.mib.IpForwDatagrams + b.mib.IpForwDatagrams;
    expect(hops).toBe(100 * 254);
    expect(source!.raw.count).toBeGreaterThan(0);
    expect(source!.raw.count).toBeLessThanOrEqual(10);
    expect(w.scheduler.size).toBeLessThan(3);
  });

  it('does not forward martians, link-local or group addresses', () => {
    const w = new World();
    const a = w.stack('a', { ip: { forwarding: true } });
    const [one, two] = star(w, a, ['10.0.1.1/24', 'fd01::1/64'], ['10.0.2.1/24', 'fd02::1/64']);
    a.addRoute({ destination: '0.0.0.0/0', via: '10.0.2.2', interface: two!.iface });
    a.addRoute({ destination: '::/0', via: 'fd02::2', interface: two!.iface });
    const from = address('10.0.1.2');
    for (const dst of ['169.254.1.1', '240.0.0.1', '224.0.0.5', '255.255.255.255', '127.0.0.1', '10.0.2.255'])
      one!.raw.send(echoPacket(from, address(dst)));
    one!.raw.send(echoPacket(address('169.254.1.1'), address('10.0.2.2')));
    for (const dst of ['fe80::1', 'ff05::1', '::1']) one!.raw.send(echoPacket(address('fd01::2'), address(dst)));
    one!.raw.send(echoPacket(address('fe80::2'), address('fd02::2')));
    w.run(0);
    expect(two!.raw.count).toBe(0);
    expect(one!.raw.count).toBe(0);
    one!.raw.send(echoPacket(from, address('198.51.100.1')));
    w.run(0);
    expect(two!.raw.count).toBe(1);
  });

  it('says that there is no route, or that the host does not answer', async () => {
    const { w, left, router } = routed([1500, 1500], 'ethernet');
    await expect(w.settle(left.ping('192.0.2.1'))).rejects.toMatchObject({ code: 'ENETUNREACH' });
    await expect(w.settle(left.ping('2001:db8::1'))).rejects.toMatchObject({ code: 'ENETUNREACH' });
    await expect(w.settle(left.ping('10.2.0.77'))).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
    await expect(w.settle(left.ping('fd02::77'))).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
    expect(router.mib.NeighbourFailures).toBe(2);
    w.judge();
  });

  it('says fragmentation needed with the MTU of the next link', () => {
    const w = new World();
    const a = w.stack('a', { ip: { forwarding: true } });
    const [one] = star(w, a, ['10.0.1.1/24']);
    const [left, right] = createPipe(w.scheduler, w.pool, { mtu: 1000 });
    a.addInterface({ link: w.judged(left), addresses: ['10.0.2.1/24'] });
    const narrow = new Raw(w, right);
    const packet = udpPacket(address('10.0.1.2'), address('10.0.2.2'), 1, 2, counting(1200));
    packet[6] = 0x40;
    const error = one!.raw.ask(fixed(packet))[0]!;
    expect([error[20], error[21], readU16(error, 26)]).toEqual([3, 4, 1000]);
    expect(narrow.count).toBe(0);
    w.judge();
  });

  it('cuts up super-segments and completes checksums for links that cannot', () => {
    const w = new World();
    const a = w.stack('a', { ip: { forwarding: true } });
    const [in_, out] = star(w, a, ['10.0.1.1/24', 'fd01::1/64'], ['10.0.2.1/24', 'fd02::1/64']);
    for (const [src, dst] of [
      ['10.0.1.2', '10.0.2.2'],
      ['fd01::2', 'fd02::2'],
    ] as const) {
      const segment = new Segment();
      segment.srcPort = 1;
      segment.dstPort = 2;
      segment.flags = 0x10;
      const bytes = tcpPacket(address(src), address(dst), segment, counting(5000));
      const packet = w.pool.take(bytes.length);
      packet.buf.set(bytes, packet.off);
      packet.len = bytes.length;
      packet.checksum = CSUM_PARTIAL;
      packet.segmentSize = 1400;
      out!.raw.received.length = 0;
      a.ip.input(packet, in_!.iface);
      w.run(0);
      const header = src.includes(':') ? 60 : 40;
      expect(out!.raw.received.map((p) => p.length)).toEqual([1400, 1400, 1400, 800].map((n) => n + header));
    }
    w.judge();
  });
});

describe('errors sent by a router', () => {
  it('D06: are never about errors, later fragments or echo replies of an IPv4 kind', () => {
    const w = new World();
    const a = w.stack('a', { ip: { forwarding: true } });
    const [one] = star(w, a, ['10.0.1.1/24', 'fd01::1/64']);
    const from = address('10.0.1.2');
    const to = address('192.0.2.1');
    const from6 = address('fd01::2');
    const to6 = address('2001:db8::1');
    const quote = udpPacket(to, from, 1, 2, counting(8));
    const quote6 = udpPacket(to6, from6, 1, 2, counting(8));
    for (const type of [0, 3, 4, 5, 11, 12, 13])
      expect(one!.raw.ask(icmpPacket(from, to, type, 0, 0, quote))).toEqual([]);
    expect(one!.raw.ask(fragment4(from, to, 17, 1, 8, false, counting(16)))).toEqual([]);
    for (const type of [1, 2, 3, 4, 127, 137])
      expect(one!.raw.ask(icmpPacket(from6, to6, type, 0, 0, quote6))).toEqual([]);
    expect(one!.raw.ask(fragment6(from6, to6, 17, 1, 8, false, counting(16)))).toEqual([]);
    // While what may be answered is.
    expect(one!.raw.ask(echoPacket(from, to)).length).toBe(1);
    expect(one!.raw.ask(fragment4(from, to, 17, 1, 0, true, counting(16))).length).toBe(1);
    expect(one!.raw.ask(echoPacket(from6, to6)).length).toBe(1);
    w.judge();
  });

  it('quote no more than 576 octets make (IPv4) or 1280 (IPv6)', () => {
    const { w, left, router } = routed();
    expect(left.name).toBe('left');
    const iface = router.interfaces()[1]!;
    const big4 = udpPacket(address('10.1.0.1'), address('192.0.2.1'), 1, 2, counting(1400));
    const big6 = udpPacket(address('fd01::1'), address('2001:db8::1'), 1, 2, counting(1400));
    w.lines.length = 0;
    const sizes: number[] = [];
    for (const bytes of [big4, big6]) {
      const packet = w.pool.take(bytes.length);
      packet.buf.set(bytes, packet.off);
      packet.len = bytes.length;
      const before = w.pool.made;
      router.ip.input(packet, iface);
      sizes.push(before);
    }
    w.run(0);
    expect(w.lines.length).toBe(2);
    expect(left.mib.IcmpInDestUnreachs).toBe(1);
    expect(left.mib.Icmp6InDestUnreachs).toBe(1);
    w.judge();
  });

  it('are not believed by hosts they do not concern', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const quote = udpPacket(address('10.0.0.1'), address('10.0.0.2'), 1, 2, counting(8));
    const p = path(a, '10.0.0.2');
    expect(raw.ask(icmpPacket(address('10.0.0.2'), address('10.0.0.1'), 3, 4, 600, quote))).toEqual([]);
    expect(p.mtu).toBe(1500);
  });
});

/** With the IPv4 header checksum made right. */
function fixed(packet: Uint8Array): Uint8Array {
  const copy = packet.slice();
  copy[10] = 0;
  copy[11] = 0;
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += (copy[i]! << 8) | copy[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  copy[10] = (~sum >> 8) & 255;
  copy[11] = ~sum & 255;
  return copy;
}
