import { describe, expect, test } from 'vitest';
import { createLoopback } from '../../src/link/loopback.ts';
import { createPipe, type PipeEnd, type PipeOptions } from '../../src/link/pipe.ts';
import { numbered, Recorder, type World, world } from '../helpers/links.ts';

interface Pair extends World {
  readonly a: PipeEnd;
  readonly b: PipeEnd;
  readonly atA: Recorder;
  readonly atB: Recorder;
}

function pair(options: PipeOptions = {}): Pair {
  const w = world();
  const [a, b] = createPipe(w.scheduler, w.pool, options);
  return { ...w, a, b, atA: new Recorder(w, a), atB: new Recorder(w, b) };
}

describe('a pipe', () => {
  test('delivers in order, at the same instant, and ends the burst', () => {
    const { scheduler, pool, a, atA, atB } = pair();
    for (let n = 1; n <= 3; n++) a.send(numbered(pool, n));
    expect(atB.log).toEqual([]);
    scheduler.runUntil(0);
    expect(atB.log).toEqual([1, 2, 3, 'end']);
    expect(atA.log).toEqual([]);
    expect([pool.out, scheduler.now, scheduler.size]).toEqual([0, 0, 0]);
  });

  test('never calls back into a sender, and what is answered comes in a turn of its own', () => {
    const { scheduler, pool, a, b, atA, atB } = pair();
    let sending = 0;
    let depth = 0;
    const answer = (from: PipeEnd, recorder: Recorder): void => {
      recorder.onPacket = (packet) => {
        expect([sending, depth]).toEqual([0, 0]);
        depth++;
        const n = packet.buf[packet.off + 1]!;
        sending++;
        if (n < 10) from.send(numbered(pool, n + 1));
        sending--;
        depth--;
      };
    };
    answer(a, atA);
    answer(b, atB);
    sending++;
    a.send(numbered(pool, 1));
    sending--;
    let turns = 0;
    while (scheduler.size > 0) turns += scheduler.runDue(0, 1);
    expect(atB.numbers).toEqual([1, 3, 5, 7, 9]);
    expect(atA.numbers).toEqual([2, 4, 6, 8, 10]);
    expect(turns).toBe(10);
    expect(pool.out).toBe(0);
  });

  test('one turn delivers what was queued when it began', () => {
    const { scheduler, pool, a, atB } = pair();
    atB.onPacket = () => a.send(numbered(pool, 9));
    a.send(numbered(pool, 1));
    a.send(numbered(pool, 2));
    scheduler.runDue(0, 1);
    expect(atB.log).toEqual([1, 2, 'end']);
    atB.onPacket = null;
    scheduler.runDue(0, 1);
    expect(atB.log).toEqual([1, 2, 'end', 9, 9, 'end']);
  });

  test('runs before a timer of the same instant that was set earlier', () => {
    const { scheduler, pool, a, atB } = pair();
    const order: string[] = [];
    scheduler.schedule({ run: () => order.push('timer'), at: Infinity, order: 0, slot: -1 }, 0);
    atB.onPacket = () => order.push('arrival');
    a.send(numbered(pool, 1));
    scheduler.runUntil(0);
    expect(order).toEqual(['arrival', 'timer']);
  });

  test('drops the newest of more than its queue holds', () => {
    const { scheduler, pool, a, atB } = pair({ queueLimit: 3 });
    for (let n = 1; n <= 5; n++) a.send(numbered(pool, n));
    scheduler.runUntil(0);
    expect(atB.numbers).toEqual([1, 2, 3]);
    expect(a.counters).toMatchObject({ sent: 5, overflowed: 2 });
    expect(pool.out).toBe(0);
  });

  test('drops what is larger than its MTU, not counting the Ethernet header', () => {
    const ip = pair({ mtu: 1000 });
    ip.a.send(numbered(ip.pool, 1, 1000));
    ip.a.send(numbered(ip.pool, 2, 1001));
    ip.scheduler.runUntil(0);
    expect([ip.atB.numbers, ip.a.counters.oversized, ip.pool.out]).toEqual([[1], 1, 0]);
    const ethernet = pair({ mtu: 1000, medium: 'ethernet' });
    ethernet.a.send(numbered(ethernet.pool, 1, 1014));
    ethernet.a.send(numbered(ethernet.pool, 2, 1015));
    ethernet.scheduler.runUntil(0);
    expect([ethernet.atB.numbers, ethernet.a.counters.oversized]).toEqual([[1], 1]);
  });

  test('takes super-segments only where it offers segmentation', () => {
    for (const [segmentation, taken] of [
      [0, []],
      [4000, [1]],
      [65535, [1, 2]],
    ] as const) {
      const { scheduler, pool, a, atB } = pair({ offload: { checksum: true, segmentation } });
      for (const [n, size] of [
        [1, 4000],
        [2, 60000],
      ] as const) {
        const packet = numbered(pool, n, size);
        packet.segmentSize = 1460;
        a.send(packet);
      }
      scheduler.runUntil(0);
      expect(atB.numbers).toEqual(taken);
      expect(pool.out).toBe(0);
    }
  });

  test('makes no packet in the steady state, in either size', () => {
    const { scheduler, pool, a, b, atA, atB } = pair({ offload: { checksum: true, segmentation: 65535 } });
    atB.onPacket = () => b.send(numbered(pool, 7, 50));
    const round = (): void => {
      for (let n = 0; n < 50; n++) {
        const packet = numbered(pool, n, n % 2 === 0 ? 1500 : 60000);
        packet.segmentSize = n % 2 === 0 ? 0 : 1460;
        a.send(packet);
      }
      scheduler.runUntil(scheduler.now + 1);
    };
    round();
    const { made } = pool;
    for (let i = 0; i < 20; i++) round();
    expect(pool.made).toBe(made);
    expect([pool.out, atA.numbers.length]).toEqual([0, 21 * 50]);
  });

  test('drops what arrives where nobody is attached', () => {
    const w = world();
    const [a, b] = createPipe(w.scheduler, w.pool);
    a.send(numbered(w.pool, 1));
    w.scheduler.runUntil(0);
    expect([b.counters.undelivered, w.pool.out]).toEqual([1, 0]);
  });

  test('closed at one end, drops what is under way and what comes, and may be closed again', () => {
    const { scheduler, pool, a, b, atA, atB } = pair();
    a.send(numbered(pool, 1));
    b.send(numbered(pool, 2));
    a.close();
    a.close();
    b.close();
    a.send(numbered(pool, 3));
    b.send(numbered(pool, 4));
    scheduler.runUntil(10);
    expect([atA.log, atB.log, pool.out, scheduler.size]).toEqual([[], [], 0, 0]);
  });

  test('closed by its receiver in the middle of a burst, delivers no more of it', () => {
    const { scheduler, pool, a, b, atB } = pair();
    atB.onPacket = () => b.close();
    for (let n = 1; n <= 3; n++) a.send(numbered(pool, n));
    scheduler.runUntil(0);
    expect([atB.log, pool.out]).toEqual([[1], 0]);
  });
});

describe('a loopback', () => {
  test('gives its user back what it sent, later and in order', () => {
    const w = world();
    const link = createLoopback(w.scheduler, w.pool);
    const recorder = new Recorder(w, link);
    for (let n = 1; n <= 3; n++) link.send(numbered(w.pool, n, 65535));
    expect(recorder.log).toEqual([]);
    w.scheduler.runUntil(0);
    expect([recorder.log, w.pool.out]).toEqual([[1, 2, 3, 'end'], 0]);
    expect([link.mtu, link.offload]).toEqual([65535, { checksum: true, segmentation: 65535 }]);
  });

  test('has a bounded queue, and drops everything once closed', () => {
    const w = world();
    const link = createLoopback(w.scheduler, w.pool, { queueLimit: 2, mtu: 1500 });
    const recorder = new Recorder(w, link);
    for (let n = 1; n <= 3; n++) link.send(numbered(w.pool, n));
    link.send(numbered(w.pool, 4, 1501));
    expect(link.counters).toMatchObject({ sent: 4, overflowed: 1, oversized: 1 });
    link.close();
    link.send(numbered(w.pool, 5));
    w.scheduler.runUntil(0);
    expect([recorder.log, w.pool.out, link.counters.undelivered]).toEqual([[], 0, 3]);
  });
});
