/**
 * Owns: the user calls of RFC 9293 3.10.1 to 3.10.6: OPEN, SEND, RECEIVE, CLOSE, ABORT, STATUS. Each changes the TCB and
 * notes what is owed; the output pass must follow (`connection.ts` does both).
 */

import type { CallEvent } from '../trace/events.ts';
import { add, diff, gt, type Seq, seq } from '../wire/seq.ts';
import { chooseInitialSequence } from './arrives.ts';
import { tuneReceiveBuffer } from './buffers.ts';
import { noteRefused, noteWritten, recordsDiscarded } from './bursts.ts';
import { noteSend, nothingUnsent } from './cork.ts';
import type { TcpEnv } from './env.ts';
import { isEarly } from './fastopen.ts';
import { prepareOffer, updateSegmentSize } from './negotiate.ts';
import { startCongestion } from './recovery.ts';
import { resetConnection } from './reset.ts';
import { beginsPiece, sendRoom } from './sendroom.ts';
import { enter, isSynchronized, maySend, type State } from './state.ts';
import { SIGNAL_WRITABLE, type Tcb, textEnd } from './tcb.ts';
import { destroy } from './teardown.ts';
import { setTimer, stopTimer } from './timers.ts';
import { windowUpdateDue } from './window.ts';

/** 'ok', or the RFC's words for what is wrong. */
export type CallResult =
  | 'ok'
  | 'connection already exists'
  | 'remote socket unspecified'
  | 'connection does not exist'
  | 'connection closing'
  | 'insufficient resources';

/** OPEN. Passive: CLOSED -> LISTEN. Active: issues a SYN, from LISTEN too if a remote socket is given. */
export function open(tcb: Tcb, env: TcpEnv, mode: 'active' | 'passive', now: number): CallResult {
  const result = mode === 'active' ? openActive(tcb, env, now) : openPassive(tcb, env, now);
  if (env.trace !== null) traceCall(tcb, env, 'OPEN', result, now);
  return result;
}

function openPassive(tcb: Tcb, env: TcpEnv, now: number): CallResult {
  if (tcb.state !== 'CLOSED') return 'connection already exists';
  enter(tcb, env, 'LISTEN', now);
  return 'ok';
}

function openActive(tcb: Tcb, env: TcpEnv, now: number): CallResult {
  if (tcb.state !== 'CLOSED' && tcb.state !== 'LISTEN') return 'connection already exists';
  if (tcb.remotePort === 0) return 'remote socket unspecified';
  prepareOffer(tcb);
  updateSegmentSize(tcb);
  chooseInitialSequence(tcb, env, now);
  tcb.passive = false;
  tcb.rcv.edge = tcb.rcv.nxt;
  tcb.owed.syn = true;
  enter(tcb, env, 'SYN-SENT', now);
  env.counters.TcpActiveOpens++;
  return 'ok';
}

/** SEND: how many octets were taken; the rest finds no room ("insufficient resources") until SIGNAL_WRITABLE. */
export interface SendResult {
  result: CallResult;
  accepted: number;
}

const sendResult: SendResult = { result: 'ok', accepted: 0 };

/**
 * SEND. Octets are copied; what does not fit into the send buffer is not taken.
 *
 * @param urgent the last octet given ends urgent text (RFC 9293 3.8.5; new applications should not)
 * @param push false: more follows soon, so that a small segment is better held back, for 200 ms at most
 * @param record a record ends here: no segment holds what lies on both sides of this, where `config.pushBursts` is set
 * @returns a record overwritten by the next call
 */
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
): SendResult {
  sendResult.accepted = 0;
  const begins = env.config.pushBursts && beginsPiece(tcb);
  const first = (!push || tcb.cork !== null) && nothingUnsent(tcb);
  if (tcb.state === 'CLOSED') sendResult.result = 'connection does not exist';
  else if (tcb.state === 'LISTEN') {
    sendResult.result = openActive(tcb, env, now);
    if (sendResult.result === 'ok') sendResult.accepted = queue(tcb, env, data, offset, length, urgent);
  } else if (!maySend(tcb.state) || tcb.snd.closed) sendResult.result = 'connection closing';
  else {
    sendResult.accepted = queue(tcb, env, data, offset, length, urgent);
    sendResult.result = sendResult.accepted < length ? 'insufficient resources' : 'ok';
  }
  if (sendResult.accepted > 0) {
    if (env.config.pushBursts) {
      const more = sendResult.accepted < length;
      noteWritten(tcb, sendResult.accepted, begins, push, record && !more, more);
    } else noteSend(tcb, env, push, first, now);
  }
  if (sendResult.result === 'insufficient resources' && sendResult.accepted === 0 && push && tcb.bursts !== null) {
    noteRefused(tcb, tcb.bursts);
  }
  if (env.trace !== null) traceCall(tcb, env, 'SEND', sendResult.result, now, sendResult.accepted);
  return sendResult;
}

function queue(tcb: Tcb, env: TcpEnv, data: Uint8Array, offset: number, length: number, urgent: boolean): number {
  const accepted = Math.min(sendRoom(tcb, env), length);
  if (accepted < length) tcb.wantsRoom = true;
  if (accepted === 0) return 0;
  tcb.snd.text.push(env.buffers, data, offset, accepted);
  if (urgent) {
    // SND.UP is the octet after the urgent text (MUST-62).
    tcb.snd.up = textEnd(tcb);
    tcb.snd.urgent = true;
  }
  return accepted;
}

/**
 * FLUSH (RFC 9293 3.9.1, MAY-14): what was written and never sent is forgotten. Nothing that has a sequence number changes
 * it, so both sides stay in step; a FIN that is due stands after what was sent.
 *
 * @returns octets forgotten
 */
export function discardUnsent(tcb: Tcb, env: TcpEnv): number {
  const { snd } = tcb;
  if (snd.finSent) return 0;
  const count = Math.max(diff(textEnd(tcb), isStarted(tcb) ? snd.nxt : seq(snd.iss + 1)), 0);
  if (count === 0) return 0;
  snd.text.dropNewest(env.buffers, count);
  if (tcb.bursts !== null) recordsDiscarded(tcb, tcb.bursts);
  if (snd.urgent && gt(snd.up, textEnd(tcb))) {
    snd.up = textEnd(tcb);
    snd.urgent = gt(snd.up, snd.una);
  }
  if (tcb.wantsRoom) {
    tcb.wantsRoom = false;
    tcb.signals |= SIGNAL_WRITABLE;
  }
  return count;
}

/** The SYN has left: SND.NXT is beyond it. */
function isStarted({ snd }: Tcb): boolean {
  return snd.nxt !== snd.iss;
}

/** RECEIVE: how many octets were copied. 'connection closing' when there will be no more. */
export interface ReceiveResult {
  result: CallResult;
  count: number;
}

const receiveResult: ReceiveResult = { result: 'ok', count: 0 };

/**
 * RECEIVE: copies up to `length` octets of what has arrived in order.
 *
 * @returns a record overwritten by the next call
 */
export function receive(
  tcb: Tcb,
  env: TcpEnv,
  target: Uint8Array,
  offset: number,
  length: number,
  now: number,
): ReceiveResult {
  const count = Math.min(length, tcb.rcv.text.length);
  receiveResult.count = count;
  receiveResult.result = 'ok';
  if (count > 0) {
    tcb.rcv.text.copy(0, count, target, offset);
    consume(tcb, env, count, now);
  } else if (atEnd(tcb)) receiveResult.result = 'connection closing';
  else if (tcb.state === 'CLOSED') receiveResult.result = 'connection does not exist';
  return receiveResult;
}

/** The octets that wait, as far as they lie together: a view valid until the next input or call. */
export function peek(tcb: Tcb): Uint8Array {
  return tcb.rcv.text.view(0, tcb.rcv.text.length);
}

/** Takes `count` octets as read (they were looked at with `peek`), and owes the peer news of the room if it waits. */
export function consume(tcb: Tcb, env: TcpEnv, count: number, now: number): void {
  if (count === 0) return;
  if (env.trace !== null) traceCall(tcb, env, 'RECEIVE', 'ok', now, count);
  const { rcv } = tcb;
  rcv.text.drop(env.buffers, count, rcv.held !== null);
  tuneReceiveBuffer(tcb, env, count, now);
  if (rcv.urgent && !gt(rcv.up, readUpTo(tcb))) rcv.urgent = false;
  if (isReceiving(tcb.state) && windowUpdateDue(tcb)) tcb.owed.ack = true;
}

function isReceiving(state: State): boolean {
  return state === 'ESTABLISHED' || state === 'FIN-WAIT-1' || state === 'FIN-WAIT-2';
}

/** The sequence number of the next octet that the user will read. */
function readUpTo(tcb: Tcb): Seq {
  const fin = isReceiving(tcb.state) || tcb.state === 'SYN-RECEIVED' ? 0 : 1;
  return add(tcb.rcv.nxt, -tcb.rcv.text.length - fin);
}

/** How many octets of urgent text the user has yet to read (MUST-33). */
export function urgentRemaining(tcb: Tcb): number {
  return tcb.rcv.urgent ? Math.max(diff(tcb.rcv.up, readUpTo(tcb)), 0) : 0;
}

/** How many of the octets that wait came with PSH at their end, or before it (RFC 9293 3.9.1, MAY-17). A hint. */
export function pushedLength(tcb: Tcb): number {
  const { rcv } = tcb;
  return Math.min(Math.max(diff(rcv.pushed, readUpTo(tcb)), 0), rcv.text.length);
}

/** The peer has closed and everything before its FIN has been read. */
export function atEnd(tcb: Tcb): boolean {
  if (tcb.rcv.text.length > 0) return false;
  switch (tcb.state) {
    case 'CLOSE-WAIT':
    case 'CLOSING':
    case 'LAST-ACK':
    case 'TIME-WAIT':
      return true;
    default:
      // LAST-ACK is over, in good order.
      return tcb.state === 'CLOSED' && tcb.failure === null && tcb.snd.finSent;
  }
}

/**
 * CLOSE: "I have no more to send." The peer may still send, and be read. With `options.linger` the user waits only so long
 * for the acknowledgment of everything; with 0 not at all, which makes an ABORT of it.
 */
export function close(tcb: Tcb, env: TcpEnv, now: number): CallResult {
  const { linger } = tcb.options;
  if (linger === 0 && isSynchronized(tcb.state) && !tcb.snd.closed) return abortInstead(tcb, env, now);
  const result = closeSending(tcb, env, now);
  if (result === 'ok' && linger !== null && tcb.state !== 'CLOSED') {
    setTimer(tcb, env, 'closing', now + linger, now);
  }
  if (env.trace !== null) traceCall(tcb, env, 'CLOSE', result, now);
  return result;
}

function abortInstead(tcb: Tcb, env: TcpEnv, now: number): CallResult {
  env.counters.TcpExtTCPAbortOnLinger++;
  return abort(tcb, env, now);
}

function closeSending(tcb: Tcb, env: TcpEnv, now: number): CallResult {
  const { snd } = tcb;
  switch (tcb.state) {
    case 'CLOSED':
      return 'connection does not exist';
    case 'LISTEN':
    case 'SYN-SENT':
      destroy(tcb, env, null, now);
      return 'ok';
    case 'SYN-RECEIVED':
      if (snd.closed) return 'connection closing';
      snd.closed = true;
      // With text to send the FIN waits for ESTABLISHED.
      if (snd.text.length === 0) {
        startCongestion(tcb, env, now);
        enter(tcb, env, 'FIN-WAIT-1', now);
      }
      return 'ok';
    case 'ESTABLISHED':
      snd.closed = true;
      enter(tcb, env, 'FIN-WAIT-1', now);
      return 'ok';
    case 'CLOSE-WAIT':
      snd.closed = true;
      enter(tcb, env, 'LAST-ACK', now);
      return 'ok';
    default:
      // No second FIN.
      return 'connection closing';
  }
}

/**
 * The application goes for good: what it has not read, and what comes later, meets a reset (SHLD-3, MAY-1). Text it
 * has sent is still delivered, followed by a FIN; `options.linger` bounds that as it does in `close`, also when the user
 * has closed before.
 */
export function detach(tcb: Tcb, env: TcpEnv, now: number): CallResult {
  if (tcb.detached) return 'connection closing';
  tcb.detached = true;
  if (tcb.state === 'CLOSED' || tcb.state === 'TIME-WAIT') {
    tcb.rcv.text.clear(env.buffers);
    return 'ok';
  }
  if (tcb.rcv.text.length > 0 && (tcb.state !== 'SYN-RECEIVED' || isEarly(tcb))) {
    env.counters.TcpExtTCPAbortOnClose++;
    resetConnection(tcb, env, now);
    destroy(tcb, env, 'aborted', now);
    return 'ok';
  }
  const { linger } = tcb.options;
  if (linger === 0 && isSynchronized(tcb.state)) return abortInstead(tcb, env, now);
  if (tcb.state === 'FIN-WAIT-2') setTimer(tcb, env, 'closing', now + env.config.finWait2, now);
  // R2 is shorter now that nobody waits: the output pass sets it anew.
  stopTimer(tcb, env, 'user', now);
  if (linger !== null && tcb.snd.closed && tcb.state !== 'FIN-WAIT-2') {
    setTimer(tcb, env, 'closing', Math.min(tcb.timers.closing, now + linger), now);
  }
  return close(tcb, env, now) === 'connection does not exist' ? 'connection does not exist' : 'ok';
}

/** ABORT: a reset for the peer where the RFC has one, and nothing is left. */
export function abort(tcb: Tcb, env: TcpEnv, now: number): CallResult {
  if (env.trace !== null)
    traceCall(tcb, env, 'ABORT', tcb.state === 'CLOSED' ? 'connection does not exist' : 'ok', now);
  switch (tcb.state) {
    case 'CLOSED':
      return 'connection does not exist';
    case 'SYN-RECEIVED':
    case 'ESTABLISHED':
    case 'FIN-WAIT-1':
    case 'FIN-WAIT-2':
    case 'CLOSE-WAIT':
      resetConnection(tcb, env, now);
      break;
    case 'TIME-WAIT':
      tcb.rcv.text.clear(env.buffers);
      break;
  }
  destroy(tcb, env, 'aborted', now);
  return 'ok';
}

/** STATUS: the state's name. The rest of the TCB is the caller's to read. */
export function status(tcb: Tcb): State {
  return tcb.state;
}

/** Turns keep-alive on or off during the connection (MUST-24). */
export function setKeepAlive(tcb: Tcb, env: TcpEnv, on: boolean, idle: number, now: number): void {
  tcb.options = { ...tcb.options, keepAlive: on, keepAliveIdle: idle };
  tcb.keepAlives = 0;
  if (!on) stopTimer(tcb, env, 'keepAlive', now);
  else if (tcb.snd.synAcked) setTimer(tcb, env, 'keepAlive', Math.max(tcb.lastHeard + idle, now), now);
}

function traceCall(
  tcb: Tcb,
  env: TcpEnv,
  call: CallEvent['call'],
  result: CallResult,
  now: number,
  count?: number,
): void {
  const event = { type: 'call', time: now, host: env.name, connection: env.describe(tcb), call, result } as const;
  env.trace!(count === undefined ? event : { ...event, count });
}
