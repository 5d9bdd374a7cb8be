/**
 * Owns: what a connection may use besides its arguments. A stack makes one for all its connections, the checker one for
 * each endpoint. Everything a connection does to the world goes through here, and nothing here calls back into it.
 */

import type { BufferPool, Ring } from '../base/ring.ts';
import type { ConnectionRef, TraceSink } from '../trace/events.ts';
import type { Address } from '../wire/address.ts';
import type { Seq } from '../wire/seq.ts';
import type { Segment } from '../wire/tcp.ts';
import type { TcpConfig } from './config.ts';
import type { Acknowledgment, CongestionController } from './congestion/controller.ts';
import type { TcpCounters } from './counters.ts';
import type { Scoreboard } from './scoreboard.ts';

/** The two sockets that name a connection; they stay the same for its life (MUST-45). */
export interface Ends {
  readonly local: Address;
  readonly localPort: number;
  readonly remote: Address;
  readonly remotePort: number;
}

/**
 * Where segments go. The segment and the ring are the engine's: an outbox that keeps anything copies it during the call.
 */
export interface Outbox {
  /** What is sent now would be dropped before it leaves the host. */
  readonly full?: boolean;
  /**
   * @param ends whose segment it is
   * @param segment ports are not filled in; `dataLength` octets of text follow
   * @param text holds the text, from offset `at`; null for a segment without text
   */
  segment(ends: Ends, segment: Segment, text: Ring | null, at: number): void;
}

export interface TcpEnv {
  /** The host's name, for traces. */
  readonly name: string;
  readonly config: TcpConfig;
  readonly counters: TcpCounters;
  readonly buffers: BufferPool;
  readonly outbox: Outbox;
  readonly controllers: Readonly<Record<string, CongestionController>>;
  /** For what an ACK says to a controller. */
  readonly acknowledgment: Acknowledgment;
  /** A segment for the engine to fill in and hand to the outbox. */
  readonly out: Segment;
  /** Scoreboards for reuse. */
  readonly boards: Scoreboard[];
  trace: TraceSink | null;
  /** An initial sequence number (RFC 9293 3.4.1). */
  initialSequence(ends: Ends, now: number): Seq;
  /** What this connection adds to the clock in its timestamps, so that they do not tell the uptime (RFC 7323 7.1). */
  timestampOffset(ends: Ends): Seq;
  /** The connection as traces name it. Called only while tracing. */
  describe(connection: Ends & { readonly id: number }): ConnectionRef;
}
