/**
 * Owns: TIME-WAIT (RFC 9293 3.10.7.4 and 3.10.8 for that state, RFC 1337, RFC 6191, MAY-2) as a small record that takes
 * the place of the TCB. It answers a retransmitted FIN and waits anew, ignores resets, and lets a newer SYN through.
 */

import type { Address } from '../wire/address.ts';
import { add, gt, lt, type Seq, within } from '../wire/seq.ts';
import { ACK, FIN, RST, type Segment, SYN, segLen } from '../wire/tcp.ts';
import type { Ends, TcpEnv } from './env.ts';
import { receiveWindow, type Tcb } from './tcb.ts';
import { timestampNow } from './timestamps.ts';

export class TimeWait implements Ends {
  readonly id: number;
  readonly local: Address;
  readonly remote: Address;
  readonly localPort: number;
  readonly remotePort: number;
  /** SND.NXT and RCV.NXT, both past the FINs, and IRS. */
  readonly sndNxt: Seq;
  readonly rcvNxt: Seq;
  readonly irs: Seq;
  /** RCV.WND, and the field that says it. */
  readonly window: number;
  readonly shift: number;
  readonly timestamps: boolean;
  readonly tsRecent: Seq;
  readonly tsOffset: Seq;
  /** When 2 MSL will have passed, ms; while `asleep`, how much of the wait was left. */
  due: number;
  /** A newer SYN has reopened the pair; if it proves old the wait goes on. */
  asleep = false;
  /** When a stranger was last answered, whole ms; -1 never. */
  lastAnswer = -1;

  constructor(tcb: Tcb, due: number) {
    this.id = tcb.id;
    this.local = tcb.local;
    this.remote = tcb.remote;
    this.localPort = tcb.localPort;
    this.remotePort = tcb.remotePort;
    this.sndNxt = tcb.snd.nxt;
    this.rcvNxt = tcb.rcv.nxt;
    this.irs = tcb.rcv.irs;
    this.window = receiveWindow(tcb);
    this.shift = tcb.rcv.shift;
    this.timestamps = tcb.ts.on;
    this.tsRecent = tcb.ts.recent;
    this.tsOffset = tcb.ts.offset;
    this.due = due;
  }
}

/** What the host does with the record: keep it, move it to the end of the queue, or open the pair anew. */
export type TimeWaitOutcome = 'stay' | 'restart' | 'reopen';

/**
 * SEGMENT ARRIVES in TIME-WAIT. With 'restart' `due` has been set anew. With 'reopen' the segment is a SYN that a
 * listener may take: `reopen` then ties the new connection to this record.
 */
export function timeWaitArrives(record: TimeWait, env: TcpEnv, segment: Segment, now: number): TimeWaitOutcome {
  const { flags } = segment;
  // DEVIATION: RFC 9293 3.10.7.4 lets a RST end TIME-WAIT; an old duplicate would do so too easily (RFC 1337, fix F1).
  if (flags & RST) {
    env.counters.TcpTimeWaitResetIgnored++;
    return 'stay';
  }
  if (flags & SYN && (flags & ACK) === 0) {
    if (segment.seq === record.irs) {
      answer(record, env, now, false);
      return 'stay';
    }
    if (isNewer(record, segment)) return 'reopen';
    // RFC 6191 2: dropped without a word, the old incarnation stays.
    env.counters.TcpUnexpected++;
    return 'stay';
  }
  const old = record.timestamps && segment.timestamps && lt(segment.tsVal, record.tsRecent);
  if (old) env.counters.TcpExtPAWSEstab++;
  else if (isFin(record, segment)) {
    // The last ACK was lost: say it again, and wait for 2 MSL from now.
    answer(record, env, now, true);
    record.due = timeWaitEnd(env, now);
    timeWaitBegun(record, env, now);
    return 'restart';
  }
  const length = segLen(segment);
  const acceptable = length === 0 && record.window === 0 ? segment.seq === record.rcvNxt : inWindow(record, segment);
  if (old || !acceptable || flags & SYN) {
    env.counters.TcpOutOfWindow++;
    answer(record, env, now, segment.dataLength > 0 && !(flags & SYN));
  } else if (flags & FIN) {
    answer(record, env, now, true);
  } else if (flags & ACK && gt(segment.ack, record.sndNxt)) {
    env.counters.TcpBadAck++;
    answer(record, env, now, false);
  }
  return 'stay';
}

function inWindow(record: TimeWait, segment: Segment): boolean {
  const length = segLen(segment);
  if (within(segment.seq, record.rcvNxt, record.window)) return true;
  return length > 0 && within(add(segment.seq, length - 1), record.rcvNxt, record.window);
}

/** The peer's FIN once more, or a FIN where its stream has ended. */
function isFin(record: TimeWait, segment: Segment): boolean {
  if ((segment.flags & FIN) === 0 || (segment.flags & ACK) === 0) return false;
  const at = add(segment.seq, segLen(segment) - 1);
  return at === add(record.rcvNxt, -1) || at === record.rcvNxt;
}

/** The tests of RFC 6191 2 for a SYN of the same pair (SHLD-4). */
function isNewer(record: TimeWait, segment: Segment): boolean {
  const later = !lt(segment.seq, record.rcvNxt);
  if (!record.timestamps) return segment.timestamps || later;
  if (!segment.timestamps) return later;
  if (segment.tsVal === record.tsRecent) return later;
  return !lt(segment.tsVal, record.tsRecent);
}

function answer(record: TimeWait, env: TcpEnv, now: number, always: boolean): void {
  if (!always) {
    if (record.lastAnswer >= 0 && now - record.lastAnswer < env.config.challengeInterval) {
      env.counters.TcpExtTCPACKSkipped++;
      return;
    }
    record.lastAnswer = Math.floor(now);
  }
  const out = env.out.clear();
  out.seq = record.sndNxt;
  out.ack = record.rcvNxt;
  out.flags = ACK;
  out.window = Math.min(record.window >>> record.shift, 65535);
  if (record.timestamps) {
    out.timestamps = true;
    out.tsVal = timestampNow(record.tsOffset, now);
    out.tsEcr = record.tsRecent;
  }
  env.counters.TcpOutSegs++;
  env.outbox.segment(record, out, null, 0);
}

/**
 * MAY-2: the newer SYN starts a connection out of this record. The record sleeps beside it with the time it had left.
 * `tcb` is in LISTEN and about to be given the SYN.
 */
export function reopen(record: TimeWait, tcb: Tcb, env: TcpEnv, now: number): void {
  record.due = Math.max(record.due - now, 0);
  record.asleep = true;
  tcb.resumes = record;
  env.counters.TcpExtTWRecycled++;
}

/** MAY-2: that SYN was old after all. The record waits for what was left; the TCB, now in TIME-WAIT, is dropped. */
export function resume(record: TimeWait, env: TcpEnv, now: number): void {
  record.due += now;
  record.asleep = false;
  env.counters.TcpTimeWaitResumed++;
}

/** TIME-WAIT TIMEOUT (3.10.8), for the trace: the record itself is simply forgotten. */
export function timeWaitExpired(record: TimeWait, env: TcpEnv, now: number): void {
  if (env.trace === null) return;
  const connection = env.describe(record);
  env.trace({ type: 'timer-fired', time: now, host: env.name, connection, timer: 'time-wait' });
  env.trace({ type: 'state', time: now, host: env.name, connection, from: 'TIME-WAIT', to: 'CLOSED' });
}

/** When a TIME-WAIT that begins now ends: 2 MSL (MUST-13). */
export function timeWaitEnd(env: TcpEnv, now: number): number {
  return now + 2 * env.config.msl;
}

/** The wait of a new record has begun, for the trace. */
export function timeWaitBegun(record: TimeWait, env: TcpEnv, now: number): void {
  if (env.trace === null) return;
  const connection = env.describe(record);
  env.trace({ type: 'timer-set', time: now, host: env.name, connection, timer: 'time-wait', due: record.due });
}
