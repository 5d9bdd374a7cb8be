/**
 * Owns: the second worker: searches of the gallery, and captures. It is started once the page has been drawn, so that nothing is
 * loaded later; it is the first one's program, with other parts of it.
 */

import type { Response as Finding, Request as Search } from '../gallery/messages.ts';

export type Task = { readonly gallery: Search };
export type Report = { readonly gallery: Finding };

let worker: Worker | null = null;
const listeners = new Set<(report: Report) => void>();

/** Starts it, where it is not running. */
export function startBackground(): Worker {
  if (worker !== null) return worker;
  worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'background' });
  worker.onmessage = ({ data }: MessageEvent<Report>) => {
    for (const listener of listeners) listener(data);
  };
  return worker;
}

export function send(task: Task): void {
  startBackground().postMessage(task);
}

export function listenTo(listener: (report: Report) => void): void {
  listeners.add(listener);
}

/** Ends whatever it is doing. */
export function restart(): void {
  worker?.terminate();
  worker = null;
  startBackground();
}
