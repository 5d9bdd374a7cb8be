import { describe, expect, it } from 'vitest';
import { Peer, type Setup } from '../helpers/endpoint.ts';

const ISNS = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];

describe.each(ISNS)('with initial sequence numbers around %d', (isn) => {
  const setup = { iss: isn, irs: (isn + 7) >>> 0 };

  it('a passive open answers a SYN with SYN,ACK and is established by the ACK', () => {
    const peer = new Peer(setup);
    peer.listen();
    peer.send('SYN');
    expect(peer.sent()).toEqual(['SYN,ACK 0 ack 1']);
    expect(peer.state).toBe('SYN-RECEIVED');
    peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.sent()).toEqual([]);
    expect(peer.state).toBe('ESTABLISHED');
  });

  it('an active open sends a SYN and acknowledges the SYN,ACK', () => {
    const peer = new Peer(setup);
    peer.open('active');
    expect(peer.sent()).toEqual(['SYN 0']);
    expect(peer.state).toBe('SYN-SENT');
    peer.send('SYN,ACK', { seq: 0, ack: 1 });
    expect(peer.sent()).toEqual(['ACK 1 ack 1']);
    expect(peer.state).toBe('ESTABLISHED');
  });

  it('a simultaneous open ends in one connection', () => {
    const peer = new Peer(setup);
    peer.synSent();
    peer.send('SYN', { seq: 0 });
    expect(peer.sent()).toEqual(['SYN,ACK 0 ack 1']);
    expect(peer.state).toBe('SYN-RECEIVED');
    peer.send('SYN,ACK', { seq: 0, ack: 1 });
    expect(peer.state).toBe('ESTABLISHED');
  });

  it('text goes both ways in order', () => {
    const peer = new Peer(setup);
    peer.established();
    peer.write('hello');
    expect(peer.sent()).toEqual(['PSH,ACK 1+5 ack 1']);
    peer.send('PSH,ACK', { seq: 1, ack: 6, data: 'world!' });
    expect(peer.read()).toBe('world!');
    peer.advance(40);
    expect(peer.sent()).toEqual(['ACK 6 ack 7']);
  });

  it('out-of-order text waits for the gap to fill, and the first copy wins', () => {
    const peer = new Peer(setup);
    peer.established();
    peer.send('ACK', { seq: 4, ack: 1, data: 'def' });
    expect(peer.sent()).toEqual(['ACK 1 ack 1']);
    peer.send('ACK', { seq: 8, ack: 1, data: 'hi' });
    peer.send('ACK', { seq: 1, ack: 1, data: 'abcXXXgYY' });
    expect(peer.read()).toBe('abcdefghi');
    expect(peer.sent().at(-1)).toBe('ACK 1 ack 10');
  });

  it('the four-way close passes through FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT and ends after 2 MSL', () => {
    const peer = new Peer(setup);
    peer.established();
    peer.close();
    expect(peer.sent()).toEqual(['FIN,ACK 1 ack 1']);
    expect(peer.state).toBe('FIN-WAIT-1');
    peer.send('ACK', { seq: 1, ack: 2 });
    expect(peer.state).toBe('FIN-WAIT-2');
    peer.send('FIN,ACK', { seq: 1, ack: 2 });
    expect(peer.sent()).toEqual(['ACK 2 ack 2']);
    expect(peer.state).toBe('TIME-WAIT');
    peer.advance(59_999);
    expect(peer.state).toBe('TIME-WAIT');
    peer.advance(1);
    expect(peer.state).toBe('CLOSED');
  });

  it('the passive closer still sends in CLOSE-WAIT, and passes through LAST-ACK', () => {
    const peer = new Peer(setup);
    peer.closeWait();
    expect(peer.state).toBe('CLOSE-WAIT');
    peer.write('more');
    expect(peer.sent()).toEqual(['PSH,ACK 1+4 ack 2']);
    peer.close();
    expect(peer.sent()).toEqual(['FIN,ACK 5 ack 2']);
    expect(peer.state).toBe('LAST-ACK');
    peer.send('ACK', { seq: 2, ack: 6 });
    expect(peer.state).toBe('CLOSED');
  });

  it('a lost last ACK is answered again from TIME-WAIT, which begins anew', () => {
    const peer = new Peer(setup);
    peer.timeWait().advance(59_000);
    peer.send('FIN,ACK', { seq: 1, ack: 2 });
    expect(peer.sent()).toEqual(['ACK 2 ack 2']);
    peer.advance(59_999);
    expect(peer.state).toBe('TIME-WAIT');
    peer.advance(1);
    expect(peer.state).toBe('CLOSED');
  });
});

describe('the SYN, again', () => {
  function times(setup: Setup): number[] {
    const peer = new Peer(setup);
    const began = peer.now;
    peer.open('active');
    peer.until(began + 40_000);
    return peer.all.map(({ time }) => (time - began) / 1000);
  }

  it('comes ever more seldom', () => {
    expect(times({})).toEqual([0, 1, 3, 7, 15, 31]);
  });

  it('comes at even intervals first where that is asked for', () => {
    expect(times({ config: { evenSyns: 4 } })).toEqual([0, 1, 2, 3, 4, 5, 7, 11, 19, 35]);
  });

  it('ends with the SYN timeout, whatever the user timeout says', () => {
    const peer = new Peer({ options: { synTimeout: 3000, userTimeout: 100_000 } });
    peer.open('active');
    peer.advance(2999);
    expect(peer.state).toBe('SYN-SENT');
    peer.advance(1);
    expect([peer.state, peer.tcb.failure]).toEqual(['CLOSED', 'timed-out']);
  });
});

describe('a listener whose half-open connection was reset', () => {
  it('begins the next one with nothing of it: neither its back-off nor what it was timing', () => {
    const peer = new Peer().synReceived();
    peer.advance(7_000); // the SYN,ACK is sent again and again
    expect(peer.seen().send('RST', { seq: 1 }).state).toBe('LISTEN');
    const began = peer.now;
    peer.send('SYN', { mss: 1460 });
    peer.advance(900);
    expect(peer.sent()).toEqual(['SYN,ACK 0 ack 1']);
    peer.advance(100);
    expect(peer.sent()).toEqual(['SYN,ACK 0 ack 1']);
    expect(peer.now - began).toBe(1000);
  });

  it('measures the round trip of the next one from its own SYN,ACK', () => {
    const peer = new Peer().synReceived();
    peer.advance(500);
    peer.send('RST', { seq: 1 });
    peer.send('SYN', { mss: 1460 });
    peer.advance(50);
    peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.tcb.rtt.srtt).toBe(50);
  });
});
