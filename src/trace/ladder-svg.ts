/**
 * Owns: the ladder as a picture in SVG, for a page or a file of its own: time runs downwards, arrows lead from when they left to when
 * they arrived. Leaves to others: where everything is (`ladder-layout.ts`), colours and the document (`svg.ts`).
 *
 * Kinds of segments differ by colour, by the dashes of their lines and by a sign where they begin, so that no colour is needed to
 * tell them.
 */

import type { TraceEvent } from './events.ts';
import type { LadderArrow } from './ladder-arrows.ts';
import type { LadderBar } from './ladder-bars.ts';
import { type LadderLayout, type LadderText, type LayoutOptions, ladderLayout } from './ladder-layout.ts';
import type { LadderOptions } from './ladder-rows.ts';
import {
  CHARACTER,
  direction,
  escaped,
  FONT,
  headPath,
  type PictureWords,
  point,
  round,
  svgDocument,
  textAt,
} from './svg.ts';
import { displayWidth } from './text.ts';
import { WORDS } from './words.ts';

export interface SvgLadderOptions extends LadderOptions, PictureWords {
  /** Hosts on lanes between the left and the right one. Default none. */
  readonly between?: readonly string[];
  /** An idle time is folded from this length on, ms. By default three times the shortest way from host to host. */
  readonly gap?: number;
  /** Of the whole picture; by default as wide as its texts need. */
  readonly width?: number;
  /** Times are shown from here, ms. Default 0. */
  readonly origin?: number;
}

const HEAD = 9;
/** Above the first event: names of hosts, and their states. */
const TOP = 54;

/**
 * Draws what happened between two hosts, or more.
 *
 * @example
 * writeFileSync('handshake.svg', ladderSvg(events, { left: 'client', right: 'server', title: 'A handshake' }))
 *
 * @returns an SVG document without an XML declaration, to be put into a file or into a page
 */
export function ladderSvg(events: readonly TraceEvent[], options: SvgLadderOptions): string {
  const { left, right, between = [], gap, title = [left, ...between, right].join(', '), description } = options;
  const fold = gap === undefined ? {} : { fold: gap };
  const asked: LayoutOptions = { ...options, ...fold, hosts: [left, ...between, right], character: CHARACTER };
  const layout = ladderLayout(events, asked);
  const { width, height } = layout;
  const words = WORDS[options.lang ?? 'en'];
  const parts = [
    `<g transform="translate(0 ${TOP})">`,
    ...layout.ticks.map(({ y, text }) => textAt(layout.clock, y + 4, text, 'faint end')),
    ...layout.lanes.map(({ x }) => `<path class="lane" d="M${round(x)} -8V${round(height - 8)}"/>`),
    ...layout.arrows.map(arrowLine),
    ...layout.folds.map(({ top, bottom, text }) => folded(layout, top, bottom, words.later(text))),
    ...layout.bars.map(bar),
    ...layout.texts.map(beside),
    ...layout.arrows.map(arrowText),
    ...layout.notes.map(({ top, bottom, text }) => note(layout, top, bottom, text)),
    '</g>',
  ];
  const document = { name: 'tsyn-ladder', width, height: height + TOP, title, description, style: STYLE };
  return svgDocument(
    document,
    [...head(layout, words.millisecond), ...parts].filter((part) => part !== ''),
  );
}

function head({ lanes, clock }: LadderLayout, unit: string): string[] {
  const parts = [textAt(clock, 24, unit, 'faint end')];
  for (const { x, host, initial } of lanes) {
    parts.push(textAt(x, 24, host, 'bold middle'));
    if (initial !== null) parts.push(...pill(x, 41, initial, 'middle'));
  }
  return parts;
}

/** A state's name in a frame. @param x of its middle, or of the end that `anchor` names */
function pill(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string[] {
  const width = displayWidth(text) * CHARACTER + 12;
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return [
    `<rect class="pill" x="${round(left)}" y="${round(y - 8.5)}" width="${round(width)}" height="17" rx="8.5"/>`,
    textAt(left + width / 2, y + 4, text, 'state middle'),
  ];
}

function beside({ x, y, text, anchor, kind }: LadderText): string {
  if (kind === 'state') return pill(x, y, text, anchor).join('\n');
  const names = [kind === 'drop' ? 'alarm' : kind === 'call' ? 'call' : 'faint', anchor === 'end' ? 'end' : ''];
  return textAt(x, y + 4, text, names.join(' ').trim());
}

/** The way of a packet: its line, the sign of its kind where it begins, and its head or the cross where it is lost. */
function arrowLine(arrow: LadderArrow): string {
  const { x1, y1, x2, y2, kind, fate, headless } = arrow;
  const wrong = fate === 'lost' || fate === 'dropped' || fate === 'corrupted' ? ' alarm' : '';
  const way = direction(x1, y1, x2, y2);
  const arrives = fate !== 'lost' && fate !== 'under way';
  // A filled head covers the line's end.
  const end = arrives && kind !== 'ACK' ? HEAD - 2 : 0;
  const parts = [`<path class="way" d="M${point(x1, y1)}L${point(x2 - way.x * end, y2 - way.y * end)}"/>`];
  if (!headless) parts.push(sign(arrow, way));
  if (arrives) parts.push(`<path class="head" d="${headPath(x2, y2, way, HEAD)}${kind === 'ACK' ? '' : 'z'}"/>`);
  if (fate === 'lost') parts.push(cross(x2, y2, 6));
  else if (wrong !== '') parts.push(cross(x2 - way.x * 20, y2 - way.y * 20, 5));
  return `<g class="${kind}${wrong}${headless ? ' nowhere' : ''}">${parts.join('')}</g>`;
}

/** Where it begins: SYN a disc, data a square, FIN a diamond, RST a cross; R in a ring for what is sent again. */
function sign({ x1, y1, kind, retransmission }: LadderArrow, way: { readonly x: number; readonly y: number }): string {
  const [x, y] = [round(x1), round(y1)];
  const signs = {
    SYN: `<circle class="sign" cx="${x}" cy="${y}" r="4"/>`,
    data: `<rect class="sign" x="${round(x1 - 3.5)}" y="${round(y1 - 3.5)}" width="7" height="7"/>`,
    FIN: `<path class="sign" d="M${point(x1, y1 - 5)}l5 5l-5 5l-5 -5z"/>`,
    RST: cross(x1, y1, 4),
    ACK: '',
  };
  if (!retransmission) return signs[kind];
  const [rx, ry] = [x1 + way.x * 18, y1 + way.y * 18];
  const ring = `<circle class="again" cx="${round(rx)}" cy="${round(ry)}" r="7"/>`;
  return `${signs[kind]}${ring}${textAt(rx, ry + 3.5, 'R', 'letter middle')}`;
}

function cross(x: number, y: number, size: number): string {
  const [way, back] = [2 * size, -2 * size];
  return `<path class="cross" d="M${point(x - size, y - size)}l${way} ${way}m0 ${back}l${back} ${way}"/>`;
}

function arrowText({ label, kind, fate }: LadderArrow): string {
  if (label === null) return '';
  const { x, y, cos, sin, text } = label;
  // The text stands above its line, and is turned with it.
  const place = [cos, sin, -sin, cos].map((value) => Math.round(value * 1e4) / 1e4).join(' ');
  const at = `matrix(${place} ${point(x + sin * 4.5, y - cos * 4.5)})`;
  const wrong = fate === 'lost' || fate === 'dropped' || fate === 'corrupted' ? ' alarm' : '';
  return `<text class="label middle ${kind}${wrong}" transform="${at}">${escaped(text)}</text>`;
}

/** A timer that runs: a dot where it fires, a stroke where it is stopped. */
function bar({ x, top, bottom, end }: LadderBar): string {
  const at = round(bottom);
  const line = `<path class="bar${end === 'running' ? ' on' : ''}" d="M${round(x)} ${round(top)}V${at}"/>`;
  if (end === 'running') return line;
  if (end === 'fired') return `${line}<circle class="fired" cx="${round(x)}" cy="${at}" r="3.5"/>`;
  return `${line}<path class="bar" d="M${round(x - 3.5)} ${at}h7"/>`;
}

/** Paper torn out: a strip between two jagged edges. */
function folded({ width, clock }: LadderLayout, top: number, bottom: number, text: string): string {
  const left = clock + 6;
  const teeth = Math.max(1, Math.floor((width - 6 - left) / 12));
  const edge = (y: number): string => `M${point(left, y)}${'l6 -4l6 4'.repeat(teeth)}`;
  const strip = `<rect class="paper" x="${round(left)}" y="${round(top)}" width="${teeth * 12}" height="${round(bottom - top)}"/>`;
  const middle = textAt(left + teeth * 6, (top + bottom) / 2 + 4, text, 'faint middle');
  return `${strip}<path class="edge" d="${edge(top)}${edge(bottom)}"/>${middle}`;
}

function note({ width, clock }: LadderLayout, top: number, bottom: number, text: string): string {
  const left = clock + 8;
  const band = `<rect class="note" x="${round(left)}" y="${round(top)}" width="${round(width - 8 - left)}" height="${round(bottom - top)}" rx="4"/>`;
  return band + textAt((left + width - 8) / 2, (top + bottom) / 2 + 4, text, 'middle');
}

const STYLE = [
  '.tsyn-ladder .lane{stroke:var(--line);stroke-width:2}',
  ...['SYN', 'data', 'ACK', 'FIN', 'RST'].map((kind) => `.tsyn-ladder .${kind}{--kind:var(--${kind.toLowerCase()})}`),
  '.tsyn-ladder .alarm{--kind:var(--alarm)}.tsyn-ladder text.alarm{fill:var(--alarm)}',
  '.tsyn-ladder .way,.tsyn-ladder .cross{stroke:var(--kind);stroke-width:1.6;fill:none}.tsyn-ladder .cross{stroke-width:2.2}',
  '.tsyn-ladder .head{fill:var(--kind);stroke:var(--kind)}.tsyn-ladder .ACK .head{fill:none;stroke-width:1.4}',
  '.tsyn-ladder .sign{fill:var(--kind)}.tsyn-ladder .ACK .way{stroke-dasharray:5 3;stroke-width:1.3}',
  '.tsyn-ladder .FIN .way{stroke-dasharray:12 3 2 3}.tsyn-ladder .RST .way{stroke-dasharray:2 3}',
  '.tsyn-ladder .nowhere .way{stroke-dasharray:1 4}',
  '.tsyn-ladder .again{fill:var(--paper);stroke:var(--kind);stroke-width:1.3}',
  '.tsyn-ladder .letter{fill:var(--kind);font-size:10px;font-weight:bold}',
  `.tsyn-ladder .label{fill:var(--kind);stroke:var(--paper);stroke-width:3px;paint-order:stroke;font-size:${FONT}px}`,
  '.tsyn-ladder .pill{fill:var(--tint)}.tsyn-ladder .state{fill:var(--accent);font-weight:bold;font-size:11.5px}',
  '.tsyn-ladder .call{fill:var(--ink)}.tsyn-ladder .bar{stroke:var(--fin);stroke-width:2.5;fill:none}',
  '.tsyn-ladder .on{stroke-dasharray:3 3}.tsyn-ladder .fired{fill:var(--fin)}',
  '.tsyn-ladder .edge{stroke:var(--line);fill:none;stroke-width:1.2}.tsyn-ladder .note{fill:var(--note)}',
].join('');
