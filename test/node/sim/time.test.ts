import timers from 'node:timers';
import { scheduler, setTimeout as sleep, setInterval as ticks } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NodeHost, type NodeSimulation, simulate } from '../../../src/node/sim/index.ts';

let sim: NodeSimulation;
let host: NodeHost;

beforeEach(() => {
  sim = simulate({ seed: 1 });
  host = sim.host('a');
});

afterEach(() => sim.close());

/** Runs on the host until that is over. */
function on<T>(program: () => Promise<T>): Promise<T> {
  return sim.until(host.run(program));
}

describe('time on a host', () => {
  it('is virtual: half an hour passes at once, on every clock', async () => {
    const seen = await on(async () => {
      const before = [Date.now(), performance.now(), process.hrtime.bigint(), process.uptime()] as const;
      await new Promise((resolve) => setTimeout(resolve, 1_800_000));
      return [
        Date.now() - before[0],
        performance.now() - before[1],
        Number(process.hrtime.bigint() - before[2]),
        process.uptime() - before[3],
      ];
    });
    expect(seen).toEqual([1_800_000, 1_800_000, 1.8e12, 1800]);
    expect(sim.now).toBe(1_800_000);
  });

  it('begins with 2025, or as asked', async () => {
    expect(host.run(() => new Date().toISOString())).toBe('2025-01-01T00:00:00.000Z');
    const other = simulate({ seed: 1, epoch: Date.UTC(1999, 11, 31) });
    const date = other.host('b').run(() => [String(new Date().getUTCFullYear()), Date()]);
    await other.close();
    expect(date[0]).toBe('1999');
    expect(date[1]).toContain('1999');
  });

  it('leaves Date what it is', () => {
    host.run(() => {
      class Later extends Date {}
      const later = new Later();
      expect(later).toBeInstanceOf(Later);
      expect(later).toBeInstanceOf(Date);
      expect(later.getTime()).toBe(Date.now());
      expect(new Date(0).getTime()).toBe(0);
      expect(new Date(2020, 1).getFullYear()).toBe(2020);
      expect(new Date().constructor).toBe(Date);
      expect(Date.UTC(1970, 0)).toBe(0);
      expect(Date.name).toBe('Date');
    });
  });

  it('is real outside of the simulation', async () => {
    const before = Date.now();
    expect(before).toBeGreaterThan(1_735_689_600_000 + 1000);
    await sim.run(1_000_000_000);
    expect(Date.now() - before).toBeLessThan(100_000_000);
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
});

describe('timers on a host', () => {
  it('come in order of their time, then of their setting', async () => {
    const order: string[] = [];
    host.run(() => {
      setTimeout(() => order.push('2'), 2);
      setTimeout((word: string) => order.push(word), 1, '1');
      timers.setTimeout(() => order.push('1 again'), 0);
      setImmediate(() => order.push('immediate'));
      process.nextTick(() => order.push('tick'));
      queueMicrotask(() => order.push('microtask'));
    });
    await sim.run();
    expect(order.slice(0, 2).sort()).toEqual(['microtask', 'tick']);
    expect(order.slice(2)).toEqual(['immediate', '1', '1 again', '2']);
  });

  it('let ticks and microtasks run between them, ticks first', async () => {
    const order: string[] = [];
    host.run(() => {
      for (const name of ['a', 'b']) {
        setTimeout(() => {
          order.push(name);
          queueMicrotask(() => order.push(`microtask of ${name}`));
          process.nextTick(() => order.push(`tick of ${name}`));
        }, 5);
      }
    });
    await sim.run();
    const of = (name: string): string[] => [name, `tick of ${name}`, `microtask of ${name}`];
    expect(order).toEqual([...of('a'), ...of('b')]);
  });

  it('are cleared, refreshed, and know what they are', async () => {
    const fired: string[] = [];
    host.run(() => {
      clearTimeout(setTimeout(() => fired.push('cleared'), 1));
      const numbered = setTimeout(() => fired.push('cleared by number'), 1);
      clearTimeout(Number(numbered));
      clearImmediate(setImmediate(() => fired.push('cleared immediate')));
      const late = setTimeout(() => fired.push(`refreshed at ${performance.now()}`), 10);
      setTimeout(() => late.refresh(), 5);
      expect(late.hasRef()).toBe(true);
      expect(late.unref().hasRef()).toBe(false);
      late.ref();
      let count = 0;
      const interval = setInterval(() => {
        fired.push(`interval at ${performance.now()}`);
        if (++count === 2) clearInterval(interval);
      }, 3);
    });
    await sim.run();
    expect(fired).toEqual(['interval at 3', 'interval at 6', 'refreshed at 15']);
  });

  it('throw what Node throws for what is no callback', () => {
    host.run(() => {
      expect(() => setTimeout('code' as never, 1)).toThrow(/"callback" argument must be of type function/);
    });
  });

  it('have promises', async () => {
    const seen = await on(async () => {
      const all: unknown[] = [await sleep(10, 'slept'), await promisify(setTimeout)(10, 'promised')];
      await scheduler.wait(10);
      await scheduler.yield();
      all.push(performance.now());
      for await (const tick of ticks(5, 'tick')) {
        all.push(tick);
        if (all.length === 5) break;
      }
      return [...all, performance.now()];
    });
    expect(seen).toEqual(['slept', 'promised', 30, 'tick', 'tick', 40]);
  });

  it('end with their signals', async () => {
    const seen = await on(async () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort('enough'), 7);
      const error = await sleep(1000, null, { signal: controller.signal }).catch((thrown) => thrown);
      const signal = AbortSignal.timeout(100);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return [error.name, error.code, error.cause, signal.reason.name, performance.now()];
    });
    expect(seen).toEqual(['AbortError', 'ABORT_ERR', 'enough', 'TimeoutError', 107]);
  });

  it('that nobody waits for are not waited for', async () => {
    host.run(() => setInterval(() => {}, 1000).unref());
    await sim.run();
    expect(sim.now).toBe(0);
    await expect(sim.until(new Promise(() => {}), { goal: 'what never comes' })).rejects.toThrow(
      /what never comes: not reached at 86400000 ms, nothing is left to happen \(seed 1\)\n {2}a:\n {4}timers due in 1000 ms/,
    );
  });
});

describe('a simulation that is closed', () => {
  it('leaves everything as it was', async () => {
    await sim.close();
    const before = [
      setTimeout,
      setImmediate,
      Date,
      Math.random,
      process.hrtime,
      process.emit,
      performance.now,
      timers.setTimeout,
    ];
    const again = simulate({ seed: 1 });
    expect(setTimeout).not.toBe(before[0]);
    await again.close();
    const after = [
      setTimeout,
      setImmediate,
      Date,
      Math.random,
      process.hrtime,
      process.emit,
      performance.now,
      timers.setTimeout,
    ];
    expect(after.map((value, i) => value === before[i])).toEqual(after.map(() => true));
    expect(new Date().constructor).toBe(Date);
  });

  it('calls nobody any more', async () => {
    let called = false;
    host.run(() => setTimeout(() => (called = true), 1));
    await sim.close();
    await expect(async () => sim.run()).rejects.toMatchObject({ code: 'ERR_SIM_STATE' });
    expect(called).toBe(false);
  });
});
