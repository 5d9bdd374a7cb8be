/**
 * Owns: what a ladder between two hosts shows, row by row: which packet is one arrow and which two, in which order, what
 * stands beside it. Leaves to others: what the trace tells of each host and packet (`ladder-reader.ts`), how it looks
 * (`ladder.ts` in text).
 *
 * Each host sees its own events in its own order. A packet is one row (sent here, arrived there) where that keeps both orders;
 * where packets cross on the way it is two, one when it leaves and one when it arrives.
 */

import type { TraceEvent } from './events.ts';
import { type ContentOptions, type Flight, type Item, type Reading, readTrace } from './ladder-reader.ts';
import { duration, WORDS, type Words } from './words.ts';

/** 0 is the left host, 1 the right one. */
export type Side = 0 | 1;

export interface LadderOptions extends ContentOptions {
  /** Name of the host drawn on the left, as its events have it. */
  readonly left: string;
  readonly right: string;
  /** A time in which nothing happens is folded to a line from this length on, ms. Default 1000. */
  readonly gap?: number;
}

/** What one row shows of each host's state: empty where it does not change. */
type States = [string, string];

export interface ArrowRow {
  readonly kind: 'arrow';
  readonly from: Side;
  /** Whether the row is the packet's whole way, or only where it leaves or arrives. */
  readonly part: 'whole' | 'departure' | 'arrival';
  /** Times in ms; null for the end that the row does not show. */
  readonly sent: number | null;
  readonly arrived: number | null;
  readonly text: string;
  /** `lost` and the like in words, in the order in which it happened. */
  readonly marks: readonly string[];
  /** It never arrives, and the word for why. */
  readonly lost: string | null;
  readonly states: States;
}

/** Something at one host that is no packet: a timer, a call, a change of state alone. */
export interface TextRow {
  readonly kind: 'text';
  readonly side: Side;
  readonly time: number;
  readonly text: string;
  readonly states: States;
}

export interface NoteRow {
  readonly kind: 'note';
  readonly time: number;
  readonly text: string;
}

export interface GapRow {
  readonly kind: 'gap';
  readonly text: string;
}

export type LadderRow = ArrowRow | TextRow | NoteRow | GapRow;

export interface Ladder {
  /** The state each host is in before the first row; empty where no event tells. */
  readonly initial: States;
  readonly rows: readonly LadderRow[];
}

/** Arranges a trace of two hosts in rows. Events of other hosts are left out; those of links show at their packets. */
export function ladderRows(events: readonly TraceEvent[], options: LadderOptions): Ladder {
  return new Arranger(events, options).ladder();
}

class Arranger {
  readonly #options: LadderOptions;
  readonly #words: Words;
  readonly #reading: Reading;
  /** Both hosts' items; changes of state only where they are rows of their own. */
  readonly #chains: readonly [readonly Item[], readonly Item[]];
  /** The change of state that stands beside an item. */
  readonly #states: Map<Item, string> = new Map();
  /** Packets that are two rows. */
  readonly #split: Set<Flight> = new Set();

  constructor(events: readonly TraceEvent[], options: LadderOptions) {
    this.#options = options;
    this.#words = WORDS[options.lang ?? 'en'];
    this.#reading = readTrace(events, [options.left, options.right], options);
    const [left, right] = this.#reading.chains;
    this.#chains = [placeStates(left!, this.#states), placeStates(right!, this.#states)];
  }

  ladder(): Ladder {
    this.#splitCrossing();
    const [left, right] = this.#reading.initial;
    return { initial: [left ?? '', right ?? ''], rows: this.#rows() };
  }

  /**
   * Finds the packets that cannot be one row. Where two cross in opposite directions both are split, as the eye expects;
   * where one overtakes another, the late one is.
   */
  #splitCrossing(): void {
    const places = new Map<Item, number>();
    for (const chain of this.#chains) for (const [place, item] of chain.entries()) places.set(item, place);
    const whole = this.#reading.flights.filter((flight) => flight.departure !== null && flight.arrival !== null);
    const left = (flight: Flight): number => places.get((flight.from === 0 ? flight.departure : flight.arrival)!)!;
    const right = (flight: Flight): number => places.get((flight.from === 0 ? flight.arrival : flight.departure)!)!;
    // In the left host's order, the right host's places must rise too. `extreme[0]` is of packets sent by the left.
    const sorted = whole.sort((a, b) => left(a) - left(b));
    let extreme: [number, number] = [-1, -1];
    for (const flight of sorted) {
      const at = right(flight);
      const from = sideOf(flight.from);
      if (extreme[other(from)] > at || (from === 1 && extreme[1] > at)) this.#split.add(flight);
      extreme[from] = Math.max(extreme[from], at);
    }
    extreme = [Infinity, Infinity];
    for (const flight of sorted.reverse()) {
      const at = right(flight);
      const from = sideOf(flight.from);
      if (extreme[other(from)] < at || (from === 0 && extreme[0] < at)) this.#split.add(flight);
      extreme[from] = Math.min(extreme[from], at);
    }
  }

  /** Merges the two hosts' orders: a whole flight is due when it is next at both. */
  #rows(): LadderRow[] {
    const [left, right] = this.#chains;
    const rows: LadderRow[] = [];
    const gap = this.#options.gap ?? 1000;
    let last = Infinity;
    let l = 0;
    let r = 0;
    while (l < left.length || r < right.length) {
      const a = left[l];
      const b = right[r];
      const joined = a !== undefined && b !== undefined && a.flight === b.flight && this.#joins(a);
      const aReady = a !== undefined && (joined || !this.#joins(a));
      const bReady = b !== undefined && (joined || !this.#joins(b));
      if (!aReady && !bReady) {
        // Two whole flights in each other's way: what is left of crossing ones, were any left.
        this.#split.add((a ?? b)!.flight!);
        continue;
      }
      const item = aReady && (!bReady || a.index < b.index) ? a : b!;
      if (item.time - last >= gap) {
        rows.push({ kind: 'gap', text: this.#words.later(duration(item.time - last, this.#words)) });
      }
      rows.push(this.#row(item));
      const until = joined ? Math.max(a.time, b.time) : item.time;
      last = last === Infinity ? until : Math.max(last, until);
      if (joined || item === a) l++;
      if (joined || item === b) r++;
    }
    return rows;
  }

  #joins({ flight }: Item): boolean {
    return flight !== null && !this.#split.has(flight) && flight.departure !== null && flight.arrival !== null;
  }

  #row(item: Item): LadderRow {
    const { kind, flight, time } = item;
    if (kind === 'note') return { kind, time, text: item.text };
    if (flight !== null) return this.#arrow(item, flight);
    const side = sideOf(item.lane);
    const states: States = ['', ''];
    // A change of state that stands beside nothing is a row without a text.
    states[side] = kind === 'state' ? item.text : this.#stateBeside(item);
    return { kind: 'text', side, time, text: kind === 'state' ? '' : item.text, states };
  }

  #stateBeside(item: Item): string {
    return this.#states.get(item) ?? '';
  }

  #arrow(item: Item, flight: Flight): ArrowRow {
    const { text, departure, arrival } = flight;
    const from = sideOf(flight.from);
    const marks = flight.marks.map(({ words }) => words);
    const late = flight.arrivalMarks.map(({ words }) => words);
    const lost = flight.lost?.words ?? null;
    const states: States = ['', ''];
    states[sideOf(item.lane)] = this.#stateBeside(item);
    if (this.#joins(item)) {
      states[from] = this.#stateBeside(departure!);
      states[other(from)] = this.#stateBeside(arrival!);
      const [sent, arrived] = [departure!.time, arrival!.time];
      return { kind: 'arrow', from, part: 'whole', sent, arrived, text, marks: [...marks, ...late], lost, states };
    }
    if (item.kind === 'departure') {
      // Where the other host tells nothing at all, nothing is known to be missing.
      const part = this.#chains[other(from)].length === 0 ? 'whole' : 'departure';
      return { kind: 'arrow', from, part, sent: item.time, arrived: null, text, marks, lost, states };
    }
    const part = departure === null ? 'whole' : 'arrival';
    const all = departure === null ? [...marks, ...late] : late;
    return { kind: 'arrow', from, part, sent: null, arrived: item.time, text, marks: all, lost: null, states };
  }
}

function sideOf(lane: number): Side {
  return lane === 0 ? 0 : 1;
}

function other(side: Side): Side {
  return side === 0 ? 1 : 0;
}

function isText({ kind }: Item): boolean {
  return kind === 'call' || kind === 'timer' || kind === 'congestion' || kind === 'drop';
}

/**
 * Finds a place for each change of state beside the packet it belongs to, of the same instant: the one that caused it, else
 * the one it causes, else whatever stands next to it. @returns the chain without those; a change on its own stays
 */
function placeStates(chain: readonly Item[], states: Map<Item, string>): Item[] {
  const kept: Item[] = [];
  for (const [at, item] of chain.entries()) {
    const host = item.kind === 'state' ? hostFor(chain, at, states) : null;
    if (host === null) kept.push(item);
    else states.set(host, item.text);
  }
  return kept;
}

function hostFor(chain: readonly Item[], at: number, states: ReadonlyMap<Item, string>): Item | null {
  const { time } = chain[at]!;
  const near = (step: -1 | 1, want: (item: Item) => boolean): Item | null => {
    for (let i = at + step; i >= 0 && i < chain.length; i += step) {
      const item = chain[i]!;
      if (item.time !== time || item.kind === 'note') return null;
      if (want(item)) return item;
    }
    return null;
  };
  const free = (item: Item | null | undefined): item is Item => item != null && !states.has(item);
  const packet = (item: Item): boolean => item.flight !== null;
  const before = near(-1, packet);
  if (before?.kind === 'arrival' && free(before)) return before;
  const taken = before !== null && !free(before);
  // Of two changes at one instant the second must not stand above the first: nothing is looked for beyond it.
  const after = near(1, taken ? () => true : (item) => packet(item) || item.kind === 'state');
  if (free(after) && (after.kind === 'departure' || (taken && isText(after)))) return after;
  if (free(before)) return before;
  const beside = [near(-1, () => true), near(1, () => true)].find((item) => item !== null && isText(item));
  return free(beside) ? beside : null;
}
