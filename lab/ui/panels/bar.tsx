/** Owns: what is in the head of the page: its parts, the language and the theme. */

import { speak, words } from '../../words/index.ts';
import { language, type Theme, theme } from '../store.ts';
import { type View, view } from '../view.ts';

const VIEWS: readonly View[] = ['lab', 'why', 'capture'];
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];

export function Bar() {
  const { bar } = words.value;
  return (
    <>
      <nav class="parts" aria-label={bar.parts.label}>
        {VIEWS.map((one) => (
          <a key={one} href={`#${one}`} aria-current={view.value === one ? 'page' : undefined}>
            {bar.parts[one]}
          </a>
        ))}
      </nav>
      <div class="tools">
        <button type="button" class="button" onClick={() => speak(language.value === 'en' ? 'zh' : 'en')}>
          {language.value === 'en' ? <span lang="zh-CN">中文</span> : <span lang="en">English</span>}
        </button>
        <select
          class="field"
          aria-label={bar.theme.label}
          value={theme.value}
          onChange={({ currentTarget }) => {
            theme.value = currentTarget.value as Theme;
          }}
        >
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {bar.theme[one]}
            </option>
          ))}
        </select>
      </div>
    </>
  );
}
