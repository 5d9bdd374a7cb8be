import { describe, expect, it } from 'vitest';
import { World } from '../../src/sim/world.ts';
import type { Stack, StackOptions } from '../../src/stack/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';

interface Bulk {
  readonly world: World;
  readonly sender: Stack;
  readonly socket: TcpSocket;
  readonly peer: () => TcpSocket;
  /** Octets read so far. */
  received(): number;
}

/** One host writes as much as is taken; the other reads all that comes, unless `reads` is false. */
function bulk(options: Partial<StackOptions> = {}, reads = true): Bulk {
  const world = new World({ seed: 1 });
  const sender = world.host('sender', options);
  const receiver = world.host('receiver', options);
  // 100 Mbit/s and 200 ms: 2.5 MB on the way.
  world.join(sender, receiver, { forth: { delay: 100, rate: 100e6, queuePackets: 3000 }, back: { delay: 100 } });
  let received = 0;
  let peer: TcpSocket;
  const scratch = new Uint8Array(65_536);
  receiver.tcp.listen({
    port: 9,
    onConnection(socket) {
      peer = socket;
      if (!reads) return;
      socket.handler = {
        onReadable() {
          for (let n = socket.read(scratch); n > 0; n = socket.read(scratch)) received += n;
        },
      };
    },
  });
  const chunk = new Uint8Array(65_536);
  const fill = (socket: TcpSocket): void => {
    while (socket.write(chunk) === chunk.length);
  };
  const socket = sender.tcp.connect({ address: '10.0.0.2', port: 9, handler: { onConnect: fill, onWritable: fill } });
  return { world, sender, socket, peer: () => peer, received: () => received };
}

/** Share of 100 Mbit/s that text gets between two times (s). */
function share({ world, received }: Bulk, from: number, to: number): number {
  world.run(from * 1000);
  const before = received();
  world.run(to * 1000);
  return ((received() - before) * 8) / ((to - from) * 100e6);
}

describe('buffers that grow with what the path carries', () => {
  it('fill a long fat path that nobody configured', () => {
    const flow = bulk();
    expect(share(flow, 6, 12)).toBeGreaterThan(0.95 * (1448 / 1500));
    expect(flow.peer().tcb.rcv.buffer).toBeGreaterThan(2_500_000);
    expect(flow.socket.tcb.snd.buffer).toBeGreaterThan(2_500_000);
  });

  it('do not, where their sizes are given: what is offered is the size', () => {
    const flow = bulk({ tcp: { receiveBuffer: 500_000, sendBuffer: 8_000_000 } });
    const expected = (500_000 * 8) / 0.2 / 100e6;
    expect(Math.abs(share(flow, 6, 12) - expected)).toBeLessThan(0.02);
    expect(flow.peer().tcb.rcv.buffer).toBe(500_000);
    expect(flow.socket.tcb.rcv.shift).toBe(3);
    const narrow = bulk({ tcp: { sendBuffer: 500_000 } });
    // The application hears of room when half of it is there.
    const half = share(narrow, 6, 12);
    expect(half).toBeGreaterThan(expected / 2 - 0.02);
    expect(half).toBeLessThan(expected + 0.02);
    expect(narrow.socket.tcb.snd.buffer).toBe(500_000);
  });

  it('have a bound each', () => {
    const flow = bulk({ tcp: { receiveBufferMax: 1_000_000, sendBufferMax: 700_000 } });
    flow.world.run(10_000);
    expect(flow.peer().tcb.rcv.buffer).toBeLessThanOrEqual(1_000_000);
    expect(flow.socket.tcb.snd.buffer).toBe(700_000);
  });

  it('have a bound all together', () => {
    const flow = bulk({ config: { tcp: { maxBufferMemory: 0 } } });
    flow.world.run(10_000);
    expect(flow.peer().tcb.rcv.buffer).toBe(512 * 1024);
    expect(flow.socket.tcb.snd.buffer).toBe(512 * 1024);
  });

  it('stay as they are for an application that does not read: that is what a window is for', () => {
    const flow = bulk({}, false);
    flow.world.run(10_000);
    expect(flow.peer().tcb.rcv.buffer).toBe(512 * 1024);
    expect(flow.peer().info().unreadBytes).toBeLessThanOrEqual(512 * 1024);
  });

  it('are refused when the most is less than the size, and the size follows the most', () => {
    expect(() => bulk({ tcp: { receiveBuffer: 5000, receiveBufferMax: 4000 } })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
    expect(bulk({ tcp: { sendBufferMax: 4000 } }).socket.tcb.snd.buffer).toBe(4000);
  });
});
