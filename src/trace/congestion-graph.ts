/**
 * Owns: the graph of a connection's congestion window over time, with the slow start threshold and what is taken to be in the
 * network. Leaves to others: axes (`chart.ts`).
 */

import { CHART_STYLE, Chart, type LegendItem, stepPath } from './chart.ts';
import type { CongestionEvent, ConnectionRef, TraceEvent } from './events.ts';
import { GRAPH_WORDS, type GraphWords } from './graph-words.ts';
import type { GraphOptions } from './sequence-graph.ts';
import { round, svgDocument, textAt } from './svg.ts';
import { displayWidth } from './text.ts';

/** Which connection, and how it is shown. */
export interface CongestionGraphOptions extends GraphOptions {
  /** Default the host and the connection of which the trace tells most. */
  readonly host?: string;
  readonly connection?: ConnectionRef['id'];
}

/** Of small type. */
const SMALL = 6.6;
/** Phases where their names have no room. */
const LETTERS: Readonly<Record<CongestionEvent['phase'], string>> = {
  'slow-start': 'S',
  'congestion-avoidance': 'C',
  'fast-recovery': 'F',
  loss: 'T',
};
/** Above the lines: a strip for the phases. */
const STRIP = 16;

/**
 * Draws the congestion window of one connection at one host over time.
 *
 * @example
 * congestionGraphSvg(events, { host: 'server', title: 'A lossy path' })
 *
 * @returns an SVG document without an XML declaration, to be put into a file or into a page
 */
export function congestionGraphSvg(events: readonly TraceEvent[], options: CongestionGraphOptions = {}): string {
  return new Graph(choose(events, options), options).svg();
}

function choose(events: readonly TraceEvent[], { host, connection }: CongestionGraphOptions): CongestionEvent[] {
  const all = new Map<string, CongestionEvent[]>();
  for (const event of events) {
    if (event.type !== 'congestion') continue;
    if ((host ?? event.host) !== event.host || (connection ?? event.connection.id) !== event.connection.id) continue;
    const key = `${event.host} ${event.connection.id}`;
    const some = all.get(key);
    if (some === undefined) all.set(key, [event]);
    else some.push(event);
  }
  return [...all.values()].reduce((best, some) => (some.length > best.length ? some : best), []);
}

class Graph {
  readonly #options: CongestionGraphOptions;
  readonly #words: GraphWords;
  readonly #changes: readonly CongestionEvent[];
  readonly #chart: Chart;

  constructor(changes: readonly CongestionEvent[], options: CongestionGraphOptions) {
    this.#options = options;
    this.#words = GRAPH_WORDS[options.lang ?? 'en'];
    const { since = changes[0]?.time ?? 0 } = options;
    const { until = Math.max(changes.at(-1)?.time ?? 0, since + 1), width = 860, height = 360, origin = 0 } = options;
    this.#changes = changes.filter(({ time }) => time >= since && time <= until);
    const most = this.#changes.reduce((so, { cwnd, pipe }) => Math.max(so, cwnd, pipe), 1);
    const range = { width, height, from: since, until, least: 0, most: most * 1.12, origin };
    this.#chart = new Chart(range, this.#legend(most));
  }

  svg(): string {
    const { width, height } = this.#chart.range;
    const changes = this.#changes;
    const most = changes.reduce((so, { cwnd }) => Math.max(so, cwnd), 0);
    const reductions = changes.filter(({ ssthresh }, i) => i > 0 && ssthresh < changes[i - 1]!.ssthresh).length;
    const described =
      changes.length === 0 ? this.#words.nothing : this.#words.describeCongestion(changes.length, most, reductions);
    const { title = this.#words.congestion, description = described } = this.#options;
    const document = { name: 'tsyn-graph', width, height, title, description, style: CHART_STYLE + STYLE };
    return svgDocument(
      document,
      this.#parts().filter((part) => part !== ''),
    );
  }

  #parts(): string[] {
    const { range, left, right, top, bottom } = this.#chart;
    const seconds = range.until - range.from >= 2000;
    const axes = this.#chart.axes(this.#words.octets, (ms) => this.#words.clock(ms, seconds));
    if (this.#changes.length === 0) {
      return [...axes, textAt((left + right) / 2, (top + bottom) / 2, this.#words.nothing, 'faint middle')];
    }
    return [
      ...this.#phases(),
      ...axes,
      ...this.#chart.legend(),
      this.#line('pipe', ({ pipe }) => pipe),
      this.#line('ssthresh', ({ ssthresh }) => (ssthresh <= range.most ? ssthresh : null)),
      this.#line('cwnd', ({ cwnd }) => cwnd),
      ...this.#changes.filter(({ undone }) => undone === true).map((change) => this.#undone(change)),
      this.#chart.cursor(this.#options.now),
    ];
  }

  #line(kind: string, value: (change: CongestionEvent) => number | null): string {
    const points = this.#changes.map((change) => {
      const known = value(change);
      return known === null ? null : ([this.#chart.x(change.time), this.#chart.y(known)] as const);
    });
    const path = stepPath(points, this.#chart.right);
    return path === '' ? '' : `<path class="${kind}" d="${path}"/>`;
  }

  /** Where a reduction is taken back: a ring at the window that it has again. */
  #undone({ time, cwnd }: CongestionEvent): string {
    return `<circle class="undone" cx="${round(this.#chart.x(time))}" cy="${round(this.#chart.y(cwnd))}" r="5"/>`;
  }

  /** Strips with the phases' names, where these have room. */
  #phases(): string[] {
    const parts: string[] = [];
    const changes = this.#changes;
    for (let i = 0; i < changes.length; ) {
      const { phase, time } = changes[i]!;
      let next = i;
      while (next < changes.length && changes[next]!.phase === phase) next++;
      const [x1, x2] = [
        this.#chart.x(time),
        next < changes.length ? this.#chart.x(changes[next]!.time) : this.#chart.right,
      ];
      const { top, bottom } = this.#chart;
      const name = this.#words.phases[phase];
      const size = `x="${round(x1)}" y="${top}" width="${round(Math.max(0.5, x2 - x1))}"`;
      parts.push(`<rect class="${phase}" ${size} height="${round(bottom - top)}"/>`);
      const shown = displayWidth(name) * SMALL + 8 <= x2 - x1 ? name : x2 - x1 >= 2 * SMALL ? LETTERS[phase] : '';
      parts.push(textAt((x1 + x2) / 2, top + STRIP - 4, shown, 'faint small middle'));
      i = next;
    }
    return parts;
  }

  #legend(most: number): LegendItem[] {
    const words = this.#words;
    const items: [boolean, string, string][] = [
      [true, '<path class="cwnd" d="M0 10H11V3H22"/>', words.cwnd],
      [
        this.#changes.some(({ ssthresh }) => ssthresh <= most * 1.12),
        '<path class="ssthresh" d="M0 6H22"/>',
        words.ssthresh,
      ],
      [true, '<path class="pipe" d="M0 10H11V3H22"/>', words.pipe],
      [
        this.#changes.some(({ undone }) => undone === true),
        '<circle class="undone" cx="11" cy="6" r="5"/>',
        words.undone,
      ],
    ];
    for (const phase of ['slow-start', 'congestion-avoidance', 'fast-recovery', 'loss'] as const) {
      const sample = `<rect class="${phase}" width="22" height="12"/><text class="faint small middle" x="11" y="10">${LETTERS[phase]}</text>`;
      items.push([this.#changes.some((change) => change.phase === phase), sample, words.phases[phase]]);
    }
    return this.#changes.length === 0
      ? []
      : items.filter(([there]) => there).map(([, sample, text]) => ({ sample, text }));
  }
}

const STYLE = [
  '.tsyn-graph .cwnd{stroke:var(--data);stroke-width:2.2;fill:none}',
  '.tsyn-graph .ssthresh{stroke:var(--fin);stroke-width:1.6;stroke-dasharray:7 4;fill:none}',
  '.tsyn-graph .pipe{stroke:var(--faint);stroke-width:1;fill:none}',
  '.tsyn-graph .undone{stroke:var(--accent);stroke-width:2;fill:none}',
  '.tsyn-graph .slow-start{fill:var(--tint)}.tsyn-graph .congestion-avoidance{fill:var(--paper)}',
  '.tsyn-graph .fast-recovery{fill:var(--note)}.tsyn-graph .loss{fill:var(--alarm-tint)}',
].join('');
