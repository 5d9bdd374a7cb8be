/** Owns: a thread that plays scripts for `tsyn drill`. */

import { parentPort, workerData } from 'node:worker_threads';
import { type Job, type JobOptions, runJob } from './job.ts';
import type { Answer } from './pool.ts';

parentPort?.on('message', (job: Job) => {
  parentPort?.postMessage(answer(job));
});

function answer(job: Job): Answer {
  try {
    return { result: runJob(job, workerData as JobOptions) };
  } catch (error) {
    return { bug: `${job.path}: ${(error as Error).stack}` };
  }
}
