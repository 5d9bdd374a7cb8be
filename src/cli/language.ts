/** Owns: which language to speak where nobody says: that of the locale. */

import type { Language } from '../trace/index.ts';

/** Chinese where the locale's messages are, else English. */
export function languageOf(env: NodeJS.ProcessEnv): Language {
  return /^zh/i.test(localeOf(env, 'LC_MESSAGES')) ? 'zh' : 'en';
}

/** The locale of a category, by POSIX's rule. */
export function localeOf(env: NodeJS.ProcessEnv, category: string): string {
  return env['LC_ALL'] || env[category] || env['LANG'] || '';
}
