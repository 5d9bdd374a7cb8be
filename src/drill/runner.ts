/**
 * Owns: playing a script. One event after another: time is brought forward to each, the host's timers on the way; what the script
 * injects is injected, what it expects is compared. Nothing waits: a script of an hour takes as long as what happens in it.
 */

import { TcpSocket } from '../stack/tcp-socket.ts';
import { aggregate, type SegmentPacket, whyNotPart } from './aggregate.ts';
import { integer } from './arguments.ts';
import { Application, type SocketUse } from './calls.ts';
import { compareIp, compareTcp, type Strictness } from './compare.ts';
import type { Call, Outcome } from './descriptor.ts';
import { DrillMismatch, DrillSkip } from './errors.ts';
import { Flow } from './flow.ts';
import { formatPacket } from './format.ts';
import type { Host } from './host.ts';
import type { HostMaker } from './host-maker.ts';
import { icmpNumbers } from './icmp-names.ts';
import { buildIcmp, buildSegment, type Ends, ends } from './inbound.ts';
import { tcpInfoFields } from './info.ts';
import type { LivePacket } from './live.ts';
import { formatLive } from './live-text.ts';
import type { RunOptions, RunSettings } from './run-settings.ts';
import type {
  CallAction,
  EventTime,
  IcmpSpec,
  PacketAction,
  Script,
  ScriptEvent,
  ShellAction,
  TcpSpec,
} from './script.ts';
import { fastOpenSettings } from './settings.ts';
import { errnoNumber, errnoText } from './symbols.ts';
import type { TcpDescriptor } from './tcp-descriptor.ts';

/** A difference between what the script says and what happened. */
export interface Failure {
  readonly line: number;
  /** What differs, in a sentence. */
  readonly reason: string;
  /** In the script's grammar, where it is about a packet or a call. */
  readonly expected: string | null;
  readonly actual: string | null;
  /** Virtual time, seconds. */
  readonly time: number;
}

/** A look at a connection, and the assertions to make of it once the script is over. */
export interface Snapshot {
  readonly line: number;
  readonly text: string;
  readonly time: number;
  readonly fields: Readonly<Record<string, number>>;
}

/** Events counted in steps without any end are a host that never comes to rest. */
const MOST_STEPS = 2_000_000;
/** How long a packet is waited for beyond its time, ms. */
const PATIENCE = 2000;
/** How long a blocking call may take beyond the next one's time, ms. */
const GRACE = 1000;
/** Packets of peers that come later come from higher ports. */
const FIRST_REMOTE_PORT = 40_000;

interface Pending {
  readonly action: CallAction;
  readonly call: Call;
  /** When it must return, µs, and by how much it may be off. */
  readonly end: number;
  readonly tolerance: number;
  /** When it wants to be asked again at the latest, ms. */
  wake: number;
}

export class Runner {
  readonly script: Script;
  readonly settings: RunSettings;
  readonly failures: Failure[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly #options: RunOptions;
  readonly #maker: HostMaker;
  readonly #ends: Ends;
  #host: Host | null = null;
  #app: Application | null = null;
  /** The connection under test, and its socket. */
  #flow: Flow | null = null;
  #socket: TcpDescriptor | null = null;
  /** The next peer's port. */
  #remotePorts: number = FIRST_REMOTE_PORT;
  #pending: Pending | null = null;
  #steps = 0;
  /** The event before: when it was to be, µs; its time is what following inbound packets count from. */
  #previous: { time: number; inbound: boolean } | null = null;
  /** The next event's place in the script. */
  #cursor = 0;
  /** The host deals with what was injected. */
  #dealing = false;

  constructor(script: Script, settings: RunSettings, options: RunOptions, maker: HostMaker) {
    this.script = script;
    this.settings = settings;
    this.#options = options;
    this.#maker = maker;
    this.#ends = ends(settings.remoteAddress, settings.localAddress);
  }

  /** Virtual time, ms. */
  get now(): number {
    return this.#host?.now ?? 0;
  }

  /** Plays the events. Differences are in `failures`. @throws DrillSkip what is not to be had here */
  play(): void {
    const { init, events, cleanup } = this.script;
    if (init !== null) this.#attempt(init.at.line, () => this.#shell(init));
    while (this.#cursor < events.length && !this.#ended) {
      const event = events[this.#cursor++]!;
      this.#attempt(event.at.line, () => this.#play(event));
    }
    const pending = this.#pending;
    if (pending !== null && !this.#ended) {
      this.#attempt(pending.action.at.line, () => this.#finish(pending, pending.end / 1000 + GRACE));
    }
    if (cleanup !== null) this.#attempt(cleanup.at.line, () => this.#shell(cleanup));
    this.#host?.close();
  }

  /** A difference ends the script, unless all of them are asked for. */
  get #ended(): boolean {
    return this.failures.length > 0 && this.#options.keepGoing !== true;
  }

  /** A difference goes to `failures`, as one of this line. */
  #attempt(line: number, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof DrillMismatch)) throw error;
      const { message: reason, expected, actual } = error;
      this.failures.push({ line, reason, expected, actual, time: this.now / 1000 });
    }
  }

  #play(event: ScriptEvent): void {
    const { action } = event;
    const inbound = action.kind === 'packet' && action.direction === 'inbound';
    const base = inbound && this.#previous?.inbound === true ? this.#previous.time : this.now * 1000;
    const time = absolute(event.time, base);
    const tolerance = this.#tolerance(time.start - (this.#previous?.time ?? 0));
    this.#previous = { time: time.start, inbound };
    if (action.kind === 'packet' && !inbound) {
      this.#expect(action, time, tolerance);
      return;
    }
    this.#advance(time.start / 1000);
    checkTime(this.now * 1000, time.start, time.start, tolerance); // what was expected before may have come too late for it
    this.#dealing = inbound;
    switch (action.kind) {
      case 'packet':
        this.#inject(action);
        break;
      case 'call':
        this.#call(event, action, time);
        break;
      case 'shell':
        this.#shell(action);
        break;
      case 'code':
        this.#look(action.at.line, action.text);
        break;
    }
    this.#settle();
    this.#dealing = false;
  }

  /**
   * The stack has something to tell of a packet: where calls are made as handlers make them, those that follow it at once are made
   * now, before the host answers.
   */
  #tell(): void {
    if (!this.#maker.handlers || !this.#dealing || this.#pending !== null) return;
    const now = this.now * 1000;
    for (;;) {
      const event = this.script.events[this.#cursor];
      if (event?.action.kind !== 'call' || event.time.kind === 'blocking' || this.#ended) return;
      const { action } = event;
      const time = absolute(event.time, now);
      if (Math.abs(time.start - now) > 0.5) return;
      this.#cursor++;
      this.#attempt(action.at.line, () => this.#call(event, action, time));
    }
  }

  /** µs by which something may be off that comes `since` µs after the event before. */
  #tolerance(since: number): number {
    return Math.max(this.settings.toleranceUsecs, Math.trunc((this.settings.tolerancePercent / 100) * since));
  }

  // ---- Time ----

  /** Brings time forward to just before what is due at `time` (ms). */
  #advance(time: number): void {
    const host = this.#ready();
    while (host.scheduler.next() < time || (this.#pending !== null && this.#pending.wake < time)) this.#step(time);
    if (time > host.now) host.scheduler.now = time;
  }

  /** What is due now happens, and whoever waits for it goes on. */
  #settle(): void {
    const host = this.#host;
    if (host === null) return;
    host.settle();
    this.#wake();
  }

  /** The next thing happens, if it does until `limit` (ms). */
  #step(limit: number): boolean {
    const host = this.#ready();
    if (++this.#steps > MOST_STEPS) throw new DrillMismatch(`the host does not come to rest: ${MOST_STEPS} steps`);
    const wake = this.#pending?.wake ?? Infinity;
    const happened = host.step(Math.min(limit, wake));
    this.#wake();
    return happened || (wake <= limit && wake !== Infinity);
  }

  /** The call that blocks, if one does, looks again. */
  #wake(): void {
    this.#app?.look();
    const pending = this.#pending;
    if (pending === null) return;
    this.#pending = null;
    this.#attempt(pending.action.at.line, () => {
      const step = pending.call.next();
      if (step.done) this.#returned(pending, step.value);
      else this.#pending = Object.assign(pending, { wake: step.value });
    });
    if (this.#pending === null) this.#settle();
  }

  #ready(): Host {
    if (this.#host === null) {
      const host = this.#maker.host();
      this.#host = host;
      const { localAddress, remoteAddress, bindPort, connectPort } = this.settings;
      const environment = {
        stack: host.stack,
        ip: this.settings.ip,
        now: () => host.now,
        tolerance: this.settings.toleranceUsecs,
        localAddress,
        remoteAddress,
        bindPort,
        connectPort,
        fastOpen: () => fastOpenSettings(this.#maker.sysctls),
        onNews: () => this.#tell(),
      };
      this.#app = new Application(environment);
      host.device.onSent = (packet) => this.#app!.left(packet);
      this.#app.onSocket = (socket, what) => this.#used(socket, what);
    }
    return this.#host;
  }

  // ---- System calls ----

  #used(socket: TcpDescriptor, what: SocketUse): void {
    const { bindPort, connectPort } = this.settings;
    if (what === 'socket') {
      this.#socket = socket;
      this.#flow = new Flow('new', 0, 0);
    } else if (what === 'accept') {
      if (this.#flow?.remotePort === socket.socket?.remotePort) this.#socket = socket;
    } else if (socket !== this.#socket) {
      // Only one socket is under test: the last one made.
    } else if (what === 'listen') {
      this.#flow = new Flow('listening', bindPort, 0);
    } else this.#flow = new Flow('connecting', 0, connectPort);
  }

  #call(event: ScriptEvent, action: CallAction, time: { start: number; end: number }): void {
    const app = this.#app!;
    if (this.#pending !== null) this.#finish(this.#pending, this.now + GRACE);
    const call = app.begin(action);
    const step = call.next();
    if (event.time.kind !== 'blocking') {
      if (!step.done) throw new DrillMismatch(`${action.name} would block`);
      this.#check(action, step.value);
      return;
    }
    const tolerance = this.#tolerance(time.end - time.start);
    const pending = { action, call, end: time.end, tolerance };
    if (step.done) this.#returned(pending, step.value);
    else this.#pending = { ...pending, wake: step.value };
  }

  /** Waits for the call that blocks, until `limit` (ms). */
  #finish(pending: Pending, limit: number): void {
    while (this.#pending === pending) {
      if (!this.#step(limit)) break;
    }
    if (this.#pending !== pending) return;
    this.#pending = null;
    throw new DrillMismatch(`line ${pending.action.at.line}: ${pending.action.name} has not returned`);
  }

  /** @throws DrillMismatch another result than was asked for, or at another time */
  #returned({ action, end, tolerance }: Omit<Pending, 'wake'>, outcome: Outcome): void {
    this.#check(action, outcome);
    const now = this.now * 1000;
    if (Math.abs(now - end) <= tolerance) return;
    const when = `at ${seconds(now)}, expected at ${seconds(end)}, tolerance ${seconds(tolerance)}`;
    throw new DrillMismatch(`${action.name} returns ${when}`);
  }

  /** @throws DrillMismatch */
  #check(action: CallAction, outcome: Outcome): void {
    const descriptor = RETURNS_DESCRIPTOR.has(action.name);
    const expected = integer(action.result);
    const right = descriptor && expected >= 0 ? outcome.value >= 0 : outcome.value === expected;
    const errnoRight =
      action.errno === null || (outcome.errno !== null && errnoNumber(outcome.errno) === errnoNumber(action.errno));
    if (right && errnoRight) return;
    throw new DrillMismatch(
      `${action.name} returns something else`,
      result(expected, action.errno),
      result(outcome.value, outcome.errno),
    );
  }

  #look(line: number, text: string): void {
    const host = this.#ready();
    const socket = this.#socketUnderTest(host);
    this.snapshots.push({ line, text, time: host.now / 1000, fields: tcpInfoFields(socket) });
  }

  /** The socket of the connection under test: accepted already, or not yet. */
  #socketUnderTest({ stack }: Host): TcpSocket | null {
    const { peer, host } = this.#ends;
    const flow = this.#flow;
    const entry = flow === null ? null : stack.tcp.table.find(host, flow.localPort, peer, flow.remotePort);
    return entry instanceof TcpSocket ? entry : (this.#socket?.socket ?? null);
  }

  #shell(action: ShellAction): void {
    this.#maker.run(action, this.#host);
  }

  // ---- Packets ----

  #inject(action: PacketAction): void {
    const host = this.#ready();
    const { packet } = action;
    if (packet.protocol === 'udp') throw new DrillSkip('UDP is not under test here');
    const flow = this.#flowFor(action);
    if (packet.protocol === 'icmp') {
      for (const message of buildIcmp(packet, flow, this.#ends)) host.device.inject(message);
      return;
    }
    if (flow.state === 'synack-sent' && packet.flags.includes('.')) flow.state = 'open';
    else if (flow.state === 'syn-sent' && packet.flags.includes('S') && packet.flags.includes('.')) {
      flow.state = 'open';
      flow.remoteIsn = packet.seq;
    }
    const { mss, tsEcrScaled } = this.settings;
    const segmentSize = mss > 0 && packet.length > mss ? mss : 0; // the device has gathered such segments
    host.device.inject(buildSegment(packet, flow, this.#ends, tsEcrScaled), segmentSize);
  }

  /** The connection a script's packet belongs to: an inbound one may begin it. */
  #flowFor({ packet, direction }: PacketAction): Flow {
    const flow = this.#flow;
    if (packet.protocol === 'tcp') {
      const begins = direction === 'inbound' && (flow === null || flow.state === 'listening');
      if (begins) {
        const fresh = new Flow('packet-received', this.settings.bindPort, this.#remotePorts++);
        fresh.remoteIsn = packet.seq;
        this.#flow = fresh;
        return fresh;
      }
      const connects = direction === 'outbound' && flow?.state === 'connecting';
      if (connects && packet.flags.includes('S') && !packet.flags.includes('.')) {
        flow.state = 'syn-sent';
        flow.scriptLocalIsn = packet.seq;
      }
    }
    if (flow === null) throw new DrillMismatch('no socket that this packet could belong to');
    return flow;
  }

  #expect(action: PacketAction, time: { start: number; end: number; any: boolean }, tolerance: number): void {
    this.#ready();
    const { packet } = action;
    if (packet.protocol === 'udp') throw new DrillSkip('UDP is not under test here');
    const flow = this.#flowFor(action);
    if (packet.protocol === 'tcp' && flow.state === 'packet-received' && isSynAck(packet)) {
      flow.scriptLocalIsn = packet.seq;
    }
    const limit = time.any ? Infinity : time.end / 1000 + PATIENCE;
    const live = packet.protocol === 'tcp' ? this.#segment(packet, flow, limit) : this.#next(packet, flow, limit);
    try {
      if (live.fault !== null) throw new DrillMismatch(`what was sent is broken: ${live.fault}`);
      if (packet.protocol === 'icmp') this.#compareIcmp(packet, live);
      else this.#compareSegment(packet, live, flow);
      compareIp(packet.ip, live, flow);
      if (!time.any) checkTime(live.time * 1000, time.start, time.end, tolerance);
    } catch (error) {
      if (!(error instanceof DrillMismatch)) throw error;
      const wanted = `${time.any ? '*' : seconds(time.start)} > ${formatPacket(packet)}`;
      throw new DrillMismatch(error.message, wanted, `${seconds(live.time * 1000)} > ${formatLive(live, flow)}`);
    }
  }

  #compareIcmp(expected: IcmpSpec, live: LivePacket): void {
    const numbers = icmpNumbers(expected, live.family);
    if (numbers === null) throw new DrillMismatch(`IPv${live.family} has no ICMP ${expected.type}`);
    const { type, code } = numbers;
    const { content } = live;
    if (content.protocol !== 'icmp') throw new DrillMismatch('expected ICMP');
    if (content.type !== type || content.code !== code) {
      throw new DrillMismatch(`type and code: expected ${type} ${code}, actual ${content.type} ${content.code}`);
    }
  }

  #compareSegment(expected: TcpSpec, live: LivePacket, flow: Flow): void {
    if (live.content.protocol !== 'tcp') throw new DrillMismatch('expected TCP');
    const { tsTickUsecs } = this.settings;
    const how: Strictness = {
      lenientPsh: this.#options.lenientPsh === true,
      echo: this.#options.compareEcho !== false,
      tick: tsTickUsecs,
      tickTolerance: this.#tolerance(this.#previous!.time),
    };
    compareTcp(expected, live.content, flow, how);
  }

  /** The next segment of the connection; if it has less text than is expected, more of them together. */
  #segment(expected: TcpSpec, flow: Flow, limit: number): LivePacket {
    const first = this.#next(expected, flow, limit);
    if (flow.state === 'packet-received' && isSynAck(expected) && first.content.protocol === 'tcp') {
      flow.state = 'synack-sent';
      flow.liveLocalIsn = first.content.seq;
    }
    if (!isSegment(first) || this.settings.strictSegments) return first;
    const parts: SegmentPacket[] = [first];
    let length = first.content.length;
    while (length > 0 && length < expected.length) {
      const next = this.#next(expected, flow, limit);
      const why = isSegment(next) ? whyNotPart(parts.at(-1)!, next, expected.length - length) : 'it is no segment';
      if (why !== null) {
        const sum = aggregate(parts);
        throw new DrillMismatch(
          `length: expected ${expected.length}, actual ${length}, and what follows is not part of it: ${why}`,
          formatPacket(expected),
          `${formatLive(sum, flow)}, then ${formatLive(next, flow)}`,
        );
      }
      parts.push(next as SegmentPacket);
      length += (next as SegmentPacket).content.length;
    }
    return aggregate(parts);
  }

  /** The next packet of the connection, at most until `limit` (ms). @throws DrillMismatch none comes */
  #next(expected: TcpSpec | IcmpSpec, flow: Flow, limit: number): LivePacket {
    const { sent } = this.#ready().device;
    for (;;) {
      for (let packet = sent.shift(); packet !== undefined; packet = sent.shift()) {
        if (packet.content.protocol === 'icmp' ? expected.protocol === 'icmp' : flow.sent(packet)) return packet;
      }
      if (!this.#step(limit)) break;
    }
    throw new DrillMismatch('nothing was sent', `> ${formatPacket(expected)}`, null);
  }
}

const RETURNS_DESCRIPTOR: ReadonlySet<string> = new Set(['socket', 'accept', 'accept4', 'open', 'epoll_create']);

function isSynAck(packet: TcpSpec): boolean {
  return packet.flags.includes('S') && packet.flags.includes('.');
}

function isSegment(packet: LivePacket): packet is SegmentPacket {
  return packet.content.protocol === 'tcp';
}

function absolute(
  { kind, relative, start, end }: EventTime,
  base: number,
): { start: number; end: number; any: boolean } {
  if (kind === 'any') return { start: base, end: base, any: true };
  const from = relative ? base : 0;
  return { start: from + start, end: from + end, any: false };
}

/** @throws DrillMismatch */
function checkTime(actual: number, start: number, end: number, tolerance: number): void {
  // Times are sums of fractions of milliseconds: what differs by less than a microsecond is equal.
  if (actual >= start - tolerance - 0.5 && actual <= end + tolerance + 0.5) return;
  const expected = start === end ? seconds(start) : `${seconds(start)}~${seconds(end)}`;
  throw new DrillMismatch(`time: expected ${expected}, actual ${seconds(actual)}, tolerance ${seconds(tolerance)}`);
}

function seconds(usecs: number): string {
  return (usecs / 1_000_000).toFixed(6);
}

function result(value: number, errno: string | null): string {
  if (errno === null) return `${value}`;
  const text = errnoText(errnoNumber(errno) ?? -1);
  return text === undefined ? `${value} ${errno}` : `${value} ${errno} (${text})`;
}
