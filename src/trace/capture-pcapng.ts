/**
 * Owns: reading pcapng (draft-ietf-opsawg-pcapng): sections of either byte order, interfaces with clocks of their own,
 * enhanced, simple and obsolete packets, comments. Blocks of other kinds are skipped.
 */

import {
  CaptureError,
  type CaptureFormat,
  type CaptureListener,
  LARGEST_BLOCK,
  NO_COMMENTS,
  PassingPacket,
  type Piece,
} from './capture.ts';
import { CaptureClock } from './capture-clock.ts';
import { fromUtf8 } from './text.ts';

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const OPT_COMMENT = 1;
const SHB_HARDWARE = 2;
const SHB_OS = 3;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
const EPB_FLAGS = 2;

const NAMES: Readonly<Record<number, string>> = {
  [SECTION_HEADER]: 'section header block',
  [INTERFACE_DESCRIPTION]: 'interface description block',
  [OBSOLETE_PACKET]: 'packet block',
  [SIMPLE_PACKET]: 'simple packet block',
  4: 'name resolution block',
  5: 'interface statistics block',
  [ENHANCED_PACKET]: 'enhanced packet block',
};
/** Type and length before what is in a block, and the length behind it. */
const HEAD = 8;
const FRAME = 12;

/** What a packet needs of its interface. */
interface Source {
  readonly number: number;
  readonly linkType: number;
  readonly snapLength: number;
  readonly clock: CaptureClock;
}

export class PcapngFormat implements CaptureFormat {
  readonly #listener: CaptureListener;
  readonly #packet: PassingPacket = new PassingPacket();
  #little = true;
  /** The section's interfaces, and how many there are in the file. */
  #sources: Source[] = [];
  #interfaces = 0;
  #sections = 0;

  private constructor(listener: CaptureListener) {
    this.#listener = listener;
  }

  /** The format if the file begins so, else null. */
  static of({ view }: Piece, at: number, listener: CaptureListener): PcapngFormat | null {
    return view.getUint32(at) === SECTION_HEADER ? new PcapngFormat(listener) : null;
  }

  size(piece: Piece, at: number, end: number): number {
    if (end - at < FRAME) return FRAME;
    const { view } = piece;
    const type = view.getUint32(at, this.#little);
    const little = type === SECTION_HEADER ? this.#order(piece, at) : this.#little;
    const total = view.getUint32(at + 4, little);
    if (total < FRAME || total % 4 !== 0)
      this.#fail(piece, at, `its length of ${total} octets is none that it can have`);
    if (total > LARGEST_BLOCK) this.#fail(piece, at, `its length of ${total} octets is beyond ${LARGEST_BLOCK}`);
    return total;
  }

  read(piece: Piece, at: number, end: number): number {
    let next = at;
    for (;;) {
      const size = this.size(piece, next, end);
      if (size > end - next) return next;
      this.#block(piece, next, next + size);
      next += size;
    }
  }

  #block(piece: Piece, at: number, end: number): void {
    const { view } = piece;
    const type = view.getUint32(at, this.#little);
    if (type === SECTION_HEADER) this.#little = this.#order(piece, at);
    const again = view.getUint32(end - 4, this.#little);
    if (again !== end - at) this.#fail(piece, at, `its two lengths differ: ${end - at} and ${again} octets`);
    const body = at + HEAD;
    switch (type) {
      case ENHANCED_PACKET:
        this.#need(piece, at, end, 20);
        this.#timed(piece, body, end - 4, view.getUint32(body, this.#little));
        break;
      case OBSOLETE_PACKET:
        this.#need(piece, at, end, 20);
        this.#timed(piece, body, end - 4, view.getUint16(body, this.#little));
        break;
      case SIMPLE_PACKET:
        this.#need(piece, at, end, 4);
        this.#simple(piece, body, end - 4);
        break;
      case INTERFACE_DESCRIPTION:
        this.#need(piece, at, end, 8);
        this.#interface(piece, body, end - 4);
        break;
      case SECTION_HEADER:
        this.#need(piece, at, end, 16);
        this.#section(piece, body, end - 4);
        break;
    }
  }

  block({ view }: Piece, at: number, end: number): string {
    if (end - at < 4) return 'block';
    const type = view.getUint32(at, this.#little);
    return NAMES[type] ?? `block of type ${type}`;
  }

  /** @param octets those of the block's fixed part */
  #need(piece: Piece, at: number, end: number, octets: number): void {
    if (end - at < FRAME + octets) this.#fail(piece, at, `${end - at} octets are too few for it`);
  }

  #fail(piece: Piece, at: number, reason: string): never {
    throw new CaptureError(piece.base + at, this.block(piece, at, at + 4), reason);
  }

  /** Whether a section is little-endian. */
  #order(piece: Piece, at: number): boolean {
    if (piece.view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC) return true;
    if (piece.view.getUint32(at + 8) !== BYTE_ORDER_MAGIC) this.#fail(piece, at, 'it has no byte-order magic');
    return false;
  }

  #section(piece: Piece, at: number, end: number): void {
    const major = piece.view.getUint16(at + 4, this.#little);
    const minor = piece.view.getUint16(at + 6, this.#little);
    if (major !== 1) this.#fail(piece, at - HEAD, `pcapng of version ${major}.${minor}`);
    this.#sources = [];
    const texts = this.#texts(piece, at + 16, end);
    this.#listener.section({
      number: this.#sections++,
      format: 'pcapng',
      littleEndian: this.#little,
      application: texts.get(SHB_USERAPPL)?.[0] ?? null,
      hardware: texts.get(SHB_HARDWARE)?.[0] ?? null,
      system: texts.get(SHB_OS)?.[0] ?? null,
      comments: texts.get(OPT_COMMENT) ?? NO_COMMENTS,
    });
  }

  #interface(piece: Piece, at: number, end: number): void {
    const { view } = piece;
    const little = this.#little;
    let resolution = 6;
    let offset = 0;
    this.#options(piece, at + 8, end, (code, value, length) => {
      if (code === IF_TSRESOL && length === 1) resolution = view.getUint8(value);
      else if (code === IF_TSOFFSET && length === 8) {
        const [high, low] = little ? [value + 4, value] : [value, value + 4];
        offset = view.getInt32(high, little) * 0x1_0000_0000 + view.getUint32(low, little);
      }
    });
    const number = this.#interfaces++;
    const linkType = view.getUint16(at, little);
    const snapLength = view.getUint32(at + 4, little);
    this.#sources.push({ number, linkType, snapLength, clock: new CaptureClock(resolution, offset) });
    const texts = this.#texts(piece, at + 8, end);
    this.#listener.interface({
      number,
      section: this.#sections - 1,
      linkType,
      snapLength,
      name: texts.get(IF_NAME)?.[0] ?? null,
      description: texts.get(IF_DESCRIPTION)?.[0] ?? null,
      comments: texts.get(OPT_COMMENT) ?? NO_COMMENTS,
    });
  }

  #timed(piece: Piece, at: number, end: number, number: number): void {
    const { view } = piece;
    const little = this.#little;
    const source = this.#source(piece, at, number);
    const kept = view.getUint32(at + 12, little);
    const packet = this.#packet;
    if (kept > end - at - 20) this.#fail(piece, at - HEAD, `a packet of ${kept} octets is longer than its block`);
    source.clock.read(view.getUint32(at + 4, little), view.getUint32(at + 8, little), packet);
    packet.comments = NO_COMMENTS;
    packet.direction = null;
    const options = at + 20 + ((kept + 3) & ~3);
    if (options < end) this.#packetOptions(piece, options, end);
    this.#tell(piece, source, at + 20, kept, view.getUint32(at + 16, little));
  }

  /** It has no time of its own: it comes with the one before. */
  #simple(piece: Piece, at: number, end: number): void {
    const source = this.#source(piece, at, 0);
    const length = piece.view.getUint32(at, this.#little);
    const snapped = source.snapLength === 0 ? length : Math.min(length, source.snapLength);
    this.#packet.comments = NO_COMMENTS;
    this.#packet.direction = null;
    this.#tell(piece, source, at + 4, Math.min(snapped, end - at - 4), length);
  }

  #tell(piece: Piece, source: Source, at: number, kept: number, length: number): void {
    const packet = this.#packet;
    packet.frame++;
    packet.interface = source.number;
    packet.linkType = source.linkType;
    packet.buf = piece.octets;
    packet.off = at;
    packet.kept = kept;
    packet.length = length;
    this.#listener.packet(packet);
  }

  #source(piece: Piece, at: number, number: number): Source {
    const source = this.#sources[number];
    if (source === undefined) this.#fail(piece, at - HEAD, `there is no interface ${number} in its section`);
    return source;
  }

  #packetOptions(piece: Piece, at: number, end: number): void {
    const packet = this.#packet;
    this.#options(piece, at, end, (code, value, length) => {
      if (code === OPT_COMMENT) packet.comments = [...packet.comments, text(piece, value, length)];
      else if (code === EPB_FLAGS && length === 4) {
        const way = piece.view.getUint32(value, this.#little) & 3;
        packet.direction = way === 1 ? 'inbound' : way === 2 ? 'outbound' : null;
      }
    });
  }

  /** The options that may be text, by their codes. */
  #texts(piece: Piece, at: number, end: number): Map<number, string[]> {
    const texts = new Map<number, string[]>();
    this.#options(piece, at, end, (code, value, length) => {
      if (code > SHB_USERAPPL) return;
      const several = texts.get(code);
      if (several === undefined) texts.set(code, [text(piece, value, length)]);
      else several.push(text(piece, value, length));
    });
    return texts;
  }

  /** Each option up to the end, or up to one that is longer than its block: packets matter more than what is said of them. */
  #options(piece: Piece, at: number, end: number, take: (code: number, value: number, length: number) => void): void {
    for (let option = at; option + 4 <= end; ) {
      const code = piece.view.getUint16(option, this.#little);
      const length = piece.view.getUint16(option + 2, this.#little);
      const value = option + 4;
      if (code === 0 || value + length > end) return;
      take(code, value, length);
      option = value + ((length + 3) & ~3);
    }
  }
}

function text({ octets }: Piece, at: number, length: number): string {
  return fromUtf8(octets.subarray(at, at + length));
}
