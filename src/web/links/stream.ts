/**
 * Owns: a link over a pair of WHATWG streams, one packet a chunk: a worker's, a WebTransport's, another stack's TUN or TAP
 * interface in the shape of tcpip.js. Both directions wait: a chunk is read when there is room for it, and what the writable
 * has not taken counts as queued.
 */

import { invalidType, TsynError } from '../../stack/errors.ts';
import { type Carrier, type LinkHost, MessageLink, type MessageLinkOptions, messageOf } from './message-link.ts';

export interface StreamLinkOptions extends MessageLinkOptions {
  /** What a chunk holds: 'ip' (default), or 'ethernet'. */
  readonly medium?: 'ip' | 'ethernet';
}

/** What is used of a ReadableStream. */
export interface ReadableLike {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** What is used of a WritableStream. */
export interface WritableLike {
  getWriter(): {
    readonly closed: Promise<unknown>;
    write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
    close(): Promise<void>;
    abort(reason?: unknown): Promise<void>;
  };
}

export interface StreamPair {
  /** What arrives. */
  readonly readable: ReadableLike;
  /** What is sent. */
  readonly writable: WritableLike;
}

const ignore = (): void => {};

/** Why a stream failed; null where the other side cancelled it without a reason, which is how it says that it is done. */
function failure(error: unknown): TsynError | null {
  if (error === undefined) return null;
  return Object.assign(new TsynError('ERR_TSYN_STREAM', `the stream failed: ${messageOf(error)}`), { cause: error });
}

class StreamCarrier implements Carrier {
  waiting = 0;
  readonly #link: MessageLink;
  readonly #reader: ReturnType<ReadableLike['getReader']>;
  readonly #writer: ReturnType<WritableLike['getWriter']>;
  readonly #failed: (error: unknown) => void;

  constructor(pair: StreamPair, link: MessageLink) {
    this.#link = link;
    this.#reader = pair.readable.getReader();
    this.#writer = pair.writable.getWriter();
    this.#failed = (error) => link.end(failure(error));
    this.#writer.closed.then(() => link.end(null), this.#failed);
  }

  /** Reads until the end. */
  async read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#link.arrived(value);
        await this.#link.room();
      }
      this.#link.end(null);
    } catch (error) {
      this.#failed(error);
    }
  }

  send(octets: Uint8Array<ArrayBuffer>): void {
    const { length } = octets; // the sink may transfer the buffer
    this.waiting += length;
    const taken = (): void => {
      this.waiting -= length;
    };
    this.#writer.write(octets).then(taken, this.#failed);
  }

  close(reason: TsynError | null): void {
    this.#reader.cancel(reason ?? undefined).catch(ignore);
    const ended = reason === null ? this.#writer.close() : this.#writer.abort(reason);
    ended.catch(ignore);
  }
}

/**
 * A link over a pair of streams, which belong to the link from now on.
 *
 * @throws TsynError ERR_INVALID_ARG_TYPE for what is no such pair; TypeError, of the platform, for a stream that is locked
 */
export function streamLink(pair: StreamPair, host: LinkHost, options: StreamLinkOptions = {}): MessageLink {
  if (typeof pair?.readable?.getReader !== 'function')
    throw invalidType('readable', pair?.readable, 'a ReadableStream');
  if (typeof pair.writable?.getWriter !== 'function') throw invalidType('writable', pair.writable, 'a WritableStream');
  const link = new MessageLink(host, options.medium ?? 'ip', options);
  const carrier = new StreamCarrier(pair, link);
  link.carriedBy(carrier);
  void carrier.read();
  return link;
}
