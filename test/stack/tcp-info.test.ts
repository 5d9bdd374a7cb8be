import { describe, expect, it } from 'vitest';
import { World } from '../../src/sim/index.ts';
import { type TcpInfo, tcpInfo } from '../../src/stack/tcp-info.ts';
import { copyTcb } from '../../src/tcp/index.ts';
import { seq } from '../../src/wire/seq.ts';
import { ACK, Segment } from '../../src/wire/tcp.ts';
import { Peer, pattern, type Setup } from '../helpers/endpoint.ts';

const MSS = 1000;

function info(peer: Peer): TcpInfo {
  return tcpInfo(peer.tcb, peer.env.config, peer.now);
}

/** ESTABLISHED at 1100 with a round trip of 100 ms and segments of 1000 octets; nothing sent yet. */
function ready(setup: Setup = {}, sack = true): Peer {
  const peer = new Peer({ ...setup, options: { noDelay: true, ...setup.options } });
  peer.synReceived({ mss: MSS, sackPermitted: sack, windowScale: 7 });
  peer.advance(100);
  peer.send('ACK', { seq: 1, ack: 1, window: 512 });
  return peer.seen();
}

/** The peer acknowledges `ack` octets of text and reports [left, right) of each pair. */
function acknowledge(peer: Peer, ack: number, ...blocks: [number, number][]): void {
  const segment = new Segment();
  segment.seq = seq(peer.irs + 1);
  segment.flags = ACK;
  segment.ack = seq(peer.iss + 1 + ack);
  segment.window = 512;
  segment.sackCount = blocks.length;
  blocks.flat().forEach((edge, i) => {
    segment.sack[i] = seq(peer.iss + 1 + edge);
  });
  peer.endpoint.arrive(segment, peer.now);
}

describe('info()', () => {
  it('tells after the handshake what was agreed on and measured', () => {
    const world = new World({ seed: 1 });
    const a = world.host('a', { tcp: { receiveBuffer: 200_000 } });
    const b = world.host('b');
    world.join(a, b, { forth: { delay: 10 }, back: { delay: 10 } });
    b.tcp.listen({ port: 80 });
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80 });
    expect(socket.info()).toMatchObject({
      state: 'SYN-SENT',
      rtt: -1,
      minRtt: -1,
      rto: 1000,
      unackedBytes: 1,
      unacked: 1,
    });
    world.run(100);
    expect(socket.info()).toEqual({
      state: 'ESTABLISHED',
      caState: 'open',
      retransmits: 0,
      probes: 0,
      backoff: 0,
      options: { timestamps: true, sack: true, wscale: true, ecn: false, ecnSeen: false, synData: false },
      sndWscale: 10,
      rcvWscale: 2,
      deliveryRateAppLimited: false,
      rto: 220,
      ato: 40,
      sndMss: 1448,
      rcvMss: 536,
      unacked: 0,
      sacked: 0,
      lost: 0,
      retrans: 0,
      unackedBytes: 0,
      lastDataSent: 80,
      lastDataRecv: 80,
      lastAckRecv: 80,
      pacingRate: Infinity,
      pmtu: 1500,
      rcvSsthresh: 200_000,
      rtt: 20,
      rttvar: 10,
      minRtt: -1,
      sndSsthresh: Infinity,
      sndCwnd: 14_480,
      sndCwndSegments: 10,
      advmss: 1460,
      reordering: 3,
      rcvSpace: 200_000,
      totalRetrans: 0,
      bytesRetrans: 0,
      bytesSent: 0,
      bytesAcked: 0,
      bytesReceived: 0,
      notsentBytes: 0,
      unreadBytes: 0,
      segsOut: 2,
      segsIn: 1,
      dataSegsOut: 0,
      dataSegsIn: 0,
      deliveryRate: 0,
      busyTime: 0,
      rwndLimited: 0,
      sndbufLimited: 0,
      delivered: 0,
      deliveredCe: 0,
      dsackDups: 0,
      reordSeen: 0,
      rcvOooPack: 0,
      sndWnd: 65_535,
      rcvWnd: 200_000,
    });
    expect(socket.info().options).toEqual({
      timestamps: true,
      sack: true,
      wscale: true,
      ecn: false,
      ecnSeen: false,
      synData: false,
    });
  });

  it('counts what is sent: segments and octets, out, acknowledged, still here', () => {
    const peer = ready();
    expect(info(peer)).toMatchObject({ minRtt: 100, rtt: 100, rttvar: 50, rto: 300, segsIn: 2, segsOut: 1 });
    peer.write(pattern(12_500));
    expect(info(peer)).toMatchObject({ unacked: 10, unackedBytes: 10_000, notsentBytes: 2500, dataSegsOut: 10 });
    expect(info(peer)).toMatchObject({
      bytesSent: 10_000,
      bytesAcked: 0,
      delivered: 0,
      segsOut: 11,
      sndCwndSegments: 10,
    });
    peer.advance(60);
    expect(info(peer)).toMatchObject({ lastDataSent: 60, lastAckRecv: 60 });
    acknowledge(peer, 4000);
    // Four segments have left the network, and slow start adds their octets.
    expect(info(peer)).toMatchObject({ sndCwnd: 14_000, bytesAcked: 4000, delivered: 4, unacked: 9, notsentBytes: 0 });
    expect(info(peer)).toMatchObject({
      dataSegsOut: 13,
      bytesSent: 12_500,
      lastDataSent: 0,
      minRtt: 60,
      dataSegsIn: 0,
    });
    acknowledge(peer, 12_500);
    expect(info(peer)).toMatchObject({ bytesAcked: 12_500, delivered: 13, unacked: 0, segsIn: 4, segsOut: 14 });
  });

  it('counts what comes, and how much of it nobody has read', () => {
    const peer = ready({ options: { receiveBuffer: 60_000 } });
    expect(info(peer)).toMatchObject({ rcvMss: 536, rcvWnd: 60_000, rcvSpace: 60_000 });
    peer.send('ACK', { seq: 1, ack: 1, data: pattern(700) });
    peer.advance(30);
    peer.send('ACK', { seq: 1001, ack: 1, data: pattern(300) });
    peer.advance(25);
    expect(info(peer)).toMatchObject({
      bytesReceived: 700,
      rcvMss: 700,
      dataSegsIn: 2,
      rcvOooPack: 1,
      lastDataRecv: 25,
    });
    peer.send('ACK', { seq: 701, ack: 1, data: pattern(300) });
    peer.advance(9);
    expect(info(peer)).toMatchObject({ bytesReceived: 1300, unreadBytes: 1300, rcvSpace: 58_700, rcvWnd: 58_700 });
    expect(info(peer)).toMatchObject({ segsIn: 5, dataSegsIn: 3, lastDataRecv: 9, lastAckRecv: 9 });
    peer.read();
    expect(info(peer)).toMatchObject({ bytesReceived: 1300, unreadBytes: 0, rcvSpace: 60_000 });
  });

  it('counts text that came on the SYN', () => {
    const peer = new Peer();
    peer.listen();
    peer.send('SYN', { data: 'early' });
    expect(info(peer)).toMatchObject({ bytesReceived: 0, dataSegsIn: 1, segsIn: 1 });
    peer.send('ACK', { seq: 1, ack: 1 });
    expect(info(peer)).toMatchObject({ bytesReceived: 5, dataSegsIn: 1, segsIn: 2 });
  });

  it('says nothing of segments that met the listening port before the SYN', () => {
    const peer = new Peer().listen();
    peer.send('ACK', { seq: 5, ack: 5 });
    peer.send('SYN');
    expect(info(peer)).toMatchObject({ state: 'SYN-RECEIVED', segsIn: 1, segsOut: 1 });
    peer.send('RST', { seq: 1 });
    peer.send('SYN');
    expect(info(peer)).toMatchObject({ state: 'SYN-RECEIVED', segsIn: 1, segsOut: 1 });
  });

  it('follows fast recovery with SACK: disorder, what is lost, what was sent again, open', () => {
    const peer = ready();
    peer.write(pattern(10_000));
    peer.advance(100);
    acknowledge(peer, 1000, [2000, 3000]);
    expect(info(peer)).toMatchObject({ caState: 'disorder', sacked: 1, lost: 0, retrans: 0, delivered: 2 });
    peer.advance(1);
    acknowledge(peer, 1000, [3000, 5000], [2000, 3000]);
    expect(info(peer)).toMatchObject({ caState: 'recovery', sacked: 3, lost: 1, retrans: 1, unacked: 9 });
    expect(info(peer)).toMatchObject({ totalRetrans: 1, bytesRetrans: 1000, bytesSent: 11_000, dataSegsOut: 11 });
    expect(info(peer)).toMatchObject({ delivered: 4, sndSsthresh: 6300, retransmits: 0 });
    peer.advance(50);
    acknowledge(peer, 10_000);
    expect(info(peer)).toMatchObject({ caState: 'open', sacked: 0, retrans: 0, delivered: 10, totalRetrans: 1 });
  });

  it('takes back what was sent again once it is SACKed, or lost again', () => {
    const peer = ready();
    peer.write(pattern(10_000));
    peer.advance(100);
    for (const right of [6000, 8000, 10_000]) acknowledge(peer, 0, [3000, right]);
    expect(info(peer)).toMatchObject({ retrans: 3, lost: 3, sacked: 7, totalRetrans: 3 });
    peer.advance(50);
    acknowledge(peer, 0, [1000, 2000], [3000, 10_000]);
    expect(info(peer)).toMatchObject({ retrans: 2, sacked: 8 });
    acknowledge(peer, 500, [1000, 2000], [3000, 10_000]);
    expect(info(peer)).toMatchObject({ retrans: 2, unackedBytes: 9500 });
    const { totalRetrans } = info(peer);
    peer.until(peer.tcb.timers.retransmission - 1);
    expect(info(peer)).toMatchObject({ retrans: 2, totalRetrans });
    peer.advance(1);
    expect(info(peer)).toMatchObject({ retrans: 1, totalRetrans: totalRetrans + 1, retransmits: 1 });
    expect(info(peer).lost).toBeGreaterThan(0);
  });

  for (const sack of [true, false]) {
    it(`follows a time-out ${sack ? 'with' : 'without'} SACK: loss, back-off, then open`, () => {
      const peer = ready({}, sack);
      peer.write(pattern(4000));
      while (peer.tcb.rtt.backoff === 0) peer.until(peer.tcb.timers.retransmission);
      expect(info(peer)).toMatchObject({ caState: 'loss', retransmits: 1, backoff: 1, retrans: 1, sndCwndSegments: 1 });
      peer.until(peer.tcb.timers.retransmission);
      expect(info(peer)).toMatchObject({ caState: 'loss', retransmits: 2, backoff: 2 });
      const { totalRetrans } = info(peer);
      expect(totalRetrans).toBe(sack ? 3 : 2); // a tail loss probe is one
      acknowledge(peer, 1000);
      expect(info(peer)).toMatchObject({ caState: 'loss', backoff: 0, retransmits: 0 });
      peer.advance(1);
      acknowledge(peer, 4000);
      expect(info(peer)).toMatchObject({ caState: 'open', retrans: 0, unacked: 0, bytesAcked: 4000, delivered: 4 });
    });
  }

  it('counts duplicate ACKs as disorder without SACK, and the segment sent again', () => {
    const peer = ready({}, false);
    peer.write(pattern(6000));
    acknowledge(peer, 0);
    expect(info(peer)).toMatchObject({ caState: 'disorder', retrans: 0 });
    acknowledge(peer, 0);
    acknowledge(peer, 0);
    expect(info(peer)).toMatchObject({ caState: 'recovery', retrans: 1, totalRetrans: 1, bytesRetrans: 1000 });
    acknowledge(peer, 6000);
    expect(info(peer)).toMatchObject({ caState: 'open', retrans: 0, delivered: 6 });
  });

  it('counts a SYN and a FIN sent again, without text', () => {
    const peer = new Peer().synSent();
    peer.advance(1000);
    expect(info(peer)).toMatchObject({ totalRetrans: 1, bytesRetrans: 0, segsOut: 2, retransmits: 1, backoff: 1 });
    const closing = ready({}, false);
    closing.close();
    closing.until(closing.tcb.timers.retransmission);
    expect(info(closing)).toMatchObject({ totalRetrans: 1, bytesRetrans: 0, delivered: 0, unacked: 1 });
    acknowledge(closing, 1);
    expect(info(closing)).toMatchObject({ state: 'FIN-WAIT-2', delivered: 0, bytesAcked: 0, unacked: 0 });
  });

  it('counts D-SACKs and reordering', () => {
    const peer = ready();
    peer.write(pattern(3000));
    peer.advance(50);
    acknowledge(peer, 1000, [0, 1000]);
    expect(info(peer)).toMatchObject({ dsackDups: 1, reordSeen: 0 });
    acknowledge(peer, 1000, [2000, 3000]);
    acknowledge(peer, 3000);
    expect(info(peer)).toMatchObject({ dsackDups: 1, reordSeen: 1 });
  });

  it('counts window probes and keep-alives that nothing has answered', () => {
    const peer = ready();
    peer.send('ACK', { seq: 1, ack: 1, window: 0 });
    peer.write(pattern(100));
    peer.until(peer.tcb.timers.persist);
    peer.until(peer.tcb.timers.persist);
    expect(info(peer)).toMatchObject({ probes: 2, backoff: 2, retransmits: 0, caState: 'loss' });
    expect(info(peer)).toMatchObject({ dataSegsOut: 2, totalRetrans: 1, bytesSent: 2 });

    const idle = ready({ options: { keepAlive: true, keepAliveIdle: 5000, keepAliveInterval: 1000 } });
    idle.advance(6500);
    expect(info(idle)).toMatchObject({ probes: 2, backoff: 0, segsOut: 3, dataSegsOut: 0, lastAckRecv: 6500 });
    acknowledge(idle, 0);
    expect(info(idle)).toMatchObject({ probes: 0 });
  });

  it('tells what sending waited for: the network, the window of the peer, our own buffer', () => {
    const peer = ready({ options: { sendBuffer: 8000 } });
    peer.advance(500);
    expect(info(peer)).toMatchObject({ busyTime: 0 });
    peer.write(pattern(2000));
    peer.advance(30);
    expect(info(peer)).toMatchObject({ busyTime: 30, rwndLimited: 0, sndbufLimited: 0 });
    acknowledge(peer, 2000);
    peer.advance(500);
    expect(info(peer)).toMatchObject({ busyTime: 30 });

    // All that finds room in the buffer is sent, and the user has more.
    peer.write(pattern(10_000));
    peer.advance(40);
    expect(info(peer)).toMatchObject({ busyTime: 70, rwndLimited: 0, sndbufLimited: 40 });
    acknowledge(peer, 10_000);
    peer.advance(500);
    expect(info(peer)).toMatchObject({ busyTime: 70, sndbufLimited: 40, rwndLimited: 0 });

    peer.send('ACK', { seq: 1, ack: 10_001, window: 10 }); // 1280 octets
    peer.write(pattern(3000));
    peer.advance(20);
    expect(info(peer)).toMatchObject({ busyTime: 90, sndbufLimited: 40, rwndLimited: 20 });
    peer.send('ACK', { seq: 1, ack: 11_001, window: 512 });
    peer.advance(5);
    expect(info(peer)).toMatchObject({ busyTime: 95, rwndLimited: 20 });
    peer.abort();
    peer.advance(100);
    expect(info(peer)).toMatchObject({ state: 'CLOSED', busyTime: 95, rwndLimited: 20, sndbufLimited: 40 });
  });

  it('does not blame the window of the peer for what the congestion window holds back', () => {
    const peer = ready();
    peer.write(pattern(40_000));
    peer.advance(70);
    expect(info(peer)).toMatchObject({ busyTime: 70, rwndLimited: 0, sndbufLimited: 0, notsentBytes: 30_000 });
  });

  it('measures the delivery rate over a round trip, and knows when the application was the limit', () => {
    const peer = ready();
    peer.write(pattern(60_000));
    peer.advance(100);
    acknowledge(peer, 10_000);
    expect(info(peer)).toMatchObject({ deliveryRate: 100_000, deliveryRateAppLimited: false });
    peer.advance(50);
    acknowledge(peer, 20_000);
    expect(info(peer).deliveryRate).toBe(100_000); // half a round trip says nothing yet
    peer.advance(50);
    acknowledge(peer, 30_000);
    expect(info(peer)).toMatchObject({ deliveryRate: 200_000, deliveryRateAppLimited: false });
    peer.advance(100);
    acknowledge(peer, 60_000);
    expect(info(peer)).toMatchObject({ deliveryRate: 300_000, deliveryRateAppLimited: true });
    // Little asked for, little delivered: no news of the path.
    peer.write(pattern(1000));
    peer.advance(100);
    acknowledge(peer, 61_000);
    expect(info(peer)).toMatchObject({ deliveryRate: 300_000, deliveryRateAppLimited: true });
    // Unless it is more than was known.
    peer.write(pattern(10_000));
    peer.advance(2);
    acknowledge(peer, 71_000);
    expect(info(peer)).toMatchObject({ deliveryRate: 5_000_000, deliveryRateAppLimited: true });
  });

  it('tells of a window that was reduced for a mark, for a round trip', () => {
    const peer = new Peer({ options: { noDelay: true, congestion: 'newreno' } });
    peer.listen();
    peer.send('SYN,ECE,CWR', { mss: MSS });
    peer.send('ACK', { seq: 1, ack: 1 });
    peer.write(pattern(8000));
    expect(info(peer)).toMatchObject({ caState: 'open', deliveredCe: 0 });
    peer.send('ACK,ECE', { seq: 1, ack: 1001 });
    expect(info(peer)).toMatchObject({ caState: 'cwr', deliveredCe: 1 });
    peer.send('ACK', { seq: 1, ack: 7001 });
    expect(info(peer).caState).toBe('cwr');
    peer.send('ACK', { seq: 1, ack: 8001 });
    expect(info(peer)).toMatchObject({ caState: 'open', deliveredCe: 1 });
  });

  it('tells of text that the SYN carried', () => {
    const world = new World({ seed: 1 });
    const a = world.host('a', { tcp: { fastOpen: true } });
    const b = world.host('b', { tcp: { fastOpen: true } });
    world.join(a, b);
    b.tcp.listen({ port: 80, fastOpen: true });
    const carried = [1, 2].map(() => {
      const socket = a.tcp.connect({ address: '10.0.0.2', port: 80 });
      socket.write(pattern(10));
      world.run(world.now + 1000);
      return socket.info().options.synData;
    });
    expect(carried).toEqual([false, true]);
  });

  it('counts the segments of a super-segment', () => {
    const peer = ready();
    peer.tcb.superSegment = 65_535;
    peer.write(pattern(9500));
    expect(peer.sent().length).toBe(2);
    expect(info(peer)).toMatchObject({ dataSegsOut: 10, segsOut: 11, unacked: 10 });
    const segment = new Segment();
    segment.seq = seq(peer.irs + 1);
    segment.flags = ACK;
    segment.ack = seq(peer.iss + 9501);
    segment.data = pattern(4500);
    segment.dataLength = 4500;
    segment.segmentSize = 1000;
    peer.endpoint.arrive(segment, peer.now);
    expect(info(peer)).toMatchObject({ dataSegsIn: 5, segsIn: 7, bytesReceived: 4500, rcvMss: 1000 });
  });

  it('is copied with the connection', () => {
    const peer = ready();
    peer.write(pattern(20_000));
    peer.advance(100);
    acknowledge(peer, 0, [3000, 6000]);
    const copy = copyTcb(peer.tcb, peer.env.buffers);
    const before = tcpInfo(copy, peer.env.config, peer.now);
    expect(before).toEqual(info(peer));
    peer.advance(100);
    acknowledge(peer, 10_000);
    acknowledge(peer, 10_000, [3000, 4000]);
    expect(info(peer)).not.toEqual(before);
    expect(tcpInfo(copy, peer.env.config, peer.now - 100)).toEqual(before);
  });
});
