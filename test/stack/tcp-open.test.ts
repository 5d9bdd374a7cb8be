import { describe, expect, it } from 'vitest';
import { createPipe } from '../../src/link/pipe.ts';
import { copyTcb } from '../../src/tcp/index.ts';
import { formatAddress } from '../../src/wire/address.ts';
import { frame } from '../helpers/wire.ts';
import { address, MAC_A, MAC_B, mac, World } from './hosts.ts';
import { answers, ask, code, forge, message, PEER, PEER6, recorder, see, shake, US, US6 } from './tcp-peer.ts';

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

  it('MUST-41: leaves existing connections as they are, to the last field', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const first = a.tcp.listen({ port: 80 });
    shake(raw);
    const live = first.accept()!;
    raw.ask(forge('SYN', { sport: 99 }));
    a.tcp.connect({ address: '10.0.0.2', port: 9, localPort: 81 });
    first.close();
    const sockets = [...a.tcp.entries()];
    const snapshot = (): string => JSON.stringify(sockets.map((s) => copyTcb((s as typeof live).tcb, a.buffers)));
    const before = snapshot();
    a.tcp.listen({ port: 80 });
    a.tcp.listen({ port: 81, address: '10.0.0.1' });
    w.run(0);
    expect(snapshot()).toBe(before);
    expect(live.state).toBe('ESTABLISHED');
  });

  it('MUST-42: succeeds while a connection from that port is SYN-SENT or SYN-RECEIVED, and takes other peers', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const one = a.tcp.connect({ address: '10.0.0.2', port: 9, localPort: 80 });
    const two = a.tcp.connect({ address: '10.0.0.2', port: 10, localPort: 80 });
    raw.ask(forge('SYN', { sport: 10 })); // simultaneous open
    expect([one.state, two.state]).toEqual(['SYN-SENT', 'SYN-RECEIVED']);
    const listener = a.tcp.listen({ port: 80 });
    shake(raw, { sport: 4000 });
    expect(listener.accept()?.remotePort).toBe(4000);
    expect([one.state, two.state]).toEqual(['SYN-SENT', 'SYN-RECEIVED']);
    w.judge();
  });
});

describe('connect', () => {
  it('MUST-43: uses the local address that is given; MUST-44: else the one that suits the route', () => {
    const w = new World();
    const { a, ia, raw } = w.victim();
    ia.addAddress('10.0.0.11/24');
    ia.addAddress('192.168.7.1/24');
    const source = (to: string, from?: string): string => {
      raw.received.length = 0;
      a.tcp.connect({ address: to, port: 9, ...(from === undefined ? {} : { localAddress: from }) });
      w.run(0);
      return formatAddress(see(raw.received[0]!)!.src);
    };
    expect(source('10.0.0.2', '10.0.0.11')).toBe('10.0.0.11');
    expect(source('10.0.0.2', '192.168.7.1')).toBe('192.168.7.1');
    expect(source('10.0.0.2')).toBe('10.0.0.1');
    expect(source('192.168.7.9')).toBe('192.168.7.1');
    expect(source('fd00::2')).toBe('fd00::1');
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 9, localAddress: '10.0.0.77' }))).toBe(
      'EADDRNOTAVAIL',
    );
    expect(code(() => a.tcp.connect({ address: '10.0.0.2', port: 9, localAddress: 'fd00::1' }))).toBe('EADDRNOTAVAIL');
    w.judge();
  });

  it('MUST-45: keeps its local address though addresses and routes change', () => {
    const w = new World();
    const { a, ia, raw } = w.victim();
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 9 });
    w.run(0);
    ia.addAddress('10.0.0.3/31');
    a.addRoute({ destination: '10.0.0.2/32', interface: ia });
    raw.received.length = 0;
    w.run(200_000);
    const sources = new Set(raw.received.map((packet) => formatAddress(see(packet)!.src)));
    expect([...sources]).toEqual(['10.0.0.1']);
    expect(socket.state).toBe('CLOSED');
  });

  it('MUST-46: to a broadcast, multicast or unspecified address is an error, and nothing is sent', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const bad = [
      '255.255.255.255',
      '10.0.0.255',
      '10.0.0.0',
      '224.0.0.1',
      '239.1.2.3',
      '0.0.0.0',
      '::',
      'ff02::1',
      'ff05::2',
    ];
    for (const to of bad)
      expect(
        code(() => a.tcp.connect({ address: to, port: 80 })),
        to,
      ).toBe('ENETUNREACH');
    w.run(1000);
    expect(raw.count).toBe(0);
    expect(a.tcp.table.size).toBe(0);
    expect(a.mib.tcp.TcpActiveOpens).toBe(0);
  });

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

  it('MUST-48, MUST-49: every segment carries the DSCP and the TTL that were chosen, resets too, changed or not', () => {
    const w = new World();
    const { a, raw } = w.victim();
    for (const [from, to] of [
      [PEER, US],
      [PEER6, US6],
    ] as const) {
      raw.received.length = 0;
      const socket = a.tcp.connect({ address: formatAddress(from), port: 9, options: { ttl: 7, dscp: 46 } });
      w.run(0);
      const syn = see(raw.received[0]!)!;
      const fields = { from, to, sport: 9, dport: syn.sport };
      const [ack] = ask(raw, forge('SYN,ACK', { ...fields, seq: 5, ack: (syn.seq + 1) >>> 0 }));
      socket.setTtl(9);
      socket.setDscp(10);
      raw.received.length = 0;
      socket.write(new Uint8Array(5));
      socket.abort();
      w.run(0);
      const [text, reset] = raw.received.map((packet) => see(packet)!);
      expect([syn, ack!, text!, reset!].map((s) => [s.flags, s.ttl, s.tos])).toEqual([
        ['SYN', 7, 46 << 2],
        ['ACK', 7, 46 << 2],
        ['PSH,ACK', 9, 10 << 2],
        ['RST', 9, 10 << 2],
      ]);
    }
  });
});

describe('addresses that are nobody', () => {
  it('MUST-57: segments to broadcast and multicast addresses are dropped in silence', () => {
    for (const medium of ['ip', 'ethernet'] as const) {
      const w = new World();
      const { a, raw } = w.victim({ medium });
      a.tcp.listen({ port: 80 });
      const wrap = (packet: Uint8Array): Uint8Array =>
        medium === 'ip' ? packet : frame(packet, mac(MAC_A), mac(MAC_B));
      for (const flags of ['SYN', 'ACK', 'SYN,ACK', 'FIN,ACK', '']) {
        for (const to of ['255.255.255.255', '10.0.0.255', '10.0.0.0', '224.0.0.1']) {
          expect(raw.ask(wrap(forge(flags, { to: address(to) }))), `${flags} to ${to}`).toEqual([]);
        }
        expect(raw.ask(wrap(forge(flags, { from: PEER6, to: address('ff02::1') })))).toEqual([]);
      }
      expect(a.mib.drops['tcp-broadcast']).toBe(25);
      expect(a.tcp.table.size).toBe(0);
    }
  });

  it('MUST-63: segments from addresses that are no single host are dropped in silence', () => {
    const w = new World();
    const { a, raw } = w.victim();
    a.tcp.listen({ port: 80 });
    for (const from of ['255.255.255.255', '10.0.0.255', '10.0.0.0', '224.0.0.1', '0.0.0.0', '127.0.0.1', '10.0.0.1']) {
      for (const dport of [80, 81]) {
        expect(raw.ask(forge('SYN', { from: address(from), dport })), from).toEqual([]);
        expect(raw.ask(forge('ACK', { from: address(from), dport })), from).toEqual([]);
      }
    }
    for (const from of ['ff02::1', '::', '::1', 'fd00::1']) {
      expect(raw.ask(forge('SYN', { from: address(from), to: US6 })), from).toEqual([]);
    }
    expect(a.tcp.table.size).toBe(0);
  });

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
