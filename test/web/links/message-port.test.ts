import { BroadcastChannel, MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Scheduler } from '../../../src/base/scheduler.ts';
import { broadcastChannelLink, type MessagePortLike, messagePortLink } from '../../../src/web/links/message-port.ts';
import { numbered, StrictPool } from '../../helpers/links.ts';
import { converse, hostMaker, plug } from './hosts.ts';

function bare(): { pool: StrictPool; scheduler: Scheduler } {
  return { pool: new StrictPool(), scheduler: new Scheduler() };
}

/** Until `done` holds; the event loop has its turns. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 1));
}

const host = hostMaker();

describe('a link over a MessagePort', () => {
  for (const medium of ['ip', 'ethernet'] as const) {
    it(`carries TCP of both families, as ${medium}`, async () => {
      const { port1, port2 } = new MessageChannel();
      const [a, b] = [host(), host()];
      plug(a, messagePortLink(port1, a.stack, { medium }), 1);
      plug(b, messagePortLink(port2, b.stack, { medium }), 2);
      expect(await converse(a, b, '10.0.0.2')).toBe(null);
      expect(await converse(b, a, 'fd00::1')).toBe(null);
    });
  }

  it('carries packets of 64 KiB where both ends have such an MTU', async () => {
    const { port1, port2 } = new MessageChannel();
    const [a, b] = [host(), host()];
    const links = [
      messagePortLink(port1, a.stack, { mtu: 65_535 }),
      messagePortLink(port2, b.stack, { mtu: 65_535 }),
    ] as const;
    plug(a, links[0], 1);
    plug(b, links[1], 2);
    expect(await converse(a, b, '10.0.0.2', 500_000)).toBe(null);
    expect(links[0].counters.sent).toBeLessThan(60);
  });

  it('refuses messages that are no packets', async () => {
    const { port1, port2 } = new MessageChannel();
    const here = bare();
    const link = messagePortLink(port1, here);
    for (const hostile of [null, 'text', { data: new Uint8Array(40) }, [new Uint8Array(40)], new Uint8Array(0), 7n]) {
      port2.postMessage(hostile);
    }
    await until(() => link.counters.refused === 6);
    expect(here.pool.out).toBe(0);
    link.close();
    port2.close();
  });

  it('ends when the other end does, and ends the other end', async () => {
    const { port1, port2 } = new MessageChannel();
    const here = bare();
    const links = [messagePortLink(port1, bare()), messagePortLink(port2, here)] as const;
    links[0].close();
    links[0].close();
    expect(await links[0].closed).toBe(null);
    expect(await links[1].closed).toBe(null);
    links[1].send(numbered(here.pool, 1));
    expect(links[1].counters).toMatchObject({ sent: 1, undelivered: 1 });
  });

  it('takes a worker too, which goes on when the link closes', async () => {
    // The worker sends each packet back, and a plain word for a plain word.
    const code = "require('node:worker_threads').parentPort.on('message', function (m) { this.postMessage(m); })";
    const worker = new Worker(code, { eval: true });
    const here = bare();
    const link = messagePortLink(worker, here);
    const got: number[] = [];
    link.attach({
      packet(packet) {
        got.push(packet.len);
        here.pool.give(packet);
      },
      burstEnd() {},
    });
    link.send(numbered(here.pool, 1, 100));
    link.send(numbered(here.pool, 2, 200));
    await until(() => {
      here.scheduler.runUntil(here.scheduler.now);
      return got.length === 2;
    });
    expect(got).toEqual([100, 200]);
    link.close();
    expect(worker.listenerCount('message')).toBe(0);
    worker.postMessage('still there?');
    const answer = await new Promise((resolve) => worker.once('message', resolve));
    expect(answer).toBe('still there?');
    const second = messagePortLink(worker, here);
    await worker.terminate();
    expect(await second.closed).toBe(null);
  });

  it('refuses what is no port', () => {
    for (const wrong of [null, undefined, {}, { postMessage() {} }, 'port']) {
      expect(() => messagePortLink(wrong as unknown as MessagePortLike, bare())).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
  });
});

describe('a link over a BroadcastChannel', () => {
  it('is an Ethernet for all that use the name', async () => {
    const [a, b, c] = [host(), host(), host()];
    const links = [a, b, c].map((one, i) => {
      const link = broadcastChannelLink('tsyn test segment', one.stack);
      plug(one, link, i + 1);
      return link;
    });
    const all = await Promise.all([converse(a, b, '10.0.0.2'), converse(b, c, 'fd00::3'), converse(c, a, '10.0.0.1')]);
    expect(all).toEqual([null, null, null]);
    // Who is not spoken to hears it all the same, and leaves it.
    expect(c.stack.counters()['Drop:ethernet-not-for-us']).toBeGreaterThan(100);
    links[0]!.close();
    expect(await links[0]!.closed).toBe(null);
    expect(await converse(b, c, '10.0.0.3')).toBe(null);
  });

  it('refuses messages that are no frames', async () => {
    const here = bare();
    const channel = new BroadcastChannel('tsyn test hostile');
    const link = broadcastChannelLink('tsyn test hostile', here);
    for (const hostile of ['text', 1, new Uint8Array(13), { length: 60 }]) channel.postMessage(hostile);
    await until(() => link.counters.refused === 4);
    expect(here.pool.out).toBe(0);
    link.close();
    link.close();
    channel.close();
  });

  it('says where the platform has none', () => {
    const own = globalThis as { BroadcastChannel?: unknown };
    const { BroadcastChannel: before } = own;
    try {
      own.BroadcastChannel = undefined;
      expect(() => broadcastChannelLink('x', bare())).toThrow(
        expect.objectContaining({ code: 'ERR_TSYN_NO_BROADCAST_CHANNEL' }),
      );
    } finally {
      own.BroadcastChannel = before;
    }
  });
});
