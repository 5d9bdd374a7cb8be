/** Owns: the column of a host. */

import type { HostName } from '../../engine/types.ts';
import { views } from '../store.ts';

export function Host({ host }: { readonly host: HostName }) {
  const found = views.value[host];
  return (
    <>
      <h2>{host}</h2>
      <p>{found?.connections.map(({ state }) => state).join(' ')}</p>
    </>
  );
}
