/** A host in a worker, at the other end of the worker's messages: what a client sends comes back once it has closed. */

import { messagePortLink } from '../dist/web/index.js';
import { createHost, serve } from './live.mjs';

const inNode = globalThis.Worker === undefined && globalThis.self?.postMessage === undefined;
const port = inNode ? (await import('node:worker_threads')).parentPort : globalThis.self;
const host = createHost();
const listener = host.listen({ port: 7, allowHalfOpen: true });
host.plug(messagePortLink(port, host.stack), 2);
await serve(listener);
