/**
 * Owns: one port pair and its whole life for a host that has no other: CLOSED, LISTEN, a connection, its TIME-WAIT
 * record, the reopening of it. A stack with tables of connections does the same steps on its tables; the checker and
 * the tests use this. Nothing here decides anything: every rule is in the files it calls.
 */

import type { Segment } from '../wire/tcp.ts';
import type { CallResult, ReceiveResult, SendResult } from './calls.ts';
import type { TcpOptions } from './config.ts';
import * as connection from './connection.ts';
import type { Ends, TcpEnv } from './env.ts';
import type { State } from './state.ts';
import { Tcb } from './tcb.ts';
import { reopen, resume, TimeWait, timeWaitArrives, timeWaitBegun, timeWaitEnd, timeWaitExpired } from './timewait.ts';

export class Endpoint {
  readonly env: TcpEnv;
  readonly ends: Ends;
  readonly options: TcpOptions;
  /** The connection, or what is left of it. */
  tcb: Tcb;
  /** TIME-WAIT, while it lasts; asleep beside a connection that reopened the pair. */
  record: TimeWait | null = null;
  /** A passive OPEN stands: a newer SYN may reopen the pair. */
  listening = false;
  /** A server: it listens again when its connection is over. */
  readonly relisten: boolean;
  #id = 0;

  constructor(env: TcpEnv, ends: Ends, options: TcpOptions, relisten: boolean = false) {
    this.env = env;
    this.ends = ends;
    this.options = options;
    this.relisten = relisten;
    this.tcb = this.#create();
  }

  get state(): State {
    return this.record !== null && !this.record.asleep ? 'TIME-WAIT' : this.tcb.state;
  }

  /** A new TCB in CLOSED, for the next OPEN. The settings of the path are the previous one's. */
  renew(): Tcb {
    const { mtu, ipHeader, superSegment } = this.tcb;
    this.tcb = this.#create();
    Object.assign(this.tcb, { mtu, ipHeader, superSegment });
    return this.tcb;
  }

  open(mode: 'active' | 'passive', now: number): CallResult {
    if (this.state === 'CLOSED') this.renew();
    this.listening = mode === 'passive';
    return connection.open(this.tcb, this.env, mode, now);
  }

  arrive(segment: Segment, now: number): void {
    const { record } = this;
    if (record !== null && !record.asleep) {
      if (timeWaitArrives(record, this.env, segment, now) !== 'reopen' || !this.listening) return;
      connection.open(this.renew(), this.env, 'passive', now);
      reopen(record, this.tcb, this.env, now);
    }
    connection.onSegment(this.tcb, this.env, segment, now);
    this.settle(now);
  }

  send(data: Uint8Array, urgent: boolean, now: number, push = true, record = false): SendResult {
    return connection.send(this.tcb, this.env, data, 0, data.length, urgent, now, push, record);
  }

  receive(target: Uint8Array, now: number): ReceiveResult {
    return connection.receive(this.tcb, this.env, target, 0, target.length, now);
  }

  close(now: number): CallResult {
    const result = connection.close(this.tcb, this.env, now);
    this.settle(now);
    return result;
  }

  detach(now: number): CallResult {
    const result = connection.detach(this.tcb, this.env, now);
    this.settle(now);
    return result;
  }

  abort(now: number): CallResult {
    const result = connection.abort(this.tcb, this.env, now);
    if (this.record !== null && !this.record.asleep) this.record = null;
    this.settle(now);
    return result;
  }

  /** The earliest deadline, ms. */
  nextDeadline(): number {
    const wait = this.record === null || this.record.asleep ? Infinity : this.record.due;
    return Math.min(connection.nextDeadline(this.tcb), wait);
  }

  onDeadline(now: number): void {
    const { record } = this;
    if (record !== null && !record.asleep && record.due <= now) {
      timeWaitExpired(record, this.env, now);
      this.record = null;
      this.renew();
    }
    connection.onDeadline(this.tcb, this.env, now);
    this.settle(now);
  }

  /** After any input: follow the connection into TIME-WAIT and out of it, or back to LISTEN. */
  settle(now: number): void {
    const { tcb } = this;
    switch (tcb.state) {
      case 'TIME-WAIT':
        if (tcb.resumes !== null) {
          resume(tcb.resumes, this.env, now);
          tcb.resumes = null;
        } else if (this.record === null) {
          this.record = new TimeWait(tcb, timeWaitEnd(this.env, now));
          timeWaitBegun(this.record, this.env, now);
        }
        return;
      case 'ESTABLISHED':
        this.record = null; // the pair is the new connection's
        return;
      case 'CLOSED':
        if (this.relisten && this.listening) connection.open(this.renew(), this.env, 'passive', now);
        else this.listening &&= this.record !== null;
    }
  }

  #create(): Tcb {
    const tcb = new Tcb(++this.#id, this.ends, this.options);
    tcb.ipHeader = this.ends.local.family === 4 ? 20 : 40;
    return tcb;
  }
}
