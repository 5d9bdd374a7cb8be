import { describe, expect, it } from 'vitest';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { type CongestionController, newReno } from '../../src/tcp/index.ts';
import { bytes, pattern } from '../helpers/endpoint.ts';
import { Client, COOKIE, course, words } from './fastopen-client.ts';
import { icmpPacket } from './packets.ts';
import { code, drain, PEER, type Seen, US } from './tcp-peer.ts';

/** Opens with this much text. */
function open(c: Client, octets: number, options = {}): { socket: TcpSocket; syn: Seen } {
  const data = pattern(octets);
  const socket = c.a.tcp.connect({ ...c.to({ fastOpen: true, ...options }), data });
  const [syn] = c.sent();
  return { socket, syn: syn! };
}

describe('opening with data', () => {
  it('takes what the SYN carries, and no more', () => {
    const c = new Client().learn();
    const { socket, syn } = open(c, 3000);
    expect([syn.text.length, syn.cookie, socket.writableLength]).toEqual([1420, COOKIE, 1420]);
    expect(course(c.reply(socket, 'SYN,ACK', syn, { ack: 1421 }), syn)).toEqual(['ACK 1421+0 ack 1']);
    expect(c.log).toEqual(['c connect']);
    c.w.judge();
  });

  it('takes nothing where there is no cookie, and asks for one', () => {
    const c = new Client();
    const { socket, syn } = open(c, 5);
    expect([syn.text.length, syn.cookie, socket.writableLength]).toEqual([0, [], 0]);
    expect(course(c.reply(socket, 'SYN,ACK', syn, { cookie: COOKIE }), syn)).toEqual(['ACK 1+0 ack 1']);
  });

  it('takes nothing without fast open', () => {
    const c = new Client().learn();
    const { socket, syn } = open(c, 5, { fastOpen: false });
    expect([syn.text.length, syn.cookie, socket.writableLength]).toEqual([0, null, 0]);
  });

  it('is foretold: whether data would go with the SYN', () => {
    const c = new Client();
    const says = (options = {}): boolean => c.a.tcp.canFastOpen(c.to({ fastOpen: true, ...options }));
    expect(says()).toBe(false);
    c.learn();
    expect([says(), says({ fastOpen: false })]).toEqual([true, false]);
    c.a.tcp.forgetFastOpenPeers();
    expect([says(), says({ fastOpen: 'without-cookie' })]).toEqual([false, true]);
    expect(code(() => c.a.tcp.canFastOpen({ address: '224.0.0.1', port: 80 }))).toBe('ENETUNREACH');
  });

  it('without a cookie carries no option, and a cookie that comes all the same is not kept', () => {
    const c = new Client();
    const { socket, syn } = open(c, 3000, { fastOpen: 'without-cookie' });
    expect([syn.text.length, syn.cookie]).toEqual([1420, null]);
    c.reply(socket, 'SYN,ACK', syn, { ack: 1421, cookie: COOKIE, mss: 1000 });
    expect([socket.state, socket.info().options.synData]).toEqual(['ESTABLISHED', true]);
    expect(open(c, 3000, { fastOpen: 'without-cookie' }).syn.text.length).toBe(960); // the MSS is known now
    expect(open(c, 5).syn.cookie).toEqual([]);
  });

  it('that is not taken is sent again as several segments, without a smaller window', () => {
    for (const sackPermitted of [true, false]) {
      const c = new Client().learn();
      const { socket, syn } = open(c, 3000);
      const out = c.reply(socket, 'SYN,ACK', syn, { ack: 101, mss: 1000, sackPermitted });
      expect(course(out, syn)).toEqual(['ACK 101+1000 ack 1', 'PSH,ACK 1101+320 ack 1']);
      const info = socket.info();
      expect([info.totalRetrans, info.unacked, info.options.synData]).toEqual([2, 2, false]);
      c.reply(socket, 'ACK', syn, { seq: 7001, ack: 1421 });
      expect([socket.writableLength, socket.info().sndCwnd >= 10_000]).toEqual([0, true]);
      c.w.judge();
    }
  });

  it('that is taken is no news for the congestion controller, which has yet to begin', () => {
    for (const sackPermitted of [true, false]) {
      const c = new Client();
      const heard: string[] = [];
      const spy: CongestionController = {
        ...newReno,
        start: (cc, now) => {
          heard.push('start');
          newReno.start(cc, now);
        },
        acknowledged: (cc, report, now) => {
          heard.push('acknowledged');
          newReno.acknowledged(cc, report, now);
        },
      };
      Object.assign(c.a.tcp.env.controllers, { spy });
      c.learn();
      heard.length = 0;
      const { socket, syn } = open(c, 500, { congestion: 'spy' });
      c.reply(socket, 'SYN,ACK', syn, { ack: 501, sackPermitted });
      expect([heard, socket.writableLength]).toEqual([['start'], 0]);
    }
  });

  it('is no more than the largest segment that the user allows', () => {
    const c = new Client().learn();
    expect(open(c, 3000, { maxSegment: 700 }).syn.text.length).toBe(660);
  });

  it('too large for the path, as ICMP says: the SYN goes again at once, bare, with what fits', () => {
    const c = new Client().learn();
    const socket = c.a.tcp.connect({ ...c.to(), data: pattern(1000) });
    c.w.run(0);
    const [packet] = c.raw.received;
    const [syn] = c.sent();
    c.raw.send(icmpPacket(PEER, US, 3, 4, 800, packet!));
    const [again] = c.sent();
    expect([course([again!], syn!), again!.cookie, again!.mss]).toEqual([['SYN 0+0'], null, 760]);
    const out = c.reply(socket, 'SYN,ACK', syn!, { mss: 1460 });
    expect(course(out, syn!)).toEqual(['ACK 1+760 ack 1', 'PSH,ACK 761+240 ack 1']);
  });
});

describe('what is remembered of fast open, as configured', () => {
  it('fastOpenPause 0: after a SYN that got no answer the next one tries again', () => {
    const c = new Client({ fastOpenPause: 0 }).learn();
    const { socket } = c.next();
    c.w.run(1000);
    expect(c.sent().map((s) => s.cookie)).toEqual([null]);
    socket.abort();
    expect(c.next().tried).toEqual(['GET /', COOKIE]);
  });

  it('fastOpenRefusal 0: a server that gave no cookie is asked again', () => {
    const c = new Client({ fastOpenRefusal: 0 }).learn({});
    expect(c.next().tried).toEqual(['', []]);
  });

  it('fastOpenOldOption: after a refusal the old option is tried once', () => {
    const c = new Client({ fastOpenRefusal: 0, fastOpenOldOption: true });
    const asked: boolean[] = [];
    for (let i = 0; i < 4; i++) {
      const { socket, syn } = c.next();
      asked.push(syn.experimental);
      c.reply(socket, 'SYN,ACK', syn);
    }
    expect(asked).toEqual([false, true, false, false]);
  });

  it('fastOpenMtu: the largest packet that carries text with a SYN', () => {
    const jumbo = new Client({ fastOpenMtu: 9000 }, 9000).learn({ cookie: COOKIE, mss: 8960 });
    expect(open(jumbo, 20_000).syn.text.length).toBe(8920);
    expect(open(new Client({ fastOpenMtu: 600 }).learn(), 3000).syn.text.length).toBe(600 - 40 - 40);
  });

  it('the MSS is kept of a SYN,ACK without a cookie too', () => {
    const c = new Client().learn();
    const { socket, syn } = c.next();
    c.reply(socket, 'SYN,ACK', syn, { ack: 6, mss: 900 });
    expect(open(c, 3000).syn.text.length).toBe(860);
  });
});

describe('the answer to a SYN with timestamps', () => {
  it('that echoes another timestamp is none: a reset, and the true one is still waited for', () => {
    const c = new Client();
    c.w.run(5000);
    const socket = c.a.tcp.connect(c.to({ timestamps: true }));
    const [syn] = c.sent();
    const sent = syn!.tsVal!;
    c.w.run(3000);
    for (const tsEcr of [sent - 1, sent + 3001]) {
      const out = c.reply(socket, 'SYN,ACK', syn!, { tsVal: 9, tsEcr });
      expect([out.at(-1)!.flags, socket.state]).toEqual(['RST', 'SYN-SENT']);
    }
    expect(c.counters.TcpExtTSEcrRejected).toBe(2);
    c.reply(socket, 'SYN,ACK', syn!, { tsVal: 9, tsEcr: sent });
    expect(socket.state).toBe('ESTABLISHED');
  });
});

describe('the end of a connection, as configured', () => {
  it('readAfterFailure: what came in order before a reset can still be read', () => {
    for (const readAfterFailure of [false, true]) {
      const c = new Client({ readAfterFailure });
      const { socket, syn } = c.next('', false);
      c.reply(socket, 'SYN,ACK', syn);
      c.reply(socket, 'PSH,ACK', syn, { seq: 7001, data: 'last words' });
      c.reply(socket, 'RST', syn, { seq: 7011 });
      expect([c.log.at(-1), socket.state]).toEqual(['c close ECONNRESET', 'CLOSED']);
      expect(words({ text: drain(socket) } as Seen)).toBe(readAfterFailure ? 'last words' : '');
      expect(socket.atEnd).toBe(false);
    }
  });

  it('errorsEndOpening: a soft ICMP error ends what is being opened', () => {
    for (const errorsEndOpening of [false, true]) {
      const c = new Client({ errorsEndOpening });
      const socket = c.connect(false);
      socket.write(bytes('x'));
      c.w.run(0);
      const [syn] = c.raw.received.splice(0);
      c.raw.send(icmpPacket(PEER, US, 3, 1, 0, syn!));
      c.sent();
      expect([socket.state, c.log]).toEqual(
        errorsEndOpening ? ['CLOSED', ['c close EHOSTUNREACH']] : ['SYN-SENT', ['c soft host-unreachable']],
      );
    }
  });
});
