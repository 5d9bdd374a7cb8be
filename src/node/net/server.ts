/** Owns: `net.Server` over a stack. Leaves to others: the listening port (`listen-handle.ts`), the sockets (`socket.ts`). */

import { EventEmitter } from 'node:events';
import type { AddressInfo, ListenOptions } from 'node:net';
import { getDefaultHighWaterMark } from 'node:stream';
import { getSystemErrorName } from 'node:util';
import { type GivenOptions, isPath, normalizeArguments, toNumber } from './arguments.ts';
import { serverSockets } from './channels.ts';
import type { Name } from './ends.ts';
import { coded, invalidArgType, invalidArgValue, listenError, systemError } from './errors.ts';
import type { NetHost } from './host.ts';
import { ListenHandle } from './listen-handle.ts';
import { HostListenHandle } from './path-handle.ts';
import type { SocketConstructor, SocketMethods } from './socket.ts';
import { type Connection, type SocketOptions, wholeSeconds } from './socket-options.ts';
import { READ_EVENTS, settle } from './socket-steps.ts';
import { validateNumber, validatePort, validateSignal } from './validate.ts';

export interface ServerOptions {
  allowHalfOpen?: boolean | undefined;
  pauseOnConnect?: boolean | undefined;
  noDelay?: boolean | undefined;
  keepAlive?: boolean | undefined;
  keepAliveInitialDelay?: number | undefined;
  highWaterMark?: number | undefined;
}

export type ConnectionListener = (socket: SocketMethods) => void;

/** What `drop` tells of the connection. */
export interface DropArgument {
  localAddress?: string | undefined;
  localPort?: number | undefined;
  localFamily?: string | undefined;
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
  remoteFamily?: string | undefined;
}

/** As in Node: the kernel makes 512 of it. */
const BACKLOG = 511;

export class ServerMethods extends EventEmitter {
  declare readonly _net: NetHost;
  declare readonly _Socket: SocketConstructor;
  declare _connections: number;
  declare _handle: ListenHandle | HostListenHandle | null;
  declare _connectionKey: string;
  declare _unref: boolean;
  declare _listeningId: number;
  declare _usingWorkers: boolean;
  declare _pipeName?: string;
  declare allowHalfOpen: boolean;
  declare pauseOnConnect: boolean;
  declare noDelay: boolean;
  declare keepAlive: boolean;
  declare keepAliveInitialDelay: number;
  declare highWaterMark: number;
  declare maxConnections: number;

  /** `listen(options[, cb])`, `listen([port[, host[, backlog]]][, cb])`. @throws ERR_SERVER_ALREADY_LISTEN, ERR_SOCKET_BAD_PORT, ERR_INVALID_ARG_VALUE */
  listen(...args: unknown[]): this {
    const [given, callback] = normalizeArguments(args);
    if (this._handle) {
      throw coded(Error, 'ERR_SERVER_ALREADY_LISTEN', 'Listen method has been called more than once without closing.');
    }
    if (callback !== null) this.once('listening', callback as () => void);
    const backlogGiven = toNumber(args.length > 1 && args[1]) || toNumber(args.length > 2 && args[2]) || undefined;
    const options = (given._handle || given.handle || given) as GivenOptions;
    this._listeningId++;
    if (options instanceof ListenHandle) {
      adopt(this, options);
      return this;
    }
    watchSignal(this, options);
    // Descriptors and handles of libuv are the host's.
    if (isFd(options.fd) || isHandle(options)) {
      listenOnHost(this, (isHandle(options) ? { handle: options } : { fd: options.fd }) as object, backlogGiven);
      return this;
    }
    delete this._pipeName;
    const anyPort = args.length === 0 || typeof args[0] === 'function' || options.port === null;
    if (anyPort || (options.port === undefined && 'port' in options)) options.port = 0;
    const backlog = options.backlog || backlogGiven;
    if (typeof options.port === 'number' || typeof options.port === 'string') {
      const port = validatePort(options.port, 'options.port');
      if (options.host) lookupAndListen(this, port, options.host, backlog, options.ipv6Only === true);
      else this._listen2(null, port, 4, backlog, undefined, options.ipv6Only === true);
      return this;
    }
    if (options.path && isPath(options.path)) {
      const { path, readableAll, writableAll } = options as GivenOptions & ListenOptions;
      this._pipeName = path as string;
      listenOnHost(this, { path, readableAll, writableAll } as ListenOptions, backlog);
      return this;
    }
    if (!('port' in options || 'path' in options)) {
      throw invalidArgValue('options', options, 'must have the property "port" or "path"');
    }
    throw invalidArgValue('options', options);
  }

  /** Packages wrap it, so it has its old name and arguments. */
  _listen2(
    address: string | null,
    port: number,
    family: number,
    backlog?: number | false,
    _fd?: number,
    ipv6Only = false,
  ): void {
    const host = this._net;
    let handle: ListenHandle | string = 'EINVAL';
    if (address === null) handle = ListenHandle.open(host, '::', port, ipv6Only);
    let where = address ?? '::';
    let of = address === null ? 6 : family;
    if (typeof handle === 'string') {
      if (address === null) {
        where = '0.0.0.0';
        of = 4;
      }
      handle = ListenHandle.open(host, where, port, ipv6Only);
    }
    const code = typeof handle === 'string' ? handle : handle.listen(backlog || BACKLOG);
    if (code !== null || typeof handle === 'string') {
      failLater(this, code as string, { address: where, port });
      return;
    }
    this._connectionKey = `${of}:${where}:${port}`;
    adopt(this, handle);
  }

  get listening(): boolean {
    return Boolean(this._handle);
  }

  address(): AddressInfo | string | null {
    if (!this._handle) return null;
    if (this._pipeName !== undefined) return this._pipeName;
    const name: Name = {};
    const status = this._handle.getsockname(name);
    if (status < 0) throw systemError(getSystemErrorName(status), 'address');
    return name as AddressInfo;
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this._connections);
    return this;
  }

  /** @param callback gets ERR_SERVER_NOT_RUNNING where the server does not listen */
  close(callback?: (error?: Error) => void): this {
    this._listeningId++;
    if (typeof callback === 'function') {
      const running = Boolean(this._handle);
      this.once('close', () => (running ? callback() : callback(notRunning())));
    }
    if (this._handle) {
      this._handle.close();
      this._handle = null;
    }
    this._emitCloseIfDrained();
    return this;
  }

  _emitCloseIfDrained(): void {
    if (this._handle || this._connections > 0) return;
    process.nextTick(() => this.emit('close'));
  }

  ref(): this {
    this._unref = false;
    this._handle?.ref();
    return this;
  }

  unref(): this {
    this._unref = true;
    this._handle?.unref();
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this._handle) return;
    await new Promise<void>((resolve, reject) => {
      this.close((error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Node's `net.Server` of a stack. */
export interface ServerConstructor {
  new (options?: ServerOptions | ConnectionListener, listener?: ConnectionListener): ServerMethods;
  (options?: ServerOptions | ConnectionListener, listener?: ConnectionListener): ServerMethods;
  readonly prototype: ServerMethods;
}

/** Makes the constructor of a stack's servers. */
export function serverConstructor(host: NetHost, Socket: SocketConstructor): ServerConstructor {
  function Server(
    this: ServerMethods | undefined,
    options?: ServerOptions | ConnectionListener,
    listener?: ConnectionListener,
  ): ServerMethods | undefined {
    if (!(this instanceof (Server as unknown as ServerConstructor))) {
      return new (Server as unknown as ServerConstructor)(options, listener);
    }
    constructServer(this, options, listener);
    return undefined;
  }
  Object.setPrototypeOf(Server, EventEmitter);
  Server.prototype = Object.create(EventEmitter.prototype, {
    ...Object.getOwnPropertyDescriptors(ServerMethods.prototype),
    constructor: { value: Server, writable: true, configurable: true },
    [EventEmitter.captureRejectionSymbol]: { value: onRejection, writable: true, configurable: true },
    _net: { value: host },
    _Socket: { value: Socket },
  });
  return Server as unknown as ServerConstructor;
}

/** What the constructor does to a new object. */
export function constructServer(
  server: ServerMethods,
  given: ServerOptions | ConnectionListener | undefined,
  listener: ConnectionListener | undefined,
): void {
  (EventEmitter as unknown as (this: EventEmitter) => void).call(server);
  let options: ServerOptions = {};
  if (typeof given === 'function') {
    server.on('connection', given);
  } else if (given === undefined || given === null || typeof given === 'object') {
    options = { ...given };
    if (typeof listener === 'function') server.on('connection', listener);
  } else {
    throw invalidArgType('options', 'of type object', given);
  }
  const { keepAliveInitialDelay: delay, highWaterMark } = options;
  if (delay !== undefined) validateNumber(delay, 'options.keepAliveInitialDelay');
  if (highWaterMark !== undefined) validateNumber(highWaterMark, 'options.highWaterMark');
  server._connections = 0;
  server._handle = null;
  server._usingWorkers = false;
  server._unref = false;
  server._listeningId = 1;
  server.allowHalfOpen = options.allowHalfOpen || false;
  server.pauseOnConnect = Boolean(options.pauseOnConnect);
  server.noDelay = Boolean(options.noDelay);
  server.keepAlive = Boolean(options.keepAlive);
  server.keepAliveInitialDelay = wholeSeconds(Math.max(delay ?? 0, 0));
  server.highWaterMark =
    highWaterMark === undefined || highWaterMark < 0 ? getDefaultHighWaterMark(false) : highWaterMark;
}

/** A listener of an event was an async function, and failed. */
function onRejection(this: ServerMethods, error: Error, event: string, socket: SocketMethods): void {
  if (event === 'connection') socket.destroy(error);
  else this.emit('error', error);
}

/** `options.signal`: closes the server. */
function watchSignal(server: ServerMethods, { signal }: GivenOptions): void {
  if (signal === undefined) return;
  validateSignal(signal, 'options.signal');
  const close = (): void => {
    server.close();
  };
  if (signal.aborted) {
    process.nextTick(close);
    return;
  }
  signal.addEventListener('abort', close, { once: true });
  server.once('close', () => signal.removeEventListener('abort', close));
}

function isFd(fd: unknown): boolean {
  return typeof fd === 'number' && fd >= 0;
}

/** A handle of libuv's, which another server or a parent process has made. */
function isHandle(options: object): boolean {
  return typeof (options as { listen?: unknown }).listen === 'function' && !(options instanceof ListenHandle);
}

/** What the host has is listened on by the host. */
function listenOnHost(server: ServerMethods, what: ListenOptions, backlog: number | undefined): void {
  const handle = new HostListenHandle(
    READ_EVENTS,
    backlog === undefined ? what : { ...what, backlog },
    (error) => {
      if (server._handle === handle) server._handle = null;
      server.emit('error', error);
    },
    () => {
      if (server._handle === handle) server.emit('listening');
    },
  );
  handle.onconnection = (_error, connection) => onConnection(server, connection as Connection);
  server._handle = handle;
  if (server._unref) server.unref();
}

/** A port that listens, or will. */
function adopt(server: ServerMethods, handle: ListenHandle): void {
  server._handle = handle;
  handle.onconnection = (_error, connection) => onConnection(server, connection as Connection);
  if (server._unref) server.unref();
  process.nextTick(() => {
    if (server._handle) server.emit('listening');
  });
}

function lookupAndListen(
  server: ServerMethods,
  port: number,
  name: string,
  backlog: number | undefined,
  ipv6Only: boolean,
): void {
  const id = server._listeningId;
  const found = (error: NodeJS.ErrnoException | null, address: unknown, family?: number): void => {
    if (id !== server._listeningId) return; // closed, or listening to something else
    if (error) server.emit('error', error);
    else server._listen2(address as string, port, family ?? 4, backlog, undefined, ipv6Only);
  };
  server._net.lookup(name, {}, found);
}

function failLater(server: ServerMethods, code: string, where: { address?: string; port?: number }): void {
  const error = listenError(code, where);
  process.nextTick(() => server.emit('error', error));
}

function onConnection(server: ServerMethods, handle: Connection): void {
  if (server.maxConnections && server._connections >= server.maxConnections) {
    server.emit('drop', dropped(handle));
    handle.close();
    return;
  }
  const { highWaterMark } = server;
  const options: SocketOptions = {
    handle,
    allowHalfOpen: server.allowHalfOpen,
    pauseOnCreate: server.pauseOnConnect,
    readable: true,
    writable: true,
    readableHighWaterMark: highWaterMark,
    writableHighWaterMark: highWaterMark,
  };
  const socket = new server._Socket(options);
  settle(socket, server.noDelay, server.keepAlive, server.keepAliveInitialDelay);
  server._connections++;
  socket.server = server;
  socket._server = server;
  server.emit('connection', socket);
  if (serverSockets.hasSubscribers) serverSockets.publish({ socket });
}

function dropped(handle: Connection): DropArgument {
  const local: Name = {};
  const remote: Name = {};
  handle.getsockname(local);
  handle.getpeername(remote);
  return Object.assign(Object.create(null) as DropArgument, {
    localAddress: local.address,
    localPort: local.port,
    localFamily: local.family,
    remoteAddress: remote.address,
    remotePort: remote.port,
    remoteFamily: remote.family,
  });
}

function notRunning(): Error {
  return coded(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.');
}
