import { once } from 'node:events';
import { expect, it } from 'vitest';
import { Scheduler } from '../../../src/base/index.ts';
import { systemRandom } from '../../../src/node/index.ts';
import { createNet } from '../../../src/node/net/index.ts';
import { createStack } from '../../../src/stack/index.ts';

it('what is gathered leaves at once, also when the last piece of it is empty', async () => {
  // The stack's clock stands still: whatever waits for a timer waits for ever.
  const scheduler = new Scheduler();
  const net = createNet(createStack({ scheduler, random: systemRandom }));
  let running = true;
  const run = (): void => {
    scheduler.runDue(0);
    if (running) setImmediate(run);
  };
  run();
  const server = net.createServer((socket) => {
    socket.cork();
    socket.write('text');
    socket.write('');
    socket.uncork();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = net.connect((server.address() as { port: number }).port, '127.0.0.1');
  const [data] = await Promise.race([
    once(client, 'data'),
    new Promise<[string]>((resolve) => {
      let turns = 0;
      const count = (): void => {
        if (++turns === 1000) resolve(['nothing within a thousand turns']);
        else setImmediate(count);
      };
      count();
    }),
  ]);
  running = false;
  expect(String(data)).toBe('text');
  client.destroy();
  server.close();
});
