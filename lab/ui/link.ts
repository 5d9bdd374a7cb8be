/**
 * Owns: the address: what is shown is in it, so that it can be sent to somebody, and the browser's back button goes back to what was
 * shown before. `#why` and `#why=NAME` are the gallery, `#capture` is captures, `#lab` the run as it was; everything else is a run
 * (`engine/exports/permalink.ts`).
 *
 * Another preset, or another part of the page, is a new entry of the history; a change to a run changes the entry.
 */

import { batch, effect, type Signal, signal } from '@preact/signals';
import type { Input } from '../engine/types.ts';
import { words } from '../words/index.ts';
import { notice } from './notice.ts';
import { input, open } from './store.ts';
import { question, type View, view } from './view.ts';

/** The whole address of what is shown. */
export const address: Signal<string> = signal(location.href);

/** Shows what the address says, now and whenever it changes, and keeps it up to date. */
export async function follow(): Promise<void> {
  await read();
  addEventListener('popstate', read);
  let before = place();
  let last = 0;
  effect(() => {
    const here = place();
    const another = here !== before;
    const turn = ++last;
    before = here;
    void hashOf(view.value, input.value).then((hash) => {
      if (turn === last) write(hash, another);
    });
  });
}

/** What makes a new entry of the history. */
function place(): string {
  return view.value === 'lab' ? input.value.preset : `${view.value} ${question.value ?? ''}`;
}

async function hashOf(which: View, run: Input): Promise<string> {
  if (which === 'capture') return '#capture';
  if (which === 'why') return question.value === null ? '#why' : `#why=${question.value}`;
  const { toLink } = await import('../engine/exports/permalink.ts');
  return `#${await toLink(run)}`;
}

function write(hash: string, another: boolean): void {
  if (location.hash !== hash) history[another ? 'pushState' : 'replaceState'](null, '', hash);
  address.value = location.href;
}

async function read(): Promise<void> {
  const { hash } = location;
  const [, part, name] = /^#(lab|why|capture)(?:=([\w-]+))?$/.exec(hash) ?? [];
  if (part !== undefined) {
    batch(() => {
      view.value = part as View;
      question.value = name ?? null;
    });
    return;
  }
  view.value = 'lab';
  // The frame has an anchor of its own.
  if (hash === '' || hash === '#ladder') return;
  const { fromLink } = await import('../engine/exports/permalink.ts');
  const { input: wanted, error } = await fromLink(hash);
  if (error !== null) {
    notice.value = words.value.bar.badLink(error.message);
    return;
  }
  if (JSON.stringify(wanted) === JSON.stringify(input.value)) return;
  batch(() => {
    open(wanted.preset);
    input.value = wanted;
  });
}
