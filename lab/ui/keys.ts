/** Owns: the keys that work wherever the focus is, but not where somebody writes. Those of an arrow are `faults/keys.ts`'s. */

import { IDS } from '../presets/ids.ts';
import { askPartition } from './faults/actions.ts';
import { back, dialog, forward, open, playing, redo, toEnd, toStart, undo } from './store.ts';
import { held, toggle, toNext } from './transport/play.ts';
import { view } from './view.ts';

const KEYS: Readonly<Record<string, () => void>> = {
  ' ': toggle,
  '.': step,
  ',': back,
  n: toNext,
  Home: toStart,
  End: toEnd,
  u: undo,
  U: redo,
  p: () => askPartition(),
  e: () => {
    dialog.value = 'export';
  },
  '?': () => {
    dialog.value = 'help';
  },
};

export function step(): void {
  playing.value = false;
  forward();
}

/** What has a use for keys of its own. */
const TAKES_TEXT = 'input, select, textarea, [contenteditable], dialog[open], [popover]:popover-open';
const TAKES_SPACE = 'button, summary, a';
const TAKES_ENDS = '[role=tablist], [role=grid], table';

export function listen(): void {
  addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey, repeat } = event;
    held.value = repeat;
    if (event.defaultPrevented || ctrlKey || metaKey || altKey || view.value !== 'lab' || dialog.value !== null) return;
    const takes = (selector: string): boolean => target instanceof Element && target.closest(selector) !== null;
    if (takes(TAKES_TEXT) || (key === ' ' && takes(TAKES_SPACE))) return;
    if ((key === 'Home' || key === 'End') && takes(TAKES_ENDS)) return;
    const preset = key >= '1' && key <= '9' ? IDS[Number(key) - 1] : undefined;
    if (preset !== undefined) open(preset);
    else if (KEYS[key] === undefined) return;
    else KEYS[key]();
    event.preventDefault();
  });
  for (const end of ['keyup', 'blur']) {
    addEventListener(end, () => {
      held.value = false;
    });
  }
}
