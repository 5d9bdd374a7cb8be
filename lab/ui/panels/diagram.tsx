/** Owns: a connection's way through the states, drawn; and the arrows that have been taken so far, in whatever preset. */

import { effect, type Signal, signal } from '@preact/signals';
import { ARROWS } from 'tsyn/tcp';
import type { StateEvent } from 'tsyn/trace';
import type { HostName } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { run, seen } from '../store.ts';

/** Arrows that were taken since the page was opened, as `FROM TO`. */
const collected: Signal<ReadonlySet<string>> = signal(new Set());

effect(() => {
  const events = run.value?.events.slice(0, seen.value) ?? [];
  const known = collected.peek();
  const taken = events.filter((event) => event.type === 'state').map(({ from, to }) => `${from} ${to}`);
  if (taken.some((arrow) => !known.has(arrow))) collected.value = new Set([...known, ...taken]);
});

interface Props {
  readonly host: HostName;
  readonly connection: number | null;
}

export function Diagram({ host, connection }: Props) {
  const { host: text } = more.value;
  const history = historyOf(host, connection);
  return (
    <div class="diagram">
      <p class="small">{history.map(({ to }) => to).join(' ')}</p>
      <p class="small faint">{text.collected(collected.value.size, ARROWS.length)}</p>
    </div>
  );
}

function historyOf(host: HostName, connection: number | null): readonly StateEvent[] {
  const found: StateEvent[] = [];
  const events = run.value?.events ?? [];
  for (let i = 0; i < seen.value; i++) {
    const event = events[i]!;
    if (event.type === 'state' && event.host === host && event.connection.id === connection) found.push(event);
  }
  return found;
}
