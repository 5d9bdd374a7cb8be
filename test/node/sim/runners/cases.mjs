// The cases, for whichever runner: it gives `test`, `equal` and what makes simulations.
import { ask, serve } from './program.mjs';

const EPOCH = Date.UTC(2025, 0, 1);

function network(simulate) {
  const sim = simulate({ seed: 4242 });
  const [client, server] = [sim.host('client'), sim.host('server')];
  sim.link(client, server, { latency: 20 });
  return { sim, client, server };
}

export function cases({ test, equal, simulate }) {
  test('a client that waits for half an hour passes at once', async () => {
    const before = Date.now();
    const ids = new Set();
    for (let i = 0; i < 2; i++) {
      const { sim, client, server } = network(simulate);
      const asked = client.run(() => ask('server', 80));
      sim.after(3_600_000, () => server.run(() => serve(80)));
      const { attempts, took, id } = await sim.until(asked);
      ids.add(id);
      equal(attempts, 3);
      equal(took > 3_600_000 && took < 5_500_000, true);
      await sim.close();
    }
    equal(ids.size, 1);
    equal(Date.now() - before < 3_600_000, true);
  });

  test('what code on a host sees of time is virtual, and dates are dates', async () => {
    const { sim, client } = network(simulate);
    const seen = client.run(() => {
      const now = new Date();
      return [now.getTime(), now instanceof Date, Date.now(), performance.now(), process.uptime(), process.hrtime()[0]];
    });
    await sim.close();
    equal(JSON.stringify(seen), JSON.stringify([EPOCH, true, EPOCH, 0, 0, 0]));
    equal(Date.now() > EPOCH, true);
  });

  test('what nobody catches fails the run', async () => {
    const { sim, client } = network(simulate);
    client.run(() => setTimeout(() => process.nextTick(() => { throw new RangeError('lost'); }), 10)); // biome-ignore format: one line
    const error = await sim.run().catch((thrown) => thrown);
    await sim.close();
    equal(error.code, 'ERR_SIM_UNCAUGHT');
    equal(error.message.includes('RangeError: lost'), true);
  });

  test('FAILS: a goal that is never reached', async () => {
    const { sim, client } = network(simulate);
    try {
      await sim.until(
        client.run(() => ask('server', 80)),
        { limit: 60_000, goal: 'there is an answer' },
      );
    } finally {
      await sim.close();
    }
  });

  test('FAILS: an application throws', async () => {
    const { sim, server } = network(simulate);
    try {
      server.run(() => setTimeout(() => Promise.reject(new Error('out of paper')), 10));
      await sim.run();
    } finally {
      await sim.close();
    }
  });
}
