import { describe, expect, it } from 'vitest';
import { address, drops, World } from './hosts.ts';

describe('ping', () => {
  it('is answered over an ip pipe in both families', async () => {
    const w = new World();
    const { a } = w.pair();
    for (const target of ['10.0.0.2', 'fd00::2']) {
      const result = await w.settle(a.ping(target));
      expect(result).toMatchObject({ address: target, size: 56, time: 0, ttl: 64 });
    }
    w.judge();
    expect(drops(a)).toEqual({});
  });

  it('is answered over an Ethernet after ARP and ND', async () => {
    const w = new World();
    const { a, b, ia } = w.pair({ medium: 'ethernet' });
    for (const target of ['10.0.0.2', 'fd00::2']) {
      const result = await w.settle(a.ping(target, { size: 0 }));
      expect(result.address).toBe(target);
    }
    w.judge();
    expect(a.mib.ArpOutRequests).toBe(1);
    expect(b.mib.ArpOutReplies).toBe(1);
    expect(b.mib.ArpOutRequests).toBe(0); // the request said who asks
    expect(a.mib.Icmp6OutNeighborSolicits).toBe(1);
    expect(ia.neighbours?.lookup(address('10.0.0.2'))?.state).toBe('reachable');
    expect(ia.neighbours?.lookup(address('fd00::2'))?.state).toBe('reachable');
  });

  it('is answered over a switch with three hosts, also between link-local addresses', async () => {
    const w = new World();
    const ethernet = w.ethernet();
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => {
      const stack = w.stack(name);
      stack.addInterface({
        link: w.judged(ethernet.addPort()),
        mac: `02:00:00:00:00:0${name}`,
        addresses: [`10.0.0.${i + 1}/24`, `fd00::${i + 1}/64`],
      });
      return stack;
    });
    await w.settle(a!.ping('10.0.0.3'));
    await w.settle(b!.ping('fd00::3'));
    const result = await w.settle(c!.ping('fe80::ff:fe00:a'));
    expect(result.address).toBe('fe80::ff:fe00:a');
    w.judge();
  });

  it.each([1472, 1473, 5000, 65_507])('carries %i octets over IPv4 at MTU 1500', async (size) => {
    const w = new World();
    const { a, b } = w.pair();
    const result = await w.settle(a.ping('10.0.0.2', { size }));
    expect(result.size).toBe(size);
    expect(b.mib.IpReasmOKs).toBe(size > 1472 ? 1 : 0);
    w.judge();
  });

  it.each([1452, 1453, 5000, 65_487])('carries %i octets over IPv6 at MTU 1500', async (size) => {
    const w = new World();
    const { a, b } = w.pair({ medium: 'ethernet' });
    const result = await w.settle(a.ping('fd00::2', { size }));
    expect(result.size).toBe(size);
    expect(b.mib.Ip6ReasmOKs).toBe(size > 1452 ? 1 : 0);
    w.judge();
  });

  it('carries what it is given, and brings it back', async () => {
    const w = new World();
    const { a } = w.pair();
    const payload = Uint8Array.from([3, 1, 4, 1, 5]);
    for (const target of ['10.0.0.2', 'fd00::2']) {
      const asked = a.ping(target, { payload });
      payload[0] = 9; // the request has a copy
      expect(await w.settle(asked)).toMatchObject({ size: 5, payload: Uint8Array.from([3, 1, 4, 1, 5]) });
      payload[0] = 3;
    }
    w.judge();
  });

  it('reaches the host itself by loopback and by its own addresses', async () => {
    const w = new World();
    const { a, ia } = w.pair();
    for (const target of ['127.0.0.1', '127.1.2.3', '::1', '10.0.0.1', 'fd00::1']) {
      expect((await w.settle(a.ping(target, { size: 3000 }))).address).toBe(target);
    }
    expect(w.lines).toEqual([]);
    expect(ia.up).toBe(true);
  });

  it('times out', async () => {
    const w = new World();
    const { a } = w.pair({}, {}, { icmp: { echoReply: false } });
    const before = w.scheduler.now;
    await expect(w.settle(a.ping('10.0.0.2', { timeout: 700 }))).rejects.toMatchObject({
      code: 'ETIMEDOUT',
      syscall: 'ping',
    });
    expect(w.scheduler.now - before).toBe(700);
  });

  it('is refused where there is no way', async () => {
    const w = new World();
    const { a } = w.pair();
    await expect(a.ping('192.0.2.1')).rejects.toMatchObject({ code: 'ENETUNREACH', address: '192.0.2.1' });
    await expect(a.ping('10.0.0.2', { from: '10.0.0.77' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    await expect(a.ping('10.0.0.2', { from: '127.0.0.1' })).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' });
    await expect(a.ping('ten')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    await expect(a.ping('10.0.0.2', { size: 65_508 })).rejects.toMatchObject({ code: 'EMSGSIZE' });
    await expect(a.ping('10.0.0.2', { ttl: 256 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });

  it('hears that the neighbour does not answer', async () => {
    const w = new World();
    const { a } = w.pair({ medium: 'ethernet' });
    const before = w.scheduler.now;
    for (const target of ['10.0.0.77', 'fd00::77']) {
      await expect(w.settle(a.ping(target))).rejects.toMatchObject({ code: 'EHOSTUNREACH', address: target });
    }
    expect(w.scheduler.now - before).toBe(6000); // three questions, one second each
    expect(a.mib.ArpOutRequests).toBe(3);
    expect(a.mib.Icmp6OutNeighborSolicits).toBe(3);
    expect(a.mib.drops['neighbour-unreachable']).toBe(2);
    w.judge();
  });

  it('ends when the stack is closed', async () => {
    const w = new World();
    const { a } = w.pair();
    const promise = a.ping('10.0.0.2');
    a.close();
    await expect(promise).rejects.toMatchObject({ code: 'ECANCELED' });
    a.close();
  });

  it('leaves nothing behind: no packet is lost from the pool, no deadline stays', async () => {
    const w = new World();
    const { a, b } = w.pair({ medium: 'ethernet' });
    await w.settle(a.ping('10.0.0.2', { size: 9000 }));
    const { made } = w.pool;
    for (let i = 0; i < 50; i++) await w.settle(a.ping('10.0.0.2', { size: 9000 }));
    expect(w.pool.made).toBe(made);
    w.run(3_600_000);
    a.close();
    b.close();
    expect(w.scheduler.size).toBe(0);
  });
});
