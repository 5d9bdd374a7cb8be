/**
 * Owns: what no network has: sockets with a path (Unix domain sockets, named pipes), and listening descriptors and handles that the
 * process was given. They are the host's, and look to `socket.ts` and `server.ts` like those of the stack. Leaves to others: those (`tcp-handle.ts`, `listen-handle.ts`).
 */

import hostNet from 'node:net';
import type { Name } from './ends.ts';
import type { Done, ReadEvents } from './tcp-handle.ts';

/** As the module was loaded: a preload may put other sockets in their place. */
const { Socket: HostSocket, Server: HostServer } = hostNet;

export class PathHandle<Owner = unknown> {
  owner: Owner | null = null;
  reading = false;
  userBuffer: Uint8Array | null = null;
  readonly #socket: hostNet.Socket;
  readonly #events: ReadEvents<Owner>;
  /** What came and did not fit into the user's buffer. */
  #rest: Buffer | null = null;
  #ended = false;

  constructor(events: ReadEvents<Owner>, socket: hostNet.Socket = new HostSocket({ allowHalfOpen: true })) {
    this.#socket = socket;
    this.#events = events;
    socket.pause();
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('end', () => {
      this.#ended = true;
      if (this.#rest === null) this.#end();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (this.owner !== null) this.#events.error(this.owner, error.code ?? 'EIO');
    });
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get writeQueueSize(): number {
    return this.#socket.writableLength;
  }

  /** Begins to connect; `done` says what becomes of it. */
  connectTo(path: string, done: Done): void {
    const socket = this.#socket;
    const failed = (error: NodeJS.ErrnoException): void => done(error.code ?? 'EIO');
    // Before the listener that takes errors for those of reading.
    socket.prependOnceListener('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      done(null);
    });
    socket.connect({ path });
    socket.pause();
  }

  readStart(): void {
    if (this.#rest === null) this.#socket.resume();
    else setImmediate(() => this.#again());
  }

  readStop(): void {
    this.#socket.pause();
  }

  write(chunks: readonly Uint8Array[], done: Done): null | 'later' | string {
    const last = chunks.length - 1;
    if (last < 0) return null;
    const socket = this.#socket;
    socket.cork();
    chunks.forEach((chunk, i) => {
      if (i < last) socket.write(chunk);
      else socket.write(chunk, (error) => done(error ? ((error as NodeJS.ErrnoException).code ?? 'EIO') : null));
    });
    socket.uncork();
    return 'later';
  }

  shutdown(done: () => void): boolean {
    this.#socket.end(done);
    return true;
  }

  close(done?: () => void): void {
    if (done !== undefined) this.#socket.once('close', done);
    this.#socket.destroy();
  }

  reset(done?: () => void): void {
    this.close(done);
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  getsockname(_out: Name): boolean {
    return false;
  }

  getpeername(_out: Name): boolean {
    return false;
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  #end(): void {
    if (this.owner !== null) this.#events.end(this.owner);
  }

  #again(): void {
    const rest = this.#rest;
    if (rest === null || !this.reading) return;
    this.#rest = null;
    this.#data(rest);
  }

  #data(chunk: Buffer): void {
    const own = this.userBuffer;
    if (own === null) {
      if (this.owner !== null) this.#events.data(this.owner, chunk.length, chunk);
      return;
    }
    let left = chunk;
    while (left.length > 0 && this.reading) {
      const count = left.copy(this.userBuffer ?? own);
      left = left.subarray(count);
      if (this.owner !== null) this.#events.data(this.owner, count, null);
    }
    if (left.length > 0) this.#rest = left;
    else if (this.#ended) this.#end();
    else if (this.reading) this.#socket.resume();
  }
}

/** What listens on a path, or is a listening descriptor or handle. */
export class HostListenHandle {
  onconnection: ((error: unknown, handle: PathHandle<never>) => void) | null = null;
  readonly #server: hostNet.Server;

  /**
   * @param what a path, a descriptor or a handle, as Node's `listen` takes it
   * @param failed told of an error: EADDRINUSE, EACCES, EINVAL, ...
   * @param listening told when connections can come
   */
  constructor(
    events: ReadEvents<never>,
    what: hostNet.ListenOptions,
    failed: (error: NodeJS.ErrnoException) => void,
    listening: () => void,
  ) {
    this.#server = new HostServer({ allowHalfOpen: true, pauseOnConnect: true });
    this.#server.on('connection', (socket) => this.onconnection?.(null, new PathHandle(events, socket)));
    this.#server.on('error', failed);
    this.#server.on('listening', listening);
    this.#server.listen(what);
  }

  getsockname(out: Name): number {
    const address = this.#server.address();
    if (typeof address === 'object') Object.assign(out, address);
    return 0;
  }

  close(): void {
    this.#server.close();
  }

  ref(): void {
    this.#server.ref();
  }

  unref(): void {
    this.#server.unref();
  }
}
