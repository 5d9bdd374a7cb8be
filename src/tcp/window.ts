/**
 * Owns: the receive window that is offered: silly-window avoidance of the receiver (RFC 9293 3.8.6.2.2, MUST-39), the
 * right edge that never moves left (SHLD-14), scaling (RFC 7323 2).
 */

import { gt, type Seq, seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import type { Tcb } from './tcb.ts';

/** Where the right edge could be, given the room in the buffer and what the window field can say. */
function possibleEdge(tcb: Tcb): Seq {
  const room = Math.max(tcb.rcv.buffer - tcb.rcv.text.length, 0);
  return seq(tcb.rcv.nxt + Math.min(room, 65535 << tcb.rcv.shift));
}

/** What is offered first, as far as the window field of a SYN can say it. */
export function firstWindow({ rcv }: Tcb, env: TcpEnv): number {
  const whole = env.config.wholeSegmentWindow && rcv.buffer > rcv.mss;
  return Math.min(whole ? rcv.buffer - (rcv.buffer % rcv.mss) : rcv.buffer, SYN_WINDOW);
}

/** What the window field of a SYN can say, which is not scaled. */
const SYN_WINDOW = 65_535;

/** Octets by which the edge must be able to move before it is moved. */
function worthwhile(tcb: Tcb): number {
  return Math.min(tcb.rcv.buffer / 2, tcb.rcv.mss);
}

/**
 * The window field for a segment about to leave (scaled unless it is a SYN), moving the right edge if that is worth
 * while.
 */
export function offerWindow(tcb: Tcb, env: TcpEnv, syn: boolean): number {
  const rcv = tcb.rcv;
  const possible = possibleEdge(tcb);
  const gain = (possible - rcv.edge) | 0;
  const target = gain >= worthwhile(tcb) ? possible : rcv.edge;
  const window = (target - rcv.nxt) >>> 0;
  if (syn) {
    const field = Math.min(window, firstWindow(tcb, env));
    moveEdge(tcb, field);
    return field;
  }
  // Round up, or the edge would creep left by the octets that the shift cannot say; unless there is no room for that.
  const unit = 1 << rcv.shift;
  const room = (possible - rcv.nxt) >>> 0;
  let field = Math.ceil(window / unit);
  if (field * unit > room) field = Math.floor(window / unit);
  if (field > 65535) field = 65535;
  moveEdge(tcb, field * unit);
  return field;
}

function moveEdge(tcb: Tcb, window: number): void {
  const edge = seq(tcb.rcv.nxt + window);
  if (gt(edge, tcb.rcv.edge)) tcb.rcv.edge = edge;
}

/** The user has read: does the peer deserve to hear of the room at once, or is the next ACK soon enough? */
export function windowUpdateDue(tcb: Tcb): boolean {
  const offered = (tcb.rcv.edge - tcb.rcv.nxt) >>> 0;
  const gain = (possibleEdge(tcb) - tcb.rcv.edge) | 0;
  if (gain < worthwhile(tcb)) return false;
  // A SYN cannot say all there is. That is no news before the peer has made use of what it said.
  if (offered > SYN_WINDOW / 2 && tcb.stats.bytesReceived < SYN_WINDOW / 2) return false;
  return gain >= offered || gain >= tcb.rcv.buffer / 2;
}

/** The smallest shift with which a 16-bit field can say `buffer` octets, 0 .. 14. */
export function shiftFor(buffer: number): number {
  let shift = 0;
  while (shift < 14 && buffer > 65535 * (1 << shift)) shift++;
  return shift;
}
