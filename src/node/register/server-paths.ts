/**
 * Owns: servers of a program under `tsyn/register` that listen where the stack has nothing: at a path, on a descriptor, on a handle of the
 * host's. Such a server has one of the host's inside, and passes on what that tells.
 */

import type { AddressInfo, Server as HostServer } from 'node:net';
import { type GivenOptions, isPath, normalizeArguments } from '../net/arguments.ts';
import { ListenHandle } from '../net/listen-handle.ts';
import type { ServerMethods } from '../net/server.ts';

/** Servers whose socket is the host's. */
const INSIDE: WeakMap<ServerMethods, HostServer> = new WeakMap();

/** Changes what servers do so that paths, descriptors and handles are the host's. */
export function letPathsBeTheHosts(methods: ServerMethods, Host: new (options: object) => HostServer): void {
  const own = Object.getOwnPropertyDescriptors(methods);
  const { listen, close, address, getConnections, ref, unref } = methods;
  const ownListening = own.listening!.get!;

  Object.defineProperties(methods, {
    ...hidden({
      listen(this: ServerMethods, ...args: unknown[]): ServerMethods {
        const [options, callback] = normalizeArguments(args);
        if (this.listening || !isTheHosts(options)) return listen.apply(this, args);
        if (callback !== null) this.once('listening', callback as () => void);
        const inside = makeInside(this, Host);
        if (this._unref) inside.unref();
        inside.listen(options as object);
        return this;
      },
      close(this: ServerMethods, callback?: (error?: Error) => void): ServerMethods {
        const inside = INSIDE.get(this);
        if (inside === undefined) return close.call(this, callback);
        inside.close(callback);
        return this;
      },
      address(this: ServerMethods): AddressInfo | string | null {
        const inside = INSIDE.get(this);
        return inside === undefined ? address.call(this) : inside.address();
      },
      getConnections(this: ServerMethods, callback: (error: Error | null, count: number) => void): ServerMethods {
        const inside = INSIDE.get(this);
        if (inside === undefined) return getConnections.call(this, callback);
        inside.getConnections(callback);
        return this;
      },
      ref(this: ServerMethods): ServerMethods {
        INSIDE.get(this)?.ref();
        return ref.call(this);
      },
      unref(this: ServerMethods): ServerMethods {
        INSIDE.get(this)?.unref();
        return unref.call(this);
      },
    }),
    listening: {
      ...own.listening,
      get(this: ServerMethods): boolean {
        return INSIDE.get(this)?.listening ?? ownListening.call(this);
      },
    },
  });
}

function hidden(methods: Record<string, unknown>): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(methods).map(([name, value]) => [name, { value, writable: true, configurable: true }]),
  );
}

function isTheHosts(options: GivenOptions): boolean {
  const handle = options._handle ?? options.handle;
  if (handle) return !(handle instanceof ListenHandle);
  if (typeof options.fd === 'number' && options.fd >= 0) return true;
  return (options.port === undefined || options.port === null) && isPath(options.path);
}

function makeInside(server: ServerMethods, Host: new (options: object) => HostServer): HostServer {
  const { allowHalfOpen, pauseOnConnect, highWaterMark } = server;
  const inside = new Host({ allowHalfOpen, pauseOnConnect, highWaterMark });
  INSIDE.set(server, inside);
  Object.defineProperty(inside, 'maxConnections', { get: () => server.maxConnections });
  inside.on('connection', (socket) => {
    Object.assign(socket, { server });
    server.emit('connection', socket);
  });
  inside.on('listening', () => server.emit('listening'));
  inside.on('drop', (data) => server.emit('drop', data));
  inside.on('error', (error) => {
    if (!inside.listening) INSIDE.delete(server);
    server.emit('error', error);
  });
  inside.on('close', () => {
    INSIDE.delete(server);
    server.emit('close');
  });
  return inside;
}
