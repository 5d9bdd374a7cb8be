import { describe, expect, it } from 'vitest';
import { World as SimWorld } from '../../src/sim/index.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { copyTcb } from '../../src/tcp/index.ts';
import type { TraceEvent } from '../../src/trace/events.ts';
import { renderLadder } from '../../src/trace/index.ts';
import { bytes, pattern } from '../helpers/endpoint.ts';
import { Client, COOKIE, course, words } from './fastopen-client.ts';
import { icmpPacket } from './packets.ts';
import { code, drain, forge, PEER, type Seen, US } from './tcp-peer.ts';

const MINUTE = 60_000;

const WITH = ['GET /', COOKIE];
const WITHOUT = ['', null];

describe('connecting with fast open', () => {
  it('asks for a cookie while there is none; the text follows the handshake', () => {
    const c = new Client();
    const { socket, syn, tried } = c.next();
    expect(tried).toEqual(['', []]);
    expect(course(c.reply(socket, 'SYN,ACK', syn, { cookie: COOKIE }), syn)).toEqual(['PSH,ACK 1+5 ack 1']);
    expect(socket.tcb).toMatchObject({ fastOpen: null, fastOpened: false });
    expect(c.counters).toMatchObject({ TcpExtTCPFastOpenActive: 0, TcpExtTCPFastOpenActiveFail: 0 });
    expect(c.next().tried).toEqual(WITH);
    c.w.judge();
  });

  it('with a cookie sends what is written in the same turn on the SYN, and goes on from there', () => {
    const c = new Client().learn();
    const socket = c.connect();
    for (const text of ['GE', 'T', ' /']) socket.write(bytes(text));
    expect(socket.state).toBe('SYN-SENT');
    const [syn, ...more] = c.sent();
    expect([words(syn!), syn!.cookie, syn!.flags, more]).toEqual(['GET /', COOKIE, 'SYN', []]);
    socket.write(bytes('more'));
    expect(c.sent()).toEqual([]);
    expect(course(c.reply(socket, 'SYN,ACK', syn!, { ack: 6 }), syn!)).toEqual(['PSH,ACK 6+4 ack 1']);
    expect([c.log, socket.writableLength]).toEqual([['c connect'], 4]);
    expect([c.counters.TcpExtTCPFastOpenActive, socket.tcb.fastOpened]).toEqual([1, true]);
    c.w.judge();
  });

  it('with nothing to say sends the cookie alone', () => {
    const c = new Client().learn();
    const socket = c.connect();
    const [syn] = c.sent();
    expect([syn!.text.length, syn!.cookie]).toEqual([0, COOKIE]);
    expect(course(c.reply(socket, 'SYN,ACK', syn!), syn!)).toEqual(['ACK 1+0 ack 1']);
    expect(c.counters).toMatchObject({ TcpExtTCPFastOpenActive: 0, TcpExtTCPFastOpenActiveFail: 0 });
  });

  it('closes after what was written on the SYN', () => {
    const c = new Client().learn();
    const socket = c.connect();
    socket.write(bytes('GET /'));
    socket.end();
    const [syn] = c.sent();
    expect([syn!.flags, words(syn!)]).toEqual(['SYN', 'GET /']);
    expect(course(c.reply(socket, 'SYN,ACK', syn!, { ack: 6 }), syn!).slice(-1)).toEqual(['FIN,ACK 6+0 ack 1']);
  });

  it('is off by default: no option, and a cookie that nobody asked for is not kept', () => {
    const c = new Client();
    const { socket, syn, tried } = c.next('GET /', false);
    expect(tried).toEqual(WITHOUT);
    c.reply(socket, 'SYN,ACK', syn, { cookie: COOKIE });
    expect(c.next().tried).toEqual(['', []]);
    expect(code(() => c.a.tcp.connect({ address: '10.0.0.2', port: 80, options: { fastOpen: 1 as never } }))).toBe(
      'ERR_INVALID_ARG_VALUE',
    );
  });

  it('sends on the SYN what fits the MSS that the server once announced, 1460 at most, beside all options there can be', () => {
    for (const [mss, text] of [
      [1000, 1000 - 40],
      [1460, 1460 - 40],
      [8960, 1460 - 40],
      [undefined, 536 - 40],
    ] as const) {
      const c = new Client().learn({ cookie: COOKIE, ...(mss === undefined ? {} : { mss }) });
      const socket = c.connect();
      socket.write(pattern(3000));
      const [syn] = c.sent();
      expect([mss, syn!.text.length]).toEqual([mss, text]);
      const out = c.reply(socket, 'SYN,ACK', syn!, { ack: 1 + text, mss: 1460 });
      expect([out[0]!.seq, out[0]!.text.length]).toEqual([syn!.seq + 1 + text, 1460]);
      c.w.judge();
    }
  });

  it('sends on the SYN no more than the path carries, and nothing that is urgent', () => {
    const c = new Client({}, 1300).learn();
    const socket = c.connect();
    socket.write(pattern(3000));
    expect(c.sent()[0]!.text.length).toBe(1300 - 20 - 20 - 40);
    const urgent = c.connect();
    urgent.writeUrgent(bytes('!'));
    expect([c.sent()[0]!.text.length, c.sent()]).toEqual([0, []]);
    c.w.judge();
  });

  it('opens plainly when there is no room for the cookie beside the other options', () => {
    const long = new Array<number>(16).fill(5);
    const c = new Client().learn({ cookie: long });
    for (const [userTimeoutOption, tried] of [
      [false, ['GET /', long]],
      [true, WITHOUT],
    ] as const) {
      const options = { fastOpen: true, userTimeoutOption };
      c.a.tcp.connect({ address: '10.0.0.2', port: 80, options }).write(bytes('GET /'));
      expect(c.sent().map((s) => [words(s), s.cookie])).toEqual([tried]);
    }
    c.w.judge();
  });

  it('sends the text again at once when the SYN,ACK acknowledges the SYN alone, with the fresh cookie in the cache', () => {
    const fresh = [9, 9, 9, 9];
    for (const sackPermitted of [false, true]) {
      const c = new Client().learn();
      const { socket, syn } = c.next();
      c.w.run(30);
      const out = c.reply(socket, 'SYN,ACK', syn, { cookie: fresh, mss: 1460, sackPermitted });
      expect(course(out, syn)).toEqual(['PSH,ACK 1+5 ack 1']);
      expect(c.counters).toMatchObject({
        TcpExtTCPFastOpenActive: 0,
        TcpExtTCPFastOpenActiveFail: 1,
        TcpRetransSegs: 1,
      });
      expect(socket.tcb.rtt.srtt).toBe(30); // the SYN's, whose text does not matter
      expect(c.reply(socket, 'ACK', syn, { seq: 7001, ack: 6 })).toEqual([]);
      expect([socket.writableLength, socket.tcb.fastOpened]).toEqual([0, false]);
      expect(c.next().tried).toEqual(['GET /', fresh]);
    }
  });

  it('sends again what a SYN,ACK in the midst of the text leaves', () => {
    const c = new Client().learn();
    const { socket, syn } = c.next();
    expect(course(c.reply(socket, 'SYN,ACK', syn, { ack: 3 }), syn)).toEqual(['PSH,ACK 3+3 ack 1']);
    expect(c.counters.TcpExtTCPFastOpenActive).toBe(1);
    c.reply(socket, 'ACK', syn, { seq: 7001, ack: 6 });
    expect(socket.writableLength).toBe(0);
  });

  it('does not believe a SYN,ACK that acknowledges more than was sent', () => {
    const c = new Client().learn();
    const { socket, syn } = c.next();
    expect(c.reply(socket, 'SYN,ACK', syn, { ack: 7 }).map((s) => s.flags)).toEqual(['RST']);
    expect(socket.state).toBe('SYN-SENT');
  });

  it('is refused like any other by a reset', () => {
    const c = new Client().learn();
    const { socket, syn } = c.next();
    c.reply(socket, 'RST,ACK', syn, { seq: 0, ack: 6 });
    expect([c.log, socket.state]).toEqual([['c close ECONNREFUSED'], 'CLOSED']);
  });

  it('meets a SYN (simultaneous open): its text comes again once both are established', () => {
    const c = new Client().learn();
    const { socket, syn } = c.next();
    const [synAck] = c.reply(socket, 'SYN', syn, { data: 'mine', cookie: COOKIE });
    expect(course([synAck!], syn)).toEqual(['SYN,ACK 0+0 ack 1']);
    expect(synAck!.cookie).toBeNull();
    expect(course(c.reply(socket, 'ACK', syn, { seq: 7001, ack: 1 }), syn)).toEqual(['PSH,ACK 1+5 ack 1']);
    // So does the peer's, of whose SYN only the SYN was acknowledged.
    c.reply(socket, 'PSH,ACK', syn, { seq: 7001, ack: 6, data: 'mine' });
    expect(new TextDecoder().decode(drain(socket))).toBe('mine');
    expect(socket.state).toBe('ESTABLISHED');
    expect(socket.tcb.fastOpen).toBeNull();
  });

  it('keeps its state in plain data: a copy does not follow the original', () => {
    const c = new Client().learn();
    const { socket, syn } = c.next();
    const copy = copyTcb(socket.tcb, c.a.buffers);
    expect(copy.fastOpen).toMatchObject({ sent: 5, answered: false });
    c.reply(socket, 'SYN,ACK', syn, { ack: 6 });
    expect(copy.fastOpen).toMatchObject({ sent: 5, answered: false });
  });
});

describe('what a client remembers of fast open', () => {
  it('a SYN that gets no answer is sent again bare, and the next connections are plain for a minute, then two, and so on to an hour', () => {
    const c = new Client().learn();
    for (const minutes of [1, 2, 4, 8, 16, 32, 64, 64]) {
      const { socket, syn, tried } = c.next();
      expect(tried).toEqual(WITH);
      c.w.run(1000);
      const [again] = c.sent();
      expect([course([again!], syn), again!.cookie]).toEqual([['SYN 0+0'], null]);
      expect(course(c.reply(socket, 'SYN,ACK', syn), syn)).toEqual(['PSH,ACK 1+5 ack 1']);
      socket.abort();
      expect(c.next().tried).toEqual(WITHOUT);
      c.w.run(minutes * MINUTE - 1000);
      c.sent();
      expect(c.next().tried).toEqual(WITHOUT);
      c.w.run(1000);
      c.sent();
    }
    expect(c.counters.TcpExtTCPFastOpenActiveFail).toBe(8);
    expect(c.next().tried).toEqual(WITH);
  });

  it('a path that swallows the whole connection after such a SYN is noted too', () => {
    const c = new Client().learn();
    const { socket } = c.next();
    c.w.run(30_000);
    expect([socket.state, c.counters.TcpExtTCPFastOpenActiveFail]).toEqual(['SYN-SENT', 1]);
    c.sent();
    expect(c.next().tried).toEqual(WITHOUT);
  });

  it('a late SYN,ACK that takes the text, or brings a cookie, clears the path', () => {
    for (const fields of [{ ack: 6 }, { cookie: COOKIE }]) {
      const c = new Client().learn();
      const { socket, syn } = c.next();
      c.w.run(1000);
      c.sent();
      c.reply(socket, 'SYN,ACK', syn, fields);
      expect(c.next().tried).toEqual(WITH);
      // And counts anew.
      c.w.run(1000 + MINUTE);
      c.sent();
      expect(c.next().tried).toEqual(WITH);
    }
  });

  it('text that is not taken, and no cookie with the SYN,ACK: plain for a while at that port, not at others', () => {
    const c = new Client().learn();
    const { socket, syn } = c.next();
    c.reply(socket, 'SYN,ACK', syn);
    expect(c.next().tried).toEqual(WITHOUT);
    c.connect(true, '10.0.0.2', 81).write(bytes('GET /'));
    expect(c.sent().map((s) => [words(s), s.cookie])).toEqual([WITH]);
    c.w.run(MINUTE);
    c.sent();
    expect(c.next().tried).toEqual(WITH);
  });

  it('an ICMP error in answer to such a SYN: plain for a while', () => {
    const c = new Client().learn();
    const socket = c.connect();
    socket.write(bytes('GET /'));
    c.w.run(0);
    const [syn] = c.raw.received.splice(0);
    c.raw.send(icmpPacket(PEER, US, 3, 2, 0, syn!));
    expect(c.sent()).toEqual([]);
    expect([socket.state, c.log.length]).toEqual(['CLOSED', 1]);
    expect(c.next().tried).toEqual(WITHOUT);
  });

  it('a request that gets no answer is made again after a minute', () => {
    const c = new Client();
    const { socket, syn } = c.next();
    c.w.run(1000);
    expect(c.sent().map((s) => s.cookie)).toEqual([null]);
    c.reply(socket, 'SYN,ACK', syn);
    expect(c.next().tried).toEqual(WITHOUT);
    c.w.run(MINUTE);
    c.sent();
    expect(c.next().tried).toEqual(['', []]);
  });

  it('a server that gives no cookie is not asked again for ten minutes', () => {
    const c = new Client().learn({});
    expect(c.next().tried).toEqual(WITHOUT);
    c.w.run(10 * MINUTE - 1);
    c.sent();
    expect(c.next().tried).toEqual(WITHOUT);
    c.w.run(1);
    c.sent();
    expect(c.next().tried).toEqual(['', []]);
  });

  it('is bounded: the peer asked for least recently is forgotten', () => {
    const c = new Client({ maxFastOpenPeers: 2 });
    const peers = ['10.0.0.2', '10.0.0.3', '10.0.0.4'];
    const ask = (address: string): Seen => {
      const socket = c.connect(true, address);
      const syn = c.sent()[0]!;
      const from = socket.remote;
      c.raw.send(
        forge('SYN,ACK', { from, sport: 80, dport: socket.localPort, seq: 1, ack: syn.seq + 1, cookie: COOKIE }),
      );
      c.sent();
      socket.abort();
      c.sent();
      return syn;
    };
    expect(peers.map((peer) => ask(peer).cookie)).toEqual([[], [], []]);
    c.connect(true, '10.0.0.3').abort();
    expect(ask('10.0.0.2').cookie).toEqual([]); // 10.0.0.4 goes
    expect(ask('10.0.0.3').cookie).toEqual(COOKIE);
    expect(ask('10.0.0.4').cookie).toEqual([]);
  });

  it('says whether a cookie came in the option of before RFC 7413, and uses that one', () => {
    const c = new Client().learn({ cookie: COOKIE, experimental: true });
    const { syn } = c.next();
    expect([syn.cookie, syn.experimental, words(syn)]).toEqual([COOKIE, true, 'GET /']);
  });
});

describe('two hosts with fast open', () => {
  interface Exchange {
    took: number;
    early: boolean;
  }

  function pair(loss = 0): { trace: TraceEvent[]; a: Stack; b: Stack; fetch: () => Exchange } {
    const trace: TraceEvent[] = [];
    const world = new SimWorld({ seed: 11, trace: (event) => void trace.push(event) });
    const a = world.host('a', { tcp: { fastOpen: true } });
    const b = world.host('b');
    world.join(a, b, { forth: { delay: 50, loss }, back: { delay: 50, loss } });
    const served: boolean[] = [];
    b.tcp.listen({
      port: 80,
      fastOpen: true,
      handler: {
        onReadable: (s) => {
          if (s.readableLength < 600) return;
          served.push(s.state === 'SYN-RECEIVED');
          s.write(drain(s));
          s.end();
        },
      },
      onConnection: () => {},
    });
    const fetch = (): Exchange => {
      const began = world.now;
      let got = new Uint8Array(0);
      let took = -1;
      a.tcp
        .connect({
          address: '10.0.0.2',
          port: 80,
          handler: {
            onReadable: (s) => {
              got = new Uint8Array([...got, ...drain(s)]);
              if (got.length === 600) took = world.now - began;
              if (s.atEnd) s.end();
            },
          },
        })
        .write(pattern(600));
      world.run(began + 20_000);
      expect(got).toEqual(pattern(600));
      return { took, early: served.pop()! };
    };
    return { trace, a, b, fetch };
  }

  it('exchange request and response in one round trip, from the second time on', () => {
    const { trace, a, b, fetch } = pair();
    expect(fetch()).toEqual({ took: 200, early: false });
    trace.length = 0;
    expect([fetch(), fetch()]).toEqual([
      { took: 100, early: true },
      { took: 100, early: true },
    ]);
    const second = trace.slice(
      0,
      trace.findIndex((event) => event.type === 'state' && event.to === 'TIME-WAIT'),
    );
    expect(renderLadder(second, { left: 'a', right: 'b' })).toMatchInlineSnapshot(`
      "   ms  a                                                                                                    b                ms
             CLOSED        |                                                                                   |  CLOSED
      20000                | OPEN                                                                              |
      20000                | SEND 600 octets                                                                   |
      20000  SYN-SENT      |---- SYN seq=0 len=600 win=65535 mss=1460 sackOK ws=10 tfo=03c646a76a31d55f ts --->|  LISTEN        20050
                           |                                                                              OPEN |                20050
                           |                                                                   SEND 600 octets |  SYN-RECEIVED  20050
                           |                                                                             CLOSE |                20050
      20100  ESTABLISHED   |<-------------------- SYN,ACK seq=0 ack=601 win=65535 mss=1460 sackOK ws=10 ts ----|                20050
      20100  CLOSE-WAIT    |<-------------------------------- FIN,PSH,ACK seq=1 len=600 ack=601 win=524288 ----|                20050
      20100  LAST-ACK      | CLOSE                                                                             |
      20100                |---- FIN,ACK seq=601 ack=602 win=524288 ------------------------------------------>|  ESTABLISHED   20150
                           |                                                                                   |  FIN-WAIT-1    20150
                           |                                                                                   |  FIN-WAIT-2    20150"
    `);
    expect(b.tcp.counters).toMatchObject({ TcpExtTCPFastOpenCookieReqd: 1, TcpExtTCPFastOpenPassive: 2 });
    expect(a.tcp.counters).toMatchObject({ TcpExtTCPFastOpenActive: 2, TcpExtTCPFastOpenActiveFail: 0 });
  });

  it('fall back by one round trip when the server has new keys, and are quick again afterwards', () => {
    const { a, b, fetch } = pair();
    fetch();
    b.tcp.setFastOpenKeys(pattern(16));
    expect([fetch(), fetch()]).toEqual([
      { took: 200, early: false },
      { took: 100, early: true },
    ]);
    b.tcp.rotateFastOpenKey();
    expect([fetch(), fetch()]).toEqual([
      { took: 100, early: true },
      { took: 100, early: true },
    ]);
    expect(a.tcp.counters.TcpExtTCPFastOpenActiveFail).toBe(1);
    expect(b.tcp.counters.TcpExtTCPFastOpenPassiveFail).toBe(1);
  });

  it('deliver everything once on a bad wire', () => {
    const { a, b, fetch } = pair(0.15);
    for (let i = 0; i < 60; i++) fetch();
    expect(b.tcp.counters.TcpExtTCPFastOpenPassive).toBeGreaterThan(5);
    expect(a.tcp.counters.TcpExtTCPFastOpenActiveFail).toBeGreaterThan(0);
  });
});
