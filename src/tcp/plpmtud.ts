/**
 * Owns: the search for the path MTU without help from ICMP (RFC 4821; names and bounds of RFC 8899 where they fit TCP): a
 * black hole is suspected after time-outs of large segments, the size falls to one that passes nearly everywhere, and
 * probes, one larger segment of real text each, find the largest that arrives. What a probe is made of goes out by
 * `output.ts`; that it is lost is found out by `sack.ts` or `recovery.ts`, and is no sign of congestion.
 *
 * Sizes are octets of whole IP packets. What ICMP says still holds at once (`pathmtu.ts`) and bounds the search.
 */

import { add, diff, ge, type Seq, seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import { updateSegmentSize } from './negotiate.ts';
import type { Scoreboard } from './scoreboard.ts';
import type { Tcb } from './tcb.ts';

/** When sizes are searched for: never; once a black hole is suspected; from the start, beginning small. */
export type MtuProbing = 'off' | 'black-hole' | 'always';

/** A search that goes on, or has ended below what the path MTU is said to be. Null on connections without trouble. */
export class MtuSearch {
  /** The largest that has arrived, or that is supposed to. */
  low: number;
  /** The size in use: `low`, unless the search goes on below what the path is said to carry (`config.searchWhileFull`). */
  inUse: number;
  /** The largest that may still turn out to arrive. */
  high: number;
  /** `high` itself is tried first: the trouble may have been something else, or has passed. */
  fromTop = true;
  /** Probes of the size that was tried last which were lost. */
  failures = 0;
  /** The probe that is out: its size, 0 for none; where its text lies. The text is remembered until it is sent again. */
  size = 0;
  start: Seq = seq(0);
  end: Seq = seq(0);
  /** No probe leaves before, ms. */
  notBefore = 0;

  constructor(low: number, high: number, inUse: number = low) {
    this.low = low;
    this.high = high;
    this.inUse = inUse;
  }
}

/** A search has ended when less than this is left between what arrives and what does not (as Linux's tcp_probe_threshold). */
const ACCURACY = 8;
/**
 * Probes of one size that are lost before it is taken for too large. DEVIATION: RFC 8899 5.1.2 says MAX_PROBES is 3; with
 * SACK a loss is seen in a round trip, and two of them by chance are seldom.
 */
const MAX_PROBES = 2;
/** Congestion windows below so many segments are not burdened with probes (RFC 4821 7.4). */
const LEAST_WINDOW = 11;
/** IPv6 paths carry this much (RFC 8200 5). */
const MIN_MTU6 = 1280;

/** Octets of an IP packet with `mss` octets of options and text. */
function packetSize(tcb: Tcb, mss: number): number {
  return mss + tcb.ipHeader + 20;
}

/** Options of both headers on every segment with text. */
function optionOctets(tcb: Tcb): number {
  return (tcb.ts.on ? 12 : 0) + tcb.ipOptions;
}

/** The largest size that may be tried. */
function ceiling(tcb: Tcb): number {
  return Math.min(tcb.mtu, packetSize(tcb, tcb.peerMss));
}

/** ESTABLISHED: a connection that always searches begins with the base size. */
export function startSearch(tcb: Tcb, env: TcpEnv): void {
  if (tcb.options.mtuProbing !== 'always') return;
  const base = baseSize(tcb, env);
  if (base >= ceiling(tcb)) return;
  tcb.search = new MtuSearch(base, ceiling(tcb));
  if (env.config.searchWhileFull) {
    tcb.search.inUse = ceiling(tcb);
    tcb.search.fromTop = false;
  }
  updateSegmentSize(tcb);
}

/** The path carries more than it did. */
export function raiseCeiling(tcb: Tcb, search: MtuSearch): void {
  search.high = ceiling(tcb);
}

function baseSize(tcb: Tcb, env: TcpEnv): number {
  const base = packetSize(tcb, env.config.baseMss);
  return tcb.ipHeader === 40 ? Math.max(base, MIN_MTU6) : base;
}

/**
 * The retransmission timer has fired: after several in a row about a segment larger than the base size, segments shrink to
 * that; if that does not help, by halves (RFC 4821 7.7).
 */
export function suspectBlackHole(tcb: Tcb, env: TcpEnv): void {
  cancelProbe(tcb);
  const { snd, board } = tcb;
  if (tcb.options.mtuProbing === 'off' || !snd.synAcked) return;
  const oldest = board !== null && board.length > 0 ? board.size(0) : diff(snd.nxt, snd.una);
  const size = packetSize(tcb, Math.min(oldest, snd.mss) + optionOctets(tcb));
  const now = tcb.search?.low ?? ceiling(tcb);
  const base = baseSize(tcb, env);
  // Of the base size and less another reason is more likely: twice the patience.
  const patience = env.config.blackHoleTimeouts * (now > base ? 1 : 2);
  if (tcb.rtt.backoff + 1 < patience) return;
  const floor = tcb.ipHeader === 40 ? MIN_MTU6 : packetSize(tcb, env.config.probeFloor);
  const half = packetSize(tcb, Math.floor((now - tcb.ipHeader - 20) / 2));
  const smaller = Math.max(now > base ? base : half, floor);
  if (size <= smaller || smaller >= now) return;
  env.counters.TcpBlackHoles++;
  tcb.search = new MtuSearch(smaller, Math.max(tcb.search?.high ?? 0, now));
  updateSegmentSize(tcb);
}

/** Nothing can be sent as a probe now; hold back what is new until it can; else the octets of text of the probe. */
export const NO_PROBE = 0;
export const WAIT_FOR_PROBE = -1;

/**
 * May a probe be sent, and how large? Enough must follow it that its loss shows without a time-out (RFC 4821 7.4).
 *
 * @param unsent octets of text after SND.NXT
 * @param room octets that the congestion window allows
 */
export function nextProbe(tcb: Tcb, env: TcpEnv, search: MtuSearch, unsent: number, room: number, now: number): number {
  const { snd, cc, board } = tcb;
  if (search.start !== search.end || now < search.notBefore || snd.rxt !== snd.nxt) return NO_PROBE;
  if (cc.recovering || tcb.rtt.backoff > 0 || cc.duplicates > 0 || !ge(snd.una, cc.recover)) return NO_PROBE;
  if (board !== null && (board.sackedSegments > 0 || board.lost > 0)) return NO_PROBE;
  if (cc.cwnd < LEAST_WINDOW * snd.mss) return NO_PROBE;
  const size = candidate(tcb, env, search, now);
  if (size === 0) return NO_PROBE;
  const text = size - packetSize(tcb, optionOctets(tcb));
  const needed = text + (env.config.duplicateThreshold + 1) * snd.mss;
  if (text <= snd.mss || unsent < needed || snd.wnd < needed) return NO_PROBE;
  const flight = diff(snd.nxt, snd.una);
  if (room < text || snd.wnd - flight < needed) return flight > 0 ? WAIT_FOR_PROBE : NO_PROBE;
  return text;
}

/** The size to try next; 0 when the search is over for now. */
function candidate(tcb: Tcb, env: TcpEnv, search: MtuSearch, now: number): number {
  search.high = Math.min(search.high, ceiling(tcb));
  if (search.high - search.low >= ACCURACY || (search.fromTop && search.high > search.low)) {
    return search.fromTop ? search.high : search.low + Math.ceil((search.high - search.low) / 2);
  }
  // The path may come to carry more (RFC 4821 7.3: ten minutes).
  search.notBefore = now + env.config.probeInterval;
  search.high = ceiling(tcb);
  search.fromTop = true;
  search.failures = 0;
  return 0;
}

/** `length` octets of text have left as a probe from `start`. */
export function probeLeft(tcb: Tcb, search: MtuSearch, start: Seq, length: number): void {
  search.size = packetSize(tcb, length + optionOctets(tcb));
  search.start = start;
  search.end = add(start, length);
}

/** What begins at `from` is the probe: one segment, however long. */
export function isProbe({ search }: Tcb, from: Seq): boolean {
  return search !== null && search.size > 0 && search.start === from;
}

/** SND.UNA has moved: has the probe arrived? */
export function probeAcknowledged(tcb: Tcb, env: TcpEnv, search: MtuSearch): void {
  if (search.start === search.end || !ge(tcb.snd.una, search.end)) return;
  search.start = search.end;
  if (search.size === 0) return; // in pieces
  env.counters.TcpExtTCPMTUPSuccess++;
  search.low = search.size;
  search.inUse = search.size;
  search.size = 0;
  search.failures = 0;
  if (search.low >= ceiling(tcb)) tcb.search = null;
  updateSegmentSize(tcb);
}

/** The probe is lost: it was too large, or had bad luck. Its text is sent again as ordinary segments. */
export function probeFailed(env: TcpEnv, search: MtuSearch): void {
  if (search.size === 0) return;
  env.counters.TcpExtTCPMTUPFail++;
  if (++search.failures >= MAX_PROBES) {
    search.high = search.size - 1;
    search.fromTop = false;
    search.failures = 0;
  }
  search.size = 0;
}

/** Other things were lost too, or the text is about to be sent again for another reason: the probe says nothing. */
export function cancelProbe(tcb: Tcb): void {
  const { search } = tcb;
  if (search === null) return;
  search.size = 0;
  search.start = search.end;
}

/** With SACK: is the probe all that is lost? Then that is no sign of congestion (RFC 4821 7.5), and the probe has failed. */
export function onlyProbeLost(env: TcpEnv, search: MtuSearch, board: Scoreboard): boolean {
  if (search.start === search.end) return false;
  if (board.lostBetween(search.start, search.end) < board.lost) return false;
  probeFailed(env, search);
  return true;
}
