import { describe, expect, it } from 'vitest';
import { World } from '../../src/sim/index.ts';
import { Peer, pattern, type Setup } from '../helpers/endpoint.ts';

const MINUTE = 60_000;
const MINUTES = 0x8000;

/** What the endpoint has said of its user timeout so far: `flags=field`. */
function told(peer: Peer): string[] {
  return peer.all
    .filter(({ segment }) => segment.userTimeout >= 0)
    .map(({ segment }) => `${segment.flags & 2 ? 'SYN' : 'ACK'}=${segment.userTimeout}`);
}

function using(setup: Setup = {}): Peer {
  return new Peer({ ...setup, options: { userTimeoutOption: true, ...setup.options } });
}

/** How long text written now stays unacknowledged before the connection is given up, ms. */
function patience(peer: Peer): number {
  const since = peer.now;
  peer.write('x');
  while (peer.state === 'ESTABLISHED') peer.until(peer.endpoint.nextDeadline());
  expect(peer.tcb.failure).toBe('timed-out');
  return peer.now - since;
}

describe('the User Timeout option (RFC 5482)', () => {
  it('is on SYN and SYN,ACK, and on the first segment without SYN', () => {
    const passive = using().established();
    expect(told(passive)).toEqual(['SYN=900', 'ACK=900']);
    const active = using().synSent();
    active.advance(1000); // the SYN again
    active.send('SYN,ACK', { ack: 1 });
    expect(told(active)).toEqual(['SYN=900', 'SYN=900', 'ACK=900']);
    active.write('text');
    expect(told(active).length).toBe(3);
  });

  it('is off unless it is asked for: nothing is said, nothing is heard', () => {
    const peer = new Peer();
    peer.synReceived({ userTimeout: 1000 });
    peer.send('ACK', { seq: 1, ack: 1, userTimeout: 1000 });
    expect(told(peer)).toEqual([]);
    expect(peer.tcb.uto).toBe(null);
    expect(patience(peer)).toBe(900_000);
  });

  it('says seconds, and minutes where those do not fit; never the reserved zero', () => {
    const said = (ms: number): string | undefined => told(using({ options: { userTimeoutOption: ms } }).synSent())[0];
    expect(said(1)).toBe('SYN=1');
    expect(said(1000)).toBe('SYN=1');
    expect(said(1001)).toBe('SYN=2');
    expect(said(32_767_000)).toBe('SYN=32767');
    expect(said(32_768_000)).toBe(`SYN=${MINUTES | 547}`);
    expect(said(32_767 * MINUTE)).toBe(`SYN=${0xffff}`);
    expect(said(Infinity)).toBe(`SYN=${0xffff}`);
  });

  it('says the timeout that the user has set', () => {
    const peer = using({ options: { userTimeout: 30_000 } }).synSent();
    expect(told(peer)).toEqual(['SYN=30']);
  });

  it('waits for a segment that it fits on, and makes one if there is none', () => {
    const peer = using({ options: { noDelay: true } });
    peer.synReceived({ mss: 1000 });
    peer.seen();
    peer.write(pattern(2500));
    peer.send('ACK', { seq: 1, ack: 1 });
    const sizes = peer.all.filter(({ segment }) => segment.userTimeout >= 0).map(({ text }) => text.length);
    expect(sizes).toEqual([0, 500]);
    for (const { segment, text } of peer.all)
      expect(text.length + (segment.userTimeout >= 0 ? 4 : 0)).toBeLessThanOrEqual(1000);
    const other = using();
    other.synReceived({ mss: 1000 });
    other.write(pattern(2000));
    other.send('ACK', { seq: 1, ack: 1 });
    expect(told(other)).toEqual(['SYN=900', 'ACK=900']);
    expect(other.sent().at(-1)).toBe('ACK 2001 ack 1');
  });

  it('is said again when the user sets another timeout', () => {
    const world = new World({ seed: 1 });
    const a = world.host('a', { tcp: { userTimeoutOption: true } });
    const b = world.host('b', { tcp: { userTimeoutOption: true } });
    world.join(a, b);
    const listener = b.tcp.listen({ port: 80 });
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80 });
    world.run(10);
    const accepted = listener.accept()!;
    expect([socket.peerUserTimeout, accepted.peerUserTimeout]).toEqual([900_000, 900_000]);
    socket.setUserTimeout(120_000);
    world.run(20);
    expect(accepted.peerUserTimeout).toBe(120_000);
    expect(socket.peerUserTimeout).toBe(900_000);
    const { TcpOutSegs } = a.tcp.counters;
    socket.write(pattern(10));
    world.run(30);
    expect(a.tcp.counters.TcpOutSegs).toBe(TcpOutSegs + 1);
  });

  it('is adopted where the user has set no timeout: the larger of both values', () => {
    for (const [field, expected] of [
      [1800, 1_800_000],
      [MINUTES | 30, 1_800_000],
      [600, 900_000],
    ] as const) {
      const peer = using().established();
      peer.send('ACK', { seq: 1, ack: 1, userTimeout: field });
      expect(patience(peer)).toBe(expected);
    }
    const onSyn = using().established({ userTimeout: 1000 });
    expect(patience(onSyn)).toBe(1_000_000);
  });

  it('is adopted within limits: 100 s, and an hour whatever the peer says', () => {
    const small = using({ options: { userTimeoutOption: 1000 } }).established();
    small.send('ACK', { seq: 1, ack: 1, userTimeout: 2 });
    expect(patience(small)).toBe(100_000);
    const large = using().established();
    large.send('ACK', { seq: 1, ack: 1, userTimeout: 0xffff });
    expect(patience(large)).toBe(3_600_000);
    const other = using({
      config: { minUserTimeout: 7000, maxUserTimeout: 20_000 },
      options: { userTimeoutOption: 1000 },
    });
    other.established();
    other.send('ACK', { seq: 1, ack: 1, userTimeout: 1 });
    expect(patience(other)).toBe(7000);
  });

  it('never goes below the retransmission time-out', () => {
    const peer = using({ config: { minUserTimeout: 1, maxUserTimeout: 3_600_000 }, options: { userTimeoutOption: 1 } });
    peer.synReceived({ userTimeout: 1 });
    peer.advance(3000);
    peer.send('ACK', { seq: 1, ack: 1 });
    peer.write('x');
    expect(peer.tcb.timers.user).toBeGreaterThanOrEqual(peer.tcb.timers.retransmission);
  });

  it('changes nothing where the user has set a timeout, and is told to him (CHANGEABLE)', () => {
    const peer = using({ options: { userTimeout: 5000 } }).established();
    peer.send('ACK', { seq: 1, ack: 1, userTimeout: 1800 });
    expect(peer.tcb.uto?.remote).toBe(1_800_000);
    expect(patience(peer)).toBe(5000);
  });

  it('holds in synchronized states only: a SYN has its own patience', () => {
    const peer = using({ config: { synR2: 180_000 } });
    peer.synReceived({ userTimeout: 1800 });
    peer.advance(179_999);
    expect(peer.state).toBe('SYN-RECEIVED');
    peer.advance(1);
    expect(peer.state).toBe('LISTEN');
  });

  it('moves the timer that runs, and repeating it does not keep a silent peer alive', () => {
    const peer = using().established();
    const start = peer.now;
    peer.write('x');
    for (let i = 0; i < 5; i++) {
      peer.advance(100_000);
      peer.send('ACK', { seq: 1, ack: 1, userTimeout: i % 2 ? 1000 : 1200 });
    }
    peer.until(start + 1_199_999);
    expect(peer.state).toBe('ESTABLISHED');
    peer.advance(1);
    expect([peer.state, peer.tcb.failure]).toEqual(['CLOSED', 'timed-out']);
  });

  it('with a zero, of seconds or of minutes, is ignored and counted', () => {
    const peer = using().established({ userTimeout: 1000 });
    peer.send('ACK', { seq: 1, ack: 1, userTimeout: 0 });
    peer.send('ACK', { seq: 1, ack: 1, userTimeout: MINUTES });
    expect(peer.env.counters.TcpBadUserTimeout).toBe(2);
    expect(patience(peer)).toBe(1_000_000);
  });

  it('on a segment out of the window, or with an ACK of nothing we sent, is not heard', () => {
    const peer = using().established();
    peer.send('ACK', { seq: 100_000_000, ack: 1, userTimeout: 2000 });
    peer.send('ACK', { seq: 1, ack: 500, userTimeout: 2000 });
    expect(peer.tcb.uto?.remote).toBe(-1);
  });

  it('keeps keep-alives from ending a connection sooner than it says', () => {
    const peer = using({
      options: { keepAlive: true, keepAliveIdle: 1000, keepAliveProbes: 1, keepAliveInterval: 1000 },
    });
    peer.established({ userTimeout: 1000 });
    peer.advance(999_000);
    expect(peer.env.counters.TcpExtTCPKeepAlive).toBe(0);
    peer.advance(2000);
    expect(peer.env.counters.TcpExtTCPKeepAlive).toBe(1);
  });

  it('is no patience for a connection whose application has gone', () => {
    const peer = using().established({ userTimeout: 3600 });
    peer.write('x');
    peer.detach();
    peer.send('ACK', { seq: 1, ack: 1 });
    const since = peer.now;
    while (peer.state !== 'CLOSED') peer.until(peer.endpoint.nextDeadline());
    expect(peer.now - since).toBeLessThanOrEqual(1_000_000);
  });
});
