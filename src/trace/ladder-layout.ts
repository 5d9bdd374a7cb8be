/**
 * Owns: the geometry of a ladder that is true to time, as plain data: lanes, arrows from when they left to when they arrived, states,
 * calls, timers as bars, notes, folds and the column of times. Leaves to others: heights (`ladder-axis.ts`), arrows
 * (`ladder-arrows.ts`), and how it looks: a page, or SVG (`ladder-svg.ts`).
 *
 * The origin is the upper left corner, y grows downwards, the unit is a picture's (a pixel). Lists are sorted by `top`, so that a
 * viewer draws what is visible of them (`visible`).
 */

import type { CallEvent, StateName, TraceEvent } from './events.ts';
import { Arrows, type Ends, endsOf, type LadderArrow } from './ladder-arrows.ts';
import {
  type Axis,
  type AxisStop,
  compareEntries,
  type Entry,
  type Fold,
  heightAt,
  NOTE_HEIGHT,
  placeEntries,
  timeAt,
} from './ladder-axis.ts';
import { columnsOfBars, type LadderBar, type Span, timerSpans } from './ladder-bars.ts';
import { type ContentOptions, type Item, type Reading, readTrace } from './ladder-reader.ts';
import { clip, displayWidth } from './text.ts';
import { duration, WORDS } from './words.ts';

export interface LayoutOptions extends ContentOptions {
  /** The lanes from left to right: names of hosts as their events have them, at least two. */
  readonly hosts: readonly string[];
  /** Of the whole ladder; by default as wide as its texts need. Where it is too narrow, texts are shortened. */
  readonly width?: number;
  /** Of a ladder whose width is given: what texts beside the outer lanes have on each side; by default what they need, within limits. */
  readonly beside?: number;
  /** Width of a character of the type that texts are set in, which has one width. Default 7.2, of a type of 12. */
  readonly character?: number;
  /** Height of a line of text. Default 18. */
  readonly line?: number;
  /** An idle time is folded from this length on, ms. By default three times the shortest way from host to host. */
  readonly fold?: number;
  /** Height of 1 ms. By default such that the shortest way from host to host falls by 44. */
  readonly scale?: number;
  /** Times are shown from here, ms. Default 0. */
  readonly origin?: number;
}

export interface LadderLane {
  readonly host: string;
  readonly x: number;
  /** The state before anything happens; null where no event tells. */
  readonly initial: StateName | null;
}

/** Something at one host that is no packet, beside its lane. */
export interface LadderText {
  readonly lane: number;
  /** Where the text begins or ends, and the middle of its height. */
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
  readonly time: number;
  readonly kind: 'state' | 'call' | 'timer' | 'congestion' | 'drop';
  /** As much as has room, and all of it. */
  readonly text: string;
  readonly whole: string;
  /** Place in the trace. */
  readonly event: number;
}

/** Words of whoever tells the story, across all lanes. */
export interface LadderNote {
  readonly top: number;
  readonly bottom: number;
  readonly time: number;
  readonly text: string;
  readonly event: number;
}

/** A time left out: ms, and the words for it (`59.8 s`). */
export interface LadderFold extends Fold {
  readonly text: string;
}

export interface LadderTick {
  readonly y: number;
  readonly top: number;
  readonly bottom: number;
  readonly time: number;
  readonly text: string;
}

export interface LadderLayout {
  readonly width: number;
  readonly height: number;
  /** Right edge of the column of times, where its texts end. */
  readonly clock: number;
  readonly lanes: readonly LadderLane[];
  readonly arrows: readonly LadderArrow[];
  readonly texts: readonly LadderText[];
  readonly bars: readonly LadderBar[];
  readonly notes: readonly LadderNote[];
  readonly folds: readonly LadderFold[];
  readonly ticks: readonly LadderTick[];
  /** Every instant and its heights, for `ladderY` and `ladderTime`. */
  readonly stops: readonly AxisStop[];
}

/** From bar to bar beside a lane, and from the lane to the first. */
const BAR_PITCH = 8;
const MARGIN = 12;
const GAP = 10;
/** Free above the first instant and below the last. */
const FREE = 22;
const LINE = 18;
const CHARACTER = 7.2;
/** How far the shortest way falls; how many of it are an idle time. */
const FALL = 44;
const IDLE = 3;
/** Between lanes at least, and besides the text of an arrow. */
const NARROWEST = 320;
const BESIDE = 44;
/** Of a ladder whose width is given: the most that texts beside lanes take on each side. */
const OUTER = 0.22;
/** Around a state's name. */
const PILL = 12;

/**
 * Lays a trace out. Events of hosts that are not named are left out; those of links show at their packets.
 *
 * @example
 * const layout = ladderLayout(events, { hosts: ['client', 'server'] })
 * for (const { x1, y1, x2, y2, kind } of visible(layout.arrows, 0, 800)) draw(x1, y1, x2, y2, kind)
 */
export function ladderLayout(events: readonly TraceEvent[], options: LayoutOptions): LadderLayout {
  return new Layout(events, options).layout();
}

/** The height of a time (ms): where its instant begins. */
export function ladderY({ stops }: Pick<LadderLayout, 'stops'>, time: number): number {
  return heightAt(stops, time);
}

/** The time of a height, ms; within an instant and above the first it is the instant's. */
export function ladderTime({ stops }: Pick<LadderLayout, 'stops'>, y: number): number {
  return timeAt(stops, y);
}

/** What of a sorted list of a layout shows between two heights. */
export function visible<T extends { readonly top: number; readonly bottom: number }>(
  items: readonly T[],
  from: number,
  until: number,
): T[] {
  const seen: T[] = [];
  for (const item of items) {
    if (item.top > until) break;
    if (item.bottom >= from) seen.push(item);
  }
  return seen;
}

class Layout {
  readonly #options: LayoutOptions;
  readonly #reading: Reading;
  readonly #ends: readonly Ends[];
  readonly #spans: readonly Span[];
  readonly #character: number;
  readonly #line: number;
  /** Texts beside lanes, and notes, with their heights. */
  readonly #texts: readonly Entry[];
  readonly #notes: readonly Entry[];
  readonly #axis: Axis;
  /** Timers, in columns, and how many of those each lane has. */
  readonly #bars: readonly LadderBar[];
  readonly #columnsOf: readonly number[];

  constructor(events: readonly TraceEvent[], options: LayoutOptions) {
    const { hosts } = options;
    this.#options = options;
    this.#character = options.character ?? CHARACTER;
    this.#line = options.line ?? LINE;
    const { timers = 'main' } = options;
    // Bars tell when timers are set and stopped: texts of it all would be too many.
    this.#reading = readTrace(events, hosts, { ...options, timers: timers === 'all' ? 'main' : timers });
    this.#ends = endsOf(this.#reading);
    this.#spans = timerSpans(events, hosts, timers);
    const beside = this.#reading.chains.flatMap((chain) => besideEntries(chain, events));
    this.#texts = beside.filter(({ kind }) => kind === 'text');
    this.#notes = beside.filter(({ kind }) => kind === 'note');
    this.#axis = this.#place();
    this.#bars = columnsOfBars(this.#spans, this.#axis.bottom + FREE / 2);
    this.#columnsOf = hosts.map((_, at) =>
      this.#bars.reduce((n, { lane, x }) => (lane === at ? Math.max(n, x + 1) : n), 0),
    );
  }

  #place(): Axis {
    const entries: Entry[] = [...this.#texts, ...this.#notes];
    for (const { departure, arrival } of this.#ends) {
      if (departure !== null) entries.push(departure);
      entries.push(arrival);
    }
    for (const { first, last } of this.#spans) {
      entries.push(first);
      if (last !== null) entries.push(last);
    }
    for (const note of this.#notes) note.order = this.#noteOrder(note, entries);
    entries.sort(compareEntries);
    const unit = this.#shortest(entries);
    const { scale = FALL / unit, fold = IDLE * unit, hosts } = this.#options;
    return placeEntries(entries, hosts.length, { top: FREE, line: this.#line, scale, fold });
  }

  /**
   * A note across arrows that have just left would leave their texts no room: it stands before what is said and sent at its
   * instant, and after what arrives.
   */
  #noteOrder({ time, order }: Entry, entries: readonly Entry[]): number {
    const flies = this.#ends.some(
      ({ departure, arrival }) => departure?.time === time && departure.order < order && arrival.time > time,
    );
    if (!flies) return order;
    const earlier = entries.filter((entry) => entry.time === time && entry.order < order);
    const arrivals = earlier.filter(({ kind }) => kind === 'arrival').map((entry) => entry.order);
    return arrivals.length > 0 ? Math.max(...arrivals) + 0.25 : Math.min(...earlier.map((entry) => entry.order)) - 0.25;
  }

  /**
   * ms from host to host at least. Where packets take no time, as in a capture, how long an answer takes: every second one comes at
   * once, from the host that captured, so that it is the longer ones that tell.
   */
  #shortest(entries: readonly Entry[]): number {
    let shortest = Infinity;
    for (const { flight } of this.#ends) {
      const { departure, arrival } = flight;
      const delay = departure !== null && arrival !== null ? arrival.time - departure.time : 0;
      if (delay > 0) shortest = Math.min(shortest, delay);
    }
    if (shortest < Infinity) return shortest;
    const flights = this.#ends.map(({ flight }) => flight);
    const waits = flights.slice(1).flatMap(({ from, event }, i) => {
      const before = flights[i]!;
      return before.from === from ? [] : [event.time - before.event.time];
    });
    return quantile(waits, 0.75) ?? quantile(steps(entries), 0.5) ?? 1;
  }

  layout(): LadderLayout {
    const { stops } = this.#axis;
    const arrows = new Arrows(this.#ends, stops);
    const ticks = this.#ticks();
    const unit = WORDS[this.#options.lang ?? 'en'].millisecond;
    const clock = MARGIN + longest([unit, ...ticks.map(({ text }) => text)]) * this.#character;
    const { x, outer, width } = this.#columns(clock, arrows.widest);
    const height = this.#axis.bottom + FREE;
    // Bars stand on the outer side of the outer lanes, and to the right of those between.
    const bars = this.#bars.map((bar) => ({ ...bar, x: x[bar.lane]! + outwards(bar.lane) * (bar.x + 1) * BAR_PITCH }));
    const texts = this.#textsAt(x, outer);
    const notes = this.#notes.map(({ time, y, item }) => ({
      top: y,
      bottom: y + NOTE_HEIGHT,
      time,
      text: item!.text,
      event: item!.index,
    }));
    return {
      width,
      height,
      clock,
      lanes: this.#options.hosts.map((host, lane) => ({
        host,
        x: x[lane]!,
        initial: this.#reading.initial[lane] ?? null,
      })),
      arrows: arrows.arrows(x, this.#character, this.#blocked(texts, notes, x, width)),
      texts: byTop(texts),
      bars: byTop(bars),
      notes: byTop(notes),
      folds: this.#folds(),
      ticks,
      stops,
    };
  }

  #folds(): LadderFold[] {
    const words = WORDS[this.#options.lang ?? 'en'];
    return this.#axis.folds.map((fold) => ({ ...fold, text: duration(fold.until - fold.from, words) }));
  }

  /** The column of times: one for each instant, where there is room. */
  #ticks(): LadderTick[] {
    const { origin = 0 } = this.#options;
    const stops = this.#axis.stops.filter(({ told }) => told);
    const times = stops.map(({ time }) => time - origin);
    const decimals = times.every((time) => Math.abs(time - Math.round(time)) < 0.0005) ? 0 : 3;
    const ticks: LadderTick[] = [];
    let free = -Infinity;
    for (const { time, top: y } of stops) {
      if (y < free) continue;
      free = y + this.#line - 2;
      const half = this.#line / 2;
      ticks.push({ y, top: y - half, bottom: y + half, time, text: (time - origin).toFixed(decimals) });
    }
    return ticks;
  }

  /** Where lanes stand, and how wide texts beside the outer ones may be. @param widest columns of two texts on one height */
  #columns(clock: number, widest: number): { x: number[]; outer: number[]; width: number } {
    const { hosts, width } = this.#options;
    const last = hosts.length - 1;
    const bars = this.#columnsOf.map((count) => count * BAR_PITCH);
    const wanted = hosts.map((_, lane) => this.#textWidth(lane));
    const sides = bars[0]! + bars[last]! + 4 * GAP;
    if (width !== undefined) {
      const outer = wanted.map((one) => this.#options.beside ?? Math.min(one, width * OUTER));
      const left = clock + GAP + outer[0]! + GAP + bars[0]!;
      const lane = (width - MARGIN - (clock - MARGIN) - outer[0]! - outer[last]! - sides - MARGIN) / last;
      return { x: hosts.map((_, at) => left + at * lane), outer, width };
    }
    const single = this.#ends.reduce((most, { columns }) => Math.max(most, columns), 0) * this.#character + BESIDE;
    const both = widest === 0 ? 0 : widest * this.#character + 1.5 * BESIDE;
    const middle = Math.max(0, ...hosts.slice(1, last).map((_, at) => wanted[at + 1]! + bars[at + 1]!));
    const lane = Math.max(NARROWEST, single, both) + middle;
    const left = clock + GAP + wanted[0]! + GAP + bars[0]!;
    const x = hosts.map((_, at) => Math.round(left + at * lane));
    return { x, outer: wanted, width: x[last]! + bars[last]! + GAP + wanted[last]! + GAP + MARGIN };
  }

  /** What the texts beside a lane need. */
  #textWidth(lane: number): number {
    const own = this.#texts.filter((entry) => entry.lane === lane).map(({ item }) => item!);
    const initial = this.#reading.initial[lane] ?? '';
    const columns = longest([initial, ...own.map(({ text }) => text)]);
    return columns * this.#character + PILL;
  }

  #textsAt(x: readonly number[], outer: readonly number[]): LadderText[] {
    return this.#texts.map(({ lane, time, y, item }) => {
      const { kind, text: whole, index } = item!;
      const text = clip(whole, Math.max(3, Math.floor((outer[lane]! - PILL) / this.#character + 0.01)));
      return {
        lane,
        x: x[lane]! + outwards(lane) * (GAP + this.#columnsOf[lane]! * BAR_PITCH),
        y,
        anchor: lane === 0 ? 'end' : 'start',
        width: displayWidth(text) * this.#character + PILL,
        top: y - this.#line / 2,
        bottom: y + this.#line / 2,
        time,
        kind: kind as LadderText['kind'],
        text,
        whole,
        event: index,
      };
    });
  }

  /** What texts of arrows must not touch: notes, folds, and texts beside lanes that have others on both sides. */
  #blocked(texts: readonly LadderText[], notes: readonly LadderNote[], x: readonly number[], width: number) {
    const across = [...notes, ...this.#axis.folds].map(({ top, bottom }) => ({ left: 0, right: width, top, bottom }));
    const inside = texts
      .filter(({ lane }) => lane > 0 && lane < x.length - 1)
      .map((text) => ({ left: text.x, right: text.x + text.width, top: text.top, bottom: text.bottom }));
    return byTop([...across, ...inside]);
  }
}

/** The states that calls lead to by themselves. */
const MADE: Readonly<Record<CallEvent['call'], readonly StateName[]>> = {
  OPEN: ['LISTEN', 'SYN-SENT'],
  SEND: [],
  RECEIVE: [],
  CLOSE: ['FIN-WAIT-1', 'LAST-ACK', 'CLOSED'],
  ABORT: ['CLOSED'],
};

/** What stands beside a lane, in order. A call is told when it is over, after the change of state that it makes: it stands before. */
function besideEntries(chain: readonly Item[], events: readonly TraceEvent[]): Entry[] {
  const entries: Entry[] = [];
  for (const [at, item] of chain.entries()) {
    if (item.flight !== null) continue;
    const event = events[item.index]!;
    const before = chain[at - 1];
    const made = event.type === 'call' && before?.state != null && MADE[event.call].includes(before.state);
    const order = made && before.time === item.time ? before.index - 0.5 : item.index;
    const kind = item.kind === 'note' ? 'note' : 'text';
    entries.push({ time: item.time, order, lane: item.lane, kind, flight: null, item, told: true, y: 0 });
  }
  return entries;
}

/** On which side of a lane what belongs to it stands. */
function outwards(lane: number): 1 | -1 {
  return lane === 0 ? -1 : 1;
}

/** Times that pass from entry to entry, ms. */
function steps(entries: readonly Entry[]): number[] {
  return entries.slice(1).map(({ time }, i) => time - entries[i]!.time);
}

/** Of the values above 0 the one that a share of them is below; null where there is none. */
function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? null;
}

function byTop<T extends { readonly top: number }>(items: T[]): T[] {
  return items.sort((a, b) => a.top - b.top);
}

/** Columns of the longest. */
function longest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, displayWidth(text)), 0);
}
