/**
 * Owns: what a capture holds, whatever its format: packets, interfaces, sections, and the error of one that cannot be read
 * on. Leaves to others: reading (`capture-reader.ts`), writing (`pcapng.ts`, `pcap.ts`), what a frame carries
 * (`capture-link.ts`).
 */

/** Link types of the tcpdump registry: Ethernet II frames; raw IPv4 or IPv6 packets. */
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;

/** When a packet was seen, exactly: whole seconds, and 0 to 999,999,999 ns. */
export interface ExactTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** A packet of a capture. */
export interface CapturedPacket extends ExactTime {
  /** Its number in the file, from 1 on. */
  readonly frame: number;
  /** When it was seen, in ms, as near as a number comes; from 1970 in captures of real interfaces. */
  readonly time: number;
  /** Where it was seen: {@link CaptureInterface.number}. */
  readonly interface: number;
  /** What it begins with, in numbers of the tcpdump registry. */
  readonly linkType: number;
  /** What was kept of it: `buf[off .. off + kept)`, and the same by itself. */
  readonly buf: Uint8Array;
  readonly off: number;
  readonly kept: number;
  readonly octets: Uint8Array;
  /** Octets it had on the wire. */
  readonly length: number;
  /** Where it went, seen from who captured; null where the capture does not say. */
  readonly direction: 'inbound' | 'outbound' | null;
  readonly comments: readonly string[];
}

/** Where packets of a capture were seen; a pcap file has one. */
export interface CaptureInterface {
  /** Its number in the file, from 0 on, through all sections. */
  readonly number: number;
  /** The section it is described in. */
  readonly section: number;
  readonly linkType: number;
  /** Octets kept of each packet at most; 0 for all. */
  readonly snapLength: number;
  readonly name: string | null;
  readonly description: string | null;
  readonly comments: readonly string[];
}

/** A part of a capture that stands for itself. A pcap file is one; pcapng files can be joined. */
export interface CaptureSection {
  /** From 0 on. */
  readonly number: number;
  readonly format: 'pcap' | 'pcapng';
  readonly littleEndian: boolean;
  /** The program that wrote it, the machine and the operating system, where it says so. */
  readonly application: string | null;
  readonly hardware: string | null;
  readonly system: string | null;
  readonly comments: readonly string[];
}

/** The octets are no capture, break off, or make no sense from somewhere on. Packets before that are good. */
export class CaptureError extends Error {
  readonly code = 'ERR_CAPTURE';
  /** Where in the file the block begins that cannot be read. */
  readonly offset: number;
  /** What kind of block that is: `packet record`, `enhanced packet block`, ... */
  readonly block: string;
  /** What is wrong with it. */
  readonly reason: string;

  constructor(offset: number, block: string, reason: string) {
    super(`capture, octet ${offset}, ${block}: ${reason}`);
    this.name = 'CaptureError';
    this.offset = offset;
    this.block = block;
    this.reason = reason;
  }
}

/** Octets of the largest block or packet: a length beyond it is no length. Larger than what Wireshark takes on Ethernet. */
export const LARGEST_BLOCK: number = 16 * 1024 * 1024;

export const NO_COMMENTS: readonly string[] = [];
const NOTHING: Uint8Array = new Uint8Array(0);

/** A part of a file at hand; the `base` is where in the file it begins. */
export interface Piece {
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly base: number;
}

/**
 * A packet as a reader tells of it: one object for all packets, good during the call only. `octets` are made when they are
 * asked for, which costs more than all the rest: who is in a hurry takes `buf`, `off` and `kept`.
 */
export class PassingPacket implements CapturedPacket {
  frame = 0;
  seconds = 0;
  nanoseconds = 0;
  time = 0;
  interface = 0;
  linkType = 0;
  buf: Uint8Array = NOTHING;
  off = 0;
  kept = 0;
  length = 0;
  direction: 'inbound' | 'outbound' | null = null;
  comments: readonly string[] = NO_COMMENTS;

  get octets(): Uint8Array {
    return this.buf.subarray(this.off, this.off + this.kept);
  }

  /** The same to be kept, with its octets, which are still those that were read. */
  plain(): CapturedPacket {
    const { frame, seconds, nanoseconds, time, linkType, buf, off, kept, octets, length, direction, comments } = this;
    const on = this.interface;
    return {
      frame,
      seconds,
      nanoseconds,
      time,
      interface: on,
      linkType,
      buf,
      off,
      kept,
      octets,
      length,
      direction,
      comments,
    };
  }

  /** The same to be kept, with a copy of its octets. */
  copy(): CapturedPacket {
    const octets = this.octets.slice();
    return { ...this.plain(), buf: octets, off: 0, octets };
  }
}

/** Whom a format tells what it reads. */
export interface CaptureListener {
  packet(packet: PassingPacket): void;
  interface(described: CaptureInterface): void;
  section(section: CaptureSection): void;
}

/** A file format, read block by block. */
export interface CaptureFormat {
  /**
   * Octets of the block at `at`, or, where what is there up to `end` does not tell, more than are there.
   *
   * @throws CaptureError
   */
  size(piece: Piece, at: number, end: number): number;
  /** Reads the blocks from `at` on that are whole. @returns where the first begins that is not. @throws CaptureError */
  read(piece: Piece, at: number, end: number): number;
  /** What kind of block stands there, as far as it is there. */
  block(piece: Piece, at: number, end: number): string;
}

/** Nanoseconds of a second. */
export const SECOND = 1_000_000_000;

/** The exact time of one that is in ms, or exact already. To the nanosecond as far as a number in ms tells. */
export function exactTime(time: number | ExactTime): ExactTime {
  if (typeof time !== 'number') return time;
  // Whole and broken milliseconds apart: together in nanoseconds they would not fit a double's 53 bits.
  const whole = Math.floor(time);
  const seconds = Math.floor(whole / 1000);
  const nanoseconds = (whole - seconds * 1000) * 1_000_000 + Math.round((time - whole) * 1_000_000);
  return nanoseconds < SECOND ? { seconds, nanoseconds } : { seconds: seconds + 1, nanoseconds: 0 };
}
