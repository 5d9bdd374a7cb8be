import { describe, expect, it } from 'vitest';
import { linesOf, registered } from '../helpers/registered.ts';

/** A client and a server each: what a program has opened and accepted on the stack. */
const ONE_EACH = '[1,1]';

describe('a program under tsyn/register', () => {
  it('has sockets of the stack from node:net, as a module and by names', async () => {
    const lines = await linesOf(`
      import net, { connect, createServer, Socket } from 'node:net';
      import { createRequire } from 'node:module';
      const required = createRequire(import.meta.url)('net');
      say(connect === net.connect, required === net, Socket === required.Socket, createServer === required.createServer);
      const server = createServer((socket) => socket.pipe(socket)).listen(0, () => {
        const socket = connect(server.address().port, 'localhost', () => socket.end('there and back'));
        socket.on('data', (data) => say(String(data), socket instanceof Socket)).on('close', () => {
          server.close();
          say(opened());
        });
      });
    `);
    expect(lines).toEqual(['true true true true', 'there and back true', ONE_EACH]);
  });

  it('has them as a CommonJS program too, with --require', async () => {
    const lines = await linesOf(
      `const net = require('net');
       const server = net.createServer((socket) => socket.end('hello')).listen(0, () => {
         net.connect(server.address().port).on('data', (data) => console.log(String(data))).on('close', () => server.close());
       });
       import('tsyn/register').then(({ stack }) => process.on('exit', () => console.log(stack.mib.tcp.TcpActiveOpens)));`,
      { type: 'commonjs', flags: ['--no-warnings', '--require', 'tsyn/register'] },
    );
    expect(lines).toEqual(['hello', '1']);
  });

  it('has them in http: agents, requests without an agent, servers', async () => {
    const lines = await linesOf(`
      import http from 'node:http';
      const server = http.createServer((request, response) => {
        response.end(request.socket.remoteAddress + ' asks for ' + request.url);
      });
      await once(server.listen(0), 'listening');
      const { port } = server.address();
      const get = async (options) => {
        const [response] = await once(http.get({ port, ...options }), 'response');
        say(await text(response));
      };
      await get({ path: '/agent' });
      await get({ path: '/alone', agent: false });
      await get({ path: '/ipv4', agent: false, host: '127.0.0.1' });
      server.close();
      say(opened());
    `);
    const asks = (path: string): string => `::ffff:127.0.0.1 asks for ${path}`;
    expect(lines.map((line) => line.replace(/^::1 /, '::ffff:127.0.0.1 '))).toEqual([
      asks('/agent'),
      asks('/alone'),
      asks('/ipv4'),
      '[3,3]',
    ]);
  });

  it('has them in https and tls, with the addresses of both ends', async () => {
    const lines = await linesOf(`
      import https from 'node:https';
      import tls from 'node:tls';
      const { key, cert } = certificate();
      const server = https.createServer({ key, cert }, ({ socket }, response) => {
        const { remoteAddress, localAddress, localPort, remotePort } = socket;
        response.end([remoteAddress, localAddress, localPort === server.address().port, remotePort].join(' '));
      });
      await once(server.listen(0), 'listening');
      const { port } = server.address();
      const request = https.get({ host: '127.0.0.1', port, ca: cert });
      const [response] = await once(request, 'response');
      const { socket } = request;
      const mine = ['::ffff:' + socket.localAddress, '::ffff:' + socket.remoteAddress, socket.remotePort === port, socket.localPort].join(' ');
      say((await text(response)) === mine, socket.authorized, socket.encrypted);
      const events = [];
      const secure = tls.connect({ host: 'localhost', port, ca: cert, ALPNProtocols: ['http/1.1'], servername: 'localhost' });
      say(secure.connecting, secure instanceof tls.TLSSocket);
      for (const name of ['lookup', 'connect', 'secureConnect', 'close']) secure.once(name, () => events.push(name));
      await once(secure, 'secureConnect');
      say(secure.alpnProtocol, secure.setNoDelay().setKeepAlive(true, 2000) === secure);
      secure.end();
      await once(secure.resume(), 'close');
      say(events);
      server.close();
      say(opened());
    `);
    expect(lines).toEqual([
      'true true true',
      'true true',
      'http/1.1 true',
      '["lookup","connect","secureConnect","close"]',
      '[2,2]',
    ]);
  });

  it('has them in http2, with and without TLS', async () => {
    const lines = await linesOf(`
      import http2 from 'node:http2';
      const { key, cert } = certificate();
      for (const [scheme, server] of [['http', http2.createServer()], ['https', http2.createSecureServer({ key, cert })]]) {
        server.on('request', ({ socket }, response) => response.end(scheme + ' ' + socket.remoteAddress));
        await once(server.listen(0, '127.0.0.1'), 'listening');
        const client = http2.connect(scheme + '://localhost:' + server.address().port, { ca: cert });
        say(await text(client.request({ ':path': '/' })));
        client.close();
        await new Promise((done) => server.close(done));
      }
      say(opened());
    `);
    expect(lines).toEqual(['http 127.0.0.1', 'https 127.0.0.1', '[2,2]']);
  });

  it('has them in fetch', async () => {
    const lines = await linesOf(`
      import http from 'node:http';
      const server = http.createServer((request, response) => request.pipe(response));
      await once(server.listen(0), 'listening');
      const response = await fetch('http://localhost:' + server.address().port, { method: 'POST', body: 'fetched' });
      say(await response.text(), opened());
      server.close();
      server.closeAllConnections();
    `);
    expect(lines).toEqual([`fetched ${ONE_EACH}`]);
  });

  it('has TLS over a socket it has connected itself, and a TLSSocket it has made', async () => {
    const lines = await linesOf(`
      import net from 'node:net';
      import tls from 'node:tls';
      const { key, cert } = certificate();
      const server = net.createServer((socket) => {
        const secure = new tls.TLSSocket(socket, { isServer: true, key, cert });
        say(socket instanceof net.Socket, secure instanceof tls.TLSSocket, secure instanceof net.Socket);
        secure.end('for ' + secure.remoteAddress);
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const socket = net.connect(server.address().port, '127.0.0.1');
      say(await text(tls.connect({ socket, host: 'localhost', ca: cert })));
      server.close();
    `);
    expect(lines).toEqual(['true true true', 'for 127.0.0.1']);
  });

  it('is told what Node tells where nobody listens and where there is no way', async () => {
    const lines = await linesOf(`
      import http from 'node:http';
      import net from 'node:net';
      import tls from 'node:tls';
      const fails = async (emitter) => {
        const events = [];
        emitter.on('error', (error) => events.push([error.code, error.syscall, error.address, error.port, error.message]));
        await new Promise((done) => emitter.on('close', done));
        for (const event of events) say(event);
      };
      await fails(net.connect(9, '127.0.0.1'));
      await fails(tls.connect(9, '127.0.0.1'));
      await fails(http.get({ host: '127.0.0.1', port: 9 }));
      await fails(net.connect(80, '192.0.2.1'));
      await fails(tls.connect(443, '192.0.2.1'));
    `);
    const refused = '["ECONNREFUSED","connect","127.0.0.1",9,"connect ECONNREFUSED 127.0.0.1:9"]';
    const unreachable = (port: number): string =>
      `["ENETUNREACH","connect","192.0.2.1",${port},"connect ENETUNREACH 192.0.2.1:${port} - Local (0.0.0.0:0)"]`;
    expect(lines).toEqual([refused, refused, refused, unreachable(80), unreachable(443)]);
  });

  it('is told of wrong arguments as Node tells it', async () => {
    const lines = await linesOf(`
      import net from 'node:net';
      import tls from 'node:tls';
      for (const call of [() => tls.connect({ port: 65536 }), () => tls.connect({}), () => net.connect({ port: -1 }), () => net.createServer(7)]) {
        try { call(); say('nothing'); } catch (error) { say(error.code); }
      }
    `);
    expect(lines).toEqual(['ERR_SOCKET_BAD_PORT', 'ERR_MISSING_ARGS', 'ERR_SOCKET_BAD_PORT', 'ERR_INVALID_ARG_TYPE']);
  });

  it('ends by itself once no socket is left', async () => {
    const lines = await linesOf(`
      import net from 'node:net';
      const server = net.createServer((socket) => socket.end()).listen(0, () => {
        net.connect(server.address().port).resume().on('close', () => server.close(() => say('closed')));
      });
      net.createServer().listen(0).unref();
    `);
    expect(lines).toEqual(['closed']);
  });
});

describe('what is not TCP', () => {
  it("stays the host's: children, standard streams, terminals", async () => {
    const lines = await linesOf(
      `import { execSync, spawn } from 'node:child_process';
       import net from 'node:net';
       const child = spawn('cat');
       child.stdin.end('through a child');
       say(await text(child.stdout), child.stdout instanceof net.Socket, child.stdin instanceof net.Socket);
       say(execSync('cat', { input: 'at once' }).toString());
       say(await text(process.stdin), process.stdin instanceof net.Socket);
       say(opened());`,
      { input: 'from outside' },
    );
    expect(lines).toEqual(['through a child true true', 'at once', 'from outside true', '[0,0]']);
  });

  it('is a path, for clients and servers of net and http', async () => {
    const lines = await linesOf(`
      import { mkdtempSync, rmSync } from 'node:fs';
      import http from 'node:http';
      import net from 'node:net';
      import { tmpdir } from 'node:os';
      import { join } from 'node:path';
      const folder = mkdtempSync(join(tmpdir(), 'tsyn-'));
      const path = join(folder, 'socket');
      const server = http.createServer((request, response) => response.end('at a path'));
      server.listen({ path }, () => say('listening'));
      await once(server, 'listening');
      say(server.address() === path, server.listening);
      const [response] = await once(http.get({ socketPath: path, agent: false }), 'response');
      say(await text(response));
      const request = 'GET / HTTP/1.0\\r\\n\\r\\n';
      const body = async (socket) => say((await text(socket)).split('\\r\\n').at(-1));
      await body(net.connect(path).end(request));
      const socket = new net.Socket();
      socket.setEncoding('utf8');
      socket.on('connect', () => socket.write(request)).connect({ path });
      await body(socket);
      await new Promise((done) => server.close(done));
      say(server.listening, server.address());
      await once(server.listen(0), 'listening');
      say(typeof server.address().port);
      server.close();
      const [error] = await once(net.connect(join(folder, 'nobody')), 'error');
      say(error.code);
      rmSync(folder, { recursive: true });
      say(opened());
    `);
    expect(lines).toEqual([
      'listening',
      'true true',
      'at a path',
      'at a path',
      'at a path',
      'false null',
      'number',
      'ENOENT',
      '[0,0]',
    ]);
  });

  it('is a descriptor', async () => {
    const lines = await linesOf(
      `import net from 'node:net';
       const socket = new net.Socket({ fd: 0 });
       say(await text(socket), net.Socket({ fd: 1, readable: false, writable: true }) instanceof net.Socket);`,
      { input: 'descriptor 0' },
    );
    expect(lines).toEqual(['descriptor 0 true']);
  });

  it('goes to children; a socket of the stack does not', async () => {
    const lines = await linesOf(`
      import { spawn } from 'node:child_process';
      import net from 'node:net';
      const source = "process.on('message', (text) => process.send(text + ' and back', () => process.disconnect()))";
      const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const server = net.createServer().listen(0);
      for (const what of [server, new net.Socket()]) {
        try { child.send('with it', what); say('sent'); } catch (error) { say(error.code); }
      }
      server.close();
      child.send('there');
      say((await once(child, 'message'))[0]);
    `);
    expect(lines).toEqual(['ERR_INVALID_HANDLE_TYPE', 'ERR_INVALID_HANDLE_TYPE', 'there and back']);
  });
});

describe('classes of a program', () => {
  it('inherit from net.Socket, net.Server and http.Server as ever', async () => {
    const { status, stdout, stderr } = await registered(`
      import http from 'node:http';
      import net from 'node:net';
      import util from 'node:util';
      class Client extends net.Socket { hello() { return this.write('hello'); } }
      function Old(options) { net.Socket.call(this, options); }
      util.inherits(Old, net.Socket);
      class Site extends http.Server {}
      const server = new net.Server((socket) => socket.pipe(socket));
      await once(server.listen(0), 'listening');
      const client = new Client().connect(server.address().port);
      client.on('connect', () => client.hello()).on('data', (data) => client.end().resume() && say(String(data)));
      await once(client, 'close');
      say(client instanceof Client, client instanceof net.Socket, new net.Socket() instanceof Client, new Old() instanceof net.Socket);
      say(server instanceof net.Server, new Site() instanceof net.Server, server instanceof http.Server, net.Server() instanceof net.Server);
      server.close();
      say(opened());
    `);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual(['hello', 'true true false true', 'true true false true', ONE_EACH, '']);
    expect(status).toBe(0);
  });
});
