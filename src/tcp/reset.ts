/**
 * Owns: the reset generator (RFC 9293 3.5.3, 3.10.7.1): the answer of a port where there is no connection, and the
 * reset that ends a connection of ours.
 */

import type { Ring } from '../base/ring.ts';
import { seq } from '../wire/seq.ts';
import { ACK, RST, type Segment, segLen } from '../wire/tcp.ts';
import type { Ends, TcpEnv } from './env.ts';
import { countOut } from './statistics.ts';
import type { Tcb } from './tcb.ts';
import { timestampNow } from './timestamps.ts';
import { offerWindow } from './window.ts';

const NO_TEXT: Ring | null = null;

/** Answers a segment that belongs to nothing, so that its sender takes the reset for genuine. Never answers a RST. */
export function resetUnknown(ends: Ends, env: TcpEnv, segment: Segment): void {
  if (segment.flags & RST) return;
  const out = env.out.clear();
  if (segment.flags & ACK) {
    out.seq = segment.ack;
    out.flags = RST;
  } else {
    out.seq = seq(0);
    out.ack = seq(segment.seq + segLen(segment));
    out.flags = RST | ACK;
  }
  send(ends, env);
}

/**
 * <SEQ=SND.NXT><CTL=RST>: ABORT (3.10.5). It acknowledges too, as every deployed stack's does, and middleboxes expect; with
 * timestamps where they were agreed on (RFC 7323 3.2).
 */
export function resetConnection(tcb: Tcb, env: TcpEnv, now: number): void {
  const out = env.out.clear();
  out.seq = tcb.snd.nxt;
  out.ack = tcb.rcv.nxt;
  out.flags = RST | ACK;
  out.window = offerWindow(tcb, env, false);
  if (tcb.ts.on) {
    out.timestamps = true;
    out.tsVal = timestampNow(tcb.ts.offset, now);
    out.tsEcr = tcb.ts.recent;
  }
  countOut(tcb, out);
  send(tcb, env);
}

function send(ends: Ends, env: TcpEnv): void {
  env.counters.TcpOutRsts++;
  env.counters.TcpOutSegs++;
  env.outbox.segment(ends, env.out, NO_TEXT, 0);
}
