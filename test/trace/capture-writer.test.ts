/** What is written is read again: by our own reader, and by Wireshark's programs, which also write for our reader. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, test } from 'vitest';
import {
  type CapturedPacket,
  type ExactTime,
  exactTime,
  LINKTYPE_ETHERNET,
  LINKTYPE_RAW,
} from '../../src/trace/capture.ts';
import { readCapture, readCaptureContents } from '../../src/trace/capture-reader.ts';
import { PcapWriter } from '../../src/trace/pcap.ts';
import { type InterfaceOptions, PcapngWriter } from '../../src/trace/pcapng.ts';
import { hasCommand, skipTitle } from '../helpers/needs.ts';
import { RUNS } from '../helpers/wire.ts';
import { facts, joined } from './captures.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const texts = fc.array(text, { maxLength: 3 });
const octets = fc.uint8Array({ maxLength: 80 });
const snapLength = fc.constantFrom(0, 0, 1, 40, 60, 65_535);
const time = fc.record({
  seconds: fc.oneof(
    fc.integer({ min: 0, max: 0xffffffff }),
    fc.integer({ min: 1_600_000_000, max: 1_800_000_000 }),
    fc.constantFrom(0, 0xffffffff),
  ),
  nanoseconds: fc.oneof(fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(0, 1, 999_999_999)),
});

const port = fc.record({ linkType: fc.integer({ min: 0, max: 0xffff }), snapLength, name: text, comment: texts });
const packet = fc.record({
  time,
  octets,
  /** Octets that were not even given to the writer. */
  missing: fc.constantFrom(0, 0, 7, 100_000),
  port: fc.nat(),
  comment: texts,
  direction: fc.constantFrom<'inbound' | 'outbound' | null>('inbound', 'outbound', null),
});

const story = fc.record({
  comment: texts,
  ports: fc.array(port, { minLength: 1, maxLength: 4 }),
  packets: fc.array(packet, { maxLength: 12 }),
});

interface Story {
  readonly comment: readonly string[];
  readonly ports: readonly (InterfaceOptions & { readonly snapLength: number; readonly comment: readonly string[] })[];
  readonly packets: readonly {
    readonly time: ExactTime;
    readonly octets: Uint8Array;
    readonly missing: number;
    readonly port: number;
    readonly comment: readonly string[];
    readonly direction: 'inbound' | 'outbound' | null;
  }[];
}

/** The number of the interface on which a packet of a story was seen. */
const portOf = ({ ports }: Story, { port }: Story['packets'][number]): number => port % ports.length;

function written(story: Story): Uint8Array {
  const writer = new PcapngWriter();
  const blocks = [writer.header({ comment: story.comment, application: 'a test' })];
  for (const options of story.ports) blocks.push(writer.interface(options));
  for (const one of story.packets) {
    const { time, octets, missing, comment, direction } = one;
    // In the middle of something else: the writer takes what it is told to.
    const buf = joined(Uint8Array.of(1, 2, 3), octets, Uint8Array.of(4));
    const length = octets.length + missing;
    blocks.push(
      writer.packet(portOf(story, one), time, buf, 3, octets.length, {
        comment,
        length,
        ...(direction === null ? {} : { direction }),
      }),
    );
  }
  return joined(...blocks);
}

function kept(octets: Uint8Array, snapLength: number): Uint8Array {
  return snapLength === 0 ? octets : octets.subarray(0, snapLength);
}

test('what is written as pcapng is read the same', () => {
  fc.assert(
    fc.property(story, (story) => {
      const { sections, interfaces, packets, error } = readCaptureContents(written(story));
      expect(error).toBeNull();
      expect(sections).toMatchObject([{ format: 'pcapng', application: 'a test', comments: story.comment }]);
      expect(
        interfaces.map(({ linkType, snapLength, name, comments }) => [linkType, snapLength, name, comments]),
      ).toEqual(story.ports.map(({ linkType, snapLength, name, comment }) => [linkType, snapLength, name, comment]));
      expect(packets.map(facts)).toEqual(
        story.packets.map((one, i) => {
          const { linkType, snapLength } = story.ports[portOf(story, one)]!;
          return {
            frame: i + 1,
            ...one.time,
            time: one.time.seconds * 1000 + one.time.nanoseconds / 1e6,
            interface: portOf(story, one),
            linkType,
            octets: kept(one.octets, snapLength),
            length: one.octets.length + one.missing,
            direction: one.direction,
            comments: one.comment,
          };
        }),
      );
    }),
    RUNS,
  );
});

test.each([
  ['nanoseconds', 1],
  ['microseconds', 1000],
] as const)('what is written as pcap is read the same: %s', (resolution, step) => {
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 8 }), snapLength, (packets, snapLength) => {
      const writer = new PcapWriter({ linkType: LINKTYPE_ETHERNET, snapLength, resolution });
      const file = joined(
        writer.header(),
        ...packets.map(({ time, octets, missing }) =>
          writer.packet(time, joined(Uint8Array.of(9), octets), 1, octets.length, octets.length + missing),
        ),
      );
      const { interfaces } = readCaptureContents(file);
      expect(interfaces[0]!.snapLength).toBe(snapLength === 0 ? 262_144 : snapLength);
      expect(readCapture(file)).toMatchObject(
        packets.map(({ time, octets, missing }) => ({
          linkType: LINKTYPE_ETHERNET,
          seconds: time.seconds,
          nanoseconds: time.nanoseconds - (time.nanoseconds % step),
          octets: kept(octets, snapLength),
          length: octets.length + missing,
        })),
      );
    }),
    RUNS,
  );
});

test('a time in ms is as exact as it was', () => {
  expect(exactTime(0)).toEqual({ seconds: 0, nanoseconds: 0 });
  expect(exactTime(1_700_000_000_123.25)).toEqual({ seconds: 1_700_000_000, nanoseconds: 123_250_000 });
  expect(exactTime(999.9999999)).toEqual({ seconds: 1, nanoseconds: 0 });
  expect(exactTime(-0.5)).toEqual({ seconds: -1, nanoseconds: 999_500_000 });
});

const missing = hasCommand('tshark') && hasCommand('editcap') ? null : 'needs tshark and editcap';

describe.skipIf(missing !== null)(skipTitle("a capture in Wireshark's programs", missing), () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  const put = (name: string, file: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, file);
    return path;
  };

  /** What tshark lists of a file's packets. */
  const listed = (path: string, ...fields: string[]): string[] => {
    const words = ['-n', '-r', path, '-T', 'fields', '-E', 'separator=|', '-E', 'occurrence=a', '-E', 'aggregator=;'];
    const list = execFileSync('tshark', [...words, ...fields.flatMap((field) => ['-e', field])], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 26,
    });
    return list.split('\n').slice(0, -1);
  };

  /** A few hundred packets of several interfaces, with texts that need no quoting. */
  const long: Story = fc.sample(
    fc.record({
      ...{ comment: fc.constant<string[]>([]) },
      ports: fc.constant([
        { linkType: LINKTYPE_RAW, snapLength: 0, name: 'tun0', comment: [] },
        { linkType: LINKTYPE_ETHERNET, snapLength: 40, name: '以太网', comment: ['of one', 'of two'] },
      ]),
      packets: fc.array(
        packet.map((one) => ({ ...one, comment: one.comment.map((_, i) => `评论 ${one.port % 1000} ${i}`) })),
        { minLength: 300, maxLength: 300 },
      ),
    }),
    { seed: RUNS.seed, numRuns: 1 },
  )[0]!;

  const stamp = ({ seconds, nanoseconds }: CapturedPacket): string =>
    `${seconds}.${String(nanoseconds).padStart(9, '0')}`;

  it('is listed as our reader reads it', () => {
    const file = written(long);
    const fields = ['frame.time_epoch', 'frame.interface_id', 'frame.interface_name', 'frame.len', 'frame.cap_len'];
    const { packets, interfaces } = readCaptureContents(file);
    expect(packets).toHaveLength(300);
    const ways = { inbound: '0x00000001', outbound: '0x00000002' };
    expect(listed(put('a.pcapng', file), ...fields, 'frame.packet_flags', 'frame.comment')).toEqual(
      packets.map((packet) => {
        const { length, octets, direction, comments } = packet;
        const way = direction === null ? '' : ways[direction];
        const { name } = interfaces[packet.interface]!;
        return [stamp(packet), packet.interface, name, length, octets.length, way, comments.join(';')].join('|');
      }),
    );
  });

  const plain = (): Uint8Array => {
    const writer = new PcapWriter({ linkType: LINKTYPE_ETHERNET, snapLength: 60 });
    const packets = long.packets.map(({ time, octets, missing }) =>
      writer.packet(time, octets, 0, octets.length, octets.length + missing),
    );
    return joined(writer.header(), ...packets);
  };

  it('is listed as our reader reads it, as pcap', () => {
    const file = plain();
    expect(listed(put('b.pcap', file), 'frame.time_epoch', 'frame.len', 'frame.cap_len')).toEqual(
      readCapture(file).map((packet) => [stamp(packet), packet.length, packet.octets.length].join('|')),
    );
  });

  test.each([
    ['pcapng', 1],
    ['pcap', 1000],
    ['nsecpcap', 1],
    ['modpcap', 1000],
  ])('is read when they have written it: %s', (format, step) => {
    const from = put('c.pcap', plain());
    const to = join(folder, `d.${format}`);
    execFileSync('editcap', ['-F', format, from, to], { stdio: 'ignore' });
    const told = ({ seconds, nanoseconds, linkType, length, octets }: CapturedPacket): unknown => {
      return [seconds, nanoseconds - (nanoseconds % step), linkType, length, octets];
    };
    const packets = readCapture(readFileSync(to));
    expect(packets.map(told)).toEqual(readCapture(plain()).map(told));
  });

  it('keeps its interfaces, clocks and comments when they have joined it with another', () => {
    const [a, b, both] = [put('e.pcapng', written(long)), put('f.pcap', plain()), join(folder, 'g.pcapng')];
    execFileSync('mergecap', ['-a', '-w', both, a, b], { stdio: 'ignore' });
    const { interfaces, packets, error } = readCaptureContents(readFileSync(both));
    expect(error).toBeNull();
    expect(interfaces.map(({ name, linkType }) => [name, linkType])).toEqual([
      ['tun0', LINKTYPE_RAW],
      ['以太网', LINKTYPE_ETHERNET],
      [null, LINKTYPE_ETHERNET],
    ]);
    const told = ({ seconds, nanoseconds, octets, comments }: CapturedPacket): unknown => {
      return [seconds, nanoseconds, octets, comments];
    };
    const apart = [...readCapture(written(long)), ...readCapture(plain())];
    expect(packets.map(told)).toEqual(apart.map(told));
  });
});
