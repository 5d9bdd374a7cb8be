/**
 * Owns: the ladder as text, for a terminal, a test or a page of documentation. Leaves to others: what it shows and in which
 * order (`ladder-rows.ts`).
 *
 *     ms  client                                                                server             ms
 *         CLOSED       |                                                     |  LISTEN
 *      0  SYN-SENT     |---- SYN seq=0 win=65535 mss=1460 ------------------>|  SYN-RECEIVED       10
 *
 * Each host's clock stands on its side; where packets take no time there is one clock, on the left.
 */

import type { TraceEvent } from './events.ts';
import { type ArrowRow, type Ladder, type LadderOptions, type LadderRow, ladderRows } from './ladder-rows.ts';
import { clip, displayWidth, padEnd, padStart } from './text.ts';
import { WORDS } from './words.ts';

export interface TextLadderOptions extends LadderOptions {
  /** Columns to keep within; by default as many as the longest row needs. Longer texts are cut, ending in `~`. */
  readonly width?: number;
  /** Whether all of `width` is used: ladders that stand below each other get one width. Default false. */
  readonly fill?: boolean;
  /** 'ascii' (the default) or 'unicode' for box drawings, which some East Asian terminals draw two columns wide. */
  readonly charset?: 'ascii' | 'unicode';
  /** Times are shown from here, ms. Default 0. */
  readonly origin?: number;
}

export interface Glyphs {
  readonly line: string;
  readonly gone: string;
  readonly right: string;
  readonly left: string;
  readonly edge: string;
  readonly cross: string;
}

export const GLYPHS: Readonly<Record<'ascii' | 'unicode', Glyphs>> = {
  ascii: { line: '-', gone: '.', right: '>', left: '<', edge: '|', cross: 'X' },
  unicode: { line: '─', gone: '┄', right: '▶', left: '◀', edge: '│', cross: '✗' },
};

/** The lane's narrowest, what an arrow needs besides its text, and what half an arrow needs in addition. */
const NARROWEST = 44;
const ARROW = 10;
const FADE = 6;

/**
 * Draws what happened between two hosts.
 *
 * @example
 * renderLadder(events, { left: 'client', right: 'server', lang: 'zh' })
 *
 * @returns lines joined by line feeds, without one at the end and without spaces at line ends
 */
export function renderLadder(events: readonly TraceEvent[], options: TextLadderOptions): string {
  return drawLadder(ladderRows(events, options), options);
}

/** Draws rows that are arranged already: all of `ladderRows`, or some of them. */
export function drawLadder(ladder: Ladder, options: TextLadderOptions): string {
  return new Drawing(ladder, options).text();
}

class Drawing {
  readonly #ladder: Ladder;
  readonly #options: TextLadderOptions;
  readonly #glyphs: Glyphs;
  readonly #unit: string;
  /** Columns of a time, of a state and of the lane. */
  readonly #time: number;
  readonly #state: number;
  readonly #lane: number;
  readonly #decimals: number;
  readonly #twoClocks: boolean;

  constructor(ladder: Ladder, options: TextLadderOptions) {
    this.#ladder = ladder;
    this.#options = options;
    this.#glyphs = GLYPHS[options.charset ?? 'ascii'];
    const words = WORDS[options.lang ?? 'en'];
    this.#unit = words.millisecond;
    const arrows = ladder.rows.filter((row) => row.kind === 'arrow');
    this.#twoClocks = arrows.some(
      (row) => row.part !== 'whole' || (row.sent !== null && row.arrived !== row.sent && row.arrived !== null),
    );
    const times = ladder.rows.flatMap(timesOf);
    this.#decimals = decimalsFor(times.map((time) => time - (options.origin ?? 0)));
    this.#time = Math.max(displayWidth(this.#unit), ...times.map((time) => this.#clock(time).length));
    const states = ladder.rows.flatMap((row) => (row.kind === 'arrow' || row.kind === 'text' ? row.states : []));
    this.#state = Math.max(...[options.left, options.right, ...states, ...ladder.initial].map(displayWidth));
    const wanted = Math.max(NARROWEST, ...ladder.rows.map((row) => this.#wanted(row)));
    const beside = this.#beside() * (this.#twoClocks ? 2 : 1) + (this.#twoClocks ? 0 : this.#state + 2) + 2;
    const room = options.width === undefined ? wanted : options.width - beside;
    this.#lane = Math.max(20, options.fill === true ? room : Math.min(wanted, room));
  }

  text(): string {
    const { left, right } = this.#options;
    const lane = ' '.repeat(this.#lane + 2);
    const unit = padStart(this.#unit, this.#time);
    const lines = [
      `${unit}  ${padEnd(left, this.#state)}  ${lane}  ${padEnd(right, this.#state)}${this.#twoClocks ? `  ${unit}` : ''}`,
    ];
    const [a, b] = this.#ladder.initial;
    if (a !== '' || b !== '') lines.push(this.#line(null, a, '', b, null));
    for (const row of this.#ladder.rows) lines.push(this.#row(row));
    return lines.map((line) => line.trimEnd()).join('\n');
  }

  /** Columns of a clock and a state with the spaces between them and to the lane. */
  #beside(): number {
    return this.#time + 2 + this.#state + 2;
  }

  #clock(time: number): string {
    return (time - (this.#options.origin ?? 0)).toFixed(this.#decimals);
  }

  #wanted(row: LadderRow): number {
    if (row.kind === 'arrow') {
      const lost = row.lost === null ? 0 : displayWidth(row.lost) + 8;
      return displayWidth(label(row)) + ARROW + lost + (row.part === 'whole' ? 0 : FADE);
    }
    return row.kind === 'text' ? displayWidth(row.text) + 2 : 0;
  }

  #row(row: LadderRow): string {
    switch (row.kind) {
      case 'gap': {
        const middle = this.#beside() + Math.floor((this.#lane + 2 - displayWidth(row.text)) / 2);
        return padStart('', middle) + row.text;
      }
      case 'note': {
        const head = `${padStart(this.#clock(row.time), this.#time)}  `;
        const width = this.#beside() + this.#lane + 2 - displayWidth(head);
        return `${head}${padEnd(`== ${row.text} `, width + this.#state + 2, '=')}`;
      }
      case 'text': {
        const text = clip(row.text, this.#lane - 2);
        const lane = row.side === 0 ? ` ${text}` : padStart(`${text} `, this.#lane);
        const [left, right] = row.side === 0 ? [row.time, null] : [null, row.time];
        return this.#line(left, row.states[0], lane, row.states[1], right);
      }
      case 'arrow': {
        const [left, right] = row.from === 0 ? [row.sent, row.arrived] : [row.arrived, row.sent];
        return this.#line(left, row.states[0], this.#arrow(row), row.states[1], right);
      }
    }
  }

  #line(
    leftTime: number | null,
    leftState: string,
    lane: string,
    rightState: string,
    rightTime: number | null,
  ): string {
    const { edge } = this.#glyphs;
    const one = this.#twoClocks ? leftTime : (leftTime ?? rightTime);
    const left = padStart(one === null ? '' : this.#clock(one), this.#time);
    const right = this.#twoClocks && rightTime !== null ? `  ${padStart(this.#clock(rightTime), this.#time)}` : '';
    return `${left}  ${padEnd(leftState, this.#state)}  ${edge}${padEnd(lane, this.#lane)}${edge}  ${padEnd(rightState, this.#state)}${right}`;
  }

  #arrow(row: ArrowRow): string {
    const { line, gone, cross } = this.#glyphs;
    const rightward = row.from === 0;
    const head = rightward ? this.#glyphs.right : this.#glyphs.left;
    const room = this.#lane - ARROW - (row.lost === null ? 0 : displayWidth(row.lost) + 2);
    const text = ` ${clip(label(row), Math.max(8, room))} `;
    // Drawn as the sender sees it, from its edge on: a tail, the text, the rest of the way. The text reads the same both ways.
    if (row.lost !== null) {
      const end = ` ${row.lost}`;
      const least = Math.floor(this.#lane * 0.7);
      const shaft = Math.max(3, least - 4 - displayWidth(text) - 1);
      const parts = [line.repeat(4), text, line.repeat(shaft), cross, end];
      return rightward
        ? parts.join('')
        : padStart([`${row.lost} `, cross, line.repeat(shaft), text, line.repeat(4)].join(''), this.#lane);
    }
    const rest = this.#lane - displayWidth(text) - 4;
    if (row.part === 'departure') {
      const fade = Math.max(0, rest - 4);
      const parts = [line.repeat(4), text, line.repeat(rest - fade), gone.repeat(fade)];
      return (rightward ? parts : parts.reverse()).join('');
    }
    if (row.part === 'arrival') {
      const parts = [gone.repeat(rest - 1), text, line.repeat(4), head];
      return (rightward ? parts : parts.reverse()).join('');
    }
    const parts = [line.repeat(4), text, line.repeat(rest - 1), head];
    return (rightward ? parts : parts.reverse()).join('');
  }
}

function label(row: ArrowRow): string {
  return row.marks.length === 0 ? row.text : `${row.text} (${row.marks.join(', ')})`;
}

function timesOf(row: LadderRow): number[] {
  if (row.kind === 'gap') return [];
  if (row.kind === 'arrow') return [row.sent, row.arrived].filter((time) => time !== null);
  return [row.time];
}

/** As few decimals as tell these times apart from whole milliseconds, at most three. */
function decimalsFor(times: readonly number[]): number {
  for (let digits = 0; digits < 3; digits++) {
    if (times.every((time) => Math.abs(Number(time.toFixed(digits)) - time) < 0.0005)) return digits;
  }
  return 3;
}
