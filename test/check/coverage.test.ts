/**
 * What can be visited of the state matrix and of the state diagram is visited. What cannot is listed with its reason; a cell that
 * becomes reachable fails here as well as one that no longer is.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { COLUMNS, COVERING, Coverage, EVENTS, NEVER_TAKEN, search, UNREACHABLE } from '../../src/check/index.ts';

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
