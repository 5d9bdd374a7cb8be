/** Owns: a look at every packet that passes between a host's stack and its links, for captures of a whole simulation. */

import type { Link } from '../link/link.ts';
import { tap } from '../link/tap.ts';
import type { SimHost } from './host.ts';
import type { Port } from './port.ts';

/** A packet as it passed between a host's stack and one of its links. */
export interface SeenPacket {
  readonly host: string;
  readonly link: string;
  readonly medium: 'ip' | 'ethernet';
  readonly direction: 'inbound' | 'outbound';
  /** Virtual time, ms. */
  readonly time: number;
  /** Its name in traces. */
  readonly packet: number;
  /** The IP packet, or the Ethernet frame, with its checksums. */
  readonly octets: Uint8Array;
}

/** Where packets that are seen go. */
export type CaptureSink = (packet: SeenPacket) => void;

/** What a host's stack is given for a link, with a look at what passes if somebody wants one. */
export function captured(host: SimHost, port: Port, link: Link): Link {
  const { simulation } = host;
  const { capture } = simulation;
  if (capture === null) return link;
  return tap(link, simulation.scheduler, (direction, time, { id, buf, off, len }) => {
    capture({
      host: host.name,
      link: simulation.links.find(({ ports }) => ports.includes(port))?.name ?? '',
      medium: link.medium,
      direction: direction === 'send' ? 'outbound' : 'inbound',
      time,
      packet: id,
      octets: buf.slice(off, off + len),
    });
  });
}
