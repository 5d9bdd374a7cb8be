import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { Connections, type Found, findTcp, Place } from '../../src/explain/index.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { ipPacket, V4_A, V4_B, V6_A, V6_B } from '../helpers/wire.ts';
import { CLIENT, packet, SERVER, Talk } from './talk.ts';

const ALICE = '2001:db8::1';
const BOB = '2001:db8::2';
const TEXT = { seq: 7, length: 100 };
/** The TCP segment of such packets, without IP. */
const segment4 = packet(CLIENT, SERVER, TEXT).subarray(20);
const segment6 = packet(ALICE, BOB, TEXT).subarray(40);

function find(octets: Uint8Array, wire: number = octets.length): { found: Found; place: Place } {
  const place = new Place();
  return { found: findTcp(octets, 0, octets.length, wire, place), place };
}

/** An extension header of 8 octets, or more. */
function extension(next: number, count: number = 0, ...rest: number[]): Uint8Array {
  const octets = new Uint8Array(8 + 8 * count);
  octets.set([next, count, ...rest]);
  return octets;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('the TCP segment of a packet', () => {
  it('is found in IPv4 and IPv6', () => {
    for (const [src, dst] of [
      [CLIENT, SERVER],
      [ALICE, BOB],
    ] as const) {
      const octets = packet(src, dst, TEXT);
      const { found, place } = find(octets);
      expect(found).toBe('tcp');
      expect([formatAddress(place.src), formatAddress(place.dst)]).toEqual([src, dst]);
      expect([place.length, place.captured, place.offset]).toEqual([120, 120, octets.length - 120]);
    }
  });

  it('is found behind extension headers, whatever these ask of hosts', () => {
    const routing = extension(60, 1, 0, 1);
    const destination = extension(6, 0, 0xc2, 4);
    const { found, place } = find(ipPacket(V6_A, V6_B, 0, joined(extension(43), routing, destination, segment6)));
    expect([found, place.offset, place.length]).toEqual(['tcp', 72, 120]);
  });

  it('is found behind an authentication header and in IP within IP', () => {
    const authentication = joined(Uint8Array.of(6, 4), new Uint8Array(22));
    expect(find(ipPacket(V4_A, V4_B, 51, joined(authentication, segment4))).place.offset).toBe(44);
    const inner = packet(ALICE, BOB, TEXT);
    const { found, place } = find(ipPacket(V4_A, V4_B, 41, inner));
    expect([found, formatAddress(place.src), place.offset]).toEqual(['tcp', ALICE, 60]);
  });

  it('is there in the first fragment, and not in later ones', () => {
    const first = ipPacket(V6_A, V6_B, 44, joined(extension(6, 0, 0, 1), segment6));
    expect(find(first)).toMatchObject({ found: 'tcp', place: { fragment: true } });
    expect(find(ipPacket(V6_A, V6_B, 44, joined(extension(6, 0, 0, 8), segment6))).found).toBe('fragment');
    const atomic = ipPacket(V6_A, V6_B, 44, joined(extension(6), segment6));
    expect(find(atomic)).toMatchObject({ found: 'tcp', place: { fragment: false } });
    const four = packet(CLIENT, SERVER, TEXT);
    four[6] = 0x20;
    expect(find(four)).toMatchObject({ found: 'tcp', place: { fragment: true } });
    four[7] = 1;
    expect(find(four).found).toBe('fragment');
  });

  it('may be as long as the frame where the device makes the segments and the length is 0', () => {
    const octets = packet(CLIENT, SERVER, TEXT);
    octets[2] = 0;
    octets[3] = 0;
    expect(find(octets.subarray(0, 60), 65_000).place).toMatchObject({ length: 64_980, captured: 40 });
  });

  it('is quoted by ICMP errors, and then nobody sent it', () => {
    const error = (type: number, version: 4 | 6): Uint8Array =>
      joined(
        Uint8Array.of(type),
        new Uint8Array(7),
        version === 4 ? packet(CLIENT, SERVER, TEXT) : packet(ALICE, BOB, TEXT),
      );
    expect(find(ipPacket(V4_B, V4_A, 1, error(3, 4)))).toMatchObject({ found: 'tcp', place: { quoted: true } });
    expect(find(ipPacket(V6_B, V6_A, 58, error(1, 6)))).toMatchObject({ found: 'tcp', place: { quoted: true } });
    expect(find(ipPacket(V4_B, V4_A, 1, error(8, 4))).found).toBe('other');
    const talk = new Talk().client({ flags: 2, seq: 7 }).take(ipPacket(V4_B, V4_A, 1, error(3, 4)));
    const [connection] = [...talk.connections];
    expect(connection).toMatchObject({ packets: 1, quoted: 1 });
    expect(talk.told).toHaveLength(1);
    // A stream of its own, as in Wireshark, and no connection that anybody saw.
    const alone = new Talk().take(ipPacket(V4_B, V4_A, 1, error(3, 4))).client({ flags: 2, seq: 1, srcPort: 7 });
    expect([...alone.connections].map(({ stream }) => stream)).toEqual([1]);
    expect(alone.connections.size).toBe(1);
  });

  it('is not in what has none', () => {
    expect(find(ipPacket(V4_A, V4_B, 17, new Uint8Array(20))).found).toBe('other');
    expect(find(new Uint8Array(0)).found).toBe('malformed');
    expect(find(new Uint8Array(40)).found).toBe('malformed');
    expect(find(packet(CLIENT, SERVER, TEXT).subarray(0, 35)).found).toBe('malformed');
    let tower = packet(CLIENT, SERVER, TEXT);
    for (let i = 0; i < 20; i++) tower = ipPacket(V4_A, V4_B, 4, tower);
    expect(find(tower).found).toBe('malformed');
  });
});

describe('hostile captures', () => {
  it('cost counters: every packet is counted once, whatever is in it', () => {
    const random = new SeededRandom(7);
    const connections = new Connections({ maxConnections: 50, onSegment: () => {} });
    const samples = [packet(CLIENT, SERVER, { ...TEXT, mss: 1460, windowScale: 7 }), packet(ALICE, BOB, TEXT)];
    const rounds = 20_000;
    for (let i = 0; i < rounds; i++) {
      const octets = samples[i % 2]!.slice(0, random.uint32() % 160);
      for (let n = random.uint32() % 6; n > 0 && octets.length > 0; n--)
        octets[random.uint32() % octets.length] = random.uint32();
      const length = random.uint32() % 3 === 0 ? random.uint32() : octets.length;
      // As in a piece of a file: others stand before and behind it.
      const buf = Uint8Array.of(1, 2, 3, ...octets, ...samples[0]!);
      const frame = { frame: i + 1, seconds: random.uint32(), nanoseconds: random.uint32(), length };
      connections.take({ ...frame, buf, off: 3, kept: octets.length }, 3);
    }
    const { packets, segments, other, fragments, quoted, malformed, dropped } = connections.counts;
    expect(packets).toBe(rounds);
    expect(segments + other + fragments + quoted + malformed).toBe(rounds);
    for (const count of [segments, other, fragments, malformed, dropped]) expect(count).toBeGreaterThan(0);
    expect(connections.size).toBeLessThanOrEqual(50);
  });

  it('are read where an IP packet is said to begin beyond the frame', () => {
    const connections = new Connections();
    const frame = { frame: 1, seconds: 0, nanoseconds: 0, length: 10, buf: new Uint8Array(10), off: 0, kept: 10 };
    connections.take(frame, 14);
    expect(connections.counts.malformed).toBe(1);
  });
});
