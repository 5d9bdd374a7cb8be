/**
 * Owns: what is kept of one captured connection: its two ends, what each of them sent, what their SYNs said, round trips,
 * anomalies counted. A record stays as small as it is however long the connection gets. Leaves to others: finding the
 * connection of a packet (`connections.ts`), the anomalies themselves (`analysis.ts`), telling its story.
 */

import { type Address, formatAddress, formatEndpoint } from '../wire/address.ts';
import { add, ge, type Seq, seq } from '../wire/seq.ts';
import { ABSENT, ACK, FIN, RST, type Segment, SYN } from '../wire/tcp.ts';
import { Analysis, type Arrival } from './analysis.ts';
import { ANOMALIES, type AnomalyName, type End, OUT_OF_ORDER, SENT_AGAIN } from './types.ts';

/** What a SYN offers. */
export interface Offer {
  /** Octets; null where the SYN has no such option, as for the others. */
  readonly mss: number | null;
  readonly windowScale: number | null;
  readonly sack: boolean;
  readonly timestamps: boolean;
  /** Octets of its fast open cookie, 0 for the request for one. */
  readonly fastOpen: number | null;
}

/** What both SYNs agreed on. */
export interface Agreement {
  readonly windowScaling: boolean;
  readonly sack: boolean;
  readonly timestamps: boolean;
}

/** From a segment to the ACK for it, at the place of the capture; ms. */
export class RoundTrips {
  count = 0;
  min = 0;
  max = 0;
  #sum = 0;
  /** The segment being timed ends here; one at a time, as TCP itself may do it (RFC 6298 3). */
  #end: Seq = seq(0);
  #start = 0;
  #timing = false;

  /** 0 without samples. */
  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count;
  }

  /** New text has left that ends before `end`. */
  sent(end: Seq, arrival: Arrival): void {
    if (this.#timing) return;
    this.#end = end;
    this.#start = arrival.time;
    this.#timing = true;
  }

  /** Something was sent again: which of the two an ACK answers cannot be told (Karn's algorithm). */
  giveUp(): void {
    this.#timing = false;
  }

  /** The peer has acknowledged what is before `ack`. */
  acknowledged(ack: Seq, arrival: Arrival): void {
    if (!this.#timing || !ge(ack, this.#end)) return;
    this.#timing = false;
    const time = (arrival.time - this.#start) / 1e6;
    if (time < 0) return;
    this.min = this.count === 0 ? time : Math.min(this.min, time);
    this.max = Math.max(this.max, time);
    this.#sum += time;
    this.count++;
  }
}

/** One end of a connection, and what it sent. */
export class Side {
  readonly address: Address;
  readonly port: number;
  packets = 0;
  /** Of whole frames, as the link carried them. */
  octets = 0;
  /** Of text, with what was sent again. */
  text = 0;
  /** Segments, and octets of text in them, that were sent again by the analysis. */
  retransmissions = 0;
  retransmitted = 0;
  syns = 0;
  fins = 0;
  resets = 0;
  /** What its last SYN offered. */
  offer: Offer | null = null;
  /** From what it sends to the ACK of it. */
  readonly roundTrips: RoundTrips = new RoundTrips();
  #anomalies: Uint32Array | null = null;

  constructor(address: Address, port: number) {
    this.address = address;
    this.port = port;
  }

  /** `192.0.2.1:80`, `[2001:db8::1]:80` */
  get name(): string {
    return formatEndpoint(this.address, this.port);
  }

  get host(): string {
    return formatAddress(this.address);
  }

  /** How many of its segments had this anomaly. */
  anomalies(name: AnomalyName): number {
    return this.#anomalies?.[ANOMALIES.findIndex((kind) => kind.name === name)] ?? 0;
  }

  /** Counts a set of anomalies. */
  count(set: number): void {
    this.#anomalies ??= new Uint32Array(ANOMALIES.length);
    for (let i = 0; i < ANOMALIES.length; i++) if (set & ANOMALIES[i]!.bit) this.#anomalies[i]!++;
  }
}

/** A captured connection. Its numbers grow while packets come. */
export class Connection {
  /** As Wireshark's `tcp.stream`: from 0 on, in the order of their first packets. */
  readonly stream: number;
  /** The one that sent the first captured packet, and the other. */
  readonly sides: readonly [Side, Side];
  /** An earlier connection had the same two sockets. */
  readonly reused: boolean;
  /** Who sent a SYN without ACK first: who opened it; null where the capture does not show. */
  opener: End | null = null;
  /** ms from 1970: its first and its last packet. */
  first = 0;
  last = 0;
  /** Frame numbers of them. */
  firstFrame = 0;
  lastFrame = 0;
  /** ICMP errors that quote a segment of it. */
  quoted = 0;
  readonly analysis: Analysis = new Analysis();

  constructor(stream: number, sides: readonly [Side, Side], reused: boolean) {
    this.stream = stream;
    this.sides = sides;
    this.reused = reused;
  }

  get packets(): number {
    return this.sides[0].packets + this.sides[1].packets;
  }

  get octets(): number {
    return this.sides[0].octets + this.sides[1].octets;
  }

  /** ms from the first packet to the last. */
  get duration(): number {
    return this.last - this.first;
  }

  /** From SYN to the ACK that ends the handshake, ms; null where the capture does not show it. Wireshark's `initial_rtt`. */
  get initialRoundTrip(): number | null {
    return this.analysis.initialRtt > 0 ? this.analysis.initialRtt / 1e6 : null;
  }

  /** Null where not both SYNs were captured. */
  get agreement(): Agreement | null {
    const [a, b] = [this.sides[0].offer, this.sides[1].offer];
    if (a === null || b === null) return null;
    return {
      windowScaling: a.windowScale !== null && b.windowScale !== null,
      sack: a.sack && b.sack,
      timestamps: a.timestamps && b.timestamps,
    };
  }

  /** Nothing more is to be expected: a reset, or a FIN of both ends. */
  get ended(): boolean {
    const [a, b] = this.sides;
    return a.resets + b.resets > 0 || (a.fins > 0 && b.fins > 0);
  }

  anomalies(name: AnomalyName): number {
    return this.sides[0].anomalies(name) + this.sides[1].anomalies(name);
  }

  /** Text that one end brought over, without what was sent again; bit/s, 0 where no time went by. */
  throughput(from: End): number {
    const { text, retransmitted } = this.sides[from];
    return this.duration > 0 ? ((text - retransmitted) * 8000) / this.duration : 0;
  }
}

/** Counts a segment whose anomalies are known. @param octets of its frame */
export function account(connection: Connection, from: End, arrival: Arrival, anomalies: number, octets: number): void {
  const side = connection.sides[from];
  const { segment } = arrival;
  const { flags, dataLength: length } = segment;
  side.packets++;
  side.octets += octets;
  side.text += length;
  if (flags & SYN) countSyn(connection, from, segment);
  if (flags & FIN) side.fins++;
  if (flags & RST) side.resets++;
  if (anomalies !== 0) side.count(anomalies);
  if (anomalies & SENT_AGAIN) {
    side.retransmissions++;
    side.retransmitted += length;
    side.roundTrips.giveUp();
  } else if (anomalies & OUT_OF_ORDER) side.roundTrips.giveUp();
  else if (length > 0 || flags & (SYN | FIN))
    side.roundTrips.sent(add(segment.seq, length + (flags & (SYN | FIN) ? 1 : 0)), arrival);
  if (flags & ACK) connection.sides[from === 0 ? 1 : 0].roundTrips.acknowledged(segment.ack, arrival);
}

function countSyn(connection: Connection, from: End, segment: Segment): void {
  const side = connection.sides[from];
  side.syns++;
  side.offer = {
    mss: orNull(segment.mss),
    windowScale: orNull(segment.windowScale),
    sack: segment.sackPermitted,
    timestamps: segment.timestamps,
    fastOpen: orNull(segment.fastOpenLength),
  };
  if (!(segment.flags & ACK)) connection.opener ??= from;
}

function orNull(option: number): number | null {
  return option === ABSENT ? null : option;
}
