import { describe, expect, it } from 'vitest';
import { connected, pair, turns } from './pair.ts';

const MiB = 1024 * 1024;

describe('back-pressure', () => {
  it('holds a writer with 1 GB to say before a reader who has stopped: the buffers are all it costs', async () => {
    const buffer = 256 * 1024;
    const net = pair({ tcp: { sendBuffer: buffer, receiveBuffer: buffer } });
    const [client, server] = await connected(net);
    const piece = new Uint8Array(MiB);
    let made = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (made === 1024) controller.close();
          else {
            made++;
            controller.enqueue(piece);
          }
        },
      },
      { highWaterMark: 0 },
    );
    const piped = source.pipeTo(client.writable);
    await turns(100);
    // What is in the two buffers, what a write waits with, what the stream takes ahead of it, and one in the pipe's hands.
    const held = (): number => net.driver.buffers.taken;
    expect(held()).toBeLessThanOrEqual(4 * buffer);
    expect(made).toBeLessThanOrEqual(3);
    const before = made;
    await turns(100);
    expect(made).toBe(before);
    // Less than a segment is left.
    expect(server.info()!.rcvWnd).toBeLessThan(1448);

    // Reading lets as much through as was read, and a little more of it all the time.
    const reader = server.readable.getReader();
    let read = 0;
    while (read < 8 * MiB) read += (await reader.read()).value!.length;
    expect(made * MiB).toBeLessThanOrEqual(read + 2 * buffer + 3 * MiB);
    expect(held()).toBeLessThanOrEqual(4 * buffer);
    piped.catch(() => {});
    await net.close();
    expect(held()).toBeLessThanOrEqual(4 * buffer);
  });

  it('is told by `ready` and `desiredSize`, and a write is done when the send buffer has taken it', async () => {
    const net = pair({ tcp: { sendBuffer: 65_536, receiveBuffer: 65_536 } });
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    expect(writer.desiredSize).toBe(65_536);
    let taken = 0;
    for (let i = 0; i < 8; i++) {
      void writer.write(new Uint8Array(32_768)).then(() => {
        taken += 32_768;
      });
    }
    expect(writer.desiredSize).toBeLessThanOrEqual(0);
    let ready = false;
    void writer.ready.then(() => {
      ready = true;
    });
    await turns(50);
    expect(ready).toBe(false);
    // Two buffers full, and not an octet more; what is there of the next write does not count.
    expect(taken).toBeGreaterThanOrEqual(65_536);
    expect(taken).toBeLessThanOrEqual(131_072);
    const reader = server.readable.getReader();
    let read = 0;
    while (read < 8 * 32_768) read += (await reader.read()).value!.length;
    await writer.ready;
    await turns();
    expect([read, taken, writer.desiredSize]).toEqual([262_144, 262_144, 65_536]);
    await net.close();
  });

  it('hands out what has come, up to 64 KiB at once', async () => {
    const net = pair();
    const [client, server] = await connected(net);
    const writer = client.writable.getWriter();
    await writer.write(new Uint8Array(100_000));
    await turns(50);
    const reader = server.readable.getReader();
    const sizes = [];
    for (let read = 0; read < 100_000; ) {
      const { value } = await reader.read();
      sizes.push(value!.length);
      read += value!.length;
    }
    expect(sizes[0]).toBe(65_536);
    await net.close();
  });
});
