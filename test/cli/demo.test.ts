import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { displayWidth, type LinkEvent, type SegmentEvent, type TraceEvent } from '../../src/trace/index.ts';
import { ACK, FIN, RST, SYN } from '../../src/wire/index.ts';
import { MAIN, tsyn } from './run.ts';

/** The ladder's lines of act `number`. */
function act(text: string, number: number): string[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`${number}. `));
  const to = lines.findIndex((line) => line.startsWith(`${number + 1}. `));
  return lines.slice(from, to < 0 ? undefined : to).filter((line) => /\|.*\|/.test(line) || /later|之后 ……/.test(line));
}

/** States in the order in which a host's column shows them. */
function states(lines: readonly string[], side: 'left' | 'right'): string[] {
  return lines
    .map((line) => (side === 'left' ? line.split('|')[0]! : line.split('|').at(-1)!))
    .map((column) => /[A-Z][A-Z12-]+/.exec(column)?.[0] ?? '')
    .filter((state) => state !== '');
}

const english = tsyn(['demo']);
const chinese = tsyn(['demo', '--lang', 'zh']);
const json = tsyn(['demo', '--json']);
const events: TraceEvent[] = json.stdout
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));

describe('tsyn demo', () => {
  it('succeeds, quietly on standard error, and keeps within 100 columns', () => {
    for (const { status, stdout, stderr } of [english, chinese, json]) {
      expect(stderr).toBe('');
      expect(status).toBe(0);
      expect(stdout.endsWith('\n')).toBe(true);
    }
    for (const { stdout } of [english, chinese]) {
      expect(stdout.split('\n').filter((line) => displayWidth(line) > 100)).toEqual([]);
      expect(stripVTControlCharacters(stdout)).toBe(stdout);
      expect(stdout).not.toMatch(/~|undefined|NaN/);
    }
  });

  it('opens with three segments', () => {
    const lines = act(english.stdout, 1);
    expect(states(lines, 'left')).toEqual(['CLOSED', 'SYN-SENT', 'ESTABLISHED']);
    expect(states(lines, 'right')).toEqual(['LISTEN', 'SYN-RECEIVED', 'ESTABLISHED']);
    expect(lines.filter((line) => /[<>]/.test(line))).toHaveLength(3);
  });

  it('sends the server back to LISTEN after an old SYN', () => {
    const lines = act(english.stdout, 2);
    expect(lines.join('\n')).toMatch(/SYN seq=0 .*\(injected\).*SYN-RECEIVED/);
    expect(states(lines, 'right').slice(-2)).toEqual(['SYN-RECEIVED', 'LISTEN']);
    expect(lines.at(-1)).toContain('RST');
  });

  it('loses a segment and sends it again once a later one is reported, without a timer', () => {
    const lines = act(english.stdout, 3);
    const lost = lines.findIndex((line) => line.includes('lost X'));
    const again = lines.findIndex((line) => line.includes('(retransmission)'));
    expect(lost).toBeGreaterThan(0);
    expect(again).toBeGreaterThan(lost);
    expect(lines.slice(lost, again).filter((line) => line.includes('sack='))).toHaveLength(1);
    expect(lines.join('\n')).not.toContain('retransmission timer');
  });

  it('sends on after the FIN of the other side', () => {
    const lines = act(english.stdout, 4);
    expect(states(lines, 'left')).toEqual(['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2']);
    expect(states(lines, 'right')).toEqual(['ESTABLISHED', 'CLOSE-WAIT']);
    expect(lines.filter((line) => line.includes('<---') && line.includes('len=1448'))).toHaveLength(2);
  });

  it('loses the last ACK and gives it again from TIME-WAIT', () => {
    const lines = act(english.stdout, 5);
    expect(lines.join('\n')).toMatch(/X lost[\s\S]*tail-loss-probe timer fires[\s\S]*FIN,ACK[\s\S]*ACK[\s\S]*CLOSED/);
    expect(states(lines, 'right')).toEqual(['CLOSE-WAIT', 'LAST-ACK', 'CLOSED']);
    expect(lines.filter((line) => line.includes('TIME-WAIT timer set: 60 s'))).toHaveLength(2);
  });

  it('ends with both sides CLOSED after 2 MSL', () => {
    const lines = act(english.stdout, 6);
    expect(lines.join('\n')).toContain('60 s later');
    expect(states(lines, 'left')).toEqual(['TIME-WAIT', 'CLOSED']);
    expect(states(lines, 'right')).toEqual(['CLOSED']);
  });

  it('tells the same story in Chinese', () => {
    for (const words of [
      '三次握手',
      '为什么不能只握手两次',
      '为什么要四次挥手',
      '为什么要有 TIME-WAIT',
      '为什么是 2 MSL',
    ]) {
      expect(chinese.stdout).toContain(words);
    }
    for (let number = 1; number <= 6; number++) {
      for (const side of ['left', 'right'] as const) {
        expect(states(act(chinese.stdout, number), side)).toEqual(states(act(english.stdout, number), side));
      }
      const rows = (output: string) => act(output, number).filter((line) => line.includes('|'));
      expect(rows(chinese.stdout)).toHaveLength(rows(english.stdout).length);
    }
    expect(chinese.stdout).toContain('丢失');
  });

  it('speaks Chinese where the locale does, unless told otherwise', () => {
    expect(tsyn(['demo'], { LC_ALL: 'zh_CN.UTF-8' }).stdout).toBe(chinese.stdout);
    expect(tsyn(['demo', '--lang', 'en'], { LC_ALL: 'zh_CN.UTF-8' }).stdout).toBe(english.stdout);
  });

  it('has one output for one seed, and other numbers for another', () => {
    expect(tsyn(['demo', '--seed', '1']).stdout).toBe(english.stdout);
    const other = tsyn(['demo', '--seed', '4294967295']).stdout;
    expect(other).not.toBe(english.stdout);
    expect(other).toContain('Seed 4294967295');
    for (let number = 1; number <= 6; number++) expect(act(other, number)).toEqual(act(english.stdout, number));
  });

  it('colours where that is asked for', () => {
    const coloured = tsyn(['demo'], { FORCE_COLOR: '1' }).stdout;
    expect(coloured).toContain('\x1b[');
    expect(stripVTControlCharacters(coloured)).toBe(english.stdout);
    expect(tsyn(['demo'], { FORCE_COLOR: '1', NO_COLOR: '1' }).stdout).toBe(english.stdout);
  });

  it('survives a reader that goes away', () => {
    const command = `"${process.execPath}" "${MAIN}" demo --json | head -n 1 | wc -l`;
    const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    expect({ lines: stdout.trim(), stderr }).toEqual({ lines: '1', stderr: '' });
  });
});

describe('tsyn demo --json', () => {
  const segments = events.filter((event): event is SegmentEvent => event.type === 'segment-sent');
  const arrivals = events.filter((event): event is SegmentEvent => event.type === 'segment-received');

  it('gives one event of the trace a line, and a note before each act', () => {
    expect(events.length).toBeGreaterThan(100);
    expect(events.filter((event) => event.type === 'note')).toHaveLength(7);
    expect(events.every((event) => typeof event.time === 'number' && typeof event.host === 'string')).toBe(true);
  });

  it('has the two losses, and what mended them', () => {
    const lost = events.filter((event): event is LinkEvent => event.type === 'packet-lost');
    expect(lost).toHaveLength(2);
    const [data, ack] = lost.map(({ packet }) => segments.find((event) => event.packet === packet)!);
    const again = segments.filter((event) => event.segment.length > 0 && event.segment.seq === data!.segment.seq);
    expect(again.map(({ host }) => host)).toEqual(['server', 'server']);
    expect(ack).toMatchObject({ host: 'client', segment: { flags: ACK, length: 0 } });
    const lastAcks = segments.filter(
      ({ host, segment }) => host === 'client' && segment.flags === ACK && segment.ack === ack!.segment.ack,
    );
    expect(lastAcks).toHaveLength(2);
    expect(arrivals.some(({ packet }) => packet === lastAcks[1]!.packet)).toBe(true);
  });

  it('has every step by a stack: the SYN injected is a copy of one sent, the RST answers its SYN,ACK', () => {
    const at = events.findIndex((event) => event.type === 'packet-injected');
    const arrived = arrivals.find((event) => events.indexOf(event) > at);
    const original = segments.find(
      (event) => event.segment.flags === SYN && event.segment.seq === arrived!.segment.seq && event.host === 'client',
    );
    expect(original).toBeDefined();
    const [answer, reset] = segments.filter((event) => events.indexOf(event) > at);
    expect(answer).toMatchObject({ host: 'server', segment: { flags: SYN | ACK } });
    expect(reset).toMatchObject({ host: 'client', segment: { flags: RST, seq: answer!.segment.ack } });
  });

  it('ends TIME-WAIT exactly 2 MSL after the second FIN', () => {
    const fins = arrivals.filter(({ host, segment }) => host === 'client' && segment.flags & FIN);
    const end = events.find((event) => event.type === 'state' && event.from === 'TIME-WAIT')!;
    expect(fins).toHaveLength(2);
    expect(end.time - fins[1]!.time).toBe(60_000);
    expect(events.at(-1)).toBe(end);
  });
});
