/** The geometry of a ladder that is true to time. */
import { describe, expect, it } from 'vitest';
import {
  type LadderArrow,
  type LadderLayout,
  type LayoutOptions,
  ladderLayout,
  ladderTime,
  ladderY,
  type SegmentEvent,
  type TraceEvent,
  visible,
} from '../../src/trace/index.ts';
import { handshake, Story, SYN_OPTIONS } from './story.ts';

const HOSTS = ['client', 'server'];

function layoutOf(story: Story, more: Partial<LayoutOptions> = {}): LadderLayout {
  return ladderLayout(story.events, { hosts: HOSTS, ...more });
}

/** A transfer in windows of ten, one in seventeen lost and sent again, ACKs that cross the data. */
function transfer(segments: number): Story {
  const story = handshake();
  const text = { length: 1000, window: 512 };
  for (let n = 0; n < segments; n++) {
    const time = 100 + Math.floor(n / 10) * 10 + (n % 10) * 0.2;
    const packet = story.send(time, 'client', 'A', 1 + n * 1000, 1, text, n % 17 === 4);
    if (n % 17 === 3) story.link(time + 4, 'lost', packet);
    else story.arrive(time + 10, packet);
    const ack = story.send(time + 10, 'server', 'A', 1, 1 + n * 1000, { window: 512 });
    story.arrive(time + 20, ack);
  }
  return story;
}

/** The corners of a label's text: `HEIGHT` above its line. */
function corners({ label }: LadderArrow): [number, number][] {
  const { x, y, cos, sin, width } = label!;
  const at = (along: number, up: number): [number, number] => [x + along * cos + up * sin, y + along * sin - up * cos];
  return [at(-width / 2, 0), at(width / 2, 0), at(width / 2, 13), at(-width / 2, 13)];
}

/** Whether two rectangles share a point: no line parallel to one of their sides parts them. */
function overlap(a: [number, number][], b: [number, number][]): boolean {
  for (const shape of [a, b]) {
    for (let i = 0; i < 4; i++) {
      const [p, q] = [shape[i]!, shape[(i + 1) % 4]!];
      const normal = [p[1] - q[1], q[0] - p[0]] as const;
      const reach = (some: [number, number][]): number[] => some.map(([x, y]) => x * normal[0] + y * normal[1]);
      const [of, other] = [reach(a), reach(b)];
      if (Math.max(...of) <= Math.min(...other) + 1e-6 || Math.max(...other) <= Math.min(...of) + 1e-6) return false;
    }
  }
  return true;
}

function overlapping({ arrows }: LadderLayout): string[] {
  const labelled = arrows.filter(({ label }) => label !== null);
  const wrong: string[] = [];
  for (const [i, a] of labelled.entries()) {
    for (const b of labelled.slice(i + 1)) {
      if (b.top - 20 > a.bottom + 200) break;
      if (overlap(corners(a), corners(b))) wrong.push(`${a.label!.text} | ${b.label!.text}`);
    }
  }
  return wrong;
}

describe('the layout of a ladder', () => {
  it('leads each arrow from when it left to when it arrived', () => {
    const layout = layoutOf(handshake());
    const [left, right] = layout.lanes.map(({ x }) => x);
    expect(layout.arrows.map(({ kind, fate, sent, arrived }) => [kind, fate, sent, arrived])).toEqual([
      ['SYN', 'delivered', 0, 10],
      ['SYN', 'delivered', 10, 20],
      ['ACK', 'delivered', 20, 30],
    ]);
    for (const arrow of layout.arrows) {
      expect([arrow.x1, arrow.x2]).toEqual(arrow.from === 0 ? [left, right] : [right, left]);
      expect(arrow.y2).toBeGreaterThan(arrow.y1 + 15);
      expect(ladderTime(layout, arrow.y1)).toBe(arrow.sent);
      expect(ladderTime(layout, arrow.y2)).toBe(arrow.arrived);
    }
    expect(layout.arrows[0]!.label!.text).toBe('SYN seq=0 win=65535 mss=1460 sackOK ws=7 ts');
    expect(layout.arrows[0]!.events).toEqual([3, 4]);
  });

  it('shows states and calls beside their lanes, in order, and the first state of each host', () => {
    const { lanes, texts } = layoutOf(handshake());
    expect(lanes.map(({ initial }) => initial)).toEqual(['CLOSED', 'CLOSED']);
    expect(texts.filter(({ lane }) => lane === 0).map(({ text }) => text)).toEqual(['OPEN', 'SYN-SENT', 'ESTABLISHED']);
    expect(texts.filter(({ lane }) => lane === 1).map(({ text }) => text)).toEqual([
      'LISTEN',
      'SYN-RECEIVED',
      'ESTABLISHED',
    ]);
    expect(texts[0]!.anchor).toBe('end');
    expect(texts[0]!.x).toBeLessThan(lanes[0]!.x);
  });

  it('turns a time into a height and back, and height never falls with time', () => {
    const layout = layoutOf(transfer(200));
    const { stops } = layout;
    for (const [i, stop] of stops.entries()) {
      expect(ladderY(layout, stop.time)).toBe(stop.top);
      expect(ladderTime(layout, stop.top)).toBe(stop.time);
      expect(stop.bottom).toBeGreaterThanOrEqual(stop.top);
      if (i > 0) expect(stop.top).toBeGreaterThan(stops[i - 1]!.bottom);
    }
    for (const time of [-5, 0, 3, 29.9, 64, 107.3, 9999]) {
      const back = ladderTime(layout, ladderY(layout, time));
      expect(back).toBeCloseTo(Math.min(Math.max(time, 0), stops.at(-1)!.time), 6);
    }
  });

  it('folds an idle time and says how long it was', () => {
    const story = handshake();
    story.arrive(60_010, story.send(60_000, 'client', 'FA', 1, 1));
    const layout = layoutOf(story);
    expect(layout.folds.map(({ from, until, text }) => [from, until, text])).toEqual([[30, 60_000, '60 s']]);
    const [fold] = layout.folds;
    expect(fold!.bottom - fold!.top).toBeLessThan(60);
    expect(layout.height).toBeLessThan(400);
    expect(layoutOf(story, { fold: 100_000, scale: 0.01 }).folds).toEqual([]);
  });

  it('finds what an idle time is in a capture, where packets take no time and one host answers at once', () => {
    const story = new Story();
    let time = 0;
    const pass = (after: number, host: 'client' | 'server'): void => {
      time += after;
      story.arrive(time, story.send(time, host, 'A', 1, 1, { length: 10 }));
    };
    for (let n = 0; n < 8; n++) {
      pass(n === 5 ? 4000 : 0.05, 'client');
      pass(0.01, 'client');
      pass(20, 'server');
    }
    const { folds, height } = layoutOf(story);
    expect(folds.map(({ text }) => text)).toEqual(['4 s']);
    expect(height).toBeLessThan(1500);
  });

  it('fans packets of one instant out, in their order', () => {
    const story = handshake();
    const packets = [0, 1, 2, 3].map((n) => story.send(100, 'client', 'A', 1 + n * 100, 1, { length: 100 }));
    for (const packet of packets) story.arrive(110, packet);
    const burst = layoutOf(story).arrows.filter(({ kind }) => kind === 'data');
    for (const [i, arrow] of burst.entries()) {
      if (i === 0) continue;
      expect(arrow.y1 - burst[i - 1]!.y1).toBeGreaterThanOrEqual(18);
      expect(arrow.y2 - burst[i - 1]!.y2).toBeGreaterThanOrEqual(18);
    }
  });

  it('lets no text lie over another, in whatever width', () => {
    const open = new Story();
    open.arrive(10, open.send(0, 'client', 'S', 0, 0, SYN_OPTIONS));
    open.arrive(10, open.send(0, 'server', 'S', 0, 0, SYN_OPTIONS));
    for (const story of [handshake(), transfer(100), open]) {
      for (const width of [undefined, 1400, 700, 500]) {
        const layout = layoutOf(story, width === undefined ? {} : { width });
        expect(overlapping(layout)).toEqual([]);
        expect(layout.arrows.filter(({ label }) => label !== null).length).toBeGreaterThan(layout.arrows.length / 2);
      }
    }
  });

  it('puts a note before what leaves at its instant, and after what has arrived', () => {
    const story = handshake();
    story.arrive(110, story.send(100, 'client', 'A', 1, 1, { length: 100 }));
    const answer = story.send(110, 'server', 'A', 1, 101);
    story.note(110, 'here').arrive(120, answer).note(120, 'there');
    const { notes, arrows } = layoutOf(story);
    const [data, ack] = arrows.slice(3);
    expect(notes.map(({ text }) => text)).toEqual(['here', 'there']);
    expect(notes[0]!.top).toBeGreaterThan(data!.y2);
    expect(notes[0]!.bottom).toBeLessThan(ack!.y1);
    expect(notes[1]!.top).toBeGreaterThan(ack!.y2);
  });

  it('is as wide as two texts need whose arrows cross', () => {
    const story = new Story();
    story.arrive(10, story.send(0, 'client', 'S', 0, 0, SYN_OPTIONS));
    story.arrive(10, story.send(0, 'server', 'S', 0, 0, SYN_OPTIONS));
    const { arrows } = layoutOf(story);
    expect(arrows.map(({ label, text }) => label!.text === text)).toEqual([true, true]);
    const narrow = layoutOf(story, { width: 400 }).arrows;
    for (const { label, text } of narrow) expect(text.startsWith(label!.text.replace('~', ''))).toBe(true);
    expect(narrow[0]!.label!.text.length).toBeLessThan(narrow[0]!.text.length);
  });

  it('says the number that matters where there is room for one', () => {
    const story = handshake();
    story.arrive(110, story.send(100, 'client', 'PA', 1, 1, { length: 100 }));
    story.arrive(130, story.send(120, 'server', 'A', 1, 101));
    story.arrive(150, story.send(140, 'client', 'FA', 101, 1));
    const labels = (width: number) =>
      layoutOf(story, { width })
        .arrows.slice(3)
        .map(({ label }) => label?.text);
    expect(labels(460)).toEqual(['PSH,ACK seq=1 len=100', 'ACK seq=1 ack=101', 'FIN,ACK seq=101 ack=1']);
    expect(labels(400)).toEqual(['seq=1 len=100', 'ACK ack=101', 'FIN,ACK seq=101~']);
    expect(labels(320)).toEqual(['seq=1', 'ack=101', 'FIN,ACK s~']);
    story.arrive(170, story.send(160, 'client', 'PA', -9, -9, { length: 1 }));
    expect(labels(400).at(-1)).toBe('seq=-9 len=1');
  });
});

describe('an arrow', () => {
  const text = { length: 100 };

  it('ends where the packet is lost, among those that are not', () => {
    const story = handshake();
    const packets = [0, 1, 2].map((n) => story.send(100, 'client', 'A', 1 + n * 100, 1, text));
    story.link(105, 'lost', packets[1]!);
    story.arrive(110, packets[0]!).arrive(110, packets[2]!);
    const layout = layoutOf(story);
    const [first, lost, third] = layout.arrows.slice(3);
    expect([first!.fate, lost!.fate, third!.fate]).toEqual(['delivered', 'lost', 'delivered']);
    const [left, right] = layout.lanes.map(({ x }) => x);
    expect(lost!.x2).toBeCloseTo((left! + right!) / 2, 6);
    // Parallel to the others: no arrow crosses it.
    const slope = (arrow: LadderArrow): number => (arrow.y2 - arrow.y1) / (arrow.x2 - arrow.x1);
    expect(slope(lost!)).toBeCloseTo(slope(first!), 6);
    expect(lost!.words).toEqual(['lost']);
    expect(lost!.arrived).toBeNull();
  });

  it('that is lost ends in line with its neighbours, where a queue delays them', () => {
    const story = handshake();
    const packets = [0, 1, 2, 3].map((n) => story.send(100, 'client', 'A', 1 + n * 100, 1, text));
    story.link(104, 'lost', packets[2]!);
    for (const [n, time] of [
      [0, 130],
      [1, 140],
      [3, 160],
    ] as const)
      story.arrive(time, packets[n]!);
    const ends = layoutOf(story)
      .arrows.slice(3)
      .map(({ x1, y1, x2, y2 }) => y1 + ((y2 - y1) / (x2 - x1)) * (layoutOf(story).lanes[1]!.x - x1));
    expect(ends).toEqual([...ends].sort((a, b) => a - b));
    expect(ends[2]).toBeGreaterThan(ends[1]! + 15);
  });

  it('is told apart by what else happens to the packet', () => {
    const story = handshake();
    const packets = [0, 1, 2, 3].map((n) => story.send(100 + n * 40, 'client', 'A', 1 + n * 100, 1, text));
    story.link(100, 'duplicated', packets[0]!).arrive(110, packets[0]!).arrive(130, packets[0]!);
    story.link(140, 'corrupted', packets[1]!).arrive(150, packets[1]!).drop(150, 'server', packets[1]!, 'checksum');
    story.link(180, 'reordered', packets[2]!);
    story.link(220, 'held', packets[3]!).arrive(230, packets[2]!);
    story.link(300, 'released', packets[3]!).arrive(300, packets[3]!);
    const again = story.send(400, 'client', 'A', 1, 1, text);
    story.appear(430, 'server', 99, 'A', 1, 1);
    story.link(440, 'injected', 77).appear(444, 'server', 77, 'R', 1, 1);
    const layout = layoutOf(story);
    const { arrows } = layout;
    const told = arrows.slice(3).map(({ fate, marks, headless }) => [fate, marks.join(' '), headless]);
    expect(told).toEqual([
      ['delivered', 'duplicated', false],
      ['delivered', 'copy', false],
      ['corrupted', 'corrupted dropped', false],
      ['delivered', 'reordered', false],
      ['delivered', 'held released', false],
      ['under way', 'retransmission', false],
      ['delivered', '', true],
      ['delivered', 'injected', true],
    ]);
    const [original, copy] = arrows.slice(3);
    expect([copy!.x1, copy!.y1]).toEqual([original!.x1, original!.y1]);
    expect(copy!.packet).toBe(original!.packet);
    expect(arrows.find(({ packet }) => packet === again)!.retransmission).toBe(true);
    const injected = arrows.at(-1)!;
    expect(ladderTime(layout, injected.y1)).toBeLessThanOrEqual(444);
    expect(injected.x1).toBeGreaterThan(layout.lanes[0]!.x + 50);
  });

  it('is whole where nothing is known of the host at its other end', () => {
    const story = handshake();
    const own = story.events.filter(({ host }) => host === 'client');
    const { arrows } = ladderLayout(own, { hosts: HOSTS });
    expect(arrows).toHaveLength(3);
    for (const arrow of arrows) expect([arrow.fate, arrow.headless]).toEqual(['delivered', false]);
  });

  it('finds its lane among three, where addresses are forged too', () => {
    const at = (address: string, port: number) => ({ address, port });
    const [a, b, c] = [at('192.0.2.1', 5), at('192.0.2.2', 80), at('198.51.100.7', 5)];
    const events: TraceEvent[] = [];
    let packet = 0;
    const pass = (time: number, from: string, to: string, src: typeof a, dst: typeof a, flags: number): void => {
      packet++;
      const segment = { srcPort: src.port, dstPort: dst.port, seq: 1, ack: 0, flags, window: 1, urgent: 0, length: 0 };
      const about = { packet, src: src.address, dst: dst.address, segment } satisfies Partial<SegmentEvent>;
      events.push({ type: 'segment-sent', time, host: from, ...about });
      events.push({ type: 'segment-received', time: time + 5, host: to, ...about });
    };
    pass(0, 'A', 'B', a, b, 2);
    pass(10, 'C', 'B', c, b, 2);
    pass(20, 'C', 'B', a, b, 4);
    pass(30, 'B', 'A', b, a, 4);
    const { arrows, lanes } = ladderLayout(events, { hosts: ['A', 'B', 'C'] });
    expect(arrows.map(({ from, to }) => [from, to])).toEqual([
      [0, 1],
      [2, 1],
      [2, 1],
      [1, 0],
    ]);
    expect(lanes.map(({ x }) => x)).toEqual([...lanes.map(({ x }) => x)].sort((x, y) => x - y));
  });
});

describe('a timer', () => {
  it('is a bar from when it is set until it fires, is stopped, or the trace ends', () => {
    const story = handshake();
    story.timer(100, 'client', 'set', 'retransmission', 1100).timer(200, 'client', 'set', 'retransmission', 1200);
    story.timer(300, 'client', 'set', 'delayed-ack', 340).timer(310, 'client', 'stopped', 'delayed-ack');
    story.timer(1200, 'client', 'fired', 'retransmission').timer(1300, 'server', 'set', 'time-wait', 61_300);
    const layout = layoutOf(story, { timers: 'all' });
    expect(layout.bars.map(({ lane, timer, from, until, due, end }) => [lane, timer, from, until, due, end])).toEqual([
      [0, 'retransmission', 100, 1200, 1200, 'fired'],
      [0, 'delayed-ack', 300, 310, 340, 'stopped'],
      [1, 'time-wait', 1300, null, 61_300, 'running'],
    ]);
    const [first, second] = layout.bars;
    expect(second!.x).toBeLessThan(first!.x);
    expect(first!.bottom).toBeGreaterThan(second!.bottom);
    expect(layoutOf(story).bars.map(({ timer }) => timer)).toEqual(['retransmission', 'time-wait']);
    expect(layoutOf(story, { timers: 'none' }).bars).toEqual([]);
  });
});

describe('many timers at once', () => {
  it('are shown as a few bars', () => {
    const story = handshake();
    for (const [n, timer] of (['retransmission', 'persist', 'user', 'linger', 'cork', 'pacing'] as const).entries()) {
      story.timer(100 + n, 'client', 'set', timer, 400).timer(300 + n, 'client', 'fired', timer);
    }
    const { bars } = layoutOf(story);
    expect(bars.map(({ timer }) => timer)).toEqual(['retransmission', 'persist', 'user', 'linger', 'cork']);
    expect(new Set(bars.map(({ x }) => x)).size).toBe(5);
  });
});

describe('a long ladder', () => {
  const story = transfer(2500);

  it('has every packet, and lists that are sorted for a viewer', () => {
    const layout = layoutOf(story, { width: 700 });
    expect(layout.arrows).toHaveLength(5003);
    for (const list of [layout.arrows, layout.texts, layout.bars, layout.notes, layout.folds, layout.ticks]) {
      const tops = list.map(({ top }) => top);
      expect(tops).toEqual([...tops].sort((a, b) => a - b));
    }
    const [from, until] = [layout.height / 2, layout.height / 2 + 800];
    const seen = visible(layout.arrows, from, until);
    expect(seen).toEqual(layout.arrows.filter(({ top, bottom }) => bottom >= from && top <= until));
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.length).toBeLessThan(150);
  });

  it('is the same each time', () => {
    expect(layoutOf(story)).toEqual(layoutOf(story));
  });

  it('passes through structuredClone', () => {
    const layout = layoutOf(transfer(20));
    expect(structuredClone(layout)).toEqual(layout);
  });
});
