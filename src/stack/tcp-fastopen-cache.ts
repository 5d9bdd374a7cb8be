/**
 * Owns: what a client knows about fast open with its peers (RFC 7413 4.1.3): cookies and segment sizes, and paths that
 * seem to drop SYNs with options or text. Bounded: the pair of addresses that was asked for least recently is forgotten.
 *
 * DEVIATION: RFC 7413 4.1.3.1 would have paths told apart by port too; what drops such SYNs seldom looks at it.
 */

import { FastOpen, type Tcb } from '../tcp/index.ts';
import { formatAddress } from '../wire/address.ts';

/** No fast open for so long after the first SYN that got no answer, twice as long after the next, ms ... */
const SUSPECT = 60_000;
/** ... doubled at most so often. */
const DOUBLINGS = 6;
/** A server that gave no cookie is not asked again for so long (RFC 7413 4.2.1), ms. */
const REFUSED = 600_000;
/** The largest MSS made use of (RFC 7413 4.1.3), and the one assumed (4.2.2): IPv4, IPv6. */
const LARGEST = { 4: 1460, 6: 1440 } as const;
const ASSUMED = { 4: 536, 6: 1220 } as const;

const NO_COOKIE = new Uint8Array(0);

interface Entry {
  /** Empty for none. */
  cookie: Uint8Array;
  experimental: boolean;
  /** 0 when it announced none. */
  mss: number;
  /** No fast open before, ms. */
  until: number;
  /** SYNs in a row that got no answer. */
  strikes: number;
}

export class FastOpenCache {
  readonly #entries: Map<string, Entry> = new Map();
  readonly #limit: number;

  /** @param limit pairs of addresses remembered at most */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Pairs of addresses that something is known about. */
  get size(): number {
    return this.#entries.size;
  }

  /** How `tcb` should open; null for a plain handshake. */
  prepare(tcb: Tcb, now: number): FastOpen | null {
    const { family } = tcb.remote;
    const entry = this.#find(tcb);
    if (entry === undefined) return new FastOpen(NO_COOKIE);
    if (now < entry.until) return null;
    const mss = entry.mss === 0 ? ASSUMED[family] : Math.min(entry.mss, LARGEST[family]);
    return new FastOpen(entry.cookie, mss, entry.experimental);
  }

  /** Something has happened to a connection that was opened so: takes down what it says. */
  follow(tcb: Tcb, fast: FastOpen, now: number): void {
    if (fast.repeated && !fast.suspected) {
      fast.suspected = true;
      const entry = this.#entry(tcb);
      entry.until = now + SUSPECT * (1 << Math.min(entry.strikes, DOUBLINGS));
      entry.strikes++;
    }
    if (!tcb.snd.synAcked && tcb.state !== 'CLOSED') return;
    tcb.fastOpen = null;
    if (!fast.answered) return;
    if (fast.received !== null || fast.taken) {
      const entry = this.#entry(tcb);
      // The SYN with the option has arrived, if one had to be sent again.
      entry.until = 0;
      entry.strikes = 0;
      entry.mss = fast.mss;
      if (fast.received !== null) {
        entry.cookie = fast.received;
        entry.experimental = fast.experimental;
      }
    } else if (!fast.repeated && fast.cookie!.length === 0) {
      this.#entry(tcb).until = now + REFUSED;
    }
  }

  #find(tcb: Tcb): Entry | undefined {
    const key = keyOf(tcb);
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      // The newest is the last.
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #entry(tcb: Tcb): Entry {
    const found = this.#find(tcb);
    if (found !== undefined) return found;
    if (this.#entries.size >= this.#limit) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest!);
    }
    const entry: Entry = { cookie: NO_COOKIE, experimental: false, mss: 0, until: 0, strikes: 0 };
    this.#entries.set(keyOf(tcb), entry);
    return entry;
  }
}

/** A SYN with a cookie waits for the end of the turn: what the application writes until then goes with it. */
export function waitsForText(tcb: Tcb): boolean {
  if (tcb.fastOpen === null || tcb.state !== 'SYN-SENT' || !tcb.owed.syn) return false;
  return tcb.fastOpen.cookie!.length > 0;
}

function keyOf(tcb: Tcb): string {
  return `${formatAddress(tcb.local)} ${formatAddress(tcb.remote)}`;
}
