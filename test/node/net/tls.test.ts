import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import tls, { type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import net, { attachTls } from '../../../src/node/net/index.ts';
import type { SocketMethods } from '../../../src/node/net/socket.ts';
import type { TcpHandle } from '../../../src/node/net/tcp-handle.ts';

const { certificate } = (await import(new URL('../../../examples/certificate.mjs', import.meta.url).href)) as {
  certificate(): { key: string; cert: string };
};
const { key, cert } = certificate();

/** A TLS connection over a socket, from both sides. */
async function pair(): Promise<{ raw: SocketMethods; client: TLSSocket; served: TLSSocket; close(): void }> {
  const secure = attachTls(tls.createServer({ key, cert }));
  const server = net.createServer((socket) => secure.emit('connection', socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const accepted = once(secure, 'secureConnection');
  const client = attachTls(tls.connect({ socket, host: 'localhost', ca: cert }));
  await once(client, 'secureConnect');
  const [served] = (await accepted) as [TLSSocket];
  const close = (): void => {
    client.destroy();
    served.destroy();
    server.close();
  };
  return { raw: socket as unknown as SocketMethods, client, served, close };
}

describe('attachTls', () => {
  it('gives both sides the addresses of the connection beneath', async () => {
    const { raw, client, served, close } = await pair();
    const ends = ({ remoteAddress, remotePort, localAddress, localPort, remoteFamily }: TLSSocket): unknown[] => [
      `${remoteAddress}:${remotePort}`,
      `${localAddress}:${localPort}`,
      remoteFamily,
    ];
    const here = `127.0.0.1:${raw.localPort}`;
    const there = `127.0.0.1:${raw.remotePort}`;
    expect(ends(client)).toEqual([there, here, 'IPv4']);
    expect(ends(served)).toEqual([here, there, 'IPv4']);
    expect(client.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port: raw.localPort });
    close();
  });

  it('hands settings down', async () => {
    const { raw, client, close } = await pair();
    client.setNoDelay(true).setKeepAlive(true, 3000);
    expect([raw._state.noDelay, raw._state.keepAlive, raw._state.keepAliveDelay]).toEqual([true, true, 3]);
    client.setNoDelay(false).setKeepAlive(false);
    expect([raw._state.noDelay, raw._state.keepAlive]).toEqual([false, false]);
    client.unref();
    expect((raw._handle as TcpHandle).hasRef()).toBe(false);
    client.ref();
    expect((raw._handle as TcpHandle).hasRef()).toBe(true);
    close();
  });

  it('serves the requests of an https server', async () => {
    const site = attachTls(
      https.createServer({ key, cert }, ({ socket }, response) => response.end(`${socket.remoteAddress}`)),
    );
    const server = net.createServer((socket) => site.emit('connection', socket));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const createConnection = (): TLSSocket =>
      attachTls(tls.connect({ socket: net.connect(port, '127.0.0.1'), host: 'localhost', ca: cert }));
    const agent = Object.assign(new https.Agent(), { createConnection });
    const [response] = await once(https.get({ agent }), 'response');
    expect(await text(response)).toBe('127.0.0.1');
    agent.destroy();
    server.close();
  });

  it('lets either side end first, with no error of the connection', async () => {
    for (const first of ['client', 'served'] as const) {
      const both = await pair();
      const errors: Error[] = [];
      const { client, served } = both;
      const closed = [client, served].map((socket) =>
        once(socket.on('error', (error) => errors.push(error)).resume(), 'close'),
      );
      both[first].end('the last words');
      await Promise.all(closed);
      expect(errors).toEqual([]);
      both.close();
    }
  });

  it('leaves TLS over other streams as it is', () => {
    const socket = new tls.TLSSocket(new PassThrough());
    expect(attachTls(socket)).toBe(socket);
    expect(socket.remoteAddress).toBeUndefined();
    socket.destroy();
  });

  it('refuses what is no TLS', () => {
    for (const wrong of [net.createServer(), new net.Socket(), null, 7]) {
      expect(() => attachTls(wrong as unknown as TLSSocket)).toThrow(
        expect.objectContaining({
          code: 'ERR_INVALID_ARG_TYPE',
          message: expect.stringContaining('The "target" argument must be an instance of TLSSocket or tls.Server.'),
        }),
      );
    }
  });
});
