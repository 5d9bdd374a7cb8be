/**
 * Every event in every state. Each state is reached by a conversation; the golden file says for each cell what was sent,
 * where it led and what the user heard. Read `state-matrix.txt` first: it is the engine's behaviour on one page.
 */
import { describe, expect, it } from 'vitest';
import { icmpError, pathMtuChanged } from '../../src/tcp/index.ts';
import * as tcb from '../../src/tcp/tcb.ts';
import { Peer } from '../helpers/endpoint.ts';

interface Reached {
  readonly peer: Peer;
  /** The peer's next sequence number, and the acknowledgment of everything we have sent. */
  readonly seq: number;
  readonly ack: number;
}

const states: Readonly<Record<string, (setup: object) => Reached>> = {
  CLOSED: (s) => ({ peer: new Peer(s), seq: 1, ack: 1 }),
  LISTEN: (s) => ({ peer: new Peer(s).listen(), seq: 1, ack: 1 }),
  'SYN-SENT': (s) => ({ peer: new Peer(s).synSent(), seq: 0, ack: 1 }),
  'SYN-RECEIVED (passive)': (s) => ({ peer: new Peer(s).synReceived(), seq: 1, ack: 1 }),
  'SYN-RECEIVED (active)': (s) => {
    const peer = new Peer(s).synSent();
    peer.send('SYN');
    return { peer: peer.seen(), seq: 1, ack: 1 };
  },
  ESTABLISHED: (s) => ({ peer: new Peer(s).established(), seq: 1, ack: 1 }),
  'FIN-WAIT-1': (s) => ({ peer: new Peer(s).finWait1(), seq: 1, ack: 2 }),
  'FIN-WAIT-2': (s) => ({ peer: new Peer(s).finWait2(), seq: 1, ack: 2 }),
  'CLOSE-WAIT': (s) => ({ peer: new Peer(s).closeWait(), seq: 2, ack: 1 }),
  CLOSING: (s) => ({ peer: new Peer(s).closing(), seq: 2, ack: 2 }),
  'LAST-ACK': (s) => ({ peer: new Peer(s).lastAck(), seq: 2, ack: 2 }),
  'TIME-WAIT': (s) => ({ peer: new Peer(s).timeWait(), seq: 2, ack: 2 }),
};

type Event = (reached: Reached) => string | undefined;

/** The peer's last acknowledgment before this event: of the SYN, not of a FIN of ours. */
const old = (r: Reached): number => Math.min(r.ack, 1);

const events: Readonly<Record<string, Event>> = {
  'OPEN passive': ({ peer }) => peer.open('passive'),
  'OPEN active': ({ peer }) => peer.open('active'),
  SEND: ({ peer }) => peer.write('data'),
  RECEIVE: ({ peer }) => peer.read() || 'wait',
  CLOSE: ({ peer }) => peer.close(),
  ABORT: ({ peer }) => peer.abort(),
  STATUS: ({ peer }) => peer.state,
  'SYN, new, in window': ({ peer, seq }) => void peer.send('SYN', { seq: seq + 100 }),
  'SYN, old': ({ peer }) => void peer.send('SYN', { seq: -1000 }),
  'SYN duplicate (SEQ = IRS)': ({ peer }) => void peer.send('SYN', { seq: 0 }),
  'SYN,ACK, ACK acceptable': ({ peer, ack }) => void peer.send('SYN,ACK', { seq: 0, ack }),
  'SYN,ACK, ACK bad': ({ peer, ack }) => void peer.send('SYN,ACK', { seq: 0, ack: ack + 1000 }),
  'ACK of our SYN': ({ peer, seq }) => void peer.send('ACK', { seq, ack: 1 }),
  'ACK of our FIN': ({ peer, seq }) => void peer.send('ACK', { seq, ack: 2 }),
  'ACK new data': (r) => {
    const said = r.peer.write('data');
    r.peer.seen();
    r.peer.send('ACK', { seq: r.seq, ack: 5 });
    return said === 'ok' ? undefined : `SEND ${said}`;
  },
  'ACK duplicate': (r) => void r.peer.send('ACK', { seq: r.seq, ack: old(r) }),
  'ACK old, beyond MAX.SND.WND': ({ peer, seq }) => void peer.send('ACK', { seq, ack: -70_000 }),
  'ACK > SND.NXT': ({ peer, seq, ack }) => void peer.send('ACK', { seq, ack: ack + 1000 }),
  'Data in window': (r) => void r.peer.send('PSH,ACK', { seq: r.seq, ack: old(r), data: 'data' }),
  'Data when fully closed': (r) => {
    const said = r.peer.detach();
    r.peer.seen();
    r.peer.send('PSH,ACK', { seq: r.seq, ack: old(r), data: 'data' });
    return `detach ${said}`;
  },
  'FIN in order': (r) => void r.peer.send('FIN,ACK', { seq: r.seq, ack: old(r) }),
  'FIN in order with the ACK of our FIN': (r) => void r.peer.send('FIN,ACK', { seq: r.seq, ack: r.ack }),
  'FIN retransmitted': (r) => void r.peer.send('FIN,ACK', { seq: r.seq - 1, ack: old(r) }),
  'FIN ahead of a gap': (r) => void r.peer.send('FIN,ACK', { seq: r.seq + 10, ack: old(r), data: 'data' }),
  'Out of window, no RST': (r) => void r.peer.send('ACK', { seq: r.seq - 10, ack: old(r) }),
  'RST, SEQ = RCV.NXT': ({ peer, seq }) => void peer.send('RST', { seq }),
  'RST,ACK of our SYN': ({ peer, seq }) => void peer.send('RST,ACK', { seq, ack: 1 }),
  'RST in window, SEQ != RCV.NXT': ({ peer, seq }) => void peer.send('RST', { seq: seq + 10 }),
  'RST outside window': ({ peer, seq }) => void peer.send('RST', { seq: seq - 10 }),
  'No ACK, no SYN, no RST': ({ peer, seq }) => void peer.send('', { seq, data: 'x' }),
  URG: (r) => void r.peer.send('URG,ACK', { seq: r.seq, ack: old(r), urgent: 3, data: 'data' }),
  'Retransmission timeout': ({ peer }) => void peer.advance(1000),
  'Zero-window probe timer': (r) => {
    r.peer.send('ACK', { seq: r.seq, ack: r.ack, window: 0 });
    const said = r.peer.write('data');
    r.peer.seen();
    r.peer.advance(1000);
    return `SEND ${said}`;
  },
  'R2 / user timeout': (r) => {
    r.peer.write('data');
    r.peer.until(r.peer.now + 900_000);
    return `${r.peer.seen().sent().length} sent`;
  },
  'Keep-alive timer': ({ peer }) => void peer.advance(7_200_000),
  'TIME-WAIT timeout': ({ peer }) => void peer.until(peer.now + 60_000).seen(),
  'Hard ICMP': ({ peer }) => void icmp(peer, true, 'port-unreachable'),
  'Soft ICMP': ({ peer }) => void icmp(peer, false, 'host-unreachable'),
  'ICMP too big': ({ peer }) => {
    peer.write(new Uint8Array(1400));
    peer.seen();
    if (peer.endpoint.record === null) {
      pathMtuChanged(peer.tcb, peer.env, 576);
      peer.endpoint.onDeadline(peer.now);
    }
    return undefined;
  },
};

function icmp(peer: Peer, hard: boolean, reason: string): void {
  // A TIME-WAIT record and the states without a TCB have nobody to tell.
  if (peer.endpoint.record !== null || peer.state === 'CLOSED' || peer.state === 'LISTEN') return;
  icmpError(peer.tcb, peer.env, hard, reason, peer.now);
  peer.endpoint.settle(peer.now);
}

const SIGNALS: ReadonlyArray<readonly [number, string]> = [
  [tcb.SIGNAL_ESTABLISHED, 'established'],
  [tcb.SIGNAL_READABLE, 'readable'],
  [tcb.SIGNAL_END, 'end'],
  [tcb.SIGNAL_DRAINED, 'drained'],
  [tcb.SIGNAL_URGENT, 'urgent'],
  [tcb.SIGNAL_SOFT_ERROR, 'soft error'],
  [tcb.SIGNAL_CLOSED, 'closed'],
];

function cell(state: string, event: string, setup: object): string {
  const reached = states[state]!(setup);
  const { peer } = reached;
  const before = peer.state;
  const connection = peer.tcb;
  connection.signals = 0;
  const said = events[event]!(reached);
  const sent = peer.sent();
  const parts: string[] = [];
  if (said !== undefined) parts.push(said);
  parts.push(sent.length > 0 ? sent.join('; ') : '-');
  if (peer.state !== before) parts.push(`-> ${peer.state}`);
  const heard = SIGNALS.filter(([bit]) => connection.signals & bit).map(([, name]) => name);
  if (connection.failure !== null) heard.push(`"${connection.failure}"`);
  if (heard.length > 0) parts.push(`(${heard.join(', ')})`);
  return parts.join('  ');
}

function matrix(setup: object): string {
  const lines: string[] = [];
  for (const event of Object.keys(events)) {
    lines.push(event);
    for (const state of Object.keys(states)) lines.push(`  ${state.padEnd(24)}${cell(state, event, setup)}`);
    lines.push('');
  }
  return lines.join('\n');
}

describe('the state x event matrix', () => {
  it('is as recorded', async () => {
    await expect(matrix({})).toMatchFileSnapshot('./state-matrix.txt');
  });

  it.each([0, 2 ** 31 - 1, 2 ** 32 - 1])('is the same with initial sequence number %d on both sides', async (isn) => {
    await expect(matrix({ iss: isn, irs: isn })).toMatchFileSnapshot('./state-matrix.txt');
  });
});
