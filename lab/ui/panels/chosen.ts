/** Owns: which of a host's connections is shown. */

import { type Signal, signal } from '@preact/signals';
import type { ConnectionView, HostName } from '../../engine/types.ts';

/** Those that the reader has asked for. */
export const chosenAt: Signal<Readonly<Partial<Record<HostName, number>>>> = signal({});

/** The connection of a view that is shown: the one asked for, else the newest that is not just listening. */
export function connectionOf(connections: readonly ConnectionView[], wanted: number | null): ConnectionView | null {
  return (
    connections.find(({ id }) => id === wanted) ??
    connections.findLast(({ state }) => state !== 'LISTEN') ??
    connections[0] ??
    null
  );
}
