/** Owns: the column of a host: its name and its state. What is below comes later (`host-details.tsx`). */

import type { HostName } from '../../engine/types.ts';
import { words } from '../../words/index.ts';
import { later } from '../later.ts';
import { views } from '../store.ts';
import { chosenAt, connectionOf } from './chosen.ts';

export function Host({ host }: { readonly host: HostName }) {
  const view = views.value[host];
  const shown = connectionOf(view?.connections ?? [], chosenAt.value[host]);
  return (
    <>
      <div class="host-head">
        <h2>{words.value.host.name(host)}</h2>
        <b class="state mono">{shown?.state ?? 'CLOSED'}</b>
      </div>
      {later.value && <later.value.HostDetails host={host} view={view} shown={shown} />}
    </>
  );
}
