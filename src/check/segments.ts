/**
 * Owns: segments in the network as plain words: taken from an outbox, numbered, and made again for delivery. Each carries its
 * ghosts: the sender's incarnation, the receiver's that it is meant for, and with a FIN how much its application had written.
 */

import type { Ring } from '../base/ring.ts';
import { type Seq, seq } from '../wire/seq.ts';
import { FIN, flagsText, Segment, SYN } from '../wire/tcp.ts';
import { Packer, Unpacker } from './bits.ts';
import type { Interner } from './interner.ts';

/** Octets of text that a segment of these worlds has at most. */
export const MOST_TEXT = 4;

/** A segment that has left an endpoint, without its ghosts. */
export class Emitted {
  flags = 0;
  seq: Seq = seq(0);
  ack: Seq = seq(0);
  window = 0;
  urgent = 0;
  mss = -1;
  length = 0;
  readonly text: Uint8Array = new Uint8Array(MOST_TEXT);

  take(segment: Segment, ring: Ring | null, at: number): void {
    if (segment.dataLength > MOST_TEXT) throw new RangeError(`a segment with ${segment.dataLength} octets of text`);
    this.flags = segment.flags;
    this.seq = segment.seq;
    this.ack = segment.ack;
    this.window = segment.window;
    this.urgent = segment.urgent;
    this.mss = segment.mss;
    this.length = segment.dataLength;
    ring?.copy(at, segment.dataLength, this.text, 0);
  }
}

/** Whose a segment is. */
export interface Stamp {
  readonly inc: number;
  readonly peer: number;
}

const WORDS = 6;
const words = new Int32Array(WORDS);
const packer = new Packer();
const unpacker = new Unpacker();

/** The number of a segment. @param fromB which side sent it @param total octets written when its application closed */
export function internSegment(table: Interner, from: Emitted, fromB: boolean, stamp: Stamp, total: number): number {
  words[0] = packer
    .begin()
    .put(from.flags, 8)
    .put(from.length, 3)
    .flag(fromB)
    .put(stamp.inc, 3)
    .put(stamp.peer, 3)
    .put(from.flags & FIN ? total : 0, 3).word;
  words[1] = from.seq;
  words[2] = from.ack;
  words[3] = from.window | (from.urgent << 16);
  let text = 0;
  for (let i = 0; i < from.length; i++) text |= from.text[i]! << (8 * i);
  words[4] = text;
  words[5] = from.mss;
  return table.add(words, WORDS);
}

/** A segment out of the network, with its ghosts. */
export class Carried {
  readonly segment: Segment = new Segment();
  fromB = false;
  inc = 0;
  peer = 0;
  total = 0;
  readonly #text: Uint8Array = new Uint8Array(MOST_TEXT);

  read(table: Interner, number: number): this {
    table.get(number, words);
    const segment = this.segment.clear();
    unpacker.begin(words[0]!);
    segment.flags = unpacker.take(8);
    segment.dataLength = unpacker.take(3);
    this.fromB = unpacker.flag();
    this.inc = unpacker.take(3);
    this.peer = unpacker.take(3);
    this.total = unpacker.take(3);
    segment.seq = seq(words[1]!);
    segment.ack = seq(words[2]!);
    segment.window = words[3]! & 0xffff;
    segment.urgent = words[3]! >>> 16;
    for (let i = 0; i < segment.dataLength; i++) this.#text[i] = words[4]! >>> (8 * i);
    segment.data = this.#text;
    segment.mss = words[5]!;
    return this;
  }

  /** A stranger's segment: it belongs to nobody. */
  intrude(from: Segment, fromB: boolean): void {
    const segment = this.segment.clear();
    segment.flags = from.flags;
    segment.seq = from.seq;
    segment.ack = from.ack;
    segment.window = from.window;
    segment.urgent = from.urgent;
    segment.dataLength = from.dataLength;
    segment.data = from.data;
    this.fromB = fromB;
    this.inc = 0;
    this.peer = 0;
    this.total = 0;
  }

  /** For people: `A SYN seq=1000`. */
  get label(): string {
    const { flags, seq: at, ack, dataLength } = this.segment;
    const text = dataLength > 0 ? ` ${dataLength} octet${dataLength > 1 ? 's' : ''}` : '';
    const acks = flags & SYN && ack === seq(0) ? '' : ` ack=${ack >>> 0}`;
    return `${this.fromB ? 'B' : 'A'} ${flagsText(flags)} seq=${at >>> 0}${acks}${text}`;
  }
}
