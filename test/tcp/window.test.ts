import { describe, expect, it } from 'vitest';
import { Peer, pattern } from '../helpers/endpoint.ts';

describe('the send window', () => {
  it('is never exceeded, and is taken from newer segments only (SND.WL1, SND.WL2)', () => {
    const peer = new Peer();
    peer.established({ mss: 1000, window: 2500 });
    peer.write(pattern(10_000));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1', 'ACK 1001+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 1001, window: 2500 });
    peer.seen();
    // An older segment that arrives late offers more; it is not believed.
    peer.send('ACK', { seq: 1, ack: 1, window: 60_000 });
    expect(peer.sent()).toEqual([]);
    expect(peer.tcb.snd.wnd).toBe(2500);
  });

  it('is not taken from a segment that was overtaken, though its text is (SND.WL1)', () => {
    const peer = new Peer();
    peer.established({ mss: 1000, window: 60_000 });
    peer.send('ACK', { seq: 101, ack: 1, data: pattern(100), window: 2000 });
    expect(peer.tcb.snd.wnd).toBe(2000);
    // Sent before that one, with the same acknowledgment and the window of then.
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(100), window: 60_000 });
    expect(peer.tcb.snd.wnd).toBe(2000);
    expect(peer.tcb.rcv.text.length).toBe(200);
    // Newer by its sequence number, and then by its acknowledgment alone.
    peer.send('ACK', { seq: 201, ack: 1, window: 3000 });
    expect(peer.tcb.snd.wnd).toBe(3000);
    peer.write('x');
    peer.send('ACK', { seq: 201, ack: 2, window: 4000 });
    expect(peer.tcb.snd.wnd).toBe(4000);
  });

  it('counts as unsigned: 65535 octets are sent into a window of 65535 (MUST-1)', () => {
    const peer = new Peer({ config: { initialWindow: 1000 }, options: { sendBuffer: 200_000 } });
    peer.established({ mss: 1000, window: 65_535 });
    peer.tcb.cc.cwnd = 1_000_000;
    peer.write(pattern(100_000));
    expect(peer.tcb.snd.nxt - peer.tcb.snd.una).toBe(65_000);
  });

  it('scales: a field of 1000 with shift 7 means 128000', () => {
    const peer = new Peer();
    peer.synReceived({ windowScale: 7, window: 1000 });
    expect(peer.tcb.snd.wnd).toBe(1000);
    peer.send('ACK', { seq: 1, ack: 1, window: 1000 });
    expect(peer.tcb.snd.wnd).toBe(128_000);
  });

  it('a zero window is probed from one RTO on, ever more seldom, for as long as probes are answered (MUST-36, MUST-37)', () => {
    const peer = new Peer({ options: { userTimeout: 5000 } });
    peer.established().advance(1000);
    peer.send('ACK', { seq: 1, ack: 1, window: 0 });
    const start = peer.now;
    peer.write('hello');
    expect(peer.sent()).toEqual([]);
    const probes: number[] = [];
    for (let i = 0; i < 200; i++) {
      peer.until(peer.endpoint.nextDeadline());
      if (peer.sent().length > 0) {
        probes.push(peer.now - start);
        peer.send('ACK', { seq: 1, ack: 1, window: 0 });
      }
    }
    expect(probes.slice(0, 5)).toEqual([200, 600, 1400, 3000, 6200]);
    expect(probes[20]! - probes[19]!).toBe(60_000);
    expect(peer.now - start).toBeGreaterThan(2 * 3600 * 1000);
    expect(peer.state).toBe('ESTABLISHED');
    peer.send('ACK', { seq: 1, ack: 1, window: 1000 });
    expect(peer.sent()).toEqual(['PSH,ACK 1+5 ack 1']);
  });

  it('a zero window whose probes nobody answers ends at R2', () => {
    const peer = new Peer({ options: { userTimeout: 30_000 } });
    peer.established();
    peer.send('ACK', { seq: 1, ack: 1, window: 0 });
    peer.write('hello');
    peer.advance(100_000);
    expect(peer.tcb.failure).toBe('timed-out');
  });

  it('survives a window that shrinks below what is outstanding (MUST-34, SHLD-15, SHLD-17)', () => {
    const peer = new Peer();
    peer.established({ mss: 1000 });
    peer.write(pattern(8000));
    peer.seen();
    peer.send('ACK', { seq: 1, ack: 1001, window: 500 });
    peer.write(pattern(1000));
    expect(peer.sent().filter((s) => !s.includes('1001+'))).toEqual([]);
    peer.send('ACK', { seq: 1, ack: 1001, window: 0 });
    for (let i = 0; i < 50; i++) {
      peer.until(peer.endpoint.nextDeadline());
      peer.send('ACK', { seq: 1, ack: 1001, window: 0 });
    }
    expect(peer.state).toBe('ESTABLISHED');
    peer.seen();
    peer.send('ACK', { seq: 1, ack: 1001, window: 20_000 });
    peer.send('ACK', { seq: 1, ack: 8001, window: 20_000 });
    peer.send('ACK', { seq: 1, ack: 9001, window: 20_000 });
    expect(peer.tcb.snd.text.length).toBe(0);
  });

  it('a FIN waits for a closed window and is probed with', () => {
    const peer = new Peer();
    peer.established();
    peer.send('ACK', { seq: 1, ack: 1, window: 0 });
    peer.close();
    expect(peer.sent()).toEqual([]);
    expect(peer.state).toBe('FIN-WAIT-1');
    peer.advance(300);
    expect(peer.sent()).toEqual(['FIN,ACK 1 ack 1']);
  });

  it('small pieces of window are not used, unless a timer says so (MUST-38)', () => {
    const peer = new Peer();
    peer.established({ mss: 1000, window: 8000 });
    peer.write(pattern(20_000));
    peer.seen();
    peer.send('ACK', { seq: 1, ack: 8001, window: 100 });
    expect(peer.sent()).toEqual([]);
    peer.advance(199);
    expect(peer.sent()).toEqual([]);
    peer.advance(10);
    expect(peer.sent()).toEqual(['ACK 8001+100 ack 1']);
  });
});

describe('the receive window', () => {
  const offered = (peer: Peer): number => peer.all.at(-1)!.segment.window;

  it('closes as text waits, opens again by a segment or half the buffer, and its right edge never moves left (MUST-39, SHLD-14)', () => {
    const peer = new Peer({ options: { receiveBuffer: 4000, windowScaling: false } });
    peer.established();
    let edge = 0;
    const watch = (): void => {
      for (const { segment } of peer.all) {
        if (segment.flags & 2) continue;
        const right = ((segment.ack - peer.irs) | 0) + segment.window;
        expect(right).toBeGreaterThanOrEqual(edge);
        edge = right;
      }
      peer.all.length = 0;
      peer.seen();
    };
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(2000) });
    peer.send('ACK', { seq: 2001, ack: 1, data: pattern(2000) });
    expect(offered(peer)).toBe(0);
    watch();
    const one = new Uint8Array(1);
    for (let i = 0; i < 4000; i++) peer.endpoint.receive(one, peer.now);
    expect(peer.all.map((s) => s.segment.window)).toEqual([1460, 2920]);
    watch();
  });

  it('a probe of a closed window is answered, and its octet is not taken', () => {
    const peer = new Peer({ options: { receiveBuffer: 1000, windowScaling: false } });
    peer.established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(1000) });
    peer.advance(100).seen();
    peer.send('ACK', { seq: 1001, ack: 1, data: 'p' });
    expect(peer.sent()).toEqual(['ACK 1 ack 1001']);
    expect(peer.read().length).toBe(1000);
  });

  it('RST and ACK are processed though the window is zero (MUST-66)', () => {
    const peer = new Peer({ options: { receiveBuffer: 1000, windowScaling: false } });
    peer.established();
    peer.write('hello');
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(1000) });
    peer.send('ACK', { seq: 1001, ack: 6, data: 'p' });
    expect(peer.tcb.snd.text.length).toBe(0);
    peer.send('RST', { seq: 1001 });
    expect(peer.tcb.failure).toBe('reset');
  });

  it('never offers more than there is room for, though the scaled field can only say multiples', () => {
    const peer = new Peer({ options: { receiveBuffer: 100_001 } });
    peer.established({ windowScale: 0 });
    let at = 1;
    for (let i = 0; i < 60; i++) {
      peer.send('ACK', { seq: at, ack: 1, data: pattern(1001) });
      at += 1001;
      peer.advance(100);
      const { ack, window } = peer.all.at(-1)!.segment;
      const edge = ((ack - peer.irs) | 0) + (window << peer.tcb.rcv.shift);
      expect(edge).toBeLessThanOrEqual(1 + 100_001);
    }
  });

  it('says buffers above 64 KiB through scaling', () => {
    const peer = new Peer({ options: { receiveBuffer: 1_000_000 } });
    peer.established({ windowScale: 0 });
    expect(peer.tcb.rcv.shift).toBe(4);
    peer.send('ACK', { seq: 1, ack: 1, data: 'xx' });
    peer.advance(100);
    expect(offered(peer) << 4).toBeGreaterThan(990_000);
  });
});

describe('segment sizes', () => {
  it('536 octets (IPv4) where the peer announces no MSS (MUST-15), what it announces otherwise (MUST-14)', () => {
    for (const [mss, size] of [
      [undefined, 536],
      [300, 300],
      [1460, 1460],
      [9000, 1460],
    ] as const) {
      const peer = new Peer();
      peer.established(mss === undefined ? { mss: undefined as never } : { mss });
      peer.write(pattern(5000));
      expect(peer.all.at(-1)!.segment.dataLength).toBe(size);
    }
  });

  it('timestamps take their room from the text (MUST-16)', () => {
    const peer = new Peer({ options: { timestamps: true } });
    peer.listen();
    peer.send('SYN', { mss: 1460, tsVal: 1 });
    peer.send('ACK', { seq: 1, ack: 1, tsVal: 2 });
    peer.write(pattern(5000));
    expect(peer.all.at(-1)!.segment.dataLength).toBe(1448);
  });

  it('an absurd MSS does not make absurd segments (CVE-2019-11479)', () => {
    for (const mss of [0, 1, 16, 48]) {
      const peer = new Peer();
      peer.established({ mss });
      peer.write(pattern(5000));
      expect(peer.all.at(-1)!.segment.dataLength).toBe(88);
    }
  });
});
