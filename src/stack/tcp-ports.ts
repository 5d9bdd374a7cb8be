/** Owns: which port a listener or a connection gets that asked for none. */

import { type Address, ANY4, ANY6 } from '../wire/address.ts';
import { TsynError } from './errors.ts';
import type { Path } from './paths.ts';
import type { EphemeralPorts } from './ports.ts';
import type { Listeners } from './tcp-listeners.ts';
import type { ConnectionTable } from './tcp-table.ts';

/** A port that nobody listens on. @throws TsynError EADDRINUSE */
export function freePort(
  ports: EphemeralPorts,
  listeners: Listeners,
  address: Address | null,
  family: 0 | 4 | 6,
): number {
  const any = address ?? (family === 6 ? ANY6 : ANY4);
  const port = ports.choose(any, any, 0, (candidate) => listeners.isBound(candidate, address, family));
  if (port === 0) throw new TsynError('EADDRINUSE', 'listen EADDRINUSE: no free port', { syscall: 'listen' });
  return port;
}

/** A port for a connection along `path` (RFC 6056). @throws TsynError EADDRNOTAVAIL */
export function ephemeralPort(
  ports: EphemeralPorts,
  table: ConnectionTable,
  listeners: Listeners,
  path: Path,
  remotePort: number,
): number {
  const { local, remote } = path;
  const taken = (port: number): boolean =>
    table.find(local, port, remote, remotePort) !== null || listeners.isBound(port, local, local.family);
  const port = ports.choose(local, remote, remotePort, taken);
  if (port === 0) throw new TsynError('EADDRNOTAVAIL', 'connect EADDRNOTAVAIL: no free port', { syscall: 'connect' });
  return port;
}
