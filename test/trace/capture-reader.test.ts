import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CapturedPacket, CaptureError, LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/trace/capture.ts';
import { CaptureReader, readCapture, readCaptureContents } from '../../src/trace/capture-reader.ts';
import { PcapngWriter } from '../../src/trace/pcapng.ts';
import { RUNS } from '../helpers/wire.ts';
import {
  block,
  enhanced,
  facts,
  joined,
  option,
  PACKET,
  padded,
  pcapHeader,
  pcapRecord,
  port,
  SAMPLES,
  section,
  words,
} from './captures.ts';

const ORDERS = [
  ['little-endian', true],
  ['big-endian', false],
] as const;

/** The packets of a file in pieces, copied: the pieces are overwritten as soon as they have been read. */
function inPieces(file: Uint8Array, lengths: (at: number) => number): CapturedPacket[] {
  const packets: CapturedPacket[] = [];
  const reader = new CaptureReader((packet) => packets.push(packet.copy()));
  for (let at = 0; at < file.length; ) {
    const piece = file.slice(at, at + Math.max(1, lengths(at)));
    at += piece.length;
    reader.push(piece);
    piece.fill(0xee);
  }
  reader.end();
  return packets;
}

describe.each(ORDERS)('pcap, %s', (_name, little) => {
  test.each([
    ['microseconds', 0xa1b2c3d4, 123_456, 123_456_000],
    ['nanoseconds', 0xa1b23c4d, 123_456_789, 123_456_789],
  ])('has %s', (_unit, magic, fraction, nanoseconds) => {
    const file = joined(
      pcapHeader(little, magic),
      pcapRecord(little, 1_700_000_000, fraction, PACKET, 1500),
      pcapRecord(little, 0xffffffff, 0, PACKET),
    );
    const common = { interface: 0, linkType: LINKTYPE_RAW, octets: PACKET, direction: null, comments: [] };
    expect(readCapture(file).map(facts)).toEqual([
      {
        ...common,
        frame: 1,
        seconds: 1_700_000_000,
        nanoseconds,
        time: 1_700_000_000_000 + nanoseconds / 1e6,
        length: 1500,
      },
      { ...common, frame: 2, seconds: 0xffffffff, nanoseconds: 0, time: 0xffffffff * 1000, length: PACKET.length },
    ]);
  });

  test('a fraction beyond a second is carried', () => {
    const file = joined(pcapHeader(little), pcapRecord(little, 1, 2_500_000, PACKET));
    expect(readCapture(file)).toMatchObject([{ seconds: 3, nanoseconds: 500_000_000 }]);
  });

  test('files of old have the lengths the other way round', () => {
    const record = joined(words(little, 1, 2, 1500, PACKET.length), PACKET);
    for (const minor of [2, 3])
      expect(readCapture(joined(pcapHeader(little, 0xa1b2c3d4, 1, minor), record))).toMatchObject([
        { octets: PACKET, length: 1500 },
      ]);
  });

  test('is one section with one interface', () => {
    const { sections, interfaces } = readCaptureContents(pcapHeader(little, 0xa1b2c3d4, 0xf4000001));
    expect(sections).toMatchObject([{ number: 0, format: 'pcap', littleEndian: little }]);
    expect(interfaces).toMatchObject([{ number: 0, section: 0, linkType: 1, snapLength: 65_535, name: null }]);
  });
});

describe('pcapng', () => {
  test('what the writer writes is read', () => {
    const writer = new PcapngWriter();
    const capture = joined(
      writer.header({ comment: 'seed 42: 注释' }),
      writer.interface({ linkType: LINKTYPE_RAW, name: 'tun0', description: '客户端' }),
      writer.interface({ linkType: LINKTYPE_ETHERNET, snapLength: 10 }),
      writer.packet(0, 1_700_000_000_000.125, PACKET, 0, PACKET.length, { direction: 'inbound', comment: 'lost' }),
      writer.packet(1, 5.001, PACKET, 0, PACKET.length),
    );
    expect(readCaptureContents(capture)).toMatchObject({
      sections: [{ format: 'pcapng', application: 'tsyn', comments: ['seed 42: 注释'] }],
      interfaces: [
        { number: 0, linkType: LINKTYPE_RAW, snapLength: 0, name: 'tun0', description: '客户端' },
        { number: 1, linkType: LINKTYPE_ETHERNET, snapLength: 10, name: null, description: null },
      ],
      packets: [
        { frame: 1, time: 1_700_000_000_000.125, interface: 0, direction: 'inbound', comments: ['lost'] },
        { frame: 2, time: 5.001, interface: 1, octets: PACKET.subarray(0, 10), length: PACKET.length, comments: [] },
      ],
      error: null,
    });
  });

  test.each(ORDERS)('clocks have a resolution and an offset: %s', (_name, little) => {
    const clock = (resolution: number, offset: number): Uint8Array =>
      port(
        little,
        LINKTYPE_RAW,
        0,
        option(little, 9, Uint8Array.of(resolution)),
        option(little, 14, little ? [offset, offset < 0 ? 0xffffffff : 0] : [offset < 0 ? 0xffffffff : 0, offset]),
      );
    const clocks = [
      [3, 0, 0, 1500, 1, 500_000_000],
      [0x80 | 10, 7, 0, 512, 7, 500_000_000],
      [9, -1, 0x17979cfe, 0x3d85cd15, 1_699_999_999, 123_456_789],
      [12, 0, 0x80, 0x1, 0, 549_755_813],
      [0, 0, 0, 77, 77, 0],
      [127, 0, 0xffffffff, 0xffffffff, 0, 0],
    ] as const;
    const capture = joined(
      section(little),
      ...clocks.map(([resolution, offset]) => clock(resolution, offset)),
      ...clocks.map(([, , high, low], i) => enhanced(little, i, [high, low], PACKET)),
    );
    expect(readCapture(capture).map(({ seconds, nanoseconds }) => [seconds, nanoseconds])).toEqual(
      clocks.map(([, , , , seconds, nanoseconds]) => [seconds, nanoseconds]),
    );
  });

  test('stamps of any clock are exact to the nanosecond', () => {
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(u32, u32, fc.integer({ min: 0, max: 19 }), (high, low, power) => {
        const capture = joined(
          section(true),
          port(true, LINKTYPE_RAW, 0, option(true, 9, Uint8Array.of(power))),
          enhanced(true, 0, [high, low], PACKET),
        );
        const [{ seconds, nanoseconds } = { seconds: -1, nanoseconds: -1 }] = readCapture(capture);
        const stamp = (BigInt(high) << 32n) | BigInt(low);
        const second = 10n ** BigInt(power);
        expect(seconds).toBe(Number(stamp / second));
        expect(nanoseconds).toBe(Number(((stamp % second) * 1_000_000_000n) / second));
      }),
      RUNS,
    );
  });

  test('each section has its byte order and interfaces, which are numbered through', () => {
    const part = (little: boolean, linkType: number): Uint8Array =>
      joined(section(little, option(little, 1, 'here')), port(little, linkType), enhanced(little, 0, [0, 5], PACKET));
    const { sections, interfaces, packets } = readCaptureContents(
      joined(part(true, 1), part(false, 101), part(true, 0)),
    );
    expect(sections.map(({ number, littleEndian }) => [number, littleEndian])).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ]);
    expect(interfaces.map(({ number, section, linkType }) => [number, section, linkType])).toEqual([
      [0, 0, 1],
      [1, 1, 101],
      [2, 2, 0],
    ]);
    expect(packets.map((packet) => [packet.frame, packet.interface, packet.linkType])).toEqual([
      [1, 0, 1],
      [2, 1, 101],
      [3, 2, 0],
    ]);
  });

  test('a simple packet comes with the one before, as long as its interface keeps', () => {
    const simple = block(true, 3, joined(words(true, 1500), padded(PACKET)));
    const capture = joined(
      section(true),
      port(true, LINKTYPE_RAW, 20),
      simple,
      enhanced(true, 0, [0, 7], PACKET),
      simple,
    );
    expect(readCapture(capture)).toMatchObject([
      { time: 0, octets: PACKET.subarray(0, 20), length: 1500 },
      { time: 0.007 },
      { time: 0.007, octets: PACKET.subarray(0, 20), length: 1500 },
    ]);
  });

  test('blocks and options of other kinds are skipped', () => {
    const capture = joined(
      section(true, option(true, 2988, 'of somebody'), words(true, [1], [60_000])),
      block(true, 10, new Uint8Array(400)),
      port(true, LINKTYPE_RAW),
      block(true, 0x80001234, new Uint8Array(0)),
      enhanced(true, 0, [0, 5], PACKET, 21, option(true, 5, [0, 1]), option(true, 1, 'heard')),
    );
    expect(readCapture(capture)).toMatchObject([{ octets: PACKET, comments: ['heard'] }]);
  });
});

describe('a file in pieces', () => {
  test.each(SAMPLES.map((sample) => [sample.name, sample] as const))('is read as the whole: %s', (_name, { file }) => {
    const whole = readCapture(file).map(facts);
    expect(whole.length).toBeGreaterThanOrEqual(3);
    for (let length = 1; length < 80; length++) expect(inPieces(file, () => length).map(facts)).toEqual(whole);
    for (let cut = 1; cut < file.length; cut++)
      expect(inPieces(file, (at) => (at === 0 ? cut : file.length)).map(facts)).toEqual(whole);
  });

  test('a packet that lies within a piece is a view of it', () => {
    const file = joined(pcapHeader(true), pcapRecord(true, 1, 1, PACKET), pcapRecord(true, 1, 1, PACKET));
    const seen: ArrayBufferLike[] = [];
    const reader = new CaptureReader(({ octets }) => seen.push(octets.buffer));
    const [first, second] = [file.slice(0, 70), file.slice(70)];
    reader.push(first);
    reader.push(second);
    reader.end();
    expect(seen[0]).toBe(first.buffer);
    expect(seen[1]).not.toBe(first.buffer);
    expect(seen[1]).not.toBe(second.buffer);
  });

  test('empty pieces change nothing', () => {
    const seen: number[] = [];
    const reader = new CaptureReader(({ frame }) => seen.push(frame));
    const file = joined(pcapHeader(true), pcapRecord(true, 1, 1, PACKET));
    for (const octet of file) {
      reader.push(new Uint8Array(0));
      reader.push(Uint8Array.of(octet));
    }
    reader.push(new Uint8Array(0));
    reader.end();
    expect(seen).toEqual([1]);
  });
});

describe('what is no capture', () => {
  const begun = joined(section(true), port(true, LINKTYPE_RAW));
  test.each([
    ['nothing', new Uint8Array(0), 0, 'file', 'no capture: it has 0 octets'],
    ['text', new Uint8Array(12).fill(104), 0, 'file', 'neither pcap nor pcapng'],
    ['a compressed file', Uint8Array.of(0x1f, 0x8b, 8, 0), 0, 'file', 'it is compressed: gunzip it first'],
    [
      'a file header cut short',
      words(true, 0xa1b2c3d4, 1),
      0,
      'file header',
      'it breaks off: 8 octets of at least 24 are there',
    ],
    ['a version to come', words(true, 0xa1b2c3d4, [3], [0], 0, 0, 0, 1), 0, 'file header', 'pcap of version 3.0'],
    [
      'a packet cut short',
      joined(pcapHeader(true), words(true, 1, 1, 9999, 9999, 7)),
      24,
      'packet record',
      'it breaks off: 20 octets of at least 10015 are there',
    ],
    [
      'a packet of impossible length',
      joined(pcapHeader(true), pcapRecord(true, 1, 1, PACKET), words(true, 1, 1, 0xffffffff, 1)),
      61,
      'packet record',
      'a packet of 4294967295 octets: there is none so long',
    ],
    [
      'a block without end',
      words(true, 0x0a0d0d0a, 9996, 0x1a2b3c4d),
      0,
      'section header block',
      'it breaks off: 12 octets of at least 9996 are there',
    ],
    [
      'a block of an odd length',
      joined(begun, words(true, 6, 33, 0)),
      48,
      'enhanced packet block',
      'its length of 33 octets is none that it can have',
    ],
    [
      'a block of an impossible length',
      joined(begun, words(true, 77, 0x7ffffffc, 0)),
      48,
      'block of type 77',
      'its length of 2147483644 octets is beyond 16777216',
    ],
    [
      'a block with two lengths',
      joined(begun, words(true, 6, 16, 0, 20)),
      48,
      'enhanced packet block',
      'its two lengths differ: 16 and 20 octets',
    ],
    [
      'a block too short for what it is',
      joined(begun, block(true, 6, new Uint8Array(16))),
      48,
      'enhanced packet block',
      '28 octets are too few for it',
    ],
    [
      'a packet longer than its block',
      joined(begun, block(true, 6, words(true, 0, 0, 0, 5, 5, 0))),
      48,
      'enhanced packet block',
      'a packet of 5 octets is longer than its block',
    ],
    [
      'a section of no byte order',
      words(true, 0x0a0d0d0a, 28, 12),
      0,
      'section header block',
      'it has no byte-order magic',
    ],
    [
      'a section of a version to come',
      block(true, 0x0a0d0d0a, words(true, 0x1a2b3c4d, [2], [0], 0, 0)),
      0,
      'section header block',
      'pcapng of version 2.0',
    ],
    [
      'a packet of no interface',
      joined(begun, section(true), enhanced(true, 0, [0, 0], PACKET)),
      76,
      'enhanced packet block',
      'there is no interface 0 in its section',
    ],
  ])('%s', (_name, octets, offset, kind, reason) => {
    const { error } = readCaptureContents(octets);
    expect(error).toBeInstanceOf(CaptureError);
    expect(error).toMatchObject({ code: 'ERR_CAPTURE', offset, block: kind, reason });
    expect(error?.message).toBe(`capture, octet ${offset}, ${kind}: ${reason}`);
    expect(() => readCapture(octets)).toThrow(reason);
  });

  test('is refused again, whatever comes behind it', () => {
    const reader = new CaptureReader(() => {});
    const push = (): void => reader.push(words(true, 1, 2, 3));
    expect(push).toThrow('neither pcap nor pcapng');
    expect(push).toThrow('neither pcap nor pcapng');
    expect(() => reader.end()).toThrow('neither pcap nor pcapng');
  });

  test("an error of who is told comes out as it is, and is not the capture's", () => {
    const reader = new CaptureReader(() => {
      throw new RangeError('of mine');
    });
    const file = joined(pcapHeader(true), pcapRecord(true, 1, 1, PACKET));
    expect(() => reader.push(file)).toThrow(RangeError);
  });
});
