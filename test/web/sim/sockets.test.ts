import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { simulate as simulateNode } from '../../../src/node/sim/index.ts';
import type { TraceEvent } from '../../../src/trace/index.ts';
import { type AppHost, type AppSimulation, simulate } from '../../../src/web/sim/index.ts';

const text = new TextEncoder();

/** Accepts one connection after the other and sends back what comes. */
async function echo(host: AppHost): Promise<void> {
  for await (const socket of host.sockets.listen({ port: 7 }))
    void socket.readable.pipeTo(socket.writable).catch(() => {});
}

async function say(host: AppHost, words: string): Promise<string> {
  const socket = host.sockets.connect('server:7', { allowHalfOpen: true });
  const writer = socket.writable.getWriter();
  await writer.write(text.encode(words));
  await writer.close();
  return new Response(socket.readable).text();
}

/** What there is for applications in Node, and where there is only the web platform. */
const KINDS = { 'the web platform': simulate, Node: simulateNode };

for (const [name, make] of Object.entries(KINDS)) {
  describe(`sockets of the web on a host, in ${name}`, () => {
    let sim: AppSimulation;
    let client: AppHost;
    let server: AppHost;

    beforeEach(() => {
      sim = make({ seed: 9 });
      client = sim.host('client');
      server = sim.host('server');
      sim.link(client, server, { latency: 25 });
    });

    afterEach(() => sim.close());

    it('reach other hosts by name, in virtual time', async () => {
      void echo(server);
      expect(await sim.until(say(client, 'hello'))).toBe('hello');
      expect(sim.now).toBe(100);
    });

    it('fail with the codes of failed connections', async () => {
      const failed = (port: string): Promise<string> =>
        sim.until(client.sockets.connect(port).opened.catch((error) => error.code));
      expect(await failed('server:7')).toBe('ECONNREFUSED');
      expect(await failed('nobody:7')).toBe('ENOTFOUND');
      server.crash();
      expect(await failed(`${server.address}:7`)).toBe('ETIMEDOUT');
    });

    it('are never heard of again after a crash', async () => {
      void echo(server);
      const socket = server.sockets.listen({ port: 8 });
      let settled = false;
      void socket.closed.then(
        () => (settled = true),
        () => (settled = true),
      );
      server.crash();
      await sim.run(1000);
      expect(settled).toBe(false);
      server.restart();
      void echo(server);
      expect(await sim.until(say(client, 'again'))).toBe('again');
    });

    it('say what everybody waits for, where a promise can never be settled', async () => {
      void echo(server);
      const accepted = server.sockets.listen({ port: 8 }).accept();
      const error = await sim.until(accepted, { goal: 'somebody comes' }).catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_SIM_GOAL', seed: 9, time: 0 });
      expect(error.message).toMatch(/^somebody comes: not reached at 0 ms, nothing is left to happen \(seed 9\)/);
      expect(error.message).toContain('server:\n    tcp *:7 LISTEN\n    tcp *:8 LISTEN');
    });

    it('are done when the call returns as long as there is no application', () => {
      const plain = make({ seed: 9 });
      const done = plain.run(5000);
      expect(plain.now).toBe(5000);
      expect(() => plain.runUntil(() => false, { limit: 1 })).toThrow('nothing is left to happen');
      return Promise.all([done, plain.close()]);
    });
  });
}

describe('one seed', () => {
  /** A transfer over a bad path, seen from outside. */
  async function course(make: typeof simulate): Promise<string> {
    const events: TraceEvent[] = [];
    const sim = make({ seed: 10, trace: (event) => events.push(event) });
    try {
      const [client, server] = [sim.host('client'), sim.host('server')];
      sim.link(client, server, { latency: 10, jitter: 3, loss: 0.05, duplicate: 0.05 });
      void echo(server);
      await sim.until(say(client, 'words '.repeat(10_000)));
    } finally {
      await sim.close();
    }
    return events.map((event) => JSON.stringify(event)).join('\n');
  }

  it('is one trace, in Node and with only the web platform', async () => {
    const first = await course(simulate);
    expect(first.split('\n').length).toBeGreaterThan(100);
    for (let i = 0; i < 5; i++) expect(await course(simulate)).toBe(first);
    expect(await course(simulateNode)).toBe(first);
  });
});
