/** Owns: what is to be said about the page as a whole: a link that cannot be opened, an export that failed. */

import { type Signal, signal } from '@preact/signals';

/** It stays until it is dismissed. */
export const notice: Signal<string | null> = signal(null);
