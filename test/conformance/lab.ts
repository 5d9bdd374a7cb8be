/**
 * A real host on virtual time, and the other end of its cable in the tester's hand. Segments are written and read by
 * `codec.ts`; every frame that the host sends is also judged by the independent oracle.
 */

import { afterEach } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import type { Link } from '../../src/link/link.ts';
import { HEADROOM } from '../../src/link/packet.ts';
import { createPipe } from '../../src/link/pipe.ts';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Interface } from '../../src/stack/interface.ts';
import { createStack, type Stack } from '../../src/stack/stack.ts';
import type { TcpListener } from '../../src/stack/tcp-listener.ts';
import type { TcpHandler, TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { World } from '../stack/hosts.ts';
import {
  decode,
  distance,
  encode,
  type Fields,
  type Frame,
  mss,
  number,
  readOptions,
  segLen,
  stamps,
  timestamps,
  toBytes,
} from './codec.ts';

export const FAMILIES = [4, 6] as const;
export type Family = (typeof FAMILIES)[number];

export const HOST: Readonly<Record<Family, string>> = { 4: '10.0.0.1', 6: 'fd00::1' };
export const PEER: Readonly<Record<Family, string>> = { 4: '10.0.0.2', 6: 'fd00::2' };

export interface Setup {
  readonly family?: Family;
  readonly mtu?: number;
  readonly config?: PartialConfig;
  readonly tcp?: Partial<TcpOptions>;
  readonly seed?: number;
  readonly secret?: readonly [number, number, number, number];
  readonly trace?: (event: TraceEvent) => void;
}

/** The MSS that the peer announces unless a test says otherwise: smaller than what either family carries here. */
export const SEGMENT = 1400;

/** TCP without its extensions; a test asks for what it wants. */
const PLAIN: Partial<TcpOptions> = {
  timestamps: false,
  sack: false,
  windowScaling: false,
  congestion: 'newreno',
  mtuProbing: 'off',
};

const labs: Lab[] = [];

afterEach(() => {
  for (const lab of labs.splice(0)) lab.world.judge();
});

/** Runs a test for both families. */
export function both(test: (family: Family) => void): void {
  for (const family of FAMILIES) test(family);
}

export class Lab {
  readonly world: World = new World();
  readonly stack: Stack;
  readonly iface: Interface;
  readonly family: Family;
  /** What the application was told: 'connect', 'readable', 'end', 'urgent', 'soft ...', 'close ...'. */
  readonly log: string[] = [];
  /** Everything TCP that the host sent. */
  readonly frames: Frame[] = [];
  /** Everything that the host sent. */
  readonly packets: Uint8Array[] = [];
  listener: TcpListener | null = null;
  readonly #link: Link;
  #ports = 40_000;

  constructor(setup: Setup = {}) {
    labs.push(this);
    const { family = 4, mtu = 1500, config = {}, tcp = {}, seed = 7, trace = null } = setup;
    this.family = family;
    const [left, right] = createPipe(this.world.scheduler, this.world.pool, { mtu });
    this.stack = createStack({
      name: 'host',
      scheduler: this.world.scheduler,
      random: new SeededRandom(seed),
      config,
      tcp: { ...PLAIN, ...tcp },
      pool: this.world.pool,
      trace,
      ...(setup.secret === undefined ? {} : { secret: setup.secret }),
    });
    const addresses = mtu < 1280 ? ['10.0.0.1/24'] : ['10.0.0.1/24', 'fd00::1/64'];
    this.iface = this.stack.addInterface({ link: this.world.judged(left), addresses });
    this.#link = right;
    right.attach({
      packet: (packet): void => {
        const bytes = packet.buf.slice(packet.off, packet.off + packet.len);
        this.packets.push(bytes);
        const frame = decode(bytes, this.now);
        if (frame !== null) this.frames.push(frame);
        this.world.pool.give(packet);
      },
      burstEnd: (): void => {},
    });
  }

  get now(): number {
    return this.world.scheduler.now;
  }

  /** Lets `ms` pass. */
  pass(ms: number): this {
    this.world.run(ms);
    return this;
  }

  until(time: number): this {
    return this.pass(time - this.now);
  }

  /** Puts packets on the cable; they arrive together, as one burst. */
  put(...packets: Uint8Array[]): this {
    for (const bytes of packets) {
      const packet = this.world.pool.take(bytes.length);
      packet.buf.set(bytes, HEADROOM);
      packet.len = bytes.length;
      this.#link.send(packet);
    }
    return this;
  }

  handler(more: TcpHandler = {}): TcpHandler {
    const { log } = this;
    return {
      onConnect: (s) => {
        log.push('connect');
        more.onConnect?.(s);
      },
      onReadable: (s) => {
        log.push('readable');
        more.onReadable?.(s);
      },
      onEnd: (s) => {
        log.push('end');
        more.onEnd?.(s);
      },
      onUrgent: (s) => {
        log.push('urgent');
        more.onUrgent?.(s);
      },
      onSoftError: (s, reason) => {
        log.push(`soft ${reason}`);
        more.onSoftError?.(s, reason);
      },
      onClose: (s, error) => {
        log.push(`close ${error === null ? 'null' : error.code}`);
        more.onClose?.(s, error);
      },
      ...(more.onWritable === undefined ? {} : { onWritable: more.onWritable }),
    };
  }

  listen(options: Partial<TcpOptions> = {}, more: TcpHandler = {}): TcpListener {
    this.listener = this.stack.tcp.listen({ port: 80, options, handler: this.handler(more) });
    return this.listener;
  }

  /** A connection that the peer opens to port 80; `syn` are the options of its SYN (an MSS of 1400 unless given). */
  dial(fields: TalkFields = {}): Talk {
    if (this.listener === null) this.listen();
    const talk = new Talk(this, 80, this.#ports++);
    const { options = mss(SEGMENT), ...rest } = fields;
    talk.send('SYN', { ...rest, options }).pass(0);
    talk.send('ACK', rest.window === undefined ? {} : { window: rest.window }).pass(0);
    const socket = this.listener!.accept();
    if (socket === null) throw new Error('the connection was not accepted');
    talk.socket = socket;
    talk.take();
    this.log.length = 0;
    return talk;
  }

  /** The host opens a connection to port 9; its SYN stays to be taken. */
  connect(options: Partial<TcpOptions> = {}, more: TcpHandler = {}, local: { localPort?: number } = {}): Talk {
    const socket = this.stack.tcp.connect({
      address: PEER[this.family],
      port: 9,
      options,
      handler: this.handler(more),
      ...local,
    });
    const talk = new Talk(this, socket.localPort, 9);
    talk.socket = socket;
    this.pass(0);
    return talk;
  }

  /** The same, with the handshake done. */
  connected(options: Partial<TcpOptions> = {}, answer: TalkFields = {}, more: TcpHandler = {}): Talk {
    const talk = this.connect(options, more);
    talk.send('SYN,ACK', { options: mss(SEGMENT), ...answer }).pass(0);
    talk.take();
    this.log.length = 0;
    return talk;
  }
}

export interface TalkFields extends Omit<Partial<Fields>, 'seq' | 'ack'> {
  /** Relative to the peer's ISN; by default the next octet in turn. */
  readonly seq?: number;
  /** Relative to the host's ISN; by default everything seen so far. */
  readonly ack?: number;
}

/** A frame with its numbers relative to the ISNs of both sides. */
export interface Heard extends Frame {
  readonly from: number;
  readonly upTo: number;
  /** The right edge of the window it offers, relative too (unscaled). */
  readonly edge: number;
}

/** One connection of the host as its peer has it. */
export class Talk {
  readonly lab: Lab;
  readonly hostPort: number;
  readonly peerPort: number;
  readonly irs: number;
  socket!: TcpSocket;
  /** The next octet that the peer would send, relative. */
  next = 0;
  /** The peer's timestamp, once its SYN had one: every segment without other options carries it; null for none. */
  stamp: number | null = null;
  #expected = 0;
  #echo = 0;
  #seen = 0;
  #looked = 0;
  readonly #frames: Frame[] = [];
  #iss: number | null = null;

  constructor(lab: Lab, hostPort: number, peerPort: number, irs: number = 4_294_967_000) {
    this.lab = lab;
    this.hostPort = hostPort;
    this.peerPort = peerPort;
    this.irs = irs;
  }

  /** The next octet that the peer expects: all that was seen is before it; relative. */
  get expected(): number {
    this.#look();
    return this.#expected;
  }

  /** The host's ISN. */
  get iss(): number {
    this.#look();
    if (this.#iss === null) throw new Error('the host has sent no SYN');
    return this.#iss;
  }

  /** The bytes of a segment from the peer. */
  bytes(flags: string, fields: TalkFields = {}): Uint8Array {
    this.#look();
    const { seq = this.next, ack = this.expected, ...rest } = fields;
    const iss = this.#iss ?? 0;
    const stamped = this.stamp !== null && rest.options === undefined && !flags.includes('SYN');
    if (flags.includes('SYN') && rest.options?.includes(8)) this.stamp = stampOf(rest.options);
    return encode({
      src: PEER[this.lab.family],
      dst: HOST[this.lab.family],
      sport: this.peerPort,
      dport: this.hostPort,
      flags,
      seq: (this.irs + seq + 2 ** 32) % 2 ** 32,
      ack: flags.includes('ACK') ? (iss + ack + 2 ** 32) % 2 ** 32 : 0,
      ...rest,
      ...(stamped ? { options: [1, 1, ...timestamps(this.stamp!, this.#echo)] } : {}),
    });
  }

  /** The peer sends a segment; it arrives when time passes. */
  send(flags: string, fields: TalkFields = {}): this {
    this.lab.put(this.bytes(flags, fields));
    const length =
      toBytes(fields.text ?? '').length + (flags.includes('SYN') ? 1 : 0) + (flags.includes('FIN') ? 1 : 0);
    if (!flags.includes('RST')) this.next = Math.max(this.next, (fields.seq ?? this.next) + length);
    return this;
  }

  /** Sends, lets the moment pass, and tells what came back. */
  ask(flags: string, fields: TalkFields = {}): string[] {
    this.take();
    this.send(flags, fields).pass(0);
    return this.said();
  }

  pass(ms: number): this {
    this.lab.pass(ms);
    return this;
  }

  /** Every frame of this connection that the host has sent. */
  all(): Heard[] {
    this.#look();
    return this.#frames.map((frame) => this.#relative(frame));
  }

  /** What the host has sent since the last time. */
  take(): Heard[] {
    this.#look();
    const news = this.#frames.slice(this.#seen);
    this.#seen = this.#frames.length;
    return news.map((frame) => this.#relative(frame));
  }

  /** The same in words: 'PSH,ACK 1+5 ack 1'. */
  said(): string[] {
    return this.take().map(describe);
  }

  /** What the host has sent with text since the last time: offsets and lengths, e.g. '1+1460'. */
  texts(): string[] {
    return this.take().flatMap((f) => (f.text.length > 0 ? [`${f.from}+${f.text.length}`] : []));
  }

  read(): string {
    const target = new Uint8Array(this.socket.readableLength);
    this.socket.read(target);
    this.pass(0);
    return String.fromCharCode(...target);
  }

  /** Lets the host send and acknowledges all of it, until `octets` have come: its congestion window is wide then. */
  warm(octets: number, window = 65_535): this {
    const until = this.expected + octets;
    let owed = octets;
    for (let turn = 0; turn < 10_000 && this.expected < until; turn++) {
      if (owed > 0) owed -= this.socket.write(new Uint8Array(Math.min(owed, 100_000)));
      this.pass(0).send('ACK', { window }).pass(0);
    }
    this.send('ACK', { window }).pass(0);
    this.take();
    return this;
  }

  write(data: string | Uint8Array | number): this {
    this.socket.write(typeof data === 'number' ? new Uint8Array(data).fill(120) : toBytes(data));
    return this.pass(0);
  }

  #look(): void {
    const { frames } = this.lab;
    for (; this.#looked < frames.length; this.#looked++) {
      const frame = frames[this.#looked]!;
      if (frame.sport !== this.hostPort || frame.dport !== this.peerPort) continue;
      this.#frames.push(frame);
      if (frame.flags.includes('SYN')) this.#iss = frame.seq;
      this.#echo = stamps(frame)?.[0] ?? this.#echo;
      if (this.#iss === null || frame.flags.includes('RST')) continue;
      this.#expected = Math.max(this.#expected, distance(frame.seq, this.#iss) + segLen(frame));
    }
  }

  #relative(frame: Frame): Heard {
    const upTo = frame.flags.includes('ACK') ? distance(frame.ack, this.irs) : 0;
    return { ...frame, from: distance(frame.seq, this.#iss ?? 0), upTo, edge: upTo + frame.window };
  }
}

/** TSval of a list of options; null where it has none. */
function stampOf(options: readonly number[]): number | null {
  const found = readOptions(options)?.find((o) => o.kind === 8);
  return found === undefined ? null : number(found.data.slice(0, 4));
}

export function describe(f: Heard): string {
  const bare = f.flags === 'RST,ACK' && f.window === 0;
  let line = `${f.flags} ${bare ? `=${f.seq}` : f.from}`;
  if (f.text.length > 0) line += `+${f.text.length}`;
  if (f.flags.includes('ACK')) line += ` ack ${f.upTo}`;
  if (f.flags.includes('URG')) line += ` urg ${f.urgent}`;
  return line;
}

/** Octets that tell their place. */
export function pattern(length: number, start = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((start + i) * 31 + ((start + i) >> 8)) & 255);
}
