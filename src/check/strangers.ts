/**
 * Owns: what comes from outside the two sides: segments that a stranger sends who can see where a connection is, and what ICMP
 * reports. And calls that an application makes at the wrong time. They make the exploration meet what two honest sides never
 * cause; worlds whose properties are about honest sides leave them out.
 */

import { type Endpoint, icmpError, pathMtuChanged } from '../tcp/index.ts';
import { add, type Seq, seq } from '../wire/seq.ts';
import { ACK, FIN, RST, Segment, SYN, URG } from '../wire/tcp.ts';
import type { Side } from './side.ts';

/** What a forger aims at: where the endpoint is. */
interface Target {
  readonly rcvNxt: Seq;
  readonly edge: Seq;
  readonly irs: Seq;
  readonly una: Seq;
  readonly sndNxt: Seq;
  readonly maxWnd: number;
}

/** Where an endpoint is, TIME-WAIT's record included. */
export function targetOf({ tcb, record }: Endpoint): Target {
  if (record !== null && !record.asleep) {
    const { rcvNxt, sndNxt, irs, window } = record;
    return { rcvNxt, edge: add(rcvNxt, window), irs, una: sndNxt, sndNxt, maxWnd: 0 };
  }
  const { snd, rcv } = tcb;
  return { rcvNxt: rcv.nxt, edge: rcv.edge, irs: rcv.irs, una: snd.una, sndNxt: snd.nxt, maxWnd: snd.maxWnd };
}

interface Forged {
  readonly flags: number;
  readonly seq: Seq;
  readonly ack?: Seq;
  readonly text?: number;
}

const FAR = 1 << 20;

const FORGERIES: readonly ((target: Target) => Forged)[] = [
  ({ rcvNxt }) => ({ flags: SYN, seq: add(rcvNxt, 1) }),
  ({ irs }) => ({ flags: SYN, seq: irs }),
  ({ irs, sndNxt }) => ({ flags: SYN | ACK, seq: irs, ack: sndNxt }),
  ({ irs, sndNxt }) => ({ flags: SYN | ACK, seq: irs, ack: add(sndNxt, FAR) }),
  ({ rcvNxt, sndNxt }) => ({ flags: ACK, seq: rcvNxt, ack: sndNxt }),
  ({ rcvNxt, sndNxt }) => ({ flags: ACK, seq: rcvNxt, ack: add(sndNxt, FAR) }),
  ({ rcvNxt, una, maxWnd }) => ({ flags: ACK, seq: rcvNxt, ack: add(una, -maxWnd - FAR) }),
  ({ rcvNxt, una }) => ({ flags: ACK, seq: rcvNxt, ack: una }),
  ({ rcvNxt, una }) => ({ flags: ACK, seq: add(rcvNxt, -FAR), ack: una }),
  ({ rcvNxt, una }) => ({ flags: ACK, seq: rcvNxt, ack: una, text: 1 }),
  ({ rcvNxt, una }) => ({ flags: ACK | URG, seq: rcvNxt, ack: una, text: 1 }),
  ({ rcvNxt, una }) => ({ flags: ACK | FIN, seq: rcvNxt, ack: una }),
  ({ rcvNxt, una }) => ({ flags: ACK | FIN, seq: add(rcvNxt, -1), ack: una }),
  ({ rcvNxt, una }) => ({ flags: ACK | FIN, seq: add(rcvNxt, 1), ack: una, text: 1 }),
  ({ rcvNxt, sndNxt }) => ({ flags: RST | ACK, seq: rcvNxt, ack: sndNxt }),
  ({ rcvNxt, una }) => ({ flags: RST | ACK, seq: add(rcvNxt, 1), ack: una }),
  ({ rcvNxt }) => ({ flags: RST, seq: add(rcvNxt, -FAR) }),
  ({ rcvNxt }) => ({ flags: 0, seq: rcvNxt, text: 1 }),
];

/** What ICMP says. */
const REPORTS = ['hard', 'soft', 'too big'] as const;

/** Kinds of intrusion: forged segments, then reports. */
export const INTRUSIONS: number = FORGERIES.length + REPORTS.length;

const forged = new Segment();
const text = new Uint8Array(4);

/** The forged segment of a kind, aimed at where a side is, or null when the kind is a report. Valid until the next call. */
export function forge(side: Side, kind: number): Segment | null {
  const make = FORGERIES[kind];
  if (make === undefined) return null;
  const made = make(targetOf(side.endpoint));
  forged.clear();
  forged.flags = made.flags;
  forged.seq = made.seq;
  forged.ack = made.ack ?? seq(0);
  forged.window = side.model.window;
  forged.dataLength = made.text ?? 0;
  forged.data = text;
  if (made.flags & URG) forged.urgent = 1;
  return forged;
}

export type Report = (typeof REPORTS)[number];

export function reportOf(kind: number): Report {
  return REPORTS[kind - FORGERIES.length]!;
}

/** Tells the connection what ICMP says of its packets, as a stack does: in TIME-WAIT, and without one, nobody is there to hear. */
export function report({ endpoint, now }: Side, kind: Report): void {
  const { tcb, env, state } = endpoint;
  if (state === 'CLOSED' || state === 'LISTEN' || state === 'TIME-WAIT') return;
  if (kind === 'too big') pathMtuChanged(tcb, env, 576);
  else icmpError(tcb, env, kind === 'hard', kind === 'hard' ? 'port-unreachable' : 'host-unreachable', now);
  endpoint.settle(now);
}

/** Calls that can be made at any time. */
export const CALLS = ['OPEN passive', 'OPEN active', 'SEND', 'RECEIVE', 'CLOSE', 'ABORT', 'STATUS'] as const;
export type Call = (typeof CALLS)[number];

/** Whether a call in a state is refused with a word, and changes nothing: then it costs no budget. */
export function isRefused({ endpoint }: Side, call: Call): boolean {
  const { state } = endpoint;
  const { closed } = endpoint.tcb.snd;
  switch (call) {
    case 'OPEN passive':
      return state !== 'CLOSED';
    case 'OPEN active':
      return state !== 'CLOSED' && state !== 'LISTEN';
    case 'SEND':
      return (
        closed ||
        (state !== 'LISTEN' &&
          state !== 'SYN-SENT' &&
          state !== 'SYN-RECEIVED' &&
          state !== 'ESTABLISHED' &&
          state !== 'CLOSE-WAIT')
      );
    case 'CLOSE':
      return closed || state === 'CLOSED' || state === 'TIME-WAIT';
    case 'ABORT':
      return state === 'CLOSED';
    default:
      return true;
  }
}
