import { describe, expect, it } from 'vitest';
import {
  causeOf,
  type Failure,
  failureOf,
  type Outcome,
  type RunScenarioOptions,
  type Scenario,
  ScenarioError,
  Simulation,
  type SimulationMaker,
  scenarioOf,
  tellScenario,
} from '../../src/sim/index.ts';

/** Simulations as they are, driven by the scenario alone. */
const MAKER: SimulationMaker<Simulation> = {
  make: ({ trace, capture, plan, ...rest }) =>
    new Simulation({
      ...rest,
      ...(trace === null ? {} : { trace }),
      ...(capture === null ? {} : { capture }),
      ...(plan === null ? {} : { plan }),
    }),
  tell: (sim, scenario) => scenario.run(sim),
  now: (sim) => sim.now,
  faults: (sim) => sim.faults.records,
  links: (sim) => sim.links.map(({ name, ends }) => ({ name, ends: [ends[0].name, ends[1].name] })),
  end() {},
};

type Run = Scenario<Simulation>['run'];
const tell = (run: Run, seed = 1, options: RunScenarioOptions = {}, deadline = 10_000): Promise<Outcome> =>
  tellScenario({ name: 'story', deadline, run }, seed, MAKER, options);

/** Two hosts on a lossy link, of which one sends the other some octets. */
const transfer: Run = (sim) => {
  const [a, b] = [sim.host('a'), sim.host('b')];
  sim.link(a, b, { latency: 5, loss: 0.2 });
  let received = 0;
  b.stack.tcp.listen({
    port: 80,
    onConnection(socket) {
      socket.handler = {
        onReadable() {
          received += socket.read(new Uint8Array(65_536));
        },
      };
    },
  });
  const socket = a.stack.tcp.connect({ address: b.address, port: 80 });
  socket.handler = { onConnect: () => void socket.write(new Uint8Array(20_000)) };
  sim.runUntil(() => received === 20_000, { goal: 'all has arrived' });
};

describe('a scenario', () => {
  it('passes when it returns, and says what time it was', async () => {
    const outcome = await tell((sim) => sim.run(250), 7);
    expect(outcome).toMatchObject({ scenario: 'story', seed: 7, passed: true, failure: null, time: 250 });
  });

  it('fails when it throws, with what was thrown', async () => {
    const outcome = await tell((sim) => {
      sim.run(30);
      throw new RangeError('too much');
    });
    expect(outcome).toMatchObject({ passed: false, time: 30, failure: { name: 'RangeError', message: 'too much' } });
  });

  it('fails when it rejects', async () => {
    const outcome = await tell(async () => {
      throw Object.assign(new Error('no'), { code: 'ERR_NO' });
    });
    expect(outcome.failure).toMatchObject({ name: 'Error', code: 'ERR_NO', message: 'no' });
  });

  it('fails when a callback of its throws, be it an appointment or a handler', async () => {
    const late = await tell((sim) => {
      sim.after(40, () => {
        throw new Error('in an appointment');
      });
      sim.run();
    });
    expect(late).toMatchObject({ passed: false, time: 40, failure: { message: 'in an appointment' } });
    const handler = await tell((sim) => {
      const [a, b] = [sim.host('a'), sim.host('b')];
      sim.link(a, b, { latency: 5 });
      a.stack.tcp.connect({ address: b.address, port: 9 }).handler = {
        onClose(_socket, error) {
          throw error;
        },
      };
      sim.run();
    });
    expect(handler).toMatchObject({ passed: false, time: 10, failure: { code: 'ECONNREFUSED' } });
  });

  it('fails at its deadline, and says what each host waited for', async () => {
    const outcome = await tell((sim) => {
      const [a, b] = [sim.host('a'), sim.host('b')];
      sim.link(a, b).down();
      a.stack.tcp.connect({ address: b.address, port: 80 });
      sim.runUntil(() => false, { goal: 'the answer is there' });
    });
    expect(outcome).toMatchObject({ passed: false, time: 10_000, failure: { code: 'ERR_SIM_GOAL' } });
    expect(outcome.failure?.message).toMatch(
      /^the answer is there: not reached at 10000 ms, 10000 ms have passed \(seed 1\)/,
    );
    expect(outcome.failure?.message).toContain('SYN-SENT');
  });

  it('that runs on and on fails at its deadline', async () => {
    const endless: Run = (sim) => {
      const tick = (): unknown => sim.after(7, tick);
      tick();
      sim.run();
    };
    const outcome = await tell(endless);
    expect(outcome).toMatchObject({ time: 10_000, failure: { code: 'ERR_SIM_GOAL' } });
    expect(outcome.failure?.message).toMatch(/^the end: not reached at 10000 ms/);
    expect(await tell((sim) => sim.run(10_001))).toMatchObject({ passed: false, time: 10_000 });
  });

  it('that is done before its deadline is not held up by it', async () => {
    const outcome = await tell((sim) => {
      sim.after(12, () => {});
      sim.run();
    });
    expect(outcome).toMatchObject({ passed: true, time: 12 });
  });

  it('has the same course with the same seed, and another with another', async () => {
    const look = (seed: number): Promise<Outcome> => tell(transfer, seed, { trace: true, record: true });
    const [one, again, other] = [await look(5), await look(5), await look(6)];
    expect(one.passed).toBe(true);
    expect(one.trace.length).toBeGreaterThan(50);
    expect(again).toEqual(one);
    expect(other.trace).not.toEqual(one.trace);
  });

  it('keeps nothing that is not asked for, and has the same course then', async () => {
    const [bare, kept] = [
      await tell(transfer, 5),
      await tell(transfer, 5, { trace: true, record: true, capture: true }),
    ];
    expect([bare.faults, bare.trace, bare.packets]).toEqual([[], [], []]);
    expect(bare.time).toBe(kept.time);
    expect(kept.faults.length).toBeGreaterThan(0);
    expect(kept.links).toEqual([{ name: 'a-b', ends: ['a', 'b'] }]);
  });

  it('shows each packet at each host where that is asked for', async () => {
    const { packets, trace } = await tell(transfer, 5, { trace: true, capture: true });
    for (const [host, direction, type] of [
      ['a', 'outbound', 'segment-sent'],
      ['b', 'inbound', 'segment-received'],
    ] as const) {
      const seen = packets.filter((packet) => packet.host === host && packet.direction === direction);
      const traced = trace.filter((event) => event.type === type && event.host === host);
      expect(seen.map(({ packet, time }) => ({ packet, time }))).toEqual(
        traced.map((event) => ({ packet: 'packet' in event ? event.packet : 0, time: event.time })),
      );
    }
    expect(packets.every(({ link, medium, octets }) => link === 'a-b' && medium === 'ip' && octets[0] === 0x45)).toBe(
      true,
    );
  });

  it('has the faults of a plan in the place of chance', async () => {
    const first = await tell(transfer, 5, { record: true, trace: true });
    const plan = { faults: first.faults.map(({ fault }) => fault) };
    expect(await tell(transfer, 5, { record: true, trace: true, plan })).toEqual(first);
    expect((await tell(transfer, 5, { record: true, plan: { faults: [] } })).faults).toEqual([]);
  });
});

describe('a module', () => {
  const run = (): void => {};

  it('exports a scenario, or a function that is called what the function or the file is', () => {
    const scenario = { name: 'x', description: 'about x', deadline: 5, run };
    expect(scenarioOf({ default: scenario }, "'f.mjs'", 'f')).toMatchObject({
      name: 'x',
      description: 'about x',
      deadline: 5,
    });
    expect(scenarioOf({ default: { run } }, "'f.mjs'", 'f')).toMatchObject({ name: 'f', deadline: 86_400_000 });
    expect(scenarioOf({ default: run }, "'f.mjs'", 'f').name).toBe('run');
    expect(scenarioOf({ default: (() => () => {})() }, "'f.mjs'", 'f').name).toBe('f');
    const anonymous = Object.defineProperty(() => {}, 'name', { value: 'default' });
    expect(scenarioOf({ default: anonymous }, "'f.mjs'", 'f').name).toBe('f');
  });

  it('keeps the scenario it exports as the one that runs', async () => {
    const scenario = {
      said: '',
      run() {
        this.said = 'so';
      },
    };
    await scenarioOf({ default: scenario }, "'f.mjs'", 'f').run(null as never);
    expect(scenario.said).toBe('so');
  });

  it.each<[string, unknown]>([
    ["'f.mjs' has no default export; it must export a scenario: { name, run(sim) }, or a function", {}],
    ["'f.mjs' has no default export; it must export a scenario: { name, run(sim) }, or a function", null],
    ["'f.mjs': the default export must be a function, or an object with a function 'run'", { default: 7 }],
    ["'f.mjs': the default export must be a function, or an object with a function 'run'", { default: null }],
    ["'f.mjs': the default export must be a function, or an object with a function 'run'", { default: { run: 1 } }],
    ["'f.mjs': deadline is -1; it must be a positive number of milliseconds", { default: { run, deadline: -1 } }],
    ["'f.mjs': deadline is soon; it must be a positive number of milliseconds", { default: { run, deadline: 'soon' } }],
    ["'f.mjs': name is 3; it must be a text", { default: { run, name: 3 } }],
    ["'f.mjs': description is null; it must be a text", { default: { run, description: null } }],
  ])('is refused: %s', (message, module) => {
    expect(() => scenarioOf(module, "'f.mjs'", 'f')).toThrow(new ScenarioError(message));
    expect(() => scenarioOf(module, "'f.mjs'", 'f')).toThrow(expect.objectContaining({ code: 'ERR_SIM_SCENARIO' }));
  });
});

describe('a failure', () => {
  const thrown = (message: string, place = '12:3'): Failure => {
    const error = new Error(message);
    error.stack = `Error: ${message}\n    at read (file:///x/tsyn/dist/a.js:1:1)\n    at go (file:///y/my%20story.mjs:${place})\n    at file:///y/my%20story.mjs:99:1`;
    return failureOf(error, '/my%20story.mjs');
  };

  it('says where in the scenario it comes from', () => {
    expect(thrown('no').place).toBe('12:3');
    expect(failureOf(new Error('no'), '/elsewhere.mjs').place).toBeNull();
    expect(failureOf(new Error('no'), '').place).toBeNull();
  });

  it('may be anything that can be thrown', () => {
    for (const [value, message] of [
      ['a text', 'thrown: a text'],
      [undefined, 'thrown: undefined'],
      [null, 'thrown: null'],
      [Symbol('s'), 'thrown: Symbol(s)'],
    ] as const) {
      expect(failureOf(value, '')).toEqual({ name: 'not an Error', code: null, message, stack: '', place: null });
    }
  });

  it('has the cause of others that differ in numbers, and in further lines, only', () => {
    expect(causeOf(thrown('3 of 10 octets after 1.5 ms\n  a: waits'))).toBe(
      causeOf(thrown('7 of 22 octets after 80 ms')),
    );
    expect(causeOf(thrown('3 of 10 octets'))).not.toBe(causeOf(thrown('3 of 10 lines')));
    expect(causeOf(thrown('no'))).not.toBe(causeOf(thrown('no', '14:3')));
    expect(causeOf({ ...thrown('no'), code: 'E_X' })).not.toBe(causeOf(thrown('no')));
  });
});
