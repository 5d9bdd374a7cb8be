/** The workloads on tsyn/net: two stacks in one process, joined by a pipe with super-segments, as loopback has them. */

import { createNet } from '../dist/node/net/index.js';
import { socketWorkloads } from './socket-workloads.mjs';
import { ADDRESS, pair, SUPER } from './tsyn.mjs';

/** As the default stack of tsyn/net has them. */
const tcp = { receiveBuffer: 512 * 1024, sendBuffer: 512 * 1024 };
/** As Linux does over loopback: who connects again and again does not run out of ports. */
const config = { tcp: { reuseTimeWait: 'on' }, ports: { first: 32_768, last: 60_999 } };

export const { bulk, bulkOnread, pingPong, connections, idle } = socketWorkloads(() => {
  const { a, b, close } = pair({ offload: SUPER, config, tcp });
  return { client: createNet(a), server: createNet(b), address: ADDRESS, close };
});
