/**
 * Owns: putting a `net` in the place of Node's: in its module, whichever way a program asks for it, and in those of Node's modules that
 * hold on to what they once took from it.
 *
 * The modules are imported here, before anything is changed, because what they make of `net.Socket` when they are loaded (terminals,
 * TLS, children) must stay the host's.
 */

import 'node:child_process';
import 'node:cluster';
import type { EventEmitter } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import 'node:https';
import { syncBuiltinESMExports } from 'node:module';
import hostNet from 'node:net';
import tls from 'node:tls';
import 'node:tty';
import { bridge } from '../net/tls.ts';
import { refuseToSend } from './ipc.ts';
import type { ProgramNet } from './net.ts';
import { programTls, type TlsNeeds } from './tls.ts';

/** What Node's `net` exports and is not the same here; the rest (`isIP`, `BlockList`, ...) is Node's anyway. */
const REPLACED = [
  'Server',
  'Socket',
  'Stream',
  'connect',
  'createConnection',
  'createServer',
  'getDefaultAutoSelectFamily',
  'getDefaultAutoSelectFamilyAttemptTimeout',
  'setDefaultAutoSelectFamily',
  'setDefaultAutoSelectFamilyAttemptTimeout',
  '_normalizeArgs',
] as const;

/** Once a process. */
export function install(net: ProgramNet): void {
  const { Server } = net;
  const Socket = net.Socket as unknown as TlsNeeds['Socket'];
  // A server that listens nowhere, to see what kind it is: Node does not export the class.
  const Http2Server = http2.createServer().constructor;
  inherit(http.Server, Server);
  inherit(tls.Server, Server);
  inherit(Http2Server, sessionServer(Server));
  refuseToSend(net.isOwn);
  Object.assign(tls, programTls({ Socket, normalize: net._normalizeArgs }));
  for (const name of REPLACED) Object.assign(hostNet, { [name]: net[name] });
  (http.Agent.prototype as { createConnection?: unknown }).createConnection = net.createConnection;
  syncBuiltinESMExports();
}

/** Servers of HTTP/2 without TLS wrap their connections in something that has no addresses, as TLS does. */
function sessionServer(Server: ProgramNet['Server']): new () => EventEmitter {
  return class extends Server {
    constructor(...args: ConstructorParameters<typeof Server>) {
      super(...args);
      this.prependListener('session', ({ socket }: { socket: object }) => bridge(socket));
    }
  };
}

/** A constructor that was made to inherit from Node's `net.Server` inherits from another. */
function inherit(Server: { prototype?: unknown }, Base: { prototype: object }): void {
  Object.setPrototypeOf(Server, Base);
  Object.setPrototypeOf(Server.prototype, Base.prototype);
}
