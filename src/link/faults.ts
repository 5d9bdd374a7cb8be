/**
 * Owns: who decides what happens to a packet in a lane: dice, dice that are written down, or a list. One fault is plain data and
 * names its packet by where it was, so that the list of a run's faults is all that chance did in it. Leaves to others: when a
 * lane asks and what it does then (`lane.ts`), the list of a whole run (`sim/plan.ts`).
 */

import { below, type Random, unit } from '../base/random.ts';
import type { Impairment } from './impairment.ts';
import type { Direction } from './tap.ts';

/** From the end of the link that is named first, or towards it. */
export type FaultDirection = 'forth' | 'back';

/** Which packet: the how many-th that came to this direction of the link, from 1 on. */
export interface FaultPlace {
  /** The link's name. */
  readonly link: string;
  readonly direction: FaultDirection;
  readonly packet: number;
  /** It is the packet's copy that was late, not the packet. */
  readonly copy?: true;
}

/** One thing that happened by chance to one packet. */
export type PacketFault = FaultPlace &
  (
    | { readonly kind: 'loss' | 'duplicate' }
    /** The bit that was flipped, counted from the packet's first octet, the least significant bit of each first. */
    | { readonly kind: 'corrupt'; readonly bit: number }
    /** How much later than the link's delay, ms. Held back ('reorder') it lets those after it pass. */
    | { readonly kind: 'jitter' | 'reorder'; readonly by: number }
  );

/** What a lane asks about each packet, in this order. */
export interface Fates {
  /** The next questions are about this packet. @param id its name in traces */
  meet(ordinal: number, id: number): void;
  loses(settings: Impairment): boolean;
  /** The bit to be flipped of so many, or -1. */
  flips(settings: Impairment, bits: number): number;
  duplicates(settings: Impairment): boolean;
  /** How late it is beyond the link's delay, ms. @param copy it is the packet's copy */
  jitter(settings: Impairment, copy: boolean): number;
  /** For how long it is held back so that others pass, ms; -1 when it is not. */
  holdsBack(settings: Impairment, copy: boolean): number;
}

/** Seeded chance, as the settings have it. */
export class Dice implements Fates {
  readonly #random: Random;
  /** In the bad state of the channel whose losses come in bursts. */
  #bad = false;

  constructor(random: Random) {
    this.#random = random;
  }

  meet(): void {}

  /** One packet by itself, or Gilbert's two states, which change before each packet. */
  loses({ loss, lossBurst }: Impairment): boolean {
    if (loss === 0) return false;
    if (lossBurst === 1) return unit(this.#random) < loss;
    const change = this.#bad ? 1 / lossBurst : loss / (lossBurst * (1 - loss));
    if (unit(this.#random) < change) this.#bad = !this.#bad;
    return this.#bad;
  }

  flips({ corrupt }: Impairment, bits: number): number {
    return this.#happens(corrupt) && bits > 0 ? below(this.#random, bits) : -1;
  }

  duplicates({ duplicate }: Impairment): boolean {
    return this.#happens(duplicate);
  }

  jitter({ jitter }: Impairment): number {
    return jitter > 0 ? jitter * unit(this.#random) : 0;
  }

  holdsBack({ reorder, reorderDelay, reorderJitter }: Impairment): number {
    if (!this.#happens(reorder)) return -1;
    return reorderJitter > 0 ? reorderDelay + reorderJitter * unit(this.#random) : reorderDelay;
  }

  #happens(probability: number): boolean {
    return probability > 0 && unit(this.#random) < probability;
  }
}

/** Takes down a fault. @param id the packet's name in traces, 0 when nobody traces */
export type FaultNote = (fault: PacketFault, id: number) => void;

/** Passes on what another decides, and writes down each fault that comes of it. */
export class NotedFates implements Fates {
  readonly #inner: Fates;
  readonly #link: string;
  readonly #direction: FaultDirection;
  readonly #note: FaultNote;
  #ordinal = 0;
  #id = 0;

  constructor(inner: Fates, link: string, direction: Direction, note: FaultNote) {
    this.#inner = inner;
    this.#link = link;
    this.#direction = faultDirection(direction);
    this.#note = note;
  }

  meet(ordinal: number, id: number): void {
    this.#ordinal = ordinal;
    this.#id = id;
    this.#inner.meet(ordinal, id);
  }

  loses(settings: Impairment): boolean {
    const lost = this.#inner.loses(settings);
    if (lost) this.#note({ ...this.#place(false), kind: 'loss' }, this.#id);
    return lost;
  }

  flips(settings: Impairment, bits: number): number {
    const bit = this.#inner.flips(settings, bits);
    if (bit >= 0) this.#note({ ...this.#place(false), kind: 'corrupt', bit }, this.#id);
    return bit;
  }

  duplicates(settings: Impairment): boolean {
    const twice = this.#inner.duplicates(settings);
    if (twice) this.#note({ ...this.#place(false), kind: 'duplicate' }, this.#id);
    return twice;
  }

  jitter(settings: Impairment, copy: boolean): number {
    const by = this.#inner.jitter(settings, copy);
    if (by > 0) this.#note({ ...this.#place(copy), kind: 'jitter', by }, this.#id);
    return by;
  }

  holdsBack(settings: Impairment, copy: boolean): number {
    const by = this.#inner.holdsBack(settings, copy);
    if (by >= 0) this.#note({ ...this.#place(copy), kind: 'reorder', by }, this.#id);
    return by;
  }

  #place(copy: boolean): FaultPlace {
    const place = { link: this.#link, direction: this.#direction, packet: this.#ordinal };
    return copy ? { ...place, copy } : place;
  }
}

const NONE: readonly PacketFault[] = [];

/** Has happen what a list says of one direction of one link, and nothing else, whatever the settings. */
export class PlannedFates implements Fates {
  readonly #faults: Map<number, PacketFault[]> = new Map();
  #now: readonly PacketFault[] = NONE;

  /** @param faults of this direction of this link; the first of a kind counts */
  constructor(faults: readonly PacketFault[]) {
    for (const fault of faults) {
      const others = this.#faults.get(fault.packet);
      if (others === undefined) this.#faults.set(fault.packet, [fault]);
      else others.push(fault);
    }
  }

  meet(ordinal: number): void {
    this.#now = this.#faults.get(ordinal) ?? NONE;
  }

  loses(): boolean {
    return this.#now.some(({ kind }) => kind === 'loss');
  }

  /** A bit beyond the packet's end is the last one: in a course of events changed by what comes before, it may be shorter. */
  flips(_settings: Impairment, bits: number): number {
    for (const fault of this.#now) {
      if (fault.kind === 'corrupt') return Math.min(fault.bit, bits - 1);
    }
    return -1;
  }

  duplicates(): boolean {
    return this.#now.some(({ kind }) => kind === 'duplicate');
  }

  jitter(_settings: Impairment, copy: boolean): number {
    return this.#late('jitter', copy) ?? 0;
  }

  holdsBack(_settings: Impairment, copy: boolean): number {
    return this.#late('reorder', copy) ?? -1;
  }

  #late(kind: 'jitter' | 'reorder', copy: boolean): number | null {
    for (const fault of this.#now) {
      if (fault.kind === kind && 'by' in fault && (fault.copy === true) === copy) return fault.by;
    }
    return null;
  }
}

/** As a list of faults names a lane's direction. */
export function faultDirection(direction: Direction): FaultDirection {
  return direction === 'send' ? 'forth' : 'back';
}

/** Who decides for a lane, for whoever keeps the list of a run. */
export interface FaultSource {
  /** @param dice who decides where there is no list */
  fates(link: string, direction: Direction, dice: Fates): Fates;
}
