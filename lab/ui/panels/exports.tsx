/** Owns: the list of what a run can be saved as. */

import { words } from '../../words/index.ts';
import { Dialog } from '../dialogs.tsx';
import { FORMATS, save } from '../export.ts';

export function Exports() {
  const { bar } = words.value;
  return (
    <Dialog title={bar.export}>
      <ul class="exports">
        {FORMATS.map((format) => {
          const [name, about] = bar.exports[format];
          return (
            <li key={format}>
              <button type="button" class="button quiet" onClick={() => save(format)}>
                <b>{name}</b> <span class="small faint">{about}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
