/**
 * Owns: a connection as `net.Socket` holds it: calls that begin something now and tell of it in a later turn of the event loop,
 * one event a turn. Where a kernel socket has a file descriptor and libuv its requests, here is this.
 * Leaves to others: the stream (`socket.ts`), the connection itself (`stack/tcp-socket.ts`).
 */

import { AsyncResource } from 'node:async_hooks';
import type { TsynError } from '../../stack/errors.ts';
import type { ConnectOptions } from '../../stack/tcp-options.ts';
import type { TcpHandler, TcpSocket } from '../../stack/tcp-socket.ts';
import { type Address, formatAddress, isUnspecified, LOOPBACK4, LOOPBACK6, parseAddress } from '../../wire/address.ts';
import { fillName, type Name } from './ends.ts';
import type { NetHost, Turn } from './host.ts';

/** Who hears what is read. One object serves all sockets. */
export interface ReadEvents<Owner> {
  /** `count` octets, in `buffer` or in the user's own. */
  data(owner: Owner, count: number, buffer: Buffer | null): void;
  end(owner: Owner): void;
  /** @param code ECONNRESET, ETIMEDOUT, ... */
  error(owner: Owner, code: string): void;
}

/** How a request ended: null, or the error's code. */
export type Done = (code: string | null) => void;

/** Octets read in one event at most, as in libuv. */
const LARGEST_READ = 65_536;
/** So small an array lives in the heap, where it is made in no time. */
const SMALL_READ = 64;

/** What is written and not yet taken by the connection. */
interface Pending {
  readonly chunks: readonly Uint8Array[];
  index: number;
  offset: number;
  /** Octets left. */
  left: number;
  done: Done;
}

export class TcpHandle<Owner = unknown> extends AsyncResource implements TcpHandler, Turn {
  owner: Owner | null = null;
  events: ReadEvents<Owner> | null = null;
  /** Whether the owner wants to be told what comes; the owner's to write. */
  reading = false;
  /** Where octets are read to, in place of buffers of their own. */
  userBuffer: Uint8Array | null = null;
  bytesRead = 0;
  bytesWritten = 0;

  readonly #host: NetHost;
  #tcp: TcpSocket | null = null;
  /** Of an IPv6 socket: IPv4 peers show as mapped addresses. */
  #v6 = false;
  /** What `bindTo` said. */
  #bound: { readonly address: Address; readonly port: number } | null = null;
  #connecting: Done | null = null;
  /** Known before there was a connection to ask: tells in a later turn. */
  #refusal: string | null = null;
  #pending: Pending | null = null;
  #shutdown: (() => void) | null = null;
  /** Set by `close`: what to call, once, when it is over. */
  #closed: (() => void)[] | null = null;
  /** The connection's error, told to the first who asks. */
  #error: string | null = null;
  #started = false;
  #ended = false;
  #referenced = true;
  #holding = false;
  #posted = false;

  constructor(host: NetHost) {
    super('TCPWRAP', { requireManualDestroy: true });
    this.#host = host;
  }

  /** A handle for a connection that a listener has accepted. */
  static accepted<Owner>(host: NetHost, tcp: TcpSocket, v6: boolean): TcpHandle<Owner> {
    const handle = new TcpHandle<Owner>(host);
    handle.#tcp = tcp;
    handle.#v6 = v6;
    tcp.handler = handle;
    return handle;
  }

  getAsyncId(): number {
    return this.asyncId();
  }

  // ---- Opening ----

  /** @returns the error's code, or null. The port of another connection may be ours too; `connect` says whether. */
  bindTo(address: string, port: number): string | null {
    const local = parseAddress(address);
    if (local === null) return 'EINVAL';
    const { stack } = this.#host;
    const any = isUnspecified(local);
    if (!any && !stack.isLocal(local)) return 'EADDRNOTAVAIL';
    this.#v6 = local.family === 6;
    if (port > 0 && stack.tcp.listeners.isBound(port, any ? null : local, local.family)) return 'EADDRINUSE';
    this.#bound = { address: local, port };
    return null;
  }

  /**
   * Begins to connect.
   *
   * @param done what becomes of it, in a later turn
   * @returns the code of an error that is known at once, or null: `done` will follow
   */
  connect(address: string, port: number, done: Done): string | null {
    if (this.#connecting !== null) return 'EALREADY';
    const remote = parseAddress(address);
    if (remote === null) return 'EINVAL';
    this.#v6 = remote.family === 6;
    const bound = this.#bound;
    if (port === 0) this.#refusal = 'ECONNREFUSED';
    else if (this.#tcp !== null)
      this.#post(); // as a kernel's socket, which is connected already
    else {
      // To the unspecified address is to this host, as with the kernel.
      const to = isUnspecified(remote) ? (remote.family === 4 ? LOOPBACK4 : LOOPBACK6) : unmapped(remote);
      const local = bound !== null && !isUnspecified(bound.address) ? bound.address : null;
      const settings: ConnectOptions = {
        address: formatAddress(to),
        port,
        ...(local === null ? {} : { localAddress: formatAddress(local) }),
        ...(bound === null ? {} : { localPort: bound.port }),
        handler: this,
      };
      try {
        this.#tcp = this.#host.stack.tcp.connect(settings);
      } catch (error) {
        return (error as TsynError).code;
      }
    }
    this.#connecting = done;
    if (this.#refusal !== null) this.#post();
    this.#refer();
    return null;
  }

  // ---- Reading ----

  readStart(): void {
    this.#started = true;
    if (this.#readable()) this.#post();
    this.#refer();
  }

  readStop(): void {
    this.#started = false;
    this.#refer();
  }

  // ---- Writing ----

  /** Octets that the connection has not taken yet. */
  get writeQueueSize(): number {
    return this.#pending?.left ?? 0;
  }

  /**
   * Writes; one write at a time.
   *
   * @param done called in a later turn, if this returns 'later'
   * @returns null when all is taken, 'later', or the error's code
   */
  write(chunks: readonly Uint8Array[], done: Done): null | 'later' | string {
    let length = 0;
    for (const chunk of chunks) length += chunk.length;
    const error = this.#writeError();
    if (error !== null) return error;
    this.bytesWritten += length;
    const pending: Pending = { chunks, index: 0, offset: 0, left: length, done };
    const failure = this.#push(pending);
    if (failure !== null) return failure;
    if (pending.left === 0) return null;
    pending.done = inContext('WRITEWRAP', done);
    this.#pending = pending;
    this.#refer();
    return 'later';
  }

  /** Ends this direction once everything is written. @param done called in a later turn. @returns whether it will be */
  shutdown(done: () => void): boolean {
    if (this.#tcp === null || this.#connecting !== null) return false;
    this.#shutdown = inContext('SHUTDOWNWRAP', done);
    if (this.#pending === null) this.#end();
    this.#refer();
    return true;
  }

  // ---- The end ----

  /** Closes; requests that have not ended do so with ECANCELED. @param done called last, in a later turn */
  close(done?: () => void): void {
    this.#close(done, false);
  }

  /** The same with a reset. */
  reset(done?: () => void): void {
    this.#close(done, true);
  }

  // ---- Settings ----

  setNoDelay(on: boolean): void {
    if (this.#alive()) this.#tcp!.setNoDelay(on);
  }

  /** @param delay seconds; 0 is the stack's default */
  setKeepAlive(on: boolean, delay: number): void {
    if (!this.#alive()) return;
    if (delay > 0) this.#tcp!.setKeepAlive(on, delay * 1000);
    else this.#tcp!.setKeepAlive(on);
  }

  /** @returns whether there is a name */
  getsockname(out: Name): boolean {
    const tcp = this.#tcp;
    if (tcp !== null) fillName(out, tcp.local, tcp.localPort, this.#v6);
    else if (this.#bound !== null) fillName(out, this.#bound.address, this.#bound.port, this.#v6);
    else return false;
    return true;
  }

  /** @returns whether there is a peer: none any more when the connection is over */
  getpeername(out: Name): boolean {
    if (!this.#alive()) return false;
    fillName(out, this.#tcp!.remote, this.#tcp!.remotePort, this.#v6);
    return true;
  }

  /** The connection in the stack, for those who want to know more of it than `net` tells; null before `connect`. */
  get connection(): TcpSocket | null {
    return this.#tcp;
  }

  ref(): void {
    this.#referenced = true;
    this.#refer();
  }

  unref(): void {
    this.#referenced = false;
    this.#refer();
  }

  hasRef(): boolean {
    return this.#referenced;
  }

  // ---- The connection's events: they come from within the stack, so they are told later ----

  onConnect(): void {
    this.#post();
  }

  onReadable(): void {
    if (this.#started) this.#post();
  }

  onEnd(): void {
    if (this.#started) this.#post();
  }

  onWritable(): void {
    const pending = this.#pending;
    if (pending === null || this.#closed !== null) return;
    const failure = this.#push(pending);
    if (failure !== null || pending.left === 0) this.#post();
  }

  onClose(_tcp: TcpSocket, error: TsynError | null): void {
    if (error !== null) this.#error = error.code;
    this.#post();
  }

  // ---- Turns ----

  /** Tells one event. */
  turn(): void {
    this.#posted = false;
    try {
      this.runInAsyncScope(this.#tell, this);
    } finally {
      this.#refer();
      if (this.#hasNews()) this.#post();
    }
  }

  #tell(): void {
    if (this.#closed !== null) this.#tellClosed();
    else if (this.#connected()) this.#tellConnected();
    else if (this.#shutdown !== null && this.#ended) {
      // Before anything that the peer may have said to it.
      const done = this.#shutdown;
      this.#shutdown = null;
      done();
    } else if (this.#started && this.#readable()) this.#tellRead();
    else if (this.#written()) this.#tellWritten();
  }

  #hasNews(): boolean {
    if (this.#closed !== null) return this.#closed.length > 0;
    return (
      this.#connected() ||
      (this.#started && this.#readable()) ||
      this.#written() ||
      (this.#shutdown !== null && this.#ended)
    );
  }

  #connected(): boolean {
    if (this.#connecting === null) return false;
    return (
      this.#refusal !== null ||
      (this.#tcp !== null && this.#tcp.state !== 'SYN-SENT' && this.#tcp.state !== 'SYN-RECEIVED')
    );
  }

  #tellConnected(): void {
    const done = this.#connecting!;
    this.#connecting = null;
    done(this.#refusal ?? this.#takeError());
  }

  /** Whether there are octets, their end, or an error. */
  #readable(): boolean {
    const tcp = this.#tcp;
    if (tcp === null || this.#connecting !== null) return false;
    return tcp.readableLength > 0 || tcp.atEnd || !tcp.live;
  }

  #tellRead(): void {
    const tcp = this.#tcp!;
    const waiting = tcp.readableLength;
    if (waiting > 0) {
      this.#tellData(tcp, waiting);
      return;
    }
    this.#started = false;
    const error = this.#takeError();
    if (error === null) this.events?.end(this.owner!);
    else this.events?.error(this.owner!, error);
  }

  #tellData(tcp: TcpSocket, waiting: number): void {
    const own = this.userBuffer;
    const length = Math.min(waiting, own === null ? LARGEST_READ : own.length);
    const buffer = own === null ? newBuffer(length) : null;
    const count = tcp.read(buffer ?? own!, 0, length);
    this.bytesRead += count;
    this.events?.data(this.owner!, count, buffer);
  }

  #written(): boolean {
    return this.#pending !== null && (this.#pending.left === 0 || !this.#alive());
  }

  #tellWritten(): void {
    const { left, done } = this.#pending!;
    this.#pending = null;
    if (this.#shutdown !== null) this.#end();
    done(left === 0 ? null : (this.#takeError() ?? 'EPIPE'));
  }

  /** What was begun ends before the end is told, each in a turn. */
  #tellClosed(): void {
    const connecting = this.#connecting;
    const pending = this.#pending;
    if (connecting !== null) {
      this.#connecting = null;
      connecting('ECANCELED');
    } else if (pending !== null) {
      this.#pending = null;
      pending.done('ECANCELED');
    } else if (this.#shutdown !== null) {
      const done = this.#shutdown;
      this.#shutdown = null;
      done();
    } else {
      this.#closed!.shift()?.();
    }
  }

  #close(done: (() => void) | undefined, reset: boolean): void {
    if (this.#closed === null) {
      this.#started = false;
      const tcp = this.#tcp;
      if (tcp !== null && reset) tcp.abort();
      else tcp?.destroy();
      this.#closed = [];
    }
    this.#closed.push(done ?? nothing);
    this.#refer();
    this.#post();
  }

  // ---- Small things ----

  #alive(): boolean {
    return this.#tcp?.live === true;
  }

  #takeError(): string | null {
    const error = this.#error;
    this.#error = null;
    return error;
  }

  #writeError(): string | null {
    const tcp = this.#tcp;
    if (tcp === null || this.#closed !== null) return 'EBADF';
    if (!tcp.live) return this.#takeError() ?? 'EPIPE';
    return this.#ended || this.#shutdown !== null ? 'EPIPE' : null;
  }

  /** Hands the connection what it takes. @returns the error's code, or null */
  #push(pending: Pending): string | null {
    const { chunks } = pending;
    const tcp = this.#tcp!;
    try {
      while (pending.index < chunks.length) {
        const chunk = chunks[pending.index]!;
        const rest = chunk.length - pending.offset;
        // By what is left, not by chunks: an empty last one would not send what waits for it.
        const more = pending.left > rest;
        const { offset } = pending;
        const taken = more ? tcp.writeMore(chunk, offset, rest) : tcp.write(chunk, offset, rest);
        pending.left -= taken;
        pending.offset += taken;
        if (taken < rest) return null;
        pending.index++;
        pending.offset = 0;
      }
      return null;
    } catch (error) {
      return (error as TsynError).code;
    }
  }

  /** FIN. It is told before the peer can have seen it. */
  #end(): void {
    this.#ended = true;
    this.#post();
    if (this.#alive()) this.#tcp!.end();
  }

  #post(): void {
    if (this.#posted) return;
    this.#posted = true;
    this.#host.post(this, this.#holding || this.#closed !== null);
  }

  /** Whether the process lives for this: requests under way, and reading if it is referenced. */
  #refer(): void {
    const holds =
      (this.#closed !== null && this.#closed.length > 0) ||
      this.#connecting !== null ||
      this.#pending !== null ||
      this.#shutdown !== null ||
      (this.#referenced && this.#started);
    if (holds === this.#holding) return;
    this.#holding = holds;
    if (holds) this.#host.hold();
    else this.#host.release();
  }
}

function newBuffer(length: number): Buffer {
  return length <= SMALL_READ ? Buffer.alloc(length) : Buffer.allocUnsafeSlow(length);
}

/** An IPv4-mapped address is an IPv4 one. */
function unmapped(address: Address): Address {
  const mapped = address.family === 6 && address.w0 === 0 && address.w1 === 0 && address.w2 === 0xffff;
  return mapped ? parseAddress(formatAddress(address).slice('::ffff:'.length))! : address;
}

/** `done` in the asynchronous context of the call that asks for it. */
function inContext<Args extends unknown[]>(type: string, done: (...args: Args) => void): (...args: Args) => void {
  const resource = new AsyncResource(type, { requireManualDestroy: true });
  return (...args) => resource.runInAsyncScope(done, null, ...args);
}

function nothing(): void {}
