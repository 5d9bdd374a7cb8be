/** Owns: which part of the ladder is in sight, and how far down it has happened. */

import { computed, signal } from '@preact/signals';
import { cursor } from '../store.ts';
import { head } from '../transport/play.ts';
import { geometry } from './geometry.ts';

/** Heights in sight, pixels of the ladder. */
export const top = signal(0);
export const bottom = signal(0);

/** What is to be brought in sight. */
export const wanted = signal<{ readonly top: number; readonly bottom: number } | null>(null);

/** How far down everything has happened: to the last step, or while it plays a little further. */
export const headY = computed(() => head.value ?? geometry.value.stepY[cursor.value - 1] ?? 0);

/** What is drawn: more than is in sight, in strides, so that scrolling seldom draws. */
const STRIDE = 200;

export const drawn = computed(() => ({
  from: Math.max(0, (Math.floor(top.value / STRIDE) - 1) * STRIDE),
  until: (Math.ceil(bottom.value / STRIDE) + 1) * STRIDE,
}));
