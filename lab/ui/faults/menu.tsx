/** Owns: what can be done to a packet, as a menu at its arrow and as a row of buttons below the ladder. */

import { signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { PacketRecord } from '../../engine/types.ts';
import { words } from '../../words/index.ts';
import { beside } from '../controls.tsx';
import { kindOf, label, title } from '../ladder/text.ts';
import {
  act,
  askPartition,
  chosen,
  crash,
  editable,
  PACKET_ACTIONS,
  type PacketAction,
  SHOWN_KEYS,
  wait,
} from './actions.ts';

/** The packet whose menu is open, and beside what it is. */
const opened = signal<{
  readonly packet: PacketRecord;
  readonly at: DOMRect;
  readonly back: HTMLElement | SVGElement;
} | null>(null);

/** @param back gets the focus again when the menu closes */
export function openMenu(packet: PacketRecord, at: DOMRect, back: HTMLElement | SVGElement): void {
  opened.value = { packet, at, back };
}

interface Item {
  readonly id: string;
  readonly text: string;
  readonly key: string;
  readonly run: () => void;
}

function items(packet: PacketRecord): Item[] {
  const { faults } = words.value;
  return [
    ...PACKET_ACTIONS.filter((action) => allowed(action, packet)).map((action) => ({
      id: action,
      text: faults.action(action, wait.value),
      key: SHOWN_KEYS[action],
      run: () => act(action, packet),
    })),
    { id: 'partition', text: faults.partition(packet.from), key: 'p', run: () => askPartition(packet.from) },
    { id: 'crash', text: faults.crash(packet.from), key: 'k', run: () => crash(packet.from) },
  ];
}

function allowed(action: PacketAction, packet: PacketRecord): boolean {
  return action === 'inject' || editable(packet);
}

export function Menu() {
  const box = useRef<HTMLDivElement>(null);
  const open = opened.value;
  // Before the next key: what is pressed quickly is for what has opened.
  useLayoutEffect(() => {
    const { current } = box;
    if (open === null || current === null) return;
    if (!current.matches(':popover-open')) current.showPopover();
    beside(current, open.at);
    current.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }, [open]);
  if (open === null) return null;
  const close = (): void => {
    const { back } = open;
    opened.value = null;
    back.focus({ preventScroll: true });
  };
  return (
    <div
      ref={box}
      popover="auto"
      class="popover menu"
      role="menu"
      aria-label={label(open.packet, words.value)}
      onToggle={(event) => {
        if (!event.currentTarget.matches(':popover-open') && opened.value === open) close();
      }}
      onKeyDown={walk}
    >
      {items(open.packet).map(({ id, text, key, run }) => (
        <button
          key={id}
          type="button"
          role="menuitem"
          data-action={id}
          tabIndex={-1}
          onClick={() => {
            close();
            run();
          }}
        >
          {text} <kbd>{key}</kbd>
        </button>
      ))}
    </div>
  );
}

/** The arrow keys go through the items, round and round. */
function walk(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')];
  const here = all.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
  if (event.key === 'Tab') event.currentTarget.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  all.at(to === all.length ? 0 : to)?.focus();
}

/** Below the ladder: the selected packet, and a button for everything that can be done to it. */
export function Actions() {
  const { faults } = words.value;
  const packet = chosen();
  if (packet === null) {
    return (
      <p class="faint small actions-hint">
        {faults.hint}
        <span class="for-mice">{faults.hintDrag}</span>
      </p>
    );
  }
  return (
    <div class="actions" role="group" aria-label={faults.actions}>
      <span class={`actions-packet kind-${kindOf(packet)}`}>{title(packet)}</span>
      {editable(packet) ? (
        <label class="actions-wait small">
          <input
            class="field mono"
            type="number"
            min={1}
            max={600000}
            value={wait.value}
            onInput={({ currentTarget }) => {
              if (currentTarget.validity.valid && currentTarget.value !== '') wait.value = currentTarget.valueAsNumber;
            }}
          />{' '}
          ms
        </label>
      ) : (
        <span class="faint small">{faults.copy}</span>
      )}
      {PACKET_ACTIONS.filter((action) => allowed(action, packet)).map((action) => (
        <button
          key={action}
          type="button"
          class="button"
          data-action={action}
          title={`${faults.action(action, wait.value)} (${SHOWN_KEYS[action]})`}
          onClick={() => act(action, packet)}
        >
          {faults.short[action]}
        </button>
      ))}
    </div>
  );
}
