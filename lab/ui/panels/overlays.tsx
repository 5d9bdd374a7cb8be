/** Owns: what lies over the page at times: notices, and the dialogs for sharing and saving. */

import { words } from '../../words/index.ts';
import { later } from '../later.ts';
import { notice } from '../notice.ts';
import { dialog } from '../store.ts';

export function Overlays() {
  return (
    <>
      <Notice />
      {later.value && <later.value.DropZone />}
      {dialog.value === 'share' && later.value && <later.value.Share />}
      {dialog.value === 'export' && later.value && <later.value.Exports />}
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
