/** Owns: the page's beginning: its language and theme on the document's element, what the address asks for, the first run, keys, playing. */

import { effect } from '@preact/signals';
import { speakFirst } from '../words/index.ts';
import { start } from './client.ts';
import { listen } from './keys.ts';
import { follow } from './link.ts';
import { cursor, ghost, input, language, open, run, show, theme } from './store.ts';
import { keepPlaying } from './transport/play.ts';

/** How long what has become different is shown, ms. */
const GHOSTS = 1400;

/** The language asked for in the address, else the reader's own. */
function preferred(): 'en' | 'zh' {
  const asked = new URLSearchParams(location.search).get('lang') ?? navigator.language;
  return asked.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** @returns fulfilled when there are words to speak */
export async function begin(): Promise<void> {
  await speakFirst(preferred());
  const { documentElement: page } = document;
  effect(() => {
    page.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  });
  effect(() => {
    if (theme.value === 'system') delete page.dataset['theme'];
    else page.dataset['theme'] = theme.value;
  });
  await follow();
  start(show);
  keepPlaying();
  listen();
  // For scripts: what is shown, and another preset.
  Object.assign(globalThis, { tsynLab: { input, run, cursor, open } });
  effect(() => {
    if (ghost.value === null) return;
    const forget = setTimeout(() => {
      ghost.value = null;
    }, GHOSTS);
    return () => clearTimeout(forget);
  });
}
