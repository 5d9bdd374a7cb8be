/**
 * Owns: the `net` of a program under `tsyn/register`: sockets and servers of a stack, and the host's where what is asked for is not TCP:
 * descriptors, handles, paths, and the sockets that Node makes for itself (standard streams, TLS).
 *
 * `net.Socket` and `net.Server` have the stack's prototypes; that they are called for something else shows in `this` or in
 * the options. Both kinds are instances of them.
 */

import hostNet, { type Server as HostServerType, type Socket as HostSocketType } from 'node:net';
import tls from 'node:tls';
import { isPath, normalizeArguments } from '../net/arguments.ts';
import type { Net } from '../net/create.ts';
import type { ConnectionListener, ServerConstructor, ServerMethods, ServerOptions } from '../net/server.ts';
import type { SocketConstructor, SocketMethods } from '../net/socket.ts';
import type { SocketOptions } from '../net/socket-options.ts';
import { onEnd } from '../net/socket-steps.ts';
import { TcpHandle } from '../net/tcp-handle.ts';
import { bridge } from '../net/tls.ts';
import { letPathsBeTheHosts } from './server-paths.ts';
import { makingTls, whileMakingTls } from './tls.ts';

const HostSocket = hostNet.Socket;
const HostServer = hostNet.Server;
const HostTlsServer = tls.Server;

type HostConstructor = (this: object, ...args: unknown[]) => void;

/** What takes the place of the exports of `net`. */
export interface ProgramNet extends Net {
  readonly Socket: Net['Socket'];
  readonly Server: Net['Server'];
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
  const isOwn = (value: object): boolean => value instanceof OwnSocket || value instanceof OwnServer;
  const createServer = (options?: ServerOptions | ConnectionListener, listener?: ConnectionListener): ServerMethods =>
    new Server(options, listener);
  return { ...net, Socket, Stream: Socket, Server, createServer, isOwn } as unknown as ProgramNet;
}

// ---- Sockets ----

function socketOf(Own: SocketConstructor): SocketConstructor {
  function Socket(this: object | undefined, options?: SocketOptions | number): unknown {
    if (this instanceof HostSocket) {
      // TLS, terminals: Node makes its own sockets by calling this.
      (HostSocket as unknown as HostConstructor).call(this, options);
      bridge(this);
      return undefined;
    }
    const plain = new.target === undefined && !(this instanceof Own);
    if ((plain || new.target === (Socket as unknown)) && hasDescriptor(options)) {
      return new HostSocket(options as unknown as ConstructorParameters<typeof HostSocket>[0]);
    }
    if (plain) return new Own(options);
    (Own as unknown as HostConstructor).call(this as object, options);
    return undefined;
  }
  Object.setPrototypeOf(Socket, Own);
  Socket.prototype = Own.prototype;
  Object.defineProperty(Own.prototype, 'constructor', { value: Socket });
  // A socket with a handle is a stream like others while TLS looks at it.
  acceptAs(Socket, (value) => value instanceof HostSocket || (value instanceof Own && !(makingTls() && value._handle)));
  letPathsConnect(Own);
  return Socket as unknown as SocketConstructor;
}

/** Whether it is about something that is open already, and the kernel's. */
function hasDescriptor(options: SocketOptions | number | undefined): boolean {
  if (typeof options !== 'object' || options === null) return typeof options === 'number';
  if (options.handle) return !(options.handle instanceof TcpHandle);
  return options.fd !== undefined;
}

/** `socket.connect` with a path: there are none in a network, so the socket becomes one of the host's. */
function letPathsConnect(Own: SocketConstructor): void {
  const { connect } = Own.prototype;
  Own.prototype.connect = function (this: SocketMethods, ...args: unknown[]) {
    const [{ path }] = normalizeArguments(args);
    // Of a class of the program's its methods would be lost: such a socket says ENOTSUP.
    if (!isPath(path) || Object.getPrototypeOf(this) !== Own.prototype) return connect.apply(this, args);
    becomeHosts(this);
    const [options, callback] = normalizeArguments(args);
    return this.connect(options, ...(callback === null ? [] : [callback]));
  };
}

/** Nothing has been done with the socket so far, except settings and listeners. */
function becomeHosts(socket: SocketMethods): void {
  const { allowHalfOpen, readableHighWaterMark, writableHighWaterMark, readableEncoding, readableFlowing } = socket;
  const { timeout } = socket;
  socket.setTimeout(0);
  socket.off('end', onEnd);
  Object.setPrototypeOf(socket, HostSocket.prototype);
  const options = { allowHalfOpen, readableHighWaterMark, writableHighWaterMark };
  (HostSocket as unknown as HostConstructor).call(socket, options);
  const host = socket as unknown as HostSocketType;
  if (readableEncoding !== null) host.setEncoding(readableEncoding);
  if (readableFlowing === true) host.resume();
  if (timeout) host.setTimeout(timeout);
}

// ---- Servers ----

function serverOf(Own: ServerConstructor): ServerConstructor {
  function Server(
    this: ServerMethods | undefined,
    options?: ServerOptions | ConnectionListener,
    listener?: ConnectionListener,
  ): unknown {
    if (!(this instanceof Own)) return new (Server as unknown as ServerConstructor)(options, listener);
    // The listener of a server of `tls` makes a TLSSocket of each connection.
    const secures = (this as unknown) instanceof HostTlsServer && listener !== undefined;
    const accept = secures ? whenMade(listener) : listener;
    (Own as unknown as HostConstructor).call(this, options, accept);
    return undefined;
  }
  Object.setPrototypeOf(Server, Own);
  Server.prototype = Own.prototype;
  Object.defineProperty(Own.prototype, 'constructor', { value: Server });
  acceptAs(Server, (value) => value instanceof HostServer || value instanceof Own);
  letPathsBeTheHosts(Own.prototype, HostServer as unknown as new (options: object) => HostServerType);
  return Server as unknown as ServerConstructor;
}

function whenMade(listener: ConnectionListener): ConnectionListener {
  return function (this: ServerMethods, socket: SocketMethods): void {
    whileMakingTls(() => listener.call(this, socket));
  };
}

// ---- Both ----

/** `instanceof Class` is what `is` says; of classes that inherit from it, what it always is. */
function acceptAs(Class: object, is: (value: object) => boolean): void {
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== Class) return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
      return typeof value === 'object' && value !== null && is(value);
    },
  });
}
