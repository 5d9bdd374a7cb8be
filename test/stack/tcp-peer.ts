/** For tests of TCP on a host: a peer that forges segments and reads answers, and handlers that note what they are told. */

import type { Stack } from '../../src/stack/stack.ts';
import type { TcpListener } from '../../src/stack/tcp-listener.ts';
import type { TcpHandler, TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { Address } from '../../src/wire/address.ts';
import { Ipv4Header, PROTO_TCP, parseIpv4 } from '../../src/wire/ipv4.ts';
import { Ipv6Header, parseIpv6 } from '../../src/wire/ipv6.ts';
import { add, seq, unsigned } from '../../src/wire/seq.ts';
import { ACK, FIN, flagsText, parseTcp, RST, Segment, SYN } from '../../src/wire/tcp.ts';
import { bytes } from '../helpers/endpoint.ts';
import { tcpPacket } from '../helpers/wire.ts';
import { address, type Raw } from './hosts.ts';

export const US: Address = address('10.0.0.1');
export const PEER: Address = address('10.0.0.2');
export const US6: Address = address('fd00::1');
export const PEER6: Address = address('fd00::2');

export interface Forged {
  readonly from?: Address;
  readonly to?: Address;
  readonly sport?: number;
  readonly dport?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly data?: string | Uint8Array;
  readonly tsVal?: number;
  readonly tsEcr?: number;
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  /** Fast open: a cookie, empty for a request. */
  readonly cookie?: readonly number[];
  readonly experimental?: boolean;
  /** The field of the User Timeout option. */
  readonly userTimeout?: number;
}

const BITS: Readonly<Record<string, number>> = { FIN, SYN, RST, ACK, PSH: 8, URG: 32, ECE: 64, CWR: 128 };

/** A TCP packet as bytes; from 10.0.0.2:1234 to 10.0.0.1:80 unless said otherwise. `flags` as in 'SYN,ACK', '' for none. */
export function forge(flags: string, fields: Forged = {}): Uint8Array {
  const s = new Segment();
  s.srcPort = fields.sport ?? 1234;
  s.dstPort = fields.dport ?? 80;
  for (const flag of flags === '' ? [] : flags.split(',')) s.flags |= BITS[flag]!;
  s.seq = seq(fields.seq ?? 1000);
  s.ack = seq(fields.ack ?? 0);
  s.window = fields.window ?? 65_535;
  if (fields.mss !== undefined && s.flags & BITS['SYN']!) s.mss = fields.mss;
  if (fields.windowScale !== undefined) s.windowScale = fields.windowScale;
  s.sackPermitted = fields.sackPermitted ?? false;
  if (fields.userTimeout !== undefined) s.userTimeout = fields.userTimeout;
  if (fields.cookie !== undefined) {
    s.fastOpenLength = fields.cookie.length;
    s.fastOpenCookie.set(fields.cookie);
    s.fastOpenExperimental = fields.experimental ?? false;
  }
  if (fields.tsVal !== undefined) {
    s.timestamps = true;
    s.tsVal = seq(fields.tsVal);
    s.tsEcr = seq(fields.tsEcr ?? 0);
  }
  const data = typeof fields.data === 'string' ? bytes(fields.data) : (fields.data ?? new Uint8Array(0));
  return tcpPacket(fields.from ?? PEER, fields.to ?? US, s, data);
}

/** A TCP packet that came. */
export interface Seen {
  readonly src: Address;
  readonly dst: Address;
  readonly sport: number;
  readonly dport: number;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly mss: number;
  /** -1 for none. */
  readonly windowScale: number;
  readonly sackPermitted: boolean;
  readonly timestamps: boolean;
  /** Fast open: the cookie, empty for a request; null for none. */
  readonly cookie: number[] | null;
  readonly experimental: boolean;
  readonly text: Uint8Array;
  readonly ttl: number;
  readonly tos: number;
  readonly tsVal: number;
  readonly size: number;
}

/** Reads a packet; null for one that is no TCP. */
export function see(packet: Uint8Array): Seen | null {
  const s = new Segment();
  const h = packet[0]! >> 4 === 4 ? new Ipv4Header() : new Ipv6Header();
  const sound =
    h instanceof Ipv4Header ? parseIpv4(packet, null, 0, packet.length, h) : parseIpv6(packet, 0, packet.length, h);
  if (sound !== 'ok' || h.protocol !== PROTO_TCP) return null;
  if (parseTcp(packet, h.payloadOffset, h.payloadLength, s) !== 'ok') return null;
  return {
    src: h.src,
    dst: h.dst,
    sport: s.srcPort,
    dport: s.dstPort,
    flags: flagsText(s.flags),
    seq: unsigned(s.seq),
    ack: unsigned(s.ack),
    window: s.window,
    mss: s.mss,
    windowScale: s.windowScale,
    sackPermitted: s.sackPermitted,
    timestamps: s.timestamps,
    cookie: s.fastOpenLength < 0 ? null : [...s.fastOpenCookie.subarray(0, s.fastOpenLength)],
    experimental: s.fastOpenExperimental,
    text: packet.slice(s.dataOffset, s.dataOffset + s.dataLength),
    ttl: h instanceof Ipv4Header ? h.ttl : h.hopLimit,
    tos: h instanceof Ipv4Header ? h.tos : h.trafficClass,
    tsVal: unsigned(s.tsVal),
    size: packet.length,
  };
}

/** Sends, lets a moment pass, and tells which TCP segments came back. */
export function ask(raw: Raw, packet: Uint8Array): Seen[] {
  return raw.ask(packet).flatMap((answer) => see(answer) ?? []);
}

/** The flags of what comes back. */
export function answers(raw: Raw, packet: Uint8Array): string[] {
  return ask(raw, packet).map((seen) => seen.flags);
}

/** A handshake by hand with the listener on port 80. @returns the next sequence number of each side */
export function shake(raw: Raw, fields: Forged = {}): { seq: number; ack: number } {
  const irs = fields.seq ?? 1000;
  const out = ask(raw, forge('SYN', { ...fields, seq: irs }));
  const synAck = out.find((seen) => seen.flags === 'SYN,ACK' && seen.dport === (fields.sport ?? 1234));
  if (synAck === undefined) throw new Error(`no SYN,ACK but ${out.map((seen) => seen.flags).join(' ')}`);
  const next = { seq: unsigned(add(seq(irs), 1)), ack: unsigned(add(seq(synAck.seq), 1)) };
  raw.ask(forge('ACK', { ...fields, ...next }));
  return next;
}

/** A handler that notes events in `log` as `name event`, then does what `more` says; 'writable' and 'drained' only if asked. */
export function recorder(log: string[], name: string, more: TcpHandler = {}): TcpHandler {
  return {
    onConnect: (s) => {
      log.push(`${name} connect`);
      more.onConnect?.(s);
    },
    onReadable: (s) => {
      log.push(`${name} readable`);
      more.onReadable?.(s);
    },
    onWritable: (s) => {
      if (more.onWritable === undefined) return;
      log.push(`${name} writable`);
      more.onWritable(s);
    },
    onEnd: (s) => {
      log.push(`${name} end`);
      more.onEnd?.(s);
    },
    onDrained: (s) => {
      if (more.onDrained === undefined) return;
      log.push(`${name} drained`);
      more.onDrained(s);
    },
    onUrgent: (s) => {
      log.push(`${name} urgent`);
      more.onUrgent?.(s);
    },
    onSoftError: (s, reason) => {
      log.push(`${name} soft ${reason}`);
      more.onSoftError?.(s, reason);
    },
    onClose: (s, error) => {
      log.push(`${name} close ${error === null ? 'null' : error.code}`);
      more.onClose?.(s, error);
    },
  };
}

/** Reads what waits. */
export function drain(socket: TcpSocket): Uint8Array {
  const out = new Uint8Array(socket.readableLength);
  socket.read(out);
  return out;
}

/** Sends back what comes, and closes when the peer does. */
export const echoHandler: TcpHandler = {
  onReadable: (socket) => pump(socket),
  onWritable: (socket) => pump(socket),
  onEnd: (socket) => pump(socket),
};

function pump(socket: TcpSocket): void {
  for (let view = socket.peek(); view.length > 0; view = socket.peek()) {
    const taken = socket.write(view);
    socket.consume(taken);
    if (taken === 0) return;
  }
  if (socket.atEnd) socket.end();
}

/** An echo service. */
export function echo(stack: Stack, port: number = 7): TcpListener {
  return stack.tcp.listen({ port, handler: echoHandler, onConnection: () => {} });
}

/** The code of the error that a call throws; 'none' when it does not. Anything but a typed error fails the test. */
export function code(call: () => unknown): string {
  return message(call).split(':')[0]!;
}

/** `CODE: message` of the error that a call throws. */
export function message(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code: name, message: text } = error as { code?: string; message: string };
    if (typeof name !== 'string') throw error;
    return `${name}: ${text}`;
  }
  return 'none';
}
