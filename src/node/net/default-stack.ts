/** Owns: the host that `import net from 'tsyn/net'` has its sockets on: loopback and nothing else. */

import { createStack, type Stack } from '../../stack/index.ts';
import { EventLoopDriver } from '../driver.ts';
import { randomKey, systemRandom } from '../entropy.ts';

/** A stack with 127.0.0.1/8 and ::1, driven by the event loop. */
export function createDefaultStack(): Stack {
  const { scheduler } = new EventLoopDriver();
  return createStack({
    name: 'localhost',
    scheduler,
    random: systemRandom,
    secret: randomKey(),
    // As Linux has it: what came before a reset can still be read, and a client that connects again and again does not run
    // out of ports.
    config: {
      tcp: { readAfterFailure: true, reuseTimeWait: 'loopback' },
      ports: { first: 32_768, last: 60_999 },
    },
  });
}
