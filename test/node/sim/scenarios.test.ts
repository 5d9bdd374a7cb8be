import { describe, expect, it } from 'vitest';
import { guarded } from '../../../src/node/sim/guard.ts';
import { type NodeSimulation, type Outcome, runScenario, type Scenario } from '../../../src/node/sim/index.ts';

const tell = (run: Scenario<NodeSimulation>['run'], options = {}): Promise<Outcome> =>
  runScenario({ name: 'story', deadline: 60_000, run }, 3, { ...options });

describe('a scenario in Node', () => {
  it('that uses stacks alone is over when the call returns', async () => {
    const times: number[] = [];
    const outcome = await tell((sim) => {
      sim.after(25, () => times.push(sim.now));
      sim.run(100);
      times.push(sim.now);
    });
    expect(outcome).toMatchObject({ passed: true, time: 100 });
    expect(times).toEqual([25, 100]);
  });

  it('that is an async function has the time and chance of the simulation', async () => {
    const draw = async (): Promise<unknown[]> => {
      const seen: unknown[] = [];
      const outcome = await tell(async (sim) => {
        setTimeout(() => seen.push(Date.now()), 1500);
        seen.push(Math.random());
        await sim.run(2000);
      });
      expect(outcome.passed).toBe(true);
      return seen;
    };
    const seen = await draw();
    expect(seen).toEqual([expect.any(Number), 1_735_689_601_500]);
    expect(await draw()).toEqual(seen);
  });

  it('fails with what an application throws, and where', async () => {
    const outcome = await tell(
      async (sim) => {
        const host = sim.host('shop');
        host.run(() => setTimeout(() => Promise.reject(new Error('sold out')), 40));
        await sim.run(1000);
      },
      { file: '/scenarios.test.ts' },
    );
    expect(outcome).toMatchObject({ passed: false, time: 40, failure: { code: 'ERR_SIM_UNCAUGHT' } });
    expect(outcome.failure?.message).toContain("on host 'shop' at 40 ms (seed 3): Error: sold out");
    expect(outcome.failure?.place).toMatch(/^\d+:\d+$/);
  });

  it('fails with what an application threw after the last run', async () => {
    const outcome = await tell(async (sim) => {
      sim.host('shop').run(() => void Promise.reject(new Error('too late')));
    });
    expect(outcome.passed).toBe(false);
    expect(outcome.failure?.message).toContain('too late');
  });

  it('fails at its deadline though an application goes on for ever', async () => {
    const outcome = await tell(async (sim) => {
      sim.host('clock').run(() => setInterval(() => {}, 100));
      await sim.run();
    });
    expect(outcome).toMatchObject({ passed: false, time: 60_000, failure: { code: 'ERR_SIM_GOAL' } });
    expect(outcome.failure?.message).toMatch(
      /^the end: not reached at 60000 ms[\s\S]*clock:\n {4}timers due in 100 ms/,
    );
  });

  it('fails when it ends the process, which goes on', async () => {
    const { exit } = process;
    const outcome = await tell(() => process.exit(7));
    expect(outcome.failure).toMatchObject({
      code: 'ERR_SIM_STATE',
      message: 'the scenario ends its process, with status 7',
    });
    expect(process.exit).toBe(exit);
  });

  it('is told nothing of how its simulation is taken apart', async () => {
    const { trace } = await tell(
      (sim) => {
        sim.host('a');
        sim.note('the end');
      },
      { trace: true },
    );
    expect(trace.map((event) => (event.type === 'note' ? event.text : event.type))).toEqual(['the end']);
  });

  it('has the same faults again from a plan', async () => {
    const run: Scenario<NodeSimulation>['run'] = async (sim) => {
      const net = await import('node:net');
      const [a, b] = [sim.host('a'), sim.host('b')];
      sim.link(a, b, { latency: 10, jitter: 3, loss: 0.1, duplicate: 0.1 });
      b.run(() => net.createServer((socket) => socket.end('x'.repeat(50_000))).listen(7));
      let length = 0;
      a.run(() => net.connect(7, 'b').on('data', (data) => (length += data.length)));
      await sim.until(() => length === 50_000);
    };
    const first = await tell(run, { record: true, trace: true, capture: true });
    expect(first.passed).toBe(true);
    expect(first.faults.length).toBeGreaterThan(30);
    const plan = { faults: first.faults.map(({ fault }) => fault) };
    expect(await tell(run, { record: true, trace: true, capture: true, plan })).toEqual(first);
  });
});

describe('a guard', () => {
  const never = (): Promise<void> => new Promise(() => {});

  it('ends what waits for nothing that the simulation does', async () => {
    await expect(guarded(never, { running: () => false, patience: 0 })).rejects.toMatchObject({
      code: 'ERR_SIM_STATE',
      message: expect.stringContaining("what is to happen in virtual time needs 'await sim.until(...)'"),
    });
  });

  it('lets a simulation run as long as it takes', async () => {
    let asked = 0;
    const running = (): boolean => {
      if (++asked === 3) finish();
      return true;
    };
    let finish = (): void => {};
    const act = (): Promise<void> => new Promise((resolve) => (finish = resolve));
    await guarded(act, { running, patience: 0 });
    expect(asked).toBe(3);
  });

  it('leaves the process as it was', async () => {
    const listeners = (): number[] =>
      ['unhandledRejection', 'uncaughtException'].map((name) => process.listenerCount(name));
    const before = listeners();
    await expect(guarded(never, { running: () => false, patience: 0 })).rejects.toThrow();
    await expect(
      guarded(
        () => {
          throw new Error('at once');
        },
        { running: () => true, patience: 0 },
      ),
    ).rejects.toThrow('at once');
    expect(listeners()).toEqual(before);
  });
});
