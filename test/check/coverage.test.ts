/**
 * What can be visited of the state matrix and of the state diagram is visited. What cannot is listed with its reason; a cell that
 * becomes reachable fails here as well as one that no longer is.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { COLUMNS, COVERING, Coverage, EVENTS, type EventName, search } from '../../src/check/index.ts';
import type { State } from '../../src/tcp/index.ts';

const BEFORE_SYN: readonly State[] = ['CLOSED', 'LISTEN'];
const NOTHING_TO_SAY: readonly State[] = [...BEFORE_SYN, 'FIN-WAIT-2', 'TIME-WAIT'];
const UNSYNCHRONIZED: readonly State[] = [...BEFORE_SYN, 'SYN-SENT', 'SYN-RECEIVED'];

/** Cells that nothing can lead to. */
const UNREACHABLE: readonly (readonly [EventName, readonly State[], string])[] = [
  ['ACK new data', ['SYN-RECEIVED'], 'text waits for ESTABLISHED'],
  ['ACK new data', ['FIN-WAIT-2'], 'everything, the FIN too, is acknowledged'],
  ['FIN retransmitted', ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2'], 'no FIN was taken before'],
  ['Retransmission timeout', NOTHING_TO_SAY, 'nothing is outstanding'],
  ['Zero-window probe timer', [...NOTHING_TO_SAY, 'SYN-SENT', 'SYN-RECEIVED'], 'nothing waits for a window'],
  ['R2 / user timeout', NOTHING_TO_SAY, 'nothing is outstanding'],
  ['Keep-alive timer', [...UNSYNCHRONIZED, 'TIME-WAIT'], 'it runs in synchronized states'],
  ['TIME-WAIT timeout', COLUMNS.filter((state) => state !== 'TIME-WAIT'), 'it is of TIME-WAIT'],
];

/** Arrows that are drawn and never taken. */
const NEVER_TAKEN: Readonly<Record<string, string>> = {
  'FIN-WAIT-1 -> TIME-WAIT':
    'the fifth step has gone to FIN-WAIT-2 when the eighth looks at the FIN of the same segment',
};

const coverage = new Coverage();

beforeAll(() => {
  for (const model of COVERING) {
    const { verdict, waiting } = search(model, { coverage });
    expect([model.name, verdict, waiting]).toEqual([model.name, 'holds', 0]);
  }
}, 120_000);

describe('the covering worlds', () => {
  it('visit every cell of the state matrix that can be visited', () => {
    const excused = new Set(UNREACHABLE.flatMap(([event, states]) => states.map((state) => `${event}/${state}`)));
    const missing: string[] = [];
    const surprising: string[] = [];
    for (const event of EVENTS) {
      for (const state of COLUMNS) {
        const cell = `${event}/${state}`;
        if (coverage.visited(event, state) === 0 && !excused.has(cell)) missing.push(cell);
        if (coverage.visited(event, state) > 0 && excused.has(cell)) surprising.push(cell);
      }
    }
    expect({ missing, surprising }).toEqual({ missing: [], surprising: [] });
    expect(EVENTS.length * COLUMNS.length).toBe(34 * 11);
    expect(coverage.cells.size).toBe(34 * 11 - excused.size);
  });

  it('take every arrow of the state diagram that can be taken', () => {
    const idle = [...coverage.arrows].filter(([, times]) => times === 0).map(([arrow]) => arrow);
    expect(idle).toEqual(Object.keys(NEVER_TAKEN));
  });
});
