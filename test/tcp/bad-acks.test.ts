/**
 * A peer whose acknowledgments, windows and timestamps lie (Savage and others 1999, RFC 5681 3.2, RFC 7323). Its reports lie
 * in `bad-sack.test.ts`, where it says which other tests there are of bad input.
 */
import { describe, expect, it } from 'vitest';
import { diff } from '../../src/wire/seq.ts';
import { Peer, pattern, seq } from '../helpers/endpoint.ts';
import { facts } from '../helpers/facts.ts';

const MSS = 1000;

interface Way {
  readonly sack?: boolean;
  readonly congestion?: string;
  readonly segments?: number;
}

/** A round trip of 100 ms, the initial window of ten segments outstanding, more waiting. */
function sending({ sack = false, congestion = 'newreno', segments = 60 }: Way = {}): Peer {
  const peer = new Peer({ options: { noDelay: true, congestion, sendBuffer: 1_000_000 } });
  peer.synReceived({ mss: MSS, sackPermitted: sack }).advance(100);
  peer.send('ACK', { seq: 1, ack: 1 });
  peer.write(pattern(segments * MSS));
  return peer.seen();
}

/** Octets sent so far, counted from the first. */
const highest = (peer: Peer): number => diff(peer.tcb.snd.nxt, seq(peer.iss + 1));

describe('an ACK of what was never sent', () => {
  it.each([true, false])('changes nothing, is answered and counted, whatever else it says (SACK %s)', (sack) => {
    const peer = sending({ sack });
    peer.send('ACK', { seq: 1, ack: 1 + MSS }).seen();
    const before = facts(peer) as Record<string, unknown>;
    const beyond = 1 + highest(peer) + 1;
    for (const ack of [beyond, beyond + 1_000_000, 1 - 70_000, 1 + 2 ** 31 - 1, 1 - 2 ** 31]) {
      const blocks: [number, number][] = [[1 + 3 * MSS, 1 + 4 * MSS]];
      peer.send('ECE,ACK', { seq: 1, ack, window: 1, sack: sack ? blocks : [] });
      peer.send('ACK', { seq: 1, ack, window: 1, data: 'evil' });
    }
    expect(peer.env.counters.TcpBadAck).toBe(10);
    expect(peer.sent()).toEqual([`ACK ${1 + highest(peer)} ack 1`]);
    expect(peer.read()).toBe('');
    const after = facts(peer) as Record<string, unknown>;
    for (const name of ['snd', 'rcv', 'rtt', 'cc', 'board', 'segments', 'timers', 'undo', 'ecn']) {
      expect(after[name]).toEqual(before[name]);
    }
  });

  it('before it is sent (optimistic) cannot hurry what the window did not allow', () => {
    const peer = sending();
    const { cwnd } = peer.tcb.cc;
    for (let i = 11; i <= 60; i++) peer.send('ACK', { seq: 1, ack: 1 + i * MSS });
    expect(peer.tcb.cc.cwnd).toBe(cwnd);
    expect(highest(peer)).toBe(10 * MSS);
    expect(peer.env.counters.TcpBadAck).toBe(50);
  });
});

describe('an ACK divided into many', () => {
  for (const sack of [true, false]) {
    for (const congestion of ['newreno', 'cubic']) {
      it(`opens the window no faster in slow start: ${congestion}, SACK ${sack}`, () => {
        const windows = [1, 10, 250].map((parts) => {
          const peer = sending({ sack, congestion }).advance(100);
          for (let i = 1; i <= 8 * parts; i++) peer.send('ACK', { seq: 1, ack: 1 + (i * MSS) / parts });
          return peer.tcb.cc.cwnd;
        });
        expect(windows[0]).toBe(18 * MSS);
        expect(Math.max(...windows)).toBe(windows[0]);
      });

      it(`opens the window no faster in congestion avoidance: ${congestion}, SACK ${sack}`, () => {
        const windows = [1, 10, 250].map((parts) => {
          const peer = sending({ sack, congestion });
          peer.tcb.cc.ssthresh = 8 * MSS;
          for (let round = 0; round < 3; round++) {
            peer.advance(100);
            const from = diff(peer.tcb.snd.una, seq(peer.iss));
            const octets = peer.tcb.snd.nxt - peer.tcb.snd.una;
            const step = Math.max(1, Math.floor(MSS / parts));
            for (let done = step; done < octets + step; done += step) {
              peer.send('ACK', { seq: 1, ack: from + Math.min(done, octets) });
            }
          }
          return peer.tcb.cc.cwnd;
        });
        expect(Math.max(...windows)).toBeLessThanOrEqual(windows[0]! + MSS / 10);
        expect(windows[0]).toBeLessThanOrEqual(14 * MSS);
      });
    }
  }
});

describe('duplicate ACKs that nothing has caused', () => {
  it('stretch the window by no more than was outstanding (RFC 5681 3.2), and those beyond are counted', () => {
    const peer = sending({ segments: 400 });
    for (let i = 0; i < 1000; i++) peer.send('ACK', { seq: 1, ack: 1 });
    const { cc } = peer.tcb;
    expect(cc.recovering).toBe(true);
    // Ten were in flight and two left by limited transmit: as many have arrived, says the peer.
    expect(cc.cwnd).toBe(cc.ssthresh + 12 * MSS);
    expect(highest(peer)).toBeLessThanOrEqual(cc.cwnd);
    expect(peer.env.counters.TcpSurplusDuplicates).toBe(1000 - 12);
    expect(peer.env.counters.TcpFastRetransmits).toBe(1);
    expect(peer.sent().filter((text) => text.includes(' 1+1000'))).toEqual(['ACK 1+1000 ack 1']);
    const outstanding = highest(peer);
    peer.send('ACK', { seq: 1, ack: 1 + outstanding });
    expect(cc.cwnd).toBeLessThanOrEqual(cc.ssthresh);
  });

  it('are believed anew after a partial ACK, as far as there are segments outstanding', () => {
    const peer = sending({ segments: 400 });
    for (let i = 0; i < 100; i++) peer.send('ACK', { seq: 1, ack: 1 });
    const flight = highest(peer) - MSS;
    peer.send('ACK', { seq: 1, ack: 1 + MSS });
    const { cwnd } = peer.tcb.cc;
    for (let i = 0; i < 100; i++) peer.send('ACK', { seq: 1, ack: 1 + MSS });
    expect(peer.tcb.cc.cwnd).toBe(cwnd + flight);
  });

  it('do nothing where nothing is outstanding, or where SACK was agreed on and they report nothing', () => {
    const idle = sending({ segments: 5 });
    idle.send('ACK', { seq: 1, ack: 1 + 5 * MSS }).seen();
    const sack = sending({ sack: true });
    for (const peer of [idle, sack]) {
      const before = facts(peer);
      for (let i = 0; i < 100; i++) peer.send('ACK', { seq: 1, ack: 1 + (peer === idle ? 5 * MSS : 0) });
      expect(facts(peer)).toEqual(before);
      expect(peer.sent()).toEqual([]);
    }
  });

  it('do not leave the stretched window behind when a timestamp takes the reduction back', () => {
    const peer = new Peer({ options: { noDelay: true, timestamps: true, congestion: 'newreno' } });
    peer.synReceived({ mss: MSS + 12, tsVal: 1 }).advance(100);
    peer.send('ACK', { seq: 1, ack: 1, tsVal: 2, tsEcr: peer.now - 100 });
    peer.write(pattern(60 * MSS));
    const sent = peer.now;
    const { cwnd } = peer.tcb.cc;
    peer.advance(100);
    for (let i = 0; i < 100; i++) peer.send('ACK', { seq: 1, ack: 1, tsVal: 3, tsEcr: sent });
    expect(peer.tcb.cc.cwnd).toBeGreaterThan(cwnd);
    peer.send('ACK', { seq: 1, ack: 1 + MSS, tsVal: 4, tsEcr: sent });
    expect(peer.env.counters.TcpExtTCPFullUndo).toBe(1);
    expect(peer.tcb.cc.cwnd).toBe(cwnd);
  });
});

describe('a window that opens and closes all the time', () => {
  for (const sack of [true, false]) {
    it(`has nothing sent again each time: SACK ${sack}`, () => {
      const peer = sending({ sack });
      for (let i = 0; i < 500; i++) {
        peer.send('ACK', { seq: 1, ack: 1, window: 0 });
        peer.send('ACK', { seq: 1, ack: 1, window: 60_000 });
      }
      expect(peer.env.counters.TcpRetransSegs).toBe(0);
      expect(highest(peer)).toBe(10 * MSS);
      // Closed for longer than a time-out: what was sent into it is sent anew when it opens, once.
      peer.send('ACK', { seq: 1, ack: 1, window: 0 });
      peer.advance(1000).seen();
      peer.send('ACK', { seq: 1, ack: 1, window: 60_000 });
      expect(peer.sent()).toContain('ACK 1+1000 ack 1');
      const { TcpRetransSegs } = peer.env.counters;
      expect(TcpRetransSegs).toBeLessThanOrEqual(10);
      peer.send('ACK', { seq: 1, ack: 1, window: 0 });
      peer.send('ACK', { seq: 1, ack: 1, window: 60_000 });
      expect(peer.env.counters.TcpRetransSegs).toBe(TcpRetransSegs);
    });

    it(`is never exceeded, and the text arrives: SACK ${sack}`, () => {
      const peer = sending({ sack, segments: 40 });
      let acked = 0;
      for (let i = 0; i < 3000 && acked < 40 * MSS; i++) {
        const window = [0, 1, 900, 1000, 20_000, 65_535, 3][i % 7]!;
        const before = peer.all.length;
        acked = Math.min(acked + (i % 7 === 4 ? 2 * MSS : 0), highest(peer));
        peer.send('ACK', { seq: 1, ack: 1 + acked, window });
        for (const { segment } of peer.all.slice(before)) {
          const end = diff(segment.seq, seq(peer.iss + 1)) + segment.dataLength;
          expect(segment.dataLength === 0 || end <= acked + window).toBe(true);
        }
        peer.advance(20);
      }
      expect(acked).toBe(40 * MSS);
      expect(peer.tcb.snd.text.length).toBe(0);
    });
  }
});

describe('timestamps that jump', () => {
  const CLOCK = 1_000_000;

  /** The peer's clock stands at 1000000, ours at `peer.now`. */
  function stamped(): Peer {
    const peer = new Peer({ options: { timestamps: true, noDelay: true, congestion: 'newreno' } });
    peer.synReceived({ mss: MSS + 12, sackPermitted: true, tsVal: CLOCK }).advance(100);
    peer.send('ACK', { seq: 1, ack: 1, tsVal: CLOCK, tsEcr: peer.now - 100 });
    peer.write(pattern(10 * MSS));
    return peer.seen();
  }

  it.each([
    ['of the future', (now: number) => now + 1],
    ['of the far future', (now: number) => now + 2 ** 31 - 1],
    ['from before the longest time-out', (now: number) => now - 120_001],
    ['half the circle old', (now: number) => now - 2 ** 31],
  ])('an echo %s measures nothing and is counted; the ACK counts', (_, echo) => {
    const peer = stamped().advance(100);
    const before = { ...peer.tcb.rtt };
    peer.send('ACK', { seq: 1, ack: 1 + MSS, tsVal: CLOCK + 1, tsEcr: echo(peer.now) });
    expect([peer.tcb.rtt.srtt, peer.tcb.rtt.rttvar, peer.tcb.rtt.rto]).toEqual([
      before.srtt,
      before.rttvar,
      before.rto,
    ]);
    expect(peer.env.counters.TcpExtTSEcrRejected).toBe(1);
    expect(diff(peer.tcb.snd.una, seq(peer.iss + 1))).toBe(MSS);
  });

  it('an echo of 0 is none', () => {
    const peer = stamped().advance(100);
    const { srtt } = peer.tcb.rtt;
    peer.send('ACK', { seq: 1, ack: 1 + MSS, tsVal: CLOCK + 1, tsEcr: 0 });
    expect(peer.tcb.rtt.srtt).toBe(srtt);
    expect(peer.env.counters.TcpExtTSEcrRejected).toBe(0);
  });

  it('the time-out stays within its bounds, whatever is echoed', () => {
    const peer = stamped();
    const { minRto, maxRto } = peer.env.config;
    for (let i = 0; i < 200; i++) {
      peer.write(pattern(MSS));
      const echo = [0, 1, 119_999, -5, 100_000][i % 5]!;
      peer.send('ACK', { seq: 1, ack: 1 + highest(peer), tsVal: CLOCK + 1, tsEcr: peer.now - echo });
      expect(peer.tcb.rtt.rto).toBeGreaterThanOrEqual(minRto);
      expect(peer.tcb.rtt.rto).toBeLessThanOrEqual(maxRto);
      peer.advance(1);
    }
    // An honest peer afterwards brings it back.
    for (let i = 0; i < 120; i++) {
      peer.write(pattern(MSS));
      peer.advance(50);
      peer.send('ACK', { seq: 1, ack: 1 + highest(peer), tsVal: CLOCK + 1, tsEcr: peer.now - 50 });
    }
    expect(peer.tcb.rtt.rto).toBeLessThan(1000);
  });

  it('a jump forward by as much as counts as newer is believed; what is older then is dropped and answered (PAWS)', () => {
    const peer = stamped();
    peer.send('ACK', { seq: 1, ack: 1, data: 'a', tsVal: CLOCK + 2 ** 31 - 1, tsEcr: peer.now });
    expect(peer.read()).toBe('a');
    peer.advance(100).seen();
    peer.send('ACK', { seq: 2, ack: 1 + MSS, data: 'X', tsVal: CLOCK + 1, tsEcr: peer.now });
    expect(peer.read()).toBe('');
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(1);
    expect(peer.sent()).toEqual([`ACK ${1 + highest(peer)} ack 2`]);
    // Nothing of it is believed, its ACK no more than its text.
    expect(diff(peer.tcb.snd.una, seq(peer.iss + 1))).toBe(0);
    peer.send('ACK', { seq: 2, ack: 1, data: 'b', tsVal: CLOCK + 2 ** 31, tsEcr: peer.now });
    expect(peer.read()).toBe('b');
  });

  it('a jump back, by one or by half the circle, is old and does not move TS.Recent', () => {
    const peer = stamped();
    for (const back of [1, 1000, 2 ** 31 - 1]) {
      peer.send('ACK', { seq: 1, ack: 1 + MSS, data: 'X', tsVal: CLOCK - back, tsEcr: peer.now });
    }
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(3);
    expect(peer.read()).toBe('');
    expect(peer.tcb.ts.recent).toBe(seq(CLOCK));
    peer.send('ACK', { seq: 1, ack: 1, data: 'a', tsVal: CLOCK, tsEcr: peer.now });
    expect(peer.read()).toBe('a');
  });

  it('one on text beyond a gap is not remembered: what fills the gap is not old by it', () => {
    const peer = stamped();
    peer.send('ACK', { seq: 2, ack: 1, data: 'b', tsVal: CLOCK + 2 ** 31 - 1, tsEcr: peer.now });
    peer.send('ACK', { seq: 1, ack: 1, data: 'a', tsVal: CLOCK + 5, tsEcr: peer.now });
    expect(peer.read()).toBe('ab');
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(0);
  });

  it('echoes older than anything sent take a reduction back no further than it went', () => {
    const peer = stamped().advance(100);
    for (let i = 2; i <= 6; i++) {
      const sack: [number, number][] = [[1 + MSS, 1 + i * MSS]];
      peer.send('ACK', { seq: 1, ack: 1, tsVal: CLOCK + 1, tsEcr: peer.now - 100, sack });
    }
    const { before } = peer.tcb.undo!;
    expect(peer.tcb.cc.cwnd).toBeLessThan(before.cwnd);
    for (let i = 0; i < 50; i++) peer.send('ACK', { seq: 1, ack: 2 + i, tsVal: CLOCK + 1, tsEcr: 1 });
    expect(peer.env.counters.TcpExtTCPFullUndo).toBe(1);
    expect(peer.tcb.cc.cwnd).toBeLessThanOrEqual(before.cwnd + MSS);
  });
});
