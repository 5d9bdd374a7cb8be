import { describe, expect, it } from 'vitest';
import { renderLadder, type TextLadderOptions } from '../../src/trace/ladder.ts';
import { displayWidth } from '../../src/trace/text.ts';
import { handshake, Story } from './story.ts';

const draw = (story: Story, more: Partial<TextLadderOptions> = {}): string =>
  '\n' + renderLadder(story.events, { left: 'client', right: 'server', ...more }) + '\n';

describe('a ladder', () => {
  it("shows a handshake as three arrows with both hosts' clocks and states", () => {
    expect(draw(handshake())).toMatchInlineSnapshot(`
      "
      ms  client                                                                           server        ms
          CLOSED        |                                                               |  CLOSED
                        |                                                               |  LISTEN         0
       0                | OPEN                                                          |
       0  SYN-SENT      |---- SYN seq=0 win=65535 mss=1460 sackOK ws=7 ts ------------->|  SYN-RECEIVED  10
      20  ESTABLISHED   |<--- SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=7 ts ----|                10
      20                |---- ACK seq=1 ack=1 win=65536 ------------------------------->|  ESTABLISHED   30
      "
    `);
  });

  it('shows several changes of state at one instant in their order', () => {
    const story = handshake();
    const data = story.send(100, 'client', 'FA', 1, 1);
    story.arrive(110, data);
    story.state(110, 'server', 'SYN-RECEIVED', 'ESTABLISHED').state(110, 'server', 'ESTABLISHED', 'CLOSE-WAIT');
    story.call(110, 'server', 'CLOSE').state(110, 'server', 'CLOSE-WAIT', 'LAST-ACK');
    story.arrive(120, story.send(110, 'server', 'FA', 1, 2));
    const states = draw(story)
      .match(/(ESTABLISHED|CLOSE-WAIT|LAST-ACK) *110/g)!
      .map((word) => word.split(' ')[0]);
    expect(states).toEqual(['ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK']);
  });

  it('shows a lost segment, the timer that notices and the retransmission', () => {
    const story = handshake();
    story.note(100, 'The request is lost on the way.');
    story.call(100, 'client', 'SEND', 120);
    const first = story.send(100, 'client', 'PA', 1, 1, { length: 120, window: 512 });
    story.link(100, 'lost', first);
    story.timer(100, 'client', 'set', 'retransmission', 1100);
    story.timer(1100, 'client', 'fired', 'retransmission');
    const second = story.send(1100, 'client', 'PA', 1, 1, { length: 120, window: 512 });
    story.arrive(1110, second);
    const ack = story.send(1110, 'server', 'A', 1, 121, { window: 512 });
    story.link(1115, 'lost', ack);
    expect(draw(story)).toMatchInlineSnapshot(`
      "
        ms  client                                                                             server          ms
            CLOSED        |                                                                 |  CLOSED
                          |                                                                 |  LISTEN           0
         0                | OPEN                                                            |
         0  SYN-SENT      |---- SYN seq=0 win=65535 mss=1460 sackOK ws=7 ts --------------->|  SYN-RECEIVED    10
        20  ESTABLISHED   |<----- SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=7 ts ----|                  10
        20                |---- ACK seq=1 ack=1 win=65536 --------------------------------->|  ESTABLISHED     30
       100  == The request is lost on the way. ============================================================
       100                | SEND 120 octets                                                 |
       100                |---- PSH,ACK seq=1 len=120 ack=1 win=65536 ---X lost             |
                                                   ... 1 s later ...
      1100                | retransmission timer fires                                      |
      1100                |---- PSH,ACK seq=1 len=120 ack=1 win=65536 (retransmission) ---->|                1110
                          |               lost X----------- ACK seq=1 ack=121 win=65536 ----|                1110
      "
    `);
  });

  it('shows a close in order, with the 2 MSL folded', () => {
    const story = new Story();
    story.call(0, 'client', 'CLOSE');
    story.state(0, 'client', 'ESTABLISHED', 'FIN-WAIT-1');
    const fin = story.send(0, 'client', 'FA', 100, 300);
    story.arrive(10, fin).state(10, 'server', 'ESTABLISHED', 'CLOSE-WAIT');
    const ack = story.send(10, 'server', 'A', 300, 101);
    story.arrive(20, ack).state(20, 'client', 'FIN-WAIT-1', 'FIN-WAIT-2');
    story.call(150, 'server', 'CLOSE').state(150, 'server', 'CLOSE-WAIT', 'LAST-ACK');
    const fin2 = story.send(150, 'server', 'FA', 300, 101);
    story.arrive(160, fin2).state(160, 'client', 'FIN-WAIT-2', 'TIME-WAIT');
    story.timer(160, 'client', 'set', 'time-wait', 60160);
    const last = story.send(160, 'client', 'A', 101, 301);
    story.arrive(170, last).state(170, 'server', 'LAST-ACK', 'CLOSED');
    story.timer(60160, 'client', 'fired', 'time-wait').state(60160, 'client', 'TIME-WAIT', 'CLOSED');
    expect(draw(story)).toMatchInlineSnapshot(`
      "
         ms  client                                                       server          ms
             ESTABLISHED  |                                            |  ESTABLISHED
          0               | CLOSE                                      |
          0  FIN-WAIT-1   |---- FIN,ACK seq=1 ack=1 win=65535 -------->|  CLOSE-WAIT      10
         20  FIN-WAIT-2   |<------------ ACK seq=1 ack=2 win=65535 ----|                  10
                          |                                      CLOSE |                 150
        160  TIME-WAIT    |<-------- FIN,ACK seq=1 ack=2 win=65535 ----|  LAST-ACK       150
        160               | TIME-WAIT timer set: 60 s                  |
        160               |---- ACK seq=2 ack=2 win=65535 ------------>|  CLOSED         170
                                        ... 60 s later ...
      60160  CLOSED       | TIME-WAIT timer fires                      |
      "
    `);
  });

  it('splits packets that cross on the way: a simultaneous open', () => {
    const story = new Story();
    story.state(0, 'client', 'CLOSED', 'SYN-SENT');
    const a = story.send(0, 'client', 'S', 0, 0);
    story.state(2.5, 'server', 'CLOSED', 'SYN-SENT');
    const b = story.send(2.5, 'server', 'S', 0, 0);
    story.arrive(10, a).state(10, 'server', 'SYN-SENT', 'SYN-RECEIVED');
    const c = story.send(10, 'server', 'SA', 0, 1);
    story.arrive(12.5, b).state(12.5, 'client', 'SYN-SENT', 'SYN-RECEIVED');
    const d = story.send(12.5, 'client', 'SA', 0, 1);
    story.arrive(20, c).state(20, 'client', 'SYN-RECEIVED', 'ESTABLISHED');
    story.arrive(22.5, d).state(22.5, 'server', 'SYN-RECEIVED', 'ESTABLISHED');
    expect(draw(story)).toMatchInlineSnapshot(`
      "
        ms  client                                                         server          ms
            CLOSED        |                                             |  CLOSED
       0.0  SYN-SENT      |---- SYN seq=0 win=65535 ----................|
                          |................---- SYN seq=0 win=65535 ----|  SYN-SENT       2.5
                          |................... SYN seq=0 win=65535 ---->|  SYN-RECEIVED  10.0
                          |......---- SYN,ACK seq=0 ack=1 win=65535 ----|                10.0
      12.5  SYN-RECEIVED  |<---- SYN seq=0 win=65535 ...................|
      12.5                |---- SYN,ACK seq=0 ack=1 win=65535 ----......|
      20.0  ESTABLISHED   |<---- SYN,ACK seq=0 ack=1 win=65535 .........|
                          |......... SYN,ACK seq=0 ack=1 win=65535 ---->|  ESTABLISHED   22.5
      "
    `);
  });

  it('splits only the late one where a packet is overtaken', () => {
    for (const host of ['client', 'server'] as const) {
      const story = new Story();
      const packets = [0, 1, 2, 3].map((i) => story.send(i, host, 'A', 1 + i * 1000, 1, { length: 1000 }));
      story.link(1, 'reordered', packets[1]!);
      for (const [i, time] of [
        [0, 10],
        [2, 12],
        [3, 13],
        [1, 30],
      ] as const) {
        story.arrive(time, packets[i]!);
      }
      const text = draw(story);
      if (host === 'client')
        expect(text).toMatchInlineSnapshot(`
          "
          ms  client                                                                                server  ms
           0          |---- ACK seq=1 len=1000 ack=1 win=65535 --------------------------------->|          10
           1          |---- ACK seq=1001 len=1000 ack=1 win=65535 (delayed: reordered) ----......|
           2          |---- ACK seq=2001 len=1000 ack=1 win=65535 ------------------------------>|          12
           3          |---- ACK seq=3001 len=1000 ack=1 win=65535 ------------------------------>|          13
                      |.............................. ACK seq=1001 len=1000 ack=1 win=65535 ---->|          30
          "
        `);
      else
        expect(text).toMatchInlineSnapshot(`
          "
          ms  client                                                                                server  ms
          10          |<--------------------------------- ACK seq=1 len=1000 ack=1 win=65535 ----|           0
                      |......---- ACK seq=1001 len=1000 ack=1 win=65535 (delayed: reordered) ----|           1
          12          |<------------------------------ ACK seq=2001 len=1000 ack=1 win=65535 ----|           2
          13          |<------------------------------ ACK seq=3001 len=1000 ack=1 win=65535 ----|           3
          30          |<---- ACK seq=1001 len=1000 ack=1 win=65535 ..............................|
          "
        `);
    }
  });

  it('tells copies, corruption, holds, injections and drops in words', () => {
    const story = new Story();
    const a = story.send(0, 'client', 'A', 1, 1, { length: 10 });
    story.link(0, 'duplicated', a).arrive(5, a).arrive(6, a);
    const b = story.send(10, 'client', 'A', 11, 1, { length: 10 });
    story.link(10, 'corrupted', b).drop(15, 'server', b, 'tcp-checksum');
    const c = story.send(20, 'server', 'A', 1, 11);
    story.link(20, 'held', c).link(40, 'released', c).arrive(45, c);
    story.link(50, 'injected', 99).appear(55, 'server', 99, 'R', 500, 0).drop(55, 'server', 99, 'challenge-ack');
    const d = story.send(60, 'server', 'A', 1, 11);
    story.drop(61, 'wire', d, 'queue-full');
    story.send(70, 'client', 'A', 21, 1);
    story.drop(80, 'server', 1234, 'ip-checksum');
    expect(draw(story)).toMatchInlineSnapshot(`
      "
      ms  client                                                                                    server  ms
       0          |---- ACK seq=1 len=10 ack=1 win=65535 (duplicated) -------------------------->|           5
                  |---- ACK seq=1 len=10 ack=1 win=65535 (copy) -------------------------------->|           6
      10          |---- ACK seq=11 len=10 ack=1 win=65535 (corrupted, dropped: tcp-checksum) --->|          15
      45          |<---------------------------- ACK seq=1 ack=11 win=65535 (held, released) ----|          20
                  |---- RST seq=500 win=65535 (injected, dropped: challenge-ack) --------------->|          55
                  |    dropped: queue-full X--------------------- ACK seq=1 ack=11 win=65535 ----|          60
      70          |---- ACK seq=21 ack=1 win=65535 ----..........................................|
                  |                                                         dropped: ip-checksum |          80
      "
    `);
  });

  it('has one clock where packets take no time, and numbers several connections', () => {
    const story = new Story();
    for (const port of [1001, 1002]) {
      story.port(port).state(port, 'client', 'CLOSED', 'SYN-SENT');
      const syn = story.send(port, 'client', 'S', 0, 0);
      story.arrive(port, syn);
      const reset = story.send(port, 'server', 'RA', -999, 1, { window: 0 });
      story.arrive(port, reset).state(port, 'client', 'SYN-SENT', 'CLOSED');
      story.call(port, 'client', 'OPEN', undefined, 'connection refused');
    }
    expect(draw(story, { origin: 1000 })).toMatchInlineSnapshot(`
      "
      ms  client                                                       server
          CLOSED       |                                            |
       1  #1 SYN-SENT  |---- #1 SYN seq=0 win=65535 --------------->|
       1  #1 CLOSED    |<--------- #1 RST,ACK seq=0 ack=1 win=0 ----|
       1               | #1 OPEN: connection refused                |
       2  #2 SYN-SENT  |---- #2 SYN seq=0 win=65535 --------------->|
       2  #2 CLOSED    |<--------- #2 RST,ACK seq=0 ack=1 win=0 ----|
       2               | #2 OPEN: connection refused                |
      "
    `);
  });

  it('speaks Chinese, in columns that line up', () => {
    const story = handshake();
    story.note(100, '请求在路上丢失了。');
    const first = story.send(100, 'client', 'PA', 1, 1, { length: 5, window: 512 });
    story.link(100, 'lost', first);
    story.timer(1100, 'client', 'fired', 'retransmission');
    const second = story.send(1100, 'client', 'PA', 1, 1, { length: 5, window: 512 }, true);
    story.arrive(1110, second);
    story.timer(1110, 'server', 'set', 'persist', 2610);
    const text = draw(story, { lang: 'zh' });
    expect(text).toMatchInlineSnapshot(`
      "
      毫秒  client                                                                           server        毫秒
            CLOSED        |                                                               |  CLOSED
                          |                                                               |  LISTEN           0
         0                | OPEN                                                          |
         0  SYN-SENT      |---- SYN seq=0 win=65535 mss=1460 sackOK ws=7 ts ------------->|  SYN-RECEIVED    10
        20  ESTABLISHED   |<--- SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=7 ts ----|                  10
        20                |---- ACK seq=1 ack=1 win=65536 ------------------------------->|  ESTABLISHED     30
       100  == 请求在路上丢失了。 =======================================================================
       100                |---- PSH,ACK seq=1 len=5 ack=1 win=65536 ---X 丢失             |
                                                   …… 1 秒之后 ……
      1100                | 重传定时器到期                                                |
      1100                |---- PSH,ACK seq=1 len=5 ack=1 win=65536 (重传) -------------->|                1110
                          |                                        坚持定时器启动：1.5 秒 |                1110
      "
    `);
    const edges = text
      .split('\n')
      .filter((line) => line.split('|').length === 3)
      .map((line) => line.split('|').map((part) => displayWidth(part)));
    expect(new Set(edges.map(([before, lane]) => `${before} ${lane}`)).size).toBe(1);
  });

  it('draws boxes and keeps within a width when asked', () => {
    const text = draw(handshake(), { charset: 'unicode', width: 76 });
    for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(76);
    expect(text).toMatchInlineSnapshot(`
      "
      ms  client                                                  server        ms
          CLOSED        │                                      │  CLOSED
                        │                                      │  LISTEN         0
       0                │ OPEN                                 │
       0  SYN-SENT      │──── SYN seq=0 win=65535 mss=146~ ───▶│  SYN-RECEIVED  10
      20  ESTABLISHED   │◀─── SYN,ACK seq=0 ack=1 win=655~ ────│                10
      20                │──── ACK seq=1 ack=1 win=65536 ──────▶│  ESTABLISHED   30
      "
    `);
  });

  it('shows congestion windows and every timer when asked, and nothing but packets when asked', () => {
    const story = handshake();
    story.timer(30, 'client', 'set', 'delayed-ack', 70).timer(40, 'client', 'stopped', 'delayed-ack');
    story.congestion(50, 'server', 14480, 65535).note(60, 'over');
    expect(draw(story, { timers: 'all', congestion: true })).toMatchInlineSnapshot(`
      "
      ms  client                                                                           server        ms
          CLOSED        |                                                               |  CLOSED
                        |                                                               |  LISTEN         0
       0                | OPEN                                                          |
       0  SYN-SENT      |---- SYN seq=0 win=65535 mss=1460 sackOK ws=7 ts ------------->|  SYN-RECEIVED  10
      20  ESTABLISHED   |<--- SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=7 ts ----|                10
      20                |---- ACK seq=1 ack=1 win=65536 ------------------------------->|  ESTABLISHED   30
      30                | delayed-ACK timer set: 40 ms                                  |
      40                | delayed-ACK timer stopped                                     |
                        |                                cwnd=14480 ssthresh=65535 loss |                50
      60  == over =====================================================================================
      "
    `);
    expect(draw(story, { timers: 'none', calls: false, notes: false })).toBe(draw(handshake(), { calls: false }));
  });

  it('draws whole arrows where only one host was watched', () => {
    const story = handshake();
    story.events.splice(0, story.events.length, ...story.events.filter((event) => event.host === 'server'));
    expect(draw(story)).toMatchInlineSnapshot(`
      "
      ms  client                                                                           server
                        |                                                               |  CLOSED
       0                |                                                               |  LISTEN
      10                |---- SYN seq=0 win=65535 mss=1460 sackOK ws=7 ts ------------->|  SYN-RECEIVED
      10                |<--- SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=7 ts ----|
      30                |---- ACK seq=1 ack=1 win=65536 ------------------------------->|  ESTABLISHED
      "
    `);
  });

  it('draws nothing but its head for a trace of others', () => {
    expect(draw(handshake(), { left: 'a', right: 'b' })).toBe(
      '\nms  a                                                  b\n',
    );
    expect(renderLadder([], { left: 'a', right: 'b' })).toContain('a');
  });
});
