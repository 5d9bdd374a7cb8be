/**
 * Owns: the readable half of a connection as a byte stream (WHATWG Streams 4.7), BYOB reads included.
 *
 * Nothing is queued in the stream: octets stay in the connection's receive buffer until somebody reads, so the window that the
 * peer sees is the reader's doing. A read takes what has come, up to 64 KiB, not a packet.
 */

import type { TcpSocket } from '../stack/tcp-socket.ts';
import type { SocketError } from './errors.ts';

/** Octets handed out at once. */
const CHUNK = 65_536;

export class Incoming {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #onEnd: () => void;
  readonly #onCancel: () => void;
  #controller!: ReadableByteStreamController;
  #tcp: TcpSocket | null = null;
  /** Somebody waits in a read. */
  #wanted = false;
  /** The peer has closed, and TCP has forgotten so by now. */
  #lastIsHere = false;
  /** What the reader is told after all that has come. */
  #failure: SocketError | null = null;
  /** Closed or failed: the stream takes no more. */
  #done = false;
  /** The reader has turned away: what comes is dropped, so that the peer can finish. */
  #discarding = false;

  /**
   * @param onEnd the peer has closed and the reader has had everything, or wants nothing
   * @param onCancel the reader has turned away
   */
  constructor(onEnd: () => void, onCancel: () => void) {
    this.#onEnd = onEnd;
    this.#onCancel = onCancel;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      type: 'bytes',
      start: (controller) => {
        this.#controller = controller as ReadableByteStreamController;
      },
      pull: () => {
        if (!this.#deliver()) this.#wanted = true;
      },
      cancel: () => this.#cancelled(),
    });
  }

  get discarding(): boolean {
    return this.#discarding;
  }

  attach(tcp: TcpSocket): void {
    this.#tcp = tcp;
    this.news();
  }

  /** Octets, or the end of them, may have come. */
  news(): void {
    const tcp = this.#tcp;
    if (tcp === null) return;
    if (this.#discarding) {
      tcp.consume(tcp.readableLength);
      if (this.#atEnd(tcp)) this.#ended();
      return;
    }
    if (this.#done || (!this.#wanted && tcp.readableLength > 0)) return;
    // Nobody has to ask for the end to hear of it.
    if (this.#deliver()) this.#wanted = false;
  }

  /** The connection has failed. What came before that can still be read, unless the user wanted none of it any more. */
  fail(error: SocketError, atOnce: boolean): void {
    if (this.#done || this.#failure !== null) return;
    this.#failure = error;
    if (atOnce || this.#tcp === null || this.#tcp.readableLength === 0) this.#error(error);
  }

  /** The connection is over in good order: after what waits to be read comes the end. */
  over(): void {
    this.#lastIsHere = true;
    this.news();
  }

  /** No more of it: readers are told that this is the end. */
  finish(): void {
    this.#close();
  }

  /** @returns whether a waiting reader, if there is one, has been given something */
  #deliver(): boolean {
    const tcp = this.#tcp;
    if (tcp === null || this.#done) return this.#done;
    const waiting = tcp.readableLength;
    if (waiting > 0) this.#hand(tcp, waiting);
    if (tcp.readableLength > 0) return true;
    // Told together with the last octets: what depends on the end need not wait for another read.
    if (this.#atEnd(tcp)) this.#ended();
    else if (this.#failure !== null) this.#error(this.#failure);
    return waiting > 0 || this.#done;
  }

  #atEnd(tcp: TcpSocket): boolean {
    return tcp.atEnd || (this.#lastIsHere && tcp.readableLength === 0);
  }

  #hand(tcp: TcpSocket, waiting: number): void {
    const request = this.#controller.byobRequest;
    const view = request?.view as Uint8Array<ArrayBuffer> | null | undefined;
    if (request && view) {
      request.respond(tcp.read(view));
      return;
    }
    const chunk = new Uint8Array(Math.min(waiting, CHUNK));
    tcp.read(chunk);
    this.#controller.enqueue(chunk);
  }

  #ended(): void {
    this.#close();
    const told = this.#onEnd;
    if (this.#tcp === null) return;
    this.#tcp = null;
    told();
  }

  #close(): void {
    if (this.#done) return;
    this.#done = true;
    try {
      this.#controller.close();
      this.#controller.byobRequest?.respond(0);
    } catch {
      // The end came within an element of a reader's wider array; closing has told that reader so.
    }
  }

  #error(error: SocketError): void {
    if (this.#done) return;
    this.#done = true;
    this.#controller.error(error);
  }

  #cancelled(): void {
    this.#done = true;
    this.#discarding = true;
    this.#onCancel();
    this.news();
  }
}
