import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSockets, SocketError } from '../../src/web/index.ts';
import { B, connected, encode, type Pair, pair, rejection, say, text, turns } from './pair.ts';

let net: Pair;
beforeEach(() => {
  net = pair();
});
afterEach(() => net.close());

describe('a connection', () => {
  it('carries text both ways, and ends when both have closed', async () => {
    const [client, server] = await connected(net, { allowHalfOpen: true });
    await say(client, 'question');
    expect(await text(server)).toBe('question');
    await say(server, 'answer');
    expect(await text(client)).toBe('answer');
    await expect(client.closed).resolves.toBeUndefined();
    await expect(server.closed).resolves.toBeUndefined();
  });

  it('says where it leads, in both families', async () => {
    const listener = net.b.listen({ port: 80 });
    expect(listener.addr).toEqual({ transport: 'tcp', hostname: '::', port: 80 });
    for (const [target, remote, local] of [
      [`${B}:80`, `${B}:80`, /^10\.0\.0\.1:\d+$/],
      ['[fd00::2]:80', '[fd00::2]:80', /^\[fd00::1\]:\d+$/],
    ] as const) {
      const client = net.a.connect(target);
      const info = await client.opened;
      expect(info).toEqual({ remoteAddress: remote, localAddress: expect.stringMatching(local), alpn: null });
      const server = await listener.accept();
      expect((await server.opened).remoteAddress).toBe(info.localAddress);
      expect((await server.opened).localAddress).toBe(remote);
    }
  });

  it('is there at once: what is written before it is open is sent when it is', async () => {
    const listener = net.b.listen({ port: 80 });
    const client = net.a.connect({ hostname: B, port: 80 });
    const said = say(client, 'early');
    const reading = text(client);
    const server = await listener.accept();
    expect(await text(server)).toBe('early');
    await said;
    expect(await reading).toBe('');
  });

  it('looks at names through the function it was given, and tries every address', async () => {
    const asked: string[] = [];
    const sockets = createSockets(net.a.core, {
      driver: net.driver,
      resolve: async (hostname) => {
        asked.push(hostname);
        return ['10.0.0.3', 'fd00::2', B].slice(1);
      },
    });
    const listener = net.b.listen({ port: 80, hostname: B });
    const client = sockets.connect('example.org:80');
    expect((await client.opened).remoteAddress).toBe(`${B}:80`);
    expect(asked).toEqual(['example.org']);
    await listener.close();
    sockets.close();
  });

  it('knows localhost', async () => {
    const listener = net.a.listen({ port: 80, hostname: 'localhost' });
    expect(listener.addr.hostname).toBe('127.0.0.1');
    expect((await net.a.connect('localhost:80').opened).remoteAddress).toBe('127.0.0.1:80');
    const six = net.a.listen({ port: 81, hostname: '::1' });
    expect((await net.a.connect('localhost:81').opened).remoteAddress).toBe('[::1]:81');
    await six.close();
  });

  it('takes the settings of TCP, and tells what TCP knows', async () => {
    const listener = net.b.listen({ port: 80, options: { receiveBuffer: 4096 } });
    const client = net.a.connect(`${B}:80`, { options: { noDelay: true, keepAlive: true } });
    expect(client.info()?.state).toBe('SYN-SENT');
    await client.opened;
    const server = await listener.accept();
    expect(client.info()?.state).toBe('ESTABLISHED');
    expect(server.info()?.state).toBe('ESTABLISHED');
  });
});

describe('the writable half', () => {
  it('closes alone: the answer still comes', async () => {
    const [client, server] = await connected(net);
    const said = say(client, 'all');
    const reader = server.readable.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('all');
    await said;
    const writer = server.writable.getWriter();
    await writer.write(encode('answer'));
    expect((await reader.read()).done).toBe(true);
    await writer.close();
    expect(await text(client)).toBe('answer');
    await client.closed;
  });

  it('follows the peer only after all that its writer has written by then', async () => {
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    const megabyte = new Uint8Array(1_000_000);
    const writes = [writer.write(megabyte), writer.write(megabyte), writer.write(megabyte)];
    const far = server.writable.close();
    expect(await text(client)).toBe('');
    await far;
    let heard = 0;
    for await (const chunk of server) heard += chunk.length;
    expect(heard).toBe(3_000_000);
    await Promise.all(writes);
  });

  it('follows the peer when everything has been read, unless half-open connections are allowed', async () => {
    const [client, server] = await connected(net);
    await client.writable.close();
    expect(await text(server)).toBe('');
    await server.closed;
    await client.closed;
    await server.writable.getWriter().closed;

    const [half, other] = await connected(net, { allowHalfOpen: true });
    await half.writable.close();
    expect(await text(other)).toBe('');
    await turns();
    await say(other, 'late');
    expect(await text(half)).toBe('late');
    await other.closed;
  });

  it('writes to the end what was on its way when the peer closed', async () => {
    const [client, server] = await connected(net);
    const echoed = server.readable.pipeTo(server.writable);
    const words = 'echo '.repeat(100_000);
    const said = say(client, words);
    expect(await text(client)).toBe(words);
    await Promise.all([said, echoed, client.closed, server.closed]);
  });

  it('is closed for a writer that keeps it after the peer is done', async () => {
    const [client, server] = await connected(net);
    const writer = server.writable.getWriter();
    await client.writable.close();
    expect(await text(server)).toBe('');
    await server.closed;
    const error = await rejection(writer.closed);
    expect(error).toBeInstanceOf(SocketError);
    expect(error.code).toBe('EPIPE');
    expect((await rejection(writer.write(encode('x')))).code).toBe('EPIPE');
  });

  it('resets the connection when it is aborted', async () => {
    const [client, server] = await connected(net);
    const reason = new Error('enough');
    await client.writable.abort(reason);
    for (const error of [await rejection(client.closed), await rejection(text(client))]) {
      expect(error).toBeInstanceOf(SocketError);
      expect([error.code, error.name, error.cause]).toEqual(['ABORT_ERR', 'AbortError', reason]);
    }
    expect((await rejection(text(server))).code).toBe('ECONNRESET');
    expect((await rejection(server.closed)).code).toBe('ECONNRESET');
    expect((await rejection(server.writable.getWriter().closed)).code).toBe('ECONNRESET');
  });

  it('takes every kind of octets', async () => {
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    const octets = Uint8Array.from({ length: 16 }, (_, i) => i);
    await writer.write(octets.subarray(0, 2));
    await writer.write(octets.buffer.slice(2, 4));
    await writer.write(new DataView(octets.buffer, 4, 4));
    await writer.write(new Uint16Array(octets.buffer, 8, 4));
    await writer.write(new Uint8Array(0));
    await writer.close();
    const all: number[] = [];
    for await (const chunk of server) all.push(...chunk);
    expect(all).toEqual([...octets]);
  });
});

describe('the readable half', () => {
  it('reads into the buffers it is given', async () => {
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    const reader = server.readable.getReader({ mode: 'byob' });
    const early = reader.read(new Uint8Array(4));
    await writer.write(encode('abcdefg'));
    expect(new TextDecoder().decode((await early).value)).toBe('abcd');
    const more = await reader.read(new Uint8Array(new ArrayBuffer(8), 2, 4));
    expect([more.value!.byteOffset, more.value!.byteLength]).toEqual([2, 3]);
    expect(new TextDecoder().decode(more.value)).toBe('efg');
    const last = reader.read(new Uint8Array(4));
    await writer.close();
    expect(await last).toEqual({ done: true, value: new Uint8Array(0) });
    await reader.closed;
  });

  it('hears of the end within an element of a wider array', async () => {
    const [client, server] = await connected(net);
    const reader = server.readable.getReader({ mode: 'byob' });
    const read = reader.read(new Uint16Array(4));
    await say(client, 'x');
    expect(await rejection(read)).toBeInstanceOf(TypeError);
    await client.closed;
  });

  it('drops what comes after it was cancelled, so that the peer can finish', async () => {
    const [client, server] = await connected(net, { allowHalfOpen: true });
    await client.readable.cancel();
    await say(server, 'x'.repeat(3_000_000));
    await say(client, 'still here');
    expect(await text(server)).toBe('still here');
    await Promise.all([client.closed, server.closed]);
  });

  it('ends the connection when it is cancelled and the writable closed', async () => {
    const [client, server] = await connected(net);
    await client.writable.close();
    await client.readable.cancel('no more');
    await server.readable.cancel();
    await Promise.all([client.closed, server.closed]);
    expect(net.b.core.sockets()).toEqual([]);
  });

  it('gives what came before a reset, then the reset, where the stack keeps it', async () => {
    await net.close();
    net = pair({ config: { tcp: { readAfterFailure: true } } });
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    await writer.write(encode('before'));
    await turns();
    await writer.abort();
    await rejection(server.closed);
    const reader = server.readable.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('before');
    expect((await rejection(reader.read())).code).toBe('ECONNRESET');
  });

  it('is an iterable that cancels when it is left early', async () => {
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    await writer.write(encode('one'));
    for await (const chunk of server) {
      expect(chunk.length).toBe(3);
      break;
    }
    await writer.write(encode('two'));
    await writer.close();
    await Promise.all([client.closed, server.closed]);
  });
});

describe('close', () => {
  it('delivers what was written, ends reads, and rejects what is still to be written', async () => {
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    const reader = client.readable.getReader();
    const reading = reader.read();
    await writer.write(encode('last words'));
    const blocked = writer.write(new Uint8Array(64_000_000));
    await client.close('done');
    expect(await reading).toEqual({ done: true, value: undefined });
    const error = await rejection(blocked);
    expect([error.code, error.cause]).toEqual(['ERR_STREAM_DESTROYED', 'done']);
    expect((await text(server)).startsWith('last words')).toBe(true);
    await server.closed;
    await client.close();
  });

  it('while it connects rejects `opened` only, and frees the port', async () => {
    const client = net.a.connect('10.0.0.77:80');
    expect(net.a.core.sockets()).toHaveLength(1);
    await client.close('changed my mind');
    const error = await rejection(client.opened);
    expect([error.code, error.cause]).toEqual(['ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'changed my mind']);
    expect((await rejection(client.writable.getWriter().write(encode('x')))).code).toBe(error.code);
    expect(await text(client)).toBe('');
    expect(net.a.core.sockets()).toEqual([]);
  });

  it('is what disposal does, where there is disposal', async () => {
    const [client, server] = await connected(net);
    if (Symbol.asyncDispose !== undefined) await client[Symbol.asyncDispose]();
    else await client.close();
    await client.closed;
    expect(await text(server)).toBe('');
  });
});

describe('the end of a stack', () => {
  it('settles everything that waits', async () => {
    const [client, server] = await connected(net);
    const listener = net.a.listen({ port: 9 });
    const accepting = listener.accept();
    const reading = text(client);
    const writing = client.writable.getWriter().write(new Uint8Array(64_000_000));
    const opening = net.a.connect('10.0.0.77:80');
    await net.a.close();
    for (const waiting of [
      accepting,
      reading,
      writing,
      opening.opened,
      opening.closed,
      client.closed,
      listener.closed,
    ]) {
      const error = await rejection(waiting);
      expect(error).toBeInstanceOf(SocketError);
      expect(error.code).toBe('ECONNABORTED');
    }
    expect((await rejection(net.a.connect(`${B}:80`).opened)).code).toBe('ERR_INVALID_STATE');
    await server.close();
  });
});
