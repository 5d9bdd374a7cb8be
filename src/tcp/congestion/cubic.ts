/**
 * Owns: CUBIC (RFC 9438): the window as a cubic function of the time since the last congestion, flat around the window at
 * which that was met; never below what Reno would have. Windows are octets, times ms; the RFC's are segments and seconds.
 */

import type { Congestion } from '../tcb.ts';
import { type Acknowledgment, type CongestionController, reduced, windowInUse } from './controller.ts';
import { slowStart } from './slowstart.ts';

/** What is kept of the window after a loss (4.6), and after a mark (RFC 8511 3). */
const BETA = 0.7;
const BETA_ECN = 0.85;
/** C: how steep the curve is, segments / s^3 (5). */
const C = 0.4;
/** How fast Reno's window is taken to grow for the same average window, segments a round trip (4.3). */
const ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** Fast convergence (4.7): what is remembered of a window that never reached the one before. */
const CONVERGENCE = (1 + BETA) / 2;

/** The variables of RFC 9438 4.1.2. */
export class Cubic {
  /** W_max; 0 before the first congestion. */
  wMax = 0;
  /** cwnd_prior. */
  cwndPrior = 0;
  /** W_est: what Reno would have. */
  wEst = 0;
  /** K, ms. */
  k = 0;
  /** t_epoch; -1 while no congestion avoidance stage runs. */
  epoch = -1;
  /** When an ACK last came, to leave out the time in which the window was not in use. */
  seen = 0;
  /** The stage follows a time-out, or no congestion at all: the curve starts at its middle (4.8, 4.10). */
  fromMiddle = true;
}

function stateOf(cc: Congestion): Cubic {
  cc.state ??= new Cubic();
  return cc.state as Cubic;
}

export const cubic: CongestionController = {
  name: 'cubic',

  start(): void {},

  acknowledged(cc, ack, now): void {
    const inUse = windowInUse(cc);
    if (cc.cwnd < cc.ssthresh) {
      if (inUse) slowStart(cc, ack);
      return;
    }
    const state = stateOf(cc);
    // Time in which the window was not in use does not count (4.2, 5.8).
    if (!inUse && state.epoch >= 0) state.epoch += now - state.seen;
    state.seen = now;
    if (!inUse) return;
    if (state.epoch < 0) beginStage(cc, state, ack.mss, now);
    grow(cc, state, ack, now);
  },

  congested(cc, signal, flight, mss): void {
    remember(cc);
    cc.ssthresh = signal === 'ecn' ? reduced(cc, BETA_ECN, flight, mss) : reduced(cc, BETA, flight, 2 * mss);
  },

  timedOut(cc, flight, mss, first): void {
    if (first) {
      remember(cc);
      cc.ssthresh = reduced(cc, BETA, flight, 2 * mss);
    }
    stateOf(cc).fromMiddle = true;
    cc.cwnd = mss;
  },

  restarted(cc): void {
    if (cc.state !== null) stateOf(cc).epoch = -1;
  },
};

/** The window at which congestion was met (4.6, 4.7). */
function remember(cc: Congestion): void {
  const state = stateOf(cc);
  state.cwndPrior = cc.cwnd;
  state.wMax = cc.cwnd < state.wMax ? Math.floor(cc.cwnd * CONVERGENCE) : cc.cwnd;
  state.epoch = -1;
  state.fromMiddle = false;
  cc.credit = 0;
}

/** A congestion avoidance stage begins: where on the curve (4.2). */
function beginStage(cc: Congestion, state: Cubic, mss: number, now: number): void {
  state.epoch = now;
  state.wEst = cc.cwnd;
  if (state.fromMiddle || state.wMax <= cc.cwnd) {
    if (state.cwndPrior === 0) state.cwndPrior = cc.cwnd;
    state.wMax = cc.cwnd;
    state.k = 0;
  } else {
    state.k = 1000 * cubeRoot((state.wMax - cc.cwnd) / (C * mss));
  }
  state.fromMiddle = false;
}

/** Congestion avoidance (4.2 to 4.5). */
function grow(cc: Congestion, state: Cubic, ack: Acknowledgment, now: number): void {
  const { cwnd } = cc;
  const alpha = state.wEst >= state.cwndPrior ? 1 : ALPHA;
  state.wEst += (alpha * ack.acked * ack.mss) / cwnd;
  const elapsed = now - state.epoch;
  if (curve(state, elapsed, ack.mss) < state.wEst) {
    // The Reno-friendly region.
    if (state.wEst > cwnd) cc.cwnd = Math.floor(state.wEst);
    return;
  }
  const target = Math.min(curve(state, elapsed + Math.max(ack.srtt, 0), ack.mss), 1.5 * cwnd);
  if (target <= cwnd) return;
  cc.credit += ((target - cwnd) * ack.acked) / cwnd;
  const whole = Math.floor(cc.credit);
  cc.cwnd += whole;
  cc.credit -= whole;
}

/** W_cubic(t), t in ms. */
function curve(state: Cubic, t: number, mss: number): number {
  const seconds = (t - state.k) / 1000;
  return state.wMax + C * mss * seconds * seconds * seconds;
}

/** Newton's way from above, with nothing that engines compute differently. `x` is not negative. */
function cubeRoot(x: number): number {
  let root = Math.max(x, 1);
  for (;;) {
    const next = (2 * root + x / (root * root)) / 3;
    if (next >= root) return root;
    root = next;
  }
}
