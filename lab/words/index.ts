/**
 * Owns: the page's words in the language chosen. A language is a chunk of its own, loaded when it is asked for: nothing is drawn
 * before the first one is there.
 */

import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type Language, language } from '../ui/store.ts';
import type { Words } from './en.ts';

export type { Words } from './en.ts';

const spoken = signal(undefined) as unknown as Signal<Words>;

export const words: ReadonlySignal<Words> = spoken;

/** Changes the language as soon as its words are there. */
export async function speak(next: Language): Promise<void> {
  const loaded = await load(next);
  batch(() => {
    language.value = next;
    spoken.value = loaded;
  });
}

/** Fetches the words of a language, so that changing to it needs nothing more. */
export async function load(which: Language): Promise<Words> {
  return which === 'zh' ? (await import('./zh.ts')).zh : (await import('./en.ts')).en;
}
