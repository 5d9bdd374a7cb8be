/** Owns: all that the page says in Chinese, put together. */

import { chinese as why } from 'tsyn/check/words';
import { chinese as sentences } from 'tsyn/explain';
import type { Words } from './en.ts';
import { presets } from './presets-zh.ts';
import { ladderZh } from './ui-ladder-zh.ts';
import { panelsZh } from './ui-panels-zh.ts';

export const zh: Words = { ...ladderZh, ...panelsZh, presets, sentences, why };
