/**
 * Owns: the graph of sequence numbers over time, one direction of a connection, as tcptrace made it known: each segment a stroke from
 * its first octet to its last, below them the line of what is acknowledged, above them that of what the window allows. Leaves to
 * others: reading the trace (`sequence-data.ts`), axes (`chart.ts`).
 */

import { CHART_STYLE, Chart, gridOf, type LegendItem, stepPath, toGrid } from './chart.ts';
import type { TraceEvent } from './events.ts';
import { GRAPH_WORDS, type GraphWords } from './graph-words.ts';
import { type Acknowledgement, type Flow, type FlowChoice, readFlow, type SentSegment } from './sequence-data.ts';
import { type PictureWords, point, round, svgDocument, textAt } from './svg.ts';
import type { Language } from './words.ts';

export interface GraphOptions extends PictureWords {
  /** Default 'en'. */
  readonly lang?: Language;
  /** Default 860 and 440. */
  readonly width?: number;
  readonly height?: number;
  /** What of time is shown, ms. Default all. */
  readonly since?: number;
  readonly until?: number;
  /** Times are shown from here, ms. Default 0. */
  readonly origin?: number;
  /** A time that is marked, ms. */
  readonly now?: number;
}

/** Which direction, and how it is shown. */
export interface SequenceGraphOptions extends GraphOptions, FlowChoice {}

/**
 * Draws the text of one direction of a connection over time, as its sender sees it (as its receiver does, where the trace has
 * nothing from the sender).
 *
 * @example
 * sequenceGraphSvg(events, { from: '192.0.2.2:80', title: 'A download' })
 *
 * @returns an SVG document without an XML declaration, to be put into a file or into a page
 */
export function sequenceGraphSvg(events: readonly TraceEvent[], options: SequenceGraphOptions = {}): string {
  const flow = readFlow(events, options);
  return new Graph(flow ?? { from: '', to: '', segments: [], acknowledgements: [] }, options).svg();
}

/** Segments beyond which a letter each would hide the graph. */
const MOST_LETTERS = 60;
/** The window's edge far above the text would flatten everything: shown up to this many times the text's height. */
const HEADROOM = 1.6;

class Graph {
  readonly #options: SequenceGraphOptions;
  readonly #words: GraphWords;
  readonly #flow: Flow;
  readonly #segments: readonly SentSegment[];
  readonly #acks: readonly Acknowledgement[];
  readonly #chart: Chart;
  /** Whether the window ends anywhere within what is shown. */
  readonly #edgeShows: boolean;

  constructor(flow: Flow, options: SequenceGraphOptions) {
    this.#options = options;
    this.#words = GRAPH_WORDS[options.lang ?? 'en'];
    this.#flow = flow;
    const times = [...flow.segments, ...flow.acknowledgements].map(({ time }) => time);
    const { since = least(times, 0), until = Math.max(greatest(times, 1), since + 1) } = options;
    const shown = ({ time }: { readonly time: number }): boolean => time >= since && time <= until;
    this.#segments = flow.segments.filter(shown);
    // What held at the beginning still holds.
    const before = flow.acknowledgements.filter(({ time }) => time < since).slice(-1);
    this.#acks = [...before.map((ack) => ({ ...ack, time: since })), ...flow.acknowledgements.filter(shown)];
    const { width = 860, height = 440, origin = 0 } = options;
    const values = [...this.#segments.flatMap((one) => [one.from, one.until]), ...this.#acks.map(({ upTo }) => upTo)];
    const [low, high] = [least(values, 0), greatest(values, 1)];
    const edges = this.#acks.map(({ edge }) => edge);
    const limit = Math.max(low + 1, low + (high - low) * HEADROOM);
    this.#edgeShows = least(edges, Infinity) <= limit;
    const most = this.#edgeShows ? Math.min(limit, greatest([...edges, high], high)) : Math.max(low + 1, high);
    const pad = (until - since) * 0.02;
    const range = {
      width,
      height,
      from: since - pad,
      until: until + pad,
      least: low,
      most: most + (most - low) * 0.04,
      origin,
    };
    this.#chart = new Chart(range, this.#legend());
  }

  svg(): string {
    const { from, to, segments } = this.#flow;
    const { width, height } = this.#chart.range;
    const octets = segments.reduce((sum, { length, again }) => sum + (again ? 0 : length), 0);
    const again = segments.filter((one) => one.again).length;
    const described =
      segments.length === 0
        ? this.#words.nothing
        : this.#words.describeSequence(segments.length, octets, again, from, to);
    const { title = this.#words.sequence, description = described } = this.#options;
    const document = { name: 'tsyn-graph', width, height, title, description, style: CHART_STYLE + STYLE };
    return svgDocument(
      document,
      this.#parts().filter((part) => part !== ''),
    );
  }

  #parts(): string[] {
    const { range, top, left, right, bottom } = this.#chart;
    const seconds = range.until - range.from >= 2000;
    const axes = this.#chart.axes(this.#words.sequenceNumber, (ms) => this.#words.clock(ms, seconds));
    if (this.#flow.segments.length === 0) {
      return [...axes, textAt((left + right) / 2, (top + bottom) / 2, this.#words.nothing, 'faint middle')];
    }
    // What lies beyond the frame is not drawn over its edges.
    const clip = `<svg aria-hidden="true" x="${left}" y="${top}" width="${right - left + 12}" height="${bottom - top + 6}" viewBox="${left} ${top} ${right - left + 12} ${bottom - top + 6}">`;
    return [
      ...axes,
      ...this.#chart.legend(),
      clip,
      this.#edgeShows ? this.#band() : '',
      ...this.#zeroWindows(),
      this.#edgeShows ? this.#line('edge', ({ edge }) => edge) : '',
      this.#line('acked', ({ upTo }) => upTo),
      this.#ticks(),
      this.#strokes(
        'sack',
        this.#acks.flatMap(({ time, blocks }) => blocks.map((block) => [time, ...block] as const)),
      ),
      this.#strokes(
        'sent',
        this.#spans(({ again, length }) => !again && length > 0),
      ),
      this.#strokes(
        'again',
        this.#spans(({ again, length }) => again && length > 0),
      ),
      ...this.#marks(),
      '</svg>',
      this.#chart.cursor(this.#options.now),
    ];
  }

  #spans(which: (segment: SentSegment) => boolean): (readonly [number, number, number])[] {
    return this.#segments.filter(which).map(({ time, from, until }) => [time, from, until] as const);
  }

  /** Strokes upwards. Of a few each is seen; of many those that touch at one place are drawn as one. */
  #strokes(kind: string, spans: readonly (readonly [time: number, from: number, until: number])[]): string {
    const grid = gridOf(spans.length);
    const parts: string[] = [];
    let [x, high] = [NaN, NaN];
    for (const [time, from, until] of spans) {
      const at = toGrid(this.#chart.x(time), grid);
      const [y1, y2] = [toGrid(this.#chart.y(from), grid), toGrid(this.#chart.y(until), grid)];
      if (at !== x || y1 !== high) {
        if (parts.length > 0) parts.push(`V${high}`);
        // The least that can be seen; and a gap between neighbours, where that leaves something of them.
        const gap = grid > 2 && y1 - y2 >= 3 ? 1 : 0;
        parts.push(`M${at} ${round(y1 - y2 < 0.8 ? y2 + 0.8 : y1 - gap)}`);
        x = at;
      } else if (grid > 2 && y1 - y2 >= 3) parts.push(`V${high}M${at} ${round(y1 - 1)}`);
      high = y2;
    }
    if (parts.length > 0) parts.push(`V${high}`);
    return parts.length === 0 ? '' : `<path class="${kind}" d="${parts.join('')}"/>`;
  }

  #line(kind: string, value: (ack: Acknowledgement) => number): string {
    const points = this.#acks.map((ack) => [this.#chart.x(ack.time), this.#chart.y(value(ack))] as const);
    return points.length === 0 ? '' : `<path class="${kind}" d="${stepPath(points, this.#chart.x(this.#end()))}"/>`;
  }

  /** The last time that something is known of. */
  #end(): number {
    return Math.max(
      greatest(
        this.#acks.map(({ time }) => time),
        0,
      ),
      greatest(
        this.#segments.map(({ time }) => time),
        0,
      ),
    );
  }

  /** Between what is acknowledged and what is allowed: the window. */
  #band(): string {
    const there = this.#acks.map(({ time, edge }) => [this.#chart.x(time), this.#chart.y(edge)] as const);
    const back = this.#acks.map(({ time, upTo }) => [this.#chart.x(time), this.#chart.y(upTo)] as const);
    if (there.length === 0) return '';
    const right = this.#chart.x(this.#end());
    const upper = stepPath(there, right);
    const last = back.at(-1)!;
    const lower = [`L${point(right, last[1])}`];
    for (let i = back.length - 1; i >= 0; i--) {
      lower.push(`H${round(back[i]![0])}`);
      if (i > 0) lower.push(`V${round(back[i - 1]![1])}`);
    }
    return `<path class="window" d="${upper}${lower.join('')}z"/>`;
  }

  #zeroWindows(): string[] {
    const parts: string[] = [];
    let since: number | null = null;
    const strip = (from: number, until: number): void => {
      const [x1, x2] = [this.#chart.x(from), this.#chart.x(until)];
      const { top, bottom } = this.#chart;
      parts.push(
        `<rect class="zero" x="${round(x1)}" y="${top}" width="${round(Math.max(2, x2 - x1))}" height="${bottom - top}"/>`,
      );
    };
    for (const { time, zero } of this.#acks) {
      if (zero) since ??= time;
      else if (since !== null) {
        strip(since, time);
        since = null;
      }
    }
    if (since !== null) strip(since, this.#end());
    return parts;
  }

  /** Duplicate ACKs, on the line of ACKs. */
  #ticks(): string {
    const places = new Set<string>();
    for (const { time, upTo, duplicate } of this.#acks) {
      if (duplicate) places.add(`M${point(this.#chart.x(time), this.#chart.y(upTo))}v7`);
    }
    return places.size === 0 ? '' : `<path class="duplicate" d="${[...places].join('')}"/>`;
  }

  /** SYN, FIN and RST, what is lost, and a letter for what is sent again. */
  #marks(): string[] {
    const parts: string[] = [];
    const again = this.#segments.filter((one) => one.again);
    for (const { time, from, until, syn, fin, rst, lost } of this.#segments) {
      const [x, y] = [this.#chart.x(time), this.#chart.y(until)];
      if (syn) parts.push(`<circle class="syn" cx="${round(x)}" cy="${round(this.#chart.y(from))}" r="4"/>`);
      if (fin) parts.push(`<path class="fin" d="M${point(x, y - 5)}l5 5l-5 5l-5 -5z"/>`);
      if (rst) parts.push(`<path class="lost" d="M${point(x - 4, y - 4)}l8 8m0 -8l-8 8"/>`);
      if (lost)
        parts.push(`<path class="lost" d="M${point(x - 3.5, (y + this.#chart.y(from)) / 2 - 3.5)}l7 7m0 -7l-7 7"/>`);
    }
    if (again.length <= MOST_LETTERS) {
      for (const { time, until } of again)
        parts.push(textAt(this.#chart.x(time), this.#chart.y(until) - 6, 'R', 'letter middle'));
    }
    return parts;
  }

  /** Only what there is. */
  #legend(): LegendItem[] {
    const { segments, acknowledgements } = this.#flow;
    const words = this.#words;
    const items: [boolean, string, string][] = [
      [segments.some(({ length, again }) => length > 0 && !again), '<path class="sent" d="M11 0V12"/>', words.sent],
      [
        segments.some(({ again }) => again),
        '<path class="again" d="M8 0V12"/><text class="letter" x="13" y="10">R</text>',
        words.again,
      ],
      [segments.some(({ lost }) => lost), '<path class="lost" d="M7.5 2.5l7 7m0 -7l-7 7"/>', words.lost],
      [segments.some(({ syn }) => syn), '<circle class="syn" cx="11" cy="6" r="4"/>', words.syn],
      [segments.some(({ fin }) => fin), '<path class="fin" d="M11 1l5 5l-5 5l-5 -5z"/>', words.fin],
      [segments.some(({ rst }) => rst), '<path class="lost" d="M7 2l8 8m0 -8l-8 8"/>', words.rst],
      [acknowledgements.length > 0, '<path class="acked" d="M0 10H11V3H22"/>', words.acknowledged],
      [this.#edgeShows, '<path class="edge" d="M0 10H11V3H22"/>', words.edge],
      [acknowledgements.some(({ blocks }) => blocks.length > 0), '<path class="sack" d="M11 0V12"/>', words.reported],
      [
        acknowledgements.some(({ duplicate }) => duplicate),
        '<path class="duplicate" d="M7 3v7M14 3v7"/>',
        words.duplicate,
      ],
      [acknowledgements.some(({ zero }) => zero), '<rect class="zero" width="22" height="12"/>', words.zero],
    ];
    return items.filter(([there]) => there).map(([, sample, text]) => ({ sample, text }));
  }
}

function least(values: readonly number[], none: number): number {
  return values.length === 0 ? none : values.reduce((a, b) => Math.min(a, b));
}

function greatest(values: readonly number[], none: number): number {
  return values.length === 0 ? none : values.reduce((a, b) => Math.max(a, b));
}

const STYLE = [
  '.tsyn-graph .sent{stroke:var(--data);stroke-width:3;fill:none}',
  '.tsyn-graph .again{stroke:var(--fin);stroke-width:3;stroke-dasharray:3 1.5;fill:none}',
  '.tsyn-graph .letter{fill:var(--fin);font-size:11px;font-weight:bold}',
  '.tsyn-graph .lost{stroke:var(--alarm);stroke-width:2;fill:none}',
  '.tsyn-graph .syn{fill:var(--syn)}.tsyn-graph .fin{fill:var(--fin)}',
  '.tsyn-graph .acked{stroke:var(--accent);stroke-width:1.8;fill:none}',
  '.tsyn-graph .edge{stroke:var(--faint);stroke-width:1.4;stroke-dasharray:6 3;fill:none}',
  '.tsyn-graph .window{fill:var(--raised)}.tsyn-graph .zero{fill:var(--alarm-tint)}',
  '.tsyn-graph .sack{stroke:var(--syn);stroke-width:1.6;fill:none}',
  '.tsyn-graph .duplicate{stroke:var(--accent);stroke-width:1.4;fill:none}',
].join('');
