/**
 * Owns: the way from one host to another: latency, rate, queue, chance, and what the edits say of single packets; and the record
 * of every packet. Leaves to others: what a packet does where it arrives (`world.ts`).
 */

import { type Random, SeededRandom, unit } from 'tsyn/base';
import type { LinkEvent, SegmentView, TraceEvent } from 'tsyn/trace';
import { damage, mark } from './packets.ts';
import type { Edit, HostName, PacketName, PacketRecord, Settings } from './types.ts';

/** The name of the network in events. */
export const NETWORK = 'network';
/** How long a packet waits for the one that it is to be swapped with, ms. */
const PATIENCE = 1000;
/** Of the queue this part may be full before packets are marked. */
const MARKS_FROM = 0.25;

/** A record while the run goes on. */
export type Travelling = { -readonly [Key in keyof PacketRecord]: PacketRecord[Key] };

/** A packet as it leaves a host. */
export interface Departure {
  readonly from: HostName;
  readonly to: HostName;
  readonly claims: HostName;
  readonly segment: SegmentView;
  readonly retransmission: boolean;
  readonly octets: Uint8Array;
  readonly injected?: boolean;
}

/** What the network asks of the world. */
export interface Times {
  now(): number;
  trace(event: TraceEvent): void;
  /** A step of the network, about a packet. */
  later(at: number, packet: number, run: () => void): void;
  /** A packet arrives. */
  arrives(record: Travelling): void;
}

/** An edit, and its place among the user's; null for one of the preset's. */
interface Planned {
  readonly edit: Edit;
  readonly index: number | null;
}

/** A packet that waits for the next one of its sender. */
interface Held {
  readonly record: Travelling;
  /** It goes when the next one does, or when patience ends. */
  gone: boolean;
}

export class Network {
  readonly records: Travelling[] = [];
  readonly #settings: Settings;
  readonly #world: Times;
  readonly #dice: Readonly<Record<HostName, Random>>;
  readonly #byPacket: Map<string, Planned[]> = new Map();
  readonly #partitions: Planned[] = [];
  readonly #sent: Record<HostName, number> = { A: 0, B: 0, C: 0 };
  /** When each sender's link is idle again, ms. */
  readonly #idleAt: Record<HostName, number> = { A: 0, B: 0, C: 0 };
  readonly #held: Held[] = [];
  /** User's edits that have had something to change. */
  readonly used: Set<number> = new Set();

  constructor(settings: Settings, seed: number, own: readonly Edit[], edits: readonly Edit[], world: Times) {
    this.#settings = settings;
    this.#world = world;
    const dice = (host: number): Random => new SeededRandom(seed * 4 + host);
    this.#dice = { A: dice(1), B: dice(2), C: dice(3) };
    for (const edit of own) this.#plan(edit, null);
    edits.forEach((edit, index) => {
      this.#plan(edit, index);
    });
  }

  #plan(edit: Edit, index: number | null): void {
    if (edit.op === 'partition') this.#partitions.push({ edit, index });
    else if (edit.op === 'inject') this.#planInjection(edit, index);
    else if ('packet' in edit) {
      const key = keyOf(edit.packet);
      this.#byPacket.set(key, [...(this.#byPacket.get(key) ?? []), { edit, index }]);
    }
  }

  /** A packet's number is its place from 1 on. */
  record(packet: number): Travelling {
    return this.records[packet - 1]!;
  }

  /** Which number the next packet of a host will have. */
  nextOf(host: HostName): number {
    return this.#sent[host] + 1;
  }

  // ---- Departure ----

  /** @param sent is called once the packet has its number, before anything happens to it */
  send(departure: Departure, sent: (record: Travelling) => void): void {
    const { from } = departure;
    const name = { host: from, nth: ++this.#sent[from] };
    const record = this.#add(departure, name, null, this.#world.now());
    sent(record);
    const plans = this.#byPacket.get(keyOf(name)) ?? [];
    const unlucky = this.#settings.loss > 0 && unit(this.#dice[from]) < this.#settings.loss;
    const arrives = this.#pass(record);
    if (arrives === null) return;
    record.arrives = arrives;
    for (const plan of plans) {
      if (plan.edit.op === 'duplicate') this.#duplicate(record, plan, arrives + plan.edit.by);
    }
    const losing = plans.find(({ edit }) => edit.op === 'lose') ?? this.#partition(from);
    if (losing !== undefined) this.#lose(record, this.#use(losing));
    else if (unlucky) this.#lose(record, null);
    else if (record.octets.length > this.#settings.pathMtu) this.#lose(record, null);
    else this.#travel(record, plans);
  }

  #add(departure: Departure, name: PacketName, copyOf: number | null, sent: number): Travelling {
    const record: Travelling = {
      packet: this.records.length + 1,
      name,
      copyOf,
      injected: departure.injected ?? false,
      from: departure.from,
      to: departure.to,
      claims: departure.claims,
      sent,
      arrives: sent,
      fate: 'in flight',
      edit: null,
      segment: departure.segment,
      retransmission: departure.retransmission,
      octets: departure.octets,
    };
    this.records.push(record);
    return record;
  }

  /** Through the sender's link. @returns when it will arrive, or null where it finds no room */
  #pass(record: Travelling): number | null {
    const { rate, queue, latency } = this.#settings;
    const now = this.#world.now();
    if (rate === 0) return now + latency;
    const { from, octets } = record;
    const idleAt = Math.max(this.#idleAt[from], now);
    const waiting = ((idleAt - now) * rate) / 1000;
    if (waiting + octets.length > queue) {
      record.fate = 'lost';
      record.arrives = now + latency;
      this.#world.trace({
        type: 'packet-dropped',
        time: now,
        host: NETWORK,
        packet: record.packet,
        reason: 'queue-full',
      });
      return null;
    }
    if (waiting > queue * MARKS_FROM) mark(octets);
    this.#idleAt[from] = idleAt + (octets.length * 1000) / rate;
    return this.#idleAt[from] + latency;
  }

  #partition(from: HostName): Planned | undefined {
    const now = this.#world.now();
    return this.#partitions.find(({ edit }) => {
      if (edit.op !== 'partition') return false;
      return (edit.host === null || edit.host === from) && edit.at <= now && now < edit.until;
    });
  }

  /** The edit has something to change. @returns its place */
  #use({ index }: Planned): number | null {
    if (index !== null) this.used.add(index);
    return index;
  }

  /** It gets half of the way. */
  #lose(record: Travelling, edit: number | null): void {
    const at = (record.sent + record.arrives) / 2;
    record.edit = edit;
    record.fate = 'lost';
    this.#world.later(at, record.packet, () => {
      this.#tell('packet-lost', record.packet, at);
    });
  }

  #tell(type: LinkEvent['type'], packet: number, time: number): void {
    this.#world.trace({ type, time, host: NETWORK, packet });
  }

  #travel(record: Travelling, plans: readonly Planned[]): void {
    const now = this.#world.now();
    let swapped = false;
    for (const plan of plans) {
      const { edit } = plan;
      switch (edit.op) {
        case 'corrupt':
          damage(record.octets);
          this.#tell('packet-corrupted', record.packet, now);
          break;
        case 'delay':
          record.arrives += edit.by;
          this.#tell('packet-held', record.packet, now);
          break;
        case 'swap':
          swapped = true;
          this.#tell('packet-reordered', record.packet, now);
          break;
        default:
          continue;
      }
      record.edit = this.#use(plan);
    }
    if (swapped) this.#hold(record);
    else {
      this.#world.arrives(record);
      this.#release(record);
    }
  }

  #hold(record: Travelling): void {
    const held: Held = { record, gone: false };
    this.#held.push(held);
    this.#world.later(record.arrives + PATIENCE, record.packet, () => {
      if (held.gone) return;
      held.gone = true;
      record.arrives = this.#world.now();
      this.#world.arrives(record);
    });
  }

  /** What waits for this one comes right behind it. */
  #release({ from, to, arrives }: Travelling): void {
    for (const held of this.#held) {
      if (held.gone || held.record.from !== from || held.record.to !== to) continue;
      held.gone = true;
      held.record.arrives = Math.max(held.record.arrives, arrives);
      this.#world.arrives(held.record);
    }
  }

  #duplicate(original: Travelling, plan: Planned, arrives: number): void {
    const { name, packet } = original;
    const copy = this.#add({ ...original, octets: original.octets.slice() }, name, packet, original.sent);
    copy.arrives = arrives;
    copy.edit = this.#use(plan);
    this.#tell('packet-duplicated', packet, this.#world.now());
    this.#world.arrives(copy);
  }

  // ---- What comes once more ----

  /** It leaves so that it comes in time, or as soon as there is something to inject. */
  #planInjection(edit: Edit & { op: 'inject' }, index: number | null): void {
    const { packet, at } = edit;
    const inject = (): boolean => {
      const original = this.records.find(({ name, copyOf }) => copyOf === null && keyOf(name) === keyOf(packet));
      if (original === undefined || original.sent > at) return false;
      const now = this.#world.now();
      const octets = original.octets.slice();
      const copy = this.#add({ ...original, octets, injected: true }, original.name, original.packet, now);
      copy.arrives = Math.max(at, now);
      copy.edit = this.#use({ edit, index });
      this.#tell('packet-injected', copy.packet, now);
      this.#world.arrives(copy);
      return true;
    };
    this.#world.later(Math.max(0, at - this.#settings.latency), 0, () => {
      if (!inject()) this.#world.later(at, 0, inject);
    });
  }
}

function keyOf({ host, nth }: PacketName): string {
  return `${host}${nth}`;
}
