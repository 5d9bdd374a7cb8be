/**
 * Owns: what graphs over time have in common: scales, axes with round numbers, lines in steps, the legend in words. Leaves to
 * others: what is shown (`sequence-graph.ts`, `congestion-graph.ts`).
 */

import { CHARACTER, escaped, round, textAt } from './svg.ts';
import { displayWidth } from './text.ts';
import { trimmed } from './words.ts';

/** Where the graph is drawn, and what of time (ms) and values it shows. */
export interface Range {
  readonly width: number;
  readonly height: number;
  readonly from: number;
  readonly until: number;
  readonly least: number;
  readonly most: number;
  /** The time that is called 0. */
  readonly origin: number;
}

/** A thing that the graph shows: how it looks, in 22 by 12, and its name. */
export interface LegendItem {
  readonly sample: string;
  readonly text: string;
}

const LEFT = 86;
const RIGHT = 14;
const BOTTOM = 34;
const LEGEND_LINE = 18;
const SAMPLE = 30;

/** A graph's frame: from times and values to places, and everything around the lines. */
export class Chart {
  readonly range: Range;
  readonly left: number = LEFT;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly #legend: readonly string[];

  constructor(range: Range, legend: readonly LegendItem[]) {
    this.range = range;
    const { lines, parts } = arranged(legend, range.width - LEFT - RIGHT);
    this.#legend = parts;
    this.top = 10 + lines * LEGEND_LINE + 6;
    this.right = range.width - RIGHT;
    this.bottom = range.height - BOTTOM;
  }

  x(time: number): number {
    const { from, until } = this.range;
    return this.left + ((time - from) / (until - from)) * (this.right - this.left);
  }

  y(value: number): number {
    const { least, most } = this.range;
    return this.bottom - ((value - least) / (most - least)) * (this.bottom - this.top);
  }

  /** Below all lines: the grid, its numbers, and what the axes are. */
  axes(valueName: string, unit: (ms: number) => string): string[] {
    const { from, until, least, most, origin } = this.range;
    const parts: string[] = [];
    for (const time of roundNumbers(from - origin, until - origin, 8)) {
      const x = round(this.x(time + origin));
      parts.push(`<path class="grid" d="M${x} ${this.top}V${this.bottom}"/>`);
      parts.push(textAt(x, this.bottom + 16, unit(time), 'faint small middle'));
    }
    for (const value of roundNumbers(least, most, 6)) {
      const y = round(this.y(value));
      parts.push(`<path class="grid" d="M${this.left} ${y}H${this.right}"/>`);
      parts.push(textAt(this.left - 6, y + 4, grouped(value), 'faint small end'));
    }
    const middle = (this.top + this.bottom) / 2;
    parts.push(
      `<text class="faint small middle" transform="translate(14 ${round(middle)}) rotate(-90)">${escaped(valueName)}</text>`,
      `<path class="frame" d="M${this.left} ${this.top}V${this.bottom}H${this.right}"/>`,
    );
    return parts;
  }

  legend(): readonly string[] {
    return this.#legend;
  }

  /** A time that the reader is at. */
  cursor(time: number | undefined): string {
    if (time === undefined || time < this.range.from || time > this.range.until) return '';
    return `<path class="cursor" d="M${round(this.x(time))} ${this.top}V${this.bottom}"/>`;
  }
}

/** Items in as many lines as they need. */
function arranged(items: readonly LegendItem[], width: number): { lines: number; parts: string[] } {
  const parts: string[] = [];
  let [x, line] = [0, 0];
  for (const { sample, text } of items) {
    const wide = SAMPLE + displayWidth(text) * CHARACTER + 16;
    if (x > 0 && x + wide > width) [x, line] = [0, line + 1];
    const y = 10 + line * LEGEND_LINE;
    parts.push(`<g transform="translate(${round(LEFT + x)} ${y})">${sample}</g>`);
    parts.push(textAt(LEFT + x + SAMPLE, y + 10, text, ''));
    x += wide;
  }
  return { lines: items.length === 0 ? 0 : line + 1, parts };
}

/** Round numbers between two, about as many as asked for. */
export function roundNumbers(from: number, until: number, about: number): number[] {
  const least = (until - from) / about;
  if (!(least > 0)) return [from];
  let size = 1;
  while (size < least) size *= 10;
  while (size / 10 >= least) size /= 10;
  const step = [size / 5, size / 2, size].find((one) => one >= least)!;
  const numbers: number[] = [];
  for (let n = Math.ceil(from / step - 1e-9); n * step <= until + step * 1e-9; n++) numbers.push(n * step + 0);
  return numbers;
}

/** `14,600`. */
export function grouped(value: number): string {
  const [whole, rest] = trimmed(value, 3).split('.');
  const digits = whole!.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? digits : `${digits}.${rest}`;
}

/** Of many things none is drawn finer than half a unit: the picture stays small. @returns places to a unit */
export function gridOf(count: number): number {
  return count > 400 ? 2 : 10;
}

export function toGrid(value: number, grid: number): number {
  return Math.round(value * grid) / grid;
}

/**
 * A line in steps: a value holds until the next one.
 *
 * @param points places, from left to right; a null parts the line
 */
export function stepPath(points: readonly (readonly [x: number, y: number] | null)[], right: number): string {
  const parts: string[] = [];
  const grid = gridOf(points.length);
  let [lastX, lastY, on] = [NaN, NaN, false];
  for (const place of points) {
    if (place === null) {
      on = false;
      continue;
    }
    const [x, y] = [toGrid(place[0], grid), toGrid(place[1], grid)];
    if (!on) parts.push(`M${x} ${y}`);
    else {
      if (x !== lastX) parts.push(`H${x}`);
      if (y !== lastY) parts.push(`V${y}`);
    }
    [lastX, lastY, on] = [x, y, true];
  }
  if (on) parts.push(`H${round(right)}`);
  return parts.join('');
}

export const CHART_STYLE: string = [
  '.tsyn-graph .grid{stroke:var(--line);stroke-width:.6;stroke-dasharray:1 3}.tsyn-graph .frame{stroke:var(--faint);fill:none}',
  '.tsyn-graph .cursor{stroke:var(--accent);stroke-width:1.5;stroke-dasharray:4 3}',
].join('');
