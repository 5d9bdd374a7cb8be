/**
 * Owns: the frame: which region is where in the document. Where it is on the screen is `styles/base.css`'s. What is in a region
 * is its own component's: `panels/`, `ladder/`, `transport/`.
 *
 * The order in the document is the order of reading and of the tabulator key: the story, the ladder, the hosts, the rest.
 */

import { words } from '../words/index.ts';
import { failure } from './client.ts';
import { Ladder } from './ladder/index.tsx';
import { later } from './later.ts';
import { Bar, Capture, Gallery, Host, Overlays, Story, Tabs } from './panels/index.tsx';
import { dialog, run, spoken } from './store.ts';
import { Transport } from './transport/index.tsx';
import { view } from './view.ts';

export function App() {
  const { frame } = words.value;
  return (
    <>
      {view.value === 'lab' && (
        <a class="skip" href="#ladder">
          {frame.skip}
        </a>
      )}
      <header class="top">
        <h1 class="brand">
          <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
            <rect width="32" height="32" rx="6" fill="#14532d" />
            <path d="M7 5v22M25 5v22" stroke="#fff" stroke-width="2" />
            <path d="M8 9l16 4M24 16L8 20M8 22l16 4" stroke="#86efac" stroke-width="2.5" />
          </svg>
          tsyn lab
        </h1>
        <Bar />
        <button
          type="button"
          class="button quiet help-button"
          aria-label={frame.help}
          aria-keyshortcuts="?"
          title={`${frame.help} (?)`}
          onClick={() => {
            dialog.value = 'help';
          }}
        >
          ?
        </button>
      </header>
      {failure.value !== null && (
        <p class="failure" role="alert">
          {frame.failed(failure.value)}
        </p>
      )}
      {view.value === 'lab' ? <Lab /> : <main class="room">{view.value === 'why' ? <Gallery /> : <Capture />}</main>}
      <Overlays />
      {later.value && <later.value.Dialogs />}
      <div class="sr" role="status" aria-live="polite">
        {spoken}
      </div>
    </>
  );
}

function Lab() {
  const { frame } = words.value;
  const lanes = run.value?.lanes ?? ['A', 'B'];
  return (
    <>
      <main class={`stage lanes-${lanes.length}`}>
        <section class="region story" aria-label={frame.story}>
          <Story />
        </section>
        <section class="region ladder" id="ladder" aria-label={frame.ladder} tabIndex={-1}>
          <Ladder />
        </section>
        {lanes.map((host) => (
          <section key={host} class={`region host host-${host}`} aria-label={frame.host(host)}>
            <Host host={host} />
          </section>
        ))}
        <section class="region tabs" aria-label={frame.tabs}>
          <Tabs />
        </section>
      </main>
      <section class="transport" aria-label={frame.transport}>
        <Transport />
      </section>
    </>
  );
}
