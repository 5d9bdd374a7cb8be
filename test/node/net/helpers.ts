/** What scenarios of opening have in common: ports, resolvers, servers that end with their client. */

import type { LookupFunction, Server } from 'node:net';
import { portOf, type Stage } from './stage.ts';

/** A port of the server's host at which nobody listens. */
export async function freePort(stage: Stage): Promise<number> {
  const server = stage.cast.server.createServer().listen(0, stage.cast.address);
  await new Promise((done) => server.once('listening', done));
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  return port;
}

/** A resolver that answers with `addresses`, in a later turn. */
export function answering(...addresses: string[]): LookupFunction {
  return (_host, options, answer) => {
    const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    setImmediate(() => {
      if (options.all === true) answer(null, all);
      else answer(null, all[0]!.address, all[0]!.family);
    });
  };
}

export function closing(server: Server): () => void {
  return () => server.close();
}
