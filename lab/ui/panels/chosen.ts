/** Owns: which of a host's connections is shown. */

import { type Signal, signal } from '@preact/signals';
import type { ConnectionView, HostName } from '../../engine/types.ts';

/** Those that the reader has asked for, by their keys. */
export const chosenAt: Signal<Readonly<Partial<Record<HostName, string>>>> = signal({});

/** What tells a connection from the host's others: a listener's TCB has the number of the connection that comes of it. */
export function keyOf({ id, remote }: ConnectionView): string {
  return `${id} ${remote}`;
}

/** The connection of a view that is shown: the one asked for, else the newest that is not just listening. */
export function connectionOf(
  connections: readonly ConnectionView[],
  wanted: string | undefined,
): ConnectionView | null {
  return (
    connections.find((one) => keyOf(one) === wanted) ??
    connections.findLast(({ state }) => state !== 'LISTEN') ??
    connections[0] ??
    null
  );
}
