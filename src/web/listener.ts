/**
 * Owns: a listening port as an async iterable of sockets. Connections wait in the stack's accept queue, under its backlog,
 * until somebody asks for them.
 */

/// <reference lib="esnext.disposable" preserve="true" />

import type { TsynError } from '../stack/errors.ts';
import type { TcpListener } from '../stack/tcp-listener.ts';
import type { TcpHandler, TcpSocket } from '../stack/tcp-socket.ts';
import type { TcpOptions } from '../tcp/index.ts';
import { formatAddress } from '../wire/address.ts';
import { Ended } from './connection.ts';
import { abortError, SocketError } from './errors.ts';
import { Deferred, disposable, onAbort } from './settle.ts';
import type { Socket } from './socket.ts';

export interface ListenOptions {
  /** 0 chooses one that is free. */
  readonly port: number;
  /** One of this host's addresses, or a name of one; absent for all of both families. */
  readonly hostname?: string;
  /** Connections that may wait to be accepted; 511 by default. */
  readonly backlog?: number;
  /** For the connections that come, as in `connect`. */
  readonly allowHalfOpen?: boolean;
  /** Aborting stops listening at once. */
  readonly signal?: AbortSignal | undefined;
  readonly options?: Partial<TcpOptions>;
}

/** Where a listener listens. */
export interface ListenAddress {
  readonly transport: 'tcp';
  /** `::` where that is any address of both families. */
  readonly hostname: string;
  readonly port: number;
}

type Next = IteratorResult<Socket, undefined>;
const DONE: Next = { done: true, value: undefined };

/** What hears of connections that nobody has accepted yet. */
export class Arrivals implements TcpHandler {
  onArrival: (() => void) | null = null;

  onConnect(): void {
    this.onArrival?.();
  }

  onClose(tcp: TcpSocket, error: TsynError | null): void {
    tcp.context = new Ended(error);
  }
}

export class Listener implements AsyncIterable<Socket> {
  readonly addr: ListenAddress;
  /** Fulfilled when it listens no more; rejected when a signal ended it. */
  readonly closed: Promise<void>;
  /** As `close()`; there where the runtime knows `Symbol.asyncDispose`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #tcp: TcpListener;
  readonly #adopt: (tcp: TcpSocket) => Socket;
  readonly #leave: (listener: Listener) => void;
  readonly #unlisten: () => void;
  readonly #closed: Deferred<void> = new Deferred();
  /** Those who wait for a connection, in order. */
  readonly #waiting: Deferred<Next>[] = [];
  /** What ended it, where that was no `close`. */
  #failure: SocketError | null = null;

  /** For `listen`. */
  constructor(
    tcp: TcpListener,
    arrivals: Arrivals,
    adopt: (tcp: TcpSocket) => Socket,
    leave: (listener: Listener) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#tcp = tcp;
    this.#adopt = adopt;
    this.#leave = leave;
    this.closed = this.#closed.promise;
    const any = tcp.family === 4 ? '0.0.0.0' : '::';
    const hostname = tcp.address === null ? any : formatAddress(tcp.address);
    this.addr = { transport: 'tcp', hostname, port: tcp.port };
    arrivals.onArrival = () => this.#arrived();
    this.#unlisten = onAbort(signal, (reason) => this.fail(abortError(reason)));
    disposable(this, () => this.close());
  }

  /** The connection that has waited longest, or the next that comes. @throws (rejects) SocketError EBADF when closed */
  async accept(): Promise<Socket> {
    const { done, value } = await this.#next();
    if (done) throw new SocketError('EBADF', 'accept EBADF: the listener is closed', { syscall: 'accept' });
    return value;
  }

  /** Stops listening: iterations end, connections that nobody accepted are reset, the others stay. Harmless when repeated. */
  close(): Promise<void> {
    this.#end(null);
    return this.closed;
  }

  /** For the stack's end: as `close`, but who waits is told why. */
  fail(error: SocketError): void {
    this.#end(error);
  }

  /** Each step accepts one connection. Leaving the loop does not close the listener. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Socket> {
    const iterator: AsyncIterableIterator<Socket> = {
      next: () => this.#next(),
      return: () => Promise.resolve(DONE),
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #next(): Promise<Next> {
    const waiting = new Deferred<Next>();
    const tcp = this.#tcp.closed || this.#waiting.length > 0 ? null : this.#tcp.accept();
    if (tcp !== null) waiting.resolve({ done: false, value: this.#adopt(tcp) });
    else if (this.#failure !== null) waiting.reject(this.#failure);
    else if (this.#tcp.closed) waiting.resolve(DONE);
    else this.#waiting.push(waiting);
    return waiting.promise;
  }

  #arrived(): void {
    while (this.#waiting.length > 0) {
      const tcp = this.#tcp.accept();
      if (tcp === null) return;
      this.#waiting.shift()!.resolve({ done: false, value: this.#adopt(tcp) });
    }
  }

  #end(error: SocketError | null): void {
    if (this.#tcp.closed) return;
    this.#failure = error;
    this.#tcp.close();
    this.#unlisten();
    for (const waiting of this.#waiting.splice(0)) {
      if (error === null) waiting.resolve(DONE);
      else waiting.reject(error);
    }
    if (error === null) this.#closed.resolve();
    else this.#closed.reject(error);
    this.#leave(this);
  }
}
