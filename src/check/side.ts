/**
 * Owns: one side of the world while a step is taken: the real endpoint, its application, and what it sends in that step. It is
 * restored from a snapshot before and written to one afterwards (`codec.ts`). Leaves to others: which steps there are (`world.ts`),
 * what must hold of them (`properties.ts`).
 */

import { BufferPool, type Ring } from '../base/ring.ts';
import * as calls from '../tcp/calls.ts';
import * as connection from '../tcp/connection.ts';
import {
  Acknowledgment,
  type CongestionController,
  createTcpCounters,
  defaultTcpConfig,
  defaultTcpOptions,
  Endpoint,
  type Ends,
  maySendUs,
  type State,
  status,
  type TcpConfig,
  type TcpEnv,
  type TcpOptions,
} from '../tcp/index.ts';
import type { TraceSink } from '../trace/events.ts';
import { type Address, parseAddress } from '../wire/address.ts';
import { add, diff, ge, lt, type Seq, seq } from '../wire/seq.ts';
import { RST, Segment } from '../wire/tcp.ts';
import { CWND, encodeSide, MOST_WORDS, restoreSide } from './codec.ts';
import { type Ending, Ledger } from './ledger.ts';
import { type Model, NOW, TICK } from './model.ts';
import type { Mutant } from './mutants.ts';
import { type Carried, Emitted, MOST_TEXT, type Stamp } from './segments.ts';
import { type Call, isRefused } from './strangers.ts';

export type SideName = 'A' | 'B';

/** Segments that one step can send. */
const MOST_SENT = 8;

/** The octets between incarnations' initial sequence numbers: more than any window of these worlds. */
const ISN_STEP = 0x100000;

/** A congestion window that stays as it is: what it does is no question of these worlds. */
const still: CongestionController = {
  name: 'still',
  start(cc) {
    cc.cwnd = CWND;
  },
  acknowledged() {},
  congested(cc) {
    cc.ssthresh = CWND;
  },
  timedOut() {},
};

const ADDRESSES: Readonly<Record<SideName, Address>> = {
  A: parseAddress('192.0.2.1')!,
  B: parseAddress('192.0.2.2')!,
};
const PORTS: Readonly<Record<SideName, number>> = { A: 40_000, B: 80 };

/** What a segment that answers another without a connection of its own says of whose it is. */
const causer = { inc: 0, peer: 0 };

export class Side {
  readonly name: SideName;
  readonly model: Model;
  readonly mutant: Mutant;
  readonly endpoint: Endpoint;
  readonly ledger: Ledger = new Ledger();
  now: number = NOW;
  /** What was sent in this step: the first `sentCount` of `sent`, and whose each is. */
  sentCount = 0;
  readonly sent: readonly Emitted[] = Array.from({ length: MOST_SENT }, () => new Emitted());
  /** The stamp of those that have none of their own (resets), or null. */
  readonly sentFor: (Stamp | null)[] = [];
  /** What the application read in this step. */
  readCount = 0;
  readonly read: Uint8Array = new Uint8Array(MOST_TEXT * 2);
  /** A segment is being processed. */
  #arriving = false;
  /** The TCB that the step at hand is about: an endpoint that listens again has another one afterwards. */
  #last: Endpoint['tcb'] | null = null;
  readonly #words: Int32Array = new Int32Array(MOST_WORDS);
  readonly #octet: Uint8Array = new Uint8Array(1);

  constructor(name: SideName, model: Model, mutant: Mutant) {
    this.name = name;
    this.model = model;
    this.mutant = mutant;
    const other = name === 'A' ? 'B' : 'A';
    const ends: Ends = {
      local: ADDRESSES[name],
      localPort: PORTS[name],
      remote: ADDRESSES[other],
      remotePort: PORTS[other],
    };
    const config = { ...engineConfig(model), ...mutant.config?.(this) };
    this.endpoint = new Endpoint(this.#env(config), ends, engineOptions(model), name === 'B' && model.server);
  }

  get state(): Endpoint['state'] {
    return this.endpoint.state;
  }

  set trace(sink: TraceSink | null) {
    this.endpoint.env.trace = sink;
  }

  /** The side as it is when the world begins. */
  start(): void {
    if (this.name === 'B' && this.model.server) this.endpoint.open('passive', this.now);
  }

  // ---- Snapshots ----

  restore(words: Int32Array, now: number): void {
    this.now = now;
    this.beginStep();
    restoreSide(this.endpoint, this.ledger, now, words);
  }

  /** In place of a restore: it is the same as before, and this is the time. */
  goOn(now: number): void {
    this.now = now;
    this.beginStep();
  }

  /** @returns words written, valid until the next call, and their number */
  encode(now: number): { readonly words: Int32Array; readonly length: number } {
    snapshot.words = this.#words;
    snapshot.length = encodeSide(this.endpoint, this.ledger, now, this.#words);
    return snapshot;
  }

  beginStep(): void {
    this.sentCount = 0;
    this.sentFor.length = 0;
    this.readCount = 0;
  }

  // ---- What can happen to a side ----

  /** A segment arrives. Its record is the mutant's to change. */
  arrive(carried: Carried): void {
    const { endpoint, mutant, now, ledger } = this;
    const { segment } = carried;
    const { dataLength } = segment;
    causer.inc = carried.peer;
    causer.peer = carried.inc;
    this.#arriving = true;
    let over = false;
    if (mutant.before === undefined || mutant.before(this, segment)) {
      const waiting = endpoint.record !== null && !endpoint.record.asleep;
      const gap = endpoint.tcb.rcv.held !== null;
      const before = endpoint.tcb.state;
      over = before === 'LAST-ACK' || before === 'CLOSING';
      const { nxt, edge } = endpoint.tcb.rcv;
      if (waiting) endpoint.arrive(segment, now);
      else this.#process(segment, before === 'SYN-SENT');
      this.#follow(carried, before, waiting);
      if (before !== 'ESTABLISHED' && endpoint.tcb.state === 'ESTABLISHED') ledger.ending = 'none';
      if (!waiting && isOpen(before)) this.#noteArrived(carried, dataLength, nxt, edge);
      mutant.answered?.(this, segment, gap, now);
    }
    this.#arriving = false;
    this.#finish();
    if (ledger.ending === 'none') this.#noteEnding();
    // A reset ends these two without an error, because nobody is told; the ledger knows better.
    if (over && segment.flags & RST && ledger.ending === 'clean' && endpoint.state !== 'TIME-WAIT')
      ledger.ending = 'reset';
  }

  /** SEGMENT ARRIVES, the application's immediate answer, the output pass. */
  #process(segment: Segment, opening: boolean): void {
    const { endpoint, now, mutant } = this;
    const { tcb, env } = endpoint;
    connection.arrive(tcb, env, segment, now);
    if (!opening) mutant.arrived?.(this, now);
    if (this.model.closesAtEnd && this.name === 'B' && tcb.state === 'CLOSE-WAIT' && !this.ledger.closed) {
      this.ledger.closed = true;
      calls.close(tcb, env, now);
    }
    connection.flush(tcb, env, now);
    this.#last = tcb;
    endpoint.settle(now);
  }

  /** The ghosts follow what the segment has led to. */
  #follow(carried: Carried, before: State, waiting: boolean): void {
    const { endpoint, ledger } = this;
    const { record } = endpoint;
    if (waiting) {
      if (record?.asleep) {
        ledger.recordInc = ledger.inc;
        ledger.recordPeer = ledger.peer;
        this.#began(carried.inc);
      }
      return;
    }
    const { state } = endpoint.tcb;
    if (before === 'LISTEN' && state !== 'LISTEN' && state !== 'CLOSED') this.#began(carried.inc);
    else if (before === 'SYN-SENT' && state !== 'SYN-SENT' && state !== 'CLOSED') ledger.bind(carried.inc);
    else if (before === 'SYN-RECEIVED' && record !== null && !record.asleep) {
      // The newer SYN was old: the earlier incarnation waits on.
      ledger.inc = ledger.recordInc;
      ledger.peer = ledger.recordPeer;
    }
    if (record === null) {
      ledger.recordInc = 0;
      ledger.recordPeer = 0;
    }
  }

  #began(peer: number): void {
    this.ledger.begin(peer);
    this.ledger.bind(peer);
  }

  /** Which octets of the peer's stream are here now, and whether its end is known. */
  #noteArrived({ segment, inc, peer, total }: Carried, length: number, nxt: Seq, edge: Seq): void {
    const { ledger, endpoint } = this;
    const { rcv, state } = endpoint.tcb;
    if (!ledger.finKnown && (rcv.finHeld || hasTakenFin(endpoint.state)) && state !== 'CLOSED') {
      ledger.finKnown = true;
      ledger.finTotal = total;
    }
    if (inc !== ledger.peer || peer !== ledger.inc) return;
    for (let i = 0; i < length; i++) {
      const at = add(segment.seq, i);
      if (ge(at, nxt) && lt(at, edge)) ledger.arrived |= 1 << (diff(at, rcv.irs) - 1);
    }
  }

  /** The deadlines that have come. */
  fire(): void {
    const { endpoint, now } = this;
    this.#last = endpoint.tcb;
    endpoint.onDeadline(now);
    this.#finish();
    if (this.ledger.ending === 'none') this.#noteEnding();
  }

  open(): void {
    this.ledger.begin(0);
    this.ledger.ending = 'none';
    this.endpoint.open('active', this.now);
    this.#finish();
  }

  /** The application writes its next octet. @returns whether it was taken */
  write(): boolean {
    const { ledger, endpoint, now } = this;
    this.#octet[0] = Ledger.octet(ledger.inc, ledger.written);
    const { accepted } = endpoint.send(this.#octet, false, now);
    ledger.written += accepted;
    this.#finish();
    return accepted === 1;
  }

  /** The application reads one octet. */
  readOne(): void {
    this.#readUpTo(1);
    this.#finish();
  }

  close(): void {
    this.#last = this.endpoint.tcb;
    this.ledger.closed = true;
    this.endpoint.close(this.now);
    this.#finish();
  }

  /** The application goes for good. */
  detach(): void {
    this.#last = this.endpoint.tcb;
    this.ledger.closed = true;
    this.endpoint.detach(this.now);
    this.#finish();
    this.#noteEnding();
  }

  abort(): void {
    this.#last = this.endpoint.tcb;
    this.endpoint.abort(this.now);
    this.#finish();
    this.#noteEnding();
  }

  /** A call that the application makes whenever it likes. */
  call(call: Call): void {
    const { endpoint, ledger, now } = this;
    this.#last = endpoint.tcb;
    switch (call) {
      case 'OPEN passive':
        endpoint.open('passive', now);
        break;
      case 'OPEN active':
        if (!isRefused(this, call)) ledger.begin(0);
        endpoint.open('active', now);
        break;
      case 'SEND': {
        const opens = endpoint.state === 'LISTEN';
        if (opens) ledger.begin(0);
        if (ledger.written < this.model.writes || isRefused(this, call)) this.write();
        break;
      }
      case 'RECEIVE':
        endpoint.receive(this.#octet, now);
        break;
      case 'CLOSE':
        endpoint.close(now);
        ledger.closed = true;
        break;
      case 'ABORT':
        endpoint.abort(now);
        break;
      case 'STATUS':
        status(endpoint.tcb);
    }
    this.#finish();
  }

  /** Everything is lost, and nobody is told. */
  crash(): void {
    this.forget('crashed', this.now);
  }

  /** The connection, or what is left of it, is forgotten without a word. */
  forget(ending: Ending, now: number): void {
    const { endpoint, ledger } = this;
    endpoint.record = null;
    endpoint.renew();
    ledger.ending = ending;
    if (this.name === 'B' && this.model.server) endpoint.open('passive', now);
    else endpoint.listening = false;
  }

  // ---- After every input ----

  #finish(): void {
    const { model, mutant, now } = this;
    const choosesToRead = model.choices.includes(this.name === 'A' ? 'read A' : 'read B');
    if (!choosesToRead) this.#readUpTo(this.read.length);
    mutant.after?.(this, now);
    this.endpoint.tcb.signals = 0;
  }

  #readUpTo(most: number): void {
    const { endpoint, now } = this;
    if (endpoint.tcb.rcv.text.length === 0) return;
    const target = most === this.read.length ? this.read : this.#octet;
    const { count } = endpoint.receive(target, now);
    if (target !== this.read) this.read[0] = target[0]!;
    this.readCount = count;
    this.ledger.delivered += count;
  }

  /** How the connection that has just ended has ended. */
  #noteEnding(): void {
    const { endpoint, ledger } = this;
    const last = this.#last;
    if (endpoint.state === 'TIME-WAIT') ledger.ending = 'clean';
    else if (last !== null && last.state === 'CLOSED' && ledger.inc > 0) {
      ledger.ending = last.failure === null ? 'clean' : last.failure === 'unreachable' ? 'refused' : last.failure;
    }
    this.#last = null;
  }

  #env(config: TcpConfig): TcpEnv {
    return {
      name: this.name,
      config,
      counters: createTcpCounters(),
      buffers: new BufferPool(),
      outbox: {
        segment: (_ends: Ends, segment: Segment, text: Ring | null, at: number) => this.#take(segment, text, at),
      },
      controllers: { still },
      acknowledgment: new Acknowledgment(),
      out: new Segment(),
      boards: [],
      trace: null,
      initialSequence: () => this.#initialSequence(),
      timestampOffset: () => seq(0),
      describe: (c) => ({
        id: c.id,
        local: `${this.name}:${c.localPort}`,
        remote: `${this.name === 'A' ? 'B' : 'A'}:${c.remotePort}`,
      }),
    };
  }

  #take(segment: Segment, text: Ring | null, at: number): void {
    if (this.sentCount === MOST_SENT) throw new RangeError(`more than ${MOST_SENT} segments in one step`);
    this.sent[this.sentCount++]!.take(segment, text, at);
    this.sentFor.push(this.#arriving && segment.flags & RST ? { inc: causer.inc, peer: causer.peer } : null);
  }

  /** A's begins at the model's, B's far from it. The active side counts its incarnation before it opens, the passive after. */
  #initialSequence(): Seq {
    const base = this.model.isn + (this.name === 'A' ? 0 : 0x40000000);
    if (this.model.isns === 'constant' || this.mutant.isns === 'constant') return seq(base);
    const nth = this.ledger.count - (this.endpoint.tcb.state === 'CLOSED' ? 1 : 0);
    return seq(base + nth * ISN_STEP);
  }
}

/** States in which text may come. */
function isOpen(state: State): boolean {
  return state === 'SYN-RECEIVED' || maySendUs(state);
}

/** The peer's FIN has been taken. */
export function hasTakenFin(state: State): boolean {
  return state === 'CLOSE-WAIT' || state === 'CLOSING' || state === 'LAST-ACK' || state === 'TIME-WAIT';
}

const snapshot: { words: Int32Array; length: number } = { words: new Int32Array(0), length: 0 };

/** The settings under which the model's clock and the engine's agree, and nothing is left to chance. */
function engineConfig(model: Model): TcpConfig {
  const rto = model.rto * TICK;
  const patience = model.patience === 0 ? Infinity : model.patience * TICK;
  return {
    ...defaultTcpConfig,
    initialRto: rto,
    minRto: rto,
    maxRto: rto,
    maxPersist: rto,
    delayedAck: TICK,
    msl: model.msl * TICK,
    r1: Infinity,
    r2: patience,
    synR2: patience,
    orphanR2: patience,
    finWait2: 3 * TICK,
    restartAfterIdle: false,
    challengeInterval: TICK / 2,
  };
}

function engineOptions(model: Model): TcpOptions {
  return {
    ...defaultTcpOptions,
    receiveBuffer: model.window,
    receiveBufferMax: model.window,
    sendBuffer: MOST_TEXT,
    sendBufferMax: MOST_TEXT,
    maxSegment: 536,
    noDelay: true,
    keepAlive: model.keepAlive > 0,
    keepAliveIdle: model.keepAlive * TICK,
    keepAliveInterval: TICK,
    keepAliveProbes: 1,
    timestamps: false,
    windowScaling: false,
    sack: false,
    ecn: 'off',
    mtuProbing: 'off',
    congestion: 'still',
  };
}
