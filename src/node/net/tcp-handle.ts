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

/** What a handle was asked for and has not told the end of. Idle handles have none. */
class Requests {
  connecting: Done | null = null;
  pending: Pending | null = null;
  shutdown: (() => void) | null = null;
  /** Set by `close`: what to call when it is over. */
  closed: (() => void)[] | null = null;
}

const NO_REQUESTS: Readonly<Requests> = Object.freeze(new Requests());

/** What is true of a handle, in one number: there may be very many. */
const READING = 1;
/** It tells what comes. */
const STARTED = 2;
/** Our FIN was asked for. */
const ENDED = 4;
/** Reading keeps the process alive. */
const REFERENCED = 8;
/** It keeps the process alive. */
const HOLDING = 16;
/** A turn will come. */
const POSTED = 32;
/** An IPv6 socket: IPv4 peers show as mapped addresses. */
const V6 = 64;
/** The peer's FIN has come. */
const PEER_ENDED = 128;

export class TcpHandle<Owner = unknown> extends AsyncResource implements TcpHandler, Turn {
  owner: Owner | null = null;
  /** Where octets are read to, in place of buffers of their own. */
  userBuffer: Uint8Array | null = null;
  bytesRead = 0;
  bytesWritten = 0;

  readonly #host: NetHost;
  #tcp: TcpSocket | null = null;
  /** What `bindTo` said. */
  #bound: { readonly address: Address; readonly port: number } | null = null;
  #requests: Requests | null = null;
  /** The connection's error, told to the first who asks. */
  #error: string | null = null;
  #flags = REFERENCED;

  constructor(host: NetHost) {
    super('TCPWRAP', { requireManualDestroy: true });
    this.#host = host;
  }

  /** A handle for a connection that a listener has accepted. */
  static accepted<Owner>(host: NetHost, tcp: TcpSocket, v6: boolean): TcpHandle<Owner> {
    const handle = new TcpHandle<Owner>(host);
    handle.#tcp = tcp;
    handle.#set(V6, v6);
    tcp.handler = handle;
    return handle;
  }

  /** Whether the owner wants to be told what comes; the owner's to write. */
  get reading(): boolean {
    return this.#has(READING);
  }

  set reading(on: boolean) {
    this.#set(READING, on);
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
    this.#set(V6, local.family === 6);
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
    if (this.#doing.connecting !== null) return 'EALREADY';
    const remote = parseAddress(address);
    if (remote === null) return 'EINVAL';
    this.#set(V6, remote.family === 6);
    const bound = this.#bound;
    if (port === 0) this.#error = 'ECONNREFUSED';
    else if (this.#tcp !== null)
      this.#post(); // as a kernel's socket, which is connected already
    else {
      // To the unspecified address is to this host, as with the kernel.
      const to = isUnspecified(remote) ? (remote.family === 4 ? LOOPBACK4 : LOOPBACK6) : unmapped(remote);
      const text = to === remote ? address : formatAddress(to);
      const local = bound !== null && !isUnspecified(bound.address) ? bound.address : null;
      const settings: ConnectOptions = {
        address: text,
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
    this.#begin().connecting = inContext('TCPCONNECTWRAP', done);
    if (this.#tcp === null) this.#post();
    this.#refer();
    return null;
  }

  // ---- Reading ----

  readStart(): void {
    this.#set(STARTED, true);
    if (this.#readable()) this.#post();
    this.#refer();
  }

  readStop(): void {
    this.#set(STARTED, false);
    this.#refer();
  }

  // ---- Writing ----

  /** Octets that the connection has not taken yet. */
  get writeQueueSize(): number {
    return this.#doing.pending?.left ?? 0;
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
    this.#begin().pending = pending;
    this.#refer();
    return 'later';
  }

  /** Ends this direction once everything is written. @param done called in a later turn. @returns whether it will be */
  shutdown(done: () => void): boolean {
    if (this.#tcp === null || this.#doing.connecting !== null) return false;
    const requests = this.#begin();
    requests.shutdown = inContext('SHUTDOWNWRAP', done);
    if (requests.pending === null) this.#end();
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
    if (tcp !== null) fillName(out, tcp.local, tcp.localPort, this.#has(V6));
    else if (this.#bound !== null) fillName(out, this.#bound.address, this.#bound.port, this.#has(V6));
    else return false;
    return true;
  }

  /** @returns whether there is a peer: none any more when the connection is over */
  getpeername(out: Name): boolean {
    if (!this.#alive()) return false;
    fillName(out, this.#tcp!.remote, this.#tcp!.remotePort, this.#has(V6));
    return true;
  }

  /** The connection in the stack, for those who want to know more of it than `net` tells; null before `connect`. */
  get connection(): TcpSocket | null {
    return this.#tcp;
  }

  ref(): void {
    this.#set(REFERENCED, true);
    this.#refer();
  }

  unref(): void {
    this.#set(REFERENCED, false);
    this.#refer();
  }

  hasRef(): boolean {
    return this.#has(REFERENCED);
  }

  // ---- The connection's events: they come from within the stack, so they are told later ----

  onConnect(): void {
    this.#post();
  }

  onReadable(): void {
    if (this.#has(STARTED)) this.#post();
  }

  onEnd(): void {
    this.#set(PEER_ENDED, true);
    if (this.#has(STARTED)) this.#post();
  }

  onWritable(): void {
    const { pending, closed } = this.#doing;
    if (pending === null || closed !== null) return;
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
    this.#set(POSTED, false);
    try {
      this.runInAsyncScope(this.#tell, this);
      this.#host.deliver();
    } finally {
      this.#refer();
      if (this.#hasNews()) this.#post();
    }
  }

  #tell(): void {
    const requests = this.#requests;
    // A shutdown before anything that the peer may have said to it.
    if (requests !== null && this.#tellRequest(requests)) return;
    if (this.#has(STARTED) && this.#readable()) this.#tellRead();
    else if (requests !== null && this.#written(requests)) this.#tellWritten(requests);
  }

  #hasNews(): boolean {
    const { closed, shutdown } = this.#doing;
    if (closed !== null) return closed.length > 0;
    if (this.#connected() || (shutdown !== null && this.#has(ENDED)) || this.#written(this.#doing)) return true;
    return this.#has(STARTED) && this.#readable();
  }

  /** @returns whether one was told */
  #tellRequest(requests: Requests): boolean {
    const { connecting, pending, shutdown, closed } = requests;
    // After `close` all ends, each in a turn, before the end is told.
    const over = closed !== null;
    if (connecting !== null && (over || this.#connected())) {
      requests.connecting = null;
      this.#finish();
      connecting(over ? 'ECANCELED' : this.#takeError());
    } else if (pending !== null && over) {
      requests.pending = null;
      pending.done('ECANCELED');
    } else if (shutdown !== null && (over || this.#has(ENDED))) {
      requests.shutdown = null;
      this.#finish();
      shutdown();
    } else if (over) {
      closed.shift()?.();
    } else {
      return false;
    }
    return true;
  }

  #connected(): boolean {
    if (this.#doing.connecting === null) return false;
    return this.#tcp === null || (this.#tcp.state !== 'SYN-SENT' && this.#tcp.state !== 'SYN-RECEIVED');
  }

  /** Whether there are octets, their end, or an error. */
  #readable(): boolean {
    const tcp = this.#tcp;
    if (tcp === null || this.#doing.connecting !== null) return false;
    return tcp.readableLength > 0 || tcp.atEnd || !tcp.live;
  }

  #tellRead(): void {
    const tcp = this.#tcp!;
    const waiting = tcp.readableLength;
    if (waiting > 0) {
      this.#tellData(tcp, waiting);
      return;
    }
    this.#set(STARTED, false);
    // As with the kernel: who has been told the end is not told of a reset that comes after it.
    const error = this.#has(PEER_ENDED) ? null : this.#takeError();
    if (this.owner === null) return;
    if (error === null) this.#events.end(this.owner);
    else this.#events.error(this.owner, error);
  }

  #tellData(tcp: TcpSocket, waiting: number): void {
    const own = this.userBuffer;
    const length = Math.min(waiting, own === null ? LARGEST_READ : own.length);
    const buffer = own === null ? newBuffer(length) : null;
    const count = tcp.read(buffer ?? own!, 0, length);
    this.bytesRead += count;
    if (this.owner !== null) this.#events.data(this.owner, count, buffer);
  }

  #written({ pending }: Readonly<Requests>): boolean {
    return pending !== null && (pending.left === 0 || !this.#alive());
  }

  #tellWritten(requests: Requests): void {
    const { left, done } = requests.pending!;
    requests.pending = null;
    if (requests.shutdown !== null) this.#end();
    this.#finish();
    done(left === 0 ? null : (this.#takeError() ?? 'EPIPE'));
  }

  #close(done: (() => void) | undefined, reset: boolean): void {
    const requests = this.#begin();
    if (requests.closed === null) {
      this.#set(STARTED, false);
      const tcp = this.#tcp;
      if (tcp !== null && reset) tcp.abort();
      else tcp?.destroy();
      requests.closed = [];
    }
    requests.closed.push(done ?? nothing);
    this.#refer();
    this.#post();
  }

  // ---- Small things ----

  get #events(): ReadEvents<Owner> {
    return this.#host.readEvents as ReadEvents<Owner>;
  }

  get #doing(): Readonly<Requests> {
    return this.#requests ?? NO_REQUESTS;
  }

  #begin(): Requests {
    this.#requests ??= new Requests();
    return this.#requests;
  }

  /** A request has ended: perhaps it was the only one. */
  #finish(): void {
    const { connecting, pending, shutdown, closed } = this.#doing;
    if (connecting === null && pending === null && shutdown === null && closed === null) this.#requests = null;
  }

  #has(flag: number): boolean {
    return (this.#flags & flag) !== 0;
  }

  #set(flag: number, on: boolean): void {
    if (on) this.#flags |= flag;
    else this.#flags &= ~flag;
  }

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
    const { closed, shutdown } = this.#doing;
    if (tcp === null || closed !== null) return 'EBADF';
    if (!tcp.live) return this.#takeError() ?? 'EPIPE';
    return this.#has(ENDED) || shutdown !== null ? 'EPIPE' : null;
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
    this.#set(ENDED, true);
    this.#post();
    if (this.#alive()) this.#tcp!.end();
  }

  #post(): void {
    if (this.#has(POSTED)) return;
    this.#set(POSTED, true);
    this.#host.post(this, this.#has(HOLDING));
  }

  /** Whether the process lives for this: requests under way, and reading if it is referenced. */
  #refer(): void {
    const { connecting, pending, shutdown, closed } = this.#doing;
    const holds =
      (closed !== null && closed.length > 0) ||
      connecting !== null ||
      pending !== null ||
      shutdown !== null ||
      (this.#flags & (REFERENCED | STARTED)) === (REFERENCED | STARTED);
    if (holds === this.#has(HOLDING)) return;
    this.#set(HOLDING, holds);
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
