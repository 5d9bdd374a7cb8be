// A suite in CommonJS: the package is a module of ECMAScript, and has to be imported.
let simulate;
let ask;

beforeAll(async () => {
  ({ simulate } = await import('tsyn/sim'));
  ({ ask } = await import('./program.mjs'));
});

test('a suite in CommonJS has hosts, too', async () => {
  const sim = simulate({ seed: 1 });
  const client = sim.host('client');
  const date = client.run(() => {
    const { setTimeout: later } = require('node:timers');
    later(() => {}, 1000);
    return new Date().getUTCFullYear();
  });
  await sim.run();
  expect([date, sim.now, typeof ask]).toEqual([2025, 1000, 'function']);
  await sim.close();
});
