/** A snapshot is everything that matters of a side, and nothing else. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { type Model, QUIET, World } from '../../src/check/index.ts';
import { Ledger } from '../../src/check/ledger.ts';
import { MOST_STEPS } from '../../src/check/search.ts';
import { Side } from '../../src/check/side.ts';
import { Tcb } from '../../src/tcp/index.ts';
import {
  Congestion,
  Held,
  Owed,
  ReceiveVariables,
  RoundTrip,
  SendVariables,
  Timers,
  Timestamps,
  Undo,
} from '../../src/tcp/tcb.ts';
import { TimeWait } from '../../src/tcp/timewait.ts';

/** What a snapshot holds, by name. */
const HELD: Readonly<Record<string, readonly string[]>> = {
  Tcb: [
    'state',
    'passive',
    'detached',
    'snd',
    'rcv',
    'timers',
    'rtt',
    'cc',
    'undo',
    'keepAlives',
    'lastHeard',
    'lastChallenge',
    'wantsRoom',
    'resumes',
  ],
  SendVariables: [
    'una',
    'nxt',
    'rxt',
    'wnd',
    'up',
    'urgent',
    'wl1',
    'wl2',
    'iss',
    'maxWnd',
    'synAcked',
    'closed',
    'finSent',
    'text',
  ],
  ReceiveVariables: ['nxt', 'edge', 'up', 'urgent', 'irs', 'largest', 'unacked', 'text', 'held', 'finAt', 'finHeld'],
  Timers: ['retransmission', 'persist', 'delayedAck', 'keepAlive', 'user', 'closing'],
  RoundTrip: ['backoff'],
  Congestion: ['duplicates', 'recovering', 'recover'],
  Undo: ['marker', 'low', 'high', 'firstEnd', 'until', 'resent', 'frto', 'over'],
  Held: ['ranges'],
  TimeWait: ['sndNxt', 'rcvNxt', 'irs', 'window', 'due', 'asleep', 'lastAnswer'],
};

/** What it leaves out, and why. */
const LEFT_OUT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Tcb: {
    ...of(
      'the same for all of a world',
      'id',
      'local',
      'localPort',
      'remote',
      'remotePort',
      'options',
      'mtu',
      'ipHeader',
      'ipOptions',
      'superSegment',
      'peerMss',
    ),
    ...of(
      'refused by name if it is ever used',
      'scaling',
      'sack',
      'ecn',
      'pace',
      'board',
      'uto',
      'cork',
      'bursts',
      'search',
      'fastOpen',
      'ts',
    ),
    ...of('of use only with what is refused', 'reordering', 'fastOpened'),
    ...of('paid, taken or read by the end of every step', 'owed', 'signals', 'failure', 'softError'),
    ...of('counts, and changes nothing', 'stats'),
    ...of('patience, which has no end here', 'probedAt'),
  },
  SendVariables: of('the same for all of a world', 'shift', 'mss', 'buffer'),
  ReceiveVariables: {
    ...of('the same for all of a world', 'shift', 'mss', 'buffer', 'tuning'),
    ...of('refused by name if it is ever used', 'quick'),
    ...of('of use only with what is refused', 'lastAck', 'twiceLeft', 'twiceRight'),
    ...of('a hint to the application', 'pushed'),
  },
  Timers: of('of use only with what is refused', 'probe', 'reordering', 'pacing'),
  RoundTrip: of('the time-out is fixed', 'srtt', 'rttvar', 'rto', 'timedUpTo', 'timedAt'),
  Congestion: of(
    'a window that never changes',
    'name',
    'cwnd',
    'ssthresh',
    'credit',
    'limited',
    'largestFlight',
    'useEnd',
    'slowStart',
    'state',
    'lastSent',
  ),
  Undo: of('of use only with what is refused', 'before', 'stamp', 'stamped', 'earlier'),
  Held: of('of use only with what is refused', 'recent'),
  TimeWait: {
    ...of('the same for all of a world', 'id', 'local', 'localPort', 'remote', 'remotePort', 'shift'),
    ...of('refused by name if it is ever used', 'timestamps', 'tsRecent', 'tsOffset'),
  },
};

function of(reason: string, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

const side = new Side('A', QUIET, {});
const tcb = side.endpoint.tcb;
const examples: Readonly<Record<string, object>> = {
  Tcb: tcb,
  SendVariables: tcb.snd,
  ReceiveVariables: tcb.rcv,
  Timers: tcb.timers,
  RoundTrip: tcb.rtt,
  Congestion: tcb.cc,
  Undo: new Undo(tcb.cc, tcb.snd.una, tcb.snd.nxt),
  Held: new Held(),
  TimeWait: new TimeWait(tcb, 0),
};

describe('a snapshot', () => {
  it('knows every kind of record of a TCB', () => {
    expect(Object.values(examples).map((example) => example.constructor)).toEqual([
      Tcb,
      SendVariables,
      ReceiveVariables,
      Timers,
      RoundTrip,
      Congestion,
      Undo,
      Held,
      TimeWait,
    ]);
    for (const known of [Owed, Timestamps])
      expect(Object.values(tcb).some((value) => value instanceof known)).toBe(true);
  });

  for (const [name, example] of Object.entries(examples)) {
    it(`holds every field of ${name}, or leaves it out for a reason`, () => {
      expect([...HELD[name]!, ...Object.keys(LEFT_OUT[name]!)].sort()).toEqual(Object.keys(example).sort());
    });
  }

  it('holds every field of a ledger', () => {
    const ledger = new Ledger();
    Object.assign(ledger, { count: 5, inc: 4, peer: 3, recordInc: 2, recordPeer: 1, bindings: 0x4321 });
    Object.assign(ledger, {
      written: 6,
      delivered: 5,
      arrived: 0xa5,
      finKnown: true,
      finTotal: 3,
      closed: true,
      ending: 'reset',
    });
    const from = new Side('A', QUIET, {});
    Object.assign(from.ledger, ledger);
    const { words } = from.encode(1_000_000);
    const to = new Side('A', QUIET, {});
    to.restore(words, 1_000_000);
    expect(to.ledger).toEqual(ledger);
  });
});

const models: readonly Model[] = [
  {
    ...QUIET,
    name: 'everything',
    choices: ['open A', 'abort A', 'write A', 'write B', 'read B', 'close A', 'close B', 'detach A', 'crash A'],
    losses: 7,
    duplicates: 5,
    capacity: 8,
    opens: 5,
    aborts: 2,
    crashes: 1,
    writes: 4,
  },
  {
    ...QUIET,
    name: 'both open',
    server: false,
    choices: ['open A', 'open B', 'write A', 'write B', 'close A', 'close B'],
    opens: 4,
    writes: 3,
    losses: 3,
    capacity: 8,
    window: 2,
  },
];

describe('a side that is never restored', () => {
  for (const model of models) {
    it(`does what one does that is restored before every step (${model.name})`, () => {
      let compared = 0;
      for (let seed = 0; seed < 150; seed++) compared += walk(model, seed);
      expect(compared).toBeGreaterThan(3000);
    });
  }
});

/** Walks at random in two worlds: in one each step begins with a restored snapshot, in the other the endpoints just go on. */
function walk(model: Model, seed: number): number {
  const random = new SeededRandom(seed);
  const restored = new World(model, null, []);
  const onward = new World(model, null, [], true);
  const begin = restored.start();
  let row = begin.row.slice(0, begin.length);
  const other = onward.start();
  let same = other.row.slice(0, other.length);
  const steps = new Int32Array(MOST_STEPS);
  const said: string[] = [];
  for (let depth = 0; depth < 60; depth++) {
    const count = restored.steps(row, row.length, steps);
    if (count === 0) return depth;
    const record = restored.describe(row, steps[random.uint32() % count]!);
    const next = restored.take(row, row.length, restored.find(row, row.length, record));
    const after = onward.take(same, same.length, onward.find(same, same.length, record));
    if (next === null || after === null) {
      expect([seed, depth, next === null]).toEqual([seed, depth, after === null]);
      return depth;
    }
    row = next.row.slice(0, next.length);
    same = after.row.slice(0, after.length);
    said.push(`${record.kind} ${restored.a.state} ${restored.b.state}`);
    expect({ seed, depth, said, plain: onward.plain(same) }).toEqual({ seed, depth, said, plain: restored.plain(row) });
  }
  return 60;
}
