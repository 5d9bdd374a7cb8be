/**
 * Owns: setting, stopping and reading a connection's deadlines. A deadline is a time in the TCB; the host reads the
 * earliest one after each input and calls `onDeadline` when it has come.
 */

import type { TimerName } from '../trace/events.ts';
import type { TcpEnv } from './env.ts';
import type { Tcb, Timers } from './tcb.ts';

type TimerKey = keyof Timers;

const NAMES: Readonly<Record<TimerKey, TimerName>> = {
  retransmission: 'retransmission',
  probe: 'tail-loss-probe',
  reordering: 'reordering',
  persist: 'persist',
  delayedAck: 'delayed-ack',
  keepAlive: 'keep-alive',
  pacing: 'pacing',
  user: 'user',
  closing: 'linger',
};

export function setTimer(tcb: Tcb, env: TcpEnv, timer: TimerKey, due: number, now: number): void {
  tcb.timers[timer] = due;
  if (env.trace !== null) traceTimer(tcb, env, nameOf(tcb, timer), due, now);
}

export function stopTimer(tcb: Tcb, env: TcpEnv, timer: TimerKey, now: number): void {
  if (tcb.timers[timer] === Infinity) return;
  tcb.timers[timer] = Infinity;
  if (env.trace !== null) traceTimer(tcb, env, nameOf(tcb, timer), Infinity, now);
}

/** Takes a timer that is due: it is off afterwards. */
export function takeTimer(tcb: Tcb, env: TcpEnv, timer: TimerKey, now: number): boolean {
  if (tcb.timers[timer] > now) return false;
  tcb.timers[timer] = Infinity;
  if (env.trace !== null) {
    const connection = env.describe(tcb);
    env.trace({ type: 'timer-fired', time: now, host: env.name, connection, timer: nameOf(tcb, timer) });
  }
  return true;
}

export function stopAllTimers(tcb: Tcb, env: TcpEnv, now: number): void {
  for (const timer of Object.keys(NAMES) as TimerKey[]) stopTimer(tcb, env, timer, now);
  if (tcb.cork !== null) tcb.cork.due = Infinity;
}

/** The earliest deadline, ms; `Infinity` when there is none. */
export function nextDeadline(tcb: Tcb): number {
  const { retransmission, probe, reordering, persist, delayedAck, keepAlive, pacing, user, closing } = tcb.timers;
  const least = Math.min(retransmission, probe, reordering, persist, delayedAck, keepAlive, pacing, user, closing);
  return tcb.cork === null ? least : Math.min(least, tcb.cork.due);
}

function nameOf(tcb: Tcb, timer: TimerKey): TimerName {
  return timer === 'closing' && tcb.state === 'FIN-WAIT-2' ? 'fin-wait-2' : NAMES[timer];
}

/** A timer was set, or stopped (`due` is `Infinity`). Called only while tracing. */
export function traceTimer(tcb: Tcb, env: TcpEnv, timer: TimerName, due: number, now: number): void {
  const event = { time: now, host: env.name, connection: env.describe(tcb), timer };
  if (due === Infinity) env.trace!({ type: 'timer-stopped', ...event });
  else env.trace!({ type: 'timer-set', ...event, due });
}
