import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ARRIVAL, Scheduler, type Task, TIMER } from '../../src/base/scheduler.ts';
import { monotonic } from '../../src/node/clock.ts';
import { EventLoopDriver } from '../../src/node/driver.ts';

function task(run: (now: number) => void): Task {
  return { run, at: Infinity, order: 0, slot: -1 };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('the event-loop driver', () => {
  it('runs tasks at or after their time, in order', async () => {
    const driver = new EventLoopDriver();
    const { scheduler } = driver;
    const start = scheduler.now;
    const ran: Array<[string, number]> = [];
    await new Promise<void>((resolve) => {
      const note = (name: string, at: number): void =>
        scheduler.schedule(
          task((now) => {
            ran.push([name, now - start - at]);
            if (ran.length === 4) resolve();
          }),
          start + at,
        );
      note('later', 12.5);
      note('soon', 0.3);
      note('now', 0);
      note('middle', 5);
    });
    driver.close();
    expect(ran.map(([name]) => name)).toEqual(['now', 'soon', 'middle', 'later']);
    for (const [name, late] of ran) expect(late, name).toBeGreaterThanOrEqual(0);
  });

  it('keeps deadlines below a millisecond without waiting for a whole one', async () => {
    const driver = new EventLoopDriver();
    const { scheduler } = driver;
    // 20 deadlines of 0.1 ms in a row: timers of whole milliseconds would take 20 ms and more.
    const start = monotonic();
    let left = 20;
    await new Promise<void>((resolve) => {
      const step = task((now) => {
        if (--left === 0) resolve();
        else scheduler.schedule(step, now + 0.1);
      });
      scheduler.schedule(step, scheduler.refresh() + 0.1);
    });
    driver.close();
    expect(monotonic() - start).toBeGreaterThanOrEqual(2);
    expect(left).toBe(0);
  });

  it('gives the event loop its turn after so many tasks', async () => {
    const driver = new EventLoopDriver({ tasksPerTurn: 10 });
    const { scheduler } = driver;
    let ran = 0;
    for (let i = 0; i < 100; i++)
      scheduler.schedule(
        task(() => ran++),
        scheduler.now,
      );
    const seen: number[] = [];
    while (ran < 100) {
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(ran);
    }
    driver.close();
    expect(seen.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...seen.map((n, i) => n - (seen[i - 1] ?? 0)))).toBeLessThanOrEqual(10);
  });

  it('comes early and waits on when the earliest appointment is put off', async () => {
    let runs = 0;
    const driver = new EventLoopDriver();
    const { scheduler } = driver;
    const late = task(() => runs++);
    scheduler.schedule(late, scheduler.now + 5);
    scheduler.schedule(late, scheduler.now + 40);
    await wait(20);
    expect(runs).toBe(0);
    await wait(40);
    expect(runs).toBe(1);
    driver.close();
  });

  it('counts new deadlines from the present after it is woken', async () => {
    const driver = new EventLoopDriver();
    const before = driver.scheduler.now;
    await wait(15);
    expect(driver.scheduler.now).toBe(before);
    driver.wake();
    expect(driver.scheduler.now).toBeGreaterThanOrEqual(before + 14);
    driver.close();
  });

  it('keeps the other appointments when a task throws', async () => {
    // In a child, because the throw is the process' uncaught exception.
    const child = run(`
      process.on('uncaughtException', (e) => console.log('caught', e.message));
      s.schedule(task(() => { throw new Error('one'); }), s.now + 1);
      s.schedule(task(() => { console.log('two'); driver.close(); }), s.now + 5);`);
    expect(child.stdout).toBe('caught one\ntwo\n');
  });

  it('runs nothing after it is closed', async () => {
    const driver = new EventLoopDriver();
    let runs = 0;
    const one = task(() => runs++);
    driver.scheduler.schedule(one, driver.scheduler.now);
    driver.close();
    driver.close();
    driver.scheduler.schedule(one, driver.scheduler.now - 1);
    await wait(5);
    expect(runs).toBe(0);
    expect(driver.scheduler.onEarlier).toBeNull();
  });

  it('takes over a scheduler that has appointments already', async () => {
    const scheduler = new Scheduler(0);
    let runs = 0;
    scheduler.schedule(
      task(() => runs++),
      3,
    );
    const driver = new EventLoopDriver({ scheduler });
    await wait(10);
    driver.close();
    expect(runs).toBe(1);
  });

  it('has links that follow it hold the process when it does', () => {
    const driver = new EventLoopDriver();
    const said: string[] = [];
    const link = { ref: () => said.push('ref'), unref: () => said.push('unref') };
    driver.follow(link);
    driver.unref();
    driver.hold();
    driver.hold();
    driver.release();
    driver.release();
    driver.close();
    expect(said).toEqual(['ref', 'unref', 'ref', 'unref']);
  });

  it('keeps the process alive for a far timer, and lets it go after unref', () => {
    const far = `s.schedule(task(() => console.log('ran')), s.now + 100);`;
    expect(run(far + `setTimeout(() => {}, 1);`).stdout).toBe('ran\n');
    expect(run(far + `driver.unref();`).stdout).toBe('');
    expect(run(`driver.unref();` + far).stdout).toBe('');
    expect(run(`driver.unref();` + far + `driver.ref();`).stdout).toBe('ran\n');
  });
});

/** Runs a piece of program over the built package. */
function run(body: string): { stdout: string } {
  const source = `
    import { EventLoopDriver } from ${JSON.stringify(new URL('../../dist/node/driver.js', import.meta.url).href)};
    const task = (run) => ({ run, at: Infinity, order: 0, slot: -1 });
    const driver = new EventLoopDriver();
    const s = driver.scheduler;
    ${body}`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(child.stderr).toBe('');
  expect(child.status).toBe(0);
  return child;
}

describe('a driver that is held', () => {
  it('keeps the process alive without an appointment, until it is released', () => {
    const script = `
      import { EventLoopDriver } from ${JSON.stringify(new URL('../../dist/node/driver.js', import.meta.url).href)};
      const driver = new EventLoopDriver().unref();
      driver.hold();
      driver.hold();
      setTimeout(() => driver.release(), 30).unref();
      setTimeout(() => (console.log(driver.hasRef()), driver.release()), 60).unref();
      setTimeout(() => console.log('too late'), 5000).unref();
      process.on('exit', () => console.log(driver.hasRef()));
    `;
    const output = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout;
    expect(output).toBe('true\nfalse\n');
  });

  it('lets what was sent just now arrive at once, but no timer, and nothing that comes after one', async () => {
    const driver = new EventLoopDriver();
    const { scheduler } = driver;
    const ran: string[] = [];
    const done = new Promise<void>((resolve) => {
      const now = scheduler.refresh();
      scheduler.schedule(
        task(() => ran.push('first')),
        now,
        ARRIVAL,
      );
      scheduler.schedule(
        task(() => ran.push('timer')),
        now,
        TIMER,
      );
      scheduler.schedule(
        task(() => ran.push('later')),
        now + 0.1,
        ARRIVAL,
      );
      scheduler.schedule(
        task(() => resolve()),
        now + 5,
        TIMER,
      );
    });
    driver.deliver();
    expect(ran).toEqual(['first']);
    await done;
    expect(ran).toEqual(['first', 'timer', 'later']);
    driver.close();
  });

  it('is found by its scheduler, while it drives', () => {
    const driver = new EventLoopDriver();
    expect(EventLoopDriver.of(driver.scheduler)).toBe(driver);
    driver.close();
    expect(EventLoopDriver.of(driver.scheduler)).toBe(null);
  });

  it('runs appointments that nobody waits for, while something else lives', async () => {
    const driver = new EventLoopDriver().unref();
    const ran = await new Promise<number>((resolve) => {
      const task: Task = { run: resolve, at: Infinity, order: 0, slot: -1 };
      driver.scheduler.schedule(task, driver.scheduler.refresh() + 2);
      setTimeout(() => resolve(-1), 2000);
    });
    expect(ran).toBeGreaterThan(0);
    driver.close();
  });
});
