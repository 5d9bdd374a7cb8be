/**
 * Owns: the address: what is shown is in it, so that it can be sent to somebody, and the browser's back button goes back to what was
 * shown before. `#why` and `#why=NAME` are the gallery, `#capture` is captures, everything else is a run.
 *
 * Another preset, or another part of the page, is a new entry of the history; a change to a run changes the entry.
 */

import { batch, effect, type Signal, signal } from '@preact/signals';
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
  let before = placeOf(view.value, input.value.preset);
  effect(() => {
    const place = placeOf(view.value, input.value.preset);
    write(hashOf(), place !== before);
    before = place;
  });
}

function placeOf(which: View, preset: string): string {
  return which === 'lab' ? preset : `${which} ${question.value ?? ''}`;
}

function hashOf(): string {
  if (view.value === 'capture') return '#capture';
  if (view.value === 'why') return question.value === null ? '#why' : `#why=${question.value}`;
  const { preset, seed } = input.value;
  return `#v=1&s=${preset}&seed=${seed}`;
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
  if (hash.length > 1) open(new URLSearchParams(hash.slice(1)).get('s') ?? 'handshake');
  notice.value = null;
  void words;
}
