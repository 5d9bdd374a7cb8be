/**
 * Owns: the arrows of a ladder that is true to time: from where a packet left to where it arrived, or would have; what kind it is
 * and what becomes of it. Leaves to others: heights (`ladder-axis.ts`), texts (`ladder-labels.ts`).
 */

import { FIN, RST, SYN } from '../wire/tcp.ts';
import { type AxisStop, type Entry, heightAt } from './ladder-axis.ts';
import { type Bearer, type Label, LabelPlacer } from './ladder-labels.ts';
import type { Fate, Flight, Item, Reading } from './ladder-reader.ts';
import { displayWidth } from './text.ts';
import type { Mark } from './words.ts';

/** By which a reader tells segments apart: the first that holds of RST, SYN, FIN, text, none of these. */
export type ArrowKind = 'RST' | 'SYN' | 'FIN' | 'data' | 'ACK';

/** A packet on its way. */
export interface LadderArrow {
  /** The packet's name in the trace. */
  readonly packet: number;
  /** Places in the trace of the events about it. */
  readonly events: readonly number[];
  /** Lanes: places in the list of hosts. */
  readonly from: number;
  readonly to: number;
  /** ms; null where the trace does not tell. */
  readonly sent: number | null;
  readonly arrived: number | null;
  /** Where it begins, and where it ends: at the lane, or on the way where it is lost or nothing more is known. */
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly top: number;
  readonly bottom: number;
  readonly kind: ArrowKind;
  /** `dropped` and `corrupted` packets arrive and are not taken; of those under way the trace does not tell the end. */
  readonly fate: 'delivered' | 'lost' | 'dropped' | 'corrupted' | 'under way';
  /** Whether its beginning is not known: it comes out of nowhere, or was injected on the way. */
  readonly headless: boolean;
  readonly retransmission: boolean;
  /** All that happened to it, in order, and the words for it. */
  readonly marks: readonly Mark[];
  readonly words: readonly string[];
  /** `SYN seq=0 win=65535 (retransmission)`, all of it. */
  readonly text: string;
  /** As much of it as has room beside the others, and where; null where none has. */
  readonly label: Label | null;
}

/** A packet's two ends, to be given heights. */
export interface Ends {
  readonly flight: Flight;
  /** Null where it is a copy, or comes out of nowhere. */
  readonly departure: Entry | null;
  readonly arrival: Entry;
  /** What happened to it, in words, and the text with them. */
  readonly words: readonly string[];
  readonly text: string;
  /** Columns of the text, and of its short form. */
  readonly columns: number;
  readonly fewest: number;
  /** Nothing at all is known of the host at the other end: then nothing is known to be missing. */
  readonly silent: boolean;
}

/** Of the way: where a packet is lost, where nothing tells; where one of which nothing more is known ends; or begins. */
const LOST = 0.68;
const UNDER_WAY = 0.6;
const NOWHERE = 0.45;
/** Room for the sign of what is sent again, where an arrow begins. */
const AGAIN = 16;
/** Arrows that meet this near to a lane leave each other's texts room. */
const SIDE = 0.15;

/** Every packet's ends in the order of flights. One that does not arrive has the end that it would have had. */
export function endsOf({ flights, chains }: Reading): Ends[] {
  const delays = new Delays(flights);
  const ends: Ends[] = [];
  /** The packets before this one between the same hosts, the last of them. */
  const before = new Map<string, Entry>();
  for (const [place, flight] of flights.entries()) {
    const { from, to, departure, arrival } = flight;
    const key = `${from} ${to}`;
    const silent = chains[departure === null ? from : to]!.length === 0;
    const left = departureEntry(flight, silent);
    let came: Entry;
    if (arrival !== null) came = entryOf(arrival.time, arrival.index, to, 'arrival', flight);
    else {
      const { time, order } = wouldArrive(flights, place, before.get(key), departure!.time + delays.between(from, to));
      came = { ...entryOf(time, order, to, 'arrival', flight), told: false };
    }
    before.set(key, came);
    const words = fatesOf(flight).map((fate) => fate.words);
    const text = flight.text + bracketed(words);
    const [columns, fewest] = [displayWidth(text), displayWidth(flight.short)];
    ends.push({ flight, departure: left, arrival: came, words, text, columns, fewest, silent });
  }
  return ends;
}

/** @param silent whether nothing is known of the sender: then it is taken to have sent */
function departureEntry(flight: Flight, silent: boolean): Entry | null {
  const { departure, arrival, from } = flight;
  if (departure !== null) return entryOf(departure.time, departure.index, from, 'departure', flight);
  if (!silent || flight.copyOf !== null || flight.injected !== null) return null;
  return entryOf(arrival!.time, arrival!.index - 0.5, from, 'departure', flight);
}

/**
 * When a packet that does not arrive would have, and where among what happens then: not before those that left before it, nor after
 * those that left after it.
 *
 * @param before the packet before it between the same hosts @param soonest ms
 */
function wouldArrive(
  flights: readonly Flight[],
  place: number,
  before: Entry | undefined,
  soonest: number,
): { readonly time: number; readonly order: number } {
  const { from, to, events } = flights[place]!;
  const least = events[0]! + 0.5;
  let next: Item | null = null;
  for (let i = place + 1; i < flights.length && i <= place + 64 && next === null; i++) {
    const flight = flights[i]!;
    if (flight.from === from && flight.to === to) next = flight.arrival;
  }
  // One that overtakes tells nothing of those that it overtakes.
  const limit = next === null ? Infinity : Math.max(next.time, soonest);
  const time = before === undefined || before.time > limit ? soonest : Math.max(soonest, before.time);
  if (before?.time === time) return { time, order: Math.max(before.order + 0.001, least) };
  return { time, order: next?.time === time ? Math.max(next.index - 0.5, least) : least };
}

function entryOf(time: number, order: number, lane: number, kind: Entry['kind'], flight: Flight): Entry {
  return { time, order, lane, kind, flight, item: null, told: true, y: 0 };
}

/** The shortest times from host to host. */
class Delays {
  readonly #shortest: Map<string, number> = new Map();

  constructor(flights: readonly Flight[]) {
    for (const { from, to, departure, arrival } of flights) {
      if (departure === null || arrival === null) continue;
      const key = `${from} ${to}`;
      this.#shortest.set(key, Math.min(this.#shortest.get(key) ?? Infinity, arrival.time - departure.time));
    }
  }

  /** ms; as long as the way back where nothing ever arrived, and 0 where that is not known either. */
  between(from: number, to: number): number {
    return this.#shortest.get(`${from} ${to}`) ?? this.#shortest.get(`${to} ${from}`) ?? 0;
  }
}

/** An arrow between its two heights. */
interface Line {
  readonly ends: Ends;
  readonly y1: number;
  readonly y2: number;
  /** Of the way that comes before what is known of it. */
  readonly share: number;
  /** Columns of the short text of the widest arrow that crosses it about its middle; null where none does. */
  crossed: number | null;
}

/** Arrows, by the height at which they begin. */
export class Arrows {
  readonly #stops: readonly AxisStop[];
  readonly #departed: Map<Flight, number> = new Map();
  readonly #lines: readonly Line[];
  /** Columns of the widest two texts whose arrows cross about their middle. */
  readonly widest: number;

  constructor(ends: readonly Ends[], stops: readonly AxisStop[]) {
    this.#stops = stops;
    for (const { flight, departure } of ends) if (departure !== null) this.#departed.set(flight, departure.y);
    this.#lines = ends.map((one) => this.#line(one)).sort((a, b) => a.y1 - b.y1);
    this.widest = this.#cross();
  }

  #line(ends: Ends): Line {
    const { y, share } = this.#beginning(ends);
    return { ends, y1: y, y2: ends.arrival.y, share, crossed: null };
  }

  /** Finds the arrows that share a height with one of the opposite direction. */
  #cross(): number {
    const active = new Map<string, Line[]>();
    let widest = 0;
    for (const line of this.#lines) {
      const { from, to } = line.ends.flight;
      const key = `${to} ${from}`;
      const opposite = active.get(key) ?? [];
      let kept = 0;
      for (const other of opposite) if (other.y2 > line.y1) opposite[kept++] = other;
      opposite.length = kept;
      for (const other of opposite) {
        // Of the way of `line`: where they meet.
        const share = (other.y2 - line.y1) / (line.y2 - line.y1 + (other.y2 - other.y1));
        if (share < SIDE || share > 1 - SIDE) continue;
        line.crossed = Math.max(line.crossed ?? 0, other.ends.fewest);
        other.crossed = Math.max(other.crossed ?? 0, line.ends.fewest);
        widest = Math.max(widest, line.ends.columns + other.ends.columns);
      }
      const own = active.get(`${from} ${to}`);
      if (own === undefined) active.set(`${from} ${to}`, [line]);
      else own.push(line);
    }
    return widest;
  }

  /** The height at which it leaves, and the share of the way that comes before what is known of it. */
  #beginning({ flight, departure, arrival }: Ends): { readonly y: number; readonly share: number } {
    const original = flight.copyOf === null ? undefined : this.#departed.get(flight.copyOf);
    if (departure !== null) return { y: departure.y, share: 0 };
    if (original !== undefined) return { y: Math.min(original, arrival.y - 1), share: 0 };
    const y = flight.injected === null ? arrival.y - 14 : heightAt(this.#stops, flight.injected);
    return { y: Math.min(y, arrival.y - 12), share: NOWHERE };
  }

  /**
   * @param x of the lanes
   * @param blocked strips that no text may touch, by `top`
   */
  arrows(
    x: readonly number[],
    character: number,
    blocked: readonly {
      readonly left: number;
      readonly right: number;
      readonly top: number;
      readonly bottom: number;
    }[],
  ): LadderArrow[] {
    const placer = new LabelPlacer(character);
    let next = 0;
    return this.#lines.map((line) => {
      for (; next < blocked.length && blocked[next]!.top < line.y2; next++) {
        const { left, right, top, bottom } = blocked[next]!;
        placer.block(left, right, top, bottom);
      }
      return this.#arrow(line, x, placer);
    });
  }

  #arrow({ ends, y1, y2, share, crossed }: Line, x: readonly number[], placer: LabelPlacer): LadderArrow {
    const { flight, words, text } = ends;
    const { from, to, event } = flight;
    const x1 = x[from]! + (x[to]! - x[from]!) * share;
    const line = { x1, y1, x2: x[to]!, y2 };
    const fate = fateOf(ends);
    const way = fate === 'lost' ? this.#lostAt(ends) : fate === 'under way' ? UNDER_WAY : 1;
    const sign = flight.retransmission ? AGAIN : 0;
    const label = placer.place({
      line: wholeLine(line, share, x[from]!),
      forms: formsOf(ends),
      clipped: flight.short,
      sign,
      crossed,
    });
    const end = { x2: x1 + (line.x2 - x1) * way, y2: y1 + (y2 - y1) * way };
    return {
      packet: event.packet,
      events: flight.events,
      from,
      to,
      sent: flight.departure?.time ?? null,
      arrived: flight.arrival?.time ?? null,
      x1,
      y1,
      ...end,
      top: y1,
      bottom: end.y2,
      kind: kindOf(flight),
      fate,
      headless: share > 0,
      retransmission: flight.retransmission,
      marks: fatesOf(flight).map(({ mark }) => mark),
      words,
      text,
      label,
    };
  }

  /** The share of the way at which it is lost. */
  #lostAt({ flight, departure, arrival }: Ends): number {
    const passed = flight.lost!.time - departure!.time;
    const whole = arrival.time - departure!.time;
    return passed > 0 && whole > 0 ? Math.min(0.85, Math.max(0.25, passed / whole)) : LOST;
  }
}

/** All that happened to it, in order. */
function fatesOf({ marks, lost, arrivalMarks }: Flight): readonly Fate[] {
  return lost === null && arrivalMarks.length === 0
    ? marks
    : [...marks, ...(lost === null ? [] : [lost]), ...arrivalMarks];
}

/** What an arrow says, and what it says where there is less room: without its window, without options, without what happened to it. */
function formsOf({ flight, text, words }: Ends): string[] {
  const { short } = flight;
  const forms = [text, text.replace(/ win=\d+/, ''), short + bracketed(words), short];
  for (const less of LESS[kindOf(flight)] ?? []) forms.push(forms.at(-1)!.replace(less, ''));
  return forms;
}

/** What is left out then, one after the other: what matters is where a text begins, and what an ACK has. */
const LESS: { readonly [kind in ArrowKind]?: readonly RegExp[] } = {
  data: [/ ack=-?\d+/, /\S+ (?=seq=)/, / len=\d+/],
  ACK: [/ seq=-?\d+/, /\S+ (?=ack=)/],
};

/** The line that a text stands along begins at the lane, also where the arrow does not. */
function wholeLine(line: Bearer, share: number, x1: number): Bearer {
  if (share === 0) return line;
  return { ...line, x1, y1: line.y1 - ((line.y2 - line.y1) * share) / (1 - share) };
}

function bracketed(words: readonly string[]): string {
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function kindOf({ event }: Flight): ArrowKind {
  const { flags, length } = event.segment;
  if (flags & RST) return 'RST';
  if (flags & SYN) return 'SYN';
  if (flags & FIN) return 'FIN';
  return length > 0 ? 'data' : 'ACK';
}

function fateOf({ flight, silent }: Ends): LadderArrow['fate'] {
  const { marks, arrivalMarks, lost, arrival } = flight;
  const has = (some: readonly { readonly mark: Mark }[], mark: Mark): boolean => some.some((one) => one.mark === mark);
  if (lost !== null) return 'lost';
  if (arrival === null) return silent ? 'delivered' : 'under way';
  if (has(marks, 'corrupted')) return 'corrupted';
  return has(arrivalMarks, 'dropped') ? 'dropped' : 'delivered';
}
