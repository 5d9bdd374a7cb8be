/** Owns: what holds for the whole page: its language and theme on the document's element, as `store.ts` has them. */

import { effect } from '@preact/signals';
import { speak } from '../words/index.ts';
import { language, theme } from './store.ts';

/** The language asked for in the address, else the reader's own. */
function preferred(): 'en' | 'zh' {
  const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
  return asked.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** @returns fulfilled when there are words to speak */
export async function begin(): Promise<void> {
  await speak(preferred());
  const { documentElement: page } = document;
  effect(() => {
    page.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  });
  effect(() => {
    if (theme.value === 'system') delete page.dataset['theme'];
    else page.dataset['theme'] = theme.value;
  });
}
