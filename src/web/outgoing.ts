/**
 * Owns: the writable half of a connection. A write is done when the send buffer has taken all of it; the stream itself asks for
 * 64 KiB ahead and no more, so a writer that heeds `ready` is as far ahead as the buffers say.
 */

import type { TcpSocket } from '../stack/tcp-socket.ts';
import { badArgument, SocketError, socketError } from './errors.ts';
import { Deferred, type Octets, octetsOf } from './settle.ts';

/** Octets that may wait in the stream before `ready` waits. */
const AHEAD = 65_536;

/** What a write has left to do. */
interface Waiting {
  readonly data: Uint8Array;
  at: number;
  readonly done: Deferred<void>;
}

export class Outgoing {
  readonly stream: WritableStream<Octets>;
  readonly #onAbort: (reason: unknown) => void;
  readonly #onClose: () => void;
  readonly #opened: Deferred<void> = new Deferred();
  #controller!: WritableStreamDefaultController;
  #tcp: TcpSocket | null = null;
  #waiting: Waiting | null = null;
  /** Writes that the stream holds: those of which the size was asked, less those that are done. */
  #held = 0;
  /** The connection closes for writing when these are done, whoever holds the stream. */
  #ending = false;
  /** Closed or failed: the stream takes no more. */
  #done = false;

  /**
   * @param onAbort the writer has given up: with `abort`, or by writing what is no octets
   * @param onClose the writer has closed in good order, and the FIN is on its way
   */
  constructor(onAbort: (reason: unknown) => void, onClose: () => void) {
    this.#onAbort = onAbort;
    this.#onClose = onClose;
    this.stream = new WritableStream<Octets>(
      {
        start: (controller) => {
          this.#controller = controller;
          // `abort` of the sink waits for the write in progress; the signal does not.
          const { signal } = controller;
          signal.addEventListener('abort', () => this.#abort(signal.reason), { once: true });
          return this.#opened.promise;
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
      },
      { highWaterMark: AHEAD, size: (chunk) => this.#size(chunk) },
    );
  }

  get closed(): boolean {
    return this.#done;
  }

  attach(tcp: TcpSocket): void {
    this.#tcp = tcp;
    this.#opened.resolve();
  }

  /** There is room again. */
  news(): void {
    const waiting = this.#waiting;
    if (waiting === null || this.#tcp === null) return;
    try {
      waiting.at += this.#tcp.write(waiting.data, waiting.at);
    } catch (thrown) {
      this.fail(socketError(thrown));
      return;
    }
    if (waiting.at < waiting.data.length) return;
    this.#waiting = null;
    waiting.done.resolve();
    this.#written();
  }

  /** The peer is done, and so are we: closes when what is under way has been written. */
  end(): void {
    if (this.#done || this.#ending) return;
    if (!this.stream.locked) {
      this.stream.close().catch(() => {});
      return;
    }
    this.#ending = true;
    if (this.#held === 0) this.#tcp?.end();
  }

  /** Nothing can be written any more. */
  fail(error: SocketError): void {
    if (!this.#done) this.#controller.error(error);
    this.#done = true;
    this.#opened.reject(error);
    this.#waiting?.done.reject(error);
    this.#waiting = null;
  }

  /** The connection is over in good order. */
  finish(): void {
    if (this.#done) return;
    if (this.stream.locked || this.#held > 0)
      this.fail(new SocketError('EPIPE', 'write EPIPE: the connection is over'));
    else this.end();
  }

  #size(chunk: unknown): number {
    this.#held++;
    return (chunk as Partial<ArrayBufferView> | null | undefined)?.byteLength ?? 1;
  }

  #write(chunk: Octets): void | Promise<void> {
    const data = octetsOf(chunk);
    if (data === null) {
      const error = badArgument(
        'chunk',
        chunk,
        'an ArrayBuffer or a view of one (text: `new TextEncoder().encode(text)`)',
      );
      this.#abort(error);
      throw error;
    }
    const taken = this.#take(data);
    if (taken === data.length) {
      this.#written();
      return;
    }
    this.#waiting = { data, at: taken, done: new Deferred() };
    return this.#waiting.done.promise;
  }

  #take(data: Uint8Array): number {
    try {
      return this.#tcp!.write(data);
    } catch (thrown) {
      this.#done = true;
      throw socketError(thrown);
    }
  }

  #written(): void {
    this.#held--;
    if (this.#ending && this.#held === 0) this.#tcp?.end();
  }

  #close(): void {
    this.#done = true;
    this.#tcp?.end();
    this.#onClose();
  }

  /** The stream itself knows already; Node 20 and 22 cannot bear to be told again meanwhile. */
  #abort(reason: unknown): void {
    if (this.#done) return;
    this.#done = true;
    this.#onAbort(reason);
  }
}
