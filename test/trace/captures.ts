/** Captures made octet by octet, of every kind that is read, independently of what writes them. */

import type { CapturedPacket } from '../../src/trace/capture.ts';

export const PACKET: Uint8Array = Uint8Array.of(
  ...[0x45, 0, 0, 20, 1, 2, 3, 4, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0xff],
);

/** A packet without where its octets lie. */
export function facts({
  buf: _buf,
  off: _off,
  kept: _kept,
  ...rest
}: CapturedPacket): Omit<CapturedPacket, 'buf' | 'off' | 'kept'> {
  return rest;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Numbers of 32 bits (16 where given in an array) in a byte order. */
export function words(little: boolean, ...numbers: readonly (number | readonly [number])[]): Uint8Array {
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

export function padded(octets: Uint8Array): Uint8Array {
  return joined(octets, new Uint8Array(-octets.length & 3));
}

/** A block of pcapng. */
export function block(little: boolean, type: number, body: Uint8Array): Uint8Array {
  const total = body.length + 12;
  return joined(words(little, type, total), body, words(little, total));
}

/** An option of a block: its value as text, octets, or numbers of 32 bits. */
export function option(little: boolean, code: number, value: string | Uint8Array | readonly number[]): Uint8Array {
  const octets =
    typeof value === 'string'
      ? new TextEncoder().encode(value)
      : value instanceof Uint8Array
        ? value
        : words(little, ...value);
  return joined(words(little, [code], [octets.length]), padded(octets));
}

export const section = (little: boolean, ...options: readonly Uint8Array[]): Uint8Array =>
  block(little, 0x0a0d0d0a, joined(words(little, 0x1a2b3c4d, [1], [0], 0xffffffff, 0xffffffff), ...options));

export const port = (
  little: boolean,
  linkType: number,
  snapLength = 0,
  ...options: readonly Uint8Array[]
): Uint8Array => block(little, 1, joined(words(little, [linkType], [0], snapLength), ...options));

/** An enhanced packet of an interface at so many steps of its clock, in two halves. */
export const enhanced = (
  little: boolean,
  number: number,
  stamp: readonly [number, number],
  packet: Uint8Array,
  length: number = packet.length,
  ...options: readonly Uint8Array[]
): Uint8Array =>
  block(little, 6, joined(words(little, number, ...stamp, packet.length, length), padded(packet), ...options));

export const pcapHeader = (little: boolean, magic = 0xa1b2c3d4, linkType = 101, minor = 4): Uint8Array =>
  words(little, magic, [2], [minor], 0, 0, 65_535, linkType);

export const pcapRecord = (
  little: boolean,
  seconds: number,
  fraction: number,
  packet: Uint8Array,
  length: number = packet.length,
): Uint8Array => joined(words(little, seconds, fraction, packet.length, length), packet);

/** A file, and what its blocks or records are, and from where to where. */
export interface Sample {
  readonly name: string;
  readonly file: Uint8Array;
  readonly blocks: readonly { readonly kind: string; readonly begin: number; readonly end: number }[];
}

type Part = readonly [octets: Uint8Array, kind: string];

function sample(name: string, ...parts: readonly Part[]): Sample {
  let at = 0;
  const blocks = parts.map(([octets, kind]) => {
    const begin = at;
    at += octets.length;
    return { kind, begin, end: at };
  });
  return { name, file: joined(...parts.map(([octets]) => octets)), blocks };
}

function pcapSample(name: string, little: boolean, magic: number): Sample {
  const records = [0, 1, 40].map((size, i): Part => {
    const record = pcapRecord(little, 1_700_000_000 + i, 999_999, new Uint8Array(size).fill(0x45), 1500);
    // The "modified" records have eight octets more behind the header.
    const extra = magic === 0xa1b2cd34 ? new Uint8Array(8) : new Uint8Array(0);
    return [joined(record.subarray(0, 16), extra, record.subarray(16)), 'packet record'];
  });
  return sample(name, [pcapHeader(little, magic), 'file header'], ...records);
}

function pcapngSample(name: string, little: boolean): Sample {
  const text = (code: number, value: string): Uint8Array => option(little, code, value);
  return sample(
    name,
    [section(little, text(1, 'two sections'), text(4, 'by hand'), text(0, '')), 'section header block'],
    [
      port(little, 1, 60, text(2, 'eth0'), option(little, 9, Uint8Array.of(9)), text(0, '')),
      'interface description block',
    ],
    [
      port(little, 101, 0, text(1, 'raw'), option(little, 14, little ? [10, 0] : [0, 10])),
      'interface description block',
    ],
    [
      enhanced(little, 0, [0x17979cfe, 0x3d5dd2c0], PACKET, 99, text(1, '第一'), text(1, 'second'), text(0, '')),
      'enhanced packet block',
    ],
    [block(little, 5, words(little, 0, 0, 0)), 'interface statistics block'],
    [enhanced(little, 1, [0, 5], PACKET, 21, option(little, 2, [2])), 'enhanced packet block'],
    [block(little, 2, joined(words(little, [1], [7], 0, 1_000_000, 4, 4), PACKET.subarray(0, 4))), 'packet block'],
    [block(little, 3, joined(words(little, PACKET.length), padded(PACKET))), 'simple packet block'],
    [block(little, 0x80000bad, new Uint8Array(20)), 'block of type 2147486637'],
    [section(!little), 'section header block'],
    [port(!little, 228), 'interface description block'],
    [enhanced(!little, 0, [1, 1], new Uint8Array(0), 1500), 'enhanced packet block'],
  );
}

/** A file of every kind, each with packets of several lengths. */
export const SAMPLES: readonly Sample[] = [
  pcapSample('pcap, little-endian, microseconds', true, 0xa1b2c3d4),
  pcapSample('pcap, big-endian, microseconds', false, 0xa1b2c3d4),
  pcapSample('pcap, little-endian, nanoseconds', true, 0xa1b23c4d),
  pcapSample('pcap, big-endian, nanoseconds', false, 0xa1b23c4d),
  pcapSample('pcap, little-endian, modified', true, 0xa1b2cd34),
  pcapSample('pcap, big-endian, modified', false, 0xa1b2cd34),
  pcapngSample('pcapng, little-endian first', true),
  pcapngSample('pcapng, big-endian first', false),
];
