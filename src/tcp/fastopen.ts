/**
 * Owns: TCP Fast Open in one connection (RFC 7413 4.2): the option and the text on our SYN, text that is taken from a
 * SYN before the handshake is over, and what happens to text on a SYN that was not. Which cookies are good, and which
 * ones we hold, is the host's business: it says so in a `FastOpen` before the SYN is sent or processed.
 */

import { add, diff, max, type Seq } from '../wire/seq.ts';
import { ABSENT, type Segment, tcpHeaderLength } from '../wire/tcp.ts';
import { noteSynText } from './bursts.ts';
import type { TcpEnv } from './env.ts';
import { advance } from './reassembly.ts';
import { startCongestion } from './recovery.ts';
import { noteSent } from './sack.ts';
import { rare } from './statistics.ts';
import { SIGNAL_ESTABLISHED, SIGNAL_READABLE, type Tcb } from './tcb.ts';
import { holdForLater } from './text.ts';
import { firstWindow } from './window.ts';

/** What a handshake with fast open has to remember. A TCB has none without it, and none once it is over. */
export class FastOpen {
  /** What our SYN or SYN,ACK carries: a cookie, an empty one (the request for one), or null for no option. */
  cookie: Uint8Array | null;
  /** In the option of before RFC 7413 (kind 254). */
  experimental: boolean;
  /** Passive: the peer's cookie is good, and the text on its SYN is taken at once. */
  accept = false;
  /** Active: text goes with the SYN though there is no cookie. */
  trusted = false;
  /** Active: the MSS that the peer once announced (RFC 7413 4.1.3); how much text fits on the SYN. */
  mss: number;
  /** Active: octets of text that left on the SYN; those that the answer to it did not acknowledge. */
  sent = 0;
  left = 0;
  /** Active: the SYN had to be sent again, and was sent bare. */
  repeated = false;
  /** Active: the SYN,ACK has come ... */
  answered = false;
  /** ... with this cookie ... */
  received: Uint8Array | null = null;
  /** ... and acknowledged some text. */
  taken = false;
  /** Active: the host has counted this as a failure. */
  failed = false;

  constructor(cookie: Uint8Array | null, mss: number = 0, experimental: boolean = false) {
    this.cookie = cookie;
    this.mss = mss;
    this.experimental = experimental;
  }
}

/** The user has this connection though our SYN is not acknowledged yet: a passive open by a good cookie. */
export function isEarly(tcb: Tcb): boolean {
  return tcb.fastOpened && tcb.passive && !tcb.snd.synAcked;
}

/**
 * Writes the option into a SYN or SYN,ACK that is sent for the first time; `out` is complete but for it.
 * DEVIATION: no PSH on a SYN with text (RFC 9293 MUST-61): middleboxes know no such SYN, and its receiver has every
 * reason to deliver at once.
 *
 * @returns octets of text that go with it
 */
export function writeFastOpen(tcb: Tcb, out: Segment): number {
  const fast = tcb.fastOpen!;
  const { cookie } = fast;
  if (cookie !== null) {
    const bare = tcpHeaderLength(out);
    out.fastOpenLength = cookie.length;
    out.fastOpenExperimental = fast.experimental;
    out.fastOpenCookie.set(cookie);
    // No room beside the other options: a plain handshake (4.2.2, 1 a).
    if (tcpHeaderLength(out) === bare) return 0;
  }
  const goes = fast.trusted || (cookie !== null && cookie.length > 0);
  if (tcb.state !== 'SYN-SENT' || !goes || tcb.snd.urgent) return 0;
  const { text, iss } = tcb.snd;
  fast.sent = Math.min(text.length, Math.max(roomOnSyn(tcb, fast), 0));
  if (tcb.bursts !== null && fast.sent > 0) noteSynText(tcb.bursts, add(iss, 1 + fast.sent));
  return fast.sent;
}

/** The MSS does not count options (RFC 6691). Room is left for as many as there can be: boxes on the way add theirs to SYNs. */
function roomOnSyn(tcb: Tcb, fast: FastOpen): number {
  const own = tcb.options.maxSegment ?? Infinity;
  const most = Math.min(fast.mss, own, tcb.mtu - tcb.ipHeader - TCP_HEADER);
  return most - MOST_OPTIONS - tcb.ipOptions;
}

const TCP_HEADER = 20;
const MOST_OPTIONS = 40;

/** LISTEN and a SYN whose cookie is good: the user may read its text, and write, from now on (4.2.2, steps 4 to 6). */
export function openEarly(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  tcb.fastOpened = true;
  env.counters.TcpExtTCPFastOpenPassive++;
  startCongestion(tcb, env, now);
  holdForLater(tcb, env, segment);
  const before = tcb.rcv.nxt;
  advance(tcb);
  tcb.signals |= SIGNAL_ESTABLISHED;
  const { rcv } = tcb;
  if (rcv.nxt === before) return;
  // Nothing has been offered yet: as much beyond the text as there would be without it, if there is room.
  const room = Math.min(firstWindow(tcb, env), rcv.buffer - rcv.text.length);
  rcv.edge = max(rcv.edge, add(rcv.nxt, room));
  tcb.signals |= SIGNAL_READABLE;
  tcb.stats.bytesReceived += diff(tcb.rcv.nxt, before);
  rare(tcb).synData = true;
}

/** Our SYN, which carried text, is acknowledged up to `ack`; the output pass sends what of the text is left (`sendLeft`). */
export function textOnSynAcknowledged(tcb: Tcb, env: TcpEnv, fast: FastOpen, ack: Seq): void {
  const { snd } = tcb;
  fast.taken = diff(ack, snd.iss) > 1;
  if (fast.taken) {
    tcb.fastOpened = true;
    if (ack === snd.nxt) rare(tcb).synData = true;
    env.counters.TcpExtTCPFastOpenActive++;
  } else if (!fast.repeated) {
    env.counters.TcpExtTCPFastOpenActiveFail++;
  }
  fast.left = diff(snd.nxt, ack);
}

/** What of the SYN's text was not taken is due again at once (4.2.2). It is no sign of congestion. */
export function sendLeft(tcb: Tcb, env: TcpEnv, fast: FastOpen, now: number): void {
  const { snd, cc } = tcb;
  const { left } = fast;
  if (left === 0 || !snd.synAcked) return;
  fast.left = 0;
  const from = add(snd.nxt, -left);
  if (tcb.sack) {
    noteSent(tcb, env, from, left, now);
    tcb.board!.lose(from, snd.nxt, snd.mss);
    cc.recover = snd.nxt;
  } else snd.rxt = from;
}

/** SYN-SENT and the SYN,ACK: what it says about cookies is kept for the host. */
export function noteAnswer(fast: FastOpen, segment: Segment): void {
  fast.answered = true;
  fast.mss = segment.mss === ABSENT ? 0 : segment.mss;
  if (segment.fastOpenLength <= 0 || fast.cookie === null) return;
  fast.received = segment.fastOpenCookie.slice(0, segment.fastOpenLength);
  fast.experimental = segment.fastOpenExperimental;
}

/** The SYN is sent again, bare: whether the option or the text was too much for somebody will show (RFC 7413 4.2.1). */
export function noteRepeated(fast: FastOpen, env: TcpEnv): void {
  if (!fast.repeated && fast.sent > 0) env.counters.TcpExtTCPFastOpenActiveFail++;
  fast.repeated = true;
}
