/**
 * Owns: what hosts have gone through in the run that is shown, arranged once a run: a step of a long one is not to cost a walk through
 * all of it.
 */

import { computed } from '@preact/signals';
import type { StateEvent } from 'tsyn/trace';
import type { ConnectionView, HostName, ViewChange } from '../../engine/types.ts';
import { run } from '../store.ts';
import { keyOf } from './chosen.ts';

interface Arranged {
  readonly changes: ReadonlyMap<HostName, readonly ViewChange[]>;
  /** Changes of states, and their places among all events. */
  readonly states: readonly StateEvent[];
  readonly places: readonly number[];
  /** By host, connection and field: see `turnsOf`. */
  readonly turns: Map<string, readonly number[]>;
}

const arranged = computed<Arranged>(() => {
  const { views = [], events = [] } = run.value ?? {};
  const changes = new Map<HostName, ViewChange[]>();
  for (const change of views) {
    const others = changes.get(change.host);
    if (others === undefined) changes.set(change.host, [change]);
    else others.push(change);
  }
  const states: StateEvent[] = [];
  const places: number[] = [];
  for (const [place, event] of events.entries()) {
    if (event.type !== 'state') continue;
    states.push(event);
    places.push(place);
  }
  return { changes, states, places, turns: new Map() };
});

/** How many of ascending numbers are less than `limit`. */
function countBelow<T>(items: readonly T[], limit: number, numberOf: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberOf(items[middle]!) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What became of a host in the first `count` steps. */
export function changesOf(host: HostName, count: number): readonly ViewChange[] {
  const all = arranged.value.changes.get(host) ?? [];
  return all.slice(
    0,
    countBelow(all, count, ({ step }) => step),
  );
}

/** Changes of states among the first `count` events. */
export function statesAmong(count: number): readonly StateEvent[] {
  const { states, places } = arranged.value;
  return states.slice(
    0,
    countBelow(places, count, (place) => place),
  );
}

/**
 * Which of the first `count` steps gave a connection's field the value that it has after them.
 *
 * @returns the step's position, or null where it has been so since the connection began
 */
export function changedBy(host: HostName, of: ConnectionView, field: keyof ConnectionView, count: number) {
  const { turns, changes } = arranged.value;
  const name = `${host} ${keyOf(of)} ${field}`;
  const known = turns.get(name) ?? turnsOf(changes.get(host) ?? [], keyOf(of), field);
  turns.set(name, known);
  return known[countBelow(known, count, (step) => step) - 1] ?? null;
}

/** Steps that gave the field another value than it had. */
function turnsOf(changes: readonly ViewChange[], key: string, field: keyof ConnectionView): readonly number[] {
  const turns: number[] = [];
  let before: string | null = null;
  for (const { step, view } of changes) {
    const connection = view.connections.find((one) => keyOf(one) === key);
    const value = connection === undefined ? null : String(connection[field]);
    if (before !== null && value !== null && value !== before) turns.push(step);
    before = value;
  }
  return turns;
}
