/** Owns: presets about resets: crashes, aborts, closed ports, forgeries, floods. */

import type { Forgery, Preset } from '../engine/preset.ts';
import { CLIENT, lose, PORTS, SERVER } from './parts.ts';

const SYN = 2;
const RST = 4;

const FLOOD: readonly Forgery[] = Array.from({ length: 200 }, (_, nth) => ({
  at: 2 * nth,
  claims: 'C',
  to: 'B',
  ports: { local: 1024 + nth, remote: 80 },
  flags: SYN,
  seq: 7919 * nth,
}));

export const resets: readonly Preset[] = [
  {
    id: 'half-open',
    group: 'reset',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5.1'],
    toggles: ['latency'],
    script: [SERVER, CLIENT, { host: 'A', on: 'established', after: 880, call: 'send', octets: 100 }],
    edits: [{ op: 'crash', host: 'B', at: 500 }],
    expected: (facts) =>
      facts.passed('A', 'ESTABLISHED', 'CLOSED') &&
      facts.told('A') === 'ECONNRESET' &&
      facts.sent('B', 'RST').length === 1,
    met: (facts) => facts.told('A') === 'ECONNRESET' && facts.when('A', 'CLOSED') > 10_000,
    solution: { edits: [{ op: 'partition', host: 'B', at: 900, until: 15_000 }] },
  },
  {
    id: 'half-open-syn',
    group: 'reset',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5.1', 'RFC 5961 4'],
    toggles: ['latency'],
    script: [SERVER, CLIENT],
    edits: [
      { op: 'crash', host: 'A', at: 500 },
      { op: 'call', host: 'A', at: 800, call: 'open' },
    ],
    expected: (facts) =>
      facts.passed('B', 'ESTABLISHED', 'CLOSED', 'SYN-RECEIVED', 'ESTABLISHED') &&
      facts.everTold('B', 'ECONNRESET') &&
      facts.last('A') === 'ESTABLISHED' &&
      facts.sent('A', 'RST').length === 1,
    met: (facts) => facts.sent('A', 'RST').length === 2 && facts.last('A') === 'ESTABLISHED',
    solution: { edits: [lose('A', 4)] },
  },
  {
    id: 'rst-abort',
    group: 'reset',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.10.5', 'RFC 9293 3.5.3'],
    toggles: ['latency'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', call: 'send', octets: 2000 },
      { host: 'A', on: 'established', after: 300, call: 'abort' },
    ],
    readers: { B: { reads: 'none' } },
    expected: (facts) =>
      facts.passed('A', 'ESTABLISHED', 'CLOSED') &&
      facts.passed('B', 'ESTABLISHED', 'CLOSED') &&
      facts.told('B') === 'ECONNRESET' &&
      facts.read('B') === 0,
    met: (facts) => facts.last('A') === 'CLOSED' && facts.last('B') === 'ESTABLISHED',
    solution: { edits: [lose('A', 4)] },
  },
  {
    id: 'rst-closed-port',
    group: 'reset',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5.2', 'RFC 9293 3.10.7.1'],
    toggles: ['latency'],
    script: [CLIENT],
    expected: (facts) => facts.told('A') === 'ECONNREFUSED' && facts.run.packets.length === 2,
    met: (facts) => facts.last('A') === 'ESTABLISHED',
    solution: { edits: [{ op: 'call', host: 'B', at: 20, call: 'listen' }] },
  },
  {
    id: 'rst-forged',
    group: 'attack',
    lanes: ['A', 'B', 'C'],
    rfc: ['RFC 5961 3', 'RFC 9293 3.10.7.4'],
    toggles: ['latency', 'receiveBuffer'],
    script: [SERVER, CLIENT],
    forgeries: [
      { at: 300, claims: 'A', to: 'B', ports: PORTS, flags: RST, seq: 100_000, relative: true },
      { at: 600, claims: 'A', to: 'B', ports: PORTS, flags: RST, seq: 1000, relative: true },
    ],
    expected: (facts) =>
      facts.last('A') === 'ESTABLISHED' && facts.last('B') === 'ESTABLISHED' && facts.sent('B', 'ACK').length === 1,
    met: (facts) => facts.everTold('B', 'ECONNRESET'),
    solution: {
      edits: [
        { op: 'call', host: 'A', at: 600, call: 'send', octets: 1000 },
        { op: 'delay', packet: { host: 'C', nth: 2 }, by: 10 },
      ],
    },
  },
  {
    id: 'syn-flood',
    group: 'attack',
    lanes: ['A', 'B', 'C'],
    rfc: ['RFC 4987 3'],
    settings: { cookies: false, windowScaling: true },
    toggles: ['cookies', 'backlog', 'timestamps'],
    script: [SERVER, { ...CLIENT, after: 200 }, { host: 'A', on: 'established', call: 'send', octets: 100 }],
    forgeries: FLOOD,
    until: 10_000,
    expected: (facts) =>
      facts.told('A') === 'ECONNRESET' && facts.read('B') === 0 && facts.view('B')?.backlog?.used === 16,
    met: (facts) => facts.read('B') === 100,
    solution: { settings: { cookies: true } },
  },
];
