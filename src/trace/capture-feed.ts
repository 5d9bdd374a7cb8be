/**
 * Owns: what passes on links as pcapng, octet by octet: interfaces are described as they join, packets as they are seen, and
 * a full receiver loses packets that are counted in the file. Leaves to others: where the octets go (`node/capture.ts` for
 * files, `web/capture.ts` for streams), and what looks at a link (`link/tap.ts`).
 */

import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from './capture.ts';
import { type Comments, PcapngWriter } from './pcapng.ts';

export interface CaptureFeedOptions {
  /** Kept in the file's head: the seed of a simulation, say. */
  readonly comment?: Comments;
  /** Added to the times of packets, ms. Default 0. */
  readonly epoch?: number;
  /** Octets kept of each packet at most, 0 (the default) for all. */
  readonly snapLength?: number;
}

/** Called for every packet of a link: it is what `tap` takes. `time` in ms. */
export type CapturePort = (
  direction: 'send' | 'receive',
  time: number,
  packet: { readonly buf: Uint8Array; readonly off: number; readonly len: number },
) => void;

/**
 * A pcapng file on its way to somebody, complete after every piece.
 *
 * @example
 * const pieces: Uint8Array[] = [];
 * const feed = new CaptureFeed((octets) => pieces.push(octets) > 0);
 * const link = tap(pipe.a, scheduler, feed.port('a', 'ip'));
 */
export class CaptureFeed {
  /** Packets written. */
  packets = 0;
  /** Packets for which there was no room. */
  dropped = 0;
  readonly #write: (octets: Uint8Array, packet: boolean) => boolean;
  readonly #epoch: number;
  readonly #snapLength: number;
  readonly #writer: PcapngWriter = new PcapngWriter();

  /**
   * @param write takes whole blocks, each an array of its own; for packets it may return false, and has not taken it then.
   *   What begins the file and its interfaces is nothing that one can do without.
   */
  constructor(write: (octets: Uint8Array, packet: boolean) => boolean, options: CaptureFeedOptions = {}) {
    this.#write = write;
    this.#epoch = options.epoch ?? 0;
    this.#snapLength = options.snapLength ?? 0;
    write(this.#writer.header(options.comment === undefined ? {} : { comment: options.comment }), false);
  }

  /** One more interface in the file. @returns what is to be called for its packets */
  port(name: string, medium: 'ip' | 'ethernet', description?: string): CapturePort {
    const number = this.#writer.interfaces;
    const block = this.#writer.interface({
      linkType: medium === 'ip' ? LINKTYPE_RAW : LINKTYPE_ETHERNET,
      name,
      snapLength: this.#snapLength,
      ...(description === undefined ? {} : { description }),
    });
    this.#write(block, false);
    let lost = 0;
    return (direction, time, { buf, off, len }) => {
      const packet = this.#writer.packet(number, this.#epoch + time, buf, off, len, {
        direction: direction === 'send' ? 'outbound' : 'inbound',
        ...(lost > 0 ? { dropped: lost } : {}),
      });
      if (this.#write(packet, true)) {
        this.packets++;
        lost = 0;
      } else {
        this.dropped++;
        lost++;
      }
    };
  }
}
