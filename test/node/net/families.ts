/** Scenarios: addresses of both families on one host's loopback, and connections that choose among them. */

import type { AddressInfo } from 'node:net';
import { answering, closing, freePort } from './helpers.ts';
import { portOf, type Scenario } from './stage.ts';

/** A server on 127.0.0.1, and a client to a name of two families, in this order. */
function ofTwo(first: string, second: string): Scenario {
  return async (stage) => {
    const server = await stage.listen((accepted) => accepted.end(), {}, { host: '127.0.0.1' });
    const client = stage.connect(server, {
      host: 'name.test',
      lookup: answering(first, second),
      autoSelectFamily: true,
    });
    client.resume().on('close', () => {
      stage.note(
        'client',
        String(client.autoSelectFamilyAttemptedAddresses?.map((each) => each.replace(/\d+$/, 'PORT'))),
      );
      server.close();
    });
  };
}

export const families: Record<string, Scenario> = {
  'the first of two families answers': ofTwo('127.0.0.1', '::1'),
  'the second of two families answers': ofTwo('::1', '127.0.0.1'),
  'none of two families answers': async (stage) => {
    const port = await freePort(stage);
    stage.socket().connect({ port, host: 'name.test', lookup: answering('::1', '127.0.0.1'), autoSelectFamily: true });
  },
  'a local port that is taken': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const client = stage.connect(server, { localPort: portOf(server), localAddress: stage.cast.address });
    client.on('close', closing(server));
  },
  'families of servers and their clients': async (stage) => {
    for (const [at, ipv6Only, to] of [
      ['::', false, '127.0.0.1'],
      ['::', false, '::1'],
      ['::', true, '::1'],
      ['::', true, '127.0.0.1'],
      ['::1', false, '::1'],
      ['0.0.0.0', false, '127.0.0.1'],
      ['0.0.0.0', false, '::1'],
    ] as const) {
      const net = stage.cast.server;
      const server = net.createServer((accepted) => {
        const at = `${accepted.localAddress} ${accepted.localFamily} ${accepted.remoteAddress} ${accepted.remoteFamily}`;
        stage.note('accepted', at);
        accepted.end();
      });
      server.listen({ port: 0, host: at, ipv6Only });
      await new Promise((done) => server.once('listening', done));
      const { address, family } = server.address() as AddressInfo;
      stage.note('server', `${address} ${family}`);
      await new Promise((done) => {
        const client = net.connect(portOf(server), to);
        client.resume().on('connect', () => stage.note('client', `${client.remoteAddress} ${client.remoteFamily}`));
        client.on('error', ({ message }) => stage.note('client', message.replace(/\d+$/, 'PORT'))).on('close', done);
      });
      await new Promise((done) => server.close(done));
    }
  },
};
