import { describe, expect, it } from 'vitest';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpListener } from '../../src/stack/tcp-listener.ts';
import type { TcpHandler, TcpSocket } from '../../src/stack/tcp-socket.ts';
import { pattern } from '../helpers/endpoint.ts';
import { address, type Raw, World } from './hosts.ts';
import { ask, code, drain, type Forged, forge, recorder, type Seen, see, shake } from './tcp-peer.ts';

interface Bench {
  w: World;
  a: Stack;
  raw: Raw;
  log: string[];
  /** What the application was given, at once read into `log`. */
  sockets: TcpSocket[];
  listener: TcpListener;
}

function bench(fastOpen: number | boolean = true, more: TcpHandler = {}, config: PartialConfig['tcp'] = {}): Bench {
  const w = new World();
  const { a, raw } = w.victim({}, { tcp: config });
  const log: string[] = [];
  const sockets: TcpSocket[] = [];
  const handler: TcpHandler = {
    ...recorder(log, 'x'),
    onReadable: (s) => {
      log.push(`'${new TextDecoder().decode(drain(s))}' in ${s.state}`);
      if (!s.atEnd) more.onReadable?.(s);
    },
  };
  const listener = a.tcp.listen({ port: 80, fastOpen, handler, onConnection: (s) => void sockets.push(s) });
  return { w, a, raw, log, sockets, listener };
}

/** Asks for a cookie, and lets the connection go. */
function cookieOf(raw: Raw, fields: Forged = {}): number[] {
  const own = { sport: 999, ...fields };
  const [synAck] = ask(raw, forge('SYN', { ...own, cookie: [] }));
  ask(raw, forge('RST', { ...own, seq: 1001 }));
  return synAck!.cookie!;
}

/** Segments as short texts: flags, relative SEQ and ACK, octets of text. */
function course(seen: readonly Seen[], iss: number): string[] {
  return seen.map((s) => `${s.flags} ${s.seq - iss}+${s.text.length} ack ${s.ack - 1000}`);
}

function heard({ raw }: Bench): Seen[] {
  return raw.received.splice(0).flatMap((packet) => see(packet) ?? []);
}

const SYN_TEXT: Forged = { data: 'GET /' };

describe('a listener with fast open', () => {
  it('gives a cookie of eight octets to whoever asks, in the SYN,ACK of a plain handshake', () => {
    const { a, raw, log, listener } = bench();
    const [synAck] = ask(raw, forge('SYN', { cookie: [] }));
    expect([synAck!.flags, synAck!.ack, synAck!.cookie!.length, synAck!.experimental]).toEqual([
      'SYN,ACK',
      1001,
      8,
      false,
    ]);
    expect([log, listener.halfOpen]).toEqual([[], 1]);
    expect(a.tcp.counters.TcpExtTCPFastOpenCookieReqd).toBe(1);
  });

  it('delivers text that comes with a good cookie at once, and the answer leaves before the handshake is over', () => {
    const b = bench(true, { onReadable: (s) => void s.write(pattern(4)) });
    const { w, a, raw, log, sockets } = b;
    const cookie = cookieOf(raw);
    const out = ask(raw, forge('SYN', { ...SYN_TEXT, cookie, mss: 1460 }));
    expect(course(out, out[0]!.seq)).toEqual(['SYN,ACK 0+0 ack 6', 'PSH,ACK 1+4 ack 6']);
    expect(out[0]!.cookie).toBeNull(); // it has a good one
    expect(log).toEqual(['x connect', "'GET /' in SYN-RECEIVED"]);
    expect(sockets[0]!.tcb).toMatchObject({ state: 'SYN-RECEIVED', fastOpened: true, fastOpen: null });
    expect(ask(raw, forge('ACK', { seq: 1006, ack: out[0]!.seq + 5 }))).toEqual([]);
    expect(sockets[0]!.state).toBe('ESTABLISHED');
    expect(sockets[0]!.writableLength).toBe(0);
    ask(raw, forge('PSH,ACK', { seq: 1006, ack: out[0]!.seq + 5, data: 'more' }));
    expect(log).toEqual(['x connect', "'GET /' in SYN-RECEIVED", "'more' in ESTABLISHED"]);
    expect(a.tcp.counters).toMatchObject({ TcpExtTCPFastOpenPassive: 1, TcpExtTCPFastOpenPassiveFail: 0 });
    expect([a.tcp.counters.TcpPassiveOpens, sockets[0]!.tcb.fastOpened]).toEqual([1, true]);
    w.judge();
  });

  it('E07: with a cookie that is not ours acknowledges the SYN alone, says a good one, and delivers nothing', () => {
    const { a, raw, log, sockets, listener } = bench();
    const cookie = cookieOf(raw);
    let n = 0;
    const wrong = [
      ...cookie.map((octet, i) => cookie.map((other, j) => (i === j ? octet ^ 1 : other))),
      cookie.slice(0, 4),
      [...cookie, 0, 0],
      [...cookie, ...cookie],
    ];
    for (const forged of wrong) {
      const own = { sport: 3000 + n++ };
      const [synAck] = ask(raw, forge('SYN', { ...own, ...SYN_TEXT, cookie: forged }));
      expect([synAck!.ack, synAck!.cookie]).toEqual([1001, cookie]);
      expect(log).toEqual([]);
      expect([...a.tcp.table].map((s) => (s as TcpSocket).tcb.rcv.held)).toEqual([null]);
      ask(raw, forge('RST', { ...own, seq: 1001 }));
    }
    expect([a.tcp.table.size, listener.halfOpen, sockets]).toEqual([0, 0, []]);
    expect(a.tcp.counters).toMatchObject({ TcpExtTCPFastOpenPassiveFail: wrong.length, TcpExtTCPFastOpenPassive: 0 });
  });

  it('takes the text once when it is sent again after a wrong cookie', () => {
    const { raw, log, a } = bench();
    const [synAck] = ask(raw, forge('SYN', { ...SYN_TEXT, cookie: [1, 2, 3, 4, 5, 6, 7, 8], sackPermitted: true }));
    const [ack] = ask(raw, forge('PSH,ACK', { seq: 1001, ack: synAck!.seq + 1, data: 'GET /' }));
    expect(ack).toBeUndefined(); // delayed: nothing came twice
    expect(log).toEqual(['x connect', "'GET /' in ESTABLISHED"]);
    expect(a.tcp.counters.TcpExtTCPOFOQueue).toBe(0);
  });

  it('E07: without the option keeps the text of a SYN until the handshake is over', () => {
    const { raw, log } = bench();
    const [synAck] = ask(raw, forge('SYN', SYN_TEXT));
    expect([synAck!.ack, synAck!.cookie, log]).toEqual([1001, null, []]);
    ask(raw, forge('ACK', { seq: 1001, ack: synAck!.seq + 1 }));
    expect(log).toEqual(['x connect', "'GET /' in ESTABLISHED"]);
  });

  it('is off by default, and then no option is looked at', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const cookie = cookieOf(withListener(a, raw));
    const plain = a.tcp.listen({ port: 81 });
    for (const value of [[], cookie, [1, 2, 3, 4]]) {
      const [synAck] = ask(raw, forge('SYN', { dport: 81, sport: 7, ...SYN_TEXT, cookie: value }));
      expect([synAck!.ack, synAck!.cookie, plain.waiting.length]).toEqual([1001, null, 0]);
      // The text of the SYN waits for the handshake, as every other text on a SYN does.
      ask(raw, forge('ACK', { dport: 81, sport: 7, seq: 1006, ack: synAck!.seq + 1 }));
      const socket = plain.accept()!;
      expect(new TextDecoder().decode(drain(socket))).toBe('GET /');
      socket.abort();
      w.run(0);
    }
    expect(a.tcp.counters).toMatchObject({ TcpExtTCPFastOpenPassiveFail: 0, TcpExtTCPFastOpenCookieReqd: 1 });
  });

  it('serves any port of the client and of its own with one cookie, but no other address', () => {
    const { a, raw, log } = bench();
    const cookie = cookieOf(raw);
    a.tcp.listen({ port: 81, fastOpen: 1, handler: recorder(log, 'y') });
    ask(raw, forge('SYN', { sport: 1, ...SYN_TEXT, cookie }));
    ask(raw, forge('SYN', { sport: 2, dport: 81, ...SYN_TEXT, cookie }));
    expect(log).toEqual(['x connect', "'GET /' in SYN-RECEIVED", 'y connect', 'y readable']);
    const other = ask(raw, forge('SYN', { from: address('10.0.0.3'), ...SYN_TEXT, cookie }))[0]!;
    expect([other.ack, other.cookie]).toEqual([1001, expect.not.arrayContaining([cookie])]);
    expect(other.cookie).not.toEqual(cookie);
    expect(a.tcp.counters.TcpExtTCPFastOpenPassiveFail).toBe(1);
  });

  it('refuses settings that make no sense', () => {
    const { a } = bench();
    for (const fastOpen of [-1, 1.5, 1_000_001, 'yes' as unknown as boolean, null as unknown as number]) {
      expect(code(() => a.tcp.listen({ port: 82, fastOpen }))).toBe('ERR_INVALID_ARG_VALUE');
    }
    for (const key of [new Uint8Array(15), new Uint8Array(17), 'x'.repeat(16) as unknown as Uint8Array]) {
      expect(code(() => a.tcp.setFastOpenKeys(key))).toBe('ERR_INVALID_ARG_VALUE');
      expect(code(() => a.tcp.setFastOpenKeys(new Uint8Array(16), key))).toBe('ERR_INVALID_ARG_VALUE');
    }
  });
});

/** A listener with fast open on port 80, for whoever has none yet. */
function withListener(a: Stack, raw: Raw): Raw {
  a.tcp.listen({ port: 80, fastOpen: true });
  return raw;
}

describe('the key of fast open cookies', () => {
  it('rotated: the cookie of the key before it is still good and is exchanged; the one before that is not', () => {
    const { a, raw, log } = bench();
    const first = cookieOf(raw);
    a.tcp.rotateFastOpenKey();
    const [synAck] = ask(raw, forge('SYN', { sport: 1, ...SYN_TEXT, cookie: first }));
    const second = synAck!.cookie!;
    expect([synAck!.ack, second.length]).toEqual([1006, 8]);
    expect(second).not.toEqual(first);
    expect(log).toEqual(['x connect', "'GET /' in SYN-RECEIVED"]);
    expect(ask(raw, forge('SYN', { sport: 2, ...SYN_TEXT, cookie: second }))[0]).toMatchObject({
      ack: 1006,
      cookie: null,
    });
    a.tcp.rotateFastOpenKey();
    const [late] = ask(raw, forge('SYN', { sport: 3, ...SYN_TEXT, cookie: first }));
    expect([late!.ack, a.tcp.counters.TcpExtTCPFastOpenPassiveFail]).toEqual([1001, 1]);
    expect(late!.cookie).not.toEqual(second);
  });

  it('can be set: hosts with the same keys take each other’s cookies, others do not', () => {
    const keys = [pattern(16), pattern(16, 99)] as const;
    const given = bench();
    given.a.tcp.setFastOpenKeys(keys[0]);
    const cookie = cookieOf(given.raw);
    for (const [set, ack] of [
      [[keys[0]], 1006],
      [[keys[1], keys[0]], 1006],
      [[keys[1]], 1001],
    ] as const) {
      const { a, raw } = bench();
      a.tcp.setFastOpenKeys(...(set as unknown as [Uint8Array]));
      expect(ask(raw, forge('SYN', { ...SYN_TEXT, cookie }))[0]!.ack).toBe(ack);
    }
  });
});

describe('a connection opened early', () => {
  /** A SYN with text and a good cookie has come. */
  function early(fields: Forged = {}, b: Bench = bench()): Bench & { iss: number; out: Seen[] } {
    const cookie = cookieOf(b.raw);
    const out = ask(b.raw, forge('SYN', { ...SYN_TEXT, ...fields, cookie }));
    b.log.length = 0;
    return { ...b, iss: out[0]!.seq, out };
  }

  it('hears of a reset: it is over, and its user is told', () => {
    const { a, raw, log } = early();
    expect(ask(raw, forge('RST', { seq: 1007 })).map((s) => s.flags)).toEqual(['ACK']); // RFC 5961 3
    expect(log).toEqual([]);
    ask(raw, forge('RST', { seq: 1006 }));
    expect([log, a.tcp.table.size]).toEqual([['x close ECONNRESET'], 0]);
  });

  it('does not go back to LISTEN for a SYN: a challenge, as in ESTABLISHED (RFC 5961 4)', () => {
    const { raw, sockets, log } = early();
    expect(ask(raw, forge('SYN', { seq: 1106 })).map((s) => s.flags)).toEqual(['ACK']);
    expect([sockets[0]!.state, log]).toEqual(['SYN-RECEIVED', []]);
  });

  it('gives up after R2 of a SYN, and its user is told', () => {
    const { w, a, log } = early();
    w.run(180_000);
    expect([log, a.tcp.table.size, w.scheduler.size]).toEqual([['x soft retransmitting', 'x close ETIMEDOUT'], 0, 0]);
  });

  it('says its SYN,ACK again for the SYN again, with the text acknowledged and without the option', () => {
    const b = bench();
    const cookie = cookieOf(b.raw);
    b.a.tcp.rotateFastOpenKey();
    const [first] = ask(b.raw, forge('SYN', { ...SYN_TEXT, cookie }));
    expect(first!.cookie!.length).toBe(8);
    // The client repeats it bare (RFC 7413 4.2.2); the network may double the first one.
    for (const again of [forge('SYN'), forge('SYN', { ...SYN_TEXT, cookie })]) {
      const out = ask(b.raw, again);
      expect(course(out, first!.seq)).toEqual(['SYN,ACK 0+0 ack 6']);
      expect(out[0]!.cookie).toBeNull();
    }
    expect(b.log).toEqual(['x connect', "'GET /' in SYN-RECEIVED"]);
    expect(b.sockets.length).toBe(1);
  });

  it('sends SYN,ACK and text again when nothing is heard, the SYN,ACK bare', () => {
    const b = early({ mss: 1460 }, bench(true, { onReadable: (s) => void s.write(pattern(3000)) }));
    expect(course(b.out, b.iss).slice(0, 3)).toEqual(['SYN,ACK 0+0 ack 6', 'ACK 1+1460 ack 6', 'ACK 1461+1460 ack 6']);
    b.raw.received.length = 0;
    b.w.run(1000);
    expect(course(heard(b), b.iss)).toEqual(['SYN,ACK 0+0 ack 6', 'ACK 1+1460 ack 6']);
    const out = ask(b.raw, forge('ACK', { seq: 1006, ack: b.iss + 1461 }));
    expect(course(out, b.iss)[0]).toBe('ACK 1461+1460 ack 6');
    b.w.judge();
  });

  it('with SACK sends its text again too', () => {
    const b = early(
      { mss: 1460, sackPermitted: true },
      bench(true, { onReadable: (s) => void s.write(pattern(1000)) }),
    );
    expect(course(b.out, b.iss)).toEqual(['SYN,ACK 0+0 ack 6', 'PSH,ACK 1+1000 ack 6']);
    b.raw.received.length = 0;
    b.w.run(1000);
    expect(course(heard(b), b.iss)).toEqual(['SYN,ACK 0+0 ack 6', 'PSH,ACK 1+1000 ack 6']);
    ask(b.raw, forge('ACK', { seq: 1006, ack: b.iss + 1001 }));
    expect([b.sockets[0]!.state, b.sockets[0]!.writableLength]).toEqual(['ESTABLISHED', 0]);
  });

  it('has of the text what its window takes', () => {
    const { a, raw } = bench();
    const small = a.tcp.listen({ port: 81, fastOpen: true, options: { receiveBuffer: 3 } });
    const [synAck] = ask(raw, forge('SYN', { dport: 81, ...SYN_TEXT, cookie: cookieOf(raw) }));
    expect([synAck!.ack, synAck!.window]).toEqual([1004, 0]);
    expect(new TextDecoder().decode(drain(small.accept()!))).toBe('GET');
  });

  it('sends no more than the initial window before it hears anything', () => {
    const b = early({ mss: 1000, window: 65_535 }, bench(true, { onReadable: (s) => void s.write(pattern(60_000)) }));
    expect(b.out.length).toBe(1 + 10);
    expect(b.out.reduce((sum, s) => sum + s.text.length, 0)).toBe(10_000);
  });

  it('may be answered in full, closing included', () => {
    const answer = (s: TcpSocket): void => {
      s.write(pattern(100));
      s.end();
    };
    const b = early({}, bench(true, { onReadable: answer }));
    expect(course(b.out, b.iss)).toEqual(
      ['SYN,ACK 0+0 ack 6', 'PSH,FIN,ACK 1+100 ack 6'].map((x) => x.replace('PSH,FIN', 'FIN,PSH')),
    );
    const out = ask(b.raw, forge('FIN,ACK', { seq: 1006, ack: b.iss + 102 }));
    expect(course(out, b.iss)).toEqual(['ACK 102+0 ack 7']);
    expect(b.log).toContain('x close null');
    expect(b.a.tcp.timeWaits.size).toBe(1);
    b.w.judge();
  });

  it('hears of the FIN that came with the SYN once it is established', () => {
    const b = bench();
    const cookie = cookieOf(b.raw);
    const [synAck] = ask(b.raw, forge('SYN,FIN', { ...SYN_TEXT, cookie }));
    expect([synAck!.ack, b.log]).toEqual([1006, ['x connect', "'GET /' in SYN-RECEIVED"]]);
    expect(ask(b.raw, forge('ACK', { seq: 1007, ack: synAck!.seq + 1 })).map((s) => s.ack)).toEqual([1007]);
    expect(b.log.slice(2)).toEqual(["'' in CLOSE-WAIT", 'x end']);
  });

  it('is reset by a user who goes and leaves text unread (SHLD-3)', () => {
    const { w, a, raw } = bench();
    a.tcp.listen({ port: 81, fastOpen: true, onConnection: (s) => s.destroy() });
    const out = ask(raw, forge('SYN', { dport: 81, ...SYN_TEXT, cookie: cookieOf(raw) }));
    expect(out.map((s) => s.flags)).toContain('RST,ACK');
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
  });

  it('waits to be accepted from its SYN on, and is not held up by the full queue that it makes', () => {
    const { w, a, raw } = bench();
    const cookie = cookieOf(raw);
    const queue = a.tcp.listen({ port: 81, fastOpen: true, backlog: 1 });
    const [synAck] = ask(raw, forge('SYN', { dport: 81, ...SYN_TEXT, cookie }));
    expect(queue.waiting.length).toBe(1);
    ask(raw, forge('ACK', { dport: 81, seq: 1006, ack: synAck!.seq + 1 }));
    expect(queue.waiting.map((s) => s.state)).toEqual(['ESTABLISHED']);
    expect(ask(raw, forge('SYN', { sport: 5, dport: 81, ...SYN_TEXT, cookie }))).toEqual([]);
    w.judge();
  });

  it('begins only where text was not delivered before: a pair in TIME-WAIT opens by a plain handshake', () => {
    const b = bench();
    const cookie = cookieOf(b.raw);
    const next = shake(b.raw, { sport: 5 });
    b.sockets[0]!.end();
    b.w.run(0);
    b.raw.ask(forge('FIN,ACK', { sport: 5, seq: next.seq, ack: next.ack + 1 }));
    expect(b.a.tcp.timeWaits.size).toBe(1);
    const [synAck] = ask(b.raw, forge('SYN', { sport: 5, seq: next.seq + 100, ...SYN_TEXT, cookie }));
    expect([synAck!.ack, b.a.tcp.counters.TcpExtTCPFastOpenPassive]).toEqual([next.seq + 101, 0]);
  });

  it('does not begin while SYNs are answered by SYN cookies', () => {
    const b = bench(true, {}, { synCookies: 'always' });
    const other = bench();
    const key = pattern(16);
    for (const { a } of [b, other]) a.tcp.setFastOpenKeys(key);
    const [synAck] = ask(b.raw, forge('SYN', { ...SYN_TEXT, cookie: cookieOf(other.raw) }));
    expect([synAck!.ack, synAck!.cookie, b.a.tcp.table.size]).toEqual([1001, null, 0]);
  });

  it('answers in the option of before RFC 7413 to whoever uses that', () => {
    const { raw, log } = bench();
    const [synAck] = ask(raw, forge('SYN', { cookie: [], experimental: true, sport: 1 }));
    expect([synAck!.experimental, synAck!.cookie!.length]).toEqual([true, 8]);
    ask(raw, forge('SYN', { ...SYN_TEXT, cookie: synAck!.cookie!, experimental: true, sport: 2 }));
    expect(log).toEqual(['x connect', "'GET /' in SYN-RECEIVED"]);
  });
});

describe('the bound of connections pending by a cookie', () => {
  it('turns further ones into plain handshakes, until an ACK makes room', () => {
    const { a, raw, log, listener } = bench(2);
    const cookie = cookieOf(raw);
    const syn = (sport: number): Seen => ask(raw, forge('SYN', { sport, ...SYN_TEXT, cookie }))[0]!;
    const first = syn(1);
    syn(2);
    expect(syn(3)).toMatchObject({ ack: 1001, cookie: null });
    expect([...a.tcp.table].map((s) => (s as TcpSocket).tcb.rcv.held)).toEqual([null, null, null]);
    expect(ask(raw, forge('SYN', { sport: 4, cookie: [] }))[0]!.cookie).toBeNull();
    expect(a.tcp.counters).toMatchObject({ TcpExtTCPFastOpenListenOverflow: 2, TcpExtTCPFastOpenPassive: 2 });
    expect([log.length, listener.fastOpens]).toEqual([4, 2]);
    ask(raw, forge('ACK', { sport: 1, seq: 1006, ack: first.seq + 1 }));
    expect([syn(5).ack, syn(6).ack]).toEqual([1006, 1001]);
  });

  it('counts those that were reset for another minute: resets do not keep a flood going (RFC 7413 5.1)', () => {
    const { w, raw, listener } = bench(2);
    const cookie = cookieOf(raw);
    const acks: number[] = [];
    for (let i = 0; i < 5; i++) {
      acks.push(ask(raw, forge('SYN', { sport: 10 + i, ...SYN_TEXT, cookie }))[0]!.ack);
      ask(raw, forge('RST', { sport: 10 + i, seq: acks[i]! }));
    }
    expect(acks).toEqual([1006, 1006, 1001, 1001, 1001]);
    expect(listener.fastOpens).toBe(0);
    w.run(60_000);
    expect(ask(raw, forge('SYN', { sport: 20, ...SYN_TEXT, cookie }))[0]!.ack).toBe(1006);
    expect(listener.fastOpenResets).toEqual([]);
  });

  it('is free again when a connection is given up or closed by its user', () => {
    const { w, raw, sockets, listener } = bench(1);
    const cookie = cookieOf(raw);
    ask(raw, forge('SYN', { sport: 1, ...SYN_TEXT, cookie }));
    sockets[0]!.abort();
    w.run(0);
    expect(listener.fastOpens).toBe(0);
    ask(raw, forge('SYN', { sport: 2, ...SYN_TEXT, cookie }));
    expect(listener.fastOpens).toBe(1);
    w.run(180_000);
    expect([listener.fastOpens, listener.fastOpenPending(w.scheduler.now)]).toEqual([0, 0]);
  });
});
