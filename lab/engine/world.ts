/**
 * Owns: one run: virtual time, the hosts, their applications, the network between them, and the book of what happens: one input at
 * a time is a step, with its events and what the host looks like afterwards. Leaves to others: judging how it went (`run.ts`).
 */

import { ARRIVAL, type Rank, type Ring, Scheduler, SeededRandom, type Task, TIMER } from 'tsyn/base';
import type { Ends } from 'tsyn/tcp';
import type { TraceEvent } from 'tsyn/trace';
import { Address, FIN, formatAddress, parseAddress, readAddress4, Segment, SYN, sameAddress, seq } from 'tsyn/wire';
import { Application, letterOf } from './application.ts';
import { ADDRESSES, type Connection, Host } from './host.ts';
import { Network, type Travelling } from './network.ts';
import { packetOf, readPacket, viewOf } from './packets.ts';
import type { Forgery, Ports, Preset, Rule } from './preset.ts';
import type { CallName, Edit, HostName, Input, Settings, Step, ViewChange } from './types.ts';
import { hostView } from './views.ts';

/** The server's port, and the first of a client's. */
const SERVICE = 80;
const CLIENT = 40_000;
const MOST_STEPS = 100_000;
const DEFAULT_UNTIL = 900_000;

/** Something at a time. */
class Appointment implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  readonly run: (now: number) => void;

  constructor(run: (now: number) => void) {
    this.run = run;
  }
}

/** A host and who uses it. */
interface Place {
  readonly host: Host;
  readonly application: Application;
  readonly timers: Map<Connection, Appointment>;
  /** Every connection that there was, for what is read of it elsewhere. */
  readonly begun: Connection[];
  /** It has crashed so often. */
  epoch: number;
  opened: number;
}

export class World {
  readonly events: TraceEvent[] = [];
  readonly steps: Step[] = [];
  readonly views: ViewChange[] = [];
  readonly network: Network;
  readonly #preset: Preset;
  readonly #settings: Settings;
  readonly #scheduler: Scheduler = new Scheduler();
  readonly #places: Map<HostName, Place> = new Map();
  readonly #in: Segment = new Segment();
  /** SND.NXT of each direction as the wire has seen it, by addresses and ports; with its SYN's number. */
  readonly #sentUpTo: Map<string, { next: number; readonly syn: number; readonly flags: number }> = new Map();
  #forged = 0;
  readonly #horizon: number;

  constructor(preset: Preset, settings: Settings, input: Input) {
    this.#preset = preset;
    this.#settings = settings;
    const seed = input.seed >>> 0;
    this.network = new Network(settings, seed, preset.edits ?? [], input.edits, {
      now: () => this.#now,
      trace: (event) => void this.events.push(event),
      later: (at, packet, run) => this.#at(at, () => this.#step(null, 'network', packet === 0 ? null : packet, run)),
      arrives: (record) => this.#at(record.arrives, () => this.#arrive(record)),
    });
    for (const name of preset.lanes) if (name !== 'C') this.#place(name, seed);
    for (const rule of preset.script) if (rule.on === 'start') this.#start(rule);
    for (const forgery of preset.forgeries ?? []) this.#at(forgery.at, () => this.#forge(forgery));
    for (const edit of preset.edits ?? []) this.#planEdit(edit, null);
    input.edits.forEach((edit, index) => {
      this.#planEdit(edit, index);
    });
    const times = input.edits.map((edit) => ('until' in edit ? edit.until : 'at' in edit ? edit.at : 0));
    this.#horizon = Math.max(preset.until ?? DEFAULT_UNTIL, ...times.map((time) => time + DEFAULT_UNTIL / 2));
  }

  /** Until nothing is left to happen, or it is late. */
  play(): void {
    const scheduler = this.#scheduler;
    while (scheduler.next() <= this.#horizon && this.steps.length < MOST_STEPS) scheduler.runDue(scheduler.next(), 1);
  }

  get #now(): number {
    return this.#scheduler.now;
  }

  #at(time: number, run: (now: number) => void, rank: Rank = ARRIVAL): Appointment {
    const appointment = new Appointment(run);
    this.#scheduler.schedule(appointment, Math.max(time, this.#now), rank);
    return appointment;
  }

  // ---- The book ----

  /** One input. Where nothing comes of it, there is no step. */
  #step(name: HostName | null, cause: Step['cause'], packet: number | null, run: () => void): void {
    const first = this.events.length;
    run();
    const count = this.events.length - first;
    if (count === 0) return;
    const step = this.steps.push({ time: this.#now, host: name, cause, first, count, packet }) - 1;
    const place = name === null ? undefined : this.#places.get(name);
    if (name !== null && place !== undefined)
      this.views.push({ step, host: name, view: hostView(place.host, place.application) });
  }

  // ---- Hosts ----

  #place(name: 'A' | 'B', seed: number): void {
    const random = new SeededRandom(seed * 4 + (name === 'A' ? 0x10001 : 0x20002));
    const isns = this.#preset.isns?.[name] ?? [];
    const host = new Host(name, this.#settings, random, isns, {
      now: () => this.#now,
      trace: (event) => this.#hear(host, event),
      outbox: { segment: (ends, segment, text, at) => this.#send(name, ends, segment, text, at) },
      news: (connection, signals) => application.news(connection, signals),
      rearm: (connection) => this.#rearm(place, connection),
      begun: (connection) => void place.begun.push(connection),
    });
    const rules = this.#preset.script.filter((rule) => rule.host === name);
    const application: Application = new Application(host, rules, this.#preset.readers?.[name], {
      now: () => this.#now,
      later: (connection, after, run) => this.#later(host, connection, after, run),
      follow: (rule, connection) => this.#follow(place, rule, connection),
      letterOfPeer: (connection) => this.#letterOfPeer(name, connection),
    });
    const place: Place = { host, application, timers: new Map(), begun: [], epoch: 0, opened: 0 };
    this.#places.set(name, place);
  }

  #hear(host: Host, event: TraceEvent): void {
    if (event.type === 'timer-set') {
      for (const connection of host.connections) {
        if (connection.tcb.id === event.connection.id) connection.since.set(event.timer, event.time);
      }
    }
    this.events.push(event);
  }

  #rearm(place: Place, connection: Connection): void {
    const { host, timers } = place;
    const due = connection.live ? connection.due : Infinity;
    let timer = timers.get(connection);
    if (timer === undefined) {
      if (due === Infinity) return;
      timer = new Appointment(() => {
        this.#step(host.name, 'timer', null, () => host.expire(connection));
        this.#rearm(place, connection);
      });
      timers.set(connection, timer);
    }
    if (due !== timer.at) this.#scheduler.schedule(timer, due, TIMER);
    if (!connection.live) timers.delete(connection);
  }

  #letterOfPeer(name: HostName, { tcb }: Connection): number {
    const other: HostName = name === 'A' ? 'B' : 'A';
    const begun = this.#places.get(other)?.begun ?? [];
    const peer = begun.findLast((connection) => {
      const theirs = connection.tcb;
      return (
        theirs.localPort === tcb.remotePort && theirs.remotePort === tcb.localPort && theirs.snd.iss === tcb.rcv.irs
      );
    });
    return peer === undefined ? 0 : letterOf(other, peer.nth);
  }

  // ---- What applications do ----

  #start(rule: Rule): void {
    const place = this.#places.get(rule.host)!;
    this.#at(rule.after ?? 0, () => this.#call(place, rule.call, null, rule.octets, rule.ports));
  }

  /** A rule of a connection whose time has come: within the step at hand, or later. */
  #follow(place: Place, rule: Rule, connection: Connection): void {
    const { call, octets, ports } = rule;
    const own = call === 'open' || call === 'listen' ? null : connection;
    if (rule.after !== undefined || own === null) {
      const { epoch } = place;
      this.#at(this.#now + (rule.after ?? 0), () => {
        if (place.epoch === epoch) this.#call(place, call, own, octets, ports);
      });
    } else this.#ask(place, call, connection, octets);
  }

  #later(host: Host, connection: Connection, after: number, run: () => void): void {
    this.#at(this.#now + after, () => {
      if (!connection.live) return;
      this.#step(host.name, 'call', null, () => {
        run();
        host.serve(connection);
      });
    });
  }

  /** A call as a step of its own. Without a connection it is about the newest. */
  #call(place: Place, call: CallName, connection: Connection | null, octets?: number, ports?: Ports): void {
    const { host } = place;
    this.#step(host.name, 'call', null, () => {
      if (call === 'listen') {
        if (!host.listen(ports?.local ?? SERVICE)) this.#refuse(host, call, 'connection already exists');
      } else if (call === 'open') this.#open(place, ports);
      else {
        const about = connection ?? host.newest;
        if (about === null) this.#refuse(host, call, 'connection does not exist');
        else {
          this.#ask(place, call, about, octets);
          host.serve(about);
        }
      }
    });
  }

  #ask({ application }: Place, call: CallName, connection: Connection, octets?: number): void {
    if (call === 'send') application.send(connection, octets ?? 1);
    else if (call === 'receive') application.receive(connection, octets);
    else if (call === 'close') application.close(connection);
    else application.abort(connection);
  }

  #open(place: Place, ports?: Ports): void {
    const { host } = place;
    const client = host.name === 'A';
    const local = ports?.local ?? (client ? CLIENT + place.opened++ : SERVICE);
    const remote = ports?.remote ?? (client ? SERVICE : CLIENT);
    const ends: Ends = {
      local: ADDRESSES[host.name],
      localPort: local,
      remote: ADDRESSES[client ? 'B' : 'A'],
      remotePort: remote,
    };
    if (!host.isFree(ends)) this.#refuse(host, 'open', 'connection already exists');
    else host.serve(host.open(ends));
  }

  /** A call about nothing, or what there is already. */
  #refuse(host: Host, call: CallName, result: string): void {
    const ref = { id: 0, local: formatAddress(ADDRESSES[host.name]), remote: '*' };
    const name = call === 'listen' ? 'OPEN' : (call.toUpperCase() as 'OPEN' | 'SEND' | 'RECEIVE' | 'CLOSE' | 'ABORT');
    this.events.push({ type: 'call', time: this.#now, host: host.name, connection: ref, call: name, result });
  }

  // ---- Edits ----

  #planEdit(edit: Edit, index: number | null): void {
    if (edit.op !== 'crash' && edit.op !== 'call') return;
    const act = (): void => {
      const place = this.#places.get(edit.host);
      if (place === undefined) return;
      if (index !== null) this.network.used.add(index);
      if (edit.op === 'crash') this.#crash(place);
      else this.#call(place, edit.call, null, edit.octets);
    };
    // After all that happens at that time without it: whoever asks for it has seen that.
    this.#at(edit.at, (now) => this.#at(now, act, TIMER), TIMER);
  }

  /** It forgets everything and is up again at once; what it offered, it offers again. */
  #crash(place: Place): void {
    const { host, application } = place;
    this.#step(host.name, 'note', null, () => {
      this.events.push({ type: 'note', time: this.#now, host: host.name, text: `${host.name} crashes` });
      place.epoch++;
      place.opened = 0;
      application.crash();
      host.crash();
      const listens = this.#preset.script.find((rule) => rule.host === host.name && rule.call === 'listen');
      if (listens !== undefined) host.listen(listens.ports?.local ?? SERVICE);
    });
  }

  // ---- Packets ----

  #send(from: HostName, ends: Ends, segment: Segment, text: Ring | null, at: number): void {
    segment.srcPort = ends.localPort;
    segment.dstPort = ends.remotePort;
    const nth = this.network.nextOf(from);
    const octets = packetOf(ends, segment, text, at, nth);
    this.#depart(from, from, ends, segment, octets, false);
  }

  #depart(from: HostName, claims: HostName, ends: Ends, segment: Segment, octets: Uint8Array, injected: boolean): void {
    const to = ownerOf(ends.remote);
    const view = viewOf(segment);
    const retransmission = !injected && this.#sentBefore(ends, view.seq, view.flags, view.length);
    this.network.send({ from, to, claims, segment: view, retransmission, octets, injected }, ({ packet }) => {
      const src = formatAddress(ends.local);
      const dst = formatAddress(ends.remote);
      const time = this.#now;
      this.events.push({ type: 'segment-sent', time, host: from, packet, src, dst, segment: view, retransmission });
    });
  }

  /** Whether some of its sequence numbers were sent before. Another SYN begins anew. */
  #sentBefore(ends: Ends, start: number, flags: number, length: number): boolean {
    const span = length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    if (span === 0) return false;
    const key = `${ends.local.w3} ${ends.localPort} ${ends.remote.w3} ${ends.remotePort}`;
    const next = (start + span) >>> 0;
    const before = this.#sentUpTo.get(key);
    // A SYN that has an ACK now answers the other side's.
    const fresh = before === undefined || ((flags & SYN) !== 0 && (before.syn !== start || before.flags !== flags));
    if (fresh) this.#sentUpTo.set(key, { next, syn: start, flags });
    else if (((start - before.next) | 0) < 0) return true;
    else before.next = next;
    return false;
  }

  #arrive(record: Travelling): void {
    const { to, packet, copyOf, injected } = record;
    // A duplicate goes by its original's name, as a copy does in the package's own traces; what was injected by its own.
    const shown = injected ? packet : (copyOf ?? packet);
    this.#step(to, 'arrival', packet, () => {
      const time = this.#now;
      const host = this.#places.get(to)?.host;
      if (host === undefined) {
        record.fate = 'delivered';
        this.events.push({ type: 'packet-dropped', time, host: to, packet: shown, reason: 'nobody-there' });
        return;
      }
      if (!readPacket(record.octets, this.#in)) {
        record.fate = 'corrupted';
        this.events.push({ type: 'packet-dropped', time, host: to, packet: shown, reason: 'tcp-checksum' });
        return;
      }
      record.fate = 'delivered';
      const segment = this.#in;
      const src = addressAt(record.octets, 12);
      this.events.push({
        type: 'segment-received',
        time,
        host: to,
        packet: shown,
        src: formatAddress(src),
        dst: formatAddress(addressAt(record.octets, 16)),
        segment: viewOf(segment),
      });
      host.arrive(segment, src);
    });
  }

  #forge(forgery: Forgery): void {
    this.#step('C', 'call', null, () => {
      const { claims, to, ports, flags, octets = 0, older } = forgery;
      const segment = new Segment();
      const tcb = this.#places.get(to)?.host.newest?.tcb;
      const from = forgery.relative && tcb !== undefined ? tcb : null;
      segment.flags = flags;
      segment.seq = seq((from?.rcv.nxt ?? 0) + forgery.seq);
      segment.ack = forgery.ack === undefined ? seq(0) : seq((from?.snd.nxt ?? 0) + forgery.ack);
      segment.window = 65_535;
      segment.srcPort = ports.local;
      segment.dstPort = ports.remote;
      if (older !== undefined && from?.ts.on) {
        segment.timestamps = true;
        segment.tsVal = seq(from.ts.recent - older);
        segment.tsEcr = seq(0);
      }
      segment.data = new Uint8Array(octets).fill(letterOf('C', 1));
      segment.dataLength = octets;
      const local = claims === 'C' ? strangerOf(++this.#forged) : ADDRESSES[claims];
      const ends: Ends = { local, localPort: ports.local, remote: ADDRESSES[to], remotePort: ports.remote };
      this.#depart('C', claims, ends, segment, packetOf(ends, segment, null, 0, this.network.nextOf('C')), true);
    });
  }
}

/** Whose lane an address is in: that of strangers is C. */
function ownerOf(address: Address): HostName {
  if (sameAddress(address, ADDRESSES.A)) return 'A';
  return sameAddress(address, ADDRESSES.B) ? 'B' : 'C';
}

/** An address of nobody's. */
function strangerOf(nth: number): Address {
  return parseAddress(`198.51.100.${nth % 256}`)!;
}

function addressAt(octets: Uint8Array, at: number): Address {
  const address = new Address();
  readAddress4(octets, at, address);
  return address;
}
