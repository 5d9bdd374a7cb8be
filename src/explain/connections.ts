/**
 * Owns: following captured packets: to which connection each belongs (streams are numbered as Wireshark numbers them), the
 * table of connections and its bound, and telling whoever listens. Hostile captures cost a counter. Leaves to others: where
 * the segment is (`packet.ts`), its anomalies (`analysis.ts`), what is counted of it (`connection.ts`).
 */

import { type Address, sameAddress } from '../wire/address.ts';
import { ACK, parseTcp, Segment, SYN, TCP_HEADER } from '../wire/tcp.ts';
import { segmentView } from '../wire/view.ts';
import { Arrival } from './analysis.ts';
import { account, Connection, Side } from './connection.ts';
import { findTcp, Place } from './packet.ts';
import {
  ANOMALIES,
  type Anomaly,
  type ConnectionsOptions,
  type Counts,
  DUPLICATE_ACK,
  type End,
  type Frame,
  REUSED_PORTS,
} from './types.ts';

const MAX_CONNECTIONS = 100_000;
/** When there are too many, this share of them goes at once, so that looking for the ended ones costs little. */
const DROPPED_SHARE = 8;
/** Times count from so many seconds before the first packet: as ns they are too large for engines to store them in two ways. */
const BEFORE = 10;
/** Connections that are found without making a key, a power of two. */
const RECENT = 1024;

/**
 * Follows a capture:
 *
 *     const connections = new Connections({ onSegment: (segment) => ... });
 *     const reader = new CaptureReader((packet) => {
 *       const at = ipStart(packet);
 *       if (at >= 0) connections.take(packet, at);
 *     });
 *
 * and afterwards is the list of its connections. Nothing in a capture makes it throw.
 */
export class Connections implements Iterable<Connection> {
  readonly counts: Counts = {
    packets: 0,
    segments: 0,
    other: 0,
    fragments: 0,
    quoted: 0,
    malformed: 0,
    dropped: 0,
  };
  readonly #options: ConnectionsOptions;
  readonly #limit: number;
  /** In the order of their streams, of each pair of sockets the latest under its key. */
  readonly #kept: Set<Connection> = new Set();
  readonly #latest: Map<string, Connection> = new Map();
  readonly #recent: (Connection | null)[] = new Array(RECENT).fill(null);
  #streams = 0;
  /** How many of those kept have packets. */
  #seen = 0;
  /** Times count from this second. */
  #origin = 0;
  #listening: boolean;
  readonly #place: Place = new Place();
  readonly #segment: Segment = new Segment();
  readonly #arrival: Arrival = new Arrival(this.#segment);

  constructor(options: ConnectionsOptions = {}) {
    this.#options = options;
    this.#listening = options.onSegment !== undefined;
    this.#limit = Math.max(1, options.maxConnections ?? MAX_CONNECTIONS);
  }

  /** No more segments are told: from here on no object is made for a packet. */
  quiet(): void {
    this.#listening = false;
  }

  /** Those kept, in the order of their streams, but for those of which only ICMP errors tell. */
  *[Symbol.iterator](): IterableIterator<Connection> {
    for (const connection of this.#kept) if (connection.packets > 0) yield connection;
  }

  /** How many these are; `counts.dropped` were once. */
  get size(): number {
    return this.#seen;
  }

  /**
   * Takes a packet.
   *
   * @param at where in `frame.buf` the IP packet begins. It is only read during the call
   */
  take(frame: Frame, at: number): void {
    if (this.counts.packets++ === 0) this.#origin = frame.seconds - BEFORE;
    const { buf, off, kept, length } = frame;
    const found = findTcp(buf, at, off + kept, off + length, this.#place);
    if (found === 'tcp') this.#takeSegment(frame);
    else if (found === 'fragment') this.counts.fragments++;
    else if (found === 'other') this.counts.other++;
    else this.counts.malformed++;
  }

  #takeSegment(frame: Frame): void {
    const place = this.#place;
    const segment = this.#segment;
    const cut = this.#parse(frame.buf);
    let connection = this.#find();
    let reused = false;
    if ((segment.flags & SYN) !== 0) {
      const { analysis } = connection;
      const flow = analysis.flows[this.#endOf(connection)];
      if (flow.baseKnown && flow.base !== segment.seq) {
        reused = true;
        if (segment.flags & ACK) flow.base = segment.seq;
        else connection = this.#add(true);
      } else if (flow.baseKnown && !(segment.flags & ACK)) flow.next = flow.whole; // a reset may have moved it
    }
    if (place.quoted) {
      this.counts.quoted++;
      connection.quoted++;
      return;
    }
    this.#follow(frame, connection, cut, reused);
  }

  /** Reads the segment, as far as it was captured. @returns whether its header breaks off, or makes no sense */
  #parse(buf: Uint8Array): boolean {
    const place = this.#place;
    const segment = this.#segment;
    const header = (buf[place.offset + 12]! >> 4) << 2;
    if (place.captured >= TCP_HEADER) parseTcp(buf, place.offset, place.captured, segment);
    else parseCut(buf, place, segment);
    segment.dataLength = Math.max(0, place.length - header);
    return header < TCP_HEADER || header > place.captured;
  }

  #follow(frame: Frame, connection: Connection, cut: boolean, reused: boolean): void {
    const { seconds, nanoseconds } = frame;
    const from = this.#endOf(connection);
    const arrival = this.#arrival;
    const time = seconds * 1000 + nanoseconds / 1e6;
    arrival.frame = frame.frame;
    arrival.time = (seconds - this.#origin) * 1e9 + nanoseconds;
    arrival.timeless = seconds === 0 && nanoseconds === 0;
    arrival.cut = cut;
    if (connection.packets === 0) {
      this.#seen++;
      connection.first = time;
      connection.firstFrame = frame.frame;
    }
    connection.last = time;
    connection.lastFrame = frame.frame;
    // Nothing can be said of a segment whose length is not known.
    const known = !this.#place.fragment && this.#place.length >= TCP_HEADER;
    const anomalies = (known ? connection.analysis.take(from, arrival) : 0) | (reused ? REUSED_PORTS : 0);
    account(connection, from, arrival, anomalies, frame.length);
    this.counts.segments++;
    const { onlyStream = connection.stream } = this.#options;
    if (this.#listening && connection.stream === onlyStream) this.#tell(connection, from, time, anomalies);
  }

  #tell(connection: Connection, from: End, time: number, anomalies: number): void {
    const [a, b] = from === 0 ? connection.sides : [connection.sides[1], connection.sides[0]];
    this.#options.onSegment?.({
      frame: this.#arrival.frame,
      time,
      connection,
      from,
      src: a.host,
      dst: b.host,
      segment: segmentView(this.#segment),
      fragment: this.#place.fragment,
      cut: this.#arrival.cut,
      anomalies: anomalies === 0 ? NONE : namesOf(anomalies, connection, from),
    });
  }

  /** Which end of the connection sent the packet at hand. Addresses alike: a host that talks to itself. */
  #endOf(connection: Connection): End {
    const { address, port } = connection.sides[0];
    return port === this.#segment.srcPort && sameAddress(address, this.#place.src) ? 0 : 1;
  }

  /** The connection of the packet at hand; a new one where there is none. */
  #find(): Connection {
    const { src, dst } = this.#place;
    const { srcPort, dstPort } = this.#segment;
    const slot = slotOf(src, srcPort, dst, dstPort);
    const recent = this.#recent[slot]!;
    if (recent !== null && isBetween(recent, src, srcPort, dst, dstPort)) return recent;
    const found = this.#latest.get(keyOf(src, srcPort, dst, dstPort)) ?? this.#add(false);
    this.#recent[slot] = found;
    return found;
  }

  /** A new connection, perhaps in the place of another between the same sockets. */
  #add(reused: boolean): Connection {
    if (this.#kept.size >= this.#limit) this.#drop();
    const { src, dst } = this.#place;
    const { srcPort, dstPort } = this.#segment;
    const sides = [new Side(src.clone(), srcPort), new Side(dst.clone(), dstPort)] as const;
    const connection = new Connection(this.#streams++, sides, reused);
    this.#kept.add(connection);
    this.#latest.set(keyOf(src, srcPort, dst, dstPort), connection);
    this.#recent[slotOf(src, srcPort, dst, dstPort)] = connection;
    return connection;
  }

  /** Gives up some: the oldest that have ended, and the oldest of all where these are too few. */
  #drop(): void {
    let left = Math.ceil(this.#limit / DROPPED_SHARE);
    for (const ended of [true, false]) {
      for (const connection of this.#kept) {
        if (left === 0) break;
        if (ended && !connection.ended) continue;
        this.#forget(connection);
        left--;
      }
    }
    this.#recent.fill(null);
  }

  #forget(connection: Connection): void {
    const [a, b] = connection.sides;
    const key = keyOf(a.address, a.port, b.address, b.port);
    this.#kept.delete(connection);
    if (this.#latest.get(key) === connection) this.#latest.delete(key);
    if (connection.packets === 0) return;
    this.#seen--;
    this.counts.dropped++;
    this.#options.onDropped?.(connection);
  }
}

const NONE: readonly Anomaly[] = [];

function namesOf(set: number, connection: Connection, from: End): readonly Anomaly[] {
  const { duplicates: number, original: of } = connection.analysis.flows[from];
  return ANOMALIES.filter(({ bit }) => set & bit).map(({ bit, name, label }) =>
    bit === DUPLICATE_ACK ? { name, label: `${label} ${of}#${number}`, duplicate: { number, of } } : { name, label },
  );
}

/** Of a TCP header that the capture cut off before its end, what is there. */
function parseCut(buf: Uint8Array, place: Place, segment: Segment): void {
  const header = new Uint8Array(TCP_HEADER);
  header.set(buf.subarray(place.offset, place.offset + place.captured));
  header[12] = (TCP_HEADER >> 2) << 4;
  parseTcp(header, 0, TCP_HEADER, segment);
}

function isBetween(connection: Connection, src: Address, srcPort: number, dst: Address, dstPort: number): boolean {
  const a = connection.sides[0];
  const b = connection.sides[1];
  if (a.port === srcPort && b.port === dstPort && sameAddress(a.address, src) && sameAddress(b.address, dst))
    return true;
  return a.port === dstPort && b.port === srcPort && sameAddress(a.address, dst) && sameAddress(b.address, src);
}

/** The same for both directions. */
function slotOf(src: Address, srcPort: number, dst: Address, dstPort: number): number {
  return (src.w3 ^ dst.w3 ^ Math.imul(srcPort ^ dstPort, 0x9e3b)) & (RECENT - 1);
}

/** Both ends in one text, the same for both directions. Engines hash texts so that an outsider cannot make them collide. */
function keyOf(src: Address, srcPort: number, dst: Address, dstPort: number): string {
  return isBefore(src, srcPort, dst, dstPort) ? textOf(src, srcPort, dst, dstPort) : textOf(dst, dstPort, src, srcPort);
}

function isBefore(a: Address, aPort: number, b: Address, bPort: number): boolean {
  if (a.w3 !== b.w3) return a.w3 < b.w3;
  if (a.w2 !== b.w2) return a.w2 < b.w2;
  if (a.w1 !== b.w1) return a.w1 < b.w1;
  return a.w0 !== b.w0 ? a.w0 < b.w0 : aPort < bPort;
}

function textOf(a: Address, aPort: number, b: Address, bPort: number): string {
  const ports = String.fromCharCode(a.family, aPort, bPort);
  return a.family === 4 ? ports + words(a.w3, b.w3) : ports + words(a.w0, a.w1, a.w2, a.w3, b.w0, b.w1, b.w2, b.w3);
}

function words(...numbers: number[]): string {
  let text = '';
  for (const n of numbers) text += String.fromCharCode(n >>> 16, n & 0xffff);
  return text;
}
