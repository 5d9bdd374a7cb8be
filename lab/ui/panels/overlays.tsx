/** Owns: what lies over the page at times: notices, and the dialogs for sharing and saving. */

import { tales, words } from '../../words/index.ts';
import { later } from '../later.ts';
import { notice } from '../notice.ts';
import { dialog, input, run } from '../store.ts';
import { view } from '../view.ts';

export function Overlays() {
  return (
    <>
      <Notice />
      <Praise />
      {later.value && <later.value.DropZone />}
      {dialog.value === 'share' && later.value && <later.value.Share />}
      {dialog.value === 'export' && later.value && <later.value.Exports />}
    </>
  );
}

/** The challenge is met: for those who see the ladder and not the story, which says it to everybody. It goes by itself. */
function Praise() {
  const { preset } = input.value;
  const praise = tales.value[preset]?.challenge.praise;
  if (view.value !== 'lab' || run.value?.met !== true || run.value.input.preset !== preset) return null;
  return (
    <div class="praise" aria-hidden="true" key={preset}>
      <b class="good">{words.value.story.met}</b> {praise}
    </div>
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
