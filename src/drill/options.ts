/**
 * Owns: TCP options between octets and the script's words for them (RFC 9293 3.2, RFC 7323, RFC 2018, RFC 7413, RFC 2385,
 * AccECN): every option as it stands, in its order, padding too. `wire/tcp.ts` reads what options mean; a script is about how
 * they look.
 */

import { readU16, readU32 } from '../wire/bytes.ts';
import type { OptionSpec } from './script.ts';

const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;
const MD5 = 19;
const FAST_OPEN = 34;
const ACC_ECN_0 = 172;
const ACC_ECN_1 = 174;
const EXPERIMENT = 254;
const MAGIC_FAST_OPEN = 0xf989;

/** The order of the counters in an option of either kind: what is left out is at the end. */
const ACC_ECN_ORDER = {
  [ACC_ECN_0]: ['e0b', 'ceb', 'e1b'],
  [ACC_ECN_1]: ['e1b', 'ceb', 'e0b'],
} as const;

/** The options in `buf[at .. end)`; null where one runs beyond the header. */
export function decodeOptions(buf: Uint8Array, at: number, end: number): OptionSpec[] | null {
  const options: OptionSpec[] = [];
  while (at < end) {
    const kind = buf[at]!;
    if (kind < 2) {
      options.push({ kind: kind === 0 ? 'eol' : 'nop' });
      at++;
      continue;
    }
    const length = at + 1 < end ? buf[at + 1]! : 0;
    if (length < 2 || at + length > end) return null;
    options.push(decodeOption(buf, at, kind, length));
    at += length;
  }
  return options;
}

function decodeOption(buf: Uint8Array, at: number, kind: number, length: number): OptionSpec {
  if (kind === MSS && length === 4) return { kind: 'mss', value: readU16(buf, at + 2) };
  if (kind === WINDOW_SCALE && length === 3) return { kind: 'wscale', value: buf[at + 2]! };
  if (kind === SACK_PERMITTED && length === 2) return { kind: 'sackOK' };
  if (kind === SACK && length > 2 && length % 8 === 2) {
    const blocks: [number, number][] = [];
    for (let i = at + 2; i < at + length; i += 8) blocks.push([readU32(buf, i), readU32(buf, i + 4)]);
    return { kind: 'sack', blocks };
  }
  if (kind === TIMESTAMPS && length === 10) {
    return { kind: 'timestamp', value: readU32(buf, at + 2), echo: readU32(buf, at + 6) };
  }
  if (kind === MD5 && length === 18) return { kind: 'md5', digest: octets(buf, at + 2, at + length) };
  if (kind === FAST_OPEN) return { kind: 'fastOpen', experimental: false, cookie: octets(buf, at + 2, at + length) };
  if (kind === EXPERIMENT && length >= 4 && readU16(buf, at + 2) === MAGIC_FAST_OPEN) {
    return { kind: 'fastOpen', experimental: true, cookie: octets(buf, at + 4, at + length) };
  }
  if ((kind === ACC_ECN_0 || kind === ACC_ECN_1) && length % 3 === 2 && length <= 11) {
    const names = ACC_ECN_ORDER[kind].slice(0, (length - 2) / 3);
    return { kind: 'accEcn', counters: names.map((name, i) => [name, readU24(buf, at + 2 + 3 * i)]) };
  }
  return { kind: 'unknown', code: kind, octets: octets(buf, at + 2, at + length) };
}

/** The octets of the options, as written: whole words are the script's business. */
export function encodeOptions(options: readonly OptionSpec[]): number[] {
  return options.flatMap(encodeOption);
}

function encodeOption(option: OptionSpec): number[] {
  switch (option.kind) {
    case 'eol':
      return [0];
    case 'nop':
      return [1];
    case 'mss':
      return [MSS, 4, ...u16(option.value)];
    case 'wscale':
      return [WINDOW_SCALE, 3, option.value];
    case 'sackOK':
      return [SACK_PERMITTED, 2];
    case 'sack':
      return [SACK, 2 + 8 * option.blocks.length, ...option.blocks.flatMap(([l, r]) => [...u32(l), ...u32(r)])];
    case 'timestamp':
      return [TIMESTAMPS, 10, ...u32(option.value), ...u32(option.echo)];
    case 'md5':
      return [MD5, 2 + option.digest.length, ...option.digest];
    case 'fastOpen': {
      const { cookie } = option;
      if (!option.experimental) return [FAST_OPEN, 2 + cookie.length, ...cookie];
      return [EXPERIMENT, 4 + cookie.length, ...u16(MAGIC_FAST_OPEN), ...cookie];
    }
    case 'accEcn': {
      const first = option.counters[0]?.[0] ?? 'e0b';
      const values = option.counters.flatMap(([, value]) => u32(value).slice(1));
      return [first === 'e1b' ? ACC_ECN_1 : ACC_ECN_0, 2 + values.length, ...values];
    }
    case 'unknown':
      return [option.code, 2 + option.octets.length, ...option.octets];
  }
}

function octets(buf: Uint8Array, from: number, to: number): number[] {
  return [...buf.subarray(from, to)];
}

function readU24(buf: Uint8Array, at: number): number {
  return (buf[at]! << 16) | readU16(buf, at + 1);
}

function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [(value >>> 24) & 0xff, ...[16, 8, 0].map((shift) => (value >>> shift) & 0xff)];
}
