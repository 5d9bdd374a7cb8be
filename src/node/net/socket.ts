/**
 * Owns: `net.Socket` over a stack: a `stream.Duplex` whose octets are a connection's. Events, their order and their errors are
 * Node's. Leaves to others: the connection's requests (`tcp-handle.ts`), names and addresses to connect to (`connect.ts`).
 *
 * `Socket` is a constructor function, as Node's is: it can be called without `new` and inherited from with `util.inherits`. What
 * sockets can do is written as a class here, whose methods the constructor's prototype gets.
 */

import hostNet, { type AddressInfo } from 'node:net';
import { Duplex } from 'node:stream';
import { normalizeArguments } from './arguments.ts';
import { lookupAndConnect } from './connect.ts';
import type { Name } from './ends.ts';
import { closedBeforeConnection, invalidHandleType, missingArgs, socketClosed, systemError } from './errors.ts';
import type { NetHost } from './host.ts';
import { IdleTimer } from './idle-timer.ts';
import { PathHandle } from './path-handle.ts';
import type { ServerMethods } from './server.ts';
import {
  type Connection,
  checkOptions,
  isOfHost,
  type SocketOptions,
  SocketState,
  type StreamOptions,
  streamOptions,
  wholeSeconds,
} from './socket-options.ts';
import {
  adopt,
  afterWrite,
  type Chunk,
  connected,
  connectToPath,
  forget,
  lengthOf,
  letGo,
  onEnd,
  renew,
  type StreamInternals,
  startReading,
  stopReading,
  takeUserBuffer,
  toOctets,
  type WriteDone,
  wakeBuffer,
  watchSignal,
  writeAfterEnd,
} from './socket-steps.ts';
import { TcpHandle } from './tcp-handle.ts';
import { timerDuration, validateFunction } from './validate.ts';

export class SocketMethods extends Duplex {
  declare readonly _net: NetHost;
  declare _state: SocketState;
  declare connecting: boolean;
  declare timeout?: number;
  declare autoSelectFamilyAttemptedAddresses: string[];
  declare server: ServerMethods | null;
  declare resetAndClosing?: boolean;
  declare _server: ServerMethods | null;
  declare _hadError: boolean;
  /** A socket that lives in this one's traffic, as `tls` has them. */
  declare _parent: SocketMethods | null;
  declare _host: string | null;
  declare _peername: Name | null;
  declare _sockname: Name | null;
  declare _pendingData: unknown;
  declare _pendingEncoding: string;
  declare _closeAfterHandlingError: boolean;
  declare _aborted?: boolean;

  // ---- Opening ----

  /** `connect(options[, cb])`, `connect(port[, host][, cb])`. @throws ERR_MISSING_ARGS, ERR_SOCKET_BAD_PORT, ERR_INVALID_ARG_TYPE, ... */
  connect(...args: unknown[]): this {
    const [options, callback] = normalizeArguments(args);
    if (callback !== null) this.once('connect', callback as () => void);
    if (this._parent?.connecting) return this;
    if (options.port === undefined && (options.path === undefined || options.path === null)) {
      throw missingArgs('options', 'port', 'path');
    }
    // It may have been ended by the other party in a former life.
    if (Object.hasOwn(this, 'write') && this.write === writeAfterEnd) delete (this as { write?: unknown }).write;
    if (this.destroyed) {
      this._state.handle = null;
      this._peername = null;
      this._sockname = null;
    }
    if (this._state.handle === null && !options.path) {
      this._state.handle = new TcpHandle(this._net);
      adopt(this);
    }
    this._unrefTimer();
    this.connecting = true;
    if (options.path) connectToPath(this, options.path);
    else lookupAndConnect(this, this._net, options, { renew: () => renew(this), connected: () => connected(this) });
    return this;
  }

  get _connecting(): boolean {
    return this.connecting;
  }

  get pending(): boolean {
    return !this._state.handle || this.connecting;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  // ---- Reading ----

  override _read(size: number): void {
    const handle = this._state.handle;
    if (this.connecting || handle === null) this.once('connect', () => this._read(size));
    else if (!handle.reading) startReading(handle);
  }

  override pause(): this {
    const handle = this._state.handle;
    if (this._state.buffer !== null && !this.connecting && handle?.reading) stopReading(handle);
    return super.pause();
  }

  override resume(): this {
    wakeBuffer(this);
    return super.resume();
  }

  override read(size?: number): unknown {
    wakeBuffer(this);
    return super.read(size);
  }

  // ---- Writing ----

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: WriteDone): void {
    this._writeGeneric(false, chunk, encoding, done);
  }

  override _writev(chunks: Chunk[], done: WriteDone): void {
    this._writeGeneric(true, chunks, '' as BufferEncoding, done);
  }

  _writeGeneric(
    several: boolean,
    data: Uint8Array | string | readonly Chunk[],
    encoding: BufferEncoding,
    done: WriteDone,
  ): void {
    if (this.connecting) {
      this._pendingData = data;
      this._pendingEncoding = encoding;
      const failed = (): void => done(closedBeforeConnection());
      this.once('connect', () => {
        this.off('close', failed);
        this._writeGeneric(several, data, encoding, done);
      });
      this.once('close', failed);
      return;
    }
    if (this._pendingData !== null) this._pendingData = null;
    const handle = this._state.handle;
    if (handle === null) {
      done(socketClosed());
      return;
    }
    this._unrefTimer();
    const octets = several
      ? (data as readonly Chunk[]).map(({ chunk, encoding: of }) => toOctets(chunk, of))
      : [toOctets(data as Uint8Array | string, encoding)];
    const result = handle.write(octets, (code) => afterWrite(this, code, done));
    if (result === null) done();
    else if (result === 'later') this._state.lastQueue = handle.writeQueueSize;
    else done(systemError(result, 'write'));
  }

  override _final(done: WriteDone): void {
    if (this.pending) {
      this.once('connect', () => this._final(done));
      return;
    }
    if (this._state.handle?.shutdown(() => done()) !== true) done();
  }

  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    (super.end as (...args: unknown[]) => void)(chunk, encoding, callback);
    return this;
  }

  // ---- The end ----

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', this.destroy);
  }

  /** Closes with a reset (RFC 9293 3.10.5 ABORT). */
  resetAndDestroy(): this {
    if (this._state.handle === null) this.destroy(socketClosed());
    else if (this._state.handle instanceof PathHandle) throw invalidHandleType();
    else if (this.connecting) this.once('connect', () => this._reset());
    else this._reset();
    return this;
  }

  _reset(): this {
    this.resetAndClosing = true;
    return this.destroy();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.connecting = false;
    for (let socket: SocketMethods | null = this; socket !== null; socket = socket._parent ?? null) {
      socket._state.timer?.cancel();
    }
    const handle = this._state.handle;
    if (handle === null) {
      done(error);
      process.nextTick(() => this.emit('close'));
    } else {
      this._state.bytesRead = handle.bytesRead;
      this._state.bytesWritten = handle.bytesWritten;
      const hadError = error !== null && error !== undefined;
      if (this.resetAndClosing) {
        this.resetAndClosing = false;
        handle.reset(() => this.emit('close', hadError));
      } else if (this._closeAfterHandlingError) {
        // 'error' is told in a tick: the socket is still there for those who hear it.
        queueMicrotask(() => handle.close(() => forget(this, hadError)));
      } else {
        handle.close(() => this.emit('close', hadError));
      }
      if (!this._closeAfterHandlingError) letGo(this);
      done(error);
    }
    const server = this._server;
    if (server) {
      server._connections--;
      server._emitCloseIfDrained();
    }
  }

  // ---- Settings ----

  /** Idle time until 'timeout', ms; 0 for none. @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
  setTimeout(ms: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = ms;
    const wait = timerDuration(ms, 'msecs');
    this._state.timer?.cancel();
    this._state.timer = null;
    if (wait > 0) this._state.timer = new IdleTimer(this._net, wait, () => this._onTimeout());
    if (callback !== undefined) {
      validateFunction(callback, 'callback');
      if (wait > 0) this.once('timeout', callback as () => void);
      else this.removeListener('timeout', callback as () => void);
    }
    return this;
  }

  _onTimeout(): void {
    const handle = this._state.handle;
    const last = this._state.lastQueue;
    if (last > 0 && handle !== null && handle.writeQueueSize !== last) {
      // A long write is getting on: that is traffic.
      this._state.lastQueue = handle.writeQueueSize;
      this._unrefTimer();
      return;
    }
    this.emit('timeout');
  }

  /** There was traffic: timeouts of this socket and of those around it begin anew. */
  _unrefTimer(): void {
    for (let socket: SocketMethods | null = this; socket !== null; socket = socket._parent ?? null) {
      socket._state.timer?.refresh();
    }
  }

  /** Nagle's algorithm off, or on again. Before there is a connection it is remembered. */
  setNoDelay(on?: boolean): this {
    const enable = on === undefined ? true : Boolean(on);
    const handle = this._state.handle;
    if (handle === null) this._state.noDelay = enable;
    else if (enable !== this._state.noDelay) {
      this._state.noDelay = enable;
      handle.setNoDelay(enable);
    }
    return this;
  }

  /** @param delay ms of silence before the first probe, in whole seconds; 0 leaves it as it is */
  setKeepAlive(on?: boolean, delay?: number): this {
    const enable = Boolean(on);
    const seconds = wholeSeconds(delay);
    const handle = this._state.handle;
    const changed = enable !== this._state.keepAlive || (enable && seconds !== this._state.keepAliveDelay);
    if (handle !== null && !changed) return this;
    this._state.keepAlive = enable;
    this._state.keepAliveDelay = seconds;
    handle?.setKeepAlive(enable, seconds);
    return this;
  }

  ref(): this {
    if (this._state.handle === null) this.once('connect', this.ref);
    else this._state.handle.ref();
    return this;
  }

  unref(): this {
    if (this._state.handle === null) this.once('connect', this.unref);
    else this._state.handle.unref();
    return this;
  }

  // ---- What is known of it ----

  /** null before there is a connection and after it. */
  get _handle(): Connection | null {
    return this._state.handle;
  }

  set _handle(handle: Connection | null) {
    this._state.handle = handle;
  }

  address(): AddressInfo | Record<string, never> {
    return this._getsockname() as AddressInfo;
  }

  _getsockname(): Name {
    const handle = this._state.handle;
    if (!handle) return {};
    if (!this._sockname) {
      this._sockname = {};
      handle.getsockname(this._sockname);
    }
    return this._sockname;
  }

  _getpeername(): Name {
    const handle = this._state.handle;
    if (!handle || this.connecting) return this._peername || {};
    if (!this._peername) {
      const name: Name = {};
      if (!handle.getpeername(name)) return name;
      this._peername = name;
    }
    return this._peername;
  }

  get localAddress(): string | undefined {
    return this._getsockname().address;
  }

  get localPort(): number | undefined {
    return this._getsockname().port;
  }

  get localFamily(): string | undefined {
    return this._getsockname().family;
  }

  get remoteAddress(): string | undefined {
    return this._getpeername().address;
  }

  get remotePort(): number | undefined {
    return this._getpeername().port;
  }

  get remoteFamily(): string | undefined {
    return this._getpeername().family;
  }

  get bytesRead(): number {
    return this._state.handle ? this._state.handle.bytesRead : this._state.bytesRead;
  }

  get _bytesDispatched(): number {
    return this._state.handle ? this._state.handle.bytesWritten : this._state.bytesWritten;
  }

  /** With what waits to be written. */
  get bytesWritten(): number | undefined {
    const { writableBuffer } = this as unknown as StreamInternals;
    if (!writableBuffer) return undefined;
    let octets = this._bytesDispatched;
    for (const { chunk, encoding } of writableBuffer) octets += lengthOf(chunk, encoding);
    const pending = this._pendingData;
    if (Array.isArray(pending)) {
      for (const { chunk, encoding } of pending as Chunk[]) octets += lengthOf(chunk, encoding);
    } else if (pending) {
      octets += lengthOf(pending as string, this._pendingEncoding as BufferEncoding);
    }
    return octets;
  }

  /** @deprecated `writableLength` says the same. */
  get bufferSize(): number | undefined {
    return this._state.handle ? this.writableLength : undefined;
  }
}

// ---- The constructor ----

/** Node's `net.Socket` of a stack. */
export interface SocketConstructor {
  new (options?: SocketOptions | number): SocketMethods;
  (options?: SocketOptions | number): SocketMethods;
  readonly prototype: SocketMethods;
}

/** What most sockets never change stands here for all of them: there may be very many. */
export const SOCKET_DEFAULTS: PropertyDescriptorMap = Object.fromEntries(
  Object.entries({
    server: null,
    _server: null,
    _parent: null,
    _host: null,
    _peername: null,
    _sockname: null,
    _pendingData: null,
    _pendingEncoding: '',
    _hadError: false,
    _closeAfterHandlingError: false,
  }).map(([name, value]) => [name, { value, writable: true, enumerable: true, configurable: true }]),
);

/** Sockets of the host, which `net` hands out for what is not of the stack: paths and descriptors. */
const HostSocket: typeof hostNet.Socket = hostNet.Socket;

/** Makes the constructor of a stack's sockets. */
export function socketConstructor(host: NetHost): SocketConstructor {
  function Socket(this: SocketMethods | undefined, options?: SocketOptions | number): SocketMethods | undefined {
    if (!isOurs(this)) {
      return new (Socket as unknown as SocketConstructor)(options);
    }
    // Descriptors and handles of libuv are the host's, and so is a socket of them.
    if (new.target && isOfHost(options)) return new HostSocket(options as object) as unknown as SocketMethods;
    constructSocket(this, options);
    return undefined;
  }
  const isOurs = (value: unknown): value is SocketMethods =>
    Object.prototype.isPrototypeOf.call(Socket.prototype, value as object);
  Object.setPrototypeOf(Socket, Duplex);
  Object.defineProperty(Socket, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // Classes that inherit from it have this too, and are asked for their own instances.
      if (this !== Socket) return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
      return isOurs(value) || value instanceof HostSocket;
    },
  });
  Socket.prototype = Object.create(Duplex.prototype, {
    ...Object.getOwnPropertyDescriptors(SocketMethods.prototype),
    constructor: { value: Socket, writable: true, configurable: true },
    _net: { value: host },
    ...SOCKET_DEFAULTS,
  });
  return Socket as unknown as SocketConstructor;
}

/** What the constructor does to a new object. */
export function constructSocket(socket: SocketMethods, given: SocketOptions | number | undefined): void {
  const options: SocketOptions = typeof given === 'number' ? { fd: given } : (given ?? {});
  checkOptions(options);
  socket._state = new SocketState();
  socket.connecting = false;
  (Duplex as unknown as (this: Duplex, options: StreamOptions) => void).call(socket, streamOptions(options));
  socket._state.handle = options.handle ?? null;
  takeUserBuffer(socket, options.onread);
  socket._state.noDelay = Boolean(options.noDelay);
  socket._state.keepAlive = Boolean(options.keepAlive);
  socket._state.keepAliveDelay = Math.max(wholeSeconds(options.keepAliveInitialDelay), 0);
  socket.on('end', onEnd);
  adopt(socket);
  if (socket._state.handle !== null && options.readable !== false) {
    if (options.pauseOnCreate) {
      stopReading(socket._state.handle);
      (socket as unknown as { readableFlowing: boolean | null }).readableFlowing = false;
    } else if (!options.manualStart) {
      socket.read(0);
    }
  }
  if (options.signal) watchSignal(socket, options.signal);
}
