/** Owns: a capture that is dropped anywhere on the page. */

import { type Signal, signal } from '@preact/signals';
import { readFile } from './capture.ts';

/** A file is above the page. */
export const hovering: Signal<boolean> = signal(false);

export function acceptDrops(): void {
  const withFile = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;
  addEventListener('dragover', (event) => {
    if (!withFile(event)) return;
    event.preventDefault();
    hovering.value = true;
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) hovering.value = false;
  });
  addEventListener('drop', (event) => {
    if (!withFile(event)) return;
    event.preventDefault();
    hovering.value = false;
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) readFile(file);
  });
}
