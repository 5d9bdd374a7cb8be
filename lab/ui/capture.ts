/** Owns: the capture that is looked at: its table, the connection chosen, how far reading has got. */

import { batch, type Signal, signal } from '@preact/signals';
import type { Response, Table, Told } from '../capture/messages.ts';
import { listenTo, send } from './background.ts';
import { language } from './store.ts';
import { view } from './view.ts';

export const table: Signal<Table | null> = signal(null);
export const told: Signal<Told | null> = signal(null);
/** The connection whose story is shown, or asked for. */
export const stream: Signal<number | null> = signal(null);
/** 0 .. 1 while a file is read, else null. */
export const reading: Signal<number | null> = signal(null);
/** Why a file could not be read at all, or null. */
export const failed: Signal<string | null> = signal(null);

export function beginCapture(): void {
  listenTo(({ capture }) => {
    if (capture !== undefined) take(capture);
  });
}

/** Reads a file: here, in the worker. */
export function readFile(file: File): void {
  batch(() => {
    view.value = 'capture';
    table.value = null;
    told.value = null;
    stream.value = null;
    failed.value = null;
    reading.value = 0;
  });
  send({ capture: { ask: 'read', file } });
}

/** Tells a connection in full, in the language chosen. */
export function tell(which: number): void {
  stream.value = which;
  send({ capture: { ask: 'tell', stream: which, language: language.value } });
}

function take(response: Response): void {
  if ('read' in response) {
    reading.value = response.of === 0 ? 1 : response.read / response.of;
    return;
  }
  batch(() => {
    reading.value = null;
    if ('failed' in response) failed.value = response.failed;
    else if ('table' in response) table.value = response.table;
    else if (response.told.stream === stream.value) told.value = response.told;
  });
  const first = 'table' in response ? response.table.rows[0] : undefined;
  if (first !== undefined) tell(first.stream);
}
