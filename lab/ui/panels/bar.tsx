/** Owns: what is in the head of the page: its parts, the scenario and what can be set in it, the language, the theme. */

import { speak, tales, words } from '../../words/index.ts';
import { catalogue, type Listed } from '../catalogue.ts';
import { Popover } from '../controls.tsx';
import { dialog, input, language, open, reseed, type Theme, theme } from '../store.ts';
import { type View, view } from '../view.ts';
import { SettingsForm } from './settings.tsx';

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
      {view.value === 'lab' && <Scenario />}
      <div class="tools">
        {view.value === 'lab' &&
          (['share', 'export'] as const).map((which) => (
            <button
              key={which}
              type="button"
              class="button quiet"
              aria-haspopup="dialog"
              aria-keyshortcuts={which === 'export' ? 'e' : undefined}
              onClick={() => {
                dialog.value = which;
              }}
            >
              {bar[which]}
            </button>
          ))}
        <button
          type="button"
          class="button quiet"
          lang={language.value === 'en' ? 'zh-CN' : 'en'}
          onClick={() => speak(language.value === 'en' ? 'zh' : 'en')}
        >
          {language.value === 'en' ? '中文' : 'English'}
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

function Scenario() {
  const { bar } = words.value;
  return (
    <div class="scenario">
      <label>
        <span class="sr">{bar.preset}</span>
        <select class="field preset" onChange={({ currentTarget }) => open(currentTarget.value)}>
          {grouped(catalogue.value).map(([group, some]) => (
            <optgroup key={group} label={bar.groups[group] ?? group}>
              {some.map(({ id }) => (
                <option key={id} value={id} selected={id === input.value.preset}>
                  {tales.value[id]?.title ?? id}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <label title={bar.seedTitle} class="seed">
        <span class="small faint">{bar.seed}</span>
        <input
          class="field mono"
          type="number"
          min={0}
          max={4294967295}
          step={1}
          value={input.value.seed}
          onChange={({ currentTarget }) => {
            if (currentTarget.validity.valid && currentTarget.value !== '') reseed(Number(currentTarget.value));
            else currentTarget.value = String(input.value.seed);
          }}
        />
      </label>
      <Popover face={bar.settings} label={bar.settings}>
        <SettingsForm />
      </Popover>
    </div>
  );
}

/** Groups in the order of their first presets. */
function grouped(all: readonly Listed[]): readonly (readonly [string, readonly Listed[]])[] {
  const groups = new Map<string, Listed[]>();
  for (const one of all) {
    const some = groups.get(one.group) ?? [];
    groups.set(one.group, some);
    some.push(one);
  }
  return [...groups];
}
