/** Owns: the host that `import net from 'tsyn/net'` has its sockets on: loopback and nothing else. */

import { createStack, type Stack, type StackOptions } from '../../stack/index.ts';
import { EventLoopDriver } from '../driver.ts';
import { randomKey, systemRandom } from '../entropy.ts';

/** A stack with 127.0.0.1/8 and ::1, driven by the event loop. @throws TsynError ERR_INVALID_ARG_VALUE naming a wrong setting */
export function createDefaultStack({ config = {}, tcp = {} }: Pick<StackOptions, 'config' | 'tcp'> = {}): Stack {
  const { scheduler } = new EventLoopDriver();
  return createStack({
    name: 'localhost',
    scheduler,
    random: systemRandom,
    secret: randomKey(),
    tcp,
    // As Linux has it: what came before a reset can still be read, and a client that connects again and again does not run
    // out of ports.
    config: {
      ports: { first: 32_768, last: 60_999 },
      ...config,
      tcp: { readAfterFailure: true, reuseTimeWait: 'loopback', ...config.tcp },
    },
  });
}
