import { describe, expect, it } from 'vitest';
import { Duo, type DuoSetup, type Side } from '../helpers/duo.ts';
import { pattern } from '../helpers/endpoint.ts';

/** A scenario plays on a Duo that is set up with other ISNs each time. */
interface Scenario {
  readonly setup: DuoSetup;
  play(duo: Duo): void;
}

function open(duo: Duo): void {
  duo.ends[1].open('passive', duo.now);
  duo.ends[0].open('active', duo.now);
  duo.note();
}

/** Each side sends so much, reads what comes, closes when it has sent everything, until both are through. */
function exchange(duo: Duo, sizes: readonly [number, number], limit: number): void {
  const data = [pattern(sizes[0]), pattern(sizes[1], 7)] as const;
  const sent: [number, number] = [0, 0];
  const got: [number, number] = [0, 0];
  const closed: [boolean, boolean] = [false, false];
  const end = duo.now + limit;
  while (duo.now < end && !(closed[0] && closed[1])) {
    duo.run(5);
    for (const side of [0, 1] as const) {
      const endpoint = duo.ends[side];
      if (endpoint.state !== 'ESTABLISHED' && endpoint.state !== 'CLOSE-WAIT') {
        if (endpoint.state === 'CLOSED' || endpoint.state === 'TIME-WAIT') closed[side] = true;
      } else if (sent[side] < sizes[side]) {
        sent[side] += endpoint.send(data[side].subarray(sent[side], sent[side] + 20_000), false, duo.now).accepted;
      } else if (!closed[side]) {
        closed[side] = true;
        endpoint.close(duo.now);
      }
      const text = duo.read(side);
      const other = data[1 - side]!;
      for (let i = 0; i < text.length; i++)
        if (text[i] !== other[got[side] + i]) throw new Error(`octet ${got[side] + i} differs`);
      got[side] += text.length;
    }
  }
  for (let i = 0; i < 2000; i++) {
    duo.run(30);
    for (const side of [0, 1] as const) got[side] += duo.read(side).length;
  }
  expect(got).toEqual([sizes[1], sizes[0]]);
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a clean exchange': {
    setup: {},
    play: (duo) => {
      open(duo);
      exchange(duo, [200_000, 30_000], 60_000);
    },
  },
  'an exchange under loss, duplication and reordering': {
    setup: { seed: 3, loss: 0.05, duplicate: 0.03, reorder: 0.1 },
    play: (duo) => {
      open(duo);
      exchange(duo, [150_000, 100_000], 120_000);
    },
  },
  'the same without timestamps and SACK': {
    setup: { seed: 4, loss: 0.08, reorder: 0.1, options: { timestamps: false, sack: false } },
    play: (duo) => {
      open(duo);
      exchange(duo, [120_000, 40_000], 120_000);
    },
  },
  'small buffers without window scaling': {
    setup: { seed: 5, loss: 0.03, options: { receiveBuffer: 4000, sendBuffer: 3000, windowScaling: false } },
    play: (duo) => {
      open(duo);
      exchange(duo, [40_000, 20_000], 120_000);
    },
  },
  'a simultaneous open and a simultaneous close': {
    setup: {},
    play: (duo) => {
      for (const end of duo.ends) end.open('active', duo.now);
      duo.note();
      duo.run(100);
      for (const end of duo.ends) end.send(pattern(5000), false, duo.now);
      duo.run(100);
      for (const side of [0, 1] as const) duo.read(side);
      for (const end of duo.ends) end.close(duo.now);
      duo.run(100_000);
      expect(duo.ends.map((end) => end.state)).toEqual(['CLOSED', 'CLOSED']);
    },
  },
  'urgent text, a window that closes and opens, a reset': {
    setup: { options: { receiveBuffer: 20_000 } },
    play: (duo) => {
      open(duo);
      duo.run(100);
      const [a, b] = duo.ends;
      a.send(pattern(30_000), false, duo.now);
      a.send(pattern(3), true, duo.now);
      duo.run(20_000);
      duo.read(1);
      duo.run(20_000);
      duo.read(1);
      duo.run(1000);
      expect(b.tcb.rcv.text.length).toBe(0);
      b.abort(duo.now);
      duo.run(1000);
      expect(a.state).toBe('CLOSED');
    },
  },
  'a lost last ACK, and the pair reopened through TIME-WAIT': {
    setup: { drop: (side: Side, n: number) => side === 0 && n === 3 },
    play: (duo) => {
      const [a, b] = duo.ends;
      open(duo);
      duo.run(100);
      a.close(duo.now);
      duo.run(100);
      b.close(duo.now);
      duo.run(5000);
      expect([a.state, b.state]).toEqual(['TIME-WAIT', 'CLOSED']);
      a.listening = true;
      b.open('active', duo.now);
      duo.run(1000);
      expect([a.state, b.state]).toEqual(['ESTABLISHED', 'ESTABLISHED']);
      b.send(pattern(10_000), false, duo.now);
      duo.run(1000);
      expect(duo.read(0)).toEqual(pattern(10_000));
      duo.run(100_000);
    },
  },
  'a silent peer: retransmission, keep-alive, giving up': {
    setup: {
      options: { keepAlive: true, keepAliveIdle: 10_000, keepAliveInterval: 1000, userTimeout: 60_000 },
      drop: (_: Side, n: number) => n > 30,
    },
    play: (duo) => {
      open(duo);
      duo.run(100);
      duo.ends[0].send(pattern(3000), false, duo.now);
      duo.run(40_000);
      duo.ends[0].send(pattern(100_000), false, duo.now);
      duo.run(200_000);
      expect(duo.ends[0].state).toBe('CLOSED');
    },
  },
};

const SHIFTS: readonly (readonly [number, number])[] = [
  [0, 0],
  [2 ** 31 - 1, 2 ** 31 - 1],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [2 ** 31 - 5000, 2 ** 32 - 5000],
  [2 ** 32 - 60_000, 2 ** 31 - 60_000],
  [0xdeadbeef, 0x0badcafe],
];

/** Offsets of the timestamp clocks; they too pass 2^31 and 2^32 during the play. */
const OFFSETS: readonly (readonly [number, number])[] = [
  [0, 0],
  [2 ** 31 - 1777, 2 ** 32 - 1333.5],
  [2 ** 32 - 5002.5, 2 ** 31 - 1],
];

function course(scenario: Scenario, iss: readonly [number, number], ts: readonly [number, number]): string[] {
  const duo = new Duo({ ...scenario.setup, iss, ts: [Math.floor(ts[0]), Math.floor(ts[1])] });
  scenario.play(duo);
  const ends = duo.ends.map(({ tcb: { cc, rtt, timers, failure } }) =>
    JSON.stringify([cc.cwnd, cc.ssthresh, rtt.srtt, rtt.rttvar, rtt.rto, rtt.backoff, timers, failure]),
  );
  return [...duo.log, ...ends];
}

/** The first difference, for a failure that can be read. */
function differs(one: readonly string[], two: readonly string[]): string {
  const at = one.findIndex((line, i) => line !== two[i]);
  if (at < 0) return one.length === two.length ? 'none' : `length ${one.length}, ${two.length}`;
  return `line ${at}: ${one[at]} | ${two[at]}`;
}

describe('G13: the course of a connection does not depend on where sequence numbers start', () => {
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    it(name, () => {
      const base = course(scenario, [10_000, 50_000], [0, 0]);
      expect(base.length).toBeGreaterThan(10);
      for (const iss of SHIFTS) expect(differs(base, course(scenario, iss, [0, 0])), `ISS ${iss}`).toBe('none');
      for (const ts of OFFSETS)
        expect(differs(base, course(scenario, SHIFTS[3]!, ts)), `timestamps ${ts}`).toBe('none');
    });
  }

  it('the noise is really there: the lossy scenarios lose, and something is sent again', () => {
    const log = course(SCENARIOS['an exchange under loss, duplication and reordering']!, [0, 0], [0, 0]);
    expect(log.filter((line) => line.endsWith(' lost')).length).toBeGreaterThan(5);
  });
});
