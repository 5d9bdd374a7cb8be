/** Graphs over time: what they show of a trace, and how. */
import { describe, expect, it } from 'vitest';
import { grouped, roundNumbers, stepPath } from '../../src/trace/chart.ts';
import { congestionGraphSvg, sequenceGraphSvg, type TraceEvent } from '../../src/trace/index.ts';
import { readFlow } from '../../src/trace/sequence-data.ts';
import { CLIENT_ISS, handshake, SERVER_ISS, Story, SYN_OPTIONS } from './story.ts';
import { elementsOf, textsOf } from './xml.ts';

const CLIENT = '192.0.2.1:49152';
const SERVER = '192.0.2.2:80';

/** Four segments, the second one lost, reported and sent again; then the end. */
function download(): Story {
  const story = handshake();
  const text = { length: 1000, window: 500 };
  const packets = [0, 1, 2, 3].map((n) => story.send(40 + n, 'server', 'A', 1 + n * 1000, 1, text));
  story.link(45, 'lost', packets[1]!);
  const ack = (time: number, number: number, blocks: readonly (readonly [number, number])[] = []): void => {
    const sack = blocks.map(([from, to]) => [(SERVER_ISS + from) >>> 0, (SERVER_ISS + to) >>> 0] as const);
    story.arrive(time + 10, story.send(time, 'client', 'A', 1, number, { window: 100, sack }));
  };
  for (const n of [0, 2, 3]) story.arrive(50 + n, packets[n]!);
  ack(50, 1001);
  ack(52, 1001, [[2001, 3001]]);
  ack(53, 1001, [[2001, 4001]]);
  story.arrive(80, story.send(70, 'server', 'A', 1001, 1, text));
  ack(80, 4001);
  story.arrive(110, story.send(100, 'server', 'FA', 4001, 1, { window: 500 }));
  ack(110, 4002);
  return story;
}

describe('the direction of a connection', () => {
  it('is read as its sender sees it, in numbers from the SYN on', () => {
    const flow = readFlow(download().events, {})!;
    expect([flow.from, flow.to]).toEqual([SERVER, CLIENT]);
    expect(flow.segments.map(({ time, from, until, again, lost }) => [time, from, until, again, lost])).toEqual([
      [10, 0, 1, false, false],
      [40, 1, 1001, false, false],
      [41, 1001, 2001, false, true],
      [42, 2001, 3001, false, false],
      [43, 3001, 4001, false, false],
      [70, 1001, 2001, true, false],
      [100, 4001, 4002, false, false],
    ]);
    expect(flow.acknowledgements.map(({ time, upTo, edge, duplicate }) => [time, upTo, edge, duplicate])).toEqual([
      [30, 1, 1 + (512 << 7), false],
      [60, 1001, 1001 + (100 << 7), false],
      [62, 1001, 1001 + (100 << 7), true],
      [63, 1001, 1001 + (100 << 7), true],
      [90, 4001, 4001 + (100 << 7), false],
      [120, 4002, 4002 + (100 << 7), false],
    ]);
    expect(flow.acknowledgements[3]!.blocks).toEqual([[2001, 4001]]);
  });

  it('is read as its receiver sees it where the sender tells nothing', () => {
    const events = download().events.filter(({ host }) => host === 'client');
    const flow = readFlow(events, {})!;
    expect(flow.from).toBe(SERVER);
    expect(flow.segments.map(({ time }) => time)).toEqual([20, 50, 52, 53, 80, 110]);
    expect(flow.acknowledgements[0]!.time).toBe(20);
  });

  it('is the one that is asked for', () => {
    const { events } = download();
    expect(readFlow(events, { from: CLIENT })!.segments.map(({ syn }) => syn)).toEqual([true]);
    expect(readFlow(events, { to: '192.0.2.9:1' })).toBeNull();
    expect(readFlow([], {})).toBeNull();
  });

  it('counts on where sequence numbers wrap, however often', () => {
    const story = new Story();
    story.send(0, 'client', 'S', 0, 0, SYN_OPTIONS);
    let at = 1;
    const step = 2 ** 30;
    for (let n = 1; n <= 12; n++) {
      story.send(n, 'client', 'A', ((at + CLIENT_ISS) % 2 ** 32) - CLIENT_ISS, 1, { length: 10 });
      at += step;
    }
    const { segments } = readFlow(story.events, {})!;
    expect(segments.slice(1).map(({ from }) => from)).toEqual(Array.from({ length: 12 }, (_, n) => 1 + n * step));
  });
});

describe('the graph of sequence numbers', () => {
  const svg = sequenceGraphSvg(download().events);

  it('has a stroke for each segment, and says in words what is what', () => {
    expect(/<path class="sent" d="(M[^"]*)"\/>\n/.exec(svg)![1]!.match(/M/g)).toHaveLength(4);
    expect(/<path class="again" d="(M[^"]*)"\/>\n/.exec(svg)![1]!.match(/M/g)).toHaveLength(1);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        'segment',
        'sent again',
        'lost on the way',
        'SYN',
        'FIN',
        'acknowledged up to here',
        'reported by SACK',
        'duplicate ACK',
        'sequence number',
        'R',
        '2,000',
      ]),
    );
    expect(textsOf(svg)).not.toContain('zero window');
    expect(textsOf(svg)).not.toContain('RST');
  });

  it('shows the edge of the window where it is near, and a window that is closed', () => {
    expect(textsOf(svg)).not.toContain('the window ends here');
    const story = handshake();
    story.arrive(50, story.send(40, 'server', 'A', 1, 1, { length: 500 }));
    story.arrive(60, story.send(50, 'client', 'A', 1, 501, { window: 4 }));
    story.arrive(70, story.send(60, 'client', 'A', 1, 501, { window: 0 }));
    const closed = sequenceGraphSvg(story.events);
    expect(textsOf(closed)).toEqual(expect.arrayContaining(['the window ends here', 'zero window']));
    expect(closed.match(/class="zero"/g)).toHaveLength(2);
  });

  it('shows a part of the time, and marks one', () => {
    const part = sequenceGraphSvg(download().events, { since: 60, until: 95, now: 70 });
    expect(textsOf(part)).toContain('segment');
    expect(/<path class="again" d="(M[^"]*)"\/>\n/.exec(part)).not.toBeNull();
    expect(part).toContain('class="cursor"');
    expect(svg).not.toContain('class="cursor"');
    expect(sequenceGraphSvg(download().events, { now: 5000 })).not.toContain('class="cursor"');
  });

  it('is small for a long transfer', () => {
    const story = handshake();
    for (let n = 0; n < 5000; n++) {
      story.send(40 + n * 0.5, 'server', 'A', 1 + n * 1000, 1, { length: 1000, window: 500 });
      if (n % 2 === 1) story.appear(60 + n * 0.5, 'server', 10_000 + n, 'A', 1, 1 + n * 1000);
    }
    const long = sequenceGraphSvg(story.events);
    expect(long).toContain('5001 segments with 5000000 octets');
    expect(long.length).toBeLessThan(100_000);
    expect(elementsOf(long)[0]).toBe('svg');
  });

  it('says so where there is nothing to show', () => {
    expect(textsOf(sequenceGraphSvg([]))).toContain('nothing to show');
    expect(textsOf(congestionGraphSvg([], { lang: 'zh' }))).toContain('没有可显示的内容');
  });
});

describe('the graph of the congestion window', () => {
  const connection = { id: 7, local: SERVER, remote: CLIENT };
  const at = (time: number, cwnd: number, ssthresh: number, phase: 'slow-start' | 'fast-recovery' | 'loss') =>
    ({ type: 'congestion', time, host: 'server', connection, cwnd, ssthresh, pipe: cwnd / 2, phase }) as const;
  const events: readonly TraceEvent[] = [
    at(0, 10_000, 2 ** 31, 'slow-start'),
    at(40, 20_000, 2 ** 31, 'slow-start'),
    { ...at(80, 10_000, 10_000, 'fast-recovery') },
    { ...at(90, 20_000, 2 ** 31, 'slow-start'), undone: true },
    at(300, 1000, 8000, 'loss'),
    { ...at(10, 5, 5, 'loss'), host: 'client' },
  ];
  const svg = congestionGraphSvg(events);

  it('shows the window, the threshold once it is known, what is in the network, and phases by name', () => {
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        'congestion window (cwnd)',
        'slow start threshold (ssthresh)',
        'in the network (pipe)',
        'slow start',
        'fast recovery',
        'after a timeout',
        'reduction undone',
      ]),
    );
    expect(svg.match(/class="undone"/g)).toHaveLength(2);
    // The threshold begins with the first reduction, is unknown after it was undone, and begins again.
    expect(/<path class="ssthresh" d="(M[^"]*)"\/>\n/.exec(svg)![1]!.match(/M/g)).toHaveLength(2);
    expect(svg).toContain(
      '<desc>5 changes of the congestion window, which reaches 20000 octets and is reduced 2 times.',
    );
  });

  it('is of the connection that is asked for', () => {
    expect(congestionGraphSvg(events, { host: 'client' })).toContain('<desc>1 changes');
    expect(textsOf(congestionGraphSvg(events, { connection: 8 }))).toContain('nothing to show');
  });

  it('is well-formed, quiet, and speaks Chinese', () => {
    for (const graph of [svg, sequenceGraphSvg(download().events), congestionGraphSvg(events, { lang: 'zh' })]) {
      expect(elementsOf(graph)[0]).toBe('svg');
      expect(graph).not.toMatch(/script|href|url\(|@import|on\w+=/);
      expect(graph).toContain('prefers-color-scheme:dark');
      expect(graph).toMatch(/role="img".*\n<title>[^<]+<\/title>\n<desc>[^<]+<\/desc>/);
    }
    expect(textsOf(congestionGraphSvg(events, { lang: 'zh' }))).toContain('慢启动');
    expect(textsOf(sequenceGraphSvg(download().events, { lang: 'zh' }))).toContain('已确认到此');
    expect(sequenceGraphSvg(download().events, { title: 'A & B' })).toContain('<title>A &amp; B</title>');
  });
});

describe('an axis', () => {
  it('has round numbers, about as many as asked for', () => {
    expect(roundNumbers(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(roundNumbers(-3, 42, 8)).toEqual([0, 10, 20, 30, 40]);
    expect(roundNumbers(0, 0.03, 6).map((n) => Math.round(n * 1000))).toEqual([0, 5, 10, 15, 20, 25, 30]);
    for (const size of [0.7, 3, 19, 260, 5e5, 7e9]) {
      const count = roundNumbers(0, size, 8).length;
      expect(count).toBeGreaterThanOrEqual(4);
      expect(count).toBeLessThanOrEqual(9);
    }
    expect(roundNumbers(5, 5, 8)).toEqual([5]);
  });

  it('parts thousands', () => {
    expect([0, 999, 1000, 1234567, 2.5].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567', '2.5']);
  });

  it('has lines in steps, which may have gaps', () => {
    expect(stepPath([[0, 5], [10, 5], [10, 3], [20, 3.04], null, [30, 1]], 40)).toBe('M0 5H10V3H20M30 1H40');
    expect(stepPath([null], 40)).toBe('');
  });
});
