/**
 * Owns: pcapng files on disk, fed by taps on links. What goes into them is `trace/capture-feed.ts`.
 *
 * Packets are gathered and written once a turn of the event loop, so that Wireshark can follow a capture while it grows
 * and a busy link does not pay for a system call a packet. Whole blocks are written, so that the file can be read at any time.
 */

import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { TapCallback } from '../link/tap.ts';
import { TsynError } from '../stack/errors.ts';
import { CaptureFeed } from '../trace/capture-feed.ts';

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
  /** Why writing ended before {@link close}, null where it did not. */
  error: TsynError | null = null;
  readonly #fd: number;
  readonly #maxOctets: number;
  readonly #feed: CaptureFeed;
  readonly #flush: () => void;
  #gathered: Uint8Array[] = [];
  #gatheredOctets = 0;
  #gatheredPackets = 0;
  /** Octets that are written, and with those that are gathered. */
  #written = 0;
  #octets = 0;
  /** Packets that were gathered, and which the disk did not take. */
  #lost = 0;
  #immediate: NodeJS.Immediate | null = null;
  #full = false;
  #closed = false;

  /** @internal */
  constructor(fd: number, options: CaptureOptions) {
    this.#fd = fd;
    this.#maxOctets = options.maxOctets ?? Infinity;
    this.#flush = () => {
      this.#immediate = null;
      this.flush();
    };
    this.#feed = new CaptureFeed((octets, packet) => this.#add(octets, packet), {
      epoch: performance.timeOrigin,
      ...options,
    });
  }

  /** Packets in the file, or on their way there. */
  get packets(): number {
    return this.#feed.packets - this.#lost;
  }

  /** Packets that did not go into the file: it was full, closed, or the disk was. */
  get dropped(): number {
    return this.#feed.dropped + this.#lost;
  }

  /**
   * One more interface in the file.
   *
   * @example
   * const link = tap(tun, stack.scheduler, capture.port(tun.name, tun.medium));
   */
  port(name: string, medium: 'ip' | 'ethernet', description?: string): TapCallback {
    return this.#feed.port(name, medium, description);
  }

  /** Writes what is gathered. */
  flush(): void {
    if (this.#gathered.length === 0 || this.#closed) return;
    const octets = Buffer.concat(this.#gathered, this.#gatheredOctets);
    const packets = this.#gatheredPackets;
    this.#gathered = [];
    this.#gatheredOctets = 0;
    this.#gatheredPackets = 0;
    try {
      for (let at = 0; at < octets.length; ) at += writeSync(this.#fd, octets, at);
      this.#written += octets.length;
    } catch (error) {
      // A full disk ends the capture, not the network.
      this.error = fileError(error as NodeJS.ErrnoException, 'write');
      this.#lost += packets;
      this.#cut();
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

  /** Takes back what was written of blocks that did not fit. */
  #cut(): void {
    try {
      ftruncateSync(this.#fd, this.#written);
    } catch {
      // A pipe, or a device: what is written is gone.
    }
  }

  #add(block: Uint8Array, packet: boolean): boolean {
    // What is full stays so: a packet might fit where the interface it names did not.
    if (this.#octets + block.length > this.#maxOctets) this.#full = true;
    if (this.#closed || this.#full) return false;
    this.#octets += block.length;
    this.#gathered.push(block);
    this.#gatheredOctets += block.length;
    if (packet) this.#gatheredPackets++;
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
