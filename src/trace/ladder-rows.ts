/**
 * Owns: what a ladder between two hosts shows, row by row: which packet is one arrow and which two, in which order, what
 * stands beside it. Leaves to others: how it looks (`ladder.ts` in text).
 *
 * Each host sees its own events in its own order. A packet is one row (sent here, arrived there) where that keeps both orders;
 * where packets cross on the way it is two, one when it leaves and one when it arrives.
 */

import { FIN, SYN } from '../wire/tcp.ts';
import type { ConnectionRef, LinkEvent, SegmentEvent, TimerEvent, TraceEvent } from './events.ts';
import { endpoint, RelativeNumbers } from './text.ts';
import { duration, type Language, type Mark, WORDS } from './words.ts';

/** 0 is the left host, 1 the right one. */
export type Side = 0 | 1;

export interface LadderOptions {
  /** Name of the host drawn on the left, as its events have it. */
  readonly left: string;
  readonly right: string;
  /** Default 'en'. */
  readonly lang?: Language;
  /** Whether notes are shown. Default true. */
  readonly notes?: boolean;
  /** Whether user calls are shown; RECEIVE never is. Default true. */
  readonly calls?: boolean;
  /** Whether segments show their windows. Default true. */
  readonly windows?: boolean;
  /** 'main' (the default): timers that fire, and long waits when they begin. */
  readonly timers?: 'none' | 'main' | 'all';
  /** Whether changes of the congestion window are shown. Default false. */
  readonly congestion?: boolean;
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

/** A packet on its way. */
interface Flight {
  readonly from: Side;
  readonly text: string;
  readonly departure: Item | null;
  arrival: Item | null;
  marks: string[];
  arrivalMarks: string[];
  lost: string | null;
  split: boolean;
}

/** One host's event, in that host's order. */
interface Item {
  readonly side: Side;
  readonly index: number;
  readonly time: number;
  readonly kind: 'departure' | 'arrival' | 'text' | 'note' | 'state';
  readonly flight: Flight | null;
  readonly text: string;
  state: string;
  /** Its place among the host's items. */
  place: number;
}

/** Arranges a trace of two hosts in rows. Events of other hosts are left out; those of links show at their packets. */
export function ladderRows(events: readonly TraceEvent[], options: LadderOptions): Ladder {
  return new Arranger(events, options).ladder();
}

class Arranger {
  readonly #events: readonly TraceEvent[];
  readonly #options: LadderOptions;
  readonly #words: (typeof WORDS)[Language];
  readonly #numbers: RelativeNumbers = new RelativeNumbers();
  readonly #chains: [Item[], Item[]] = [[], []];
  readonly #flights: Flight[] = [];
  readonly #byPacket: Map<number, Flight> = new Map();
  /** SND.NXT of each direction, as far as the trace shows. */
  readonly #next: Map<string, { readonly next: number; readonly syn: number }> = new Map();
  readonly #injected: Set<number> = new Set();
  /** Pairs of endpoints, in order of appearance: a ladder of several connections numbers them. */
  readonly #connections: string[] = [];
  readonly #initial: States = ['', ''];
  readonly #started: [boolean, boolean] = [false, false];

  constructor(events: readonly TraceEvent[], options: LadderOptions) {
    this.#events = events;
    this.#options = options;
    this.#words = WORDS[options.lang ?? 'en'];
  }

  ladder(): Ladder {
    for (const event of this.#events) {
      if (event.type === 'segment-sent' || event.type === 'segment-received') this.#connection(event);
    }
    for (const [index, event] of this.#events.entries()) this.#take(event, index);
    for (const chain of this.#chains) placeStates(chain);
    this.#splitCrossing();
    return { initial: this.#initial, rows: this.#rows() };
  }

  #side(host: string): Side | null {
    if (host === this.#options.left) return 0;
    return host === this.#options.right ? 1 : null;
  }

  #add(side: Side, index: number, time: number, kind: Item['kind'], text: string, flight: Flight | null = null): Item {
    const item: Item = { side, index, time, kind, flight, text, state: '', place: 0 };
    this.#chains[side].push(item);
    return item;
  }

  #take(event: TraceEvent, index: number): void {
    const side = this.#side(event.host);
    switch (event.type) {
      case 'segment-sent':
        this.#numbers.see(event);
        if (side !== null) this.#sent(event, side, index);
        break;
      case 'segment-received':
        if (side !== null) this.#received(event, side, index);
        break;
      case 'packet-dropped':
        this.#dropped(event.packet, event.reason, side, event.time, index);
        break;
      case 'state':
        if (side !== null) {
          if (!this.#started[side]) this.#initial[side] = event.from;
          this.#started[side] = true;
          this.#add(side, index, event.time, 'state', this.#tag(event.connection) + event.to);
        }
        break;
      case 'timer-set':
      case 'timer-stopped':
      case 'timer-fired':
        if (side !== null) this.#timer(event, side, index);
        break;
      case 'call':
        if (side !== null && this.#options.calls !== false && event.call !== 'RECEIVE') {
          const count = event.count === undefined ? '' : ` ${this.#words.octets(event.count)}`;
          const result = event.result === 'ok' ? '' : `: ${event.result}`;
          this.#add(side, index, event.time, 'text', `${this.#tag(event.connection)}${event.call}${count}${result}`);
        }
        break;
      case 'congestion':
        if (side !== null && this.#options.congestion === true) {
          const text = `cwnd=${event.cwnd} ssthresh=${event.ssthresh} ${event.phase}`;
          this.#add(side, index, event.time, 'text', this.#tag(event.connection) + text);
        }
        break;
      case 'note':
        if (this.#options.notes !== false) this.#add(side ?? 0, index, event.time, 'note', event.text);
        break;
      default:
        this.#onTheWay(event);
    }
  }

  #sent(event: SegmentEvent, side: Side, index: number): void {
    const again = this.#sentBefore(event) ? [this.#words.marks.retransmission] : [];
    const flight = this.#flight(side, event, again, (made) =>
      this.#add(side, index, event.time, 'departure', '', made),
    );
    if (event.packet !== 0) this.#byPacket.set(event.packet, flight);
  }

  /** Whether the sender says so, or has sent these sequence numbers before. */
  #sentBefore(event: SegmentEvent): boolean {
    const { seq, flags, length, srcPort, dstPort } = event.segment;
    const span = length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    if (span === 0) return event.retransmission === true;
    const key = `${endpoint(event.src, srcPort)} ${endpoint(event.dst, dstPort)} ${event.incarnation ?? 0}`;
    const next = (seq + span) >>> 0;
    const before = this.#next.get(key);
    // A SYN with another number begins anew; one that now has an ACK answers the other side's SYN.
    const fresh = before === undefined || (flags & SYN && (before.next !== next || before.syn !== flags));
    const again = !fresh && ((seq - before.next) | 0) < 0;
    if (!again) this.#next.set(key, { next, syn: flags & SYN ? flags : -1 });
    return event.retransmission ?? again;
  }

  #flight(from: Side, event: SegmentEvent, marks: string[], departure: (flight: Flight) => Item | null): Flight {
    const text = this.#segmentTag(event) + this.#numbers.text(event, this.#options.windows);
    const flight = {
      from,
      text,
      departure: null as Item | null,
      arrival: null,
      marks,
      arrivalMarks: [],
      lost: null,
      split: false,
    };
    flight.departure = departure(flight);
    this.#flights.push(flight);
    return flight;
  }

  #received(event: SegmentEvent, side: Side, index: number): void {
    let flight = this.#byPacket.get(event.packet);
    if (flight === undefined || flight.from === side || flight.arrival !== null) {
      // A second copy, an injected packet, or one whose sender is not in the trace: an arrival without a departure.
      const marks: string[] = [];
      if (flight !== undefined && flight.arrival !== null) marks.push(this.#words.marks.copy);
      else if (this.#injected.has(event.packet)) marks.push(this.#words.marks.injected);
      if (flight === undefined) this.#numbers.see(event);
      flight = this.#flight(side === 0 ? 1 : 0, event, marks, () => null);
      if (event.packet !== 0) this.#byPacket.set(event.packet, flight);
    }
    flight.arrival = this.#add(side, index, event.time, 'arrival', '', flight);
  }

  #dropped(packet: number, reason: string, side: Side | null, time: number, index: number): void {
    const flight = this.#byPacket.get(packet);
    const words = `${this.#words.marks.dropped}: ${reason}`;
    if (flight === undefined) {
      if (side !== null) this.#add(side, index, time, 'text', words);
    } else if (side === null || side === flight.from) {
      if (flight.arrival === null) flight.lost = words;
      else flight.arrivalMarks.push(words);
    } else {
      flight.arrival ??= this.#add(side, index, time, 'arrival', '', flight);
      flight.arrivalMarks.push(words);
    }
  }

  #onTheWay(event: LinkEvent): void {
    const mark = event.type.slice('packet-'.length) as Mark;
    if (mark === 'injected') this.#injected.add(event.packet);
    const flight = this.#byPacket.get(event.packet);
    if (flight === undefined) return;
    const word = this.#words.marks[mark];
    if (mark === 'lost' && flight.arrival === null) flight.lost = word;
    else if (mark === 'released') flight.arrivalMarks.push(word);
    else flight.marks.push(word);
  }

  #timer(event: TimerEvent, side: Side, index: number): void {
    const show = this.#options.timers ?? 'main';
    if (show === 'none') return;
    const name = this.#words.timers[event.timer];
    let text = '';
    if (event.type === 'timer-fired') {
      text = this.#words.fires(name);
    } else if (event.type === 'timer-set') {
      const long = event.timer === 'time-wait' || event.timer === 'persist';
      const wait = duration((event.due ?? event.time) - event.time, this.#words);
      if (show === 'all' || long) text = this.#words.set(name, wait);
    } else if (show === 'all') {
      text = this.#words.stopped(name);
    }
    if (text !== '') this.#add(side, index, event.time, 'text', this.#tag(event.connection) + text);
  }

  #connection(event: SegmentEvent): number {
    const a = endpoint(event.src, event.segment.srcPort);
    const b = endpoint(event.dst, event.segment.dstPort);
    const key = pair(a, b);
    const at = this.#connections.indexOf(key);
    return at >= 0 ? at : this.#connections.push(key) - 1;
  }

  #segmentTag(event: SegmentEvent): string {
    if (event.incarnation !== undefined) return `#${event.incarnation} `;
    return this.#connections.length > 1 ? `#${this.#connection(event) + 1} ` : '';
  }

  #tag(connection: ConnectionRef): string {
    if (this.#connections.length < 2) return '';
    const at = this.#connections.indexOf(pair(connection.local, connection.remote));
    return at < 0 ? '' : `#${at + 1} `;
  }

  /**
   * Finds the packets that cannot be one row. Where two cross in opposite directions both are split, as the eye expects;
   * where one overtakes another, the late one is.
   */
  #splitCrossing(): void {
    for (const chain of this.#chains) {
      chain.forEach((item, place) => {
        item.place = place;
      });
    }
    const whole = this.#flights.filter((flight) => flight.departure !== null && flight.arrival !== null);
    const left = (flight: Flight): number => (flight.from === 0 ? flight.departure! : flight.arrival!).place;
    const right = (flight: Flight): number => (flight.from === 0 ? flight.arrival! : flight.departure!).place;
    // In the left host's order, the right host's places must rise too. `extreme[0]` is of packets sent by the left.
    const sorted = whole.sort((a, b) => left(a) - left(b));
    let extreme: [number, number] = [-1, -1];
    for (const flight of sorted) {
      const at = right(flight);
      const opposite = flight.from === 0 ? 1 : 0;
      if (extreme[opposite] > at || (flight.from === 1 && extreme[1] > at)) flight.split = true;
      extreme[flight.from] = Math.max(extreme[flight.from], at);
    }
    extreme = [Infinity, Infinity];
    for (const flight of sorted.reverse()) {
      const at = right(flight);
      const opposite = flight.from === 0 ? 1 : 0;
      if (extreme[opposite] < at || (flight.from === 0 && extreme[0] < at)) flight.split = true;
      extreme[flight.from] = Math.min(extreme[flight.from], at);
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
        (a ?? b)!.flight!.split = true;
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

  #joins(item: Item): boolean {
    const { flight } = item;
    return flight !== null && !flight.split && flight.departure !== null && flight.arrival !== null;
  }

  #row(item: Item): LadderRow {
    if (item.kind === 'note') return { kind: 'note', time: item.time, text: item.text };
    const states: States = ['', ''];
    states[item.side] = item.state;
    if (item.flight === null) return { kind: 'text', side: item.side, time: item.time, text: item.text, states };
    const { from, text, departure, arrival, marks, arrivalMarks, lost } = item.flight;
    if (this.#joins(item)) {
      states[from] = departure!.state;
      states[from === 0 ? 1 : 0] = arrival!.state;
      const all = [...marks, ...arrivalMarks];
      return {
        kind: 'arrow',
        from,
        part: 'whole',
        sent: departure!.time,
        arrived: arrival!.time,
        text,
        marks: all,
        lost,
        states,
      };
    }
    if (item.kind === 'departure') {
      // Where the other host tells nothing at all, nothing is known to be missing.
      const part = this.#chains[from === 0 ? 1 : 0].length === 0 ? 'whole' : 'departure';
      return { kind: 'arrow', from, part, sent: item.time, arrived: null, text, marks, lost, states };
    }
    const own = departure === null ? marks : [];
    return {
      kind: 'arrow',
      from,
      part: departure === null ? 'whole' : 'arrival',
      sent: null,
      arrived: item.time,
      text,
      marks: [...own, ...arrivalMarks],
      lost: null,
      states,
    };
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/**
 * Writes each change of state beside the packet it belongs to, of the same instant: the one that caused it, else the one
 * it causes, else whatever stands next to it. A change on its own stays a row.
 */
function placeStates(chain: Item[]): void {
  const kept: Item[] = [];
  chain.forEach((item, at) => {
    if (item.kind !== 'state') {
      kept.push(item);
      return;
    }
    const host = hostFor(chain, at);
    if (host === null) {
      kept.push({ ...item, kind: 'text', text: '', state: item.text });
    } else {
      host.state = item.text;
    }
  });
  chain.splice(0, chain.length, ...kept);
}

function hostFor(chain: Item[], at: number): Item | null {
  const { time } = chain[at]!;
  const near = (step: -1 | 1, want: (item: Item) => boolean): Item | null => {
    for (let i = at + step; i >= 0 && i < chain.length; i += step) {
      const item = chain[i]!;
      if (item.time !== time || item.kind === 'note') return null;
      if (want(item)) return item;
    }
    return null;
  };
  const packet = (item: Item): boolean => item.flight !== null;
  const before = near(-1, packet);
  if (before?.kind === 'arrival' && before.state === '') return before;
  const taken = before !== null && before.state !== '';
  // Of two changes at one instant the second must not stand above the first: nothing is looked for beyond it.
  const after = near(1, taken ? () => true : (item) => packet(item) || item.kind === 'state');
  if (after?.state === '' && (after.kind === 'departure' || (taken && after.kind === 'text'))) return after;
  if (before !== null && before.state === '') return before;
  const beside = [near(-1, () => true), near(1, () => true)].find((item) => item?.kind === 'text');
  return beside?.state === '' ? beside : null;
}
