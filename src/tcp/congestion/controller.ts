/**
 * Owns: the contract of a congestion controller. A controller is a handful of functions on plain data (`tcb.cc`): it
 * decides `cwnd` and `ssthresh`; what is lost and what is sent again is `recovery.ts`'s business.
 */

import type { Congestion } from '../tcb.ts';

export interface CongestionController {
  /** The name by which a connection chooses it. */
  readonly name: string;
  /** A connection opens: `cc.cwnd` is the initial window already. */
  start(cc: Congestion, now: number): void;
  /** `acked` octets were acknowledged outside loss recovery; `flight` octets were outstanding before. */
  acknowledged(cc: Congestion, acked: number, flight: number, mss: number, now: number): void;
  /** A loss was found by duplicate ACKs: sets `ssthresh`. */
  lossFound(cc: Congestion, flight: number, mss: number, now: number): void;
  /** The retransmission timer fired; `first` unless it fired for the same octets before. Sets `ssthresh` and `cwnd`. */
  timedOut(cc: Congestion, flight: number, mss: number, first: boolean, now: number): void;
}
