/**
 * Owns: the variables of loss recovery besides the scoreboard's own: what an ACK has delivered, and what RACK, tail loss
 * probes (RFC 8985 5.2, 7.3) and PRR (RFC 9937) remember. Plain data.
 */

import { type Seq, seq } from '../wire/seq.ts';

/** What one ACK has delivered. */
export interface Delivery {
  /** Octets acknowledged or SACKed for the first time. */
  octets: number;
  /** Of the segments delivered, the one sent last: when, and its end. -1: none that says anything. */
  sent: number;
  end: Seq;
  /** That one was sent more than once. */
  resent: boolean;
  /**
   * When the last of them was sent, those acknowledged after those SACKed, and each by sequence numbers: RACK.rtt (RFC 8985
   * 6.2 step 2). Where it ends; whether it is acknowledged. -1: as above.
   */
  lastSent: number;
  lastEnd: Seq;
  lastAcknowledged: boolean;
  /** Some was delivered that was sent only once: the end of the lowest such segment. */
  original: boolean;
  originalEnd: Seq;
  /** Segments sent once were delivered after one behind them: the path reorders. Where the lowest begins. */
  reordered: boolean;
  lowest: Seq;
}

/** What loss recovery remembers while something is outstanding: RACK, TLP (RFC 8985 5.2, 7.3), PRR (RFC 9937). */
export class Rack {
  /** Of the segments delivered, the one sent last: when, and its end; -1 none. The RTT of the one delivered last, ms. */
  sent = -1;
  end: Seq = seq(0);
  rtt = 0;
  /** Least RTT lately and when it was seen, ms; -1 none. */
  minRtt = -1;
  minRttAt = 0;
  /** How patient to be with reordering, in quarters of the least RTT. */
  reoWndMult = 1;
  reoWndPersist = 16;
  dsackRound: Seq = seq(0);
  /** A tail loss probe is out: SND.NXT when it left, and whether it was an old segment. */
  probing = false;
  probeEnd: Seq = seq(0);
  probeResent = false;
  prrDelivered = 0;
  prrOut = 0;
  prrFlight = 0;

  /** For the next connection that needs a board. */
  reset(): void {
    this.sent = -1;
    this.rtt = 0;
    this.minRtt = -1;
    this.reoWndMult = 1;
    this.reoWndPersist = 16;
    this.probing = false;
    this.prrDelivered = 0;
    this.prrOut = 0;
    this.prrFlight = 0;
  }
}
