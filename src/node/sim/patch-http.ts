/**
 * Owns: what of HTTP and TLS does not ask `net` again for each connection, for code of a host: agents, `tls.connect`, the Date of answers, the
 * dispatcher of `fetch`.
 */

import http from 'node:http';
import https from 'node:https';
import hostNet from 'node:net';
import timers from 'node:timers';
import tls from 'node:tls';
import type { Stack } from '../../stack/stack.ts';
import { TcpSocket } from '../../stack/tcp-socket.ts';
import type { normalizeArguments } from '../net/arguments.ts';
import type { Net } from '../net/create.ts';
import { TcpHandle } from '../net/tcp-handle.ts';
import { programTls, type TlsNeeds } from '../register/tls.ts';
import type { Patcher } from './patcher.ts';
import { here, type Place, runOutside } from './place.ts';

/** As Node has it, whoever replaces it later. */
const { setImmediate: soon } = timers;

type Real = (this: unknown, ...args: unknown[]) => unknown;

export function patchHttp(patcher: Patcher): void {
  patcher.wrap(http.Agent.prototype, {
    createConnection: (real: Real): Real =>
      function (...args) {
        return here()?.net ? (hostNet.connect as Real)(...args) : real.apply(this, args);
      },
    // Agents outlive hosts, and one agent serves all of them: each life of each host has connections of its own.
    getName: (real: Real): Real =>
      function (...args) {
        const place = here();
        const name = real.apply(this, args);
        return place === undefined ? name : `${name}${suffixOf(place)}`;
      },
  });
  patcher.wrap(http.OutgoingMessage.prototype, { _storeHeader: dateOf });
  patchTls(patcher);
  patchFetch(patcher);
}

/** What is at the end of the names that an agent gives to connections of a place. */
function suffixOf(place: Place): string {
  return `:place ${place.id}`;
}

/** Connections that a place has left with the agents of the process: nobody will ask for them. */
export function forgetConnections(place: Place): void {
  for (const { freeSockets, sockets, requests } of [http.globalAgent, https.globalAgent]) {
    for (const table of [freeSockets, sockets, requests] as Record<string, unknown>[]) {
      for (const name of Object.keys(table)) if (name.endsWith(suffixOf(place))) delete table[name];
    }
  }
}

/** A parser of Node's `http`, which is kept for ever unless it is closed. */
interface Parser {
  remove?(): void;
  close?(): void;
}

/** Frees what Node would free when a connection is closed, without a word to the program; later, as a parser may be at work now. */
export function freeParsers(stack: Stack): void {
  const sockets: { parser?: Parser | null }[] = [];
  for (const entry of stack.tcp.entries()) {
    const handler = entry instanceof TcpSocket ? entry.handler : null;
    const owner = handler instanceof TcpHandle ? (handler.owner as { parser?: Parser | null } | null) : null;
    if (owner?.parser) sockets.push(owner);
  }
  if (sockets.length === 0) return;
  const free = (): void => {
    for (const socket of sockets) {
      socket.parser?.remove?.();
      socket.parser?.close?.();
      socket.parser = null;
    }
  };
  runOutside(() => soon(free));
}

interface Message {
  sendDate: boolean;
  _header: string;
}

/** Node keeps the date for a second of its own; here it is what the host's clock says. */
function dateOf(real: Real): Real {
  return function (this, ...args) {
    const place = here();
    const message = this as Message;
    if (place === undefined || !message.sendDate) return real.apply(this, args);
    message.sendDate = false;
    try {
      real.apply(this, args);
    } finally {
      message.sendDate = true;
    }
    if (/\r\ndate:/i.test(message._header)) return undefined;
    message._header = message._header.replace('\r\n', `\r\nDate: ${new Date(place.date).toUTCString()}\r\n`);
    return undefined;
  };
}

const TLS_OF: WeakMap<Net, ReturnType<typeof programTls>> = new WeakMap();

function tlsOf(net: Net): ReturnType<typeof programTls> {
  let made = TLS_OF.get(net);
  if (made === undefined) {
    const { Socket, _normalizeArgs } = net as unknown as {
      Socket: TlsNeeds['Socket'];
      _normalizeArgs: typeof normalizeArguments;
    };
    made = programTls({ Socket, normalize: _normalizeArgs });
    TLS_OF.set(net, made);
  }
  return made;
}

function patchTls(patcher: Patcher): void {
  const { TLSSocket: RealSocket } = tls;
  patcher.wrap(tls, {
    connect:
      (real: Real): Real =>
      (...args) => {
        const net = here()?.net;
        return net ? (tlsOf(net).connect as Real)(...args) : real(...args);
      },
  });
  function TLSSocket(this: unknown, ...args: unknown[]): unknown {
    const net = here()?.net;
    const Chosen = net ? tlsOf(net).TLSSocket : RealSocket;
    if (new.target === undefined) return Reflect.apply(Chosen as unknown as Real, this, args);
    return Reflect.construct(Chosen, args, new.target === (TLSSocket as unknown) ? Chosen : new.target);
  }
  Object.setPrototypeOf(TLSSocket, RealSocket);
  TLSSocket.prototype = RealSocket.prototype;
  patcher.replace(tls, 'TLSSocket', TLSSocket);
}

/** Where `fetch`, Node's own and that of the package, looks for its pool of connections. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
const DISPATCHERS: WeakMap<Place, object> = new WeakMap();

/** Each life of each host has a pool of its own, of the same kind as that of the process. */
function patchFetch(patcher: Patcher): void {
  // Node makes its pool when something of `fetch` is first looked at; a package that finds none would put its own over this.
  void globalThis.Response;
  const shared = (globalThis as unknown as Record<symbol, object | undefined>)[DISPATCHER];
  if (shared === undefined) return;
  const chosen = (): object => {
    const place = here();
    if (place === undefined) return shared;
    let own = DISPATCHERS.get(place);
    if (own === undefined) {
      own = Reflect.construct(shared.constructor as new () => object, []);
      DISPATCHERS.set(place, own);
    }
    return own;
  };
  const pool = new Proxy(shared, {
    get(_shared, key): unknown {
      const own = chosen();
      const value: unknown = Reflect.get(own, key);
      return typeof value === 'function' && key !== 'constructor' ? value.bind(own) : value;
    },
    set: (_shared, key, value) => Reflect.set(chosen(), key, value),
  });
  patcher.replace(globalThis, DISPATCHER, pool);
}
