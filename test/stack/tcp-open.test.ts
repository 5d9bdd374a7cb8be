import { describe, expect, it } from 'vitest';
import { createPipe } from '../../src/link/pipe.ts';
import { address, World } from './hosts.ts';
import { answers, code, forge, message, PEER6, recorder, US, US6 } from './tcp-peer.ts';

describe('listen', () => {
  it('on a port that is taken is EADDRINUSE: same address, any address, both families', () => {
    const w = new World();
    const { a } = w.victim();
    a.tcp.listen({ port: 80 });
    for (const host of [undefined, '0.0.0.0', '::', '10.0.0.1', 'fd00::1', '127.0.0.1']) {
      expect(message(() => a.tcp.listen({ port: 80, ...(host === undefined ? {} : { address: host }) }))).toBe(
        `EADDRINUSE: listen EADDRINUSE ${host ?? '::'}:80`,
      );
    }
    a.tcp.listen({ port: 81, address: '0.0.0.0' });
    expect(code(() => a.tcp.listen({ port: 81, address: '10.0.0.1' }))).toBe('EADDRINUSE');
    expect(code(() => a.tcp.listen({ port: 81 }))).toBe('EADDRINUSE');
    expect(code(() => a.tcp.listen({ port: 81, address: '::', ipv6Only: true }))).toBe('none');
  });

  it('takes a port again as soon as its listener is closed', () => {
    const w = new World();
    const { a } = w.victim();
    for (let i = 0; i < 3; i++) a.tcp.listen({ port: 80 }).close();
    expect([...a.tcp.listeners]).toEqual([]);
  });

  it('on an address that is not ours is EADDRNOTAVAIL', () => {
    const w = new World();
    const { a } = w.victim();
    for (const host of ['10.0.0.9', '10.0.0.255', '224.0.0.1', '255.255.255.255', 'fd00::9', 'ff02::1']) {
      expect(
        code(() => a.tcp.listen({ port: 80, address: host })),
        host,
      ).toBe('EADDRNOTAVAIL');
    }
  });

  it('on port 0 takes a free one, another each time', () => {
    const w = new World();
    const { a } = w.victim();
    const ports = new Set(Array.from({ length: 50 }, () => a.tcp.listen({ port: 0 }).port));
    expect(ports.size).toBe(50);
    expect([...ports].every((port) => port >= 49_152)).toBe(true);
  });

  it('on port 0 is EADDRINUSE when no port is left', () => {
    const w = new World();
    const a = w.stack('a', { ports: { first: 50_000, last: 50_001 } });
    a.tcp.listen({ port: 0 });
    a.tcp.listen({ port: 0 });
    expect(code(() => a.tcp.listen({ port: 0 }))).toBe('EADDRINUSE');
  });

  it('takes segments for its address and family only; the address itself goes before any address', () => {
    const w = new World();
    const { a, ia, raw } = w.victim();
    ia.addAddress('10.0.0.11/24');
    a.tcp.listen({ port: 80, address: '10.0.0.1' });
    a.tcp.listen({ port: 81, address: '0.0.0.0' });
    a.tcp.listen({ port: 82, address: '::', ipv6Only: true });
    a.tcp.listen({ port: 83, address: '::' });
    a.tcp.listen({ port: 84 });
    const other = address('10.0.0.11');
    const v4 = (port: number, to = US): string[] => answers(raw, forge('SYN', { dport: port, to }));
    const v6 = (port: number): string[] => answers(raw, forge('SYN', { dport: port, from: PEER6, to: US6 }));
    expect([v4(80), v4(80, other), v6(80)]).toEqual([['SYN,ACK'], ['RST,ACK'], ['RST,ACK']]);
    expect([v4(81), v4(81, other), v6(81)]).toEqual([['SYN,ACK'], ['SYN,ACK'], ['RST,ACK']]);
    expect([v4(82), v6(82)]).toEqual([['RST,ACK'], ['SYN,ACK']]);
    expect([v4(83), v6(83)]).toEqual([['SYN,ACK'], ['SYN,ACK']]);
    expect([v4(84), v6(84)]).toEqual([['SYN,ACK'], ['SYN,ACK']]);
    w.judge();
  });
});

describe('connect', () => {
  it('to where no route leads is ENETUNREACH', () => {
    const w = new World();
    const { a } = w.victim();
    expect(message(() => a.tcp.connect({ address: '192.0.2.1', port: 80 }))).toBe(
      'ENETUNREACH: connect ENETUNREACH 192.0.2.1:80',
    );
    expect(code(() => a.tcp.connect({ address: '2001:db8::1', port: 80 }))).toBe('ENETUNREACH');
  });

  it('from a port that is in use towards the same peer is EADDRINUSE, towards another it is not', () => {
    const w = new World();
    const { a } = w.victim();
    a.tcp.connect({ address: '10.0.0.2', port: 9, localPort: 5000 });
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 9, localPort: 5000 }))).toBe('EADDRINUSE');
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 10, localPort: 5000 }))).toBe('none');
    expect(code(() => a.tcp.connect({ address: '10.0.0.3', port: 9, localPort: 5000 }))).toBe('none');
  });

  it('is EADDRNOTAVAIL when every ephemeral port towards that peer is in use', () => {
    const w = new World();
    const { a } = w.pair({}, { ports: { first: 50_000, last: 50_003 } });
    for (let i = 0; i < 4; i++) a.tcp.connect({ address: '10.0.0.2', port: 9 });
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 9 }))).toBe('EADDRNOTAVAIL');
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 10 }))).toBe('none');
  });

  it('is refused by a closed port: ECONNREFUSED with address and port', () => {
    const w = new World();
    const { a } = w.pair();
    const log: string[] = [];
    const told: object[] = [];
    a.tcp.connect({
      address: '10.0.0.2',
      port: 9,
      handler: recorder(log, 'a', { onClose: (_, error) => void told.push({ ...error! }) }),
    });
    w.run(1000);
    expect(log).toEqual(['a close ECONNREFUSED']);
    expect(told[0]).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: '10.0.0.2', port: 9 });
    w.judge();
  });

  it('to a host that is silent fails with ETIMEDOUT after three minutes (MUST-23)', () => {
    const w = new World();
    const { a } = w.victim();
    const log: string[] = [];
    a.tcp.connect({ address: '10.0.0.2', port: 9, handler: recorder(log, 'a') });
    w.run(179_999);
    expect(log).toEqual(['a soft retransmitting']);
    w.run(1);
    expect(log).toEqual(['a soft retransmitting', 'a close ETIMEDOUT']);
    expect(w.scheduler.size).toBe(0);
  });
});

describe('addresses that are nobody', () => {
  it('MUST-63: the broadcast address of another interface is no single host either', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const [second] = createPipe(w.scheduler, w.pool);
    a.addInterface({ link: second, addresses: ['10.9.0.1/16'] });
    a.tcp.listen({ port: 80 });
    for (const dport of [80, 81]) {
      expect(raw.ask(forge('SYN', { from: address('10.9.255.255'), dport }))).toEqual([]);
      expect(raw.ask(forge('ACK', { from: address('10.9.255.255'), dport }))).toEqual([]);
    }
    expect(a.tcp.table.size).toBe(0);
    expect(a.mib.tcp.TcpOutSegs).toBe(0);
  });
});
