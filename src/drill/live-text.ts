/**
 * Owns: a packet that was sent, in the script's grammar and numbers: what stands beside "actual".
 */

import type { Flow } from './flow.ts';
import { formatPacket } from './format.ts';
import type { LivePacket } from './live.ts';

const ECN_NAMES = ['noecn', 'ect1', 'ect0', 'ce'] as const;

export function formatLive(packet: LivePacket, flow: Flow): string {
  const { content } = packet;
  switch (content.protocol) {
    case 'tcp': {
      const spec = flow.toScript(content);
      const text = formatPacket({ ...spec, urgent: spec.urgent || null });
      const ecn = packet.tos & 3;
      return ecn === 0 ? text : `[${ECN_NAMES[ecn]}] ${text}`;
    }
    case 'icmp':
      return `icmp type_${content.type} code_${content.code}`;
    case 'udp':
      return `udp (${content.length})`;
    case 'other':
      return `protocol ${content.number}`;
  }
}
