/**
 * Owns: the vertical axis of a ladder that is true to time: where each event stands, how much of an idle time is left out, and
 * the way from a time to a height and back. Leaves to others: what the events are (`ladder-reader.ts`), where things stand
 * from left to right (`ladder-layout.ts`).
 *
 * Height rises with time and never falls. Events of one instant that would hide each other stand below each other, so that an
 * instant may have a height of its own; an idle time is folded to a strip.
 */

import type { Flight, Item } from './ladder-reader.ts';

/** One instant: ms, and the heights of what happens in it. */
export interface AxisStop {
  readonly time: number;
  readonly top: number;
  readonly bottom: number;
  /** False where only packets would have arrived that did not. */
  readonly told: boolean;
}

/** Time left out between two instants, ms, and the strip in its place. */
export interface Fold {
  readonly from: number;
  readonly until: number;
  readonly top: number;
  readonly bottom: number;
}

export interface AxisOptions {
  readonly top: number;
  /** How far apart lines of text stand. */
  readonly line: number;
  /** Height of 1 ms. */
  readonly scale: number;
  /** An idle time is folded from this length on, ms. */
  readonly fold: number;
}

/** An end of an arrow, a text, a timer or a note, to be given a height. */
export interface Entry {
  readonly time: number;
  /** Its place among what happens at an instant. */
  order: number;
  readonly lane: number;
  readonly kind: 'departure' | 'arrival' | 'text' | 'note' | 'mark';
  readonly flight: Flight | null;
  readonly item: Item | null;
  /** Whether the trace tells of it. */
  readonly told: boolean;
  y: number;
}

export interface Axis {
  readonly stops: readonly AxisStop[];
  readonly folds: readonly Fold[];
  readonly bottom: number;
}

/** Between an arrival and what leaves in answer; the least an arrow falls; between instants. */
const TURN = 9;
const LEAST_FALL = 26;
const LEAST_STEP = 4;
/** Heights of a fold and of a note, and what is free above and below them: texts stand above their arrows. */
const FOLD_HEIGHT = 32;
export const NOTE_HEIGHT = 24;
const ABOVE = 12;
const BELOW = 20;

/** Gives every entry its height. @param entries sorted by `compareEntries` */
export function placeEntries(entries: readonly Entry[], lanes: number, options: AxisOptions): Axis {
  return new Placing(entries, lanes, options).axis();
}

export function compareEntries(a: Entry, b: Entry): number {
  return a.time - b.time || a.order - b.order;
}

/** What stands lowest on a lane so far. */
interface Track {
  /** Of texts beside the lane, and of ends of arrows on it. */
  text: number;
  end: number;
  ended: 'departure' | 'arrival';
  /** By the lane at the other end: the last that left for it, the last that came from it. */
  readonly departures: number[];
  readonly arrivals: number[];
}

class Placing {
  readonly #entries: readonly Entry[];
  readonly #options: AxisOptions;
  readonly #tracks: readonly Track[];
  /** Where packets that are under way left. */
  readonly #left: Map<Flight, number> = new Map();
  readonly #stops: AxisStop[] = [];
  readonly #folds: Fold[] = [];

  constructor(entries: readonly Entry[], lanes: number, options: AxisOptions) {
    this.#entries = entries;
    this.#options = options;
    const none = (): number[] => new Array<number>(lanes).fill(-Infinity);
    const track = (): Track => ({
      text: -Infinity,
      end: -Infinity,
      ended: 'arrival',
      departures: none(),
      arrivals: none(),
    });
    this.#tracks = Array.from({ length: lanes }, track);
  }

  axis(): Axis {
    const entries = this.#entries;
    for (let first = 0; first < entries.length; ) {
      let next = first;
      while (next < entries.length && entries[next]!.time === entries[first]!.time) next++;
      this.#instant(first, next);
      first = next;
    }
    return { stops: this.#stops, folds: this.#folds, bottom: this.#stops.at(-1)?.bottom ?? this.#options.top };
  }

  #instant(first: number, next: number): void {
    const { time } = this.#entries[first]!;
    const start = this.#begin(time);
    let floor = start;
    let [top, bottom, told] = [Infinity, start, false];
    for (let i = first; i < next; i++) {
      const entry = this.#entries[i]!;
      if (entry.kind === 'note') {
        entry.y = bottom + (this.#entries[i - 1]?.kind === 'note' ? LEAST_STEP : ABOVE);
        floor = entry.y + NOTE_HEIGHT + BELOW;
      } else entry.y = this.#place(entry, start, floor);
      told ||= entry.told;
      top = Math.min(top, entry.y);
      bottom = Math.max(bottom, entry.kind === 'note' ? entry.y + NOTE_HEIGHT : entry.y);
    }
    this.#stops.push({ time, top, bottom, told });
  }

  /** The least height of an instant, with a fold before it where nothing happened for long. */
  #begin(time: number): number {
    const last = this.#stops.at(-1);
    if (last === undefined) return this.#options.top;
    const { fold, scale } = this.#options;
    if (time - last.time <= fold) return Math.max(last.bottom + LEAST_STEP, last.top + (time - last.time) * scale);
    const top = last.bottom + ABOVE;
    this.#folds.push({ from: last.time, until: time, top, bottom: top + FOLD_HEIGHT });
    return top + FOLD_HEIGHT + BELOW;
  }

  /** @param start of the instant @param floor below a note of the same instant */
  #place({ kind, lane, flight }: Entry, start: number, floor: number): number {
    const track = this.#tracks[lane]!;
    if (kind === 'departure') return this.#departure(track, flight!, start, floor);
    if (kind === 'arrival') return this.#arrival(track, flight!, floor);
    if (kind === 'text') {
      // Beside the arrow that it belongs to, if it does.
      const y = Math.max(floor, track.end, track.text + this.#options.line);
      track.text = y;
      return y;
    }
    return Math.max(floor, track.text, track.end);
  }

  #departure(track: Track, flight: Flight, start: number, floor: number): number {
    const { line } = this.#options;
    // What was told at this instant comes before what is sent because of it.
    const told = track.text >= start ? track.text : floor;
    const y = Math.max(floor, told, track.departures[flight.to]! + line, track.end + TURN);
    track.departures[flight.to] = y;
    track.end = y;
    track.ended = 'departure';
    this.#left.set(flight, y);
    return y;
  }

  #arrival(track: Track, flight: Flight, floor: number): number {
    const left = this.#left.get(flight.copyOf ?? flight) ?? -Infinity;
    const after = track.ended === 'departure' ? track.end + TURN : track.end;
    const y = Math.max(floor, left + LEAST_FALL, track.arrivals[flight.from]! + this.#options.line, after);
    track.arrivals[flight.from] = y;
    track.end = y;
    track.ended = 'arrival';
    return y;
  }
}

/** The height of a time: where the instant begins; between instants in proportion, in a fold too. */
export function heightAt(stops: readonly AxisStop[], time: number): number {
  const at = lastNotAfter(stops, (stop) => stop.time <= time);
  const [before, after] = [stops[at], stops[at + 1]];
  if (before === undefined) return after?.top ?? 0;
  if (before.time === time) return before.top;
  if (after === undefined) return before.bottom;
  return before.bottom + ((after.top - before.bottom) * (time - before.time)) / (after.time - before.time);
}

/** The time of a height, ms. */
export function timeAt(stops: readonly AxisStop[], y: number): number {
  const at = lastNotAfter(stops, (stop) => stop.top <= y);
  const [before, after] = [stops[at], stops[at + 1]];
  if (before === undefined) return after?.time ?? 0;
  if (after === undefined || y <= before.bottom) return before.time;
  return before.time + ((after.time - before.time) * (y - before.bottom)) / (after.top - before.bottom);
}

/** The last position that holds, where all before it do; -1 where none does. */
function lastNotAfter(stops: readonly AxisStop[], holds: (stop: AxisStop) => boolean): number {
  let [low, high] = [-1, stops.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(stops[middle]!)) low = middle;
    else high = middle - 1;
  }
  return low;
}
