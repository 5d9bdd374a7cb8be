/**
 * Owns: searches spread over threads, so that a bar is drawn and Ctrl-C is heard while they run. A thread is given its next search
 * when it has done one; a single search is not divided.
 */

import { Worker } from 'node:worker_threads';
import type { Progress, Result } from '../../check/index.ts';
import type { Bounds, Job } from './job.ts';
import type { WorkerData } from './worker.ts';

/** What a thread says: how far it is, the result, or what went wrong in a way that is ours. */
export type Answer = { readonly progress: Progress } | { readonly result: Result } | { readonly bug: string };

export interface Searches {
  readonly jobs: readonly Job[];
  readonly bounds: Bounds;
  readonly threads: number;
  /** Ends everything: searches under way tell what they have covered, others are not begun. */
  readonly signal: AbortSignal;
  /** How far a search is, by its place in `jobs`. */
  progress(index: number, progress: Progress): void;
  /** What has come of it, in any order. */
  tell(index: number, result: Result): void;
}

/** @throws Error what a thread could not do */
export async function runSearches(searches: Searches): Promise<void> {
  const { jobs, bounds, signal } = searches;
  const ending = new Int32Array(new SharedArrayBuffer(4));
  const stop = (): void => void Atomics.store(ending, 0, 1);
  signal.addEventListener('abort', stop);
  let given = 0;
  try {
    await Promise.all(Array.from({ length: Math.min(searches.threads, jobs.length) }, thread));
  } finally {
    signal.removeEventListener('abort', stop);
  }

  async function thread(): Promise<void> {
    const workerData: WorkerData = { bounds, ending };
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
    try {
      while (given < jobs.length && !signal.aborted) {
        const index = given++;
        searches.tell(index, await ask(worker, jobs[index]!, (progress) => searches.progress(index, progress)));
      }
    } catch (error) {
      stop(); // what the others find is of no use any more
      throw error;
    } finally {
      await worker.terminate();
    }
  }

  function ask(worker: Worker, job: Job, tell: (progress: Progress) => void): Promise<Result> {
    return new Promise((resolve, reject) => {
      const onMessage = (answer: Answer): void => {
        if ('progress' in answer) tell(answer.progress);
        else if ('bug' in answer) settle(() => reject(new Error(answer.bug)));
        else settle(() => resolve(answer.result));
      };
      const onError = (error: Error): void => settle(() => reject(error));
      const onExit = (code: number): void => settle(() => reject(new Error(`a thread ended with status ${code}`)));
      const settle = (act: () => void): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        act();
      };
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(job);
    });
  }
}
