/** Owns: dialogs as such. */

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { words } from '../words/index.ts';
import { IconButton } from './controls.tsx';
import { dialog } from './store.ts';

interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
}

/** A dialog that is open as long as it is there; closing it takes it out of `dialog`. The focus goes back by itself. */
export function Dialog({ title, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before the next key: what is pressed quickly is for what has opened.
  useLayoutEffect(() => {
    const { current } = box;
    const back = document.activeElement;
    current!.showModal();
    return () => {
      current!.close();
      if (back instanceof HTMLElement || back instanceof SVGElement) back.focus({ preventScroll: true });
    };
  }, []);
  const close = (): void => {
    dialog.value = null;
  };
  return (
    <dialog
      ref={box}
      aria-labelledby={id}
      // Told of late: by then another dialog may be open.
      onClose={() => box.current !== null && close()}
      onCancel={close}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) close();
      }}
    >
      <div class="dialog">
        <div class="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton icon="close" label={words.value.frame.close} onClick={close} />
        </div>
        {children}
      </div>
    </dialog>
  );
}
