/**
 * Failures of the path and of the peer's host, on a stack of our own. The kernel would need minutes, or a network that is broken: the
 * code, the syscall and the words are those of Node's errors for the same `errno`.
 */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createNet } from '../../../src/node/net/index.ts';
import type { Stack } from '../../../src/stack/index.ts';
import { twoStacks } from './casts.ts';
import { answering } from './helpers.ts';
import { lineOf, tsyn } from './modules.ts';
import { portOf, sleep } from './stage.ts';

async function failure(socket: Socket): Promise<{ error: string; events: string[] }> {
  const events: string[] = [];
  for (const event of ['connectionAttempt', 'connectionAttemptFailed', 'connect', 'end', 'error', 'close'] as const) {
    (socket as NodeJS.EventEmitter).on(event, () => events.push(event));
  }
  const told = once(socket, 'error');
  const [error] = await told;
  await once(socket, 'close');
  return { error: lineOf(error), events };
}

/** The cable is out, and nobody is told. */
function fallSilent(stack: Stack): void {
  stack
    .interfaces()
    .find(({ name }) => name === 'pipe0')!
    .setUp(false);
}

const impatient = { tcp: { synR2: 300, r2: 300, orphanR2: 300, minRto: 50 } };

describe('a peer that', () => {
  it('is not there: ETIMEDOUT, when the SYN has been repeated for long enough', async () => {
    const { client } = twoStacks(impatient);
    const { error, events } = await failure(client.connect(8080, '10.0.0.77'));
    expect(error).toBe(
      'Error: connect ETIMEDOUT 10.0.0.77:PORT {code=ETIMEDOUT errno=-110 syscall=connect address=10.0.0.77 port=PORT}',
    );
    expect(events).toEqual(['connectionAttempt', 'connectionAttemptFailed', 'error', 'close']);
  });

  it('falls silent: read ETIMEDOUT, when text has been repeated for long enough', async () => {
    const { client, server, address, hosts } = twoStacks(impatient);
    const listening = server.createServer((accepted) => accepted.on('error', () => {}).resume()).listen(0, address);
    await once(listening, 'listening');
    const socket = client.connect(portOf(listening), address);
    socket.resume();
    await once(socket, 'connect');
    fallSilent(hosts.server);
    socket.write('into the void');
    const { error, events } = await failure(socket);
    expect(error).toBe('Error: read ETIMEDOUT {code=ETIMEDOUT errno=-110 syscall=read}');
    expect(events).toEqual(['error', 'close']);
    listening.close();
  });

  it('falls silent while nothing is sent: keep-alive finds out', async () => {
    const { client, server, address, hosts } = twoStacks({}, { keepAliveInterval: 100, keepAliveProbes: 3 });
    const listening = server.createServer((accepted) => accepted.on('error', () => {}).resume()).listen(0, address);
    await once(listening, 'listening');
    const keepAlive = { keepAlive: true, keepAliveInitialDelay: 1000 };
    const socket = client.connect({ port: portOf(listening), host: address, ...keepAlive });
    socket.resume();
    await once(socket, 'connect');
    fallSilent(hosts.server);
    const { error } = await failure(socket);
    expect(error).toBe('Error: read ETIMEDOUT {code=ETIMEDOUT errno=-110 syscall=read}');
    listening.close();
  });

  it('no route leads to: ENETUNREACH, at once', async () => {
    const { error, events } = await failure(tsyn.connect(8080, '192.0.2.1'));
    expect(error).toBe(
      'Error: connect ENETUNREACH 192.0.2.1:PORT - Local (0.0.0.0:0) {code=ENETUNREACH errno=-101 syscall=connect address=192.0.2.1 port=PORT}',
    );
    expect(events).toEqual(['connectionAttempt', 'error', 'close']);
  });

  it('is silent, while another address answers: the attempt is given up in time', async () => {
    const { client, server, address } = twoStacks();
    const listening = server.createServer((accepted) => accepted.end()).listen(0, address);
    await once(listening, 'listening');
    const events: string[] = [];
    const socket = client.connect({
      port: portOf(listening),
      host: 'name.test',
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 50,
      lookup: answering('10.0.0.77', address),
    });
    for (const event of [
      'connectionAttempt',
      'connectionAttemptFailed',
      'connectionAttemptTimeout',
      'connect',
      'error',
      'close',
    ]) {
      (socket as NodeJS.EventEmitter).on(event, (ip: unknown) =>
        events.push(typeof ip === 'string' ? `${event} ${ip}` : event),
      );
    }
    socket.resume();
    await once(socket, 'close');
    expect(events).toEqual([
      'connectionAttempt 10.0.0.77',
      'connectionAttemptTimeout 10.0.0.77',
      'connectionAttempt 10.0.0.2',
      'connect',
      'close',
    ]);
    listening.close();
  });

  it('is silent at every address: all attempts are in one error', async () => {
    const { client } = twoStacks(impatient);
    const socket = client.connect({
      port: 8080,
      host: 'name.test',
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: 50,
      lookup: answering('10.0.0.77', '10.0.0.78'),
    });
    const [error] = (await once(socket, 'error')) as [AggregateError & { code: string }];
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.code).toBe('ETIMEDOUT');
    expect(error.errors.map((each) => each.message)).toEqual([
      'connect ETIMEDOUT 10.0.0.77:8080',
      'connect ETIMEDOUT 10.0.0.78:8080',
    ]);
  });

  it('refuses from afar says so with the address', async () => {
    const { client, address } = twoStacks();
    const { error } = await failure(client.connect(8080, address));
    expect(error).toBe(
      'Error: connect ECONNREFUSED 10.0.0.2:PORT {code=ECONNREFUSED errno=-111 syscall=connect address=10.0.0.2 port=PORT}',
    );
  });
});

describe('a module for a stack', () => {
  it('has its own addresses, ports and defaults', async () => {
    const { client, server, hosts } = twoStacks();
    const first = client.createServer().listen(7000);
    const second = server.createServer().listen(7000);
    await Promise.all([once(first, 'listening'), once(second, 'listening')]);
    client.setDefaultAutoSelectFamilyAttemptTimeout(777);
    expect(server.getDefaultAutoSelectFamilyAttemptTimeout()).not.toBe(777);
    expect(tsyn.getDefaultAutoSelectFamilyAttemptTimeout()).not.toBe(777);
    const again = createNet(hosts.client).createServer().listen(7000);
    const [error] = await once(again, 'error');
    expect(error.code).toBe('EADDRINUSE');
    first.close();
    second.close();
  });

  it('asks its own resolver', async () => {
    const { server, hosts, address } = twoStacks();
    const asked: string[] = [];
    const client = createNet(hosts.client, {
      lookup: (name, options, answer) => {
        asked.push(name);
        if (options.all === true) answer(null, [{ address, family: 4 }]);
        else answer(null, address, 4);
      },
    });
    const listening = server.createServer((accepted) => accepted.end('hello')).listen(0, address);
    await once(listening, 'listening');
    const socket = client.connect(portOf(listening), 'service.test');
    const [data] = await once(socket, 'data');
    expect([String(data), asked]).toEqual(['hello', ['service.test']]);
    listening.close();
    await sleep(1);
  });
});
