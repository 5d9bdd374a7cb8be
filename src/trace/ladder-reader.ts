/**
 * Owns: a trace read for a ladder: what happened at each host in its own order, and which events are one packet's way from
 * host to host. Leaves to others: rows (`ladder-rows.ts`), places in time (`ladder-layout.ts`), looks.
 */

import type { ConnectionRef, DropEvent, LinkEvent, SegmentEvent, StateName, TimerEvent, TraceEvent } from './events.ts';
import { Resent } from './resent.ts';
import { endpoint, RelativeNumbers } from './text.ts';
import { duration, type Language, type Mark, WORDS, type Words } from './words.ts';

/** What of a trace a ladder shows. */
export interface ContentOptions {
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
}

/** What happened to a packet, and the words for it. */
export interface Fate {
  readonly mark: Mark;
  readonly words: string;
}

/** A packet on its way. */
export interface Flight {
  /** Lanes: places in the list of hosts. `to` is where it arrives, or where it would. */
  readonly from: number;
  readonly to: number;
  /** The event that tells of it first. */
  readonly event: SegmentEvent;
  readonly text: string;
  /** The text without window and options. */
  readonly short: string;
  readonly departure: Item | null;
  arrival: Item | null;
  /** Of this packet the network made another one, which is this flight. */
  readonly copyOf: Flight | null;
  readonly retransmission: boolean;
  /** What happened before its arrival, and at it. */
  readonly marks: Fate[];
  readonly arrivalMarks: Fate[];
  /** It does not arrive: why, and when (ms). */
  lost: (Fate & { readonly time: number }) | null;
  /** When it was injected into the network, ms, where it was. */
  readonly injected: number | null;
  /** Places in the trace of all events about it. */
  readonly events: number[];
}

/** One host's event, in that host's order. */
export interface Item {
  readonly lane: number;
  /** Its place in the trace. */
  readonly index: number;
  readonly time: number;
  readonly kind: 'departure' | 'arrival' | 'state' | 'call' | 'timer' | 'congestion' | 'drop' | 'note';
  readonly flight: Flight | null;
  readonly text: string;
  /** Of a change of state: the new one. */
  readonly state: StateName | null;
}

/** A trace as a ladder sees it. */
export interface Reading {
  /** One list for each host; a note of none of them is in the first. */
  readonly chains: readonly (readonly Item[])[];
  readonly flights: readonly Flight[];
  /** The state each host is in before its first event; null where no event tells. */
  readonly initial: readonly (StateName | null)[];
}

/** Reads a trace. Events of hosts that are not named are left out; those of links are found at their packets. */
export function readTrace(
  events: readonly TraceEvent[],
  hosts: readonly string[],
  options: ContentOptions = {},
): Reading {
  return new Reader(events, hosts, options).reading();
}

class Reader {
  readonly #events: readonly TraceEvent[];
  readonly #hosts: readonly string[];
  readonly #options: ContentOptions;
  readonly #words: Words;
  readonly #numbers: RelativeNumbers = new RelativeNumbers();
  readonly #chains: Item[][];
  readonly #flights: Flight[] = [];
  readonly #byPacket: Map<number, Flight> = new Map();
  readonly #resent: Resent = new Resent();
  /** Packets that were injected: when, and the event's place in the trace. */
  readonly #injected: Map<number, { readonly time: number; readonly index: number }> = new Map();
  /** Pairs of endpoints, in order of appearance: a ladder of several connections numbers them. */
  readonly #connections: Map<string, number> = new Map();
  /** Which host has an address. Whoever receives there is surer than whoever says so when sending. */
  readonly #lanes: Map<string, number> = new Map();
  readonly #initial: (StateName | null)[];
  readonly #started: boolean[];

  constructor(events: readonly TraceEvent[], hosts: readonly string[], options: ContentOptions) {
    this.#events = events;
    this.#hosts = hosts;
    this.#options = options;
    this.#words = WORDS[options.lang ?? 'en'];
    this.#chains = hosts.map(() => []);
    this.#initial = hosts.map(() => null);
    this.#started = hosts.map(() => false);
  }

  reading(): Reading {
    for (const event of this.#events) this.#meet(event);
    for (const [index, event] of this.#events.entries()) this.#take(event, index);
    return { chains: this.#chains, flights: this.#flights, initial: this.#initial };
  }

  /** Learns who is who before anything is told. */
  #meet(event: TraceEvent): void {
    if (event.type !== 'segment-sent' && event.type !== 'segment-received') return;
    this.#connection(event);
    const lane = this.#lane(event.host);
    if (lane === null) return;
    if (event.type === 'segment-received') this.#lanes.set(event.dst, lane);
    else if (!this.#lanes.has(event.src)) this.#lanes.set(event.src, lane);
  }

  #lane(host: string): number | null {
    const at = this.#hosts.indexOf(host);
    return at < 0 ? null : at;
  }

  /** The lane at the other end: whose address that is, else the next one. */
  #opposite(lane: number, address: string): number {
    const known = this.#lanes.get(address);
    if (known !== undefined && known !== lane) return known;
    return lane === 0 ? 1 : lane - 1;
  }

  #add(
    lane: number,
    index: number,
    time: number,
    kind: Item['kind'],
    text: string,
    flight: Flight | null = null,
    state: StateName | null = null,
  ): Item {
    const item: Item = { lane, index, time, kind, flight, text, state };
    this.#chains[lane]!.push(item);
    return item;
  }

  #take(event: TraceEvent, index: number): void {
    const lane = this.#lane(event.host);
    switch (event.type) {
      case 'segment-sent':
        this.#numbers.see(event);
        if (lane !== null) this.#sent(event, lane, index);
        break;
      case 'segment-received':
        if (lane !== null) this.#received(event, lane, index);
        break;
      case 'packet-dropped':
        this.#dropped(event, lane, index);
        break;
      case 'state':
        if (lane !== null) {
          if (!this.#started[lane]) this.#initial[lane] = event.from;
          this.#started[lane] = true;
          this.#add(lane, index, event.time, 'state', this.#tag(event.connection) + event.to, null, event.to);
        }
        break;
      case 'timer-set':
      case 'timer-stopped':
      case 'timer-fired':
        if (lane !== null) this.#timer(event, lane, index);
        break;
      case 'call':
        if (lane !== null && this.#options.calls !== false && event.call !== 'RECEIVE') {
          const count = event.count === undefined ? '' : ` ${this.#words.octets(event.count)}`;
          const result = event.result === 'ok' ? '' : `: ${event.result}`;
          this.#add(lane, index, event.time, 'call', `${this.#tag(event.connection)}${event.call}${count}${result}`);
        }
        break;
      case 'congestion':
        if (lane !== null && this.#options.congestion === true) {
          const text = `cwnd=${event.cwnd} ssthresh=${event.ssthresh} ${event.phase}`;
          this.#add(lane, index, event.time, 'congestion', this.#tag(event.connection) + text);
        }
        break;
      case 'note':
        if (this.#options.notes !== false) this.#add(lane ?? 0, index, event.time, 'note', event.text);
        break;
      default:
        this.#onTheWay(event, index);
    }
  }

  #sent(event: SegmentEvent, lane: number, index: number): void {
    const again = this.#resent.see(event);
    const flight = this.#flight(event, lane, this.#opposite(lane, event.dst), { retransmission: again }, index, true);
    if (event.remarks !== undefined) {
      for (const words of event.remarks) flight.marks.push({ mark: again ? 'retransmission' : 'remarked', words });
    } else if (again) flight.marks.push({ mark: 'retransmission', words: this.#words.marks.retransmission });
    if (event.packet !== 0) this.#byPacket.set(event.packet, flight);
  }

  #flight(
    event: SegmentEvent,
    from: number,
    to: number,
    more: Partial<Pick<Flight, 'copyOf' | 'retransmission' | 'injected'>>,
    index: number,
    departs: boolean,
  ): Flight {
    const tag = this.#segmentTag(event);
    const flight = {
      from,
      to,
      event,
      text: tag + this.#numbers.text(event, this.#options.windows),
      short: tag + this.#numbers.short(event),
      departure: null as Item | null,
      arrival: null,
      copyOf: null,
      retransmission: false,
      injected: null,
      ...more,
      marks: [],
      arrivalMarks: [],
      lost: null,
      events: [index],
    } satisfies Flight;
    if (departs) flight.departure = this.#add(from, index, event.time, 'departure', '', flight);
    this.#flights.push(flight);
    return flight;
  }

  #received(event: SegmentEvent, lane: number, index: number): void {
    let flight = this.#byPacket.get(event.packet);
    if (flight === undefined || flight.from === lane || flight.arrival !== null)
      flight = this.#arrivesOnly(event, lane, index);
    else flight.events.push(index);
    flight.arrival = this.#add(lane, index, event.time, 'arrival', '', flight);
  }

  /** A second copy, an injected packet, or one whose sender is not in the trace: an arrival without a departure. */
  #arrivesOnly(event: SegmentEvent, lane: number, index: number): Flight {
    const known = this.#byPacket.get(event.packet);
    const copyOf = known !== undefined && known.arrival !== null ? (known.copyOf ?? known) : null;
    const injected = copyOf === null ? this.#injected.get(event.packet) : undefined;
    if (known === undefined) this.#numbers.see(event);
    const more = { copyOf, injected: injected?.time ?? null };
    const flight = this.#flight(event, this.#opposite(lane, event.src), lane, more, index, false);
    if (copyOf !== null) flight.marks.push({ mark: 'copy', words: this.#words.marks.copy });
    if (injected !== undefined) {
      flight.marks.push({ mark: 'injected', words: this.#words.marks.injected });
      flight.events.unshift(injected.index);
    }
    if (event.packet !== 0) this.#byPacket.set(event.packet, flight);
    return flight;
  }

  #dropped({ packet, reason, time }: DropEvent, lane: number | null, index: number): void {
    const flight = this.#byPacket.get(packet);
    const words = `${this.#words.marks.dropped}: ${reason}`;
    const fate: Fate = { mark: 'dropped', words };
    if (flight === undefined) {
      if (lane !== null) this.#add(lane, index, time, 'drop', words);
      return;
    }
    flight.events.push(index);
    if (lane === null || lane === flight.from) {
      if (flight.arrival === null) flight.lost = { ...fate, time };
      else flight.arrivalMarks.push(fate);
    } else {
      flight.arrival ??= this.#add(lane, index, time, 'arrival', '', flight);
      flight.arrivalMarks.push(fate);
    }
  }

  #onTheWay(event: LinkEvent, index: number): void {
    const { packet, time } = event;
    const mark = event.type.slice('packet-'.length) as Mark;
    if (mark === 'injected') this.#injected.set(packet, { time, index });
    const flight = this.#byPacket.get(packet);
    if (flight === undefined) return;
    flight.events.push(index);
    const fate: Fate = { mark, words: this.#words.marks[mark] };
    if (mark === 'lost' && flight.arrival === null) flight.lost = { ...fate, time };
    else if (mark === 'released') flight.arrivalMarks.push(fate);
    else flight.marks.push(fate);
  }

  #timer(event: TimerEvent, lane: number, index: number): void {
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
    if (text !== '') this.#add(lane, index, event.time, 'timer', this.#tag(event.connection) + text);
  }

  #connection(event: SegmentEvent): number {
    const key = pair(endpoint(event.src, event.segment.srcPort), endpoint(event.dst, event.segment.dstPort));
    const at = this.#connections.get(key) ?? this.#connections.size;
    if (at === this.#connections.size) this.#connections.set(key, at);
    return at;
  }

  #segmentTag(event: SegmentEvent): string {
    if (event.incarnation !== undefined) return `#${event.incarnation} `;
    return this.#connections.size > 1 ? `#${this.#connection(event) + 1} ` : '';
  }

  #tag(connection: ConnectionRef): string {
    if (this.#connections.size < 2) return '';
    const at = this.#connections.get(pair(connection.local, connection.remote));
    return at === undefined ? '' : `#${at + 1} `;
  }
}

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
