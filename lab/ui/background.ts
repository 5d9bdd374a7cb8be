/**
 * Owns: the second worker: searches of the gallery, and captures. It is started once the page has been drawn, so that nothing is
 * loaded later; it is the first one's program, with other parts of it.
 */

import type { Response as Finding, Request as Search } from '../gallery/messages.ts';

export type Task = { readonly gallery: Search };
export type Report = { readonly gallery: Finding };

let worker: Worker | null = null;
let ready: Promise<void> = Promise.resolve();
const listeners = new Set<(report: Report) => void>();

/** Starts it, where it is not running. @returns fulfilled when it has all that it needs */
export function startBackground(): Promise<void> {
  if (worker !== null) return ready;
  const next = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'background' });
  worker = next;
  ready = new Promise((resolve) => {
    next.onmessage = ({ data }: MessageEvent<Report>) => {
      resolve();
      for (const listener of listeners) listener(data);
    };
  });
  return ready;
}

export function send(task: Task): void {
  void startBackground();
  worker!.postMessage(task);
}

export function listenTo(listener: (report: Report) => void): void {
  listeners.add(listener);
}

/** Ends whatever it is doing. */
export function restart(): void {
  worker?.terminate();
  worker = null;
  void startBackground();
}
