/** Owns: the TCB as a table: a value that the last step has changed is marked with what changed it, and each row says what it is. */

import type { ConnectionView, HostName } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { noted, relative, run } from '../store.ts';
import { changedBy, changesOf } from './history.ts';
import { duration, nameOf, Rfc, useRoving } from './shared.tsx';
import { GROUPS, lastChanged, ROWS, valueIn } from './tcb.ts';

interface Props {
  readonly host: HostName;
  readonly view: ConnectionView;
}

export function TcbTable({ host, view }: Props) {
  const { tcb: text } = more.value;
  const { at, group, onKeyDown, stop } = useRoving(ROWS.length);
  const count = noted.count.value;
  const changes = changesOf(host, count);
  const last = changes.at(-1);
  const fresh = last?.step === count - 1 ? lastChanged(changes, view) : null;
  const chosen = ROWS[at]!;
  const by = changedBy(host, view, chosen.field, count);
  return (
    <div class="tcb">
      <div class="tcb-head">
        <h3>{text.title}</h3>
        <button
          type="button"
          class="button quiet small"
          aria-pressed={relative.value}
          title={text.relativeTitle}
          onClick={() => {
            relative.value = !relative.value;
          }}
        >
          {text.relative}
        </button>
      </div>
      <table
        onKeyDown={onKeyDown}
        ref={(element) => {
          group.current = element;
        }}
      >
        <caption class="sr">{text.caption}</caption>
        {GROUPS.map(({ group: name, rows }) => (
          <tbody key={name}>
            <tr>
              <th colSpan={3} scope="rowgroup">
                {text.groups[name]}
              </th>
            </tr>
            {rows.map((row) => {
              const changed = fresh?.has(row.field) === true;
              const index = ROWS.indexOf(row);
              return (
                <tr key={changed ? `${row.field} ${count}` : row.field} class={rowClass(changed, index === at)}>
                  <th scope="row">
                    <button type="button" class="term" {...stop(index)}>
                      {row.name}
                    </button>
                  </th>
                  <td class="mono">{valueIn(view, row, relative.value)}</td>
                  <td class="by">{changed && last !== undefined ? causeOf(last.step) : ''}</td>
                </tr>
              );
            })}
          </tbody>
        ))}
      </table>
      <p class="small meaning">
        <b>{chosen.name}</b> {text.meanings[chosen.field]} <Rfc of={chosen.rfc} />
        {by !== null && <> {text.since(causeOf(by), duration(run.value?.steps[by]?.time ?? 0))}</>}
      </p>
    </div>
  );
}

function rowClass(changed: boolean, chosen: boolean): string {
  return `${changed ? 'changed' : ''} ${chosen ? 'chosen' : ''}`;
}

/** What a step was, in a word: the packet that arrived, or what else it was. */
function causeOf(index: number): string {
  const { tcb: text } = more.value;
  const step = run.value?.steps[index];
  if (step === undefined) return '';
  const packet = step.packet === null ? undefined : run.value?.packets[step.packet - 1];
  return packet === undefined ? text.causes[step.cause] : nameOf(packet);
}
