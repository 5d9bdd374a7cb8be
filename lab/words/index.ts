/**
 * Owns: the page's words in the language chosen. They are loaded in three parts: those without which nothing can be drawn, what the
 * presets tell, and what only the later parts of the page say.
 */

import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type Language, language } from '../ui/store.ts';
import type { Words } from './en.ts';
import type { More } from './more-en.ts';
import type { PresetWords } from './types.ts';

export type { Words } from './en.ts';
export type { More } from './more-en.ts';

export type Tales = Readonly<Record<string, PresetWords>>;

// Undefined only until the first speak(), and the first speakMore().
const spoken = signal(undefined) as unknown as Signal<Words>;
const spokenMore = signal(undefined) as unknown as Signal<More>;
const told: Signal<Tales> = signal({});

export const words: ReadonlySignal<Words> = spoken;
export const more: ReadonlySignal<More> = spokenMore;
/** What the presets tell, by their ids; empty until it is there. */
export const tales: ReadonlySignal<Tales> = told;

/** The language to begin with. @returns fulfilled when the page can be drawn; the presets' tales come when they come */
export async function speakFirst(first: Language): Promise<void> {
  void fetchTales(first).then((loaded) => {
    told.value = loaded;
  });
  spoken.value = await fetchWords(first);
  language.value = first;
}

/** Another language, as soon as all its words are there. */
export async function speak(next: Language): Promise<void> {
  const [own, tale, also] = await Promise.all([fetchWords(next), fetchTales(next), fetchMore(next)]);
  batch(() => {
    language.value = next;
    spoken.value = own;
    told.value = tale;
    spokenMore.value = also;
  });
}

/** The words of the later parts, in the language that is spoken. */
export async function speakMore(): Promise<void> {
  spokenMore.value = await fetchMore(language.value);
}

/** Fetches a language, so that changing to it needs nothing more. */
export async function load(which: Language): Promise<void> {
  await Promise.all([fetchWords(which), fetchTales(which), fetchMore(which)]);
}

async function fetchWords(which: Language): Promise<Words> {
  return which === 'zh' ? (await import('./zh.ts')).zh : (await import('./en.ts')).en;
}

async function fetchTales(which: Language): Promise<Tales> {
  return which === 'zh' ? (await import('./presets-zh.ts')).presets : (await import('./presets-en.ts')).presets;
}

async function fetchMore(which: Language): Promise<More> {
  return which === 'zh' ? (await import('./more-zh.ts')).moreZh : (await import('./more-en.ts')).moreEn;
}
