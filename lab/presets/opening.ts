/** Owns: presets about how a connection begins. */

import type { Facts } from '../engine/facts.ts';
import type { Preset } from '../engine/preset.ts';
import { CLIENT, lose, PORTS, SERVER } from './parts.ts';

const SYN = 2;

function bothEstablished(facts: Facts): boolean {
  return facts.last('A') === 'ESTABLISHED' && facts.last('B') === 'ESTABLISHED';
}

export const opening: readonly Preset[] = [
  {
    id: 'handshake',
    group: 'open',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5'],
    toggles: ['latency', 'timestamps', 'windowScaling', 'sack'],
    script: [SERVER, CLIENT],
    expected: (facts) => bothEstablished(facts) && facts.run.packets.length === 3,
    met: (facts) => facts.last('A') === 'ESTABLISHED' && facts.when('A', 'ESTABLISHED') > 1000,
    solution: { edits: [lose('A', 1)] },
  },
  {
    id: 'lost-syn',
    group: 'open',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.8.1', 'RFC 6298 5'],
    toggles: ['latency'],
    script: [SERVER, CLIENT],
    edits: [lose('A', 1), lose('A', 2), lose('A', 3)],
    expected: (facts) =>
      bothEstablished(facts) &&
      facts
        .sent('A', 'SYN')
        .map(({ sent }) => sent)
        .join() === '20,1020,3020,7020',
    met: (facts) => facts.told('A') === 'ETIMEDOUT',
    solution: { edits: [{ op: 'partition', host: 'A', at: 0, until: 300_000 }] },
  },
  {
    id: 'lost-synack',
    group: 'open',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.8.1', 'RFC 6298 2'],
    toggles: ['latency'],
    script: [SERVER, CLIENT],
    edits: [lose('B', 1)],
    expected: (facts) =>
      bothEstablished(facts) && facts.again('A', 'SYN').length === 1 && facts.again('B', 'SYN,ACK').length === 1,
    met: (facts) => facts.last('A') === 'ESTABLISHED' && facts.when('A', 'ESTABLISHED') > 2000,
    solution: { edits: [lose('B', 2)] },
  },
  {
    id: 'lost-ack',
    group: 'open',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5', 'RFC 9293 3.10.7.4'],
    toggles: ['latency'],
    script: [SERVER, CLIENT],
    edits: [lose('A', 2)],
    expected: (facts) =>
      bothEstablished(facts) && facts.again('B', 'SYN,ACK').length === 1 && facts.when('B', 'ESTABLISHED') > 1000,
    met: (facts) => facts.when('B', 'ESTABLISHED') < 1000,
    solution: { edits: [{ op: 'call', host: 'A', at: 145, call: 'send', octets: 1000 }] },
  },
  {
    id: 'stale-syn',
    group: 'open',
    lanes: ['A', 'B', 'C'],
    rfc: ['RFC 9293 3.5', 'RFC 9293 3.5.2'],
    toggles: ['latency'],
    script: [SERVER, { ...CLIENT, after: 400 }],
    forgeries: [{ at: 0, claims: 'A', to: 'B', ports: PORTS, flags: SYN, seq: 1_000_000 }],
    expected: (facts) =>
      facts.passed('B', 'SYN-RECEIVED', 'LISTEN', 'SYN-RECEIVED', 'ESTABLISHED') &&
      facts.sent('A', 'RST').length === 1 &&
      bothEstablished(facts),
    met: (facts) =>
      bothEstablished(facts) &&
      facts.sent('A', 'RST').length === 0 &&
      facts
        .sent('C', 'SYN')
        .some(({ arrives, fate }) => fate === 'delivered' && arrives > facts.when('B', 'ESTABLISHED')),
    solution: { edits: [{ op: 'delay', packet: { host: 'C', nth: 1 }, by: 1000 }] },
  },
  {
    id: 'simultaneous-open',
    group: 'open',
    lanes: ['A', 'B'],
    rfc: ['RFC 9293 3.5'],
    toggles: ['latency'],
    script: [CLIENT, { host: 'B', on: 'start', after: 30, call: 'open' }],
    expected: (facts) =>
      (['A', 'B'] as const).every((host) => facts.passed(host, 'SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED')),
    met: (facts) => facts.everTold('A', 'ECONNREFUSED'),
    solution: { settings: { latency: 5 } },
  },
];
