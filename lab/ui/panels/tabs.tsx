/** Owns: the tabs below the ladder, as the ARIA practices have them: the arrows change the tab, the panel follows. */

import { type Signal, signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { more } from '../../words/index.ts';
import { Explanations } from './explanations.tsx';
import { CongestionGraph, SequenceGraph } from './graphs.tsx';
import { Octets } from './octets.tsx';
import { Script } from './script.tsx';
import { Segments } from './segments.tsx';

const PANELS = {
  explain: Explanations,
  segments: Segments,
  octets: Octets,
  sequence: SequenceGraph,
  congestion: CongestionGraph,
  script: Script,
} satisfies Readonly<Record<string, ComponentType>>;

type Name = keyof typeof PANELS;
const NAMES = Object.keys(PANELS) as Name[];

const chosen: Signal<Name> = signal('explain');

export function Tabs() {
  const { tabs: text } = more.value;
  const at = NAMES.indexOf(chosen.value);
  const Panel = PANELS[chosen.value];
  const onKeyDown = (event: KeyboardEvent): void => {
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1 + NAMES.length,
      Home: 0,
      End: NAMES.length - 1,
    };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    chosen.value = NAMES[to % NAMES.length]!;
    document.getElementById(`tab-${chosen.value}`)?.focus();
  };
  return (
    <>
      <div role="tablist" aria-label={text.label} onKeyDown={onKeyDown}>
        {NAMES.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={name === chosen.value}
            aria-controls="tab-panel"
            tabIndex={name === chosen.value ? 0 : -1}
            onClick={() => {
              chosen.value = name;
            }}
          >
            {text.names[name]}
          </button>
        ))}
      </div>
      <div
        role="tabpanel"
        id="tab-panel"
        class={`panel ${chosen.value}`}
        aria-labelledby={`tab-${chosen.value}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
        tabIndex={0}
      >
        <Panel />
      </div>
    </>
  );
}
