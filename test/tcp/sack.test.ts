import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scoreboard } from '../../src/tcp/scoreboard.ts';
import { add, seq } from '../../src/wire/seq.ts';
import { Segment } from '../../src/wire/tcp.ts';
import { Peer, pattern } from '../helpers/endpoint.ts';

const MSS = 1000;

/** Established with SACK, `count` segments sent and unacknowledged, `gap` ms apart. */
function sending(count: number, gap = 0, config = {}): Peer {
  const peer = new Peer({
    config: { initialWindow: 100, ...config },
    options: { noDelay: true, congestion: 'newreno' },
  });
  peer.synReceived({ mss: MSS, sackPermitted: true });
  peer.advance(100);
  peer.send('ACK', { seq: 1, ack: 1 });
  peer.tcb.cc.cwnd = 60 * MSS;
  for (let i = 0; i < count; i++) {
    peer.write(pattern(MSS, i * MSS));
    peer.advance(gap);
  }
  return peer.seen();
}

/** The peer acknowledges up to segment `una` and reports segments [from, to) of each pair. */
function report(peer: Peer, una: number, ...blocks: [number, number][]): void {
  const segment = new Segment();
  segment.seq = seq(peer.irs + 1);
  segment.flags = 16;
  segment.ack = seq(peer.iss + 1 + una * MSS);
  segment.window = 65_535;
  segment.sackCount = blocks.length;
  blocks.flat().forEach((edge, i) => {
    segment.sack[i] = seq(peer.iss + 1 + edge * MSS);
  });
  peer.endpoint.arrive(segment, peer.now);
}

describe('recovery with SACK', () => {
  it('sends only what is missing, once three segments beyond it are reported', () => {
    const peer = sending(10).advance(100);
    report(peer, 1, [2, 3]);
    expect(peer.sent()).toEqual([]);
    report(peer, 1, [2, 4]);
    expect(peer.sent()).toEqual([]);
    report(peer, 1, [2, 5]);
    expect(peer.sent()).toEqual(['ACK 1001+1000 ack 1']);
    report(peer, 1, [2, 6]);
    expect(peer.sent()).toEqual([]);
  });

  it('sees no reordering in the order in which one ACK reports what it reports', () => {
    const peer = sending(10).advance(100);
    report(peer, 0, [5, 10], [3, 4], [1, 2]);
    expect(peer.tcb.reordering).toBe(0);
    expect(peer.sent().slice(0, 3)).toEqual(['ACK 1+1000 ack 1', 'ACK 2001+1000 ack 1', 'ACK 4001+1000 ack 1']);
  });

  it('takes a segment for lost by time alone, when one sent a quarter round trip later has arrived', () => {
    const peer = sending(3, 60);
    report(peer, 0, [1, 2]);
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
  });

  it('goes by the round trip of what was acknowledged last: nothing sent with that is lost yet, if a retransmission was faster', () => {
    const peer = sending(10).advance(100);
    report(peer, 0, [1, 2]);
    report(peer, 0, [1, 3]);
    report(peer, 0, [1, 3], [8, 9]);
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    peer.advance(120);
    // The fourth, never sent again, has just arrived, so that the tenth, which was sent with it, may be under way.
    report(peer, 4, [8, 9]);
    expect(peer.sent()).toEqual(['ACK 4001+1000 ack 1', 'ACK 5001+1000 ack 1', 'ACK 6001+1000 ack 1']);
    expect(peer.tcb.board!.lost).toBe(MSS); // the eighth
  });

  it('waits for a little reordering before it does so', () => {
    const peer = sending(3, 1);
    peer.advance(97);
    report(peer, 0, [1, 2]);
    expect(peer.sent()).toEqual([]);
    peer.advance(23);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
  });

  it('takes it for lost at once where all but one of a few are reported and nothing follows, if so configured (RFC 5827)', () => {
    const few = (): Peer => sending(3, 1, { earlyRetransmit: 'at-once' }).advance(97);
    const peer = few();
    report(peer, 0, [1, 2]);
    expect(peer.sent()).toEqual([]);
    report(peer, 0, [1, 3]);
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    // More may be sent, and will be reported.
    const more = few();
    more.tcb.cc.cwnd = 3 * MSS;
    more.write(pattern(3 * MSS, 3 * MSS));
    report(more, 0, [1, 3]);
    expect(more.sent()).not.toContain('ACK 1+1000 ack 1');
    const many = sending(5, 1, { earlyRetransmit: 'at-once' }).advance(95);
    report(many, 0, [1, 3]);
    expect(many.sent()).toEqual([]);
  });

  it('begins to wait for reordering anew with an ACK, if so configured', () => {
    for (const [earlyRetransmit, due] of [
      ['off', 24],
      ['delayed', 34],
    ] as const) {
      const peer = sending(3, 0, { earlyRetransmit }).advance(100);
      report(peer, 0, [1, 3]);
      peer.advance(10);
      report(peer, 0, [1, 3]);
      peer.advance(due - 10);
      expect(peer.sent()).toEqual([]);
      peer.advance(2);
      expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    }
  });

  it('fills several holes in one round trip, and a lost retransmission is found again without a time-out', () => {
    const peer = sending(20);
    peer.advance(100);
    report(peer, 0, [1, 2], [3, 4], [5, 8]);
    expect(peer.sent().filter((s) => s.includes('+'))).toContain('ACK 1+1000 ack 1');
    for (let i = 9; i <= 16; i++) report(peer, 0, [5, i], [3, 4], [1, 2]);
    const again = peer.all.filter(({ time }) => time === peer.now).map((s) => peer.describe(s));
    expect(again).toEqual(['ACK 1+1000 ack 1', 'ACK 2001+1000 ack 1', 'ACK 4001+1000 ack 1']);
    peer.seen().advance(150);
    // The first retransmission was lost as well; those sent after it have arrived.
    report(peer, 0, [1, 16]);
    peer.advance(40);
    expect(peer.sent()[0]).toBe('ACK 1+1000 ack 1');
    expect(peer.env.counters.TcpExtTCPTimeouts).toBe(0);
  });

  it('halves the window over a round trip, in proportion to what is delivered (PRR)', () => {
    const peer = sending(40).advance(100);
    peer.tcb.cc.cwnd = 40 * MSS;
    peer.write(pattern(40_000));
    expect(peer.sent()).toEqual([]);
    const flight = (peer.tcb.snd.nxt - peer.tcb.snd.una) | 0;
    const segments = flight / MSS;
    let sent = 0;
    for (let i = 2; i <= segments; i++) {
      report(peer, 0, [1, i]);
      sent += peer.sent().length;
    }
    // What left for the first two reports, before there was a loss to speak of, is limited transmit.
    expect(peer.tcb.cc.ssthresh).toBe(flight / 2);
    // One segment for every two delivered, and the one that was missing.
    expect(sent).toBeGreaterThanOrEqual(Math.floor(segments / 2) - 3);
    expect(sent).toBeLessThanOrEqual(Math.ceil(segments / 2) + 3);
  });

  it('catches up with ssthresh by one segment more than was delivered only while SND.UNA moves and nothing more is lost (PRR)', () => {
    const peer = sending(10).advance(100);
    for (const right of [6, 7, 8]) report(peer, 0, [5, right]);
    // Five are lost, two in flight: one goes for each that is delivered, although half of the window would be five.
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    report(peer, 0, [5, 9]);
    expect(peer.sent()).toEqual(['ACK 1001+1000 ack 1']);
    report(peer, 0, [5, 10]);
    expect(peer.sent()).toEqual(['ACK 2001+1000 ack 1']);
    peer.advance(100);
    report(peer, 1, [5, 10]);
    expect(peer.sent()).toEqual(['ACK 3001+1000 ack 1', 'ACK 4001+1000 ack 1']);
  });

  it('does not grow the window by what is reported beyond a gap, unless the path reorders by more than three', () => {
    const peer = sending(30).advance(100);
    peer.tcb.cc.cwnd = 30 * MSS;
    peer.tcb.cc.limited = true;
    report(peer, 0, [1, 3]);
    expect(peer.tcb.cc.cwnd).toBe(30 * MSS);
    report(peer, 3);
    expect(peer.tcb.cc.cwnd).toBe(31 * MSS);
    expect(peer.tcb.reordering).toBe(3);
    report(peer, 3, [7, 8]);
    report(peer, 8);
    expect(peer.tcb.reordering).toBe(5);
    expect(peer.tcb.cc.cwnd).toBe(35 * MSS);
    report(peer, 8, [10, 12]);
    expect(peer.tcb.cc.cwnd).toBe(37 * MSS);
  });

  it('gives a retransmission its own time: the timer counts from it', () => {
    const peer = sending(10).advance(250).seen(); // the tail has been probed meanwhile
    peer.until(peer.tcb.timers.retransmission - 1);
    report(peer, 0, [1, 5]);
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    peer.advance(50);
    expect(peer.env.counters.TcpExtTCPTimeouts).toBe(0);
    report(peer, 10);
    expect(peer.tcb.snd.text.length).toBe(0);
  });

  it('asks about a silent tail after two round trips, long before the time-out (TLP)', () => {
    const peer = new Peer({ config: { minRto: 1000 }, options: { noDelay: true } });
    peer.synReceived({ mss: MSS, sackPermitted: true });
    peer.advance(100);
    peer.send('ACK', { seq: 1, ack: 1 });
    peer.write(pattern(3000));
    peer.seen().advance(199);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['PSH,ACK 2001+1000 ack 1']);
    expect(peer.env.counters.TcpExtTCPLossProbes).toBe(1);
    // The answer shows the hole, which recovery mends.
    peer.advance(100);
    report(peer, 1, [2, 3]);
    peer.advance(30);
    expect(peer.sent()).toEqual(['ACK 1001+1000 ack 1']);
    expect(peer.env.counters.TcpExtTCPTimeouts).toBe(0);
  });

  it('does not ask where it is configured not to', () => {
    const peer = sending(3, 0, { tailLossProbe: false, minRto: 1000 }).advance(1000);
    expect(peer.sent()).toEqual([]);
    expect(peer.env.counters.TcpExtTCPLossProbes).toBe(0);
  });

  it('sends the probe in the place of a time-out that would come no later (RFC 8985 7.2)', () => {
    const peer = new Peer({ options: { noDelay: true } });
    peer.synReceived({ mss: MSS, sackPermitted: true });
    peer.advance(300);
    peer.send('ACK', { seq: 1, ack: 1 });
    for (let i = 0; i < 40; i++) {
      peer.write(pattern(MSS));
      peer.advance(300);
      report(peer, i + 1);
    }
    const { rto } = peer.tcb.rtt;
    expect(rto).toBe(500);
    peer.write(pattern(2 * MSS));
    peer.seen().advance(rto);
    expect(peer.sent()).toEqual(['PSH,ACK 41001+1000 ack 1']);
    expect([peer.env.counters.TcpExtTCPLossProbes, peer.env.counters.TcpExtTCPTimeouts]).toEqual([1, 0]);
    // The time-out counts from the probe.
    peer.advance(rto);
    expect(peer.sent()).toEqual(['ACK 40001+1000 ack 1']);
    expect(peer.env.counters.TcpExtTCPTimeouts).toBe(1);
  });

  describe('after a probe that repeats the last segment (RFC 8985 7.4.2)', () => {
    const probed = (): Peer => {
      const peer = new Peer({ config: { minRto: 1000 }, options: { noDelay: true } });
      peer.synReceived({ mss: MSS, sackPermitted: true });
      peer.advance(100);
      peer.send('ACK', { seq: 1, ack: 1 });
      peer.write(pattern(3000));
      peer.advance(250);
      report(peer, 3);
      expect(peer.env.counters.TcpExtTCPLossProbes).toBe(1);
      return peer;
    };

    it('a D-SACK says that nothing was lost, and the window stays', () => {
      const peer = probed();
      expect(peer.tcb.cc.ssthresh).toBe(Infinity);
      report(peer, 3, [2, 3]);
      peer.write(pattern(1000));
      peer.advance(100);
      report(peer, 4);
      expect(peer.tcb.cc.ssthresh).toBe(Infinity);
      expect(peer.tcb.board).toBeNull();
    });

    it('so does a duplicate ACK of a peer that reports nothing', () => {
      const peer = probed();
      report(peer, 3);
      peer.write(pattern(1000));
      peer.advance(100);
      report(peer, 4);
      expect(peer.tcb.cc.ssthresh).toBe(Infinity);
    });

    it('an ACK beyond it without either says that it mended a loss, which is congestion', () => {
      const peer = probed();
      peer.write(pattern(1000));
      peer.advance(100);
      expect(peer.tcb.cc.ssthresh).toBe(Infinity);
      report(peer, 4);
      expect(peer.tcb.cc.ssthresh).toBe(2 * MSS);
    });
  });

  it('forgets what was reported when the peer goes back on its word (RFC 2018 8)', () => {
    const peer = sending(4);
    report(peer, 0, [1, 4]);
    peer.seen();
    // It acknowledges the first only: what it had reported beyond is gone.
    report(peer, 1);
    peer.advance(1000);
    expect(peer.sent().some((s) => s.startsWith('ACK 1001+'))).toBe(true);
    report(peer, 4);
    expect(peer.tcb.snd.text.length).toBe(0);
  });

  it('is not led astray by blocks that lie: inverted, unsent, acknowledged, all of the sequence space', () => {
    const peer = sending(10);
    report(peer, 2, [5, 3], [12, 20], [0, 1], [-2_000_000, 2_000_000]);
    report(peer, 2, [0, 2]);
    peer.advance(50);
    expect(peer.tcb.board!.sacked).toBe(0);
    expect(peer.sent()).toEqual([]);
    report(peer, 10);
    expect(peer.tcb.snd.text.length).toBe(0);
    expect(peer.tcb.board).toBeNull();
  });

  it('becomes more patient with a path that reorders when told of a needless retransmission (D-SACK)', () => {
    const peer = sending(10);
    report(peer, 0, [1, 4]);
    expect(peer.sent()).toEqual(['ACK 1+1000 ack 1']);
    const before = peer.tcb.board!.rack.reoWndMult;
    report(peer, 4, [0, 1]);
    expect(peer.tcb.board!.rack.reoWndMult).toBe(before + 1);
  });
});

describe('reports of what came twice (D-SACK, RFC 2883)', () => {
  const receiving = (): Peer => {
    const peer = new Peer();
    peer.established({ sackPermitted: true });
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(100) });
    return peer.advance(100).seen();
  };

  it('names text that had been acknowledged, in the first block and once', () => {
    const peer = receiving();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(100) });
    expect(peer.sent()).toEqual(['ACK 1 ack 101 sack 1:101']);
    peer.send('ACK', { seq: 101, ack: 1, data: pattern(10) });
    peer.advance(100);
    expect(peer.sent()).toEqual(['ACK 1 ack 111']);
  });

  it('names only the part that had come before', () => {
    const peer = receiving();
    peer.send('ACK', { seq: 51, ack: 1, data: pattern(100) });
    peer.advance(100);
    expect(peer.sent()).toEqual(['ACK 1 ack 151 sack 51:101']);
  });

  it('names text that is held beyond a gap, before the blocks that are held', () => {
    const peer = receiving();
    peer.send('ACK', { seq: 201, ack: 1, data: pattern(100) });
    peer.send('ACK', { seq: 221, ack: 1, data: pattern(20) });
    expect(peer.sent()).toEqual(['ACK 1 ack 101 sack 201:301', 'ACK 1 ack 101 sack 221:241 sack 201:301']);
  });

  it('names the first part of a segment that is held already', () => {
    const peer = receiving();
    for (const at of [201, 301]) peer.send('ACK', { seq: at, ack: 1, data: pattern(50) });
    peer.seen().send('ACK', { seq: 101, ack: 1, data: pattern(220) });
    expect(peer.sent()).toEqual(['ACK 1 ack 351 sack 201:251']);
    peer.send('ACK', { seq: 401, ack: 1, data: pattern(50) });
    peer.seen().send('ACK', { seq: 431, ack: 1, data: pattern(50) });
    expect(peer.sent()).toEqual(['ACK 1 ack 351 sack 431:451 sack 401:481']);
  });

  it('go on naming what came last while the gaps before it fill up one after the other (RFC 2018 4)', () => {
    const peer = receiving();
    for (const at of [121, 141, 161, 181, 221, 241, 201]) peer.send('ACK', { seq: at, ack: 1, data: pattern(5) });
    peer.seen();
    for (const at of [101, 111, 126, 131, 136]) {
      peer.send('ACK', { seq: at, ack: 1, data: pattern(at < 126 ? 10 : 5) });
    }
    expect(peer.sent().at(-1)).toBe('ACK 1 ack 146 sack 201:206 sack 241:246 sack 221:226 sack 181:186');
  });

  it('says nothing where SACK was not agreed on', () => {
    const peer = new Peer();
    peer.established();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(100) });
    peer.advance(100).seen();
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(100) });
    expect(peer.sent()).toEqual(['ACK 1 ack 101']);
  });
});

describe('the scoreboard', () => {
  type Step = ['push', number] | ['ack', number] | ['sack', number, number] | ['lose'] | ['resend'];
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      fc.integer({ min: 1, max: 20 }).map((n): Step => ['push', n]),
      fc.integer({ min: 0, max: 30 }).map((n): Step => ['ack', n]),
      fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 10 })).map(([a, n]): Step => ['sack', a, n]),
      fc.constant<Step>(['lose']),
      fc.constant<Step>(['resend']),
    ),
    { maxLength: 60 },
  );

  it.each([0, 2 ** 31 - 5000, 2 ** 32 - 5000])(
    'keeps the same books as a plain list, from sequence number %d',
    (origin) => {
      fc.assert(
        fc.property(steps, (list) => {
          const board = new Scoreboard();
          // The model: one cell a segment.
          let cells: { at: number; sacked: boolean; lost: boolean }[] = [];
          let next = 0;
          let una = 0;
          let now = 0;
          const edge = (n: number) => add(seq(origin), n * MSS);
          for (const step of list) {
            now += 1;
            board.begin();
            if (step[0] === 'push') {
              board.push(edge(next), step[1] * MSS, MSS, now);
              for (let i = 0; i < step[1]; i++) cells.push({ at: next++, sacked: false, lost: false });
            } else if (step[0] === 'ack') {
              una = Math.min(next, una + step[1]);
              board.acknowledge(edge(una), now);
              cells = cells.filter((cell) => cell.at >= una);
            } else if (step[0] === 'sack') {
              const left = Math.min(una + step[1], next);
              const right = Math.min(left + step[2], next);
              if (left === right) continue;
              board.sack(edge(left), edge(right), MSS, now);
              for (const cell of cells) {
                if (cell.at < left || cell.at >= right) continue;
                cell.sacked = true;
                cell.lost = false;
              }
            } else if (step[0] === 'lose') {
              board.loseOnTimeout(now, MSS);
              for (const cell of cells) cell.lost = !cell.sacked;
            } else {
              const index = board.nextLost();
              const first = cells.find((cell) => cell.lost);
              expect(index < 0 ? undefined : board.start(index)).toBe(first === undefined ? undefined : edge(first.at));
              if (index < 0 || first === undefined) continue;
              board.resent(index, now);
              first.lost = false;
            }
            const count = (of: (cell: { sacked: boolean; lost: boolean }) => boolean) => cells.filter(of).length * MSS;
            expect([board.octets, board.sacked, board.lost, board.pipe]).toEqual([
              count(() => true),
              count((cell) => cell.sacked),
              count((cell) => cell.lost),
              count((cell) => !cell.sacked && !cell.lost),
            ]);
          }
        }),
        { seed: 11, numRuns: 500 },
      );
    },
  );

  it('costs in proportion to the window when every second segment of a large one is lost', () => {
    const work = (segments: number): number => {
      const board = new Scoreboard();
      board.push(seq(0), segments * MSS, MSS, 0);
      let looks = 0;
      for (let i = 1; i < segments; i += 2) {
        board.begin();
        board.sack(seq(i * MSS), seq((i + 1) * MSS), MSS, 1);
        board.detectLost(0, seq((i + 1) * MSS), 0, MSS, 1);
        for (let index = board.nextLost(); index >= 0; index = board.nextLost()) {
          board.resent(index, 2);
          looks++;
        }
      }
      return looks;
    };
    expect(work(2000)).toBe(1000);
    expect(work(20_000)).toBe(10_000);
  });
});
