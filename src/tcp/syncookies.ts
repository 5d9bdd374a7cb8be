/**
 * Owns: SYN cookies (RFC 4987 3.6): a SYN answered without remembering it, and the connection made from the ACK that
 * comes back. All there was to remember is in what we send: the MSS and the age in ISS under a keyed hash, window scale,
 * SACK and ECN in the low bits of our timestamp. The connection itself comes out of the steps of LISTEN and
 * SYN-RECEIVED: they are given the SYN once more, as the cookie tells it. When to do so is the host's decision.
 *
 * DEVIATION: an ISS that is a cookie does not follow the clock of RFC 9293 3.4.1; it is as unpredictable (RFC 6528).
 */

import { type Key128, siphash } from '../base/siphash.ts';
import { putWords } from '../wire/address.ts';
import { add, diff, type Seq, seq } from '../wire/seq.ts';
import { ACK, CWR, ECE, type Segment, SYN } from '../wire/tcp.ts';
import { segmentArrives, startSequence } from './arrives.ts';
import type { Ends, TcpEnv } from './env.ts';
import { prepareOffer, takeOffer, writeOffer } from './negotiate.ts';
import type { Tcb } from './tcb.ts';
import { timestampNow } from './timestamps.ts';

/** A cookie's counter goes on so often, ms. */
const COOKIE_PERIOD = 64_000;
/** A cookie is good in the period in which it was made and the next one: at most this long, ms. */
export const COOKIE_LIFETIME: number = 2 * COOKIE_PERIOD;

/**
 * What a peer may have announced, rounded down to what four bits can say: the sizes of Ethernet, tunnels and jumbo
 * frames, and the defaults of MUST-15. 0 stands for the least that is believed (`config.minMss`).
 */
const MSS4: readonly number[] = [
  0, 256, 512, 536, 1024, 1220, 1300, 1360, 1380, 1400, 1412, 1440, 1452, 1460, 4016, 8960,
];
const MSS6: readonly number[] = [
  0, 512, 1024, 1220, 1280, 1300, 1340, 1360, 1380, 1400, 1420, 1432, 1440, 4016, 8940, 16344,
];

// ISS: 27 bits of hash, one of the period, four of the MSS.
const MSS_BITS = 0xf;
const PERIOD_BIT = 0x10;
const HASH_BITS = ~0x1f;

// The timestamp's low bits.
const SHIFT_BITS = 0xf;
/** In the place of a window shift: no scaling. */
const NO_SCALING = 0xf;
const SACK_BIT = 0x10;
const ECN_BIT = 0x20;
const OPTION_BITS = 0x3f;
/** In the place of the timestamp's low bits: no timestamps. */
const NO_TIMESTAMPS = -1;

/**
 * Answers a SYN with a cookie. `tcb` is in LISTEN with the SYN's ends and stays there, ready for the next SYN: nothing is
 * remembered and no timer runs.
 */
export function sendCookie(tcb: Tcb, env: TcpEnv, key: Key128, segment: Segment, now: number): void {
  prepareOffer(tcb);
  takeOffer(tcb, env, segment, now);
  if (!tcb.ts.on) forgetOptions(tcb);
  const out = env.out.clear();
  writeOffer(tcb, out, true);
  out.flags |= SYN | ACK;
  out.ack = add(segment.seq, 1);
  out.window = Math.min(tcb.rcv.buffer, 65535);
  let bits = NO_TIMESTAMPS;
  if (tcb.ts.on) {
    bits = optionBits(tcb, out);
    out.tsVal = hide(bits, timestampNow(env.timestampOffset(tcb), now));
    out.tsEcr = segment.tsVal;
  }
  out.seq = cookie(key, tcb, segment.seq, Math.floor(now / COOKIE_PERIOD), mssIndex(tcb), bits);
  // The next SYN is another peer's; what this one said about time-outs its next segment says again (RFC 5482 3).
  tcb.uto = null;
  env.counters.TcpExtSyncookiesSent++;
  env.counters.TcpOutSegs++;
  env.outbox.segment(tcb, out, null, 0);
}

/**
 * Whether an ACK for a port in LISTEN brings back a cookie of ours; costs one hash.
 *
 * @param syn is filled in with the SYN that the cookie was an answer to
 */
export function readCookie(ends: Ends, env: TcpEnv, key: Key128, segment: Segment, syn: Segment, now: number): boolean {
  const iss = add(segment.ack, -1);
  const irs = add(segment.seq, -1);
  const bits = segment.timestamps ? segment.tsEcr & OPTION_BITS : NO_TIMESTAMPS;
  let period = Math.floor(now / COOKIE_PERIOD);
  if (period % 2 !== (iss & PERIOD_BIT) / PERIOD_BIT) period--;
  if (cookie(key, ends, irs, period, iss & MSS_BITS, bits) !== iss) {
    env.counters.TcpExtSyncookiesFailed++;
    return false;
  }
  syn.clear();
  syn.flags = SYN;
  syn.seq = irs;
  const mss = mssTable(ends)[iss & MSS_BITS]!;
  const most = ends.remote.family === 4 ? env.config.maxCookieMss : mss;
  syn.mss = Math.max(Math.min(mss, most), env.config.minMss);
  if (bits === NO_TIMESTAMPS) return true;
  syn.timestamps = true;
  syn.tsVal = segment.tsVal;
  syn.tsEcr = seq(0);
  if ((bits & SHIFT_BITS) !== NO_SCALING) syn.windowScale = bits & SHIFT_BITS;
  syn.sackPermitted = (bits & SACK_BIT) !== 0;
  if (bits & ECN_BIT) syn.flags |= ECE | CWR;
  return true;
}

/**
 * The connection that `segment`, an ACK with a cookie, completes: `tcb`, in LISTEN, is given `syn`, takes its SYN,ACK for
 * sent, and is given the ACK.
 */
export function acceptCookie(tcb: Tcb, env: TcpEnv, syn: Segment, segment: Segment, now: number): void {
  env.counters.TcpExtSyncookiesRecv++;
  segmentArrives(tcb, env, syn, now);
  startSequence(tcb, add(segment.ack, -1));
  tcb.snd.nxt = segment.ack;
  tcb.snd.rxt = segment.ack;
  tcb.owed.syn = false;
  if (tcb.ecn !== null) tcb.ecn.recover = tcb.snd.iss;
  // Its low bits were the cookie's, so the echo is up to 64 ms off: not a measurement.
  segment.tsEcr = seq(0);
  segmentArrives(tcb, env, segment, now);
}

/** Without timestamps there is no place to remember what else was agreed on, so nothing is. */
function forgetOptions(tcb: Tcb): void {
  tcb.scaling = false;
  tcb.rcv.shift = 0;
  tcb.sack = false;
  tcb.ecn = null;
}

/** What our SYN,ACK agrees to. */
function optionBits(tcb: Tcb, out: Segment): number {
  const shift = tcb.scaling ? tcb.snd.shift : NO_SCALING;
  return shift | (out.sackPermitted ? SACK_BIT : 0) | (out.flags & ECE ? ECN_BIT : 0);
}

/**
 * The latest timestamp not after `time` with these low bits. The clock of the connection, which has the same origin, is
 * at least there when it goes on.
 */
function hide(bits: number, time: Seq): Seq {
  const hidden = seq((time & ~OPTION_BITS) | bits);
  return diff(hidden, time) > 0 ? add(hidden, -OPTION_BITS - 1) : hidden;
}

const words = new Int32Array(12);

/** The cookie of one period: everything that must hold when it comes back is under the hash. */
function cookie(key: Key128, ends: Ends, irs: Seq, period: number, mss: number, bits: number): Seq {
  const at = putWords(words, putWords(words, 0, ends.local), ends.remote);
  words[at] = (ends.localPort << 16) | ends.remotePort;
  words[at + 1] = irs;
  words[at + 2] = period;
  words[at + 3] = (bits << 4) | mss;
  const hash = siphash(key, words, at + 4).lo & HASH_BITS;
  return seq(hash | (period % 2 === 0 ? 0 : PERIOD_BIT) | mss);
}

function mssTable(ends: Ends): readonly number[] {
  return ends.remote.family === 4 ? MSS4 : MSS6;
}

/** The largest size of the table that the peer takes. */
function mssIndex(tcb: Tcb): number {
  const table = mssTable(tcb);
  let index = table.length - 1;
  while (index > 0 && table[index]! > tcb.peerMss) index--;
  return index;
}
