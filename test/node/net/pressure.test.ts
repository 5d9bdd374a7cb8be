import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/base/index.ts';
import { createPipe, PacketPool } from '../../../src/link/index.ts';
import { EventLoopDriver } from '../../../src/node/driver.ts';
import { createNet, type Net } from '../../../src/node/net/index.ts';
import { createStack, type Stack } from '../../../src/stack/index.ts';

const BUFFER = 256 * 1024;
const CHUNK = 64 * 1024;
const GIGABYTE = 1e9;

interface Place {
  readonly a: Stack;
  readonly b: Stack;
  readonly client: Net;
  readonly server: Net;
  close(): void;
}

function place(): Place {
  const driver = new EventLoopDriver();
  const { scheduler } = driver;
  const pool = new PacketPool();
  const ends = createPipe(scheduler, pool);
  const tcp = { receiveBuffer: BUFFER, sendBuffer: BUFFER };
  const [a, b] = ends.map((link, i) => {
    const stack = createStack({ name: 'ab'[i]!, scheduler, random: new SeededRandom(i), pool, tcp });
    stack.addInterface({ link, addresses: [`10.0.0.${i + 1}/24`] });
    return stack;
  }) as [Stack, Stack];
  const close = (): void => {
    a.close();
    b.close();
    driver.close();
  };
  return { a, b, client: createNet(a), server: createNet(b), close };
}

async function listening(net: Net): Promise<{ server: Server; port: number; accepted: Promise<Socket> }> {
  const server = net.createServer({ pauseOnConnect: true });
  const accepted = once(server, 'connection').then(([socket]) => socket as Socket);
  server.listen(0, '10.0.0.2');
  await once(server, 'listening');
  return { server, port: (server.address() as { port: number }).port, accepted };
}

/** Until nothing moves any more. */
async function still(moved: () => number): Promise<void> {
  for (let before = -1; before !== moved(); ) {
    before = moved();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a writer far ahead of a reader who has stopped', () => {
  it('costs the configured buffers and no more, and goes on when the reader does', async () => {
    const { a, b, client: net, server: serverNet, close } = place();
    const { server, port, accepted } = await listening(serverNet);
    const client = net.connect(port, '10.0.0.2');
    const chunk = Buffer.alloc(CHUNK, 7);
    let said = 0;
    const pump = (): void => {
      while (said < GIGABYTE) {
        said += CHUNK;
        if (!client.write(chunk)) break;
      }
    };
    client.on('connect', pump).on('drain', pump);
    const reader = await accepted;
    await still(() => said);
    // Both buffers, and one chunk that the stream holds.
    expect(said).toBeGreaterThanOrEqual(BUFFER);
    expect(said).toBeLessThanOrEqual(2 * BUFFER + 2 * CHUNK);
    expect(client.writableLength).toBeLessThanOrEqual(2 * CHUNK);
    expect(a.buffers.taken).toBeLessThanOrEqual(BUFFER);
    expect(b.buffers.taken).toBeLessThanOrEqual(BUFFER);
    expect(reader.bytesRead).toBe(0);

    const before = said;
    let heard = 0;
    reader.on('data', (data) => {
      heard += data.length;
      if (heard > 4_000_000) reader.pause();
    });
    reader.resume();
    await still(() => said);
    expect(said - before).toBeGreaterThan(3_000_000);
    expect(said - heard).toBeLessThanOrEqual(2 * BUFFER + 4 * CHUNK);
    client.destroy();
    reader.destroy();
    server.close();
    close();
  });
});
