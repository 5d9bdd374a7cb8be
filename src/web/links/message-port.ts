/**
 * Owns: links over what has `postMessage`: a MessagePort, a worker seen from either side (`messagePortLink`), and a
 * BroadcastChannel, which makes all that use its name one Ethernet segment (`broadcastChannelLink`). One message a packet.
 *
 * None of these can tell how much waits at the other side, so nothing is held back; TCP's window is what bounds it.
 */

import { invalidType, TsynError } from '../../stack/errors.ts';
import { type Carrier, type LinkHost, MessageLink, type MessageLinkOptions } from './message-link.ts';

export interface MessagePortLinkOptions extends MessageLinkOptions {
  /** What a message holds: 'ip' (default), or 'ethernet'. */
  readonly medium?: 'ip' | 'ethernet';
}

type Listener = (message: unknown) => void;

/** What is used of a port or worker; an EventTarget or, as Node's Worker, an EventEmitter. */
export interface MessagePortLike {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener?(type: string, listener: Listener): void;
  removeEventListener?(type: string, listener: Listener): void;
  on?(type: string, listener: Listener): unknown;
  off?(type: string, listener: Listener): unknown;
  /** Ports have it, workers do not. */
  start?(): void;
  close?(): void;
}

/** What is used of a BroadcastChannel. */
export interface BroadcastChannelLike {
  postMessage(message: unknown): void;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
  close(): void;
}

/** Listens to a port for its link. @returns how to stop */
function listen(port: MessagePortLike | BroadcastChannelLike, link: MessageLink): () => void {
  const ended = (): void => link.end(null);
  const emitter = port.addEventListener === undefined;
  const listeners: readonly (readonly [string, Listener])[] = [
    ['message', (event) => link.arrived(emitter ? event : (event as { readonly data: unknown }).data)],
    ['messageerror', () => link.refused()],
    ['close', ended], // a port whose other end was closed, on platforms that say so
    ['exit', ended], // Node's Worker
  ];
  for (const [type, listener] of listeners) {
    if (emitter) (port as MessagePortLike).on!(type, listener);
    else port.addEventListener!(type, listener);
  }
  return () => {
    for (const [type, listener] of listeners) {
      if (emitter) (port as MessagePortLike).off!(type, listener);
      else port.removeEventListener!(type, listener);
    }
  };
}

/**
 * A link over a MessagePort, which belongs to the link from now on and is closed with it, or over a worker (from within:
 * `self`), which goes on when the link closes. An open link keeps a Node process alive, as its port does.
 *
 * @throws TsynError ERR_INVALID_ARG_TYPE for what is no port
 */
export function messagePortLink(
  port: MessagePortLike,
  host: LinkHost,
  options: MessagePortLinkOptions = {},
): MessageLink {
  if (typeof port?.postMessage !== 'function' || (port.addEventListener ?? port.on) === undefined) {
    throw invalidType('port', port, 'a MessagePort or a worker');
  }
  const link = new MessageLink(host, options.medium ?? 'ip', options);
  const stop = listen(port, link);
  const carrier: Carrier = {
    send: (octets) => port.postMessage(octets, [octets.buffer]),
    close: () => {
      stop();
      if (port.start !== undefined) port.close?.();
    },
  };
  link.carriedBy(carrier);
  port.start?.();
  return link;
}

/**
 * A link to the Ethernet that everybody with a BroadcastChannel of the name is on: tabs and workers of one origin, threads of
 * one Node process. The channel belongs to the link from now on. Each frame reaches everybody; there is no switch between.
 *
 * @throws TsynError ERR_TSYN_NO_BROADCAST_CHANNEL where the platform has none
 */
export function broadcastChannelLink(
  target: string | BroadcastChannelLike,
  host: LinkHost,
  options: MessageLinkOptions = {},
): MessageLink {
  const link = new MessageLink(host, 'ethernet', options);
  const channel = typeof target === 'string' ? openChannel(target) : target;
  const stop = listen(channel, link);
  link.carriedBy({
    send: (octets) => channel.postMessage(octets),
    close: () => {
      stop();
      channel.close();
    },
  });
  return link;
}

function openChannel(name: string): BroadcastChannelLike {
  const { BroadcastChannel: make } = globalThis as {
    readonly BroadcastChannel?: new (name: string) => BroadcastChannelLike;
  };
  if (make === undefined) {
    throw new TsynError('ERR_TSYN_NO_BROADCAST_CHANNEL', 'there is no BroadcastChannel here');
  }
  return new make(name);
}
