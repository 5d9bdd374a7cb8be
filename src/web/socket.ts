/**
 * Owns: a connection as its user holds it: the socket of WinterTC's sockets API, which is a `TcpConnection` of tcpip.js as well.
 * Leaves to others: what happens behind it (`connection.ts`).
 */

/// <reference lib="esnext.disposable" preserve="true" />

import type { TcpInfo } from '../stack/tcp-info.ts';
import type { TcpOptions } from '../tcp/index.ts';
import type { Connection } from './connection.ts';
import { badArgument, SocketError } from './errors.ts';
import { chunksOf, disposable, type Octets } from './settle.ts';

export interface SocketOptions {
  /**
   * Whether the writable half outlives the peer's. By default it does not: when the peer has closed and everything was read, the
   * writable half closes too, after what was written by then.
   */
  readonly allowHalfOpen?: boolean;
  /** 'off', the default. There is no TLS in here: see {@link Socket.startTls}. */
  readonly secureTransport?: 'off' | 'on' | 'starttls';
  /** Aborting resets the connection, at whatever time, and frees its port. */
  readonly signal?: AbortSignal | undefined;
  /** Settings of TCP: `noDelay`, `keepAlive`, buffers, the congestion controller, ... */
  readonly options?: Partial<TcpOptions>;
}

/** Where a connection leads, as `address:port` with IPv6 in brackets. */
export interface SocketInfo {
  readonly remoteAddress: string;
  readonly localAddress: string;
  /** There is no TLS, so nothing was negotiated. */
  readonly alpn: null;
}

/**
 * A TCP connection as two streams. Every rejection of its promises and streams is a {@link SocketError}.
 *
 * - Closing the writable sends a FIN; the readable goes on (half-close). Aborting it resets the connection.
 * - Cancelling the readable drops what still comes; where the writable is closed too, the connection ends.
 * - Nothing is read ahead: the window closes when the reader stops.
 */
export class Socket {
  /** A byte stream: `getReader({ mode: 'byob' })` reads without a copy. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** A write is done when the send buffer has taken it. */
  readonly writable: WritableStream<Octets>;
  /** Fulfilled when the connection is established; rejected when that fails, or by `close`. */
  readonly opened: Promise<SocketInfo>;
  /** Fulfilled when both directions have ended, or after `close`; rejected with what the connection failed of. */
  readonly closed: Promise<void>;
  readonly secureTransport = 'off' as const;
  readonly upgraded = false as const;
  /** As `close()`; there where the runtime knows `Symbol.asyncDispose`. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #connection: Connection;

  /** For `connect` and `listen`. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.readable = connection.incoming.stream;
    this.writable = connection.outgoing.stream;
    this.opened = connection.opened.promise;
    this.closed = connection.closed.promise;
    disposable(this, () => this.close());
  }

  /**
   * Ends both directions: pending reads see the end, pending writes are rejected with `reason` as their error's `cause`. What
   * the send buffer had taken is still delivered; text that nobody read is answered with a reset. Harmless when repeated.
   *
   * @returns `closed`
   */
  close(reason?: unknown): Promise<void> {
    return this.#connection.close(reason);
  }

  /** There is no TLS in here. @throws SocketError ERR_INVALID_STATE, with what to do instead */
  startTls(): never {
    throw noTls('ERR_INVALID_STATE');
  }

  /** What TCP knows, in the manner of Linux's tcp_info; null before there is an attempt to connect. */
  info(): TcpInfo | null {
    return this.#connection.tcp?.info() ?? null;
  }

  /** The readable's chunks. Leaving the loop early cancels it. */
  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined, undefined> {
    return chunksOf(this.readable);
  }
}

/** Why there is no secure transport, and what to do. */
export function noTls(code: string): SocketError {
  return new SocketError(
    code,
    "tsyn carries TCP and speaks no TLS: leave secureTransport 'off' and run a TLS library over readable and writable (in Node, `tls.connect({ socket })` over a socket of tsyn/net)",
  );
}

/** @throws SocketError ERR_INVALID_ARG_VALUE */
export function checkSocketOptions(options: SocketOptions): void {
  if (typeof options !== 'object' || options === null) throw badArgument('options', options, 'an object');
  const { secureTransport = 'off', allowHalfOpen, signal } = options;
  if (!['off', 'on', 'starttls'].includes(secureTransport)) {
    throw badArgument('secureTransport', secureTransport, "'off', 'on' or 'starttls'");
  }
  if (allowHalfOpen !== undefined && typeof allowHalfOpen !== 'boolean') {
    throw badArgument('allowHalfOpen', allowHalfOpen, 'a boolean');
  }
  checkSignal(signal);
}

/** @throws SocketError ERR_INVALID_ARG_VALUE */
export function checkSignal(signal: unknown): void {
  if (signal === undefined) return;
  const like = signal as Partial<AbortSignal> | null;
  if (typeof like !== 'object' || like === null || typeof like.aborted !== 'boolean' || !like.addEventListener) {
    throw badArgument('signal', signal, 'an AbortSignal');
  }
}
