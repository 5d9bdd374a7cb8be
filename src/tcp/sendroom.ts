/**
 * Owns: how much text a SEND may bring (RFC 9293 3.10.2, "insufficient resources"), and when there is room again. The send
 * buffer bounds what is not acknowledged; `options.unsentLow` what is not sent, for applications that would rather decide late
 * what to send next.
 *
 * Where text leaves in bursts (`bursts.ts`) it is taken, as in Linux, in pieces of the size of a super-segment: one is filled
 * to the end although the buffer is full then.
 */

import { diff } from '../wire/seq.ts';
import { pieceLength, sizeGoal } from './bursts.ts';
import type { TcpEnv } from './env.ts';
import { SIGNAL_WRITABLE, type Tcb, textEnd } from './tcb.ts';

function unsentOctets(tcb: Tcb): number {
  return Math.max(diff(textEnd(tcb), tcb.snd.nxt), 0);
}

/** Octets of the send buffer in use: text, and what each burst of it takes that is sent or waits. */
function taken(tcb: Tcb, { config: { burstOverhead } }: TcpEnv): number {
  const { length } = tcb.snd.text;
  if (burstOverhead === 0) return length;
  const waiting = Math.ceil(unsentOctets(tcb) / sizeGoal(tcb));
  return length + burstOverhead * ((tcb.bursts?.ends.length ?? 0) + waiting);
}

/** Octets that a SEND may bring now: in bursts, before more of them are sent. */
export function sendRoom(tcb: Tcb, env: TcpEnv): number {
  const { buffer } = tcb.snd;
  const { unsentLow } = tcb.options;
  const free = buffer - taken(tcb, env);
  if (!env.config.pushBursts) {
    return unsentLow === Infinity ? Math.max(free, 0) : Math.max(Math.min(free, unsentLow - unsentOctets(tcb)), 0);
  }
  const filled = pieceLength(tcb);
  const left = sizeGoal(tcb) - filled;
  if (filled > 0 && left > 0) return left;
  return free > 0 && unsentOctets(tcb) < unsentLow ? sizeGoal(tcb) : 0;
}

/** The next octet begins a piece. */
export function beginsPiece(tcb: Tcb): boolean {
  const filled = pieceLength(tcb);
  return filled === 0 || filled >= sizeGoal(tcb);
}

/** There is room enough to tell of. */
export function hasRoom(tcb: Tcb, env: TcpEnv): boolean {
  const { buffer } = tcb.snd;
  const { unsentLow } = tcb.options;
  if (taken(tcb, env) > buffer * (env.config.pushBursts ? 2 / 3 : 1 / 2)) return false;
  return unsentLow === Infinity || 2 * unsentOctets(tcb) < unsentLow;
}

/** A SEND was cut short: the user hears of it when there is room. */
export function tellOfRoom(tcb: Tcb, env: TcpEnv): void {
  if (!tcb.wantsRoom || !hasRoom(tcb, env)) return;
  tcb.wantsRoom = false;
  tcb.signals |= SIGNAL_WRITABLE;
}
