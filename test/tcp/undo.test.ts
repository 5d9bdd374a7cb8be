import { describe, expect, it } from 'vitest';
import { ACK, Segment } from '../../src/wire/tcp.ts';
import { Peer, pattern, seq } from '../helpers/endpoint.ts';

const MSS = 1000;

interface Offer {
  readonly sack?: boolean;
  readonly timestamps?: boolean;
}

/** Established after a round trip of 100 ms, ten segments sent at once and unacknowledged, more waiting. */
function sending({ sack = true, timestamps = false }: Offer, waiting = 20): Peer {
  const peer = new Peer({ options: { noDelay: true, timestamps, congestion: 'cubic' } });
  const stamps = timestamps ? { tsVal: 1, tsEcr: 0 } : {};
  peer.synReceived({ mss: MSS + (timestamps ? 12 : 0), sackPermitted: sack, ...stamps }).advance(100);
  peer.send('ACK', { seq: 1, ack: 1, ...(timestamps ? { tsVal: 2, tsEcr: peer.now - 100 } : {}) });
  peer.write(pattern((10 + waiting) * MSS));
  return peer.seen();
}

interface Report {
  /** Segments acknowledged. */
  readonly una: number;
  /** Segments reported, [from, to) each. */
  readonly sack?: readonly (readonly [number, number])[];
  /** TSecr. */
  readonly echo?: number;
}

function acknowledge(peer: Peer, { una, sack = [], echo }: Report): void {
  const segment = new Segment();
  segment.flags = ACK;
  segment.seq = seq(peer.irs + 1);
  segment.ack = seq(peer.iss + 1 + una * MSS);
  segment.window = 65_535;
  segment.sackCount = sack.length;
  sack.flat().forEach((edge, i) => {
    segment.sack[i] = seq(peer.iss + 1 + edge * MSS);
  });
  if (echo !== undefined) {
    segment.timestamps = true;
    segment.tsVal = seq(peer.now);
    segment.tsEcr = seq(echo);
  }
  peer.endpoint.arrive(segment, peer.now);
}

/** Segments of the texts that `sent` tells of: 'ACK 3001+1000 ack 1' is 3. */
function numbers(peer: Peer): number[] {
  return peer.sent().flatMap((text) => {
    const match = /(\d+)\+/.exec(text);
    return match === null ? [] : [(Number(match[1]) - 1) / MSS];
  });
}

function timeOut(peer: Peer): void {
  while (peer.env.counters.TcpExtTCPTimeouts === 0) peer.until(peer.endpoint.nextDeadline());
}

describe('a needless time-out (F-RTO, RFC 5682)', () => {
  for (const sack of [true, false]) {
    const kind = sack ? 'with SACK' : 'without SACK';

    it(`is found out ${kind} by the second ACK, and the window is as before`, () => {
      const peer = sending({ sack });
      const before = peer.tcb.cc.cwnd;
      timeOut(peer);
      expect(numbers(peer).at(-1)).toBe(0);
      expect(peer.tcb.cc.cwnd).toBeLessThan(before);
      peer.seen();
      // The ACKs were only late. The first lets two new segments out, and nothing old.
      acknowledge(peer, { una: 1 });
      const fresh = numbers(peer);
      expect(fresh.length).toBe(2);
      expect(Math.min(...fresh)).toBeGreaterThanOrEqual(10);
      acknowledge(peer, { una: 2 });
      expect(peer.env.counters.TcpExtTCPSpuriousRTOs).toBe(1);
      expect(peer.tcb.cc.cwnd).toBeGreaterThanOrEqual(before);
      expect(peer.tcb.cc.ssthresh).toBe(Infinity);
      expect(peer.tcb.rtt.backoff).toBe(0);
      for (let una = 3; una <= 12; una++) acknowledge(peer, { una });
      expect(numbers(peer).every((n) => n >= 10)).toBe(true);
      expect(peer.tcb.board?.lost ?? 0).toBe(0);
    });

    it(`is not believed ${kind} when a duplicate follows: what is missing is sent again`, () => {
      const peer = sending({ sack });
      timeOut(peer);
      acknowledge(peer, { una: 1 });
      peer.seen();
      // With SACK, 10 left before the time-out (a probe), 11 after it.
      acknowledge(peer, { una: 1, sack: sack ? [[11, 12]] : [] });
      expect(peer.env.counters.TcpExtTCPSpuriousRTOs).toBe(0);
      expect(numbers(peer)[0]).toBe(1);
      expect(peer.tcb.cc.ssthresh).toBe(7 * MSS);
    });

    it(`is not believed ${kind} when the first ACK covers everything: that says nothing of the rest`, () => {
      const peer = sending({ sack });
      timeOut(peer);
      const { nxt } = peer.tcb.snd;
      acknowledge(peer, { una: (nxt - peer.iss - 1) / MSS });
      expect(peer.env.counters.TcpExtTCPSpuriousRTOs).toBe(0);
      expect(peer.tcb.cc.ssthresh).toBe(7 * MSS);
    });

    it(`is not looked for ${kind} where nothing new can be sent`, () => {
      const peer = sending({ sack }, 0);
      timeOut(peer);
      peer.seen();
      acknowledge(peer, { una: 1 });
      expect(numbers(peer)[0]).toBe(1);
    });

    it(`is not looked for ${kind} after a second time-out, nor when the first came during recovery`, () => {
      const peer = sending({ sack });
      timeOut(peer);
      peer.advance(10_000);
      expect(peer.env.counters.TcpExtTCPTimeouts).toBeGreaterThan(1);
      acknowledge(peer, { una: 1 });
      acknowledge(peer, { una: 2 });
      expect(peer.env.counters.TcpExtTCPSpuriousRTOs).toBe(0);
    });
  }

  it('with SACK is found out by reports of what was not sent again, too', () => {
    const peer = sending({});
    const before = peer.tcb.cc.cwnd;
    timeOut(peer);
    acknowledge(peer, { una: 1 });
    acknowledge(peer, { una: 1, sack: [[2, 3]] });
    expect(peer.env.counters.TcpExtTCPSpuriousRTOs).toBe(1);
    expect(peer.tcb.cc.cwnd).toBeGreaterThanOrEqual(before);
  });

  it('is found out at once by an ACK that echoes an older timestamp', () => {
    const peer = sending({ timestamps: true });
    const sentAt = peer.now;
    const before = peer.tcb.cc.cwnd;
    timeOut(peer);
    acknowledge(peer, { una: 1, echo: sentAt });
    expect(peer.env.counters.TcpExtTCPSpuriousRTOs).toBe(1);
    expect(peer.tcb.cc.cwnd).toBeGreaterThanOrEqual(before);
  });

  it('is no such thing when the ACK echoes the retransmission', () => {
    const peer = sending({ timestamps: true });
    timeOut(peer);
    const again = peer.now;
    peer.advance(100);
    acknowledge(peer, { una: 1, echo: again });
    acknowledge(peer, { una: 1, sack: [[11, 12]], echo: again });
    expect(peer.env.counters.TcpExtTCPSpuriousRTOs).toBe(0);
    expect(peer.tcb.cc.ssthresh).toBe(7 * MSS);
  });
});

describe('a needless fast retransmit', () => {
  /** Segment 0 is late; 1 to 5 arrive before it. */
  function reordered(offer: Offer): { peer: Peer; before: number; sentAt: number } {
    const peer = sending(offer);
    const before = peer.tcb.cc.cwnd;
    const sentAt = peer.now;
    peer.advance(100);
    const echo = offer.timestamps ? { echo: sentAt - 100 } : {};
    for (let i = 2; i <= 6; i++) acknowledge(peer, { una: 0, sack: offer.sack === false ? [] : [[1, i]], ...echo });
    expect(numbers(peer)).toContain(0);
    expect(peer.tcb.cc.recovering).toBe(true);
    expect(peer.tcb.cc.ssthresh).toBeLessThan(before);
    return { peer, before, sentAt };
  }

  for (const sack of [true, false]) {
    it(`is taken back when the ACK echoes the first copy (${sack ? 'with' : 'without'} SACK)`, () => {
      const { peer, before, sentAt } = reordered({ sack, timestamps: true });
      peer.advance(5);
      acknowledge(peer, { una: 6, echo: sentAt });
      expect(peer.env.counters.TcpExtTCPFullUndo).toBe(1);
      expect(peer.tcb.cc.recovering).toBe(false);
      expect(peer.tcb.cc.cwnd).toBeGreaterThanOrEqual(before);
      expect(peer.tcb.cc.ssthresh).toBe(Infinity);
    });
  }

  it('is taken back when a D-SACK says that both copies came, even after recovery and with nothing outstanding', () => {
    const { peer, before } = reordered({});
    peer.advance(5);
    acknowledge(peer, { una: 6 });
    const all = ((peer.tcb.snd.nxt - peer.iss - 1) | 0) / MSS;
    acknowledge(peer, { una: all });
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(0);
    acknowledge(peer, { una: ((peer.tcb.snd.nxt - peer.iss - 1) | 0) / MSS, sack: [[0, 1]] });
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(1);
    expect(peer.tcb.cc.cwnd).toBeGreaterThanOrEqual(before);
  });

  it('stands when the D-SACK is about text that was sent once only', () => {
    const { peer } = reordered({});
    const { ssthresh } = peer.tcb.cc;
    acknowledge(peer, { una: 6, sack: [[3, 4]] });
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(0);
    expect(peer.tcb.cc.ssthresh).toBe(ssthresh);
  });

  it('stands when one of two retransmissions was needed', () => {
    const peer = sending({});
    peer.advance(100);
    for (let i = 3; i <= 8; i++) acknowledge(peer, { una: 0, sack: [[2, i]] });
    expect(peer.tcb.undo?.resent).toBe(2);
    acknowledge(peer, { una: 8, sack: [[0, 1]] });
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(0);
    expect(peer.tcb.cc.ssthresh).toBeLessThan(Infinity);
  });

  it('is forgotten a round trip after recovery', () => {
    const { peer } = reordered({});
    for (let i = 0; i < 4; i++) {
      peer.advance(100);
      acknowledge(peer, { una: ((peer.tcb.snd.nxt - peer.iss - 1) | 0) / MSS });
      peer.write(pattern(20 * MSS));
    }
    expect(peer.tcb.undo).toBe(null);
    acknowledge(peer, { una: ((peer.tcb.snd.una - peer.iss - 1) | 0) / MSS, sack: [[0, 1]] });
    expect(peer.env.counters.TcpExtTCPDSACKUndo).toBe(0);
  });
});
