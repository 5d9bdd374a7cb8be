/** Who plays the scenarios: Node's own module, tsyn's on one stack with loopback, and tsyn's on two stacks with a pipe between. */

import { PacketPool } from '../../../src/link/packet.ts';
import { createPipe } from '../../../src/link/pipe.ts';
import { EventLoopDriver } from '../../../src/node/driver.ts';
import { randomKey, systemRandom } from '../../../src/node/entropy.ts';
import { createNet } from '../../../src/node/net/index.ts';
import { createStack, type PartialConfig, type Stack } from '../../../src/stack/index.ts';
import type { TcpOptions } from '../../../src/tcp/index.ts';
import { host, type Net, tsyn } from './modules.ts';
import type { Cast } from './stage.ts';

export const HOST: Cast = { name: 'node:net', server: host, client: host, address: '127.0.0.1' };
export const LOOPBACK: Cast = { name: 'tsyn/net', server: tsyn, client: tsyn, address: '127.0.0.1' };

export interface TwoStacks extends Cast {
  /** The stacks behind the modules. */
  readonly hosts: { readonly client: Stack; readonly server: Stack };
}

/** A client at 10.0.0.1 and a server at 10.0.0.2, each a host of its own. */
export function twoStacks(config: PartialConfig = {}, options: Partial<TcpOptions> = {}): TwoStacks {
  const { scheduler } = new EventLoopDriver();
  const pool = new PacketPool();
  const ends = createPipe(scheduler, pool);
  const make = (name: string, side: 0 | 1): Stack => {
    const stack = createStack({
      name,
      scheduler,
      random: systemRandom,
      secret: randomKey(),
      pool,
      tcp: options,
      config: { ...config, tcp: { readAfterFailure: true, ...config.tcp } },
    });
    stack.addInterface({ name: 'pipe0', link: ends[side], addresses: [`10.0.0.${side + 1}/24`] });
    return stack;
  };
  const hosts = { client: make('client', 0), server: make('server', 1) };
  const net = (stack: Stack): Net => createNet(stack) as unknown as Net;
  return { name: 'two stacks', server: net(hosts.server), client: net(hosts.client), address: '10.0.0.2', hosts };
}
