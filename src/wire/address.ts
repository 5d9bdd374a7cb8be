/**
 * Owns: IP addresses and prefixes of both families, as four 32-bit words: text (RFC 4291 2.2, RFC 5952), bytes, and the
 * kinds of address there are (RFC 6890, RFC 4291 2.4). Leaves to others: what an interface does with them (`stack/`).
 */

import { readI32, writeU32 } from './bytes.ts';

/**
 * An IP address: four 32-bit words, most significant first, held as signed integers (what engines store most cheaply).
 * IPv4 is kept as its IPv4-mapped form `0, 0, 0xffff, a.b.c.d`, so one comparison and one hash serve both families.
 * An address is a value: do not write to one that you did not make.
 */
export class Address {
  family: 4 | 6;
  w0: number;
  w1: number;
  w2: number;
  w3: number;

  constructor(family: 4 | 6 = 4, w0 = 0, w1 = 0, w2 = 0xffff, w3 = 0) {
    this.family = family;
    this.w0 = w0 | 0;
    this.w1 = w1 | 0;
    this.w2 = w2 | 0;
    this.w3 = w3 | 0;
  }

  clone(): Address {
    return new Address(this.family, this.w0, this.w1, this.w2, this.w3);
  }
}

/** Puts the four words of an address into `words` from `at`, for a keyed hash. @returns where the next word goes */
export function putWords(words: Int32Array, at: number, address: Address): number {
  words[at] = address.w0;
  words[at + 1] = address.w1;
  words[at + 2] = address.w2;
  words[at + 3] = address.w3;
  return at + 4;
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.w3 === b.w3 && a.w2 === b.w2 && a.w1 === b.w1 && a.w0 === b.w0 && a.family === b.family;
}

/** Makes `into` equal to `from`: how a scratch address takes a value. */
export function copyAddress(from: Address, into: Address): void {
  into.family = from.family;
  into.w0 = from.w0;
  into.w1 = from.w1;
  into.w2 = from.w2;
  into.w3 = from.w3;
}

/** 0.0.0.0 */
export const ANY4: Address = new Address(4, 0, 0, 0xffff, 0);
/** :: */
export const ANY6: Address = new Address(6, 0, 0, 0, 0);
/** 127.0.0.1 */
export const LOOPBACK4: Address = new Address(4, 0, 0, 0xffff, 0x7f000001);
/** ::1 */
export const LOOPBACK6: Address = new Address(6, 0, 0, 0, 1);
/** ff02::1 */
export const ALL_NODES: Address = new Address(6, 0xff020000, 0, 0, 1);
/** ff02::2 */
export const ALL_ROUTERS: Address = new Address(6, 0xff020000, 0, 0, 2);

/** Reads the 4 octets of an IPv4 address. */
export function readAddress4(buf: Uint8Array, off: number, into: Address): void {
  into.family = 4;
  into.w0 = 0;
  into.w1 = 0;
  into.w2 = 0xffff;
  into.w3 = readI32(buf, off);
}

/** Reads the 16 octets of an IPv6 address. */
export function readAddress6(buf: Uint8Array, off: number, into: Address): void {
  into.family = 6;
  into.w0 = readI32(buf, off);
  into.w1 = readI32(buf, off + 4);
  into.w2 = readI32(buf, off + 8);
  into.w3 = readI32(buf, off + 12);
}

/** Writes the octets of an address. @returns how many: 4 or 16 */
export function writeAddress(a: Address, buf: Uint8Array, off: number): number {
  if (a.family === 4) {
    writeU32(buf, off, a.w3);
    return 4;
  }
  writeU32(buf, off, a.w0);
  writeU32(buf, off + 4, a.w1);
  writeU32(buf, off + 8, a.w2);
  writeU32(buf, off + 12, a.w3);
  return 16;
}

/** 0.0.0.0 or :: */
export function isUnspecified(a: Address): boolean {
  return a.w3 === 0 && a.w0 === 0 && a.w1 === 0 && (a.family === 4 || a.w2 === 0);
}

/** 127.0.0.0/8 or ::1 */
export function isLoopback(a: Address): boolean {
  if (a.family === 4) return a.w3 >>> 24 === 127;
  return a.w0 === 0 && a.w1 === 0 && a.w2 === 0 && a.w3 === 1;
}

/** 224.0.0.0/4 or ff00::/8 */
export function isMulticast(a: Address): boolean {
  return a.family === 4 ? a.w3 >>> 28 === 14 : a.w0 >>> 24 === 0xff;
}

/** 255.255.255.255 */
export function isLimitedBroadcast(a: Address): boolean {
  return a.family === 4 && a.w3 === -1;
}

/** 169.254.0.0/16 or fe80::/10 */
export function isLinkLocal(a: Address): boolean {
  return a.family === 4 ? a.w3 >>> 16 === 0xa9fe : a.w0 >>> 22 === 0x3fa;
}

/** The solicited-node multicast address of an IPv6 address: ff02::1:ffXX:XXXX (RFC 4291 2.7.1). */
export function solicitedNode(a: Address): Address {
  return new Address(6, 0xff020000, 0, 1, 0xff000000 | (a.w3 & 0xffffff));
}

/**
 * Reads an address as text: IPv4 as four decimal numbers without leading zeros, IPv6 as in RFC 4291 2.2. No zone, no
 * octal, no short forms: null for all of those and for everything else.
 */
export function parseAddress(text: string): Address | null {
  if (text.length > 45) return null;
  if (text.indexOf(':') >= 0) return parse6(text);
  const word = parse4(text);
  return word === null ? null : new Address(4, 0, 0, 0xffff, word);
}

function parse4(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let word = 0;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return null;
    const n = Number(part);
    if (n > 255) return null;
    word = (word << 8) | n;
  }
  return word;
}

function parse6(text: string): Address | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const front = groups(halves[0]!, halves.length === 1);
  if (front === null) return null;
  let all = front;
  if (halves.length === 2) {
    const back = groups(halves[1]!, true);
    // "::" stands for one group of zeros at least.
    if (back === null || front.length + back.length > 7) return null;
    all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  }
  if (all.length !== 8) return null;
  const word = (i: number): number => (all[i]! << 16) | all[i + 1]!;
  return new Address(6, word(0), word(2), word(4), word(6));
}

/** The 16-bit groups of one side of "::"; `last` allows an IPv4 address at the end. */
function groups(text: string, last: boolean): number[] | null {
  const result: number[] = [];
  if (text === '') return result;
  const parts = text.split(':');
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else {
      const word = last && i === parts.length - 1 ? parse4(part) : null;
      if (word === null) return null;
      result.push(word >>> 16, word & 0xffff);
    }
  }
  return result.length > 8 ? null : result;
}

/** An address as text: dotted decimal, or the canonical form of RFC 5952 (IPv4-mapped ones end in dotted decimal). */
export function formatAddress(a: Address): string {
  if (a.family === 4) return dotted(a.w3);
  if (a.w0 === 0 && a.w1 === 0 && a.w2 === 0xffff) return '::ffff:' + dotted(a.w3);
  const g = [
    a.w0 >>> 16,
    a.w0 & 0xffff,
    a.w1 >>> 16,
    a.w1 & 0xffff,
    a.w2 >>> 16,
    a.w2 & 0xffff,
    a.w3 >>> 16,
    a.w3 & 0xffff,
  ];
  let best = -1;
  let bestLength = 1; // a single group of zeros is written out (RFC 5952 4.2.2)
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && g[end] === 0) end++;
    if (end - i > bestLength) {
      best = i;
      bestLength = end - i;
    }
  }
  const hex = (from: number, to: number): string =>
    g
      .slice(from, to)
      .map((n) => n.toString(16))
      .join(':');
  return best < 0 ? hex(0, 8) : hex(0, best) + '::' + hex(best + bestLength, 8);
}

function dotted(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** `192.0.2.1:80` or `[::1]:80` (RFC 5952 6). */
export function formatEndpoint(a: Address, port: number): string {
  return a.family === 4 ? `${formatAddress(a)}:${port}` : `[${formatAddress(a)}]:${port}`;
}

/** An address and how many of its leading bits name the network: 0 .. 32 for IPv4, 0 .. 128 for IPv6. */
export class Prefix {
  /** As given: `10.0.0.1/24` keeps its `.1`. {@link networkOf} clears the host's bits. */
  readonly address: Address;
  readonly length: number;

  constructor(address: Address, length: number) {
    this.address = address;
    this.length = length;
  }

  /** Whether `a`, of the same family, begins with the same bits. */
  contains(a: Address): boolean {
    const p = this.address;
    if (a.family !== p.family) return false;
    const bits = this.length;
    if (p.family === 4) return ((a.w3 ^ p.w3) & mask(bits)) === 0;
    return (
      ((a.w0 ^ p.w0) & mask(bits)) === 0 &&
      ((a.w1 ^ p.w1) & mask(bits - 32)) === 0 &&
      ((a.w2 ^ p.w2) & mask(bits - 64)) === 0 &&
      ((a.w3 ^ p.w3) & mask(bits - 96)) === 0
    );
  }
}

/** A word with its first `bits` bits set; none for less than 1, all for more than 31. */
function mask(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
}

/** `10.0.0.0/8` or `fd00::/64`; null for anything else. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  if (slash < 0 || !/^(0|[1-9][0-9]{0,2})$/.test(text.slice(slash + 1))) return null;
  const address = parseAddress(text.slice(0, slash));
  const length = Number(text.slice(slash + 1));
  if (address === null || length > (address.family === 4 ? 32 : 128)) return null;
  return new Prefix(address, length);
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** The address of the network itself: the host's bits are zero. */
export function networkOf(prefix: Prefix): Address {
  const { address: a, length: bits } = prefix;
  if (a.family === 4) return new Address(4, 0, 0, 0xffff, a.w3 & mask(bits));
  return new Address(6, a.w0 & mask(bits), a.w1 & mask(bits - 32), a.w2 & mask(bits - 64), a.w3 & mask(bits - 96));
}

/** The directed broadcast address of an IPv4 network: null for IPv6 and for /31 and /32 (RFC 3021), which have none. */
export function broadcastOf(prefix: Prefix): Address | null {
  if (prefix.address.family === 6 || prefix.length > 30) return null;
  return new Address(4, 0, 0, 0xffff, prefix.address.w3 | ~mask(prefix.length));
}
