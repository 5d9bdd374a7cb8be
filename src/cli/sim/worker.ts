/** Owns: a thread that runs seeds of a scenario for `tsyn sim`. */

import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, runBatch } from './batch.ts';
import { loadScenario } from './load.ts';
import type { Answer } from './pool.ts';
import { Readiness } from './ready.ts';

const readiness = new Readiness();
const { path } = workerData as { readonly path: string };

async function serve(): Promise<void> {
  const loaded = await loadScenario(path);
  parentPort!.on('message', (batch: Batch) => {
    runBatch(batch, loaded, readiness).then(
      (result) => parentPort!.postMessage({ result } satisfies Answer),
      (error: Error) => parentPort!.postMessage({ bug: `${error.stack}` } satisfies Answer),
    );
  });
}

await serve();
