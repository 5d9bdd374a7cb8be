/** Owns: a thread that runs seeds of a scenario for `tsyn sim`. */

import { parentPort, workerData } from 'node:worker_threads';
import { type Batch, runBatch } from './batch.ts';
import { loadScenario } from './load.ts';
import { DEEP_STACKS, makerFor } from './maker.ts';
import type { Answer } from './pool.ts';

Error.stackTraceLimit = DEEP_STACKS;
const { path } = workerData as { readonly path: string };

async function serve(): Promise<void> {
  const loaded = await loadScenario<never>(path);
  const maker = await makerFor<never>();
  parentPort!.on('message', (batch: Batch) => {
    runBatch(batch, loaded, maker).then(
      (result) => parentPort!.postMessage({ result } satisfies Answer),
      (error: Error) => parentPort!.postMessage({ bug: `${error.stack}` } satisfies Answer),
    );
  });
}

await serve();
