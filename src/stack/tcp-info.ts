/**
 * Owns: what can be asked about a connection: Linux's struct tcp_info, with its names less the prefix. Made from sums
 * that are kept anyway: the window is not walked through, whatever its size.
 *
 * Times are milliseconds, sizes octets. Where Linux counts segments, as in `unacked`, octets are divided by `sndMss` and rounded
 * up, so that small segments count for less than one each.
 */

import { pacingRate, receiveWindow, type State, type Tcb, type TcpConfig, textEnd } from '../tcp/index.ts';
import { diff, lt } from '../wire/seq.ts';

/** 'cwr': the window was reduced for a sign of congestion that is not a loss; 'loss': after a retransmission time-out. */
export type CongestionState = 'open' | 'disorder' | 'cwr' | 'recovery' | 'loss';

/** What the SYNs agreed on. */
export interface TcpInfoOptions {
  readonly timestamps: boolean;
  readonly sack: boolean;
  readonly wscale: boolean;
  /** Explicit congestion notification; and a segment of the peer's could be marked, so the path leaves the field alone. */
  readonly ecn: boolean;
  readonly ecnSeen: boolean;
  /** Text on the SYN was taken (Fast Open). */
  readonly synData: boolean;
}

/** A snapshot. Times in ms, sizes in octets unless said otherwise. */
export interface TcpInfo {
  readonly state: State;
  readonly caState: CongestionState;
  /** Time-outs since something new was acknowledged. */
  readonly retransmits: number;
  /** Keep-alives and window probes that nothing has answered, and attempts to send that our own device did not take. */
  readonly probes: number;
  /** How often the next time-out has been doubled. */
  readonly backoff: number;
  readonly options: TcpInfoOptions;
  /** Window shifts: the peer's, ours. */
  readonly sndWscale: number;
  readonly rcvWscale: number;
  /** Whether the application, not the network, limited `deliveryRate`. */
  readonly deliveryRateAppLimited: boolean;
  /** Retransmission time-out before back-off; longest delay of an ACK. */
  readonly rto: number;
  readonly ato: number;
  /** Text of our largest segment; of the peer's largest one so far, or a cautious guess. */
  readonly sndMss: number;
  readonly rcvMss: number;
  /** Segments: not acknowledged; of these SACKed; taken for lost, sent again or not; sent again and not known to have arrived. */
  readonly unacked: number;
  readonly sacked: number;
  readonly lost: number;
  readonly retrans: number;
  /** The same as `unacked` in octets. */
  readonly unackedBytes: number;
  /** ms ago: text sent, text received (of both ESTABLISHED, where none was), any segment received. */
  readonly lastDataSent: number;
  readonly lastDataRecv: number;
  readonly lastAckRecv: number;
  /** Path MTU. */
  readonly pmtu: number;
  /** The largest window that is offered. */
  readonly rcvSsthresh: number;
  /** Smoothed round-trip time, -1 before the first measurement; its variation; the least ever seen, -1 for none. */
  readonly rtt: number;
  readonly rttvar: number;
  readonly minRtt: number;
  /** Slow-start threshold (`Infinity` before the first loss) and congestion window; the latter in segments too. */
  readonly sndSsthresh: number;
  readonly sndCwnd: number;
  readonly sndCwndSegments: number;
  /** The MSS that we announced. */
  readonly advmss: number;
  /** Duplicate ACKs that are taken for a loss, or by how many segments the path was seen to reorder, if that is more. */
  readonly reordering: number;
  /** Room of the receive buffer. */
  readonly rcvSpace: number;
  /** Segments, SYN and FIN included, sent again in all, and the octets of their text. */
  readonly totalRetrans: number;
  readonly bytesRetrans: number;
  /** Octets of text: sent (again, too), acknowledged, received in order, written and never sent, received and not read. */
  readonly bytesSent: number;
  readonly bytesAcked: number;
  readonly bytesReceived: number;
  readonly notsentBytes: number;
  readonly unreadBytes: number;
  /** Segments: all, and those with text. */
  readonly segsOut: number;
  readonly segsIn: number;
  readonly dataSegsOut: number;
  readonly dataSegsIn: number;
  /** Octets a second, of the last round trip that says something; 0 before the first. */
  readonly deliveryRate: number;
  /** Octets a second at which text leaves; `Infinity` where it is not paced. */
  readonly pacingRate: number;
  /** Time with text unacknowledged; of that held up by the peer's window; by our send buffer. */
  readonly busyTime: number;
  readonly rwndLimited: number;
  readonly sndbufLimited: number;
  /** Segments with text that have arrived, as far as is known. */
  readonly delivered: number;
  /** ACKs that echoed a congestion mark. */
  readonly deliveredCe: number;
  /** D-SACKs received; times the path was seen to reorder; segments that came ahead of a gap. */
  readonly dsackDups: number;
  readonly reordSeen: number;
  readonly rcvOooPack: number;
  /** The peer's window, and ours as it was last offered. */
  readonly sndWnd: number;
  readonly rcvWnd: number;
}

export function tcpInfo(tcb: Tcb, config: TcpConfig, now: number): TcpInfo {
  const { snd, rcv, rtt, cc, board, stats } = tcb;
  const { rare, phase } = stats;
  const unackedBytes = diff(snd.nxt, snd.una);
  const segments = (octets: number): number => Math.ceil(octets / snd.mss);
  const sacked = board === null ? 0 : board.sackedSegments;
  const probing = tcb.timers.persist !== Infinity && snd.wnd === 0;
  const running = phase === null ? 0 : now - phase.since;
  return {
    state: tcb.state,
    caState: congestionState(tcb),
    retransmits: probing ? 0 : rtt.backoff,
    probes: tcb.keepAlives + (probing ? rtt.backoff : 0) + (tcb.probedAt >= 0 ? (rare?.untaken ?? 0) : 0),
    backoff: rtt.backoff,
    options: {
      timestamps: tcb.ts.on,
      sack: tcb.sack,
      wscale: tcb.scaling,
      ecn: tcb.ecn !== null,
      ecnSeen: tcb.ecn?.seen ?? false,
      synData: rare?.synData ?? false,
    },
    sndWscale: snd.shift,
    rcvWscale: rcv.shift,
    deliveryRateAppLimited: stats.appLimited,
    rto: rtt.rto,
    ato: config.delayedAck,
    sndMss: snd.mss,
    rcvMss: rcv.largest > 0 ? rcv.largest : Math.min(rcv.mss, 536),
    unacked: segments(unackedBytes),
    sacked,
    lost: segments(board === null ? 0 : board.marked),
    retrans: segments(resentOctets(tcb)),
    unackedBytes,
    lastDataSent: Math.floor(now - cc.lastSent),
    lastDataRecv: stats.dataHeard < 0 ? -1 : Math.max(now - stats.dataHeard, 0),
    lastAckRecv: Math.max(Math.floor(now - tcb.lastHeard), 0),
    pmtu: tcb.mtu,
    rcvSsthresh: rcv.buffer,
    rtt: rtt.srtt,
    rttvar: rtt.rttvar,
    minRtt: stats.minRtt < 0 ? -1 : stats.minRtt / 1000,
    sndSsthresh: cc.ssthresh,
    sndCwnd: cc.cwnd,
    sndCwndSegments: Math.floor(cc.cwnd / snd.mss),
    advmss: rcv.mss,
    reordering: Math.max(config.duplicateThreshold, tcb.reordering),
    rcvSpace: Math.max(rcv.buffer - rcv.text.length, 0),
    totalRetrans: rare?.totalRetrans ?? 0,
    bytesRetrans: rare?.bytesRetrans ?? 0,
    bytesSent: stats.bytesSent,
    bytesAcked: stats.bytesAcked,
    bytesReceived: stats.bytesReceived,
    notsentBytes: snd.text.length === 0 ? 0 : Math.max(diff(textEnd(tcb), snd.nxt), 0),
    unreadBytes: rcv.text.length,
    segsOut: stats.segsOut,
    segsIn: stats.segsIn,
    dataSegsOut: stats.dataSegsOut,
    dataSegsIn: stats.dataSegsIn,
    deliveryRate: stats.deliveryRate,
    pacingRate: 1000 * pacingRate(tcb),
    busyTime: stats.busy / 1000 + running,
    rwndLimited: (rare?.rwndLimited ?? 0) + (phase?.waiting === 'receive-window' ? running : 0),
    sndbufLimited: (rare?.sndbufLimited ?? 0) + (phase?.waiting === 'send-buffer' ? running : 0),
    deliveredCe: tcb.ecn?.echoes ?? 0,
    delivered: Math.max(stats.dataSegsOut - (rare?.dataRetrans ?? 0) - segments(textOutstanding(tcb)) + sacked, 0),
    dsackDups: rare?.dsackDups ?? 0,
    reordSeen: rare?.reordSeen ?? 0,
    rcvOooPack: rare?.rcvOooPack ?? 0,
    sndWnd: snd.wnd,
    rcvWnd: receiveWindow(tcb),
  };
}

function congestionState({ snd, rtt, cc, board, ecn }: Tcb): CongestionState {
  if (cc.recovering) return 'recovery';
  if (rtt.backoff > 0 || lt(snd.una, cc.recover)) return 'loss';
  if (ecn !== null && ecn.echoes > 0 && lt(snd.una, ecn.recover)) return 'cwr';
  return cc.duplicates > 0 || (board !== null && board.sackedSegments > 0) ? 'disorder' : 'open';
}

/** What is not acknowledged, SYN and FIN left out. */
function textOutstanding({ snd }: Tcb): number {
  const flight = diff(snd.nxt, snd.una);
  return flight === 0 ? 0 : flight - (snd.finSent ? 1 : 0) - (snd.synAcked ? 0 : 1);
}

/** Octets sent again that nothing has been heard of since. */
function resentOctets({ snd, board, cc }: Tcb): number {
  if (board !== null) return board.resentOctets;
  if (lt(snd.rxt, snd.nxt)) return diff(snd.rxt, snd.una);
  return cc.recovering ? Math.min(diff(snd.nxt, snd.una), snd.mss) : 0;
}
