/** The workloads on Node's own `net` over the kernel's loopback. */

import net from 'node:net';
import { socketWorkloads } from './socket-workloads.mjs';

export const { bulk, bulkOnread, pingPong, connections, idle } = socketWorkloads(() => ({
  client: net,
  server: net,
  address: '127.0.0.1',
  close() {},
}));
