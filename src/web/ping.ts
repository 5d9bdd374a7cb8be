/** Owns: echo requests to one host, one after the other or many at once. Leaves to others: ICMP (`stack/ping.ts`). */

import type { PingOptions, PingResult } from '../stack/ping.ts';
import type { Stack } from '../stack/stack.ts';
import { abortError, badArgument, SocketError, socketError } from './errors.ts';
import { Deferred, onAbort } from './settle.ts';
import { checkSignal } from './socket.ts';
import type { Retainer } from './sockets.ts';

export interface PingSessionOptions {
  readonly host: string;
  /** How long a reply is waited for, ms: 1000 by default. */
  readonly timeout?: number;
}

export interface PingProbeOptions {
  /** ms; the session's by default. */
  readonly timeout?: number;
  /** What the request carries: 56 octets by default. */
  readonly payload?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

export interface PingReply {
  /** Who replied. */
  readonly host: string;
  readonly identifier: number;
  readonly sequenceNumber: number;
  /** What came back, which is what was sent. */
  readonly payload: Uint8Array;
  /** ms */
  readonly roundTripTime: number;
  /** Hop limit left in the reply. */
  readonly ttl: number;
}

/** Sends one request. Whoever rejects what this returns gives up waiting. */
export function echo(
  stack: Stack,
  driver: Retainer,
  address: string,
  options: PingOptions,
  signal: AbortSignal | undefined,
): Deferred<PingResult> {
  checkSignal(signal);
  const { payload } = options;
  if (payload !== undefined && !(payload instanceof Uint8Array)) throw badArgument('payload', payload, 'a Uint8Array');
  const reply = new Deferred<PingResult>();
  if (signal?.aborted) {
    reply.reject(abortError(signal.reason));
    return reply;
  }
  driver.retain();
  const unlisten = onAbort(signal, (reason) => reply.reject(abortError(reason)));
  const over = (): void => {
    driver.release();
    unlisten();
  };
  reply.promise.then(over, over);
  stack.ping(address, options).then(reply.resolve, (error) => reply.reject(socketError(error)));
  return reply;
}

export class PingSession {
  /** The address. */
  readonly host: string;
  readonly #stack: Stack;
  readonly #driver: Retainer;
  readonly #timeout: number;
  readonly #pending: Set<Deferred<PingResult>> = new Set();
  #closed = false;

  /** For `createPingSession`. */
  constructor(stack: Stack, driver: Retainer, host: string, timeout: number) {
    this.#stack = stack;
    this.#driver = driver;
    this.host = host;
    this.#timeout = timeout;
  }

  /** The ICMP identifier of its requests: the stack's. */
  get identifier(): number {
    return this.#stack.pings.identifier;
  }

  /**
   * Sends a request and waits for the reply.
   *
   * @throws (rejects) SocketError ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EMSGSIZE, ABORT_ERR, EBADF (closed), ERR_INVALID_ARG_VALUE
   */
  async ping(options: PingProbeOptions = {}): Promise<PingReply> {
    const { timeout = this.#timeout, payload, signal } = options;
    if (this.#closed) throw closed();
    const asked = payload === undefined ? { timeout } : { timeout, payload };
    const reply = echo(this.#stack, this.#driver, this.host, asked, signal);
    this.#pending.add(reply);
    try {
      return this.#replyOf(await reply.promise);
    } finally {
      this.#pending.delete(reply);
    }
  }

  /** Rejects what is waited for. Harmless when repeated. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const reply of this.#pending) reply.reject(closed());
  }

  #replyOf(result: PingResult): PingReply {
    return {
      host: result.address,
      identifier: this.identifier,
      sequenceNumber: result.sequence,
      payload: result.payload,
      roundTripTime: result.time,
      ttl: result.ttl,
    };
  }
}

function closed(): SocketError {
  return new SocketError('EBADF', 'ping EBADF: the session is closed', { syscall: 'ping' });
}
