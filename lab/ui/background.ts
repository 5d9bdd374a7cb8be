/**
 * Owns: the second worker: searches of the gallery, and captures. It is started once the page has been drawn, so that nothing is
 * loaded later; it is the first one's program, with other parts of it.
 */

import type { Response as Captured, Request as Reading } from '../capture/messages.ts';
import type { Response as Finding, Request as Search } from '../gallery/messages.ts';

/** What it is to do, of the one kind or the other. */
export interface Task {
  readonly gallery?: Search;
  readonly capture?: Reading;
}

export interface Report {
  readonly gallery?: Finding;
  readonly capture?: Captured;
}

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
