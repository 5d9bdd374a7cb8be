/**
 * Owns: reading captures as they come, in pieces of any length: which format it is, and blocks that lie across pieces. A
 * packet within a piece is not copied. Leaves to others: the formats (`capture-pcap.ts`, `capture-pcapng.ts`).
 *
 * Nothing is set aside because a length field asks for it: what is held is what has come, and never more than a block.
 */

import {
  type CapturedPacket,
  CaptureError,
  type CaptureFormat,
  type CaptureInterface,
  type CaptureListener,
  type CaptureSection,
  type PassingPacket,
  type Piece,
} from './capture.ts';
import { PcapFormat } from './capture-pcap.ts';
import { PcapngFormat } from './capture-pcapng.ts';

export interface CaptureReaderOptions {
  /** Told of each section before what is in it. */
  readonly onSection?: (section: CaptureSection) => void;
  /** Told of each interface before its packets. */
  readonly onInterface?: (described: CaptureInterface) => void;
}

/** All files begin with four octets that say what they are. */
const MAGIC = 4;
const GZIP = 0x1f8b;

/**
 * Reads pcap and pcapng from pieces.
 *
 * @example
 * const reader = new CaptureReader((packet) => console.log(packet.frame, packet.time, packet.length));
 * for await (const chunk of createReadStream('a.pcapng')) reader.push(chunk);
 * reader.end();
 */
export class CaptureReader {
  readonly #listener: CaptureListener;
  #format: CaptureFormat | null = null;
  /** The beginning of a block whose end has not come, and how much of it is there. */
  #held: Piece = piece(new Uint8Array(4096), 0);
  #heldLength = 0;
  /** Octets that have come. */
  #offset = 0;
  #error: CaptureError | null = null;

  /**
   * @param onPacket called for each packet from within {@link push}. It is one object for all packets, and its octets are
   *   those of the piece: who keeps any takes a {@link PassingPacket.copy}.
   */
  constructor(onPacket: (packet: PassingPacket) => void, options: CaptureReaderOptions = {}) {
    const nobody = (): void => {};
    this.#listener = {
      packet: onPacket,
      section: options.onSection ?? nobody,
      interface: options.onInterface ?? nobody,
    };
  }

  /**
   * The next octets of the file. They may change when the call is over.
   *
   * @throws CaptureError from here on the file cannot be read; the packets before it have been told of
   */
  push(octets: Uint8Array): void {
    if (this.#error !== null) throw this.#error;
    const chunk = piece(octets, this.#offset);
    this.#offset += octets.length;
    try {
      let at = this.#complete(octets);
      if (at < octets.length && this.#formatOf(chunk, at)) at = this.#format!.read(chunk, at, octets.length);
      if (at < octets.length) this.#hold(octets, at, octets.length);
    } catch (error) {
      if (error instanceof CaptureError) this.#error = error;
      throw error;
    }
  }

  /** The file is over. @throws CaptureError it breaks off, or there is none */
  end(): void {
    if (this.#error !== null) throw this.#error;
    if (this.#format === null) {
      this.#error = new CaptureError(0, 'file', `no capture: it has ${this.#heldLength} octets`);
    } else if (this.#heldLength > 0) {
      const block = this.#format.block(this.#held, 0, this.#heldLength);
      const whole = this.#wanted();
      const reason = `it breaks off: ${this.#heldLength} octets of at least ${whole} are there`;
      this.#error = new CaptureError(this.#held.base, block, reason);
    }
    if (this.#error !== null) throw this.#error;
  }

  /** Completes the block that is held, and reads it. @returns how many octets that took */
  #complete(octets: Uint8Array): number {
    let at = 0;
    while (this.#heldLength > 0) {
      const wanted = this.#wanted();
      if (wanted === this.#heldLength) {
        this.#format!.read(this.#held, 0, wanted);
        this.#heldLength = 0;
      } else if (at === octets.length) {
        break;
      } else {
        const end = Math.min(octets.length, at + wanted - this.#heldLength);
        this.#hold(octets, at, end);
        at = end;
      }
    }
    return at;
  }

  /** Octets that the block which is held has, as far as what is there tells. */
  #wanted(): number {
    return this.#formatOf(this.#held, 0, this.#heldLength)
      ? this.#format!.size(this.#held, 0, this.#heldLength)
      : MAGIC;
  }

  /** Looks which format it is, where that is not known. @returns false where too little has come to tell */
  #formatOf(from: Piece, at: number, end: number = from.octets.length): boolean {
    if (this.#format !== null) return true;
    if (end - at < MAGIC) return false;
    this.#format = PcapngFormat.of(from, at, this.#listener) ?? PcapFormat.of(from, at, this.#listener);
    if (this.#format === null) throw new CaptureError(0, 'file', notCapture(from.view, at));
    return true;
  }

  /** Copies octets behind those that are held. */
  #hold(octets: Uint8Array, from: number, to: number): void {
    const length = this.#heldLength + to - from;
    // Where a block begins, the pieces before it have been read.
    const base = this.#heldLength === 0 ? this.#offset - octets.length + from : this.#held.base;
    let held = this.#held.octets;
    if (length > held.length) {
      held = new Uint8Array(2 * length);
      held.set(this.#held.octets.subarray(0, this.#heldLength));
    }
    held.set(octets.subarray(from, to), this.#heldLength);
    this.#held = piece(held, base);
    this.#heldLength = length;
  }
}

/** What is given may be a subclass whose views copy or do more than they should, as Node's `Buffer`. */
function piece({ buffer, byteOffset, length }: Uint8Array, base: number): Piece {
  return { octets: new Uint8Array(buffer, byteOffset, length), view: new DataView(buffer, byteOffset, length), base };
}

function notCapture(view: DataView, at: number): string {
  return view.getUint16(at) === GZIP ? 'it is compressed: gunzip it first' : 'neither pcap nor pcapng';
}

/** All that is in a capture. */
export interface CaptureContents {
  readonly sections: readonly CaptureSection[];
  readonly interfaces: readonly CaptureInterface[];
  readonly packets: readonly CapturedPacket[];
  /** Why there is no more, if that is not the file's end. */
  readonly error: CaptureError | null;
}

/** What can be read of a capture that is in memory. Its packets' octets are views of it. */
export function readCaptureContents(octets: Uint8Array): CaptureContents {
  const sections: CaptureSection[] = [];
  const interfaces: CaptureInterface[] = [];
  const packets: CapturedPacket[] = [];
  const reader = new CaptureReader((packet) => packets.push(packet.plain()), {
    onSection: (section) => sections.push(section),
    onInterface: (described) => interfaces.push(described),
  });
  try {
    reader.push(octets);
    reader.end();
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return { sections, interfaces, packets, error };
  }
  return { sections, interfaces, packets, error: null };
}

/** The packets of a capture that is in memory, in its order. @throws CaptureError */
export function readCapture(octets: Uint8Array): readonly CapturedPacket[] {
  const { packets, error } = readCaptureContents(octets);
  if (error !== null) throw error;
  return packets;
}
