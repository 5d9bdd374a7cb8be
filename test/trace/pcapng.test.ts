import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../../src/trace/capture.ts';
import { PcapngWriter } from '../../src/trace/pcapng.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { ETHERTYPE_IPV4, parseMac, writeEthernet } from '../../src/wire/ethernet.ts';
import { Ipv4Header, writeIpv4 } from '../../src/wire/ipv4.ts';
import { writeUdp } from '../../src/wire/udp.ts';
import { hasCommand, skipTitle } from '../helpers/needs.ts';

/** A UDP datagram to port 9 without a checksum, behind `before` free octets. */
function datagram(words: string, before: number): Uint8Array {
  const buf = new Uint8Array(before + 28 + words.length);
  const ip = new Ipv4Header();
  ip.ttl = 64;
  ip.protocol = 17;
  ip.src = parseAddress('192.0.2.1')!;
  ip.dst = parseAddress('192.0.2.2')!;
  ip.payloadLength = 8 + words.length;
  ip.totalLength = 28 + words.length;
  writeIpv4(buf, before, ip);
  writeUdp(buf, before + 20, 4000, 9, 8 + words.length);
  for (let i = 0; i < words.length; i++) buf[before + 28 + i] = words.charCodeAt(i);
  return buf;
}

const EPOCH = 1_700_000_000_123.456;

/** A file with two interfaces and three packets. */
function example(): Uint8Array {
  const writer = new PcapngWriter();
  const frame = datagram('on Ethernet', 14);
  writeEthernet(frame, 0, parseMac('02:00:00:00:00:02')!, parseMac('02:00:00:00:00:01')!, ETHERTYPE_IPV4);
  const raw = datagram('raw', 5); // the packet starts within its buffer
  return Buffer.concat([
    writer.header({ comment: 'seed 42: 注释' }),
    writer.interface({ linkType: LINKTYPE_RAW, name: 'tun0', description: 'client' }),
    writer.interface({ linkType: LINKTYPE_ETHERNET, name: 'tap0', snapLength: 60 }),
    writer.packet(0, EPOCH, raw, 5, raw.length - 5, { direction: 'outbound', comment: 'the first, 丢失' }),
    writer.packet(1, EPOCH + 1.000001, frame, 0, frame.length, { direction: 'inbound', dropped: 3 }),
    writer.packet(0, 0.000001, raw, 5, raw.length - 5),
  ]);
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}

describe('a pcapng file', () => {
  it('is a row of blocks whose two lengths agree and are multiples of four', () => {
    const file = example();
    const types: number[] = [];
    for (let at = 0; at < file.length; ) {
      const length = u32(file, at + 4);
      expect(length % 4).toBe(0);
      expect(u32(file, at + length - 4)).toBe(length);
      types.push(u32(file, at));
      at += length;
    }
    expect(types).toEqual([0x0a0d0d0a, 1, 1, 6, 6, 6]);
  });

  it('keeps nanoseconds, which as one double would be rounded', () => {
    const block = new PcapngWriter().packet(0, 1_700_000_000_123 + 0.25, new Uint8Array(4), 0, 4);
    const time = (BigInt(u32(block, 12)) << 32n) | BigInt(u32(block, 16));
    expect(time).toBe(1_700_000_000_123_250_000n);
  });

  it('keeps the whole packet or what the interface says', () => {
    const writer = new PcapngWriter();
    writer.interface({ linkType: LINKTYPE_RAW });
    writer.interface({ linkType: LINKTYPE_RAW, snapLength: 10 });
    expect(writer.interfaces).toBe(2);
    for (const [number, kept] of [
      [0, 4001],
      [1, 10],
    ] as const) {
      const block = writer.packet(number, 0, new Uint8Array(5000).fill(7), 3, 4001);
      expect([u32(block, 20), u32(block, 24)]).toEqual([kept, 4001]);
      expect(block.subarray(28, 28 + kept).every((octet) => octet === 7)).toBe(true);
    }
  });
});

const missing = hasCommand('tshark') ? null : 'needs tshark';

describe.skipIf(missing !== null)(skipTitle('a pcapng file in tshark', missing), () => {
  it('is read with its packets, times, interfaces, directions and comments', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
    const path = join(folder, 'example.pcapng');
    writeFileSync(path, example());
    const fields = [
      'frame.time_epoch',
      'frame.interface_name',
      'frame.packet_flags_direction',
      'frame.comment',
      'frame.len',
      'frame.cap_len',
      'ip.src',
      'udp.dstport',
    ];
    const text = execFileSync(
      'tshark',
      ['-n', '-r', path, '-T', 'fields', '-E', 'separator=|', ...fields.flatMap((field) => ['-e', field])],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    rmSync(folder, { recursive: true });
    // The wall clock's milliseconds in a double are good to a quarter of a microsecond.
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/^(1\d+\.\d{6})\d*/, '$1'))).toMatchInlineSnapshot(`
      [
        "1700000000.123456|tun0|0x00000002|the first, 丢失|31|31|192.0.2.1|9",
        "1700000000.124456|tap0|0x00000001||53|53|192.0.2.1|9",
        "0.000000001|tun0|||31|31|192.0.2.1|9",
      ]
    `);
  });
});
