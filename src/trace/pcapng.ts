/**
 * Owns: writing pcapng blocks (draft-ietf-opsawg-pcapng): a section header, interface descriptions, enhanced packets. Times
 * are nanoseconds. Pure: blocks come out as octets, and where they go is someone else's affair (`capture-feed.ts`).
 */

import { type ExactTime, exactTime, SECOND } from './capture.ts';
import { utf8 } from './text.ts';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_TSRESOL = 9;
const EPB_FLAGS = 2;
const EPB_DROPCOUNT = 4;

/** One comment, or several. */
export type Comments = string | readonly string[];

export interface SectionOptions {
  /** The program that writes. Default `tsyn`. */
  readonly application?: string;
  readonly comment?: Comments;
}

export interface InterfaceOptions {
  /** LINKTYPE_RAW, LINKTYPE_ETHERNET, or another number of the tcpdump registry. */
  readonly linkType: number;
  readonly name?: string;
  readonly description?: string;
  /** Octets kept of each packet at most, 0 for all. Default 0. */
  readonly snapLength?: number;
  readonly comment?: Comments;
}

export interface PacketOptions {
  readonly direction?: 'inbound' | 'outbound';
  readonly comment?: Comments;
  /** Octets the packet had on the wire, where these are fewer. */
  readonly length?: number;
  /** Packets lost between the previous one and this one. */
  readonly dropped?: number;
}

/**
 * One section of a pcapng file, block by block: {@link PcapngWriter.header} first, then interfaces and their packets in
 * any order. Every block is a new array of its own.
 */
export class PcapngWriter {
  readonly #snapLengths: number[] = [];

  /** The section header: the first octets of a file. */
  header(options: SectionOptions = {}): Uint8Array {
    const block = new Block(SECTION_HEADER, 16);
    block.u32(BYTE_ORDER_MAGIC);
    block.u16(1);
    block.u16(0);
    block.u32(0xffffffff); // the section's length is not known beforehand
    block.u32(0xffffffff);
    block.comments(options.comment);
    block.text(SHB_USERAPPL, options.application ?? 'tsyn');
    return block.end();
  }

  /** Describes one more interface. Its number, for {@link packet}, is how many were described before it. */
  interface(options: InterfaceOptions): Uint8Array {
    const snapLength = options.snapLength ?? 0;
    this.#snapLengths.push(snapLength);
    const block = new Block(INTERFACE_DESCRIPTION, 8);
    block.u16(options.linkType);
    block.u16(0);
    block.u32(snapLength);
    block.text(IF_NAME, options.name);
    block.text(IF_DESCRIPTION, options.description);
    block.comments(options.comment);
    block.octets(IF_TSRESOL, Uint8Array.of(9));
    return block.end();
  }

  /** How many interfaces are described. */
  get interfaces(): number {
    return this.#snapLengths.length;
  }

  /**
   * A packet `buf[off .. off + len)` of interface `number`, seen at `time`: in ms, or exactly (on whatever origin; a wall
   * clock's is the usual one).
   */
  packet(
    number: number,
    time: number | ExactTime,
    buf: Uint8Array,
    off: number,
    len: number,
    options: PacketOptions = {},
  ): Uint8Array {
    const limit = this.#snapLengths[number] || len;
    const kept = Math.min(len, limit);
    const block = new Block(ENHANCED_PACKET, 20 + kept);
    block.u32(number);
    block.time(exactTime(time));
    block.u32(kept);
    block.u32(options.length ?? len);
    block.raw(buf, off, kept);
    block.comments(options.comment);
    if (options.direction !== undefined) {
      block.octets(EPB_FLAGS, Uint8Array.of(options.direction === 'inbound' ? 1 : 2, 0, 0, 0));
    }
    if (options.dropped !== undefined) block.octets(EPB_DROPCOUNT, littleEndian64(options.dropped));
    return block.end();
  }
}

/** A block being written: type and length, the fixed part, options, the length again. Little-endian. */
class Block {
  #bytes: Uint8Array;
  #at = 8;
  #options = false;

  constructor(type: number, fixed: number) {
    this.#bytes = new Uint8Array(fixed + 64);
    this.#set32(0, type);
  }

  u16(value: number): void {
    this.#room(2);
    this.#bytes[this.#at++] = value & 0xff;
    this.#bytes[this.#at++] = (value >>> 8) & 0xff;
  }

  u32(value: number): void {
    this.#room(4);
    this.#set32(this.#at, value);
    this.#at += 4;
  }

  /** Nanoseconds in two halves, the higher one first. */
  time({ seconds, nanoseconds }: ExactTime): void {
    // As products of 16 bits, which stay below a double's 53 where the sum would not.
    const low = seconds * (SECOND % 0x1_0000) + nanoseconds;
    const high = seconds * Math.floor(SECOND / 0x1_0000) + Math.floor(low / 0x1_0000);
    const upper = Math.floor(high / 0x1_0000);
    this.u32(upper);
    this.u32((high - upper * 0x1_0000) * 0x1_0000 + (low & 0xffff));
  }

  raw(source: Uint8Array, off: number, len: number): void {
    this.#room(len + 4);
    this.#bytes.set(source.subarray(off, off + len), this.#at);
    this.#at = (this.#at + len + 3) & ~3;
  }

  octets(code: number, value: Uint8Array): void {
    this.#options = true;
    this.u16(code);
    this.u16(value.length);
    this.raw(value, 0, value.length);
  }

  /** Nothing for an absent text; an option's length is 16 bits. */
  text(code: number, value: string | undefined): void {
    if (value !== undefined) this.octets(code, utf8(value.slice(0, 16_000)));
  }

  comments(comments: Comments = []): void {
    for (const comment of typeof comments === 'string' ? [comments] : comments) this.text(OPT_COMMENT, comment);
  }

  end(): Uint8Array {
    if (this.#options) this.u32(0); // opt_endofopt
    const length = this.#at + 4;
    this.u32(length);
    this.#set32(4, length);
    return this.#bytes.slice(0, length);
  }

  #set32(at: number, value: number): void {
    this.#bytes[at] = value & 0xff;
    this.#bytes[at + 1] = (value >>> 8) & 0xff;
    this.#bytes[at + 2] = (value >>> 16) & 0xff;
    this.#bytes[at + 3] = value >>> 24;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + more));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

function littleEndian64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  let rest = value;
  for (let i = 0; i < 8; i++) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}
