/**
 * Owns: the small services of old, on the stack: echo (RFC 862), discard (RFC 863), chargen (RFC 864), and the host that
 * runs these and http. Leaves to others: http itself (`http.ts`), what all connections share (`conversation.ts`).
 *
 * Bounds: nothing is stored but what the sockets' buffers hold. A service reads only as fast as what it writes is taken,
 * so that a peer that does not read is not read from either.
 */

import type { Stack, TsynError } from '../stack/index.ts';
import type { TcpListener } from '../stack/tcp-listener.ts';
import type { TcpSocket } from '../stack/tcp-socket.ts';
import { Conversation, type Observer } from './conversation.ts';
import { HttpConversation } from './http.ts';

export const SERVICES = ['echo', 'discard', 'chargen', 'http'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface ServiceLimits {
  /** Connections at once, of all services together; more are reset as they come. Default 1024. */
  readonly connections?: number;
  /** ms without progress after which a connection is aborted. Default 5 minutes. */
  readonly idle?: number;
}

/** Services on one stack. */
export class ServiceHost {
  /** Connections that were accepted, and those that were too many. */
  accepted = 0;
  refused = 0;
  /** Octets of the connections that are over. */
  #closedIn = 0;
  #closedOut = 0;
  readonly #stack: Stack;
  readonly #observer: Observer;
  readonly #limit: number;
  readonly #idle: number;
  readonly #listeners: TcpListener[] = [];
  readonly #open: Set<Conversation> = new Set();

  constructor(stack: Stack, observer: Observer = {}, limits: ServiceLimits = {}) {
    this.#stack = stack;
    this.#limit = limits.connections ?? 1024;
    this.#idle = limits.idle ?? 300_000;
    this.#observer = {
      accepted: (conversation) => observer.accepted?.(conversation),
      served: (conversation, what) => observer.served?.(conversation, what),
      peerClosed: (conversation) => observer.peerClosed?.(conversation),
      closed: (conversation, error) => {
        this.#open.delete(conversation);
        this.#closedIn += conversation.octetsIn;
        this.#closedOut += conversation.octetsOut;
        observer.closed?.(conversation, error);
      },
    };
  }

  /** Octets of all connections, those that are open now included. */
  get octetsIn(): number {
    let octets = this.#closedIn;
    for (const conversation of this.#open) octets += conversation.octetsIn;
    return octets;
  }

  get octetsOut(): number {
    let octets = this.#closedOut;
    for (const conversation of this.#open) octets += conversation.octetsOut;
    return octets;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open.size;
  }

  /** @throws TsynError EADDRINUSE, ERR_INVALID_ARG_VALUE */
  listen(service: ServiceName, port: number): TcpListener {
    const onConnection = (socket: TcpSocket): void => this.#accept(service, socket);
    const listener = this.#stack.tcp.listen({ port, onConnection });
    this.#listeners.push(listener);
    return listener;
  }

  /** Stops listening and resets what is open. */
  close(): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
    for (const conversation of [...this.#open]) conversation.giveUp('stopped');
  }

  #accept(service: ServiceName, socket: TcpSocket): void {
    if (this.#open.size >= this.#limit) {
      this.refused++;
      socket.abort();
      return;
    }
    const conversation = this.#converse(service, ++this.accepted, socket);
    this.#open.add(conversation);
    socket.handler = conversation;
    conversation.begin();
  }

  #converse(service: ServiceName, id: number, socket: TcpSocket): Conversation {
    const { scheduler } = this.#stack;
    switch (service) {
      case 'echo':
        return new Echo(id, socket, scheduler, this.#observer, this.#idle);
      case 'discard':
        return new Discard(id, socket, scheduler, this.#observer, this.#idle);
      case 'chargen':
        return new Chargen(id, socket, scheduler, this.#observer, this.#idle);
      case 'http':
        return new HttpConversation(this.#stack, id, socket, scheduler, this.#observer, this.#idle);
    }
  }
}

/** Sends back what comes, and closes when the peer has closed and everything is sent back. */
class Echo extends Conversation {
  readonly service = 'echo';

  protected pump(): void {
    const { socket } = this;
    for (let view = socket.peek(); view.length > 0 && this.canSend; view = socket.peek()) {
      const taken = this.send(view);
      this.take(taken);
      if (taken < view.length) return;
    }
    if (socket.atEnd) this.end();
  }
}

/** Reads, and says nothing. */
class Discard extends Conversation {
  readonly service = 'discard';

  protected pump(): void {
    this.take(this.socket.readableLength);
    if (this.socket.atEnd) this.end();
  }
}

const CHARGEN_LINE = 72;
const PRINTABLE = 95;

/** Every line of the pattern once: 72 printable characters and a line end, each line one character further on. */
export const CHARGEN_PATTERN: Uint8Array = ((): Uint8Array => {
  const out = new Uint8Array(PRINTABLE * (CHARGEN_LINE + 2));
  let at = 0;
  for (let line = 0; line < PRINTABLE; line++) {
    for (let i = 0; i < CHARGEN_LINE; i++) out[at++] = 32 + ((line + i) % PRINTABLE);
    out[at++] = 13;
    out[at++] = 10;
  }
  return out;
})();

/** Talks until the peer closes, whatever that says. */
class Chargen extends Conversation {
  readonly service = 'chargen';
  #at = 0;

  protected pump(): void {
    const { socket } = this;
    this.take(socket.readableLength);
    if (socket.atEnd) {
      this.end();
      return;
    }
    let left: number;
    do {
      const part = CHARGEN_PATTERN.subarray(this.#at);
      const taken = this.send(part);
      left = part.length - taken;
      this.#at = (this.#at + taken) % CHARGEN_PATTERN.length;
    } while (left === 0);
  }
}

/** How a connection ended, in a few words. */
export function ending(conversation: Conversation, error: TsynError | null): string {
  if (conversation.gaveUp === 'idle') return 'aborted: idle for too long';
  if (conversation.gaveUp === 'flooded') return 'aborted: the peer would not stop';
  if (conversation.gaveUp === 'stopped') return 'aborted: stopped';
  if (error === null) return 'closed by both sides';
  if (error.code === 'ECONNRESET') return 'reset by the peer (ECONNRESET)';
  if (error.code === 'ETIMEDOUT') return 'given up: the peer does not answer (ETIMEDOUT)';
  return error.message;
}
