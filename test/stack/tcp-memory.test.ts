import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { BufferPool } from '../../src/base/ring.ts';
import { World as SimWorld } from '../../src/sim/index.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { TimeWaitEntry } from '../../src/stack/tcp-timewait.ts';
import { pattern } from '../helpers/endpoint.ts';
import { World } from './hosts.ts';
import { drain, echo, forge, shake } from './tcp-peer.ts';

/** A pool that counts what is out. */
class CountingPool extends BufferPool {
  out = 0;

  override take(size: number): Uint8Array {
    this.out++;
    return super.take(size);
  }

  override give(buffer: Uint8Array): void {
    this.out--;
    super.give(buffer);
  }
}

interface Counted {
  world: SimWorld;
  a: Stack;
  b: Stack;
  buffers: CountingPool;
}

function counted(): Counted {
  const world = new SimWorld({ seed: 1 });
  const buffers = new CountingPool();
  const a = world.host('a', { buffers });
  const b = world.host('b', { buffers });
  world.join(a, b, { forth: { delay: 1 }, back: { delay: 1 } });
  return { world, a, b, buffers };
}

function nothingLeft({ world, a, b, buffers }: Counted): void {
  expect([a.tcp.table.size, b.tcp.table.size]).toEqual([0, 0]);
  expect([a.tcp.timeWaits.size, b.tcp.timeWaits.size]).toEqual([0, 0]);
  expect(world.scheduler.size).toBe(0);
  expect(buffers.out).toBe(0);
}

/** The ways in which a connection ends; each is given both ends and some text under way. */
const ENDINGS: Readonly<Record<string, (client: TcpSocket, server: TcpSocket) => void>> = {
  'client closes, server follows': (client, server) => {
    client.end();
    server.handler = { onEnd: (s) => finish(s) };
    client.handler = { onReadable: (s) => void drain(s) };
  },
  'server closes, client follows': (client, server) => {
    server.end();
    client.handler = { onEnd: (s) => finish(s) };
    server.handler = { onReadable: (s) => void drain(s) };
  },
  'both close at once': (client, server) => {
    for (const s of [client, server]) {
      s.handler = { onReadable: (x) => void drain(x), onEnd: (x) => void drain(x) };
      s.end();
    }
  },
  'client aborts': (client) => client.abort(),
  'server aborts': (_, server) => server.abort(),
  'both abort': (client, server) => {
    client.abort();
    server.abort();
  },
  'client goes': (client, server) => {
    client.destroy();
    server.handler = { onEnd: (s) => s.destroy() };
  },
  'both go, with text unread': (client, server) => {
    client.destroy();
    server.destroy();
  },
};

function finish(s: TcpSocket): void {
  drain(s);
  s.end();
}

describe('after a connection', () => {
  for (const [name, ending] of Object.entries(ENDINGS)) {
    it(`nothing is left where ${name}`, () => {
      const t = counted();
      const servers: TcpSocket[] = [];
      const listener = t.b.tcp.listen({ port: 80, onConnection: (s) => void servers.push(s) });
      for (let round = 0; round < 5; round++) {
        const client = t.a.tcp.connect({ address: round % 2 === 0 ? '10.0.0.2' : 'fd00::2', port: 80 });
        t.world.run(t.world.now + 10);
        const server = servers.pop()!;
        client.write(pattern(30_000));
        server.write(pattern(20_000));
        t.world.run(t.world.now + 2 + round);
        ending(client, server);
        t.world.run(t.world.now + 300_000);
      }
      listener.close();
      nothingLeft(t);
    });
  }

  it('nothing is left where the peer falls silent for good in any state', () => {
    for (const when of ['SYN-SENT', 'ESTABLISHED', 'FIN-WAIT-1', 'CLOSE-WAIT', 'LAST-ACK'] as const) {
      const t = counted();
      const servers: TcpSocket[] = [];
      const listener = t.b.tcp.listen({ port: 80, onConnection: (s) => void servers.push(s) });
      const cut = (): void => {
        t.a.interfaces()[1]!.setUp(false);
      };
      const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 80 });
      if (when === 'SYN-SENT') cut();
      else t.world.run(100);
      if (when === 'CLOSE-WAIT' || when === 'LAST-ACK') {
        servers[0]!.end();
        t.world.run(200);
      }
      if (when !== 'SYN-SENT') {
        cut();
        socket.write(pattern(10_000));
      }
      if (when === 'FIN-WAIT-1' || when === 'LAST-ACK') socket.end();
      t.world.run(t.world.now + 1_200_000);
      expect(socket.state, when).toBe('CLOSED');
      expect(t.a.tcp.table.size).toBe(0);
      for (const s of servers) s.abort();
      listener.close();
      t.world.run(t.world.now + 300_000);
      nothingLeft(t);
    }
  });

  it('out-of-order text that is never completed goes with its connection', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80 });
    for (let sport = 1; sport <= 20; sport++) {
      const next = shake(raw, { sport });
      for (let i = 1; i < 20; i++)
        raw.ask(forge('ACK', { sport, ...next, seq: next.seq + i * 2000, data: pattern(500) }));
      const socket = listener.accept()!;
      expect(socket.tcb.rcv.text.capacity).toBeGreaterThan(0);
      if (sport % 2 === 0) socket.abort();
      else raw.ask(forge('RST', { sport, seq: next.seq }));
      expect(socket.tcb.rcv.text.capacity).toBe(0);
      w.run(0);
    }
    expect(a.tcp.table.size).toBe(0);
  });
});

describe('many connections', () => {
  it('2,000 in a row leave no record, no task, no buffer and no new packet', () => {
    const t = counted();
    echo(t.b, 7);
    let made = 0;
    for (let i = 0; i < 2000; i++) {
      const socket = t.a.tcp.connect({ address: i % 2 === 0 ? '10.0.0.2' : 'fd00::2', port: 7 });
      socket.write(pattern(100));
      socket.end();
      socket.handler = { onReadable: (s) => void drain(s) };
      t.world.run(t.world.now + 50);
      expect(socket.state).toBe('TIME-WAIT');
      if (i === 100) made = t.world.pool.made;
    }
    expect(t.world.pool.made).toBe(made);
    expect(t.a.tcp.timeWaits.size).toBe(1200); // those of the last minute
    for (const listener of [...t.b.tcp.listeners]) listener.close();
    t.world.run(t.world.now + 60_000);
    nothingLeft(t);
  });

  it('1,000 at once: idle ones own no buffers, and the scheduler knows at most one task for each', () => {
    const t = counted();
    echo(t.b, 7);
    const sockets: TcpSocket[] = [];
    for (let i = 0; i < 1000; i++) {
      const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 7 });
      socket.handler = { onReadable: (s) => void drain(s) };
      sockets.push(socket);
      if (i % 100 === 99) t.world.run(t.world.now + 10);
    }
    for (const socket of sockets) socket.write(pattern(1000));
    expect(t.buffers.out).toBeGreaterThan(0);
    expect(t.world.scheduler.size).toBeLessThanOrEqual(2010);
    t.world.run(t.world.now + 10_000);
    expect(t.buffers.out).toBe(0);
    expect(t.world.scheduler.size).toBe(0);
    expect([t.a.tcp.table.size, t.b.tcp.table.size]).toEqual([1000, 1000]);
    for (const socket of sockets) socket.end();
    for (const listener of [...t.b.tcp.listeners]) listener.close();
    t.world.run(t.world.now + 100_000);
    nothingLeft(t);
  });

  it('a closed socket is not held by its stack, nor are its handler and context', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const t = counted();
    echo(t.b, 7);
    const refs: WeakRef<object>[] = [];
    const churn = (): void => {
      for (let i = 0; i < 50; i++) {
        const context = { i };
        const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 7, handler: { onReadable: (s) => void drain(s) } });
        socket.context = context;
        refs.push(new WeakRef(socket), new WeakRef(context), new WeakRef(socket.tcb));
        if (i % 3 === 0) socket.abort();
        else {
          socket.write(pattern(100));
          socket.end();
        }
        if (i % 3 === 1) t.world.run(t.world.now + 50);
      }
      t.world.run(t.world.now + 1000);
    };
    churn();
    expect(t.a.tcp.timeWaits.size).toBe(33); // their records are what is left
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      gc();
    }
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(3); // a cache of the last one
    const records = [...t.a.tcp.entries()].filter((entry) => entry instanceof TimeWaitEntry);
    expect(records.length).toBe(33);
  });

  it('sends to a stack that is closed leave nothing either', () => {
    const t = counted();
    echo(t.b, 7);
    const sockets = Array.from({ length: 20 }, () => t.a.tcp.connect({ address: '10.0.0.2', port: 7 }));
    t.world.run(100);
    t.b.close();
    for (const socket of sockets) socket.write(pattern(5000));
    t.world.run(t.world.now + 2_000_000);
    expect(t.a.tcp.table.size).toBe(0);
    expect(t.world.scheduler.size).toBe(0);
    expect(t.buffers.out).toBe(0);
  });
});
