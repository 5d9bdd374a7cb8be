/** Scenarios: how connections are opened, and how that fails. */

import type { AddressInfo, LookupFunction } from 'node:net';
import { answering, closing, freePort } from './helpers.ts';
import { lineOf } from './modules.ts';
import { portOf, type Scenario, stateOf, turns } from './stage.ts';

const ignore = (): void => {};

export const opening: Record<string, Scenario> = {
  'a client is connected and ends': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const client = stage.connect(server);
    stage.note('client', `made ${stateOf(client)}`);
    client.resume();
    client.on('connect', () => client.end(() => stage.note('client', 'end callback')));
    client.on('close', closing(server));
  },
  'the callback of connect comes with the event': async (stage) => {
    const server = await stage.listen((accepted) => accepted.end());
    const client = stage.socket();
    client.resume();
    const self = client.connect(portOf(server), stage.cast.address, () => stage.note('client', 'callback'));
    stage.note('client', `returns itself: ${self === client} ${stateOf(client)}`);
    client.on('close', closing(server));
  },
  'addresses before, while and after a connection': async (stage) => {
    const tell = (party: string, when: string, socket: import('node:net').Socket): void => {
      const own = [socket.localAddress, socket.localFamily, typeof socket.localPort];
      const other = [socket.remoteAddress, socket.remoteFamily, typeof socket.remotePort];
      const address = Object.keys(socket.address()).sort();
      stage.note(party, `${when}: ${[...own, ...other, ...address].join(' ')}`);
    };
    const server = await stage.listen((accepted) => {
      tell('accepted', 'made', accepted);
      accepted.resume().on('close', () => tell('accepted', 'closed', accepted));
    });
    const client = stage.connect(server);
    tell('client', 'made', client);
    client.on('connect', () => {
      tell('client', 'connected', client);
      client.end();
    });
    client.resume().on('close', () => {
      tell('client', 'closed', client);
      server.close();
    });
  },
  'text written before the connection is sent with it': async (stage) => {
    const server = await stage.listen((accepted) => stage.drain('accepted', accepted));
    const client = stage.connect(server);
    client.resume();
    const kept = client.write('hello', () => stage.note('client', `written ${client.bytesWritten}`));
    stage.note('client', `${kept} ${client.bytesWritten} ${client.writableLength} ${client.bufferSize}`);
    client.end('world', () => stage.note('client', 'end callback'));
    stage.note('client', `${client.bytesWritten} ${client.writableLength} ${stateOf(client)}`);
    client.on('close', closing(server));
  },
  'end before the connection': async (stage) => {
    const server = await stage.listen((accepted) => stage.drain('accepted', accepted));
    stage.connect(server).on('close', closing(server)).resume().end();
  },
  'nobody listens': async (stage) => {
    const client = stage.socket();
    client.connect({ port: await freePort(stage), host: stage.cast.address });
  },
  'nobody listens, and text is waiting': async (stage) => {
    const client = stage.socket();
    client.connect({ port: await freePort(stage), host: stage.cast.address });
    client.write('lost', (error) => stage.note('client', `written: ${error?.message.replace(/\d{4,}/, 'PORT')}`));
    client.end(() => stage.note('client', 'end callback'));
  },
  'a name that is not found': (stage) => {
    const lookup: LookupFunction = (hostname, _options, answer) => {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
        code: 'ENOTFOUND',
        errno: -3008,
        syscall: 'getaddrinfo',
        hostname,
      });
      setImmediate(() => answer(error, '', 0));
    };
    stage.socket().connect({ port: 80, host: 'nowhere.invalid', lookup });
  },
  'a resolver that throws': (stage) => {
    const client = stage.socket();
    const lookup: LookupFunction = () => {
      throw new Error('no resolver here');
    };
    try {
      client.connect({ port: 80, host: 'nowhere.invalid', lookup });
    } catch (error) {
      stage.note('client', `throws ${(error as Error).message} ${stateOf(client)}`);
    }
    client.destroy();
  },
  'a resolver that answers at once': async (stage) => {
    const server = await stage.listen((accepted) => accepted.end());
    const lookup: LookupFunction = (_host, _options, answer) => answer(null, stage.cast.address, 4);
    const client = stage.connect(server, { host: 'name.test', lookup, autoSelectFamily: false });
    client.resume().on('close', closing(server));
  },
  'a resolver is asked with what connect was given': async (stage) => {
    const server = await stage.listen((accepted) => accepted.end());
    for (const family of [0, 4, undefined]) {
      for (const autoSelectFamily of [true, false]) {
        const lookup: LookupFunction = (hostname, options, answer) => {
          stage.note('lookup', `${hostname} ${JSON.stringify(options)}`);
          answering(stage.cast.address)(hostname, options, answer);
        };
        const client = stage.cast.client.connect({
          port: portOf(server),
          host: 'name.test',
          lookup,
          autoSelectFamily,
          ...(family === undefined ? {} : { family }),
        });
        client.resume();
        await new Promise((done) => client.on('close', done));
      }
    }
    server.close();
  },
  'a resolver that answers with no address': (stage) => {
    const lookup = ((_host: string, _options: object, answer: (...words: unknown[]) => void) =>
      answer(null, 'nonsense', 4)) as unknown as LookupFunction;
    stage.socket().connect({ port: 80, host: 'name.test', lookup, autoSelectFamily: false });
  },
  'a resolver that answers with an odd family': (stage) => {
    const lookup = ((_host: string, _options: object, answer: (...words: unknown[]) => void) =>
      answer(null, '127.0.0.1', 100)) as unknown as LookupFunction;
    stage.socket().connect({ port: 80, host: 'name.test', lookup, autoSelectFamily: false });
  },
  'one of one family answers where families may be chosen': async (stage) => {
    const server = await stage.listen((accepted) => accepted.end());
    const client = stage.connect(server, {
      host: 'name.test',
      lookup: answering(stage.cast.address),
      autoSelectFamily: true,
    });
    client.resume().on('close', closing(server));
  },
  'a local address that is none of ours': async (stage) => {
    stage.socket().connect({ port: await freePort(stage), host: stage.cast.address, localAddress: '192.0.2.77' });
  },
  'a local port of our own': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const localPort = await freePort(stage);
    const client = stage.connect(server, { localPort });
    client.resume().on('connect', () => {
      stage.note('client', `the port asked for: ${client.localPort === localPort}`);
      client.resetAndDestroy();
    });
    client.on('close', closing(server));
  },
  'connected twice, one time after the other': async (stage) => {
    const server = await stage.listen((accepted) => accepted.end('x'));
    const client = stage.connect(server);
    client.resume();
    let times = 0;
    client.on('close', () => {
      times++;
      stage.note('client', `read ${client.bytesRead} written ${client.bytesWritten}`);
      if (times === 1) client.connect(portOf(server), stage.cast.address);
      else server.close();
    });
    await new Promise<void>((done) => {
      client.on('close', () => times === 2 && done());
    });
  },
  'connect is called again while it connects': async (stage) => {
    const server = await stage.listen((accepted) => accepted.end());
    const client = stage.connect(server);
    client.resume().on('close', closing(server));
    try {
      client.connect(portOf(server), stage.cast.address);
      stage.note('client', 'does not throw');
    } catch (error) {
      stage.note('client', `throws ${(error as Error).message}`);
    }
  },
  'connect is called again when connected': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    const client = stage.connect(server);
    client.resume().on('close', closing(server));
    await new Promise((done) => client.once('connect', done));
    client.once('connect', () => client.end());
    client.connect(portOf(server), stage.cast.address);
    stage.note('client', stateOf(client));
  },
  'a server with a signal': async (stage) => {
    const control = new AbortController();
    const server = await stage.listen(ignore, {}, { signal: control.signal });
    stage.note('server', `listens: ${server.listening}`);
    control.abort();
    stage.note('server', `listens: ${server.listening}`);
  },
  'a server with a signal that is aborted': (stage) => {
    const server = stage.server(ignore);
    server.listen({ port: 0, host: stage.cast.address, signal: AbortSignal.abort() });
    stage.note('server', `listens: ${server.listening}`);
  },
  'listening comes later, the port is known at once': (stage) => {
    const server = stage.server(ignore);
    const self = server.listen(0, () => {
      stage.note('server', 'callback');
      server.close(() => stage.note('server', 'close callback'));
      stage.note('server', `closing ${server.listening} ${String(server.address())}`);
    });
    const { address, family, port } = server.address() as AddressInfo;
    stage.note('server', `${self === server} ${server.listening} ${family} ${address} ${port > 0}`);
  },
  'a server that listens at a host has its address later': (stage) => {
    const server = stage.server(ignore);
    server.listen(0, stage.cast.address, () => server.close());
    stage.note('server', `${server.listening} ${String(server.address())}`);
  },
  'a server is closed before it listens': (stage) => {
    const server = stage.server(ignore);
    server.listen(0, stage.cast.address);
    server.close((error) => stage.note('server', `close callback ${error?.message}`));
  },
  'a server that never listened is closed': (stage) => {
    const server = stage.server(ignore);
    server.close((error) =>
      stage.note('server', `close callback ${(error as NodeJS.ErrnoException | undefined)?.code}`),
    );
  },
  'a server is closed twice': async (stage) => {
    const server = await stage.listen(ignore);
    server.close((error) => stage.note('server', `first ${(error as NodeJS.ErrnoException | undefined)?.code}`));
    server.close((error) => stage.note('server', `second ${(error as NodeJS.ErrnoException | undefined)?.code}`));
  },
  'a server listens again after its end': async (stage) => {
    const server = await stage.listen(ignore);
    await new Promise<void>((done) => server.close(() => done()));
    server.listen(0, stage.cast.address);
    await new Promise((done) => server.once('listening', done));
    stage.note('server', `listens again: ${server.listening}`);
    await new Promise<void>((done) => server.close(() => done()));
  },
  'two servers at one port': async (stage) => {
    const first = await stage.listen(ignore);
    const second = stage.cast.server.createServer();
    second.on('error', (error) => {
      stage.note('second', String((error as NodeJS.ErrnoException).code));
      stage.note('second', error.message.replace(/\d+$/, 'PORT'));
      stage.note('second', `listens: ${second.listening} ${String(second.address())}`);
      first.close();
    });
    second.on('close', () => stage.note('second', 'close'));
    second.on('listening', () => stage.note('second', 'listening'));
    second.listen(portOf(first), stage.cast.address);
  },
  'a server at an address that is none of ours': async (stage) => {
    const server = stage.cast.server.createServer();
    server.on('error', (error) => stage.note('server', lineOf(error)));
    server.on('close', () => stage.note('server', 'close'));
    const failed = new Promise((done) => server.once('error', done));
    server.listen(1234, '192.0.2.77');
    await failed;
    await turns(2);
  },
  'a server whose name is not found': async (stage) => {
    const server = stage.cast.server.createServer();
    const failed = new Promise((done) => server.on('error', done));
    server.listen(0, 'nowhere.invalid');
    const { code, syscall, hostname } = (await failed) as NodeJS.ErrnoException & { hostname: string };
    stage.note('server', `${syscall} ${/^(ENOTFOUND|EAI_AGAIN)$/.test(code!)} ${hostname}`);
  },
  'connections are counted': async (stage) => {
    const count = (when: string): Promise<void> =>
      new Promise((done) => {
        const self = server.getConnections((error, number) => {
          stage.note('server', `${when}: ${String(error)} ${number}`);
          done();
        });
        stage.note('server', `asked ${self === server}`);
      });
    const server = await stage.listen((accepted) => accepted.resume());
    await count('none');
    const accepting = new Promise((done) => server.once('connection', done));
    const client = stage.connect(server);
    client.resume();
    await Promise.all([accepting, new Promise((done) => client.once('connect', done))]);
    await count('one');
    client.end();
    await new Promise((done) => client.on('close', done));
    await turns(3);
    await count('after');
    await new Promise((done) => server.close(done));
    await count('closed');
  },
  'more connections than the server wants': async (stage) => {
    const server = await stage.listen((accepted) => accepted.resume());
    server.maxConnections = 1;
    const first = stage.connect(server);
    first.resume();
    await new Promise((done) => server.once('connection', done));
    const second = stage.connect(server, {}, 'refused');
    second.resume();
    await new Promise((done) => second.on('close', done));
    first.end().on('close', closing(server));
  },
};
