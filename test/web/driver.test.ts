import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Scheduler, type Task } from '../../src/base/index.ts';
import { createStack, WebDriver } from '../../src/web/index.ts';
import { ROOT } from '../house/source.ts';
import { thrown, turns } from './pair.ts';

const task = (run: (now: number) => void): Task => ({ run, at: Infinity, order: 0, slot: -1 });

describe('a web driver', () => {
  it('runs tasks when they are due, in order', async () => {
    const driver = new WebDriver();
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      const at = (ms: number, name: string): void => {
        const due = driver.scheduler.now + ms;
        driver.scheduler.schedule(
          task((now) => {
            expect(now).toBeGreaterThanOrEqual(due);
            order.push(name);
            if (order.length === 3) resolve();
          }),
          due,
        );
      };
      at(20, 'later');
      at(0, 'now');
      at(5, 'soon');
    });
    expect(order).toEqual(['now', 'soon', 'later']);
    driver.close();
  });

  it('takes over what its scheduler has', async () => {
    const scheduler = new Scheduler(0);
    let driver: WebDriver | null = null;
    await new Promise<void>((resolve) => {
      scheduler.schedule(
        task(() => resolve()),
        1,
      );
      driver = new WebDriver({ scheduler });
    });
    driver!.close();
  });

  it('lets timers and others have their turn, whatever there is to do', async () => {
    // A millisecond passes with every look at the clock, so that a few turns are a long time.
    let time = 0;
    const driver = new WebDriver({ tasksPerTurn: 1, clock: () => ++time });
    const { scheduler } = driver;
    let taken = 0;
    const busy = task(() => {
      taken++;
      scheduler.schedule(busy, scheduler.now);
    });
    scheduler.schedule(busy, scheduler.now);
    for (let i = 1; i <= 5; i++) {
      const before = taken;
      await turns(1);
      // Node alone would hand over a thousand messages before it looks at a timer.
      expect(taken - before).toBeLessThan(200);
    }
    expect(taken).toBeGreaterThan(5);
    driver.close();
    const after = taken;
    await turns();
    expect(taken).toBe(after);
  });

  it('runs nothing after it was closed', async () => {
    const driver = new WebDriver();
    let ran = false;
    driver.scheduler.schedule(
      task(() => {
        ran = true;
      }),
      driver.scheduler.now,
    );
    driver.close();
    driver.close();
    driver.retain();
    await turns();
    expect([ran, driver.closed, driver.retained]).toEqual([false, true, 0]);
  });

  it('is retained as often as it says', () => {
    const driver = new WebDriver();
    driver.release();
    driver.retain();
    driver.retain();
    driver.release();
    expect(driver.retained).toBe(1);
    driver.release();
    driver.close();
  });

  it('names a wrong option', () => {
    expect(thrown(() => new WebDriver({ tasksPerTurn: 0 })).message).toContain('tasksPerTurn must be');
  });

  it('serves stacks that share it, and is not closed by them', async () => {
    const driver = new WebDriver();
    const stack = createStack({ driver });
    await stack.close();
    expect(driver.closed).toBe(false);
    driver.close();
  });
});

describe('a process', () => {
  const run = (source: string): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', source], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 30_000,
    }).trim();
  const entry = JSON.stringify(join(ROOT, 'dist/web/index.js'));

  it('ends when its sockets are closed, whatever the stack still remembers', () => {
    const said = run(`import { createStack } from ${entry};
      const stack = createStack();
      const listener = stack.listen({ port: 80 });
      const client = stack.connect('localhost:80');
      const server = await listener.accept();
      await client.writable.close(); await server.writable.close();
      for await (const _ of client); for await (const _ of server);
      await client.closed; await listener.close();
      console.log(stack.core.sockets()[0].state);`);
    expect(said).toBe('TIME-WAIT');
  });

  it('goes on after a task threw, as far as its tasks are concerned', () => {
    const said = run(`import { WebDriver } from ${entry};
      const { scheduler } = new WebDriver();
      const task = (run) => scheduler.schedule({ run, at: Infinity, order: 0, slot: -1 }, scheduler.now);
      process.on('uncaughtException', (error) => console.log(error.message));
      task(() => { throw new Error('thrown'); });
      task(() => console.log('the next'));`);
    expect(said).toBe('thrown\nthe next');
  });

  it('stays while somebody listens', () => {
    const said = run(`import { createStack } from ${entry};
      const stack = createStack();
      const listener = stack.listen({ port: 80 });
      setTimeout(() => { console.log('still here'); listener.close(); }, 50).unref();
      process.on('exit', () => console.log('end'));`);
    expect(said).toBe('still here\nend');
  });
});
