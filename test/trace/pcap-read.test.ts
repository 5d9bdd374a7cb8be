import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaptureError, ipPacketOf, readCapture } from '../../src/trace/pcap-read.ts';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW, PcapngWriter } from '../../src/trace/pcapng.ts';
import { RUNS } from '../helpers/wire.ts';

const PACKET = Uint8Array.of(0x45, 0, 0, 20, 1, 2, 3, 4, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0xff);

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Numbers of 32 bits (16 where given so) in a byte order. */
function words(little: boolean, ...numbers: readonly (number | readonly [number])[]): Uint8Array {
  return joined(
    ...numbers.map((number) => {
      const [value, size] = typeof number === 'number' ? [number, 4] : [number[0], 2];
      const octets = new Uint8Array(size);
      const view = new DataView(octets.buffer);
      if (size === 4) view.setUint32(0, value, little);
      else view.setUint16(0, value, little);
      return octets;
    }),
  );
}

function padded(octets: Uint8Array): Uint8Array {
  return joined(octets, new Uint8Array(-octets.length & 3));
}

/** A block of pcapng. */
function block(little: boolean, type: number, body: Uint8Array): Uint8Array {
  const total = body.length + 12;
  return joined(words(little, type, total), body, words(little, total));
}

const section = (little: boolean): Uint8Array =>
  block(little, 0x0a0d0d0a, words(little, 0x1a2b3c4d, [1], [0], 0xffffffff, 0xffffffff));

describe('pcap', () => {
  test.each([
    ['little-endian, microseconds', true, 0xa1b2c3d4, 250_000],
    ['big-endian, microseconds', false, 0xa1b2c3d4, 250_000],
    ['little-endian, nanoseconds', true, 0xa1b23c4d, 250_000_000],
    ['big-endian, nanoseconds', false, 0xa1b23c4d, 250_000_000],
  ])('%s', (_name, little, magic, fraction) => {
    const header = words(little, magic, [2], [4], 0, 0, 65_535, LINKTYPE_RAW);
    const packet = joined(words(little, 1_700_000_000, fraction, PACKET.length, 1500), PACKET);
    const expected = { time: 1_700_000_000_250, linkType: LINKTYPE_RAW, octets: PACKET, length: 1500 };
    expect(readCapture(joined(header, packet, packet))).toEqual([expected, expected]);
  });
});

describe('pcapng', () => {
  test('what the writer writes is read', () => {
    const writer = new PcapngWriter();
    const capture = joined(
      writer.header(),
      writer.interface({ linkType: LINKTYPE_RAW, name: 'tun0' }),
      writer.interface({ linkType: LINKTYPE_ETHERNET, snapLength: 10 }),
      writer.packet(0, 1_700_000_000_000.125, PACKET, 0, PACKET.length, { direction: 'inbound' }),
      writer.packet(1, 5.001, PACKET, 0, PACKET.length),
    );
    expect(readCapture(capture)).toEqual([
      { time: 1_700_000_000_000.125, linkType: LINKTYPE_RAW, octets: PACKET, length: PACKET.length },
      { time: 5.001, linkType: LINKTYPE_ETHERNET, octets: PACKET.subarray(0, 10), length: PACKET.length },
    ]);
  });

  test.each([true, false])('clocks have a resolution and an offset (little-endian: %s)', (little) => {
    const clock = (resolution: number, offset: number): Uint8Array =>
      block(
        little,
        1,
        joined(
          words(little, [LINKTYPE_RAW], [0], 0, [9], [1]),
          Uint8Array.of(resolution, 0, 0, 0),
          words(little, [14], [8], little ? offset : 0, little ? 0 : offset, [0], [0]),
        ),
      );
    const packet = (number: number, stamp: number): Uint8Array =>
      block(little, 6, joined(words(little, number, 0, stamp, PACKET.length, 99), padded(PACKET)));
    const capture = joined(
      section(little),
      clock(3, 0),
      clock(0x80 | 10, 7),
      packet(0, 1500),
      packet(1, 512),
      section(!little),
    );
    expect(readCapture(capture).map(({ time }) => time)).toEqual([1500, 7500]);
  });

  test('a simple packet comes with the one before', () => {
    const capture = joined(
      section(true),
      block(true, 1, words(true, [LINKTYPE_RAW], [0], 0)),
      block(true, 3, joined(words(true, PACKET.length), padded(PACKET))),
    );
    expect(readCapture(capture)).toEqual([{ time: 0, linkType: LINKTYPE_RAW, octets: PACKET, length: PACKET.length }]);
  });
});

describe('what is no capture', () => {
  test.each([
    ['nothing', new Uint8Array(0), 'less than four octets'],
    ['text', Uint8Array.from([...'hello, world']).fill(104), 'neither pcap nor pcapng'],
    ['a file header cut short', words(true, 0xa1b2c3d4, 1), 'the file header is cut short'],
    ['a packet cut short', words(true, 0xa1b2c3d4, 0, 0, 0, 0, 101, 1, 1, 9999, 9999), 'a packet is cut short'],
    ['a block without end', words(true, 0x0a0d0d0a, 9996, 0x1a2b3c4d), 'a block has no such length'],
    ['a section of no byte order', words(true, 0x0a0d0d0a, 12, 12), 'no byte-order magic'],
    ['a packet of no interface', joined(section(true), block(true, 6, new Uint8Array(20))), 'there is no interface 0'],
  ])('%s', (_name, octets, reason) => {
    expect(() => readCapture(octets)).toThrow(CaptureError);
    expect(() => readCapture(octets)).toThrow(reason);
  });

  test('any octets are read or refused', () => {
    const start = fc.constantFrom(
      section(true),
      section(false),
      words(true, 0xa1b2c3d4, 0, 0, 0, 0, 1),
      new Uint8Array(0),
    );
    fc.assert(
      fc.property(start, fc.array(fc.constantFrom(0, 1, 2, 3, 6, 9, 12, 16, 20, 32, 255)), (begin, rest) => {
        try {
          readCapture(joined(begin, Uint8Array.from(rest))).forEach(ipPacketOf);
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureError);
        }
      }),
      RUNS,
    );
  });
});

test.each([
  ['raw', 101, []],
  ['IPv4', 228, []],
  ['loopback of BSD', 0, [2, 0, 0, 0]],
  ['Ethernet', 1, [...Array(12).fill(1), 8, 0]],
  ['Ethernet with two tags', 1, [...Array(12).fill(1), 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0]],
  ['cooked', 113, Array(16).fill(0)],
  ['cooked, second version', 276, Array(20).fill(0)],
])('the IP packet of a frame is found: %s', (_name, linkType, header) => {
  const octets = joined(Uint8Array.from(header), PACKET);
  expect(ipPacketOf({ time: 0, linkType, octets, length: octets.length })).toEqual(PACKET);
});

test('a frame without an IP packet has none', () => {
  const arp = Uint8Array.from([...Array(12).fill(1), 8, 6, 0x45]);
  expect(ipPacketOf({ time: 0, linkType: 1, octets: arp, length: 15 })).toBeNull();
  expect(ipPacketOf({ time: 0, linkType: 147, octets: PACKET, length: 21 })).toBeNull();
});
