/**
 * Owns: a listening port: the half-open queue, the accept queue, the backlog (RFC 9293 3.10.1 passive OPEN).
 */

import type { Tcb, TcpOptions } from '../tcp/index.ts';
import type { Address } from '../wire/address.ts';
import type { Tcp } from './tcp.ts';
import { type FastOpenKeys, fastOpenBound, fastOpenKeys } from './tcp-fastopen.ts';
import { checkInteger, mergeTcpOptions } from './tcp-options.ts';
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
  /**
   * TCP Fast Open (RFC 7413): a client that was here before may have its first text delivered, and answered, before the
   * handshake is over; it may then also be delivered twice, if the network doubles a SYN. A number is how many
   * such connections may be pending; `true` is 256; by default there are none.
   */
  readonly fastOpen?: number | boolean;
  /**
   * Fast open for every SYN with text, cookie or not (RFC 7413 5.1 warns of it): only where nobody can send from an address that
   * is not his own. Off by default.
   */
  readonly fastOpenWithoutCookie?: boolean;
  /** Settings for the connections that come. */
  readonly options?: Partial<TcpOptions>;
  /** Takes each connection as it is established; without one they wait for `accept`. */
  readonly onConnection?: (socket: TcpSocket) => void;
  /** What the connections' events go to, until `socket.handler` says otherwise. */
  readonly handler?: TcpHandler;
}

interface ListenLimits {
  readonly backlog: number;
  readonly maxHalfOpen: number;
  readonly fastOpen: number;
}

/** The bounds of a listener. @throws TsynError ERR_INVALID_ARG_VALUE */
export function listenLimits(settings: ListenOptions, halfOpen: number): ListenLimits {
  const { backlog = 511, maxHalfOpen = halfOpen } = settings;
  checkInteger('backlog', backlog, 1, 1_000_000);
  checkInteger('maxHalfOpen', maxHalfOpen, 1, 1_000_000);
  return { backlog, maxHalfOpen, fastOpen: fastOpenBound(settings.fastOpen) };
}

export class TcpListener {
  readonly port: number;
  /** null for any. */
  readonly address: Address | null;
  /** 0 for both. */
  readonly family: 0 | 4 | 6;
  readonly backlog: number;
  readonly maxHalfOpen: number;
  /** Connections that may be pending by fast open. */
  fastOpen: number;
  fastOpenWithoutCookie: boolean;
  /** Keys of its own for cookies; null for the host's. */
  fastOpenKeys: FastOpenKeys | null = null;
  options: TcpOptions;
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
  /** Connections pending by a fast open cookie (PendingFastOpenRequests of RFC 7413 4.2) ... */
  fastOpens = 0;
  /** ... and until when those count that were reset, ms, the oldest first. */
  readonly fastOpenResets: number[] = [];
  #closed = false;

  /** For `stack.tcp.listen`. */
  constructor(
    tcp: Tcp,
    port: number,
    address: Address | null,
    family: 0 | 4 | 6,
    options: TcpOptions,
    limits: ListenLimits,
    settings: ListenOptions,
  ) {
    this.#tcp = tcp;
    this.port = port;
    this.address = address;
    this.family = family;
    this.options = options;
    this.backlog = limits.backlog;
    this.maxHalfOpen = limits.maxHalfOpen;
    this.fastOpen = limits.fastOpen;
    this.fastOpenWithoutCookie = settings.fastOpenWithoutCookie ?? false;
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

  /** Fast open as in `ListenOptions`, for the SYNs that come from now on. @throws TsynError ERR_INVALID_ARG_VALUE */
  setFastOpen(value: number | boolean): void {
    this.fastOpen = fastOpenBound(value);
  }

  /** Cookies of this listener's own, as `stack.tcp.setFastOpenKeys` has them. @throws TsynError ERR_INVALID_ARG_VALUE */
  setFastOpenKeys(current: Uint8Array, previous: Uint8Array | null = null): void {
    this.fastOpenKeys = fastOpenKeys(current, previous);
  }

  /**
   * Other options for connections to come.
   *
   * @throws TsynError ERR_INVALID_ARG_VALUE
   */
  change(options: Partial<TcpOptions>): void {
    this.options = mergeTcpOptions(this.options, options, this.#tcp.env.controllers);
    this.#spare = null;
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

  /** How many connections count as pending by a fast open cookie. */
  fastOpenPending(now: number): number {
    const resets = this.fastOpenResets;
    while (resets.length > 0 && resets[0]! <= now) resets.shift();
    return this.fastOpens + resets.length;
  }

  get full(): boolean {
    return this.#onConnection === null && this.waiting.length + this.#arriving >= this.backlog;
  }
}
