/** Owns: what the page says in Chinese from the beginning, put together. */

import type { Words } from './en.ts';
import { ladderZh } from './ui-ladder-zh.ts';
import { panelsZh } from './ui-panels-zh.ts';

export const zh: Words = { ...ladderZh, ...panelsZh };
