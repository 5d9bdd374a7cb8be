/** Owns: the bar that grows on a terminal while scripts are played. */

import type { Output } from '../command.ts';

const WIDTH = 40;

export class Progress {
  readonly #output: Output;
  readonly #total: number;
  #done = 0;
  #drawn = '';

  constructor(output: Output, total: number) {
    this.#output = output;
    this.#total = total;
  }

  step(): void {
    this.#done++;
    this.#draw();
  }

  /** Takes the bar away, so that other text can stand in its place. */
  clear(): void {
    if (this.#drawn !== '') this.#output.write(`\r${' '.repeat(this.#drawn.length)}\r`);
    this.#drawn = '';
  }

  #draw(): void {
    if (!this.#output.isTTY) return;
    const filled = Math.round((WIDTH * this.#done) / this.#total);
    const bar = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${this.#done}/${this.#total}`;
    if (bar === this.#drawn) return;
    this.#drawn = bar;
    this.#output.write(`\r${bar}`);
  }
}
