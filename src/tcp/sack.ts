/**
 * Owns: loss recovery with selective acknowledgments: what an ACK with its SACK blocks says (RFC 2018, RFC 2883, RFC 6675),
 * which segments are lost (RACK, RFC 8985 6), the probe of a lost tail (TLP, RFC 8985 7), and how much may be sent while
 * recovering (PRR, RFC 9937). The books are the scoreboard's; window sizes are the congestion controller's. Without
 * SACK `recovery.ts` does all this by duplicate ACKs.
 */

import { diff, ge, gt, le, lt, type Seq, seq } from '../wire/seq.ts';
import type { Segment } from '../wire/tcp.ts';
import { windowReduced } from './ecn.ts';
import type { TcpEnv } from './env.ts';
import { cancelProbe, onlyProbeLost } from './plpmtud.ts';
import type { Rack } from './rack.ts';
import { controllerOf, flightSize, tellController, traceCongestion } from './recovery.ts';
import { Scoreboard } from './scoreboard.ts';
import { noteRtt, rare } from './statistics.ts';
import { type Tcb, textEnd } from './tcb.ts';
import { setTimer, stopTimer } from './timers.ts';
import { timestampNow } from './timestamps.ts';
import { beforeReduction, forwardRto, reductionWasNeedless, resentArrivedTwice, type Verdict } from './undo.ts';

/** Segments, or one probe of a larger size, have been sent for the first time: `length` octets, the FIN counted as one. */
export function noteSent(tcb: Tcb, env: TcpEnv, start: Seq, length: number, now: number, probe = false): void {
  if (!tcb.sack) return;
  if (tcb.board === null) {
    tcb.board = env.boards.pop() ?? new Scoreboard();
    tcb.board.rack.dsackRound = tcb.snd.una;
  }
  tcb.board.push(start, length, tcb.snd.mss, now, probe);
  if (tcb.cc.recovering) tcb.board.rack.prrOut += length;
}

/** Nothing is outstanding: the board goes back. */
export function dropBoard(tcb: Tcb, env: TcpEnv): void {
  if (tcb.board === null) return;
  tcb.board.clear();
  if (env.boards.length < BOARDS_KEPT) env.boards.push(tcb.board);
  tcb.board = null;
}

/** Boards kept for reuse by the connections of a host. */
const BOARDS_KEPT = 256;

/**
 * An acceptable ACK, or a duplicate with SACK blocks; SND.UNA is up to date. `flight` octets were outstanding before;
 * `advanced`: SND.UNA moved.
 */
export function acknowledgedWithSack(
  tcb: Tcb,
  env: TcpEnv,
  segment: Segment,
  flight: number,
  advanced: boolean,
  now: number,
): void {
  const { board, cc, snd } = tcb;
  if (board === null) {
    // Everything has arrived, some of it perhaps twice.
    if (takeBlocks(tcb, env, null, segment, now)) judgeReduction(tcb, env, segment, advanced, true, now);
    return;
  }
  const { rack } = board;
  const recovering = board.length > 0 && lt(board.start(0), cc.recover);
  board.begin();
  const earliest = now - Math.max(rack.minRtt >= 0 ? rack.minRtt : tcb.rtt.srtt, 0) + ROUNDING;
  board.acknowledge(snd.una, Math.min(earliest, latestEchoed(tcb, segment, now)));
  const duplicate = takeBlocks(tcb, env, board, segment, earliest);
  const wider = duplicate && duplicateReported(tcb, board);
  const verdict = judgeReduction(tcb, env, segment, advanced, duplicate, now);
  const { delivery } = board;
  if (delivery.octets > 0) {
    measureDelivery(tcb, board, now);
    stopTimer(tcb, env, 'probe', now); // the output pass sets it anew, where there is a reason
  }
  endProbeEpisode(tcb, env, board, segment, duplicate, now);
  if (verdict === 'wait') return;
  if (recovering && ge(snd.una, cc.recover)) endRecovery(tcb, rack, wider);
  // What is found now, even with the ACK that ends a recovery, is congestion of its own.
  const lost = board.lost;
  findLosses(tcb, env, now, delivery.octets);

  if (cc.recovering) reduceProportionally(tcb, board, delivery.octets, advanced && board.lost === lost);
  else if (delivery.octets > 0 && (advanced || tcb.reordering > env.config.duplicateThreshold)) {
    // What is reported beyond a gap may mean a loss; where the path is known to reorder much it means that text has arrived.
    const rtt = delivery.sent < 0 || delivery.resent ? -1 : now - delivery.sent;
    tellController(tcb, env, delivery.octets, flight, rtt, now);
  }
  if (env.trace !== null) traceCongestion(tcb, env, now);
  // What RACK knows of the path is kept while there is more to send, and what a probe waits to hear.
  if (snd.una === snd.nxt && snd.text.length === 0 && !rack.probing) dropBoard(tcb, env);
}

/** Differences of times differ in their last bits, ms. */
const ROUNDING = 1e-6;

/** Whether the last reduction was needless, by what this ACK says. */
function judgeReduction(
  tcb: Tcb,
  env: TcpEnv,
  segment: Segment,
  advanced: boolean,
  duplicate: boolean,
  now: number,
): Verdict {
  const { undo, board } = tcb;
  if (undo === null) {
    if (duplicate) env.counters.TcpExtTCPDSACKIgnoredNoUndo++;
    return 'go on';
  }
  if (reductionWasNeedless(tcb, env, undo, segment, advanced, now)) return 'needless';
  if (duplicate && resentArrivedTwice(tcb, env, undo, segment.sack[0]!, segment.sack[1]!, now)) return 'needless';
  if (undo.frto === 'off' || board === null) return 'go on';
  const { delivery } = board;
  return forwardRto(tcb, env, undo, advanced, delivery.original ? delivery.originalEnd : null, now);
}

/**
 * What was sent again after this time is not what an ACK's left edge moved over: it echoes the timestamp of an older copy
 * (RFC 8985 6.2 step 2). Of what is reported beyond the edge the echo tells nothing (RFC 7323 4.3): it is the edge's.
 */
function latestEchoed(tcb: Tcb, segment: Segment, now: number): number {
  if (!tcb.ts.on || !segment.timestamps || segment.tsEcr === seq(0)) return Infinity;
  const age = diff(timestampNow(tcb.ts.offset, now), segment.tsEcr);
  return Math.floor(now) - age + ALMOST_A_TICK;
}

/** The timestamp clock does not tell times within this apart, ms. */
const ALMOST_A_TICK = 0.999;

/** Everything that was outstanding when recovery, fast or after a time-out, began is acknowledged. */
function endRecovery({ cc, snd }: Tcb, rack: Rack, wider: boolean): void {
  if (!wider && --rack.reoWndPersist <= 0) rack.reoWndMult = 1;
  if (!cc.recovering) return;
  cc.cwnd = Math.max(cc.ssthresh, snd.mss);
  cc.recovering = false;
}

/** @returns whether the first block is a D-SACK: it reports octets that had arrived before (RFC 2883 4) */
function takeBlocks(tcb: Tcb, env: TcpEnv, board: Scoreboard | null, segment: Segment, earliest: number): boolean {
  const { snd } = tcb;
  const { counters } = env;
  const duplicate = segment.sackCount > 0 && isDuplicateBlock(tcb, segment);
  if (duplicate) counters.TcpExtTCPDSACKRecv++;
  ascending(segment, duplicate ? 1 : 0);
  for (let i = duplicate ? 1 : 0; i < segment.sackCount; i++) {
    const left = segment.sack[2 * i]!;
    const right = segment.sack[2 * i + 1]!;
    // Of an ACK that another has overtaken: all is acknowledged by now.
    if (lt(left, right) && le(right, snd.una) && lt(segment.ack, snd.una)) continue;
    // A lie (inverted, unsent, what cannot be held without being acknowledged) is passed over.
    const credible = lt(left, right) && le(right, snd.nxt) && ge(left, snd.una);
    if (!credible || !board?.sack(left, right, snd.mss, earliest)) counters.TcpExtTCPSACKDiscard++;
  }
  return duplicate;
}

/** Puts the blocks from `first` on in order: what one ACK reports has come together, none of it has overtaken the rest. */
function ascending({ sack, sackCount }: Segment, first: number): void {
  for (let i = first + 1; i < sackCount; i++) {
    for (let j = i; j > first && lt(sack[2 * j]!, sack[2 * j - 2]!); j--) {
      const [left, right] = [sack[2 * j - 2]!, sack[2 * j - 1]!];
      sack[2 * j - 2] = sack[2 * j]!;
      sack[2 * j - 1] = sack[2 * j + 1]!;
      sack[2 * j] = left;
      sack[2 * j + 1] = right;
    }
  }
}

/**
 * By the ACK of the same segment, not by SND.UNA (RFC 2883 4): that may be past it, if the ACK was overtaken. Nothing came
 * twice that is longer than the window.
 */
function isDuplicateBlock({ snd }: Tcb, segment: Segment): boolean {
  const left = segment.sack[0]!;
  const right = segment.sack[1]!;
  if (!lt(left, right) || gt(right, snd.nxt) || diff(right, left) > snd.maxWnd) return false;
  if (le(right, segment.ack)) return true;
  // Or a part of what is held, as the second block says.
  if (segment.sackCount < 2 || lt(segment.sack[2]!, segment.ack) || gt(segment.sack[3]!, snd.nxt)) return false;
  return ge(left, segment.sack[2]!) && le(right, segment.sack[3]!);
}

/** The RTT of what was delivered last, and the sign of reordering (RFC 8985 6.2 steps 1 to 3). */
function measureDelivery(tcb: Tcb, board: Scoreboard, now: number): void {
  const { rack, delivery } = board;
  if (delivery.reordered) {
    const distance = Math.ceil(diff(board.fack, delivery.lowest) / tcb.snd.mss);
    tcb.reordering = Math.min(Math.max(tcb.reordering, distance), MAX_REORDERING);
    rare(tcb).reordSeen++;
  }
  if (delivery.sent < 0) return;
  const rtt = now - delivery.sent;
  noteRtt(tcb, rtt);
  if (rack.minRtt < 0 || rtt <= rack.minRtt || now - rack.minRttAt > MIN_RTT_WINDOW) {
    rack.minRtt = rtt;
    rack.minRttAt = now;
  }
  rack.rtt = now - delivery.lastSent;
  if (delivery.sent > rack.sent || (delivery.sent === rack.sent && gt(delivery.end, rack.end))) {
    rack.sent = delivery.sent;
    rack.end = delivery.end;
  }
}

/** Nobody is more patient than so many segments. */
const MAX_REORDERING = 300;

/** How long the least RTT is believed, ms. */
const MIN_RTT_WINDOW = 300_000;

/** RACK.reo_wnd (RFC 8985 6.2 step 4), ms. */
function reorderingWindow(tcb: Tcb, env: TcpEnv, board: Scoreboard): number {
  const { rack } = board;
  const recovering = lt(tcb.snd.una, tcb.cc.recover);
  if (tcb.reordering === 0 && (recovering || board.sackedSegments >= lossThreshold(tcb, env, board))) return 0;
  return Math.min((rack.reoWndMult * Math.max(rack.minRtt, 0)) / 4, Math.max(tcb.rtt.srtt, 0));
}

/** SACKed segments that prove a loss: fewer where fewer can be reported (RFC 5827 3.2). */
function lossThreshold(tcb: Tcb, env: TcpEnv, board: Scoreboard): number {
  const { earlyRetransmit, duplicateThreshold } = env.config;
  if (earlyRetransmit !== 'at-once') return duplicateThreshold;
  // What may still be sent will be reported, too.
  if (lt(tcb.snd.nxt, textEnd(tcb)) && flightSize(tcb) < tcb.snd.wnd) return duplicateThreshold;
  const outstanding = Math.ceil(board.octets / tcb.snd.mss);
  return outstanding <= duplicateThreshold ? Math.max(outstanding - 1, 1) : duplicateThreshold;
}

/**
 * A D-SACK says that a retransmission was needless: be more patient with reordering, once a round trip.
 *
 * @returns whether this was the first of the round trip
 */
function duplicateReported(tcb: Tcb, { rack }: Scoreboard): boolean {
  const { snd } = tcb;
  rare(tcb).dsackDups++;
  if (!ge(snd.una, rack.dsackRound)) return false;
  rack.dsackRound = snd.nxt;
  rack.reoWndMult = Math.min(rack.reoWndMult + 1, 64);
  rack.reoWndPersist = REO_WND_PERSIST;
  return true;
}

/** Recoveries after which the patience is forgotten again. */
const REO_WND_PERSIST = 16;

/**
 * Marks what is lost, and begins recovery if that is news. The reordering timer looks again.
 *
 * @param delivered octets that the ACK at hand, if any, reports for the first time
 */
export function findLosses(tcb: Tcb, env: TcpEnv, now: number, delivered = 0): void {
  const { board } = tcb;
  if (board === null || board.rack.sent < 0) return;
  const { rack, pipe } = board;
  const { cc } = tcb;
  const reoWnd = reorderingWindow(tcb, env, board);
  const wait = board.detectLost(rack.sent, rack.end, rack.rtt + reoWnd, tcb.snd.mss, now);
  const restarts = env.config.earlyRetransmit === 'delayed';
  if (wait > 0) setTimer(tcb, env, 'reordering', now + (restarts ? reoWnd : wait), now);
  else stopTimer(tcb, env, 'reordering', now);
  // Losses found without anything delivered allow one segment at most: PRR goes by what is delivered.
  if (cc.recovering) cc.cwnd = Math.min(cc.cwnd, board.pipe + Math.max(cc.cwnd - pipe, tcb.snd.mss));
  if (board.lost === 0 || cc.recovering || !ge(tcb.snd.una, cc.recover)) return;
  if (tcb.search !== null && onlyProbeLost(env, tcb.search, board)) return;
  beginRecovery(tcb, env, board, delivered, now);
}

function beginRecovery(tcb: Tcb, env: TcpEnv, board: Scoreboard, delivered: number, now: number): void {
  const { cc, snd } = tcb;
  const { rack } = board;
  const flight = diff(snd.nxt, snd.una);
  cancelProbe(tcb);
  beforeReduction(tcb, false);
  controllerOf(tcb, env).congested(cc, 'loss', flight, snd.mss, now);
  cc.recovering = true;
  cc.recover = snd.nxt;
  if (tcb.ecn !== null) windowReduced(tcb.ecn, snd.nxt);
  rack.prrDelivered = 0;
  rack.prrOut = 0;
  // What was reported before will not be delivered any more (RecoverFS of RFC 9937 6).
  rack.prrFlight = flight - board.sacked + delivered;
  env.counters.TcpFastRetransmits++;
  // The first retransmission does not wait for anything.
  cc.cwnd = board.pipe + snd.mss;
  traceCongestion(tcb, env, now);
}

/**
 * PRR (RFC 9937 6): what may be sent in answer to what was delivered. `safe`: the ACK moved SND.UNA and told of no further
 * loss, so the window may catch up with `ssthresh` as in slow start.
 */
function reduceProportionally(tcb: Tcb, board: Scoreboard, delivered: number, safe: boolean): void {
  const { cc, snd } = tcb;
  if (delivered === 0) return;
  const { pipe, rack } = board;
  rack.prrDelivered += delivered;
  let count = 0;
  if (pipe > cc.ssthresh) {
    count = Math.ceil((rack.prrDelivered * cc.ssthresh) / Math.max(rack.prrFlight, 1)) - rack.prrOut;
  } else {
    const limit = Math.max(rack.prrDelivered - rack.prrOut, delivered) + (safe ? snd.mss : 0);
    count = Math.min(cc.ssthresh - pipe, limit);
  }
  const first = rack.prrOut === 0 ? snd.mss : 0;
  cc.cwnd = pipe + Math.max(count, first);
}

/** The retransmission timer fired (RFC 8985 6.3, RFC 5681 3.1). */
export function timedOutWithSack(tcb: Tcb, env: TcpEnv, board: Scoreboard, now: number): void {
  const { cc, snd } = tcb;
  const { rack } = board;
  stopTimer(tcb, env, 'reordering', now);
  rack.probing = false;
  beforeReduction(tcb, true);
  controllerOf(tcb, env).timedOut(cc, diff(snd.nxt, snd.una), snd.mss, tcb.rtt.backoff === 0, now);
  cc.recovering = false;
  cc.recover = snd.nxt;
  if (tcb.ecn !== null) windowReduced(tcb.ecn, snd.nxt);
  if (board.reneged) {
    env.counters.TcpExtTCPSACKReneging++;
    board.renege(snd.mss);
  } else board.loseOnTimeout(now - (rack.rtt + reorderingWindow(tcb, env, board)), snd.mss);
  cc.cwnd = board.pipe + snd.mss;
  traceCongestion(tcb, env, now);
}

// ---- Tail loss probe ----

/** When the probe is due, ms from now and not after the time-out; Infinity where the rules of RFC 8985 7.2 have none. */
export function probeTimeout(tcb: Tcb): number {
  const { board, cc, rtt } = tcb;
  if (board === null || cc.recovering || board.rack.probing || board.sackedSegments > 0 || board.lost > 0)
    return Infinity;
  if (rtt.srtt < 0 || rtt.backoff > 0) return Infinity;
  // A tail beyond a window that has shrunk has to wait (SHLD-16).
  if (diff(tcb.snd.nxt, tcb.snd.una) > tcb.snd.wnd) return Infinity;
  return Math.ceil(Math.max(2 * rtt.srtt, LEAST_PROBE_TIMEOUT)) + (board.octets <= tcb.snd.mss ? MAX_ACK_DELAY : 0);
}

/** Two ticks of the coarsest delayed-ACK clocks around, ms. */
const LEAST_PROBE_TIMEOUT = 10;
/** TLP.max_ack_delay: how long the peer may delay the ACK of a single segment, ms. */
const MAX_ACK_DELAY = 200;

/** The probe has been sent: an old segment again (`resent`), or a new one. */
export function probeSent(tcb: Tcb, { rack }: Scoreboard, resent: boolean): void {
  rack.probing = true;
  rack.probeResent = resent;
  rack.probeEnd = tcb.snd.nxt;
}

/**
 * RFC 8985 7.4.2: did the probe mend a loss that nobody would have noticed? Then it counts as one. While only its end is
 * acknowledged that is not known: a D-SACK, or a duplicate without any SACK, may still tell that both copies arrived.
 */
function endProbeEpisode(
  tcb: Tcb,
  env: TcpEnv,
  { rack, delivery }: Scoreboard,
  segment: Segment,
  duplicate: boolean,
  now: number,
): void {
  const { snd, cc } = tcb;
  if (!rack.probing || !ge(segment.ack, rack.probeEnd)) return;
  const both = duplicate || (delivery.octets === 0 && segment.sackCount === 0 && segment.dataLength === 0);
  if (rack.probeResent && !both && segment.ack === rack.probeEnd) return;
  rack.probing = false;
  if (!rack.probeResent || both || cc.recovering) return;
  controllerOf(tcb, env).congested(cc, 'loss', diff(snd.nxt, snd.una), snd.mss, now);
  cc.cwnd = Math.min(cc.cwnd, Math.max(cc.ssthresh, snd.mss));
}
