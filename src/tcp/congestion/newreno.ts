/**
 * Owns: the window rules of RFC 5681 as NewReno uses them: slow start, congestion avoidance, halving.
 */

import type { CongestionController } from './controller.ts';

export const newReno: CongestionController = {
  name: 'newreno',

  start(): void {},

  acknowledged(cc, acked, flight, mss): void {
    // A window that was not in use says nothing about the path: it does not grow (RFC 5681 4.1, RFC 7661).
    if (flight + mss < cc.cwnd && flight * 2 < cc.cwnd) return;
    if (cc.cwnd < cc.ssthresh) {
      // Octet counting: an ACK for many segments opens the window as much as many ACKs would (RFC 3465, RFC 5681 3.1),
      // and the bound keeps a stretched ACK from becoming a burst of more than doubling.
      cc.cwnd += Math.min(acked, flight);
      if (cc.cwnd > cc.ssthresh) cc.cwnd = cc.ssthresh;
      return;
    }
    cc.credit += acked;
    if (cc.credit >= cc.cwnd) {
      cc.credit -= cc.cwnd;
      cc.cwnd += mss;
    }
  },

  lossFound(cc, flight, mss): void {
    cc.ssthresh = Math.max(Math.floor(flight / 2), 2 * mss);
    cc.credit = 0;
  },

  timedOut(cc, flight, mss, first): void {
    if (first) cc.ssthresh = Math.max(Math.floor(flight / 2), 2 * mss);
    cc.cwnd = mss;
    cc.credit = 0;
  },
};
