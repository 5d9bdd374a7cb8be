/** Owns: the settings that a preset offers to change: each changes the run at once. */

import type { Settings } from '../../engine/types.ts';
import { words } from '../../words/index.ts';
import { catalogue } from '../catalogue.ts';
import { input, run, set } from '../store.ts';

export function SettingsForm() {
  const { bar } = words.value;
  const toggles = catalogue.value.find(({ id }) => id === input.value.preset)?.toggles ?? [];
  const settings = run.value?.settings;
  if (toggles.length === 0 || settings === undefined) return <p class="small">{bar.noSettings}</p>;
  return (
    <div class="settings">
      {toggles.map((key) => (
        <Setting key={key} name={key} value={settings[key]} />
      ))}
    </div>
  );
}

function Setting({ name, value }: { readonly name: keyof Settings; readonly value: Settings[keyof Settings] }) {
  const label = words.value.bar.setting[name];
  if (typeof value === 'boolean') {
    return (
      <label class="check">
        <input type="checkbox" checked={value} onChange={({ currentTarget }) => set(name, currentTarget.checked)} />
        {label}
      </label>
    );
  }
  if (typeof value === 'string') {
    return (
      <label>
        {label}
        <select
          class="field"
          value={value}
          onChange={({ currentTarget }) => set('congestion', currentTarget.value as Settings['congestion'])}
        >
          <option value="cubic">CUBIC</option>
          <option value="newreno">NewReno</option>
        </select>
      </label>
    );
  }
  return (
    <label>
      {label}
      <input
        class="field mono"
        type="number"
        min={0}
        max={name === 'loss' ? 1 : undefined}
        step={name === 'loss' ? 0.01 : 1}
        value={value}
        onChange={({ currentTarget }) => {
          if (currentTarget.validity.valid && currentTarget.value !== '') set(name, Number(currentTarget.value));
          else currentTarget.value = String(value);
        }}
      />
    </label>
  );
}
