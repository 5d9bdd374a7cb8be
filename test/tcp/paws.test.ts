import { describe, expect, it } from 'vitest';
import { Peer } from '../helpers/endpoint.ts';

/** Established with timestamps; the peer's clock stands at 1000. */
function established(): Peer {
  const peer = new Peer({ options: { timestamps: true } });
  peer.synReceived({ tsVal: 1000, sackPermitted: true });
  peer.send('ACK', { seq: 1, ack: 1, tsVal: 1000, tsEcr: 1000 });
  return peer.seen();
}

function text(peer: Peer, seq: number, data: string, tsVal: number): void {
  peer.send('ACK', { seq, ack: 1, data, tsVal, tsEcr: 1000 });
}

describe('PAWS while a gap is open', () => {
  it('takes late text that was first sent before the retransmission that overtook it', () => {
    const peer = established();
    text(peer, 3, 'c', 1030); // 1 and 2 are missing
    text(peer, 1, 'a', 1200); // sent again
    text(peer, 5, 'e', 1050);
    text(peer, 4, 'd', 1040); // merely late
    text(peer, 2, 'b', 1020); // so is this
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(0);
    expect(peer.read()).toBe('abcde');
  });

  it('still drops what is older than anything that can be missing', () => {
    const peer = established();
    text(peer, 1, 'ab', 1020);
    text(peer, 5, 'e', 1050);
    text(peer, 3, 'X', 1019);
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(1);
    text(peer, 3, 'c', 1020);
    expect(peer.read()).toBe('abc');
  });

  it('raises the bound as the gap moves on', () => {
    const peer = established();
    text(peer, 3, 'c', 1030);
    text(peer, 5, 'e', 1050);
    text(peer, 1, 'ab', 1200); // now 4 is missing, which came after c
    text(peer, 4, 'X', 1029);
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(1);
    // Beyond 7 nothing is older than 1300.
    text(peer, 7, 'g', 1300);
    text(peer, 9, 'i', 1310);
    text(peer, 4, 'd', 1400);
    text(peer, 6, 'f', 1290);
    text(peer, 8, 'X', 1299);
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(2);
    expect(peer.read()).toBe('abcdefg');
  });

  it('is as strict as ever without a gap', () => {
    const peer = established();
    text(peer, 1, 'a', 1010);
    text(peer, 3, 'c', 1030);
    text(peer, 2, 'b', 1100);
    text(peer, 4, 'X', 1099);
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(1);
    expect(peer.read()).toBe('abc');
  });
});

describe('TS.Recent', () => {
  it('is not set by a segment whose ACK is not believed', () => {
    const peer = established();
    peer.send('ACK', { seq: 1, ack: 9999, data: 'X', tsVal: 200_000, tsEcr: 1000 });
    text(peer, 1, 'a', 1010);
    expect(peer.env.counters.TcpExtPAWSEstab).toBe(0);
    expect(peer.read()).toBe('a');
    expect(peer.tcb.ts.recent).toBe(1010);
  });
});

describe('a segment without the timestamps that were agreed on', () => {
  it('is dropped, or taken where the host says so', () => {
    for (const requireTimestamps of [true, false]) {
      const peer = new Peer({ options: { timestamps: true }, config: { requireTimestamps } });
      peer.synReceived({ tsVal: 1000 });
      peer.send('ACK', { seq: 1, ack: 1, tsVal: 1000, tsEcr: 1000 });
      peer.send('ACK', { seq: 1, ack: 1, data: 'a' });
      expect(peer.read()).toBe(requireTimestamps ? '' : 'a');
      expect(peer.env.counters.TcpMissingTimestamp).toBe(requireTimestamps ? 1 : 0);
    }
  });
});

describe('the reset that ends a connection', () => {
  it('carries the timestamp of its moment and the one it has heard last (RFC 7323 3.2)', () => {
    const peer = established();
    text(peer, 1, 'a', 1010);
    peer.now += 1000;
    peer.abort();
    const reset = peer.all.at(-1)!.segment;
    const before = peer.all[0]!.segment;
    expect([reset.tsVal - before.tsVal, reset.tsEcr]).toEqual([1000, 1010]);
  });

  it('without agreed timestamps carries none', () => {
    const peer = new Peer().established();
    peer.abort();
    expect(peer.all.at(-1)!.segment.timestamps).toBe(false);
  });
});
