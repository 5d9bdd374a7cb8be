/** Owns: how a stack's segments and connections look in a trace. Nothing here runs while nobody watches. */

import type { Ends } from '../tcp/index.ts';
import type { ConnectionRef } from '../trace/events.ts';
import { type Address, formatAddress, formatEndpoint } from '../wire/address.ts';
import type { Segment } from '../wire/tcp.ts';
import { segmentView } from '../wire/view.ts';
import type { Stack } from './stack.ts';

export function describeConnection(connection: Ends & { readonly id: number }): ConnectionRef {
  return {
    id: connection.id,
    local: formatEndpoint(connection.local, connection.localPort),
    remote: formatEndpoint(connection.remote, connection.remotePort),
  };
}

export function traceSegment(
  stack: Stack,
  type: 'segment-sent' | 'segment-received',
  packet: number,
  src: Address,
  dst: Address,
  segment: Segment,
): void {
  stack.trace?.({
    type,
    time: stack.scheduler.now,
    host: stack.name,
    packet,
    src: formatAddress(src),
    dst: formatAddress(dst),
    segment: segmentView(segment),
  });
}
