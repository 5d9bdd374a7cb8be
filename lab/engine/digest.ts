/** Owns: a run in one word, so that two of them can be told apart anywhere. */

import { siphash } from 'tsyn/base';
import { toJson } from './exports/json.ts';
import type { Run } from './types.ts';

/** The same of equal runs, on every engine: 16 hexadecimal digits. */
export function digest(run: Run): string {
  const text = toJson(run);
  const words = new Int32Array((text.length + 1) >> 1);
  for (let i = 0; i < text.length; i++) words[i >> 1]! |= text.charCodeAt(i) << (i & 1 ? 16 : 0);
  const { lo, hi } = siphash([1, 2, 3, 4], words, words.length);
  return hex(hi) + hex(lo);
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
