/**
 * Owns: the `net` of a program under `tsyn/register`: that of a stack, whose constructors are also called by Node for sockets that
 * it makes for itself (standard streams, terminals, TLS). Those are the host's, which shows in `this`.
 *
 * Both kinds are instances of `net.Socket` and `net.Server`. Leaves to others: what a program makes of paths, descriptors and
 * handles (`../net/`).
 */

import hostNet from 'node:net';
import tls from 'node:tls';
import type { normalizeArguments } from '../net/arguments.ts';
import type { Net } from '../net/create.ts';
import type { ConnectionListener, ServerConstructor, ServerMethods, ServerOptions } from '../net/server.ts';
import type { SocketConstructor, SocketMethods } from '../net/socket.ts';
import type { SocketOptions } from '../net/socket-options.ts';
import { bridge } from '../net/tls.ts';
import { makingTls, whileMakingTls } from './tls.ts';

const HostSocket = hostNet.Socket;
const HostServer = hostNet.Server;
const HostTlsServer = tls.Server;

type AsFunction = (this: unknown, ...args: unknown[]) => void;

/** What takes the place of the exports of `net`. */
export interface ProgramNet extends Net {
  readonly _normalizeArgs: typeof normalizeArguments;
  /** Whether a socket or a server is the stack's. */
  readonly isOwn: (value: object) => boolean;
}

/** @param net from `createNet`, and no one else's: its prototypes are changed */
export function programNet(net: Net): ProgramNet {
  const { Socket: OwnSocket, Server: OwnServer } = net as unknown as {
    Socket: SocketConstructor;
    Server: ServerConstructor;
  };
  const Socket = socketOf(OwnSocket);
  const Server = serverOf(OwnServer);
  const createServer = (options?: ServerOptions | ConnectionListener, listener?: ConnectionListener): ServerMethods =>
    new Server(options, listener);
  const isOwn = (value: object): boolean => isOf(OwnSocket, value) || isOf(OwnServer, value);
  return { ...net, Socket, Stream: Socket, Server, createServer, isOwn } as unknown as ProgramNet;
}

function socketOf(Own: SocketConstructor): SocketConstructor {
  function Socket(this: object | undefined, options?: SocketOptions | number): unknown {
    if (isOf(HostSocket, this)) {
      // TLS, terminals: Node makes its own sockets by calling this.
      (HostSocket as unknown as AsFunction).call(this, options);
      bridge(this as object);
      return undefined;
    }
    if (new.target !== undefined) return Reflect.construct(Own, [options], new.target);
    if (!isOf(Own, this)) return new Own(options);
    (Own as unknown as AsFunction).call(this, options);
    return undefined;
  }
  const takesPlace = takePlaceOf(Own, Socket);
  // With a handle it is a stream like others while TLS looks at it.
  const isOwn = (value: object): boolean => isOf(Own, value) && !(makingTls() && (value as SocketMethods)._handle);
  acceptAs(takesPlace, (value) => isOf(HostSocket, value) || isOwn(value));
  return takesPlace;
}

function serverOf(Own: ServerConstructor): ServerConstructor {
  function Server(
    this: object | undefined,
    options?: ServerOptions | ConnectionListener,
    listener?: ConnectionListener,
  ): unknown {
    if (!isOf(Own, this)) return new Own(options, listener);
    // The listener of a server of `tls` makes a TLSSocket of each connection.
    const accept = isOf(HostTlsServer, this) && listener !== undefined ? whenMade(listener) : listener;
    (Own as unknown as AsFunction).call(this, options, accept);
    return undefined;
  }
  const takesPlace = takePlaceOf(Own, Server);
  acceptAs(takesPlace, (value) => isOf(HostServer, value) || isOf(Own, value));
  return takesPlace;
}

/** Of a server of `tls`: makes TLSSockets of what are streams to it. */
export function whenMade(listener: ConnectionListener): ConnectionListener {
  return function (this: ServerMethods, socket: SocketMethods): void {
    whileMakingTls(() => listener.call(this, socket));
  };
}

/** Has a function stand for a constructor. */
function takePlaceOf<Class extends { readonly prototype: object }>(Own: Class, place: unknown): Class {
  const Place = place as Class & { prototype: object };
  Object.setPrototypeOf(Place, Own);
  Place.prototype = Own.prototype;
  Object.defineProperty(Own.prototype, 'constructor', { value: Place, writable: true, configurable: true });
  return Place;
}

/** What `instanceof` asks where a class does not answer by itself. */
function isOf(Class: { readonly prototype: unknown }, value: unknown): boolean {
  return Object.prototype.isPrototypeOf.call(Class.prototype as object, value as object);
}

/** `instanceof Class` is what `is` says; of classes that inherit from it, what it always is. */
function acceptAs(Class: object, is: (value: object) => boolean): void {
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== Class) return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
      return typeof value === 'object' && value !== null && is(value);
    },
  });
}
