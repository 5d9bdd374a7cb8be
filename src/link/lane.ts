/**
 * Owns: one direction of an impaired link, from a packet's arrival at it to its exit: its fate, the rate limit, the time
 * on the way. Leaves to others: who decides its fate (`faults.ts`), packets chosen by hand (`control.ts`), the two ends
 * (`impair.ts`).
 */

import { ARRIVAL, type Scheduler, type Task } from '../base/scheduler.ts';
import type { LinkEvent, TraceSink } from '../trace/events.ts';
import { ETHERNET_HEADER } from '../wire/ethernet.ts';
import { Backlog } from './backlog.ts';
import { CodelQueue } from './codel.ts';
import type { Control } from './control.ts';
import type { Fates } from './faults.ts';
import { type FateCounters, fateCounters, type Impairment, UNIMPAIRED, withChanges } from './impairment.ts';
import { CSUM_COMPLETE, type Packet, type PacketPool } from './packet.ts';
import { PacketHeap } from './queue.ts';
import { segment } from './segment.ts';
import type { Direction } from './tap.ts';
import { complete } from './transport.ts';

/** Packets on the way in one direction at most. */
export const MAX_IN_FLIGHT = 262_144;

/** What both lanes of a link share. */
export interface LaneContext {
  readonly scheduler: Scheduler;
  readonly pool: PacketPool;
  readonly medium: 'ip' | 'ethernet';
  /** Super-segments stay whole. */
  readonly keepSegments: boolean;
  readonly control: Control;
  /** The link's name in traces. */
  readonly name: string;
  trace: TraceSink | null;
}

/** Where a lane leads. */
export interface LaneExit {
  /** Takes the packet over. @returns false when there is nobody to take it, and it is still the caller's */
  out(direction: Direction, packet: Packet): boolean;
  outEnd(direction: Direction): void;
}

export class Lane implements Task {
  at: number = Infinity;
  order = 0;
  slot = -1;
  settings: Impairment = UNIMPAIRED;
  readonly counters: FateCounters = fateCounters();
  readonly #context: LaneContext;
  readonly #direction: Direction;
  readonly #fates: Fates;
  readonly #exit: LaneExit;
  readonly #heap: PacketHeap = new PacketHeap();
  readonly #backlog: Backlog = new Backlog();
  #codel: CodelQueue | null = null;
  /** The latest time at which a packet not chosen for reordering arrives: none after it arrives sooner. */
  #lastArrival = 0;
  /** Packets passed straight through since the last end of a burst. */
  #passed = 0;
  #closed = false;
  readonly #pieces: Packet[] = [];

  constructor(context: LaneContext, direction: Direction, fates: Fates, exit: LaneExit) {
    this.#context = context;
    this.#direction = direction;
    this.#fates = fates;
    this.#exit = exit;
  }

  /** Packets on the way now. */
  get inFlight(): number {
    return this.#heap.length + (this.#codel === null ? 0 : this.#codel.packets);
  }

  change(changes: Partial<Impairment>): void {
    this.settings = withChanges(this.settings, changes);
  }

  /** A packet comes in; the lane owns it now. */
  offer(packet: Packet): void {
    const { keepSegments, medium, pool } = this.#context;
    if (packet.segmentSize === 0 || keepSegments) {
      this.#accept(packet);
      return;
    }
    segment(packet, medium, pool, this.#pieces);
    for (const piece of this.#pieces) this.#accept(piece);
    this.#pieces.length = 0;
  }

  /** The side that packets come from has no more for the moment. */
  offerEnd(): void {
    if (this.#passed === 0) return;
    this.#passed = 0;
    this.#exit.outEnd(this.#direction);
  }

  /** Sends a packet to the exit with nothing happening to it, and not from within the caller. */
  express(packet: Packet): void {
    this.#travel(packet, this.#context.scheduler.now);
  }

  /** Everything due, and nothing that comes in meanwhile. */
  run(now: number): void {
    let out = 0;
    for (let left = this.#heap.length; left > 0 && this.#heap.next() <= now; left--) {
      this.#leave(this.#heap.shift()!);
      out++;
    }
    if (this.#heap.length > 0) this.#schedule(this.#heap.next());
    if (out > 0 && !this.#closed) this.#exit.outEnd(this.#direction);
  }

  /** Drops what is on the way and whatever comes. */
  close(): void {
    this.#closed = true;
    this.#context.scheduler.cancel(this);
    for (let packet = this.#heap.shift(); packet !== null; packet = this.#heap.shift()) this.#discard(packet);
    if (this.#codel !== null) for (const packet of this.#codel.clear()) this.#discard(packet);
  }

  emit(type: LinkEvent['type'], packet: Packet): void {
    const { trace, scheduler, name } = this.#context;
    if (trace !== null) trace({ type, time: scheduler.now, host: name, packet: packet.id });
  }

  #accept(packet: Packet): void {
    this.counters.offered++;
    if (this.#closed) {
      this.#discard(packet);
      return;
    }
    if (this.#context.control.choose(packet, this.#direction)) return;
    const { settings } = this;
    const fates = this.#fates;
    fates.meet(this.counters.offered, packet.id);
    if (fates.loses(settings)) {
      this.counters.lost++;
      this.emit('packet-lost', packet);
      this.#context.pool.give(packet);
      return;
    }
    const bit = fates.flips(settings, packet.len * 8);
    if (bit >= 0) this.#corrupt(packet, bit);
    const copy = fates.duplicates(settings) ? this.#context.pool.clone(packet) : null;
    this.#transmit(packet, false);
    if (copy === null) return;
    this.counters.duplicated++;
    this.emit('packet-duplicated', copy);
    this.#transmit(copy, true);
  }

  #corrupt(packet: Packet, bit: number): void {
    // A checksum left to be made later would make the damage good.
    complete(packet, this.#context.medium);
    packet.checksum = CSUM_COMPLETE;
    packet.buf[packet.off + (bit >> 3)]! ^= 1 << (bit & 7);
    this.counters.corrupted++;
    this.emit('packet-corrupted', packet);
  }

  /** Through the rate limit, then on the way. */
  #transmit(packet: Packet, copy: boolean): void {
    const { settings } = this;
    const { rate, discipline } = settings;
    const now = this.#context.scheduler.now;
    let sent = now;
    const codel = this.#codelFor(rate !== Infinity && discipline === 'codel');
    if (rate !== Infinity || codel !== null) {
      const octets = this.#context.medium === 'ethernet' ? Math.max(0, packet.len - ETHERNET_HEADER) : packet.len;
      this.#backlog.settle(now);
      if (!this.#hasRoom(octets, codel ?? this.#backlog)) {
        this.#overflow(packet, 'queue-full');
        return;
      }
      if (codel === null) sent = this.#backlog.add(now, octets, rate);
      else {
        const late = this.#fates.jitter(settings, copy);
        const held = this.#fates.holdsBack(settings, copy);
        codel.push({ packet, octets, since: now, late, held }, this.#backlog.idleAt);
        return;
      }
    }
    const late = this.#fates.jitter(settings, copy);
    const arrival = this.#arrival(packet, sent + settings.delay + late, this.#fates.holdsBack(settings, copy));
    if (arrival <= now && this.#heap.length === 0) {
      this.#passed++;
      this.#leave(packet);
    } else {
      this.#travel(packet, arrival);
    }
  }

  /** When a packet arrives. @param held for how long it is held back, or -1 */
  #arrival(packet: Packet, arrival: number, held: number): number {
    if (held >= 0) {
      this.counters.reordered++;
      this.emit('packet-reordered', packet);
      return arrival + held;
    }
    if (arrival >= this.#lastArrival) this.#lastArrival = arrival;
    // A shorter delay set while packets are under way does not let later ones overtake.
    else if (this.settings.jitter === 0) return this.#lastArrival;
    return arrival;
  }

  /** The queue under CoDel, where that is asked for, or where packets wait in it that were there before. */
  #codelFor(asked: boolean): CodelQueue | null {
    if (!asked) return this.#codel !== null && this.#codel.packets > 0 ? this.#codel : null;
    if (this.#codel === null) {
      this.#codel = new CodelQueue(this.#context.scheduler, {
        settings: () => this.settings,
        transmitted: ({ packet, late, held }) => {
          const sent = this.#context.scheduler.now;
          this.#travel(packet, this.#arrival(packet, sent + this.settings.delay + late, held));
        },
        thinned: (packet) => this.#overflow(packet, 'queue-delay'),
      });
    }
    return this.#codel;
  }

  #hasRoom(octets: number, queue: { readonly packets: number; readonly octets: number }): boolean {
    const { queuePackets, queueBytes } = this.settings;
    return queue.packets < queuePackets && queue.octets + octets <= queueBytes;
  }

  #travel(packet: Packet, arrival: number): void {
    if (this.#closed) {
      this.#discard(packet);
    } else if (this.#heap.length >= MAX_IN_FLIGHT) {
      this.#overflow(packet, 'queue-full');
    } else {
      this.#heap.push(arrival, packet);
      if (arrival < this.at) this.#schedule(arrival);
    }
  }

  #schedule(at: number): void {
    this.#context.scheduler.schedule(this, at, ARRIVAL);
  }

  #leave(packet: Packet): void {
    if (this.#exit.out(this.#direction, packet)) this.counters.delivered++;
    else this.#discard(packet);
  }

  #overflow(packet: Packet, reason: 'queue-full' | 'queue-delay'): void {
    if (reason === 'queue-full') this.counters.overflowed++;
    else this.counters.thinned++;
    const { trace, scheduler, name, pool } = this.#context;
    if (trace !== null) {
      trace({ type: 'packet-dropped', time: scheduler.now, host: name, packet: packet.id, reason });
    }
    pool.give(packet);
  }

  #discard(packet: Packet): void {
    this.counters.undelivered++;
    this.#context.pool.give(packet);
  }
}
