import { once } from 'node:events';
import hostNet, { type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import net from '../../../src/node/net/index.ts';

describe('a reset after the end that the peer has sent', () => {
  for (const [name, module] of [
    ['node:net', hostNet],
    ['tsyn/net', net],
  ] as const) {
    it(`is not seen by a reader: ${name}`, async () => {
      const server = module.createServer();
      const gone = once(server, 'connection').then(async ([socket]) => {
        socket.end('the last words', () => socket.destroy());
        await once(socket, 'close');
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address() as AddressInfo;
      const client = module.connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause();
      await gone;
      server.close();
      client.write('for nobody');
      await new Promise((resolve) => setTimeout(resolve, 50)); // the reset is here
      const events: string[] = [];
      client.on('data', (data) => events.push(String(data)));
      client.on('error', (error) => events.push(error.message));
      await once(client.resume(), 'end');
      expect(events).toEqual(['the last words']);
      client.destroy();
    });
  }
});
