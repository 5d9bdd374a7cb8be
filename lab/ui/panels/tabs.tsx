/** Owns: the tabs below the ladder. */

import { run } from '../store.ts';

export function Tabs() {
  return <p>{run.value?.packets.length}</p>;
}
