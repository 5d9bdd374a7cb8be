/**
 * Owns: captures as a stream: what passes on tapped links comes out of a `ReadableStream` as pcapng, to be sent, saved or
 * read on. A reader that is slow loses packets, which are counted, and does not hold the network up.
 */

import type { TapCallback } from '../link/tap.ts';
import { CaptureFeed, type CaptureFeedOptions } from '../trace/capture-feed.ts';

export interface CaptureStreamOptions extends CaptureFeedOptions {
  /** Octets that wait for the reader; what comes when there are as many is dropped and counted. Default 4 MiB. */
  readonly buffer?: number;
}

/**
 * Links as one pcapng file in a stream.
 *
 * @example
 * const capture = new CaptureStream();
 * const link = tap(inner, stack.scheduler, capture.port('eth0', inner.medium));
 * capture.readable.pipeTo(destination);
 */
export class CaptureStream {
  /** Blocks of a pcapng file, each whole. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #feed: CaptureFeed;
  #out!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #closed = false;

  constructor(options: CaptureStreamOptions = {}) {
    this.readable = new ReadableStream(
      {
        start: (controller) => {
          this.#out = controller;
        },
        cancel: () => {
          this.#closed = true;
        },
      },
      { highWaterMark: options.buffer ?? 4 * 1024 * 1024, size: (block) => block!.length },
    );
    this.#feed = new CaptureFeed((octets, packet) => this.#write(octets, packet), {
      epoch: performance.timeOrigin,
      ...options,
    });
  }

  /** Packets that went into the stream, and those for which there was no room, or no reader any more. */
  get packets(): number {
    return this.#feed.packets;
  }

  get dropped(): number {
    return this.#feed.dropped;
  }

  /** One more interface. @returns what `tap` calls for its packets */
  port(name: string, medium: 'ip' | 'ethernet', description?: string): TapCallback {
    return this.#feed.port(name, medium, description);
  }

  /** Ends the stream behind what waits in it. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#out.close();
  }

  #write(octets: Uint8Array, packet: boolean): boolean {
    if (this.#closed || (packet && this.#out.desiredSize! <= 0)) return false;
    this.#out.enqueue(octets as Uint8Array<ArrayBuffer>);
    return true;
  }
}
