/** Owns: presets about text on its way: loss, windows, timers, paths. */

import type { Facts } from '../engine/facts.ts';
import type { Preset } from '../engine/preset.ts';
import { CLIENT, lose, PORTS, SERVER } from './parts.ts';

const PSH_ACK = 0x18;
const ECE = 0x40;
const CWR = 0x80;

/** When A's program has read anything. */
function answered(facts: Facts): number {
  return facts.events('A', 'call').find(({ call }) => call === 'RECEIVE')?.time ?? Infinity;
}

/** When B's program has read everything. */
function readAll(facts: Facts): number {
  return facts.run.views.find(({ host, view }) => host === 'B' && view.read === 10_000) === undefined
    ? 0
    : (facts.events('B', 'call').findLast(({ call }) => call === 'RECEIVE')?.time ?? 0);
}

function flagged(facts: Facts, host: 'A' | 'B', flag: number): number {
  return facts.sent(host).filter(({ segment }) => (segment.flags & 2) === 0 && (segment.flags & flag) !== 0).length;
}

function sizes(facts: Facts): readonly number[] {
  return facts.sent('A', 'text').map(({ segment }) => segment.length);
}

export const data: readonly Preset[] = [
  {
    id: 'fast-retransmit',
    group: 'data',
    lanes: ['A', 'B'],
    rfc: ['RFC 5681 3.2', 'RFC 2018', 'RFC 8985'],
    settings: { mtu: 1040, rate: 520_000 },
    toggles: ['sack', 'latency', 'congestion'],
    script: [SERVER, CLIENT, { host: 'A', on: 'established', after: 80, call: 'send', octets: 10_000 }],
    edits: [lose('A', 5)],
    expected: (facts) =>
      facts.again('A', 'text').length === 1 &&
      !facts.fired('A', 'retransmission') &&
      facts.sent('B').filter(({ segment }) => segment.sack !== undefined).length >= 3 &&
      facts.read('B') === 10_000,
    met: (facts) => facts.fired('A', 'retransmission') && facts.read('B') === 10_000,
    solution: { edits: [lose('A', 13)] },
  },
  {
    id: 'zero-window',
    group: 'data',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.8.6.1'],
    settings: { mtu: 1040, receiveBuffer: 4000 },
    toggles: ['receiveBuffer', 'latency'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', after: 80, call: 'send', octets: 10_000 },
      { host: 'B', on: 'established', after: 3000, call: 'receive' },
    ],
    readers: { B: { reads: 'none' } },
    edits: [lose('B', 7)],
    expected: (facts) => facts.fired('A', 'persist') && facts.read('B') === 10_000,
    met: (facts) => readAll(facts) > 10_000,
    solution: { edits: [{ op: 'partition', host: 'B', at: 3000, until: 10_000 }] },
  },
  {
    id: 'silly-window',
    group: 'data',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.8.6.2', 'RFC 1122 4.2.3.3'],
    settings: { mtu: 576, receiveBuffer: 2144, latency: 20 },
    toggles: ['receiveBuffer', 'nagle', 'latency'],
    script: [SERVER, CLIENT, { host: 'A', on: 'established', after: 80, call: 'send', octets: 5360 }],
    readers: { B: { reads: { octets: 50, every: 10 } } },
    expected: (facts) => facts.read('B') === 5360 && sizes(facts).every((size) => size === 536 || size === 1),
    met: (facts) => facts.read('B') === 5360 && sizes(facts).filter((size) => size < 300).length >= 10,
    solution: { settings: { receiveBuffer: 400 } },
  },
  {
    id: 'nagle-delayed-ack',
    group: 'data',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.7.4', 'RFC 9293 3.8.6.3'],
    settings: { delayedAck: 200, latency: 20 },
    toggles: ['nagle', 'delayedAck', 'latency'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', after: 60, call: 'send', octets: 100 },
      { host: 'A', on: 'established', after: 65, call: 'send', octets: 100 },
      { host: 'B', on: { read: 200 }, call: 'send', octets: 50 },
    ],
    expected: (facts) => facts.fired('B', 'delayed-ack') && answered(facts) > 350 && facts.read('A') === 50,
    met: (facts) => answered(facts) < 200,
    solution: { settings: { nagle: false } },
  },
  {
    id: 'keepalive',
    group: 'data',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.8.4'],
    settings: { keepAlive: true },
    toggles: ['keepAlive'],
    script: [SERVER, CLIENT],
    until: 8_000_000,
    expected: (facts) =>
      facts.fired('A', 'keep-alive') && facts.last('A') === 'ESTABLISHED' && facts.last('B') === 'ESTABLISHED',
    met: (facts) => facts.told('A') === 'ETIMEDOUT',
    solution: { edits: [{ op: 'partition', host: null, at: 7_000_000, until: 8_000_000 }] },
  },
  {
    id: 'paws',
    group: 'data',
    lanes: ['A', 'B', 'C'],
    rfc: ['RFC 7323 5'],
    settings: { timestamps: true },
    toggles: ['timestamps'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', after: 80, call: 'send', octets: 100 },
      { host: 'A', on: 'established', after: 600, call: 'send', octets: 100 },
    ],
    forgeries: [
      {
        at: 450,
        claims: 'A',
        to: 'B',
        ports: PORTS,
        flags: PSH_ACK,
        seq: 0,
        ack: 0,
        relative: true,
        octets: 100,
        older: 60_000,
      },
    ],
    expected: (facts) => facts.read('B') === 200 && facts.view('B')?.foreign === 0,
    met: (facts) => (facts.view('B')?.foreign ?? 0) > 0,
    solution: { settings: { timestamps: false } },
  },
  {
    id: 'ecn',
    group: 'path',
    lanes: ['A', 'B'],
    rfc: ['RFC 3168 6.1'],
    settings: { ecn: true, rate: 250_000, queue: 40_000 },
    toggles: ['ecn', 'queue', 'rate', 'congestion'],
    script: [SERVER, CLIENT, { host: 'A', on: 'established', call: 'send', octets: 200_000 }],
    expected: (facts) =>
      facts.read('B') === 200_000 &&
      flagged(facts, 'B', ECE) > 0 &&
      flagged(facts, 'A', CWR) > 0 &&
      facts.again('A').length === 0,
    met: (facts) => facts.read('B') === 200_000 && facts.again('A').length > 0,
    solution: { settings: { ecn: false } },
  },
  {
    id: 'pmtu-blackhole',
    group: 'path',
    lanes: ['A', 'B'],
    rfc: ['RFC 1191', 'RFC 2923 2.1', 'RFC 4821 7'],
    settings: { pathMtu: 1300 },
    toggles: ['pathMtu', 'mtu'],
    script: [SERVER, CLIENT, { host: 'A', on: 'established', after: 80, call: 'send', octets: 6000 }],
    expected: (facts) =>
      facts.read('B') === 6000 &&
      facts.fired('A', 'retransmission') &&
      facts.sent('A', 'text').some(({ octets, fate }) => octets.length > 1300 && fate === 'lost'),
    met: (facts) => facts.read('B') === 6000 && facts.again('A').length === 0,
    solution: { settings: { mtu: 1300 } },
  },
  {
    id: 'big',
    group: 'path',
    lanes: ['A', 'B'],
    rfc: ['RFC 9438', 'RFC 8985'],
    settings: {
      rate: 5_000_000,
      queue: 250_000,
      latency: 20,
      windowScaling: true,
      timestamps: true,
      receiveBuffer: 1_000_000,
    },
    toggles: ['loss', 'rate', 'queue', 'latency', 'sack', 'ecn', 'congestion'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', call: 'send', octets: 6_000_000 },
      { host: 'A', on: 'established', call: 'close' },
      { host: 'B', on: 'end', call: 'close' },
    ],
    expected: (facts) => facts.read('B') === 6_000_000 && facts.run.packets.length >= 5000 && facts.clean,
    met: (facts) => facts.read('B') === 6_000_000 && facts.when('A', 'TIME-WAIT') < 1000,
    solution: { settings: { rate: 0, latency: 5 } },
  },
];
