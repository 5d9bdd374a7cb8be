import { describe, expect, it } from 'vitest';
import { World } from '../../src/sim/index.ts';
import { Peer, type Setup } from '../helpers/endpoint.ts';
import { code, recorder } from '../stack/tcp-peer.ts';

function lingering(linger: number | null, setup: Setup = {}): Peer {
  return new Peer({ ...setup, options: { linger, ...setup.options } });
}

describe('linger', () => {
  it('null: CLOSE goes on in the background, as long as R2 allows', () => {
    const peer = lingering(null).established();
    peer.write('text');
    peer.close();
    peer.advance(800_000);
    expect(peer.state).toBe('FIN-WAIT-1');
    expect(peer.env.counters.TcpExtTCPAbortOnLinger).toBe(0);
  });

  it('0: CLOSE is an ABORT: a reset, no FIN, nothing left', () => {
    for (const state of ['established', 'closeWait'] as const) {
      const peer = lingering(0)[state]();
      peer.write('text');
      peer.seen();
      expect(peer.close()).toBe('ok');
      expect(peer.sent()).toEqual([`RST,ACK 5 ack ${state === 'closeWait' ? 2 : 1}`]);
      expect([peer.state, peer.tcb.failure, peer.endpoint.nextDeadline()]).toEqual(['CLOSED', 'aborted', Infinity]);
      expect(peer.env.counters.TcpExtTCPAbortOnLinger).toBe(1);
    }
  });

  it('0: the application that goes aborts as well, in every synchronized state', () => {
    for (const [state, reset] of [
      ['established', ['RST,ACK 1 ack 1']],
      ['closeWait', ['RST,ACK 1 ack 2']],
      ['finWait1', ['RST,ACK 2 ack 1']],
      ['finWait2', ['RST,ACK 2 ack 1']],
      ['closing', []],
      ['lastAck', []],
    ] as const) {
      const peer = new Peer()[state]();
      peer.tcb.options = { ...peer.tcb.options, linger: 0 };
      peer.detach();
      expect(peer.sent(), state).toEqual(reset);
      expect(peer.state, state).toBe('CLOSED');
    }
  });

  it('a time: CLOSE is given that long for the last acknowledgment, then there is a reset and an error', () => {
    const peer = lingering(5000).established();
    peer.write('text');
    peer.close();
    peer.send('ACK', { seq: 1, ack: 5 }); // all but the FIN
    peer.advance(4999);
    expect(peer.state).toBe('FIN-WAIT-1');
    peer.seen().advance(1);
    expect(peer.sent()).toEqual(['RST,ACK 6 ack 1']);
    expect([peer.state, peer.tcb.failure]).toEqual(['CLOSED', 'timed-out']);
    expect(peer.env.counters.TcpExtTCPAbortOnLinger).toBe(1);
  });

  it('a time: is over once everything is acknowledged; the other direction may take its time', () => {
    const peer = lingering(5000).established();
    peer.write('text');
    peer.close();
    peer.advance(4000);
    peer.send('ACK', { seq: 1, ack: 6 });
    expect(peer.state).toBe('FIN-WAIT-2');
    expect(peer.endpoint.nextDeadline()).toBe(Infinity);
    peer.advance(1_000_000);
    peer.send('PSH,ACK', { seq: 1, ack: 6, data: 'late' });
    expect(peer.read()).toBe('late');
  });

  it('a time: counts in CLOSING and LAST-ACK too', () => {
    for (const state of ['closing', 'lastAck'] as const) {
      const peer = lingering(5000)[state]();
      peer.advance(4999);
      expect(peer.state).toBe(state === 'closing' ? 'CLOSING' : 'LAST-ACK');
      peer.seen().advance(1);
      expect(peer.sent()).toEqual(['RST,ACK 2 ack 2']);
      expect(peer.state).toBe('CLOSED');
    }
  });

  it('a time: holds for the application that goes, from then on at the latest', () => {
    const gone = lingering(3000).established();
    gone.write('text');
    gone.detach();
    gone.advance(2999);
    expect(gone.state).toBe('FIN-WAIT-1');
    gone.advance(1);
    expect(gone.state).toBe('CLOSED');

    const later = new Peer().established();
    later.write('text');
    later.close();
    later.advance(10_000);
    later.tcb.options = { ...later.tcb.options, linger: 3000 };
    later.detach();
    later.advance(2999);
    expect(later.state).toBe('FIN-WAIT-1');
    later.advance(1);
    expect(later.state).toBe('CLOSED');

    const both = lingering(3000).established();
    both.write('text');
    both.close();
    both.advance(2000);
    both.detach();
    both.advance(999);
    expect(both.state).toBe('FIN-WAIT-1');
    both.advance(1);
    expect(both.state).toBe('CLOSED');
  });

  it('a time: leaves FIN-WAIT-2 of an application that has gone its own limit', () => {
    const peer = lingering(3000).established();
    peer.detach();
    peer.send('ACK', { seq: 1, ack: 2 });
    peer.advance(59_999);
    expect(peer.state).toBe('FIN-WAIT-2');
    peer.seen().advance(1);
    expect([peer.state, peer.sent(), peer.tcb.failure]).toEqual(['CLOSED', [], null]);
  });

  it('a time: runs from a CLOSE in SYN-RECEIVED', () => {
    const peer = lingering(3000).synReceived();
    peer.write('text');
    peer.close();
    peer.send('ACK', { seq: 1, ack: 1 });
    expect(peer.state).toBe('FIN-WAIT-1');
    peer.advance(3000);
    expect(peer.state).toBe('CLOSED');
  });

  it('shows as a timer of its own in traces', () => {
    const peer = lingering(3000).finWait1();
    peer.send('ACK', { seq: 1, ack: 2 });
    peer.detach();
    const timers = peer.trace.flatMap((e) =>
      'timer' in e && e.type !== 'timer-fired' ? [`${e.type} ${e.timer}`] : [],
    );
    expect(timers.filter((t) => /linger|fin-wait/.test(t))).toEqual([
      'timer-set linger',
      'timer-stopped linger',
      'timer-set fin-wait-2',
    ]);
  });

  it('is set on a socket: the peer sees a reset, the application ETIMEDOUT when its time was too short', () => {
    const world = new World({ seed: 1 });
    const a = world.host('a');
    const b = world.host('b');
    const wire = world.join(a, b);
    const log: string[] = [];
    b.tcp.listen({ port: 80, onConnection: () => {}, handler: recorder(log, 'b') });
    const abrupt = a.tcp.connect({ address: '10.0.0.2', port: 80, handler: recorder(log, 'a') });
    world.run(10);
    log.length = 0;
    abrupt.setLinger(0);
    abrupt.end();
    world.run(20);
    expect(log.sort()).toEqual(['a close null', 'b close ECONNRESET']);

    const patient = a.tcp.connect({ address: '10.0.0.2', port: 80, handler: recorder(log, 'a') });
    world.run(30);
    log.length = 0;
    patient.setLinger(2000);
    wire.link.drop(() => true);
    patient.write(new Uint8Array(10));
    patient.destroy();
    world.run(2029);
    expect(log).toEqual(['a soft retransmitting']);
    world.run(2030);
    expect(log.at(-1)).toBe('a close ETIMEDOUT');
    for (const ms of [-1, NaN]) expect(code(() => patient.setLinger(ms))).toBe('ERR_INVALID_ARG_VALUE');
    patient.setLinger(null);
  });
});
