/**
 * What can be visited of the state matrix and of the state diagram is visited. What cannot is listed with its reason; a cell that
 * becomes reachable fails here as well as one that no longer is.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { COLUMNS, EVENTS, NEVER_TAKEN, UNREACHABLE } from '../../src/check/index.ts';
import { ARROWS } from '../../src/tcp/index.ts';
import { type Ran, tsyn } from '../cli/run.ts';

let ran: Ran;
beforeAll(() => {
  ran = tsyn(['check', '--coverage'], {}, 120_000);
}, 130_000);

describe('tsyn check --coverage', () => {
  const excused = UNREACHABLE.reduce((sum, [, states]) => sum + states.length, 0);

  it('visits every cell of the state matrix that can be visited, and no other', () => {
    expect(EVENTS.length * COLUMNS.length).toBe(34 * 11);
    expect(ran.stdout).toContain(`+ visited: ${34 * 11 - excused} of ${34 * 11} cells`);
    expect(ran.stdout).toContain('? not visited: 0');
    expect(ran.status).toBe(0);
  });

  it('shows the matrix', () => {
    expect(ran.stdout).toMatch(/^SYN, new +\+( \+){10}$/m);
    expect(ran.stdout).toMatch(/^TIME-WAIT timeout +\.( \.){9} \+$/m);
    for (const [event, states, reason] of UNREACHABLE) {
      expect(ran.stdout).toContain(`. ${event} in ${states.join(', ')}: ${reason}`);
    }
  });

  it('takes every arrow of the state diagram that can be taken', () => {
    const never = Object.keys(NEVER_TAKEN);
    expect(ran.stdout).toContain(`${ARROWS.length - never.length} of ${ARROWS.length} taken`);
    for (const arrow of never) expect(ran.stdout).toContain(`${arrow}: ${NEVER_TAKEN[arrow]}`);
  });

  it('goes with no other option', () => {
    expect(tsyn(['check', '--coverage', '--json']).status).toBe(2);
  });
});
