/**
 * Owns: the seventh and eighth steps of SEGMENT ARRIVES (RFC 9293 3.10.7.4): segment text and the FIN, and when what
 * they bring is acknowledged (3.8.6.3, RFC 5681 4.2).
 */

import { diff, gt, le, lt, seq } from '../wire/seq.ts';
import { FIN, PSH, type Segment, SYN } from '../wire/tcp.ts';
import type { TcpEnv } from './env.ts';
import { disordered, quickly, quicklyAtEnd } from './quickack.ts';
import { advance, hold, noteTwice, takeText } from './reassembly.ts';
import { resetUnknown } from './reset.ts';
import { enter, maySendUs } from './state.ts';
import { rare } from './statistics.ts';
import { finAcked, SIGNAL_CLOSED, SIGNAL_END, SIGNAL_READABLE, type Tcb } from './tcb.ts';
import { destroy } from './teardown.ts';
import { setTimer, stopAllTimers } from './timers.ts';
import { noteDisorder } from './timestamps.ts';

/** Seventh, process the segment text. */
export function processText(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  let length = segment.dataLength;
  if (length === 0 || !maySendUs(tcb.state)) return;
  const rcv = tcb.rcv;
  let start = seq(segment.seq + (segment.flags & SYN ? 1 : 0));
  let offset = segment.dataOffset;

  // Only the part that lies in the window is new.
  const before = diff(rcv.nxt, start);
  if (before > 0) {
    noteTwice(tcb, start, before < length ? rcv.nxt : seq(start + length));
    start = rcv.nxt;
    offset += before;
    length -= before;
  }
  const beyond = diff(seq(start + length), rcv.edge);
  if (beyond > 0 && !env.config.takeBeyondWindow) length -= beyond;
  if (length <= 0) {
    disordered(tcb, env);
    // Nothing new, or a probe of our closed window: say again where we stand.
    tcb.owed.ack = true;
    return;
  }

  if (tcb.detached) {
    // Nobody will ever read it, and the peer should know (SHLD-3).
    env.counters.TcpExtTCPAbortOnData++;
    resetUnknown(tcb, env, segment); // at the place the peer has acknowledged, where it takes a reset (RFC 5961 3.2)
    destroy(tcb, env, 'aborted', now);
    return;
  }

  if (segment.dataLength > rcv.largest) rcv.largest = Math.min(segment.segmentSize || segment.dataLength, rcv.mss);
  const expected = rcv.nxt;
  const gap = rcv.held !== null;
  if (!takeText(tcb, env, start, segment.data, offset, length)) {
    tcb.owed.ack = true;
    return;
  }
  if (gt(rcv.nxt, rcv.edge)) rcv.edge = rcv.nxt;
  const taken = diff(rcv.nxt, expected);
  if (taken === 0) {
    // A gap: an immediate duplicate ACK tells the sender what is missing (RFC 5681 4.2, MAY-13).
    env.counters.TcpExtTCPOFOQueue++;
    noteDisorder(tcb, segment, !gap);
    disordered(tcb, env);
    rare(tcb).rcvOooPack++;
    tcb.owed.ack = true;
    return;
  }
  tcb.signals |= SIGNAL_READABLE;
  tcb.stats.bytesReceived += taken;
  rcv.unacked += taken;
  if (gap || segment.flags & PSH) rcv.pushed = rcv.nxt;
  // A segment that fills a gap, in whole or in part, is acknowledged at once; else every second one (SHLD-19).
  const enough = env.config.quickAcks > 0 ? quickly(tcb, env, now) : rcv.unacked >= 2 * rcv.largest;
  if (gap || enough) tcb.owed.ack = true;
  else delayAck(tcb, env, now);
}

function delayAck(tcb: Tcb, env: TcpEnv, now: number): void {
  if (tcb.timers.delayedAck === Infinity) setTimer(tcb, env, 'delayedAck', now + env.config.delayedAck, now);
}

/** Eighth, check the FIN bit: one that stands beyond a gap is remembered until the gap is filled. */
export function checkFin(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  if (segment.flags & FIN) noteFin(tcb, env, segment);
  const rcv = tcb.rcv;
  if (!rcv.finHeld || rcv.nxt !== rcv.finAt || !maySendUs(tcb.state)) return;
  rcv.finHeld = false;
  rcv.nxt = seq(rcv.nxt + 1);
  rcv.twiceRight = rcv.twiceLeft; // its sender has nothing left to regulate
  if (gt(rcv.nxt, rcv.edge)) rcv.edge = rcv.nxt;
  if (tcb.state !== 'ESTABLISHED' || quicklyAtEnd(tcb)) tcb.owed.ack = true;
  else delayAck(tcb, env, now);
  tcb.signals |= SIGNAL_END | SIGNAL_READABLE;
  switch (tcb.state) {
    case 'ESTABLISHED':
      enter(tcb, env, 'CLOSE-WAIT', now);
      return;
    case 'FIN-WAIT-1':
      if (finAcked(tcb)) enterTimeWait(tcb, env, now);
      else enter(tcb, env, 'CLOSING', now);
      return;
    case 'FIN-WAIT-2':
      enterTimeWait(tcb, env, now);
  }
}

function noteFin(tcb: Tcb, env: TcpEnv, segment: Segment): void {
  const rcv = tcb.rcv;
  const at = seq(segment.seq + (segment.flags & SYN ? 1 : 0) + segment.dataLength);
  if (!maySendUs(tcb.state)) {
    // The FIN again: our ACK of it was lost.
    tcb.owed.ack = true;
    return;
  }
  if (lt(at, rcv.nxt)) return;
  // A FIN outside the window was trimmed off with the text that is (3.10.7.4, first step).
  if (gt(seq(at + (env.config.takeBeyondWindow ? 0 : 1)), rcv.edge)) {
    tcb.owed.ack = true;
    return;
  }
  // The first word on where the stream ends holds.
  if (!rcv.finHeld) {
    rcv.finAt = at;
    rcv.finHeld = true;
  }
  if (at !== rcv.nxt) tcb.owed.ack = true;
}

/** TIME-WAIT: the other timers are off; the host keeps a small record from here on. */
export function enterTimeWait(tcb: Tcb, env: TcpEnv, now: number): void {
  stopAllTimers(tcb, env, now);
  enter(tcb, env, 'TIME-WAIT', now);
  tcb.signals |= SIGNAL_CLOSED;
  env.counters.TcpExtTW++;
}

/** Text and FIN that came with a SYN wait until the connection is established (3.10.7.2, 3.10.7.3). */
export function holdForLater(tcb: Tcb, env: TcpEnv, segment: Segment): void {
  const start = seq(segment.seq + 1);
  const room = diff(tcb.rcv.edge, start);
  const length = Math.min(segment.dataLength, Math.max(room, 0));
  hold(tcb, env, start, segment.data, segment.dataOffset, length);
  if (segment.flags & FIN && length === segment.dataLength) {
    tcb.rcv.finAt = seq(start + length);
    tcb.rcv.finHeld = true;
  }
}

/** ESTABLISHED: what waited is taken now. */
export function takeHeld(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  const expected = tcb.rcv.nxt;
  advance(tcb);
  if (tcb.rcv.nxt !== expected) {
    tcb.stats.bytesReceived += diff(tcb.rcv.nxt, expected);
    tcb.rcv.pushed = tcb.rcv.nxt;
    tcb.signals |= SIGNAL_READABLE;
    tcb.owed.ack = true;
  }
  if (tcb.rcv.finHeld && le(tcb.rcv.finAt, tcb.rcv.nxt)) checkFin(tcb, env, segment, now);
}
