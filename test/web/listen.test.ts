import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SocketError } from '../../src/web/index.ts';
import { A, B, type Pair, pair, rejection, say, text, turns } from './pair.ts';

let net: Pair;
beforeEach(() => {
  net = pair();
});
afterEach(() => net.close());

describe('a listener', () => {
  it('gives connections one after the other, also those that came before somebody asked', async () => {
    const listener = net.b.listen({ port: 0, hostname: B });
    expect(listener.addr).toMatchObject({ transport: 'tcp', hostname: B });
    const { port } = listener.addr;
    const clients = [1, 2, 3].map(() => net.a.connect({ hostname: B, port }));
    await Promise.all(clients.map(({ opened }) => opened));
    const said = clients.map((client, i) => say(client, `client ${i}`));
    const heard: string[] = [];
    for await (const server of listener) {
      heard.push(await text(server));
      if (heard.length === 3) break;
    }
    expect(heard).toEqual(['client 0', 'client 1', 'client 2']);
    await Promise.all(said);
    // Leaving the loop has not closed it.
    net.a.connect({ hostname: B, port });
    await (await listener.accept()).opened;
  });

  it('answers those who wait in order', async () => {
    const listener = net.b.listen({ port: 80 });
    const accepts = [listener.accept(), listener.accept(), listener.accept()];
    const opened: string[] = [];
    for (let i = 0; i < 3; i++) opened.push((await net.a.connect(`${B}:80`).opened).localAddress);
    const servers = await Promise.all(accepts);
    const remotes = await Promise.all(servers.map(async (server) => (await server.opened).remoteAddress));
    expect(remotes).toEqual(opened);
  });

  it('keeps as many waiting as its backlog says', async () => {
    const listener = net.b.listen({ port: 80, backlog: 2 });
    const clients = [1, 2, 3, 4].map(() => net.a.connect(`${B}:80`));
    await Promise.all(clients.slice(0, 2).map(({ opened }) => opened));
    await turns();
    expect(net.b.core.sockets()[0]).toMatchObject({ state: 'LISTEN', waiting: 2, backlog: 2 });
    await listener.accept();
    await listener.accept();
    await Promise.all(clients.map(({ opened }) => opened));
  });

  it('ends iterations when it is closed, resets who waits, and leaves the others', async () => {
    const listener = net.b.listen({ port: 80 });
    const kept = net.a.connect(`${B}:80`);
    const server = await listener.accept();
    const iterating = (async () => {
      let count = 0;
      for await (const _ of listener) count++;
      return count;
    })();
    await listener.close();
    await listener.close();
    expect(await iterating).toBe(0);
    await listener.closed;
    const error = await rejection(listener.accept());
    expect(error).toBeInstanceOf(SocketError);
    expect(error.code).toBe('EBADF');
    await say(kept, 'still here');
    expect(await text(server)).toBe('still here');

    const other = net.b.listen({ port: 80 });
    const waiting = net.a.connect(`${B}:80`);
    await waiting.opened;
    await other.close();
    expect((await rejection(waiting.closed)).code).toBe('ECONNRESET');
  });

  it('gives a connection that was reset before it was accepted, with its failure', async () => {
    const listener = net.b.listen({ port: 80 });
    const client = net.a.connect(`${B}:80`);
    await client.opened;
    await client.writable.abort();
    await turns();
    const server = await listener.accept();
    await server.opened;
    expect((await rejection(server.closed)).code).toBe('ECONNRESET');
    expect((await rejection(text(server))).code).toBe('ECONNRESET');
  });

  it('gives a connection that was finished before it was accepted, with what it said', async () => {
    const listener = net.b.listen({ port: 80 });
    const client = net.a.connect(`${B}:80`);
    await client.opened;
    await say(client, 'and gone');
    await turns();
    const server = await listener.accept();
    expect(await text(server)).toBe('and gone');
    await Promise.all([server.closed, client.closed]);
  });

  it('is disposed of where there is disposal', async () => {
    const listener = net.a.listen({ port: 80, hostname: A });
    if (Symbol.asyncDispose !== undefined) await listener[Symbol.asyncDispose]();
    else await listener.close();
    net.a.listen({ port: 80, hostname: A });
  });
});
