import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Stack } from '../../src/stack/stack.ts';
import type { Address } from '../../src/wire/address.ts';
import { address, drops, type Raw, World } from './hosts.ts';
import { counting, echoPacket, fragment4, fragment6, pieces, udpPacket } from './packets.ts';

const RUNS = { seed: 20260102, numRuns: 150 } as const;
const US4 = address('10.0.0.1');
const PEER4 = address('10.0.0.2');
const US6 = address('fd00::1');
const PEER6 = address('fd00::2');

interface Bench {
  w: World;
  a: Stack;
  raw: Raw;
  /** Datagrams that arrived at UDP port 9. */
  arrived: Uint8Array[];
}

function bench(config = {}): Bench {
  const w = new World();
  w.log = false;
  const { a, raw } = w.victim({}, config);
  const arrived: Uint8Array[] = [];
  const socket = a.openUdp();
  socket.bind({ port: 9 });
  socket.onMessage = (message): void => {
    arrived.push(message.data);
  };
  return { w, a, raw, arrived };
}

function shuffled<T>(items: readonly T[], order: readonly number[]): T[] {
  return items
    .map((item, i) => [order[i % order.length]! + i / 1000, item] as const)
    .sort((x, y) => x[0] - y[0])
    .map(([, item]) => item);
}

/** Both families by one pen. */
const FAMILIES = [
  { name: 'IPv4', us: US4, peer: PEER4, fragment: fragment4 },
  { name: 'IPv6', us: US6, peer: PEER6, fragment: fragment6 },
] as const;

describe.each(FAMILIES)('reassembly of $name', ({ us, peer, fragment }) => {
  const datagram = (data: Uint8Array): Uint8Array => udpPacket(peer, us, 7, 9, data);
  const payload = (data: Uint8Array): Uint8Array => datagram(data).subarray(us.family === 4 ? 20 : 40);
  const part = (id: number, at: number, more: boolean, bytes: Uint8Array): Uint8Array =>
    fragment(peer, us, 17, id, at, more, bytes);

  it('restores a datagram from pieces in any order, with copies among them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 9, max: 6000 }),
        fc.integer({ min: 3, max: 160 }),
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(1000), { maxLength: 5 }),
        (size, eighths, order, copies) => {
          const { w, a, raw, arrived } = bench();
          const data = counting(size);
          const cut = pieces(datagram(data), eighths * 8, 77);
          const again = copies.map((n) => cut[n % cut.length]!);
          const sent = shuffled([...cut, ...again], order);
          for (const piece of sent) raw.send(piece);
          w.run(0);
          // Copies that come after the whole was there begin a new datagram; they cannot finish one unless it is all there.
          expect(arrived.length).toBeGreaterThanOrEqual(1);
          expect(arrived[0]).toEqual(data);
          expect(a.mib.drops['fragment-overlap']).toBe(0);
        },
      ),
      RUNS,
    );
  });

  it('C03: agrees with a byte map: any overlap drops the datagram and all later pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(20), length: fc.integer({ min: 1, max: 6 }), fill: fc.nat(255) }), {
          minLength: 1,
          maxLength: 8,
        }),
        (spans) => {
          const { w, a, raw, arrived } = bench();
          const data = counting(8 * 27 - 8);
          const whole = payload(data);
          const used = new Uint8Array(27);
          let overlapped = false;
          const seen = new Set<string>();
          for (const { at, length, fill } of spans) {
            const bytes = whole.slice(at * 8, (at + length) * 8);
            if (fill > 200) bytes.fill(fill); // altered
            const key = `${at} ${length} ${bytes}`;
            raw.send(part(5, at * 8, at + length < 27, bytes));
            if (seen.has(key)) continue;
            seen.add(key);
            if (used.subarray(at, at + length).some((x) => x > 0)) overlapped = true;
            used.fill(1, at, at + length);
          }
          w.run(0);
          const allThere = used.every((x) => x > 0);
          if (overlapped) {
            expect(a.mib.drops['fragment-overlap']).toBeGreaterThan(0);
            // Whatever else comes under this id is dropped too.
            for (const piece of pieces(datagram(data), 40, 5)) raw.send(piece);
            w.run(0);
            expect(arrived).toEqual([]);
            expect(a.ip.reassembly.size).toBe(1);
          } else {
            expect(a.mib.drops['fragment-overlap']).toBe(0);
            if (!allThere) expect(arrived).toEqual([]);
          }
        },
      ),
      RUNS,
    );
  });

  it('C03: drops the datagram after an overlap even when all octets come', () => {
    const { w, a, raw, arrived } = bench();
    const bytes = payload(counting(100));
    raw.send(part(1, 0, true, bytes.slice(0, 48)));
    raw.send(part(1, 40, true, bytes.slice(40, 56)));
    raw.send(part(1, 48, false, bytes.slice(48)));
    w.run(0);
    expect(arrived).toEqual([]);
    expect(a.mib.drops['fragment-condemned']).toBe(1);
    w.run(60_000); // the id may be used again
    for (const piece of pieces(datagram(counting(100)), 48, 1)) raw.send(piece);
    w.run(0);
    expect(arrived.length).toBe(1);
  });

  it('C02: survives teardrop: a second piece inside the first, reversed, empty', () => {
    const { w, a, raw, arrived } = bench();
    const bytes = payload(counting(200));
    raw.send(part(1, 0, true, bytes.slice(0, 64)));
    raw.send(part(1, 8, false, bytes.slice(8, 24)));
    raw.send(part(2, 64, false, bytes.slice(64)));
    raw.send(part(2, 0, true, bytes.slice(0, 72)));
    raw.send(part(3, 8, false, new Uint8Array(0)));
    raw.send(part(4, 0, true, new Uint8Array(0)));
    w.run(0);
    expect(arrived).toEqual([]);
    expect(raw.count).toBeLessThanOrEqual(1); // at most the parameter problem that IPv6 asks for
    expect(a.mib.drops['fragment-overlap']).toBeGreaterThan(0);
    expect(a.mib.drops['fragment-empty']).toBe(1);
  });

  it('C07: drops datagrams with two different ends', () => {
    const { w, a, raw, arrived } = bench();
    const bytes = payload(counting(100));
    raw.send(part(1, 48, false, bytes.slice(48)));
    raw.send(part(1, 40, false, bytes.slice(40, 47)));
    raw.send(part(1, 0, true, bytes.slice(0, 40)));
    raw.send(part(2, 0, true, bytes.slice(0, 64)));
    raw.send(part(2, 64, false, bytes.slice(64)));
    raw.send(part(3, 64, true, bytes.slice(64, 104)));
    raw.send(part(3, 32, false, bytes.slice(32, 64)));
    w.run(0);
    expect(arrived.length).toBe(1);
    expect(a.mib.drops['fragment-condemned']).toBe(1);
  });

  it('C01: drops what would end beyond 65535 octets', () => {
    const { w, a, raw, arrived } = bench();
    raw.send(part(1, 65_528, false, counting(us.family === 4 ? 8 : 16)));
    raw.send(part(2, 0, true, payload(counting(1000)).slice(0, 800)));
    for (let at = 800; at < 65_528; at += 1448) raw.send(part(2, at, true, counting(Math.min(1448, 65_528 - at))));
    raw.send(part(2, 65_528, false, counting(7)));
    w.run(0);
    expect(arrived).toEqual([]);
    // IPv4 refuses the last piece at sight; in IPv6 it is the header that makes the whole too long.
    const { drops: reasons } = a.mib;
    expect(reasons['ipv4-fragment-overflow'] + reasons['ipv6-fragment-overflow']).toBe(us.family === 4 ? 3 : 1);
    expect(reasons['fragment-too-long']).toBe(us.family === 4 ? 0 : 47);
    w.run(60_000);
    expect(a.ip.reassembly.used).toBe(0);
  });

  it('C05: keeps below the high mark under a flood, and other traffic passes', async () => {
    const { w, a, raw } = bench();
    raw.keep = false;
    const { highMark, lowMark } = a.config.fragments;
    let most = 0;
    for (let i = 0; i < 20_000; i++) {
      raw.send(part(i & 0xffff, 8 * (i % 40), true, counting(8)));
      if (i % 256 === 255) {
        w.run(0);
        most = Math.max(most, a.ip.reassembly.used);
      }
    }
    w.run(0);
    expect(most).toBeLessThanOrEqual(highMark);
    expect(most).toBeGreaterThan(lowMark - 5000);
    expect(a.mib.drops['fragment-evicted']).toBeGreaterThan(10_000);
    expect(raw.ask(echoPacket(peer, us)).length).toBe(0);
    expect(raw.count).toBe(1);
    w.run(61_000);
    expect(a.ip.reassembly.used).toBe(0);
    expect(a.ip.reassembly.size).toBe(0);
  });

  it('C06: caps the pieces of one datagram', () => {
    const { w, a, raw } = bench();
    for (let i = 4000; i > 0; i--) raw.send(part(1, 8 * (i * 2), true, counting(8)));
    w.run(0);
    expect(a.mib.drops['fragment-too-many']).toBe(a.config.fragments.maxPieces + 1);
    expect(a.ip.reassembly.used).toBeLessThan(1000);
  });

  it('C10: says time exceeded only where fragment 0 came, within the rate limit', () => {
    const { w, a, raw } = bench();
    const bytes = payload(counting(100));
    raw.send(part(1, 0, true, bytes.slice(0, 48)));
    raw.send(part(2, 48, false, bytes.slice(48)));
    w.run(59_999);
    expect(raw.received).toEqual([]);
    w.run(1);
    expect(raw.received.length).toBe(1);
    const reply = raw.received[0]!;
    const at = us.family === 4 ? 20 : 40;
    expect([reply[at], reply[at + 1]]).toEqual(us.family === 4 ? [11, 1] : [3, 1]);
    expect(a.mib.drops['fragment-timeout']).toBe(2);
    raw.received.length = 0;
    for (let i = 0; i < 1000; i++) raw.send(part(i, 0, true, bytes.slice(0, 48)));
    w.run(61_000);
    expect(raw.received.length).toBeGreaterThan(0);
    expect(raw.received.length).toBeLessThanOrEqual(a.config.icmp.errorBurstPerHost);
    w.judge();
  });

  it('keeps small pieces in small buffers', () => {
    const { w, a, raw } = bench();
    const large = w.pool.take(60_000);
    const bytes = part(1, 0, true, counting(64));
    large.buf.set(bytes, large.off);
    large.len = bytes.length;
    a.ip.input(large, a.interfaces()[1]!);
    expect(a.ip.reassembly.used).toBeLessThan(4000);
    expect(raw.count).toBe(0);
  });

  it('keeps ids of different sources and protocols apart', () => {
    const { w, raw, arrived } = bench();
    const data = counting(100);
    const other: Address = address(us.family === 4 ? '10.0.0.3' : 'fd00::3');
    const mine = pieces(datagram(data), 48, 9);
    const theirs = pieces(udpPacket(other, us, 7, 9, counting(90)), 48, 9);
    raw.send(mine[0]!);
    raw.send(theirs[0]!);
    raw.send(theirs[1]!);
    raw.send(theirs[2]!);
    raw.send(mine[2]!);
    raw.send(mine[1]!);
    w.run(0);
    expect(arrived.map((d) => d.length)).toEqual([90, 100]);
  });
});

describe('fragments of IPv6', () => {
  it('C09: an atomic fragment stands alone amid others of its id (RFC 6946)', () => {
    const { w, raw, arrived } = bench();
    const data = counting(100);
    const cut = pieces(udpPacket(PEER6, US6, 7, 9, data), 48, 3);
    raw.send(cut[0]!);
    const atom = udpPacket(PEER6, US6, 7, 9, counting(10)).subarray(40);
    raw.send(fragment6(PEER6, US6, 17, 3, 0, false, atom));
    raw.send(cut[1]!);
    raw.send(cut[2]!);
    w.run(0);
    expect(arrived.map((d) => d.length)).toEqual([10, 100]);
  });

  it('J02: a first fragment without the whole header chain is dropped (RFC 7112)', () => {
    const { w, a, raw } = bench();
    const replies = raw.ask(fragment6(PEER6, US6, 6, 3, 0, true, counting(8)));
    w.run(0);
    expect(a.mib.drops['ipv6-first-fragment-chain']).toBe(1);
    expect(a.ip.reassembly.size).toBe(0);
    expect(replies.map((r) => [r[40], r[41]])).toEqual([[4, 3]]);
    w.judge();
  });

  it('J02: nested fragment headers are dropped', () => {
    const { a, raw } = bench();
    const inner = new Uint8Array(24);
    inner[0] = 17;
    expect(raw.ask(fragment6(PEER6, US6, 44, 3, 0, true, inner))).toEqual([]);
    expect(a.mib.drops['ipv6-nested-fragment']).toBe(1);
  });

  it('a length that is no multiple of 8 is answered with a parameter problem (RFC 8200 4.5)', () => {
    const { w, raw } = bench();
    const replies = raw.ask(fragment6(PEER6, US6, 17, 3, 0, true, counting(13)));
    expect(replies.map((r) => [r[40], r[41], r[47]])).toEqual([[4, 0, 4]]);
    w.judge();
  });
});

describe('fragmentation on the way out', () => {
  it('C08: counts identifications for each destination apart', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const socket = a.openUdp();
    const ids = new Map<number, number[]>();
    for (let i = 0; i < 1000; i++) socket.send(counting(20), { address: `10.0.0.${2 + (i % 10)}`, port: 9 });
    w.run(0);
    for (const packet of raw.received) {
      const dst = packet[19]!;
      const list = ids.get(dst) ?? [];
      list.push((packet[4]! << 8) | packet[5]!);
      ids.set(dst, list);
    }
    expect(ids.size).toBe(10);
    const starts = [...ids.values()].map((list) => list[0]!);
    expect(new Set(starts).size).toBe(10);
    for (const list of ids.values()) {
      // One more each time: nothing that is sent to others shows.
      for (let i = 1; i < list.length; i++) expect((list[i]! - list[i - 1]!) & 0xffff).toBe(1);
    }
    w.judge();
  });

  it('keeps every fragment within the MTU and restores the datagram at the other end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1280, max: 3000 }),
        fc.boolean(),
        (size, mtu, six) => {
          const w = new World();
          w.log = false;
          const { a, b } = w.pair({ mtu });
          const got: Uint8Array[] = [];
          const server = b.openUdp();
          server.bind({ port: 9 });
          server.onMessage = (m): void => {
            got.push(m.data);
          };
          const data = counting(size);
          a.openUdp().send(data, { address: six ? 'fd00::2' : '10.0.0.2', port: 9 });
          w.run(0);
          expect(got).toEqual([data]);
          w.judge();
          expect(drops(b)).toEqual({});
        },
      ),
      { ...RUNS, numRuns: 60 },
    );
  });
});
