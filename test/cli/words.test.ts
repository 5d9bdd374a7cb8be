import { describe, expect, it } from 'vitest';
import { parse } from '../../src/cli/args.ts';
import { counterLines, grouped, socketLines } from '../../src/cli/report.ts';
import { wrap } from '../../src/cli/wrap.ts';
import { displayWidth } from '../../src/trace/index.ts';

describe('a paragraph', () => {
  it('breaks between words', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    expect(wrap('  a   b ', 10)).toEqual(['a   b']);
    expect(wrap('', 10)).toEqual([]);
  });

  it('lets a long word stand alone', () => {
    expect(wrap('a abcdefghij b', 5)).toEqual(['a', 'abcdefghij', 'b']);
  });

  it('breaks between Chinese characters, two columns each, and leaves Latin words whole', () => {
    expect(wrap('服务器处于 CLOSE-WAIT 状态', 12)).toEqual(['服务器处于', 'CLOSE-WAIT', '状态']);
    expect(wrap('一二三四五六七', 6)).toEqual(['一二三', '四五六', '七']);
  });

  it('begins no line with a full stop, and ends none with an opening bracket', () => {
    for (let width = 6; width < 40; width++) {
      const text = '客户端（主动打开的一方）说：“我的序号是 0”，服务器答：“收到了”。最大报文段长度（mss）。';
      const lines = wrap(text, width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      expect(lines.filter((line) => /^[，。：”）]|[（“]$/.test(line))).toEqual([]);
      if (width >= 12) expect(lines.filter((line) => displayWidth(line) > width)).toEqual([]);
    }
  });
});

describe('options', () => {
  const specs = { name: { type: 'string', short: 'n' }, flag: { type: 'boolean' } } as const;

  it('are read in every common way', () => {
    for (const words of [['--name', 'x'], ['--name=x'], ['-n', 'x'], ['-nx']]) {
      expect(parse(words, specs).text('name')).toBe('x');
    }
    const args = parse(['a', '--flag', '--name', '1,2', '--name', '3', '--', '--b'], specs);
    expect(args.positionals).toEqual(['a', '--b']);
    expect(args.has('flag')).toBe(true);
    expect(args.list('name')).toEqual(['1', '2', '3']);
    expect(args.text('name')).toBe('3');
    expect(parse(['--name', '-'], specs).text('name')).toBe('-');
  });

  it('with words that are members of every object are unknown', () => {
    for (const word of ['--constructor', '--toString', '--__proto__=1']) {
      expect(() => parse([word], specs)).toThrow('unknown option');
    }
  });
});

describe('a report', () => {
  it('has columns', () => {
    const socket = { protocol: 'tcp', receiveQueue: 0, sendQueue: 12, remote: '10.0.0.1:5' } as const;
    const listener = { ...socket, local: '*:80', remote: '*:*', halfOpen: 1, waiting: 2, backlog: 511 };
    const lines = socketLines([
      { ...listener, state: 'LISTEN', sendQueue: 0 },
      { ...socket, local: '10.0.0.2:80', state: 'TIME-WAIT', timeLeft: 59_001 },
    ]);
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      proto  recv-q  send-q  local        remote      state
      tcp         0       0  *:80         *:*         LISTEN (half-open 1, waiting 2 of 511)
      tcp         0      12  10.0.0.2:80  10.0.0.1:5  TIME-WAIT (60 s left)
      "
    `);
    expect(counterLines({ TcpInSegs: 5, IpInReceives: 12 })).toEqual(['TcpInSegs      5', 'IpInReceives  12']);
    expect([0, 999, 1000, 1234567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  });
});
