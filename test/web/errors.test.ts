import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSockets, SocketError } from '../../src/web/index.ts';
import { B, connected, type Pair, pair, rejection, thrown } from './pair.ts';

let net: Pair;
beforeEach(() => {
  net = pair({ tcp: { synTimeout: 1500 } });
});
afterEach(() => net.close());

/** A SocketError of the code, which every rejection is. */
function isTyped(error: Error & { code?: string }, code: string): void {
  expect(error).toBeInstanceOf(SocketError);
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toMatch(/^SocketError: /);
  expect(error.code).toBe(code);
}

describe('wrong arguments', () => {
  it('of connect are named at once', () => {
    const bad = (call: () => unknown, words: RegExp): void => {
      const error = thrown(call);
      isTyped(error, 'ERR_INVALID_ARG_VALUE');
      expect(error.message).toMatch(words);
    };
    const { a } = net;
    for (const address of ['', 'host', 'host:', ':80', 'fd00::2:80', '[fd00::2]', 'host:port', 'host:80x', 'a b:80']) {
      bad(() => a.connect(address), /address must be|hostname must be/);
    }
    for (const port of [0, -1, 65_536, 1.5, Number.NaN, '80', null, undefined]) {
      bad(() => a.connect({ hostname: B, port: port as number }), /port must be an integer from 1 to 65535/);
    }
    for (const hostname of ['', null, undefined, 7, 'http://x', 'x@y']) {
      bad(() => a.connect({ hostname: hostname as string, port: 80 }), /hostname must be/);
    }
    bad(() => a.connect(null as never), /address must be/);
    bad(() => a.connect('10.0.0.2:70000'), /port must be/);
    bad(() => a.connect(`${B}:80`, null as never), /options must be an object/);
    bad(() => a.connect(`${B}:80`, { secureTransport: 'tls' as never }), /secureTransport must be/);
    bad(() => a.connect(`${B}:80`, { allowHalfOpen: 1 as never }), /allowHalfOpen must be a boolean/);
    bad(() => a.connect(`${B}:80`, { signal: {} as never }), /signal must be an AbortSignal/);
    bad(() => createSockets(a.core, { resolve: 'dns' as never }), /resolve must be a function/);
    expect(a.core.sockets()).toEqual([]);
  });

  it('of TCP reject the connection', async () => {
    const client = net.a.connect(`${B}:80`, { options: { nodelay: true } as never });
    isTyped(await rejection(client.opened), 'ERR_INVALID_ARG_VALUE');
    expect((await rejection(client.closed)).message).toContain('nodelay');
  });

  it('of listen are named at once', () => {
    const codes = (call: () => unknown, code: string): void => isTyped(thrown(call), code);
    const { b } = net;
    for (const port of [-1, 65_536, '80', undefined]) {
      codes(() => b.listen({ port: port as number }), 'ERR_INVALID_ARG_VALUE');
    }
    codes(() => b.listen(undefined as never), 'ERR_INVALID_ARG_VALUE');
    codes(() => b.listen({ port: 80, backlog: 0 }), 'ERR_INVALID_ARG_VALUE');
    codes(() => b.listen({ port: 80, signal: 'no' as never }), 'ERR_INVALID_ARG_VALUE');
    codes(() => b.listen({ port: 80, hostname: 'example.org' }), 'ENOTFOUND');
    codes(() => b.listen({ port: 80, hostname: '192.0.2.1' }), 'EADDRNOTAVAIL');
    b.listen({ port: 80 });
    codes(() => b.listen({ port: 80 }), 'EADDRINUSE');
    codes(() => b.listen({ port: 81, signal: AbortSignal.abort() }), 'ABORT_ERR');
  });

  it('of a write reset the connection, which is no orderly end', async () => {
    for (const chunk of ['text', 7, null, undefined, {}, [1, 2]]) {
      const [client, server] = await connected(net);
      const error = await rejection(client.writable.getWriter().write(chunk as never));
      isTyped(error, 'ERR_INVALID_ARG_VALUE');
      expect(error.message).toContain('chunk must be');
      isTyped(await rejection(client.closed), 'ERR_INVALID_ARG_VALUE');
      isTyped(await rejection(server.closed), 'ECONNRESET');
    }
  });
});

describe('a connection that does not come about', () => {
  const failures: [string, string, string][] = [
    ['is refused', `${B}:81`, 'ECONNREFUSED'],
    ['has no route', '203.0.113.1:80', 'ENETUNREACH'],
    ['finds nobody who answers', '10.0.0.77:80', 'ETIMEDOUT'],
    ['has no such name', 'example.org:80', 'ENOTFOUND'],
  ];
  for (const [what, target, code] of failures) {
    it(`${what}: ${code}, on every promise and stream`, async () => {
      const client = net.a.connect(target);
      const writer = client.writable.getWriter();
      const reader = client.readable.getReader();
      const write = writer.write(new Uint8Array(1));
      const all = [client.opened, client.closed, write, writer.closed, reader.read(), reader.closed];
      const errors = await Promise.all(all.map(rejection));
      for (const error of errors) isTyped(error, code);
      expect(net.a.core.sockets()).toEqual([]);
    });
  }

  it('says who refused, as Node does', async () => {
    const error = await rejection(net.a.connect(`${B}:81`).opened);
    expect(error).toMatchObject({ name: 'SocketError', syscall: 'connect', address: B, port: 81 });
    expect(error.message).toBe(`SocketError: connect ECONNREFUSED ${B}:81`);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('has a resolver that fails, knows nothing or answers nonsense: ENOTFOUND, with the cause', async () => {
    const cause = new Error('SERVFAIL');
    const answers: (() => unknown)[] = [
      () => Promise.reject(cause),
      () => {
        throw cause;
      },
      () => [],
      () => 'nonsense',
      () => undefined,
      () => [7],
    ];
    for (const [i, answer] of answers.entries()) {
      const sockets = createSockets(net.a.core, { resolve: answer as never });
      const error = await rejection(sockets.connect('example.org:80').opened);
      isTyped(error, 'ENOTFOUND');
      expect(error).toMatchObject({ syscall: 'getaddrinfo', hostname: 'example.org' });
      expect(error.cause).toBe(i < 2 ? cause : undefined);
    }
  });

  it('asks for TLS, and is told what to do instead', async () => {
    for (const secureTransport of ['on', 'starttls'] as const) {
      const client = net.a.connect(`${B}:80`, { secureTransport });
      const error = await rejection(client.opened);
      isTyped(error, 'ERR_TLS_NOT_SUPPORTED');
      expect(error.message).toContain('TLS library over readable and writable');
      isTyped(await rejection(client.closed), 'ERR_TLS_NOT_SUPPORTED');
    }
    const [client] = await connected(net);
    expect([client.secureTransport, client.upgraded]).toEqual(['off', false]);
    isTyped(
      thrown(() => client.startTls()),
      'ERR_INVALID_STATE',
    );
  });
});
