import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CSUM_COMPLETE, CSUM_PARTIAL, CSUM_VERIFIED, HEADROOM, type Packet } from '../../src/link/packet.ts';
import { createPipe } from '../../src/link/pipe.ts';
import { segment } from '../../src/link/segment.ts';
import { type Direction, tap } from '../../src/link/tap.ts';
import { complete, tcpSegment } from '../../src/link/transport.ts';
import { type Address, parseAddress } from '../../src/wire/address.ts';
import { readU16, readU32, writeU16 } from '../../src/wire/bytes.ts';
import { fold, pseudoHeader } from '../../src/wire/checksum.ts';
import { PROTO_ICMP, PROTO_UDP } from '../../src/wire/ipv4.ts';
import { add, seq } from '../../src/wire/seq.ts';
import { ACK, CWR, FIN, PSH, parseTcp, Segment, SYN, tcpHeaderLength, URG } from '../../src/wire/tcp.ts';
import { writeUdp } from '../../src/wire/udp.ts';
import { numbered, Recorder, type StrictPool, world } from '../helpers/links.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { frame, ipPacket, RUNS, segments, shown, tcpPacket, u16, V4_A, V4_B, V6_A, V6_B } from '../helpers/wire.ts';

const pairs: fc.Arbitrary<readonly [Address, Address]> = fc.constantFrom([V4_A, V4_B] as const, [V6_A, V6_B] as const);
const media = fc.constantFrom('ip' as const, 'ethernet' as const);

function packetOf(pool: StrictPool, bytes: Uint8Array, off: number = HEADROOM): Packet {
  const packet = pool.take(bytes.length + off - HEADROOM);
  packet.off = off;
  packet.len = bytes.length;
  packet.buf.set(bytes, off);
  return packet;
}

const bytesOf = (packet: Packet): Uint8Array => packet.buf.slice(packet.off, packet.off + packet.len);

/** The packet with its TCP checksum field as CSUM_PARTIAL has it. */
function partial(packet: Packet, src: Address, dst: Address, ip: number, place = 16, protocol = 6): Packet {
  const header = src.family === 4 ? 20 : 40;
  writeU16(
    packet.buf,
    ip + header + place,
    fold(pseudoHeader(src, dst, protocol, packet.len - header - (ip - packet.off))),
  );
  packet.checksum = CSUM_PARTIAL;
  return packet;
}

describe('completing a checksum', () => {
  test('makes of a partial packet what it would have been, in either family and medium, at any offset', () => {
    fc.assert(
      fc.property(
        pairs,
        media,
        segments,
        fc.uint8Array({ maxLength: 99 }),
        fc.integer({ min: 0, max: 9 }),
        ([src, dst], medium, s, text, shift) => {
          const { pool } = world();
          const ip = tcpPacket(src, dst, s, text);
          const expected = medium === 'ip' ? ip : frame(ip);
          const packet = packetOf(pool, expected, HEADROOM + shift);
          partial(packet, src, dst, packet.off + expected.length - ip.length);
          complete(packet, medium);
          expect(bytesOf(packet)).toEqual(expected);
          expect(packet.checksum).toBe(CSUM_COMPLETE);
          expect(checkFrame(bytesOf(packet), medium, { lenient: true })).toEqual([]);
        },
      ),
      RUNS,
    );
  });

  test('a UDP checksum that comes out as 0 is written as 0xffff', () => {
    const { pool } = world();
    const datagram = new Uint8Array(10);
    writeUdp(datagram, 0, 1, 2, 10);
    // Text that makes up for all the rest.
    const first = ipPacket(V6_A, V6_B, PROTO_UDP, datagram);
    datagram.set(first.subarray(46, 48), 8);
    const packet = partial(packetOf(pool, ipPacket(V6_A, V6_B, PROTO_UDP, datagram)), V6_A, V6_B, HEADROOM, 6, 17);
    complete(packet, 'ip');
    expect(readU16(packet.buf, HEADROOM + 46)).toBe(0xffff);
    expect(checkFrame(bytesOf(packet), 'ip')).toEqual([]);
  });

  test('leaves packets alone that are not partial, or not whole transport packets', () => {
    const { pool } = world();
    const s = new Segment();
    const sound = tcpPacket(V4_A, V4_B, s, new Uint8Array(8));
    const damaged = sound.slice();
    damaged[25]! ^= 1;
    for (const kind of [CSUM_COMPLETE, CSUM_VERIFIED]) {
      const packet = packetOf(pool, damaged);
      packet.checksum = kind;
      complete(packet, 'ip');
      expect([bytesOf(packet), packet.checksum]).toEqual([damaged, kind]);
    }
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(60),
      sound.subarray(0, 30),
      ipPacket(V4_A, V4_B, PROTO_ICMP, new Uint8Array(20)),
    ]) {
      const packet = packetOf(pool, bytes);
      packet.checksum = CSUM_PARTIAL;
      complete(packet, 'ip');
      expect(bytesOf(packet)).toEqual(bytes);
      complete(packet, 'ethernet');
    }
  });
});

describe('segmentation in software', () => {
  test('makes sound segments whose text is the whole text, and gives the original back', () => {
    fc.assert(
      fc.property(
        pairs,
        media,
        segments,
        fc.integer({ min: 0, max: 9000 }),
        fc.integer({ min: 1, max: 1460 }),
        u16,
        ([src, dst], medium, s, length, size, id) => {
          const { pool } = world();
          const text = new Uint8Array(length).map((_, i) => i * 7 + (i >> 8));
          if (length / size > 200) return;
          const ip = tcpPacket(src, dst, s, text);
          if (src.family === 4) setId(ip, id);
          const bytes = medium === 'ip' ? ip : frame(ip);
          const packet = partial(packetOf(pool, bytes), src, dst, HEADROOM + bytes.length - ip.length);
          packet.segmentSize = size;
          packet.id = 77;
          const out: Packet[] = [];
          segment(packet, medium, pool, out);
          expect(pool.out).toBe(out.length);
          expect(out.length).toBe(Math.max(1, Math.ceil(length / size)));
          const link = medium === 'ip' ? 0 : 14;
          const joined: number[] = [];
          out.forEach((part, i) => {
            const seen = bytesOf(part);
            expect(checkFrame(seen, medium, { lenient: true })).toEqual([]);
            expect([part.id, part.segmentSize, part.checksum]).toEqual([77, 0, CSUM_COMPLETE]);
            if (src.family === 4) expect(readU16(seen, link + 4)).toBe((id + i) & 0xffff);
            const back = new Segment();
            const at = link + (src.family === 4 ? 20 : 40);
            expect(parseTcp(seen, at, seen.length - at, back)).toBe('ok');
            const last = i === out.length - 1;
            let flags = s.flags;
            if (!last) flags &= ~(FIN | PSH);
            if (i > 0) flags &= ~CWR;
            let urgent = s.urgent;
            if (s.flags & URG && i > 0) {
              urgent = Math.max(0, s.urgent - i * size);
              if (urgent === 0) flags &= ~URG;
            } else if (s.flags & URG && urgent === 0) {
              flags &= ~URG;
            }
            expect(shown(back)).toEqual({ ...shown(s), seq: add(s.seq, i * size), flags, urgent });
            joined.push(...back.data.subarray(back.dataOffset, back.dataOffset + back.dataLength));
          });
          expect(new Uint8Array(joined)).toEqual(text);
        },
      ),
      { ...RUNS, numRuns: 150 },
    );
  });

  test('keeps IPv4 options and IPv6 extension headers in every segment', () => {
    const { pool } = world();
    const s = new Segment();
    Object.assign(s, { srcPort: 1, dstPort: 2, flags: ACK });
    const plain = tcpPacket(V6_A, V6_B, s, new Uint8Array(3000).fill(9));
    const extended = new Uint8Array(plain.length + 8);
    extended.set(plain.subarray(0, 40));
    extended.set([6, 0, 1, 4], 40);
    extended.set(plain.subarray(40), 48);
    writeU16(extended, 4, extended.length - 40);
    extended[6] = 60;
    const packet = packetOf(pool, extended);
    packet.segmentSize = 1400;
    const out: Packet[] = [];
    segment(packet, 'ip', pool, out);
    expect(out.map((part) => part.len)).toEqual([1468, 1468, 268]);
    for (const part of out) expect(checkFrame(bytesOf(part), 'ip')).toEqual([]);
  });

  test('passes other packets through', () => {
    const { pool } = world();
    const s = new Segment();
    const plain = packetOf(pool, tcpPacket(V4_A, V4_B, s, new Uint8Array(100)));
    const garbage = numbered(pool, 5, 200);
    garbage.segmentSize = 50;
    const out: Packet[] = [];
    segment(plain, 'ip', pool, out);
    segment(garbage, 'ip', pool, out);
    expect(out).toEqual([plain, garbage]);
    expect(pool.out).toBe(2);
  });
});

describe('a look at the TCP segment in a packet', () => {
  test('shows what was written, on both media', () => {
    fc.assert(
      fc.property(pairs, media, segments, ([src, dst], medium, s) => {
        const { pool } = world();
        const ip = tcpPacket(src, dst, s, new Uint8Array(5));
        const packet = packetOf(pool, medium === 'ip' ? ip : frame(ip));
        const seen = tcpSegment(packet, medium)!;
        expect(shown(seen)).toEqual(shown(s));
        expect(seen.dataLength).toBe(5);
        expect(seen.dataOffset).toBe(packet.off + packet.len - 5);
      }),
      RUNS,
    );
  });

  test('is null for anything else', () => {
    const { pool } = world();
    const datagram = new Uint8Array(8);
    writeUdp(datagram, 0, 1, 2, 8);
    const sound = tcpPacket(V4_A, V4_B, new Segment());
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(100),
      ipPacket(V4_A, V4_B, PROTO_UDP, datagram),
      sound.subarray(0, 39),
      ipPacket(V4_A, V4_B, 6, new Uint8Array(19)),
    ]) {
      expect(tcpSegment(packetOf(pool, bytes), 'ip')).toBeNull();
      expect(tcpSegment(packetOf(pool, bytes), 'ethernet')).toBeNull();
    }
  });
});

describe('a tap', () => {
  test('shows every packet of both directions with its time, and passes it on', () => {
    const w = world();
    const [inner, far] = createPipe(w.scheduler, w.pool, {
      mtu: 1400,
      offload: { checksum: true, segmentation: 9000 },
    });
    const seen: [Direction, number, number][] = [];
    const link = tap(inner, w.scheduler, (direction, time, packet) => seen.push([direction, time, packet.id]));
    expect([link.mtu, link.medium, link.offload]).toEqual([1400, 'ip', inner.offload]);
    const near = new Recorder(w, link);
    const distant = new Recorder(w, far);
    link.send(numbered(w.pool, 1));
    w.scheduler.runUntil(5);
    far.send(numbered(w.pool, 2));
    w.scheduler.runUntil(6);
    expect(seen).toEqual([
      ['send', 0, 1],
      ['receive', 5, 2],
    ]);
    expect([near.log, distant.log, w.pool.out]).toEqual([[2, 'end'], [1, 'end'], 0]);
    link.close();
    link.send(numbered(w.pool, 3));
    expect(w.pool.out).toBe(0);
  });

  test('shows complete checksums and leaves the packet partial', () => {
    for (const [src, dst] of [
      [V4_A, V4_B],
      [V6_A, V6_B],
    ] as const) {
      const w = world();
      const [inner, far] = createPipe(w.scheduler, w.pool, { offload: { checksum: true, segmentation: 65535 } });
      const shownBytes: Uint8Array[] = [];
      const link = tap(inner, w.scheduler, (_, __, packet) => {
        shownBytes.push(bytesOf(packet));
        expect([packet.checksum, packet.segmentSize]).toEqual([CSUM_COMPLETE, 1400]);
      });
      const received: [Uint8Array, number][] = [];
      far.attach({
        packet: (packet) => {
          received.push([bytesOf(packet), packet.checksum]);
          w.pool.give(packet);
        },
        burstEnd: () => {},
      });
      const s = new Segment();
      Object.assign(s, { srcPort: 1, dstPort: 2, flags: ACK, seq: seq(5) });
      const text = new Uint8Array(65535 - 40 - tcpHeaderLength(s)).fill(7);
      const packet = partial(packetOf(w.pool, tcpPacket(src, dst, s, text)), src, dst, HEADROOM);
      packet.segmentSize = 1400;
      const before = bytesOf(packet);
      link.send(packet);
      w.scheduler.runUntil(0);
      expect(checkFrame(shownBytes[0]!, 'ip')).toEqual([]);
      expect(received[0]![0]).toEqual(before);
      expect(received[0]![1]).toBe(CSUM_PARTIAL);
    }
  });
});

describe('the oracle', () => {
  test('names what is wrong with a segment that no stack should send', () => {
    const s = new Segment();
    Object.assign(s, { srcPort: 1, dstPort: 2, flags: ACK, mss: 1460, urgent: 5 });
    expect(checkFrame(tcpPacket(V4_A, V4_B, s), 'ip')).toEqual([
      'tcp: an urgent pointer without URG',
      'tcp: option 2 without SYN',
    ]);
    Object.assign(s, { flags: SYN | FIN, ack: seq(3), urgent: 0 });
    expect(checkFrame(tcpPacket(V4_A, V4_B, s), 'ip')).toEqual([
      'tcp: two of FIN, SYN and RST',
      'tcp: an acknowledgment number without ACK',
    ]);
    const v6 = tcpPacket(parseAddress('ff02::1')!, V6_B, s);
    expect(checkFrame(v6, 'ip')).toContain('ipv6: multicast source');
    expect(readU32(v6, 0) >>> 28).toBe(6);
  });
});

function setId(ip: Uint8Array, id: number): void {
  writeU16(ip, 4, id);
  writeU16(ip, 10, 0);
  let total = 0;
  for (let i = 0; i < 20; i += 2) total += readU16(ip, i);
  writeU16(ip, 10, 65535 - (total % 65535));
}
