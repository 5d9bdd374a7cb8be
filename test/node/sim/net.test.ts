import dns from 'node:dns';
import { lookup } from 'node:dns/promises';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeHost, type NodeSimulation, simulate } from '../../../src/node/sim/index.ts';
import type { TraceEvent } from '../../../src/trace/index.ts';

let sim: NodeSimulation;
let client: NodeHost;
let server: NodeHost;

beforeEach(() => {
  sim = simulate({ seed: 5 });
  client = sim.host('client');
  server = sim.host('server');
  sim.link(client, server, { latency: 25 });
});

afterEach(() => sim.close());

function echo(): void {
  net.createServer((socket) => socket.pipe(socket)).listen(7);
}

/** Sends words and resolves with what came back and when. */
function say(words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(7, 'server', () => socket.end(words));
    let heard = '';
    socket.setEncoding('utf8');
    socket.on('data', (text) => (heard += text));
    socket.on('error', reject);
    socket.on('end', () => resolve(`${heard} at ${performance.now()}`));
  });
}

describe('net on a host', () => {
  it('reaches other hosts by name, in virtual time', async () => {
    server.run(echo);
    expect(await sim.until(client.run(() => say('hello')))).toBe('hello at 100');
  });

  it('is also there without a context', async () => {
    let heard = '';
    server.net.createServer((socket) => socket.end(`from ${socket.remoteAddress}`)).listen(80);
    const socket = client.net.connect(80, 'server');
    socket.setEncoding('utf8').on('data', (text) => (heard += text));
    await sim.run();
    expect(heard).toBe(`from ::ffff:${client.address}`);
  });

  it('is another on each host', async () => {
    const ports = [client, server].map((host) =>
      host.run(() => {
        const listener = net.createServer().listen(4000);
        return (listener.address() as AddressInfo).port;
      }),
    );
    expect(ports).toEqual([4000, 4000]);
  });

  it('refuses, and has no way to what is not there', async () => {
    const code = (port: number, name: string): Promise<string> =>
      sim.until(
        client.run(
          () =>
            new Promise((resolve) =>
              net.connect(port, name).on('error', (error) => resolve((error as NodeJS.ErrnoException).code!)),
            ),
        ),
      );
    expect(await code(7, server.address)).toBe('ECONNREFUSED');
    expect(await code(7, 'nobody')).toBe('ENOTFOUND');
    server.crash();
    expect(await code(7, server.address)).toBe('ETIMEDOUT');
  });

  it('resolves names of hosts and nothing else', async () => {
    const found = await sim.until(
      client.run(async () => [
        await lookup('server'),
        await lookup('server', { family: 6 }),
        await lookup('127.0.0.9'),
        await lookup('localhost'),
        (await lookup('server', { all: true })).length,
        await lookup('example.com').catch((error) => error.code),
        await new Promise((resolve) =>
          dns.lookup('server', 4, (_error, address, family) => resolve([address, family])),
        ),
      ]),
    );
    const [v4, v6] = server.addresses;
    expect(found).toEqual([
      { address: v4, family: 4 },
      { address: v6, family: 6 },
      { address: '127.0.0.9', family: 4 },
      { address: '127.0.0.1', family: 4 },
      2,
      'ENOTFOUND',
      [v4, 4],
    ]);
  });
});

describe('a client that tries again, ever later', () => {
  it('is tested in no time, half-hour pauses included', async () => {
    const attempts: number[] = [];
    const connected = client.run(
      () =>
        new Promise<number>((resolve) => {
          let pause = 1000;
          const attempt = (): void => {
            attempts.push(Math.round(performance.now() / 1000));
            const socket = net.connect(7, 'server', () => resolve(attempts.length));
            socket.on('error', () => {
              setTimeout(attempt, pause);
              pause = Math.min(pause * 8, 1_800_000);
            });
          };
          attempt();
        }),
    );
    sim.after(7_200_000, () => server.run(echo));
    expect(await sim.until(connected)).toBe(9);
    expect(attempts.at(-1)! - attempts.at(-2)!).toBe(1800);
  });
});

describe('a crash', () => {
  it('ends timers, listeners and connections without a word to the program', async () => {
    const log: string[] = [];
    server.run(() => {
      setInterval(() => log.push(`tick ${performance.now()}`), 400);
      net
        .createServer((socket) => {
          for (const event of ['end', 'close', 'error', 'data'] as const) socket.on(event, () => log.push(event));
        })
        .listen(7);
    });
    const socket = client.net.connect(7, 'server');
    socket.on('error', (error) => log.push(`client: ${(error as NodeJS.ErrnoException).code}`));
    await sim.run(500);
    server.crash();
    socket.write('anyone there?');
    expect(() => server.run(echo)).toThrow("host 'server' is down");
    await sim.run(2000);
    expect(log).toEqual(['tick 400']);
    server.restart();
    server.run(echo);
    await sim.run(100_000);
    expect(log).toEqual(['tick 400', 'client: ECONNRESET']);
    expect(await sim.until(client.run(() => say('again')))).toMatch(/^again at /);
  });
});

describe('one seed', () => {
  /** A talk over a bad path; everything that its programs and its packets did. */
  async function course(seed: number): Promise<string> {
    const events: TraceEvent[] = [];
    const log: string[] = [];
    const here = simulate({ seed, trace: (event) => events.push(event) });
    try {
      const hosts = [here.host('a'), here.host('b'), here.host('server')] as const;
      const hub = here.switch('hub');
      for (const host of hosts)
        here.link(host, hub, { latency: 10, jitter: 5, loss: 0.05, reorder: 0.1, duplicate: 0.02 });
      const note = (name: string, what: string): number => log.push(`${name} ${Date.now()} ${what}`);
      const serve = (socket: Socket): void => {
        socket.on('data', (data) => {
          note('server', `${data.length} from ${socket.remotePort}`);
          setTimeout(() => socket.write(data), Math.random() * 50);
        });
        socket.on('end', () => setTimeout(() => socket.end(), 500));
        socket.on('error', (error) => note('server', error.message));
      };
      hosts[2].run(() => net.createServer({ allowHalfOpen: true }, serve).listen(7));
      const talks = [hosts[0], hosts[1]].map((host) =>
        host.run(async () => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
          await new Promise<void>((resolve) => {
            const socket = net.connect(7, 'server');
            socket.on('data', (data) => note(host.name, `${data.length}`));
            socket.on('close', () => resolve());
            for (let i = 0; i < 10; i++) setTimeout(() => socket.write(Buffer.alloc(2000, i)), i * 30 * Math.random());
            setTimeout(() => socket.end(), 400);
          });
          note(host.name, 'over');
        }),
      );
      await here.until(Promise.all(talks));
    } finally {
      await here.close();
    }
    return [...log, ...events.map((event) => JSON.stringify(event))].join('\n');
  }

  it('is one course of events, to the octet and in every program, twenty times', async () => {
    const first = await course(11);
    expect(first.split('\n').length).toBeGreaterThan(300);
    for (let i = 1; i < 20; i++) expect(await course(11)).toBe(first);
    expect(await course(12)).not.toBe(first);
  });

  it('is so for simulations that run side by side', async () => {
    const alone = await course(11);
    const [one, other] = await Promise.all([course(11), course(13)]);
    expect(one).toBe(alone);
    expect(other).toBe(await course(13));
  });
});

describe('a socket that is ended before it is connected', () => {
  it('ends all the same when the first address does not answer in time', async () => {
    // Both families are tried, each for 250 ms: the one way takes longer.
    for (const link of sim.links) link.set({ latency: 400 });
    const log: string[] = [];
    server.run(() => {
      net
        .createServer((socket) => {
          socket.on('data', (data) => log.push(`heard ${data}`)).on('end', () => log.push('peer ended'));
        })
        .listen(7);
    });
    client.run(() => {
      const socket = net.connect(7, 'server');
      socket.on('finish', () => log.push('finish')).on('close', () => log.push('close'));
      socket.write('words');
      setTimeout(() => socket.end(), 300);
    });
    await sim.run(10_000);
    expect(log).toEqual(['finish', 'heard words', 'peer ended', 'close']);
  });
});
