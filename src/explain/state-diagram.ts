/**
 * Owns: the diagram of a connection's states as a picture in SVG: the eleven states, every arrow of the engine's own table, and
 * the way that a connection has taken through them. Leaves to others: where things stand (`state-plan.ts`), colours (`trace/svg.ts`).
 */

import { ARROWS, type Arrow } from '../tcp/state.ts';
import type { StateEvent, StateName } from '../trace/events.ts';
import { direction, escaped, headPath, type PictureWords, point, round, svgDocument } from '../trace/svg.ts';
import { displayWidth } from '../trace/text.ts';
import type { Language } from '../trace/words.ts';
import { STATE_WORDS, type StateWords } from './state-diagram-words.ts';
import {
  boxOf,
  COMPACT,
  LARGE,
  type Measures,
  PLACES,
  type Place,
  type Point,
  type Route,
  routeOf,
} from './state-plan.ts';

/** A change of state, as a StateEvent has it. */
export type Change = Pick<StateEvent, 'from' | 'to'>;

export interface StateDiagramOptions extends PictureWords {
  /** Default 'en'. */
  readonly lang?: Language;
  /** For a column of 268: no texts at arrows, what the last one says below. Default false. */
  readonly compact?: boolean;
  /** Which arrows say what leads along them. Default 'taken'; a compact diagram says none. */
  readonly texts?: 'all' | 'taken' | 'none';
  /** Arrows taken elsewhere, as `FROM TO`: they are shown as seen, and counted. */
  readonly seen?: ReadonlySet<string>;
  /** Where the connection is. Default where the history ends, else CLOSED. */
  readonly current?: StateName;
}

/**
 * Draws the way of one connection through the states.
 *
 * @param history its changes of state, the first one first; of one connection of one host
 *
 * @example
 * stateDiagramSvg(events.filter((event) => event.type === 'state' && event.host === 'client'), { title: 'The client' })
 *
 * @returns an SVG document without an XML declaration, to be put into a file or into a page
 */
export function stateDiagramSvg(history: readonly Change[], options: StateDiagramOptions = {}): string {
  return new Diagram(history, options).svg();
}

/** What happened to an arrow. */
interface Taken {
  readonly arrow: Arrow;
  readonly key: string;
  /** When, counted from 1. */
  readonly times: readonly number[];
  readonly seen: boolean;
  readonly last: boolean;
}

class Diagram {
  readonly #history: readonly Change[];
  readonly #options: StateDiagramOptions;
  readonly #measures: Measures;
  readonly #compact: boolean;
  readonly #words: StateWords;
  readonly #arrows: readonly Taken[];
  readonly #current: Place;

  constructor(history: readonly Change[], options: StateDiagramOptions) {
    this.#history = history;
    this.#options = options;
    this.#compact = options.compact === true;
    this.#measures = this.#compact ? COMPACT : LARGE;
    this.#words = STATE_WORDS[options.lang ?? 'en'];
    const keys = history.map(keyOf);
    this.#arrows = ARROWS.map((arrow) => {
      const key = keyOf(arrow);
      const times = keys.flatMap((taken, at) => (taken === key ? [at + 1] : []));
      const seen = times.length > 0 || options.seen?.has(key) === true;
      return { arrow, key, times, seen, last: keys.at(-1) === key };
    });
    this.#current = this.#placeOf(options.current ?? history.at(-1)?.to ?? 'CLOSED');
  }

  /** Of the two CLOSED the one at the end, once there was more than an attempt. */
  #placeOf(state: StateName): Place {
    const from = this.#history.at(-1)?.from;
    const ended = from !== undefined && from !== 'LISTEN' && from !== 'SYN-SENT' && from !== 'CLOSED';
    return state === 'CLOSED' && ended ? 'END' : state;
  }

  svg(): string {
    const { title = this.#words.title, description = this.#description() } = this.#options;
    const { width, height, font } = this.#measures;
    // What is important lies on top.
    const drawn = [...this.#arrows].sort((a, b) => weight(a) - weight(b));
    const routes = drawn.map((taken) => [taken, routeOf(taken.arrow.from, taken.arrow.to, this.#measures)] as const);
    const caption = this.#caption();
    const parts = [
      `<g font-size="${font}">`,
      ...routes.map(([taken, route]) => this.#way(taken, route)),
      ...PLACES.map((place) => this.#box(place)),
      ...routes.map(([taken, route]) => this.#text(taken, route)),
      ...routes.map(([taken, route]) => this.#badge(taken, route)),
      '</g>',
      ...caption.map(
        (line, i) =>
          `<text x="10" y="${height + 14 + 15 * i}" class="${i === 0 ? 'faint' : ''}">${escaped(line)}</text>`,
      ),
    ];
    const name = this.#compact ? 'tsyn-states tsyn-small' : 'tsyn-states';
    const whole = height + 15 * caption.length + 10;
    return svgDocument(
      { name, width, height: whole, title, description, style: STYLE },
      parts.filter((part) => part !== ''),
    );
  }

  #description(): string {
    const way = this.#history.map((change) => {
      const arrow = ARROWS.find((one) => keyOf(one) === keyOf(change));
      return { to: change.to, event: arrow === undefined ? '' : this.#words.event(arrow) };
    });
    const current = this.#current === 'END' ? 'CLOSED' : this.#current;
    return [this.#words.way(this.#history[0]?.from ?? current, way), this.#words.current(current), this.#count()].join(
      ' ',
    );
  }

  #count(): string {
    return this.#words.count(this.#arrows.filter(({ seen }) => seen).length, this.#arrows.length);
  }

  /** Below the diagram: how many arrows were seen; what led along the last one, where the arrows are without texts. */
  #caption(): string[] {
    const last = this.#arrows.find((taken) => taken.last);
    if (!this.#compact || last === undefined) return [this.#count()];
    const { from, to } = last.arrow;
    const number = last.times.at(-1)!;
    const columns = Math.floor((this.#measures.width - 16) / 7.2);
    return [
      this.#count(),
      ...broken(`${number}. ${from} → ${to}:`, columns),
      ...broken(this.#words.event(last.arrow), columns),
    ];
  }

  #way(taken: Taken, { points, stub }: Route): string {
    const end = points.at(-1)!;
    const before = points.at(-2)!;
    const way = direction(before[0], before[1], end[0], end[1]);
    const size = this.#compact ? 6 : 9;
    const ring = this.#compact ? 3.5 : 5;
    const tip: Point = stub ? [end[0] - way.x * ring, end[1] - way.y * ring] : end;
    const stop: Point = [tip[0] - way.x * (size - 2), tip[1] - way.y * (size - 2)];
    const path = rounded([...points.slice(0, -1), stop], this.#compact ? 5 : 9);
    const circle = stub ? `<circle class="ring" cx="${round(end[0])}" cy="${round(end[1])}" r="${ring}"/>` : '';
    const head = `<path class="head" d="${headPath(tip[0], tip[1], way, size)}z"/>`;
    return `<g class="${classOf(taken)}"><path class="way" d="${path}"/>${head}${circle}</g>`;
  }

  #box(place: Place): string {
    const { x, y, width, height } = boxOf(place, this.#measures);
    const state = place === 'END' ? 'CLOSED' : place;
    const visited = this.#history.some(({ from, to }) => from === state || to === state);
    const kind = place === this.#current ? 'now' : visited ? 'been' : 'never';
    const box = `<rect class="box" x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${round(width)}" height="${height}" rx="${round(height / 4)}"/>`;
    const name = `<text class="middle bold" x="${x}" y="${round(y + this.#measures.font * 0.36)}">${state}</text>`;
    return `<g class="${kind}">${box}${name}</g>`;
  }

  /** When an arrow was taken, in a disc on it. */
  #badge({ times, last }: Taken, { badge }: Route): string {
    if (times.length === 0) return '';
    const text = times.length > 3 ? `${times[0]}…${times.at(-1)}` : times.join(',');
    const font = this.#compact ? 9.5 : 11;
    const height = font + 4;
    const width = Math.max(height, text.length * font * 0.6 + 6);
    const [x, y] = badge;
    const disc = `<rect class="disc" x="${round(x - width / 2)}" y="${round(y - height / 2)}" width="${round(width)}" height="${height}" rx="${height / 2}"/>`;
    const number = `<text class="middle bold" font-size="${font}" x="${round(x)}" y="${round(y + font * 0.36)}">${text}</text>`;
    return `<g class="badge${last ? ' last' : ''}">${disc}${number}</g>`;
  }

  #text(taken: Taken, { text: { x, y, anchor, columns } }: Route): string {
    const { texts = 'taken' } = this.#options;
    if (this.#compact || texts === 'none' || (texts === 'taken' && taken.times.length === 0)) return '';
    const lines = broken(this.#words.event(taken.arrow), columns);
    // Lines of one text stand around their place.
    const top = y - ((lines.length - 1) * LINE) / 2;
    const spans = lines.map(
      (line, i) => `<tspan x="${round(x)}" y="${round(top + i * LINE)}">${escaped(line)}</tspan>`,
    );
    return `<text class="event ${anchor} ${classOf(taken)}">${spans.join('')}</text>`;
  }
}

/** From line to line of an arrow's text. */
const LINE = 13;

function keyOf({ from, to }: Change): string {
  return `${from} ${to}`;
}

function weight({ times, seen, last }: Taken): number {
  return last ? 3 : times.length > 0 ? 2 : seen ? 1 : 0;
}

function classOf(taken: Taken): string {
  return ['unseen', 'seen', 'taken', 'taken last'][weight(taken)]!;
}

/** A way whose corners are rounded. */
function rounded(points: readonly Point[], radius: number): string {
  const parts = [`M${point(...points[0]!)}`];
  for (let i = 1; i < points.length - 1; i++) {
    const [before, corner, after] = [points[i - 1]!, points[i]!, points[i + 1]!];
    const [a, b] = [direction(...before, ...corner), direction(...corner, ...after)];
    parts.push(`L${point(corner[0] - a.x * radius, corner[1] - a.y * radius)}`);
    parts.push(`Q${point(...corner)} ${point(corner[0] + b.x * radius, corner[1] + b.y * radius)}`);
  }
  parts.push(`L${point(...points.at(-1)!)}`);
  return parts.join('');
}

/** A word, a space or a wide character, with the punctuation that must not be parted from it. */
const PIECE = /（?(?:[!-~]+|\s+|.)[、，；：）。]*/gu;

/** A text in lines of at most so many columns: broken at spaces, and between wide characters. */
function broken(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.match(PIECE) ?? []) {
    if (line !== '' && displayWidth(line + piece.trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += piece;
  }
  if (line.trim() !== '') lines.push(line.trimEnd());
  return lines;
}

const STYLE = [
  '.tsyn-states .way{fill:none;stroke:var(--line);stroke-width:1.3}.tsyn-states .head{fill:var(--line)}',
  '.tsyn-states .ring{fill:var(--paper);stroke:var(--line);stroke-width:1.3}',
  '.tsyn-states .seen .way{stroke:var(--faint);stroke-dasharray:4 3}.tsyn-states .seen .head{fill:var(--faint)}',
  '.tsyn-states .seen .ring{stroke:var(--faint)}',
  '.tsyn-states .taken .way{stroke:var(--accent);stroke-width:2}.tsyn-states .taken .head{fill:var(--accent)}',
  '.tsyn-states .taken .ring{stroke:var(--accent);stroke-width:2}',
  '.tsyn-states .last .way,.tsyn-states .last .ring{stroke-width:3.2}',
  '.tsyn-states .box{fill:var(--paper);stroke:var(--line);stroke-width:1.2}.tsyn-states .never text{fill:var(--faint);font-weight:normal}',
  '.tsyn-states .been .box{fill:var(--tint);stroke:var(--accent)}.tsyn-states .now .box{fill:var(--accent);stroke:var(--accent)}',
  '.tsyn-states .now text{fill:var(--paper)}',
  '.tsyn-states .disc{fill:var(--paper);stroke:var(--accent);stroke-width:1.3}.tsyn-states .badge text{fill:var(--accent)}',
  '.tsyn-states .badge.last .disc{fill:var(--accent)}.tsyn-states .badge.last text{fill:var(--paper)}',
  '.tsyn-states .event{font-size:11px;fill:var(--faint);stroke:var(--paper);stroke-width:3px;paint-order:stroke}',
  '.tsyn-states .event.taken{fill:var(--ink)}.tsyn-states .event.last{font-weight:bold}',
].join('');
