/** Owns: what the page says in English from the beginning, put together; its type is what another language has to have. */

import { ladderEn } from './ui-ladder-en.ts';
import { panelsEn } from './ui-panels-en.ts';

export const en = { ...ladderEn, ...panelsEn };

export type Words = typeof en;
