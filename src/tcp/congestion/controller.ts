/**
 * Owns: the contract of a congestion controller (MAY-18). A controller is a handful of functions on plain data (`tcb.cc`): it
 * decides `cwnd` and `ssthresh`; what is lost and what is sent again is `recovery.ts`'s and `sack.ts`'s business. What a
 * controller wants to remember beyond the common fields it keeps in `cc.state`: an object of its own with plain values
 * only (numbers, strings, booleans), so that a connection can be copied and a needless reduction undone.
 */

import { type Seq, seq } from '../../wire/seq.ts';
import type { Congestion } from '../tcb.ts';

/** What an ACK says to a controller. One record is reused; valid during the call. */
export class Acknowledgment {
  /** Octets that arrived, as far as the peer had not said so before (acknowledged, or reported by SACK). */
  acked = 0;
  /** Octets that were outstanding before. */
  flight = 0;
  /** Octets of text of a full segment. */
  mss = 0;
  /** The round trip that this ACK measures, ms; -1 when it measures none. */
  rtt = -1;
  /** Smoothed round-trip time, ms; -1 before the first measurement. */
  srtt = -1;
  /** SND.UNA now, and SND.NXT: when `una` passes what `nxt` was, a round trip is over. */
  una: Seq = seq(0);
  nxt: Seq = seq(0);
}

/** Why a window has to become smaller: segments were lost, or a router marked some to say that they soon will be. */
export type CongestionSignal = 'loss' | 'ecn';

export interface CongestionController {
  /** The name by which a connection chooses it. */
  readonly name: string;
  /** A connection opens: `cc.cwnd` is the initial window already. */
  start(cc: Congestion, now: number): void;
  /** Something arrived, outside of loss recovery. */
  acknowledged(cc: Congestion, ack: Acknowledgment, now: number): void;
  /** The network is congested: sets `ssthresh`, to which the window is about to be reduced. `flight` octets are outstanding. */
  congested(cc: Congestion, signal: CongestionSignal, flight: number, mss: number, now: number): void;
  /** The retransmission timer fired; `first` unless it fired for the same octets before. Sets `ssthresh` and `cwnd`. */
  timedOut(cc: Congestion, flight: number, mss: number, first: boolean, now: number): void;
  /** Text follows after a silence in which nothing was outstanding; `cc.cwnd` is the restart window already. */
  restarted?(cc: Congestion, now: number): void;
}

/**
 * Whether the window was in use in the round trip that ends. One that was not says nothing about the path and does not grow
 * (RFC 5681 4.1, RFC 7661, RFC 9438 5.8). In slow start more than half of it will do: the other half was granted a moment ago.
 */
export function windowInUse(cc: Congestion): boolean {
  return cc.limited || (cc.cwnd < cc.ssthresh && cc.cwnd < 2 * cc.largestFlight);
}

/**
 * The window when congestion is met, for the share of it that is to be kept. What was sent beyond the window while
 * reordering was suspected (limited transmit) does not count (RFC 5681 3.2 step 2). Losses leave two segments at least,
 * marks one (RFC 9438 4.6).
 */
export function reduced(cc: Congestion, share: number, flight: number, least: number): number {
  return Math.max(Math.floor(Math.min(flight, cc.cwnd) * share + 0.5), least);
}
