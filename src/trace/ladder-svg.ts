/**
 * Owns: the ladder as a picture in SVG, for a page or a file of its own. Leaves to others: what it shows and in which order
 * (`ladder-rows.ts`).
 *
 * The picture has no script and loads nothing. It is light or dark as its reader prefers; a page that has it inline may set
 * the properties `--ladder-ink`, `--ladder-paper`, `--ladder-faint`, `--ladder-state`, `--ladder-alarm` and `--ladder-band`.
 */

import type { TraceEvent } from './events.ts';
import {
  type ArrowRow,
  type LadderOptions,
  type LadderRow,
  ladderRows,
  type Side,
  type TextRow,
} from './ladder-rows.ts';
import { displayWidth } from './text.ts';
import { WORDS } from './words.ts';

export interface SvgLadderOptions extends LadderOptions {
  /** What the picture is called, for those who cannot see it; by default who talks with whom. */
  readonly title?: string;
  /** What it shows, in a sentence. */
  readonly description?: string;
  /** Times are shown from here, ms. Default 0. */
  readonly origin?: number;
}

/** Of the type: its size, the width of a column, both in the picture's units. */
const FONT = 13;
const COLUMN = 8;
const ROW = 30;
const MARGIN = 16;
const GAP = 10;
/** The lane's narrowest, and what an arrow needs besides its text. */
const NARROWEST = 360;
const ARROW = 110;
/** How far an arrow falls from where it leaves to where it arrives. */
const SLOPE = 8;
const HEAD = 7;

/**
 * Draws what happened between two hosts.
 *
 * @example
 * writeFileSync('handshake.svg', ladderSvg(events, { left: 'client', right: 'server', title: 'A handshake' }))
 *
 * @returns an SVG document without an XML declaration, to be put into a file or into a page
 */
export function ladderSvg(events: readonly TraceEvent[], options: SvgLadderOptions): string {
  return new Drawing(events, options).svg();
}

class Drawing {
  readonly #options: SvgLadderOptions;
  readonly #rows: readonly LadderRow[];
  readonly #initial: readonly [string, string];
  readonly #parts: string[] = [];
  readonly #decimals: number;
  /** Where things are: right edge of left times, states, edges of the lane, states, left edge of right times. */
  readonly #x: {
    readonly time: number;
    readonly state: number;
    readonly left: number;
    readonly right: number;
    readonly state2: number;
    readonly time2: number;
    readonly width: number;
  };
  #y: number = MARGIN;

  constructor(events: readonly TraceEvent[], options: SvgLadderOptions) {
    this.#options = options;
    const { rows, initial } = ladderRows(events, options);
    this.#rows = rows;
    this.#initial = initial;
    const times = rows.flatMap(timesOf).map((time) => time - (options.origin ?? 0));
    this.#decimals = times.every((time) => Math.abs(time - Math.round(time)) < 0.0005) ? 0 : 3;
    const unit = WORDS[options.lang ?? 'en'].millisecond;
    const time = COLUMN * Math.max(displayWidth(unit), ...times.map((one) => one.toFixed(this.#decimals).length));
    const states = rows.flatMap((row) => (row.kind === 'arrow' || row.kind === 'text' ? row.states : []));
    const all = [options.left, options.right, ...states, ...initial];
    const state = COLUMN * Math.max(...all.map(displayWidth));
    const lane = Math.max(NARROWEST, ...rows.map((row) => widthOf(row)));
    const left = MARGIN + time + GAP + state + GAP;
    const right = left + lane;
    this.#x = {
      time: MARGIN + time,
      state: MARGIN + time + GAP,
      left,
      right,
      state2: right + GAP,
      time2: right + GAP + state + GAP + time,
      width: right + GAP + state + GAP + time + MARGIN,
    };
  }

  svg(): string {
    const { left, right, title = `${left}, ${right}`, description } = this.#options;
    const { width } = this.#x;
    this.#head();
    const top = this.#y;
    for (const row of this.#rows) this.#row(row);
    const height = this.#y + MARGIN;
    const edges = [this.#x.left, this.#x.right].map((x) => `<path class="edge" d="M${x} ${top - 4}V${this.#y}"/>`);
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" class="tsyn-ladder" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-size="${FONT}">`,
      `<title>${escaped(title)}</title>`,
      ...(description === undefined ? [] : [`<desc>${escaped(description)}</desc>`]),
      `<style>${STYLE}</style>`,
      `<rect class="paper" width="${width}" height="${height}"/>`,
      ...edges,
      ...this.#parts,
      '</svg>\n',
    ].join('\n');
  }

  #head(): void {
    const { left, right, lang } = this.#options;
    const unit = WORDS[lang ?? 'en'].millisecond;
    const { time, state, state2, time2 } = this.#x;
    this.#y += FONT;
    this.#text(time, this.#y, unit, 'time end');
    this.#text(state, this.#y, left, 'host');
    this.#text(state2, this.#y, right, 'host');
    this.#text(time2, this.#y, unit, 'time end');
    this.#y += ROW * 0.8;
    this.#text(state, this.#y, this.#initial[0], 'state');
    this.#text(state2, this.#y, this.#initial[1], 'state');
    this.#y += 8;
  }

  #row(row: LadderRow): void {
    const top = this.#y;
    this.#y += ROW;
    const { left, right, width } = this.#x;
    const middle = (left + right) / 2;
    const base = top + ROW / 2 + FONT / 3;
    switch (row.kind) {
      case 'gap':
        this.#parts.push(
          `<rect class="paper" x="${left - 2}" y="${top + 4}" width="${right - left + 4}" height="${ROW - 8}"/>`,
        );
        this.#text(middle, base, row.text, 'faint middle');
        return;
      case 'note':
        this.#parts.push(
          `<rect class="band" x="${MARGIN}" y="${top + 3}" width="${width - 2 * MARGIN}" height="${ROW - 6}" rx="4"/>`,
        );
        this.#text(middle, base, row.text, 'note middle');
        return;
      case 'text':
        this.#textRow(row, base);
        return;
      case 'arrow':
        this.#arrow(row, top);
    }
  }

  #textRow({ side, time, text, states }: TextRow, y: number): void {
    const { left, right } = this.#x;
    this.#beside(side, y, time, states[side]);
    this.#text(side === 0 ? left + GAP : right - GAP, y, text, side === 0 ? 'call' : 'call end');
  }

  /** A clock and a state on one side. */
  #beside(side: Side, y: number, time: number | null, state: string): void {
    const { time: leftTime, state: leftState, state2, time2 } = this.#x;
    if (time !== null) this.#text(side === 0 ? leftTime : time2, y, this.#clock(time), 'time end');
    this.#text(side === 0 ? leftState : state2, y, state, 'state');
  }

  #arrow(row: ArrowRow, top: number): void {
    const { left, right } = this.#x;
    const { from, part, sent, arrived, lost, states } = row;
    const to: Side = from === 0 ? 1 : 0;
    const [start, end] = from === 0 ? [left, right] : [right, left];
    const y = top + ROW / 2 + 3;
    const [y1, y2] = [y - SLOPE / 2, y + SLOPE / 2];
    const way = (share: number): string => `${round(start + (end - start) * share)} ${round(y1 + (y2 - y1) * share)}`;
    this.#beside(from, y1 + FONT / 3, sent, states[from]);
    this.#beside(to, y2 + FONT / 3, arrived, states[to]);
    const alarm = lost === null ? '' : ' alarm';
    if (lost !== null) {
      this.#parts.push(`<path class="line alarm" d="M${way(0)}L${way(0.72)}"/>`);
      this.#cross(start + (end - start) * 0.72, y1 + (y2 - y1) * 0.72);
      this.#text(start + (end - start) * 0.74, y2 + 10, lost, from === 0 ? 'small alarm' : 'small alarm end');
    } else if (part === 'departure') {
      this.#parts.push(
        `<path class="line" d="M${way(0)}L${way(0.5)}"/><path class="line faded" d="M${way(0.5)}L${way(0.8)}"/>`,
      );
    } else if (part === 'arrival') {
      this.#parts.push(
        `<path class="line faded" d="M${way(0.2)}L${way(0.5)}"/><path class="line" d="M${way(0.5)}L${way(1)}"/>`,
      );
    } else this.#parts.push(`<path class="line" d="M${way(0)}L${way(1)}"/>`);
    if (lost === null && part !== 'departure') this.#point(end, y2, from === 0 ? 1 : -1);
    const marks = row.marks.length === 0 ? '' : ` (${row.marks.join(', ')})`;
    this.#text((left + right) / 2, top + ROW / 2 - 4, row.text + marks, `segment middle${alarm}`);
  }

  #point(x: number, y: number, way: 1 | -1): void {
    this.#parts.push(`<path class="head" d="M${x} ${y}l${-way * HEAD} ${-HEAD / 2}v${HEAD}z"/>`);
  }

  #cross(x: number, y: number): void {
    const [at, up] = [round(x), round(y)];
    this.#parts.push(`<path class="line alarm" d="M${at - 5} ${up - 5}l10 10m0 -10l-10 10"/>`);
  }

  #text(x: number, y: number, text: string, kind: string): void {
    if (text === '') return;
    this.#parts.push(`<text class="${kind}" x="${round(x)}" y="${round(y)}">${escaped(text)}</text>`);
  }

  #clock(time: number): string {
    return (time - (this.#options.origin ?? 0)).toFixed(this.#decimals);
  }
}

const STYLE = [
  '.tsyn-ladder{--ink:var(--ladder-ink,#1c2128);--paper:var(--ladder-paper,#fff);--faint:var(--ladder-faint,#5d6773);',
  '--state:var(--ladder-state,#0550ae);--alarm:var(--ladder-alarm,#b3261e);--band:var(--ladder-band,#fff1c9);',
  'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Noto Sans Mono CJK SC",monospace}',
  '@media(prefers-color-scheme:dark){.tsyn-ladder{--ink:var(--ladder-ink,#e6e9ee);--paper:var(--ladder-paper,#14171c);',
  '--faint:var(--ladder-faint,#98a2ae);--state:var(--ladder-state,#79b8ff);--alarm:var(--ladder-alarm,#ff8b82);',
  '--band:var(--ladder-band,#3d3413)}}',
  '.tsyn-ladder text{fill:var(--ink);white-space:pre}',
  '.tsyn-ladder .paper{fill:var(--paper)}.tsyn-ladder .band{fill:var(--band)}',
  '.tsyn-ladder .edge{stroke:var(--faint);stroke-width:1.5}',
  '.tsyn-ladder .line{stroke:var(--ink);stroke-width:1.4;fill:none}.tsyn-ladder .faded{stroke-dasharray:3 5}',
  '.tsyn-ladder .head{fill:var(--ink)}.tsyn-ladder .line.alarm{stroke:var(--alarm)}',
  '.tsyn-ladder text.alarm{fill:var(--alarm)}.tsyn-ladder .host{font-weight:bold}',
  '.tsyn-ladder .state{fill:var(--state);font-weight:bold}',
  '.tsyn-ladder .time,.tsyn-ladder .faint,.tsyn-ladder .call{fill:var(--faint)}',
  '.tsyn-ladder .small{font-size:11px}.tsyn-ladder .middle{text-anchor:middle}.tsyn-ladder .end{text-anchor:end}',
].join('');

/** What the lane needs for a row. */
function widthOf(row: LadderRow): number {
  if (row.kind === 'gap' || row.kind === 'note') return 0;
  const marks = row.kind === 'arrow' ? row.marks.join(', ') : '';
  const text = displayWidth(row.text) + (marks === '' ? 0 : displayWidth(marks) + 3);
  return COLUMN * text + (row.kind === 'arrow' ? ARROW : 2 * GAP);
}

function timesOf(row: LadderRow): number[] {
  if (row.kind === 'gap') return [];
  if (row.kind === 'arrow') return [row.sent, row.arrived].filter((time) => time !== null);
  return [row.time];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Text as it may stand in XML: characters that XML has no place for are left out. */
function escaped(text: string): string {
  const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return [...text]
    .filter((character) => character >= ' ' || character === '\n' || character === '\t')
    .join('')
    .replace(/[&<>"]/g, (character) => named[character]!);
}
