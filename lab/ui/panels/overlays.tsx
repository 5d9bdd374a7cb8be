/** Owns: what lies over the page at times: notices. */

import { type Signal, signal } from '@preact/signals';
import { words } from '../../words/index.ts';

/** Something to be said about the page as a whole, until it is dismissed. */
export const notice: Signal<string | null> = signal(null);

export function Overlays() {
  if (notice.value === null) return null;
  return (
    <div class="notice" role="alert">
      <p>{notice.value}</p>
      <button
        type="button"
        class="button"
        onClick={() => {
          notice.value = null;
        }}
      >
        {words.value.bar.dismiss}
      </button>
    </div>
  );
}
