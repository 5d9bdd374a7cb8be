/**
 * Owns: a listening port: the half-open queue, the accept queue, the backlog (RFC 9293 3.10.1 passive OPEN).
 */

import type { Tcb, TcpOptions } from '../tcp/index.ts';
import type { Address } from '../wire/address.ts';
import type { Tcp } from './tcp.ts';
import type { TcpHandler, TcpSocket } from './tcp-socket.ts';

export interface ListenOptions {
  /** 0 chooses one that is free. */
  readonly port: number;
  /** One of this host's addresses; absent for all of both families, '0.0.0.0' for IPv4, '::' for both unless `ipv6Only`. */
  readonly address?: string;
  readonly ipv6Only?: boolean;
  /** Connections that may wait to be accepted; 511 by default, as in Node. */
  readonly backlog?: number;
  /** Connections on their way through the handshake at most; `config.tcp.maxHalfOpen` by default. */
  readonly maxHalfOpen?: number;
  /** Settings for the connections that come. */
  readonly options?: Partial<TcpOptions>;
  /** Takes each connection as it is established; without one they wait for `accept`. */
  readonly onConnection?: (socket: TcpSocket) => void;
  /** What the connections' events go to, until `socket.handler` says otherwise. */
  readonly handler?: TcpHandler;
}

export class TcpListener {
  readonly port: number;
  /** null for any. */
  readonly address: Address | null;
  /** 0 for both. */
  readonly family: 0 | 4 | 6;
  readonly backlog: number;
  readonly maxHalfOpen: number;
  readonly options: TcpOptions;
  readonly handler: TcpHandler;
  /** Connections on their way through the handshake, the oldest first. */
  readonly opening: Set<TcpSocket> = new Set();
  /** Established and not yet accepted. */
  readonly waiting: TcpSocket[] = [];
  #onConnection: ((socket: TcpSocket) => void) | null;
  readonly #tcp: Tcp;
  /** A TCB in LISTEN for the next segment; a SYN turns it into a connection's. */
  #spare: Tcb | null = null;
  /** Established in the burst that is going on. */
  #arriving = 0;
  /** When the last SYN cookie was sent, ms: only for a while after that an ACK may bring one back. */
  cookieAt: number = -Infinity;
  #closed = false;

  /** For `stack.tcp.listen`. */
  constructor(
    tcp: Tcp,
    port: number,
    address: Address | null,
    family: 0 | 4 | 6,
    options: TcpOptions,
    settings: ListenOptions,
    maxHalfOpen: number,
  ) {
    this.#tcp = tcp;
    this.port = port;
    this.address = address;
    this.family = family;
    this.options = options;
    this.backlog = settings.backlog ?? 511;
    this.maxHalfOpen = maxHalfOpen;
    this.handler = settings.handler ?? {};
    this.#onConnection = settings.onConnection ?? null;
  }

  /** How many connections are on their way through the handshake. */
  get halfOpen(): number {
    return this.opening.size;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Takes over from the accept queue: called at once for what waits, then as connections come. */
  set onConnection(take: (socket: TcpSocket) => void) {
    this.#onConnection = take;
    for (let socket = this.accept(); socket !== null; socket = this.accept()) take(socket);
  }

  /** The connection that has waited longest, or null. */
  accept(): TcpSocket | null {
    return this.waiting.shift() ?? null;
  }

  /** Stops listening. Connections that are established stay; those waiting or half-open are reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#tcp.unlisten(this);
  }

  // The rest is the stack's.

  /** The TCB that the next segment meets. */
  spare(): Tcb {
    if (this.#spare === null || this.#spare.state !== 'LISTEN') this.#spare = this.#tcp.listeningTcb(this);
    return this.#spare;
  }

  /** Its handshake is complete; the application hears of it at the end of the burst. */
  arrived(socket: TcpSocket): void {
    if (this.opening.delete(socket)) this.#arriving++;
  }

  /** It is the application's now, or nobody's. */
  lost(socket: TcpSocket): void {
    if (!this.opening.delete(socket)) this.#arriving--;
  }

  established(socket: TcpSocket): void {
    if (this.#onConnection !== null) this.#onConnection(socket);
    else this.waiting.push(socket);
  }

  get full(): boolean {
    return this.#onConnection === null && this.waiting.length + this.#arriving >= this.backlog;
  }
}
