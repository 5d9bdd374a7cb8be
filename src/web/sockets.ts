/**
 * Owns: `connect` and `listen` on a stack, in the shape of WinterTC's sockets API; which connections and listeners there are.
 * Leaves to others: sockets (`socket.ts`), listeners (`listener.ts`), names (`names.ts`).
 */

import type { Stack } from '../stack/stack.ts';
import type { TcpSocket } from '../stack/tcp-socket.ts';
import { Connection, type Keeper } from './connection.ts';
import { abortError, badArgument, guarded, SocketError, socketError } from './errors.ts';
import { Arrivals, Listener, type ListenOptions } from './listener.ts';
import {
  type AnySocketAddress,
  checkHost,
  checkPort,
  type HostPort,
  lookUp,
  parseTarget,
  type Resolve,
} from './names.ts';
import { checkSignal, checkSocketOptions, noTls, Socket, type SocketOptions } from './socket.ts';

/** Something that keeps the process alive while it is retained: a `WebDriver`. */
export interface Retainer {
  retain(): void;
  release(): void;
}

export interface SocketsOptions {
  /** Retained while there are connections and listeners. */
  readonly driver?: Retainer;
  /** What hostnames stand for; without it only IP addresses and `localhost` are known. */
  readonly resolve?: Resolve;
  /** Has something run once everything at hand is done; by default a timer of no time. */
  readonly later?: (run: () => void) => void;
}

/** A binding object, as the sockets API calls what has a `connect`. */
export interface Sockets {
  /**
   * Begins to connect. The socket is there at once; `opened` tells how it went, and its rejections have the code of the last
   * address tried: ECONNREFUSED, ETIMEDOUT, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, ENOTFOUND, ABORT_ERR,
   * ERR_TLS_NOT_SUPPORTED, ...
   *
   * @throws SocketError ERR_INVALID_ARG_VALUE
   */
  connect(address: AnySocketAddress, options?: SocketOptions): Socket;
  /**
   * Listens on a port.
   *
   * @throws SocketError ERR_INVALID_ARG_VALUE, EADDRINUSE, EADDRNOTAVAIL, ENOTFOUND (a name that is not this host's), ABORT_ERR
   */
  listen(options: ListenOptions): Listener;
  /** Resets every connection and closes every listener; who waits for them is told ECONNABORTED. */
  close(): void;
}

/** Gives a core stack web sockets. Whoever made the stack drives and closes it, and calls `close` here before that. */
export function createSockets(stack: Stack, options: SocketsOptions = {}): Sockets {
  return new SocketLayer(stack, options);
}

export class SocketLayer implements Sockets, Keeper {
  readonly #stack: Stack;
  readonly #driver: Retainer | undefined;
  readonly #resolve: Resolve | undefined;
  /** For connections. */
  readonly later: (run: () => void) => void;
  readonly #connections: Set<Connection> = new Set();
  readonly #listeners: Set<Listener> = new Set();

  constructor(stack: Stack, { driver, resolve, later = soon }: SocketsOptions) {
    if (resolve !== undefined && typeof resolve !== 'function') throw badArgument('resolve', resolve, 'a function');
    this.#stack = stack;
    this.#driver = driver;
    this.#resolve = resolve;
    this.later = later;
  }

  connect(address: AnySocketAddress, options: SocketOptions = {}): Socket {
    const target = parseTarget(address);
    checkSocketOptions(options);
    const connection = new Connection(this, options.allowHalfOpen ?? false, options.signal);
    if (options.signal?.aborted) connection.abort(abortError(options.signal.reason));
    else if ((options.secureTransport ?? 'off') !== 'off') connection.abort(noTls('ERR_TLS_NOT_SUPPORTED'));
    else this.#dial(connection, target, options);
    return new Socket(connection);
  }

  listen(settings: ListenOptions): Listener {
    if (typeof settings !== 'object' || settings === null) throw badArgument('options', settings, '{ port, ... }');
    const { hostname, backlog, allowHalfOpen = false, signal, options } = settings;
    const port = checkPort('port', settings.port, 0);
    const address = hostname === undefined ? undefined : this.#ownAddress(checkHost('hostname', hostname));
    checkSocketOptions({ allowHalfOpen });
    checkSignal(signal);
    if (signal?.aborted) throw abortError(signal.reason);
    const handler = new Arrivals();
    const tcp = guarded(() =>
      this.#stack.tcp.listen({
        port,
        handler,
        ...(address === undefined ? {} : { address }),
        ...(backlog === undefined ? {} : { backlog }),
        ...(options === undefined ? {} : { options }),
      }),
    );
    const adopt = (socket: TcpSocket): Socket => {
      const connection = new Connection(this, allowHalfOpen, undefined);
      connection.adopt(socket);
      return new Socket(connection);
    };
    const leave = (gone: Listener): void => {
      if (this.#listeners.delete(gone)) this.#driver?.release();
    };
    const listener = new Listener(tcp, handler, adopt, leave, signal);
    this.#listeners.add(listener);
    this.#driver?.retain();
    return listener;
  }

  close(): void {
    const error = new SocketError('ECONNABORTED', 'the stack is closed');
    for (const listener of [...this.#listeners]) listener.fail(error);
    for (const connection of [...this.#connections]) connection.abort(error);
  }

  // Keeper

  enter(connection: Connection): void {
    this.#connections.add(connection);
    this.#driver?.retain();
  }

  leave(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#driver?.release();
  }

  #ownAddress(hostname: string): string {
    const addresses = lookUp(hostname, undefined, undefined) as readonly string[];
    return addresses[0]!;
  }

  /** Finds the addresses, then tries one after the other. */
  #dial(connection: Connection, target: HostPort, options: SocketOptions): void {
    const failed = (thrown: unknown): void => connection.abort(socketError(thrown));
    try {
      const addresses = lookUp(target.hostname, this.#resolve, options.signal);
      if (addresses instanceof Promise)
        addresses.then((found) => this.#try(connection, found, target, options), failed);
      else this.#try(connection, addresses, target, options);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #try(connection: Connection, addresses: readonly string[], target: HostPort, options: SocketOptions): void {
    if (connection.over) return; // given up meanwhile
    const [address, ...others] = addresses;
    const refused = (error: SocketError): void => {
      if (others.length > 0) this.#try(connection, others, target, options);
      else connection.abort(error);
    };
    connection.onRefused = refused;
    try {
      const settings = { address: address!, port: target.port, handler: connection };
      connection.tcp = this.#stack.tcp.connect(
        options.options === undefined ? settings : { ...settings, options: options.options },
      );
    } catch (thrown) {
      refused(socketError(thrown));
    }
  }
}

function soon(run: () => void): void {
  setTimeout(run, 0);
}
