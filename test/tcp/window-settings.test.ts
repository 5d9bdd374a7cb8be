import { describe, expect, it } from 'vitest';
import { Peer, pattern, type Setup } from '../helpers/endpoint.ts';

const BEYOND = { config: { takeBeyondWindow: true }, options: { receiveBuffer: 4000, receiveBufferMax: 4000 } };

function window(peer: Peer): number {
  const { segment } = peer.all.at(-1)!;
  return segment.window;
}

describe('the first window', () => {
  const offered = (buffer: number, config: NonNullable<Setup['config']>): number => {
    const peer = new Peer({ config, options: { receiveBuffer: buffer } });
    peer.synReceived();
    return window(peer);
  };

  it('is a multiple of the MSS where that is asked for', () => {
    expect(offered(20_000, { wholeSegmentWindow: true })).toBe(13 * 1460);
    expect(offered(20_000, {})).toBe(20_000);
  });

  it('is what the field can say where the buffer is large, and the buffer where it is less than a segment', () => {
    expect(offered(270_000, { wholeSegmentWindow: true })).toBe(65_535);
    expect(offered(1000, { wholeSegmentWindow: true })).toBe(1000);
  });

  it('is such a multiple on our own SYN too', () => {
    const peer = new Peer({ config: { wholeSegmentWindow: true }, options: { receiveBuffer: 20_000 } });
    peer.open('active');
    expect(window(peer)).toBe(13 * 1460);
  });
});

describe('text that ends beyond the window', () => {
  it('is taken whole where nothing waits to be read', () => {
    const peer = new Peer(BEYOND).established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(6000) });
    expect(peer.sent()).toEqual(['ACK 1 ack 6001']);
    expect(window(peer)).toBe(0);
    expect(peer.read().length).toBe(6000);
  });

  it('is dropped whole where something waits, and counted', () => {
    const peer = new Peer(BEYOND).established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(3000) }).seen();
    peer.send('ACK', { seq: 3001, ack: 1, data: pattern(3000) });
    expect(peer.sent()).toEqual(['ACK 1 ack 3001']);
    expect(peer.env.counters.TcpExtBeyondWindow).toBe(1);
    expect(peer.tcb.rcv.text.length).toBe(3000);
  });

  it('is dropped where it begins beyond it too', () => {
    const peer = new Peer(BEYOND).established();
    peer.send('ACK', { seq: 5000, ack: 1, data: pattern(10) });
    expect(peer.sent()).toEqual(['ACK 1 ack 1']);
    expect(peer.env.counters.TcpExtBeyondWindow).toBe(1);
  });

  it('is held beyond a gap, and read when that is filled', () => {
    const peer = new Peer(BEYOND).established();
    peer
      .send('ACK', { seq: 2001, ack: 1, data: pattern(4000, 2000) })
      .send('ACK', { seq: 1, ack: 1, data: pattern(2000) });
    expect(peer.sent().at(-1)).toBe('ACK 1 ack 6001');
    expect(peer.read()).toBe(String.fromCharCode(...pattern(6000)));
  });

  it('is followed by a FIN although the window is closed, and by a reset', () => {
    const peer = new Peer(BEYOND).established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(6000) }).seen();
    peer.send('FIN,ACK', { seq: 6001, ack: 1 });
    expect(peer.sent()).toEqual(['ACK 1 ack 6002']);
    expect(peer.state).toBe('CLOSE-WAIT');
    peer.send('RST,ACK', { seq: 6002, ack: 1 });
    expect(peer.state).toBe('CLOSED');
  });

  it('leaves old segments and old ACKs what they are', () => {
    const peer = new Peer(BEYOND).established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(1000) });
    peer.advance(1000).seen();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(1000) });
    expect(peer.sent()).toEqual(['ACK 1 ack 1001']);
    expect(peer.tcb.rcv.text.length).toBe(1000);
    expect(peer.env.counters.TcpOutOfWindow).toBe(1);
  });

  it('is cut off by default', () => {
    const peer = new Peer({ options: BEYOND.options }).established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(6000) });
    expect(peer.tcb.rcv.text.length).toBe(4000);
  });
});

describe('a zero-window probe', () => {
  it('is empty and old where that is asked for', () => {
    const peer = new Peer({ config: { windowProbe: 'empty' } }).established();
    peer.write('abc');
    peer.seen().send('ACK', { seq: 1, ack: 4, window: 0 });
    peer.write(pattern(1000));
    peer.advance(250);
    expect(peer.sent()).toEqual(['ACK 3 ack 1']);
    peer.send('ACK', { seq: 1, ack: 4, window: 65_535 });
    expect(peer.sent()).toEqual(['PSH,ACK 4+1000 ack 1']);
  });

  it('tells what is urgent before its text, at the next number too', () => {
    const peer = new Peer({ config: { windowProbe: 'empty' } }).established();
    peer.write('abc');
    peer.seen().send('ACK', { seq: 1, ack: 4, window: 0 });
    peer.write('help', true);
    peer.advance(250);
    expect(peer.sent()).toEqual(['ACK,URG 4 ack 1 urg 4', 'ACK,URG 3 ack 1 urg 5']);
  });

  it('carries an octet by default', () => {
    const peer = new Peer().established();
    peer.write('abc');
    peer.seen().send('ACK', { seq: 1, ack: 4, window: 0 });
    peer.write(pattern(1000));
    peer.advance(250);
    expect(peer.sent()).toEqual(['ACK 4+1 ack 1']);
  });
});
