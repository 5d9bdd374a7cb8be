import { describe, expect, it } from 'vitest';
import { Peer, pattern } from '../helpers/endpoint.ts';

describe('closing', () => {
  it('the active closer still reads in FIN-WAIT-1 and FIN-WAIT-2', () => {
    const peer = new Peer();
    peer.finWait1();
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'one' });
    peer.send('ACK', { seq: 4, ack: 2 });
    expect(peer.state).toBe('FIN-WAIT-2');
    peer.send('PSH,ACK', { seq: 4, ack: 2, data: 'two' });
    expect(peer.read()).toBe('onetwo');
    peer.send('FIN,PSH,ACK', { seq: 7, ack: 2, data: 'last' });
    expect(peer.read()).toBe('last');
    expect(peer.read()).toBe('connection closing');
    expect(peer.state).toBe('TIME-WAIT');
  });

  it('the FIN leaves when the queue has drained, and the state changes at once', () => {
    const peer = new Peer();
    peer.established({ mss: 1000, window: 1000 });
    peer.write(pattern(2500));
    peer.close();
    expect(peer.state).toBe('FIN-WAIT-1');
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 1001, window: 1000 });
    expect(peer.sent()).toEqual(['ACK 1001+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 2001, window: 1000 });
    expect(peer.sent()).toEqual(['FIN,PSH,ACK 2001+500 ack 1']);
    peer.send('ACK', { seq: 1, ack: 2502 });
    expect(peer.state).toBe('FIN-WAIT-2');
  });

  it('a FIN is sent again until it is acknowledged', () => {
    const peer = new Peer();
    peer.finWait1().advance(1000);
    expect(peer.sent()).toEqual(['FIN,ACK 1 ack 1', 'FIN,ACK 1 ack 1']);
    peer.send('ACK', { seq: 1, ack: 2 });
    peer.advance(10_000);
    expect(peer.sent()).toEqual([]);
  });

  it('a FIN beyond a gap is held until the gap is filled (SHLD-31)', () => {
    const peer = new Peer();
    peer.established();
    peer.send('FIN,ACK', { seq: 4, ack: 1, data: 'def' });
    expect(peer.state).toBe('ESTABLISHED');
    peer.send('ACK', { seq: 1, ack: 1, data: 'abc' });
    expect(peer.state).toBe('CLOSE-WAIT');
    expect(peer.sent().at(-1)).toBe('ACK 1 ack 8');
    expect(peer.read()).toBe('abcdef');
  });

  it('text beyond where the FIN stands is not taken', () => {
    const peer = new Peer();
    peer.closeWait();
    peer.send('ACK', { seq: 2, ack: 1, data: 'late' });
    expect(peer.read()).toBe('connection closing');
    expect(peer.state).toBe('CLOSE-WAIT');
  });

  it('a simultaneous close passes through CLOSING on both sides', () => {
    const peer = new Peer();
    peer.finWait1();
    peer.send('FIN,ACK', { seq: 1, ack: 1 });
    expect(peer.state).toBe('CLOSING');
    expect(peer.sent()).toEqual(['ACK 2 ack 2']);
    peer.send('ACK', { seq: 2, ack: 2 });
    expect(peer.state).toBe('TIME-WAIT');
  });

  it('a FIN with the ACK of ours leads from FIN-WAIT-1 to TIME-WAIT: three segments are enough if nobody has more to say', () => {
    const peer = new Peer();
    peer.finWait1();
    peer.send('FIN,ACK', { seq: 1, ack: 2 });
    expect(peer.state).toBe('TIME-WAIT');
    expect(peer.sent()).toEqual(['ACK 2 ack 2']);
  });

  it('no second FIN is made by a second CLOSE', () => {
    const peer = new Peer();
    peer.finWait1();
    expect(peer.close()).toBe('connection closing');
    expect(peer.sent()).toEqual([]);
  });

  it('a CLOSE with text queued in SYN-RECEIVED goes ahead once established', () => {
    const peer = new Peer();
    peer.synReceived();
    peer.write('x');
    peer.close();
    expect(peer.state).toBe('SYN-RECEIVED');
    peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.state).toBe('FIN-WAIT-1');
    expect(peer.sent()).toEqual(['FIN,PSH,ACK 1+1 ack 1']);
  });

  it('a CLOSE in SYN-RECEIVED sends its FIN at once, and a lost SYN,ACK is still repeated', () => {
    const peer = new Peer();
    peer.synReceived();
    peer.close();
    expect(peer.sent()).toEqual(['FIN,ACK 1 ack 1']);
    peer.advance(1000);
    expect(peer.sent()).toEqual(['SYN,ACK 0 ack 1', 'FIN,ACK 1 ack 1']);
    peer.send('ACK', { seq: 1, ack: 2 });
    expect(peer.state).toBe('FIN-WAIT-2');
  });

  it('closing for good with text unread sends a reset (SHLD-3)', () => {
    const peer = new Peer();
    peer.established();
    peer.send('PSH,ACK', { seq: 1, ack: 1, data: 'unread' });
    peer.detach();
    expect(peer.sent()).toEqual(['RST,ACK 1 ack 7']);
    expect(peer.state).toBe('CLOSED');
  });

  it('closing for good still delivers what was written, and FIN-WAIT-2 then ends by itself', () => {
    const peer = new Peer();
    peer.established();
    peer.write('bye');
    peer.detach();
    expect(peer.sent()).toEqual(['PSH,ACK 1+3 ack 1', 'FIN,ACK 4 ack 1']);
    peer.send('ACK', { seq: 1, ack: 5 });
    expect(peer.state).toBe('FIN-WAIT-2');
    peer.advance(59_999);
    expect(peer.state).toBe('FIN-WAIT-2');
    peer.advance(1);
    expect(peer.state).toBe('CLOSED');
  });

  it('FIN-WAIT-2 lasts as long as the application holds it', () => {
    const peer = new Peer();
    peer.finWait2().advance(24 * 3600 * 1000);
    expect(peer.state).toBe('FIN-WAIT-2');
  });

  it('an aborted connection sends SND.NXT in its reset', () => {
    const peer = new Peer();
    peer.established();
    peer.write('abc');
    peer.seen();
    peer.abort();
    expect(peer.sent()).toEqual(['RST,ACK 4 ack 1']);
    expect(peer.tcb.snd.text.length).toBe(0);
  });
});

describe('TIME-WAIT', () => {
  it('lasts 2 MSL, whatever MSL is', () => {
    const peer = new Peer({ config: { msl: 120_000 } });
    peer.timeWait().advance(239_999);
    expect(peer.state).toBe('TIME-WAIT');
    peer.advance(1);
    expect(peer.state).toBe('CLOSED');
  });

  it('a FIN that arrives at the very instant it ends is still answered', () => {
    const peer = new Peer();
    peer.timeWait();
    peer.now += 60_000;
    peer.send('FIN,ACK', { seq: 1, ack: 2 });
    expect(peer.sent()).toEqual(['ACK 2 ack 2']);
    peer.advance(59_999);
    expect(peer.state).toBe('TIME-WAIT');
  });

  it('ignores resets (RFC 1337)', () => {
    const peer = new Peer();
    peer.timeWait();
    peer.send('RST', { seq: 2 });
    peer.send('RST,ACK', { seq: 2, ack: 2 });
    expect(peer.state).toBe('TIME-WAIT');
    expect(peer.env.counters.TcpTimeWaitResetIgnored).toBe(2);
  });

  it('answers old text with an ACK, and does not begin anew for it', () => {
    const peer = new Peer();
    peer.timeWait().advance(30_000);
    peer.send('PSH,ACK', { seq: -10, ack: 1, data: 'old' });
    expect(peer.sent()).toEqual(['ACK 2 ack 2']);
    peer.advance(30_000);
    expect(peer.state).toBe('CLOSED');
  });

  it('a newer SYN reopens the pair, with an ISS beyond everything sent before (MAY-2)', () => {
    const peer = new Peer();
    peer.timeWait();
    peer.send('SYN', { seq: 1000 });
    expect(peer.state).toBe('SYN-RECEIVED');
    expect(peer.sent()).toEqual(['SYN,ACK 65538 ack 1001']);
    peer.send('ACK', { seq: 1001, ack: 65_539 });
    expect(peer.state).toBe('ESTABLISHED');
    peer.advance(3_600_000);
    expect(peer.state).toBe('ESTABLISHED');
  });

  it('an old SYN is dropped without a word', () => {
    const peer = new Peer();
    peer.timeWait();
    peer.send('SYN', { seq: -1000 });
    expect(peer.sent()).toEqual([]);
    expect(peer.state).toBe('TIME-WAIT');
  });

  it('resumes with the time that was left when an admitted SYN proves old (MAY-2, second condition)', () => {
    const peer = new Peer();
    peer.timeWait().advance(20_000);
    peer.send('SYN', { seq: 1000 });
    peer.seen().advance(5000);
    // The peer knows nothing of it and resets.
    peer.send('RST', { seq: 1001 });
    expect(peer.state).toBe('TIME-WAIT');
    expect(peer.env.counters.TcpTimeWaitResumed).toBe(1);
    peer.seen();
    // The old incarnation still answers its peer's FIN.
    peer.advance(39_000);
    expect(peer.state).toBe('TIME-WAIT');
    peer.advance(1000);
    expect(peer.state).toBe('CLOSED');
  });

  it('the resumed wait still answers a retransmitted FIN', () => {
    const peer = new Peer();
    peer.timeWait();
    peer.send('SYN', { seq: 1000 });
    peer.send('RST', { seq: 1001 });
    peer.seen();
    peer.send('FIN,ACK', { seq: 1, ack: 2 });
    expect(peer.sent()).toEqual(['ACK 2 ack 2']);
  });

  describe('with timestamps (RFC 6191)', () => {
    const waiting = (): Peer => {
      const peer = new Peer({ options: { timestamps: true } });
      peer.listen();
      peer.send('SYN', { tsVal: 100 });
      peer.send('ACK', { seq: 1, ack: 1, tsVal: 101 });
      peer.close();
      peer.send('FIN,ACK', { seq: 1, ack: 2, tsVal: 102 });
      expect(peer.state).toBe('TIME-WAIT');
      return peer.seen();
    };

    it('a SYN with a newer timestamp reopens, even with a lower sequence number', () => {
      const peer = waiting();
      peer.send('SYN', { seq: -500_000, tsVal: 103 });
      expect(peer.state).toBe('SYN-RECEIVED');
    });

    it('a SYN with an older timestamp is dropped, even with a higher sequence number', () => {
      const peer = waiting();
      peer.send('SYN', { seq: 500_000, tsVal: 101 });
      expect(peer.state).toBe('TIME-WAIT');
    });

    it('an equal timestamp leaves the decision to the sequence number', () => {
      const peer = waiting();
      peer.send('SYN', { seq: -5, tsVal: 102 });
      expect(peer.state).toBe('TIME-WAIT');
      peer.send('SYN', { seq: 500, tsVal: 102 });
      expect(peer.state).toBe('SYN-RECEIVED');
    });

    it('a FIN older than the last timestamp does not begin the wait anew', () => {
      const peer = waiting().advance(30_000);
      peer.send('FIN,ACK', { seq: 1, ack: 2, tsVal: 50 });
      peer.advance(30_000);
      expect(peer.state).toBe('CLOSED');
    });
  });
});
