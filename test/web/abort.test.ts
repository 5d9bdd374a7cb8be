import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SocketError } from '../../src/web/index.ts';
import { B, connected, type Pair, pair, rejection, text, thrown } from './pair.ts';

let net: Pair;
beforeEach(() => {
  net = pair();
});
afterEach(() => net.close());

function isAbort(error: Error & { code?: string }, cause: unknown): void {
  expect(error).toBeInstanceOf(SocketError);
  expect([error.name, error.code]).toEqual(['AbortError', 'ABORT_ERR']);
  expect(error.cause).toBe(cause);
}

describe('an aborted signal', () => {
  it('frees the port of a connection that is being opened, at once', async () => {
    const abort = new AbortController();
    const client = net.a.connect('10.0.0.77:80', { signal: abort.signal });
    expect(net.a.core.sockets()).toHaveLength(1);
    const reason = new Error('too slow');
    abort.abort(reason);
    expect(net.a.core.sockets()).toEqual([]);
    for (const promise of [client.opened, client.closed, text(client), client.writable.getWriter().closed]) {
      isAbort(await rejection(promise), reason);
    }
  });

  it('resets a connection that is open', async () => {
    const listener = net.b.listen({ port: 80 });
    const abort = new AbortController();
    const client = net.a.connect(`${B}:80`, { signal: abort.signal });
    await client.opened;
    const server = await listener.accept();
    const reading = text(client);
    abort.abort('enough');
    expect(net.a.core.sockets()).toEqual([]);
    isAbort(await rejection(reading), 'enough');
    isAbort(await rejection(client.closed), 'enough');
    expect((await rejection(server.closed)).code).toBe('ECONNRESET');
    expect(net.b.core.sockets().filter(({ state }) => state !== 'LISTEN')).toEqual([]);
  });

  it('frees the port of a connection that is closing', async () => {
    const listener = net.b.listen({ port: 80, allowHalfOpen: true });
    const abort = new AbortController();
    const client = net.a.connect(`${B}:80`, { signal: abort.signal });
    await client.opened;
    await listener.accept();
    await client.close();
    expect(net.a.core.sockets().map(({ state }) => state)).toEqual(['FIN-WAIT-1']);
    abort.abort();
    expect(net.a.core.sockets()).toEqual([]);
    await client.closed;
  });

  it('from the start leaves no trace', async () => {
    const signal = AbortSignal.abort('never');
    isAbort(await rejection(net.a.connect(`${B}:80`, { signal }).opened), 'never');
    isAbort(await rejection(net.a.connectTcp({ host: B, port: 80, signal })), 'never');
    isAbort(await rejection(net.a.openUdp({ signal })), 'never');
    isAbort(await rejection(net.a.ping(B, { signal })), 'never');
    isAbort(
      thrown(() => net.a.listen({ port: 80, signal })),
      'never',
    );
    expect(net.a.core.sockets()).toEqual([]);
  });

  it('ends the look-up of a name', async () => {
    await net.close();
    const heard: unknown[] = [];
    net = pair({
      resolve: (_, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            heard.push(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    const abort = new AbortController();
    const client = net.a.connect('example.org:80', { signal: abort.signal });
    abort.abort('late');
    isAbort(await rejection(client.opened), 'late');
    expect(heard).toEqual(['late']);
    expect(net.driver.retained).toBe(0);
  });

  it('frees the port of a listener, and tells who waits', async () => {
    const abort = new AbortController();
    const listener = net.b.listen({ port: 80, signal: abort.signal });
    const waiting = [listener.accept(), listener.accept()];
    abort.abort('closing time');
    for (const accept of [...waiting, listener.closed, listener.accept()]) {
      isAbort(await rejection(accept), 'closing time');
    }
    net.b.listen({ port: 80 });
  });

  it('frees the port of a UDP socket, and tells who reads', async () => {
    const abort = new AbortController();
    const udp = await net.a.openUdp({ port: 53, signal: abort.signal });
    const reading = udp.readable.getReader().read();
    abort.abort('silence');
    isAbort(await rejection(reading), 'silence');
    isAbort(await rejection(udp.closed), 'silence');
    await net.a.openUdp({ port: 53 });
  });

  it('ends a ping', async () => {
    const abort = new AbortController();
    const session = await net.a.createPingSession({ host: '10.0.0.77', timeout: 60_000 });
    const waiting = [
      session.ping({ signal: abort.signal }),
      net.a.ping('10.0.0.77', { signal: abort.signal, timeout: 60_000 }),
    ];
    abort.abort('no answer');
    for (const ping of waiting) isAbort(await rejection(ping), 'no answer');
    expect(net.driver.retained).toBe(0);
  });

  it('is not listened to when it cannot matter any more', async () => {
    const listeners = new Set<unknown>();
    const { signal } = new AbortController();
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>): void => {
      listeners.add(args[1]);
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
      listeners.delete(args[1]);
      remove(...args);
    };
    const listener = net.b.listen({ port: 80, signal });
    const client = net.a.connect(`${B}:80`, { signal });
    const server = await listener.accept();
    await client.opened;
    const refused = net.a.connect(`${B}:81`, { signal });
    await rejection(refused.closed);
    const udp = await net.a.openUdp({ signal });
    await net.a.ping(B, { signal });
    expect(listeners.size).toBe(3);
    await Promise.all([client.writable.close(), client.readable.cancel(), server.readable.cancel(), udp.close()]);
    await Promise.all([client.closed, server.closed, listener.close()]);
    expect(listeners.size).toBe(0);
  });
});

describe('what is retained', () => {
  it('is what is open', async () => {
    const { driver, a, b } = net;
    expect(driver.retained).toBe(0);
    const [client, server] = await connected(net);
    expect(driver.retained).toBe(2);
    const listener = b.listen({ port: 81 });
    const udp = await a.openUdp();
    expect(driver.retained).toBe(4);
    await Promise.all([listener.close(), udp.close()]);
    await Promise.all([client.writable.close(), client.readable.cancel(), server.readable.cancel()]);
    await Promise.all([client.closed, server.closed]);
    expect(driver.retained).toBe(0);
  });
});
