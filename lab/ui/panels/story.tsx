/** Owns: what is told of a preset. */

import { input } from '../store.ts';

export function Story() {
  return <h2>{input.value.preset}</h2>;
}
