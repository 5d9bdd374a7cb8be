/**
 * Owns: a link over a WebSocket: one binary message a frame, as relays for v86 and jslinux speak it, or one a bare IP
 * packet. Leaves to others: connecting again after the end, which is the user's (`closed` says when).
 */

import { invalidArgument, TsynError } from '../../stack/errors.ts';
import { type Carrier, type LinkHost, MessageLink, type MessageLinkOptions, messageOf } from './message-link.ts';

export interface WebSocketLinkOptions extends MessageLinkOptions {
  /** What a message holds: 'ethernet' (default), or 'ip'. */
  readonly medium?: 'ip' | 'ethernet';
}

/** What is used of a WebSocket: the platform's, or one of the package `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(octets: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: string, listener: (event: unknown) => void): void;
  removeEventListener(type: string, listener: (event: unknown) => void): void;
}

/** What the events used say. */
interface SocketEvent {
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
}

type Make = new (url: string | URL) => WebSocketLike;

const CONNECTING = 0;
const OPEN = 1;

/** Codes of an end in good order: normal closure, going away, none given (RFC 6455 7.4.1). */
const IN_ORDER: readonly number[] = [1000, 1001, 1005];

class WebSocketCarrier implements Carrier {
  readonly #socket: WebSocketLike;
  readonly #link: MessageLink;
  readonly #listeners: Readonly<Record<string, (event: unknown) => void>>;
  /** What was sent before the socket was open. */
  #early: Uint8Array<ArrayBuffer>[] = [];
  #earlyOctets = 0;
  #error = '';

  constructor(socket: WebSocketLike, link: MessageLink) {
    this.#socket = socket;
    this.#link = link;
    socket.binaryType = 'arraybuffer';
    this.#listeners = {
      open: () => this.#opened(),
      message: (event) => link.arrived((event as SocketEvent).data),
      error: (event) => {
        this.#error = (event as SocketEvent).message ?? '';
      },
      close: (event) => this.#closed(event as SocketEvent),
    };
    for (const [type, listener] of Object.entries(this.#listeners)) socket.addEventListener(type, listener);
  }

  get waiting(): number {
    return this.#earlyOctets + this.#socket.bufferedAmount;
  }

  send(octets: Uint8Array<ArrayBuffer>): void {
    const { readyState } = this.#socket;
    if (readyState === OPEN) {
      this.#socket.send(octets);
    } else if (readyState === CONNECTING) {
      this.#early.push(octets);
      this.#earlyOctets += octets.length;
    } else {
      this.#link.counters.undelivered++; // its end has not been told yet
    }
  }

  close(): void {
    this.#link.counters.undelivered += this.#early.length;
    this.#early = [];
    this.#earlyOctets = 0;
    for (const [type, listener] of Object.entries(this.#listeners)) {
      // One that is closed while it connects reports an error, which some take for fatal where nobody listens.
      if (type !== 'error') this.#socket.removeEventListener(type, listener);
    }
    this.#socket.close();
  }

  #opened(): void {
    const early = this.#early;
    this.#early = [];
    this.#earlyOctets = 0;
    for (const octets of early) this.send(octets);
  }

  #closed(event: SocketEvent): void {
    const { code = 1006, reason = '' } = event;
    const details = [`code ${code}`, reason, this.#error].filter((part) => part !== '').join(', ');
    const inOrder = IN_ORDER.includes(code);
    this.#link.end(inOrder ? null : new TsynError('ERR_TSYN_WEBSOCKET', `the WebSocket was closed: ${details}`));
  }
}

/**
 * A link over a WebSocket: its URL, or a socket, connected or about to be, which belongs to the link from now on. What is
 * sent before it is open waits.
 *
 * @throws TsynError ERR_INVALID_ARG_VALUE for a URL that is none, ERR_TSYN_NO_WEBSOCKET where a URL is given and the
 *   platform has no WebSocket
 */
export function websocketLink(
  target: string | URL | WebSocketLike,
  host: LinkHost,
  options: WebSocketLinkOptions = {},
): MessageLink {
  const link = new MessageLink(host, options.medium ?? 'ethernet', options);
  const socket = typeof target === 'string' || target instanceof URL ? connect(target) : target;
  link.carriedBy(new WebSocketCarrier(socket, link));
  if (socket.readyState > OPEN) link.end(new TsynError('ERR_TSYN_WEBSOCKET', 'the WebSocket is closed already'));
  return link;
}

function connect(url: string | URL): WebSocketLike {
  const { WebSocket: make } = globalThis as { readonly WebSocket?: Make };
  if (make === undefined) {
    throw new TsynError(
      'ERR_TSYN_NO_WEBSOCKET',
      'there is no WebSocket here (Node has one from version 22 on): give a socket of the package ws',
    );
  }
  try {
    return new make(url);
  } catch (error) {
    throw invalidArgument('url', url, `that of a WebSocket (${messageOf(error)})`);
  }
}
