/**
 * Owns: what is said of a goal that was not reached: what each host waited for, and what was on each link.
 */

import type { SocketInfo } from '../stack/sockets.ts';
import { TcpSocket } from '../stack/tcp-socket.ts';
import { formatEndpoint } from '../wire/address.ts';
import type { SimHost } from './host.ts';
import type { SimLink } from './link.ts';
import type { Simulation } from './simulation.ts';

export interface Goal {
  /** Virtual time that it may take from now on, ms: a day. */
  readonly limit?: number;
  /** What is waited for, in words: `the client has its answer`. */
  readonly goal?: string;
  /** Hosts that must have a way to each other for it. */
  readonly needs?: readonly SimHost[];
}

/** Sockets of one host that are told at most. */
const MOST = 20;

const TIMERS = {
  retransmission: 'retransmission',
  probe: 'tail loss probe',
  reordering: 'reordering',
  persist: 'probe of a closed window',
  delayedAck: 'delayed ACK',
  keepAlive: 'keep-alive',
  pacing: 'pacing',
  user: 'giving up',
  closing: 'end of linger or FIN-WAIT-2',
} as const;

/** The message of a goal that was not reached. @param idle nothing was left to happen */
export function report(simulation: Simulation, { goal = 'the goal', limit }: Goal, idle: boolean): string {
  const { now, seed } = simulation;
  const why = idle ? 'nothing is left to happen' : `${limit ?? 'its'} ms have passed`;
  const lines = [`${goal}: not reached at ${now} ms, ${why} (seed ${seed})`];
  for (const host of simulation.hosts) lines.push(...ofHost(host, now));
  for (const link of simulation.links) lines.push(...ofLink(link));
  return lines.join('\n');
}

function ofHost(host: SimHost, now: number): string[] {
  if (!host.isUp) return [`  ${host.name}: crashed`];
  const sockets = host.stack.sockets();
  const connections = new Map<string, TcpSocket>();
  for (const entry of host.stack.tcp.entries()) {
    if (entry instanceof TcpSocket) connections.set(key(entry), entry);
  }
  const lines = sockets
    .slice(0, MOST)
    .map((info) => ofSocket(info, connections.get(`${info.local} ${info.remote}`), now));
  if (sockets.length > MOST) lines.push(`and ${sockets.length - MOST} sockets more`);
  lines.push(...host.waitsFor());
  if (lines.length === 0) return [`  ${host.name}: waits for nothing`];
  return [`  ${host.name}:`, ...lines.map((line) => `    ${line}`)];
}

function key(socket: TcpSocket): string {
  return `${formatEndpoint(socket.local, socket.localPort)} ${formatEndpoint(socket.remote, socket.remotePort)}`;
}

function ofSocket(info: SocketInfo, socket: TcpSocket | undefined, now: number): string {
  const { protocol, state, local, remote } = info;
  const words = [`${protocol} ${local}${remote === '*:*' ? '' : ` to ${remote}`} ${state}`.trimEnd()];
  if (info.waiting) words.push(`${info.waiting} connections not accepted`);
  if (info.halfOpen) words.push(`${info.halfOpen} in the handshake`);
  if (info.receiveQueue > 0) words.push(`${info.receiveQueue} octets not read`);
  if (info.sendQueue > 0) words.push(`${info.sendQueue} octets not acknowledged`);
  if (info.timeLeft !== undefined) words.push(`${Math.ceil(info.timeLeft)} ms left`);
  if (socket !== undefined) words.push(...ofTcb(socket, now));
  return words.join(', ');
}

function ofTcb({ tcb }: TcpSocket, now: number): string[] {
  const words: string[] = [];
  if (tcb.snd.wnd === 0 && tcb.snd.text.length > 0) words.push("the peer's window is closed");
  let timer: keyof typeof TIMERS | null = null;
  for (const name of Object.keys(TIMERS) as (keyof typeof TIMERS)[]) {
    if (tcb.timers[name] < (timer === null ? Infinity : tcb.timers[timer])) timer = name;
  }
  if (timer !== null) words.push(`${TIMERS[timer]} in ${Math.ceil(tcb.timers[timer] - now)} ms`);
  return words;
}

function ofLink(link: SimLink): string[] {
  const words: string[] = [];
  const { counters } = link;
  for (const way of ['forth', 'back'] as const) {
    const { lost, overflowed, thinned, stopped } = counters[way];
    const facts: string[] = [];
    if (link.isDown(way)) facts.push('down');
    if (link.inFlight(way) > 0) facts.push(`${link.inFlight(way)} packets under way`);
    if (lost > 0) facts.push(`${lost} lost`);
    if (overflowed > 0) facts.push(`${overflowed} overflowed`);
    if (thinned > 0) facts.push(`${thinned} dropped by CoDel`);
    if (stopped > 0) facts.push(`${stopped} stopped`);
    if (facts.length > 0) words.push(`${way} ${facts.join(', ')}`);
  }
  if (link.held > 0) words.push(`${link.held} packets held`);
  return words.length === 0 ? [] : [`  link ${link.name}: ${words.join('; ')}`];
}
