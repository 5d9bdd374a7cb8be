/** Owns: two dialogs: the list of keys, and cutting the network for a while. They are among the later parts (`later.ts`). */

import { signal } from '@preact/signals';
import type { HostName } from '../engine/types.ts';
import { more } from '../words/index.ts';
import { Dialog } from './dialogs.tsx';
import { cut, partition } from './faults/actions.ts';
import { dialog, run } from './store.ts';

/** Those of the ladder and of time; the panels have their own. */
export function Dialogs() {
  if (dialog.value === 'help') return <Help />;
  if (dialog.value === 'partition') return <Cut />;
  return null;
}

function Help() {
  const { help } = more.value;
  return (
    <Dialog title={help.title}>
      <p class="faint">{help.intro}</p>
      <div class="help">
        {help.groups.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, what]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

const wrong = signal(false);

function Cut() {
  const { cut: text } = more.value;
  const { host, at, until } = partition.value;
  const number = (name: 'at' | 'until') => (
    <label>
      <span>{text[name]}</span>
      <input
        class="field mono"
        name={name}
        type="number"
        min={0}
        max={86_400_000}
        step="any"
        required
        value={name === 'at' ? at : until}
      />
    </label>
  );
  return (
    <Dialog title={text.title}>
      <form
        class="form"
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          const all = new FormData(event.currentTarget);
          const who = (all.get('who') || null) as HostName | null;
          wrong.value = !cut(who, Number(all.get('at')), Number(all.get('until')));
          if (!wrong.value) dialog.value = null;
        }}
      >
        <label>
          <span>{text.who}</span>
          <select class="field" name="who" autofocus value={host ?? ''}>
            <option value="">{text.both}</option>
            {run.value?.lanes.map((one) => (
              <option key={one} value={one}>
                {text.from(one)}
              </option>
            ))}
          </select>
        </label>
        {number('at')}
        {number('until')}
        {wrong.value && <p role="alert">{text.wrong}</p>}
        <button type="submit" class="button primary">
          {text.go}
        </button>
      </form>
    </Dialog>
  );
}
