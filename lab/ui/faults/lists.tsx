/** Owns: the list of the reader's changes, with undo and redo, and the shelf of old segments. */

import { words } from '../../words/index.ts';
import { Icon, IconButton } from '../controls.tsx';
import { kindOf, label } from '../ladder/text.ts';
import { canRedo, canUndo, now, redo, remove, run, undo } from '../store.ts';
import { act, editable } from './actions.ts';
import { grabOld } from './drag.ts';

export function Edits() {
  const { faults } = words.value;
  const { edits } = run.value?.input ?? { edits: [] };
  const idle = new Set(run.value?.idle);
  return (
    <div class="edits">
      <h3>{faults.edits}</h3>
      {edits.length === 0 && <span class="faint small">{faults.none}</span>}
      <ul>
        {edits.map((one, at) => {
          const text = faults.edit(one);
          return (
            <li key={at} class={`chip${idle.has(at) ? ' idle' : ''}`} title={idle.has(at) ? faults.idle : undefined}>
              {text}
              {idle.has(at) && <span class="faint"> ({faults.idle})</span>}
              <button
                type="button"
                aria-label={faults.remove(text)}
                title={faults.remove(text)}
                onClick={() => remove(at)}
              >
                <Icon name="close" />
              </button>
            </li>
          );
        })}
      </ul>
      <div class="edits-buttons">
        <IconButton icon="undo" label={faults.undo} keys="u" disabled={!canUndo.value} onClick={undo} />
        <IconButton icon="redo" label={faults.redo} keys="Shift+U" disabled={!canRedo.value} onClick={redo} />
      </div>
    </div>
  );
}

/** So many of the last are on the shelf. */
const SHELF = 40;

export function Shelf() {
  const { faults } = words.value;
  const old = (run.value?.packets ?? []).filter((packet) => packet.sent <= now.value && editable(packet)).slice(-SHELF);
  return (
    <details class="shelf">
      <summary>
        {faults.shelf} <span class="faint">{old.length}</span>
      </summary>
      <p class="faint small">{faults.shelfHint}</p>
      <ul>
        {old.map((packet) => (
          <li key={packet.packet}>
            <button
              type="button"
              class={`button old kind-${kindOf(packet)}`}
              data-old={packet.packet}
              onPointerDown={(event) => grabOld(event, packet)}
              onClick={() => act('inject', packet)}
            >
              {label(packet, words.value)}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
