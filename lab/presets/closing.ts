/** Owns: presets about how a connection ends. */

import type { Preset } from '../engine/preset.ts';
import { CLIENT, SERVER } from './opening.ts';

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
    solution: { edits: [{ op: 'call', host: 'A', at: 500, call: 'abort' }] },
  },
];
