/**
 * Owns: what happens to a socket: it is connected, octets come, a write is over, it is let go. Leaves to others: what a program calls
 * (`socket.ts`).
 */

import { Duplex } from 'node:stream';
import { connectError, systemError } from './errors.ts';
import { PathHandle } from './path-handle.ts';
import type { SocketMethods } from './socket.ts';
import type { Connection, OnRead } from './socket-options.ts';
import { type ReadEvents, TcpHandle } from './tcp-handle.ts';
import { validateSignal, validateString } from './validate.ts';

/** A chunk as `_writev` gets it. */
export interface Chunk {
  readonly chunk: Uint8Array | string;
  readonly encoding: BufferEncoding;
}

export type WriteDone = (error?: Error | null) => void;

/** What the streams of Node say of themselves, and their types do not. */
export interface StreamInternals {
  _undestroy(): void;
  readonly _readableState: { readonly endEmitted: boolean };
  readonly writableBuffer?: readonly { chunk: Uint8Array | string; encoding: BufferEncoding }[];
}

export function takeUserBuffer(socket: SocketMethods, onread: OnRead | null | undefined): void {
  if (onread === null || typeof onread !== 'object' || typeof onread.callback !== 'function') return;
  if (typeof onread.buffer === 'function') {
    socket._state.nextBuffer = onread.buffer;
  } else if (onread.buffer instanceof Uint8Array) {
    socket._state.buffer = onread.buffer;
  } else {
    return;
  }
  socket._state.bufferCallback = onread.callback;
}

/** A handle is new: events of it are this socket's. */
export function adopt(socket: SocketMethods): void {
  (socket as unknown as StreamInternals)._undestroy();
  own(socket);
}

function own(socket: SocketMethods): void {
  if (socket._sockname !== null) socket._sockname = null;
  const handle = socket._state.handle;
  if (handle === null) return;
  handle.owner = socket;
  const next = socket._state.nextBuffer?.();
  if (next instanceof Uint8Array) socket._state.buffer = next;
  handle.userBuffer = socket._state.buffer;
}

export function watchSignal(socket: SocketMethods, signal: AbortSignal): void {
  validateSignal(signal, 'options.signal');
  // The stream destroys itself with an AbortError; attempts to connect stop.
  process.nextTick(() => {
    if (signal.aborted) socket._aborted = true;
    else signal.addEventListener('abort', () => (socket._aborted = true), { once: true });
  });
}

// ---- Opening ----

/** A second attempt to connect has a connection of its own. What the stream was told meanwhile, to end for one, still holds. */
export function renew(socket: SocketMethods): TcpHandle<SocketMethods> {
  socket._state.handle?.close();
  const handle = new TcpHandle<SocketMethods>(socket._net);
  socket._state.handle = handle;
  own(socket);
  return handle;
}

export function connected(socket: SocketMethods): void {
  const handle = socket._state.handle!;
  socket.connecting = false;
  if (socket._sockname !== null) socket._sockname = null;
  socket._unrefTimer();
  if (socket._state.noDelay) handle.setNoDelay(true);
  if (socket._state.keepAlive) handle.setKeepAlive(true, socket._state.keepAliveDelay);
  socket.emit('connect');
  socket.emit('ready');
  // Nothing is read by this, but reading begins.
  if (!socket.isPaused()) socket.read(0);
}

/** A path is of the host, and so is what connects to it. */
export function connectToPath(socket: SocketMethods, path: unknown): void {
  validateString(path, 'options.path');
  const handle = new PathHandle<SocketMethods>(READ_EVENTS);
  socket._state.handle = handle;
  adopt(socket);
  socket.emit('connectionAttempt', path, undefined, undefined);
  handle.connectTo(path, (code) => {
    if (socket.destroyed) return;
    if (code === null) {
      connected(socket);
      return;
    }
    const error = connectError(code, 'connect', { address: path });
    socket.connecting = false;
    socket.emit('connectionAttemptFailed', path, undefined, undefined, error);
    socket.destroy(error);
  });
}

// ---- Reading ----

export const READ_EVENTS: ReadEvents<SocketMethods> = {
  data(socket, count, buffer): void {
    socket._unrefTimer();
    if (socket.destroyed) return;
    const more = buffer === null ? userRead(socket, count) : socket.push(buffer);
    if (!more && socket._state.handle !== null) stopReading(socket._state.handle);
  },
  end(socket): void {
    socket._unrefTimer();
    if ((socket as unknown as StreamInternals)._readableState.endEmitted) return;
    socket.push(null);
    socket.read(0);
  },
  error(socket, code): void {
    socket._unrefTimer();
    socket.destroy(systemError(code, 'read'));
  },
};

/** @returns whether to go on */
function userRead(socket: SocketMethods, count: number): boolean {
  const more = socket._state.bufferCallback!.call(socket, count, socket._state.buffer!) !== false;
  const next = socket._state.nextBuffer?.();
  if (next instanceof Uint8Array) {
    socket._state.buffer = next;
    if (socket._state.handle !== null) socket._state.handle.userBuffer = next;
  }
  return more;
}

export function startReading(handle: Connection): void {
  handle.reading = true;
  handle.readStart();
}

export function stopReading(handle: Connection): void {
  handle.reading = false;
  handle.readStop();
}

/** With a buffer of the user's it is not the stream that asks for more. */
export function wakeBuffer(socket: SocketMethods): void {
  const handle = socket._state.handle;
  if (socket._state.buffer !== null && !socket.connecting && handle && !handle.reading) startReading(handle);
}

// ---- Writing ----

export function toOctets(chunk: Uint8Array | string, encoding: BufferEncoding): Uint8Array {
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}

export function lengthOf(chunk: Uint8Array | string, encoding: BufferEncoding): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
}

export function afterWrite(socket: SocketMethods, code: string | null, done: WriteDone): void {
  if (socket.destroyed) {
    done(null);
  } else if (code !== null) {
    done(systemError(code, 'write'));
  } else {
    socket._unrefTimer();
    socket._state.lastQueue = 0;
    done(null);
  }
}

/** Writing after the peer's FIN ended the socket: the plain 'write after end' would blame the program. */
export function writeAfterEnd(this: SocketMethods, chunk: unknown, encoding?: unknown, done?: unknown): boolean {
  if (!this.writableEnded) {
    return (Duplex.prototype.write as (...args: unknown[]) => boolean).call(this, chunk, encoding, done);
  }
  const callback = typeof encoding === 'function' ? encoding : done;
  const error = Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' });
  if (typeof callback === 'function') process.nextTick(callback as (error: Error) => void, error);
  this.destroy(error);
  return false;
}

export function onEnd(this: SocketMethods): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd as SocketMethods['write'];
}

// ---- The end ----

export function letGo(socket: SocketMethods): void {
  const handle = socket._state.handle;
  if (handle !== null) handle.owner = null;
  socket._state.handle = null;
  if (socket._sockname !== null) socket._sockname = null;
}

export function forget(socket: SocketMethods, hadError: boolean): void {
  socket.emit('close', hadError);
  letGo(socket);
}

/** What servers say of the sockets they accept. */
export function settle(socket: SocketMethods, noDelay: boolean, keepAlive: boolean, keepAliveDelay: number): void {
  const handle = socket._state.handle!;
  if (noDelay) {
    socket._state.noDelay = true;
    handle.setNoDelay(true);
  }
  if (keepAlive) {
    socket._state.keepAlive = true;
    socket._state.keepAliveDelay = keepAliveDelay;
    handle.setKeepAlive(true, keepAliveDelay);
  }
}
