/**
 * Owns: the transmission control block (RFC 9293 3.3.1) as plain data. It can be copied, compared, hashed and restored
 * field by field: no closures, no references to peers, no timers inside (a timer is the time at which it is due).
 */

import { type BufferPool, Ring } from '../base/ring.ts';
import type { Address } from '../wire/address.ts';
import { type Seq, seq } from '../wire/seq.ts';
import { type Bursts, copyBursts } from './bursts.ts';
import type { TcpOptions } from './config.ts';
import { SlowStart } from './congestion/slowstart.ts';
import { Cork } from './cork.ts';
import type { Ends } from './env.ts';
import type { FastOpen } from './fastopen.ts';
import { MtuSearch } from './plpmtud.ts';
import { QuickAcks } from './quickack.ts';
import { Ranges } from './ranges.ts';
import type { Scoreboard } from './scoreboard.ts';
import type { State } from './state.ts';
import { copyStatistics, Statistics } from './statistics.ts';
import type { TimeWait } from './timewait.ts';

/**
 * Send sequence variables. `SND.NXT` never goes back (but for text on a SYN, `fastopen.ts`); `rxt` does when octets must
 * be sent again.
 */
export class SendVariables {
  /** Oldest unacknowledged sequence number. */
  una: Seq = seq(0);
  /** Next sequence number never sent so far. */
  nxt: Seq = seq(0);
  /** What is sent next: equal to `nxt`, or before it while octets are sent again after a timeout. */
  rxt: Seq = seq(0);
  /** Send window, in octets from `una`: 30 bits with the largest shift (REC-1). */
  wnd = 0;
  /** Urgent pointer: the octet after the urgent text, while `urgent`. */
  up: Seq = seq(0);
  urgent = false;
  /** Sequence and acknowledgment number of the segment that last set `wnd`. */
  wl1: Seq = seq(0);
  wl2: Seq = seq(0);
  /** Initial send sequence number. */
  iss: Seq = seq(0);
  /** How far the peer's window field is shifted (RFC 7323 Snd.Wind.Shift). */
  shift = 0;
  /** Largest window the peer ever offered (RFC 5961 MAX.SND.WND, and silly-window avoidance). */
  maxWnd = 0;
  /** Largest text of a segment, options allowed for (Eff.snd.MSS of RFC 9293 3.7.1). */
  mss = 536;
  /** Our SYN has been acknowledged. */
  synAcked = false;
  /** The user has closed: a FIN follows the text. */
  closed = false;
  /** That FIN has been sent at least once; it is the last sequence number before `nxt`. */
  finSent = false;
  /** Octets that may wait to be acknowledged. */
  buffer = 0;
  /** Text that is not yet acknowledged; offset 0 is `una` (`iss` + 1 until the SYN is acknowledged). */
  readonly text: Ring;

  constructor(text: Ring) {
    this.text = text;
  }
}

/** Text beyond a gap: it lies in `rcv.text` already, and is not yet declared present. */
export class Held {
  readonly ranges: Ranges;
  /** A sequence number in each of the ranges that grew last, the latest first. */
  recent: Seq[] = [];

  constructor(ranges: Ranges = new Ranges()) {
    this.ranges = ranges;
  }
}

/** How much the application reads in a round trip (`buffers.ts`). */
export class ReceiveTuning {
  /** The round trip that is going on: since when (ms), octets read; octets read in the one before. */
  since: number;
  read = 0;
  before = 0;

  constructor(now: number) {
    this.since = now;
  }
}

/** Receive sequence variables. */
export class ReceiveVariables {
  /** Next sequence number expected. */
  nxt: Seq = seq(0);
  /** Right edge of the window last offered: RCV.NXT + RCV.WND. Never moves left. */
  edge: Seq = seq(0);
  /** Urgent pointer, while `urgent`. */
  up: Seq = seq(0);
  urgent = false;
  /** Initial receive sequence number. */
  irs: Seq = seq(0);
  /** How far our window field is shifted (RFC 7323 Rcv.Wind.Shift). */
  shift = 0;
  /** Octets that may wait to be read. */
  buffer = 0;
  /** On connections with much to read: how the buffer is to grow. */
  tuning: ReceiveTuning | null = null;
  /** The MSS we announced. */
  mss = 536;
  /** Largest text of a segment seen, an estimate of the peer's segment size. */
  largest = 0;
  /** In-order octets taken since the last ACK we sent. */
  unacked = 0;
  /** Which ACKs go at once (`quickack.ts`), once text has come. */
  quick: QuickAcks | null = null;
  /** RCV.NXT as last acknowledged (RFC 7323 Last.ACK.sent). */
  lastAck: Seq = seq(0);
  /** Text that the user has not read; offset `length` is `nxt`. Out-of-order text lies beyond its length. */
  readonly text: Ring;
  /** What lies beyond a gap, or null. */
  held: Held | null = null;
  /** Text that came a second time: the next ACK reports it first (D-SACK, RFC 2883); empty when both edges are equal. */
  twiceLeft: Seq = seq(0);
  twiceRight: Seq = seq(0);
  /** Up to here text came with PSH, or closed a gap. */
  pushed: Seq = seq(0);
  /** The peer's FIN is known to stand at this sequence number, beyond a gap; valid while `finHeld`. */
  finAt: Seq = seq(0);
  finHeld = false;

  constructor(text: Ring) {
    this.text = text;
  }
}

/**
 * Engines give a field that has only ever held fractional numbers a box of its own, 16 octets in each object. One that has
 * held null refers to a number instead, and all that are off share one `Infinity`; setting it then costs the box. Good for
 * what is seldom set.
 */
const REFERENCE: number = null as unknown as number;

/** Deadlines in ms; `Infinity` is off. */
export class Timers {
  /** Tail loss probe, and RACK's reordering timer (RFC 8985). */
  probe: number = Infinity;
  reordering: number = REFERENCE;
  retransmission: number = Infinity;
  persist: number = REFERENCE;
  delayedAck: number = Infinity;
  keepAlive: number = REFERENCE;
  /** No new text before this. */
  pacing: number = REFERENCE;
  /** R2 of what is outstanding, or of the SYN. */
  user: number = Infinity;
  /** After CLOSE: until our FIN is acknowledged, where the user set a bound (linger); then in FIN-WAIT-2. */
  closing: number = REFERENCE;

  constructor() {
    this.reordering = Infinity;
    this.persist = Infinity;
    this.keepAlive = Infinity;
    this.pacing = Infinity;
    this.closing = Infinity;
  }
}

/** Round-trip time and retransmission time-out (RFC 6298). */
export class RoundTrip {
  /** Smoothed round-trip time, ms; -1 before the first measurement. */
  srtt = -1;
  rttvar = 0;
  /** Retransmission time-out before back-off, ms. */
  rto = 1000;
  /** Time-outs since the last acknowledgment of something new. */
  backoff = 0;
  /** Without timestamps one segment at a time is timed: up to this sequence number, sent then; -1 is none. */
  timedUpTo: Seq = seq(0);
  timedAt = -1;
}

/** How old a timestamp may be while a gap is open (`timestamps.ts`). */
export class Disorder {
  /** No text that is still missing was first sent with an older timestamp. */
  floor: Seq;
  /** The same for text beyond `mark` is `markVal`, while `marked`. */
  marked = false;
  mark: Seq = seq(0);
  markVal: Seq = seq(0);

  constructor(floor: Seq) {
    this.floor = floor;
  }
}

/** Timestamps (RFC 7323). */
export class Timestamps {
  on = false;
  /** TS.Recent and when it was noted; in SYN-SENT, when our SYN left for the first time. */
  recent: Seq = seq(0);
  recentAt = 0;
  offset: Seq = seq(0);
  disorder: Disorder | null = null;
}

/** What every congestion controller has; `name` finds its functions in `env.controllers`. */
export class Congestion {
  name: string;
  /** Congestion window and slow-start threshold, octets. */
  cwnd = 0;
  ssthresh: number = Infinity;
  /** Acknowledged octets, or parts of octets of window, not yet turned into window (congestion avoidance). */
  credit = 0;
  /**
   * In the round trip that ends when `useEnd` is acknowledged: the congestion window was the limit at least once; if it was
   * not, the largest FlightSize (RFC 7661's pipeACK, roughly).
   */
  limited = false;
  largestFlight = 0;
  useEnd: Seq = seq(0);
  /** What watches the first slow start; null before and after. */
  slowStart: SlowStart | null = null;
  /** What the controller remembers besides: plain values only. */
  state: object | null = null;
  /** Duplicate ACKs in a row. In fast recovery without SACK: how many more are believed. */
  duplicates = 0;
  /** In fast recovery until `recover` is acknowledged (RFC 6582). */
  recovering = false;
  recover: Seq = seq(0);
  /** When text was last sent, for the restart after idleness (RFC 5681 4.1). */
  lastSent = 0;

  constructor(name: string) {
    this.name = name;
  }
}

/** What is remembered of a reduction of the window, in case it proves needless (`undo.ts`). */
export class Undo {
  /** The controller's variables before it. */
  readonly before: Congestion;
  /** SND.UNA then. */
  readonly marker: Seq;
  /** Segments sent again since and not reported to have come twice; between which sequence numbers; end of the first. */
  resent = 0;
  low: Seq;
  high: Seq;
  firstEnd: Seq;
  /** Our timestamp of the first of them. */
  stamp: Seq = seq(0);
  stamped = false;
  /** Segments sent again before the reduction were still in flight: an echo older than `stamp` may be theirs. */
  earlier = false;
  /** After a time-out: which ACK F-RTO waits for (RFC 5682). */
  frto: 'off' | 'first' | 'second' = 'off';
  /** Recovery is over; forgotten when `until` is acknowledged. F-RTO: what was sent before the time-out ends there. */
  over = false;
  until: Seq;

  constructor(before: Congestion, una: Seq, nxt: Seq) {
    this.before = before;
    this.marker = una;
    this.low = una;
    this.high = una;
    this.firstEnd = una;
    this.until = nxt;
  }
}

/** Where text is paced (`pacing.ts`): when what has been sent will have left at the pace, ms. */
export class Pace {
  next = 0;
}

/** Explicit congestion notification (RFC 3168), where it was agreed on. */
export class Ecn {
  /** A mark came that the sender has not answered: our ACKs carry ECE. */
  echoing = false;
  /** The window was reduced: the next new text carries CWR. */
  reduced = false;
  /** The ACK at hand carries ECE: no reason to grow. */
  echoed = false;
  /** No further reduction until this is acknowledged. */
  recover: Seq;
  /** A segment of the peer's was markable: the path leaves the field alone. */
  seen = false;
  /** Marks seen; ACKs with ECE seen. */
  marks = 0;
  echoes = 0;

  constructor(recover: Seq) {
    this.recover = recover;
  }
}

/** Debts noted by input, calls and timeouts, paid by the output pass. */
export class Owed {
  /** An ACK at once. */
  ack = false;
  /** The SYN, or SYN and ACK, (again). */
  syn = false;
  /** The oldest unacknowledged segment again (fast retransmit, partial acknowledgment). */
  oldest = false;
  /** One octet into a closed window. */
  probe = false;
  /** The last segment again, or a new one, to find out about a lost tail. */
  tail = false;
  /** A keep-alive. */
  keepAlive = false;
  /** What the window allows although it is silly (the override of RFC 9293 3.8.6.2.1). */
  override = false;
}

/** The User Timeout option (RFC 5482), on connections that use it. */
export class UserTimeouts {
  /** The peer is to be told (again). */
  owed = true;
  /** What the peer said last, ms; -1 nothing. */
  remote = -1;
}

/** Why a connection ended other than by two FINs. */
export type Failure = 'refused' | 'reset' | 'timed-out' | 'aborted' | 'unreachable';

/** Bits of {@link Tcb.signals}. */
export const SIGNAL_ESTABLISHED = 1;
/** Text or the end of it can be read. */
export const SIGNAL_READABLE = 2;
/** Room in the send buffer after a SEND was cut short. */
export const SIGNAL_WRITABLE = 4;
/** The peer's FIN was taken: after the text comes the end ("connection closing"). */
export const SIGNAL_END = 8;
/** The connection is over or in TIME-WAIT; `failure` says how. */
export const SIGNAL_CLOSED = 16;
/** RCV.UP moved forward. */
export const SIGNAL_URGENT = 32;
/** R1 was reached (SHLD-9), or a soft ICMP error came (`softError`). */
export const SIGNAL_SOFT_ERROR = 64;
/** Everything written, and the FIN if there was one, is acknowledged. */
export const SIGNAL_DRAINED = 128;

export class Tcb implements Ends {
  readonly id: number;
  local: Address;
  localPort: number;
  remote: Address;
  remotePort: number;
  state: State = 'CLOSED';
  /** Came from LISTEN (MUST-11). */
  passive = false;
  /** The application reads no more: text that arrives meets a reset (SHLD-3). */
  detached = false;
  options: TcpOptions;
  /** Path MTU and IP header in octets, told by the host. */
  mtu = 1500;
  ipHeader: 20 | 40 = 20;
  /** Octets that IP options add to it (RFC 9293 3.7.1). */
  ipOptions = 0;
  /** Largest IP packet the link takes as a super-segment; 0 for none. */
  superSegment = 0;
  /** The MSS the peer announced, or the default (MUST-15). */
  peerMss = 536;
  /** Window scaling was agreed on. */
  scaling = false;
  /** Selective acknowledgment was agreed on. */
  sack = false;
  readonly snd: SendVariables;
  readonly rcv: ReceiveVariables;
  readonly rtt: RoundTrip = new RoundTrip();
  readonly ts: Timestamps = new Timestamps();
  readonly timers: Timers = new Timers();
  readonly owed: Owed = new Owed();
  cc: Congestion;
  ecn: Ecn | null = null;
  undo: Undo | null = null;
  pace: Pace | null = null;
  /** What is outstanding, segment by segment, while something is and SACK was agreed on. */
  board: Scoreboard | null = null;
  stats: Statistics = new Statistics();
  uto: UserTimeouts | null = null;
  cork: Cork | null = null;
  /** Where text leaves in bursts (`bursts.ts`). */
  bursts: Bursts | null = null;
  /** Larger or smaller segments are being tried, or were (RFC 4821). */
  search: MtuSearch | null = null;
  /** By how many segments the path was seen to reorder at most, so that patience pays (RACK.reordering_seen); 0 never. */
  reordering = 0;
  // Times since which something lasts are whole milliseconds: such a number needs no box.
  /** When a segment last came, ms. */
  lastHeard = 0;
  /** Unanswered keep-alives. */
  keepAlives = 0;
  /** When the first zero-window probe left that nothing has answered since, ms; -1 none. */
  probedAt = -1;
  /** When the last challenge ACK was sent, ms; -1 never. */
  lastChallenge = -1;
  failure: Failure | null = null;
  /** The last soft error, e.g. 'net-unreachable'. */
  softError: string | null = null;
  /** SIGNAL_* not yet taken by the host. */
  signals = 0;
  /** A SEND was cut short for want of room. */
  wantsRoom = false;
  /** The handshake uses fast open (RFC 7413). */
  fastOpen: FastOpen | null = null;
  /** Text, or the connection itself, was taken before the handshake was over (FastOpened of RFC 7413 4.2). */
  fastOpened = false;
  /** Reopened out of this TIME-WAIT, which is resumed if the SYN proves old (MAY-2). */
  resumes: TimeWait | null = null;

  constructor(id: number, ends: Ends, options: TcpOptions) {
    this.id = id;
    this.local = ends.local;
    this.localPort = ends.localPort;
    this.remote = ends.remote;
    this.remotePort = ends.remotePort;
    this.options = options;
    this.snd = new SendVariables(new Ring());
    this.rcv = new ReceiveVariables(new Ring());
    this.cc = new Congestion(options.congestion);
    this.snd.buffer = options.sendBuffer;
    this.rcv.buffer = options.receiveBuffer;
  }
}

/** RCV.WND: what the peer may still send. */
export function receiveWindow(tcb: Tcb): number {
  return (tcb.rcv.edge - tcb.rcv.nxt) >>> 0;
}

/** The sequence number of the oldest octet in `snd.text`. */
export function textStart(tcb: Tcb): Seq {
  return tcb.snd.synAcked ? tcb.snd.una : seq(tcb.snd.iss + 1);
}

/** The sequence number after the youngest octet in `snd.text`: where the FIN stands once the user has closed. */
export function textEnd(tcb: Tcb): Seq {
  // With the FIN acknowledged `una` is already past it.
  return finAcked(tcb) ? seq(tcb.snd.una - 1) : seq(textStart(tcb) + tcb.snd.text.length);
}

/** Our FIN has been sent and acknowledged. */
export function finAcked(tcb: Tcb): boolean {
  return tcb.snd.finSent && tcb.snd.una === tcb.snd.nxt;
}

/** A copy that shares only immutable values (addresses, options, TIME-WAIT record excepted: it is copied too). */
export function copyTcb(tcb: Tcb, pool: BufferPool): Tcb {
  const copy = new Tcb(tcb.id, tcb, tcb.options);
  const snd = new SendVariables(tcb.snd.text.clone(pool));
  const rcv = new ReceiveVariables(tcb.rcv.text.clone(pool));
  Object.assign(copy, tcb, {
    snd: Object.assign(snd, tcb.snd, { text: snd.text }),
    rcv: Object.assign(rcv, tcb.rcv, {
      text: rcv.text,
      held: tcb.rcv.held === null ? null : copyHeld(tcb.rcv.held),
      quick: tcb.rcv.quick === null ? null : Object.assign(new QuickAcks(), tcb.rcv.quick),
      tuning: tcb.rcv.tuning === null ? null : Object.assign(new ReceiveTuning(0), tcb.rcv.tuning),
    }),
    rtt: Object.assign(new RoundTrip(), tcb.rtt),
    ts: Object.assign(new Timestamps(), tcb.ts, {
      disorder: tcb.ts.disorder === null ? null : Object.assign(new Disorder(seq(0)), tcb.ts.disorder),
    }),
    timers: Object.assign(new Timers(), tcb.timers),
    owed: Object.assign(new Owed(), tcb.owed),
    cc: copyCongestion(tcb.cc),
    undo: tcb.undo === null ? null : copyUndo(tcb.undo),
    pace: tcb.pace === null ? null : Object.assign(new Pace(), tcb.pace),
    ecn: tcb.ecn === null ? null : Object.assign(new Ecn(tcb.ecn.recover), tcb.ecn),
    fastOpen: tcb.fastOpen === null ? null : { ...tcb.fastOpen },
    board: tcb.board === null ? null : tcb.board.clone(),
    stats: copyStatistics(tcb.stats),
    cork: tcb.cork === null ? null : Object.assign(new Cork(), tcb.cork),
    bursts: tcb.bursts === null ? null : copyBursts(tcb.bursts),
    uto: tcb.uto === null ? null : Object.assign(new UserTimeouts(), tcb.uto),
    search: tcb.search === null ? null : Object.assign(new MtuSearch(0, 0), tcb.search),
    resumes:
      tcb.resumes === null ? null : Object.assign(Object.create(Object.getPrototypeOf(tcb.resumes)), tcb.resumes),
  });
  return copy;
}

/** A copy of a controller's variables. */
export function copyCongestion(cc: Congestion): Congestion {
  const copy = Object.assign(new Congestion(cc.name), cc);
  if (cc.slowStart !== null) copy.slowStart = Object.assign(new SlowStart(cc.slowStart.windowEnd), cc.slowStart);
  if (cc.state !== null) copy.state = Object.assign(Object.create(Object.getPrototypeOf(cc.state)), cc.state);
  return copy;
}

function copyUndo(undo: Undo): Undo {
  const before = copyCongestion(undo.before);
  return Object.assign(new Undo(before, undo.marker, undo.until), undo, { before });
}

function copyHeld(held: Held): Held {
  const copy = new Held(held.ranges.clone());
  copy.recent = held.recent.slice();
  return copy;
}
