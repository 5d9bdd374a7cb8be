/**
 * Owns: an impaired link: any link wrapped so that packets are lost, late, doubled, out of order or damaged, by seeded
 * chance or by choice, each direction with settings of its own that may change while it runs. Same seed and same
 * packets, same fates; the dice of one direction do not hear of the other's packets.
 *
 * It takes no super-segments unless told to, and takes apart those that come, so that faults hit real segments.
 */

import { type Random, SeededRandom } from '../base/random.ts';
import type { Scheduler } from '../base/scheduler.ts';
import type { TraceSink } from '../trace/events.ts';
import { Control, type ControlOwner, type Drop, type Hold, type PacketPredicate } from './control.ts';
import { Dice, type FaultSource } from './faults.ts';
import type { FateCounters, Impairment } from './impairment.ts';
import { Lane, type LaneContext, type LaneExit } from './lane.ts';
import type { Link, LinkReceiver, Offload } from './link.ts';
import { LARGE_PACKET, type Packet, type PacketPool } from './packet.ts';
import type { Direction } from './tap.ts';

export interface ImpairOptions {
  /** Where all chance comes from; two numbers are drawn at once, to seed the directions. */
  readonly random: Random;
  /** From the link's user towards the wire. */
  readonly send?: Partial<Impairment>;
  /** Towards the user. */
  readonly receive?: Partial<Impairment>;
  /** The link's name in traces: 'link'. */
  readonly name?: string;
  readonly trace?: TraceSink | null;
  /** Offers and passes on super-segments as the wrapped link does; a fault then hits all of one. False. */
  readonly keepSegments?: boolean;
  /** Who keeps the list of what chance does, or has one that is to happen in chance's place. */
  readonly faults?: FaultSource | null;
}

export class ImpairedLink implements Link {
  readonly medium: 'ip' | 'ethernet';
  readonly mtu: number;
  readonly offload: Offload;
  readonly #inner: Link;
  readonly #pool: PacketPool;
  readonly #context: LaneContext;
  readonly #control: Control;
  readonly #send: Lane;
  readonly #receive: Lane;
  #receiver: LinkReceiver | null = null;

  constructor(inner: Link, scheduler: Scheduler, pool: PacketPool, options: ImpairOptions) {
    this.medium = inner.medium;
    this.mtu = inner.mtu;
    const keepSegments = options.keepSegments ?? false;
    this.offload = keepSegments ? inner.offload : { checksum: inner.offload.checksum, segmentation: 0 };
    this.#inner = inner;
    this.#pool = pool;
    this.#control = new Control(this.#owner());
    this.#context = {
      scheduler,
      pool,
      medium: inner.medium,
      keepSegments,
      control: this.#control,
      name: options.name ?? 'link',
      trace: options.trace ?? null,
    };
    const exit = this.#exit();
    const lane = (direction: Direction): Lane => {
      const dice = new Dice(new SeededRandom(options.random.uint32()));
      const fates = options.faults?.fates(this.#context.name, direction, dice) ?? dice;
      return new Lane(this.#context, direction, fates, exit);
    };
    this.#send = lane('send');
    this.#receive = lane('receive');
    this.#send.change(options.send ?? {});
    this.#receive.change(options.receive ?? {});
    inner.attach({
      packet: (packet) => this.#receive.offer(packet),
      burstEnd: () => this.#receive.offerEnd(),
    });
  }

  /** Fates of packets, by direction. */
  get counters(): { readonly send: Readonly<FateCounters>; readonly receive: Readonly<FateCounters> } {
    return { send: this.#send.counters, receive: this.#receive.counters };
  }

  /** Where events go from now on. */
  set trace(sink: TraceSink | null) {
    this.#context.trace = sink;
  }

  /** The settings of a direction, as they are now. */
  settings(direction: Direction): Impairment {
    return this.#lane(direction).settings;
  }

  /**
   * Changes some settings of a direction, or of both, for packets that come from now on.
   *
   * @throws ImpairmentError when a value is out of its range; nothing has changed then
   */
  set(direction: Direction | 'both', changes: Partial<Impairment>): void {
    if (direction !== 'receive') this.#send.change(changes);
    if (direction !== 'send') this.#receive.change(changes);
  }

  /** Packets delayed in a direction now; those held by a rule are not among them. */
  inFlight(direction: Direction): number {
    return this.#lane(direction).inFlight;
  }

  /** Drops the next `count` packets (all, if not given) that `predicate` is true of. */
  drop(predicate: PacketPredicate, count: number = Infinity): Drop {
    return this.#control.drop(predicate, count);
  }

  /** Holds the next `count` packets (all, if not given) that `predicate` is true of, until they are released. */
  hold(predicate: PacketPredicate, count: number = Infinity): Hold {
    return this.#control.hold(predicate, count);
  }

  /** Puts a packet (a frame on Ethernet) of at most 65,535 octets into a direction, past all rules and impairments. */
  inject(bytes: Uint8Array, direction: Direction): void {
    const packet = this.#pool.take(Math.min(bytes.length, LARGE_PACKET));
    packet.len = Math.min(bytes.length, LARGE_PACKET);
    packet.buf.set(packet.len < bytes.length ? bytes.subarray(0, packet.len) : bytes, packet.off);
    const lane = this.#lane(direction);
    lane.counters.injected++;
    lane.emit('packet-injected', packet);
    lane.express(packet);
  }

  send(packet: Packet): void {
    this.#send.offer(packet);
    this.#send.offerEnd();
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  close(): void {
    this.#send.close();
    this.#receive.close();
    this.#control.close();
    this.#inner.close();
  }

  #lane(direction: Direction): Lane {
    return direction === 'send' ? this.#send : this.#receive;
  }

  #exit(): LaneExit {
    return {
      out: (direction, packet) => {
        if (direction === 'send') this.#inner.send(packet);
        else if (this.#receiver === null) return false;
        else this.#receiver.packet(packet);
        return true;
      },
      outEnd: (direction) => {
        if (direction === 'receive') this.#receiver?.burstEnd();
      },
    };
  }

  #owner(): ControlOwner {
    return {
      drop: (packet, direction) => {
        const lane = this.#lane(direction);
        lane.counters.dropped++;
        lane.emit('packet-lost', packet);
        this.#pool.give(packet);
      },
      hold: (packet, direction) => {
        const lane = this.#lane(direction);
        lane.counters.held++;
        lane.emit('packet-held', packet);
      },
      holdOverflow: (packet, direction) => {
        this.#lane(direction).counters.overflowed++;
        this.#pool.give(packet);
      },
      release: (packet, direction) => {
        const lane = this.#lane(direction);
        lane.counters.released++;
        lane.emit('packet-released', packet);
        lane.express(packet);
      },
    };
  }
}

/** Wraps a link. Use the returned link in place of `inner`. */
export function impair(inner: Link, scheduler: Scheduler, pool: PacketPool, options: ImpairOptions): ImpairedLink {
  return new ImpairedLink(inner, scheduler, pool, options);
}
