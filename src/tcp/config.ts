/**
 * Owns: every default and bound of the engine, by name. Durations are milliseconds, sizes octets.
 */

import type { MtuProbing } from './plpmtud.ts';

/** What holds for every connection of a host. */
export interface TcpConfig {
  /**
   * RTO before the first measurement (RFC 6298 2.1).
   */
  readonly initialRto: number;
  /**
   * Least patience beyond SRTT, and so least RTO. DEVIATION: RFC 6298 2.4 says an RTO of 1 s at least (SHOULD); every deployed
   * stack uses less, because a delayed ACK is at most 500 ms late by rule and 40 ms in practice, and a second of silence
   * after a lost tail is what users notice. It is a margin and not only a bound, because with every ACK measured RTTVAR of a
   * steady path comes to nothing, and any hiccup of a long one would be a time-out.
   */
  readonly minRto: number;
  /** Largest RTO after back-off; at least 60 s (RFC 6298 2.5), less only on networks of one's own. */
  readonly maxRto: number;
  /** Retransmissions of one segment after which the IP layer is advised and the user told (RFC 9293 3.8.3 R1; SHLD-10). */
  readonly r1: number;
  /** How long a segment may stay unacknowledged before the connection is given up (RFC 9293 3.8.3 R2; SHLD-11). */
  readonly r2: number;
  /** Limits of the R2 that follows from a peer's wish (RFC 5482 3.1 L_LIMIT: at least 100 s, and U_LIMIT). */
  readonly minUserTimeout: number;
  readonly maxUserTimeout: number;
  /** The same for a SYN; at least 3 minutes (MUST-23). */
  readonly synR2: number;
  /** So many repetitions of our SYN come at even intervals before they become rarer. */
  readonly evenSyns: number;
  /** R2 of a connection whose application has gone. */
  readonly orphanR2: number;
  /** How long an ACK of in-order text may wait for company; under 500 ms (MUST-40, SHLD-18). */
  readonly delayedAck: number;
  /** ACKs that go at once when text begins to flow, until it is answered with text (`quickack.ts`); 0 for none. */
  readonly quickAcks: number;
  /** The first window that is offered is a multiple of the MSS, so that no rest of it waits for a small segment. */
  readonly wholeSegmentWindow: boolean;
  /**
   * Text that begins in the window and ends beyond it is taken whole, where nothing waits to be read: it has come, and to drop
   * it would have it sent again. Where something does wait it is dropped whole. A FIN at the end of the window is taken.
   * Otherwise what lies beyond the window is cut off (RFC 9293 3.10.7.4).
   */
  readonly takeBeyondWindow: boolean;
  /** What a zero-window probe carries: an octet of text (RFC 9293 3.8.6.1), or nothing, at a number already acknowledged. */
  readonly windowProbe: 'octet' | 'empty';
  /** What was received in order before a connection failed can still be read. RFC 9293 3.10.7.4 flushes it. */
  readonly readAfterFailure: boolean;
  /**
   * Any ICMP error ends a connection that is being opened (RFC 5461 4.1), a listener's too. Otherwise only a hard one does, and
   * only our own open.
   */
  readonly errorsEndOpening: boolean;
  /** Greatest interval between zero-window probes. */
  readonly maxPersist: number;
  /**
   * Maximum Segment Lifetime. TIME-WAIT lasts twice as long. DEVIATION: RFC 9293 3.4.2 names two minutes; 30 s gives
   * the 60 s that Linux keeps, and no path of today holds a packet for longer.
   */
  readonly msl: number;
  /** How long FIN-WAIT-2 waits for a FIN once the application has gone; the RFC sets no limit. */
  readonly finWait2: number;
  /** Least time between challenge ACKs, and between ACKs of out-of-window segments without text (RFC 5961 7). */
  readonly challengeInterval: number;
  /** Ranges of out-of-order text kept at most for one connection; fewer where the receive buffer is small. */
  readonly maxReorderRanges: number;
  /** Octets that the buffers of all connections may hold together before they stop growing. */
  readonly maxBufferMemory: number;
  /** Initial congestion window in segments (RFC 6928). */
  readonly initialWindow: number;
  /** Duplicate ACKs that start a fast retransmit (RFC 5681 3.2). */
  readonly duplicateThreshold: number;
  /**
   * With fewer than four segments outstanding and nothing to follow, all but one of which are SACKed, the rest is lost 'at-once'
   * (RFC 5827); 'delayed': an ACK that comes while reordering is suspected restarts the wait. 'off': RACK's rules, which wait a
   * quarter of a round trip in all.
   */
  readonly earlyRetransmit: 'off' | 'at-once' | 'delayed';
  /** A silent tail is asked about (RFC 8985 7). */
  readonly tailLossProbe: boolean;
  /** The congestion window begins anew after silence (RFC 5681 4.1). */
  readonly restartAfterIdle: boolean;
  /** Segments without timestamps are dropped where these were agreed on (RFC 7323 3.2); Linux takes them. */
  readonly requireTimestamps: boolean;
  /** Least MSS believed when a peer announces one (CVE-2019-11479). */
  readonly minMss: number;
  /** Largest MSS over IPv4 of a connection that a SYN cookie made. */
  readonly maxCookieMss: number;
  /** MSS that a black hole is answered with, and that a search from the start begins with (RFC 4821 7.2: 1024). */
  readonly baseMss: number;
  /**
   * Least MSS that a search goes down to, over IPv4; IPv6 paths carry 1280 octets. Nothing today carries less than this, and a
   * path that merely loses much would be made worse by smaller segments.
   */
  readonly probeFloor: number;
  /**
   * A search from the start uses the segments that the path is said to carry meanwhile, and probes between `baseMss` and the
   * most; otherwise it begins with segments of `baseMss` (RFC 4821 7.2).
   */
  readonly searchWhileFull: boolean;
  /** Time after which a search that has ended is begun anew (RFC 4821 7.3). */
  readonly probeInterval: number;
  /** Time-outs in a row of a large segment after which a black hole is suspected. */
  readonly blackHoleTimeouts: number;
  /**
   * Text leaves in bursts that end with PSH, and Nagle's rule is Minshall's (`bursts.ts`), as in stacks with segmentation
   * offload. Otherwise PSH stands at the end of what was written (MUST-61).
   */
  readonly pushBursts: boolean;
  /** Segments of such a burst at least, as far as the windows allow. */
  readonly minBurst: number;
  /** Octets of the send buffer that such a burst takes besides its text. */
  readonly burstOverhead: number;
}

export const defaultTcpConfig: TcpConfig = {
  initialRto: 1000,
  minRto: 200,
  maxRto: 120_000,
  r1: 3,
  r2: 900_000,
  minUserTimeout: 100_000,
  maxUserTimeout: 3_600_000,
  synR2: 180_000,
  evenSyns: 0,
  orphanR2: 100_000,
  delayedAck: 40,
  quickAcks: 0,
  wholeSegmentWindow: false,
  takeBeyondWindow: false,
  windowProbe: 'octet',
  readAfterFailure: false,
  errorsEndOpening: false,
  maxPersist: 60_000,
  msl: 30_000,
  finWait2: 60_000,
  challengeInterval: 500,
  maxReorderRanges: 131_072,
  maxBufferMemory: 256 * 1024 * 1024,
  initialWindow: 10,
  duplicateThreshold: 3,
  earlyRetransmit: 'off',
  tailLossProbe: true,
  restartAfterIdle: true,
  requireTimestamps: true,
  minMss: 88,
  maxCookieMss: 65_535,
  baseMss: 1024,
  probeFloor: 512,
  searchWhileFull: false,
  probeInterval: 600_000,
  blackHoleTimeouts: 2,
  pushBursts: false,
  minBurst: 2,
  burstOverhead: 0,
};

/** What one connection may choose. */
export interface TcpOptions {
  /**
   * Octets that may wait to be read, the offered window: to begin with, and at most. One that is given without the most is
   * both. The window shift of the SYN follows from the most.
   */
  readonly receiveBuffer: number;
  readonly receiveBufferMax: number;
  /** Octets that may wait to be acknowledged, likewise. */
  readonly sendBuffer: number;
  readonly sendBufferMax: number;
  /** While so many octets are unsent SEND takes no more; there is room again below half of it. `Infinity` for no bound. */
  readonly unsentLow: number;
  /** Do not hold small segments back while others are unacknowledged (MUST-17). */
  readonly noDelay: boolean;
  /** Probe an idle peer (MUST-24, MUST-25, MAY-5). */
  readonly keepAlive: boolean;
  /** Silence before the first keep-alive, ms (MUST-27, MUST-28). */
  readonly keepAliveIdle: number;
  /** Time between unanswered keep-alives, ms. */
  readonly keepAliveInterval: number;
  /** Unanswered keep-alives after which the connection is given up (MUST-29). */
  readonly keepAliveProbes: number;
  /** Keep-alives carry one octet of no meaning, for old peers that do not answer without (MAY-6). */
  readonly keepAliveGarbage: boolean;
  /** R2 of this connection, ms (`Infinity` allowed, MUST-21), or null for the host's. */
  readonly userTimeout: number | null;
  /** R2 of this connection's SYN, ms, or null for the host's (which `userTimeout` replaces too). */
  readonly synTimeout: number | null;
  /**
   * Use the User Timeout option (RFC 5482): tell the peer of R2 (true), or of so many ms, and follow its wish unless
   * `userTimeout` is set.
   */
  readonly userTimeoutOption: boolean | number;
  /**
   * After CLOSE: ms until the connection is aborted if not everything is acknowledged; 0 at once; null goes on until R2.
   */
  readonly linger: number | null;
  /** Offer timestamps (RFC 7323 3). */
  readonly timestamps: boolean;
  /** Offer window scaling (RFC 7323 2). */
  readonly windowScaling: boolean;
  /** Offer selective acknowledgment (RFC 2018). */
  readonly sack: boolean;
  /**
   * Explicit congestion notification (RFC 3168): never; where the peer asks for it; or asked for. A network that drops
   * the request costs one repetition of the SYN.
   */
  readonly ecn: 'off' | 'accept' | 'request';
  /**
   * Active OPEN by fast open (RFC 7413): with a cookie of the peer's the first text goes with the SYN, else one is asked
   * for. Only for what may be delivered twice. 'without-cookie': text goes with the SYN in any case, to a peer that is known to
   * take it so.
   */
  readonly fastOpen: boolean | 'without-cookie';
  /** Largest MSS to announce, and largest segment to send; null for what the path allows. */
  readonly maxSegment: number | null;
  /** Whether the path MTU is searched for by probes (RFC 4821). */
  readonly mtuProbing: MtuProbing;
  /** Initial congestion window in segments, or null for the host's (`config.tcp.initialWindow`). */
  readonly initialWindow: number | null;
  /** TTL or hop limit (MUST-49). */
  readonly ttl: number;
  /** Differentiated services code point, 0 .. 63 (MUST-48). */
  readonly dscp: number;
  /** Spread what the window allows over the round trip, instead of sending it at once. */
  readonly pacing: boolean;
  /** The name of a congestion controller. */
  readonly congestion: string;
}

export const defaultTcpOptions: TcpOptions = {
  receiveBuffer: 512 * 1024,
  receiveBufferMax: 65_535 * 1024, // what a window field with a shift of 10 can say
  sendBuffer: 512 * 1024,
  sendBufferMax: 65_535 * 1024,
  unsentLow: Infinity,
  noDelay: false,
  keepAlive: false,
  keepAliveIdle: 7_200_000,
  keepAliveInterval: 75_000,
  keepAliveProbes: 9,
  keepAliveGarbage: false,
  userTimeout: null,
  synTimeout: null,
  userTimeoutOption: false,
  linger: null,
  timestamps: true,
  windowScaling: true,
  sack: true,
  ecn: 'accept',
  fastOpen: false,
  maxSegment: null,
  mtuProbing: 'black-hole',
  initialWindow: null,
  ttl: 64,
  dscp: 0,
  pacing: false,
  congestion: 'cubic',
};
