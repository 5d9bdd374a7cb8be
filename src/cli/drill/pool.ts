/**
 * Owns: jobs spread over threads. Each thread is given its next job when it has done one; results come in the order of the jobs.
 */

import { Worker } from 'node:worker_threads';
import { type Job, type JobOptions, type JobResult, runJob } from './job.ts';

/** One that is not worth a thread: a thread takes longer to start than so many scripts take to play. */
const WORTH_A_THREAD = 100;

/** What a thread answers: the result, or what went wrong in a way that is ours. */
export type Answer = { readonly result: JobResult } | { readonly bug: string };

/**
 * @param tell called with every result, in order
 * @throws Error what a thread could not do
 */
export async function runJobs(
  jobs: readonly Job[],
  options: JobOptions,
  threads: number,
  tell: (result: JobResult) => void,
): Promise<void> {
  const useful = Math.min(threads, Math.ceil((jobs.length * (options.mutate ? 20 : 1)) / WORTH_A_THREAD));
  if (useful <= 1) {
    for (const job of jobs) {
      tell(runJob(job, options));
      await new Promise((resolve) => setImmediate(resolve)); // the progress bar is drawn, and Ctrl-C is heard
    }
    return;
  }
  const results = new Map<number, JobResult>();
  let given = 0;
  let told = 0;
  await Promise.all(Array.from({ length: useful }, () => thread()));

  async function thread(): Promise<void> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: options });
    try {
      while (given < jobs.length) {
        const index = given++;
        const answer = await ask(worker, jobs[index]!);
        if ('bug' in answer) throw new Error(answer.bug);
        results.set(index, answer.result);
        for (; results.has(told); told++) {
          const result = results.get(told)!;
          results.delete(told);
          tell(result);
        }
      }
    } finally {
      await worker.terminate();
    }
  }
}

function ask(worker: Worker, job: Job): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: Answer): void => settle(() => resolve(answer));
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
