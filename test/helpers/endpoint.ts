/**
 * One endpoint of the engine and a hand that plays its peer: segments are written as short texts, what the endpoint
 * sends comes back as short texts. Sequence numbers are relative: ours to ISS, the peer's to IRS.
 *
 *   peer.send('SYN', { seq: 0 });   peer.sent()  ->  ['SYN,ACK 0 ack 1']
 */
import { BufferPool, type Ring } from '../../src/base/ring.ts';
import {
  Acknowledgment,
  createTcpCounters,
  cubic,
  defaultTcpConfig,
  defaultTcpOptions,
  Endpoint,
  type Ends,
  newReno,
  type TcpConfig,
  type TcpEnv,
  type TcpOptions,
} from '../../src/tcp/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { add, diff, seq } from '../../src/wire/seq.ts';
import { ACK, CWR, ECE, FIN, flagsText, PSH, RST, Segment, SYN, URG } from '../../src/wire/tcp.ts';

export interface Sent {
  readonly time: number;
  readonly segment: Segment;
  readonly text: Uint8Array;
}

export interface Setup {
  readonly iss?: number;
  readonly irs?: number;
  readonly config?: Partial<TcpConfig>;
  readonly options?: Partial<TcpOptions>;
}

export const LOCAL = parseAddress('192.0.2.1')!;
export const REMOTE = parseAddress('192.0.2.2')!;

export interface SegmentFields {
  /** Relative to the peer's ISN. */
  seq?: number;
  /** Relative to our ISN. */
  ack?: number;
  window?: number;
  urgent?: number;
  /** The ECN field of its IP header. */
  ecn?: number;
  data?: string | Uint8Array;
  mss?: number;
  windowScale?: number;
  sackPermitted?: boolean;
  /** Blocks, relative to our ISN. */
  sack?: [number, number][];
  tsVal?: number;
  tsEcr?: number;
  /** As on the wire: the high bit says minutes. */
  userTimeout?: number;
}

/** What the flags are called in the texts. */
const BITS: Readonly<Record<string, number>> = { FIN, SYN, RST, PSH, ACK, URG, ECE, CWR };

/** An endpoint on virtual time, without a network: its segments are kept, the peer's are made by hand. */
export class Peer {
  readonly endpoint: Endpoint;
  readonly env: TcpEnv;
  readonly iss: number;
  readonly irs: number;
  readonly trace: TraceEvent[] = [];
  readonly all: Sent[] = [];
  now = 1000;
  #seen = 0;

  constructor(setup: Setup = {}) {
    this.iss = setup.iss ?? 10_000;
    this.irs = setup.irs ?? 50_000;
    const ends: Ends = { local: LOCAL, localPort: 80, remote: REMOTE, remotePort: 40_000 };
    this.env = createEnv('host', { ...defaultTcpConfig, ...setup.config }, () => seq(this.iss), {
      segment: (_ends, segment, text, at) => {
        this.all.push(copySegment(segment, text, at, this.now));
      },
    });
    this.env.trace = (event) => this.trace.push(event);
    const { receiveBuffer, sendBuffer } = { ...defaultTcpOptions, ...setup.options };
    // As a stack has it: buffers that are given do not grow.
    const fixed = { receiveBufferMax: receiveBuffer, sendBufferMax: sendBuffer };
    const options: TcpOptions = { ...defaultTcpOptions, timestamps: false, ...fixed, ...setup.options };
    this.endpoint = new Endpoint(this.env, ends, options);
  }

  get tcb(): Endpoint['tcb'] {
    return this.endpoint.tcb;
  }

  get state(): string {
    return this.endpoint.state;
  }

  /** The peer sends: `flags` as in 'SYN,ACK' ('' for none). */
  send(flags: string, fields: SegmentFields = {}): this {
    const segment = new Segment();
    segment.seq = seq(this.irs + (fields.seq ?? 0));
    for (const name of flags === '' ? [] : flags.split(',')) segment.flags |= BITS[name]!;
    if (fields.ack !== undefined || segment.flags & ACK) segment.ack = seq(this.iss + (fields.ack ?? 0));
    segment.window = fields.window ?? 65_535;
    segment.urgent = fields.urgent ?? 0;
    segment.ecn = fields.ecn ?? 0;
    if (fields.mss !== undefined) segment.mss = fields.mss;
    if (fields.windowScale !== undefined) segment.windowScale = fields.windowScale;
    segment.sackPermitted = fields.sackPermitted ?? false;
    for (const edge of fields.sack?.flat() ?? []) segment.sack[segment.sackCount++] = seq(this.iss + edge);
    segment.sackCount /= 2;
    if (fields.userTimeout !== undefined) segment.userTimeout = fields.userTimeout;
    if (fields.tsVal !== undefined) {
      segment.timestamps = true;
      segment.tsVal = seq(fields.tsVal);
      segment.tsEcr = seq(fields.tsEcr ?? 0);
    }
    const data = typeof fields.data === 'string' ? bytes(fields.data) : (fields.data ?? new Uint8Array(0));
    segment.data = data;
    segment.dataLength = data.length;
    this.endpoint.arrive(segment, this.now);
    return this;
  }

  /** What the endpoint has sent since the last time, e.g. 'PSH,ACK 1+5 ack 1'. */
  sent(): string[] {
    const news = this.all.slice(this.#seen);
    this.#seen = this.all.length;
    return news.map((sent) => this.describe(sent));
  }

  describe({ segment }: Sent): string {
    const flags = flagsText(segment.flags);
    // The reset that answers a segment without an ACK has no number of ours to use: it says 0.
    // The answer to a segment without ACK, of a port where there is no connection: sequence number and window are 0.
    const bare = (segment.flags & (RST | ACK)) === (RST | ACK) && segment.window === 0;
    let text = `${flags} ${bare ? `=${segment.seq}` : relative(segment.seq, this.iss)}`;
    if (segment.dataLength > 0) text += `+${segment.dataLength}`;
    if (segment.flags & ACK) text += ` ack ${relative(segment.ack, this.irs)}`;
    for (let i = 0; i < segment.sackCount; i++) {
      text += ` sack ${relative(segment.sack[2 * i]!, this.irs)}:${relative(segment.sack[2 * i + 1]!, this.irs)}`;
    }
    if (segment.flags & URG) text += ` urg ${segment.urgent}`;
    return text;
  }

  /** Virtual time goes on; deadlines on the way are kept. */
  advance(ms: number): this {
    this.until(this.now + ms);
    return this;
  }

  until(time: number): this {
    if (time === Infinity) throw new Error('nothing is left to happen');
    let stuck = 0;
    for (let due = this.endpoint.nextDeadline(); due <= time; due = this.endpoint.nextDeadline()) {
      stuck = due > this.now ? 0 : stuck + 1;
      if (stuck > 100) throw new Error(`a deadline at ${due} comes again and again`);
      this.now = Math.max(this.now, due);
      this.endpoint.onDeadline(this.now);
    }
    this.now = time;
    return this;
  }

  // ---- User calls on the endpoint ----

  open(mode: 'active' | 'passive'): string {
    return this.endpoint.open(mode, this.now);
  }

  write(data: string | Uint8Array, urgent = false): string {
    const octets = typeof data === 'string' ? bytes(data) : data;
    return this.endpoint.send(octets, urgent, this.now).result;
  }

  /** Everything that can be read now, or what RECEIVE says instead. */
  read(): string {
    const target = new Uint8Array(Math.max(this.tcb.rcv.text.length, 1));
    const { result, count } = this.endpoint.receive(target, this.now);
    return result === 'ok' ? String.fromCharCode(...target.subarray(0, count)) : result;
  }

  close(): string {
    return this.endpoint.close(this.now);
  }

  detach(): string {
    return this.endpoint.detach(this.now);
  }

  abort(): string {
    return this.endpoint.abort(this.now);
  }

  // ---- Conversations that reach a state ----

  listen(): this {
    this.open('passive');
    return this.seen();
  }

  synSent(): this {
    this.open('active');
    return this.seen();
  }

  synReceived(fields: SegmentFields = {}): this {
    this.listen();
    this.send('SYN', { mss: 1460, ...fields });
    return this.seen();
  }

  established(fields: SegmentFields = {}): this {
    this.synReceived(fields);
    this.send('ACK', { seq: 1, ack: 1, ...(fields.window === undefined ? {} : { window: fields.window }) });
    return this.seen();
  }

  finWait1(): this {
    this.established();
    this.close();
    return this.seen();
  }

  finWait2(): this {
    this.finWait1();
    this.send('ACK', { seq: 1, ack: 2 });
    return this.seen();
  }

  closeWait(): this {
    this.established();
    this.send('FIN,ACK', { seq: 1, ack: 1 });
    return this.seen();
  }

  closing(): this {
    this.finWait1();
    this.send('FIN,ACK', { seq: 1, ack: 1 });
    return this.seen();
  }

  lastAck(): this {
    this.closeWait();
    this.close();
    return this.seen();
  }

  timeWait(): this {
    this.finWait2();
    this.send('FIN,ACK', { seq: 1, ack: 2 });
    return this.seen();
  }

  /** Forgets what was sent so far. */
  seen(): this {
    this.#seen = this.all.length;
    return this;
  }
}

export function createEnv(
  name: string,
  config: TcpConfig,
  initialSequence: TcpEnv['initialSequence'],
  outbox: TcpEnv['outbox'],
): TcpEnv {
  return {
    name,
    config,
    counters: createTcpCounters(),
    buffers: new BufferPool(),
    outbox,
    controllers: { cubic, newreno: newReno },
    acknowledgment: new Acknowledgment(),
    out: new Segment(),
    boards: [],
    trace: null,
    initialSequence,
    timestampOffset: () => seq(0),
    describe: (c) => ({ id: c.id, local: `${name}:${c.localPort}`, remote: `peer:${c.remotePort}` }),
  };
}

export function copySegment(from: Segment, text: Ring | null, at: number, time: number): Sent {
  const segment = new Segment();
  const { sack, fastOpenCookie, ...rest } = from;
  Object.assign(segment, rest);
  for (let i = 0; i < sack.length; i++) segment.sack[i] = sack[i]!;
  segment.fastOpenCookie.set(fastOpenCookie);
  const data = new Uint8Array(from.dataLength);
  text?.copy(at, from.dataLength, data, 0);
  segment.data = data;
  segment.dataOffset = 0;
  return { time, segment, text: data };
}

function relative(value: number, base: number): string {
  const distance = diff(seq(value), seq(base));
  return Math.abs(distance) < 1_000_000 ? String(distance) : `abs:${value}`;
}

export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** A text of `length` octets in which every octet tells its place. */
export function pattern(length: number, start = 0): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = ((start + i) * 167 + ((start + i) >> 8)) & 0xff;
  return out;
}

export { add, seq };
