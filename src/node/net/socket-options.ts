/** Owns: what a socket is made with, checked, and what it keeps to itself. */

import type { DuplexOptions } from 'node:stream';
import { coded, invalidArgValue, invalidHandleType } from './errors.ts';
import type { IdleTimer } from './idle-timer.ts';
import { PathHandle } from './path-handle.ts';
import type { SocketMethods } from './socket.ts';
import { TcpHandle } from './tcp-handle.ts';
import { validateInt32, validateNumber } from './validate.ts';

/** Where a socket's octets go: into the stack, or to a path of the host. */
export type Connection = TcpHandle<SocketMethods> | PathHandle<SocketMethods>;

export interface OnRead {
  buffer: Uint8Array | (() => Uint8Array);
  callback(this: SocketMethods, count: number, buffer: Uint8Array): boolean;
}

/** What `new Socket` is given: Node's `SocketConstructorOpts`, and what servers say of accepted ones. */
export interface SocketOptions extends Omit<DuplexOptions, 'signal'> {
  fd?: number;
  handle?: Connection;
  onread?: OnRead | null;
  signal?: AbortSignal;
  noDelay?: boolean;
  keepAlive?: boolean;
  keepAliveInitialDelay?: number;
  readable?: boolean;
  writable?: boolean;
  pauseOnCreate?: boolean;
  manualStart?: boolean;
}

/** What a stream takes, all of it said: V8 makes no shapes for literals of one form, and takes ten times as long for copies. */
export interface StreamOptions extends Readonly<Record<string, unknown>> {
  autoDestroy: boolean;
}

export function streamOptions(options: SocketOptions): StreamOptions {
  const given = options as SocketOptions & DuplexOptions;
  return {
    allowHalfOpen: Boolean(given.allowHalfOpen),
    // 'close' is told when the connection has been closed, which is later than the stream's.
    emitClose: false,
    autoDestroy: true,
    decodeStrings: false,
    readable: given.readable,
    writable: given.writable,
    highWaterMark: given.highWaterMark,
    readableHighWaterMark: given.readableHighWaterMark,
    writableHighWaterMark: given.writableHighWaterMark,
    encoding: given.encoding,
    defaultEncoding: given.defaultEncoding,
    signal: given.signal,
    construct: given.construct,
    read: given.read,
    write: given.write,
    writev: given.writev,
    final: given.final,
    destroy: given.destroy,
  };
}

/** What a socket keeps to itself. */
export class SocketState {
  handle: Connection | null = null;
  timer: IdleTimer | null = null;
  /** Where the user wants what is read, with whom it is told, and what makes the next place. */
  buffer: Uint8Array | null = null;
  bufferCallback: OnRead['callback'] | null = null;
  nextBuffer: (() => Uint8Array) | null = null;
  noDelay = false;
  keepAlive = false;
  /** Seconds. */
  keepAliveDelay = 0;
  /** Of a connection that is over. */
  bytesRead = 0;
  bytesWritten = 0;
  /** Octets queued when the timer last looked. */
  lastQueue = 0;
}

/** @throws ERR_INVALID_ARG_VALUE, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_FD_TYPE, ERR_INVALID_HANDLE_TYPE */
export function checkOptions(options: SocketOptions): void {
  for (const mode of ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const) {
    if (options[mode]) throw invalidArgValue(`options.${mode}`, options[mode], 'is not supported');
  }
  if (options.keepAliveInitialDelay !== undefined) {
    validateNumber(options.keepAliveInitialDelay, 'options.keepAliveInitialDelay');
  }
  if (options.handle) {
    if (!isConnection(options.handle)) {
      throw invalidHandleType();
    }
  } else if (options.fd !== undefined) {
    validateInt32(options.fd, 'fd', 0);
    // Descriptors are the kernel's.
    throw coded(TypeError, 'ERR_INVALID_FD_TYPE', 'Unsupported fd type: UNKNOWN');
  }
}

/** Milliseconds in whole seconds; what is no number is none. */
export function wholeSeconds(ms: unknown): number {
  return Math.trunc((ms as number) / 1000) | 0;
}

/** Whether a socket is asked for that only the host can have: of a descriptor, or of a handle of libuv's. */
export function isOfHost(options: SocketOptions | number | undefined): boolean {
  if (typeof options !== 'object' || options === null) return typeof options === 'number';
  return options.handle ? !isConnection(options.handle) : options.fd !== undefined;
}

function isConnection(handle: unknown): boolean {
  return handle instanceof TcpHandle || handle instanceof PathHandle;
}
