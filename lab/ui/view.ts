/** Owns: which part of the page is shown: the lab, the why gallery, a capture. It is in the address (`link.ts`). */

import { type Signal, signal } from '@preact/signals';

export type View = 'lab' | 'why' | 'capture';

export const view: Signal<View> = signal('lab');
/** The question of the gallery that is open, or null for all of them. */
export const question: Signal<string | null> = signal(null);
