/**
 * Owns: the list of a host's sockets as netstat shows it: listeners, connections, TIME-WAIT records, UDP sockets.
 * Leaves to others: what is true of them (`tcp.ts`, `tcp-timewait.ts`, `udp.ts`); how a list is printed (`cli/`).
 */

import type { State } from '../tcp/index.ts';
import { type Address, formatEndpoint } from '../wire/address.ts';
import type { Stack } from './stack.ts';
import type { TcpListener } from './tcp-listener.ts';
import { TcpSocket } from './tcp-socket.ts';
import { TimeWaitEntry } from './tcp-timewait.ts';

/** One line of netstat, as plain data. */
export interface SocketInfo {
  readonly protocol: 'tcp' | 'udp';
  /** `192.0.2.1:80`, `[::1]:80`; `0.0.0.0:80`, `[::]:80`, or `*:80` where any address of both families is meant. */
  readonly local: string;
  /** `*:*` where there is none. */
  readonly remote: string;
  /** The RFC's word; empty for UDP. */
  readonly state: State | '';
  /** Octets that wait to be read; of datagrams with their overhead. */
  readonly receiveQueue: number;
  /** Octets written and not yet acknowledged. */
  readonly sendQueue: number;
  /** TIME-WAIT only: what is left of the 2 MSL, ms. */
  readonly timeLeft?: number;
  /** LISTEN only: connections in the handshake, established and not yet accepted, and the bound on the latter. */
  readonly halfOpen?: number;
  readonly waiting?: number;
  readonly backlog?: number;
}

/**
 * Listeners, then connections, TIME-WAIT records and UDP sockets; the first three each in the order of their local ports,
 * then of their sockets.
 *
 * @param limit how many at most: TIME-WAIT records alone may be a hundred thousand
 */
export function listSockets(stack: Stack, limit: number = Infinity): SocketInfo[] {
  const listeners: SocketInfo[] = [];
  for (const listener of stack.tcp.listeners) listeners.push(ofListener(listener));
  const connections: SocketInfo[] = [];
  const waits: SocketInfo[] = [];
  let left = limit - listeners.length;
  for (const entry of stack.tcp.entries()) {
    if (left <= 0) break;
    if (entry instanceof TcpSocket) connections.push(ofConnection(entry));
    else if (entry instanceof TimeWaitEntry) waits.push(ofTimeWait(entry, stack.now()));
    else continue;
    left--;
  }
  const udp: SocketInfo[] = [];
  for (const socket of stack.udp.sockets()) {
    if (left-- <= 0) break;
    const remote = socket.remoteAddress();
    udp.push({
      protocol: 'udp',
      local: socket.port === 0 ? '*:*' : endpoint(socket.address()),
      remote: remote === null ? '*:*' : endpoint(remote),
      state: '',
      receiveQueue: socket.queuedBytes,
      sendQueue: 0,
    });
  }
  const all = [...listeners.sort(byEnds), ...connections.sort(byEnds), ...waits.sort(byEnds), ...udp];
  return all.length > limit ? all.slice(0, limit) : all;
}

function ofListener(listener: TcpListener): SocketInfo {
  const { address, family, port, halfOpen, waiting, backlog } = listener;
  return {
    protocol: 'tcp',
    local: address === null ? anyEndpoint(family, port) : formatEndpoint(address, port),
    remote: '*:*',
    state: 'LISTEN',
    receiveQueue: 0,
    sendQueue: 0,
    halfOpen,
    waiting: waiting.length,
    backlog,
  };
}

function ofConnection(socket: TcpSocket): SocketInfo {
  return {
    protocol: 'tcp',
    ...ends(socket),
    state: socket.state,
    receiveQueue: socket.readableLength,
    sendQueue: socket.writableLength,
  };
}

function ofTimeWait(entry: TimeWaitEntry, now: number): SocketInfo {
  const timeLeft = Math.max(entry.due - now, 0);
  return { protocol: 'tcp', ...ends(entry), state: 'TIME-WAIT', receiveQueue: 0, sendQueue: 0, timeLeft };
}

function ends(of: { local: Address; localPort: number; remote: Address; remotePort: number }): {
  local: string;
  remote: string;
} {
  return { local: formatEndpoint(of.local, of.localPort), remote: formatEndpoint(of.remote, of.remotePort) };
}

function anyEndpoint(family: 0 | 4 | 6, port: number): string {
  return `${family === 0 ? '*' : family === 4 ? '0.0.0.0' : '[::]'}:${port}`;
}

function endpoint({ address, port }: { address: string; port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function byEnds(a: SocketInfo, b: SocketInfo): number {
  return portOf(a) - portOf(b) || compare(a.local, b.local) || compare(a.remote, b.remote);
}

function portOf({ local }: SocketInfo): number {
  return Number(local.slice(local.lastIndexOf(':') + 1));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
