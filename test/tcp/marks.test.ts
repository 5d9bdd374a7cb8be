import { expect, it } from 'vitest';
import { defaultTcpOptions } from '../../src/tcp/index.ts';
import { Peer, pattern } from '../helpers/endpoint.ts';

const PIECE = 60_000;

for (const sack of [true, false]) {
  it(`finds a loss after more than half the sequence space without one (${sack ? 'with' : 'without'} SACK)`, () => {
    const peer = new Peer({
      options: { ...defaultTcpOptions, timestamps: false, noDelay: true, congestion: 'newreno' },
    });
    peer.tcb.superSegment = 65_535;
    peer.env.trace = null;
    peer.synReceived({ mss: 1000, sackPermitted: sack, windowScale: 8 });
    peer.send('ACK', { seq: 1, ack: 1, window: 65_535 });
    const data = pattern(PIECE);
    let sent = 0;
    let acked = 0;
    const acknowledge = (): void => {
      acked = sent;
      peer.send('ACK', { seq: 1, ack: 1 + acked, window: 65_535 });
    };
    while (sent < 2 ** 31 + PIECE) {
      peer.all.length = 0;
      peer.write(data);
      sent = acked + ((peer.tcb.snd.nxt - peer.tcb.snd.una) | 0);
      acknowledge();
    }
    peer.all.length = 0;
    peer.write(data);
    peer.write(data);
    peer.advance(1);
    if (sack) peer.send('ACK', { seq: 1, ack: 1 + acked, window: 65_535, sack: [[acked + 1001, acked + 10_001]] });
    else for (let i = 0; i < 3; i++) peer.send('ACK', { seq: 1, ack: 1 + acked, window: 65_535 });
    expect(peer.tcb.cc.recovering).toBe(true);
    expect(peer.env.counters.TcpFastRetransmits).toBe(1);
  }, 60_000);
}
