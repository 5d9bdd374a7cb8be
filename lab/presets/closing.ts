/** Owns: presets about how a connection ends, and what is left of it. */

import type { Preset } from '../engine/preset.ts';
import { CLIENT, CLOSES_AT_END, lose, PORTS, SERVER } from './parts.ts';

export const closing: readonly Preset[] = [
  {
    id: 'half-close',
    group: 'close',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.6', 'RFC 9293 3.6.1'],
    toggles: ['latency', 'msl'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', call: 'send', octets: 120 },
      { host: 'A', on: 'established', after: 150, call: 'close' },
      { host: 'B', on: 'end', after: 100, call: 'send', octets: 2000 },
      { host: 'B', on: 'end', after: 250, call: 'send', octets: 1000 },
      { host: 'B', on: 'end', after: 400, call: 'close' },
    ],
    expected: (facts) =>
      facts.passed('A', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED') &&
      facts.passed('B', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED') &&
      facts.read('A') === 3000 &&
      facts.clean,
    met: (facts) => facts.passed('B', 'CLOSE-WAIT', 'CLOSED') && facts.everTold('B', 'ECONNRESET'),
    solution: { edits: [{ op: 'call', host: 'A', at: 470, call: 'abort' }] },
  },
  {
    id: 'lost-fin',
    group: 'close',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.6', 'RFC 9293 3.8.1'],
    toggles: ['latency', 'msl'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', call: 'send', octets: 100 },
      { host: 'A', on: 'established', after: 200, call: 'close' },
      CLOSES_AT_END,
    ],
    edits: [lose('A', 3)],
    expected: (facts) => facts.again('A', 'FIN').length === 1 && facts.clean,
    met: (facts) => facts.again('A', 'FIN').length >= 3 && facts.clean,
    solution: { edits: [lose('A', 4), lose('A', 5)] },
  },
  {
    id: 'lost-final-ack',
    group: 'close',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.6', 'RFC 9293 3.10.7.4'],
    toggles: ['latency', 'msl'],
    script: [SERVER, CLIENT, { host: 'A', on: 'established', after: 200, call: 'close' }, CLOSES_AT_END],
    edits: [lose('A', 4)],
    expected: (facts) =>
      facts.again('B', 'FIN').length === 1 &&
      facts.events('A', 'timer-set').filter(({ timer }) => timer === 'time-wait').length === 2 &&
      facts.passed('A', 'TIME-WAIT', 'CLOSED') &&
      facts.clean,
    met: (facts) => facts.sent('A', 'RST').length > 0,
    solution: { settings: { msl: 0 } },
  },
  {
    id: 'timewait-reuse',
    group: 'close',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.6.1', 'RFC 6191 2', 'RFC 9293 3.4.1'],
    toggles: ['freshIsn', 'msl', 'timestamps'],
    script: [
      SERVER,
      { ...CLIENT, ports: PORTS },
      { host: 'A', on: 'established', call: 'send', octets: 100 },
      { host: 'A', on: 'established', of: 1, after: 120, call: 'send', octets: 100 },
      { host: 'B', on: { read: 200 }, of: 1, after: 50, call: 'close' },
      { host: 'A', on: 'end', of: 1, after: 20, call: 'close' },
      { host: 'A', on: 'closed', of: 1, after: 100, call: 'open', ports: PORTS },
      { host: 'A', on: 'established', of: 2, after: 400, call: 'send', octets: 100 },
    ],
    edits: [{ op: 'inject', packet: { host: 'A', nth: 3 }, at: 900 }],
    expected: (facts) =>
      facts.passed('B', 'TIME-WAIT', 'SYN-RECEIVED', 'ESTABLISHED') &&
      facts.last('A') === 'ESTABLISHED' &&
      facts.read('B') === 400 &&
      facts.view('B')?.foreign === 0,
    met: (facts) => (facts.view('B')?.foreign ?? 0) > 0,
    solution: { settings: { freshIsn: false, msl: 0 } },
  },
  {
    id: 'simultaneous-close',
    group: 'close',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.6'],
    toggles: ['latency', 'msl'],
    script: [
      SERVER,
      CLIENT,
      { host: 'A', on: 'established', after: 200, call: 'close' },
      { host: 'B', on: 'established', after: 150, call: 'close' },
    ],
    expected: (facts) =>
      (['A', 'B'] as const).every((host) => facts.passed(host, 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT', 'CLOSED')),
    met: (facts) => !facts.passed('A', 'TIME-WAIT') && facts.passed('B', 'TIME-WAIT', 'CLOSED') && facts.clean,
    solution: { edits: [{ op: 'call', host: 'B', at: 170, call: 'close' }] },
  },
];
