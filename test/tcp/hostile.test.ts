import { describe, expect, it } from 'vitest';
import { urgentRemaining } from '../../src/tcp/index.ts';
import { Peer, pattern } from '../helpers/endpoint.ts';

describe('resets', () => {
  it('only the exact sequence number resets; one in the window is challenged; one outside is dropped (RFC 5961 3)', () => {
    const peer = new Peer();
    peer.established();
    peer.send('RST', { seq: 500 });
    expect(peer.sent()).toEqual(['ACK 1 ack 1']);
    peer.send('RST', { seq: -500 });
    expect(peer.sent()).toEqual([]);
    expect(peer.state).toBe('ESTABLISHED');
    peer.send('RST', { seq: 1 });
    expect(peer.tcb.failure).toBe('reset');
  });

  it('a reset with text resets all the same (SHLD-2)', () => {
    const peer = new Peer();
    peer.established();
    peer.send('RST', { seq: 1, data: 'go away' });
    expect(peer.tcb.failure).toBe('reset');
  });

  it('in SYN-SENT only a reset that acknowledges our SYN counts', () => {
    const peer = new Peer();
    peer.synSent();
    peer.send('RST', { seq: 0 });
    peer.send('RST,ACK', { seq: 0, ack: 77 });
    expect(peer.state).toBe('SYN-SENT');
    peer.send('RST,ACK', { seq: 0, ack: 1 });
    expect(peer.tcb.failure).toBe('refused');
  });

  it('a half-open peer is found out: its ACK in SYN-SENT is answered with a reset (RFC 9293 3.5.1)', () => {
    const peer = new Peer();
    peer.synSent();
    peer.send('ACK', { seq: 300, ack: 100 });
    expect(peer.sent()).toEqual(['RST 100']);
    expect(peer.state).toBe('SYN-SENT');
  });
});

describe('strangers', () => {
  it('a thousand forged SYNs, resets and ACKs provoke two answers a second at most (RFC 5961 7)', () => {
    const peer = new Peer();
    peer.established();
    for (let i = 0; i < 1000; i++) {
      peer.advance(10);
      peer.send('SYN', { seq: i * 17 });
      peer.send('RST', { seq: 10 + i });
      peer.send('ACK', { seq: 1, ack: 1_000_000 + i });
      peer.send('ACK', { seq: -100_000 - i, ack: 1 });
    }
    expect(peer.state).toBe('ESTABLISHED');
    expect(peer.sent().length).toBeLessThanOrEqual(21);
    expect(peer.env.counters.TcpExtTCPACKSkipped).toBeGreaterThan(3900);
  });

  it('injected text with an unbelievable ACK does not reach the user (RFC 5961 5)', () => {
    const peer = new Peer();
    peer.established();
    peer.send('PSH,ACK', { seq: 1, ack: 5000, data: 'evil' });
    peer.send('PSH,ACK', { seq: 1, ack: -100_000, data: 'evil' });
    expect(peer.read()).toBe('');
  });

  it('text out of the window is always answered: the peer may have lost our ACK', () => {
    const peer = new Peer();
    peer.established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(100) });
    peer.advance(100).seen();
    for (let i = 0; i < 5; i++) peer.send('ACK', { seq: 1, ack: 1, data: pattern(100) });
    expect(peer.sent().length).toBe(5);
  });

  it('text on a SYN is not given to the user before the handshake is complete', () => {
    const peer = new Peer();
    peer.listen();
    peer.send('SYN', { seq: 0, data: 'early' });
    expect(peer.sent()).toEqual(['SYN,ACK 0 ack 1']);
    expect(peer.read()).toBe('');
    peer.send('ACK', { seq: 6, ack: 1 });
    expect(peer.read()).toBe('early');
    expect(peer.sent()).toEqual(['ACK 1 ack 6']);
  });

  it('flags without sense change nothing: none, all, SYN with FIN, SYN with RST', () => {
    for (const flags of ['', 'FIN', 'FIN,URG,PSH', 'SYN,RST', 'RST,FIN,URG']) {
      const peer = new Peer();
      peer.established();
      peer.send(flags, { seq: 5 });
      expect(peer.state).toBe('ESTABLISHED');
      const listening = new Peer();
      listening.listen();
      listening.send(flags, { seq: 5 });
      expect(listening.state).toBe('LISTEN');
    }
  });
});

describe('urgent data', () => {
  it('is announced, in line, and counted down to its end (MUST-30, MUST-32, MUST-33)', () => {
    const peer = new Peer();
    peer.established();
    peer.tcb.signals = 0;
    peer.send('URG,ACK', { seq: 1, ack: 1, urgent: 3, data: 'abcdef' });
    expect(peer.tcb.signals & 32).toBe(32);
    expect(urgentRemaining(peer.tcb)).toBe(3);
    peer.endpoint.receive(new Uint8Array(2), peer.now);
    expect(urgentRemaining(peer.tcb)).toBe(1);
    expect(peer.read()).toBe('cdef');
    expect(urgentRemaining(peer.tcb)).toBe(0);
  });

  it('may be announced ahead of its text, and each forward move is a new signal (MUST-31, MUST-32)', () => {
    const peer = new Peer();
    peer.established();
    let signals = 0;
    for (const up of [10, 10, 5, 20, 30]) {
      peer.tcb.signals = 0;
      peer.send('URG,ACK', { seq: 1, ack: 1, urgent: up });
      if (peer.tcb.signals & 32) signals++;
    }
    expect(signals).toBe(3);
    expect(urgentRemaining(peer.tcb)).toBe(30);
  });

  it('is sent with the pointer after its last octet, on every segment before it (MUST-62)', () => {
    const peer = new Peer();
    peer.established({ mss: 1000 });
    peer.write(pattern(2500), true);
    expect(peer.sent()).toEqual([
      'ACK,URG 1+1000 ack 1 urg 2500',
      'ACK,URG 1001+1000 ack 1 urg 1500',
      'PSH,ACK,URG 2001+500 ack 1 urg 500',
    ]);
  });

  it('more than 64 KiB of it is said as far as the field goes (MUST-31)', () => {
    const peer = new Peer({ options: { sendBuffer: 200_000 }, config: { initialWindow: 1000 } });
    peer.established({ mss: 1000 });
    peer.write(pattern(150_000), true);
    expect(peer.all.at(-1)!.segment.urgent).toBe(65_535);
  });

  it.each([0, 1, 65_535])('a pointer of %d does no harm on any segment', (urgent) => {
    const peer = new Peer();
    peer.established();
    peer.send('URG,ACK', { seq: 1, ack: 1, urgent });
    peer.send('URG,PSH,ACK', { seq: 5, ack: 1, urgent, data: 'later' });
    peer.send('URG,PSH,ACK', { seq: 1, ack: 1, urgent, data: 'text' });
    expect(peer.read()).toBe('textlater');
    expect(urgentRemaining(peer.tcb)).toBeGreaterThanOrEqual(0);
    peer.send('URG,FIN,ACK', { seq: 10, ack: 1, urgent });
    expect(peer.state).toBe('CLOSE-WAIT');
  });
});

describe('keep-alive', () => {
  it('is off by default: thirty idle days pass in silence (MUST-25)', () => {
    const peer = new Peer();
    peer.established().advance(30 * 24 * 3600 * 1000);
    expect(peer.sent()).toEqual([]);
  });

  it('probes after two hours with a number already acknowledged and no text (MUST-28, SHLD-12)', () => {
    const peer = new Peer({ options: { keepAlive: true } });
    peer.established().advance(7_199_999);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['ACK 0 ack 1']);
  });

  it('waits anew whenever something is heard (MUST-26)', () => {
    const peer = new Peer({ options: { keepAlive: true, keepAliveIdle: 1000 } });
    peer.established().advance(999);
    peer.send('ACK', { seq: 1, ack: 1, data: 'x' });
    peer.seen().advance(999);
    expect(peer.sent()).toEqual(['ACK 1 ack 2']);
    peer.advance(1);
    expect(peer.sent()).toEqual(['ACK 0 ack 2']);
  });

  it('keeps its appointments when time has fractions of a millisecond', () => {
    for (let i = 0; i < 300; i++) {
      const peer = new Peer({ options: { keepAlive: true, keepAliveIdle: 1000.1 } });
      peer.now = 1000 + i * 0.37;
      peer.established().advance(0.7 + i * 0.013);
      peer.send('ACK', { seq: 1, ack: 1 });
      peer.advance(5000);
      expect(peer.sent().length).toBe(1);
    }
  });

  it('a single unanswered probe kills nothing; nine in a row do (MUST-29)', () => {
    const peer = new Peer({ options: { keepAlive: true, keepAliveIdle: 1000, keepAliveInterval: 100 } });
    peer.established().advance(1700);
    peer.send('ACK', { seq: 1, ack: 1 });
    peer.advance(1000 + 899);
    expect(peer.state).toBe('ESTABLISHED');
    peer.advance(1);
    expect(peer.tcb.failure).toBe('timed-out');
  });
});

describe('timestamps', () => {
  const stamped = (): Peer => {
    const peer = new Peer({ options: { timestamps: true } });
    peer.listen();
    peer.send('SYN', { tsVal: 1000, mss: 1460 });
    peer.send('ACK', { seq: 1, ack: 1, tsVal: 1001, tsEcr: peer.all[0]!.segment.tsVal });
    return peer.seen();
  };

  it('are echoed, from in-order segments only (RFC 7323 4.3)', () => {
    const peer = stamped();
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'a', tsVal: 1010 });
    peer.send('PSH,ACK', { seq: 100, ack: 1, data: 'b', tsVal: 1020 });
    expect(peer.all.at(-1)!.segment.tsEcr).toBe(1010);
  });

  it('of a SYN sent again are the ones to echo, and the SYN,ACK is not repeated by the timer of the first', () => {
    const peer = new Peer({ options: { timestamps: true } });
    peer.listen();
    peer.send('SYN', { tsVal: 1000 });
    peer.advance(999);
    peer.send('SYN', { tsVal: 1999 });
    expect(peer.all.map(({ segment }) => segment.tsEcr)).toEqual([1000, 1999]);
    peer.advance(500);
    expect(peer.all.length).toBe(2);
  });

  it('an old duplicate is found by its timestamp and answered, though its numbers are in the window (PAWS)', () => {
    const peer = stamped();
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'new', tsVal: 2000 });
    peer.advance(100).seen();
    peer.send('PSH,ACK', { seq: 4, ack: 1, data: 'old', tsVal: 1500 });
    expect(peer.read()).toBe('new');
    expect(peer.sent()).toEqual(['ACK 1 ack 4']);
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(1);
  });

  it('a segment without them is dropped once they are agreed on, a reset is not (RFC 7323 3.2)', () => {
    const peer = stamped();
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'bare' });
    expect(peer.read()).toBe('');
    peer.send('RST', { seq: 1 });
    expect(peer.state).toBe('CLOSED');
  });

  it('TS.Recent says nothing after 24 days', () => {
    const peer = stamped();
    peer.advance(25 * 24 * 3600 * 1000);
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'hello', tsVal: 5 });
    expect(peer.read()).toBe('hello');
  });

  it('a time from an unacceptable segment is not remembered (RFC 7323 5.3, G08)', () => {
    const peer = stamped();
    peer.send('PSH,ACK', { seq: 1_000_000, ack: 1, data: 'far', tsVal: 900_000 });
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'ok', tsVal: 1005 });
    expect(peer.read()).toBe('ok');
  });

  it('measure the round trip also of what was sent twice', () => {
    const peer = stamped();
    peer.advance(1000);
    peer.write('x');
    peer.advance(250);
    const again = peer.all.at(-1)!.segment;
    peer.advance(60);
    peer.send('ACK', { seq: 1, ack: 2, tsVal: 2000, tsEcr: again.tsVal });
    expect(peer.tcb.rtt.srtt).toBeGreaterThan(0);
    expect(peer.tcb.rtt.srtt).toBeLessThan(60);
  });
});
