/**
 * Owns: `tls` of a program under `tsyn/register`: `tls.connect` has a socket of the stack beneath. Leaves to others: TLS itself, which is
 * Node's; servers, which get their connections from `net.ts`.
 *
 * Node's `TLSSocket` takes a `net.Socket` with a handle for one of the kernel's, and looks for the kernel's handle in it. Sockets of the
 * stack are instances of `net.Socket` for everyone (`net.ts`), only not with a handle while a `TLSSocket` is made: then they are streams
 * like others.
 */

import tls, { type ConnectionOptions, type TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { GivenOptions } from '../net/arguments.ts';
import type { SocketMethods } from '../net/socket.ts';
import type { SocketOptions } from '../net/socket-options.ts';

const HostTLSSocket = tls.TLSSocket;
const hostConnect = tls.connect;

/** How many `TLSSocket`s are being made. */
let making = 0;

export function makingTls(): boolean {
  return making > 0;
}

export function whileMakingTls<Result>(make: () => Result): Result {
  making++;
  try {
    return make();
  } finally {
    making--;
  }
}

type Options = ConnectionOptions & GivenOptions & SocketOptions;

/** What is needed of `net`. */
export interface TlsNeeds {
  readonly Socket: new (options: SocketOptions) => SocketMethods;
  /** `net._normalizeArgs` */
  readonly normalize: (args: unknown[]) => [options: GivenOptions, callback: ((...args: never[]) => void) | null];
}

/** `tls.connect` and `tls.TLSSocket` over sockets of the stack. */
export function programTls({ Socket, normalize }: TlsNeeds): Pick<typeof tls, 'connect' | 'TLSSocket'> {
  function connect(...args: unknown[]): TLSSocket {
    const [given, callback] = normalize(args);
    // As in Node: options that follow a port and a host win.
    const late = [args[1], args[2]].find((argument) => typeof argument === 'object' && argument !== null);
    const options = { ...given, ...late } as Options;
    const secured = callback === null ? [] : [callback as () => void];
    // With a socket it is the program's to connect it; paths are the host's.
    if (options.socket || options.path) return whileMakingTls(() => hostConnect(options, ...secured));
    const { allowHalfOpen, noDelay, keepAlive, keepAliveInitialDelay } = options;
    const set = { allowHalfOpen, noDelay, keepAlive, keepAliveInitialDelay };
    const present = Object.entries(set).filter(([, value]) => value !== undefined);
    const socket = new Socket(Object.fromEntries(present));
    // Not connected, it has no handle: TLS waits for 'connect' by itself.
    const secure = hostConnect({ ...options, socket }, ...secured);
    passOn(socket, secure);
    if (options.timeout) secure.setTimeout(options.timeout);
    // With a signal that has been given already it destroys itself in the next tick, without a look at what is beneath.
    if (options.signal?.aborted !== true) socket.connect(options);
    return secure;
  }

  function ProgramTLSSocket(
    this: TLSSocket | undefined,
    given?: unknown,
    options?: TLSSocketOptions & { allowHalfOpen?: boolean },
  ): unknown {
    const make = new.target === undefined ? apply : construct;
    const socket = given ? undefined : new Socket({ allowHalfOpen: options?.allowHalfOpen === true });
    const made = whileMakingTls(() => make(this, [given || socket, options], new.target));
    if (socket !== undefined) connectThrough(socket, (made ?? this) as TLSSocket);
    return made;
  }

  /** A TLSSocket that was given nothing to live in connects by itself. */
  function connectThrough(socket: SocketMethods, secure: TLSSocket): void {
    secure.connect = (...args: unknown[]) => {
      const [where, callback] = normalize(args);
      if (callback !== null) secure.once('connect', callback as () => void);
      socket.connect(where);
      return secure;
    };
  }

  Object.setPrototypeOf(ProgramTLSSocket, HostTLSSocket);
  Object.defineProperty(ProgramTLSSocket, 'name', { value: 'TLSSocket' });
  ProgramTLSSocket.prototype = HostTLSSocket.prototype;
  return { connect, TLSSocket: ProgramTLSSocket } as unknown as Pick<typeof tls, 'connect' | 'TLSSocket'>;
}

type Make = (self: TLSSocket | undefined, args: unknown[], target: unknown) => unknown;

const construct: Make = (_self, args, target) => Reflect.construct(HostTLSSocket, args, target as typeof HostTLSSocket);
/** Called as `util.inherits` has it: `TLSSocket.call(this, ...)`. */
const apply: Make = (self, args) => Reflect.apply(HostTLSSocket as unknown as () => void, self, args);

/** What a socket tells on its way to a connection, besides 'connect' and 'error', which TLS passes on itself. */
const STEPS = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout', 'ready'];

function passOn(socket: SocketMethods, secure: TLSSocket): void {
  for (const step of STEPS) socket.on(step, (...args: unknown[]) => secure.emit(step, ...args));
}
