import { describe, expect, it } from 'vitest';
import { CSUM_COMPLETE, CSUM_PARTIAL, CSUM_VERIFIED, HEADROOM, Packet } from '../../src/link/packet.ts';
import { readVnet, VNET_LENGTH, writeVnet } from '../../src/node/vnet.ts';

const AT = HEADROOM - VNET_LENGTH;

/** A packet with an IP header of `ip` octets, a TCP header of 20 and `text` octets. */
function tcp(family: 4 | 6, text: number, off = HEADROOM, ethernet = 0): Packet {
  const packet = new Packet(66000);
  const ip = off + ethernet;
  const headers = family === 4 ? 20 : 40;
  packet.off = off;
  packet.len = ethernet + headers + 20 + text;
  packet.buf[ip] = family === 4 ? 0x45 : 0x60;
  packet.buf[family === 4 ? ip + 9 : ip + 6] = 6;
  packet.buf[ip + headers + 12] = 5 << 4;
  return packet;
}

const header = (packet: Packet, at: number): number[] => [...packet.buf.subarray(at, at + VNET_LENGTH)];
const u16 = (n: number): [number, number] => [n & 255, n >> 8];

describe('the virtio header on the way out', () => {
  it('is empty for a packet whose checksum is complete', () => {
    const packet = tcp(4, 100);
    packet.buf.fill(0xff, AT, HEADROOM);
    expect(writeVnet(packet.buf, AT, packet, HEADROOM)).toBe('ok');
    expect(header(packet, AT)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('says where a partial checksum is to be completed', () => {
    const packet = tcp(4, 100);
    packet.checksum = CSUM_PARTIAL;
    expect(writeVnet(packet.buf, AT, packet, HEADROOM)).toBe('ok');
    expect(header(packet, AT)).toEqual([1, 0, 0, 0, 0, 0, ...u16(20), ...u16(16)]);
  });

  it('counts from the Ethernet header on a TAP device', () => {
    const packet = tcp(6, 100, 18, 14);
    packet.checksum = CSUM_PARTIAL;
    expect(writeVnet(packet.buf, 8, packet, 32)).toBe('ok');
    expect(header(packet, 8)).toEqual([1, 0, 0, 0, 0, 0, ...u16(54), ...u16(16)]);
  });

  it('describes super-segments of both families', () => {
    for (const [family, type, headers] of [
      [4, 1, 40],
      [6, 4, 60],
    ] as const) {
      const packet = tcp(family, 14600);
      packet.checksum = CSUM_PARTIAL;
      packet.segmentSize = 1460;
      expect(writeVnet(packet.buf, AT, packet, HEADROOM)).toBe('ok');
      const start = headers - 20;
      expect(header(packet, AT)).toEqual([1, type, ...u16(headers), ...u16(1460), ...u16(start), ...u16(16)]);
    }
  });

  it('calls a super-segment of one segment an ordinary packet', () => {
    const packet = tcp(4, 1460);
    packet.checksum = CSUM_PARTIAL;
    packet.segmentSize = 1460;
    expect(writeVnet(packet.buf, AT, packet, HEADROOM)).toBe('ok');
    expect(header(packet, AT).slice(0, 6)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it('refuses what it cannot describe', () => {
    const complete = tcp(4, 14600);
    complete.segmentSize = 1460;
    expect(writeVnet(complete.buf, AT, complete, HEADROOM)).toBe('partial');
    const other = tcp(4, 100);
    other.buf[HEADROOM + 9] = 132;
    other.checksum = CSUM_PARTIAL;
    expect(writeVnet(other.buf, AT, other, HEADROOM)).toBe('transport');
    const short = tcp(4, 0);
    short.len = 30;
    short.checksum = CSUM_PARTIAL;
    expect(writeVnet(short.buf, AT, short, HEADROOM)).toBe('transport');
    const udp = tcp(4, 5000);
    udp.buf[HEADROOM + 9] = 17;
    udp.checksum = CSUM_PARTIAL;
    udp.segmentSize = 1460;
    expect(writeVnet(udp.buf, AT, udp, HEADROOM)).toBe('transport');
  });
});

describe('the virtio header on the way in', () => {
  const read = (...octets: number[]): { reason: string; checksum: number; segmentSize: number } => {
    const packet = new Packet(100);
    packet.buf.set(octets, AT);
    const reason = readVnet(packet.buf, AT, packet);
    return { reason, checksum: packet.checksum, segmentSize: packet.segmentSize };
  };

  it('tells the three kinds of checksum', () => {
    expect(read(0, 0).checksum).toBe(CSUM_COMPLETE);
    expect(read(1, 0).checksum).toBe(CSUM_PARTIAL);
    expect(read(2, 0).checksum).toBe(CSUM_VERIFIED);
    expect(read(3, 0).checksum).toBe(CSUM_PARTIAL);
  });

  it('tells the size of the segments in a super-segment, with or without ECN', () => {
    expect(read(1, 1, 0, 0, ...u16(1448))).toEqual({ reason: 'ok', checksum: CSUM_PARTIAL, segmentSize: 1448 });
    expect(read(1, 4 | 0x80, 0, 0, ...u16(1428))).toEqual({ reason: 'ok', checksum: CSUM_PARTIAL, segmentSize: 1428 });
  });

  it('refuses kinds that were not asked for and segments of no size', () => {
    expect(read(1, 5, 0, 0, ...u16(1448)).reason).toBe('gso');
    expect(read(1, 3, 0, 0, ...u16(1448)).reason).toBe('gso');
    expect(read(1, 1, 0, 0, 0, 0).reason).toBe('gso');
  });
});
