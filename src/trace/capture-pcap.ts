/**
 * Owns: reading pcap (draft-ietf-opsawg-pcap): a file header, and packet records behind it. Either byte order, microseconds
 * and nanoseconds, and the longer records of the kernels that called theirs "modified".
 */

import {
  CaptureError,
  type CaptureFormat,
  type CaptureListener,
  LARGEST_BLOCK,
  NO_COMMENTS,
  PassingPacket,
  type Piece,
  SECOND,
} from './capture.ts';

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const MODIFIED = 0xa1b2cd34;

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** With an interface's index, a protocol and a packet type that nobody else writes. */
const MODIFIED_HEADER = 24;

export class PcapFormat implements CaptureFormat {
  readonly #listener: CaptureListener;
  readonly #little: boolean;
  /** Nanoseconds of one step of its clock. */
  readonly #step: number;
  readonly #header: number;
  readonly #packet: PassingPacket = new PassingPacket();
  #begun = false;
  /** The older version's number: in those before 2.3 the two lengths stand the other way round. */
  #minor = 4;

  private constructor(listener: CaptureListener, little: boolean, magic: number) {
    this.#listener = listener;
    this.#little = little;
    this.#step = magic === NANOSECONDS ? 1 : 1000;
    this.#header = magic === MODIFIED ? MODIFIED_HEADER : RECORD_HEADER;
  }

  /** The format if the file begins so, else null. */
  static of({ view }: Piece, at: number, listener: CaptureListener): PcapFormat | null {
    for (const little of [true, false]) {
      const magic = view.getUint32(at, little);
      if (magic === MICROSECONDS || magic === NANOSECONDS || magic === MODIFIED)
        return new PcapFormat(listener, little, magic);
    }
    return null;
  }

  size(piece: Piece, at: number, end: number): number {
    if (!this.#begun) return FILE_HEADER;
    const header = this.#header;
    if (end - at < header) return header;
    const kept = this.#lengths(piece.view, at, true);
    if (kept > LARGEST_BLOCK)
      throw new CaptureError(piece.base + at, this.block(), `a packet of ${kept} octets: there is none so long`);
    return header + kept;
  }

  read(piece: Piece, at: number, end: number): number {
    let next = at;
    for (;;) {
      const size = this.size(piece, next, end);
      if (size > end - next) return next;
      if (this.#begun) this.#record(piece, next, next + size);
      else this.#begin(piece, next);
      next += size;
    }
  }

  #record({ view, octets }: Piece, at: number, end: number): void {
    const packet = this.#packet;
    let seconds = view.getUint32(at, this.#little);
    let nanoseconds = view.getUint32(at + 4, this.#little) * this.#step;
    if (nanoseconds >= SECOND) {
      // No writer should, and some do.
      seconds += Math.floor(nanoseconds / SECOND);
      nanoseconds %= SECOND;
    }
    packet.frame++;
    packet.seconds = seconds;
    packet.nanoseconds = nanoseconds;
    packet.time = seconds * 1000 + nanoseconds / 1e6;
    packet.buf = octets;
    packet.off = at + this.#header;
    packet.kept = end - packet.off;
    packet.length = this.#lengths(view, at, false);
    this.#listener.packet(packet);
  }

  block(): string {
    return this.#begun ? 'packet record' : 'file header';
  }

  #begin({ view, base }: Piece, at: number): void {
    const little = this.#little;
    const major = view.getUint16(at + 4, little);
    this.#minor = view.getUint16(at + 6, little);
    if (major !== 2) throw new CaptureError(base + at, this.block(), `pcap of version ${major}.${this.#minor}`);
    const linkType = view.getUint32(at + 20, little) & 0xffff; // what is above tells of checksums behind frames
    this.#packet.linkType = linkType;
    this.#begun = true;
    this.#listener.section({
      number: 0,
      format: 'pcap',
      littleEndian: little,
      application: null,
      hardware: null,
      system: null,
      comments: NO_COMMENTS,
    });
    this.#listener.interface({
      number: 0,
      section: 0,
      linkType,
      snapLength: view.getUint32(at + 16, little),
      name: null,
      description: null,
      comments: NO_COMMENTS,
    });
  }

  /** The octets that are kept, or those of the packet on the wire. */
  #lengths(view: DataView, at: number, kept: boolean): number {
    const first = view.getUint32(at + 8, this.#little);
    const second = view.getUint32(at + 12, this.#little);
    const swapped = this.#minor < 3 || (this.#minor === 3 && first > second);
    return kept === swapped ? second : first;
  }
}
