import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/index.ts';
import {
  createStack,
  SocketError,
  type TapInterface,
  type TunInterface,
  WebRandom,
  type WebStack,
} from '../../src/web/index.ts';
import { encode, rejection, say, text, thrown, turns } from './pair.ts';

let stacks: WebStack[] = [];
beforeEach(() => {
  stacks = [];
});
afterEach(async () => {
  for (const stack of stacks) await stack.close();
});

function host(): WebStack {
  const stack = createStack();
  stacks.push(stack);
  return stack;
}

/** A cable: what one sends arrives at the other. */
function plug(a: TunInterface | TapInterface, b: TunInterface | TapInterface): void {
  a.readable.pipeTo(b.writable).catch(() => {});
  b.readable.pipeTo(a.writable).catch(() => {});
}

/** `to` listens, `from` says something and hears it back. */
async function echo(from: WebStack, to: WebStack, address: string): Promise<void> {
  const listener = await to.listenTcp({ port: 7 });
  const client = await from.connectTcp({ host: address, port: 7 });
  const server = await listener.accept();
  const echoed = server.readable.pipeTo(server.writable);
  const words = 'over streams of packets '.repeat(10_000);
  const said = say(client, words);
  expect(await text(client)).toBe(words);
  await Promise.all([said, echoed, client.closed, server.closed, listener.close()]);
}

describe('a web stack', () => {
  it('waits for nobody, and for whom it is awaited', async () => {
    const stack = await createStack({ name: 'x', random: new SeededRandom(1) });
    await stack.ready;
    expect([stack.core.name, [...stack.interfaces]]).toEqual(['x', []]);
    await stack.close();
    await stack.close();
    expect([stack.core.closed, stack.driver.closed]).toEqual([true, true]);
  });

  it('names what is wrong with its options', () => {
    for (const [options, words] of [
      [null, /options must be an object/],
      [{ tcp: { sendBuffer: 0 } }, /sendBuffer/],
      [{ config: { ip: { ttl: 'x' } } }, /ttl/],
      [{ resolve: 'dns' }, /resolve must be a function/],
    ] as const) {
      const error = thrown(() => createStack(options as never));
      expect(error).toBeInstanceOf(SocketError);
      expect(error.message).toMatch(words);
    }
  });

  it('talks to itself', async () => {
    const stack = host();
    const loopback = await stack.createLoopbackInterface({ ip: '127.0.0.1/8' });
    expect([loopback.type, loopback.ip, loopback.netmask]).toEqual(['loopback', '127.0.0.1', '255.0.0.0']);
    await echo(stack, stack, '127.0.0.1');
    const other = await stack.createLoopbackInterface({ ip: '192.0.2.1/32' });
    await echo(stack, stack, '192.0.2.1');
    await stack.removeInterface(other);
    await stack.removeInterface(other);
    expect((await rejection(stack.connectTcp({ host: '192.0.2.1', port: 7 }))).code).toBe('ENETUNREACH');
    expect([...stack.interfaces]).toEqual([loopback]);
  });

  it('is named in what its arguments lack', async () => {
    const stack = host();
    const calls: (() => Promise<unknown>)[] = [
      () => stack.connectTcp(undefined as never),
      () => stack.connectTcp({ host: '', port: 80 }),
      () => stack.connectTcp({ host: '127.0.0.1', port: 0 }),
      () => stack.listenTcp(null as never),
      () => stack.listenTcp({ port: -1 }),
      () => stack.openUdp({ port: 65_536 }),
      () => stack.openUdp('53' as never),
      () => stack.createPingSession({ host: '127.0.0.1', timeout: 0 }),
      () => stack.ping(''),
      () => stack.ping('127.0.0.1', { payload: 'x' as never }),
      () => stack.createTunInterface({ ip: '10.0.0.1' }),
      () => stack.createTunInterface({ ip: '10.0.0.1/24', mtu: 10 }),
      () => stack.createTapInterface({ mac: '01:23:45:67:89:ab' }),
      () => stack.createTapInterface({ mac: 'x' }),
      () => stack.createLoopbackInterface({ ip: 'localhost' }),
      () => stack.createBridgeInterface({ ports: [] }),
      () => stack.createBridgeInterface({ ports: ['tap0'] as never }),
    ];
    for (const call of calls) {
      const error = await rejection(call());
      expect(error, call.toString()).toBeInstanceOf(SocketError);
      expect(error.code, call.toString()).toBe('ERR_INVALID_ARG_VALUE');
    }
    expect([...stack.interfaces]).toEqual([]);
    expect(stack.core.interfaces()).toHaveLength(1);
  });
});

describe('tun interfaces', () => {
  it('carry IP packets as streams', async () => {
    const [a, b] = [host(), host()];
    const [left, right] = [
      await a.createTunInterface({ ip: '192.168.1.1/24' }),
      await b.createTunInterface({ ip: '192.168.1.2/24' }),
    ];
    expect([left.type, left.ip, left.netmask]).toEqual(['tun', '192.168.1.1', '255.255.255.0']);
    plug(left, right);
    await echo(a, b, '192.168.1.2');
  });

  it('carry IPv6', async () => {
    const [a, b] = [host(), host()];
    const left = await a.createTunInterface({ ip: 'fd00::1/64' });
    expect([left.ip, left.netmask]).toEqual(['fd00::1', 'ffff:ffff:ffff:ffff::']);
    plug(left, await b.createTunInterface({ ip: 'fd00::2/64' }));
    await echo(a, b, 'fd00::2');
  });

  it('are iterables of packets, which are dropped while nobody listens', async () => {
    const stack = host();
    const tun = await stack.createTunInterface({ ip: '192.168.1.1/24' });
    const udp = await stack.openUdp({ port: 5000 });
    await udp.send({ host: '192.168.1.2', port: 1, data: encode('unheard') });
    expect(tun.packets.counters.undelivered).toBe(1);
    const packets = tun.listen();
    const first = packets.next();
    await udp.send({ host: '192.168.1.2', port: 1, data: encode('heard') });
    const { value } = await first;
    expect(value!.length).toBe(20 + 8 + 5);
    expect(new TextDecoder().decode(value!.subarray(28))).toBe('heard');
    await packets.return!();
    await udp.send({ host: '192.168.1.2', port: 1, data: encode('unheard') });
    expect(tun.packets.counters.undelivered).toBe(2);
  });

  it('bound what waits for a reader who has stopped', async () => {
    const stack = host();
    const tun = await stack.createTunInterface({ ip: '192.168.1.1/24' });
    const reader = tun.readable.getReader();
    const udp = await stack.openUdp();
    for (let i = 0; i < 3000; i++) await udp.send({ host: '192.168.1.2', port: 1, data: new Uint8Array(10) });
    const { sent, overflowed } = tun.packets.counters;
    expect([sent, overflowed]).toEqual([3000, 3000 - 1024]);
    expect(tun.packets.full).toBe(true);
    for (let i = 0; i < 1024; i++) await reader.read();
    expect(tun.packets.full).toBe(false);
  });

  it('make a writer who is far ahead wait, and lose nothing', async () => {
    const stack = host();
    const tun = await stack.createTunInterface({ ip: '192.168.1.1/24' });
    const writer = tun.writable.getWriter();
    const writes = [];
    for (let i = 0; i < 5000; i++) writes.push(writer.write(new Uint8Array(20)));
    await Promise.all(writes);
    await turns();
    expect(tun.packets.counters).toMatchObject({ delivered: 5000, overflowed: 0, undelivered: 0 });
  });

  it('refuse what is no packet, and take any octets', async () => {
    const stack = host();
    const tun = await stack.createTunInterface({ ip: '192.168.1.1/24' });
    const writer = tun.writable.getWriter();
    await writer.write(new Uint8Array(0));
    await writer.write(new Uint8Array(65_535).fill(0x45));
    await turns();
    expect(tun.packets.counters.delivered).toBe(2);
    expect((await rejection(writer.write(new Uint8Array(65_536)))).code).toBe('ERR_INVALID_ARG_VALUE');
    const other = await stack.createTunInterface();
    expect([other.ip, other.netmask]).toEqual([undefined, undefined]);
    expect((await rejection(other.writable.getWriter().write('packet' as never))).code).toBe('ERR_INVALID_ARG_VALUE');
  });

  it('end with their removal', async () => {
    const stack = host();
    const tun = await stack.createTunInterface({ ip: '192.168.1.1/24' });
    const iterating = (async () => {
      let count = 0;
      for await (const _ of tun) count++;
      return count;
    })();
    const writer = tun.writable.getWriter();
    await stack.removeInterface(tun);
    expect(await iterating).toBe(0);
    expect((await rejection(writer.write(new Uint8Array(20)))).code).toBe('EBADF');
    await stack.createTunInterface({ ip: '192.168.1.1/24' });
  });
});

describe('tap interfaces', () => {
  it('carry Ethernet frames as streams', async () => {
    const [a, b] = [host(), host()];
    const left = await a.createTapInterface({ mac: '02:00:00:00:00:01', ip: '192.168.1.1/24' });
    const right = await b.createTapInterface({ ip: '192.168.1.2/24' });
    expect([left.type, left.mac, left.ip]).toEqual(['tap', '02:00:00:00:00:01', '192.168.1.1']);
    expect(right.mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    plug(left, right);
    await echo(a, b, '192.168.1.2');
  });

  it('are switched by a bridge, on which the host is, too', async () => {
    const [a, b, router] = [host(), host(), host()];
    const ports = [await router.createTapInterface(), await router.createTapInterface({ ip: '192.168.1.9/24' })];
    plug(await a.createTapInterface({ ip: '192.168.1.2/24' }), ports[0]!);
    plug(await b.createTapInterface({ ip: '192.168.1.3/24' }), ports[1]!);
    const bridge = await router.createBridgeInterface({ ports, ip: '192.168.1.1/24', mac: '02:00:00:00:00:fe' });
    expect([bridge.type, bridge.mac, bridge.ip]).toEqual(['bridge', '02:00:00:00:00:fe', '192.168.1.1']);
    expect(ports[1]!.ip).toBe('192.168.1.1');
    await echo(a, b, '192.168.1.3');
    await echo(a, router, '192.168.1.1');
    await echo(router, b, '192.168.1.3');
    // The port's address is the bridge's now.
    await echo(b, router, '192.168.1.9');
    expect((await rejection(router.createBridgeInterface({ ports }))).code).toBe('ERR_INVALID_ARG_VALUE');
    await router.removeInterface(bridge);
    await expect(ports[0]!.readable.pipeTo(new WritableStream())).rejects.toThrow(); // locked by the plug
  });

  it('are not bridged by another stack, or twice', async () => {
    const [a, b] = [host(), host()];
    const tap = await a.createTapInterface();
    for (const [stack, ports] of [
      [b, [tap]],
      [a, [tap, tap]],
    ] as const) {
      const error = await rejection(stack.createBridgeInterface({ ports }));
      expect(error.message).toContain('ports must be tap interfaces of this stack');
    }
    expect(a.core.interfaces()).toHaveLength(2);
  });
});

describe('UDP', () => {
  it('sends and receives datagrams, as streams', async () => {
    const stack = host();
    const server = await stack.openUdp({ host: '127.0.0.1', port: 53 });
    expect(server.addr).toEqual({ transport: 'udp', hostname: '127.0.0.1', port: 53 });
    const client = await stack.openUdp();
    const answering = (async () => {
      const writer = server.writable.getWriter();
      for await (const { host: from, port, data } of server) {
        await writer.write({ host: from, port, data: data.slice().reverse() });
      }
    })();
    const reader = client.readable.getReader();
    for (const word of ['abc', '', 'defg']) {
      await client.send({ host: 'localhost', port: 53, data: encode(word) });
      const { value } = await reader.read();
      expect([value!.host, value!.port]).toEqual(['127.0.0.1', 53]);
      expect(new TextDecoder().decode(value!.data)).toBe([...word].reverse().join(''));
    }
    const waiting = reader.read();
    await client.close();
    await client.close();
    expect((await waiting).done).toBe(true);
    await server.close();
    await answering;
  });

  it('keeps what nobody has read yet, up to its bound', async () => {
    const stack = host();
    const server = await stack.openUdp({ port: 53, receiveBuffer: 256 * 3 + 30 });
    const client = await stack.openUdp();
    for (const word of ['one', 'two', 'three', 'four']) {
      await client.send({ host: '127.0.0.1', port: 53, data: encode(word) });
    }
    await turns();
    const reader = server.readable.getReader();
    const heard = [];
    for (let i = 0; i < 3; i++) heard.push(new TextDecoder().decode((await reader.read()).value!.data));
    expect(heard).toEqual(['one', 'two', 'three']);
  });

  it('tells what cannot be sent', async () => {
    const stack = host();
    const udp = await stack.openUdp();
    const data = new Uint8Array(1);
    const cases: [unknown, string][] = [
      [{ host: '203.0.113.1', port: 1, data }, 'ENETUNREACH'],
      [{ host: '127.0.0.1', port: 1, data: new Uint8Array(70_000) }, 'EMSGSIZE'],
      [{ host: 'example.org', port: 1, data }, 'ENOTFOUND'],
      [{ host: '127.0.0.1', port: 0, data }, 'ERR_INVALID_ARG_VALUE'],
      [{ host: '127.0.0.1', port: 1, data: 'x' }, 'ERR_INVALID_ARG_VALUE'],
      [{ port: 1, data }, 'ERR_INVALID_ARG_VALUE'],
      [null, 'ERR_INVALID_ARG_VALUE'],
    ];
    for (const [datagram, code] of cases) {
      const error = await rejection(udp.send(datagram as never));
      expect(error).toBeInstanceOf(SocketError);
      expect(error.code).toBe(code);
    }
    expect((await rejection(udp.writable.getWriter().write(cases[0]![0] as never))).code).toBe('ENETUNREACH');
    expect((await rejection(stack.openUdp({ port: udp.addr.port }))).code).toBe('EADDRINUSE');
    expect((await rejection(stack.openUdp({ host: '192.0.2.1' }))).code).toBe('EADDRNOTAVAIL');
    await udp.close();
    expect((await rejection(udp.send({ host: '127.0.0.1', port: 1, data }))).code).toBe('EBADF');
  });
});

describe('ping', () => {
  it('asks and is answered, with what was sent', async () => {
    const stack = host();
    const session = await stack.createPingSession({ host: 'localhost' });
    expect(session.host).toBe('127.0.0.1');
    const first = await session.ping();
    expect(first).toMatchObject({ host: '127.0.0.1', identifier: session.identifier, ttl: 64 });
    expect(first.payload).toEqual(Uint8Array.from({ length: 56 }, (_, i) => i));
    const second = await session.ping({ payload: encode('hello') });
    expect(new TextDecoder().decode(second.payload)).toBe('hello');
    expect(second.sequenceNumber).toBe((first.sequenceNumber + 1) & 0xffff);
    expect(await stack.ping('::1', { size: 8 })).toMatchObject({ address: '::1', size: 8 });
  });

  it('counts only a reply that brings back what was sent', async () => {
    const stack = host();
    const tun = await stack.createTunInterface({ ip: '192.168.1.1/24' });
    const packets = tun.listen();
    const writer = tun.writable.getWriter();
    const asked = stack.ping('192.168.1.2', { payload: Uint8Array.from([1, 2, 3, 4]) });
    const reply = (await packets.next()).value!;
    // Addresses and words change places, which changes no checksum; an echo becomes a reply, which does.
    reply.set([...reply.subarray(16, 20), ...reply.subarray(12, 16)], 12);
    reply[20] = 0;
    const sum = ((reply[22]! << 8) | reply[23]!) + 0x0800;
    const folded = (sum & 0xffff) + (sum >>> 16);
    reply.set([folded >> 8, folded & 0xff], 22);
    const wrong = reply.slice();
    wrong.set([3, 4, 1, 2], 28);
    await writer.write(wrong);
    await turns();
    expect(stack.core.counters()['Drop:icmp-unmatched']).toBe(1);
    await writer.write(reply);
    expect((await asked).payload).toEqual(Uint8Array.from([1, 2, 3, 4]));
    expect(stack.core.counters()['Drop:icmp-unmatched']).toBe(1);
  });

  it('times out, and ends with its session', async () => {
    const stack = host();
    await stack.createTunInterface({ ip: '192.168.1.1/24' });
    const session = await stack.createPingSession({ host: '192.168.1.2', timeout: 20 });
    expect((await rejection(session.ping())).code).toBe('ETIMEDOUT');
    const waiting = session.ping({ timeout: 60_000 });
    await session.close();
    expect((await rejection(waiting)).code).toBe('EBADF');
    expect((await rejection(session.ping())).code).toBe('EBADF');
    expect((await rejection(stack.ping('203.0.113.1'))).code).toBe('ENETUNREACH');
    const last = stack.ping('192.168.1.2', { timeout: 60_000 });
    await stack.close();
    expect(await rejection(last)).toBeInstanceOf(SocketError);
  });
});

describe('the entropy of the runtime', () => {
  it('is drawn anew for every number', () => {
    const random = new WebRandom();
    const drawn = new Set(Array.from({ length: 1000 }, () => random.uint32()));
    expect(drawn.size).toBeGreaterThan(990);
    for (const number of drawn) expect(Number.isInteger(number) && number >= 0 && number < 4294967296).toBe(true);
  });
});
