/**
 * Owns: many seeds, spread over threads. A thread is given as many seeds at a time as keep it busy for a moment: few where a
 * run is long, so that progress is seen, many where it is short.
 */

import { Worker } from 'node:worker_threads';
import { type Batch, type BatchResult, runBatch } from './batch.ts';
import type { LoadedScenario } from './load.ts';
import type { Readiness } from './ready.ts';

/** Fewer seeds are run in this thread: to start another one takes longer. */
const WORTH_THREADS = 50;
/** How long a batch should take, ms. */
const BATCH_TIME = 100;
const LARGEST_BATCH = 10_000;

/** What a thread answers: the result, or what went wrong in a way that is ours. */
export type Answer = { readonly result: BatchResult } | { readonly bug: string };

/** A thread has ended that should not have. */
class ThreadError extends Error {
  readonly code = 'ERR_SIM_THREAD';
}

export interface SeedRun {
  readonly path: string;
  readonly from: number;
  readonly count: number;
  readonly threads: number;
  /** No more seeds once one has failed. */
  readonly untilFailure: boolean;
  /** Ends everything: what was found so far has been told. */
  readonly signal: AbortSignal;
  tell(result: BatchResult): void;
}

/** @throws Error what a thread could not do */
export async function runSeeds(run: SeedRun, loaded: LoadedScenario, readiness: Readiness): Promise<void> {
  const seeds = new Seeds(run);
  const threads = Math.min(run.threads, Math.ceil(run.count / WORTH_THREADS));
  if (threads <= 1) {
    const turn = new Turn(run.signal);
    for (let batch = seeds.next(1); batch !== null; batch = seeds.next(1)) {
      seeds.tell(await runBatch(batch, loaded, readiness));
      await turn.yield();
    }
    return;
  }
  await Promise.all(Array.from({ length: threads }, () => serveThread(run, seeds)));
}

/** The seeds that are left. */
class Seeds {
  readonly #run: SeedRun;
  #given = 0;
  #failed = false;

  constructor(run: SeedRun) {
    this.#run = run;
  }

  /** Up to so many seeds, or null when there are no more to be run. */
  next(most: number): Batch | null {
    const { from, count, untilFailure, signal } = this.#run;
    if (signal.aborted || (untilFailure && this.#failed) || this.#given >= count) return null;
    const batch = { from: from + this.#given, count: Math.min(most, count - this.#given), untilFailure };
    this.#given += batch.count;
    return batch;
  }

  tell(result: BatchResult): void {
    if (result.failures.length > 0) this.#failed = true;
    this.#run.tell(result);
  }
}

async function serveThread(run: SeedRun, seeds: Seeds): Promise<void> {
  const thread = new Thread(run.path);
  const stop = (): void => void thread.end();
  run.signal.addEventListener('abort', stop);
  try {
    let most = 1;
    for (let batch = seeds.next(most); batch !== null; batch = seeds.next(most)) {
      const begun = performance.now();
      const answer = await thread.ask(batch);
      if ('bug' in answer) throw new Error(answer.bug);
      seeds.tell(answer.result);
      const took = performance.now() - begun;
      if (took < BATCH_TIME / 2) most = Math.min(LARGEST_BATCH, most * 2);
      else if (took > BATCH_TIME * 2) most = Math.max(1, most >> 1);
    }
  } catch (error) {
    // A thread that was ended has nothing to say.
    if (!run.signal.aborted) throw error;
  } finally {
    run.signal.removeEventListener('abort', stop);
    await thread.end();
  }
}

/** A thread that does one thing at a time. */
class Thread {
  readonly #worker: Worker;
  #settle: { answer(answer: Answer): void; fail(error: Error): void } | null = null;
  /** Why it is no more. */
  #ended: Error | null = null;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: { path } });
    this.#worker.on('message', (answer: Answer) => this.#settle?.answer(answer));
    this.#worker.on('error', (error) => this.#end(`a thread failed: ${error instanceof Error ? error.stack : error}`));
    this.#worker.on('exit', (status) => this.#end(`a thread ended, with status ${status}`));
  }

  /** @throws ThreadError it has ended */
  ask(batch: Batch): Promise<Answer> {
    return new Promise((answer, fail) => {
      if (this.#ended !== null) {
        fail(this.#ended);
        return;
      }
      this.#settle = { answer, fail };
      this.#worker.postMessage(batch);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #end(why: string): void {
    this.#ended ??= new ThreadError(why);
    this.#settle?.fail(this.#ended);
  }
}

/** Gives the event loop its turn now and then: a bar is drawn, and Ctrl-C is heard. */
export class Turn {
  readonly #signal: AbortSignal | null;
  #last = performance.now();

  constructor(signal: AbortSignal | null = null) {
    this.#signal = signal;
  }

  /** @returns whether to go on */
  async yield(): Promise<boolean> {
    const now = performance.now();
    if (now - this.#last >= 20) {
      // Two turns: signals are told in one, and the first may be the one that is going on.
      for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
      this.#last = now;
    }
    return this.#signal?.aborted !== true;
  }
}
