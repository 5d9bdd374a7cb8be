/**
 * Owns: what a client knows about fast open with its peers (RFC 7413 4.1.3): the cookie of each pair of addresses, and
 * services with which it does not work, port by port, for a time. Bounded: what was asked for least recently is forgotten.
 */

import { type Ends, FastOpen, type Tcb, type TcpOptions } from '../tcp/index.ts';
import { formatAddress } from '../wire/address.ts';
import type { TcpStackConfig } from './config.ts';

/** A pause is doubled at most so often. */
const DOUBLINGS = 6;
/** The MSS assumed where the peer announced none (4.2.2): IPv4, IPv6. */
const ASSUMED = { 4: 536, 6: 1220 } as const;

const NO_COOKIE = new Uint8Array(0);

interface Peer {
  /** Empty for none. */
  cookie: Uint8Array;
  /** It came in the option of before RFC 7413. */
  experimental: boolean;
  /** 0 when the peer announced none. */
  mss: number;
  /** It gave no cookie when asked in the option of RFC 7413; or in the older one either. */
  refused: 'no' | 'once' | 'twice';
}

interface Failures {
  /** No fast open before, ms. */
  until: number;
  /** Failures in a row. */
  count: number;
}

export class FastOpenCache {
  readonly #peers: Recent<Peer>;
  readonly #failures: Recent<Failures>;
  readonly #config: TcpStackConfig;

  constructor(config: TcpStackConfig) {
    this.#config = config;
    this.#peers = new Recent(config.maxFastOpenPeers);
    this.#failures = new Recent(config.maxFastOpenPeers);
  }

  /** How a connection between these should open; null for a plain handshake. */
  prepare(ends: Ends, wanted: TcpOptions['fastOpen'], now: number): FastOpen | null {
    if (wanted === false) return null;
    const failures = this.#failures.get(serviceOf(ends));
    if (failures !== undefined && now < failures.until) return null;
    const known = this.#peers.get(pairOf(ends));
    const mss = this.#mssOf(ends, known);
    if (wanted === 'without-cookie') {
      const fast = new FastOpen(null, mss);
      fast.trusted = true;
      return fast;
    }
    if (known === undefined) return new FastOpen(NO_COOKIE);
    const again = known.cookie.length === 0 && known.refused === 'once' && this.#config.fastOpenOldOption;
    return new FastOpen(known.cookie, mss, again || known.experimental);
  }

  #mssOf({ remote }: Ends, known: Peer | undefined): number {
    const largest = this.#config.fastOpenMtu - (remote.family === 4 ? 40 : 60);
    if (known === undefined) return largest;
    return Math.min(known.mss === 0 ? ASSUMED[remote.family] : known.mss, largest);
  }

  /** Forgets everything. */
  clear(): void {
    this.#peers.clear();
    this.#failures.clear();
  }

  /** Something has happened to a connection that was opened so: takes down what it says. */
  follow(tcb: Tcb, fast: FastOpen, now: number): void {
    // No answer, or ICMP's (4.1.3.1): perhaps somebody on the way does not like such SYNs.
    if (fast.repeated || tcb.failure === 'unreachable') this.#failed(tcb, fast, now);
    if (!tcb.snd.synAcked && tcb.state !== 'CLOSED') return;
    tcb.fastOpen = null;
    if (!fast.answered) return;
    const asked = fast.cookie?.length === 0 && fast.received === null && !fast.repeated;
    this.#learn(tcb, fast, asked);
    // With a cookie, or text acknowledged, the SYN that had them has arrived.
    if (fast.received !== null || fast.taken) this.#failures.delete(serviceOf(tcb));
    else if (fast.sent > 0) this.#failed(tcb, fast, now);
    else if (asked) this.#failures.set(serviceOf(tcb), { until: now + this.#config.fastOpenRefusal, count: 0 });
  }

  /** @param refused a cookie was asked for, and none given */
  #learn(ends: Ends, fast: FastOpen, refused: boolean): void {
    const pair = pairOf(ends);
    const peer = this.#peers.get(pair) ?? { cookie: NO_COOKIE, experimental: false, mss: 0, refused: 'no' };
    if (fast.mss !== 0 || fast.received !== null) peer.mss = fast.mss;
    if (fast.received !== null) {
      peer.cookie = fast.received;
      peer.experimental = fast.experimental;
    } else if (refused) peer.refused = peer.refused === 'no' ? 'once' : 'twice';
    this.#peers.set(pair, peer);
  }

  /** Counts a failure, once for each connection. */
  #failed(tcb: Tcb, fast: FastOpen, now: number): void {
    if (fast.failed) return;
    fast.failed = true;
    const count = this.#failures.get(serviceOf(tcb))?.count ?? 0;
    const until = now + this.#config.fastOpenPause * (1 << Math.min(count, DOUBLINGS));
    this.#failures.set(serviceOf(tcb), { until, count: count + 1 });
  }
}

/** A SYN with a cookie waits for the end of the turn: what the application writes until then goes with it. */
export function waitsForText(tcb: Tcb): boolean {
  if (tcb.fastOpen === null || tcb.state !== 'SYN-SENT' || !tcb.owed.syn) return false;
  return mayCarryText(tcb.fastOpen);
}

/** Text may go with the SYN. */
export function mayCarryText({ cookie, trusted }: FastOpen): boolean {
  return trusted || (cookie !== null && cookie.length > 0);
}

function pairOf({ local, remote }: Ends): string {
  return `${formatAddress(local)} ${formatAddress(remote)}`;
}

function serviceOf(ends: Ends): string {
  return `${pairOf(ends)} ${ends.remotePort}`;
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

  clear(): void {
    this.#values.clear();
  }
}
