/**
 * Owns: a host of a simulation: a name, its addresses, and the stack it has at present. It may crash, with all state
 * lost, and be restarted with the same addresses and nothing else of what it knew. Leaves to others: its place in the
 * network (`segment.ts`), its routes (`routing.ts`).
 */

import type { Link } from '../link/link.ts';
import { invalidArgument } from '../stack/errors.ts';
import { createStack, type Stack, type StackOptions } from '../stack/stack.ts';
import { parsePrefix } from '../wire/address.ts';
import { SimulationError } from './errors.ts';
import type { Attachment } from './segment.ts';
import type { Simulation } from './simulation.ts';

/** What a host's stack is made with, but for what the simulation gives it. */
export interface HostOptions extends Omit<Partial<StackOptions>, 'name' | 'scheduler'> {
  /** Addresses with their prefixes on the host's first link, where the simulation should not choose. */
  readonly addresses?: readonly string[];
}

/** Where a host is attached, before it has an interface there. */
export type Place = Pick<Attachment, 'port' | 'side' | 'prefixes'>;

export class SimHost {
  readonly name: string;
  readonly simulation: Simulation;
  /** Where it is in the network; for the simulation. */
  readonly attachments: Attachment[] = [];
  /** How often it has been started: 1 from the first. */
  incarnation = 1;
  /** Addresses that were asked for. */
  readonly wanted: readonly string[];
  readonly #options: Partial<StackOptions>;
  readonly #crashed: (() => void)[] = [];
  readonly #restarted: (() => void)[] = [];
  #stack: Stack;
  #up = true;

  /** For `Simulation.createHost`. */
  constructor(simulation: Simulation, name: string, options: HostOptions = {}) {
    const { addresses = [], ...stack } = options;
    for (const text of addresses) {
      if (parsePrefix(text) === null)
        throw invalidArgument('addresses', text, "an address with its prefix, like '192.0.2.1/24'");
    }
    this.simulation = simulation;
    this.name = name;
    this.wanted = addresses;
    this.#options = stack;
    this.#stack = this.#start();
  }

  /** The stack it has at present; after a crash the one that crashed, which is closed. */
  get stack(): Stack {
    return this.#stack;
  }

  get isUp(): boolean {
    return this.#up;
  }

  /** Whether it passes packets on that are for others. */
  get forwards(): boolean {
    return this.#stack.config.ip.forwarding;
  }

  /** Its addresses without prefixes, IPv4 before IPv6, those of its first link before those of later ones. */
  get addresses(): readonly string[] {
    const all = this.attachments.flatMap(({ addresses }) => addresses.map((text) => text.slice(0, text.indexOf('/'))));
    return [...all.filter((text) => !text.includes(':')), ...all.filter((text) => text.includes(':'))];
  }

  /**
   * The first of them.
   *
   * @throws SimulationError ERR_SIM_STATE while it is on no link
   */
  get address(): string {
    const first = this.addresses[0];
    if (first === undefined)
      throw new SimulationError('ERR_SIM_STATE', `host '${this.name}' has no address: it is on no link`);
    return first;
  }

  /**
   * Loses everything, without a word to anyone: no FIN, no reset. What is sent to it from now on vanishes.
   *
   * @throws SimulationError ERR_SIM_STATE when it is down already
   */
  crash(): void {
    if (!this.#up) throw new SimulationError('ERR_SIM_STATE', `host '${this.name}' is down already`);
    this.#up = false;
    this.#stack.close();
    this.simulation.note(`${this.name} crashes`);
    for (const told of this.#crashed) told();
  }

  /**
   * Starts it again, with a new stack: the same addresses, new keys and sequence numbers, no connections.
   *
   * @throws SimulationError ERR_SIM_STATE when it is up
   */
  restart(): void {
    if (this.#up)
      throw new SimulationError('ERR_SIM_STATE', `host '${this.name}' is up: it can be restarted after a crash`);
    this.incarnation++;
    this.#stack = this.#start();
    this.#up = true;
    for (const attachment of this.attachments) attachment.attach();
    this.simulation.routing.tell(this);
    this.simulation.note(`${this.name} restarts`);
    for (const told of this.#restarted) told();
  }

  /** Calls `told` after each crash: whoever gave the host timers or sockets ends them. */
  onCrash(told: () => void): void {
    this.#crashed.push(told);
  }

  /** Calls `told` after each restart, when `stack` is the new one. */
  onRestart(told: () => void): void {
    this.#restarted.push(told);
  }

  /** What the host's stack is given for a link: the port itself, or something around it. */
  wrap(place: Place): Link {
    return place.port;
  }

  /** What it waits for beside its connections, a line each, for the report of a goal that was not reached. */
  waitsFor(): readonly string[] {
    return [];
  }

  #start(): Stack {
    const { scheduler, pool, buffers, trace, routing } = this.simulation;
    const random = this.simulation.labelled(`host ${this.name} ${this.incarnation}`);
    const stack = createStack({ name: this.name, scheduler, random, pool, buffers, trace, ...this.#options });
    stack.routeTable.beforeLookup = () => routing.settle();
    return stack;
  }
}
