import { describe, expect, it } from 'vitest';
import { type Fault, type FaultRecord, faultWords, Simulation } from '../../src/sim/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';

const LINKS = [{ name: 'client-server', ends: ['client', 'server'] as const }];
const place = { link: 'client-server', direction: 'forth', packet: 3 } as const;
const said = (fault: Fault, links: Parameters<typeof faultWords>[1] = { links: LINKS }): string =>
  faultWords([{ fault, time: 12.5, packet: 0 }], links)[0]!;

describe('a fault in words', () => {
  it.each<[string, Fault]>([
    ['the 3rd packet from client to server was lost (at 12.5 ms)', { ...place, kind: 'loss' }],
    [
      'the 3rd packet from server to client arrived twice (at 12.5 ms)',
      { ...place, direction: 'back', kind: 'duplicate' },
    ],
    [
      'the 3rd packet from client to server had a bit flipped: bit 1 of octet 4 (at 12.5 ms)',
      { ...place, kind: 'corrupt', bit: 33 },
    ],
    ['the 3rd packet from client to server was late by 1.5 s (at 12.5 ms)', { ...place, kind: 'jitter', by: 1500 }],
    [
      'the copy of the 3rd packet from client to server was held back for 20 ms, so that others could pass it (at 12.5 ms)',
      { ...place, kind: 'reorder', by: 20, copy: true },
    ],
    [
      "the scenario's decision 'crash' was yes the 2nd time it was asked (at 12.5 ms)",
      { kind: 'chance', name: 'crash', ask: 2 },
    ],
  ])('%s', (words, fault) => {
    expect(said(fault)).toBe(words);
  });

  it.each<[string, Fault]>([
    ['从 client 到 server 的第 3 个包丢失了（在 12.5 毫秒）', { ...place, kind: 'loss' }],
    [
      '从 client 到 server 的第 3 个包的副本晚到了 7 毫秒（在 12.5 毫秒）',
      { ...place, kind: 'jitter', by: 7, copy: true },
    ],
    [
      '从 client 到 server 的第 3 个包有一个比特被翻转：第 4 个字节的第 1 位（在 12.5 毫秒）',
      { ...place, kind: 'corrupt', bit: 33 },
    ],
    ['场景的随机决定“crash”第 2 次被问到时为“是”（在 12.5 毫秒）', { kind: 'chance', name: 'crash', ask: 2 }],
  ])('in Chinese: %s', (words, fault) => {
    expect(said(fault, { links: LINKS, lang: 'zh' })).toBe(words);
  });

  it('counts as English does', () => {
    const ordinals = [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 101, 111, 112].map(
      (packet) => /the (\w+) packet/.exec(said({ ...place, packet, kind: 'loss' }))![1],
    );
    expect(ordinals).toEqual('1st 2nd 3rd 4th 11th 12th 13th 21st 22nd 23rd 101st 111th 112th'.split(' '));
  });

  it('names the link where it is not known whom it joins, or where there are several', () => {
    expect(said({ ...place, kind: 'loss' }, {})).toBe(
      "the 3rd packet on link 'client-server' (forth) was lost (at 12.5 ms)",
    );
    const two = [...LINKS, { name: 'spare', ends: ['server', 'client'] as const }];
    expect(said({ ...place, link: 'spare', kind: 'loss' }, { links: two })).toBe(
      "the 3rd packet from server to client on link 'spare' was lost (at 12.5 ms)",
    );
  });

  it('tells what the packet carried, in numbers that begin at 0', () => {
    const trace: TraceEvent[] = [];
    const plan = { faults: [{ ...place, packet: 2, kind: 'loss' as const }] };
    const sim = new Simulation({ seed: 3, plan, trace: (event) => trace.push(event) });
    const [client, server] = [sim.host('client'), sim.host('server')];
    const link = sim.link(client, server, { latency: 10 });
    server.stack.tcp.listen({ port: 80 });
    const socket = client.stack.tcp.connect({ address: server.address, port: 80 });
    socket.handler = { onConnect: () => void socket.write(new Uint8Array(5)) };
    sim.run(100);
    const records: readonly FaultRecord[] = sim.faults.records;
    const ends = [link.ends[0].name, link.ends[1].name] as const;
    expect(faultWords(records, { trace, links: [{ name: link.name, ends }] })).toEqual([
      'the 2nd packet from client to server, PSH,ACK seq=1 len=5 ack=1, was lost (at 20 ms)',
    ]);
  });
});
