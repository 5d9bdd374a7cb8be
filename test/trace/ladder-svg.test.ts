/** The ladder as SVG: well-formed, complete, safe to put into a page. */
import { describe, expect, it } from 'vitest';
import { ladderSvg, type SegmentEvent, type TraceEvent } from '../../src/trace/index.ts';
import { handshake } from './story.ts';
import { elementsOf, textsOf } from './xml.ts';

const SYN = 2;
const connection = { id: 1, local: '192.0.2.1:40000', remote: '192.0.2.2:80' };
const segment: SegmentEvent['segment'] = {
  srcPort: 40000,
  dstPort: 80,
  seq: 7,
  ack: 0,
  flags: SYN,
  window: 4,
  urgent: 0,
  length: 0,
};
const sent: SegmentEvent = {
  type: 'segment-sent',
  time: 0,
  host: 'client',
  packet: 1,
  src: '192.0.2.1',
  dst: '192.0.2.2',
  segment,
};
const events: readonly TraceEvent[] = [
  { type: 'state', time: 0, host: 'client', connection, from: 'CLOSED', to: 'SYN-SENT' },
  sent,
  { ...sent, type: 'segment-received', time: 30, host: 'server' },
  { ...sent, time: 1000, packet: 2 },
  { type: 'packet-lost', time: 1000, host: 'wire', packet: 2 },
  { ...sent, time: 2000, packet: 3 },
  { type: 'note', time: 2000, host: 'client', text: 'a <b> & "c"' },
];
const options = { left: 'client', right: 'server' };

describe('a ladder as SVG', () => {
  const svg = ladderSvg(events, { ...options, title: 'A <SYN>', description: 'It is lost & sent again' });

  it('is well-formed', () => {
    const elements = elementsOf(svg);
    expect(elements[0]).toBe('svg');
    expect(elements.filter((name) => name === 'title')).toHaveLength(1);
    expect(() => elementsOf(svg.replace('</svg>', ''))).toThrow('not closed');
  });

  it('says what it is to those who cannot see it', () => {
    expect(svg).toContain('role="img"');
    expect(svg).toContain('<title>A &lt;SYN&gt;</title>\n<desc>It is lost &amp; sent again</desc>');
    expect(ladderSvg(events, options)).toContain('<title>client, server</title>');
  });

  it('shows hosts, states, segments, what becomes of them, and times', () => {
    const texts = textsOf(svg);
    for (const text of ['client', 'server', 'SYN-SENT', 'CLOSED', 'SYN seq=0 win=4', '0', '30', '1000', '2000']) {
      expect(texts).toContain(text);
    }
    expect(texts).toContain('SYN seq=0 win=4 (retransmission, lost)');
    expect(texts).toContain('SYN seq=0 win=4 (retransmission)');
    // Nothing happens when a packet would have arrived that is lost.
    expect(texts).not.toContain('1030');
    expect(texts.filter((text) => text.includes('later'))).toHaveLength(2);
  });

  it('draws a whole way, a lost one, and one that has not arrived', () => {
    expect(svg.match(/class="head"/g)).toHaveLength(1);
    expect(svg.match(/class="SYN alarm"/g)).toHaveLength(1);
    expect(svg.match(/class="cross"/g)).toHaveLength(1);
    expect(svg.match(/class="way"/g)).toHaveLength(3);
  });

  it('tells kinds apart without colours: by the sign where an arrow begins and the dashes of its line', () => {
    const story = handshake();
    story.arrive(110, story.send(100, 'client', 'PA', 1, 1, { length: 9 }));
    story.arrive(130, story.send(120, 'client', 'FA', 10, 1));
    story.arrive(150, story.send(140, 'client', 'R', 11, 0));
    const drawn = ladderSvg(story.events, options);
    const groups = [...drawn.matchAll(/<g class="(\w+)">(.*?)<\/g>/g)].map(([, kind, inside]) => [kind, inside!]);
    const signOf = (kind: string): string =>
      groups
        .find(([name]) => name === kind)![1]!
        .replace(/^<path[^>]*>/, '')
        .replace(/="[^"]*"/g, '')
        .replace(/<path d\/>$/, '');
    const signs = ['SYN', 'data', 'ACK', 'FIN', 'RST'].map(signOf);
    expect(
      new Set(signs.map((sign, i) => sign + (drawn.match(`\\.${groups[i]?.[0]} .way{stroke-dasharray[^}]*`) ?? '')))
        .size,
    ).toBe(5);
    expect(textsOf(svg).filter((text) => text === 'R')).toHaveLength(2);
  });

  it('has a lane for each host', () => {
    const three = ladderSvg(events, { left: 'client', between: ['router'], right: 'server' });
    expect(three.match(/class="lane"/g)).toHaveLength(3);
    expect(three).toContain('<title>client, router, server</title>');
  });

  it('has no script, loads nothing, and is light or dark as its reader prefers', () => {
    expect(svg).not.toMatch(/script|href|url\(|@import|on\w+=/);
    expect(svg).toContain('prefers-color-scheme:dark');
  });

  it('leaves out what XML has no place for', () => {
    const text = `bell ${String.fromCharCode(7)}!`;
    const noted = ladderSvg([{ type: 'note', time: 0, host: 'client', text }], options);
    expect(noted).toContain('>bell !<');
  });

  it('speaks Chinese', () => {
    const chinese = ladderSvg(events, { ...options, lang: 'zh' });
    expect(chinese).toContain('(重传, 丢失)');
    expect(chinese).toContain('>毫秒<');
  });

  it('counts from the origin it is given', () => {
    expect(ladderSvg(events, { ...options, origin: -0.5 })).toContain('>30.500<');
  });
});
