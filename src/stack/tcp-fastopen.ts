/**
 * Owns: TCP Fast Open of listeners (RFC 7413 4.1, 4.2): the keys, which cookies are good, how many connections may be
 * pending by a cookie alone. What such a connection does is `tcp/fastopen.ts`'s business.
 *
 * Cookies are computed as Linux computes them, so that hosts of both kinds can share an address and a key.
 */

import { type Key128, siphash } from '../base/siphash.ts';
import { FastOpen, isEarly, type Tcb, type TcpCounters } from '../tcp/index.ts';
import type { Address } from '../wire/address.ts';
import { readU32, reversed, writeU32 } from '../wire/bytes.ts';
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

/** Cookies are made with `current`; those made with `previous` are still taken, and exchanged. */
export interface FastOpenKeys {
  readonly current: Key128;
  readonly previous: Key128 | null;
}

export class FastOpenServer {
  readonly #counters: TcpCounters;
  /** Of listeners that have none of their own. */
  keys: FastOpenKeys;
  /** Connections that their user has and their peer has not yet acknowledged. */
  readonly #pending: Map<TcpSocket, TcpListener> = new Map();

  constructor(counters: TcpCounters, key: Key128) {
    this.#counters = counters;
    this.keys = { current: key, previous: null };
  }

  /** A new key; cookies under the one before it are still taken. */
  rotate(key: Key128): void {
    this.keys = { current: key, previous: this.keys.current };
  }

  /** A SYN is about to be given to `tcb`, in LISTEN: says what its text and its fast open option deserve. */
  judge(listener: TcpListener, tcb: Tcb, segment: Segment, now: number): void {
    const asks = segment.fastOpenLength !== ABSENT;
    const trusted = listener.fastOpenWithoutCookie && (asks || segment.dataLength > 0);
    if (listener.fastOpen === 0 || !(asks || trusted)) return;
    if (listener.fastOpenPending(now) >= listener.fastOpen) {
      // Fast open is off until there are fewer (RFC 7413 4.2), and text on SYNs is dropped (5.1).
      this.#counters.TcpExtTCPFastOpenListenOverflow++;
      tcb.fastOpen = new FastOpen(null);
      return;
    }
    if (trusted) {
      tcb.fastOpen = new FastOpen(null);
      tcb.fastOpen.accept = true;
      return;
    }
    const { current, previous } = listener.fastOpenKeys ?? this.keys;
    const fast = new FastOpen(fastOpenCookie(current, tcb.remote, tcb.local), 0, segment.fastOpenExperimental);
    tcb.fastOpen = fast;
    if (segment.fastOpenLength === 0) {
      this.#counters.TcpExtTCPFastOpenCookieReqd++;
    } else if (sameCookie(segment, fast.cookie!)) {
      fast.accept = true;
      fast.cookie = null; // it has it
    } else if (previous !== null && sameCookie(segment, fastOpenCookie(previous, tcb.remote, tcb.local))) {
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

/** The keys that a user gives, of 16 octets each. @throws TsynError ERR_INVALID_ARG_VALUE */
export function fastOpenKeys(current: Uint8Array, previous: Uint8Array | null): FastOpenKeys {
  return { current: keyOf('current', current), previous: previous === null ? null : keyOf('previous', previous) };
}

function keyOf(name: string, octets: Uint8Array): Key128 {
  if (!(octets instanceof Uint8Array) || octets.length !== 16) {
    throw invalidArgument(name, octets, 'a Uint8Array of 16 octets');
  }
  const word = (at: number): number => reversed(readU32(octets, at));
  return [word(0), word(4), word(8), word(12)];
}

const words = new Int32Array(8);

/**
 * The cookie of a client and a server (RFC 7413 4.1.2): SipHash of the octets of both addresses as they stand in the IP header of
 * the SYN, least significant octet first. Ports are no part of it.
 */
export function fastOpenCookie(key: Key128, client: Address, server: Address): Uint8Array {
  const count = putOctets(putOctets(0, client), server);
  const { lo, hi } = siphash(key, words, count);
  const cookie = new Uint8Array(COOKIE);
  writeU32(cookie, 0, reversed(lo));
  writeU32(cookie, 4, reversed(hi));
  return cookie;
}

/** SipHash reads words least significant octet first, addresses are held the other way round. */
function putOctets(at: number, address: Address): number {
  let next = at;
  if (address.family === 6) {
    words[next++] = reversed(address.w0);
    words[next++] = reversed(address.w1);
    words[next++] = reversed(address.w2);
  }
  words[next++] = reversed(address.w3);
  return next;
}

/** Looks at every octet, so that the time it takes does not tell how many were right. */
function sameCookie(segment: Segment, cookie: Uint8Array): boolean {
  if (segment.fastOpenLength !== COOKIE) return false;
  let wrong = 0;
  for (let i = 0; i < COOKIE; i++) wrong |= segment.fastOpenCookie[i]! ^ cookie[i]!;
  return wrong === 0;
}
