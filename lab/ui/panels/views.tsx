/** Owns: the parts of the page that are loaded after its first picture: the gallery, captures. */

import { words } from '../../words/index.ts';

export function Capture() {
  return <h2>{words.value.bar.parts.capture}</h2>;
}
