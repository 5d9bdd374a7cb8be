/**
 * Owns: a trace of the search played once more with its endpoints watched: what happened as events of `trace/events.ts`, of which
 * ladders, captures and scripts are made, and every packet in octets. And the same schedule given to the TCP that ships, to
 * see what it makes of it. Leaves to others: pictures and files.
 */

import type { ConnectionRef, SegmentEvent, StateName, TraceEvent } from '../trace/events.ts';
import { formatAddress, formatEndpoint } from '../wire/address.ts';
import type { Segment } from '../wire/tcp.ts';
import { Interner } from './interner.ts';
import { type Model, NOW, TICK } from './model.ts';
import type { MutantName } from './mutants.ts';
import { octetsOf, segmentOf, viewOf } from './packets.ts';
import { isAboutSegment, kindOf, type Step, type StepRecord } from './rows.ts';
import { Carried, internSegment } from './segments.ts';
import type { Side } from './side.ts';
import { ModelError, World } from './world.ts';

export interface ReplayOptions {
  /** What was switched off when the trace was found. */
  readonly mutant?: MutantName | null;
  /** Words for what no segment shows; by default English. */
  readonly words?: ReplayWords;
}

export interface ReplayWords {
  /** A host loses everything. */
  crashes(host: string): string;
  /** A host gives up a connection, or what is left of it, that it should have kept. */
  forgets(host: string): string;
  /** ICMP reports an error to a host. */
  reports(host: string): string;
}

/** A packet as it leaves a host or arrives there. */
export interface ReplayedPacket {
  readonly host: string;
  readonly direction: 'inbound' | 'outbound';
  /** ms from the beginning. */
  readonly time: number;
  /** Its name in the events. */
  readonly packet: number;
  /** An IPv4 packet, with right checksums. */
  readonly octets: Uint8Array;
}

export interface Replay {
  /** The names of A and B in the events. */
  readonly hosts: readonly [string, string];
  /** Times in ms from the beginning; a tick is {@link TICK}. */
  readonly events: readonly TraceEvent[];
  readonly packets: readonly ReplayedPacket[];
}

const ENGLISH: ReplayWords = {
  crashes: (host) => `${host} crashes: everything it knew is lost`,
  forgets: (host) => `${host} forgets the connection`,
  reports: (host) => `ICMP reports an error to ${host}`,
};

const NETWORK = 'network';

/** A segment under way, or a copy of it. */
interface Flight {
  readonly packet: number;
  /** Its words, joined: what tells it from others. */
  readonly key: string;
  readonly sentTick: number;
  copy: boolean;
}

/**
 * Plays a trace that a search has found.
 *
 * @param model the one searched, at the level searched
 * @throws ModelError, Error the trace belongs to another model or mutant
 *
 * @example
 * const { trace } = search(model, { mutant: 'two-way', safety: ['H1-weak'] });
 * renderLadder(replay(model, trace, { mutant: 'two-way' }).events, { left: 'client', right: 'server' });
 */
export function replay(model: Model, trace: readonly StepRecord[], options: ReplayOptions = {}): Replay {
  const player = new Player(model, options, trace.filter(({ kind }) => kind === 'open A').length > 1);
  for (const record of trace) player.take(record);
  return player;
}

/**
 * What the TCP that ships does under the schedule of a trace: every step of it that can be taken, and then, where `calm`, what is
 * left to come of it: segments under way arrive, the oldest first, and timers fire, until nothing is due.
 *
 * @param trace of any mutant
 * @returns the steps, for {@link replay} without a mutant
 */
export function rehearse(model: Model, trace: readonly StepRecord[], calm = true): readonly StepRecord[] {
  const course = new Course(model);
  for (const record of trace) {
    const step = course.stepFor(record);
    if (step !== null) course.take(step);
  }
  for (let left = MOST_CALM; calm && left > 0; left--) {
    const step = course.calmStep();
    if (step === null) break;
    course.take(step);
  }
  return course.records;
}

/** Steps after which a connection that is left alone has come to rest. */
const MOST_CALM = 64;

/** A way through a world, step by step. */
class Course {
  readonly world: World;
  readonly records: StepRecord[] = [];
  #row: Int32Array;

  constructor(model: Model) {
    this.world = new World(model);
    const { row, length } = this.world.start();
    this.#row = row.slice(0, length);
  }

  /** The step of a record, if it can be taken here. */
  stepFor({ kind, segment, copy }: StepRecord): Step | null {
    const wanted = segment?.join();
    const found = this.#steps().find((step) => {
      if (kindOf(step) !== kind) return false;
      const here = this.world.describe(this.#row, step);
      return wanted === undefined || (here.segment?.join() === wanted && here.copy === copy);
    });
    return found ?? null;
  }

  /** What happens next if nobody interferes, or null when nothing is due. */
  calmStep(): Step | null {
    const steps = this.#steps();
    let oldest: Step | null = null;
    let age = -1;
    for (const step of steps) {
      if (kindOf(step) !== 'deliver') continue;
      const record = this.world.describe(this.#row, step);
      if (record.copy || record.age! <= age) continue;
      oldest = step;
      age = record.age!;
    }
    if (oldest !== null) return oldest;
    const { a, b } = this.world;
    const pending = Math.min(a.endpoint.nextDeadline(), b.endpoint.nextDeadline()) < Infinity;
    const timely = steps.find((step) => ['fire A', 'fire B', 'tick'].includes(kindOf(step)));
    return pending ? (timely ?? null) : null;
  }

  take(step: Step): void {
    this.records.push(this.world.describe(this.#row, step));
    const outcome = this.world.take(this.#row, this.#row.length, step);
    if (outcome === null) {
      this.records.pop();
      throw new ModelError(`${this.world.model.name}: the schedule leads beyond the bounds of the model`);
    }
    this.#row = outcome.row.slice(0, outcome.length);
  }

  #steps(): readonly Step[] {
    return stepsFrom(this.world, this.#row);
  }
}

function stepsFrom(world: World, row: Int32Array): readonly Step[] {
  const room = new Int32Array(256);
  return [...room.subarray(0, world.steps(row, row.length, room))];
}

class Player implements Replay {
  readonly hosts: readonly [string, string];
  readonly events: TraceEvent[] = [];
  readonly packets: ReplayedPacket[] = [];
  readonly #model: Model;
  readonly #world: World;
  readonly #words: ReplayWords;
  readonly #several: boolean;
  /** Segments of the trace, for those that are not this world's yet. */
  readonly #table: Interner = new Interner();
  readonly #flights: Flight[] = [];
  readonly #shown: [StateName, StateName];
  /** What the step at hand has sent so far: where its events are. */
  readonly #sent: number[] = [];
  #row: Int32Array;
  #tick = 0;
  #lastPacket = 0;
  #crash = false;
  /** The step at hand is a stranger's. */
  #intruded = false;
  #segment: Carried | null = null;

  /** @param several the client opens more than once, so that segments have to say which time they belong to */
  constructor(model: Model, { mutant = null, words = ENGLISH }: ReplayOptions, several: boolean) {
    this.#several = several;
    this.#model = model;
    this.#words = words;
    this.hosts = model.server ? ['client', 'server'] : ['peer A', 'peer B'];
    this.#world = new World(model, mutant);
    const { row, length } = this.#world.start();
    this.#row = row.slice(0, length);
    const { a, b } = this.#world;
    this.#shown = [a.state, b.state];
    a.trace = (event) => this.#hear(a, event);
    b.trace = (event) => this.#hear(b, event);
    this.#world.observer = {
      arrival: (side, segment) => {
        if (this.#intruded) this.#inject(side, segment);
      },
      timers() {},
      call() {},
      report: (side) => {
        const host = this.#hostOf(side);
        this.events.push({ type: 'note', time: this.#time, host, text: this.#words.reports(host) });
      },
    };
  }

  get #time(): number {
    return this.#tick * TICK;
  }

  take(record: StepRecord): void {
    const { kind, segment } = record;
    const step = this.#world.find(this.#row, this.#row.length, record);
    if (!stepsFrom(this.#world, this.#row).includes(step)) {
      const where = `${this.#model.name}: '${kind}' cannot be taken here`;
      throw new ModelError(`${where}: the trace belongs to another model`);
    }
    this.#sent.length = 0;
    this.#intruded = kind === 'intrude A' || kind === 'intrude B';
    this.#crash = kind === 'crash A' || kind === 'crash B';
    if (segment !== undefined && isAboutSegment(kind)) this.#meet(record, segment);
    else if (kind === 'tick' || kind === 'fire A' || kind === 'fire B') this.#expire();
    const side = this.#sideOf(record);
    const outcome = this.#world.take(this.#row, this.#row.length, step);
    if (outcome === null) throw new ModelError(`${this.#model.name}: the trace leads beyond the bounds of the model`);
    this.#row = outcome.row.slice(0, outcome.length);
    if (side !== null) this.#after(side);
    if (kind === 'tick') this.#tick++;
  }

  /** Which side acts; the other has sent nothing new. */
  #sideOf({ kind }: StepRecord): Side | null {
    const { a, b } = this.#world;
    if (kind === 'tick' || kind === 'lose') return null;
    if (this.#segment !== null && isAboutSegment(kind)) return this.#segment.fromB ? a : b;
    return kind.endsWith('A') ? a : b;
  }

  #hostOf(side: Side): string {
    return this.hosts[side === this.#world.a ? 0 : 1];
  }

  // ---- What the network does ----

  /** A segment arrives, is kept, or is lost. */
  #meet(record: StepRecord, words: readonly number[]): void {
    const flight = this.#flightOf(record, words);
    const number = this.#table.add(Int32Array.from(words), words.length);
    const carried = new Carried().read(this.#table, number);
    this.#segment = carried;
    const { packet } = flight;
    if (record.kind === 'lose') {
      this.#link('packet-lost', packet);
      this.#drop(flight);
      return;
    }
    if (record.kind === 'deliver and keep') {
      if (!flight.copy) this.#link('packet-duplicated', packet);
      flight.copy = true;
    } else this.#drop(flight);
    const { a, b } = this.#world;
    const [from, to] = carried.fromB ? [b, a] : [a, b];
    const whose = this.#incarnation(carried.fromB ? carried.peer : carried.inc);
    this.#packet('segment-received', from, to, packet, carried.segment, whose);
  }

  /** A segment that no side has sent. */
  #inject(side: Side, segment: Segment): void {
    const { a, b } = this.#world;
    const packet = ++this.#lastPacket;
    this.events.push({ type: 'packet-injected', time: this.#time, host: NETWORK, packet });
    this.#packet('segment-received', side === a ? b : a, side, packet, segment);
  }

  #flightOf({ kind, age, copy }: StepRecord, words: readonly number[]): Flight {
    const key = words.join();
    const sentTick = this.#tick - (age ?? 0);
    const found = this.#flights.find(
      (flight) => flight.key === key && flight.sentTick === sentTick && flight.copy === (copy ?? false),
    );
    if (found === undefined) throw new ModelError(`${this.#model.name}: no segment under way for '${kind}'`);
    return found;
  }

  #drop(flight: Flight): void {
    this.#flights.splice(this.#flights.indexOf(flight), 1);
  }

  /** What is as old as MSL when time goes on is lost; of what has arrived once nothing is missing. */
  #expire(): void {
    for (const flight of [...this.#flights]) {
      if (this.#tick - flight.sentTick < this.#model.msl) continue;
      if (!flight.copy) this.#link('packet-lost', flight.packet);
      this.#drop(flight);
    }
  }

  #link(type: 'packet-lost' | 'packet-duplicated', packet: number): void {
    this.events.push({ type, time: this.#time, host: NETWORK, packet });
  }

  // ---- What the endpoints do ----

  /** An event of the engine, with what was sent before it. */
  #hear(side: Side, event: TraceEvent): void {
    this.#noteSent(side);
    const time = event.time - NOW + this.#time;
    const host = this.#hostOf(side);
    const named = 'connection' in event ? { connection: this.#named(side, event.connection.id) } : {};
    const reopens = side.endpoint.record !== null;
    // The listener's part in it: to the pair of sockets it is one step from TIME-WAIT to SYN-RECEIVED.
    if (
      reopens &&
      ((event.type === 'state' && event.to === 'LISTEN') || (event.type === 'call' && event.call === 'OPEN'))
    )
      return;
    const at = side === this.#world.a ? 0 : 1;
    if (event.type === 'state') {
      if (!reopens) this.#bridge(side, event.from);
      event = { ...event, from: this.#shown[at] };
      this.#shown[at] = event.to;
    }
    const due = event.type === 'timer-set' && event.due !== undefined ? { due: event.due - NOW + this.#time } : {};
    this.events.push({ ...event, ...named, ...due, time, host } as TraceEvent);
  }

  #after(side: Side): void {
    this.#noteSent(side);
    this.#bridge(side, side.state);
    // Whose each new segment is, and by which words the network knows it, is certain only now.
    const { sent, sentFor, ledger } = side;
    const { segments, b } = this.#world;
    const words = new Int32Array(16);
    this.#sent.forEach((at, i) => {
      const stamp = sentFor[i] ?? ledger;
      const number = internSegment(segments, sent[i]!, side === b, stamp, ledger.written);
      const key = words.subarray(0, segments.get(number, words)).join();
      const event = this.events[at] as SegmentEvent;
      this.#flights.push({ packet: event.packet, key, sentTick: this.#tick, copy: false });
      this.events[at] = { ...event, ...this.#incarnation(side === b ? stamp.peer : stamp.inc) };
    });
  }

  /** The client's, which names the connection. */
  #incarnation(number: number): { readonly incarnation?: number } {
    return this.#several && number > 0 ? { incarnation: number } : {};
  }

  /** A state that no event has led to: something was forgotten. */
  #bridge(side: Side, state: StateName): void {
    const at = side === this.#world.a ? 0 : 1;
    const from = this.#shown[at];
    if (from === state) return;
    const time = this.#time;
    const host = this.hosts[at];
    const text = this.#crash ? this.#words.crashes(host) : this.#words.forgets(host);
    this.events.push({ type: 'note', time, host, text });
    this.events.push({
      type: 'state',
      time,
      host,
      connection: this.#named(side, side.endpoint.tcb.id),
      from,
      to: state,
    });
    this.#shown[at] = state;
  }

  #noteSent(side: Side): void {
    const { a, b } = this.#world;
    const other = side === a ? b : a;
    while (this.#sent.length < side.sentCount) {
      const segment = segmentOf(side.sent[this.#sent.length]!);
      this.#sent.push(this.events.length);
      this.#packet('segment-sent', side, other, ++this.#lastPacket, segment);
    }
  }

  #named({ endpoint }: Side, id: number): ConnectionRef {
    const { local, localPort, remote, remotePort } = endpoint.ends;
    return { id, local: formatEndpoint(local, localPort), remote: formatEndpoint(remote, remotePort) };
  }

  /** A segment between two sides, as an event at one of them and in octets. */
  #packet(
    type: 'segment-sent' | 'segment-received',
    from: Side,
    to: Side,
    packet: number,
    segment: Segment,
    whose: { readonly incarnation?: number } = {},
  ): void {
    const time = this.#time;
    const { local, localPort, remote, remotePort } = from.endpoint.ends;
    segment.srcPort = localPort;
    segment.dstPort = remotePort;
    const host = this.#hostOf(type === 'segment-sent' ? from : to);
    const src = formatAddress(local);
    const dst = formatAddress(remote);
    this.events.push({ type, time, host, packet, src, dst, segment: viewOf(segment), ...whose });
    const direction = type === 'segment-sent' ? 'outbound' : 'inbound';
    this.packets.push({ host, direction, time, packet, octets: octetsOf(segment, from, packet) });
  }
}
