/**
 * Owns: a simulation: hosts, routers and switches by name, the links between them, virtual time, and one seed for all
 * chance. Nothing waits: time jumps from event to event. A table of contents of the files beside it.
 */

import type { Random } from '../base/random.ts';
import { BufferPool } from '../base/ring.ts';
import { Scheduler, type Task } from '../base/scheduler.ts';
import type { Packet } from '../link/packet.ts';
import { PacketPool } from '../link/packet.ts';
import { createSwitch } from '../link/switch.ts';
import type { PartialConfig } from '../stack/config.ts';
import { invalidArgument } from '../stack/errors.ts';
import type { TraceSink } from '../trace/events.ts';
import { AddressPlan } from './addressing.ts';
import type { CaptureSink } from './capture.ts';
import { impossible, outOfRange, SimulationError } from './errors.ts';
import { type Goal, report } from './goal.ts';
import { type HostOptions, SimHost } from './host.ts';
import { SimLink } from './link.ts';
import type { LinkOptions } from './link-options.ts';
import { type NatOptions, NatSide, SimNat } from './nat.ts';
import { Pace } from './pace.ts';
import { Partition } from './partition.ts';
import { FaultBook, type FaultPlan } from './plan.ts';
import type { Port } from './port.ts';
import { isPath, Routing } from './routing.ts';
import { labelled } from './seeds.ts';
import { Attachment, Segment } from './segment.ts';
import { SimSwitch } from './switch.ts';

export interface SimulationOptions {
  /** One seed, one course of events: an integer. */
  readonly seed: number;
  /** Where the events of every host and link go. */
  readonly trace?: TraceSink;
  /** Faults that are to happen in the place of chance. */
  readonly plan?: FaultPlan;
  /** Whether faults are written down, in `faults.records`: true. */
  readonly record?: boolean;
  /** Where every packet goes that a host sends or receives, octet by octet. */
  readonly capture?: CaptureSink;
  /** Virtual time, ms, beyond which nothing happens, and whoever waits is told so; none. */
  readonly deadline?: number;
}

/** What a link can be joined to. */
export type Joinable = SimHost | SimSwitch | NatSide;

/** An appointment made with `at` or `after`. */
export interface Appointment {
  cancel(): void;
}

/** What a link can be joined to, and what has a name. */
type Node = SimHost | SimSwitch;

/** Routers have more of everything than hosts. */
const ROUTER: PartialConfig = { ip: { forwarding: true, maxInterfaces: 65_536, maxRoutes: 1_000_000 } };

/** Virtual time that a goal is given unless told otherwise, ms: a day. */
const DEFAULT_LIMIT = 86_400_000;

export class Simulation {
  readonly seed: number;
  readonly scheduler: Scheduler = new Scheduler();
  /** Windows of many hosts are in it: it keeps more packets for reuse than a host's own. */
  readonly pool: PacketPool = new PacketPool({ small: 32_768, large: 1024 });
  readonly buffers: BufferPool = new BufferPool();
  readonly trace: TraceSink | null;
  readonly capture: CaptureSink | null;
  readonly deadline: number;
  /** What chance did, or the plan in its place. */
  readonly faults: FaultBook;
  /** Chance for the scenario's own use; what it gives is no fault of the plan, as what `chance` decides is. */
  readonly random: Random;
  /** For hosts of this simulation. */
  readonly routing: Routing = new Routing();
  readonly #pace: Pace = new Pace(this.scheduler);
  readonly #nodes: Map<string, Node> = new Map();
  readonly #links: Map<string, SimLink> = new Map();
  /** Names of links, of those that could not be made too: their dice are cast. */
  readonly #linkNames: Set<string> = new Set();
  readonly #owners: Map<string, SimHost> = new Map();
  readonly #chances: Map<string, Random> = new Map();
  readonly #plan: AddressPlan = new AddressPlan();
  #partition: Partition | null = null;
  #macs = 0;

  constructor(options: SimulationOptions) {
    const { seed, deadline = Infinity, record = true } = options;
    if (!Number.isSafeInteger(seed)) throw outOfRange('seed', seed, 'an integer');
    if (!(deadline > 0)) throw outOfRange('deadline', deadline, '> 0 ms');
    this.seed = seed;
    this.trace = options.trace ?? null;
    this.capture = options.capture ?? null;
    this.deadline = deadline;
    this.faults = new FaultBook({ now: () => this.now, record, plan: options.plan ?? null });
    this.random = this.labelled('scenario');
  }

  /** Virtual time, ms. */
  get now(): number {
    return this.scheduler.now;
  }

  /** Hosts and routers, in the order in which they were made. */
  get hosts(): readonly SimHost[] {
    return [...this.#nodes.values()].filter((node) => node instanceof SimHost);
  }

  get links(): readonly SimLink[] {
    return [...this.#links.values()];
  }

  // ---- The network ----

  /**
   * A host on no link yet.
   *
   * @throws SimulationError ERR_SIM_TOPOLOGY when the name is taken; TsynError ERR_INVALID_ARG_VALUE
   */
  host(name: string, options: HostOptions = {}): SimHost {
    return this.#enter(name, () => this.createHost(name, options));
  }

  /** A host that passes packets on between its links. Errors as for `host`. */
  router(name: string, options: HostOptions = {}): SimHost {
    const config = { ...options.config, ip: { ...ROUTER.ip, ...options.config?.ip } };
    return this.#enter(name, () => this.createHost(name, { ...options, config }));
  }

  /**
   * A router that translates addresses (NAT): link hosts to its `inside`, and its `outside` to the rest of the network. Errors as
   * for `host`, and SimulationError ERR_OUT_OF_RANGE.
   */
  nat(
    name: string,
    options: NatOptions & { readonly inside?: Joinable | readonly Joinable[]; readonly outside?: Joinable } = {},
  ): SimNat {
    const { inside = [], outside, ...rest } = options;
    const config = { ...rest.config, ip: { ...ROUTER.ip, ...rest.config?.ip } };
    const nat = this.#enter(name, () => new SimNat(this, name, { ...rest, config }));
    for (const end of Array.isArray(inside) ? inside : [inside]) this.link(end, nat.inside);
    if (outside !== undefined) this.link(nat.outside, outside);
    return nat;
  }

  /** A learning Ethernet switch. Errors as for `host`. */
  switch(name: string): SimSwitch {
    const ethernet = (): SimSwitch =>
      new SimSwitch(name, createSwitch(this.scheduler, this.pool, { mtu: 65_535 }), new Segment(this.#plan.switch()));
    return this.#enter(name, ethernet);
  }

  /**
   * Joins two hosts, a host and a switch, or two switches. Both ends get addresses of both families; hosts beyond routers find
   * the new ones.
   *
   * @throws SimulationError ERR_SIM_TOPOLOGY (a link to itself, a stranger, a loop of switches, a name or address taken),
   *   ERR_OUT_OF_RANGE (a rate, probability, time or MTU that makes no sense), ERR_SIM_STATE (a host that is down);
   *   TsynError ERR_INVALID_ARG_VALUE (an option that nobody knows)
   */
  link(first: Joinable, second: Joinable, options: LinkOptions = {}): SimLink {
    const ends = [first, second] as const;
    const nodes = [this.#nodeOf(first), this.#nodeOf(second)] as const;
    for (const end of ends) this.#checkEnd(end);
    if (nodes[0] === nodes[1]) throw impossible(`'${nodes[0].name}' cannot be linked to itself`);
    const switches = nodes.filter((node) => node instanceof SimSwitch);
    if (switches.length > 0 && options.medium === 'ip') throw impossible('a link to a switch is an Ethernet');
    if (switches.length === 2 && switches[0]!.segment === switches[1]!.segment) {
      throw impossible(`a link from '${first.name}' to '${second.name}' would close a loop of switches`);
    }
    const name = this.#linkName(options.name, `${nodes[0].name}-${nodes[1].name}`);
    const settings = switches.length > 0 ? ({ ...options, medium: 'ethernet' } as const) : options;
    const link = new SimLink(this.#context(name), name, nodes, settings);
    this.#attach(link, ends, options);
    this.#links.set(name, link);
    return link;
  }

  /**
   * Parts the network: hosts of different groups do not hear each other until `repair`. Hosts in no group hear everybody.
   * A partition before this one is over.
   *
   * @throws SimulationError ERR_SIM_TOPOLOGY (somebody is in two groups, or a stranger)
   */
  partition(...groups: readonly (readonly (SimHost | SimSwitch)[])[]): void {
    for (const member of groups.flat()) this.#checkNode(member);
    this.#partition = new Partition(groups, this.#owners);
    this.note(`partition: ${groups.map((group) => group.map(({ name }) => name).join(', ')).join(' | ')}`);
  }

  /** Ends the partition. */
  repair(): void {
    this.#partition = null;
    this.note('the partition is repaired');
  }

  /**
   * The addresses of a host, IPv4 first.
   *
   * @throws SimulationError ERR_SIM_TOPOLOGY when there is no such host
   */
  resolve(name: string): readonly string[] {
    const host = this.#nodes.get(name);
    if (!(host instanceof SimHost)) throw impossible(`there is no host '${name}'; there are ${this.#names()}`);
    return host.addresses;
  }

  /** Whether there is a way from one host to another, by links and routers, be they up or down. */
  isPath(from: SimHost, to: SimHost): boolean {
    return from === to || isPath(from, to);
  }

  // ---- Chance ----

  /** A source of chance of its own for `label`: the same for the same seed and label. */
  labelled(label: string): Random {
    return labelled(this.seed, label);
  }

  /**
   * A decision of the scenario that is a fault: true with probability `p`, or as the plan says.
   *
   * @param name what is decided; each name has dice of its own
   * @throws SimulationError ERR_OUT_OF_RANGE
   */
  chance(name: string, p: number): boolean {
    if (!(p >= 0 && p <= 1)) throw outOfRange(`chance '${name}'`, p, '0 .. 1');
    let dice = this.#chances.get(name);
    if (dice === undefined) {
      dice = this.labelled(`chance ${name}`);
      this.#chances.set(name, dice);
    }
    return this.faults.chance(name, p, dice);
  }

  // ---- Time ----

  /**
   * Calls `act` at a time, ms.
   *
   * @throws SimulationError ERR_OUT_OF_RANGE when that has passed
   */
  at(time: number, act: () => void): Appointment {
    if (!(time >= this.now && time < Infinity)) throw outOfRange('time', time, `a time from now, ${this.now} ms, on`);
    const task: Task = { at: Infinity, order: 0, slot: -1, run: act };
    this.scheduler.schedule(task, time);
    return { cancel: () => this.scheduler.cancel(task) };
  }

  /** Calls `act` after so many ms. */
  after(ms: number, act: () => void): Appointment {
    if (!(ms >= 0 && ms < Infinity)) throw outOfRange('ms', ms, '>= 0');
    return this.at(this.now + ms, act);
  }

  /** Puts words into the trace. */
  note(text: string): void {
    if (this.trace !== null) this.trace({ type: 'note', time: this.now, host: '', text });
  }

  /**
   * Runs until `time` (ms), or until nothing is left to happen.
   *
   * @throws SimulationError ERR_OUT_OF_RANGE when that has passed; ERR_SIM_GOAL when it would go beyond the simulation's deadline;
   *   ERR_SIM_LIVELOCK when time does not go on
   */
  run(time: number = Infinity): void {
    this.checkTime(time);
    if (time <= this.deadline) this.#pace.runUntil(time);
    else this.#runToDeadline(time);
  }

  /** Before a run to a time. Errors as for `run` */
  protected checkTime(time: number): void {
    if (!(time >= this.now)) throw outOfRange('time', time, `a time from now, ${this.now} ms, on`);
    this.routing.settle();
  }

  /**
   * Runs until `done` holds.
   *
   * @throws SimulationError ERR_SIM_GOAL when it does not within the limit, or nothing is left to happen: the message says what each
   *   host waited for; ERR_SIM_TOPOLOGY when hosts that it needs have no way to each other
   */
  runUntil(done: () => boolean, goal: Goal = {}): void {
    const end = this.begin(goal);
    const { scheduler } = this;
    while (!done()) {
      const next = scheduler.next();
      if (next === Infinity || next > end) {
        scheduler.runUntil(next === Infinity ? this.now : end);
        throw this.missed(goal, next === Infinity);
      }
      this.#pace.step(next);
    }
  }

  /** Before a run to a goal. @returns its end, ms. Errors as for `runUntil` */
  protected begin({ limit = DEFAULT_LIMIT, needs = [] }: Goal): number {
    if (!(limit >= 0)) throw outOfRange('limit', limit, '>= 0 ms');
    this.#checkPaths(needs);
    this.routing.settle();
    return Math.min(this.now + limit, this.deadline);
  }

  /** The error of a goal that was not reached. @param idle nothing is left to happen */
  protected missed(goal: Goal, idle: boolean): SimulationError {
    const { seed, now: time, deadline } = this;
    const limited = time < deadline ? goal : { ...goal, limit: deadline };
    return new SimulationError('ERR_SIM_GOAL', report(this, limited, idle), { seed, time });
  }

  /** Makes a host; where hosts have more, a simulation of its own makes those. */
  protected createHost(name: string, options: HostOptions): SimHost {
    return new SimHost(this, name, options);
  }

  // ---- Small things ----

  /** Runs until nothing is left to happen, which has to be before the deadline. */
  #runToDeadline(time: number): void {
    const { scheduler, deadline } = this;
    for (let at = scheduler.next(); at <= deadline; at = scheduler.next()) this.#pace.step(at);
    if (scheduler.next() === Infinity && time === Infinity) return;
    scheduler.runUntil(deadline);
    throw this.missed({ goal: 'the end' }, false);
  }

  #enter<T extends Node>(name: string, make: () => T): T {
    if (typeof name !== 'string' || name === '') throw invalidArgument('name', name, 'a name');
    if (this.#nodes.has(name)) throw impossible(`there is a '${name}' already`);
    const node = make();
    this.#nodes.set(name, node);
    return node;
  }

  #names(): string {
    return this.hosts.map((host) => `'${host.name}'`).join(', ') || 'none';
  }

  #nodeOf(end: Joinable): Node {
    return end instanceof NatSide ? end.host : end;
  }

  #checkNode(node: Node): void {
    if (!(node instanceof SimHost || node instanceof SimSwitch))
      throw invalidArgument('end', node, 'a host or a switch');
    if (this.#nodes.get(node.name) !== node) throw impossible(`'${node.name}' belongs to another simulation`);
  }

  #checkEnd(end: Joinable): void {
    const node = this.#nodeOf(end);
    this.#checkNode(node);
    if (end instanceof SimNat) throw impossible(`'${end.name}' is a NAT: links are made to its inside or its outside`);
    if (
      end instanceof NatSide &&
      end.side === 'outside' &&
      end.host.attachments.some(({ side }) => side === 'outside')
    ) {
      throw impossible(`'${end.host.name}' has a link outside already`);
    }
    if (node instanceof SimHost && !node.isUp) {
      throw new SimulationError('ERR_SIM_STATE', `host '${node.name}' is down: links are made while it is up`);
    }
  }

  #checkPaths(needs: readonly SimHost[]): void {
    for (const host of needs) this.#checkNode(host);
    for (const from of needs) {
      for (const to of needs) {
        if (from !== to && !isPath(from, to) && !isPath(to, from)) {
          throw impossible(`the goal needs a path between '${from.name}' and '${to.name}', and there is none`);
        }
      }
    }
  }

  #linkName(asked: string | undefined, usual: string): string {
    const taken = this.#linkNames;
    if (asked !== undefined && taken.has(asked)) throw impossible(`there is a link '${asked}' already`);
    let name = asked ?? usual;
    for (let n = 2; taken.has(name); n++) name = `${usual}-${n}`;
    taken.add(name);
    return name;
  }

  #context(name: string): ConstructorParameters<typeof SimLink>[0] {
    const { scheduler, pool, trace, faults } = this;
    return {
      scheduler,
      pool,
      trace,
      faults,
      random: this.labelled(`link ${name}`),
      parted: (link, end, packet) => this.#parted(link, end, packet),
    };
  }

  #parted(link: SimLink, end: 0 | 1, packet: Packet): boolean {
    if (this.#partition === null) return false;
    const [to, neighbour] = end === 0 ? link.ends : [link.ends[1], link.ends[0]];
    return this.#partition.stops(to, neighbour, packet, link.medium);
  }

  #attach(link: SimLink, ends: readonly [Joinable, Joinable], options: LinkOptions): void {
    const ipv6 = link.ports.every((port) => port.mtu >= 1280);
    const segment = this.#segmentOf(link.ends as readonly [Node, Node]);
    const attached: Attachment[] = [];
    try {
      ends.forEach((end, i) => {
        if (end instanceof SimSwitch) end.plug(link.ports[i]!);
        else attached.push(this.#join(end, segment, link.ports[i]!, options.addresses?.[i], ipv6));
      });
    } catch (error) {
      for (const attachment of attached) attachment.detach();
      throw error;
    }
    for (const { host } of attached) {
      for (const text of host.addresses) if (!this.#owners.has(text)) this.#owners.set(text, host);
    }
    this.routing.changed(segment);
  }

  /** The segment that a link between these is part of: a new one between hosts. Two switches become one. */
  #segmentOf([first, second]: readonly [Node, Node]): Segment {
    if (!(first instanceof SimSwitch)) {
      return second instanceof SimSwitch ? second.segment : new Segment(this.#plan.link());
    }
    if (second instanceof SimSwitch) {
      const gone = second.segment;
      first.segment.merge(gone);
      for (const node of this.#nodes.values()) {
        if (node instanceof SimSwitch && node.segment === gone) node.segment = first.segment;
      }
    }
    return first.segment;
  }

  #join(
    end: SimHost | NatSide,
    segment: Segment,
    port: Port,
    asked: readonly string[] | undefined,
    ipv6: boolean,
  ): Attachment {
    const [host, side] = end instanceof NatSide ? [end.host, end.side] : [end, null];
    if (segment.members.some((member) => member.host === host)) {
      throw impossible(`'${host.name}' is at that switch already`);
    }
    const wanted = asked ?? (host.attachments.length === 0 && host.wanted.length > 0 ? host.wanted : null);
    const addresses = wanted ?? segment.network.join(ipv6);
    const mac = port.medium === 'ethernet' ? this.#mac() : null;
    const attachment = new Attachment(host, port, { addresses, mac, side });
    attachment.join(segment);
    return attachment;
  }

  #mac(): string {
    const n = ++this.#macs;
    const octets = [24, 16, 8, 0].map((shift) => ((n >>> shift) & 255).toString(16).padStart(2, '0'));
    return `02:00:${octets.join(':')}`;
  }
}

/**
 * Makes a simulation.
 *
 * @throws SimulationError ERR_OUT_OF_RANGE when the seed is not an integer
 */
export function simulate(options: SimulationOptions): Simulation {
  return new Simulation(options);
}
