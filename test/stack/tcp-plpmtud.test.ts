import { describe, expect, it } from 'vitest';
import type { PacketPredicate } from '../../src/link/control.ts';
import type { WireOptions } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import type { TcpOptions } from '../../src/tcp/index.ts';
import { type Judged, judgedPair, stream, talk } from '../helpers/conversation.ts';
import { pattern } from '../helpers/endpoint.ts';

const WIRE: WireOptions = { forth: { delay: 10 }, back: { delay: 10 } };

/** Fixed, so that a search ends while there is text left to find it with. */
const BUFFER = 512 * 1024;

interface Hole extends Judged {
  readonly socket: TcpSocket;
  /** Lets packets up to this size pass, from now on, and says nothing about others. */
  limit: number;
  /** Sizes of the packets that vanished. */
  readonly vanished: number[];
  /** Octets that have arrived, and whether they are the right ones. */
  arrived(): number;
  whole(): boolean;
}

/** a sends to b over a wire on which large packets vanish. */
function hole(limit: number, octets: number, tcp: Partial<TcpOptions> = {}, more: WireOptions = {}, family = 4): Hole {
  const pair = judgedPair(
    1,
    { ...WIRE, ...more },
    { noDelay: true, receiveBuffer: BUFFER, sendBuffer: BUFFER, ...tcp },
  );
  const vanished: number[] = [];
  const data = pattern(octets);
  const out = stream(data);
  const back = stream(new Uint8Array(0));
  pair.b.tcp.listen({ port: 80, onConnection: (socket) => talk(socket, back, out) });
  const socket = pair.a.tcp.connect({ address: family === 4 ? '10.0.0.2' : 'fd00::2', port: 80 });
  talk(socket, out, back);
  const h: Hole = {
    ...pair,
    socket,
    limit,
    vanished,
    arrived: () => out.received.length,
    whole: () => out.received.length === octets && data.every((octet, i) => octet === out.received[i]),
  };
  const tooLarge: PacketPredicate = (packet) => {
    if (packet.len <= h.limit) return false;
    vanished.push(packet.len);
    return true;
  };
  pair.wire.link.drop(tooLarge);
  return h;
}

const MiB = 1024 * 1024;

describe('a path on which large packets vanish', () => {
  for (const sack of [true, false]) {
    for (const limit of [1480, 1400, 1280, 1100]) {
      it(`of ${limit} octets carries everything; the size found is the path's (${sack ? 'with' : 'without'} SACK)`, () => {
        const h = hole(limit, 3 * MiB, { sack });
        h.world.run(60_000);
        expect(h.whole()).toBe(true);
        const { sndMss, options } = h.socket.info();
        const size = sndMss + 40 + (options.timestamps ? 12 : 0);
        expect(size).toBeGreaterThan(limit - 8);
        expect(size).toBeLessThanOrEqual(limit);
        const { TcpBlackHoles, TcpExtTCPMTUPFail, TcpExtTCPMTUPSuccess } = h.a.tcp.counters;
        expect([TcpBlackHoles, TcpExtTCPMTUPSuccess > 0, TcpExtTCPMTUPFail > 0]).toEqual([1, true, true]);
        expect(h.problems).toEqual([]);
      });
    }
  }

  it('is found within a second of a short round trip, by two time-outs', () => {
    const h = hole(1400, 3 * MiB);
    h.world.runUntil(() => h.arrived() > 0);
    expect(h.world.now).toBeLessThan(1000);
    expect(h.socket.info().sndMss).toBe(1024 - 12);
    expect(h.a.tcp.counters.TcpExtTCPTimeouts).toBe(2);
  });

  it('costs no window for probes that are lost: no recovery, no time-out, no smaller threshold', () => {
    for (const sack of [true, false]) {
      const h = hole(1400, 6 * MiB, { sack });
      const { counters } = h.a.tcp;
      h.world.runUntil(() => counters.TcpExtTCPMTUPSuccess + counters.TcpExtTCPMTUPFail > 0);
      const { sndSsthresh } = h.socket.info();
      const { TcpExtTCPTimeouts, TcpFastRetransmits } = counters;
      let least = Infinity;
      for (let last = -1; last !== counters.TcpExtTCPMTUPFail || h.socket.info().sndMss < 1340; ) {
        last = counters.TcpExtTCPMTUPFail;
        expect(h.world.runUntil(() => counters.TcpExtTCPMTUPFail > last || h.arrived() === 6 * MiB)).toBe(true);
        if (h.arrived() === 6 * MiB) break;
        least = Math.min(least, h.socket.info().sndCwnd);
      }
      expect(counters.TcpExtTCPMTUPFail).toBeGreaterThanOrEqual(6);
      expect(h.socket.info().sndSsthresh).toBe(sndSsthresh);
      expect(least).toBeGreaterThanOrEqual(sndSsthresh);
      expect(counters.TcpExtTCPTimeouts).toBe(TcpExtTCPTimeouts);
      expect(counters.TcpFastRetransmits).toBe(TcpFastRetransmits);
      h.world.run(60_000);
      expect(h.whole()).toBe(true);
    }
  });

  it('goes below the base size by halves, and no further than the floor', () => {
    const narrow = hole(560, 20_000);
    narrow.world.run(60_000);
    expect(narrow.whole()).toBe(true);
    expect(narrow.a.tcp.counters.TcpBlackHoles).toBe(2); // 1024, 512

    const nothing = hole(60, 20_000);
    nothing.world.run(900_000);
    expect(nothing.arrived()).toBe(0);
    expect(nothing.socket.info().sndMss).toBe(512 - 12);
  });

  it('is probed again from the top after an outage that had another cause: one probe, and all is as before', () => {
    const h = hole(1500, 4 * MiB);
    h.world.runUntil(() => h.arrived() > 500_000);
    h.limit = 0;
    h.world.run(h.world.now + 2000);
    expect(h.socket.info().sndMss).toBeLessThan(1024);
    h.limit = 1500;
    h.world.run(h.world.now + 60_000);
    expect(h.whole()).toBe(true);
    expect(h.socket.info().sndMss).toBe(1448);
    expect(h.a.tcp.counters.TcpExtTCPMTUPSuccess).toBe(1);
    expect(h.a.tcp.counters.TcpExtTCPMTUPFail).toBe(0);
  });

  it('may begin to vanish later, and again after the search', () => {
    const h = hole(1500, 6 * MiB);
    h.world.runUntil(() => h.arrived() > 500_000);
    h.limit = 1400;
    h.world.runUntil(() => h.arrived() > 4_000_000);
    const { sndMss } = h.socket.info();
    expect(sndMss).toBeGreaterThan(1340);
    h.limit = 1200;
    h.world.run(h.world.now + 60_000);
    expect(h.whole()).toBe(true);
    expect(h.socket.info().sndMss).toBeLessThanOrEqual(1148);
    expect(h.socket.info().sndMss).toBeGreaterThan(1140);
    expect(h.a.tcp.counters.TcpBlackHoles).toBe(2);
  });

  it('is tried again ten minutes after the search ended', () => {
    const wire = { forth: { delay: 10, rate: 150_000 }, back: { delay: 10 } };
    const h = hole(1300, 14 * MiB, { sendBuffer: 50_000 }, wire);
    h.world.run(120_000);
    const found = h.socket.info().sndMss;
    expect(found).toBeGreaterThan(1240);
    const { TcpExtTCPMTUPFail } = h.a.tcp.counters;
    h.world.run(500_000);
    expect(h.a.tcp.counters.TcpExtTCPMTUPFail).toBe(TcpExtTCPMTUPFail);
    h.limit = 1500;
    h.world.run(720_000);
    expect(h.socket.info().sndMss).toBe(1448);
  });

  it('is nothing to a connection that may not probe: segments stay large until R2', () => {
    const h = hole(1400, 100_000, { mtuProbing: 'off', userTimeout: 30_000 });
    h.world.run(60_000);
    expect(h.arrived()).toBe(0);
    expect(h.vanished.every((size) => size >= 1400)).toBe(true);
    expect(h.a.tcp.counters.TcpBlackHoles).toBe(0);
  });

  it('is not suspected for segments that are small anyway', () => {
    const small = hole(60, 500);
    small.world.run(5000);
    expect(small.a.tcp.counters.TcpExtTCPTimeouts).toBeGreaterThan(2);
    expect(small.a.tcp.counters.TcpBlackHoles).toBe(0);
    expect(small.socket.info().sndMss).toBe(1448);
  });

  it('carries 1280 octets if it is of IPv6: that is the base size and the floor', () => {
    const h = hole(1400, 2 * MiB, {}, {}, 6);
    h.world.runUntil(() => h.arrived() > 0);
    expect(h.socket.info().sndMss).toBe(1280 - 72);
    h.world.run(60_000);
    expect(h.whole()).toBe(true);
    expect(h.socket.info().sndMss).toBeGreaterThan(1320);

    const nothing = hole(1000, 20_000, {}, {}, 6);
    nothing.world.run(100_000);
    expect(nothing.socket.info().sndMss).toBe(1280 - 72);
    expect(nothing.a.tcp.counters.TcpBlackHoles).toBe(1);
  });
});

describe('a search from the start', () => {
  it('begins with the base size and grows to what the wire carries, without a loss', () => {
    const h = hole(1500, 2 * MiB, { mtuProbing: 'always' });
    h.world.runUntil(() => h.socket.state === 'ESTABLISHED');
    expect(h.socket.info()).toMatchObject({ sndMss: 1024 - 12, sndCwndSegments: 10 });
    h.world.run(60_000);
    expect(h.whole()).toBe(true);
    expect(h.socket.info()).toMatchObject({ sndMss: 1448, totalRetrans: 0 });
    expect(h.a.tcp.counters.TcpExtTCPMTUPSuccess).toBe(1);
  });

  it('meets no black hole: what does not pass is a probe', () => {
    const h = hole(1400, 8 * MiB, { mtuProbing: 'always' });
    h.world.run(60_000);
    expect(h.whole()).toBe(true);
    expect(h.socket.info().sndMss).toBeGreaterThan(1340);
    const { TcpExtTCPTimeouts, TcpBlackHoles, TcpFastRetransmits } = h.a.tcp.counters;
    expect([TcpExtTCPTimeouts, TcpBlackHoles, TcpFastRetransmits]).toEqual([0, 0, 0]);
  });

  it('finds large packets over a jumbo wire, and stays within what the peer takes', () => {
    const jumbo = hole(9000, 8 * MiB, { mtuProbing: 'always' }, { mtu: 9000 });
    jumbo.world.run(60_000);
    expect(jumbo.whole()).toBe(true);
    expect(jumbo.socket.info().sndMss).toBe(8948);

    const modest = hole(9000, 4 * MiB, { mtuProbing: 'always', maxSegment: 4000 }, { mtu: 9000 });
    modest.world.run(60_000);
    expect(modest.whole()).toBe(true);
    expect(modest.socket.info().sndMss).toBe(3988);
  });

  it('is over a link with super-segments what it is elsewhere', () => {
    const h = hole(1500, 2 * MiB, { mtuProbing: 'always' }, { offload: { checksum: true, segmentation: 65_535 } });
    h.limit = Infinity;
    h.world.run(60_000);
    expect(h.whole()).toBe(true);
    expect(h.socket.info().sndMss).toBe(1448);
  });
});
