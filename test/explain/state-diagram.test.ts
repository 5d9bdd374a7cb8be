/** The diagram of states: every arrow of the engine, and the way that a connection takes. */
import { describe, expect, it } from 'vitest';
import { type Change, type StateDiagramOptions, stateDiagramSvg } from '../../src/explain/index.ts';
import { EVENTS_ZH } from '../../src/explain/state-diagram-words.ts';
import { boxOf, COMPACT, isPlanned, LARGE, PLACES, routeOf } from '../../src/explain/state-plan.ts';
import { ARROWS } from '../../src/tcp/state.ts';
import type { StateName } from '../../src/trace/events.ts';
import { elementsOf, textsOf } from '../trace/xml.ts';

function history(...states: StateName[]): Change[] {
  return states.slice(1).map((to, i) => ({ from: states[i]!, to }));
}

const client = history('CLOSED', 'SYN-SENT', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED');

function groups(svg: string, kind: string): string[] {
  return [...svg.matchAll(new RegExp(`<g class="${kind}">(.*?)</g>`, 'g'))].map(([, inside]) => inside!);
}

/** The state whose box is of a kind. */
function states(svg: string, kind: 'now' | 'been' | 'never'): string[] {
  return groups(svg, kind)
    .map((inside) => />([A-Z0-9-]+)<\/text>/.exec(inside)![1]!)
    .sort();
}

describe('the diagram of states', () => {
  it('has a place for every state and every arrow of the engine, at both sizes', () => {
    expect(ARROWS.filter(({ from, to }) => !isPlanned(from, to))).toEqual([]);
    for (const compact of [true, false]) {
      const svg = stateDiagramSvg([], { compact });
      expect(groups(svg, 'unseen')).toHaveLength(ARROWS.length);
      expect(states(svg, 'never')).toHaveLength(11);
      expect(states(svg, 'now')).toEqual(['CLOSED']);
    }
  });

  it('leads arrows from the edge of one box to that of another, and over no third', () => {
    for (const measures of [LARGE, COMPACT]) {
      for (const { from, to } of ARROWS) {
        const { points } = routeOf(from, to, measures);
        for (const place of PLACES) {
          const { x, y, width, height } = boxOf(place, measures);
          const [w, h] = [width / 2 - 0.1, height / 2 - 0.1];
          for (let i = 1; i < points.length; i++) {
            for (let n = 0; n <= 50; n++) {
              const [a, b] = [points[i - 1]!, points[i]!];
              const [px, py] = [a[0] + ((b[0] - a[0]) * n) / 50, a[1] + ((b[1] - a[1]) * n) / 50];
              const inside = Math.abs(px - x) < w && Math.abs(py - y) < h;
              expect(inside, `${from} ${to} crosses ${place} at ${measures.width}`).toBe(false);
            }
          }
        }
      }
    }
  });

  it('draws an arrow that the table gains, even before it has a place', () => {
    const { points, stub } = routeOf('LISTEN', 'ESTABLISHED', LARGE);
    expect(points).toHaveLength(2);
    expect(stub).toBe(false);
  });

  it('numbers the arrows that were taken, and lights where the connection is', () => {
    const svg = stateDiagramSvg(client.slice(0, 3));
    expect(states(svg, 'now')).toEqual(['FIN-WAIT-1']);
    expect(states(svg, 'been')).toEqual(['CLOSED', 'CLOSED', 'ESTABLISHED', 'SYN-SENT']);
    expect(groups(svg, 'taken')).toHaveLength(2);
    expect(groups(svg, 'taken last')).toHaveLength(1);
    expect(
      groups(svg, 'badge')
        .concat(groups(svg, 'badge last'))
        .map((inside) => />(\d)</.exec(inside)![1]),
    ).toEqual(['1', '2', '3']);
    expect(textsOf(svg)).toContain('3 of 29 arrows seen; ○ is CLOSED');
  });

  it('says what led along the arrows that were taken, along all, or along none', () => {
    const eventsOf = (options: StateDiagramOptions): number =>
      (stateDiagramSvg(client, options).match(/class="event/g) ?? []).length;
    expect(eventsOf({})).toBe(6);
    expect(eventsOf({ texts: 'all' })).toBe(ARROWS.length);
    expect(eventsOf({ texts: 'none' })).toBe(0);
    expect(eventsOf({ compact: true })).toBe(0);
    expect(stateDiagramSvg(client)).toContain('>rcv SYN,ACK / ACK<');
  });

  it('says below a compact diagram what came last', () => {
    const svg = stateDiagramSvg(client.slice(0, 2), { compact: true });
    expect(textsOf(svg).slice(-3)).toEqual([
      '2 of 29 arrows seen; ○ is CLOSED',
      '2. SYN-SENT → ESTABLISHED:',
      'rcv SYN,ACK / ACK',
    ]);
  });

  it('has CLOSED twice: where a connection begins, and where it ends', () => {
    const place = (svg: string): number => Number(/y="([\d.]+)"/.exec(groups(svg, 'now')[0]!)![1]);
    const failed = stateDiagramSvg(history('CLOSED', 'SYN-SENT', 'CLOSED'));
    expect(states(failed, 'now')).toEqual(['CLOSED']);
    expect(place(failed)).toBeLessThan(100);
    expect(place(stateDiagramSvg(client))).toBeGreaterThan(500);
    expect(place(stateDiagramSvg(history('ESTABLISHED', 'CLOSED')))).toBeGreaterThan(500);
  });

  it('counts an arrow once however often it is taken, and says when', () => {
    const round = history('SYN-RECEIVED', 'LISTEN', 'SYN-RECEIVED', 'LISTEN');
    const svg = stateDiagramSvg(round);
    expect(textsOf(svg)).toContain('1,3');
    expect(textsOf(svg)).toContain('2 of 29 arrows seen; ○ is CLOSED');
    const often = stateDiagramSvg([...round, ...round, ...round]);
    expect(textsOf(often)).toContain('1…9');
  });

  it('shows and counts arrows that were seen elsewhere', () => {
    const svg = stateDiagramSvg(client.slice(0, 1), { seen: new Set(['CLOSED LISTEN', 'CLOSED SYN-SENT']) });
    expect(groups(svg, 'seen')).toHaveLength(1);
    expect(textsOf(svg)).toContain('2 of 29 arrows seen; ○ is CLOSED');
  });

  it('tells the way to those who cannot see it', () => {
    const svg = stateDiagramSvg(client.slice(0, 2), { title: 'The client <1>' });
    expect(svg).toContain('role="img"');
    expect(svg).toContain('<title>The client &lt;1&gt;</title>');
    expect(svg).toContain(
      '<desc>From CLOSED to SYN-SENT (active OPEN / SYN), then ESTABLISHED (rcv SYN,ACK / ACK). It is in ESTABLISHED. 2 of 29',
    );
    expect(stateDiagramSvg([])).toContain('<desc>The connection has not left CLOSED. It is in CLOSED.');
  });

  it('speaks Chinese of every arrow, and breaks lines where Chinese does', () => {
    expect(ARROWS.filter(({ from, to }) => EVENTS_ZH[`${from} ${to}`] === undefined)).toEqual([]);
    expect(Object.keys(EVENTS_ZH)).toHaveLength(ARROWS.length);
    const svg = stateDiagramSvg(ARROWS, { lang: 'zh', texts: 'all' });
    const lines = [...svg.matchAll(/<tspan[^>]*>([^<]*)</g)].map(([, line]) => line!);
    expect(lines).toContain('被动 OPEN');
    expect(lines.filter((line) => /^[、，；：）]|（$/.test(line))).toEqual([]);
    expect(svg).toContain('已走过 29 条箭头中的 29 条');
  });

  it('is well-formed in every form', () => {
    for (const compact of [true, false]) {
      for (const lang of ['en', 'zh'] as const) {
        expect(elementsOf(stateDiagramSvg(client, { compact, lang, texts: 'all' }))[0]).toBe('svg');
      }
    }
    expect(stateDiagramSvg(client)).not.toMatch(/script|href|url\(|@import|on\w+=/);
  });
});
