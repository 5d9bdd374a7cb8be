/** Owns: all that the page says in English, put together; its type is what another language has to have. */

import { type WhyWords, english as why } from 'tsyn/check/words';
import { type Sentences, english as sentences } from 'tsyn/explain';
import { presets } from './presets-en.ts';
import { ladderEn } from './ui-ladder-en.ts';
import { panelsEn } from './ui-panels-en.ts';

export const en = { ...ladderEn, ...panelsEn, presets, sentences: sentences as Sentences, why: why as WhyWords };

export type Words = typeof en;
