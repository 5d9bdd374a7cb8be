/** Packets of a captured connection for tests: written with few words, taken one after the other. */

import { Connections, type ConnectionsOptions, type FollowedSegment, type Frame } from '../../src/explain/index.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { seq } from '../../src/wire/seq.ts';
import { Segment } from '../../src/wire/tcp.ts';
import { tcpPacket } from '../helpers/wire.ts';

export interface Words {
  flags?: number;
  seq?: number;
  ack?: number;
  window?: number;
  /** Octets of text. */
  length?: number;
  mss?: number;
  windowScale?: number;
  srcPort?: number;
  dstPort?: number;
}

export const CLIENT = '192.0.2.1';
export const SERVER = '192.0.2.2';

/** A packet of either family. */
export function packet(src: string, dst: string, words: Words): Uint8Array {
  const segment = new Segment();
  segment.srcPort = words.srcPort ?? (src === CLIENT ? 40_000 : 80);
  segment.dstPort = words.dstPort ?? (src === CLIENT ? 80 : 40_000);
  segment.flags = words.flags ?? 0x10;
  segment.seq = seq(words.seq ?? 0);
  segment.ack = seq(words.ack ?? 0);
  segment.window = words.window ?? 1000;
  segment.mss = words.mss ?? -1;
  segment.windowScale = words.windowScale ?? -1;
  return tcpPacket(parseAddress(src)!, parseAddress(dst)!, segment, new Uint8Array(words.length ?? 0));
}

/** A capture being told; times in ms. */
export class Talk {
  readonly connections: Connections;
  readonly told: FollowedSegment[] = [];
  #frame = 0;
  #time: number;

  /** @param time of the first packet, ms */
  constructor(options: ConnectionsOptions = {}, time: number = 1_000_000) {
    this.#time = time;
    this.connections = new Connections({ onSegment: (segment) => this.told.push(segment), ...options });
  }

  client(words: Words): this {
    return this.take(packet(CLIENT, SERVER, words));
  }

  server(words: Words): this {
    return this.take(packet(SERVER, CLIENT, words));
  }

  take(octets: Uint8Array, length: number = octets.length): this {
    const frame: Frame = {
      frame: ++this.#frame,
      seconds: Math.floor(this.#time / 1000),
      nanoseconds: Math.round((this.#time % 1000) * 1e6),
      length,
      buf: octets,
      off: 0,
      kept: octets.length,
    };
    this.connections.take(frame, 0);
    return this;
  }

  wait(ms: number): this {
    this.#time += ms;
    return this;
  }

  /** SYN, SYN,ACK, ACK, `ms` apart; both begin at 0, and text at 1. */
  open(ms: number = 10, window: number = 1000): this {
    this.client({ flags: 0x02, seq: 100, mss: 1460, window }).wait(ms);
    this.server({ flags: 0x12, seq: 500, ack: 101, mss: 1460, window }).wait(ms);
    return this.client({ seq: 101, ack: 501, window }).wait(ms);
  }

  /** The anomalies of the last segment, as Wireshark writes them. */
  get last(): readonly string[] {
    return this.told.at(-1)!.anomalies.map(({ label }) => label);
  }
}
