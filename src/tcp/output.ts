/**
 * Owns: the output pass, which pays what input, calls and timeouts noted as owed. Three questions, three functions: may
 * something be sent (`nextText`), what is it (`emitText` and the small ones beside it), how is it written (`emit`).
 * Afterwards the timers say when to look again (`armTimers`).
 */

import { BufferPool, Ring } from '../base/ring.ts';
import { add, diff, gt, lt, type Seq, seq } from '../wire/seq.ts';
import { ACK, ECE, FIN, PSH, type Segment, SYN, URG } from '../wire/tcp.ts';
import { isPushed, isUnderWay, leftOfBurst, nextBurst, noteBurst, noteBurstAgain, together } from './bursts.ts';
import { isHeld } from './cork.ts';
import { markText } from './ecn.ts';
import type { TcpEnv } from './env.ts';
import { isEarly, noteRepeated, sendLeft, writeFastOpen } from './fastopen.ts';
import { writeOffer } from './negotiate.ts';
import { burstSize, paced } from './pacing.ts';
import { cancelProbe, isProbe, type MtuSearch, NO_PROBE, nextProbe, probeLeft } from './plpmtud.ts';
import { answered } from './quickack.ts';
import { sackBlocks } from './reassembly.ts';
import { congestionWindow, inFlight, noteWindowUse, restartAfterIdle } from './recovery.ts';
import { backedOff, startTiming, stopTiming } from './rto.ts';
import { noteSent, probeSent, probeTimeout } from './sack.ts';
import { tellOfRoom } from './sendroom.ts';
import { countAgain, countOut, endPhase, notePhase } from './statistics.ts';
import { type Tcb, textEnd, textStart } from './tcb.ts';
import { setTimer, stopTimer } from './timers.ts';
import { timestampNow } from './timestamps.ts';
import { noteResent } from './undo.ts';
import { giveUpAfter, writeUserTimeout } from './usertimeout.ts';
import { offerWindow } from './window.ts';

/** Sends everything that is owed and allowed. Harmless when nothing is. */
export function output(tcb: Tcb, env: TcpEnv, now: number): void {
  const { snd, owed } = tcb;
  if (tcb.state === 'CLOSED' || tcb.state === 'LISTEN') return;
  if (owed.syn) emitSyn(tcb, env, now);
  if (tcb.fastOpen !== null) sendLeft(tcb, env, tcb.fastOpen, now);
  const before = snd.nxt;
  if (snd.synAcked || tcb.state === 'FIN-WAIT-1' || isEarly(tcb)) {
    // What is missing is told by itself, so that it counts as a duplicate and its SACK blocks have room.
    if (owed.ack && tcb.rcv.held !== null) emitAck(tcb, env, now);
    if (owed.oldest) emitOldest(tcb, env, now);
    if (owed.probe) emitProbe(tcb, env, now);
    if (tcb.board !== null) emitLost(tcb, env, now);
    if (tcb.bursts !== null) tcb.bursts.current = null;
    if (snd.rxt === snd.nxt && snd.una === snd.nxt && snd.text.length > 0 && snd.wnd > 0)
      restartAfterIdle(tcb, env, now);
    if (tcb.search === null || mayGoOn(tcb, env, tcb.search, now)) {
      for (let length = nextText(tcb, env); length >= 0; length = nextText(tcb, env)) {
        emitQueued(tcb, env, length, now);
      }
    }
    owed.override = false;
    if (tcb.bursts !== null) {
      tcb.bursts.more = false;
      tcb.bursts.left = Infinity;
      tcb.bursts.atOnce = false;
    }
    if (snd.text.length > 0) noteWindowUse(tcb, env, snd.nxt !== before);
    if (owed.tail) emitTail(tcb, env, now);
    if (owed.keepAlive) emitKeepAlive(tcb, env, now);
  }
  if ((owed.ack && tcb.state !== 'SYN-SENT') || (tcb.uto?.owed && snd.synAcked)) emitAck(tcb, env, now);
  armTimers(tcb, env, now);
  if (tcb.options.unsentLow !== Infinity) tellOfRoom(tcb, env); // what was unsent may be less now
  if (snd.text.length > 0) {
    notePhase(tcb, diff(textEnd(tcb), snd.rxt), congestionWindow(tcb, env) - inFlight(tcb), now);
  } else if (tcb.stats.phase !== null) endPhase(tcb, tcb.stats.phase, now);
}

/** A probe of a larger segment size first, if it is time for one. @returns false while everything else waits for it */
function mayGoOn(tcb: Tcb, env: TcpEnv, search: MtuSearch, now: number): boolean {
  const { snd } = tcb;
  const unsent = diff(textEnd(tcb), snd.nxt);
  const length = nextProbe(tcb, env, search, unsent, congestionWindow(tcb, env) - inFlight(tcb), now);
  if (length > NO_PROBE) {
    const from = snd.nxt;
    probeLeft(tcb, search, from, length);
    emitSegment(tcb, env, from, length, false, true, now);
    snd.nxt = search.end;
    snd.rxt = search.end;
    startTiming(tcb, snd.nxt, now);
    noteSent(tcb, env, from, length, now, true);
    tcb.cc.lastSent = Math.floor(now);
  }
  return length >= NO_PROBE;
}

const NOTHING = -1;

/**
 * May something be sent, and how much? The octets of text of the next segment from SND.RXT: 0 for a FIN by itself,
 * NOTHING when all is sent or must wait. Sender's silly-window avoidance and Nagle (RFC 9293 3.8.6.2.1, 3.7.4;
 * MUST-38, SHLD-7), whole segments where possible (SHLD-28).
 */
function nextText(tcb: Tcb, env: TcpEnv): number {
  const { snd } = tcb;
  const queued = diff(textEnd(tcb), snd.rxt);
  const finWaits = snd.closed && queued >= 0;
  if (queued < 0 || (queued === 0 && !finWaits)) return NOTHING;
  const flight = diff(snd.rxt, snd.una);
  const usable = snd.wnd - flight; // negative when the window has shrunk (MUST-34, SHLD-15)
  if (usable <= 0 || env.outbox.full) return NOTHING;
  if (queued === 0) return 0;
  const room = Math.min(usable, congestionWindow(tcb, env) - inFlight(tcb));
  if (tcb.timers.pacing !== Infinity || room <= 0) return NOTHING;
  if (tcb.bursts !== null && snd.rxt === snd.nxt) {
    return nextBurst(tcb, env, tcb.bursts, queued, usable, room) || NOTHING;
  }

  const { mss } = snd;
  let length = Math.min(queued, room);
  if (length > mss) {
    const most = Math.min(largestText(tcb), burstSize(tcb));
    if (length > most) length = most;
    // A super-segment is whole segments; a remainder goes by itself, under the rules for small segments.
    return length - (length % mss);
  }
  if (length === mss || lt(snd.rxt, snd.nxt)) return length;
  const idle = snd.nxt === textStart(tcb); // a SYN is no text
  if (length === queued) {
    // The last of what is queued: Nagle holds it back while something is outstanding, and the user if more follows.
    if (isHeld(tcb)) return NOTHING;
    return idle || tcb.owed.override || tcb.options.noDelay || snd.closed || snd.urgent ? length : NOTHING;
  }
  if (room < usable) return NOTHING; // the congestion window will grow
  return length >= snd.maxWnd / 2 || tcb.owed.override ? length : NOTHING;
}

/** Text of the largest segment or super-segment, a multiple of the segment size. */
function largestText(tcb: Tcb): number {
  const { mss } = tcb.snd;
  const most = tcb.superSegment - tcb.ipHeader - 60;
  return most <= mss ? mss : most - (most % mss);
}

/** What `nextText` says, in as many pieces as the link needs. */
function emitQueued(tcb: Tcb, env: TcpEnv, length: number, now: number): void {
  if (tcb.bursts !== null && length > 0 && tcb.snd.rxt === tcb.snd.nxt) noteBurst(tcb, tcb.bursts, length);
  const most = largestText(tcb);
  let left = length;
  for (; left > most; left -= most) emitText(tcb, env, most, now);
  emitText(tcb, env, left, now);
  if (tcb.bursts !== null) tcb.bursts.current = null;
}

/** Text (and the FIN, if it is next and fits) from SND.RXT on. */
function emitText(tcb: Tcb, env: TcpEnv, length: number, now: number): void {
  const { snd } = tcb;
  const from = snd.rxt;
  const end = add(from, length);
  const again = lt(from, snd.nxt);
  const owing = tcb.owed.ack;
  const fin = snd.closed && end === textEnd(tcb) && snd.wnd - diff(from, snd.una) > length;
  emitSegment(tcb, env, from, length, fin, !again, now);
  snd.rxt = fin ? add(end, 1) : end;
  if (again) {
    sentAgain(tcb, env, from, length, now);
  }
  if (gt(snd.rxt, snd.nxt)) {
    const before = snd.nxt;
    snd.nxt = snd.rxt;
    if (!again) startTiming(tcb, snd.nxt, now);
    noteSent(tcb, env, before, diff(snd.nxt, before), now);
    stopTimer(tcb, env, 'probe', now); // it counts from the last new segment
    answered(tcb, env, owing, now);
  }
  if (fin) snd.finSent = true;
  paced(tcb, env, length, now);
  tcb.cc.lastSent = Math.floor(now);
}

/** The oldest unacknowledged segment again, whatever the windows say (fast retransmit, partial acknowledgment). */
function emitOldest(tcb: Tcb, env: TcpEnv, now: number): void {
  tcb.owed.oldest = false;
  const { snd } = tcb;
  if (snd.una === snd.nxt) return;
  const end = textEnd(tcb);
  const sent = lt(snd.nxt, end) ? snd.nxt : end;
  const { search } = tcb;
  if (search !== null && search.start === snd.una && search.start !== search.end) {
    emitAgain(tcb, env, snd.una, diff(search.end, snd.una), now);
    stopTimer(tcb, env, 'retransmission', now);
    cancelProbe(tcb);
    return;
  }
  const length = Math.min(diff(sent, snd.una), snd.mss);
  const fin = snd.finSent && add(snd.una, length) === end;
  if (length === 0 && !fin) return;
  emitSegment(tcb, env, snd.una, length, fin, false, now);
  stopTimer(tcb, env, 'retransmission', now); // it counts from now
  sentAgain(tcb, env, snd.una, length, now);
}

/** The books after text, or a FIN by itself, was sent once more: counters, the means of undoing a reduction, Karn's rule. */
function sentAgain(tcb: Tcb, env: TcpEnv, from: Seq, length: number, now: number): void {
  env.counters.TcpRetransSegs++;
  countAgain(tcb, length);
  if (tcb.undo !== null) noteResent(tcb, tcb.undo, from, length, now);
  stopTiming(tcb);
}

/** What the scoreboard takes for lost, as far as the congestion window and the peer's allow. */
function emitLost(tcb: Tcb, env: TcpEnv, now: number): void {
  const { snd } = tcb;
  const board = tcb.board!;
  if (tcb.timers.pacing !== Infinity || env.outbox.full) return;
  if (tcb.undo?.frto === 'second') return; // new text goes first: its ACK tells whether anything is lost (RFC 5682)
  for (let index = board.nextLost(); index >= 0; index = board.nextLost()) {
    const start = board.start(index);
    // After a shrink only what lies in the window is sent again (SHLD-16; more would be allowed, MAY-7).
    const size = Math.min(board.size(index), snd.wnd - diff(start, snd.una));
    if (size <= 0) return;
    if (board.pipe + Math.min(size, snd.mss) > tcb.cc.cwnd) return;
    if (tcb.bursts !== null && !isUnderWay(tcb.bursts, start)) {
      noteBurstAgain(tcb, env, tcb.bursts, start, board.lostFrom(index, tcb.cc.cwnd - board.pipe));
    }
    emitAgain(tcb, env, start, size, now);
    board.resent(index, now);
    paced(tcb, env, size, now);
    // The oldest is on its way again: the retransmission timer counts from now.
    if (start === snd.una) stopTimer(tcb, env, 'retransmission', now);
    if (tcb.cc.recovering) board.rack.prrOut += size;
  }
  // From here on a loss of that text is one like any other.
  if (tcb.search !== null && tcb.search.size === 0) cancelProbe(tcb);
}

/** Octets that were sent before, once more: in several segments if segments have become smaller since. */
function emitAgain(tcb: Tcb, env: TcpEnv, start: Seq, size: number, now: number): void {
  const { snd } = tcb;
  const end = textEnd(tcb);
  for (let done = 0; done < size; ) {
    const from = add(start, done);
    const whole = Math.min(size - done, snd.mss, diff(end, from));
    const length = tcb.bursts === null ? whole : Math.min(whole, leftOfBurst(tcb.bursts, from));
    const fin = snd.finSent && add(from, length) === end && done + length < size;
    emitSegment(tcb, env, from, length, fin, false, now);
    sentAgain(tcb, env, from, length, now);
    done += length + (fin ? 1 : 0);
  }
  tcb.cc.lastSent = Math.floor(now);
}

/** Tail loss probe (RFC 8985 7.3): something new if there is something and the window has room, else the last segment again. */
function emitTail(tcb: Tcb, env: TcpEnv, now: number): void {
  tcb.owed.tail = false;
  const { snd, board } = tcb;
  if (board === null || board.length === 0 || diff(snd.nxt, snd.una) > snd.wnd) return;
  env.counters.TcpExtTCPLossProbes++;
  const unsent = diff(textEnd(tcb), snd.nxt);
  const next = tcb.bursts === null ? unsent : together(tcb, tcb.bursts, unsent);
  const fresh = Math.min(next, snd.mss, snd.wnd - diff(snd.nxt, snd.una));
  if (fresh > 0) {
    emitQueued(tcb, env, fresh, now);
  } else {
    const last = board.lastSegment(snd.mss);
    if (tcb.bursts !== null) noteBurstAgain(tcb, env, tcb.bursts, board.start(last), board.size(last));
    emitAgain(tcb, env, board.start(last), board.size(last), now);
    board.resent(last, now);
  }
  probeSent(tcb, board, fresh <= 0);
}

/** One octet, or the FIN, into a closed window (RFC 9293 3.8.6.1). */
function emitProbe(tcb: Tcb, env: TcpEnv, now: number): void {
  tcb.owed.probe = false;
  const { snd } = tcb;
  const length = Math.min(snd.text.length, 1);
  const fin = length === 0 && snd.closed;
  if (length === 0 && !fin) return;
  env.counters.TcpExtTCPWinProbe++;
  if (env.config.windowProbe === 'empty') {
    // What is urgent is told at the next number, without its text (RFC 9293 3.8.5): from an old one it may be no news.
    if (snd.urgent && gt(snd.up, snd.una)) emitSegment(tcb, env, snd.una, 0, false, false, now);
    const out = begin(tcb, env, add(snd.una, -1), ACK, now);
    pointToUrgent(tcb, out);
    emit(tcb, env, out, 0, now);
    return;
  }
  emitSegment(tcb, env, snd.una, length, fin, false, now);
  const end = add(snd.una, 1);
  if (gt(end, snd.nxt)) {
    snd.nxt = end;
    noteSent(tcb, env, snd.una, 1, now);
  } else countAgain(tcb, length);
  if (gt(end, snd.rxt)) snd.rxt = end;
  if (fin) snd.finSent = true;
  stopTiming(tcb);
}

/** What is it: text with its flags; `fresh` if it was never sent before. */
function emitSegment(
  tcb: Tcb,
  env: TcpEnv,
  from: Seq,
  length: number,
  fin: boolean,
  fresh: boolean,
  now: number,
): void {
  const { snd } = tcb;
  const out = begin(tcb, env, from, ACK, now);
  out.dataLength = length;
  if (length > snd.mss && !isProbe(tcb, from)) out.segmentSize = snd.mss;
  if (fin) out.flags |= FIN;
  if (fresh && length > 0 && tcb.ecn !== null) markText(tcb.ecn, out);
  if (tcb.bursts !== null) {
    if (length > 0 && isPushed(tcb, tcb.bursts, add(from, length))) out.flags |= PSH;
  }
  // The segment that empties the queue says so, for all writes in it (MUST-61, SHLD-27).
  else if (length > 0 && add(from, length) === textEnd(tcb) && !isHeld(tcb)) out.flags |= PSH;
  pointToUrgent(tcb, out);
  emit(tcb, env, out, diff(from, textStart(tcb)), now);
}

/** Urgent text ends beyond where the segment begins: says so, as far as the field can. It may be longer (MUST-31). */
function pointToUrgent({ snd }: Tcb, out: Segment): void {
  if (!snd.urgent || !gt(snd.up, out.seq)) return;
  out.flags |= URG;
  out.urgent = Math.min(diff(snd.up, out.seq), 65535);
}

function emitSyn(tcb: Tcb, env: TcpEnv, now: number): void {
  const { snd } = tcb;
  tcb.owed.syn = false;
  const answering = tcb.state !== 'SYN-SENT';
  const out = begin(tcb, env, snd.iss, answering ? SYN | ACK : SYN, now);
  out.timestamps = false;
  writeOffer(tcb, out, answering);
  if (out.timestamps) stamp(tcb, out, now);
  if (tcb.uto !== null) writeUserTimeout(tcb, env, tcb.uto, out); // before fast open looks for room
  out.window = offerWindow(tcb, env, true);
  const again = snd.nxt !== snd.iss;
  if (again) {
    env.counters.TcpRetransSegs++;
    countAgain(tcb, 0);
    stopTiming(tcb);
    if (tcb.fastOpen !== null && !answering) noteRepeated(tcb.fastOpen, env);
  } else {
    startTiming(tcb, add(snd.iss, 1), now);
    if (!answering) tcb.ts.recentAt = Math.floor(now);
    if (tcb.fastOpen !== null) out.dataLength = writeFastOpen(tcb, out);
    if (answering) tcb.fastOpen = null;
    snd.nxt = add(snd.iss, 1 + out.dataLength);
    snd.rxt = snd.nxt;
  }
  emit(tcb, env, out, 0, now);
}

/** <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>, with SACK blocks while there is a gap. */
function emitAck(tcb: Tcb, env: TcpEnv, now: number): void {
  const out = begin(tcb, env, tcb.snd.nxt, ACK, now);
  if (tcb.sack) out.sackCount = sackBlocks(tcb, out.sack, tcb.ts.on ? 3 : 4);
  emit(tcb, env, out, 0, now);
}

/** A sequence number already acknowledged, no text (RFC 9293 3.8.4, SHLD-12): the peer must answer. */
function emitKeepAlive(tcb: Tcb, env: TcpEnv, now: number): void {
  tcb.owed.keepAlive = false;
  env.counters.TcpExtTCPKeepAlive++;
  const out = begin(tcb, env, seq(tcb.snd.nxt - 1), ACK, now);
  if (!tcb.options.keepAliveGarbage) {
    emit(tcb, env, out, 0, now);
    return;
  }
  // One octet of no meaning, for peers that answer nothing less (MAY-6).
  out.dataLength = 1;
  countAgain(tcb, 1);
  emit(tcb, env, out, 0, now, GARBAGE);
}

/** What a keep-alive says that must say something. */
const GARBAGE: Ring = new Ring();
GARBAGE.push(new BufferPool(), new Uint8Array(1), 0, 1);

/** How is it written: the header fields that every segment has. */
function begin(tcb: Tcb, env: TcpEnv, from: Seq, flags: number, now: number): Segment {
  const out = env.out.clear();
  out.seq = from;
  out.flags = flags;
  if (flags & ACK) out.ack = tcb.rcv.nxt;
  if ((flags & SYN) === 0) {
    out.window = offerWindow(tcb, env, false);
    if (tcb.ecn?.echoing) out.flags |= ECE;
    if (tcb.ts.on) {
      out.timestamps = true;
      stamp(tcb, out, now);
    }
  }
  return out;
}

function stamp(tcb: Tcb, out: Segment, now: number): void {
  out.tsVal = timestampNow(tcb.ts.offset, now);
  out.tsEcr = out.flags & ACK ? tcb.ts.recent : seq(0);
}

function emit(tcb: Tcb, env: TcpEnv, out: Segment, at: number, now: number, text: Ring = tcb.snd.text): void {
  if (tcb.uto !== null && (out.flags & SYN) === 0) writeUserTimeout(tcb, env, tcb.uto, out);
  env.counters.TcpOutSegs++;
  countOut(tcb, out);
  if (out.flags & ACK) {
    // Every segment acknowledges: nothing is owed any more.
    tcb.owed.ack = false;
    tcb.rcv.unacked = 0;
    if (tcb.rcv.quick !== null && tcb.rcv.quick.left > 0) tcb.rcv.quick.left--;
    tcb.rcv.lastAck = tcb.rcv.nxt;
    tcb.rcv.twiceLeft = tcb.rcv.twiceRight; // reported, or no news any more
    stopTimer(tcb, env, 'delayedAck', now);
  }
  env.outbox.segment(tcb, out, out.dataLength > 0 ? text : null, at);
}

/** When to look again: retransmission and R2 while something is outstanding, the persist timer while we are held up. */
function armTimers(tcb: Tcb, env: TcpEnv, now: number): void {
  const { snd, timers } = tcb;
  const outstanding = snd.una !== snd.nxt;
  const closedWindow = snd.synAcked && snd.wnd === 0;
  if (outstanding && !closedWindow) {
    stopTimer(tcb, env, 'persist', now);
    if (timers.retransmission === Infinity) setTimer(tcb, env, 'retransmission', now + backedOff(tcb, env), now);
    if (timers.probe === Infinity && env.config.tailLossProbe) {
      const wait = probeTimeout(tcb);
      if (wait !== Infinity) setTimer(tcb, env, 'probe', Math.min(now + wait, timers.retransmission), now);
    }
    if (timers.user === Infinity) setTimer(tcb, env, 'user', now + giveUpAfter(tcb, env), now);
    return;
  }
  stopTimer(tcb, env, 'retransmission', now);
  stopTimer(tcb, env, 'probe', now);
  stopTimer(tcb, env, 'user', now); // text beyond a closed window times nothing out (SHLD-17)
  const waiting = outstanding || (snd.synAcked && diff(textEnd(tcb), snd.rxt) + (snd.closed ? 1 : 0) > 0);
  if (!waiting) stopTimer(tcb, env, 'persist', now);
  else if (timers.persist === Infinity && timers.pacing === Infinity) {
    // A closed window is probed from one RTO on, ever more seldom (MUST-35, MUST-36, SHLD-29, SHLD-30); a silly one
    // is overridden. Where our own device takes nothing it is asked again at even intervals.
    let after = closedWindow ? Math.min(backedOff(tcb, env), env.config.maxPersist) : Math.min(tcb.rtt.rto, OVERRIDE);
    if (env.outbox.full && tcb.probedAt >= 0) after = DEVICE_WAIT;
    setTimer(tcb, env, 'persist', now + after, now);
  }
}

/** Longest wait before a silly window is used all the same (RFC 9293 3.8.6.2.1: 0.1 to 1 s; MUST-60), ms. */
const OVERRIDE = 1000;
/** Between looks at a device that takes nothing, ms. */
const DEVICE_WAIT = 500;
