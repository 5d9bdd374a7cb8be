import { describe, expect, it } from 'vitest';
import { below, SeededRandom, unit } from '../../src/base/random.ts';
import { BufferPool } from '../../src/base/ring.ts';
import { tap } from '../../src/link/tap.ts';
import { World } from '../../src/sim/index.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { message } from './tcp-peer.ts';

/** The octet at a place of a stream: both ends know what must come. */
function octet(stream: number, at: number): number {
  return (Math.imul(at, 167) + (at >> 8) + stream * 31) & 255;
}

/** One end of a connection, and what its application has done and seen. */
class End {
  written = 0;
  read = 0;
  ended = false;
  atEnd = false;
  closes = 0;
  /** 'pending', 'null' or the code of the error. */
  outcome = 'pending';
  gone = false;
  socket: TcpSocket | null = null;
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}

class Apps {
  readonly world: World;
  readonly random: SeededRandom;
  readonly hosts: readonly [Stack, Stack];
  readonly problems: string[] = [];
  readonly conversations: [End, End][] = [];
  readonly buffers: CountingPool = new CountingPool();
  frames = 0;
  print = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.world = new World({ seed });
    const { random, buffers } = this;
    const host = (name: string): Stack => this.world.host(name, { buffers, config: { tcp: { msl: 2000 } } });
    this.hosts = [host('a'), host('b')];
    const impairment = (): object => ({
      loss: [0, 0, 0.02, 0.1][below(random, 4)]!,
      duplicate: [0, 0.05][below(random, 2)]!,
      reorder: [0, 0.1][below(random, 2)]!,
      delay: below(random, 40),
      jitter: [0, 10][below(random, 2)]!,
    });
    this.world.join(...this.hosts, {
      mtu: [1280, 1500, 4000][below(random, 3)]!,
      medium: below(random, 2) === 0 ? 'ip' : 'ethernet',
      forth: impairment(),
      back: impairment(),
      wrap: (link, stack) =>
        tap(link, this.world.scheduler, (direction, _, packet) => {
          if (direction !== 'send') return;
          this.frames++;
          const bytes = packet.buf.slice(packet.off, packet.off + packet.len);
          for (const problem of checkFrame(bytes, link.medium)) this.problems.push(`${stack.name}: ${problem}`);
          for (let i = 0; i < bytes.length; i += 7) this.print = (Math.imul(this.print, 31) + bytes[i]!) | 0;
        }),
    });
    for (const stack of this.hosts) {
      stack.tcp.listen({ port: 80, onConnection: (socket) => this.#accepted(socket), options: this.#options() });
    }
  }

  #options(): Partial<TcpOptions> {
    const { random } = this;
    const flag = (): boolean => below(random, 2) === 0;
    return {
      receiveBuffer: [700, 5000, 70_000, 500_000][below(random, 4)]!,
      sendBuffer: [600, 5000, 70_000][below(random, 3)]!,
      timestamps: flag(),
      windowScaling: flag(),
      sack: flag(),
      noDelay: flag(),
    };
  }

  open(): void {
    const side = below(this.random, 2);
    const pair: [End, End] = [new End(2 * this.conversations.length), new End(2 * this.conversations.length + 1)];
    this.conversations.push(pair);
    const address = side === 0 ? ['10.0.0.2', 'fd00::2'] : ['10.0.0.1', 'fd00::1'];
    const socket = this.hosts[side]!.tcp.connect({
      address: address[below(this.random, 2)]!,
      port: 80,
      options: this.#options(),
    });
    socket.context = pair;
    this.#attach(pair[0], pair[1], socket);
  }

  /** The other end of a conversation is found by its ports and addresses. */
  #accepted(socket: TcpSocket): void {
    const pair = this.conversations.find(
      ([client]) =>
        client.socket?.localPort === socket.remotePort && client.socket.localAddress === socket.remoteAddress,
    );
    if (pair === undefined || pair[1].socket !== null) throw new Error('a connection from nowhere');
    this.#attach(pair[1], pair[0], socket);
  }

  #attach(own: End, other: End, socket: TcpSocket): void {
    own.socket = socket;
    const lively = below(this.random, 3) > 0;
    const act = (): void => {
      if (lively && !own.gone) this.#act(own, other);
    };
    socket.handler = {
      onConnect: act,
      onReadable: act,
      onWritable: act,
      onEnd: act,
      onDrained: act,
      onClose: (_, error) => {
        own.closes++;
        own.outcome = error === null ? 'null' : error.code;
        if (!own.gone) this.#readSome(own, other, Infinity);
      },
    };
  }

  /** Something an application might do. */
  step(): void {
    const open = this.conversations
      .flat()
      .filter((end) => end.socket !== null && !end.gone && end.outcome === 'pending');
    if (open.length < 12 && below(this.random, 6) === 0) this.open();
    else if (open.length > 0) {
      const own = open[below(this.random, open.length)]!;
      const other = this.conversations[own.id >> 1]![1 - (own.id & 1)]!;
      this.#act(own, other);
    }
    this.world.run(this.world.now + [0, 1, 10, 100, 1000][below(this.random, 5)]! * unit(this.random));
  }

  #act(own: End, other: End): void {
    const socket = own.socket!;
    const dice = below(this.random, 100);
    if (dice < 45)
      this.#writeSome(own, below(this.random, 4) === 0 ? below(this.random, 60_000) : below(this.random, 500));
    else if (dice < 80) this.#readSome(own, other, below(this.random, 3) === 0 ? below(this.random, 100) : Infinity);
    else if (dice < 90) this.#end(own);
    else if (dice < 92) socket.setNoDelay(below(this.random, 2) === 0);
    else if (dice < 94) socket.setKeepAlive(below(this.random, 2) === 0, 5000);
    else if (dice < 95) socket.setUserTimeout(below(this.random, 2) === 0 ? null : 60_000);
    else if (dice < 97) {
      own.gone = true;
      socket.destroy();
    } else if (dice < 98) {
      own.gone = true;
      socket.abort();
    }
  }

  #end(own: End): void {
    own.ended = true;
    own.socket!.end();
  }

  #writeSome(own: End, length: number): void {
    const data = Uint8Array.from({ length }, (_, i) => octet(own.id, own.written + i));
    const over = own.ended || own.outcome !== 'pending' || own.socket!.state === 'CLOSED';
    try {
      own.written += own.socket!.write(data);
      if (over) this.problems.push('a write after the end was taken');
    } catch (error) {
      if (!over || (error as { code?: string }).code !== 'EPIPE')
        this.problems.push(
          message(() => {
            throw error;
          }),
        );
    }
  }

  #readSome(own: End, other: End, most: number): void {
    const socket = own.socket!;
    const part = new Uint8Array(Math.min(most, socket.readableLength));
    const count = socket.read(part);
    for (let i = 0; i < count; i++) {
      if (part[i] !== octet(other.id, own.read + i)) {
        this.problems.push(`octet ${own.read + i} of ${other.id} is wrong`);
        break;
      }
    }
    own.read += count;
    if (own.read > other.written) this.problems.push(`${own.id} read more than was written`);
    if (socket.atEnd) own.atEnd = true;
  }

  /** Everybody reads to the end and closes. */
  finish(): void {
    for (let i = 0; i < 3000; i++) {
      let busy = false;
      for (const pair of this.conversations) {
        for (const own of pair) {
          if (own.socket === null || own.gone || own.outcome !== 'pending') continue;
          busy = true;
          this.#readSome(own, pair[1 - (own.id & 1)]!, Infinity);
          if (!own.ended) this.#end(own);
        }
      }
      if (!busy) break;
      this.world.run(this.world.now + 100);
    }
    // FIN-WAIT-2 lasts as long as its application: the other side's resets may all have been lost.
    for (const own of this.conversations.flat()) if (own.outcome === 'pending') own.socket?.destroy();
    for (const stack of this.hosts) for (const listener of [...stack.tcp.listeners]) listener.close();
    this.world.run(this.world.now + 2_000_000);
    for (const pair of this.conversations) {
      for (const own of pair)
        if (own.socket !== null && !own.gone) this.#readSome(own, pair[1 - (own.id & 1)]!, Infinity);
    }
  }

  judge(seed: number): void {
    const what = `seed ${seed}`;
    expect(this.problems, what).toEqual([]);
    for (const pair of this.conversations) {
      for (const own of pair) {
        if (own.socket === null) continue;
        const other = pair[1 - (own.id & 1)]!;
        expect(own.closes, `${what}: ${own.id} is told once`).toBe(1);
        const orderly = own.outcome === 'null' && other.outcome === 'null' && !own.gone && !other.gone;
        if (orderly) {
          expect(own.read, `${what}: ${own.id} has read everything`).toBe(other.written);
          expect(own.atEnd, what).toBe(true);
        }
      }
    }
    for (const stack of this.hosts) expect([stack.tcp.table.size, stack.tcp.timeWaits.size], what).toEqual([0, 0]);
    expect(this.buffers.out, what).toBe(0);
    expect(this.world.scheduler.size, what).toBeLessThanOrEqual(2); // neighbour caches
  }
}

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

function run(seed: number): Apps {
  const apps = new Apps(seed);
  try {
    for (let i = 0; i < 400; i++) apps.step();
    apps.finish();
    apps.judge(seed);
  } catch (error) {
    (error as Error).message = `seed ${seed}: ${(error as Error).message}`;
    throw error;
  }
  return apps;
}

describe('applications that write, read, pause, close, go and abort as they like, on a faulty wire', () => {
  it('read what was written, in order; orderly ends lose nothing; nothing is left', () => {
    let frames = 0;
    let conversations = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const apps = run(seed);
      frames += apps.frames;
      conversations += apps.conversations.length;
    }
    expect(frames).toBeGreaterThan(4000);
    expect(conversations).toBeGreaterThan(150);
  });

  it('have the same course twice with one seed', () => {
    for (const seed of [3]) expect(run(seed).print).toBe(run(seed).print);
  });
});
