/** Owns: a thread that searches for `tsyn check` and `tsyn why`. */

import { parentPort, workerData } from 'node:worker_threads';
import { type Bounds, type Job, runJob } from './job.ts';
import type { Answer } from './pool.ts';

export interface WorkerData {
  readonly bounds: Bounds;
  /** Not 0 when everything is to end: a search hears no messages. */
  readonly ending: Int32Array;
}

const { bounds, ending } = workerData as WorkerData;

function say(answer: Answer): void {
  parentPort!.postMessage(answer);
}

parentPort!.on('message', (job: Job) => {
  try {
    const result = runJob(job, bounds, (progress) => {
      say({ progress });
      return Atomics.load(ending, 0) === 0;
    });
    say({ result });
  } catch (error) {
    say({ bug: `${(error as Error).stack}` });
  }
});
