/**
 * Owns: which text is acknowledged at once where `config.quickAcks` is set, as in Linux: the first of a connection, and the
 * first after a pause, because the sender's window is small then and every ACK opens it; more than one segment's worth, as
 * long as half the buffer is free or the window keeps its size: where the user is slow, an ACK that takes window away is no
 * hurry. It ends when the connection proves interactive, that is when text is answered with text before the delayed ACK would
 * go: there the answer carries the ACK (RFC 9293 3.8.6.3, RFC 5681 4.2 bound the delay; MUST-40, SHLD-18, SHLD-19).
 */

import { diff } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import { receiveWindow, type Tcb } from './tcb.ts';

/** The peer's segment size before one has come. */
const GUESSED_SEGMENT = 536;

/** Of connections on which text has come. */
export class QuickAcks {
  /** So many ACKs more go at once. */
  left = 0;
  /** Text is answered with text. */
  interactive = false;
  /** When text came last, whole ms; -1 never. */
  lastText = -1;
}

/** New text has come in order: is it acknowledged at once? */
export function quickly(tcb: Tcb, env: TcpEnv, now: number): boolean {
  const { rcv } = tcb;
  rcv.quick ??= new QuickAcks();
  const { quick } = rcv;
  if (quick.lastText < 0 || now - quick.lastText > tcb.rtt.rto) grant(tcb, env, quick);
  quick.lastText = Math.floor(now);
  const room = rcv.buffer - rcv.text.length;
  if (room < rcv.buffer / 2) quick.left = 0;
  return (
    (quick.left > 0 && !quick.interactive) ||
    (rcv.unacked > rcv.largest && (room >= rcv.buffer / 2 || room >= diff(rcv.edge, rcv.lastAck)))
  );
}

/** Something is out of order, or came twice: the sender recovers, and wants ACKs. */
export function disordered(tcb: Tcb, env: TcpEnv): void {
  const { quick } = tcb.rcv;
  if (quick === null) return;
  grant(tcb, env, quick);
  quick.interactive = false;
}

/**
 * The peer's FIN has come in order: is its ACK at once? What the user says to it, a FIN at least, may be near, if the
 * connection has carried text at all.
 */
export function quicklyAtEnd({ rcv }: Tcb): boolean {
  if (rcv.quick === null) return true;
  rcv.quick.interactive = true;
  return rcv.unacked + 1 > rcv.largest || rcv.edge === rcv.nxt;
}

/** New text leaves. @param owing it carries an ACK that was owed: the SYN,ACK's, if no text has come yet */
export function answered({ rcv }: Tcb, env: TcpEnv, owing: boolean, now: number): void {
  if (rcv.quick === null && owing && env.config.quickAcks > 0) {
    rcv.quick = new QuickAcks();
    rcv.quick.interactive = true;
  } else if (rcv.quick !== null && now - rcv.quick.lastText < env.config.delayedAck) rcv.quick.interactive = true;
}

/** The user knows better (Linux's TCP_QUICKACK): ACKs at once from now on, or not, until the connection shows how it is. */
export function setQuickAck(tcb: Tcb, on: boolean): void {
  tcb.rcv.quick ??= new QuickAcks();
  tcb.rcv.quick.interactive = !on;
  if (on && tcb.rcv.unacked > 0) tcb.owed.ack = true;
}

/** As many as the window offered takes segments by twos. */
function grant(tcb: Tcb, env: TcpEnv, quick: QuickAcks): void {
  const count = Math.max(Math.floor(receiveWindow(tcb) / (2 * (tcb.rcv.largest || GUESSED_SEGMENT))), 2);
  quick.left = Math.max(quick.left, Math.min(count, env.config.quickAcks));
}
