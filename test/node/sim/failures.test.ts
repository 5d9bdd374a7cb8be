import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeHost, type NodeSimulation, simulate } from '../../../src/node/sim/index.ts';

let sim: NodeSimulation;
let host: NodeHost;

beforeEach(() => {
  sim = simulate({ seed: 77 });
  host = sim.host('shop');
});

afterEach(() => sim.close());

describe('what nobody catches on a host fails the run, with host and seed', () => {
  const fail = (): never => {
    throw new TypeError('out of stock');
  };
  const ways: Record<string, () => void> = {
    'in a timer': () => setTimeout(fail, 10),
    'in an immediate': () => setTimeout(() => setImmediate(fail), 10),
    'in a tick': () => setTimeout(() => process.nextTick(fail), 10),
    'in a microtask': () => setTimeout(() => queueMicrotask(fail), 10),
    'in a promise': () => setTimeout(() => void Promise.resolve().then(fail), 10),
    'as an error event': () => setTimeout(() => new EventEmitter().emit('error', new TypeError('out of stock')), 10),
    'in an async function': () =>
      void (async () => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        fail();
      })(),
  };
  for (const [name, way] of Object.entries(ways)) {
    it(name, async () => {
      host.run(way);
      const error = await sim.run().catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ERR_SIM_UNCAUGHT', seed: 77, time: 10 });
      expect(error.message).toContain("on host 'shop' at 10 ms (seed 77): TypeError: out of stock");
      expect(error.cause).toBeInstanceOf(TypeError);
    });
  }

  it('and once only', async () => {
    host.run(() => setTimeout(fail, 10));
    await expect(sim.run()).rejects.toThrow('out of stock');
    await sim.run();
  });

  it('but what is rejected before anyone runs is told by the next run, or the end', async () => {
    host.run(() => void Promise.reject(new Error('early')));
    await new Promise((resolve) => setTimeout(resolve, 1));
    await expect(sim.close()).rejects.toThrow("on host 'shop' at 0 ms (seed 77): Error: early");
  });

  it('and what is thrown at once is thrown', () => {
    expect(() => host.run(fail)).toThrow(TypeError);
  });
});

describe('the process', () => {
  it('is not ended by a program on a host', async () => {
    host.run(() => setTimeout(() => process.exit(3), 10));
    await expect(sim.run()).rejects.toThrow("on host 'shop' at 10 ms (seed 77): Error: process.exit(3) on host 'shop'");
  });

  it('hears nothing of what is left of a program after a crash', async () => {
    let reject = (_error: Error): void => {};
    host.run(() => {
      void new Promise((_resolve, refuse) => (reject = refuse)).then(() => {});
    });
    host.crash();
    sim.after(10, () => reject(new Error('too late')));
    await sim.run();
    expect(sim.now).toBe(10);
  });
});

describe('a run', () => {
  it('gives the value of a promise, or its rejection as it is', async () => {
    expect(await sim.until(host.run(async () => 5))).toBe(5);
    const error = new Error('mine');
    await expect(sim.until(host.run(() => Promise.reject(error)))).rejects.toBe(error);
  });

  it('is one at a time', async () => {
    host.run(() => setTimeout(() => {}, 5));
    const first = sim.run();
    await expect(sim.run()).rejects.toMatchObject({ code: 'ERR_SIM_STATE' });
    await first;
  });

  it('that goes on for ever at one instant is ended', async () => {
    host.run(() => {
      const again = (): void => void setImmediate(again);
      again();
    });
    await expect(sim.run()).rejects.toMatchObject({ code: 'ERR_SIM_LIVELOCK' });
  });
});
