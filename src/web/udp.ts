/**
 * Owns: a UDP socket as two streams of datagrams. What nobody reads waits in the socket's own bounded queue; beyond that
 * datagrams are dropped and counted, as UDP has it.
 */

/// <reference lib="esnext.disposable" preserve="true" />

import type { UdpSocket as CoreSocket, UdpMessage } from '../stack/udp-socket.ts';
import { formatAddress } from '../wire/address.ts';
import { abortError, badArgument, guarded, SocketError } from './errors.ts';
import { checkHost, checkPort } from './names.ts';
import { chunksOf, Deferred, disposable, onAbort } from './settle.ts';

export interface UdpSocketOptions {
  /** One of this host's addresses; by default all. */
  readonly host?: string;
  /** 0, the default, chooses one that is free. */
  readonly port?: number;
  /** Whether it may send to broadcast addresses. */
  readonly broadcast?: boolean;
  /** Octets that may wait to be read, overhead included; `config.udp.receiveBuffer` by default. */
  readonly receiveBuffer?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface UdpDatagram {
  /** Who sent it, or whom it is for. */
  readonly host: string;
  readonly port: number;
  readonly data: Uint8Array;
}

/** Finds an address for a host's name. */
export type AddressOf = (host: string) => string | Promise<string>;

export class UdpSocket implements AsyncIterable<UdpDatagram> {
  readonly readable: ReadableStream<UdpDatagram>;
  /** What cannot be sent fails the stream, as any write that fails does; `send` fails alone. */
  readonly writable: WritableStream<UdpDatagram>;
  /** Where it is bound. */
  readonly addr: { readonly transport: 'udp'; readonly hostname: string; readonly port: number };
  readonly closed: Promise<void>;
  /** As `close()`; there where the runtime knows `Symbol.asyncDispose`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #udp: CoreSocket;
  readonly #addressOf: AddressOf;
  readonly #leave: (socket: UdpSocket) => void;
  readonly #unlisten: () => void;
  readonly #closed: Deferred<void> = new Deferred();
  #in!: ReadableStreamDefaultController<UdpDatagram>;
  #out!: WritableStreamDefaultController;
  #readable = true;

  /** For `openUdp`. `udp` is bound. */
  constructor(
    udp: CoreSocket,
    addressOf: AddressOf,
    leave: (socket: UdpSocket) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#udp = udp;
    this.#addressOf = addressOf;
    this.#leave = leave;
    this.closed = this.#closed.promise;
    const { address, port } = udp.address();
    this.addr = { transport: 'udp', hostname: address, port };
    this.readable = new ReadableStream(
      {
        start: (controller) => {
          this.#in = controller;
        },
        pull: () => this.#pull(),
        cancel: () => {
          this.#readable = false;
          udp.onMessage = () => {}; // nobody wants them
        },
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream(
      {
        start: (controller) => {
          this.#out = controller;
        },
        write: (datagram) => this.send(datagram),
      },
      { highWaterMark: 1 },
    );
    this.#unlisten = onAbort(signal, (reason) => this.fail(abortError(reason)));
    disposable(this, () => this.close());
  }

  /**
   * Sends one datagram. What is on its way may be lost; only what is known here and now is an error.
   *
   * @throws (rejects) SocketError ERR_INVALID_ARG_VALUE, ENOTFOUND, EMSGSIZE, ENETUNREACH, EACCES (broadcast), EBADF (closed)
   */
  async send(datagram: UdpDatagram): Promise<void> {
    if (typeof datagram !== 'object' || datagram === null)
      throw badArgument('datagram', datagram, '{ host, port, data }');
    const { data } = datagram;
    const host = checkHost('host', datagram.host);
    const port = checkPort('port', datagram.port, 1);
    if (!(data instanceof Uint8Array)) throw badArgument('data', data, 'a Uint8Array');
    const address = await this.#addressOf(host);
    guarded(() => this.#udp.send(data, { address, port }));
  }

  /** Gives up the port. Readers see the end; what was not read is gone. Harmless when repeated. */
  close(): Promise<void> {
    this.#end(null);
    return this.closed;
  }

  /** For signals and the stack's end: as `close`, but users are told why. */
  fail(error: SocketError): void {
    this.#end(error);
  }

  [Symbol.asyncIterator](): AsyncGenerator<UdpDatagram, undefined, undefined> {
    return chunksOf(this.readable);
  }

  /** One datagram for one read. */
  #pull(): void {
    const message = this.#udp.receive();
    if (message !== null) {
      this.#in.enqueue(datagramOf(message));
      return;
    }
    this.#udp.onMessage = (next) => {
      this.#udp.onMessage = null;
      this.#in.enqueue(datagramOf(next));
    };
  }

  #end(error: SocketError | null): void {
    if (this.#udp.closed) return;
    this.#udp.close();
    this.#unlisten();
    if (this.#readable && error === null) this.#in.close();
    else if (this.#readable) this.#in.error(error);
    this.#readable = false;
    this.#out.error(error ?? new SocketError('EBADF', 'send EBADF: the socket is closed', { syscall: 'send' }));
    if (error === null) this.#closed.resolve();
    else this.#closed.reject(error);
    this.#leave(this);
  }
}

function datagramOf(message: UdpMessage): UdpDatagram {
  return { host: formatAddress(message.remote), port: message.port, data: message.data };
}
