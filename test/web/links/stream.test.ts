import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../../src/base/scheduler.ts';
import { type StreamPair, streamLink } from '../../../src/web/links/stream.ts';
import { numbered, Recorder, StrictPool, world } from '../../helpers/links.ts';
import { converse, hostMaker, plug } from './hosts.ts';

function bare(): { pool: StrictPool; scheduler: Scheduler } {
  return { pool: new StrictPool(), scheduler: new Scheduler() };
}

/** Two pairs of streams, joined crosswise. */
function crossed(): [StreamPair, StreamPair] {
  const [forth, back] = [new TransformStream(), new TransformStream()];
  return [
    { readable: back.readable, writable: forth.writable },
    { readable: forth.readable, writable: back.writable },
  ];
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const host = hostMaker();

describe('a link over a pair of streams', () => {
  for (const medium of ['ip', 'ethernet'] as const) {
    it(`carries TCP of both families, as ${medium}`, async () => {
      const [a, b] = [host(), host()];
      const [one, other] = crossed();
      plug(a, streamLink(one, a.stack, { medium }), 1);
      plug(b, streamLink(other, b.stack, { medium }), 2);
      expect(await converse(a, b, '10.0.0.2')).toBe(null);
      expect(await converse(b, a, 'fd00::1')).toBe(null);
    });
  }

  it('reads no more than it has room for, and loses nothing', async () => {
    const w = world();
    let pulled = 0;
    const readable = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++;
          controller.enqueue(Uint8Array.of(pulled >> 8, pulled & 0xff));
          if (pulled === 1000) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const link = streamLink({ readable, writable: new WritableStream() }, w, { queueLimit: 10 });
    const got = new Recorder(w, link);
    for (let i = 0; i < 5; i++) await turn();
    expect(pulled).toBe(10);
    w.scheduler.runUntil(0);
    for (let i = 0; i < 5; i++) await turn();
    expect(pulled).toBe(20);
    while (pulled < 1000) {
      w.scheduler.runUntil(0);
      await turn();
    }
    w.scheduler.runUntil(0);
    expect(link.counters).toMatchObject({ missed: 0, refused: 0 });
    expect(got.numbers).toEqual(Array.from({ length: got.numbers.length }, (_, i) => i + 1));
    expect(got.numbers.length + link.counters.undelivered).toBe(1000);
    expect(w.pool.out).toBe(0);
  });

  it('is full while the writable takes nothing, drops beyond its bound, and goes on', async () => {
    const here = bare();
    let take: () => void = () => {};
    const taken: number[] = [];
    const writable = new WritableStream<Uint8Array>({
      write(chunk) {
        taken.push(chunk[1]!);
        return new Promise((resolve) => {
          take = resolve;
        });
      },
    });
    const link = streamLink({ readable: new ReadableStream(), writable }, here, { maxQueued: 4000 });
    for (const n of [1, 2, 3, 4]) link.send(numbered(here.pool, n, 1500));
    expect(link.counters).toMatchObject({ sent: 4, overflowed: 2 });
    expect([link.full, link.queued]).toEqual([true, 3000]);
    for (let i = 0; i < 2; i++) {
      await turn();
      take();
    }
    await turn();
    expect([link.full, link.queued]).toEqual([false, 0]);
    expect(taken).toEqual([1, 2]);
    expect(here.pool.out).toBe(0);
    link.close();
  });

  it('refuses chunks that are no packets', async () => {
    const here = bare();
    const hostile = ['text', null, undefined, 5, {}, new Uint8Array(0), new Uint8Array(70_000), [1]];
    const readable = new ReadableStream<unknown>({
      start(controller) {
        for (const chunk of hostile) controller.enqueue(chunk);
        controller.close();
      },
    });
    const link = streamLink({ readable, writable: new WritableStream() }, here);
    expect(await link.closed).toBe(null);
    expect(link.counters.refused).toBe(hostile.length);
    expect(here.pool.out).toBe(0);
  });

  it('ends when either stream does, in good order or not', async () => {
    const [one, other] = crossed();
    const links = [streamLink(one, bare()), streamLink(other, bare())] as const;
    links[0].close();
    links[0].close();
    expect(await links[0].closed).toBe(null);
    expect(await links[1].closed).toBe(null);

    const torn = new Error('the cable is torn');
    const reading = streamLink(
      { readable: new ReadableStream({ pull: () => Promise.reject(torn) }), writable: new WritableStream() },
      bare(),
    );
    expect(await reading.closed).toMatchObject({
      code: 'ERR_TSYN_STREAM',
      message: 'the stream failed: the cable is torn',
      cause: torn,
    });

    let cancelled: unknown;
    const here = bare();
    const writing = streamLink(
      {
        readable: new ReadableStream({
          cancel(reason) {
            cancelled = reason;
          },
        }),
        writable: new WritableStream({ write: () => Promise.reject(torn) }),
      },
      here,
    );
    writing.send(numbered(here.pool, 1));
    const reason = await writing.closed;
    expect(reason).toMatchObject({ code: 'ERR_TSYN_STREAM', cause: torn });
    expect(cancelled).toBe(reason);
    expect(here.pool.out).toBe(0);
  });

  it('is closed also while it waits for room', async () => {
    const w = world();
    let cancelled = false;
    const readable = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Uint8Array.of(1, 2)),
      cancel() {
        cancelled = true;
      },
    });
    const link = streamLink({ readable, writable: new WritableStream() }, w, { queueLimit: 3 });
    for (let i = 0; i < 5; i++) await turn();
    link.close();
    expect(await link.closed).toBe(null);
    expect(cancelled).toBe(true);
    expect(w.pool.out).toBe(0);
  });

  it('refuses what is no pair of streams, and names the part', () => {
    const wrong: [unknown, RegExp][] = [
      [null, /readable must be a ReadableStream/],
      [{}, /readable/],
      [{ readable: new ReadableStream() }, /writable must be a WritableStream/],
      [{ readable: 1, writable: new WritableStream() }, /readable/],
    ];
    for (const [pair, message] of wrong) {
      expect(() => streamLink(pair as StreamPair, bare())).toThrow(message);
    }
    const readable = new ReadableStream();
    readable.getReader();
    expect(() => streamLink({ readable, writable: new WritableStream() }, bare())).toThrow(/locked/);
  });
});
