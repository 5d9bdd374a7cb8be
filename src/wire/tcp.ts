/**
 * Owns: the TCP header and its options, bytes <-> `Segment` (RFC 9293 3.1, 3.2; RFC 7323 2, 3; RFC 2018; RFC 7413).
 * Leaves to others: the checksum's pseudo-header (`checksum.ts`), what any of it means (`tcp/`).
 */

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
  /** The window field as on the wire, unscaled: 0 .. 65535. */
  window = 0;
  urgent = 0;

  data: Uint8Array = NO_DATA;
  dataOffset = 0;
  dataLength = 0;
  /** For a super-segment the text of each segment it stands for, in octets; 0 for an ordinary segment. */
  segmentSize = 0;

  mss: number = ABSENT;
  windowScale: number = ABSENT;
  sackPermitted = false;
  timestamps = false;
  tsVal = 0;
  tsEcr = 0;
  /** SACK blocks: `sackCount` pairs of left and right edge. */
  sackCount = 0;
  readonly sack: Seq[] = [seq(0), seq(0), seq(0), seq(0), seq(0), seq(0), seq(0), seq(0)];
  /** Fast open: cookie length (0 is a request for one), or ABSENT. */
  fastOpenLength: number = ABSENT;
  readonly fastOpenCookie: Uint8Array = new Uint8Array(16);

  /** Makes it a bare segment again: no flags, no text, no options. */
  clear(): this {
    this.srcPort = 0;
    this.dstPort = 0;
    this.seq = seq(0);
    this.ack = seq(0);
    this.flags = 0;
    this.window = 0;
    this.urgent = 0;
    this.data = NO_DATA;
    this.dataOffset = 0;
    this.dataLength = 0;
    this.segmentSize = 0;
    this.mss = ABSENT;
    this.windowScale = ABSENT;
    this.sackPermitted = false;
    this.timestamps = false;
    this.tsVal = 0;
    this.tsEcr = 0;
    this.sackCount = 0;
    this.fastOpenLength = ABSENT;
    return this;
  }
}

const NO_DATA: Uint8Array = new Uint8Array(0);

/** SEG.LEN of RFC 9293: the octets of text, counting SYN and FIN. */
export function segLen(segment: Segment): number {
  return segment.dataLength + (segment.flags & SYN ? 1 : 0) + (segment.flags & FIN ? 1 : 0);
}
