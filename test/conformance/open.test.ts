import { describe, expect, it } from 'vitest';
import { createPipe } from '../../src/link/pipe.ts';
import { copyTcb } from '../../src/tcp/tcb.ts';
import { Duo } from '../helpers/duo.ts';
import { Peer } from '../helpers/endpoint.ts';
import { code } from '../stack/tcp-peer.ts';
import { encode, mss } from './codec.ts';
import { both, HOST, Lab, PEER, Talk } from './lab.ts';

describe('3.5 establishing a connection', () => {
  it('MUST-10: a simultaneous open ends in one connection, whichever segment is lost', () => {
    for (const lost of [null, ...[0, 1].flatMap((side) => [0, 1, 2, 3].map((n) => [side, n] as const))]) {
      for (const lag of [0, 3, 6, 9]) {
        const duo = new Duo({ drop: (side, n) => lost !== null && side === lost[0] && n === lost[1] });
        const [a, b] = duo.ends;
        a.open('active', duo.now);
        duo.run(lag);
        b.open('active', duo.now);
        duo.run(10_000);
        expect([a.state, b.state], `${lost} ${lag}: ${duo.log.join('\n')}`).toEqual(['ESTABLISHED', 'ESTABLISHED']);
        a.send(Uint8Array.from([1, 2, 3]), false, duo.now);
        b.send(Uint8Array.from([4, 5]), false, duo.now);
        duo.run(5000);
        expect([[...duo.read(0)], [...duo.read(1)]]).toEqual([
          [4, 5],
          [1, 2, 3],
        ]);
      }
    }
    both((family) => {
      for (const answer of ['SYN,ACK', 'ACK']) {
        const lab = new Lab({ family });
        const peer = lab.connect();
        expect(peer.said()).toEqual(['SYN 0']);
        expect(peer.ask('SYN', { options: mss(1460) })).toEqual(['SYN,ACK 0 ack 1']);
        expect(peer.socket.state).toBe('SYN-RECEIVED');
        // The peer's SYN,ACK repeats its SYN (figure 7, line 6); an implementation may also just acknowledge.
        peer.send(answer, answer === 'ACK' ? {} : { seq: 0, options: mss(1460) }).pass(0);
        expect([peer.socket.state, lab.log, lab.stack.tcp.table.size]).toEqual(['ESTABLISHED', ['connect'], 1]);
        peer.next = 1;
        peer.send('PSH,ACK', { text: 'hi' }).pass(0);
        expect(peer.read()).toBe('hi');
      }
    });
  });

  it('MUST-11: SYN-RECEIVED knows where it came from: a reset leads back to LISTEN in silence, or refuses the caller', () => {
    both((family) => {
      const passive = new Lab({ family });
      const listener = passive.listen();
      const talk = new Talk(passive, 80, 4000);
      expect(talk.ask('SYN')).toEqual(['SYN,ACK 0 ack 1']);
      expect(listener.halfOpen).toBe(1);
      expect(talk.ask('RST')).toEqual([]);
      expect([listener.halfOpen, listener.accept(), passive.log, passive.stack.tcp.table.size]).toEqual([
        0,
        null,
        [],
        0,
      ]);
      passive.pass(300_000);
      expect(talk.said()).toEqual([]);
      expect(passive.dial().socket.state).toBe('ESTABLISHED'); // it still listens

      const active = new Lab({ family });
      const caller = active.connect();
      caller.send('SYN').pass(0);
      expect(caller.socket.state).toBe('SYN-RECEIVED');
      caller.take();
      expect(caller.ask('RST')).toEqual([]);
      expect([caller.socket.state, active.log]).toEqual(['CLOSED', ['close ECONNREFUSED']]);
      active.pass(300_000);
      expect(caller.said()).toEqual([]);
    });
    // The same without a host around it.
    const listening = new Peer().synReceived();
    expect([listening.send('RST', { seq: 1 }).state, listening.sent()]).toEqual(['LISTEN', []]);
    const calling = new Peer().synSent().send('SYN');
    expect(calling.state).toBe('SYN-RECEIVED');
    expect([calling.send('RST', { seq: 1 }).state, calling.tcb.failure]).toEqual(['CLOSED', 'refused']);
  });
});

describe('3.9.1.1 OPEN', () => {
  it('MUST-41: a passive OPEN leaves every existing connection as it is, to the last field', () => {
    both((family) => {
      const lab = new Lab({ family });
      const first = lab.listen();
      const live = lab.dial();
      live.write('unacknowledged').send('ACK', { text: 'beyond a gap', seq: 5 }).pass(0);
      new Talk(lab, 80, 99).send('SYN').pass(0);
      lab.connect({}, {}, { localPort: 81 });
      first.close();
      lab.pass(0);
      const sockets = [...lab.stack.tcp.entries()] as (typeof live.socket)[];
      expect(sockets.length).toBe(2); // the half-open one went with its listener
      const snapshot = (): string => JSON.stringify(sockets.map((s) => copyTcb(s.tcb, lab.stack.buffers)));
      const before = snapshot();
      const sent = lab.packets.length;
      lab.listen();
      lab.stack.tcp.listen({ port: 81, address: HOST[family] });
      lab.pass(0);
      expect(snapshot()).toBe(before);
      expect(lab.packets.length).toBe(sent);
      expect(live.ask('ACK', { seq: 1, text: 'gap ', ack: live.expected }).length).toBe(1);
      expect(live.read()).toBe('gap beyond a gap');
    });
  });

  it('MUST-42: LISTEN is possible on a port from which connections are SYN-SENT and SYN-RECEIVED', () => {
    both((family) => {
      const lab = new Lab({ family });
      const one = lab.connect({}, {}, { localPort: 80 });
      const two = lab.stack.tcp.connect({ address: PEER[family], port: 10, localPort: 80, handler: {} });
      lab.pass(0);
      new Talk(lab, 80, 10).send('SYN').pass(0);
      expect([one.socket.state, two.state]).toEqual(['SYN-SENT', 'SYN-RECEIVED']);
      lab.listen();
      expect(lab.dial().socket.state).toBe('ESTABLISHED');
      expect([one.socket.state, two.state]).toEqual(['SYN-SENT', 'SYN-RECEIVED']);
      one.send('SYN,ACK').pass(0);
      expect(one.socket.state).toBe('ESTABLISHED');
    });
  });

  it('MUST-43: OPEN takes a local address: a caller sends from it, a listener answers on it alone', () => {
    both((family) => {
      const lab = new Lab({ family });
      const other = family === 4 ? '10.0.0.11' : 'fd00::11';
      lab.iface.addAddress(family === 4 ? '10.0.0.11/24' : 'fd00::11/64');
      for (const localAddress of [HOST[family], other]) {
        lab.frames.length = 0;
        lab.stack.tcp.connect({ address: PEER[family], port: 9, localAddress });
        lab.pass(0);
        expect(lab.frames.map((f) => f.src)).toEqual([localAddress]);
      }
      const foreign = family === 4 ? ['10.0.0.77', 'fd00::1'] : ['fd00::77', '10.0.0.1'];
      for (const localAddress of foreign) {
        expect(code(() => lab.stack.tcp.connect({ address: PEER[family], port: 9, localAddress }))).toBe(
          'EADDRNOTAVAIL',
        );
        if (localAddress !== foreign[1])
          expect(code(() => lab.stack.tcp.listen({ port: 90, address: localAddress }))).toBe('EADDRNOTAVAIL');
      }
      lab.stack.tcp.listen({ port: 90, address: other });
      const answer = (dst: string): string[] => {
        lab.frames.length = 0;
        lab.put(encode({ src: PEER[family], dst, sport: 5, dport: 90, flags: 'SYN' })).pass(0);
        return lab.frames.map((f) => `${f.src} ${f.flags}`);
      };
      expect(answer(other)).toEqual([`${other} SYN,ACK`]);
      expect(answer(HOST[family])).toEqual([`${HOST[family]} RST,ACK`]);
    });
  });

  it('MUST-44: without a local address IP chooses one that suits the route, before the SYN', () => {
    const lab = new Lab();
    const [second, far] = createPipe(lab.world.scheduler, lab.world.pool);
    const elsewhere: Uint8Array[] = [];
    far.attach({ packet: (p) => void elsewhere.push(p.buf.slice(p.off, p.off + p.len)), burstEnd: () => {} });
    const iface = lab.stack.addInterface({ link: second, addresses: ['192.168.7.1/24', 'fd07::1/64'] });
    lab.iface.addAddress('10.0.0.201/29');
    lab.stack.addRoute({ destination: '203.0.113.0/24', via: '192.168.7.254', interface: iface });
    lab.stack.addRoute({ destination: '2001:db8::/32', via: 'fd00::2', interface: lab.iface });
    const source = (address: string): string => {
      lab.frames.length = 0;
      elsewhere.length = 0;
      lab.stack.tcp.connect({ address, port: 9 });
      lab.pass(0);
      const v6 = address.includes(':');
      const bytes = elsewhere[0] ?? lab.packets.at(-1)!;
      expect(elsewhere.length + lab.frames.length).toBe(1);
      return [...(v6 ? bytes.subarray(8, 24) : bytes.subarray(12, 16))].join('.');
    };
    expect(source('10.0.0.2')).toBe('10.0.0.1');
    expect(source('10.0.0.202')).toBe('10.0.0.201');
    expect(source('192.168.7.9')).toBe('192.168.7.1');
    expect(source('203.0.113.5')).toBe('192.168.7.1');
    expect(source('fd07::9')).toBe('253.7.0.0.0.0.0.0.0.0.0.0.0.0.0.1');
    expect(source('2001:db8::5')).toBe('253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1');
    expect(code(() => lab.stack.tcp.connect({ address: '198.51.100.1', port: 9 }))).toBe('ENETUNREACH');
  });

  it('MUST-45: every later segment keeps the local address of the first, though addresses and routes change', () => {
    both((family) => {
      const lab = new Lab({ family });
      const opening = lab.connect();
      const open = lab.connected();
      const passive = lab.dial();
      lab.iface.addAddress(family === 4 ? '10.0.0.3/31' : 'fd00::3/127');
      lab.stack.addRoute({ destination: `${PEER[family]}/${family === 4 ? 32 : 128}`, interface: lab.iface });
      open.write('text');
      passive.write('text');
      lab.pass(10_000);
      open.send('PSH,ACK', { text: 'x' }).pass(1000);
      opening.send('SYN,ACK').pass(0);
      open.socket.end();
      passive.socket.abort();
      lab.pass(10_000);
      expect(lab.frames.length).toBeGreaterThan(20);
      expect([...new Set(lab.frames.map((f) => f.src))]).toEqual([HOST[family]]);
    });
  });

  it('MUST-46: OPEN to a broadcast, multicast or unspecified address is an error at once, and sends nothing', () => {
    const lab = new Lab();
    const bad = ['255.255.255.255', '10.0.0.255', '10.0.0.0', '224.0.0.1', '239.255.255.255', '0.0.0.0'];
    bad.push('ff00::1', 'ff02::1', 'ff0e::1234', '::');
    for (const address of bad) {
      expect(
        code(() => lab.stack.tcp.connect({ address, port: 9 })),
        address,
      ).toBe('ENETUNREACH');
    }
    for (const address of ['', 'nonsense', '10.0.0', '1::2::3']) {
      expect(
        code(() => lab.stack.tcp.connect({ address, port: 9 })),
        address,
      ).toBe('ERR_INVALID_ARG_VALUE');
    }
    lab.pass(1000);
    expect([lab.packets.length, lab.stack.tcp.table.size]).toEqual([0, 0]);
  });
});
