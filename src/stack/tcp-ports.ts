/** Owns: where a listener listens, and which port a listener or a connection gets that asked for none. */

import { type Address, ANY4, ANY6, isUnspecified } from '../wire/address.ts';
import { syscallError, TsynError } from './errors.ts';
import type { Path } from './paths.ts';
import type { EphemeralPorts } from './ports.ts';
import type { Stack } from './stack.ts';
import type { ListenOptions } from './tcp-listener.ts';
import type { Listeners } from './tcp-listeners.ts';
import { checkAddress, checkInteger } from './tcp-options.ts';

export interface Binding {
  readonly port: number;
  /** null for any. */
  readonly address: Address | null;
  /** 0 for both. */
  readonly family: 0 | 4 | 6;
}

/** Where a listener listens that says this. @throws TsynError EADDRINUSE, EADDRNOTAVAIL, ERR_INVALID_ARG_VALUE */
export function bindingOf(stack: Stack, listeners: Listeners, settings: ListenOptions): Binding {
  const asked = settings.address === undefined ? null : checkAddress('address', settings.address);
  checkInteger('port', settings.port, 0, 65_535);
  const any = asked === null || isUnspecified(asked);
  if (!any && !stack.isLocal(asked)) throw syscallError('EADDRNOTAVAIL', 'listen', settings.address, settings.port);
  const both = asked === null || (asked.family === 6 && any && settings.ipv6Only !== true);
  const family = both ? 0 : asked.family;
  const address = any ? null : asked;
  const port = settings.port === 0 ? freePort(stack.ports, listeners, address, family) : settings.port;
  if (listeners.isBound(port, address, family)) {
    throw syscallError('EADDRINUSE', 'listen', settings.address ?? '::', port);
  }
  return { port, address, family };
}

/** A port that nobody listens on. @throws TsynError EADDRINUSE */
function freePort(ports: EphemeralPorts, listeners: Listeners, address: Address | null, family: 0 | 4 | 6): number {
  const any = address ?? (family === 6 ? ANY6 : ANY4);
  const port = ports.choose(any, any, 0, (candidate) => listeners.isBound(candidate, address, family));
  if (port === 0) throw new TsynError('EADDRINUSE', 'listen EADDRINUSE: no free port', { syscall: 'listen' });
  return port;
}

/** A port for a connection along `path` (RFC 6056). @throws TsynError EADDRNOTAVAIL */
export function ephemeralPort({ ports, tcp, scheduler }: Stack, path: Path, remotePort: number): number {
  const { local, remote } = path;
  const { table, timeWaits, listeners } = tcp;
  const now = scheduler.refresh();
  const taken = (port: number): boolean => {
    const entry = table.find(local, port, remote, remotePort);
    return (entry !== null && !timeWaits.yields(entry, path, now)) || listeners.isBound(port, local, local.family);
  };
  const port = ports.choose(local, remote, remotePort, taken);
  if (port === 0) throw new TsynError('EADDRNOTAVAIL', 'connect EADDRNOTAVAIL: no free port', { syscall: 'connect' });
  return port;
}
