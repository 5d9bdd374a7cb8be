/**
 * Owns: what a search has visited of the state matrix (every event in every state) and of the state diagram (its arrows), and the
 * worlds that are made to visit all of it: small ones, in which applications call what they like and strangers intrude.
 */

import { ARROWS, type State } from '../tcp/index.ts';
import type { StateEvent } from '../trace/events.ts';
import { add, diff, gt, le, lt, within } from '../wire/seq.ts';
import { ACK, FIN, RST, type Segment, SYN, segLen, URG } from '../wire/tcp.ts';
import { type Model, QUIET } from './model.ts';
import { hasTakenFin, type Side } from './side.ts';
import { type Call, type Report, targetOf } from './strangers.ts';
import type { Observer, World } from './world.ts';

/** The events of the state matrix. */
export const EVENTS = [
  'OPEN passive',
  'OPEN active',
  'SEND',
  'RECEIVE',
  'CLOSE',
  'ABORT',
  'STATUS',
  'SYN, new',
  'SYN duplicate (SEQ = IRS)',
  'SYN,ACK, ACK acceptable',
  'SYN,ACK, ACK bad',
  'ACK of our SYN',
  'ACK of our FIN',
  'ACK new data',
  'ACK duplicate or old',
  'ACK > SND.NXT',
  'Data in window',
  'FIN in order',
  'FIN retransmitted',
  'FIN ahead of a gap',
  'Out of window, no RST',
  'RST, SEQ = RCV.NXT',
  'RST in window, SEQ != RCV.NXT',
  'RST outside window',
  'No ACK, no SYN, no RST',
  'URG',
  'Retransmission timeout',
  'Zero-window probe timer',
  'R2 / user timeout',
  'Keep-alive timer',
  'TIME-WAIT timeout',
  'Hard ICMP',
  'Soft ICMP',
  'ICMP too big',
] as const;
export type EventName = (typeof EVENTS)[number];

/** The states in the order of the RFC. */
export const COLUMNS: readonly State[] = [
  'CLOSED',
  'LISTEN',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
];

export class Coverage implements Observer {
  /** How often each cell was visited, by `event/state`. */
  readonly cells: Map<string, number> = new Map();
  /** How often each arrow was taken, by `from -> to`. */
  readonly arrows: Map<string, number> = new Map(ARROWS.map(({ from, to }) => [`${from} -> ${to}`, 0]));

  /** Looks at everything that happens in a world. */
  follow(world: World): void {
    world.observer = this;
    for (const side of [world.a, world.b]) {
      side.trace = (event) => {
        if (event.type === 'state') this.#take(side, event);
      };
    }
  }

  /** The TCB that a newer SYN makes comes out of LISTEN; the pair of ports comes out of TIME-WAIT. */
  #take({ endpoint }: Side, { from, to }: StateEvent): void {
    const anew = from === 'LISTEN' && to === 'SYN-RECEIVED' && endpoint.record !== null;
    count(this.arrows, `${anew ? 'TIME-WAIT' : from} -> ${to}`);
  }

  visited(event: EventName, state: State): number {
    return this.cells.get(`${event}/${state}`) ?? 0;
  }

  /** Adds what another has visited, e.g. in another thread. */
  merge(cells: Iterable<readonly [string, number]>, arrows: Iterable<readonly [string, number]>): void {
    for (const [key, times] of cells) this.cells.set(key, (this.cells.get(key) ?? 0) + times);
    for (const [key, times] of arrows) this.arrows.set(key, (this.arrows.get(key) ?? 0) + times);
  }

  arrival(side: Side, segment: Segment): void {
    for (const event of eventsOf(side, segment)) this.#visit(event, side);
  }

  timers({ endpoint, now }: Side): void {
    const { state } = endpoint;
    const { timers } = endpoint.tcb;
    const visit = (event: EventName): void => count(this.cells, `${event}/${state}`);
    if (state === 'TIME-WAIT') visit('TIME-WAIT timeout');
    if (timers.retransmission <= now) visit('Retransmission timeout');
    if (timers.persist <= now) visit('Zero-window probe timer');
    if (timers.user <= now) visit('R2 / user timeout');
    if (timers.keepAlive <= now) visit('Keep-alive timer');
  }

  call(side: Side, call: Call): void {
    this.#visit(call, side);
  }

  report(side: Side, report: Report): void {
    this.#visit(report === 'hard' ? 'Hard ICMP' : report === 'soft' ? 'Soft ICMP' : 'ICMP too big', side);
  }

  #visit(event: EventName, { state }: Side): void {
    count(this.cells, `${event}/${state}`);
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** Which rows of the matrix a segment belongs to: what it says, and where that lies as its receiver sees it. */
export function eventsOf(side: Side, segment: Segment): EventName[] {
  const { flags } = segment;
  const events: EventName[] = [];
  if (flags & URG) events.push('URG');
  if (flags & RST) return [...events, ...resetEvents(side, segment)];
  if (flags & SYN) return [...events, ...synEvents(side, segment)];
  if (!(flags & ACK)) return [...events, 'No ACK, no SYN, no RST'];
  const { state } = side;
  if (state === 'CLOSED' || state === 'LISTEN') return [...events, ...strayEvents(segment)];
  return [...events, ...ackEvents(side, segment), ...textEvents(side, segment)];
}

/** Where there is no connection an ACK is all that an ACK can be. */
function strayEvents({ flags, dataLength }: Segment): EventName[] {
  const events: EventName[] = [
    'ACK of our SYN',
    'ACK of our FIN',
    'ACK new data',
    'ACK duplicate or old',
    'ACK > SND.NXT',
  ];
  events.push('Out of window, no RST');
  if (dataLength > 0) events.push('Data in window');
  if (flags & FIN) events.push('FIN in order', 'FIN retransmitted', 'FIN ahead of a gap');
  return events;
}

function resetEvents(side: Side, segment: Segment): EventName[] {
  const { rcvNxt, edge, una, sndNxt } = targetOf(side.endpoint);
  if (side.state === 'CLOSED' || side.state === 'LISTEN') {
    return ['RST, SEQ = RCV.NXT', 'RST in window, SEQ != RCV.NXT', 'RST outside window'];
  }
  if (side.state === 'SYN-SENT') {
    const acceptable = segment.flags & ACK && gt(segment.ack, una) && le(segment.ack, sndNxt);
    return acceptable ? ['RST, SEQ = RCV.NXT'] : ['RST in window, SEQ != RCV.NXT', 'RST outside window'];
  }
  if (segment.seq === rcvNxt) return ['RST, SEQ = RCV.NXT'];
  return within(segment.seq, rcvNxt, diff(edge, rcvNxt)) ? ['RST in window, SEQ != RCV.NXT'] : ['RST outside window'];
}

function synEvents(side: Side, segment: Segment): EventName[] {
  const { irs, una, sndNxt } = targetOf(side.endpoint);
  const { state } = side;
  const none = state === 'CLOSED' || state === 'LISTEN';
  if (segment.flags & ACK) {
    if (none) return ['SYN,ACK, ACK acceptable', 'SYN,ACK, ACK bad'];
    const opening = state === 'SYN-SENT' || state === 'SYN-RECEIVED';
    const acceptable = le(segment.ack, sndNxt) && (opening ? gt(segment.ack, una) : !lt(segment.ack, una));
    return [acceptable ? 'SYN,ACK, ACK acceptable' : 'SYN,ACK, ACK bad'];
  }
  if (none || state === 'SYN-SENT') return ['SYN, new', 'SYN duplicate (SEQ = IRS)'];
  return [segment.seq === irs ? 'SYN duplicate (SEQ = IRS)' : 'SYN, new'];
}

function ackEvents(side: Side, { ack }: Segment): EventName[] {
  const { una, sndNxt } = targetOf(side.endpoint);
  const { snd } = side.endpoint.tcb;
  const { state } = side;
  const events: EventName[] = [];
  if (gt(ack, sndNxt)) {
    events.push('ACK > SND.NXT');
    // What the matrix says of an ACK of a FIN that was not sent is the same.
    if (!snd.finSent && state !== 'TIME-WAIT') events.push('ACK of our FIN');
    if (state === 'SYN-SENT') events.push('ACK of our SYN', 'ACK new data');
    return events;
  }
  const finAcked = (snd.finSent || state === 'TIME-WAIT') && ack === sndNxt;
  if (finAcked) events.push('ACK of our FIN');
  if (!gt(ack, una)) events.push('ACK duplicate or old');
  if (state === 'TIME-WAIT') return [...events, 'ACK of our SYN', 'ACK new data'];
  if (ack === add(snd.iss, 1)) events.push('ACK of our SYN');
  const text = diff(ack, una) - (finAcked ? 1 : 0) - (snd.synAcked ? 0 : 1);
  if (gt(ack, una) && text > 0) events.push('ACK new data');
  return events;
}

function textEvents(side: Side, segment: Segment): EventName[] {
  const { rcvNxt, edge } = targetOf(side.endpoint);
  const { state } = side;
  const { dataLength, flags } = segment;
  const window = diff(edge, rcvNxt);
  const length = segLen(segment);
  // Before the peer's SYN there is no window: everything is as if it were in it.
  const anywhere = state === 'SYN-SENT';
  const first = within(segment.seq, rcvNxt, window);
  const last = length > 0 && within(add(segment.seq, length - 1), rcvNxt, window);
  const inside = anywhere || first || last || (length === 0 && window === 0 && segment.seq === rcvNxt);
  const events: EventName[] = [];
  if (dataLength > 0 && inside) events.push('Data in window');
  if (flags & FIN) {
    const at = add(segment.seq, dataLength);
    if (anywhere) events.push('FIN in order', 'FIN retransmitted', 'FIN ahead of a gap');
    else if (at === rcvNxt) events.push('FIN in order');
    else if (gt(at, rcvNxt)) events.push('FIN ahead of a gap');
    else if (hasTakenFin(state) && at === add(rcvNxt, -1)) events.push('FIN retransmitted');
  }
  if (!inside || anywhere) events.push('Out of window, no RST');
  return events;
}

const BEFORE_SYN: readonly State[] = ['CLOSED', 'LISTEN'];
const NOTHING_TO_SAY: readonly State[] = [...BEFORE_SYN, 'FIN-WAIT-2', 'TIME-WAIT'];
const UNSYNCHRONIZED: readonly State[] = [...BEFORE_SYN, 'SYN-SENT', 'SYN-RECEIVED'];

/** Cells that nothing can lead to, and why. */
export const UNREACHABLE: readonly (readonly [EventName, readonly State[], string])[] = [
  ['ACK new data', ['SYN-RECEIVED'], 'text waits for ESTABLISHED'],
  ['ACK new data', ['FIN-WAIT-2'], 'everything, the FIN too, is acknowledged'],
  ['FIN retransmitted', ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2'], 'no FIN was taken before'],
  ['Retransmission timeout', NOTHING_TO_SAY, 'nothing is outstanding'],
  ['Zero-window probe timer', [...NOTHING_TO_SAY, 'SYN-SENT', 'SYN-RECEIVED'], 'nothing waits for a window'],
  ['R2 / user timeout', NOTHING_TO_SAY, 'nothing is outstanding'],
  ['Keep-alive timer', [...UNSYNCHRONIZED, 'TIME-WAIT'], 'it runs in synchronized states'],
  ['TIME-WAIT timeout', COLUMNS.filter((state) => state !== 'TIME-WAIT'), 'it is of TIME-WAIT'],
];

/** Arrows that are drawn and never taken, and why. */
export const NEVER_TAKEN: Readonly<Record<string, string>> = {
  'FIN-WAIT-1 -> TIME-WAIT':
    'the fifth step has gone to FIN-WAIT-2 when the eighth looks at the FIN of the same segment',
};

/** Small worlds, each with a corner of the matrix in it. */
const CORNER: Model = {
  ...QUIET,
  choices: ['open A', 'close A', 'close B'],
  capacity: 2,
  writes: 1,
  msl: 1,
  rto: 1,
  safety: [],
};

const BOTH_OPEN: Partial<Model> = { server: false, choices: ['open A', 'open B', 'close A', 'close B'], opens: 2 };

/** What two sides and a stranger can do to each other in these worlds visits everything that can be visited. */
export const COVERING: readonly Model[] = [
  { ...CORNER, name: 'calls', choices: ['open A', 'close A'], calls: 1 },
  { ...CORNER, name: 'calls of two clients', choices: [], server: false, capacity: 1, calls: 2 },
  { ...CORNER, name: 'strangers', capacity: 1, intrusions: 2 },
  { ...CORNER, name: 'strangers of two clients', ...BOTH_OPEN, intrusions: 1 },
  { ...CORNER, name: 'nobody reads', choices: ['open A', 'close A', 'detach A', 'write B'], capacity: 1 },
  {
    ...CORNER,
    name: 'closed windows',
    choices: ['open A', 'write A', 'read B', 'close A', 'close B'],
    capacity: 1,
    writes: 2,
    window: 1,
  },
  {
    ...CORNER,
    name: 'a closed window',
    choices: ['open A', 'write B', 'read A', 'close A', 'close B'],
    capacity: 1,
    writes: 2,
    window: 1,
  },
  {
    ...CORNER,
    name: 'patience',
    choices: ['open A', 'write A', 'close A', 'close B'],
    losses: 3,
    capacity: 1,
    patience: 2,
  },
  {
    ...CORNER,
    name: 'patience of the server',
    choices: ['open A', 'close A', 'write B', 'close B'],
    losses: 2,
    capacity: 1,
    patience: 1,
  },
  { ...CORNER, name: 'silence', capacity: 1, losses: 2, keepAlive: 1 },
  { ...CORNER, name: 'silence of two clients', ...BOTH_OPEN, losses: 2, patience: 1, keepAlive: 1 },
  { ...CORNER, name: 'opening anew', opens: 2 },
];
