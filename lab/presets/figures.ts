/** Owns: figures 6 to 13 of RFC 9293, with its numbers: what the RFC draws, done by the TCP that ships. */

import type { Preset } from '../engine/preset.ts';
import { CLIENT, lose, PORTS, SERVER } from './parts.ts';

const SYN = 2;

/** A connection in which A is to send 100 next and B 300. */
const AT_100 = { A: [99, 400], B: [299, 500] };

export const figures: readonly Preset[] = [
  {
    id: 'figure-6',
    group: 'figures',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5, figure 6'],
    toggles: ['latency'],
    isns: { A: [100], B: [300] },
    script: [SERVER, CLIENT, { host: 'A', on: 'established', after: 30, call: 'send', octets: 10 }],
    expected: (facts) =>
      facts.said('A SYN 100', 'B SYN,ACK 300 101', 'A ACK 101 301', 'A PSH,ACK 101 301') &&
      facts.last('A') === 'ESTABLISHED' &&
      facts.last('B') === 'ESTABLISHED',
    met: (facts) => facts.sent('A')[1]?.fate === 'lost' && facts.when('B', 'ESTABLISHED') < 1000,
    solution: { edits: [lose('A', 2)] },
  },
  {
    id: 'figure-7',
    group: 'figures',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5, figure 7'],
    toggles: ['latency'],
    isns: { A: [100], B: [300] },
    script: [CLIENT, { host: 'B', on: 'start', after: 15, call: 'open' }],
    expected: (facts) =>
      facts.said('B SYN 300', 'A SYN 100', 'A SYN,ACK 100 301', 'B SYN,ACK 300 101') &&
      (['A', 'B'] as const).every((host) => facts.passed(host, 'SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED')),
    met: (facts) => facts.passed('B', 'SYN-SENT', 'ESTABLISHED') && facts.passed('A', 'SYN-RECEIVED', 'ESTABLISHED'),
    solution: { edits: [lose('A', 1)] },
  },
  {
    id: 'figure-8',
    group: 'figures',
    lanes: ['A', 'B', 'C'],
    rfc: ['RFC 9293 3.5, figure 8'],
    toggles: ['latency'],
    isns: { A: [100], B: [300, 400] },
    script: [SERVER, { ...CLIENT, after: 60 }],
    forgeries: [{ at: 20, claims: 'A', to: 'B', ports: PORTS, flags: SYN, seq: 90 }],
    edits: [{ op: 'delay', packet: { host: 'A', nth: 1 }, by: 100 }],
    expected: (facts) =>
      facts.said('A SYN 100', 'B SYN,ACK 300 91', 'A RST 91', 'B SYN,ACK 400 101', 'A ACK 101 401') &&
      facts.passed('B', 'SYN-RECEIVED', 'LISTEN', 'SYN-RECEIVED', 'ESTABLISHED'),
    met: (facts) => facts.sent('A', 'RST')[0]?.fate === 'lost' && facts.last('A') === 'ESTABLISHED',
    solution: { edits: [lose('A', 2)] },
  },
  {
    id: 'figure-9',
    group: 'figures',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5.1, figure 9'],
    toggles: ['latency'],
    isns: AT_100,
    script: [SERVER, CLIENT],
    edits: [
      { op: 'crash', host: 'A', at: 500 },
      { op: 'call', host: 'A', at: 600, call: 'open' },
    ],
    expected: (facts) =>
      facts.said('A SYN 400', 'B ACK 300 100', 'A RST 100', 'A SYN 400') && facts.last('A') === 'ESTABLISHED',
    met: (facts) => facts.again('A', 'SYN').length >= 2 && facts.last('A') === 'ESTABLISHED',
    solution: { edits: [lose('A', 4)] },
  },
  {
    id: 'figure-10',
    group: 'figures',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5.1, figure 10'],
    toggles: ['latency'],
    isns: AT_100,
    script: [SERVER, CLIENT, { host: 'B', on: 'established', after: 530, call: 'send', octets: 10 }],
    edits: [{ op: 'crash', host: 'A', at: 500 }],
    expected: (facts) => facts.said('B PSH,ACK 300 100', 'A RST 100') && facts.told('B') === 'ECONNRESET',
    met: (facts) => facts.again('B', 'text').length >= 2 && facts.told('B') === 'ECONNRESET',
    solution: { edits: [lose('A', 3), lose('A', 4)] },
  },
  {
    id: 'figure-11',
    group: 'figures',
    lanes: ['A', 'B', 'C'],
    rfc: ['RFC 9293 3.5.1, figure 11'],
    toggles: ['latency'],
    isns: { B: [300, 400] },
    script: [SERVER, { host: 'A', on: 'start', call: 'listen', ports: { local: 40_000, remote: 0 } }],
    forgeries: [{ at: 20, claims: 'A', to: 'B', ports: PORTS, flags: SYN, seq: 90 }],
    expected: (facts) =>
      facts.said('B SYN,ACK 300 91', 'A RST 91') &&
      facts.passed('B', 'SYN-RECEIVED', 'LISTEN') &&
      facts.last('A') === 'LISTEN',
    met: (facts) => facts.again('B', 'SYN,ACK').length > 0 && facts.last('B') === 'LISTEN',
    solution: { edits: [lose('A', 1)] },
  },
  {
    id: 'figure-12',
    group: 'figures',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.6, figure 12'],
    toggles: ['latency', 'msl'],
    isns: AT_100,
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', after: 200, call: 'close' },
      { host: 'B', on: 'end', after: 100, call: 'close' },
    ],
    expected: (facts) =>
      facts.said('A FIN,ACK 100 300', 'B ACK 300 101', 'B FIN,ACK 300 101', 'A ACK 101 301') &&
      facts.passed('A', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED') &&
      facts.clean,
    met: (facts) => !facts.passed('A', 'TIME-WAIT') && facts.passed('B', 'TIME-WAIT') && facts.clean,
    solution: { edits: [{ op: 'call', host: 'B', at: 170, call: 'close' }] },
  },
  {
    id: 'figure-13',
    group: 'figures',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.6, figure 13'],
    toggles: ['latency', 'msl'],
    isns: AT_100,
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', after: 200, call: 'close' },
      { host: 'B', on: 'established', after: 150, call: 'close' },
    ],
    expected: (facts) =>
      facts.said('A FIN,ACK 100 300', 'B FIN,ACK 300 100', 'B ACK 301 101', 'A ACK 101 301') &&
      (['A', 'B'] as const).every((host) => facts.passed(host, 'CLOSING', 'TIME-WAIT', 'CLOSED')),
    met: (facts) => facts.passed('A', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT') && facts.passed('B', 'CLOSING'),
    solution: { edits: [lose('B', 2)] },
  },
];
