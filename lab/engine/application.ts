/**
 * Owns: a host's application: what it does with news of its connections, as the preset's rules say, and the calls it can be told
 * to make. Its text tells who wrote it: each connection's is a letter of its own. Leaves to others: when things happen
 * (`world.ts`).
 */

import {
  calls,
  SIGNAL_CLOSED,
  SIGNAL_END,
  SIGNAL_ESTABLISHED,
  SIGNAL_READABLE,
  SIGNAL_WRITABLE,
  type Tcb,
} from 'tsyn/tcp';
import type { Connection, Host } from './host.ts';
import type { Reader, Rule } from './preset.ts';
import type { HostName } from './types.ts';

const EVERYTHING: Reader = { reads: 'all' };
/** Octets moved in one call at most. */
const PIECE = 65_536;
const piece = new Uint8Array(PIECE);

/** What an application asks of the world. */
export interface Surroundings {
  now(): number;
  /** To be done to a connection `after` ms, as a step of its own. */
  later(connection: Connection, after: number, run: () => void): void;
  /** What a rule asks for: now, or later. */
  follow(rule: Rule, connection: Connection): void;
  /** The letter in which the peer of a connection writes. */
  letterOfPeer(connection: Connection): number;
}

/** What it still has to do on a connection. */
interface Errand {
  /** Octets to be written yet, and whether it closes then. */
  pending: number;
  closing: boolean;
  /** A read is to come. */
  reading: boolean;
  read: number;
  readonly done: Set<Rule>;
}

export class Application {
  read = 0;
  written = 0;
  foreign = 0;
  told: string | null = null;
  readonly #host: Host;
  readonly #rules: readonly Rule[];
  #reader: Reader;
  readonly #world: Surroundings;
  #errands: Map<Connection, Errand> = new Map();

  constructor(host: Host, rules: readonly Rule[], reader: Reader | undefined, world: Surroundings) {
    this.#host = host;
    this.#rules = rules;
    this.#reader = reader ?? EVERYTHING;
    this.#world = world;
  }

  /** It is gone, and begins anew. */
  crash(): void {
    this.read = 0;
    this.written = 0;
    this.foreign = 0;
    this.told = null;
    this.#errands = new Map();
  }

  /** Signals of a connection, in the order in which the package's stack tells them. */
  news(connection: Connection, signals: number): void {
    if (signals & SIGNAL_ESTABLISHED) {
      this.told = 'connected';
      this.#follow(connection, (rule) => rule.on === 'established');
    }
    if (signals & SIGNAL_READABLE) this.#readable(connection);
    if (signals & SIGNAL_END) {
      this.told = 'end';
      this.#follow(connection, (rule) => rule.on === 'end');
    }
    if (signals & SIGNAL_WRITABLE) this.#write(connection);
    if (signals & SIGNAL_CLOSED) {
      this.told = errorOf(connection.tcb) ?? 'closed';
      this.#follow(connection, (rule) => rule.on === 'closed');
    }
  }

  #follow(connection: Connection, applies: (rule: Rule) => boolean): void {
    const { done } = this.#errand(connection);
    for (const rule of this.#rules) {
      if (!applies(rule) || done.has(rule) || (rule.of ?? connection.nth) !== connection.nth) continue;
      done.add(rule);
      this.#world.follow(rule, connection);
    }
  }

  #errand(connection: Connection): Errand {
    let errand = this.#errands.get(connection);
    if (errand === undefined) {
      errand = { pending: 0, closing: false, reading: false, read: 0, done: new Set() };
      this.#errands.set(connection, errand);
    }
    return errand;
  }

  // ---- Calls ----

  send(connection: Connection, octets: number): void {
    this.#errand(connection).pending += octets;
    this.#write(connection);
  }

  #write(connection: Connection): void {
    const errand = this.#errand(connection);
    const { tcb } = connection;
    while (errand.pending > 0) {
      const length = Math.min(errand.pending, PIECE);
      piece.fill(letterOf(this.#host.name, connection.nth), 0, length);
      const { accepted, result } = calls.send(tcb, this.#host.env, piece, 0, length, false, this.#world.now());
      this.written += accepted;
      errand.pending -= accepted;
      if (result !== 'ok') {
        // There will be room again; or never.
        if (result !== 'insufficient resources') errand.pending = 0;
        break;
      }
    }
    if (errand.pending === 0 && errand.closing) {
      errand.closing = false;
      this.#shut(connection);
    }
  }

  /** Closes when everything is written. */
  close(connection: Connection): void {
    const errand = this.#errand(connection);
    if (errand.pending > 0) errand.closing = true;
    else this.#shut(connection);
  }

  #shut({ tcb }: Connection): void {
    calls.close(tcb, this.#host.env, this.#world.now());
  }

  abort({ tcb }: Connection): void {
    calls.abort(tcb, this.#host.env, this.#world.now());
  }

  /** Reads up to so many octets; without a number everything, now and later. */
  receive(connection: Connection, octets?: number): void {
    if (octets === undefined) this.#reader = { ...this.#reader, reads: 'all' };
    this.#read(connection, octets ?? Infinity);
  }

  #read(connection: Connection, octets: number): void {
    const { env } = this.#host;
    let count = 0;
    for (let left = octets; left > 0; ) {
      const got = calls.receive(connection.tcb, env, piece, 0, Math.min(left, PIECE), this.#world.now()).count;
      if (got === 0) break;
      this.#judge(connection, got);
      count += got;
      left -= got;
    }
    this.read += count;
    const errand = this.#errand(connection);
    errand.read += count;
    if (this.#reader.echoes && count > 0) this.send(connection, count);
    this.#follow(connection, ({ on }) => typeof on === 'object' && errand.read >= on.read);
  }

  /** Counts what is not in the hand of this connection's peer. */
  #judge(connection: Connection, count: number): void {
    const letter = this.#world.letterOfPeer(connection);
    for (let i = 0; i < count; i++) if (piece[i] !== letter) this.foreign++;
  }

  #readable(connection: Connection): void {
    const { reads } = this.#reader;
    if (reads === 'all') this.#read(connection, Infinity);
    else if (reads !== 'none') this.#readLater(connection, reads.octets, reads.every);
  }

  #readLater(connection: Connection, octets: number, every: number): void {
    const errand = this.#errand(connection);
    if (errand.reading) return;
    errand.reading = true;
    this.#world.later(connection, every, () => {
      errand.reading = false;
      this.#read(connection, octets);
      if (connection.tcb.rcv.text.length > 0) this.#readLater(connection, octets, every);
    });
  }
}

const LETTERS: Readonly<Record<HostName, number>> = { A: 0x61, B: 0x41, C: 0x78 };

/** In which a host writes on its `nth` connection: a, b, c ... for A, A, B, C ... for B. */
export function letterOf(host: HostName, nth: number): number {
  return LETTERS[host] + ((nth - 1) % 20);
}

/** How a connection ended, in Node's words; null for an orderly end, and for one that the application chose. */
function errorOf(tcb: Tcb): string | null {
  switch (tcb.failure) {
    case 'refused':
      return 'ECONNREFUSED';
    case 'reset':
      return 'ECONNRESET';
    case 'timed-out':
      return 'ETIMEDOUT';
    case 'unreachable':
      return 'EHOSTUNREACH';
    default:
      return null;
  }
}
