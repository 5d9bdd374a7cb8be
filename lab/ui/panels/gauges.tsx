/** Owns: how full something is, and how long until something: bars with their figures in words below. */

import type { ConnectionView } from '../../engine/types.ts';
import { more } from '../../words/index.ts';
import { noted } from '../store.ts';
import { duration, figure } from './shared.tsx';

interface Part {
  readonly kind: 'flight' | 'unsent' | 'unread' | 'held';
  readonly name: string;
  readonly size: number;
}

interface GaugeProps {
  readonly title: string;
  readonly limit: number;
  readonly parts: readonly Part[];
  /** What the rest of it is called. */
  readonly rest: string;
  readonly note?: string | null;
}

/** A bar of parts; all figures stand below it as well. */
export function Gauge({ title, limit, parts, rest, note }: GaugeProps) {
  const room = Math.max(0, limit - parts.reduce((sum, { size }) => sum + size, 0));
  return (
    <div class="gauge">
      <h3>{title}</h3>
      <div class="bar" aria-hidden="true">
        {parts.map(({ kind, size }) => (
          <span key={kind} class={`part ${kind}`} style={`flex:${size / Math.max(1, limit)} 0 ${size > 0 ? 3 : 0}px`} />
        ))}
        <span style={`flex:${room / Math.max(1, limit)} 0 0`} />
      </div>
      <p class="small legend">
        {parts.map(({ kind, name, size }) => (
          <span key={kind}>
            <i class={`dot ${kind}`} aria-hidden="true" /> {name} <b class="mono">{figure(size)}</b>
          </span>
        ))}
        <span>
          {rest} <b class="mono">{figure(room)}</b>
        </span>
      </p>
      {note != null && <p class="small">{note}</p>}
    </div>
  );
}

export function Buffers({ view }: { readonly view: ConnectionView }) {
  const { host: text } = more.value;
  const held = view.held.reduce((sum, [from, to]) => sum + ((to - from) >>> 0), 0);
  return (
    <div class="gauges">
      <Gauge
        title={text.sendBuffer}
        limit={view.sendBuffer}
        parts={[
          { kind: 'flight', name: text.inFlight, size: view.unacked },
          { kind: 'unsent', name: text.unsent, size: view.unsent },
        ]}
        rest={text.room}
      />
      <Gauge
        title={text.receiveBuffer}
        limit={view.receiveBuffer}
        parts={[
          { kind: 'unread', name: text.unread, size: view.unread },
          { kind: 'held', name: text.held, size: held },
        ]}
        rest={text.room}
      />
    </div>
  );
}

/** Timers run down as virtual time passes. */
export function Timers({ view }: { readonly view: ConnectionView }) {
  const { host: text } = more.value;
  return (
    <div class="gauge timers">
      <h3>{text.timers}</h3>
      {view.timers.length === 0 && <p class="small faint">{text.noTimer}</p>}
      <ul>
        {view.timers.map(({ timer, since, due }) => {
          const left = Math.max(0, due - noted.now.value);
          return (
            <li key={timer} class="small">
              <span>{text.timer[timer]}</span>
              <b class="mono">{duration(left)}</b>
              <span class="bar" aria-hidden="true">
                <span class={`part timer ${timer}`} style={`flex:0 0 ${(100 * left) / Math.max(1, due - since)}%`} />
              </span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
