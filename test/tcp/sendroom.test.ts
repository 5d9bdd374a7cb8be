import { describe, expect, it } from 'vitest';
import { hasRoom, SIGNAL_WRITABLE } from '../../src/tcp/index.ts';
import { Peer, pattern, type Setup } from '../helpers/endpoint.ts';

/** Established, with segments of 1000 octets and a window of 10, in `buffer` octets. */
function sending(buffer: number, setup: Setup = {}): Peer {
  const options = { sendBuffer: buffer, sendBufferMax: buffer, ...setup.options };
  return new Peer({ ...setup, options }).established({ mss: 1000, window: 32_768 });
}

/** Writes as the host's socket does. @returns octets taken */
function write(peer: Peer, length: number): number {
  let taken = 0;
  for (let accepted = -1; accepted !== 0 && taken < length; taken += accepted) {
    accepted = peer.endpoint.send(pattern(length - taken), false, peer.now).accepted;
  }
  return taken;
}

function isTold(peer: Peer): boolean {
  const told = (peer.tcb.signals & SIGNAL_WRITABLE) !== 0;
  peer.tcb.signals &= ~SIGNAL_WRITABLE;
  return told;
}

describe('a bound on unsent octets', () => {
  it('stops SEND before the buffer is full', () => {
    const peer = sending(100_000, { options: { unsentLow: 4000 } });
    expect(peer.write(pattern(3000))).toBe('ok');
    expect(peer.write(pattern(20_000))).toBe('insufficient resources');
    expect(peer.tcb.snd.text.length).toBe(7000);
  });

  it('tells of room when less than half of it is unsent', () => {
    const peer = sending(100_000, { options: { unsentLow: 4000 } });
    write(peer, 59_000);
    expect(peer.tcb.snd.text.length).toBe(14_000);
    isTold(peer);
    peer.tcb.cc.ssthresh = 1; // no slow start
    peer.send('ACK', { seq: 1, ack: 1001, window: 32_768 }).send('ACK', { seq: 1, ack: 2001, window: 32_768 });
    expect([isTold(peer), hasRoom(peer.tcb, peer.env)]).toEqual([false, false]);
    peer.send('ACK', { seq: 1, ack: 3001, window: 32_768 });
    expect(isTold(peer)).toBe(true);
  });

  it('is none by default', () => {
    const peer = sending(100_000);
    expect(write(peer, 59_000)).toBe(59_000);
  });
});

describe('SEND where text leaves in bursts', () => {
  const config = { pushBursts: true };

  it('fills a piece to the end although the buffer is full', () => {
    const peer = sending(20_000, { config });
    // 10 segments leave, a piece of 16 fills the buffer.
    expect(write(peer, 59_000)).toBe(26_000);
    expect(write(peer, 1000)).toBe(0);
  });

  it('takes one piece beyond the bound on unsent octets, and what has left of it anew', () => {
    const peer = sending(200_000, { config, options: { unsentLow: 4000 } });
    expect(write(peer, 59_000)).toBe(26_000);
    peer.advance(10).send('ACK', { seq: 1, ack: 2001, window: 32_768 });
    expect(write(peer, 20_000)).toBe(4000);
  });

  it('adds to a piece that is not full', () => {
    const peer = sending(13_000, { config });
    expect(write(peer, 13_500)).toBe(13_500);
    expect(write(peer, 20_000)).toBe(12_500);
    expect(write(peer, 20_000)).toBe(0);
  });

  it('counts what each burst takes besides its text, sent or not', () => {
    const peer = sending(5000, { config: { ...config, burstOverhead: 1000 } });
    peer.tcb.snd.maxWnd = 2000; // pieces are one segment
    expect(write(peer, 10_000)).toBe(3000);
    expect(hasRoom(peer.tcb, peer.env)).toBe(false);
    peer.send('ACK', { seq: 1, ack: 2001, window: 2000 });
    expect(hasRoom(peer.tcb, peer.env)).toBe(true);
  });

  it('tells of room when a third of the buffer is free', () => {
    const peer = sending(20_000, { config });
    write(peer, 59_000);
    isTold(peer);
    peer.send('ACK', { seq: 1, ack: 10_001, window: 32_768 });
    expect(isTold(peer)).toBe(false);
    peer.send('ACK', { seq: 1, ack: 13_001, window: 32_768 });
    expect(isTold(peer)).toBe(true);
  });
});

describe('the segment size that the user asks for', () => {
  it('is announced, and bounds what is sent', () => {
    const peer = new Peer({ options: { maxSegment: 700 } });
    peer.synReceived({ mss: 1300 });
    expect(peer.all[0]!.segment.mss).toBe(700);
    peer.send('ACK', { seq: 1, ack: 1 }).seen();
    peer.write(pattern(1400));
    expect(peer.sent()).toEqual(['ACK 1+700 ack 1', 'PSH,ACK 701+700 ack 1']);
  });
});
