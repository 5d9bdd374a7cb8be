/**
 * Owns: `net` for code of a host: its own. Elsewhere it stays Node's.
 *
 * Classes of Node's and of packages inherit from `net.Socket` and `net.Server`, some since long before: what they have inherited is changed in
 * place. An object that was constructed on a host is marked, and each method looks for the mark.
 */

import http2 from 'node:http2';
import hostNet from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { NetHost } from '../net/host.ts';
import { type ConnectionListener, constructServer, ServerMethods, type ServerOptions } from '../net/server.ts';
import { constructSocket, SOCKET_DEFAULTS, type SocketConstructor, SocketMethods } from '../net/socket.ts';
import { isOfHost, type SocketOptions } from '../net/socket-options.ts';
import { bridge } from '../net/tls.ts';
import { whenMade } from '../register/net.ts';
import { makingTls } from '../register/tls.ts';
import type { Patcher } from './patcher.ts';
import { here } from './place.ts';

type Real = (...args: unknown[]) => unknown;
type Class = (new (...args: never[]) => object) & { readonly prototype: object };

/** What an object that was constructed on a host has. */
interface Marked {
  readonly _net?: unknown;
}

function isOwn(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as Marked)._net instanceof NetHost;
}

export function patchNet(patcher: Patcher): void {
  const Socket = socketClass(patcher, hostNet.Socket);
  patcher.replace(hostNet, 'Socket', Socket);
  patcher.replace(hostNet, 'Stream', Socket);
  const Server = serverClass(patcher, hostNet.Server) as Class;
  patcher.replace(hostNet, 'Server', Server);
  // A server that listens nowhere, to see what kind it is: Node does not export the class.
  patcher.inherit(http2.createServer().constructor, Server);
  patcher.wrap(hostNet, { connect: of('connect'), createConnection: of('connect'), createServer: of('createServer') });
}

/** A function of the host's `net` where the code is on a host, else Node's. */
function of(name: 'connect' | 'createServer'): (real: Real) => Real {
  return (real) =>
    function (this: unknown, ...args) {
      const net = here()?.net;
      return net ? (net[name] as unknown as Real)(...args) : Reflect.apply(real, this, args);
    };
}

function socketClass(patcher: Patcher, RealSocket: typeof hostNet.Socket): unknown {
  const fixed = dispatch(patcher, RealSocket.prototype, SocketMethods.prototype);
  function Socket(this: object | undefined, options?: SocketOptions | number): unknown {
    const net = isOfHost(options) ? undefined : here()?.net;
    const made = isA(RealSocket, this);
    const inherits = made && new.target !== (Socket as unknown);
    if (!net) return asReal(RealSocket, [options], inherits ? this : undefined, new.target);
    const Own = net.Socket as unknown as SocketConstructor;
    if (!inherits) return new Own(options);
    const { _net } = Own.prototype;
    Object.defineProperties(this, { ...SOCKET_DEFAULTS, ...fixed, _net: { value: _net } });
    constructSocket(this as SocketMethods, options);
    return undefined;
  }
  return stand(Socket, RealSocket, (value) => {
    // TLS takes sockets with a handle for the kernel's; ours are streams to it.
    if (isOwn(value)) return value instanceof Duplex && !(makingTls() && (value as SocketMethods)._handle);
    return isA(RealSocket, value);
  });
}

function serverClass(patcher: Patcher, RealServer: typeof hostNet.Server): unknown {
  const fixed = dispatch(patcher, RealServer.prototype, ServerMethods.prototype);
  const HostTlsServer = tls.Server;
  function Server(
    this: object | undefined,
    options?: ServerOptions | ConnectionListener,
    listener?: ConnectionListener,
  ): unknown {
    const net = here()?.net;
    const made = isA(RealServer, this);
    const inherits = made && new.target !== (Server as unknown);
    if (!net) return asReal(RealServer, [options, listener], inherits ? this : undefined, new.target);
    if (!inherits) return (net.createServer as unknown as Real)(options, listener);
    const { Socket: Own } = net as unknown as { Socket: SocketConstructor };
    Object.defineProperties(this, { ...fixed, _net: { value: Own.prototype._net }, _Socket: { value: Own } });
    const accept = isA(HostTlsServer, this) && listener !== undefined ? whenMade(listener) : listener;
    constructServer(this as ServerMethods, options, accept);
    // Sessions of HTTP/2 wrap their connections in something that has no addresses, as TLS does.
    (this as ServerMethods).prependListener('session', ({ socket }: { socket: object }) => bridge(socket));
    return undefined;
  }
  return stand(Server, RealServer, (value) => {
    return isOwn(value) ? !(value instanceof Duplex) : isA(RealServer, value);
  });
}

/** What Node's constructor does, called as this one was. */
function asReal(Real: Class, args: unknown[], self: object | undefined, target: unknown): unknown {
  if (self === undefined || target !== undefined) {
    const Target = self === undefined ? Real : (target as Class);
    return Reflect.construct(Real, args, Target);
  }
  Reflect.apply(Real as unknown as Real, self, args);
  // A TLSSocket over a socket of a host; nothing happens to others.
  bridge(self);
  return undefined;
}

/** Has a function stand for a constructor. */
function stand(place: unknown, Real: Class, is: (value: unknown) => boolean): unknown {
  const Place = place as Class & { prototype: object };
  Object.setPrototypeOf(Place, Real);
  Place.prototype = Real.prototype;
  Object.defineProperty(Place, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // Classes that inherit from it have this too, and are asked for their own instances.
      if (this !== Place) return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
      return is(value);
    },
  });
  return Place;
}

/** What `instanceof` asks where a class does not answer by itself. */
function isA(Class: Class, value: unknown): boolean {
  return Object.prototype.isPrototypeOf.call(Class.prototype, value as object);
}

/**
 * Has each property of `real`, a prototype of Node's, be that of `own` for objects that are marked.
 *
 * @returns what Node does not let go of: marked objects need that themselves
 */
function dispatch(patcher: Patcher, real: object, own: object): PropertyDescriptorMap {
  const fixed: PropertyDescriptorMap = {};
  for (const [key, ours] of Object.entries(Object.getOwnPropertyDescriptors(own))) {
    if (key === 'constructor') continue;
    if (Object.getOwnPropertyDescriptor(real, key)?.configurable === false) {
      fixed[key] = { ...ours, configurable: true };
      continue;
    }
    patcher.define(real, key, either(key, ours, inherited(real, key)));
  }
  return fixed;
}

function either(key: string, ours: PropertyDescriptor, theirs: PropertyDescriptor | undefined): PropertyDescriptor {
  if (typeof ours.value === 'function' && (theirs === undefined || typeof theirs.value === 'function')) {
    const value = function (this: unknown, ...args: unknown[]): unknown {
      return Reflect.apply((isOwn(this) ? ours : theirs)?.value, this, args);
    };
    Object.defineProperty(value, 'name', { value: ours.value.name, configurable: true });
    return { value, writable: true, enumerable: theirs?.enumerable ?? false, configurable: true };
  }
  const choose = (self: unknown): PropertyDescriptor | undefined => (isOwn(self) ? ours : theirs);
  return {
    get(this: unknown): unknown {
      const chosen = choose(this);
      return chosen?.get === undefined ? chosen?.value : chosen.get.call(this);
    },
    set(this: object, value: unknown): void {
      const chosen = choose(this);
      if (chosen?.set !== undefined) chosen.set.call(this, value);
      else if (chosen?.get === undefined) {
        Object.defineProperty(this, key, { value, writable: true, enumerable: true, configurable: true });
      }
    },
    enumerable: theirs?.enumerable ?? false,
    configurable: true,
  };
}

function inherited(target: object, key: string): PropertyDescriptor | undefined {
  for (let object: object | null = target; object !== null; object = Object.getPrototypeOf(object) as object | null) {
    const found = Object.getOwnPropertyDescriptor(object, key);
    if (found !== undefined) return found;
  }
  return undefined;
}
