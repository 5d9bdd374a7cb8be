import { describe, expect, it } from 'vitest';
import { World } from '../../src/sim/world.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { Peer, pattern } from '../helpers/endpoint.ts';

const MSS = 1000;

/** Established after a round trip of 100 ms, in congestion avoidance with a window of 60 segments. */
function sending(pacing: boolean): Peer {
  const peer = new Peer({ options: { noDelay: true, pacing } });
  peer.synReceived({ mss: MSS, sackPermitted: true }).advance(100);
  peer.send('ACK', { seq: 1, ack: 1 });
  peer.tcb.cc.cwnd = 60 * MSS;
  peer.tcb.cc.ssthresh = 50 * MSS;
  return peer.seen();
}

describe('pacing', () => {
  it('spreads the window over five sixths of a round trip, two segments at once', () => {
    const peer = sending(true);
    const began = peer.now;
    peer.write(pattern(100 * MSS));
    expect(peer.sent().length).toBe(2);
    peer.until(began + 40);
    // 1.2 x 60 segments in 100 ms.
    expect(Math.abs(peer.all.length - 1 - (2 + 0.72 * 40))).toBeLessThan(3);
    peer.until(began + 90);
    expect(peer.all.length - 1).toBe(60);
    const times = new Map<number, number>();
    for (const { time, segment } of peer.all) if (segment.dataLength > 0) times.set(time, (times.get(time) ?? 0) + 1);
    expect(Math.max(...times.values())).toBe(2);
  });

  it('does nothing where it is off, which it is by default', () => {
    const peer = sending(false);
    peer.write(pattern(100 * MSS));
    expect(peer.sent().length).toBe(60);
    expect(new Peer().tcb.options.pacing).toBe(false);
  });

  it('keeps small writes of an idle connection waiting for nothing', () => {
    const peer = sending(true);
    peer.write('a');
    peer.write('b');
    expect(peer.sent().length).toBe(2);
  });

  it('keeps a burst after a pause out of a short queue', () => {
    const dropped = (pacing: boolean): number => {
      let drops = 0;
      const trace = (event: TraceEvent): void => {
        if (event.type === 'packet-dropped') drops++;
      };
      const world = new World({ seed: 3, trace });
      const a = world.host('a', { tcp: { pacing } });
      const b = world.host('b');
      const wire = world.join(a, b, { forth: { delay: 50, rate: 100e6, queuePackets: 1000 }, back: { delay: 50 } });
      let got = 0;
      const scratch = new Uint8Array(65_536);
      const onReadable = (socket: { read(into: Uint8Array): number }): void => {
        for (let n = socket.read(scratch); n > 0; n = socket.read(scratch)) got += n;
      };
      b.tcp.listen({ port: 9, onConnection: (socket) => (socket.handler = { onReadable }) });
      const socket = a.tcp.connect({ address: '10.0.0.2', port: 9 });
      world.run(200);
      expect(socket.write(pattern(400_000))).toBe(400_000);
      expect(world.runUntil(() => got === 400_000, 5000)).toBe(true);
      world.run(world.now + 60); // everything is acknowledged, and the window is still good
      wire.link.set('send', { queuePackets: 20 });
      expect(socket.write(pattern(150_000))).toBe(150_000);
      expect(world.runUntil(() => got === 550_000, 20_000)).toBe(true);
      return drops;
    };
    expect(dropped(false)).toBeGreaterThan(20);
    expect(dropped(true)).toBe(0);
  });
});
