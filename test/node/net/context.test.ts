/** What travels with sockets besides octets: asynchronous contexts, hooks, channels of diagnostics, rejections of async listeners. */

import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { BOTH, host, lineOf, type Net, tsyn } from './modules.ts';
import { portOf, sleep, turns } from './stage.ts';

const storage = new AsyncLocalStorage<string>();

/** Which store each callback of a conversation sees, by party and event. */
async function contexts(net: Net): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const note = (event: string): void => {
    seen[event] ??= storage.getStore() ?? 'none';
  };
  const server = storage.run('listen', () => {
    const made = net.createServer((accepted) => {
      note('server connection');
      for (const event of ['data', 'end', 'finish', 'close']) accepted.on(event, () => note(`accepted ${event}`));
      accepted.write('hello', () => note('accepted written'));
    });
    return made.listen(0, '127.0.0.1', () => note('server listening'));
  });
  await once(server, 'listening');
  const client = storage.run('connect', () => net.connect(portOf(server), '127.0.0.1', () => note('client callback')));
  for (const event of ['connectionAttempt', 'connect', 'ready', 'data', 'end', 'finish', 'timeout', 'close']) {
    client.on(event, () => note(`client ${event}`));
  }
  await once(client, 'data');
  await new Promise<void>((done) => {
    storage.run('timeout', () => {
      client.setTimeout(10, () => {
        note('client idle');
        done();
      });
    });
  });
  storage.run('write', () => client.write('x', () => note('client written')));
  storage.run('end', () => client.end(() => note('client ended')));
  await once(client, 'close');
  storage.run('count', () => server.getConnections(() => note('server counted')));
  await turns(3);
  storage.run('close', () => server.close(() => note('server closed')));
  await once(server, 'close');
  return seen;
}

/** The types of resources of the system that a conversation makes. */
async function resources(net: Net): Promise<string[]> {
  const types = new Set<string>();
  const hook = createHook({ init: (_id, type) => void (/WRAP$/.test(type) && types.add(type)) }).enable();
  try {
    const server = net.createServer((accepted) => accepted.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = net.connect(portOf(server), '127.0.0.1');
    client.resume();
    // Too much to be taken at once: that would be a request which is over before it is one.
    client.end(Buffer.alloc(20_000_000));
    await once(client, 'close');
    server.close();
    await once(server, 'close');
  } finally {
    hook.disable();
  }
  return [...types].sort();
}

describe('asynchronous contexts', () => {
  it('are the same as with node:net, in every event', async () => {
    const expected = await contexts(host);
    expect(Object.keys(expected).length).toBeGreaterThanOrEqual(18);
    expect(await contexts(tsyn)).toEqual(expected);
  });
});

describe('async_hooks', () => {
  it('see the kinds of resources that node:net has', async () => {
    const expected = await resources(host);
    expect(expected).toContain('TCPWRAP');
    const names = expected.filter((type) => type.startsWith('TCP'));
    const own = await resources(tsyn);
    expect(own.filter((type) => type.startsWith('TCP'))).toEqual(names);
  });
});

describe.each(BOTH)('%s', (_name, net) => {
  it('publishes sockets of both sides', async () => {
    const published: string[] = [];
    const clients: unknown[] = [];
    const onClient = (message: unknown): void => void clients.push((message as { socket: Socket }).socket);
    const onServer = (message: unknown): void => {
      published.push(`${typeof (message as { socket: Socket }).socket.remotePort}`);
    };
    subscribe('net.client.socket', onClient);
    subscribe('net.server.socket', onServer);
    try {
      const server = net.createServer((accepted) => accepted.end()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = net.connect(portOf(server), '127.0.0.1');
      expect(clients).toEqual([client]);
      client.resume();
      await once(client, 'close');
      expect(published).toEqual(['number']);
      server.close();
    } finally {
      unsubscribe('net.client.socket', onClient);
      unsubscribe('net.server.socket', onServer);
    }
  });

  it('destroys the socket whose listener rejects, with the reason', async () => {
    EventEmitter.captureRejections = true;
    const told: string[] = [];
    try {
      const server = net.createServer(async (accepted) => {
        accepted.on('error', (error) => told.push(lineOf(error)));
        throw new Error('not today');
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = net.connect(portOf(server), '127.0.0.1');
      client.on('error', () => {}).resume();
      await once(client, 'close');
      server.close();
      await once(server, 'close');
    } finally {
      EventEmitter.captureRejections = false;
    }
    expect(told).toEqual(['Error: not today {}']);
  });

  it('frees the port of a connection that was aborted', async () => {
    const server = net.createServer((accepted) => accepted.on('error', () => {}).resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const spare = net.createServer().listen(0, '127.0.0.1');
    await once(spare, 'listening');
    const localPort = portOf(spare);
    spare.close();
    await once(spare, 'close');
    const control = new AbortController();
    const client = net.connect({
      port: portOf(server),
      host: '127.0.0.1',
      localPort,
      signal: control.signal,
    } as object as {
      port: number;
    });
    const failed = once(client, 'error');
    control.abort();
    expect(((await failed)[0] as Error).name).toBe('AbortError');
    await sleep(20);
    const again = net.createServer().listen(localPort, '127.0.0.1');
    await once(again, 'listening');
    again.close();
    server.close();
  });
});
