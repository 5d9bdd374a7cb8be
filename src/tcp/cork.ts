/**
 * Owns: small segments held back because the user says that more follows: SEND without PUSH, and the cork (RFC 9293 3.9.1
 * MAY-15, MAY-16: what several SENDs bring is put together). What is held is sent after 200 ms at most, pushed or not
 * (MUST-60), as it is in Linux.
 */

import { le } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import { type Tcb, textEnd } from './tcb.ts';
import { traceTimer } from './timers.ts';

/** The longest time that octets are held, ms. */
const LONGEST = 200;

/** Of connections that have ever held something. */
export class Cork {
  /** Every SEND is one without PUSH. */
  on = false;
  /** When what is held goes all the same, ms; `Infinity` while nothing is held. */
  due: number = Infinity;
}

/** There is text that waits for company. */
export function isHeld({ cork, snd }: Tcb): boolean {
  return cork !== null && cork.due !== Infinity && !snd.closed && !snd.urgent;
}

/** Everything that was written has been sent. */
export function nothingUnsent(tcb: Tcb): boolean {
  return le(textEnd(tcb), tcb.snd.nxt);
}

/** A SEND has brought text. @param first nothing was unsent before */
export function noteSend(tcb: Tcb, env: TcpEnv, push: boolean, first: boolean, now: number): void {
  if (!push) tcb.cork ??= new Cork();
  const { cork } = tcb;
  if (cork === null) return;
  if (push && !cork.on) setDue(tcb, env, cork, Infinity, now);
  else if (first || cork.due === Infinity) setDue(tcb, env, cork, now + LONGEST, now);
}

/** The user puts the cork in, or pulls it: then what was held goes. */
export function setCork(tcb: Tcb, env: TcpEnv, on: boolean, now: number): void {
  tcb.cork ??= new Cork();
  tcb.cork.on = on;
  if (!on) setDue(tcb, env, tcb.cork, Infinity, now);
}

/** What is held has waited long enough. */
export function corkTimeout(tcb: Tcb, env: TcpEnv, cork: Cork, now: number): void {
  if (cork.due > now) return;
  cork.due = Infinity;
  if (env.trace !== null) {
    env.trace({ type: 'timer-fired', time: now, host: env.name, connection: env.describe(tcb), timer: 'cork' });
  }
  tcb.owed.override = true;
}

function setDue(tcb: Tcb, env: TcpEnv, cork: Cork, due: number, now: number): void {
  if (cork.due === due) return;
  cork.due = due;
  if (env.trace !== null) traceTimer(tcb, env, 'cork', due, now);
}
