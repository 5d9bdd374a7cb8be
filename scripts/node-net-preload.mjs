/**
 * Owns: `net` and `node:net` answered by tsyn/net in one process, for scripts/node-net.mjs. Node's own modules (http, tls) keep theirs.
 */

import module, { createRequire } from 'node:module';

const HOOKS = `
const ANSWER = ${JSON.stringify(new URL('../dist/node/net/index.js', import.meta.url).href)};
const OWN = ${JSON.stringify(new URL('../dist/', import.meta.url).href)};
export async function resolve(specifier, context, next) {
  const asked = specifier === 'net' || specifier === 'node:net';
  // The stack itself asks the host for what is not a socket: BlockList, SocketAddress, defaults.
  if (!asked || context.parentURL?.startsWith(OWN)) return next(specifier, context);
  return { url: ANSWER, shortCircuit: true };
}`;

const { default: net } = await import('../dist/node/net/index.js');
const { Module } = createRequire(import.meta.url)('node:module');
const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'net' || request === 'node:net' ? net : load.call(this, request, ...rest);
};
module.register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
