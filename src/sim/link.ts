/**
 * Owns: a link of a simulation: two ports and the wire between them, of which every direction has settings of its own
 * that may change while it runs. It can be held, cut and mended. Leaves to others: settings (`link-options.ts`), what
 * happens to packets (`link/impair.ts`), the ends (`port.ts`).
 */

import type { Drop, Hold, PacketPredicate, ReleaseOrder } from '../link/control.ts';
import type { FaultSource } from '../link/faults.ts';
import { type ImpairedLink, impair } from '../link/impair.ts';
import type { FateCounters } from '../link/impairment.ts';
import { MAX_IN_FLIGHT } from '../link/lane.ts';
import { NO_OFFLOAD } from '../link/link.ts';
import { type Middlebox, MiddleboxLink } from '../link/middlebox.ts';
import type { Packet } from '../link/packet.ts';
import { createPipe } from '../link/pipe.ts';
import type { Direction } from '../link/tap.ts';
import { invalidArgument } from '../stack/errors.ts';
import {
  checkLinkKeys,
  checkMtu,
  checkWayKeys,
  DEFAULT_MTU,
  type LinkOptions,
  toImpairment,
  type WayOptions,
  wayOptions,
} from './link-options.ts';
import { Port, type PortOwner, type StopReason, type Way } from './port.ts';
import type { World } from './world.ts';

/** From the link's first end to its second, or the other way. */
export type LinkDirection = 'forth' | 'back';

const BOTH: readonly LinkDirection[] = ['forth', 'back'];
const SIDE: Readonly<Record<LinkDirection, Direction>> = { forth: 'send', back: 'receive' };

/** What a direction has counted, in packets. */
export interface WayCounters extends Readonly<FateCounters> {
  /** Dropped because the link was down or too narrow, the host at the end had crashed, or the network was partitioned. */
  readonly stopped: number;
}

/** What is at the ends of a link. */
export interface LinkEnd {
  readonly name: string;
}

/** What a link needs of its simulation. */
export interface LinkContext extends Pick<World, 'scheduler' | 'pool' | 'random' | 'trace'> {
  readonly faults: FaultSource;
  /** Whether a packet that came over `link` may not pass at its end `end`, for a partition of the network. */
  parted(link: SimLink, end: 0 | 1, packet: Packet): boolean;
}

export class SimLink {
  readonly name: string;
  readonly medium: 'ip' | 'ethernet';
  /** First end, second end. */
  readonly ends: readonly [LinkEnd, LinkEnd];
  /** For whoever builds the simulation: what the ends attach to. */
  readonly ports: readonly [Port, Port];
  readonly #context: LinkContext;
  readonly #wire: ImpairedLink;
  readonly #ways: Readonly<Record<LinkDirection, Way & { stopped: number }>>;
  readonly #holds: Hold[] = [];

  /** For `Simulation.link`. */
  constructor(context: LinkContext, name: string, ends: readonly [LinkEnd, LinkEnd], options: LinkOptions) {
    const where = `link '${name}'`;
    checkLinkKeys(options, where);
    const settings = { forth: wayOptions(options, 'forth'), back: wayOptions(options, 'back') };
    const mtu = {
      forth: checkMtu(settings.forth.mtu ?? DEFAULT_MTU, `${where} forth`),
      back: checkMtu(settings.back.mtu ?? DEFAULT_MTU, `${where} back`),
    };
    const send = toImpairment(settings.forth, `${where} forth`);
    const receive = toImpairment(settings.back, `${where} back`);
    this.name = name;
    this.ends = ends;
    this.medium = options.medium ?? 'ip';
    this.#context = context;
    const { scheduler, pool, random, trace, faults } = context;
    const { medium } = this;
    const offload = options.offload ?? NO_OFFLOAD;
    const queueLimit = MAX_IN_FLIGHT; // what drops packets is the queue of a limited bandwidth, not this
    const [near, far] = createPipe(scheduler, pool, {
      mtu: Math.max(mtu.forth, mtu.back),
      medium,
      offload,
      queueLimit,
    });
    const keepSegments = offload.segmentation > 0;
    this.#wire = impair(near, scheduler, pool, { random, send, receive, name, trace, keepSegments, faults });
    this.#ways = {
      forth: { down: false, limit: mtu.forth, stopped: 0 },
      back: { down: false, limit: mtu.back, stopped: 0 },
    };
    const { forth, back } = this.#ways;
    const owner = this.#owner();
    this.ports = [new Port(this.#wire, mtu.forth, forth, back, owner), new Port(far, mtu.back, back, forth, owner)];
  }

  /** Whether a direction carries anything at all. */
  isDown(direction: LinkDirection): boolean {
    return this.#ways[direction].down;
  }

  /** Fates of packets, by direction: a copy. */
  get counters(): Readonly<Record<LinkDirection, WayCounters>> {
    const { send, receive } = this.#wire.counters;
    const { forth, back } = this.#ways;
    return { forth: { ...send, stopped: forth.stopped }, back: { ...receive, stopped: back.stopped } };
  }

  /** Packets on the way now; those that are held are not among them. */
  inFlight(direction: LinkDirection): number {
    return this.#wire.inFlight(SIDE[direction]);
  }

  /** Packets held now, in both directions. */
  get held(): number {
    return this.#holds.reduce((sum, hold) => sum + hold.packets.length, 0);
  }

  /**
   * Changes some settings, for packets that come from now on.
   *
   * @throws SimulationError ERR_OUT_OF_RANGE, TsynError ERR_INVALID_ARG_VALUE; nothing has changed then
   */
  set(options: WayOptions, direction: LinkDirection | 'both' = 'both'): void {
    const where = `link '${this.name}'`;
    checkWayKeys(options, where);
    const changes = these(direction).map((way) => {
      if (options.mtu !== undefined) checkMtu(options.mtu, `${where} ${way}`);
      return [way, toImpairment(options, `${where} ${way}`, this.#wire.settings(SIDE[way]))] as const;
    });
    for (const [way, settings] of changes) {
      this.#wire.set(SIDE[way], settings);
      if (options.mtu !== undefined) this.#ways[way].limit = options.mtu;
    }
  }

  /** Cuts the link: what is sent or arrives is lost, and nobody is told. */
  down(direction: LinkDirection | 'both' = 'both'): void {
    for (const way of these(direction)) this.#ways[way].down = true;
  }

  /** Mends the link. */
  up(direction: LinkDirection | 'both' = 'both'): void {
    for (const way of these(direction)) this.#ways[way].down = false;
  }

  /**
   * Holds packets that are sent from now on, 4096 at most, until `release`.
   *
   * @param choose which ones: all, if not given
   */
  hold(direction: LinkDirection | 'both' = 'both', choose: PacketPredicate = always): Hold {
    const sides = these(direction).map((way) => SIDE[way]);
    const hold = this.#wire.hold((packet, side) => sides.includes(side) && choose(packet, side));
    this.#holds.push(hold);
    return hold;
  }

  /** Ends all holds and lets what they held go on, without the link's latency and past its faults. */
  release(order: ReleaseOrder = 'fifo'): void {
    for (const hold of this.#holds.splice(0)) hold.release(order);
  }

  /** Drops the next `count` packets that `choose` is true of. */
  drop(choose: PacketPredicate, count: number = Infinity, direction: LinkDirection | 'both' = 'both'): Drop {
    const sides = these(direction).map((way) => SIDE[way]);
    return this.#wire.drop((packet, side) => sides.includes(side) && choose(packet, side), count);
  }

  /** Puts a packet (a frame on Ethernet) of at most 65,535 octets on the link, past all faults. */
  inject(octets: Uint8Array, direction: LinkDirection | 'both'): void {
    for (const way of these(direction)) this.#wire.inject(octets, SIDE[way]);
  }

  /**
   * Has `box` see every packet and change, drop, delay or add some, until the box is removed. It is at the link's first end: what goes
   * forth it sees before the link's faults, what comes back after them. Of several the last made is nearest to that end.
   */
  middlebox(box: Middlebox): { remove(): void } {
    const { scheduler, pool, trace } = this.#context;
    const { name } = this;
    const inserted = this.ports[0].insert((inner) => new MiddleboxLink(inner, scheduler, pool, box, { name, trace }));
    return {
      remove() {
        inserted.box = null;
      },
    };
  }

  #owner(): PortOwner {
    return {
      parted: (port, packet) => this.#context.parted(this, port === this.ports[0] ? 0 : 1, packet),
      stopped: (packet, way, reason) => {
        (way === this.#ways.forth ? this.#ways.forth : this.#ways.back).stopped++;
        this.#trace(packet, reason);
        this.#context.pool.give(packet);
      },
    };
  }

  #trace(packet: Packet, reason: StopReason): void {
    const { trace, scheduler } = this.#context;
    if (trace === null) return;
    trace({ type: 'packet-dropped', time: scheduler.now, host: this.name, packet: packet.id, reason });
  }
}

/** @throws TsynError ERR_INVALID_ARG_VALUE */
function these(direction: LinkDirection | 'both'): readonly LinkDirection[] {
  if (direction === 'both') return BOTH;
  if (!BOTH.includes(direction)) throw invalidArgument('direction', direction, "'forth', 'back' or 'both'");
  return [direction];
}

function always(): boolean {
  return true;
}
