/**
 * What sockets and servers tell, in which order and in which state: Node's module says how it has to be. tsyn's is tried with both ends
 * on one stack, and with a stack for each.
 */

import { describe, expect, it } from 'vitest';
import { HOST, LOOPBACK, twoStacks } from './casts.ts';
import { ending } from './ending.ts';
import { families } from './families.ts';
import { flowing } from './flowing.ts';
import { opening } from './opening.ts';
import { type Cast, type Logs, play, type Scenario } from './stage.ts';

/** Node's logs, played once for all that are compared with them. */
const known = new Map<Scenario, Promise<Logs>>();

async function nodes(scenario: Scenario): Promise<Logs> {
  let logs = known.get(scenario);
  if (logs === undefined) {
    logs = play(HOST, scenario);
    known.set(scenario, logs);
  }
  return logs;
}

/** Two stacks have other addresses than loopback. */
function unaddressed(logs: Logs): Logs {
  return JSON.parse(JSON.stringify(logs).replace(/127\.0\.0\.1|10\.0\.0\.[12]/g, 'ADDRESS'));
}

async function compare(cast: Cast, scenario: Scenario): Promise<void> {
  const expected = await nodes(scenario);
  expect(Object.keys(expected).length).toBeGreaterThan(0);
  expect(JSON.stringify(expected)).not.toContain('is still open');
  expect(unaddressed(await play(cast, scenario))).toEqual(unaddressed(expected));
}

describe('on one stack, tsyn/net tells what node:net tells', () => {
  for (const scenarios of [opening, families, flowing, ending]) {
    it.each(Object.entries(scenarios))('%s', (_title, scenario) => compare(LOOPBACK, scenario));
  }
});

describe('on two stacks, tsyn/net tells what node:net tells', () => {
  for (const scenarios of [opening, flowing, ending]) {
    it.each(Object.entries(scenarios))('%s', (_title, scenario) => compare(twoStacks(), scenario));
  }
});
