import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { Scheduler } from '../../../src/base/index.ts';
import { systemRandom } from '../../../src/node/index.ts';
import { createNet } from '../../../src/node/net/index.ts';
import { createStack } from '../../../src/stack/index.ts';

it('a timeout counts from the last traffic, whichever way it went', async () => {
  // The stack's time goes where the test says.
  const scheduler = new Scheduler();
  const net = createNet(createStack({ scheduler, random: systemRandom }));
  const pass = async (ms: number): Promise<void> => {
    scheduler.runUntil(scheduler.now + ms);
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      scheduler.runDue(scheduler.now);
    }
  };
  const server = net.createServer();
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as { port: number }).port, '127.0.0.1');
  await pass(0);
  const far = await accepted;
  far.resume();
  client.resume();
  let timeouts = 0;
  client.setTimeout(100, () => timeouts++);

  await pass(60);
  client.write('there');
  await pass(60);
  far.write('and back');
  await pass(0);
  await pass(60);
  expect(timeouts).toBe(0);
  await pass(39);
  expect(timeouts).toBe(0);
  await pass(1);
  expect(timeouts).toBe(1);
  client.destroy();
  far.destroy();
  server.close();
  await pass(0);
});
