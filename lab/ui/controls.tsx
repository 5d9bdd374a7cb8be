/** Owns: the few controls that are used all over the page: an icon, a button with one, and what opens beside a button. */

import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';

/** Strokes in a square of 24. */
export const ICONS = {
  start: 'M6 5v14M19 5l-9 7 9 7z',
  back: 'M16 5l-9 7 9 7z',
  step: 'M8 5l9 7-9 7z',
  play: 'M7 4l13 8-13 8z',
  pause: 'M8 5v14M16 5v14',
  next: 'M4 5l8 7-8 7zM13 5l8 7-8 7z',
  end: 'M18 5v14M5 5l9 7-9 7z',
  bin: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  undo: 'M8 5L4 9l4 4M4 9h10a5 5 0 010 10h-4',
  redo: 'M16 5l4 4-4 4M20 9H10a5 5 0 000 10h4',
  close: 'M6 6l12 12M18 6L6 18',
  flag: 'M6 21V4M6 5h12l-3 4 3 4H6',
} as const;

export function Icon({ name }: { readonly name: keyof typeof ICONS }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

interface IconButtonProps {
  readonly icon: keyof typeof ICONS;
  readonly label: string;
  /** As aria-keyshortcuts has it. */
  readonly keys?: string;
  readonly disabled?: boolean;
  readonly primary?: boolean;
  /** The label is seen as well. */
  readonly wordy?: boolean;
  readonly onClick: () => void;
}

export function IconButton({ icon, label, keys, disabled, primary, wordy, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`button ${primary ? 'primary' : 'quiet'}`}
      aria-label={wordy ? undefined : label}
      aria-keyshortcuts={keys}
      title={keys === undefined ? label : `${label} (${keys})`}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
      {wordy && label}
    </button>
  );
}

interface PopoverProps {
  /** What is on the button; its name is that and the label. */
  readonly face: ComponentChildren;
  readonly label: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A button and what opens beside it; it closes by Escape, or by a click elsewhere. */
export function Popover({ face, label, class: kind = 'quiet', children }: PopoverProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const place = (event: Event): void => {
    const box = event.currentTarget as HTMLElement;
    if (button.current !== null && box.matches(':popover-open')) beside(box, button.current.getBoundingClientRect());
  };
  return (
    <>
      <button ref={button} type="button" class={`button ${kind}`} title={label} popovertarget={id}>
        {face}
        <span class="sr">{label}</span>
      </button>
      <div id={id} popover="auto" class="popover" role="group" aria-label={label} onToggle={place}>
        {children}
      </div>
    </>
  );
}

/** Puts an open box below a rectangle, or above it where there is no room, within the window. */
export function beside(box: HTMLElement, { left, top, bottom }: DOMRect): void {
  const { width, height } = box.getBoundingClientRect();
  const below = bottom + 6;
  const y = below + height > innerHeight - 8 ? Math.max(8, top - height - 6) : below;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  box.style.top = `${y}px`;
}
