import { describe, expect, it } from 'vitest';
import { World } from '../../src/sim/world.ts';
import { Peer, pattern, type Setup } from '../helpers/endpoint.ts';

const MSS = 1000;
const ECT0 = 2;
const CE = 3;

/** Established from a SYN that asks for ECN. */
function agreed(setup: Setup = {}): Peer {
  const peer = new Peer({ ...setup, options: { noDelay: true, congestion: 'newreno', ...setup.options } });
  peer.listen();
  peer.send('SYN,ECE,CWR', { mss: MSS });
  peer.send('ACK', { seq: 1, ack: 1 });
  return peer.seen();
}

/** The ECN fields of what was sent lately, e.g. ['2', '0']. */
function fields(peer: Peer, from: number): number[] {
  return peer.all.slice(from).map(({ segment }) => segment.ecn);
}

describe('ECN (RFC 3168): the agreement', () => {
  it('is offered by both flags in a SYN, only where asked for', () => {
    expect(new Peer({ options: { ecn: 'request' } }).synSent().all[0]!.segment.flags).toBe(0xc2);
    expect(new Peer({ options: { ecn: 'accept' } }).synSent().all[0]!.segment.flags).toBe(0x02);
  });

  it('is accepted by ECE in the SYN,ACK, unless it is off', () => {
    const answer = (ecn: 'off' | 'accept' | 'request', flags: string): string[] => {
      const peer = new Peer({ options: { ecn } }).listen();
      return peer.send(flags, { mss: MSS }).sent();
    };
    expect(answer('accept', 'SYN,ECE,CWR')).toEqual(['SYN,ACK,ECE 0 ack 1']);
    expect(answer('request', 'SYN,ECE,CWR')).toEqual(['SYN,ACK,ECE 0 ack 1']);
    expect(answer('off', 'SYN,ECE,CWR')).toEqual(['SYN,ACK 0 ack 1']);
    expect(answer('accept', 'SYN,ECE')).toEqual(['SYN,ACK 0 ack 1']);
    expect(answer('accept', 'SYN,CWR')).toEqual(['SYN,ACK 0 ack 1']);
    expect(answer('accept', 'SYN')).toEqual(['SYN,ACK 0 ack 1']);
  });

  it('holds only if the SYN,ACK says ECE and not CWR: a peer that mirrors our flags has not understood', () => {
    const opened = (flags: string): boolean => {
      const peer = new Peer({ options: { ecn: 'request' } }).synSent();
      peer.send(flags, { ack: 1, mss: MSS });
      return peer.tcb.ecn !== null;
    };
    expect(opened('SYN,ACK,ECE')).toBe(true);
    expect(opened('SYN,ACK,ECE,CWR')).toBe(false);
    expect(opened('SYN,ACK,CWR')).toBe(false);
    expect(opened('SYN,ACK')).toBe(false);
  });

  it('is given up where the SYN has to be repeated, from either side', () => {
    const active = new Peer({ options: { ecn: 'request' } }).synSent().advance(1000);
    expect(active.sent()).toEqual(['SYN 0']);
    active.send('SYN,ACK,ECE', { ack: 1, mss: MSS });
    expect(active.tcb.ecn).toBe(null);

    const passive = new Peer().listen();
    expect(passive.send('SYN,ECE,CWR', { mss: MSS }).sent()).toEqual(['SYN,ACK,ECE 0 ack 1']);
    expect(passive.send('SYN', { mss: MSS }).sent()).toEqual(['SYN,ACK 0 ack 1']);
    passive.send('ACK', { seq: 1, ack: 1 });
    expect(passive.tcb.ecn).toBe(null);
  });
});

describe('ECN: what may be marked', () => {
  it('is new text, and neither SYNs, nor ACKs, nor FINs, nor what is sent again', () => {
    const peer = agreed();
    expect(fields(peer, 0)).toEqual([0]);
    peer.write(pattern(2 * MSS));
    expect(fields(peer, 1)).toEqual([ECT0, ECT0]);
    peer.advance(1000);
    peer
      .send('', { seq: 1 })
      .send('ACK', { seq: 1, ack: 1 + MSS, data: 'ab' })
      .advance(100);
    peer.send('ACK', { seq: 3, ack: 1 + 2 * MSS });
    peer.close();
    const later = peer.all.slice(3);
    expect(later.length).toBeGreaterThan(2);
    expect(later.map(({ segment }) => segment.ecn)).toEqual(later.map(() => 0));
  });

  it('is nothing where it was not agreed on', () => {
    const peer = new Peer().established({ mss: MSS });
    peer.write(pattern(MSS));
    expect(fields(peer, 0)).toEqual([0, 0]);
  });

  it('is not a window probe (6.1.6)', () => {
    const peer = agreed();
    peer.send('ACK', { seq: 1, ack: 1, window: 0 });
    peer.write('text');
    peer.advance(5000);
    expect(peer.all.length).toBeGreaterThan(2);
    expect(fields(peer, 1).every((ecn) => ecn === 0)).toBe(true);
  });
});

describe('ECN: the receiver', () => {
  it('acknowledges a mark at once and echoes it on every ACK until CWR comes', () => {
    const peer = agreed();
    peer.send('ACK', { seq: 1, ack: 1, data: 'a', ecn: CE });
    expect(peer.sent()).toEqual(['ACK,ECE 1 ack 2']);
    peer.send('ACK', { seq: 2, ack: 1, data: 'b', ecn: ECT0 }).advance(100);
    expect(peer.sent()).toEqual(['ACK,ECE 1 ack 3']);
    peer.write('x');
    expect(peer.sent()).toEqual(['PSH,ACK,ECE 1+1 ack 3']);
    peer.send('CWR,ACK', { seq: 3, ack: 2, data: 'c', ecn: ECT0 }).advance(100);
    expect(peer.sent()).toEqual(['ACK 2 ack 4']);
  });

  it('goes on echoing when the segment with CWR is itself marked', () => {
    const peer = agreed();
    peer.send('ACK', { seq: 1, ack: 1, data: 'a', ecn: CE }).seen();
    peer.send('CWR,ACK', { seq: 2, ack: 1, data: 'b', ecn: CE }).advance(100);
    expect(peer.sent()).toEqual(['ACK,ECE 1 ack 3']);
  });

  it('ignores marks outside of the window, on ACKs, and where ECN was not agreed on', () => {
    const peer = agreed();
    peer.send('ACK', { seq: 100_000, ack: 1, data: 'a', ecn: CE }).seen();
    peer.send('ACK', { seq: 1, ack: 1, ecn: CE });
    peer.send('ACK', { seq: 1, ack: 1, data: 'a', ecn: ECT0 }).advance(100);
    expect(peer.sent()).toEqual(['ACK 1 ack 2']);
    expect(peer.tcb.ecn!.marks).toBe(0);
    const other = new Peer().established({ mss: MSS });
    other.send('ACK', { seq: 1, ack: 1, data: 'a', ecn: CE }).advance(100);
    expect(other.sent()).toEqual(['ACK 1 ack 2']);
  });
});

describe('ECN: the sender', () => {
  it('reduces its window to 0.8 once a round trip, loses nothing, and says CWR on the next new text', () => {
    const peer = agreed();
    peer.write(pattern(30 * MSS));
    expect(peer.tcb.cc.cwnd).toBe(10 * MSS);
    peer.seen();
    peer.send('ACK,ECE', { seq: 1, ack: 1 + MSS });
    expect(peer.tcb.cc.cwnd).toBe(8 * MSS);
    peer.send('ACK,ECE', { seq: 1, ack: 1 + 2 * MSS });
    peer.send('ACK,ECE', { seq: 1, ack: 1 + 4 * MSS });
    expect(peer.tcb.cc.cwnd).toBe(8 * MSS);
    expect(peer.sent().slice(0, 2)).toEqual(['ACK,CWR 10001+1000 ack 1', 'ACK 11001+1000 ack 1']);
    expect(peer.env.counters.TcpRetransSegs).toBe(0);
    // What the peer said before it heard of CWR, up to the last ACK of the round trip, is still about the same mark.
    peer.send('ACK,ECE', { seq: 1, ack: 1 + 10 * MSS });
    expect(peer.tcb.cc.cwnd).toBe(8 * MSS);
    // After CWR has arrived it is news again.
    peer.send('ACK,ECE', { seq: 1, ack: 1 + 11 * MSS });
    expect(peer.tcb.cc.cwnd).toBe(6400);
    expect(peer.env.counters.TcpEcnReductions).toBe(2);
  });

  it('does not grow by an ACK that echoes a mark', () => {
    const peer = agreed();
    peer.write(pattern(60 * MSS));
    peer.send('ACK,ECE', { seq: 1, ack: 1 + 5 * MSS });
    const { cwnd } = peer.tcb.cc;
    peer.tcb.cc.ssthresh = 100 * MSS;
    peer.send('ACK,ECE', { seq: 1, ack: 1 + 9 * MSS });
    expect(peer.tcb.cc.cwnd).toBe(cwnd);
    peer.send('ACK', { seq: 1, ack: 1 + 10 * MSS });
    expect(peer.tcb.cc.cwnd).toBeGreaterThan(cwnd);
  });

  it('survives a flood of echoes: nothing outstanding, nothing reduced; never below one segment', () => {
    const peer = agreed();
    for (let i = 0; i < 1000; i++) peer.send('ACK,ECE', { seq: 1, ack: 1 });
    expect(peer.tcb.cc.cwnd).toBe(10 * MSS);
    expect(peer.tcb.cc.ssthresh).toBe(Infinity);
    expect(peer.env.counters.TcpEcnEchoes).toBe(1000);

    peer.write(pattern(200 * MSS));
    for (let i = 0; i < 60; i++) {
      peer.advance(100);
      peer.send('ACK,ECE', { seq: 1, ack: (peer.tcb.snd.nxt - peer.iss) | 0 });
      expect(peer.tcb.cc.cwnd).toBeGreaterThanOrEqual(MSS);
      expect(peer.tcb.cc.ssthresh).toBeGreaterThanOrEqual(2 * MSS);
    }
    expect(peer.tcb.cc.cwnd).toBe(MSS);
  });

  it('with a window of one segment sends the next only when a time-out has passed (6.1.2)', () => {
    const peer = agreed();
    peer.write(pattern(20 * MSS));
    peer.tcb.cc.cwnd = MSS;
    peer.seen().advance(50);
    peer.send('ACK,ECE', { seq: 1, ack: 1 + 10 * MSS });
    expect(peer.sent()).toEqual([]);
    const { rto } = peer.tcb.rtt;
    peer.advance(rto - 1);
    expect(peer.sent()).toEqual([]);
    peer.advance(1);
    expect(peer.sent()).toEqual(['ACK,CWR 10001+1000 ack 1']);
  });

  it('does not reduce twice for a loss and a mark of the same round trip', () => {
    const peer = agreed();
    peer.write(pattern(40 * MSS));
    for (let i = 0; i < 3; i++) peer.send('ACK', { seq: 1, ack: 1 });
    const { ssthresh } = peer.tcb.cc;
    expect(ssthresh).toBe(5 * MSS);
    peer.send('ACK,ECE', { seq: 1, ack: 1 });
    expect(peer.tcb.cc.ssthresh).toBe(ssthresh);
  });

  it('ignores ECE where it was not agreed on', () => {
    const peer = new Peer().established({ mss: MSS });
    peer.write(pattern(10 * MSS));
    peer.send('ACK,ECE', { seq: 1, ack: 1 + MSS });
    expect(peer.tcb.cc.ssthresh).toBe(Infinity);
    expect(peer.env.counters.TcpEcnEchoes).toBe(0);
  });
});

describe('ECN between two hosts', () => {
  it('slows a sender down without a loss where a router marks, and takes no harm where one bleaches', () => {
    for (const mark of [CE, 0]) {
      const world = new World({ seed: 7 });
      const client = world.host('client', { tcp: { ecn: 'request' } });
      const server = world.host('server');
      const wire = world.join(client, server, {
        forth: { delay: 10, rate: 20e6, queuePackets: 1000 },
        back: { delay: 10 },
      });
      let packets = 0;
      // A predicate that drops nothing, and marks or bleaches.
      wire.link.drop((packet) => {
        const { buf, off } = packet;
        if (buf[off]! >> 4 !== 4 || (buf[off + 1]! & 3) === 0) return false;
        if (mark === CE && ++packets % 200 !== 0) return false;
        // Of an IPv4 header: the ECN field, and the checksum with it.
        const before = (buf[off]! << 8) | buf[off + 1]!;
        buf[off + 1] = (buf[off + 1]! & ~3) | mark;
        let sum = ((buf[off + 10]! << 8) | buf[off + 11]!) + before - ((buf[off]! << 8) | buf[off + 1]!);
        sum = (sum & 0xffff) + (sum >> 16);
        buf[off + 10] = (sum >> 8) & 0xff;
        buf[off + 11] = sum & 0xff;
        return false;
      });
      let got = 0;
      const scratch = new Uint8Array(65_536);
      const drain = (socket: { read(into: Uint8Array): number }): void => {
        for (let n = socket.read(scratch); n > 0; n = socket.read(scratch)) got += n;
      };
      server.tcp.listen({ port: 9, onConnection: (socket) => (socket.handler = { onReadable: drain }) });
      const socket = client.tcp.connect({ address: '10.0.0.2', port: 9, handler: {} });
      const text = pattern(400_000);
      world.run(100);
      expect(socket.write(text)).toBe(text.length);
      world.run(10_000);
      expect(got).toBe(text.length);
      expect(socket.info().options.ecn).toBe(true);
      expect(client.mib.tcp.TcpRetransSegs).toBe(0);
      if (mark === CE) expect(client.mib.tcp.TcpEcnReductions).toBeGreaterThan(0);
      else expect(client.mib.tcp.TcpEcnEchoes).toBe(0);
    }
  });
});
