/**
 * Owns: the TCP header and its options, bytes <-> `Segment` (RFC 9293 3.1, 3.2; RFC 7323 2, 3; RFC 2018; RFC 5482; RFC 7413).
 * Leaves to others: the checksum's pseudo-header (`checksum.ts`), what any of it means (`tcp/`).
 */

import { readI32, readU16, writeU16, writeU32 } from './bytes.ts';
import { type Seq, seq } from './seq.ts';

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
export const ECE = 0x40;
export const CWR = 0x80;

/** Absent, for the numeric options of a {@link Segment}. */
export const ABSENT = -1;

/**
 * One TCP segment as a flat record, made to be reused: the same shape is parsed into on arrival and filled in for
 * emission. `data`, `dataOffset`, `dataLength` locate the text on arrival only.
 */
export class Segment {
  srcPort = 0;
  dstPort = 0;
  seq: Seq = seq(0);
  ack: Seq = seq(0);
  /** FIN | SYN | RST | PSH | ACK | URG | ECE | CWR */
  flags = 0;
  /** The window field as on the wire, unscaled and unsigned: 0 .. 65535 (MUST-1). */
  window = 0;
  urgent = 0;
  /** The ECN field of the IP header (RFC 3168 5): 0 .. 3, and 3 is "congestion experienced". */
  ecn = 0;

  data: Uint8Array = NO_DATA;
  dataOffset = 0;
  dataLength = 0;
  /** For a super-segment the text of each segment it stands for, in octets; 0 for an ordinary segment. */
  segmentSize = 0;

  mss: number = ABSENT;
  windowScale: number = ABSENT;
  sackPermitted = false;
  timestamps = false;
  /** TSval and TSecr, which wrap like sequence numbers. */
  tsVal: Seq = seq(0);
  tsEcr: Seq = seq(0);
  /** SACK blocks: `sackCount` pairs of left and right edge. */
  sackCount = 0;
  readonly sack: Seq[] = [seq(0), seq(0), seq(0), seq(0), seq(0), seq(0), seq(0), seq(0)];
  /** User timeout (RFC 5482): granularity bit and 15 bits of time as on the wire, or ABSENT. */
  userTimeout: number = ABSENT;
  /** Fast open: cookie length (0 is a request for one), or ABSENT. */
  fastOpenLength: number = ABSENT;
  readonly fastOpenCookie: Uint8Array = new Uint8Array(16);
  /** In the option that was used before RFC 7413 (kind 254, magic 0xF989). */
  fastOpenExperimental = false;
  /** An option came twice (the last one holds), or had a size or value that it cannot have (passed over, or bounded). */
  oddOptions = false;

  /** Makes it a bare segment again: no flags, no text, no options. */
  clear(): this {
    this.srcPort = 0;
    this.dstPort = 0;
    this.seq = seq(0);
    this.ack = seq(0);
    this.flags = 0;
    this.window = 0;
    this.urgent = 0;
    this.ecn = 0;
    this.data = NO_DATA;
    this.dataOffset = 0;
    this.dataLength = 0;
    this.segmentSize = 0;
    this.mss = ABSENT;
    this.windowScale = ABSENT;
    this.sackPermitted = false;
    this.timestamps = false;
    this.tsVal = seq(0);
    this.tsEcr = seq(0);
    this.sackCount = 0;
    this.userTimeout = ABSENT;
    this.fastOpenLength = ABSENT;
    this.fastOpenExperimental = false;
    this.oddOptions = false;
    return this;
  }
}

const NO_DATA: Uint8Array = new Uint8Array(0);

/** SEG.LEN of RFC 9293: the octets of text, counting SYN and FIN. */
export function segLen(segment: Segment): number {
  return segment.dataLength + (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0);
}

/** Octets of the header without options. */
export const TCP_HEADER = 20;
/** Octets of options a header has room for. */
export const TCP_OPTIONS = 40;
/** The largest window shift; larger ones count as this (RFC 7323 2.3). */
export const MAX_WINDOW_SCALE = 14;

const OPTION_EOL = 0;
const OPTION_NOP = 1;
const OPTION_MSS = 2;
const OPTION_WINDOW_SCALE = 3;
const OPTION_SACK_PERMITTED = 4;
const OPTION_SACK = 5;
const OPTION_TIMESTAMPS = 8;
const OPTION_USER_TIMEOUT = 28;
const OPTION_FAST_OPEN = 34;
const OPTION_EXPERIMENT = 254;
/** Which experiment an option of kind 254 belongs to (RFC 6994): fast open. */
const MAGIC_FAST_OPEN = 0xf989;
/** NOP, NOP, timestamps, length 10 (RFC 7323 appendix A). */
const ALIGNED_TIMESTAMPS = 0x0101080a;

/**
 * `option-length`: an option runs beyond the header, or has a length its kind cannot have (RFC 9293 MUST-7). The fixed
 * header has been read then, and the options before that one.
 */
export type TcpParse = 'ok' | 'truncated' | 'data-offset' | 'option-length';

/**
 * Reads a segment of `len` octets at `off`. Every field of `into` is overwritten; its text lies in `buf`. Options of an
 * unknown kind are passed over (MUST-6); what an option means on this segment is not asked here.
 */
export function parseTcp(buf: Uint8Array, off: number, len: number, into: Segment): TcpParse {
  if (len < TCP_HEADER) return 'truncated';
  into.srcPort = readU16(buf, off);
  into.dstPort = readU16(buf, off + 2);
  into.seq = readI32(buf, off + 4) as Seq;
  into.ack = readI32(buf, off + 8) as Seq;
  const header = (buf[off + 12]! >> 4) << 2;
  into.flags = buf[off + 13]!;
  into.window = readU16(buf, off + 14);
  into.urgent = readU16(buf, off + 18);
  into.data = buf;
  into.segmentSize = 0;
  into.mss = ABSENT;
  into.windowScale = ABSENT;
  into.sackPermitted = false;
  into.sackCount = 0;
  into.userTimeout = ABSENT;
  into.fastOpenLength = ABSENT;
  into.fastOpenExperimental = false;
  into.oddOptions = false;
  if (header < TCP_HEADER || header > len) {
    into.timestamps = false;
    into.tsVal = seq(0);
    into.tsEcr = seq(0);
    into.dataOffset = off;
    into.dataLength = 0;
    return 'data-offset';
  }
  into.dataOffset = off + header;
  into.dataLength = len - header;
  if (header === 32 && readI32(buf, off + 20) === ALIGNED_TIMESTAMPS) {
    into.timestamps = true;
    into.tsVal = readI32(buf, off + 24) as Seq;
    into.tsEcr = readI32(buf, off + 28) as Seq;
    return 'ok';
  }
  into.timestamps = false;
  into.tsVal = seq(0);
  into.tsEcr = seq(0);
  return header === TCP_HEADER ? 'ok' : parseOptions(buf, off + TCP_HEADER, off + header, into);
}

/** On any segment (MUST-5), beginning anywhere (MUST-64): end, NOP and the kinds of `parseOption` (MUST-4). */
function parseOptions(buf: Uint8Array, at: number, end: number, into: Segment): TcpParse {
  while (at < end) {
    const kind = buf[at]!;
    if (kind === OPTION_EOL) return 'ok';
    if (kind === OPTION_NOP) {
      at++;
      continue;
    }
    const length = at + 1 < end ? buf[at + 1]! : 0;
    if (length < 2 || at + length > end) return 'option-length';
    if (!parseOption(buf, at, kind, length, into)) return 'option-length';
    at += length;
  }
  return 'ok';
}

/** @returns whether `length` is one that `kind` may have */
function parseOption(buf: Uint8Array, at: number, kind: number, length: number, into: Segment): boolean {
  switch (kind) {
    case OPTION_MSS:
      if (length !== 4) return false;
      if (into.mss !== ABSENT) into.oddOptions = true;
      into.mss = readU16(buf, at + 2);
      return true;
    case OPTION_WINDOW_SCALE:
      if (length !== 3) return false;
      if (into.windowScale !== ABSENT || buf[at + 2]! > MAX_WINDOW_SCALE) into.oddOptions = true;
      into.windowScale = Math.min(buf[at + 2]!, MAX_WINDOW_SCALE);
      return true;
    case OPTION_SACK_PERMITTED:
      if (into.sackPermitted) into.oddOptions = true;
      into.sackPermitted = length === 2;
      return length === 2;
    case OPTION_SACK:
      return parseSack(buf, at, length, into);
    case OPTION_TIMESTAMPS:
      if (length !== 10) return false;
      if (into.timestamps) into.oddOptions = true;
      into.timestamps = true;
      into.tsVal = readI32(buf, at + 2) as Seq;
      into.tsEcr = readI32(buf, at + 6) as Seq;
      return true;
    case OPTION_USER_TIMEOUT:
      if (length !== 4) return false;
      into.userTimeout = readU16(buf, at + 2);
      return true;
    case OPTION_FAST_OPEN:
      takeFastOpen(buf, at + 2, length - 2, false, into);
      return true;
    case OPTION_EXPERIMENT:
      // Of other experiments nothing is known.
      if (length >= 4 && readU16(buf, at + 2) === MAGIC_FAST_OPEN) takeFastOpen(buf, at + 4, length - 4, true, into);
      return true;
    default:
      return true;
  }
}

/** A cookie of a size that RFC 7413 4.1.1 does not know is passed over, as it says. */
function takeFastOpen(buf: Uint8Array, at: number, length: number, experimental: boolean, into: Segment): void {
  const known = isCookieLength(length);
  if (!known || into.fastOpenLength !== ABSENT) into.oddOptions = true;
  if (!known) return;
  into.fastOpenLength = length;
  into.fastOpenExperimental = experimental;
  for (let i = 0; i < length; i++) into.fastOpenCookie[i] = buf[at + i]!;
}

function parseSack(buf: Uint8Array, at: number, length: number, into: Segment): boolean {
  const count = (length - 2) >> 3;
  // The option space ends after four blocks, so a larger count cannot come here with a length that fits.
  if (length !== 2 + count * 8 || count === 0 || count > 4) return false;
  into.sackCount = count;
  for (let i = 0; i < count * 2; i++) into.sack[i] = readI32(buf, at + 2 + i * 4) as Seq;
  return true;
}

function isCookieLength(n: number): boolean {
  return n === 0 || (n >= 4 && n <= 16 && (n & 1) === 0);
}

/** Octets of options before the SACK blocks, each group padded to whole words. */
function leadingOptions(segment: Segment): number {
  return (
    (segment.mss === ABSENT ? 0 : 4) +
    (segment.timestamps ? 12 : segment.sackPermitted ? 4 : 0) +
    (segment.windowScale === ABSENT ? 0 : 4) +
    (segment.userTimeout === ABSENT ? 0 : 4)
  );
}

/** How many of the segment's SACK blocks find room after `used` octets of options. */
function sackBlocks(segment: Segment, used: number): number {
  return Math.min(segment.sackCount, (TCP_OPTIONS - used - 4) >> 3);
}

/** Octets of the header that {@link writeTcp} would write: 20 .. 60. */
export function tcpHeaderLength(segment: Segment): number {
  let used = leadingOptions(segment);
  const blocks = sackBlocks(segment, used);
  if (blocks > 0) used += 4 + blocks * 8;
  return TCP_HEADER + used + fastOpenOption(segment, used);
}

/** Octets of the fast open option. */
function fastOpenSize(segment: Segment): number {
  return segment.fastOpenLength + (segment.fastOpenExperimental ? 4 : 2);
}

/** Octets of the fast open option with its padding, 0 when there is none or no room after `used` octets. */
function fastOpenOption(segment: Segment, used: number): number {
  if (segment.fastOpenLength === ABSENT) return 0;
  const size = (fastOpenSize(segment) + 3) & ~3;
  return used + size <= TCP_OPTIONS ? size : 0;
}

/**
 * Writes the header with its options; the checksum field is left 0 and the text is the caller's to place after it.
 * Options come in the order of the SYNs most hosts send (MSS, SACK-permitted, timestamps, window scale), user timeout, as many
 * SACK blocks as fit, then fast open, each with its length (MUST-68); NOPs align each to 32 bits, so the list needs no end
 * and no padding (MUST-69).
 *
 * @returns octets written, 20 .. 60
 */
export function writeTcp(buf: Uint8Array, off: number, segment: Segment): number {
  writeU16(buf, off, segment.srcPort);
  writeU16(buf, off + 2, segment.dstPort);
  writeU32(buf, off + 4, segment.seq);
  writeU32(buf, off + 8, segment.ack);
  buf[off + 13] = segment.flags;
  writeU16(buf, off + 14, segment.window);
  writeU16(buf, off + 16, 0);
  writeU16(buf, off + 18, segment.urgent);
  const at = writeOptions(buf, off + TCP_HEADER, segment);
  const header = at - off;
  buf[off + 12] = (header >> 2) << 4;
  return header;
}

/** @returns where the options end */
function writeOptions(buf: Uint8Array, start: number, segment: Segment): number {
  let at = start;
  if (segment.mss !== ABSENT) {
    writeU16(buf, at, (OPTION_MSS << 8) | 4);
    writeU16(buf, at + 2, segment.mss);
    at += 4;
  }
  if (segment.timestamps) {
    // SACK-permitted takes the place of the two NOPs.
    writeU32(buf, at, segment.sackPermitted ? 0x0402080a : ALIGNED_TIMESTAMPS);
    writeU32(buf, at + 4, segment.tsVal);
    writeU32(buf, at + 8, segment.tsEcr);
    at += 12;
  } else if (segment.sackPermitted) {
    writeU32(buf, at, 0x01010402);
    at += 4;
  }
  if (segment.windowScale !== ABSENT) {
    writeU32(buf, at, 0x01030300 | segment.windowScale);
    at += 4;
  }
  if (segment.userTimeout !== ABSENT) {
    writeU16(buf, at, (OPTION_USER_TIMEOUT << 8) | 4);
    writeU16(buf, at + 2, segment.userTimeout);
    at += 4;
  }
  if (segment.sackCount > 0) at = writeSack(buf, at, segment, sackBlocks(segment, at - start));
  if (fastOpenOption(segment, at - start) > 0) at = writeFastOpen(buf, at, segment);
  return at;
}

function writeSack(buf: Uint8Array, at: number, segment: Segment, blocks: number): number {
  if (blocks === 0) return at;
  writeU32(buf, at, 0x01010500 | (2 + blocks * 8));
  at += 4;
  for (let i = 0; i < blocks * 2; i++, at += 4) writeU32(buf, at, segment.sack[i]!);
  return at;
}

function writeFastOpen(buf: Uint8Array, at: number, segment: Segment): number {
  const length = segment.fastOpenLength;
  const size = fastOpenSize(segment);
  const end = at + ((size + 3) & ~3);
  writeU16(buf, at, ((segment.fastOpenExperimental ? OPTION_EXPERIMENT : OPTION_FAST_OPEN) << 8) | size);
  at += 2;
  if (segment.fastOpenExperimental) {
    writeU16(buf, at, MAGIC_FAST_OPEN);
    at += 2;
  }
  for (let i = 0; i < length; i++) buf[at++] = segment.fastOpenCookie[i]!;
  while (at < end) buf[at++] = OPTION_NOP;
  return at;
}

const FLAG_NAMES: ReadonlyArray<readonly [number, string]> = [
  [FIN, 'FIN'],
  [SYN, 'SYN'],
  [RST, 'RST'],
  [PSH, 'PSH'],
  [ACK, 'ACK'],
  [URG, 'URG'],
  [ECE, 'ECE'],
  [CWR, 'CWR'],
];

/** The names of the flags set, in the order of their bits: `SYN,ACK`; empty for none. */
export function flagsText(flags: number): string {
  return FLAG_NAMES.filter(([bit]) => flags & bit)
    .map(([, name]) => name)
    .join(',');
}
