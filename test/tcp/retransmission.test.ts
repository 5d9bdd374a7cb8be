import { describe, expect, it } from 'vitest';
import { Peer, pattern } from '../helpers/endpoint.ts';

/** Times at which something was sent, relative to `from`. */
const times = (peer: Peer, from: number): number[] => peer.all.filter((s) => s.time >= from).map((s) => s.time - from);

describe('retransmission', () => {
  it('repeats a SYN after 1, 2, 4, ... s and gives up only after three minutes (MUST-23)', () => {
    const peer = new Peer();
    peer.open('active');
    peer.advance(179_999);
    expect(times(peer, 1000)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 127_000]);
    expect(peer.state).toBe('SYN-SENT');
    peer.advance(1);
    expect(peer.state).toBe('CLOSED');
    expect(peer.tcb.failure).toBe('timed-out');
  });

  it('begins with an RTO of 3 s where the SYN had to be repeated and nothing could be measured (RFC 6298 5.7)', () => {
    const peer = new Peer();
    peer.synSent().advance(1500);
    peer.send('SYN,ACK', { ack: 1, mss: 1460 });
    expect(peer.tcb.cc.cwnd).toBe(1460); // RFC 5681 3.1: one segment after a lost SYN
    peer.seen();
    peer.write('x');
    const start = peer.now;
    peer.advance(3000);
    expect(times(peer, start).slice(1)).toEqual([0, 3000]);
  });

  it('doubles the time-out each time and gives up at R2', () => {
    const peer = new Peer({ config: { r2: 10_000 } });
    peer.established().advance(5000);
    const start = peer.now;
    peer.write('x');
    peer.advance(9999);
    expect(times(peer, start)).toEqual([0, 200, 600, 1400, 3000, 6200]);
    expect(peer.state).toBe('ESTABLISHED');
    peer.advance(1);
    expect(peer.tcb.failure).toBe('timed-out');
  });

  it('takes R2 of the connection, for ever if it is infinite (MUST-21)', () => {
    const peer = new Peer({ options: { userTimeout: Infinity } });
    peer.established().write('x');
    peer.advance(30 * 24 * 3600 * 1000);
    expect(peer.state).toBe('ESTABLISHED');
    const soon = new Peer({ options: { userTimeout: 5000 } });
    soon.established().write('x');
    soon.advance(5000);
    expect(soon.state).toBe('CLOSED');
  });

  it('tells the user at R1 that something is wrong (MUST-20, SHLD-9, SHLD-10)', () => {
    const peer = new Peer();
    peer.established().advance(1000);
    peer.tcb.signals = 0;
    peer.write('x');
    peer.advance(600);
    expect(peer.tcb.signals & 64).toBe(0);
    peer.advance(800);
    expect(peer.tcb.signals & 64).toBe(64);
  });

  it('takes no measurement from what was sent twice (Karn)', () => {
    const peer = new Peer();
    peer.established();
    const { srtt } = peer.tcb.rtt;
    peer.write('x');
    peer.advance(300);
    peer.send('ACK', { seq: 1, ack: 2 });
    expect(peer.tcb.rtt.srtt).toBe(srtt);
    peer.write('y');
    peer.advance(80);
    peer.send('ACK', { seq: 1, ack: 3 });
    expect(peer.tcb.rtt.srtt).toBeCloseTo(srtt * 0.875 + 80 * 0.125, 9);
  });

  it('computes RTO from SRTT and RTTVAR (RFC 6298 2)', () => {
    const peer = new Peer({ options: { noDelay: true } });
    peer.synSent().advance(100);
    peer.send('SYN,ACK', { ack: 1, mss: 1460 });
    expect([peer.tcb.rtt.srtt, peer.tcb.rtt.rttvar, peer.tcb.rtt.rto]).toEqual([100, 50, 300]);
    peer.write('x');
    peer.advance(180);
    peer.send('ACK', { seq: 1, ack: 2 });
    expect(peer.tcb.rtt.rttvar).toBe(0.75 * 50 + 0.25 * 80);
    expect(peer.tcb.rtt.srtt).toBe(0.875 * 100 + 0.125 * 180);
    expect(peer.tcb.rtt.rto).toBe(110 + 4 * 57.5);
  });

  it('sends the first segment again after three duplicate ACKs, and the next at a partial one', () => {
    const peer = new Peer({ options: { congestion: 'newreno' } });
    peer.established({ mss: 1000 });
    peer.write(pattern(10_000));
    peer.seen();
    for (let i = 0; i < 2; i++) peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.sent()).toEqual([]);
    peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    expect(peer.tcb.cc.ssthresh).toBe(5000);
    expect(peer.tcb.cc.cwnd).toBe(8000);
    peer.send('ACK', { seq: 1, ack: 3001 });
    expect(peer.sent()).toEqual(['ACK 3001+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 10_001 });
    expect(peer.tcb.cc.recovering).toBe(false);
    expect(peer.tcb.cc.cwnd).toBeLessThanOrEqual(5000);
  });

  it('does not take a window update, text or an ACK without anything outstanding for a duplicate', () => {
    const peer = new Peer();
    peer.established({ mss: 1000 });
    for (let i = 0; i < 5; i++) peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.tcb.cc.duplicates).toBe(0);
    peer.write(pattern(3000));
    for (let i = 0; i < 5; i++) peer.send('ACK', { seq: 1, ack: 1, window: 60_000 - i });
    peer.send('ACK', { seq: 1, ack: 1, data: 'text', window: 59_996 });
    expect(peer.tcb.cc.duplicates).toBe(0);
  });

  it('lets new text out for the first two duplicate ACKs (RFC 3042)', () => {
    const peer = new Peer({ config: { initialWindow: 2 } });
    peer.established({ mss: 1000 });
    peer.write(pattern(10_000));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1', 'ACK 1001+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 1 });
    peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.sent()).toEqual(['ACK 2001+1000 ack 1', 'ACK 3001+1000 ack 1']);
  });

  it('opens the window by what is news when reordering ends: not by what duplicate ACKs told of', () => {
    const peer = new Peer({ options: { congestion: 'newreno' } });
    peer.established({ mss: 1000 });
    peer.write(pattern(20_000));
    for (let i = 0; i < 2; i++) peer.send('ACK', { seq: 1, ack: 1 });
    peer.send('ACK', { seq: 1, ack: 3001 });
    expect(peer.tcb.cc.cwnd).toBe(11_000);
    peer.send('ACK', { seq: 1, ack: 5001 });
    expect(peer.tcb.cc.cwnd).toBe(13_000);
  });

  it('falls back to one segment after a time-out and does not take its echoes for new losses', () => {
    const peer = new Peer();
    peer.established({ mss: 1000 });
    peer.write(pattern(8000));
    peer.seen();
    peer.advance(1000);
    expect(peer.sent().slice(0, 1)).toEqual(['ACK 1+1000 ack 1']);
    expect(peer.tcb.cc.cwnd).toBe(1000);
    for (let i = 0; i < 5; i++) peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.tcb.cc.recovering).toBe(false);
  });

  it('grows the window by what is acknowledged in slow start, by a segment a round trip afterwards', () => {
    const peer = new Peer({ config: { initialWindow: 4 }, options: { congestion: 'newreno' } });
    peer.established({ mss: 1000 });
    peer.write(pattern(100_000));
    expect(peer.tcb.cc.cwnd).toBe(4000);
    peer.send('ACK', { seq: 1, ack: 2001 });
    expect(peer.tcb.cc.cwnd).toBe(6000);
    peer.tcb.cc.ssthresh = 6000;
    peer.send('ACK', { seq: 1, ack: 5001 });
    peer.send('ACK', { seq: 1, ack: 8001 });
    expect(peer.tcb.cc.cwnd).toBe(7000);
  });

  it('backs off no further than the largest RTO', () => {
    const peer = new Peer({ config: { maxRto: 1000 } });
    peer.synReceived();
    const began = peer.now;
    peer.until(began + 3500);
    expect(peer.all.slice(1).map(({ time }) => time - began)).toEqual([1000, 2000, 3000]);
  });

  it('starts at the initial window again after idleness (RFC 5681 4.1), unless it is configured not to', () => {
    for (const restartAfterIdle of [true, false]) {
      const peer = new Peer({ config: { restartAfterIdle } });
      peer.established({ mss: 1000 });
      peer.tcb.cc.cwnd = 60_000;
      peer.advance(10_000);
      peer.write('x');
      expect(peer.tcb.cc.cwnd).toBe(restartAfterIdle ? 10_000 : 60_000);
    }
  });

  it('does not grow a window that is not used (RFC 7661)', () => {
    const peer = new Peer({ options: { noDelay: true } });
    peer.established({ mss: 1000 });
    const before = peer.tcb.cc.cwnd;
    for (let i = 1; i <= 100; i++) {
      peer.write('x');
      peer.send('ACK', { seq: 1, ack: 1 + i });
    }
    expect(peer.tcb.cc.cwnd).toBe(before);
  });
});

describe('small segments', () => {
  it('Nagle holds the second small write back until the first is acknowledged (SHLD-7)', () => {
    const peer = new Peer();
    peer.established();
    peer.write('a');
    peer.write('b');
    peer.write('c');
    expect(peer.sent()).toEqual(['PSH,ACK 1+1 ack 1']);
    peer.send('ACK', { seq: 1, ack: 2 });
    expect(peer.sent()).toEqual(['PSH,ACK 2+2 ack 1']);
  });

  it('without Nagle each write leaves at once (MUST-17)', () => {
    const peer = new Peer({ options: { noDelay: true } });
    peer.established();
    peer.write('a');
    peer.write('b');
    expect(peer.sent()).toEqual(['PSH,ACK 1+1 ack 1', 'PSH,ACK 2+1 ack 1']);
  });

  it('a close sends what Nagle held, with the FIN', () => {
    const peer = new Peer();
    peer.established();
    peer.write('a');
    peer.write('b');
    peer.close();
    expect(peer.sent()).toEqual(['PSH,ACK 1+1 ack 1', 'FIN,PSH,ACK 2+1 ack 1']);
  });

  it('PSH marks the segment that empties the queue, and no other (MUST-61)', () => {
    const peer = new Peer();
    peer.established({ mss: 1000 });
    peer.write(pattern(2500));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1', 'ACK 1001+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 2001 });
    expect(peer.sent()).toEqual(['PSH,ACK 2001+500 ack 1']);
  });
});

describe('acknowledgments', () => {
  it('a single small segment is acknowledged late, but within 500 ms (MUST-40, SHLD-18)', () => {
    const peer = new Peer();
    peer.established();
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'x'.repeat(100) });
    expect(peer.sent()).toEqual([]);
    peer.advance(39);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['ACK 1 ack 101']);
  });

  it('every second full-sized segment is acknowledged at once (SHLD-19)', () => {
    const peer = new Peer();
    peer.established();
    const data = pattern(1460);
    peer.send('ACK', { seq: 1, ack: 1, data });
    expect(peer.sent()).toEqual([]);
    peer.send('ACK', { seq: 1461, ack: 1, data });
    expect(peer.sent()).toEqual(['ACK 1 ack 2921']);
  });

  it('a segment that fills a gap is acknowledged at once, and SACK blocks name what is held, the newest first', () => {
    const peer = new Peer();
    peer.established({ sackPermitted: true });
    peer.send('ACK', { seq: 11, ack: 1, data: 'x'.repeat(10) });
    peer.send('ACK', { seq: 31, ack: 1, data: 'x'.repeat(10) });
    peer.send('ACK', { seq: 51, ack: 1, data: 'x'.repeat(10) });
    expect(peer.sent()).toEqual([
      'ACK 1 ack 1 sack 11:21',
      'ACK 1 ack 1 sack 31:41 sack 11:21',
      'ACK 1 ack 1 sack 51:61 sack 31:41 sack 11:21',
    ]);
    peer.send('ACK', { seq: 1, ack: 1, data: 'x'.repeat(10) });
    expect(peer.sent()).toEqual(['ACK 1 ack 21 sack 51:61 sack 31:41']);
    peer.send('ACK', { seq: 21, ack: 1, data: 'x'.repeat(30) });
    expect(peer.sent()).toEqual(['ACK 1 ack 61 sack 31:41']); // 31:41 has come twice
  });

  it('an answer of the application takes the acknowledgment with it', () => {
    const peer = new Peer();
    peer.established();
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'ping' });
    peer.write('pong');
    expect(peer.sent()).toEqual(['PSH,ACK 1+4 ack 5']);
    peer.advance(1000);
    expect(peer.sent().filter((s) => s.startsWith('ACK'))).toEqual([]);
  });

  it('the ranges held out of order have a bound, and in-order text still goes on', () => {
    const peer = new Peer({ config: { maxReorderRanges: 4 } });
    peer.established();
    for (let i = 1; i <= 10; i++) peer.send('ACK', { seq: 1 + i * 10, ack: 1, data: 'x' });
    expect(peer.tcb.rcv.held!.ranges.count).toBe(4);
    expect(peer.env.counters.TcpExtTCPOFODrop).toBe(6);
    peer.send('ACK', { seq: 1, ack: 1, data: 'y'.repeat(200) });
    expect(peer.read().length).toBe(200);
    expect(peer.tcb.rcv.held).toBeNull();
  });
});
