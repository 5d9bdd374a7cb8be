/**
 * Owns: what a `TLSSocket` over a socket of a stack does not find by itself. Over a socket of the kernel it asks that for addresses and hands
 * settings down to it; over any other stream it has no one to ask.
 */

import type { Duplex } from 'node:stream';
import { Server, TLSSocket } from 'node:tls';
import type { Name } from './ends.ts';
import { errnoOf, invalidArgType } from './errors.ts';
import { NetHost } from './host.ts';
import type { SocketMethods } from './socket.ts';

/** What Node's TLSSocket holds on to: its own handle, in it the one of the stream beneath, and that stream. HTTP/2 without TLS
 *  has the stream and its handle one step nearer. */
interface Internals {
  readonly _handle: { readonly _parent?: object; readonly _parentWrap?: { readonly stream?: Duplex } } | null;
  readonly stream?: Duplex;
  _peername: Name | null;
  _sockname: Name | null;
}

/**
 * Gives a TLSSocket whose connection is a socket of `tsyn/net` what it would have over one of Node's: `remoteAddress`, `localPort` and
 * so on, and `setNoDelay`, `setKeepAlive`, `ref` and `unref` that reach the connection. Of a server it is done for every
 * connection, before 'secureConnection' listeners and requests see it.
 *
 * @example
 * const secure = attachTls(tls.connect({ socket: net.connect(443, host), servername: host }));
 *
 * const server = attachTls(https.createServer(options, listener));
 * net.createServer((socket) => server.emit('connection', socket)).listen(443);
 *
 * @returns its argument
 * @throws ERR_INVALID_ARG_TYPE
 */
export function attachTls<Target extends TLSSocket | Server>(target: Target): Target {
  if (target instanceof Server) target.prependListener('secureConnection', bridge);
  else if (target instanceof TLSSocket) bridge(target);
  else throw invalidArgType('target', 'an instance of TLSSocket or tls.Server', target);
  return target;
}

/** Node's wrappers pass these calls on to the handle beneath: that one gets them. Nothing happens over other sockets. */
export function bridge(wrapper: object): void {
  const internals = wrapper as Internals;
  const handle = internals._handle;
  const beneath = handle?._parent ?? handle;
  const socket = (internals.stream ?? handle?._parentWrap?.stream) as SocketMethods | undefined;
  if (!beneath || !(socket?._net instanceof NetHost)) return;
  Object.assign(beneath, {
    getsockname: (out: Name) => void Object.assign(out, socket._getsockname()),
    getpeername: (out: Name) => void Object.assign(out, socket._getpeername()),
    setNoDelay: (on: boolean) => void socket.setNoDelay(on),
    setKeepAlive: (on: boolean, seconds: number) => void socket.setKeepAlive(on, seconds * 1000),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
  });
  if (handle?._parentWrap !== undefined) leaveEndsToTls(socket, beneath as Beneath);
  // It may have been asked before.
  internals._peername = null;
  internals._sockname = null;
}

/** The handle that Node makes for a stream beneath TLS. */
interface Beneath {
  onwrite(request: object, buffers: readonly Uint8Array[]): number;
}

function leaveEndsToTls(socket: SocketMethods, beneath: Beneath): void {
  // TLS ends its direction itself, with a message of its own: the connection must not do so on the other end's FIN.
  socket.allowHalfOpen = true;
  // What TLS would say after that is lost, as it is to the kernel, and not the program's mistake.
  const { onwrite } = beneath;
  beneath.onwrite = (request, buffers) =>
    socket.writableEnded ? errnoOf('EPIPE') : onwrite.call(beneath, request, buffers);
}
