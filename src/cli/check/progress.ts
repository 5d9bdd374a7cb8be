/** Owns: how far searches are: a line that is drawn anew on a terminal, a line now and then elsewhere. */

import type { Progress } from '../../check/index.ts';
import type { Output } from '../command.ts';
import { grouped } from '../report.ts';
import { bar, ProgressLine } from '../sim/progress.ts';

/** Between two lines where there is no terminal, ms. */
const INTERVAL = 10_000;
const BAR = 20;

interface Running {
  readonly name: string;
  progress: Progress;
}

export class SearchProgress {
  readonly #output: Output;
  readonly #line: ProgressLine;
  readonly #total: number;
  readonly #begun = performance.now();
  readonly #running: Map<number, Running> = new Map();
  #done = 0;
  /** States of searches that are done. */
  #states = 0;
  #said = performance.now();

  /** @param total how many searches there are */
  constructor(output: Output, total: number) {
    this.#output = output;
    this.#line = new ProgressLine(output);
    this.#total = total;
  }

  update(index: number, name: string, progress: Progress): void {
    this.#running.set(index, { name, progress });
    if (this.#output.isTTY) this.#line.draw(() => this.#text());
    else if (performance.now() - this.#said >= INTERVAL) {
      this.#said = performance.now();
      this.#output.line(this.#text());
    }
  }

  finish(index: number, states: number): void {
    this.#running.delete(index);
    this.#done++;
    this.#states += states;
  }

  clear(): void {
    this.#line.clear();
  }

  /** States visited, of all searches, and in how many seconds. */
  get covered(): { readonly states: number; readonly seconds: number } {
    let states = this.#states;
    for (const { progress } of this.#running.values()) states += progress.states;
    return { states, seconds: (performance.now() - this.#begun) / 1000 };
  }

  #text(): string {
    const { states, seconds } = this.covered;
    const each = [...this.#running.values()].map(
      ({ name, progress }) => `${name} ${grouped(progress.states)} (depth ${progress.depth})`,
    );
    const rate = grouped(Math.round(states / Math.max(seconds, 0.001)));
    return `${bar(this.#done, this.#total, BAR)}  ${grouped(states)} states, ${rate}/s  ${each.join('  ')}`;
  }
}
