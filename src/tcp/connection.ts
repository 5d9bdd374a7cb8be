/**
 * Owns: the contract of a connection. Input, then output, always.
 *
 * After any of these functions the caller (1) has been given the segments through `env.outbox`, (2) reads
 * `nextDeadline(tcb)` again, (3) takes the signals. Calling with nothing due is harmless; `now` never goes back.
 * Arrivals at an instant are handled before timers of the same instant. The outbox belongs to the caller; filling it
 * never re-enters the connection.
 *
 * A caller with several segments at hand calls `arrive` for each and `flush` once (RFC 9293 MUST-58, MUST-59); one whose
 * user makes several calls in answer to them makes the calls of `calls.ts` before that `flush`.
 */

import type { Segment } from '../wire/tcp.ts';
import { segmentArrives } from './arrives.ts';
import * as calls from './calls.ts';
import type { TcpEnv } from './env.ts';
import { output } from './output.ts';
import type { Tcb } from './tcb.ts';
import { timeouts } from './timeouts.ts';

export { nextDeadline } from './timers.ts';

/** SEGMENT ARRIVES, without the output pass. A gap is reported at once all the same: its duplicates are counted. */
export function arrive(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  segmentArrives(tcb, env, segment, now);
  if (tcb.owed.ack && tcb.rcv.held !== null) output(tcb, env, now);
}

/** The output pass. */
export function flush(tcb: Tcb, env: TcpEnv, now: number): void {
  output(tcb, env, now);
}

/** SEGMENT ARRIVES for one segment. */
export function onSegment(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  segmentArrives(tcb, env, segment, now);
  output(tcb, env, now);
}

/** A deadline has come (or not: harmless). */
export function onDeadline(tcb: Tcb, env: TcpEnv, now: number): void {
  timeouts(tcb, env, now);
  output(tcb, env, now);
}

/** Takes the signals noted since the last time: SIGNAL_* bits. */
export function takeSignals(tcb: Tcb): number {
  const signals = tcb.signals;
  tcb.signals = 0;
  return signals;
}

/** OPEN (RFC 9293 3.10.1), active or passive. */
export function open(tcb: Tcb, env: TcpEnv, mode: 'active' | 'passive', now: number): calls.CallResult {
  const result = calls.open(tcb, env, mode, now);
  output(tcb, env, now);
  return result;
}

/** SEND (3.10.2). @returns octets taken and the result; overwritten by the next call */
export function send(
  tcb: Tcb,
  env: TcpEnv,
  data: Uint8Array,
  offset: number,
  length: number,
  urgent: boolean,
  now: number,
  push = true,
  record = false,
): calls.SendResult {
  const result = calls.send(tcb, env, data, offset, length, urgent, now, push, record);
  output(tcb, env, now);
  return result;
}

/** RECEIVE (3.10.3). @returns octets copied and the result; overwritten by the next call */
export function receive(
  tcb: Tcb,
  env: TcpEnv,
  target: Uint8Array,
  offset: number,
  length: number,
  now: number,
): calls.ReceiveResult {
  const result = calls.receive(tcb, env, target, offset, length, now);
  output(tcb, env, now);
  return result;
}

/** CLOSE (3.10.4): no more to send. */
export function close(tcb: Tcb, env: TcpEnv, now: number): calls.CallResult {
  const result = calls.close(tcb, env, now);
  output(tcb, env, now);
  return result;
}

/** CLOSE, and nobody reads any more (3.6.1, MAY-1). */
export function detach(tcb: Tcb, env: TcpEnv, now: number): calls.CallResult {
  const result = calls.detach(tcb, env, now);
  output(tcb, env, now);
  return result;
}

/** ABORT (3.10.5). */
export function abort(tcb: Tcb, env: TcpEnv, now: number): calls.CallResult {
  return calls.abort(tcb, env, now);
}
