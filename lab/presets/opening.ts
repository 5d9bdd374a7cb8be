/** Owns: presets about how a connection begins. */

import type { Preset, Rule } from '../engine/preset.ts';

/** A server at B, a client at A. */
export const SERVER: Rule = { host: 'B', on: 'start', call: 'listen' };
export const CLIENT: Rule = { host: 'A', on: 'start', after: 20, call: 'open' };

export const opening: readonly Preset[] = [
  {
    id: 'handshake',
    group: 'open',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5'],
    toggles: ['latency', 'timestamps', 'windowScaling', 'sack'],
    script: [SERVER, CLIENT],
    expected: (facts) =>
      facts.last('A') === 'ESTABLISHED' && facts.last('B') === 'ESTABLISHED' && facts.run.packets.length === 3,
    met: (facts) => facts.last('A') === 'ESTABLISHED' && facts.when('A', 'ESTABLISHED') > 1000,
    solution: { edits: [{ op: 'lose', packet: { host: 'A', nth: 1 } }] },
  },
  {
    id: 'lost-synack',
    group: 'open',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.8.1', 'RFC 6298 2'],
    toggles: ['latency'],
    script: [SERVER, CLIENT],
    edits: [{ op: 'lose', packet: { host: 'B', nth: 1 } }],
    expected: (facts) =>
      facts.last('A') === 'ESTABLISHED' &&
      facts.last('B') === 'ESTABLISHED' &&
      facts.again('A', 'SYN').length === 1 &&
      facts.again('B', 'SYN,ACK').length === 1,
    met: (facts) => facts.last('A') === 'ESTABLISHED' && facts.when('A', 'ESTABLISHED') > 2000,
    solution: { edits: [{ op: 'lose', packet: { host: 'B', nth: 2 } }] },
  },
];
