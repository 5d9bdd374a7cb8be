import http from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { type NodeSimulation, simulate } from '../../../src/node/sim/index.ts';

interface Failed {
  readonly code?: string;
  readonly cause?: { readonly code?: string };
}

interface Pair {
  readonly sim: NodeSimulation;
  /** Asks a server that answers nothing. @returns the error's code and the virtual time, ms */
  ask(program: () => Promise<unknown>): Promise<string>;
}

function pair(seed: number): Pair {
  const sim = simulate({ seed });
  const [client, server] = [sim.host('client'), sim.host('server')];
  sim.link(client, server, { latency: 30 });
  server.run(() => http.createServer(() => {}).listen(80));
  return {
    sim,
    ask: async (program) => {
      const error = await sim.until(
        client.run(() =>
          program().then(
            () => null,
            (thrown: Failed) => thrown,
          ),
        ),
      );
      return `${error?.code ?? error?.cause?.code} at ${sim.now}`;
    },
  };
}

/** Loaded late: from then on `fetch` uses its pool, and its clock. */
let undici: Pick<typeof import('undici'), 'Agent' | 'request'>;
const withUndici = () => undici.request('http://server/', { headersTimeout: 30_000, dispatcher: new undici.Agent() });
const withFetch = () => fetch('http://server/');

describe.each<[string, () => Promise<unknown>, RegExp]>([
  ['fetch', withFetch, /^UND_ERR_HEADERS_TIMEOUT at 300\d{3}(\.\d+)?$/],
  ['undici', withUndici, /^UND_ERR_HEADERS_TIMEOUT at 30\d{3}(\.\d+)?$/],
])('a time-out of %s', (name, program, expected) => {
  beforeAll(async () => {
    if (name === 'undici') undici = await import('undici');
  });

  it('comes at the same virtual time in every simulation of a process', async () => {
    const seen: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { sim, ask } = pair(1);
      seen.push(await ask(program));
      await sim.close();
    }
    expect(seen[0]).toMatch(expected);
    expect(seen).toEqual([seen[0], seen[0], seen[0]]);
  });

  it('comes after simulations that were closed while somebody waited', async () => {
    const { sim } = pair(2);
    const begun = sim.host('other');
    sim.link(begun, sim.hosts[1]!, { latency: 1 });
    void begun.run(() => program().catch(() => {}));
    await sim.run(1000);
    await sim.close();
    const next = pair(1);
    expect(await next.ask(program)).toMatch(expected);
    await next.sim.close();
  });

  it('comes though the host that waited first has crashed', async () => {
    const { sim, ask } = pair(3);
    const other = sim.host('other');
    sim.link(other, sim.hosts[1]!, { latency: 1 });
    void other.run(() => program().catch(() => {}));
    sim.after(5000, () => other.crash());
    expect(await ask(program)).toMatch(expected);
    await sim.close();
  });

  it('comes in simulations side by side, the first of which is over first', async () => {
    const [one, other] = [pair(4), pair(5)];
    const late = other.ask(program);
    await one.sim.run(1);
    void one.ask(program).catch(() => {});
    await one.sim.close();
    expect(await late).toMatch(/^UND_ERR_HEADERS_TIMEOUT/);
    await other.sim.close();
  });
});

describe('what undici has queued', () => {
  it('goes on after a time-out from its own host, whoever came first and has crashed', async () => {
    const { Agent, request } = await import('undici');
    const sim = simulate({ seed: 6 });
    const [one, two, server] = [sim.host('one'), sim.host('two'), sim.host('server')];
    for (const host of [one, two]) sim.link(host, server, { latency: 20 });
    const asked: (string | undefined)[] = [];
    server.run(() => http.createServer(({ socket }) => asked.push(socket.remoteAddress)).listen(80));
    for (const host of [one, two]) {
      host.run(() => {
        const dispatcher = new Agent({ connections: 1, pipelining: 1, headersTimeout: 30_000 });
        for (let i = 0; i < 2; i++) request('http://server/', { dispatcher }).catch(() => {});
      });
      await sim.run(sim.now + 1000);
    }
    one.crash();
    await sim.run(100_000);
    expect(asked).toEqual([one, two, two].map(({ addresses }) => `::ffff:${addresses[0]}`));
    await sim.close();
  });
});
