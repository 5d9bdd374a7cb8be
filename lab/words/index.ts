/** Owns: the page's words in the language chosen. */

import { computed } from '@preact/signals';
import { language } from '../ui/store.ts';
import { ladderEn } from './ui-ladder-en.ts';
import { ladderZh } from './ui-ladder-zh.ts';

const DICTIONARIES = { en: ladderEn, zh: ladderZh };

export const words = computed(() => DICTIONARIES[language.value]);
