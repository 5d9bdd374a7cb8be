/** Owns: what is seen while a file is above the page. */

import { more } from '../../words/index.ts';
import { hovering } from '../drop.ts';

export function DropZone() {
  return hovering.value ? <div class="drop-zone">{more.value.capture.letGo}</div> : null;
}
