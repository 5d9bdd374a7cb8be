/**
 * Owns: TCP Fast Open of listeners (RFC 7413 4.1, 4.2): the keys, which cookies are good, how many connections may be
 * pending by a cookie alone. What such a connection does is `tcp/fastopen.ts`'s business.
 */

import { type Key128, siphash } from '../base/siphash.ts';
import { FastOpen, isEarly, type Tcb, type TcpCounters } from '../tcp/index.ts';
import { putWords } from '../wire/address.ts';
import { readU32, writeU32 } from '../wire/bytes.ts';
import { ABSENT, type Segment } from '../wire/tcp.ts';
import { invalidArgument } from './errors.ts';
import type { TcpListener } from './tcp-listener.ts';
import type { TcpSocket } from './tcp-socket.ts';

/** Octets of a cookie of ours. */
const COOKIE = 8;
/** Pending connections of a listener that says `fastOpen: true`. */
const DEFAULT_BOUND = 256;
/** A pending connection that was reset still counts for so long, or resets would keep a flood going (RFC 7413 5.1), ms. */
const RESET_COUNTS = 60_000;

export class FastOpenServer {
  readonly #counters: TcpCounters;
  #key: Key128;
  #previous: Key128 | null = null;
  /** Connections that their user has and their peer has not yet acknowledged. */
  readonly #pending: Map<TcpSocket, TcpListener> = new Map();

  constructor(counters: TcpCounters, key: Key128) {
    this.#counters = counters;
    this.#key = key;
  }

  /** Cookies are made with `current` from now on; those made with `previous` are still taken, and exchanged. */
  setKeys(current: Key128, previous: Key128 | null): void {
    this.#key = current;
    this.#previous = previous;
  }

  /** A new key; cookies under the one before it are still taken. */
  rotate(key: Key128): void {
    this.setKeys(key, this.#key);
  }

  /** A SYN is about to be given to `tcb`, in LISTEN: says what its fast open option, if it has one, deserves. */
  judge(listener: TcpListener, tcb: Tcb, segment: Segment, now: number): void {
    if (segment.fastOpenLength === ABSENT || listener.fastOpen === 0) return;
    if (listener.fastOpenPending(now) >= listener.fastOpen) {
      // Fast open is off until there are fewer (RFC 7413 4.2), and text on SYNs is dropped (5.1).
      this.#counters.TcpExtTCPFastOpenListenOverflow++;
      tcb.fastOpen = new FastOpen(null);
      return;
    }
    const fast = new FastOpen(makeCookie(this.#key, tcb), 0, segment.fastOpenExperimental);
    tcb.fastOpen = fast;
    if (segment.fastOpenLength === 0) {
      this.#counters.TcpExtTCPFastOpenCookieReqd++;
    } else if (sameCookie(segment, fast.cookie!)) {
      fast.accept = true;
      fast.cookie = null; // it has it
    } else if (this.#previous !== null && sameCookie(segment, makeCookie(this.#previous, tcb))) {
      fast.accept = true;
    } else {
      this.#counters.TcpExtTCPFastOpenPassiveFail++;
    }
  }

  /** The user may have this connection now. */
  opened(socket: TcpSocket, listener: TcpListener): void {
    this.#pending.set(socket, listener);
    listener.fastOpens++;
  }

  /** Something has happened to a connection: perhaps it is no longer pending. */
  follow(socket: TcpSocket, now: number): void {
    const { tcb } = socket;
    if (this.#pending.size === 0 || (isEarly(tcb) && tcb.state !== 'CLOSED')) return;
    const listener = this.#pending.get(socket);
    if (listener === undefined) return;
    this.#pending.delete(socket);
    listener.fastOpens--;
    if (tcb.failure === 'reset') listener.fastOpenResets.push(now + RESET_COUNTS);
  }
}

/** How many connections may be pending at a listener that says this. @throws TsynError ERR_INVALID_ARG_VALUE */
export function fastOpenBound(value: number | boolean | undefined): number {
  if (value === undefined || value === false) return 0;
  if (value === true) return DEFAULT_BOUND;
  if (!Number.isInteger(value) || value < 0 || value > 1_000_000) {
    throw invalidArgument('fastOpen', value, 'true, false or an integer from 0 to 1000000');
  }
  return value;
}

/** A key that a user gives. @throws TsynError ERR_INVALID_ARG_VALUE */
export function fastOpenKey(name: string, octets: Uint8Array): Key128 {
  if (!(octets instanceof Uint8Array) || octets.length !== 16) {
    throw invalidArgument(name, octets, 'a Uint8Array of 16 octets');
  }
  return [readU32(octets, 0), readU32(octets, 4), readU32(octets, 8), readU32(octets, 12)];
}

const words = new Int32Array(8);

/** The cookie of a pair of addresses (RFC 7413 4.1.2); ports are no part of it. */
function makeCookie(key: Key128, tcb: Tcb): Uint8Array {
  const count = putWords(words, putWords(words, 0, tcb.local), tcb.remote);
  const { lo, hi } = siphash(key, words, count);
  const cookie = new Uint8Array(COOKIE);
  writeU32(cookie, 0, lo);
  writeU32(cookie, 4, hi);
  return cookie;
}

/** Looks at every octet, so that the time it takes does not tell how many were right. */
function sameCookie(segment: Segment, cookie: Uint8Array): boolean {
  if (segment.fastOpenLength !== COOKIE) return false;
  let wrong = 0;
  for (let i = 0; i < COOKIE; i++) wrong |= segment.fastOpenCookie[i]! ^ cookie[i]!;
  return wrong === 0;
}
