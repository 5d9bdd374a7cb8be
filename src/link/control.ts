/**
 * Owns: packets chosen by hand on an impaired link: dropped, or held until somebody says in which order they go on.
 * Rules are asked in the order they were made; the first that takes a packet has it.
 */

import type { Packet } from './packet.ts';
import type { Direction } from './tap.ts';

/** Whether a rule is about this packet. It may look, and must not change or keep the packet. */
export type PacketPredicate = (packet: Packet, direction: Direction) => boolean;

/** The order in which held packets go on: as they came, the last first, or by their index in {@link Hold.packets}. */
export type ReleaseOrder = 'fifo' | 'reverse' | readonly number[];

/** Packets in one hold at most; what comes then is dropped. */
export const MAX_HELD = 4096;

/** What a rule does to packets, for the link that owns them. */
export interface ControlOwner {
  drop(packet: Packet, direction: Direction): void;
  hold(packet: Packet, direction: Direction): void;
  holdOverflow(packet: Packet, direction: Direction): void;
  release(packet: Packet, direction: Direction): void;
}

interface Rule {
  readonly predicate: PacketPredicate;
  left: number;
  take(packet: Packet, direction: Direction): void;
}

/** A rule that drops packets. */
export interface Drop {
  /** How many it has dropped. */
  readonly count: number;
  /** Ends the rule. */
  stop(): void;
}

/** A rule that holds packets, and the packets it holds. */
export interface Hold {
  /** To look at, oldest first. */
  readonly packets: readonly Packet[];
  /** Ends the rule; what it holds stays held. */
  stop(): void;
  /** Ends the rule and lets the packets go on, past all impairments. Those that a list of indices leaves out follow. */
  release(order?: ReleaseOrder): void;
  /** Ends the rule and drops the packets. */
  drop(): void;
}

export class Control {
  readonly #owner: ControlOwner;
  #rules: Rule[] = [];
  readonly #holds: Set<Hold> = new Set();

  constructor(owner: ControlOwner) {
    this.#owner = owner;
  }

  /** @returns whether a rule has taken the packet over */
  choose(packet: Packet, direction: Direction): boolean {
    for (const rule of this.#rules) {
      if (!rule.predicate(packet, direction)) continue;
      if (--rule.left <= 0) this.#end(rule);
      rule.take(packet, direction);
      return true;
    }
    return false;
  }

  /** Drops the next `count` packets that `predicate` is true of. */
  drop(predicate: PacketPredicate, count: number): Drop {
    const owner = this.#owner;
    const end = (rule: Rule): void => this.#end(rule);
    let dropped = 0;
    const rule: Rule = {
      predicate,
      left: count,
      take(packet, direction) {
        dropped++;
        owner.drop(packet, direction);
      },
    };
    if (count > 0) this.#rules = [...this.#rules, rule];
    return {
      get count() {
        return dropped;
      },
      stop: () => end(rule),
    };
  }

  /** Holds the next `count` packets that `predicate` is true of. */
  hold(predicate: PacketPredicate, count: number): Hold {
    const owner = this.#owner;
    const packets: Packet[] = [];
    const directions: Direction[] = [];
    const rule: Rule = {
      predicate,
      left: count,
      take(packet, direction) {
        if (packets.length >= MAX_HELD) {
          owner.holdOverflow(packet, direction);
          return;
        }
        packets.push(packet);
        directions.push(direction);
        owner.hold(packet, direction);
      },
    };
    if (count > 0) this.#rules = [...this.#rules, rule];
    const empty = (each: (packet: Packet, direction: Direction) => void, order: ReleaseOrder): void => {
      this.#end(rule);
      this.#holds.delete(hold);
      const held = packets.splice(0);
      const ways = directions.splice(0);
      for (const index of indices(held.length, order)) each(held[index]!, ways[index]!);
    };
    const hold: Hold = {
      packets,
      stop: () => this.#end(rule),
      release: (order: ReleaseOrder = 'fifo') => empty((p, d) => owner.release(p, d), order),
      drop: () => empty((p, d) => owner.drop(p, d), 'fifo'),
    };
    this.#holds.add(hold);
    return hold;
  }

  /** Ends all rules and drops what they hold. */
  close(): void {
    for (const hold of [...this.#holds]) hold.drop();
    this.#rules = [];
  }

  #end(rule: Rule): void {
    this.#rules = this.#rules.filter((other) => other !== rule);
  }
}

/** Each of 0 .. count-1 once, those of `order` first. */
function indices(count: number, order: ReleaseOrder): Iterable<number> {
  const all = Array.from({ length: count }, (_, i) => i);
  if (order === 'fifo') return all;
  if (order === 'reverse') return all.reverse();
  const known = order.filter((index) => Number.isInteger(index) && index >= 0 && index < count);
  return new Set([...known, ...all]);
}
