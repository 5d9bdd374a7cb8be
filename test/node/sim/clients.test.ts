import http2 from 'node:http2';
import https from 'node:https';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeHost, type NodeSimulation, simulate } from '../../../src/node/sim/index.ts';

// For `localhost`, whichever host it is on.
const { certificate } = (await import(new URL('../../../examples/certificate.mjs', import.meta.url).href)) as {
  certificate(): { key: string; cert: string };
};

let sim: NodeSimulation;
let client: NodeHost;
let server: NodeHost;

beforeEach(() => {
  sim = simulate({ seed: 31 });
  client = sim.host('client');
  server = sim.host('server');
  sim.link(client, server, { latency: 10 });
});

afterEach(() => sim.close());

/** Runs on the client until that is over. */
function on<T>(program: () => Promise<T>): Promise<T> {
  return sim.until(client.run(program));
}

/** A message of PostgreSQL's protocol. */
function message(type: string, ...parts: (string | number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  const head = Buffer.from(`${type}....`);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const READY = message('Z', 'I');
/** A column of texts named `answer`. */
const COLUMN = message('T', [0, 1], 'answer\0', [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]);

/** As much of a database as answers every question with its text. */
function database(socket: Socket): void {
  let started = false;
  socket.on('data', (data) => {
    if (!started) {
      started = true;
      socket.write(Buffer.concat([message('R', [0, 0, 0, 0]), READY]));
    } else if (data[0] === 0x51) {
      const text = data.toString('latin1', 5, data.readInt32BE(1));
      const row = message('D', [0, 1, 0, 0, 0, text.length], text);
      setTimeout(() => socket.write(Buffer.concat([COLUMN, row, message('C', 'SELECT 1\0'), READY])), 500);
    } else if (data[0] === 0x58) {
      socket.end();
    }
  });
}

/** As much of Redis as a client needs to be ready, and to get what it asks for. */
function store(socket: Socket): void {
  socket.setEncoding('latin1').on('data', (text: unknown) => {
    for (const command of String(text).split(/^\*/m).slice(1)) {
      const [name = '', key = ''] = command.split('\r\n').filter((_line, i) => i > 0 && i % 2 === 0);
      const info = 'redis_version:7.0.0\r\nloading:0\r\n';
      if (name.toLowerCase() === 'info') socket.write(`$${info.length}\r\n${info}\r\n`);
      else if (name.toLowerCase() === 'get') socket.write(`$${key.length}\r\n${key}\r\n`);
      else socket.write('+OK\r\n');
    }
  });
}

describe('clients run unchanged on a host:', () => {
  it('pg, with a pool', async () => {
    server.run(() => net.createServer(database).listen(5432));
    const seen = await on(async () => {
      const pool = new pg.Pool({ host: 'server', user: 'u', max: 2 });
      const rows = await Promise.all(
        ['one', 'two', 'three'].map(async (text) => Object.values((await pool.query(text)).rows[0]!)[0]),
      );
      await pool.end();
      return [...rows, performance.now() > 1000 && performance.now() < 1200];
    });
    expect(seen).toEqual(['one', 'two', 'three', true]);
  });

  it('ioredis, which connects again when its server is back', async () => {
    const listen = (): net.Server => net.createServer(store).listen(6379);
    server.run(listen);
    const seen = await on(async () => {
      const redis = new Redis({ host: 'server', port: 6379, keepAlive: 1000 });
      const events: string[] = [];
      redis.on('reconnecting', () => events.push('reconnecting')).on('error', () => {});
      const first = await redis.get('a');
      server.crash();
      setTimeout(() => {
        server.restart();
        server.run(listen);
      }, 60_000);
      const second = await redis.get('b');
      redis.disconnect();
      return [first, second, events.length > 0, performance.now() > 60_000];
    });
    expect(seen).toEqual(['a', 'b', true, true]);
  });

  it('https', async () => {
    const own = certificate();
    server.run(() => https.createServer(own, (request, response) => response.end(`secret ${request.url}`)).listen(443));
    const get = (): Promise<string> =>
      new Promise((resolve, reject) => {
        https
          .get('https://server/path', { ca: own.cert, servername: 'localhost' }, (response) => {
            response.setEncoding('utf8').on('data', (text) => resolve(`${text} of ${response.socket.remoteAddress}`));
          })
          .on('error', reject);
      });
    expect(await on(get)).toBe(`secret /path of ${server.address}`);
  });

  it('tls alone, and its refusals', async () => {
    const own = certificate();
    server.run(() => tls.createServer(own, (socket) => socket.end('hello')).listen(993));
    const say = (ca: string | undefined): Promise<string> =>
      on(
        () =>
          new Promise((resolve) => {
            const socket = tls.connect({
              host: 'server',
              port: 993,
              servername: 'localhost',
              ...(ca === undefined ? {} : { ca }),
            });
            socket.setEncoding('utf8').on('data', (text: unknown) => resolve(String(text)));
            socket.on('error', (error) => resolve((error as NodeJS.ErrnoException).code!));
          }),
      );
    expect(await say(own.cert)).toBe('hello');
    expect(await say(undefined)).toMatch(/SELF_SIGNED|UNABLE_TO/);
  });

  it('http2', async () => {
    server.run(() => {
      http2
        .createServer()
        .on('stream', (stream, headers) => stream.end(`stream ${headers[':path']}`))
        .listen(8080);
    });
    const seen = await on(
      () =>
        new Promise((resolve, reject) => {
          const session = http2.connect('http://server:8080').on('error', reject);
          const stream = session.request({ ':path': '/two' });
          stream.setEncoding('utf8').on('data', (text) => {
            session.close();
            resolve(text);
          });
        }),
    );
    expect(seen).toBe('stream /two');
  });
});
