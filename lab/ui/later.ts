/**
 * Owns: the parts of the page that its first picture does without: explanations, tables, graphs, the gallery, captures, saving.
 * They are fetched as soon as the first picture is there, with everything else that will ever be needed: later nothing is loaded.
 */

import { type Signal, signal } from '@preact/signals';
import { load, speakMore } from '../words/index.ts';
import type * as Parts from './panels/later.tsx';
import { language } from './store.ts';

/** Null until they are there. */
export const later: Signal<typeof Parts | null> = signal(null);

/** Fetches them, and the other language. The document's element then says `data-ready`. */
export async function fetchLater(): Promise<void> {
  const [parts] = await Promise.all([
    import('./panels/later.tsx'),
    speakMore(),
    import('../engine/exports/permalink.ts'),
  ]);
  later.value = parts;
  await parts.begin();
  await load(language.value === 'zh' ? 'en' : 'zh');
  document.documentElement.dataset['ready'] = '';
}
