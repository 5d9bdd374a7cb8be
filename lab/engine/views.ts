/** Owns: what a host's TCBs look like to the page, as plain data. */

import { receiveWindow, type Tcb, type TimeWait, textEnd, textStart } from 'tsyn/tcp';
import type { TimerName } from 'tsyn/trace';
import { add, diff, type Seq, unsigned } from 'tsyn/wire';
import type { Connection, Host } from './host.ts';
import type { ConnectionView, HostView } from './types.ts';

type Edges = readonly (readonly [number, number])[];
type TimerView = ConnectionView['timers'][number];

/** The timers of a TCB, and what events call them. */
const TIMERS: readonly (readonly [keyof Tcb['timers'], TimerName])[] = [
  ['retransmission', 'retransmission'],
  ['probe', 'tail-loss-probe'],
  ['reordering', 'reordering'],
  ['persist', 'persist'],
  ['delayedAck', 'delayed-ack'],
  ['keepAlive', 'keep-alive'],
  ['user', 'user'],
];

const NOTHING: Omit<ConnectionView, 'id' | 'local' | 'remote' | 'state'> = {
  sndUna: null,
  sndNxt: null,
  sndWnd: null,
  sndWl1: null,
  sndWl2: null,
  iss: null,
  rcvNxt: null,
  rcvWnd: null,
  irs: null,
  mss: 0,
  cwnd: 0,
  ssthresh: 0,
  pipe: 0,
  srtt: null,
  rttvar: null,
  rto: 0,
  backoff: 0,
  duplicates: 0,
  sacked: [],
  held: [],
  tsRecent: null,
  unsent: 0,
  unacked: 0,
  unread: 0,
  sendBuffer: 0,
  receiveBuffer: 0,
  timers: [],
};

export function hostView(host: Host, application: Pick<HostView, 'read' | 'written' | 'foreign' | 'told'>): HostView {
  const { listener } = host;
  const connections: ConnectionView[] = [];
  if (listener !== null) connections.push(listeningView(host, listener.spare));
  for (const connection of host.connections) {
    const { record } = connection;
    connections.push(record === null ? connectionView(host, connection) : waitingView(host, record));
  }
  const { read, written, foreign, told } = application;
  return {
    connections,
    backlog:
      listener === null
        ? null
        : { used: listener.opening.size, limit: host.settings.backlog, cookies: listener.cookies },
    read,
    written,
    foreign,
    told,
  };
}

/** It never changes. */
const listening: WeakMap<Tcb, ConnectionView> = new WeakMap();

function listeningView(host: Host, tcb: Tcb): ConnectionView {
  const known = listening.get(tcb);
  if (known !== undefined) return known;
  const view: ConnectionView = { ...NOTHING, ...host.describe(tcb), state: 'LISTEN' };
  listening.set(tcb, view);
  return view;
}

function waitingView(host: Host, record: TimeWait): ConnectionView {
  return {
    ...NOTHING,
    ...host.describe(record),
    state: 'TIME-WAIT',
    sndNxt: unsigned(record.sndNxt),
    rcvNxt: unsigned(record.rcvNxt),
    rcvWnd: record.window,
    irs: unsigned(record.irs),
    tsRecent: record.timestamps ? unsigned(record.tsRecent) : null,
    timers: [{ timer: 'time-wait', since: record.due - 2 * host.settings.msl, due: record.due }],
  };
}

function connectionView(host: Host, connection: Connection): ConnectionView {
  const { tcb } = connection;
  const { snd, rcv, rtt, cc, ts } = tcb;
  const { id, local, remote } = host.describe(tcb);
  // Before the peer's SYN nothing is known of its numbers.
  const heard = tcb.state !== 'SYN-SENT';
  return {
    id,
    local,
    remote,
    state: tcb.state,
    sndUna: unsigned(snd.una),
    sndNxt: unsigned(snd.nxt),
    sndWnd: heard ? snd.wnd : null,
    sndWl1: heard ? unsigned(snd.wl1) : null,
    sndWl2: heard ? unsigned(snd.wl2) : null,
    iss: unsigned(snd.iss),
    rcvNxt: heard ? unsigned(rcv.nxt) : null,
    rcvWnd: heard ? receiveWindow(tcb) : null,
    irs: heard ? unsigned(rcv.irs) : null,
    mss: snd.mss,
    cwnd: cc.cwnd,
    ssthresh: cc.ssthresh,
    pipe: tcb.board === null ? Math.max(diff(snd.rxt, textStart(tcb)), 0) : tcb.board.pipe,
    srtt: rtt.srtt < 0 ? null : rtt.srtt,
    rttvar: rtt.srtt < 0 ? null : rtt.rttvar,
    rto: rtt.rto,
    backoff: rtt.backoff,
    duplicates: cc.duplicates,
    sacked: connection.sacked,
    held: heldOf(tcb),
    tsRecent: ts.on ? unsigned(ts.recent) : null,
    unsent: snd.text.length === 0 ? 0 : Math.max(diff(textEnd(tcb), firstUnsent(tcb)), 0),
    unacked: diff(snd.nxt, snd.una),
    unread: rcv.text.length,
    sendBuffer: snd.buffer,
    receiveBuffer: rcv.buffer,
    timers: timersOf(connection),
  };
}

/** Where text that was never sent begins: behind the SYN at least. */
function firstUnsent({ snd }: Tcb): Seq {
  return snd.nxt === snd.iss ? add(snd.iss, 1) : snd.nxt;
}

function heldOf({ rcv }: Tcb): Edges {
  if (rcv.held === null) return [];
  const { ranges } = rcv.held;
  const edges: [number, number][] = [];
  for (let at = rcv.nxt; ranges.find(at); at = ranges.right) {
    edges.push([unsigned(ranges.left), unsigned(ranges.right)]);
  }
  return edges;
}

function timersOf({ tcb, since }: Connection): readonly TimerView[] {
  const running: TimerView[] = [];
  for (const [key, timer] of TIMERS) {
    const due = tcb.timers[key];
    if (due !== Infinity) running.push({ timer, since: since.get(timer) ?? 0, due });
  }
  return running;
}
