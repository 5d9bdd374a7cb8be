/**
 * Owns: what a connection counts about itself, for `socket.info()` (after Linux's struct tcp_info and RFC 4898): segments
 * and octets, what sending waited for (as Linux's tcp_chrono), the delivery rate in the simple form of one sample a
 * round trip. Nothing here changes what the connection does. Every idle connection pays for `Statistics`, so what
 * most never need is in two objects that are null until then.
 */

import { diff, ge, type Seq, seq } from '../wire/seq.ts';
import type { Segment } from '../wire/tcp.ts';
import type { Tcb } from './tcb.ts';

/** Counted on every connection. */
export class Statistics {
  segsOut = 0;
  segsIn = 0;
  dataSegsOut = 0;
  dataSegsIn = 0;
  /** Octets of text: sent (again, too), acknowledged, received in order. */
  bytesSent = 0;
  bytesAcked = 0;
  bytesReceived = 0;
  /** When text last came, or the connection was established, whole ms; -1 neither. */
  dataHeard = -1;
  /** Least round-trip time ever, whole microseconds; -1 none. */
  minRtt = -1;
  /** Time with text unacknowledged, whole microseconds, without the phase that lasts. */
  busy = 0;
  /** Octets a second, and whether the application was what limited it. */
  deliveryRate = 0;
  appLimited = false;
  phase: Phase | null = null;
  rare: RareStatistics | null = null;
}

/** What most connections never see. */
export class RareStatistics {
  /** The peer's text was taken from its SYN, or all that was on ours was taken. */
  synData = false;
  /** Segments sent again, those with text among them, and its octets. */
  totalRetrans = 0;
  dataRetrans = 0;
  bytesRetrans = 0;
  /** D-SACKs received; times the path was seen to reorder; segments that left a gap. */
  dsackDups = 0;
  reordSeen = 0;
  rcvOooPack = 0;
  /** Of the busy time: held up by the peer's window, by our own send buffer, ms. */
  rwndLimited = 0;
  sndbufLimited = 0;
  /** Times in a row that our own device took nothing. */
  untaken = 0;
}

/** What sending waits for. */
export type Waiting = 'network' | 'receive-window' | 'send-buffer';

/** A time during which text is unacknowledged. */
export class Phase {
  /** Since when it waits for what, ms. */
  since: number;
  waiting: Waiting = 'network';
  /** The delivery-rate sample: SND.UNA and the time when it began (-1: none), SND.NXT then, when it will be over. */
  sampledAt = -1;
  sampleStart: Seq = seq(0);
  sampleEnd: Seq = seq(0);
  limited = false;

  constructor(now: number) {
    this.since = now;
  }
}

export function rare(tcb: Tcb): RareStatistics {
  tcb.stats.rare ??= new RareStatistics();
  return tcb.stats.rare;
}

/** How many segments one segment record stands for. */
function pieces(segment: Segment): number {
  const { segmentSize, dataLength } = segment;
  return segmentSize > 0 && dataLength > segmentSize ? Math.ceil(dataLength / segmentSize) : 1;
}

export function countOut(tcb: Tcb, segment: Segment): void {
  const { stats } = tcb;
  const count = pieces(segment);
  stats.segsOut += count;
  if (segment.dataLength === 0) return;
  stats.dataSegsOut += count;
  stats.bytesSent += segment.dataLength;
}

export function countIn(tcb: Tcb, segment: Segment, now: number): void {
  const { stats } = tcb;
  const count = pieces(segment);
  stats.segsIn += count;
  if (segment.dataLength === 0) return;
  stats.dataSegsIn += count;
  stats.dataHeard = Math.floor(now);
}

/** `length` octets of text (0 for a SYN or FIN by itself) were sent once more. */
export function countAgain(tcb: Tcb, length: number): void {
  const counts = rare(tcb);
  const count = length > tcb.snd.mss ? Math.ceil(length / tcb.snd.mss) : 1;
  counts.totalRetrans += count;
  if (length === 0) return;
  counts.dataRetrans += count;
  counts.bytesRetrans += length;
}

/** One round trip took `rtt` ms. */
export function noteRtt(tcb: Tcb, rtt: number): void {
  const { stats } = tcb;
  const least = Math.floor(rtt * 1000);
  if (stats.minRtt < 0 || least < stats.minRtt) stats.minRtt = least;
}

/** `octets` of text were acknowledged; SND.UNA is up to date. */
export function noteAcknowledged(tcb: Tcb, octets: number, now: number): void {
  const { stats, snd } = tcb;
  const { phase } = stats;
  stats.bytesAcked += octets;
  if (phase === null || phase.sampledAt < 0 || !ge(snd.una, phase.sampleEnd)) return;
  const elapsed = now - phase.sampledAt;
  phase.sampledAt = -1;
  if (elapsed <= 0) return;
  const rate = Math.floor((diff(snd.una, phase.sampleStart) * 1000) / elapsed);
  // A sample that the application kept small says something only if it is the larger one.
  if (phase.limited && rate < stats.deliveryRate) return;
  stats.deliveryRate = rate;
  stats.appLimited = phase.limited;
}

/**
 * The output pass is over and text is unacknowledged: what does sending wait for now?
 *
 * @param unsent octets of text after SND.RXT
 * @param room octets that the congestion window still allows
 */
export function notePhase(tcb: Tcb, unsent: number, room: number, now: number): void {
  const { stats, snd } = tcb;
  stats.phase ??= new Phase(now);
  const { phase } = stats;
  const flight = diff(snd.rxt, snd.una);
  let waiting: Waiting = 'network';
  if (unsent > 0) {
    if (room > 0 && Math.min(unsent, snd.mss) > snd.wnd - flight && snd.synAcked) waiting = 'receive-window';
  } else if (tcb.wantsRoom) waiting = 'send-buffer';
  else if (room >= snd.mss) phase.limited = true;
  if (waiting !== phase.waiting) {
    settle(tcb, phase, now);
    phase.waiting = waiting;
  }
  if (phase.sampledAt < 0 && flight > 0 && snd.synAcked) {
    phase.sampledAt = now;
    phase.sampleStart = snd.una;
    phase.sampleEnd = snd.nxt;
    phase.limited = unsent <= 0 && !tcb.wantsRoom && room >= snd.mss;
  }
}

/** The connection is over, or everything is acknowledged. */
export function endPhase(tcb: Tcb, phase: Phase, now: number): void {
  settle(tcb, phase, now);
  tcb.stats.phase = null;
}

/** Takes the time since the last look into the sums. */
function settle(tcb: Tcb, phase: Phase, now: number): void {
  const elapsed = now - phase.since;
  phase.since = now;
  tcb.stats.busy += Math.floor(elapsed * 1000);
  if (phase.waiting === 'receive-window') rare(tcb).rwndLimited += elapsed;
  else if (phase.waiting === 'send-buffer') rare(tcb).sndbufLimited += elapsed;
}

/** For a copy of the TCB. */
export function copyStatistics(stats: Statistics): Statistics {
  return Object.assign(new Statistics(), stats, {
    phase: stats.phase === null ? null : Object.assign(new Phase(0), stats.phase),
    rare: stats.rare === null ? null : Object.assign(new RareStatistics(), stats.rare),
  });
}
