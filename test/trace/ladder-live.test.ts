import { beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionRef, SegmentView, StateName, TimerName, TraceEvent } from '../../src/trace/events.ts';
import { LiveLadder, type LiveLadderOptions } from '../../src/trace/ladder-live.ts';
import { ACK, FIN, RST, SYN } from '../../src/wire/tcp.ts';

const LOCAL = '192.0.2.1';
const REMOTE = '192.0.2.2';

let lines: string[];
let ladder: LiveLadder;
let packet: number;

function begin(options: Partial<LiveLadderOptions> = {}): void {
  lines = [];
  packet = 1;
  ladder = new LiveLadder((line) => lines.push(line), { host: 'here', width: 90, ...options });
}

beforeEach(() => begin());

const connection = (port = 4000): ConnectionRef => ({ id: 1, local: `${LOCAL}:80`, remote: `${REMOTE}:${port}` });

const view = (more: Partial<SegmentView>): SegmentView => {
  return { srcPort: 80, dstPort: 4000, seq: 0, ack: 0, flags: ACK, window: 1000, urgent: 0, length: 0, ...more };
};

function sent(time: number, more: Partial<SegmentView>): void {
  const event = { type: 'segment-sent', time, host: 'here', packet: packet++, src: LOCAL, dst: REMOTE } as const;
  ladder.event({ ...event, segment: view(more) });
}

function received(time: number, more: Partial<SegmentView>, port = 4000): void {
  const event = { type: 'segment-received', time, host: 'here', packet: packet++, src: REMOTE, dst: LOCAL } as const;
  ladder.event({ ...event, segment: view({ srcPort: port, dstPort: 80, ...more }) });
}

function state(time: number, from: StateName, to: StateName, of = connection()): void {
  ladder.event({ type: 'state', time, host: 'here', connection: of, from, to });
}

function timer(time: number, type: 'timer-set' | 'timer-stopped' | 'timer-fired', name: TimerName, due?: number): void {
  const event = { type, time, host: 'here', connection: connection(), timer: name };
  ladder.event(due === undefined ? event : { ...event, due });
}

function call(time: number, name: 'OPEN' | 'SEND' | 'RECEIVE' | 'CLOSE' | 'ABORT', result = 'ok'): void {
  ladder.event({ type: 'call', time, host: 'here', connection: connection(), call: name, result });
}

describe('a ladder of what happens now', () => {
  it('shows each segment with the state that it leads to, and what fires', () => {
    received(1000, { flags: SYN, seq: 100, mss: 1460 });
    state(1000, 'LISTEN', 'SYN-RECEIVED');
    sent(1000, { flags: SYN | ACK, seq: 500, ack: 101, mss: 1460 });
    timer(1000, 'timer-set', 'retransmission', 2000);
    timer(2000, 'timer-fired', 'retransmission');
    sent(2000, { flags: SYN | ACK, seq: 500, ack: 101, mss: 1460 });
    received(2010.25, { seq: 101, ack: 501 });
    state(2010.25, 'SYN-RECEIVED', 'ESTABLISHED');
    received(2010.25, { flags: ACK | FIN, seq: 101, ack: 501, length: 10 });
    timer(2010.25, 'timer-stopped', 'retransmission');
    state(2010.25, 'ESTABLISHED', 'CLOSE-WAIT');
    state(2010.25, 'CLOSE-WAIT', 'LAST-ACK');
    call(2010.25, 'CLOSE');
    sent(2010.25, { flags: ACK | FIN, seq: 501, ack: 112 });
    received(2020, { seq: 112, ack: 502 });
    state(2020, 'LAST-ACK', 'CLOSED');
    ladder.flush();
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "         ms   port state          here                                               peer
            0.000     80 SYN-RECEIVED  |<--------------------- SYN seq=0 win=1000 mss=1460 ----|  192.0.2.2:4000
            0.000     80               |---- SYN,ACK seq=0 ack=1 win=1000 mss=1460 ----------->|  192.0.2.2:4000
         1000.000     80               | retransmission timer fires                            |  192.0.2.2:4000
         1000.000     80               |---- SYN,ACK seq=0 ack=1 win=1000 mss=1460 (retra~ --->|  192.0.2.2:4000
         1010.250     80 ESTABLISHED   |<------------------------ ACK seq=1 ack=1 win=1000 ----|  192.0.2.2:4000
         1010.250     80 CLOSE-WAIT    |<------------- FIN,ACK seq=1 len=10 ack=1 win=1000 ----|  192.0.2.2:4000
         1010.250     80 LAST-ACK      | CLOSE                                                 |  192.0.2.2:4000
         1010.250     80               |---- FIN,ACK seq=1 ack=12 win=1000 ------------------->|  192.0.2.2:4000
         1020.000     80 CLOSED        |<----------------------- ACK seq=12 ack=2 win=1000 ----|  192.0.2.2:4000"
    `);
  });

  it('has words and box drawings as one likes', () => {
    begin({ lang: 'zh', charset: 'unicode' });
    state(0, 'FIN-WAIT-2', 'TIME-WAIT');
    sent(0, { seq: 7, ack: 9 });
    timer(0, 'timer-set', 'time-wait', 60_000);
    timer(60_000, 'timer-fired', 'time-wait');
    state(60_000, 'TIME-WAIT', 'CLOSED');
    ladder.flush();
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "       毫秒   端口 状态           here                                               对端
            0.000     80 TIME-WAIT     │──── ACK seq=1 ack=1 win=1000 ────────────────────────▶│  192.0.2.2:4000
            0.000     80               │ TIME-WAIT 定时器启动：60 秒                           │  192.0.2.2:4000
        60000.000     80 CLOSED        │ TIME-WAIT 定时器到期                                  │  192.0.2.2:4000"
    `);
  });

  it('shows a row when the next begins, or when it is told to', () => {
    received(5, {});
    expect(lines).toEqual([]);
    received(5, {});
    expect(lines).toHaveLength(2); // the head, and the first row
    ladder.flush();
    ladder.flush();
    expect(lines).toHaveLength(3);
  });

  it('never joins what is not of one instant and one connection', () => {
    received(5, { flags: SYN });
    state(6, 'LISTEN', 'SYN-RECEIVED');
    received(7, { flags: SYN });
    state(7, 'LISTEN', 'SYN-RECEIVED', connection(4001));
    ladder.flush();
    expect(lines.slice(1).map((line) => /SYN-RECEIVED .*SYN seq/.test(line))).toEqual([false, false, false, false]);
  });

  it('gives a state that a call led to a row of its own, with the call', () => {
    received(5, { length: 3 });
    state(5, 'ESTABLISHED', 'FIN-WAIT-1');
    call(5, 'CLOSE');
    sent(5, { flags: ACK | FIN });
    ladder.flush();
    expect(lines.slice(1).map((line) => line.slice(19, 31).trim())).toEqual(['', 'FIN-WAIT-1', '']);
    expect(lines[2]).toContain('| CLOSE ');
  });

  it('leaves out listeners, other hosts, reading and writing, short waits', () => {
    const listener = { id: 1, local: '0.0.0.0:80', remote: '0.0.0.0:0' };
    state(0, 'CLOSED', 'LISTEN', listener);
    ladder.event({ type: 'call', time: 0, host: 'here', connection: listener, call: 'OPEN', result: 'ok' });
    call(0, 'SEND');
    call(0, 'RECEIVE');
    timer(0, 'timer-set', 'delayed-ack', 40);
    timer(0, 'timer-stopped', 'delayed-ack');
    ladder.event({ type: 'note', time: 0, host: 'there', text: 'of another' });
    ladder.flush();
    expect(lines).toEqual([]);
  });

  it('says why a segment came to nothing, where that is a matter of TCP', () => {
    const drop = (packet: number, reason: string): TraceEvent => {
      return { type: 'packet-dropped', time: 1, host: 'here', packet, reason };
    };
    sent(1, { flags: SYN });
    ladder.event(drop(1, 'ip-no-route'));
    ladder.event(drop(77, 'ip-multicast-not-joined'));
    ladder.event(drop(78, 'tcp-checksum'));
    ladder.flush();
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain('SYN seq=0 win=1000 (dropped: ip-no-route)');
    expect(lines[2]).toContain('| dropped: tcp-checksum');
  });

  it('shows notes between rows, and results that are not ok', () => {
    sent(1, { flags: RST });
    ladder.event({ type: 'note', time: 2, host: 'here', text: 'the cable is pulled' });
    call(3, 'CLOSE', 'connection closing');
    ladder.flush();
    expect(lines.map((line) => line.trim().split(/ {2,}/)[1])).toEqual([
      'port state',
      '80',
      '== the cable is pulled',
      '80',
    ]);
    expect(lines[3]).toContain('| CLOSE: connection closing ');
  });

  it('keeps within its width and cuts what is longer', () => {
    begin({ width: 70 });
    sent(1, { flags: SYN, mss: 1460, windowScale: 10, sackPermitted: true, tsVal: 1 });
    received(2, { flags: SYN | ACK, seq: 100, ack: 1, mss: 1460, windowScale: 10, sackPermitted: true, tsVal: 1 });
    call(3, 'CLOSE', 'a result that nobody has ever heard of before');
    ladder.flush();
    for (const line of lines) expect(line.replace(/ {2}192.*/, '').length).toBeLessThanOrEqual(70);
    for (const line of lines.slice(1)) expect(line).toContain('~');
  });

  it('remembers a bounded number of connections, those that spoke last', () => {
    received(1, { flags: SYN, seq: 5000 }, 1);
    for (let port = 2; port <= 1024; port++) received(1, { flags: SYN, seq: 5000 }, port);
    received(1, { seq: 5001 }, 1);
    received(1, { flags: SYN, seq: 5000 }, 1025);
    received(1, { seq: 5001 + 7 }, 1);
    received(1, { seq: 5001 + 7 }, 2);
    ladder.flush();
    // Of what is forgotten nobody knows where it began.
    expect(lines.slice(-2).map((line) => /ACK seq=(\d+)/.exec(line)?.[1])).toEqual(['8', '1']);
  });
});
