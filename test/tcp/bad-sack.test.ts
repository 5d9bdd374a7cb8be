/**
 * A peer whose selective acknowledgments lie, and what it can gain: nothing (RFC 2018, RFC 2883, RFC 8985). Its other lies:
 * plain ACKs, timestamps and windows are in `bad-acks.test.ts`; ECN bleached and floods of marks in `ecn.test.ts`; MSS 0 and
 * 1, shifts over 14 and doubled options in `test/stack/tcp-odd-options.test.ts`; ICMP quotes with wrong numbers and
 * a PTB below the minimum in `test/stack/tcp-icmp.test.ts`; forged fast-open cookies in `test/stack/tcp-fastopen-server.test.ts`,
 * forged SYN cookies in `test/stack/tcp-cookies.test.ts`; tiny pieces of reports (SACK panic) in `sack.test.ts` and
 * `ranges.test.ts`; PAWS in `paws.test.ts` and `hostile.test.ts`.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diff } from '../../src/wire/seq.ts';
import { Peer, pattern, seq } from '../helpers/endpoint.ts';
import { facts } from '../helpers/facts.ts';

const MSS = 1000;
const TEXT = 30 * MSS;

/** SACK agreed on, a round trip of 100 ms, ten segments outstanding of thirty written. */
function sending(congestion = 'newreno', minRto = 200): Peer {
  const peer = new Peer({ config: { minRto }, options: { noDelay: true, congestion } });
  peer.synReceived({ mss: MSS, sackPermitted: true }).advance(100);
  peer.send('ACK', { seq: 1, ack: 1 });
  peer.write(pattern(TEXT));
  return peer.seen();
}

/** An ACK for `una` segments that reports pairs of segments; edges need not be whole. */
function report(peer: Peer, una: number, ...blocks: [number, number][]): void {
  const sack = blocks.map(([l, r]): [number, number] => [1 + Math.round(l * MSS), 1 + Math.round(r * MSS)]);
  peer.send('ACK', { seq: 1, ack: 1 + una * MSS, sack });
}

/** Segment 0 is missing, 1 to 5 are reported: recovery. */
function recovering(congestion = 'newreno'): Peer {
  const peer = sending(congestion);
  peer.advance(100);
  for (let i = 2; i <= 6; i++) report(peer, 0, [1, i]);
  expect(peer.tcb.cc.recovering).toBe(true);
  expect(peer.sent()).toContain('ACK 1+1000 ack 1');
  return peer;
}

/** Once it has got everything the peer is honest: it takes what comes in order, holds the rest and reports it. */
function delivers(peer: Peer, from: number): boolean {
  const got = new Uint8Array(TEXT);
  const held = new Uint8Array(TEXT).fill(1, 0, from);
  got.set(pattern(from));
  let una = from;
  let looked = peer.all.length;
  for (let turn = 0; turn < 500 && una < TEXT; turn++) {
    const arrived = peer.all.slice(looked);
    looked = peer.all.length;
    peer.advance(50);
    for (const { segment, text } of arrived) {
      const at = diff(segment.seq, seq(peer.iss + 1));
      if (at < 0 || at + text.length > TEXT || text.length === 0) continue;
      got.set(text, at);
      held.fill(1, at, at + text.length);
      while (una < TEXT && held[una] === 1) una++;
      const sack: [number, number][] = [];
      if (at > una) sack.push([1 + at, 1 + at + text.length]);
      peer.send('ACK', { seq: 1, ack: 1 + una, sack });
    }
    if (arrived.length === 0) peer.until(peer.endpoint.nextDeadline());
  }
  return pattern(TEXT).every((octet, i) => octet === got[i]);
}

describe('SACK blocks that lie', () => {
  const LIES: Record<string, [number, number]> = {
    'inverted ones': [5, 3],
    'empty ones': [4, 4],
    'ones of unsent text': [31, 32],
    'ones that end in unsent text': [8, 31],
    'ones that wrap: nearly all of the sequence space': [9, 9 - 2 ** 32 / MSS],
    'ones half of the sequence space long': [1, 1 + 2 ** 31 / MSS],
    'ones that begin before the connection did': [-5, 3],
    'ones that begin half the sequence space back': [-(2 ** 31 / MSS) + 2, 2],
  };

  for (const [name, block] of Object.entries(LIES)) {
    for (const state of ['in flight', 'in recovery'] as const) {
      it(`change nothing and are counted: ${name}, ${state}`, () => {
        const peer = state === 'in flight' ? sending() : recovering();
        peer.seen();
        const before = facts(peer);
        report(peer, 0, block);
        report(peer, 0, block, block, block, block);
        expect(facts(peer)).toEqual(before);
        expect(peer.sent()).toEqual([]);
        expect(peer.env.counters.TcpExtTCPSACKDiscard).toBe(5);
        expect(peer.env.counters.TcpExtTCPDSACKRecv).toBe(0);
        expect(delivers(peer, 0)).toBe(true);
      });
    }
  }

  it('change nothing where all is acknowledged, either', () => {
    const peer = sending();
    delivers(peer, 0);
    peer.seen();
    const before = facts(peer);
    report(peer, 30, [31, 32], [30, 31], [40, 35]);
    expect(facts(peer)).toEqual(before);
    expect(peer.env.counters.TcpExtTCPSACKDiscard).toBe(3);
  });

  it('do not spoil an honest one beside them', () => {
    const peer = sending();
    report(peer, 0, [12, 13], [2, 3], [7, 6], [3, 4]);
    expect(peer.tcb.board!.sacked).toBe(2 * MSS);
    expect(peer.env.counters.TcpExtTCPSACKDiscard).toBe(2);
  });

  it('overlap: what is reported twice counts once', () => {
    const peer = sending();
    report(peer, 0, [2, 5], [3, 6], [2.5, 4.5], [2, 6]);
    expect([peer.tcb.board!.sacked, peer.tcb.board!.sackedSegments]).toEqual([4 * MSS, 4]);
  });

  it('of parts of segments take none for delivered', () => {
    const peer = sending();
    report(peer, 0, [2.1, 2.9], [3.5, 4.5], [9.5, 9.999]);
    expect(peer.tcb.board!.sacked).toBe(0);
    report(peer, 0, [2.9, 3], [2, 2.1]);
    expect(peer.tcb.board!.sacked).toBe(MSS);
  });

  it('in more pieces than there are segments are not remembered, and cost a counter', () => {
    const peer = sending();
    for (let i = 0; i < 400; i++) report(peer, 0, [1 + i / 50, 1 + i / 50 + 0.01]);
    expect(peer.env.counters.TcpExtTCPSACKDiscard).toBeGreaterThan(300);
    expect(peer.tcb.board!.sacked).toBe(0);
    expect(delivers(peer, 0)).toBe(true);
  });

  it('never unsettle the books, whatever they are, and the text arrives once the peer is honest', () => {
    const edge = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: -3, max: 14 }) },
      { weight: 2, arbitrary: fc.double({ min: -1, max: 12, noNaN: true }) },
      { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((n) => n / MSS) },
    );
    const step = fc.record({
      blocks: fc.array(fc.tuple(edge, edge), { minLength: 1, maxLength: 4 }),
      forward: fc.integer({ min: 0, max: 9 }).map((n) => (n === 9 ? 1 : 0)),
      wait: fc.constantFrom(0, 0, 1, 30, 100, 700),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.constantFrom('newreno', 'cubic'), (steps, congestion) => {
        const peer = sending(congestion);
        let una = 0;
        for (const { blocks, forward, wait } of steps) {
          peer.advance(wait);
          una = Math.min(una + forward, diff(peer.tcb.snd.nxt, seq(peer.iss + 1)) / MSS);
          report(peer, una, ...blocks);
          const { board, snd, cc } = peer.tcb;
          expect(cc.cwnd).toBeGreaterThan(0);
          if (board === null) continue;
          expect(board.octets).toBe(diff(snd.nxt, snd.una));
          expect(board.start(0)).toBe(snd.una);
          let octets = 0;
          for (let i = 0; i < board.length; i++) octets += board.size(i);
          expect(octets).toBe(board.octets);
          expect(board.lostBetween(snd.una, snd.nxt)).toBe(board.lost);
          for (const n of [board.pipe, board.sacked, board.lost, board.resentOctets])
            expect(n).toBeGreaterThanOrEqual(0);
          expect(board.sacked + board.lost).toBeLessThanOrEqual(board.octets);
          expect(board.resentOctets).toBeLessThanOrEqual(board.pipe);
        }
        expect(delivers(peer, una * MSS)).toBe(true);
      }),
      { seed: 5, numRuns: 150 },
    );
  });
});

describe('a peer that goes back on its word (RFC 2018 8)', () => {
  it.each([
    [1, 10],
    [0, 10],
    [0, 9],
    [3, 6],
  ] as [number, number][])(
    'is sent what it had reported all the same, and that is counted: segments %d to %d',
    (from, to) => {
      const peer = sending().advance(100);
      report(peer, 0, [from, to]);
      expect(peer.tcb.snd.text.length).toBe(TEXT); // nothing is let go of by a report
      expect(delivers(peer, 0)).toBe(true);
      expect(peer.env.counters.TcpExtTCPSACKReneging).toBe(1);
    },
  );

  it('is no such thing while the oldest is not among what was reported', () => {
    const peer = sending().advance(100);
    report(peer, 0, [1, 4]);
    peer.advance(2000);
    expect(peer.env.counters.TcpExtTCPTimeouts).toBeGreaterThan(0);
    expect(peer.env.counters.TcpExtTCPSACKReneging).toBe(0);
    expect(peer.tcb.board!.sacked).toBe(3 * MSS);
  });
});

describe('D-SACKs that lie', () => {
  it.each(['newreno', 'cubic'])('take a reduction back to the window that was, and once: %s', (congestion) => {
    const peer = recovering(congestion);
    const before = peer.tcb.undo!.before.cwnd;
    report(peer, 0, [0, 6]);
    report(peer, 0, [0, 1], [0, 6]);
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(1);
    expect(peer.tcb.cc.cwnd).toBe(before);
    const { cwnd, ssthresh } = peer.tcb.cc;
    for (let i = 0; i < 100; i++) report(peer, 0, [0, 1], [0, 6]);
    expect([peer.tcb.cc.cwnd, peer.tcb.cc.ssthresh]).toEqual([cwnd, ssthresh]);
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(1);
    expect(peer.env.counters.TcpExtTCPDSACKIgnoredNoUndo).toBe(100);
    expect(delivers(peer, 0)).toBe(true);
  });

  it('about text that was not sent again leave the reduction as it is', () => {
    const peer = recovering();
    const { ssthresh } = peer.tcb.cc;
    for (const [l, r] of [
      [2, 3],
      [0, 2],
      [5, 6],
      [-1, 1],
    ] as [number, number][]) {
      report(peer, 0, [l, r], [l, Math.max(r, 6)]);
    }
    expect(peer.tcb.cc.ssthresh).toBe(ssthresh);
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(0);
    expect(peer.env.counters.TcpExtTCPDSACKIgnoredOld).toBeGreaterThan(0);
  });

  it('before anything was sent again change no window, and are counted', () => {
    const peer = sending();
    const { cwnd, ssthresh } = peer.tcb.cc;
    report(peer, 0, [-1, 0]);
    report(peer, 0, [2.2, 2.8], [2.1, 2.9]);
    expect([peer.tcb.cc.cwnd, peer.tcb.cc.ssthresh]).toEqual([cwnd, ssthresh]);
    expect(peer.env.counters.TcpExtTCPDSACKRecv).toBe(2);
    expect(peer.env.counters.TcpExtTCPDSACKIgnoredNoUndo).toBe(2);
  });

  it('longer than any window, or of unsent text, are none', () => {
    const peer = sending();
    report(peer, 0, [-70, 0]);
    report(peer, 0, [12, 13], [11, 14]);
    expect(peer.env.counters.TcpExtTCPDSACKRecv).toBe(0);
    expect(peer.env.counters.TcpExtTCPSACKDiscard).toBe(3);
    expect(peer.tcb.board!.rack.reoWndMult).toBe(1);
  });

  it('make the sender more patient by a quarter of the least round trip in each, up to a bound, and no more than SRTT', () => {
    const peer = sending('newreno', 5000);
    for (let i = 0; i < 50; i++) report(peer, 0, [-1, 0]);
    expect(peer.tcb.board!.rack.reoWndMult).toBe(2);
    for (let i = 1; i <= 100; i++) {
      peer.write(pattern(MSS));
      peer.advance(100);
      const all = diff(peer.tcb.snd.nxt, seq(peer.iss + 1)) / MSS;
      peer.write(pattern(MSS)); // so that something is always outstanding
      report(peer, all, [all - 1, all]);
    }
    expect(peer.tcb.board!.rack.reoWndMult).toBe(64);
    // What is missing now is found a round trip and SRTT after it was sent, not 17 round trips.
    const all = diff(peer.tcb.snd.nxt, seq(peer.iss + 1)) / MSS;
    peer.write(pattern(6 * MSS));
    peer.advance(100);
    peer.seen();
    report(peer, all, [all + 1, all + 3]);
    expect(peer.sent()).toEqual([]);
    peer.advance(peer.tcb.rtt.srtt);
    expect(peer.sent()[0]).toMatch(new RegExp(`ACK ${1 + all * MSS}\\+1000`));
  });

  it('are not what an ACK says that another overtook: its block is news no more, and nothing came twice', () => {
    const peer = sending().advance(100);
    for (let i = 4; i <= 10; i++) report(peer, 0, [1, 2], [3, i]); // 0 and 2 are missing
    expect(peer.tcb.undo!.resent).toBe(2);
    report(peer, 10);
    const { ssthresh } = peer.tcb.cc;
    report(peer, 0, [1, 2]);
    report(peer, 0, [1, 3]);
    expect(peer.env.counters.TcpExtTCPDSACKRecv).toBe(0);
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(0);
    expect(peer.env.counters.TcpExtTCPSACKDiscard).toBe(0);
    expect(peer.tcb.cc.ssthresh).toBe(ssthresh);
  });
});
