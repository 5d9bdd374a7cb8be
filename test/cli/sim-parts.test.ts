import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/command.ts';
import { Tally } from '../../src/cli/sim/causes.ts';
import { allLadders, ladderOf, pairsOf } from '../../src/cli/sim/pictures.ts';
import { bar, ProgressLine } from '../../src/cli/sim/progress.ts';
import { virtualTime } from '../../src/cli/sim/texts.ts';
import { type Failure, Simulation } from '../../src/sim/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';

const failure = (message: string): Failure => ({ name: 'Error', code: null, message, stack: '', place: '1:1' });

describe('a tally', () => {
  const failed = (...seeds: number[]): { seed: number; failure: Failure }[] =>
    seeds.map((seed) => ({ seed, failure: failure(`seed ${seed} ${seed % 2 === 0 ? 'even' : 'odd'}`) }));

  it('has each cause once, by its least seed, whatever the order in which threads are done', () => {
    const tally = new Tally();
    tally.add({ done: 100, failures: failed(150, 152, 171), time: 5, strays: [] });
    tally.add({ done: 100, failures: failed(90, 12, 15), time: 7, strays: ['x'] });
    expect(tally.causes).toEqual([
      expect.objectContaining({ seed: 12, count: 4, others: [90, 150, 152], failure: failure('seed 12 even') }),
      expect.objectContaining({ seed: 15, count: 2, others: [171] }),
    ]);
    expect(tally).toMatchObject({ done: 200, failed: 6, time: 12, strays: ['x'] });
  });

  it('remembers a few seeds of each, the least', () => {
    const tally = new Tally();
    const seeds = Array.from({ length: 400 }, (_, i) => (i * 37) % 400).filter((seed) => seed % 2 === 0);
    for (const seed of seeds) tally.add({ done: 1, failures: failed(seed), time: 0, strays: [] });
    expect(tally.causes).toEqual([
      expect.objectContaining({ seed: 0, count: 200, others: [2, 4, 6, 8, 10, 12, 14, 16, 18, 20] }),
    ]);
  });
});

describe('virtual time in words', () => {
  it.each<[number, string, string]>([
    [0, '0 ms', '0 毫秒'],
    [1999, '1,999 ms', '1,999 毫秒'],
    [2500, '2.5 s', '2.5 秒'],
    [90_000, '90 s', '90 秒'],
    [120_000, '2 min', '2 分钟'],
    [7_560_000, '2.1 h', '2.1 小时'],
    [864_000_000_000, '10,000 days', '10,000 天'],
  ])('%d ms', (ms, english, chinese) => {
    expect([virtualTime(ms, 'en'), virtualTime(ms, 'zh')]).toEqual([english, chinese]);
  });
});

/** Two clients that send to one server, one of them more; a third sends to nobody. */
function traffic(octets: number): TraceEvent[] {
  const trace: TraceEvent[] = [];
  const sim = new Simulation({ seed: 1, trace: (event) => trace.push(event) });
  const server = sim.host('server');
  server.stack.tcp.listen({
    port: 80,
    onConnection(socket) {
      socket.handler = { onReadable: () => void socket.read(new Uint8Array(100_000)) };
    },
  });
  for (const [name, count] of [
    ['little', 1],
    ['much', octets],
  ] as const) {
    const client = sim.host(name);
    sim.link(client, server, { latency: 10 });
    const socket = client.stack.tcp.connect({ address: server.addresses.find((a) => !a.includes(':'))!, port: 80 });
    socket.handler = { onConnect: () => void socket.write(new Uint8Array(count)) };
    sim.run(sim.now + 5000);
  }
  const lonely = sim.host('lonely');
  sim.link(lonely, server).down();
  lonely.stack.tcp.connect({ address: server.address, port: 80 });
  sim.run(sim.now + 500);
  return trace;
}

describe('a picture', () => {
  it('is of the two hosts with the most segments, and the one that opens is on the left', () => {
    expect(pairsOf(traffic(50_000))).toEqual([
      ['much', 'server'],
      ['little', 'server'],
      ['lonely', 'server'],
    ]);
    expect(pairsOf([])).toEqual([]);
  });

  it('has the address of who never says anything', () => {
    const alone = traffic(1).filter((event) => event.host === 'lonely');
    const [pair] = pairsOf(alone);
    expect(pair).toEqual(['lonely', expect.stringMatching(/^10\./)]);
    expect(ladderOf(alone, pair!, 'en', false)).toContain('SYN seq=0');
  });

  it('of a long conversation is its beginning and its end, unless all is asked for', () => {
    const trace = traffic(300_000);
    const [pair] = pairsOf(trace);
    const [short, whole] = [false, true].map((all) => ladderOf(trace, pair!, 'en', all).split('\n'));
    expect(whole!.length).toBeGreaterThan(100);
    expect(short!.length).toBe(10 + 1 + 30 + 2);
    const gap = short!.findIndex((line) => line.includes('rows are not drawn: --ladder draws all'));
    expect(short![gap]).toContain(`... ${whole!.length - 2 - 40} rows`);
    expect(short!.slice(0, gap)).toEqual(whole!.slice(0, gap));
    expect(short!.slice(gap + 1)).toEqual(whole!.slice(-30));
  });

  it('has a title for each pair where there are several', () => {
    const all = allLadders(traffic(1), 'en');
    expect(all.match(/^\w+ and server:$/gm)).toHaveLength(3);
  });
});

describe('a line of progress', () => {
  const terminal = (isTTY: boolean): { line: ProgressLine; text(): string } => {
    const stream = Object.assign(new PassThrough(), { isTTY });
    return {
      line: new ProgressLine(new Output(stream as unknown as NodeJS.WriteStream)),
      text: () => String(stream.read() ?? ''),
    };
  };

  it('is drawn on a terminal, not all the time, and taken away', () => {
    const { line, text } = terminal(true);
    line.draw(() => 'one 进度');
    line.draw(() => 'two');
    line.clear();
    expect(text()).toBe(`\rone 进度\r${' '.repeat(8)}\r`);
    line.draw(() => 'three');
    expect(text()).toBe('\rthree');
  });

  it('is not drawn elsewhere', () => {
    const { line, text } = terminal(false);
    line.draw(() => 'one');
    line.clear();
    expect(text()).toBe('');
  });

  it('has a bar in it', () => {
    expect(bar(0, 10, 10)).toBe('[..........] 0/10');
    expect(bar(2500, 10_000, 10)).toBe('[###.......] 2,500/10,000');
    expect(bar(10, 10, 10)).toBe('[##########] 10/10');
  });
});
