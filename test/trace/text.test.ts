import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SegmentEvent } from '../../src/trace/events.ts';
import {
  clip,
  displayWidth,
  endpoint,
  fromUtf8,
  padStart,
  RelativeNumbers,
  toJsonLines,
  utf8,
} from '../../src/trace/text.ts';
import { duration, WORDS } from '../../src/trace/words.ts';
import { RUNS } from '../helpers/wire.ts';
import { CLIENT_ISS, handshake, Story } from './story.ts';

function texts(story: Story): string[] {
  const numbers = new RelativeNumbers();
  return story.events
    .filter((event): event is SegmentEvent => event.type === 'segment-sent')
    .map((event) => {
      numbers.see(event);
      return numbers.text(event);
    });
}

describe('a segment as text', () => {
  it('counts from the initial sequence numbers, across the wrap', () => {
    const story = handshake();
    story.send(40, 'server', 'PA', 1, 1, { length: 1460, window: 512 });
    story.send(41, 'server', 'A', 1461, 1, { length: 1460, window: 512 });
    story.send(60, 'client', 'A', 1, 1, {
      window: 512,
      sack: [[4_294_967_000 + 1461 - 2 ** 32, 4_294_967_000 + 2921 - 2 ** 32]],
    });
    expect(texts(story).slice(3)).toEqual([
      'PSH,ACK seq=1 len=1460 ack=1 win=65536',
      'ACK seq=1461 len=1460 ack=1 win=65536',
      'ACK seq=1 ack=1 win=65536 sack=1461-2921',
    ]);
  });

  it('starts at 1 where the SYN was not seen, and leaves the window as it is on the wire', () => {
    const story = new Story();
    story.send(0, 'client', 'A', 5000, 7000, { window: 512 });
    story.send(0, 'server', 'PA', 7000, 5000, { length: 3, window: 1024 });
    expect(texts(story)).toEqual(['ACK seq=1 ack=1 win=512', 'PSH,ACK seq=1 len=3 ack=1 win=1024']);
  });

  it('scales no window when only one SYN offered it', () => {
    const story = new Story();
    story.send(0, 'client', 'S', 0, 0, { windowScale: 7 });
    story.send(1, 'server', 'SA', 0, 1);
    story.send(2, 'client', 'A', 1, 1, { window: 512 });
    expect(texts(story)[2]).toBe('ACK seq=1 ack=1 win=512');
  });

  it('is negative before the initial one, until the numbers have come round', () => {
    const story = handshake();
    story.send(40, 'client', 'PA', -1000, 1, { length: 100 });
    story.send(50, 'server', 'A', 1, -900, { sack: [[CLIENT_ISS - 1000, CLIENT_ISS - 900]] });
    story.send(60, 'client', 'R', -900, 0);
    const half = 2 ** 31;
    for (const seq of [half - 1, half + 1000, 2 * half - 1460]) story.send(70, 'client', 'A', seq, 1, { length: 1460 });
    story.send(80, 'client', 'A', 2 * half, 1, { length: 1460 });
    story.send(90, 'client', 'A', 2 * half - 1460, 1, { length: 1460 });
    const short = texts(story).map((text) => text.replace(/ win=\d+/, ''));
    expect(short.slice(3)).toEqual([
      'PSH,ACK seq=-1000 len=100 ack=1',
      'ACK seq=1 ack=-900 sack=-1000--900',
      'RST seq=-900',
      'ACK seq=2147483647 len=1460 ack=1',
      'ACK seq=2147484648 len=1460 ack=1',
      'ACK seq=4294965836 len=1460 ack=1',
      'ACK seq=0 len=1460 ack=1',
      'ACK seq=4294965836 len=1460 ack=1',
    ]);
  });

  it('begins anew with a new SYN on the same ports, and names a segment without flags', () => {
    const story = new Story();
    story.send(0, 'client', 'S', 0, 0);
    story.send(1, 'client', 'S', 90_000, 0);
    story.send(2, 'client', '', 90_001, 0, { length: 1 });
    expect(texts(story)).toEqual(['SYN seq=0 win=65535', 'SYN seq=0 win=65535', '(no flags) seq=1 len=1 win=65535']);
  });
});

describe('text on a terminal', () => {
  it('is two columns for a Chinese character and none for a combining mark', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('丢失')).toBe(4);
    expect(displayWidth('：，')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('한글 かな')).toBe(9);
  });

  it('is padded and cut by columns', () => {
    expect(padStart('丢失', 6)).toBe('  丢失');
    expect(clip('重传定时器', 10)).toBe('重传定时器');
    expect(clip('重传定时器', 8)).toBe('重传定~');
    expect(clip('abcdef', 4)).toBe('abc~');
  });

  it('says times as a person would', () => {
    const say = (ms: number): string => duration(ms, WORDS.en);
    expect([0.25, 40, 999, 1000, 1234, 60_000, 90_500, 7_200_000].map(say)).toEqual([
      '0.25 ms',
      '40 ms',
      '999 ms',
      '1 s',
      '1.23 s',
      '60 s',
      '90.5 s',
      '7200 s',
    ]);
    expect(duration(60_000, WORDS.zh)).toBe('60 秒');
  });

  it('names endpoints as connections do', () => {
    expect(endpoint('192.0.2.1', 80)).toBe('192.0.2.1:80');
    expect(endpoint('2001:db8::1', 80)).toBe('[2001:db8::1]:80');
  });
});

describe('other forms', () => {
  it('writes one event a line as JSON', () => {
    const { events } = handshake();
    const lines = toJsonLines(events).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual(events);
    expect(toJsonLines([])).toBe('');
  });

  it('encodes UTF-8 as the runtime does', () => {
    for (const text of ['', 'ascii', 'é', '丢失', '🐟', 'a\ud800b', '\u07ff\u0800\uffff']) {
      expect([...utf8(text)]).toEqual([...new TextEncoder().encode(text)]);
    }
  });

  it('decodes UTF-8 as the runtime does', () => {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(decoder.decode(utf8(text)));
      }),
      RUNS,
    );
    for (const character of [
      '\0',
      '\x7f',
      '\x80',
      '\u07ff',
      '\u0800',
      '\ud7ff',
      '\ufeff',
      '\uffff',
      '🐟',
      '\u{10ffff}',
    ])
      expect(fromUtf8(utf8(character))).toBe(character);
  });

  it('decodes what is no UTF-8 to replacement characters', () => {
    const wrong = [
      [0x80],
      [0xc1, 0x41],
      [0xff],
      [0xc3],
      [0xe4, 0xb8],
      [0xf0, 0x9f],
      [0xed, 0xa0, 0x80],
      [0xe0, 0x80, 0x80],
    ];
    wrong.push([0xf5, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf0, 0x80, 0x80, 0x80], [0xc0, 0x80]);
    for (const octets of wrong) {
      expect(fromUtf8(Uint8Array.of(0x41, ...octets, 0x42)), String(octets)).toMatch(/^A\ufffd.*B$/);
    }
  });
});
