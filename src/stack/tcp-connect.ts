/** Owns: where an active open goes: the check of what the application says about it, and the path there. */

import { type Address, isMulticast, isUnspecified } from '../wire/address.ts';
import { syscallError } from './errors.ts';
import type { Path } from './paths.ts';
import { checkSourceRoute, type SourceRoute } from './source-route.ts';
import type { Stack } from './stack.ts';
import { type ConnectOptions, checkAddress, checkInteger } from './tcp-options.ts';

export interface Way {
  readonly remote: Address;
  /** To the peer, or to the first host of the source route. */
  readonly path: Path;
  readonly route: SourceRoute | null;
}

/** @throws TsynError ERR_INVALID_ARG_VALUE, ENETUNREACH (no route, or not a unicast address: MUST-46), EADDRNOTAVAIL */
export function wayTo(stack: Stack, settings: ConnectOptions): Way {
  const { address, port } = settings;
  checkInteger('port', port, 1, 65_535);
  const remote = checkAddress('address', address);
  const local = settings.localAddress === undefined ? null : checkAddress('localAddress', settings.localAddress);
  if (settings.localPort !== undefined) checkInteger('localPort', settings.localPort, 0, 65_535);
  if (isMulticast(remote) || isUnspecified(remote)) throw syscallError('ENETUNREACH', 'connect', address, port);
  const route = checkSourceRoute(stack, settings.sourceRoute, remote);
  const path = stack.ip.pathTo(route === null ? remote : route.first, local);
  if (path === 'no-source') throw syscallError('EADDRNOTAVAIL', 'connect', address, port);
  if (path === 'no-route' || path.broadcast) throw syscallError('ENETUNREACH', 'connect', address, port);
  return { remote: route === null ? path.remote : remote, path, route };
}
