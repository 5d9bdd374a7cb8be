/** Owns: `createNet`: a module in the shape of Node's `net` for a stack. */

import hostNet from 'node:net';
import type { Stack } from '../../stack/stack.ts';
import { isPath, normalizeArguments } from './arguments.ts';
import { clientSockets } from './channels.ts';
import { NetHost, type NetOptions } from './host.ts';
import { type ConnectionListener, type ServerOptions, serverConstructor } from './server.ts';
import { type SocketMethods, socketConstructor } from './socket.ts';
import type { SocketOptions } from './socket-options.ts';
import { READ_EVENTS } from './socket-steps.ts';
import { validateBoolean, validateInt32 } from './validate.ts';

/** As the module was loaded: a preload may put this one in its place. */
const hostConnect: typeof hostNet.connect = hostNet.connect;

/** The public surface of Node's `net`, with its types. */
export type Net = Omit<typeof hostNet, 'default'> & { readonly Stream: typeof hostNet.Socket };

/**
 * A module in the shape of Node's `net` whose sockets are those of `stack`. The stack is driven by an
 * `EventLoopDriver`, which from then on keeps the process alive only while sockets do.
 *
 * @example
 * const net = createNet(stack);
 * net.createServer((socket) => socket.pipe(socket)).listen(7);
 */
export function createNet(stack: Stack, options: NetOptions = {}): Net {
  const host = new NetHost(stack, READ_EVENTS, options);
  const Socket = socketConstructor(host);
  const Server = serverConstructor(host, Socket);

  function connect(...args: unknown[]): SocketMethods {
    const normalized = normalizeArguments(args);
    const [given] = normalized;
    // Paths are the host's.
    if (given.path && isPath(given.path)) return hostConnect(...(args as [string])) as unknown as SocketMethods;
    const socket = new Socket(given as SocketOptions);
    if (clientSockets.hasSubscribers) clientSockets.publish({ socket });
    if (given.timeout) socket.setTimeout(given.timeout);
    return socket.connect(normalized);
  }

  const net = {
    BlockList: hostNet.BlockList,
    SocketAddress: hostNet.SocketAddress,
    connect,
    createConnection: connect,
    createServer: (given?: ServerOptions | ConnectionListener, listener?: ConnectionListener) =>
      new Server(given, listener),
    isIP: hostNet.isIP,
    isIPv4: hostNet.isIPv4,
    isIPv6: hostNet.isIPv6,
    Server,
    Socket,
    Stream: Socket,
    getDefaultAutoSelectFamily: () => host.autoSelectFamily,
    setDefaultAutoSelectFamily(value: boolean): void {
      validateBoolean(value, 'value');
      host.autoSelectFamily = value;
    },
    getDefaultAutoSelectFamilyAttemptTimeout: () => host.autoSelectFamilyAttemptTimeout,
    setDefaultAutoSelectFamilyAttemptTimeout(value: number): void {
      validateInt32(value, 'value', 1);
      host.autoSelectFamilyAttemptTimeout = Math.max(value, 10);
    },
    _normalizeArgs: normalizeArguments,
    _setSimultaneousAccepts: (hostNet as { _setSimultaneousAccepts?: unknown })._setSimultaneousAccepts,
  };
  return net as unknown as Net;
}
