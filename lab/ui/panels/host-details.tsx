/** Owns: the column of a host below its name: its connection's states, TCB, buffers and timers, and what its application may do. */

import { useState } from 'preact/hooks';
import type { CallName, ConnectionView, HostName, HostView } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { edit, now, steps } from '../store.ts';
import { chosenAt, keyOf } from './chosen.ts';
import { Diagram } from './diagram.tsx';
import { Buffers, Gauge, Timers } from './gauges.tsx';
import { figure } from './shared.tsx';
import { TcbTable } from './tcb-table.tsx';

const CALLS: readonly CallName[] = ['open', 'listen', 'send', 'receive', 'close', 'abort'];

interface Props {
  readonly host: HostName;
  readonly view: HostView | undefined;
  /** The connection that is shown. */
  readonly shown: ConnectionView | null;
}

export function HostDetails({ host, view, shown }: Props) {
  const { host: text } = more.value;
  const connections = (view?.connections ?? []).filter(({ state }) => state !== 'LISTEN');
  return (
    <>
      {view?.told != null && (
        <p class={`told small ${view.told.startsWith('E') ? 'error' : ''}`}>
          {text.told} <b class="mono">{view.told}</b>
        </p>
      )}
      {connections.length > 1 && (
        <label class="small">
          {text.connection}{' '}
          <select
            class="field"
            onChange={({ currentTarget }) => {
              chosenAt.value = { ...chosenAt.value, [host]: currentTarget.value };
            }}
          >
            {connections.map((one) => (
              <option key={keyOf(one)} value={keyOf(one)} selected={one === shown}>
                {`${one.remote} ${one.state}`}
              </option>
            ))}
          </select>
        </label>
      )}
      <Diagram host={host} connection={shown} />
      {view?.backlog != null && <Backlog {...view.backlog} />}
      {shown !== null && shown.state !== 'LISTEN' && <Live host={host} view={shown} />}
      <Application host={host} view={view} />
    </>
  );
}

function Live({ host, view }: { readonly host: HostName; readonly view: ConnectionView }) {
  return (
    <>
      <Timers view={view} />
      <Buffers view={view} />
      <TcbTable host={host} view={view} />
    </>
  );
}

function Backlog({ used, limit, cookies }: NonNullable<HostView['backlog']>) {
  const { host: text } = more.value;
  return (
    <Gauge
      title={text.backlog}
      limit={Math.max(limit, used)}
      parts={[{ kind: 'held', name: text.halfOpen, size: used }]}
      rest={text.free}
      note={cookies > 0 ? text.cookies(figure(cookies)) : null}
    />
  );
}

const SIZES = [1, 100, 1000, 10_000, 100_000];

/** What the application does at the time shown: an edit like any other. */
function Application({ host, view }: { readonly host: HostName; readonly view: HostView | undefined }) {
  const { host: text } = more.value;
  const [octets, setOctets] = useState(1000);
  return (
    <div class="application">
      <h3>{text.application}</h3>
      <p class="small">{text.counts(figure(view?.written ?? 0), figure(view?.read ?? 0))}</p>
      {view !== undefined && view.foreign > 0 && <p class="small bad">{text.foreign(figure(view.foreign))}</p>}
      <div class="calls">
        {CALLS.map((call) => (
          <button
            key={call}
            type="button"
            class="button"
            disabled={steps.value.length === 0}
            title={text.callTitle(text.calls[call])}
            onClick={() =>
              edit({
                op: 'call',
                host,
                at: now.peek(),
                call,
                ...(call === 'send' || call === 'receive' ? { octets } : {}),
              })
            }
          >
            {text.calls[call]}
          </button>
        ))}
        <select
          class="field"
          aria-label={text.octets}
          value={octets}
          onChange={({ currentTarget }) => setOctets(Number(currentTarget.value))}
        >
          {SIZES.map((size) => (
            <option key={size} value={size}>
              {text.size(figure(size))}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}
