import { describe, expect, it } from 'vitest';
import { impair } from '../../src/link/impair.ts';
import type { Link } from '../../src/link/link.ts';
import { tap } from '../../src/link/tap.ts';
import { type WireOptions, World } from '../../src/sim/index.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import { judgedPair } from '../helpers/conversation.ts';
import { pattern } from '../helpers/endpoint.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { drain, echo, echoHandler } from './tcp-peer.ts';

interface Talk {
  readonly socket: TcpSocket;
  readonly got: Uint8Array;
  readonly error: string | null | undefined;
}

/** Sends `data` to an echo service in pieces, reads what comes back in sips, and closes. */
function talk(
  world: World,
  from: Stack,
  address: string,
  data: Uint8Array,
  settings: { piece?: number; sip?: number; options?: Partial<TcpOptions>; limit?: number } = {},
): Talk {
  const { piece = data.length, sip = Infinity, options = {}, limit = 600_000 } = settings;
  const got: Uint8Array[] = [];
  let sent = 0;
  let error: string | null | undefined;
  const write = (s: TcpSocket): void => {
    while (sent < data.length) {
      const length = Math.min(piece, data.length - sent);
      const taken = s.write(data, sent, length);
      sent += taken;
      if (taken < length) return;
    }
    s.end();
  };
  const socket = from.tcp.connect({
    address,
    port: 7,
    options,
    handler: {
      onConnect: write,
      onWritable: (s) => {
        if (sent < data.length) write(s);
      },
      onReadable: (s) => {
        while (s.readableLength > 0) {
          const part = new Uint8Array(Math.min(sip, s.readableLength));
          s.read(part);
          got.push(part);
        }
      },
      onClose: (_, e) => {
        error = e === null ? null : e.code;
      },
    },
  });
  world.runUntil(() => error !== undefined, limit);
  return { socket, got: Buffer.concat(got), error };
}

function same({ got, error }: Talk, data: Uint8Array, what = ''): void {
  expect(error, what).toBeNull();
  expect(got.length, what).toBe(data.length);
  expect(Buffer.from(got).equals(data), what).toBe(true);
}

function pair(wire: WireOptions = {}, seed = 1): ReturnType<typeof judgedPair> {
  return judgedPair(seed, { forth: { delay: 2 }, back: { delay: 2 }, ...wire });
}

describe('options that either side may not want', () => {
  const CHOICES = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => ({
    windowScaling: (n & 1) > 0,
    timestamps: (n & 2) > 0,
    sack: (n & 4) > 0,
  }));

  it('hold where both want them, in all 64 combinations, and every stream is whole', () => {
    const data = pattern(60_000);
    let n = 0;
    for (const ours of CHOICES) {
      for (const theirs of CHOICES) {
        const t = pair({ forth: { delay: 2, loss: 0.02 }, back: { delay: 2, loss: 0.02 } }, ++n);
        t.b.tcp.listen({ port: 7, options: theirs, handler: echoHandler, onConnection: () => {} });
        const what = JSON.stringify([ours, theirs]);
        const one = talk(t.world, t.a, n % 2 === 0 ? '10.0.0.2' : 'fd00::2', data, { options: ours });
        same(one, data, what);
        const info = one.socket.info();
        expect(info.options.timestamps, what).toBe(ours.timestamps && theirs.timestamps);
        expect(info.options.sack, what).toBe(ours.sack && theirs.sack);
        expect(info.rcvWscale > 0 && info.sndWscale > 0, what).toBe(ours.windowScaling && theirs.windowScaling);
        expect(t.problems).toEqual([]);
      }
    }
  });

  it('MUST-65: MSS is on SYNs only; without scaling no window says more than 65,535 octets', () => {
    const t = pair();
    echo(t.b, 7);
    same(talk(t.world, t.a, '10.0.0.2', pattern(300_000), { options: { windowScaling: false } }), pattern(300_000));
    for (const event of t.trace) {
      if (event.type !== 'segment-sent') continue;
      expect('mss' in event.segment).toBe((event.segment.flags & 2) > 0);
      if ((event.segment.flags & 2) === 0) expect('windowScale' in event.segment).toBe(false);
    }
  });
});

describe('small things', () => {
  it('buffers of a few octets pass a stream, however slowly', () => {
    for (const [receiveBuffer, sendBuffer] of [
      [1, 1],
      [1, 1000],
      [1000, 1],
      [2, 3],
      [100, 100],
      [1461, 1459],
    ] as const) {
      const t = pair();
      const options = { receiveBuffer, sendBuffer };
      t.b.tcp.listen({ port: 7, options, handler: echoHandler, onConnection: () => {} });
      const data = pattern(Math.min(300 * receiveBuffer, 3000));
      const one = talk(t.world, t.a, '10.0.0.2', data, { options, limit: 6_000_000 });
      same(one, data, JSON.stringify(options));
      expect(t.problems).toEqual([]);
    }
  });

  it('one octet a write and one octet a read make no silly segments with Nagle, and as many without', () => {
    for (const noDelay of [false, true]) {
      const t = pair();
      echo(t.b, 7);
      const data = pattern(3000);
      same(talk(t.world, t.a, '10.0.0.2', data, { piece: 1, sip: 1, options: { noDelay } }), data);
      const texts = t.trace.filter((e) => e.type === 'segment-sent' && e.host === 'a' && e.segment.length > 0).length;
      expect(texts).toBeLessThan(noDelay ? 3001 : 10);
    }
  });

  it('one octet every second arrives at once', () => {
    const t = pair();
    const got: number[] = [];
    t.b.tcp.listen({
      port: 7,
      onConnection: () => {},
      handler: {
        onReadable: (s) => {
          got.push(t.world.now % 1000, ...drain(s));
        },
      },
    });
    const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 7 });
    for (let second = 1; second <= 20; second++) {
      t.world.run(second * 1000);
      socket.write(Uint8Array.of(second));
    }
    t.world.run(30_000);
    expect(got).toEqual(Array.from({ length: 20 }, (_, i) => [2, i + 1]).flat());
  });

  it('a reader that stops for an hour finds the rest when it comes back', () => {
    const t = pair();
    const data = pattern(400_000);
    const servers: TcpSocket[] = [];
    t.b.tcp.listen({ port: 7, options: { receiveBuffer: 20_000 }, onConnection: (s) => void servers.push(s) });
    const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 7 });
    t.world.run(100);
    expect(socket.write(data)).toBe(400_000);
    socket.end();
    t.world.run(3_600_000);
    const [server] = servers;
    expect(server!.readableLength).toBe(20_000);
    const got: Uint8Array[] = [drain(server!)];
    server!.handler = {
      onReadable: (s) => {
        got.push(drain(s));
      },
    };
    t.world.run(3_800_000);
    expect(Buffer.concat(got).equals(data)).toBe(true);
    expect(server!.atEnd).toBe(true);
    expect(t.problems).toEqual([]);
  });
});

describe('every size of link', () => {
  for (const mtu of [68, 69, 100, 296, 576, 1006, 1280, 1281, 1492, 1500, 9000, 65_535]) {
    it(`an MTU of ${mtu} is kept and used`, () => {
      const v6 = mtu >= 1280;
      const addresses = [1, 2].map((n) => [`10.0.0.${n}/24`, ...(v6 ? [`fd00::${n}/64`] : [])]);
      for (const address of v6 ? ['10.0.0.2', 'fd00::2'] : ['10.0.0.2']) {
        for (const timestamps of [true, false]) {
          const t = pair({ mtu, addresses: [addresses[0]!, addresses[1]!] });
          echo(t.b, 7);
          const data = pattern(mtu < 300 ? 10_000 : 250_000);
          const one = talk(t.world, t.a, address, data, { options: { timestamps } });
          same(one, data);
          const header = (address.includes(':') ? 60 : 40) + (timestamps ? 12 : 0);
          expect(one.socket.info()).toMatchObject({ sndMss: mtu - header, pmtu: mtu });
          const longest = Math.max(...t.trace.map((e) => (e.type === 'segment-sent' ? e.segment.length : 0)));
          expect(longest).toBe(mtu - header);
          expect(t.problems).toEqual([]);
        }
      }
    });
  }

  it('an Ethernet carries it after one resolution, over both families', () => {
    const t = pair({ medium: 'ethernet' });
    echo(t.b, 7);
    const data = pattern(200_000);
    for (const address of ['10.0.0.2', 'fd00::2']) same(talk(t.world, t.a, address, data), data);
    expect(t.problems).toEqual([]);
    expect(t.frames()).toBeGreaterThan(500);
  });
});

describe('a host that talks to itself', () => {
  const OWN = ['127.0.0.1', '127.1.2.3', '::1', '10.0.0.1', 'fd00::1'];

  it('over 127/8, ::1 and its own addresses, and nothing leaves it', () => {
    const t = pair();
    echo(t.a, 7);
    const data = pattern(300_000);
    for (const address of OWN) {
      const one = talk(t.world, t.a, address, data);
      same(one, data, address);
      expect(one.socket.remoteAddress).toBe(address);
    }
    t.world.run(t.world.now + 100_000);
    expect(t.frames()).toBe(0);
    expect([t.a.tcp.table.size, t.world.scheduler.size]).toEqual([0, 0]);
  });

  it('is refused by its own closed ports', () => {
    const t = pair();
    for (const address of OWN) {
      let error = '';
      t.a.tcp.connect({
        address,
        port: 9,
        handler: {
          onClose: (_, e) => {
            error = e!.code;
          },
        },
      });
      t.world.run(t.world.now + 10);
      expect(error, address).toBe('ECONNREFUSED');
    }
    expect(t.a.tcp.table.size).toBe(0);
  });

  it('a socket that connects to itself is its own peer (simultaneous open), until it closes', () => {
    for (const address of OWN) {
      const t = pair();
      const socket = t.a.tcp.connect({ address, port: 5000, localPort: 5000, localAddress: address });
      t.world.run(100);
      expect(socket.state, address).toBe('ESTABLISHED');
      socket.write(pattern(3000));
      t.world.run(200);
      expect(Buffer.from(drain(socket)).equals(pattern(3000))).toBe(true);
      socket.end();
      t.world.run(1000);
      expect(socket.state).toBe('TIME-WAIT');
      t.world.run(100_000);
      expect([t.a.tcp.table.size, t.world.scheduler.size], address).toEqual([0, 0]);
    }
  });
});

describe('super-segments', () => {
  const OFFLOAD = { checksum: true, segmentation: 65_535 };

  interface Offloaded {
    world: World;
    a: Stack;
    b: Stack;
    problems: string[];
    /** Sizes of packets that a, and b, put on the wire. */
    sizes: { a: number[]; b: number[] };
  }

  /** Two hosts; `plain` has a link that takes no super-segments and no partial checksums from it, nor hands it any. */
  function offloaded(plain: 'a' | 'b' | 'none', rate = Infinity): Offloaded {
    const world = new World({ seed: 1 });
    const a = world.host('a');
    const b = world.host('b');
    const problems: string[] = [];
    const sizes = { a: [] as number[], b: [] as number[] };
    world.join(a, b, {
      offload: OFFLOAD,
      forth: { delay: 1, rate },
      back: { delay: 1 },
      wrap: (inner: Link, host) => {
        const cut = host.name === plain;
        const link = cut ? impair(inner, world.scheduler, world.pool, { random: world.random }) : inner;
        return tap(link, world.scheduler, (direction, _, packet) => {
          if (direction !== 'send') return;
          sizes[host.name as 'a' | 'b'].push(packet.len);
          const bytes = packet.buf.slice(packet.off, packet.off + packet.len);
          if (packet.segmentSize === 0 && packet.checksum === 0) problems.push(...checkFrame(bytes, 'ip'));
        });
      },
    });
    return { world, a, b, problems, sizes };
  }

  for (const plain of ['none', 'a', 'b'] as const) {
    it(`carry the same text where ${plain === 'none' ? 'both sides take' : `${plain} does not take`} them`, () => {
      for (const address of ['10.0.0.2', 'fd00::2']) {
        const t = offloaded(plain);
        echo(t.b, 7);
        const data = pattern(2_000_000);
        same(talk(t.world, t.a, address, data), data);
        expect(t.problems).toEqual([]);
        const largest = { a: Math.max(...t.sizes.a), b: Math.max(...t.sizes.b) };
        for (const side of ['a', 'b'] as const) {
          if (side === plain) expect(largest[side]).toBeLessThanOrEqual(1500);
          else expect(largest[side]).toBeGreaterThan(20_000);
          expect(largest[side]).toBeLessThanOrEqual(65_535);
        }
        t.world.run(t.world.now + 100_000);
        expect([t.a.tcp.table.size, t.world.scheduler.size]).toEqual([0, 0]);
      }
    });
  }

  it('are acknowledged once each: no ACK storm, and none is left waiting for the delayed ACK', () => {
    const t = offloaded('none', 1e9); // so that they arrive one by one
    let received = 0;
    t.b.tcp.listen({
      port: 7,
      onConnection: () => {},
      handler: {
        onReadable: (s) => {
          received += drain(s).length;
        },
      },
    });
    const socket = t.a.tcp.connect({ address: '10.0.0.2', port: 7 });
    t.world.run(10);
    const data = pattern(4_000_000);
    let sent = 0;
    const write = (): void => {
      sent += socket.write(data, sent);
    };
    socket.handler = { onWritable: write };
    write();
    t.world.runUntil(() => received === 4_000_000, 10_000);
    expect(received).toBe(4_000_000);
    const texts = t.sizes.a.filter((size) => size > 100).length;
    const acks = t.sizes.b.length;
    expect(acks).toBeGreaterThan(texts / 4);
    expect(acks).toBeLessThanOrEqual(texts + 3);
    expect(t.b.tcp.counters.TcpExtDelayedACKs).toBeLessThan(3);
  });

  it('are cut into whole segments: only the last of what is written is short', () => {
    const t = offloaded('none');
    echo(t.b, 7);
    const data = pattern(500_000);
    const one = talk(t.world, t.a, '10.0.0.2', data);
    same(one, data);
    const { sndMss } = one.socket.info();
    const odd = t.sizes.a.filter((size) => size > 100 && (size - 52) % sndMss !== 0);
    expect(odd.length).toBeLessThan(5);
  });
});
