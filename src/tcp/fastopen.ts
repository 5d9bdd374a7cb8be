/**
 * Owns: TCP Fast Open in one connection (RFC 7413 4.2): the option and the text on our SYN, text that is taken from a
 * SYN before the handshake is over, and what happens to text on a SYN that was not. Which cookies are good, and which
 * ones we hold, is the host's business: it says so in a `FastOpen` before the SYN is sent or processed.
 */

import { diff, lt, type Seq } from '../wire/seq.ts';
import { ABSENT, type Segment, tcpHeaderLength } from '../wire/tcp.ts';
import type { TcpEnv } from './env.ts';
import { advance } from './reassembly.ts';
import { startCongestion } from './recovery.ts';
import { rare } from './statistics.ts';
import { SIGNAL_ESTABLISHED, SIGNAL_READABLE, type Tcb } from './tcb.ts';
import { holdForLater } from './text.ts';

/** What a handshake with fast open has to remember. A TCB has none without it, and none once it is over. */
export class FastOpen {
  /** What our SYN or SYN,ACK carries: a cookie, an empty one (the request for one), or null for no option. */
  cookie: Uint8Array | null;
  /** In the option of before RFC 7413 (kind 254). */
  experimental: boolean;
  /** Passive: the peer's cookie is good, and the text on its SYN is taken at once. */
  accept = false;
  /** Active: the MSS that the peer once announced (RFC 7413 4.1.3); how much text fits on the SYN. */
  mss: number;
  /** Active: octets of text that left on the SYN. */
  sent = 0;
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
  if (cookie === null) return 0;
  const bare = tcpHeaderLength(out);
  out.fastOpenLength = cookie.length;
  out.fastOpenExperimental = fast.experimental;
  out.fastOpenCookie.set(cookie);
  // No room beside the other options: a plain handshake (4.2.2, 1 a).
  if (tcpHeaderLength(out) === bare) return 0;
  if (tcb.state !== 'SYN-SENT' || cookie.length === 0 || tcb.snd.urgent) return 0;
  // The MSS does not count options (RFC 6691), the SYN's are longer than those of other segments.
  const room = Math.min(fast.mss + 20, tcb.mtu - tcb.ipHeader) - tcpHeaderLength(out) - tcb.ipOptions;
  fast.sent = Math.min(tcb.snd.text.length, Math.max(room, 0));
  return fast.sent;
}

/** LISTEN and a SYN whose cookie is good: the user may read its text, and write, from now on (4.2.2, steps 4 to 6). */
export function openEarly(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  tcb.fastOpened = true;
  env.counters.TcpExtTCPFastOpenPassive++;
  startCongestion(tcb, env, now);
  holdForLater(tcb, env, segment);
  const before = tcb.rcv.nxt;
  advance(tcb);
  tcb.signals |= SIGNAL_ESTABLISHED;
  if (tcb.rcv.nxt === before) return;
  tcb.signals |= SIGNAL_READABLE;
  tcb.stats.bytesReceived += diff(tcb.rcv.nxt, before);
  rare(tcb).synData = true;
}

/**
 * Our SYN, which carried text, is acknowledged up to `ack`. What of the text was not taken goes out again as if it had
 * never been sent (4.2.2): no sign of congestion, and the only case in which SND.NXT goes back.
 */
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
  if (!lt(ack, snd.nxt)) return;
  snd.nxt = ack;
  snd.rxt = ack;
}

/** SYN-SENT and the SYN,ACK: what it says about cookies is kept for the host. */
export function noteAnswer(fast: FastOpen, segment: Segment): void {
  fast.answered = true;
  fast.mss = segment.mss === ABSENT ? 0 : segment.mss;
  if (segment.fastOpenLength <= 0) return;
  fast.received = segment.fastOpenCookie.slice(0, segment.fastOpenLength);
  fast.experimental = segment.fastOpenExperimental;
}

/** The SYN is sent again, bare: whether the option or the text was too much for somebody will show (RFC 7413 4.2.1). */
export function noteRepeated(fast: FastOpen, env: TcpEnv): void {
  if (!fast.repeated && fast.sent > 0) env.counters.TcpExtTCPFastOpenActiveFail++;
  fast.repeated = true;
}
