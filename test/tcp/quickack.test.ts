import { describe, expect, it } from 'vitest';
import { setQuickAck } from '../../src/tcp/index.ts';
import { Peer, pattern, type Setup } from '../helpers/endpoint.ts';

function receiving(setup: Setup = {}): Peer {
  const peer = new Peer({ ...setup, config: { quickAcks: 16, ...setup.config } });
  return peer.established();
}

/** Sends `length` octets from `at` on. @returns how many ms later they are acknowledged */
function delay(peer: Peer, at: number, length: number): number {
  const began = peer.now;
  peer.send('ACK', { seq: at, ack: peer.tcb.snd.nxt - peer.iss, data: pattern(length) });
  for (; peer.now < began + 500; peer.advance(1)) {
    if (peer.sent().some((text) => text.includes(`ack ${at + length}`))) return peer.now - began;
  }
  return Infinity;
}

describe('quick ACKs', () => {
  it('answer the first text, and so much more', () => {
    const peer = receiving({ config: { quickAcks: 3 } });
    expect([0, 1, 2, 3].map((i) => delay(peer, 1 + 1000 * i, 1000))).toEqual([0, 0, 0, 40]);
  });

  it('are no more than the window takes by twos', () => {
    const peer = receiving({ options: { receiveBuffer: 8000, receiveBufferMax: 8000 } });
    peer.tcb.rcv.largest = 2000;
    expect([0, 1, 2].map((i) => delay(peer, 1 + 1000 * i, 1000))).toEqual([0, 0, 40]);
  });

  it('end when text is answered with text', () => {
    const peer = receiving();
    expect(delay(peer, 1, 100)).toBe(0);
    peer.write('answer');
    peer.seen();
    expect(delay(peer, 101, 100)).toBe(40);
  });

  it('do not begin where the SYN,ACK is answered with text', () => {
    for (const early of [true, false]) {
      const peer = new Peer({ config: { quickAcks: 16 } });
      peer.open('active');
      if (early) peer.write('hello');
      peer.send('SYN,ACK', { seq: 0, ack: 1 });
      if (!early) peer.write('hello');
      peer.seen();
      expect(delay(peer, 1, 100)).toBe(early ? 40 : 0);
    }
  });

  it('go on where the answer comes later', () => {
    const peer = receiving();
    expect(delay(peer, 1, 100)).toBe(0);
    peer.advance(50).write('answer');
    peer.seen();
    expect(delay(peer, 101, 100)).toBe(0);
  });

  it('begin anew after a pause', () => {
    const peer = receiving({ config: { quickAcks: 1 } });
    expect([delay(peer, 1, 100), delay(peer, 101, 100)]).toEqual([0, 40]);
    peer.advance(2000);
    expect([delay(peer, 201, 100), delay(peer, 301, 100)]).toEqual([0, 40]);
  });

  it('begin anew when something is missing', () => {
    const peer = receiving();
    expect(delay(peer, 1, 100)).toBe(0);
    peer.write('answer');
    peer.send('ACK', { seq: 201, ack: 7, data: pattern(100) });
    peer.send('ACK', { seq: 101, ack: 7, data: pattern(100) }).seen();
    expect(delay(peer, 301, 100)).toBe(0);
  });

  it('go for more than a segment always', () => {
    const peer = receiving({ config: { quickAcks: 1 } });
    expect([delay(peer, 1, 1000), delay(peer, 1001, 1000)]).toEqual([0, 40]);
    peer.send('ACK', { seq: 2001, ack: 1, data: pattern(1000) });
    expect(peer.sent()).toEqual([]);
    expect(delay(peer, 3001, 1)).toBe(0);
  });

  it('answer a FIN that no text came before', () => {
    const peer = receiving().send('FIN,ACK', { seq: 1, ack: 1 });
    expect(peer.sent()).toEqual(['ACK 1 ack 2']);
  });

  it('leave a FIN after text to the answer', () => {
    const peer = receiving();
    expect(delay(peer, 1, 1000)).toBe(0);
    peer.send('FIN,ACK', { seq: 1001, ack: 1 });
    expect(peer.sent()).toEqual([]);
    peer.advance(40);
    expect(peer.sent()).toEqual(['ACK 1 ack 1002']);
  });

  it('are what the user asks for', () => {
    const peer = receiving();
    setQuickAck(peer.tcb, false);
    expect(delay(peer, 1, 100)).toBe(40);
    setQuickAck(peer.tcb, true);
    expect(delay(peer, 101, 100)).toBe(0);
  });

  it('are off by default: two segments are waited for', () => {
    const peer = new Peer().established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(1000) });
    expect(peer.sent()).toEqual([]);
    peer.send('ACK', { seq: 1001, ack: 1, data: pattern(1000) });
    expect(peer.sent()).toEqual(['ACK 1 ack 2001']);
  });
});

describe('text that takes window away', () => {
  it('is no reason for an ACK at once, however much it is', () => {
    const peer = receiving({ options: { receiveBuffer: 4000, receiveBufferMax: 4000 } });
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(3000) });
    expect(peer.sent()).toEqual([]);
    peer.advance(40);
    expect(peer.sent()).toEqual(['ACK 1 ack 3001']);
  });

  it('leaves a FIN at a closed window its ACK', () => {
    const peer = receiving({
      options: { receiveBuffer: 4000, receiveBufferMax: 4000 },
      config: { takeBeyondWindow: true },
    });
    peer
      .send('ACK', { seq: 1, ack: 1, data: pattern(4000) })
      .advance(40)
      .seen();
    peer.send('FIN,ACK', { seq: 4001, ack: 1 });
    expect(peer.sent()).toEqual(['ACK 1 ack 4002']);
  });
});
