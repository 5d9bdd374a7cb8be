/**
 * Owns: the window rules of RFC 5681 as NewReno uses them (MUST-19): congestion avoidance by one segment a round trip, halving;
 * and the gentler reduction when a router marked segments and lost none (RFC 8511).
 */

import { type CongestionController, reduced, windowInUse } from './controller.ts';
import { slowStart } from './slowstart.ts';

/** What is kept of the window after a loss (RFC 5681 3.1), and after a mark (RFC 8511 3). */
const BETA_LOSS = 0.5;
const BETA_ECN = 0.8;

export const newReno: CongestionController = {
  name: 'newreno',

  start(): void {},

  acknowledged(cc, ack): void {
    if (!windowInUse(cc)) return;
    if (cc.cwnd < cc.ssthresh) {
      slowStart(cc, ack);
      return;
    }
    cc.credit += ack.acked;
    if (cc.credit < cc.cwnd) return;
    cc.credit -= cc.cwnd;
    cc.cwnd += ack.mss;
  },

  congested(cc, signal, flight, mss): void {
    cc.ssthresh = signal === 'ecn' ? reduced(cc, BETA_ECN, flight, mss) : reduced(cc, BETA_LOSS, flight, 2 * mss);
    cc.credit = 0;
  },

  timedOut(cc, flight, mss, first): void {
    if (first) cc.ssthresh = reduced(cc, BETA_LOSS, flight, 2 * mss);
    cc.cwnd = mss;
    cc.credit = 0;
  },
};
