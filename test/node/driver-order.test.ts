import { stat } from 'node:fs';
import { expect, it } from 'vitest';
import { EventLoopDriver } from '../../src/node/driver.ts';

it('what arrived while the event loop was busy is handled before a deadline that passed meanwhile', async () => {
  const driver = new EventLoopDriver();
  const { scheduler } = driver;
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    const deadline = {
      at: Infinity,
      order: 0,
      slot: -1,
      run: () => {
        order.push('deadline');
        resolve();
      },
    };
    setImmediate(() => {
      scheduler.schedule(deadline, scheduler.refresh() + 2);
      stat('.', () => order.push('arrival'));
      const end = performance.now() + 50;
      while (performance.now() < end);
    });
  });
  driver.close();
  expect(order).toEqual(['arrival', 'deadline']);
});
