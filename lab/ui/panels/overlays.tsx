/** Owns: what lies over the page at times: notices, and the dialogs for sharing and saving. */

import { words } from '../../words/index.ts';
import { notice } from '../notice.ts';
import { dialog } from '../store.ts';
import { Exports } from './exports.tsx';
import { Share } from './share.tsx';

export function Overlays() {
  return (
    <>
      <Notice />
      {dialog.value === 'share' && <Share />}
      {dialog.value === 'export' && <Exports />}
    </>
  );
}

function Notice() {
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
