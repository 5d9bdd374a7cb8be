/**
 * Owns: when a listener answers with SYN cookies and when it believes one (RFC 4987 3.6). What a cookie is, is
 * `tcp/syncookies.ts`'s business.
 *
 * With cookies nobody has to give way: connections half open keep their places, with every option that was agreed on,
 * and time out by themselves; whoever finds no place is served without one.
 */

import type { Key128 } from '../base/siphash.ts';
import { acceptCookie, COOKIE_LIFETIME, readCookie, sendCookie, type Tcb, type TcpEnv } from '../tcp/index.ts';
import { ACK, RST, Segment, SYN } from '../wire/tcp.ts';
import type { TcpStackConfig } from './config.ts';
import type { TcpListener } from './tcp-listener.ts';

export class SynCookies {
  readonly #env: TcpEnv;
  readonly #mode: TcpStackConfig['synCookies'];
  readonly #key: Key128;
  readonly #syn: Segment = new Segment();

  constructor(env: TcpEnv, mode: TcpStackConfig['synCookies'], key: Key128) {
    this.#env = env;
    this.#mode = mode;
    this.#key = key;
  }

  /**
   * A segment for a listener, whose TCB is in LISTEN. An ACK with a cookie makes it ESTABLISHED.
   *
   * @returns 'done' when there is nothing more to do with the segment
   */
  take(listener: TcpListener, tcb: Tcb, segment: Segment, now: number): 'continue' | 'done' {
    const flags = segment.flags & (SYN | ACK | RST);
    if (flags === SYN) return this.#answer(listener, tcb, segment, now);
    if (flags === ACK && now - listener.cookieAt <= COOKIE_LIFETIME) return this.#ack(listener, tcb, segment, now);
    return 'continue';
  }

  #answer(listener: TcpListener, tcb: Tcb, segment: Segment, now: number): 'continue' | 'done' {
    if (this.#mode === 'off') return 'continue';
    const full = listener.opening.size >= listener.maxHalfOpen;
    if (!full && this.#mode !== 'always') return 'continue';
    if (full) this.#env.counters.TcpExtTCPReqQFullDoCookies++;
    listener.cookieAt = now;
    sendCookie(tcb, this.#env, this.#key, segment, now);
    return 'done';
  }

  /** One that brings no cookie goes on to LISTEN, where an ACK is answered with a reset. */
  #ack(listener: TcpListener, tcb: Tcb, segment: Segment, now: number): 'continue' | 'done' {
    if (!readCookie(tcb, this.#env, this.#key, segment, this.#syn, now)) return 'continue';
    if (listener.full) {
      // No room to accept it: dropped, the peer will say it again with its text.
      this.#env.counters.TcpExtListenOverflows++;
      return 'done';
    }
    acceptCookie(tcb, this.#env, this.#syn, segment, now);
    return 'continue';
  }
}
