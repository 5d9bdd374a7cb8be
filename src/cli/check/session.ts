/** Owns: many experiments from the first search to the exit status: a line each, and what it all comes to. */

import { type Experiment, isExpected, type Level, type Result } from '../../check/index.ts';
import type { Io } from '../command.ts';
import { paintFor } from '../paint.ts';
import { grouped } from '../report.ts';
import { asking, type Bounds } from './job.ts';
import { runSearches } from './pool.ts';
import { SearchProgress } from './progress.ts';
import { facts, Table } from './table.ts';

export interface SessionOptions {
  readonly experiments: readonly Experiment[];
  readonly level: Level;
  readonly bounds: Bounds;
  readonly threads: number;
  readonly json: boolean;
}

/** Runs `act` with a signal that Ctrl-C raises. A second Ctrl-C ends the process. */
export async function interruptible<T>(act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const stop = (): void => ending.abort();
  process.once('SIGINT', stop);
  try {
    return await act(ending.signal);
  } finally {
    process.off('SIGINT', stop);
  }
}

/** @returns the exit status: 0 all as expected, 1 not, 130 ended before that could be said */
export function runExperiments(options: SessionOptions, io: Io): Promise<number> {
  return interruptible((signal) => new Session(options, io).run(signal));
}

class Session {
  readonly #options: SessionOptions;
  readonly #io: Io;
  readonly #table: Table;
  readonly #results: Map<Experiment, Result> = new Map();
  #passed = 0;
  #failed = 0;
  #undecided = 0;
  #told = 0;

  constructor(options: SessionOptions, io: Io) {
    this.#options = options;
    this.#io = io;
    this.#table = new Table(options.experiments, paintFor(io.stdout, io.env));
  }

  async run(signal: AbortSignal): Promise<number> {
    const { experiments, level, bounds, threads, json } = this.#options;
    const asked = asking(experiments, level);
    const progress = new SearchProgress(this.#io.stderr, asked.length);
    if (!json) this.#io.stdout.line(this.#table.head());
    await runSearches({
      jobs: asked.map(({ job }) => job),
      bounds,
      threads,
      signal,
      progress: (index, how) => progress.update(index, asked[index]!.job.name, how),
      tell: (index, result) => {
        progress.finish(index, result.states);
        for (const experiment of asked[index]!.experiments) this.#results.set(experiment, result);
        progress.clear();
        this.#tell();
      },
    });
    progress.clear();
    this.#tellRest();
    return this.#sumUp(progress, signal.aborted);
  }

  /** Lines in the order of the experiments, each as soon as all before it are known. */
  #tell(): void {
    const { experiments } = this.#options;
    for (; this.#told < experiments.length; this.#told++) {
      const experiment = experiments[this.#told]!;
      const result = this.#results.get(experiment);
      if (result === undefined) return;
      this.#line(experiment, result);
    }
  }

  /** After an interruption: what is known beyond the first gap, and what was not begun. */
  #tellRest(): void {
    for (const experiment of this.#options.experiments.slice(this.#told)) {
      const result = this.#results.get(experiment);
      if (result !== undefined) this.#line(experiment, result);
      else {
        this.#undecided++;
        this.#io.stderr.line(`${experiment.name}: not begun`);
      }
    }
  }

  #line(experiment: Experiment, result: Result): void {
    if (result.stopped === 'asked') this.#undecided++;
    else if (isExpected(experiment, result)) this.#passed++;
    else this.#failed++;
    const { stdout } = this.#io;
    if (this.#options.json) stdout.line(JSON.stringify(facts(experiment, result)));
    else stdout.line(this.#table.line(experiment, result));
  }

  #sumUp(progress: SearchProgress, stopped: boolean): number {
    const { states, seconds } = progress.covered;
    const { level, json } = this.#options;
    if (json) {
      const sums = { level, passed: this.#passed, failed: this.#failed, undecided: this.#undecided, states, seconds };
      this.#io.stdout.line(JSON.stringify(sums));
    }
    const output = json ? this.#io.stderr : this.#io.stdout;
    const rate = grouped(Math.round(states / Math.max(seconds, 0.001)));
    output.line(`level ${level}: ${grouped(states)} states in ${seconds.toFixed(1)} s (${rate} a second)`);
    const undecided = this.#undecided === 0 ? '' : `, ${this.#undecided} undecided`;
    output.line(`${this.#passed} passed, ${this.#failed} failed${undecided}`);
    if (this.#failed > 0) return 1;
    return stopped && this.#undecided > 0 ? 130 : 0;
  }
}
