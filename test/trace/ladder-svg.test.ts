/** The ladder as SVG: well-formed, complete, safe to put into a page. */
import { describe, expect, it } from 'vitest';
import { ladderSvg, type SegmentEvent, type TraceEvent } from '../../src/trace/index.ts';

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

/** Elements that are opened, in order; throws where the document is not well-formed. */
function elementsOf(svg: string): string[] {
  const open: string[] = [];
  const seen: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_whole, end, name, attributes, empty) => {
      const names = [...String(attributes).matchAll(/([\w:-]+)=/g)].map(([, attribute]) => attribute);
      if (new Set(names).size < names.length) throw new Error(`<${name}> has an attribute twice`);
      if (end === '/') {
        if (open.pop() !== name) throw new Error(`</${name}> closes something else`);
      } else {
        seen.push(name);
        if (empty !== '/') open.push(name);
      }
      return '';
    },
  );
  if (open.length > 0) throw new Error(`not closed: ${open.join()}`);
  if (/[<>]/.test(rest)) throw new Error(`no markup: ${rest}`);
  if (/&(?!amp;|lt;|gt;|quot;)/.test(rest)) throw new Error('an ampersand stands alone');
  return seen;
}

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
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
    for (const text of ['client', 'server', 'SYN-SENT', 'CLOSED', 'SYN seq=0 win=4', 'lost', '30', '2000']) {
      expect(texts).toContain(text);
    }
    expect(texts).toContain('SYN seq=0 win=4 (retransmission)');
    expect(texts.filter((text) => text!.includes('later'))).toHaveLength(1);
  });

  it('draws a whole way, a lost one, and one that has not arrived', () => {
    expect(svg.match(/class="head"/g)).toHaveLength(1);
    expect(svg.match(/class="line alarm"/g)).toHaveLength(2);
    expect(svg.match(/class="line faded"/g)).toHaveLength(1);
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
    expect(chinese).toContain('>丢失<');
    expect(chinese).toContain('>毫秒<');
  });

  it('counts from the origin it is given', () => {
    expect(ladderSvg(events, { ...options, origin: -0.5 })).toContain('>30.500<');
  });
});
