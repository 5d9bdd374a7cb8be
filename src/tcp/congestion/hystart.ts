/**
 * Owns: CUBIC with the HyStart of Ha and Rhee (2011) as Linux has it, in place of HyStart++: slow start ends at once, in any
 * slow start, when round trips have become longer by an eighth, or when ACKs that come close together go on for half of the
 * shortest round trip, which is when the path is full. Windows are reduced in whole segments, and for marks as for losses. An
 * alarm cannot be taken back; RFC 9406 does better where delays vary, so that this is a choice: `createStack({ controllers: { 'cubic-hystart': cubicWithHyStart() } })`.
 */

import { gt, type Seq } from '../../wire/seq.ts';
import type { Congestion } from '../tcb.ts';
import { type Acknowledgment, type CongestionController, windowInUse } from './controller.ts';
import { Cubic, cubic } from './cubic.ts';

/** Bounds of the increase that tells, ms. */
const LEAST_INCREASE = 4;
const LARGEST_INCREASE = 16;
/** Samples of a round trip before it is judged. */
const SAMPLES = 8;
/** ACKs that follow one another so closely are of one train, ms. */
const TRAIN_GAP = 2;
/** What a receiver's offload may add to a train, ms. */
const TRAIN_SLACK = 1;
/** Smaller windows tell nothing, segments. */
const LOW_WINDOW = 16;
/** Delays are no evidence so soon after congestion, ms. */
const QUIET = 1000;

/** Which signs are looked for. */
export interface HyStartSigns {
  readonly delay: boolean;
  readonly ackTrain: boolean;
}

class HyStartCubic extends Cubic {
  /** The round trip is over when something beyond this is acknowledged; when it began, and the last ACK of the train. */
  windowEnd: Seq;
  roundStart: number;
  trainEnd: number;
  /** Of this round trip. */
  samples = 0;
  roundLeast: number = Infinity;
  /** Of the connection. */
  least: number = Infinity;
  found = false;

  constructor(windowEnd: Seq, now: number) {
    super();
    this.windowEnd = windowEnd;
    this.roundStart = now;
    this.trainEnd = now;
  }
}

export function cubicWithHyStart(signs: HyStartSigns = { delay: true, ackTrain: true }): CongestionController {
  return {
    ...cubic,
    name: 'cubic-hystart',

    start(cc, now): void {
      cc.state = new HyStartCubic(cc.recover, now);
    },

    acknowledged(cc, ack, now): void {
      const state = cc.state as HyStartCubic;
      if (ack.rtt >= 0 && !(state.epoch >= 0 && now - state.epoch < QUIET)) {
        state.least = Math.min(state.least, ack.rtt);
        if (!state.found && cc.cwnd < cc.ssthresh) watch(cc, state, ack, signs, now);
      }
      if (cc.cwnd >= cc.ssthresh) cubic.acknowledged(cc, ack, now);
      else if (windowInUse(cc)) cc.cwnd = Math.min(cc.cwnd + Math.min(ack.acked, ack.flight), cc.ssthresh);
    },

    // A window that grows only where it is in use is what is reduced (RFC 9438 4.6), not what is in flight of it.
    congested(cc, _signal, _flight, mss, now): void {
      cubic.congested(cc, 'loss', cc.cwnd, mss, now);
      cc.ssthresh = wholeSegments(cc.ssthresh, mss);
    },

    timedOut(cc, _flight, mss, first, now): void {
      cubic.timedOut(cc, cc.cwnd, mss, first, now);
      if (first) cc.ssthresh = wholeSegments(cc.ssthresh, mss);
      (cc.state as HyStartCubic).found = false;
    },
  };
}

function wholeSegments(octets: number, mss: number): number {
  return octets - (octets % mss);
}

function watch(cc: Congestion, state: HyStartCubic, ack: Acknowledgment, signs: HyStartSigns, now: number): void {
  if (gt(ack.una, state.windowEnd)) {
    state.windowEnd = ack.nxt;
    state.roundStart = now;
    state.trainEnd = now;
    state.samples = 0;
    state.roundLeast = Infinity;
  }
  if (cc.cwnd < LOW_WINDOW * ack.mss) return;
  const train = signs.ackTrain && lastsTooLong(state, now);
  if (!train && !(signs.delay && tookLonger(state, ack.rtt))) return;
  state.found = true;
  cc.ssthresh = cc.cwnd;
}

function lastsTooLong(state: HyStartCubic, now: number): boolean {
  if (now - state.trainEnd > TRAIN_GAP) return false;
  state.trainEnd = now;
  return now - state.roundStart > (state.least + TRAIN_SLACK) / 2;
}

function tookLonger(state: HyStartCubic, rtt: number): boolean {
  state.roundLeast = Math.min(state.roundLeast, rtt);
  if (state.samples < SAMPLES) {
    state.samples++;
    return false;
  }
  return state.roundLeast > state.least + Math.min(Math.max(state.least / 8, LEAST_INCREASE), LARGEST_INCREASE);
}
