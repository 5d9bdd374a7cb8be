/** For tests of fast open: a host that connects, and a hand that plays the server. */

import { expect } from 'vitest';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { ConnectOptions } from '../../src/stack/tcp-options.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import { bytes } from '../helpers/endpoint.ts';
import { type Raw, World } from './hosts.ts';
import { type Forged, forge, recorder, type Seen, see } from './tcp-peer.ts';

export const COOKIE = [0xc0, 1, 2, 3, 4, 5, 6, 7];

/** A host that connects, and a hand that plays the server at 10.0.0.2:80. */
export class Client {
  readonly w: World = new World();
  readonly a: Stack;
  readonly raw: Raw;
  readonly log: string[] = [];
  #port = 50_000;

  constructor(config: PartialConfig['tcp'] = {}, mtu = 1500) {
    const { a, raw } = this.w.victim({ mtu }, { tcp: config });
    this.a = a;
    this.raw = raw;
  }

  connect(fastOpen = true, address = '10.0.0.2', port = 80): TcpSocket {
    return this.a.tcp.connect({ ...this.to({ fastOpen }), address, port });
  }

  /** What `connect` is given for a connection to the server. */
  to(options: Partial<TcpOptions> = { fastOpen: true }): ConnectOptions {
    return {
      address: '10.0.0.2',
      port: 80,
      localPort: ++this.#port,
      options: { timestamps: false, ...options },
      handler: recorder(this.log, 'c'),
    };
  }

  /** What has been sent since the last time. */
  sent(): Seen[] {
    this.w.run(0);
    return this.raw.received.splice(0).flatMap((packet) => see(packet) ?? []);
  }

  /** A segment of the server for this connection; its ISN is 7000. */
  reply(socket: TcpSocket, flags: string, syn: Seen, fields: Forged = {}): Seen[] {
    const ends = { sport: 80, dport: socket.localPort, seq: 7000 };
    this.raw.send(forge(flags, { ...ends, ...fields, ack: syn.seq + (fields.ack ?? 1) }));
    return this.sent();
  }

  /** A connection that brings a cookie, or what else `fields` says. */
  learn(fields: Forged = { cookie: COOKIE, mss: 1460 }): this {
    const socket = this.connect();
    const [syn] = this.sent();
    expect([syn!.flags, syn!.cookie, syn!.text.length]).toEqual(['SYN', [], 0]);
    this.reply(socket, 'SYN,ACK', syn!, fields);
    socket.abort();
    this.sent();
    this.log.length = 0;
    return this;
  }

  /** What the next SYN carries: the text that was written, and the cookie. */
  next(text = 'GET /', fastOpen = true): { socket: TcpSocket; syn: Seen; tried: unknown } {
    const socket = this.connect(fastOpen);
    socket.write(bytes(text));
    const [syn] = this.sent();
    return { socket, syn: syn!, tried: [words(syn!), syn!.cookie] };
  }

  get counters(): Stack['tcp']['counters'] {
    return this.a.tcp.counters;
  }
}

export function words(seen: Seen): string {
  return new TextDecoder().decode(seen.text);
}

/** Flags, relative SEQ and ACK, octets of text. */
export function course(seen: readonly Seen[], syn: Seen): string[] {
  return seen.map((s) => `${s.flags} ${s.seq - syn.seq}+${s.text.length}${s.ack === 0 ? '' : ` ack ${s.ack - 7000}`}`);
}
