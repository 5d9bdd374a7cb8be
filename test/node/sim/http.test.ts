import http from 'node:http';
import net from 'node:net';
import { request as undiciRequest } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type NodeHost, type NodeSimulation, simulate } from '../../../src/node/sim/index.ts';

let sim: NodeSimulation;
let client: NodeHost;
let server: NodeHost;

beforeEach(() => {
  sim = simulate({ seed: 21 });
  client = sim.host('client');
  server = sim.host('server');
  sim.link(client, server, { latency: 25 });
});

afterEach(() => sim.close());

/** Runs on the client until that is over. */
function on<T>(program: () => Promise<T>): Promise<T> {
  return sim.until(client.run(program));
}

function serve(): http.Server {
  return http
    .createServer((request, response) => {
      response.end(`${request.method} ${request.url} from ${request.socket.remoteAddress}`);
    })
    .listen(80);
}

function get(
  url: string,
  options: http.RequestOptions = {},
): Promise<{ body: string; headers: http.IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    http
      .get(url, options, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text) => (body += text));
        response.on('end', () => resolve({ body, headers: response.headers }));
      })
      .on('error', reject);
  });
}

describe('http on a host', () => {
  it('serves and asks, unchanged', async () => {
    const listening = server.run(serve);
    expect(listening).toBeInstanceOf(http.Server);
    expect(listening).toBeInstanceOf(net.Server);
    const { body } = await on(() => get('http://server/path'));
    expect(body).toBe(`GET /path from ::ffff:${client.address}`);
    expect(sim.now).toBe(100);
  });

  it("answers with the host's date", async () => {
    server.run(serve);
    await sim.run(3_600_000);
    const { headers } = await on(() => get('http://server/'));
    expect(headers.date).toBe('Wed, 01 Jan 2025 01:00:00 GMT');
  });

  it('keeps connections alive, for as long as the server says, of this host and no other', async () => {
    let connections = 0;
    server.run(() => serve().on('connection', () => connections++));
    const other = sim.host('other');
    sim.link(other, server, { latency: 1 });
    await on(() => get('http://server/'));
    await on(() => get('http://server/'));
    expect(connections).toBe(1);
    await sim.until(other.run(() => get('http://server/')));
    expect(connections).toBe(2);
    await sim.run(sim.now + 10_000);
    await on(() => get('http://server/'));
    expect(connections).toBe(3);
  });

  it('times out in virtual time', async () => {
    server.run(() => http.createServer(() => {}).listen(80));
    const seen = await on(
      () =>
        new Promise((resolve) => {
          const request = http.get('http://server/', { timeout: 60_000 });
          request.on('timeout', () => request.destroy(new Error(`at ${performance.now()}`)));
          request.on('error', (error) => resolve(error.message));
        }),
    );
    expect(seen).toMatch(/^at 60\d\d\d$/);
  });

  it('has servers that close', async () => {
    const listening = server.run(serve);
    await on(() => get('http://server/', { agent: false }));
    await sim.until(new Promise((resolve) => server.run(() => listening.close(resolve))));
    await expect(on(() => get('http://server/', { agent: false }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is fetched from', async () => {
    server.run(serve);
    const text = await on(async () => (await fetch('http://server/fetched')).text());
    expect(text).toBe(`GET /fetched from ::ffff:${client.address}`);
    const failed = await on(() => fetch('http://server:81/').catch((error) => error.cause.code));
    expect(failed).toBe('ECONNREFUSED');
  });

  it('is given up by fetch when its signal says so', async () => {
    server.run(() => http.createServer(() => {}).listen(80));
    const error = await on(() =>
      fetch('http://server/', { signal: AbortSignal.timeout(30_000) }).catch((thrown) => thrown),
    );
    expect(error.name).toBe('TimeoutError');
    expect(sim.now).toBe(30_000);
  });

  it('is requested with undici', async () => {
    server.run(serve);
    const text = await on(async () => (await undiciRequest('http://server/undici')).body.text());
    expect(text).toBe(`GET /undici from ::ffff:${client.address}`);
  });
});

describe('a host that crashes while it reads HTTP', () => {
  it('is heard of no more, and can be asked again after its restart', async () => {
    const log: string[] = [];
    const fall = (): void => {
      http
        .createServer((asked, response) => {
          log.push(`asked ${asked.url}`);
          if (asked.url === '/first') server.crash();
          response.end('answer');
        })
        .listen(80);
    };
    server.run(fall);
    const first = client.run(() => get('http://server/first').catch((error) => error.code));
    await sim.run(1000);
    server.restart();
    server.run(fall);
    sim.after(100, () => client.crash());
    await sim.run(2000);
    client.restart();
    expect((await on(() => get('http://server/second'))).body).toBe('answer');
    expect(log).toEqual(['asked /first', 'asked /second']);
    void first;
  });
});

describe('ws on a host', () => {
  it('talks both ways', async () => {
    server.run(() => {
      new WebSocketServer({ port: 8080, host: '::' }).on('connection', (socket) => {
        socket.on('message', (data: Buffer) => socket.send(`${data} at ${Date.now() - 1_735_689_600_000}`));
      });
    });
    const answer = await on(
      () =>
        new Promise((resolve, reject) => {
          const socket = new WebSocket('ws://server:8080/');
          socket.on('open', () => socket.send('hello'));
          socket.on('message', (data: Buffer) => resolve(String(data)));
          socket.on('error', reject);
        }),
    );
    expect(answer).toBe('hello at 125');
  });
});

describe('classes that inherit from those of net', () => {
  it('are sockets and servers of the host', async () => {
    class Greeter extends net.Server {
      constructor() {
        super((socket) => socket.end('hello'));
      }
    }
    class Listener extends net.Socket {
      heard = '';
      constructor() {
        super();
        this.setEncoding('utf8').on('data', (text) => (this.heard += text));
      }
    }
    const greeter = server.run(() => new Greeter().listen(7));
    expect(greeter).toBeInstanceOf(Greeter);
    expect(greeter).toBeInstanceOf(net.Server);
    const listener = client.run(() => new Listener().connect(7, 'server'));
    expect(listener).toBeInstanceOf(net.Socket);
    await sim.run();
    expect([listener.heard, listener.bytesRead, listener.destroyed]).toEqual(['hello', 5, true]);
    expect(client.run(() => new net.Socket())).toBeInstanceOf(net.Socket);
    expect(greeter).not.toBeInstanceOf(net.Socket);
  });

  it('stay those of Node elsewhere', async () => {
    class Mine extends net.Server {}
    const real = new Mine((socket) => socket.end('real')).listen(0, '127.0.0.1');
    await new Promise((resolve) => real.once('listening', resolve));
    const { port } = real.address() as net.AddressInfo;
    const text = await new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1').setEncoding('utf8');
      socket.on('error', reject).on('data', (data) => {
        expect(socket).toBeInstanceOf(net.Socket);
        resolve(`${data} ${socket.remotePort === port}`);
      });
    });
    expect(text).toBe('real true');
    await new Promise((resolve) => real.close(resolve));
  });
});
