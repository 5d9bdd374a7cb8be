/**
 * Owns: what two SYNs agree on: MSS (RFC 9293 3.7.1), window scaling and timestamps (RFC 7323), selective
 * acknowledgment (RFC 2018), and the segment size that follows.
 */

import { ABSENT, type Segment } from '../wire/tcp.ts';
import { offerEcn, takeEcnOffer } from './ecn.ts';
import type { TcpEnv } from './env.ts';
import type { Tcb } from './tcb.ts';
import { prepareUserTimeout, takeUserTimeout } from './usertimeout.ts';
import { shiftFor } from './window.ts';

const TCP_HEADER = 20;
const TIMESTAMPS_LENGTH = 12;

/** The MSS assumed when the peer announces none (MUST-15). */
export function defaultMss(ipHeader: 20 | 40): number {
  return ipHeader === 20 ? 536 : 1220;
}

/** The MSS we announce (MUST-67, SHLD-6): what fits the path's MTU, or less if the user says so. */
export function announcedMss(tcb: Tcb): number {
  const fits = tcb.mtu - tcb.ipHeader - TCP_HEADER;
  return tcb.options.maxSegment === null ? fits : Math.min(fits, tcb.options.maxSegment);
}

/** Before the first SYN: what this side would like. */
export function prepareOffer(tcb: Tcb): void {
  tcb.peerMss = defaultMss(tcb.ipHeader);
  tcb.rcv.mss = announcedMss(tcb);
  prepareUserTimeout(tcb);
  tcb.rcv.shift = tcb.options.windowScaling ? shiftFor(tcb.options.receiveBufferMax) : 0;
}

/** Writes our offer into a SYN, MSS always (MUST-14, MUST-65, SHLD-5, MAY-3); a SYN,ACK answers only what the peer offered (RFC 7323 1.3, RFC 2018 2). */
export function writeOffer(tcb: Tcb, out: Segment, answering: boolean): void {
  out.mss = tcb.rcv.mss;
  if (answering ? tcb.scaling : tcb.options.windowScaling) out.windowScale = tcb.rcv.shift;
  out.sackPermitted = answering ? tcb.sack : tcb.options.sack;
  out.timestamps = answering ? tcb.ts.on : tcb.options.timestamps;
  offerEcn(tcb, out, answering);
}

/** Takes the peer's SYN: what it offered and we want holds from now on. */
export function takeOffer(tcb: Tcb, env: TcpEnv, segment: Segment, now: number): void {
  if (segment.mss !== ABSENT) {
    tcb.peerMss = Math.max(segment.mss, env.config.minMss);
    if (segment.mss < env.config.minMss) env.counters.TcpOddOptions++;
  }
  tcb.scaling = segment.windowScale !== ABSENT && tcb.options.windowScaling;
  tcb.snd.shift = tcb.scaling ? Math.min(segment.windowScale, 14) : 0;
  if (!tcb.scaling) tcb.rcv.shift = 0;
  tcb.sack = segment.sackPermitted && tcb.options.sack;
  tcb.ts.on = segment.timestamps && tcb.options.timestamps;
  takeEcnOffer(tcb, segment);
  prepareUserTimeout(tcb);
  takeUserTimeout(tcb, env, segment);
  if (tcb.ts.on) {
    tcb.ts.recent = segment.tsVal;
    tcb.ts.recentAt = Math.floor(now);
  }
  updateSegmentSize(tcb);
}

/** Eff.snd.MSS (RFC 9293 3.7.1, MUST-16): the smaller of what the peer takes and what the path carries (as far
 * as is said, or known by probes), less options. */
export function updateSegmentSize(tcb: Tcb): void {
  const mtu = tcb.search === null ? tcb.mtu : Math.min(tcb.mtu, tcb.search.inUse);
  const fits = mtu - tcb.ipHeader - TCP_HEADER;
  const options = tcb.ts.on ? TIMESTAMPS_LENGTH : 0;
  const wanted = tcb.options.maxSegment ?? Infinity;
  tcb.snd.mss = Math.max(Math.min(tcb.peerMss, fits, wanted) - options - tcb.ipOptions, 8);
}
