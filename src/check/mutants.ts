/**
 * Owns: the mechanisms that can be switched off in the checker's world, each as something done around the real TCP: before it is
 * given a segment, before its answer leaves, or afterwards. `src/tcp` knows nothing of this, and no other entry of the
 * package reaches it (tested).
 */

import * as calls from '../tcp/calls.ts';
import type { TcpConfig } from '../tcp/index.ts';
import { diff, gt, seq } from '../wire/seq.ts';
import { ACK, FIN, RST, Segment, SYN } from '../wire/tcp.ts';
import { TICK } from './model.ts';
import type { Side } from './side.ts';

export interface Mutant {
  /** Settings of the engine that say it already. */
  readonly config?: (side: Side) => Partial<TcpConfig>;
  readonly isns?: 'constant';
  /** Before a segment is given to the endpoint, which is about to see it as this leaves it. @returns false: it never arrives */
  readonly before?: (side: Side, segment: Segment) => boolean;
  /** After the steps of SEGMENT ARRIVES, before the output pass. */
  readonly arrived?: (side: Side, now: number) => void;
  /** After a segment and all that it has led to. @param gap text beyond a gap was held before */
  readonly answered?: (side: Side, segment: Segment, gap: boolean, now: number) => void;
  /** After every input. */
  readonly after?: (side: Side, now: number) => void;
}

export type MutantName =
  | 'two-way'
  | 'constant-isn'
  | 'no-ack-check'
  | 'no-cross'
  | 'auto-fin'
  | 'no-last-ack'
  | 'fin-once'
  | 'no-time-wait'
  | 'time-wait-1-msl'
  | 'rst-ends-time-wait'
  | 'no-reopen'
  | 'no-persist'
  | 'no-retransmission'
  | 'no-reassembly'
  | 'drop-chain';

export const MUTANTS: Readonly<Record<MutantName, Mutant>> = {
  'two-way': { answered: twoWay },
  'constant-isn': { isns: 'constant' },
  'no-ack-check': { before: believeAnyAck },
  'no-cross': { before: ({ state }, segment) => !(state === 'SYN-SENT' && isBareSyn(segment)) },
  'auto-fin': { arrived: answerFinWithFin },
  'no-last-ack': { after: forgetAfterFin },
  'fin-once': { after: neverRepeatFin },
  'no-time-wait': { after: endTimeWait },
  'time-wait-1-msl': { config: ({ model }) => ({ msl: (model.msl * TICK) / 2 }) },
  'rst-ends-time-wait': { before: assassinate },
  'no-reopen': { before: answerSynInTimeWait },
  'no-persist': { after: (side) => stop(side, 'persist') },
  'no-retransmission': { after: (side) => stop(side, 'retransmission') },
  'no-reassembly': { before: dropBeyondGap },
  'drop-chain': { answered: loseHeld },
};

/** A timer that never fires. */
function stop({ endpoint }: Side, timer: 'persist' | 'retransmission'): void {
  endpoint.tcb.timers[timer] = Infinity;
}

const phantom = new Segment();

/** The SYN alone establishes the server: it goes on as if the third segment had come. */
function twoWay(side: Side, segment: Segment, _gap: boolean, now: number): void {
  const { tcb } = side.endpoint;
  if (tcb.state !== 'SYN-RECEIVED' || !tcb.passive) return;
  phantom.clear();
  phantom.flags = ACK;
  phantom.seq = tcb.rcv.nxt;
  phantom.ack = tcb.snd.nxt;
  phantom.window = segment.window;
  side.endpoint.arrive(phantom, now);
}

/** SYN-SENT takes a SYN,ACK whatever it acknowledges. */
function believeAnyAck({ endpoint }: Side, segment: Segment): boolean {
  const { tcb } = endpoint;
  const both = SYN | ACK;
  if (tcb.state === 'SYN-SENT' && (segment.flags & both) === both) segment.ack = tcb.snd.nxt;
  return true;
}

function isBareSyn({ flags }: Segment): boolean {
  return (flags & (SYN | ACK)) === SYN;
}

/** A FIN is answered with a FIN, whatever the application has left to say. */
function answerFinWithFin({ endpoint }: Side, now: number): void {
  if (endpoint.tcb.state === 'CLOSE-WAIT') calls.close(endpoint.tcb, endpoint.env, now);
}

/** The passive closer is done when it has sent its FIN. */
function forgetAfterFin(side: Side, now: number): void {
  const { tcb } = side.endpoint;
  if (tcb.state === 'LAST-ACK' && tcb.snd.finSent) side.forget('clean', now);
}

/** A FIN is sent once. */
function neverRepeatFin({ endpoint }: Side): void {
  const { snd, timers } = endpoint.tcb;
  if (snd.finSent && diff(snd.nxt, snd.una) === 1) timers.retransmission = Infinity;
}

/** After the last ACK everything is forgotten. */
function endTimeWait(side: Side, now: number): void {
  const { record } = side.endpoint;
  if (record !== null && !record.asleep) side.forget('clean', now);
}

/** TIME-WAIT as RFC 9293 3.10.7.4 has it: a reset in the window ends it. */
function assassinate(side: Side, segment: Segment): boolean {
  const { record } = side.endpoint;
  if (record === null || record.asleep || !(segment.flags & RST) || segment.seq !== record.rcvNxt) return true;
  side.forget('clean', side.now);
  return false;
}

/** TIME-WAIT answers a SYN with an ACK, new or not. */
function answerSynInTimeWait({ endpoint }: Side, segment: Segment): boolean {
  const { record } = endpoint;
  if (record !== null && !record.asleep && isBareSyn(segment)) segment.flags |= ACK;
  return true;
}

/** Text beyond a gap is thrown away. */
function dropBeyondGap({ endpoint }: Side, segment: Segment): boolean {
  const { tcb } = endpoint;
  if (tcb.snd.synAcked && segment.dataLength > 0 && gt(segment.seq, tcb.rcv.nxt)) {
    segment.dataLength = 0;
    segment.flags &= ~FIN;
  }
  return true;
}

/** What was held beyond a gap is acknowledged when the gap is filled, and never delivered. */
function loseHeld({ endpoint }: Side, segment: Segment, gap: boolean): void {
  const { rcv } = endpoint.tcb;
  const beyond = diff(rcv.nxt, seq(segment.seq + segment.dataLength));
  if (gap && rcv.held === null && beyond > 0 && beyond <= rcv.text.length) {
    rcv.text.dropNewest(endpoint.env.buffers, beyond);
  }
}
