/** Owns: the end of a connection: deleting the TCB, with the news for the user. */

import type { TcpEnv } from './env.ts';
import { dropBoard } from './sack.ts';
import { enter } from './state.ts';
import { endPhase, Statistics } from './statistics.ts';
import { type Failure, RoundTrip, SIGNAL_CLOSED, type Tcb } from './tcb.ts';
import { stopAllTimers } from './timers.ts';

/**
 * Enters CLOSED: queues are flushed, timers are off. Text that was received in order stays readable if the end was an
 * orderly one (`failure` null); a failed connection's queues are flushed whole (RFC 9293 3.10.7.4, 3.10.8), unless
 * `config.readAfterFailure` says otherwise.
 */
export function destroy(tcb: Tcb, env: TcpEnv, failure: Failure | null, now: number): void {
  stopAllTimers(tcb, env, now);
  const wasOpen = tcb.state === 'ESTABLISHED' || tcb.state === 'CLOSE-WAIT';
  if (tcb.state === 'SYN-SENT' || tcb.state === 'SYN-RECEIVED') env.counters.TcpAttemptFails++;
  else if (failure === 'reset' && wasOpen) env.counters.TcpEstabResets++;
  enter(tcb, env, 'CLOSED', now);
  tcb.failure = failure;
  if (tcb.stats.phase !== null) endPhase(tcb, tcb.stats.phase, now);
  flush(tcb, env, failure === 'aborted' || (failure !== null && !env.config.readAfterFailure));
  tcb.signals |= SIGNAL_CLOSED;
}

/** A half-open connection of a listener goes back to LISTEN: its user never heard of it (MUST-11). */
export function returnToListen(tcb: Tcb, env: TcpEnv, now: number): void {
  stopAllTimers(tcb, env, now);
  env.counters.TcpAttemptFails++;
  enter(tcb, env, tcb.resumes === null ? 'LISTEN' : 'TIME-WAIT', now);
  // The next connection begins with nothing of this one.
  tcb.stats = new Statistics();
  Object.assign(tcb.rtt, new RoundTrip());
  tcb.lastChallenge = -1;
  // The SYN,ACK of a burst that is not over yet.
  tcb.owed.syn = false;
  tcb.owed.ack = false;
  flush(tcb, env, true);
}

function flush(tcb: Tcb, env: TcpEnv, received: boolean): void {
  tcb.snd.text.clear(env.buffers);
  dropBoard(tcb, env);
  if (received) {
    tcb.rcv.text.clear(env.buffers);
    tcb.rcv.held = null;
  } else if (tcb.rcv.held !== null) {
    tcb.rcv.held = null;
    if (tcb.rcv.text.length === 0) tcb.rcv.text.clear(env.buffers);
  }
}
