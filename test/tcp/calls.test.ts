import { describe, expect, it } from 'vitest';
import { World } from '../../src/sim/index.ts';
import { calls, pushedLength, setCork } from '../../src/tcp/index.ts';
import { bytes, Peer, pattern, type Setup } from '../helpers/endpoint.ts';
import { drain } from '../stack/tcp-peer.ts';

function ready(setup: Setup = {}, fields: object = {}): Peer {
  return new Peer(setup).established({ mss: 1000, ...fields });
}

/** SEND without PUSH. */
function more(peer: Peer, data: string | Uint8Array): void {
  const octets = typeof data === 'string' ? bytes(data) : data;
  peer.endpoint.send(octets, false, peer.now, false);
}

describe('SEND without PUSH', () => {
  it('holds less than a segment back until a SEND with PUSH, which takes it along', () => {
    const peer = ready();
    more(peer, 'head');
    more(peer, 'er ');
    expect(peer.sent()).toEqual([]);
    peer.write('body');
    expect(peer.sent()).toEqual(['PSH,ACK 1+11 ack 1']);
  });

  it('sends whole segments, without PSH while the rest waits', () => {
    const peer = ready();
    more(peer, pattern(2000));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1', 'ACK 1001+1000 ack 1']);
    more(peer, pattern(500));
    expect(peer.sent()).toEqual([]);
    more(peer, pattern(500));
    expect(peer.sent()).toEqual(['ACK 2001+1000 ack 1']);
  });

  it('MUST-60: holds it for 200 ms at most, counted from the first octet, and then says PSH', () => {
    const peer = ready();
    more(peer, 'a');
    peer.advance(150);
    more(peer, 'b');
    peer.advance(49);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['PSH,ACK 1+2 ack 1']);
    // What comes then waits anew.
    peer.send('ACK', { seq: 1, ack: 3 });
    more(peer, 'c');
    peer.advance(199);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['PSH,ACK 3+1 ack 1']);
  });

  it('does so although something is outstanding, for which Nagle would wait longer', () => {
    const peer = new Peer();
    peer.synReceived({ mss: 1000 });
    peer.advance(100); // RTO is 300 ms
    peer.send('ACK', { seq: 1, ack: 1 });
    peer.seen();
    more(peer, pattern(1500));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    peer.advance(200);
    expect(peer.sent()).toEqual(['PSH,ACK 1001+500 ack 1']);
  });

  it('counts anew when all that was held has left meanwhile', () => {
    const peer = ready();
    more(peer, 'a');
    peer.advance(100);
    more(peer, pattern(999));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 1001 });
    peer.advance(50);
    more(peer, 'b');
    peer.advance(199);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['PSH,ACK 1001+1 ack 1']);
  });

  it('CLOSE, urgent text and a pulled cork let it go', () => {
    const closing = ready();
    more(closing, 'a');
    closing.close();
    expect(closing.sent()).toEqual(['FIN,PSH,ACK 1+1 ack 1']);
    const urgent = ready();
    more(urgent, 'a');
    urgent.endpoint.send(bytes('!'), true, urgent.now, false);
    expect(urgent.sent()).toEqual(['PSH,ACK,URG 1+2 ack 1 urg 2']);
    const corked = ready();
    setCork(corked.tcb, corked.env, true, corked.now);
    corked.write('a');
    corked.write('b');
    expect(corked.sent()).toEqual([]);
    setCork(corked.tcb, corked.env, false, corked.now);
    corked.endpoint.onDeadline(corked.now);
    expect(corked.sent()).toEqual(['PSH,ACK 1+2 ack 1']);
    corked.send('ACK', { seq: 1, ack: 3 });
    corked.write('c');
    expect(corked.sent()).toEqual(['PSH,ACK 3+1 ack 1']);
  });

  it('holds nothing that is sent again', () => {
    const peer = ready();
    peer.write('text');
    more(peer, 'x');
    peer.seen().until(peer.tcb.timers.retransmission);
    expect(peer.sent().length).toBeGreaterThan(0);
  });

  it('shows as a timer in traces, and leaves none behind', () => {
    const peer = ready();
    more(peer, 'a');
    peer.write('b');
    more(peer, 'c');
    peer.abort();
    expect(peer.endpoint.nextDeadline()).toBe(Infinity);
    const again = ready();
    more(again, 'a');
    again.advance(200);
    const timers = (p: Peer): string[] => p.trace.flatMap((e) => ('timer' in e && e.timer === 'cork' ? [e.type] : []));
    expect(timers(peer)).toEqual(['timer-set', 'timer-stopped', 'timer-set']);
    expect(timers(again)).toEqual(['timer-set', 'timer-fired']);
  });
});

describe('FLUSH (MAY-14)', () => {
  it('forgets what was never sent and nothing else: both sides stay in step', () => {
    const peer = ready({ config: { initialWindow: 2 } });
    peer.write(pattern(5000));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1', 'ACK 1001+1000 ack 1']);
    expect(calls.discardUnsent(peer.tcb, peer.env)).toBe(3000);
    expect(calls.discardUnsent(peer.tcb, peer.env)).toBe(0);
    peer.until(peer.tcb.timers.retransmission);
    expect(peer.sent()).toContain('ACK 1+1000 ack 1'); // what was sent is sent again
    peer.send('ACK', { seq: 1, ack: 2001 });
    peer.seen();
    peer.write('next');
    expect(peer.sent()).toEqual(['PSH,ACK 2001+4 ack 1']);
  });

  it('leaves a FIN that is due, right after what was sent', () => {
    const peer = ready({ config: { initialWindow: 2 } });
    peer.write(pattern(5000));
    peer.close();
    peer.seen();
    expect(calls.discardUnsent(peer.tcb, peer.env)).toBe(3000);
    peer.endpoint.onDeadline(peer.now);
    expect(peer.sent()).toEqual(['FIN,ACK 2001 ack 1']);
    expect(calls.discardUnsent(peer.tcb, peer.env)).toBe(0);
    peer.send('ACK', { seq: 1, ack: 2002 });
    expect(peer.state).toBe('FIN-WAIT-2');
  });

  it('forgets everything before the SYN is acknowledged, and the connection opens', () => {
    const peer = new Peer();
    peer.synSent();
    peer.write('early');
    expect(calls.discardUnsent(peer.tcb, peer.env)).toBe(5);
    peer.send('SYN,ACK', { ack: 1 });
    expect(peer.sent()).toEqual(['ACK 1 ack 1']);
    expect(peer.tcb.snd.text.capacity).toBe(0);
  });

  it('forgets the urgent pointer with the urgent text', () => {
    const peer = ready({ config: { initialWindow: 1 } });
    peer.write(pattern(3000), true);
    expect(peer.sent()).toEqual(['ACK,URG 1+1000 ack 1 urg 3000']);
    calls.discardUnsent(peer.tcb, peer.env);
    peer.send('ACK', { seq: 1, ack: 1001 });
    peer.write('calm');
    expect(peer.sent()).toEqual(['PSH,ACK 1001+4 ack 1']);
  });

  it('leaves the octet that probes a closed window', () => {
    const peer = ready({}, { window: 0 });
    peer.write(pattern(100));
    peer.until(peer.tcb.timers.persist);
    expect(peer.sent()).toEqual(['ACK 1+1 ack 1']);
    expect(calls.discardUnsent(peer.tcb, peer.env)).toBe(99);
    peer.send('ACK', { seq: 1, ack: 2, window: 1000 });
    expect(peer.sent()).toEqual([]);
    expect(peer.tcb.snd.text.length).toBe(0);
  });

  it('tells a writer who was cut short that there is room', () => {
    const world = new World({ seed: 1 });
    const [a, b] = [world.host('a', { tcp: { sendBuffer: 5000 } }), world.host('b', { tcp: { receiveBuffer: 1000 } })];
    world.join(a, b);
    b.tcp.listen({ port: 80 });
    let writable = 0;
    const handler = { onWritable: (): void => void writable++ };
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80, handler });
    world.run(100);
    expect(socket.write(pattern(9000))).toBe(5000);
    world.run(200);
    const unacknowledged = socket.writableLength;
    expect(socket.discardUnsent()).toBe(unacknowledged);
    world.run(300);
    expect([writable, socket.writableLength]).toEqual([1, 0]);
  });
});

describe('what the application is shown and may ask for', () => {
  it('MAY-17: how much of what waits was pushed', () => {
    const peer = ready();
    peer.send('ACK', { seq: 1, ack: 1, data: 'abc' });
    expect(pushedLength(peer.tcb)).toBe(0);
    peer.send('PSH,ACK', { seq: 4, ack: 1, data: 'de' });
    peer.send('ACK', { seq: 6, ack: 1, data: 'f' });
    expect(pushedLength(peer.tcb)).toBe(5);
    expect(peer.read()).toBe('abcdef');
    expect(pushedLength(peer.tcb)).toBe(0);
    // A PSH ahead of a gap is not forgotten.
    peer.send('PSH,ACK', { seq: 8, ack: 1, data: 'h' });
    expect(pushedLength(peer.tcb)).toBe(0);
    peer.send('ACK', { seq: 7, ack: 1, data: 'g' });
    expect(pushedLength(peer.tcb)).toBe(2);
    peer.send('FIN,ACK', { seq: 9, ack: 1 });
    expect(pushedLength(peer.tcb)).toBe(2);
  });

  it('MAY-6: keep-alives with an octet of no meaning, which the peer answers and nobody reads', () => {
    const bare = new Peer({ options: { keepAlive: true, keepAliveIdle: 5000 } }).established();
    bare.advance(5000);
    expect(bare.sent()).toEqual(['ACK 0 ack 1']);
    const peer = new Peer({ options: { keepAlive: true, keepAliveIdle: 5000, keepAliveGarbage: true } });
    peer.established();
    peer.advance(5000);
    expect(peer.sent()).toEqual(['ACK 0+1 ack 1']);

    const world = new World({ seed: 1 });
    const a = world.host('a', {
      tcp: { keepAlive: true, keepAliveIdle: 5000, keepAliveInterval: 5000, keepAliveGarbage: true },
    });
    const b = world.host('b');
    world.join(a, b);
    const listener = b.tcp.listen({ port: 80 });
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80 });
    world.run(1000);
    socket.write(bytes('ab'));
    world.run(60_000);
    expect(a.tcp.counters.TcpExtTCPKeepAlive).toBeGreaterThan(5);
    expect(a.tcp.counters.TcpExtTCPAbortOnTimeout).toBe(0);
    const accepted = listener.accept()!;
    expect(drain(accepted)).toEqual(bytes('ab'));
    expect(socket.info()).toMatchObject({ state: 'ESTABLISHED', delivered: 1, bytesAcked: 2 });
  });

  it('MAY-9: the code point of the segment that came last', () => {
    for (const [left, right] of [
      ['10.0.0.1', '10.0.0.2'],
      ['fd00::1', 'fd00::2'],
    ] as const) {
      const world = new World({ seed: 1 });
      const [a, b] = [world.host('a', { tcp: { dscp: 46 } }), world.host('b', { tcp: { dscp: 10, ecn: 'accept' } })];
      world.join(a, b);
      const listener = b.tcp.listen({ port: 80 });
      const socket = a.tcp.connect({ address: right, localAddress: left, port: 80 });
      expect(socket.receivedDscp).toBe(0);
      world.run(100);
      const accepted = listener.accept()!;
      expect([socket.receivedDscp, accepted.receivedDscp]).toEqual([10, 46]);
      socket.setDscp(8);
      socket.write(bytes('x'));
      world.run(200);
      expect(accepted.receivedDscp).toBe(8);
    }
  });

  it('a socket puts together what is written to it with more to follow, or under a cork', () => {
    const world = new World({ seed: 1 });
    const sizes: number[] = [];
    const [a, b] = [world.host('a'), world.host('b')];
    const wire = world.join(a, b);
    wire.link.hold((packet, direction) => {
      if (direction === 'send' && packet.len > 52) sizes.push(packet.len - 52);
      return false;
    });
    b.tcp.listen({ port: 80 });
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80 });
    world.run(100);
    sizes.length = 0;
    socket.writeMore(bytes('a'));
    socket.writeMore(bytes('b'));
    socket.write(bytes('c'));
    world.run(200);
    expect(sizes).toEqual([3]);
    socket.cork();
    socket.write(bytes('d'));
    socket.write(bytes('e'));
    world.run(300);
    expect(sizes).toEqual([3]);
    socket.cork(false);
    expect(sizes).toEqual([3, 2]);
    socket.cork();
    socket.write(bytes('f'));
    world.run(499);
    expect(sizes).toEqual([3, 2]);
    world.run(500);
    expect(sizes).toEqual([3, 2, 1]);
  });
});
