/** Owns: the line that says how far `tsyn sim` is, on a terminal. */

import { displayWidth, padEnd } from '../../trace/index.ts';
import type { Output } from '../command.ts';
import { grouped } from '../report.ts';

/** Between two drawings, ms. */
const INTERVAL = 100;

export class ProgressLine {
  readonly #output: Output;
  #drawn = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Draws a text in the line, if it is time to. */
  draw(text: () => string): void {
    const now = performance.now();
    if (!this.#output.isTTY || now - this.#last < INTERVAL) return;
    this.#last = now;
    const line = text();
    this.#output.write(`\r${padEnd(line, this.#drawn)}`);
    this.#drawn = displayWidth(line);
  }

  /** Takes the line away, so that other text can stand in its place. */
  clear(): void {
    if (this.#drawn > 0) this.#output.write(`\r${' '.repeat(this.#drawn)}\r`);
    this.#drawn = 0;
    this.#last = Number.NEGATIVE_INFINITY;
  }
}

/** `[####......] 1,234/10,000` */
export function bar(done: number, total: number, width: number = 30): string {
  const filled = Math.round((width * done) / total);
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${grouped(done)}/${grouped(total)}`;
}
