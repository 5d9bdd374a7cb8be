/**
 * Owns: the eleven states, the arrows between them (RFC 9293 3.3.2, figure 5, and the text of 3.10), and `enter`, the
 * only writer of `tcb.state`. Pictures and documents are drawn from the table of arrows.
 */

import { invariant } from '../base/invariant.ts';
import type { StateName } from '../trace/events.ts';
import type { TcpEnv } from './env.ts';
import type { Tcb } from './tcb.ts';

export type State = StateName;

export interface Arrow {
  readonly from: State;
  readonly to: State;
  /** What moves a connection along it, in the words of the RFC. */
  readonly event: string;
}

export const ARROWS: readonly Arrow[] = [
  { from: 'CLOSED', to: 'LISTEN', event: 'passive OPEN' },
  { from: 'CLOSED', to: 'SYN-SENT', event: 'active OPEN / SYN' },
  { from: 'LISTEN', to: 'SYN-RECEIVED', event: 'rcv SYN / SYN,ACK' },
  { from: 'LISTEN', to: 'SYN-SENT', event: 'OPEN or SEND with a remote / SYN' },
  { from: 'LISTEN', to: 'CLOSED', event: 'CLOSE or ABORT' },
  { from: 'SYN-SENT', to: 'SYN-RECEIVED', event: 'rcv SYN / SYN,ACK (simultaneous open)' },
  { from: 'SYN-SENT', to: 'ESTABLISHED', event: 'rcv SYN,ACK / ACK' },
  { from: 'SYN-SENT', to: 'CLOSED', event: 'CLOSE, ABORT, rcv RST or R2' },
  { from: 'SYN-RECEIVED', to: 'ESTABLISHED', event: 'rcv ACK of SYN' },
  { from: 'SYN-RECEIVED', to: 'FIN-WAIT-1', event: 'CLOSE / FIN' },
  { from: 'SYN-RECEIVED', to: 'LISTEN', event: 'rcv RST or SYN, or R2 (passive OPEN)' },
  { from: 'SYN-RECEIVED', to: 'CLOSED', event: 'rcv RST, R2 (active OPEN) or ABORT' },
  { from: 'ESTABLISHED', to: 'FIN-WAIT-1', event: 'CLOSE / FIN' },
  { from: 'ESTABLISHED', to: 'CLOSE-WAIT', event: 'rcv FIN / ACK' },
  { from: 'ESTABLISHED', to: 'CLOSED', event: 'rcv RST, R2 or ABORT' },
  { from: 'FIN-WAIT-1', to: 'FIN-WAIT-2', event: 'rcv ACK of FIN' },
  { from: 'FIN-WAIT-1', to: 'CLOSING', event: 'rcv FIN / ACK (simultaneous close)' },
  { from: 'FIN-WAIT-1', to: 'TIME-WAIT', event: 'rcv FIN with ACK of FIN / ACK' },
  { from: 'FIN-WAIT-1', to: 'CLOSED', event: 'rcv RST, R2 or ABORT' },
  { from: 'FIN-WAIT-2', to: 'TIME-WAIT', event: 'rcv FIN / ACK' },
  { from: 'FIN-WAIT-2', to: 'CLOSED', event: 'rcv RST, ABORT or orphaned too long' },
  { from: 'CLOSE-WAIT', to: 'LAST-ACK', event: 'CLOSE / FIN' },
  { from: 'CLOSE-WAIT', to: 'CLOSED', event: 'rcv RST, R2 or ABORT' },
  { from: 'CLOSING', to: 'TIME-WAIT', event: 'rcv ACK of FIN' },
  { from: 'CLOSING', to: 'CLOSED', event: 'rcv RST, R2 or ABORT' },
  { from: 'LAST-ACK', to: 'CLOSED', event: 'rcv ACK of FIN, RST, R2 or ABORT' },
  { from: 'TIME-WAIT', to: 'CLOSED', event: '2 MSL' },
  { from: 'TIME-WAIT', to: 'SYN-RECEIVED', event: 'rcv newer SYN / SYN,ACK (MAY-2, RFC 6191)' },
  { from: 'SYN-RECEIVED', to: 'TIME-WAIT', event: 'rcv RST: the newer SYN was old after all (MAY-2)' },
];

const allowed: Readonly<Record<State, ReadonlySet<State>>> = ((): Record<State, Set<State>> => {
  const table = {} as Record<State, Set<State>>;
  for (const { from, to } of ARROWS) {
    table[from] ??= new Set<State>();
    table[from].add(to);
  }
  return table;
})();

/** Moves the connection along an arrow. There is no other way to change a state. */
export function enter(tcb: Tcb, env: TcpEnv, to: State, now: number): void {
  const from = tcb.state;
  if (!allowed[from].has(to)) invariant(false, `no arrow leads from ${from} to ${to}`);
  tcb.state = to;
  if (env.trace !== null) {
    env.trace({ type: 'state', time: now, host: env.name, connection: env.describe(tcb), from, to });
  }
}

/** Both sides have agreed on sequence numbers: ESTABLISHED and later (RFC 9293 3.5.2, group 3). */
export function isSynchronized(state: State): boolean {
  switch (state) {
    case 'CLOSED':
    case 'LISTEN':
    case 'SYN-SENT':
    case 'SYN-RECEIVED':
      return false;
    default:
      return true;
  }
}

/** The states in which the peer may still send text: no FIN of its has been taken. */
export function maySendUs(state: State): boolean {
  return state === 'ESTABLISHED' || state === 'FIN-WAIT-1' || state === 'FIN-WAIT-2';
}

/** The states in which a SEND is taken (RFC 9293 3.10.2). */
export function maySend(state: State): boolean {
  return state === 'ESTABLISHED' || state === 'CLOSE-WAIT' || state === 'SYN-SENT' || state === 'SYN-RECEIVED';
}
