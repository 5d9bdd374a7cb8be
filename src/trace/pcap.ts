/**
 * Owns: writing pcap (draft-ietf-opsawg-pcap), for what does not read pcapng: one interface, no comments, times in
 * nanoseconds or microseconds. Pure, as `pcapng.ts` is.
 */

import { type ExactTime, exactTime } from './capture.ts';

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** What to say where nothing is cut: more than any packet has, and as much as others' readers take. */
const UNLIMITED = 262_144;

export interface PcapOptions {
  /** LINKTYPE_RAW, LINKTYPE_ETHERNET, or another number of the tcpdump registry. */
  readonly linkType: number;
  /** Octets kept of each packet at most, 0 for all. Default 0. */
  readonly snapLength?: number;
  /** Default 'nanoseconds'. Some old programs know microseconds alone, to which times are cut. */
  readonly resolution?: 'nanoseconds' | 'microseconds';
}

/** A pcap file, piece by piece: {@link PcapWriter.header} first. Every piece is a new array of its own. Little-endian. */
export class PcapWriter {
  readonly #linkType: number;
  readonly #snapLength: number;
  /** Nanoseconds of one step of its clock. */
  readonly #step: number;

  constructor(options: PcapOptions) {
    this.#linkType = options.linkType;
    this.#snapLength = options.snapLength ?? 0;
    this.#step = options.resolution === 'microseconds' ? 1000 : 1;
  }

  header(): Uint8Array {
    const octets = new Uint8Array(24);
    const view = new DataView(octets.buffer);
    view.setUint32(0, this.#step === 1 ? NANOSECONDS : MICROSECONDS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, this.#snapLength || UNLIMITED, true);
    view.setUint32(20, this.#linkType, true);
    return octets;
  }

  /**
   * A packet `buf[off .. off + len)` seen at `time`: in ms, or exactly; from 1970 on, up to 2106.
   *
   * @param length octets it had on the wire, where `len` are fewer
   */
  packet(time: number | ExactTime, buf: Uint8Array, off: number, len: number, length: number = len): Uint8Array {
    const { seconds, nanoseconds } = exactTime(time);
    const kept = Math.min(len, this.#snapLength || len);
    const octets = new Uint8Array(16 + kept);
    const view = new DataView(octets.buffer);
    view.setUint32(0, seconds, true);
    view.setUint32(4, Math.floor(nanoseconds / this.#step), true);
    view.setUint32(8, kept, true);
    view.setUint32(12, length, true);
    octets.set(buf.subarray(off, off + kept), 16);
    return octets;
  }
}
