/** Owns: asking the worker for runs: the last question counts, answers to those before it are dropped. */

import { effect, type Signal, signal } from '@preact/signals';
import type { Run } from '../engine/types.ts';
import type { Answer, Question } from '../worker.ts';
import { catalogue } from './catalogue.ts';
import { input } from './store.ts';

/** What went wrong with the last input, or null. */
export const failure: Signal<string | null> = signal(null);

/** Runs the input now and whenever it changes. @param took is given each run */
export function start(took: (run: Run) => void): void {
  const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module' });
  let last = 0;
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if ('presets' in data) {
      catalogue.value = data.presets;
      return;
    }
    if (data.id !== last) return;
    failure.value = 'error' in data ? data.error : null;
    if ('run' in data) took(data.run);
  };
  effect(() => {
    const question: Question = { id: ++last, input: input.value };
    worker.postMessage(question);
  });
}
