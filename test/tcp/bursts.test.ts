import { describe, expect, it } from 'vitest';
import { calls, copyTcb } from '../../src/tcp/index.ts';
import { Peer, pattern, type Setup } from '../helpers/endpoint.ts';

const MSS = 1000;

/** Established after a round trip of `rtt` ms, with segments of 1000 octets. */
function sending(rtt: number, setup: Setup = {}, fields: { window?: number; sackPermitted?: boolean } = {}): Peer {
  const peer = new Peer({ ...setup, config: { pushBursts: true, ...setup.config } });
  peer.synReceived({ mss: MSS, sackPermitted: fields.sackPermitted ?? true }).advance(rtt);
  peer.send('ACK', { seq: 1, ack: 1, window: fields.window ?? 65_535 });
  return peer.seen();
}

/** 'first-last' of what ends with PSH, and the rest of it: '1-2000* 2001-3000'. */
function bursts(peer: Peer): string {
  const out: string[] = [];
  let from = 0;
  for (const text of peer.sent()) {
    const [, flags, at, length] = /^(\S+) (\d+)\+(\d+)/.exec(text)!;
    from ||= Number(at);
    if (!flags!.includes('PSH')) continue;
    out.push(`${from}-${Number(at) + Number(length) - 1}*`);
    from = 0;
  }
  if (from > 0) out.push(`${from}-`);
  return out.join(' ');
}

function writeMore(peer: Peer, length: number): void {
  peer.endpoint.send(pattern(length), false, peer.now, false);
}

function writeRecord(peer: Peer, length: number): void {
  peer.endpoint.send(pattern(length), false, peer.now, true, true);
}

describe('bursts that end with PSH', () => {
  it('carry a millisecond of the window, two segments at least', () => {
    const peer = sending(100);
    peer.write(pattern(30 * MSS));
    expect(bursts(peer)).toBe('1-2000* 2001-4000* 4001-6000* 6001-8000* 8001-10000*');
  });

  it('do not grow while a queue does', () => {
    const peer = sending(10);
    peer.tcb.cc.cwnd = 40 * MSS;
    peer.write(pattern(32 * MSS));
    expect(bursts(peer).split(' ')[0]).toBe('1-8000*'); // 2 x 40 segments in 10 ms
    peer.advance(19).send('ACK', { seq: 1, ack: 20_001 }).seen();
    peer.tcb.cc.cwnd = 40 * MSS;
    peer.write(pattern(15 * MSS));
    expect(bursts(peer).split(' ')[0]).toBe('32001-36000*'); // the latest took 19 ms
  });

  it('carry half of the window across a short path', () => {
    const peer = sending(0);
    peer.write(pattern(30 * MSS));
    expect(bursts(peer)).toBe('1-5000* 5001-10000*');
    peer.advance(1).send('ACK', { seq: 1, ack: 10_001 });
    expect(bursts(peer)).toBe('10001-20000* 20001-30000*');
  });

  it('are pushed while a SEND goes on where half of the window lies behind the last push, and at its end', () => {
    const peer = sending(0, {}, { window: 2000 });
    peer.tcb.snd.maxWnd = 2000; // pieces are one segment
    for (let left = 3 * MSS; left > 0; left -= MSS) peer.endpoint.send(pattern(left), false, peer.now);
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1', 'PSH,ACK 1001+1000 ack 1']);
    peer.advance(1).send('ACK', { seq: 1, ack: 2001, window: 2000 });
    expect(peer.sent()).toEqual(['PSH,ACK 2001+1000 ack 1']);
  });

  it('leave one by one while a SEND goes on, so that the next one grows with the rest of it', () => {
    const peer = sending(0, { options: { sendBuffer: 100_000, sendBufferMax: 100_000 } }, { window: 65_535 });
    peer.tcb.snd.maxWnd = 1_000_000;
    peer.tcb.cc.cwnd = 80 * MSS;
    const { accepted } = peer.endpoint.send(pattern(80 * MSS), false, peer.now);
    expect([accepted, bursts(peer)]).toEqual([65_000, '1-40000*']);
  });

  it('have no PSH where they are one segment, unless it is the last that was written', () => {
    const peer = sending(100);
    peer.tcb.cc.cwnd = 3 * MSS;
    peer.write(pattern(4 * MSS));
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1', 'ACK 1001+1000 ack 1', 'ACK 2001+1000 ack 1']);
    peer.advance(50).send('ACK', { seq: 1, ack: 1001 });
    expect(peer.sent()).toEqual(['PSH,ACK 3001+1000 ack 1']);
  });

  it('are kept when text is sent again: a segment alone has PSH only where a write ended', () => {
    const peer = sending(100);
    peer.write(pattern(4 * MSS));
    peer.seen();
    peer.until(peer.now + 1000);
    const [probe, first] = peer.sent();
    expect([probe, first]).toEqual(['PSH,ACK 3001+1000 ack 1', 'ACK 1+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 1001 });
    expect(peer.sent()).toEqual(['ACK 1001+1000 ack 1', 'ACK 2001+1000 ack 1']);
    peer.send('ACK', { seq: 1, ack: 4001 });
    expect([peer.tcb.bursts!.ends, peer.tcb.bursts!.pushes]).toEqual([[], []]);
  });

  it('are bursts again where several segments of one are sent again', () => {
    const peer = sending(100);
    peer.write(pattern(8 * MSS));
    peer.seen().send('ACK', { seq: 1, ack: 1001, sack: [[4001, 5001]] });
    peer.send('ACK', { seq: 1, ack: 1001, sack: [[4001, 8001]] });
    // 1-2000 and 3001-4000 were cut.
    expect(bursts(peer)).toBe('1001-4000*');
    const again = peer.all.slice(-3).map((sent) => peer.describe(sent));
    expect(again).toEqual(['ACK 1001+1000 ack 1', 'ACK 2001+1000 ack 1', 'PSH,ACK 3001+1000 ack 1']);
  });

  it('are sent again as they were cut, small segments too', () => {
    const peer = sending(100, { options: { noDelay: true } });
    for (const length of [400, 300, 1000, 200]) peer.write(pattern(length));
    peer.write(pattern(4000));
    peer.seen();
    peer.send('ACK', { seq: 1, ack: 1, sack: [[1901, 5901]] });
    peer.advance(100);
    expect(peer.sent()).toEqual([
      'PSH,ACK 1+400 ack 1',
      'PSH,ACK 401+300 ack 1',
      'PSH,ACK 701+1000 ack 1',
      'PSH,ACK 1701+200 ack 1',
    ]);
  });

  it('leave in one super-segment where the link takes it', () => {
    const peer = sending(0);
    peer.tcb.superSegment = 65_535;
    peer.write(pattern(10 * MSS));
    expect(peer.sent()).toEqual(['PSH,ACK 1+5000 ack 1', 'PSH,ACK 5001+5000 ack 1']);
  });

  it('are off by default: PSH stands at the end of what was written', () => {
    const peer = new Peer().established({ mss: MSS });
    peer.write(pattern(4 * MSS));
    expect(bursts(peer)).toBe('1-4000*');
    expect(peer.tcb.bursts).toBe(null);
  });

  it('are copied with the TCB', () => {
    const peer = sending(100);
    peer.write(pattern(4 * MSS));
    const copy = copyTcb(peer.tcb, peer.env.buffers);
    peer.send('ACK', { seq: 1, ack: 4001 });
    expect([copy.bursts!.ends.length, copy.bursts!.pushes.length]).toEqual([2, 1]);
  });
});

describe('small segments where text leaves in bursts', () => {
  it('wait for the ACK of another small one only', () => {
    const peer = sending(10);
    peer.write(pattern(2500));
    expect(bursts(peer)).toBe('1-2000* 2001-2500*');
    peer.write('x');
    expect(peer.sent()).toEqual([]);
    peer.send('ACK', { seq: 1, ack: 2001 });
    expect(peer.sent()).toEqual([]);
    peer.send('ACK', { seq: 1, ack: 2501 });
    expect(peer.sent()).toEqual(['PSH,ACK 2501+1 ack 1']);
  });

  it('go with the text before them', () => {
    const peer = sending(0);
    peer.tcb.superSegment = 65_535;
    peer.write(pattern(2500));
    expect(peer.sent()).toEqual(['PSH,ACK 1+2500 ack 1']);
  });

  it('wait for more where more was said to follow, until an ACK comes if Nagle is off, without PSH', () => {
    const peer = sending(10, { options: { noDelay: true } });
    writeMore(peer, 3100);
    expect(bursts(peer)).toBe('1-2000* 2001-');
    writeMore(peer, 50);
    expect(peer.sent()).toEqual([]);
    peer.advance(5).send('ACK', { seq: 1, ack: 2001 });
    expect(peer.sent()).toEqual(['ACK 3001+150 ack 1']);
  });

  it('go with PSH after an RTO when nothing is outstanding', () => {
    const peer = sending(10);
    const began = peer.now;
    writeMore(peer, 40);
    expect(peer.sent()).toEqual([]);
    peer.until(began + 209);
    expect(peer.sent()).toEqual([]);
    peer.until(began + 211);
    expect(peer.sent()).toEqual(['PSH,ACK 1+40 ack 1']);
  });
});

describe('records', () => {
  it('share no segment with what follows', () => {
    const peer = sending(10);
    peer.write(pattern(10_400));
    peer.seen();
    writeRecord(peer, 400);
    writeRecord(peer, 300);
    peer.write(pattern(2000));
    peer.advance(1).send('ACK', { seq: 1, ack: 10_001 });
    expect(bursts(peer)).toBe('10001-10800* 10801-11100* 11101-13100*');
    expect(peer.tcb.bursts!.records).toEqual([]);
  });

  it('are forgotten with unsent text', () => {
    const peer = sending(10, {}, { window: 1000 });
    peer.write(pattern(1000));
    writeRecord(peer, 400);
    expect(peer.tcb.bursts!.records.length).toBe(1);
    expect(calls.discardUnsent(peer.tcb, peer.env)).toBe(400);
    expect(peer.tcb.bursts!.records.length).toBe(0);
  });
});
