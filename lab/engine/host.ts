/**
 * Owns: one host: its connections by their pair of sockets, its listener, the order of things when something comes. The rules of
 * TCP are the package's (`tsyn/tcp`); what a listener does when it is full is what the package's own stack does. Leaves to
 * others: the application (`application.ts`), the wire (`network.ts`).
 */

import { BufferPool, type Key128, type Random } from 'tsyn/base';
import {
  Acknowledgment,
  acceptCookie,
  arrive,
  COOKIE_LIFETIME,
  calls,
  createTcpCounters,
  cubic,
  defaultTcpConfig,
  defaultTcpOptions,
  type Ends,
  flush,
  initialSequence,
  newReno,
  nextDeadline,
  type Outbox,
  onDeadline,
  readCookie,
  reopen,
  resetUnknown,
  resume,
  returnToListen,
  SIGNAL_ESTABLISHED,
  sendCookie,
  Tcb,
  type TcpEnv,
  type TcpOptions,
  TimeWait,
  takeSignals,
  timestampOffset,
  timeWaitArrives,
  timeWaitBegun,
  timeWaitEnd,
  timeWaitExpired,
} from 'tsyn/tcp';
import type { ConnectionRef, TimerName, TraceEvent } from 'tsyn/trace';
import { ACK, type Address, formatEndpoint, parseAddress, RST, Segment, SYN, seq } from 'tsyn/wire';
import { HOME } from './addresses.ts';
import type { Settings } from './types.ts';

export const ADDRESSES: Readonly<Record<'A' | 'B', Address>> = {
  A: parseAddress(HOME.A)!,
  B: parseAddress(HOME.B)!,
};

const NOBODY = parseAddress('0.0.0.0')!;

/** A connection, or what is left of it. */
export class Connection {
  readonly tcb: Tcb;
  /** How many-th of the host it is, from 1 on. */
  readonly nth: number;
  /** TIME-WAIT, while it lasts. */
  record: TimeWait | null = null;
  /** The host knows of it. */
  live = true;
  /** In SYN-RECEIVED, out of LISTEN. */
  opening = false;
  /** Out of this TIME-WAIT, which goes on if the SYN proves old. */
  predecessor: Connection | null = null;
  /** When each timer was set. */
  readonly since: Map<TimerName, number> = new Map();
  /** What the peer has reported beyond a gap: pairs of edges. */
  sacked: readonly (readonly [number, number])[] = [];

  constructor(tcb: Tcb, nth: number) {
    this.tcb = tcb;
    this.nth = nth;
  }

  get due(): number {
    return this.record === null ? nextDeadline(this.tcb) : this.record.due;
  }
}

export class Listener {
  readonly port: number;
  /** The TCB in LISTEN that the next segment meets. */
  spare: Tcb;
  /** Half-open connections, the oldest first. */
  readonly opening: Set<Connection> = new Set();
  /** Cookies sent, and when the last one was. */
  cookies = 0;
  cookieAt: number = -Infinity;

  constructor(port: number, spare: Tcb) {
    this.port = port;
    this.spare = spare;
  }
}

/** What a host needs of the world, and tells it. */
export interface Neighbourhood {
  /** Virtual time, ms. */
  now(): number;
  trace(event: TraceEvent): void;
  readonly outbox: Outbox;
  /** Signals of a connection: SIGNAL_* bits. */
  news(connection: Connection, signals: number): void;
  begun(connection: Connection): void;
  /** A connection's deadline may have changed, or it is gone. */
  rearm(connection: Connection): void;
}

export class Host {
  readonly name: 'A' | 'B';
  readonly env: TcpEnv;
  readonly options: TcpOptions;
  readonly settings: Settings;
  readonly #world: Neighbourhood;
  readonly #cookieKey: Key128;
  readonly #isns: readonly number[];
  readonly #in: Segment = new Segment();
  #table: Map<string, Connection> = new Map();
  listener: Listener | null = null;
  /** Connections begun so far. */
  #begun = 0;
  /** A TIME-WAIT is being reopened. */
  #reopening = false;
  #ids = 0;
  readonly #refs: Map<number, { readonly port: number; readonly ref: ConnectionRef }> = new Map();

  constructor(name: 'A' | 'B', settings: Settings, random: Random, isns: readonly number[], world: Neighbourhood) {
    this.name = name;
    this.settings = settings;
    this.options = optionsOf(settings);
    this.#world = world;
    this.#isns = isns;
    const key = (): Key128 => [random.uint32(), random.uint32(), random.uint32(), random.uint32()];
    const isnKey = key();
    const stampKey = key();
    this.#cookieKey = key();
    this.env = {
      name,
      config: { ...defaultTcpConfig, msl: settings.msl, delayedAck: settings.delayedAck },
      counters: createTcpCounters(),
      buffers: new BufferPool(),
      outbox: world.outbox,
      controllers: { cubic, newreno: newReno },
      acknowledgment: new Acknowledgment(),
      out: new Segment(),
      boards: [],
      trace: null,
      initialSequence: (ends, now) => {
        const given = this.#isns[this.#begun - 1];
        if (given !== undefined) return seq(given);
        return initialSequence(isnKey, ends, settings.freshIsn ? now : 0);
      },
      timestampOffset: (ends) => timestampOffset(stampKey, ends),
      describe: (connection) => this.describe(connection),
    };
    this.env.trace = (event) => world.trace(this.#retold(event));
  }

  /** How traces and views name a connection: the same object each time. */
  describe(connection: Ends & { readonly id: number }): ConnectionRef {
    const { id, local, localPort, remote, remotePort } = connection;
    const known = this.#refs.get(id);
    // Out of LISTEN a TCB is given its peer.
    if (known !== undefined && known.port === remotePort) return known.ref;
    const ref = { id, local: formatEndpoint(local, localPort), remote: formatEndpoint(remote, remotePort) };
    this.#refs.set(id, { port: remotePort, ref });
    return ref;
  }

  get connections(): IterableIterator<Connection> {
    return this.#table.values();
  }

  /** The connection that began last and is not over, of those that the application has heard of. */
  get newest(): Connection | null {
    let found: Connection | null = null;
    for (const connection of this.#table.values()) {
      if (connection.record !== null || connection.opening) continue;
      if (found === null || connection.nth > found.nth) found = connection;
    }
    return found;
  }

  isFree(ends: Ends): boolean {
    return !this.#table.has(keyOf(ends));
  }

  // ---- Calls ----

  /** @returns false where it listens already */
  listen(port: number): boolean {
    if (this.listener !== null) return false;
    const tcb = this.#tcb({ local: this.#address, localPort: port, remote: NOBODY, remotePort: 0 });
    calls.open(tcb, this.env, 'passive', this.#now);
    this.listener = new Listener(port, tcb);
    return true;
  }

  /** Active OPEN of a pair of sockets that is free. The SYN leaves with the next `serve`. */
  open(ends: Ends): Connection {
    const tcb = this.#tcb(ends);
    const connection = this.#add(tcb);
    calls.open(tcb, this.env, 'active', this.#now);
    return connection;
  }

  /** Everything is forgotten. */
  crash(): void {
    const lost = [...this.#table.values()];
    this.#table = new Map();
    this.listener = null;
    for (const connection of lost) this.#lost(connection);
  }

  get #address(): Address {
    return ADDRESSES[this.name];
  }

  get #now(): number {
    return this.#world.now();
  }

  #tcb(ends: Ends): Tcb {
    const tcb = new Tcb(++this.#ids, ends, this.options);
    tcb.mtu = this.settings.mtu;
    return tcb;
  }

  #add(tcb: Tcb): Connection {
    const connection = new Connection(tcb, ++this.#begun);
    this.#table.set(keyOf(tcb), connection);
    this.#world.begun(connection);
    return connection;
  }

  // ---- What comes ----

  /** A segment whose checksum is right, from `src`. It is changed. */
  arrive(segment: Segment, src: Address): void {
    const ends: Ends = {
      local: this.#address,
      localPort: segment.dstPort,
      remote: src,
      remotePort: segment.srcPort,
    };
    const found = this.#table.get(keyOf(ends));
    if (found === undefined) this.#toListener(segment, ends, null);
    else if (found.record !== null) this.#toTimeWait(found, found.record, segment, ends);
    else {
      noteSacked(found, segment);
      arrive(found.tcb, this.env, segment, this.#now);
      this.serve(found);
    }
  }

  #toTimeWait(connection: Connection, record: TimeWait, segment: Segment, ends: Ends): void {
    const outcome = timeWaitArrives(record, this.env, segment, this.#now);
    if (outcome === 'restart') this.#world.rearm(connection);
    else if (outcome === 'reopen') this.#toListener(segment, ends, connection);
  }

  /** For a listener, perhaps out of a TIME-WAIT; or for nobody. */
  #toListener(segment: Segment, ends: Ends, old: Connection | null): void {
    const { listener, env } = this;
    const now = this.#now;
    if (listener === null || listener.port !== ends.localPort) {
      if (old === null) resetUnknown(ends, env, segment);
      return;
    }
    const tcb = this.#listening(listener);
    Object.assign(tcb, ends);
    if (old === null && this.#withCookie(listener, tcb, segment, now)) return;
    this.#begun++; // the connection that is about to begin: its ISN goes by its number
    if (old?.record) reopen(old.record, tcb, env, now);
    this.#reopening = old !== null;
    if (tcb.state === 'LISTEN') arrive(tcb, env, segment, now);
    this.#reopening = false;
    this.#begun--;
    if (tcb.state === 'LISTEN') return;
    const connection = this.#add(tcb);
    connection.predecessor = old;
    if (old !== null) this.#lost(old);
    if (tcb.state === 'SYN-RECEIVED') {
      connection.opening = true;
      listener.opening.add(connection);
    }
    this.serve(connection);
    if (listener.opening.size > this.settings.backlog) this.#giveWay(listener);
  }

  /** A TCB in LISTEN for the next segment. Only the first is heard of: the others stand for the same passive OPEN. */
  #listening(listener: Listener): Tcb {
    if (listener.spare.state !== 'LISTEN') {
      const { env } = this;
      const { trace } = env;
      env.trace = null;
      const local = this.#address;
      listener.spare = this.#tcb({ local, localPort: listener.port, remote: NOBODY, remotePort: 0 });
      calls.open(listener.spare, env, 'passive', this.#now);
      env.trace = trace;
    }
    return listener.spare;
  }

  /** SYN cookies (RFC 4987 3.6), when the queue is full. @returns whether there is nothing more to do with the segment */
  #withCookie(listener: Listener, tcb: Tcb, segment: Segment, now: number): boolean {
    if (!this.settings.cookies) return false;
    const flags = segment.flags & (SYN | ACK | RST);
    if (flags === SYN) {
      if (listener.opening.size < this.settings.backlog) return false;
      listener.cookieAt = now;
      listener.cookies++;
      sendCookie(tcb, this.env, this.#cookieKey, segment, now);
      return true;
    }
    if (flags !== ACK || now - listener.cookieAt > COOKIE_LIFETIME) return false;
    if (!readCookie(tcb, this.env, this.#cookieKey, segment, this.#in, now)) return false;
    acceptCookie(tcb, this.env, this.#in, segment, now);
    return false;
  }

  /** Too many are half open: the oldest goes without a word (RFC 4987 3.2). */
  #giveWay(listener: Listener): void {
    const [oldest] = listener.opening;
    if (oldest === undefined) return;
    returnToListen(oldest.tcb, this.env, this.#now);
    this.serve(oldest);
  }

  /** A connection's deadlines that have come. */
  expire(connection: Connection): void {
    const now = this.#now;
    const { record } = connection;
    if (record === null) {
      onDeadline(connection.tcb, this.env, now);
      this.serve(connection);
    } else if (record.due <= now) {
      timeWaitExpired(record, this.env, now);
      this.#remove(connection);
    }
  }

  /** The listener's part in reopening left out: to the pair of sockets it is one step. */
  #retold(event: TraceEvent): TraceEvent {
    if (!this.#reopening || event.type !== 'state' || event.from !== 'LISTEN') return event;
    return { ...event, from: 'TIME-WAIT' };
  }

  // ---- After every input ----

  /** News to the application, what it answers, then the output pass. */
  serve(connection: Connection): void {
    const { tcb } = connection;
    do {
      const signals = takeSignals(tcb);
      if (signals & SIGNAL_ESTABLISHED) this.#established(connection);
      if (signals !== 0) this.#world.news(connection, signals);
      flush(tcb, this.env, this.#now);
    } while (tcb.signals !== 0);
    this.#settle(connection);
  }

  #established(connection: Connection): void {
    connection.predecessor = null; // the pair is the new connection's
    this.#closeOpening(connection);
  }

  #closeOpening(connection: Connection): void {
    if (connection.opening) this.listener?.opening.delete(connection);
    connection.opening = false;
  }

  #settle(connection: Connection): void {
    const { tcb } = connection;
    if (tcb.state === 'CLOSED' || tcb.state === 'LISTEN') this.#remove(connection);
    else if (tcb.state === 'TIME-WAIT' && connection.record === null) this.#wait(connection);
    this.#world.rearm(connection);
  }

  /** TIME-WAIT: a record takes the connection's place, or that of the one it came out of goes on. */
  #wait(connection: Connection): void {
    const { tcb, predecessor } = connection;
    const now = this.#now;
    if (tcb.resumes !== null && predecessor !== null) {
      resume(tcb.resumes, this.env, now);
      tcb.resumes = null;
      this.#closeOpening(connection);
      this.#table.set(keyOf(tcb), predecessor);
      predecessor.live = true;
      this.#world.rearm(predecessor);
      this.#lost(connection);
      return;
    }
    connection.record = new TimeWait(tcb, timeWaitEnd(this.env, now));
    timeWaitBegun(connection.record, this.env, now);
  }

  #remove(connection: Connection): void {
    this.#closeOpening(connection);
    if (connection.live) this.#table.delete(keyOf(connection.tcb));
    this.#lost(connection);
  }

  #lost(connection: Connection): void {
    connection.live = false;
    this.#world.rearm(connection);
  }
}

function keyOf({ localPort, remote, remotePort }: Ends): string {
  return `${localPort} ${remote.w3} ${remotePort}`;
}

/** What the peer reports beyond a gap, joined with what it has reported before. */
function noteSacked(connection: Connection, segment: Segment): void {
  if (segment.sackCount === 0 && connection.sacked.length === 0) return;
  const una = (segment.flags & ACK) === 0 ? null : segment.ack;
  const ranges: [number, number][] = connection.sacked.map(([left, right]) => [left | 0, right | 0]);
  for (let i = 0; i < segment.sackCount; i++) ranges.push([segment.sack[2 * i]!, segment.sack[2 * i + 1]!]);
  const open = ranges.filter(([left]) => una === null || ((left - una) | 0) > 0);
  open.sort(([a], [b]) => (a - b) | 0);
  const joined: [number, number][] = [];
  for (const [left, right] of open) {
    const last = joined.at(-1);
    if (last === undefined || ((left - last[1]) | 0) > 0) joined.push([left, right]);
    else if (((right - last[1]) | 0) > 0) last[1] = right;
  }
  connection.sacked = joined.map(([left, right]) => [left >>> 0, right >>> 0] as const);
}

function optionsOf(settings: Settings): TcpOptions {
  const { receiveBuffer, timestamps, windowScaling, sack, nagle, keepAlive, congestion } = settings;
  return {
    ...defaultTcpOptions,
    receiveBuffer,
    receiveBufferMax: receiveBuffer,
    noDelay: !nagle,
    keepAlive,
    timestamps,
    windowScaling,
    sack,
    ecn: settings.ecn ? 'request' : 'off',
    congestion,
  };
}
