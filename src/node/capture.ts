/**
 * Owns: pcapng files on disk, fed by taps on links. What the blocks look like is `trace/pcapng.ts`.
 *
 * Packets are gathered and written once a turn of the event loop, so that Wireshark can follow a capture while it grows
 * and a busy link does not pay for a system call a packet.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { TapCallback } from '../link/tap.ts';
import { TsynError } from '../stack/errors.ts';
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from '../trace/capture.ts';
import { PcapngWriter } from '../trace/pcapng.ts';

export interface CaptureOptions {
  /** Kept in the file's head: the seed of a simulation, say. */
  readonly comment?: string;
  /** Added to the times of packets, ms: by default what makes {@link monotonic} times those of the wall clock. Simulations
   *  give 0, or the moment their story plays in. */
  readonly epoch?: number;
  /** Octets kept of each packet at most, 0 (the default) for all. */
  readonly snapLength?: number;
  /** The file ends before it grows beyond so many octets; what comes then is counted. Default unlimited. */
  readonly maxOctets?: number;
}

/** Octets gathered before they are written without waiting for the turn's end. */
const GATHER = 256 * 1024;

/** A pcapng file being written. */
export class Capture {
  /** Packets in the file. */
  packets = 0;
  /** Packets that did not go into the file: it was full, closed, or the disk was. */
  dropped = 0;
  /** Why writing ended before {@link close}, null where it did not. */
  error: TsynError | null = null;
  readonly #fd: number;
  readonly #epoch: number;
  readonly #snapLength: number;
  readonly #maxOctets: number;
  readonly #writer: PcapngWriter = new PcapngWriter();
  readonly #flush: () => void;
  #gathered: Uint8Array[] = [];
  #gatheredOctets = 0;
  #octets = 0;
  #immediate: NodeJS.Immediate | null = null;
  #closed = false;

  /** @internal */
  constructor(fd: number, options: CaptureOptions) {
    this.#fd = fd;
    this.#epoch = options.epoch ?? performance.timeOrigin;
    this.#snapLength = options.snapLength ?? 0;
    this.#maxOctets = options.maxOctets ?? Infinity;
    this.#flush = () => {
      this.#immediate = null;
      this.flush();
    };
    this.#add(this.#writer.header(options.comment === undefined ? {} : { comment: options.comment }));
  }

  /**
   * One more interface in the file.
   *
   * @example
   * const link = tap(tun, stack.scheduler, capture.port(tun.name, tun.medium));
   */
  port(name: string, medium: 'ip' | 'ethernet', description?: string): TapCallback {
    const number = this.#writer.interfaces;
    this.#add(
      this.#writer.interface({
        linkType: medium === 'ip' ? LINKTYPE_RAW : LINKTYPE_ETHERNET,
        name,
        snapLength: this.#snapLength,
        ...(description === undefined ? {} : { description }),
      }),
    );
    return (direction, time, packet) => {
      const { buf, off, len } = packet;
      const way = direction === 'send' ? 'outbound' : 'inbound';
      const block = this.#writer.packet(number, this.#epoch + time, buf, off, len, { direction: way });
      if (this.#add(block)) this.packets++;
      else this.dropped++;
    };
  }

  /** Writes what is gathered. */
  flush(): void {
    if (this.#gathered.length === 0 || this.#closed) return;
    const octets = Buffer.concat(this.#gathered, this.#gatheredOctets);
    this.#gathered = [];
    this.#gatheredOctets = 0;
    try {
      for (let at = 0; at < octets.length; ) at += writeSync(this.#fd, octets, at);
    } catch (error) {
      // A full disk ends the capture, not the network.
      this.error = fileError(error as NodeJS.ErrnoException, 'write');
      this.#finish();
    }
  }

  /** Writes what is gathered and closes the file. Harmless when repeated. */
  close(): void {
    this.flush();
    this.#finish();
  }

  #finish(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#immediate = null;
    closeSync(this.#fd);
  }

  #add(block: Uint8Array): boolean {
    if (this.#closed || this.#octets + block.length > this.#maxOctets) return false;
    this.#octets += block.length;
    this.#gathered.push(block);
    this.#gatheredOctets += block.length;
    if (this.#gatheredOctets >= GATHER) this.flush();
    else this.#immediate ??= setImmediate(this.#flush);
    return true;
  }
}

/**
 * Makes (or empties) the file and begins a capture in it.
 *
 * @throws TsynError with Node's code: ENOENT, EACCES, EISDIR, ...
 */
export function openCapture(path: string, options: CaptureOptions = {}): Capture {
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (error) {
    throw fileError(error as NodeJS.ErrnoException, 'open');
  }
  return new Capture(fd, options);
}

function fileError(error: NodeJS.ErrnoException, syscall: string): TsynError {
  return new TsynError(error.code ?? 'UNKNOWN', `capture: ${error.message}`, { syscall });
}
