import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import hostNet, { type OnReadOpts, type Server, type Socket, type SocketConstructorOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import net from '../../../src/node/net/index.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tsyn-path-'));
  path = join(folder, 'socket');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function listening(onConnection: (socket: Socket) => void, of: typeof net = net): Promise<Server> {
  const server = of.createServer({ allowHalfOpen: true }, onConnection);
  server.listen(path);
  await once(server, 'listening');
  return server;
}

/** Not by `for await`, which destroys the socket at the end. */
async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'end');
  return text;
}

describe('a path of the host', () => {
  it('is listened on and connected to, each direction ending by itself', async () => {
    const server = await listening(async (socket) => socket.end(`heard: ${await textOf(socket)}`));
    expect(server.address()).toBe(path);
    const client = new net.Socket();
    client.connect(path);
    await once(client, 'connect');
    client.end('abc');
    expect(await textOf(client)).toBe('heard: abc');
    expect([client.bytesWritten, client.bytesRead, client.remoteAddress]).toEqual([3, 10, undefined]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('joins sockets of this module with those of the host', async () => {
    const server = await listening((socket) => socket.pipe(socket));
    const client = hostNet.connect(path);
    client.end('x'.repeat(300_000));
    expect((await textOf(client)).length).toBe(300_000);
    await new Promise((resolve) => server.close(resolve));
  });

  it('is read into the buffer of the user, in pieces, paused and resumed', async () => {
    const server = await listening((socket) => socket.end('0123456789'));
    let text = '';
    const onread: OnReadOpts = {
      buffer: Buffer.alloc(4),
      callback(count, buffer) {
        text += Buffer.from(buffer).subarray(0, count).toString();
        setTimeout(() => client.resume(), 5);
        return false;
      },
    };
    const client = new net.Socket({ onread } as SocketConstructorOpts);
    client.connect(path);
    await once(client, 'close');
    expect(text).toBe('0123456789');
    await new Promise((resolve) => server.close(resolve));
  });

  it('that nobody listens on is an error that names it', async () => {
    const client = new net.Socket();
    client.connect(path);
    const [error] = await once(client, 'error');
    expect(error).toMatchObject({ code: 'ENOENT', syscall: 'connect', address: path });
    expect(error.message).toBe(`connect ENOENT ${path}`);
  });

  it('that is in use is an error of the server, which listens no more', async () => {
    const server = await listening(() => {});
    const second = net.createServer().listen(path);
    const [error] = await once(second, 'error');
    expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', address: path });
    expect(second.listening).toBe(false);
    await new Promise((resolve) => server.close(resolve));
  });

  it('has no reset', async () => {
    const server = await listening((socket) => socket.resume());
    const client = new net.Socket();
    client.connect(path);
    await once(client, 'connect');
    expect(() => client.resetAndDestroy()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_HANDLE_TYPE' }));
    client.destroy();
    server.close();
  });
});

describe('what the process was given', () => {
  it('a listening handle of the host takes connections of the host', async () => {
    const first = hostNet.createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as { port: number };
    const server = net.createServer((socket) => socket.end('hello'));
    server.listen({ handle: (first as unknown as { _handle: object })._handle } as object);
    await once(server, 'listening');
    expect(server.address()).toMatchObject({ address: '127.0.0.1', port });
    expect(await textOf(hostNet.connect(port, '127.0.0.1'))).toBe('hello');
    server.close();
    first.close();
  });

  it('a descriptor that does not listen is an error, not an exception', async () => {
    const server = net.createServer().listen({ fd: 0 } as object);
    const [error] = await once(server, 'error');
    expect(error).toMatchObject({ syscall: 'listen' });
    expect(['EINVAL', 'ENOTSOCK', 'EACCES']).toContain(error.code);
  });
});
