/** Owns: a connection's way through the states, drawn; and the arrows that have been taken so far, in whatever preset. */

import { effect, type Signal, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { stateDiagramSvg } from 'tsyn/explain';
import type { StateEvent } from 'tsyn/trace';
import type { ConnectionView, HostName } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { language, noted, run } from '../store.ts';
import { statesAmong } from './history.ts';

/** Arrows that were taken since the page was opened, as `FROM TO`. */
const collected: Signal<ReadonlySet<string>> = signal(new Set());

effect(() => {
  const known = collected.peek();
  const taken = statesAmong(noted.seen.value).map(({ from, to }) => `${from} ${to}`);
  if (taken.some((arrow) => !known.has(arrow))) collected.value = new Set([...known, ...taken]);
});

interface Props {
  readonly host: HostName;
  /** The one that is shown; null where the host has none any more: then it is the one that was there last. */
  readonly connection: ConnectionView | null;
}

export function Diagram({ host, connection }: Props) {
  const { host: text } = more.value;
  const history = historyOf(host, connection?.id);
  const current = connection?.state ?? 'CLOSED';
  const draw = (): string =>
    stateDiagramSvg(history, {
      compact: true,
      lang: language.value,
      title: text.diagram(host),
      seen: collected.value,
      current,
    });
  const svg = useMemo(draw, [run.value, connection?.id, history.length, current, collected.value, language.value]);
  return <div class="diagram" dangerouslySetInnerHTML={{ __html: svg }} />;
}

function historyOf(host: HostName, connection: number | undefined): readonly StateEvent[] {
  const own = statesAmong(noted.seen.value).filter((event) => event.host === host);
  const wanted = connection ?? own.at(-1)?.connection.id;
  return own.filter((event) => event.connection.id === wanted);
}
