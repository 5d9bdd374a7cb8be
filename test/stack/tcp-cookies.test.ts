import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { World as SimWorld } from '../../src/sim/index.ts';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpListener } from '../../src/stack/tcp-listener.ts';
import { Address } from '../../src/wire/address.ts';
import { diff, seq } from '../../src/wire/seq.ts';
import { stream, talk } from '../helpers/conversation.ts';
import { pattern } from '../helpers/endpoint.ts';
import { type Raw, World } from './hosts.ts';
import { ask, code, drain, type Forged, forge, PEER6, recorder, type Seen, shake, US6 } from './tcp-peer.ts';

interface Bench {
  w: World;
  a: Stack;
  raw: Raw;
  listener: TcpListener;
}

function bench(config: PartialConfig['tcp'] = { synCookies: 'always' }, backlog = 511): Bench {
  const w = new World();
  const { a, raw, ia } = w.victim({}, { tcp: config });
  ia.addAddress('10.1.0.1/8');
  return { w, a, raw, listener: a.tcp.listen({ port: 80, backlog }) };
}

const OFFER: Forged = { mss: 1460, windowScale: 7, sackPermitted: true, tsVal: 5000 };

/** A SYN and the cookie that answers it. */
function cookie(raw: Raw, fields: Forged = OFFER): Seen {
  const [synAck] = ask(raw, forge('SYN', fields));
  expect(synAck!.flags).toBe('SYN,ACK');
  return synAck!;
}

/** The fields of the segment that brings a cookie back. */
function back(synAck: Seen, fields: Forged = OFFER): Forged {
  const { mss: _, windowScale: __, sackPermitted: ___, ...rest } = fields;
  const echo = synAck.timestamps ? { tsVal: (fields.tsVal ?? 0) + 1, tsEcr: synAck.tsVal } : {};
  return { ...rest, ...echo, seq: (fields.seq ?? 1000) + 1, ack: synAck.seq + 1 };
}

/** Everything about TCP that an outsider could have changed. */
function footprint({ w, a, listener }: Bench): unknown[] {
  return [a.tcp.table.size, a.tcp.timeWaits.size, w.scheduler.size, listener.halfOpen, listener.waiting.length];
}

const NOTHING = [0, 0, 0, 0, 0];

function spoofed(n: number): Forged {
  return {
    ...OFFER,
    from: new Address(4, 0, 0, 0xffff, 0x0a000100 + (n % 65_000)),
    sport: 1024 + (n % 60_000),
    seq: n,
  };
}

describe('a connection made from a SYN cookie', () => {
  const SIZES = [undefined, 100, 536, 1220, 1300, 1439, 1440, 1460, 8960, 65_495];
  /** What the engine goes by: the largest size of the table that is not above the announced one. */
  const TAKEN4 = [536, 88, 536, 1220, 1300, 1412, 1440, 1460, 8960, 8960];
  const TAKEN6 = [1220, 88, 512, 1220, 1300, 1432, 1440, 1440, 8940, 16_344];

  for (const [name, ends, taken] of [
    ['IPv4', {}, TAKEN4],
    ['IPv6', { from: PEER6, to: US6 }, TAKEN6],
  ] as const) {
    it(`has every option that both sides offered (${name}); without timestamps none but the segment size`, () => {
      const { w, a, raw, listener } = bench();
      let tried = 0;
      for (const [i, mss] of SIZES.entries()) {
        for (const windowScale of [undefined, 0, 7, 14]) {
          for (const sackPermitted of [false, true]) {
            for (const tsVal of [undefined, 77_777]) {
              const fields: Forged = {
                ...ends,
                sport: 2000 + tried++,
                sackPermitted,
                ...(mss === undefined ? {} : { mss }),
                ...(windowScale === undefined ? {} : { windowScale }),
                ...(tsVal === undefined ? {} : { tsVal }),
              };
              const synAck = cookie(raw, fields);
              const ts = tsVal !== undefined;
              const scaling = ts && windowScale !== undefined;
              const sack = ts && sackPermitted;
              expect(synAck).toMatchObject({ mss: name === 'IPv4' ? 1460 : 1440, ack: 1001, window: 65_535 });
              expect([synAck.timestamps, synAck.windowScale >= 0, synAck.sackPermitted]).toEqual([ts, scaling, sack]);
              expect(ask(raw, forge('ACK', { ...back(synAck, fields), window: 9 }))).toEqual([]);
              const { tcb } = listener.accept()!;
              expect(tcb).toMatchObject({ state: 'ESTABLISHED', peerMss: taken[i], scaling, sack, ts: { on: ts } });
              expect(tcb.snd.shift).toBe(scaling ? windowScale : 0);
              expect(tcb.snd.wnd).toBe(9 << tcb.snd.shift);
              expect(tcb.rcv.shift).toBe(scaling ? synAck.windowScale : 0);
            }
          }
        }
      }
      expect(tried).toBe(160);
      expect(a.tcp.counters).toMatchObject({
        TcpExtSyncookiesSent: 160,
        TcpExtSyncookiesRecv: 160,
        TcpExtSyncookiesFailed: 0,
        TcpExtTCPReqQFullDoCookies: 0,
        TcpPassiveOpens: 160,
      });
      w.judge();
    });
  }

  it('has no larger segments over IPv4 than maxCookieMss', () => {
    const { raw, listener } = bench({ synCookies: 'always', maxCookieMss: 1460 });
    for (const [sport, ends, taken] of [
      [2000, {}, 1460],
      [2001, { from: PEER6, to: US6 }, 8940],
    ] as const) {
      const fields = { ...OFFER, ...ends, sport, mss: 8960 };
      ask(raw, forge('ACK', back(cookie(raw, fields), fields)));
      expect(listener.accept()!.tcb.peerMss).toBe(taken);
    }
  });

  it('has ECN where the SYN asked for it and there were timestamps to remember it in', () => {
    const { raw, listener } = bench();
    for (const [i, [flags, fields, ecn]] of (
      [
        ['SYN,ECE,CWR', OFFER, true],
        ['SYN', OFFER, false],
        ['SYN,ECE,CWR', {}, false],
      ] as const
    ).entries()) {
      const own = { ...fields, sport: 100 + i };
      const [synAck] = ask(raw, forge(flags, own));
      expect(synAck!.flags).toBe(ecn ? 'SYN,ACK,ECE' : 'SYN,ACK');
      ask(raw, forge('ACK', back(synAck!, own)));
      const { tcb } = listener.accept()!;
      expect(tcb.ecn !== null).toBe(ecn);
      if (ecn) expect(tcb.ecn!.recover).toBe(tcb.snd.iss);
    }
  });

  it('does not take what another SYN said about time-outs for its own', () => {
    const { a, raw } = bench();
    const listener = a.tcp.listen({ port: 81, options: { userTimeoutOption: true } });
    ask(raw, forge('SYN', { ...OFFER, dport: 81, sport: 1, userTimeout: 300 }));
    const fields = { ...OFFER, dport: 81 };
    ask(raw, forge('ACK', back(cookie(raw, fields), fields)));
    expect(listener.accept()!.tcb.uto).toMatchObject({ remote: -1 });
  });

  it('carries streams both ways between two hosts', () => {
    const w = new SimWorld({ seed: 5 });
    const a = w.host('a');
    const b = w.host('b', { config: { tcp: { synCookies: 'always' } } });
    w.join(a, b, { forth: { delay: 20 }, back: { delay: 20 } });
    const [up, down] = [stream(pattern(300_000)), stream(pattern(200_000, 7))];
    b.tcp.listen({ port: 80, onConnection: (socket) => talk(socket, down, up) });
    const client = a.tcp.connect({ address: '10.0.0.2', port: 80 });
    talk(client, up, down);
    w.run();
    expect(up.received).toEqual([...up.data]);
    expect(down.received).toEqual([...down.data]);
    expect(b.tcp.counters).toMatchObject({ TcpExtSyncookiesSent: 1, TcpExtSyncookiesRecv: 1 });
    expect([up.error, down.error, up.closed, down.closed]).toEqual([null, null, true, true]);
    // Both windows are scaled, or twice 40 ms would have to pass for every 64 KiB.
    expect(client.tcb.scaling).toBe(true);
  });

  it('has the text, and the FIN, that came with its ACK', () => {
    const { w, raw, listener } = bench();
    const fields = { ...back(cookie(raw)), data: 'at once' };
    expect(ask(raw, forge('PSH,FIN,ACK', fields)).map((s) => [s.flags, s.ack])).toEqual([['ACK', 1009]]);
    const socket = listener.accept()!;
    expect(new TextDecoder().decode(drain(socket))).toBe('at once');
    expect(socket.state).toBe('CLOSE-WAIT');
    w.judge();
  });

  it('tells its listener in the same burst, and takes what comes later in the burst', () => {
    const { w, a, raw } = bench();
    const log: string[] = [];
    a.tcp.listen({ port: 81, onConnection: (socket) => (socket.handler = recorder(log, 'x')) });
    const fields = { ...OFFER, dport: 81 };
    const ack = back(cookie(raw, fields), fields);
    raw.send(forge('ACK', ack));
    raw.send(forge('PSH,ACK', { ...ack, data: 'text' }));
    w.run(0);
    expect(log).toEqual(['x connect', 'x readable']);
  });

  it('goes on with the clock of its SYN,ACK: timestamps do not go back, whatever the low bits were', () => {
    const { w, raw, listener } = bench();
    for (let i = 0; i < 200; i++) {
      w.run(1);
      const fields = { ...OFFER, sport: 2000 + i, windowScale: i % 15 };
      const synAck = cookie(raw, fields);
      const [answer] = ask(raw, forge('PSH,FIN,ACK', { ...back(synAck, fields), data: 'x' }));
      const gone = diff(seq(answer!.tsVal), seq(synAck.tsVal));
      expect(gone).toBeGreaterThanOrEqual(0);
      expect(gone).toBeLessThan(64);
      // Nor is the blurred echo a measurement.
      expect(listener.accept()!.tcb.rtt.srtt).toBe(-1);
    }
  });

  it('waits in the accept queue like any other, and its ACK is dropped when that is full', () => {
    const { a, raw, listener } = bench({ synCookies: 'always' }, 1);
    const first = back(cookie(raw));
    const fields = { ...OFFER, sport: 9 };
    const second = { ...back(cookie(raw, fields), fields), data: 'hello' };
    ask(raw, forge('ACK', first));
    expect(ask(raw, forge('PSH,ACK', second))).toEqual([]);
    expect([listener.waiting.length, a.tcp.table.size]).toEqual([1, 1]);
    expect(a.tcp.counters.TcpExtListenOverflows).toBe(1);
    listener.accept();
    ask(raw, forge('PSH,ACK', second));
    expect(new TextDecoder().decode(drain(listener.accept()!))).toBe('hello');
  });
});

describe('F01: a flood of SYNs from everywhere, with cookies', () => {
  it('leaves no more than maxHalfOpen connections behind, and an honest client gets in during it', () => {
    const b = bench({ maxHalfOpen: 64 });
    const { w, a, raw, listener } = b;
    w.log = false;
    raw.keep = false;
    const FLOOD = 100_000;
    let made = 0;
    let timers = 0;
    const clients: Seen[] = [];
    for (let i = 0; i < FLOOD; i++) {
      raw.send(forge('SYN', spoofed(i)));
      if (i % 100 !== 99) continue;
      w.run(0);
      if (i === 999) [made, timers] = [w.pool.made, w.scheduler.size];
      if (i % 10_000 !== 9999) continue;
      raw.keep = true;
      const fields = { ...OFFER, sport: 60_000 + i / 10_000 };
      const synAck = cookie(raw, fields);
      clients.push(synAck);
      ask(raw, forge('ACK', back(synAck, fields)));
      raw.keep = false;
    }
    expect(clients.length).toBe(10);
    expect(listener.waiting.map((socket) => [socket.state, socket.tcb.scaling])).toEqual(
      new Array(10).fill(['ESTABLISHED', true]),
    );
    expect(listener.halfOpen).toBe(64);
    expect(a.tcp.table.size).toBe(74);
    expect([w.pool.made, w.scheduler.size]).toEqual([made, timers]);
    expect(a.tcp.counters).toMatchObject({
      TcpExtTCPReqQFullDrop: 0,
      TcpExtSyncookiesSent: FLOOD - 64 + 10,
      TcpExtTCPReqQFullDoCookies: FLOOD - 64 + 10,
      TcpExtSyncookiesRecv: 10,
    });
    w.run(200_000);
    expect([listener.halfOpen, a.tcp.table.size]).toEqual([0, 10]);
    w.judge();
  });

  it('answers each SYN once, sets no timer and keeps nothing', () => {
    const b = bench();
    const { w, raw } = b;
    raw.keep = false;
    for (let i = 0; i < 500; i++) raw.send(forge('SYN', spoofed(i)));
    w.run(0);
    expect(footprint(b)).toEqual(NOTHING);
    w.run(600_000);
    expect(raw.count).toBe(500);
  });

  it('connections that are half open keep their places and their options', () => {
    const { raw, listener } = bench({ maxHalfOpen: 1 });
    const fields = { ...OFFER, sport: 7, mss: 1001 };
    const [remembered] = ask(raw, forge('SYN', fields));
    for (let i = 0; i < 10; i++) ask(raw, forge('SYN', spoofed(i)));
    ask(raw, forge('ACK', back(remembered!, fields)));
    expect(listener.accept()!.tcb.peerMss).toBe(1001);
  });

  it('is over when the queue has room: SYNs are remembered again, and cookies that are under way still count', () => {
    const { a, raw, listener } = bench({ maxHalfOpen: 1 });
    const one = { ...OFFER, sport: 1 };
    const two = { ...OFFER, sport: 2 };
    const three = { ...OFFER, sport: 3, mss: 1001 };
    const first = ask(raw, forge('SYN', one))[0]!;
    const second = cookie(raw, two);
    ask(raw, forge('ACK', back(first, one)));
    const third = cookie(raw, three);
    expect(a.tcp.counters.TcpExtSyncookiesSent).toBe(1);
    ask(raw, forge('ACK', back(second, two)));
    ask(raw, forge('ACK', back(third, three)));
    expect(listener.waiting.map((s) => s.tcb.peerMss)).toEqual([1460, 1460, 1001]);
  });

  it('has a bound of its own at a listener that says so', () => {
    const { a, raw } = bench({});
    a.tcp.listen({ port: 81, maxHalfOpen: 2 });
    for (let i = 0; i < 5; i++) ask(raw, forge('SYN', { ...OFFER, dport: 81, sport: 100 + i }));
    expect(a.tcp.counters).toMatchObject({ TcpExtSyncookiesSent: 3, TcpExtTCPReqQFullDoCookies: 3 });
    for (const maxHalfOpen of [0, -1, 1.5, 1_000_001, '5' as unknown as number]) {
      expect(code(() => a.tcp.listen({ port: 82, maxHalfOpen }))).toBe('ERR_INVALID_ARG_VALUE');
    }
  });

  it('does not take TIME-WAIT from a pair: a newer SYN is remembered, and the oldest gives way to it', () => {
    const { w, a, raw, listener } = bench({ maxHalfOpen: 1 });
    const next = shake(raw, { sport: 5 });
    const socket = listener.accept()!;
    socket.end();
    w.run(0);
    raw.ask(forge('FIN,ACK', { sport: 5, seq: next.seq, ack: next.ack + 1 }));
    expect(a.tcp.timeWaits.size).toBe(1);
    ask(raw, forge('SYN', { sport: 6 }));
    const [synAck] = ask(raw, forge('SYN', { sport: 5, seq: next.seq + 100 }));
    expect(a.tcp.counters).toMatchObject({ TcpExtSyncookiesSent: 0, TcpExtTCPReqQFullDrop: 1 });
    ask(raw, forge('ACK', { sport: 5, seq: next.seq + 101, ack: synAck!.seq + 1 }));
    expect(listener.accept()?.state).toBe('ESTABLISHED');
  });
});

describe('F02: an ACK that brings no cookie of ours', () => {
  /** A bench whose listener has lately sent a cookie. */
  function pressed(): Bench {
    const b = bench();
    cookie(b.raw, { ...OFFER, sport: 4 });
    return b;
  }

  it('is answered with a reset, is counted, and changes nothing', () => {
    const b = pressed();
    const random = new SeededRandom(3);
    for (let i = 0; i < 5000; i++) {
      const guess = { sport: 4, seq: 1001, ack: random.uint32(), tsVal: 5001, tsEcr: random.uint32(), data: 'evil' };
      expect(ask(b.raw, forge('PSH,ACK', guess)).map((s) => [s.flags, s.seq])).toEqual([['RST', guess.ack]]);
    }
    expect(footprint(b)).toEqual(NOTHING);
    expect(b.a.tcp.counters).toMatchObject({ TcpExtSyncookiesFailed: 5000, TcpExtSyncookiesRecv: 0 });
  });

  it('because another pair, another ISN, another size, other options or another family stood in it', () => {
    const b = pressed();
    const synAck = cookie(b.raw);
    const good = back(synAck);
    const to = new Address(4, 0, 0, 0xffff, 0x0a010001);
    const bent: Forged[] = [
      { ...good, sport: 1235 },
      { ...good, from: new Address(4, 0, 0, 0xffff, 0x0a000003) },
      { ...good, to },
      { ...good, seq: good.seq! + 1 },
      { ...good, seq: good.seq! - 1 },
      ...Array.from({ length: 32 }, (_, bit) => ({ ...good, ack: (good.ack! ^ (1 << bit)) >>> 0 })),
      ...Array.from({ length: 6 }, (_, bit) => ({ ...good, tsEcr: (good.tsEcr! ^ (1 << bit)) >>> 0 })),
    ];
    const { tsVal: _, tsEcr: __, ...bare } = good;
    bent.push(bare);
    for (const fields of bent) expect(ask(b.raw, forge('ACK', fields)).map((s) => s.flags)).toEqual(['RST']);
    expect(footprint(b)).toEqual(NOTHING);
    expect(b.a.tcp.counters.TcpExtSyncookiesFailed).toBe(bent.length);
    ask(b.raw, forge('ACK', good));
    expect(b.listener.waiting.length).toBe(1);
  });

  it('because it is too old: good in its period of 64 s and the next, never later', () => {
    for (const [wait, good] of [
      [0, true],
      [63_000, true],
      [64_000, true],
      [127_999, true],
      [128_000, false],
      [192_000, false],
      [256_000, false],
    ] as const) {
      const b = bench();
      b.w.run(63_000); // the clock begins at 1 s: a period begins here
      const ack = back(cookie(b.raw));
      b.w.run(wait);
      // The listener goes on sending cookies, so what is refused is refused for its age.
      cookie(b.raw, { ...OFFER, sport: 4 });
      const flags = ask(b.raw, forge('ACK', ack)).map((s) => s.flags);
      expect([wait, flags, b.listener.waiting.length]).toEqual([wait, good ? [] : ['RST'], good ? 1 : 0]);
      expect(b.a.tcp.counters.TcpExtSyncookiesFailed).toBe(good ? 0 : 1);
    }
  });

  it('is not even looked at by a listener that has sent none for so long', () => {
    const b = bench();
    const ack = back(cookie(b.raw));
    b.w.run(129_000);
    expect(ask(b.raw, forge('ACK', ack)).map((s) => s.flags)).toEqual(['RST']);
    expect(b.a.tcp.counters.TcpExtSyncookiesFailed).toBe(0);
    const other = b.a.tcp.listen({ port: 81 });
    cookie(b.raw);
    expect(ask(b.raw, forge('ACK', { ...ack, dport: 81 })).map((s) => s.flags)).toEqual(['RST']);
    expect([b.a.tcp.counters.TcpExtSyncookiesFailed, other.waiting.length]).toEqual([0, 0]);
  });

  it('because it has a SYN or a RST too', () => {
    const b = pressed();
    const good = back(cookie(b.raw));
    expect(ask(b.raw, forge('SYN,ACK', good)).map((s) => s.flags)).toEqual(['RST']);
    expect(ask(b.raw, forge('RST,ACK', good))).toEqual([]);
    expect(footprint(b)).toEqual(NOTHING);
  });

  it('is refused once its port is closed, and by the next listener of it that sent no cookie', () => {
    const b = bench();
    const ack = back(cookie(b.raw));
    b.listener.close();
    expect(ask(b.raw, forge('ACK', ack)).map((s) => s.flags)).toEqual(['RST']);
    const next = b.a.tcp.listen({ port: 80 });
    expect(ask(b.raw, forge('ACK', ack)).map((s) => s.flags)).toEqual(['RST']);
    expect(next.waiting.length).toBe(0);
  });
});
