/**
 * Owns: one port pair and its whole life for a host that has no other: CLOSED, LISTEN, a connection, its TIME-WAIT
 * record, the reopening of it. A stack with tables of connections does the same steps on its tables; the checker and
 * the tests use this. Nothing here decides anything: every rule is in the files it calls.
 */

import type { Segment } from '../wire/tcp.ts';
import type { CallResult } from './calls.ts';
import type { TcpOptions } from './config.ts';
import * as connection from './connection.ts';
import type { Ends, TcpEnv } from './env.ts';
import { resetUnknown } from './reset.ts';
import type { State } from './state.ts';
import { Tcb } from './tcb.ts';
import { reopen, resume, TimeWait, timeWaitArrives, timeWaitBegun, timeWaitEnd, timeWaitExpired } from './timewait.ts';

export class Endpoint {
  readonly env: TcpEnv;
  readonly ends: Ends;
  readonly options: TcpOptions;
  /** The connection; kept after its end so that what was received can still be read. */
  tcb: Tcb;
  /** Its TIME-WAIT, while that lasts. */
  record: TimeWait | null = null;
  /** A passive OPEN stands: after a connection the endpoint listens again. */
  listening = false;
  #id = 0;

  constructor(env: TcpEnv, ends: Ends, options: TcpOptions) {
    this.env = env;
    this.ends = ends;
    this.options = options;
    this.tcb = this.#create();
  }

  get state(): State {
    return this.record !== null && this.tcb.state !== 'SYN-RECEIVED' ? 'TIME-WAIT' : this.tcb.state;
  }

  /** A new TCB in CLOSED, for the next OPEN. The settings of the path are the previous one's. */
  renew(): Tcb {
    const { mtu, ipHeader, superSegment } = this.tcb;
    this.tcb = this.#create();
    Object.assign(this.tcb, { mtu, ipHeader, superSegment });
    return this.tcb;
  }

  open(mode: 'active' | 'passive', now: number): CallResult {
    if (mode === 'passive') this.listening = true;
    if (this.tcb.state === 'CLOSED' && this.tcb.failure !== null) this.renew();
    return connection.open(this.tcb, this.env, mode, now);
  }

  arrive(segment: Segment, now: number): void {
    if (this.record !== null && !this.record.asleep) {
      if (timeWaitArrives(this.record, this.env, segment, now) !== 'reopen') return;
      if (!this.listening) return;
      const record = this.record;
      this.renew();
      connection.open(this.tcb, this.env, 'passive', now);
      reopen(record, this.tcb, this.env, now);
    } else if (this.tcb.state === 'CLOSED' && this.tcb.failure === null && !this.listening) {
      resetUnknown(this.ends, this.env, segment);
      return;
    }
    connection.onSegment(this.tcb, this.env, segment, now);
    this.settle(now);
  }

  /** The earliest deadline, ms. */
  nextDeadline(): number {
    return Math.min(connection.nextDeadline(this.tcb), this.#wait());
  }

  onDeadline(now: number): void {
    if (this.record !== null && this.#wait() <= now) {
      timeWaitExpired(this.record, this.env, now);
      this.record = null;
      if (this.listening) this.#relisten(now);
    }
    connection.onDeadline(this.tcb, this.env, now);
    this.settle(now);
  }

  /** After any input: follow the connection into TIME-WAIT, or back to LISTEN. */
  settle(now: number): void {
    const { tcb } = this;
    if (tcb.state === 'ESTABLISHED' && this.record !== null) this.record = null;
    if (tcb.state === 'TIME-WAIT') {
      if (tcb.resumes !== null) {
        resume(tcb.resumes, this.env, now);
        tcb.resumes = null;
      } else if (this.record === null) {
        this.record = new TimeWait(tcb, timeWaitEnd(this.env, now));
        timeWaitBegun(this.record, this.env, now);
      }
    } else if (tcb.state === 'CLOSED' && this.listening && tcb.snd.nxt !== tcb.snd.iss) {
      this.#relisten(now);
    }
  }

  #wait(): number {
    return this.record === null || this.record.asleep ? Infinity : this.record.due;
  }

  #relisten(now: number): void {
    this.renew();
    connection.open(this.tcb, this.env, 'passive', now);
  }

  #create(): Tcb {
    const tcb = new Tcb(++this.#id, this.ends, this.options);
    tcb.ipHeader = this.ends.local.family === 4 ? 20 : 40;
    return tcb;
  }
}
