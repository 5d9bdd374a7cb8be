import { describe, expect, test } from 'vitest';
import { formatEvent } from '../../src/drill/format.ts';
import { type Mutant, type MutationKind, mutants } from '../../src/drill/mutate.ts';
import { parseScript } from '../../src/drill/parser.ts';
import { play } from '../../src/drill/play.ts';
import type { RunOptions } from '../../src/drill/run-settings.ts';

const SERVER = `
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 6>
+.1 < . 1:1(0) ack 1 win 257
+0 accept(3, ..., ...) = 4
+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 read(4, ..., 10) = -1 EAGAIN (Resource temporarily unavailable)
+0 getsockopt(4, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
+0 write(4, ..., 500) = 500
+0 > P. 1:501(500) ack 1
+.1 < . 1:1(0) ack 501 win 257
+0 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd; assert tcpi_state == TCP_ESTABLISHED }%
+.1 close(4) = 0
+0 > F. 501:501(0) ack 1
+.1 < F. 1:1(0) ack 502 win 257
* > . 502:502(0) ack 2
`;

function all(text: string, options: RunOptions = {}): readonly Mutant[] {
  return mutants(parseScript('test', text), options);
}

/** What the changes of a kind make of the events. */
function lines(text: string, kind: MutationKind, options: RunOptions = {}): string[] {
  const original = parseScript('test', text).events.map(formatEvent);
  return all(text, options)
    .filter((mutant) => mutant.kind === kind)
    .map(({ script }) => {
      const changed = script.events.map(formatEvent);
      if (changed.length < original.length) return `without ${original.find((line, i) => line !== changed[i]) ?? ''}`;
      return changed.filter((line, i) => line !== original[i]).join('; ');
    });
}

/** A connection that is there, and one more event. */
function given(...events: string[]): string {
  return ['0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3', ...events].join('\n');
}

test('a script that passes has mutants of every kind that it gives cause for, and all fail', () => {
  const script = parseScript('server', SERVER);
  const original = play(script);
  expect(original.reason).toBe('');
  expect(original.result).toBe('pass');
  const found = mutants(script);
  const survivors = found.filter((mutant) => play(mutant.script).result !== 'fail');
  expect(survivors.map(({ line, kind, description }) => `${line} ${kind} ${description}`)).toEqual([]);
  expect(new Set(found.map(({ kind }) => kind))).toEqual(
    new Set([
      'ack',
      'sequence',
      'length',
      'flag',
      'option',
      'time',
      'result',
      'errno',
      'value',
      'assertion',
      'dropped',
    ]),
  );
});

test('a mutant names its line and what has changed', () => {
  expect(all(SERVER).find(({ kind }) => kind === 'ack')).toMatchObject({ line: 7, description: 'ack 1 becomes 2' });
});

describe('packets', () => {
  test('numbers of outbound segments are off by one, but not the ISN', () => {
    expect(lines(SERVER, 'ack')).toContain('+0 > S. 0:0(0) ack 2 <mss 1460,nop,nop,sackOK,nop,wscale 6>');
    expect(lines(SERVER, 'sequence')).toEqual([
      '+0 > P. 2:502(500) ack 1',
      '+0 > F. 502:502(0) ack 1',
      '* > . 503:503(0) ack 2',
    ]);
    expect(lines(SERVER, 'length')).toContain('+0 > P. 1:502(501) ack 1');
  });

  test('inbound segments are as they are', () => {
    const text = given('+0 < S 0:0(0) win 32792 <mss 1000>', '+1 < . 1:1(0) ack 1 win 257');
    expect(all(text).filter(({ kind }) => kind !== 'result')).toEqual([]);
  });

  test('a length does not grow where the octet that follows could complete it', () => {
    expect(lines(given('+0 > . 1:11(10) ack 1', '+0 > . 11:12(1) ack 1'), 'length')).toHaveLength(1);
    expect(lines(given('+0 > . 1:11(10) ack 1', '+0 > . 11:21(10) ack 1'), 'length')).toHaveLength(2);
    expect(lines(given('* > . 1:11(10) ack 1'), 'length')).toEqual([]);
    expect(lines(given('* > . 1:1(0) ack 1'), 'length')).toEqual(['* > . 1:2(1) ack 1']);
  });

  test('PSH of text is left alone where the player ignores it', () => {
    const text = given('+0 > P. 1:11(10) ack 1', '+0 > . 11:11(0) ack 1');
    expect(lines(text, 'flag')).toHaveLength(4);
    expect(lines(text, 'flag', { lenientPsh: true })).toHaveLength(3);
  });

  test('a window and IP fields change where they are written', () => {
    expect(lines(given('+0 > . 1:1(0) ack 1 win 65535'), 'window')).toEqual(['+0 > . 1:1(0) ack 1 win 65534']);
    expect(lines(given('+0 > . 1:1(0) ack 1'), 'window')).toEqual([]);
    expect(lines(given('+0 > [ect0, ttl 255] . 1:1(0) ack 1'), 'ip')).toHaveLength(2);
    expect(lines(given('+0 > [ce] . 1:1(0) ack 1'), 'ip')[0]).toContain('noecn');
    expect(lines(given('+0 > . 1:1(0) ack 1'), 'ip')).toEqual([]);
  });

  test('values of options change where they are compared', () => {
    const option = (list: string, options: RunOptions = {}): string[] =>
      lines(given(`+0 > . 1:1(0) ack 1 <${list}>`), 'option', options);
    expect(option('mss 1460,wscale 8,nop')).toHaveLength(2);
    expect(option('nop,nop,sack 3:4 7:9')).toEqual(['+0 > . 1:1(0) ack 1 <nop,nop,sack 3:4 7:10>']);
    expect(option('...')).toEqual([]);
    expect(option('nop,nop,TS val 7 ecr 9')).toEqual(['+0 > . 1:1(0) ack 1 <nop,nop,TS val 7 ecr 10>']);
    expect(option('nop,nop,TS val 7 ecr 9', { compareEcho: false })).toEqual([]);
    expect(option('FO abcd,nop,nop,nop,nop')).toHaveLength(1);
    expect(option('FO,nop,nop')).toEqual([]);
  });

  test('a TS val changes only with a tick, and not the first', () => {
    const text = given('+0 > . 1:1(0) ack 1 <nop,nop,TS val 7 ecr 9>', '+1 > . 1:1(0) ack 2 <nop,nop,TS val 8 ecr 9>');
    const ticking = `--tcp_ts_tick_usecs=1000\n${text}`;
    expect(lines(text, 'option', { compareEcho: false })).toEqual([]);
    expect(lines(ticking, 'option', { compareEcho: false })).toEqual([
      '+1 > . 1:1(0) ack 2 <nop,nop,TS val 1073741832 ecr 9>',
    ]);
  });
});

describe('times', () => {
  test('a time is put off until not even its tolerance reaches back', () => {
    // 8 s is 1 s of tolerance; twice that, over the 7/8 that are left of each second, and another second.
    expect(lines(given('+8 > . 1:1(0) ack 1'), 'time')).toEqual(['+11.285715 > . 1:1(0) ack 1']);
    expect(lines(given('1~2 > . 1:1(0) ack 1'), 'time')).toEqual(['3.428572~4.428572 > . 1:1(0) ack 1']);
    expect(lines(`--tolerance_percent=95\n${given('+8 > . 1:1(0) ack 1')}`, 'time')).toEqual([]);
  });

  test('any time is any time, and what follows it has no bound either', () => {
    expect(lines(given('* > . 1:1(0) ack 1'), 'time')).toEqual([]);
    expect(lines(given('* > . 1:1(0) ack 1', '+1 > . 1:1(0) ack 2'), 'time')).toEqual([]);
    expect(lines(given('* > . 1:1(0) ack 1', '+0 < . 1:1(0) ack 1 win 1', '+1 > . 1:1(0) ack 2'), 'time')).toHaveLength(
      1,
    );
  });

  test('a blocking call begins when it does, and returns too late', () => {
    expect(lines(given('+0...0.1 connect(3, ..., ...) = 0'), 'time')).toEqual([
      '+0...1.128572 connect(3, ..., ...) = 0',
    ]);
  });
});

describe('lines left out', () => {
  const next = '+0 > . 1:1(0) ack 2';

  test.each([
    ['the next has another acknowledgment', ['+0 > . 1:1(0) ack 1', next], 1],
    ['the next is the same', ['+0 > . 1:1(0) ack 2', next], 0],
    ['the next differs in what aggregation absorbs', ['+0 > P. 1:11(10) ack 1', '+0 > . 1:21(20) ack 1'], 0],
    ['none follows', ['+0 > . 1:1(0) ack 1'], 0],
    ['something else happens long after it', ['+0 > . 1:1(0) ack 1', '+1 < . 1:1(0) ack 1 win 1', next], 1],
    ['something else may happen before it', ['+.2 > . 1:1(0) ack 1', '+.1 < . 1:1(0) ack 1 win 1', next], 0],
    ['its time is any, and the next expected at once', ['* > . 1:1(0) ack 1', next], 1],
    ['its time is any, and something else happens', ['* > . 1:1(0) ack 1', '+1 < . 1:1(0) ack 1 win 1', next], 0],
    ['another connection begins', ['+0 > . 1:1(0) ack 1', '+1 < S 0:0(0) win 1', next], 0],
    ['another socket is made', ['+0 > . 1:1(0) ack 1', '+1 socket(..., SOCK_STREAM, 0) = 4', next], 0],
  ])('%s', (_title, events, count) => {
    expect(lines(given(...events), 'dropped')).toHaveLength(count);
  });
});

describe('calls and assertions', () => {
  test('a descriptor becomes an error, other results are off by one', () => {
    expect(lines(given('+0 bind(3, ..., ...) = 0', '+0 read(3, ..., 5) = -1 EAGAIN'), 'result')).toEqual([
      '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = -1',
      '+0 bind(3, ..., ...) = 1',
      '+0 read(3, ..., 5) = 0 EAGAIN',
    ]);
    expect(lines(given('+0 accept(3, ..., ...) = -1 EAGAIN'), 'result').at(-1)).toContain('= 0 EAGAIN');
  });

  test('an errno becomes another', () => {
    expect(lines(given('+0 read(3, ..., 5) = -1 EAGAIN', '+0 read(3, ..., 5) = -1 ENOTSOCK'), 'errno')).toEqual([
      '+0 read(3, ..., 5) = -1 ENOTSOCK',
      '+0 read(3, ..., 5) = -1 EBADF',
    ]);
  });

  test('a value that a call gives is off by one, if the call succeeds', () => {
    expect(lines(given('+0 getsockopt(3, SOL_TCP, TCP_MAXSEG, [536], [4]) = 0'), 'value')[0]).toContain('[537]');
    expect(lines(given('+0 ioctl(3, SIOCINQ, [10]) = 0'), 'value')[0]).toContain('[11]');
    expect(lines(given('+0 getsockopt(3, SOL_TCP, TCP_MAXSEG, [536], [4]) = -1 EBADF'), 'value')).toEqual([]);
    expect(lines(given('+0 setsockopt(3, SOL_TCP, TCP_MAXSEG, [536], 4) = 0'), 'value')).toEqual([]);
  });

  test('an assertion is off by one, or the opposite', () => {
    expect(lines(given('+0 %{ assert (a & 4) != 0, a; assert b == 5; assert 1 <= c <= 3 }%'), 'assertion')).toEqual([
      '+0 %{ assert not ((a & 4) != 0), a; assert b == 5; assert 1 <= c <= 3 }%',
      '+0 %{ assert (a & 4) != 0, a; assert b == 6; assert 1 <= c <= 3 }%',
      '+0 %{ assert (a & 4) != 0, a; assert b == 5; assert not (1 <= c <= 3) }%',
    ]);
  });
});
