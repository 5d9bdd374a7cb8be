/**
 * Owns: what a client knows about fast open with its peers (RFC 7413 4.1.3): the cookie of each pair of addresses, and
 * services with which it does not work, port by port, for a time. Bounded: what was asked for least recently is forgotten.
 */

import { FastOpen, type Tcb } from '../tcp/index.ts';
import { formatAddress } from '../wire/address.ts';

/** No fast open for so long after a failure, twice as long after the next, ms ... */
const FAILED = 60_000;
/** ... doubled at most so often. */
const DOUBLINGS = 6;
/** A service that gave no cookie is not asked again for so long (RFC 7413 4.2.1), ms. */
const REFUSED = 600_000;
/** The largest MSS made use of (RFC 7413 4.1.3), and the one assumed (4.2.2): IPv4, IPv6. */
const LARGEST = { 4: 1460, 6: 1440 } as const;
const ASSUMED = { 4: 536, 6: 1220 } as const;

const NO_COOKIE = new Uint8Array(0);

interface Cookie {
  readonly cookie: Uint8Array;
  readonly experimental: boolean;
  /** 0 when the peer announced none. */
  readonly mss: number;
}

interface Failures {
  /** No fast open before, ms. */
  until: number;
  /** Failures in a row. */
  count: number;
}

export class FastOpenCache {
  readonly #cookies: Recent<Cookie>;
  readonly #failures: Recent<Failures>;

  /** @param limit pairs of addresses, and services, remembered at most */
  constructor(limit: number) {
    this.#cookies = new Recent(limit);
    this.#failures = new Recent(limit);
  }

  /** How `tcb` should open; null for a plain handshake. */
  prepare(tcb: Tcb, now: number): FastOpen | null {
    const failures = this.#failures.get(serviceOf(tcb));
    if (failures !== undefined && now < failures.until) return null;
    const known = this.#cookies.get(pairOf(tcb));
    if (known === undefined) return new FastOpen(NO_COOKIE);
    const { family } = tcb.remote;
    const mss = known.mss === 0 ? ASSUMED[family] : Math.min(known.mss, LARGEST[family]);
    return new FastOpen(known.cookie, mss, known.experimental);
  }

  /** Something has happened to a connection that was opened so: takes down what it says. */
  follow(tcb: Tcb, fast: FastOpen, now: number): void {
    // No answer, or ICMP's (4.1.3.1): perhaps somebody on the way does not like such SYNs.
    if (fast.repeated || tcb.failure === 'unreachable') this.#failed(tcb, fast, now);
    if (!tcb.snd.synAcked && tcb.state !== 'CLOSED') return;
    tcb.fastOpen = null;
    if (!fast.answered) return;
    if (fast.received !== null) {
      const { received: cookie, experimental, mss } = fast;
      this.#cookies.set(pairOf(tcb), { cookie, experimental, mss });
    }
    // With a cookie, or text acknowledged, the SYN that had them has arrived.
    if (fast.received !== null || fast.taken) this.#failures.delete(serviceOf(tcb));
    else if (fast.sent > 0) this.#failed(tcb, fast, now);
    else if (!fast.repeated && fast.cookie!.length === 0) {
      this.#failures.set(serviceOf(tcb), { until: now + REFUSED, count: 0 });
    }
  }

  /** Counts a failure, once for each connection. */
  #failed(tcb: Tcb, fast: FastOpen, now: number): void {
    if (fast.failed) return;
    fast.failed = true;
    const count = this.#failures.get(serviceOf(tcb))?.count ?? 0;
    const until = now + FAILED * (1 << Math.min(count, DOUBLINGS));
    this.#failures.set(serviceOf(tcb), { until, count: count + 1 });
  }
}

/** A SYN with a cookie waits for the end of the turn: what the application writes until then goes with it. */
export function waitsForText(tcb: Tcb): boolean {
  if (tcb.fastOpen === null || tcb.state !== 'SYN-SENT' || !tcb.owed.syn) return false;
  return tcb.fastOpen.cookie!.length > 0;
}

function pairOf(tcb: Tcb): string {
  return `${formatAddress(tcb.local)} ${formatAddress(tcb.remote)}`;
}

function serviceOf(tcb: Tcb): string {
  return `${pairOf(tcb)} ${tcb.remotePort}`;
}

/** A table with a bound: what was asked for or set least recently is forgotten. */
class Recent<T> {
  readonly #values: Map<string, T> = new Map();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.#values.delete(key);
    if (this.#values.size >= this.#limit) this.#values.delete(this.#values.keys().next().value!);
    this.#values.set(key, value); // the newest is the last
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
