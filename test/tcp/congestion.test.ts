import { describe, expect, it } from 'vitest';
import {
  Acknowledgment,
  type CongestionController,
  cubic,
  cubicWithHyStart,
  newReno,
  windowInUse,
} from '../../src/tcp/index.ts';
import { Congestion } from '../../src/tcp/tcb.ts';
import { add, seq } from '../../src/wire/seq.ts';
import { Peer, pattern } from '../helpers/endpoint.ts';

const MSS = 1000;

/** A controller whose window is always full: a round trip of ACKs for two segments each, then the next. */
class Flow {
  readonly cc: Congestion;
  readonly controller: CongestionController;
  now = 0;
  #una = seq(0);

  constructor(controller: CongestionController, cwnd: number, ssthresh = Infinity) {
    this.controller = controller;
    this.cc = new Congestion(controller.name);
    this.cc.cwnd = cwnd * MSS;
    this.cc.ssthresh = ssthresh === Infinity ? Infinity : ssthresh * MSS;
    this.cc.limited = true;
    controller.start(this.cc, 0);
  }

  get cwnd(): number {
    return this.cc.cwnd / MSS;
  }

  /** One round trip of `rtt` ms. */
  round(rtt: number): this {
    const flight = this.cc.cwnd;
    const end = add(this.#una, flight);
    const acks = Math.max(Math.floor(flight / MSS / 2), 1);
    for (let i = 0; i < acks; i++) {
      this.now += rtt / acks;
      const ack = new Acknowledgment();
      ack.acked = Math.min(2 * MSS, flight);
      this.#una = i === acks - 1 ? end : add(this.#una, ack.acked);
      Object.assign(ack, { flight, mss: MSS, rtt, srtt: rtt, una: this.#una, nxt: add(this.#una, flight) });
      this.controller.acknowledged(this.cc, ack, this.now);
    }
    return this;
  }

  lose(signal: 'loss' | 'ecn' = 'loss'): this {
    this.controller.congested(this.cc, signal, this.cc.cwnd, MSS, this.now);
    this.cc.cwnd = this.cc.ssthresh;
    return this;
  }
}

/** W_cubic(t) of RFC 9438 4.2 in segments, t in s since the reduction from `wMax` to `from`. */
function curve(t: number, wMax: number, from: number): number {
  const k = Math.cbrt((wMax - from) / 0.4);
  return 0.4 * (t - k) ** 3 + wMax;
}

describe('CUBIC (RFC 9438)', () => {
  it('keeps 0.7 of the window after a loss, 0.85 after a mark (RFC 8511)', () => {
    expect(new Flow(cubic, 100).lose().cwnd).toBe(70);
    expect(new Flow(cubic, 100).lose('ecn').cwnd).toBe(85);
    expect(new Flow(newReno, 100).lose().cwnd).toBe(50);
    expect(new Flow(newReno, 100).lose('ecn').cwnd).toBe(80);
  });

  it('follows the cubic curve: up to the old window in K seconds, past it afterwards', () => {
    const flow = new Flow(cubic, 1000).lose();
    const rtt = 50;
    const k = Math.cbrt(300 / 0.4);
    let stageBegan = -1;
    for (let i = 0; i < 300; i++) {
      flow.round(rtt);
      if (stageBegan < 0) stageBegan = flow.now - rtt;
      const t = (flow.now - stageBegan) / 1000;
      const expected = curve(t, 1000, 700);
      // The window follows the target, which is the curve one round trip ahead.
      expect(flow.cwnd).toBeGreaterThan(Math.min(expected, 700) * 0.97);
      expect(flow.cwnd).toBeLessThan(curve(t + (2 * rtt) / 1000, 1000, 700) + 2);
      if (Math.abs(t - k) < rtt / 1000) expect(Math.abs(flow.cwnd - 1000)).toBeLessThan(2);
    }
    expect(flow.cwnd).toBeGreaterThan(1075);
  });

  it('never grows by more than half in a round trip', () => {
    const flow = new Flow(cubic, 40).lose();
    flow.round(100);
    flow.now += 60_000; // the curve is far above
    const before = flow.cwnd;
    flow.round(100);
    expect(flow.cwnd / before).toBeGreaterThan(1.4);
    expect(flow.cwnd / before).toBeLessThan(1.7); // (1 + 0.5 / n)^n of n ACKs
  });

  it('is no slower than Reno where round trips are short: 0.53 segments a round trip, 1 from the old window on', () => {
    const flow = new Flow(cubic, 40).lose();
    let rounds = 0;
    for (; flow.cwnd < 40 && rounds < 100; rounds++) flow.round(1);
    expect(rounds).toBeGreaterThan(12 / 0.53 - 2);
    expect(rounds).toBeLessThan(12 / 0.53 + 2);
    const before = flow.cwnd;
    for (let i = 0; i < 20; i++) flow.round(1);
    expect(flow.cwnd - before).toBeGreaterThan(19);
    expect(flow.cwnd - before).toBeLessThan(21);
  });

  it('remembers less of a window that did not reach the one before (fast convergence)', () => {
    const flow = new Flow(cubic, 1000).lose();
    flow.round(50).lose();
    // It aims for 0.85 of the 700 and some segments it had.
    for (let i = 0; i < 120; i++) flow.round(50);
    const plateau = flow.cwnd;
    for (let i = 0; i < 10; i++) flow.round(50);
    expect(plateau).toBeGreaterThan(590);
    expect(flow.cwnd).toBeLessThan(640);
  });

  it('leaves out the time in which the window is not in use', () => {
    const idle = new Flow(cubic, 1000).lose().round(50);
    const busy = new Flow(cubic, 1000).lose().round(50);
    idle.cc.limited = false;
    const ack = new Acknowledgment();
    Object.assign(ack, { acked: MSS, flight: MSS, mss: MSS, rtt: 50, srtt: 50 });
    for (let i = 0; i < 100; i++) {
      idle.now += 500;
      cubic.acknowledged(idle.cc, ack, idle.now);
    }
    idle.cc.limited = true;
    for (let i = 0; i < 20; i++) {
      idle.round(50);
      busy.round(50);
    }
    expect(Math.abs(idle.cwnd - busy.cwnd)).toBeLessThan(1);
  });

  it('starts from one segment after a time-out, and the curve from its middle', () => {
    const flow = new Flow(cubic, 100);
    cubic.timedOut(flow.cc, flow.cc.cwnd, MSS, true, flow.now);
    expect(flow.cwnd).toBe(1);
    expect(flow.cc.ssthresh).toBe(70 * MSS);
    cubic.timedOut(flow.cc, MSS, MSS, false, flow.now);
    expect(flow.cc.ssthresh).toBe(70 * MSS);
    while (flow.cwnd < 70) flow.round(100);
    flow.round(100);
    // Convex from here: no plateau at the old window of 100.
    expect(flow.cwnd).toBeLessThan(73);
    for (let i = 0; i < 60; i++) flow.round(100);
    expect(flow.cwnd).toBeGreaterThan(130);
  });
});

describe('slow start and HyStart++ (RFC 9406)', () => {
  it('doubles the window in a round trip', () => {
    const flow = new Flow(newReno, 10);
    expect(flow.round(100).cwnd).toBe(20);
    expect(flow.round(100).cwnd).toBe(40);
  });

  it('grows a quarter as fast while round trips are longer by an eighth, and ends after five such rounds', () => {
    const flow = new Flow(cubic, 20);
    flow.round(80);
    flow.round(80);
    expect(flow.cwnd).toBe(80);
    flow.round(96); // eight samples of this tell
    const alarmed = flow.cwnd;
    expect(alarmed).toBeLessThan(115);
    flow.round(96);
    expect(flow.cwnd / alarmed).toBeGreaterThan(1.2);
    expect(flow.cwnd / alarmed).toBeLessThan(1.3);
    expect(flow.cc.ssthresh).toBe(Infinity);
    for (let i = 0; i < 4; i++) flow.round(96);
    expect(flow.cc.ssthresh).toBeLessThan(Infinity);
    const over = flow.cwnd;
    flow.round(96);
    expect(flow.cwnd - over).toBeLessThan(2);
  });

  it('takes back a false alarm when a round trip is short again', () => {
    const flow = new Flow(cubic, 20).round(80).round(80).round(96);
    flow.round(80);
    const before = flow.cwnd;
    flow.round(80);
    expect(flow.cwnd).toBe(2 * before);
    expect(flow.cc.ssthresh).toBe(Infinity);
  });

  it('takes no notice of 3 ms more, nor of an eighth after the first loss', () => {
    const short = new Flow(cubic, 20).round(8).round(8);
    expect(short.round(11).cwnd).toBe(160);
    const later = new Flow(cubic, 20, 1000).round(80).round(80);
    expect(later.round(120).cwnd).toBe(160);
  });
});

describe('a window that is not in use does not grow', () => {
  /** What becomes of an initial window of ten segments when so many are written and acknowledged two by two. */
  function grown(written: number): number {
    const peer = new Peer({ options: { noDelay: true } });
    peer.synReceived({ mss: MSS }).advance(100).send('ACK', { seq: 1, ack: 1 });
    peer.write(pattern(written * MSS));
    for (let arrived = 2; arrived < written + 2; arrived += 2) {
      peer.advance(50).send('ACK', { seq: 1, ack: 1 + Math.min(arrived, written) * MSS });
    }
    return peer.tcb.cc.cwnd / MSS;
  }

  it('half of it in slow start is not enough, whatever was in use in other round trips', () => {
    expect(grown(5)).toBe(10);
    expect(grown(6)).toBe(12);
  });

  it('what was in use is known until the round trip is over: it grows to twice that', () => {
    expect(grown(9)).toBe(18);
    expect(grown(10)).toBe(20);
  });

  it('in congestion avoidance all of it has to be', () => {
    const cc = new Congestion('newreno');
    Object.assign(cc, { cwnd: 10 * MSS, ssthresh: 10 * MSS, largestFlight: 9 * MSS });
    expect(windowInUse(cc)).toBe(false);
    cc.limited = true;
    expect(windowInUse(cc)).toBe(true);
  });
});

describe('CUBIC with HyStart', () => {
  const both = cubicWithHyStart();

  it('ends slow start at once when nine samples of a round trip are longer by an eighth', () => {
    const delay = cubicWithHyStart({ delay: true, ackTrain: false });
    const flow = new Flow(delay, 32).round(80).round(90);
    expect([flow.cwnd, flow.cc.ssthresh]).toEqual([128, Infinity]);
    flow.round(91);
    expect(flow.cc.ssthresh / MSS).toBeGreaterThanOrEqual(128 + 2 * 8);
    expect(flow.cc.ssthresh / MSS).toBeLessThan(128 + 2 * 16);
  });

  it('looks for that in a later slow start too, and not in small windows', () => {
    const later = new Flow(both, 32, 1000).round(200).round(230);
    expect(later.cc.ssthresh).toBeLessThan(100 * MSS);
    const small = new Flow(both, 4).round(200).round(230);
    expect(small.cwnd).toBe(16);
  });

  it('ends it when ACKs close together go on for half of the shortest round trip', () => {
    const watched = new Flow(both, 128).round(100);
    expect(watched.cc.ssthresh).toBeLessThan(256 * MSS);
    const unwatched = new Flow(cubicWithHyStart({ delay: true, ackTrain: false }), 128).round(100);
    expect(unwatched.cwnd).toBe(256);
  });

  it('keeps 0.7 of the window in whole segments, whatever was in flight, after a mark too', () => {
    for (const signal of ['loss', 'ecn'] as const) {
      const flow = new Flow(both, 19);
      both.congested(flow.cc, signal, MSS, MSS, 0);
      expect(flow.cc.ssthresh).toBe(13 * MSS);
      both.timedOut(flow.cc, MSS, MSS, true, 0);
      expect([flow.cwnd, flow.cc.ssthresh]).toEqual([1, 13 * MSS]);
    }
  });

  it('goes on as CUBIC does, and begins anew after a time-out', () => {
    const flow = new Flow(both, 100).lose();
    const plain = new Flow(cubic, 100).lose();
    for (let i = 0; i < 40; i++) {
      flow.round(50);
      plain.round(50);
    }
    expect(flow.cwnd).toBe(plain.cwnd);
    both.timedOut(flow.cc, flow.cc.cwnd, MSS, true, flow.now);
    plain.controller.timedOut(plain.cc, plain.cc.cwnd, MSS, true, plain.now);
    expect([flow.cwnd, flow.cc.ssthresh]).toEqual([1, Math.floor(plain.cc.ssthresh / MSS) * MSS]);
  });
});
