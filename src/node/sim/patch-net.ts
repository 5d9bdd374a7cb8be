/** Owns: `net`, for code of a host: its own. */

import hostNet from 'node:net';
import type { Patcher } from './patcher.ts';
import { here } from './place.ts';

type Real = (...args: unknown[]) => unknown;

/** A function of the host's `net` where the code is on a host, else Node's. */
function of(name: 'connect' | 'createServer'): (real: Real) => Real {
  return (real) =>
    (...args) => {
      const net = here()?.net;
      return net ? (net[name] as Real)(...args) : real(...args);
    };
}

export function patchNet(patcher: Patcher): void {
  patcher.wrap(hostNet, {
    connect: of('connect'),
    createConnection: of('connect'),
    createServer: of('createServer'),
  });
}
