import { describe, expect, it } from 'vitest';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { TimeWaitEntry } from '../../src/stack/tcp-timewait.ts';
import { type Raw, World } from './hosts.ts';
import { answers, ask, code, drain, forge, recorder, shake } from './tcp-peer.ts';

/** MSL of the tests, ms. */
const MSL = 1000;

interface Waiting {
  w: World;
  a: Stack;
  raw: Raw;
  log: string[];
  /** Next sequence numbers of each side: past both FINs. */
  next: { seq: number; ack: number };
}

/** a has closed first; its record waits. */
function waiting(sport = 1234, config: PartialConfig = {}): Waiting {
  const w = new World();
  const { a, raw } = w.victim({}, { tcp: { msl: MSL, ...config.tcp } });
  const log: string[] = [];
  a.tcp.listen({ port: 80, handler: recorder(log, 'a'), onConnection: (s) => s.end() });
  return { w, a, raw, log, next: closeBy(raw, sport) };
}

/** A handshake, a's FIN, the peer's FIN. */
function closeBy(raw: Raw, sport: number, isn = 1000): { seq: number; ack: number } {
  const next = shake(raw, { sport, seq: isn });
  const last = { seq: next.seq + 1, ack: next.ack + 1 };
  ask(raw, forge('FIN,ACK', { sport, seq: next.seq, ack: last.ack }));
  return last;
}

/** Sockets of a, as netstat shows them. */
function states(a: Stack): string[] {
  return a.sockets().map((s) => s.state);
}

describe('TIME-WAIT on a host', () => {
  it('lasts 2 MSL, listed among the sockets, and leaves nothing behind (MUST-13)', () => {
    const { w, a, log } = waiting();
    expect(states(a)).toEqual(['LISTEN', 'TIME-WAIT']);
    expect(log).toEqual(['a connect', 'a readable', 'a end', 'a close null']);
    w.run(2 * MSL - 1);
    expect(states(a)).toEqual(['LISTEN', 'TIME-WAIT']);
    w.run(1);
    expect(states(a)).toEqual(['LISTEN']);
    expect([a.tcp.table.size, a.tcp.timeWaits.size, w.scheduler.size]).toEqual([0, 0, 0]);
    w.judge();
  });

  it('answers a retransmitted FIN and waits anew, as often as it comes', () => {
    const { w, a, raw, next } = waiting();
    for (let i = 0; i < 5; i++) {
      w.run(2 * MSL - 1);
      expect(answers(raw, forge('FIN,ACK', { seq: next.seq - 1, ack: next.ack }))).toEqual(['ACK']);
    }
    w.run(2 * MSL - 1);
    expect(a.tcp.timeWaits.size).toBe(1);
    w.run(1);
    expect(a.tcp.timeWaits.size).toBe(0);
  });

  it('keeps its order when some wait anew: each ends at its own time', () => {
    const { w, a, raw } = waiting(1);
    const second = closeBy(raw, 2);
    w.run(500);
    closeBy(raw, 3);
    ask(raw, forge('FIN,ACK', { sport: 2, seq: second.seq - 1, ack: second.ack }));
    const ports = (): number[] =>
      [...a.tcp.entries()].flatMap((e) => (e instanceof TimeWaitEntry ? [e.remotePort] : [])).sort();
    expect(ports()).toEqual([1, 2, 3]);
    w.run(1500);
    expect(ports()).toEqual([2, 3]);
    w.run(499);
    expect(ports()).toEqual([2, 3]);
    w.run(1);
    expect(ports()).toEqual([]);
    expect(w.scheduler.size).toBe(0);
  });

  it('F11: is ended by no reset, and answers old text at most twice a second', () => {
    const { w, a, raw, next } = waiting();
    for (let i = 0; i < 100; i++) {
      expect(answers(raw, forge('RST', { seq: next.seq }))).toEqual([]);
      expect(answers(raw, forge('RST,ACK', { seq: next.seq, ack: next.ack }))).toEqual([]);
    }
    let acks = 0;
    for (let i = 0; i < 100; i++) {
      acks += answers(raw, forge('ACK', { seq: next.seq - 500, ack: next.ack })).length;
      w.run(10);
    }
    expect(acks).toBe(2);
    expect(states(a)).toEqual(['LISTEN', 'TIME-WAIT']);
  });

  it('gives way to a newer SYN through the listener, with an ISS beyond what was sent before (MAY-2)', () => {
    const { w, a, raw, next } = waiting();
    const again = shake(raw, { seq: next.seq + 10 });
    expect((again.ack - next.ack) | 0).toBeGreaterThan(0);
    expect(a.tcp.counters.TcpExtTWRecycled).toBe(1);
    // onConnection closes: the second incarnation ends like the first.
    ask(raw, forge('FIN,ACK', { seq: again.seq, ack: again.ack + 1 }));
    expect(a.tcp.timeWaits.size).toBe(1);
    w.run(2 * MSL);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
    w.judge();
  });

  it('drops an old SYN without a word, and any SYN when nobody listens', () => {
    const { a, raw, next } = waiting();
    expect(answers(raw, forge('SYN', { seq: next.seq - 20 }))).toEqual([]);
    const [listener] = a.tcp.listeners;
    listener!.close();
    expect(answers(raw, forge('SYN', { seq: next.seq + 10 }))).toEqual([]);
    expect(a.tcp.timeWaits.size).toBe(1);
  });

  it('resumes with the time that was left when the SYN that was let in proves old (MAY-2)', () => {
    const { w, a, raw, next } = waiting();
    const [listener] = a.tcp.listeners;
    w.run(1500);
    expect(answers(raw, forge('SYN', { seq: next.seq + 10 }))).toEqual(['SYN,ACK']);
    expect([a.tcp.timeWaits.size, listener!.halfOpen]).toEqual([0, 1]);
    w.run(300);
    ask(raw, forge('RST', { seq: next.seq + 11 }));
    expect([a.tcp.timeWaits.size, listener!.halfOpen, a.tcp.table.size]).toEqual([1, 0, 1]);
    expect(answers(raw, forge('FIN,ACK', { seq: next.seq - 1, ack: next.ack }))).toEqual(['ACK']);
    w.run(2 * MSL);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
  });

  it('the time that was left is 500 ms after 1500, though the SYN lay half open for longer', () => {
    const { w, a, raw, next } = waiting();
    w.run(1500);
    ask(raw, forge('SYN', { seq: next.seq + 10 }));
    w.run(10_000);
    ask(raw, forge('RST', { seq: next.seq + 11 }));
    w.run(499);
    expect(a.tcp.timeWaits.size).toBe(1);
    w.run(1);
    expect(a.tcp.timeWaits.size).toBe(0);
    expect(w.scheduler.size).toBe(0);
  });

  it('resumes too when SYN and reset come in one burst: nothing is sent', () => {
    const { w, a, raw, next } = waiting();
    raw.received.length = 0;
    raw.send(forge('SYN', { seq: next.seq + 10 }));
    raw.send(forge('RST', { seq: next.seq + 11 }));
    w.run(0);
    expect(raw.received).toEqual([]);
    expect([a.tcp.timeWaits.size, a.tcp.table.size]).toEqual([1, 1]);
    w.run(2 * MSL);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
  });

  it('resumes too when the half-open queue is full and the new incarnation has to give way', () => {
    const { w, a, raw, next } = waiting(1234, { tcp: { maxHalfOpen: 1, synCookies: 'off' } });
    ask(raw, forge('SYN', { seq: next.seq + 10 }));
    expect(a.tcp.timeWaits.size).toBe(0);
    ask(raw, forge('SYN', { sport: 5 }));
    expect(a.tcp.timeWaits.size).toBe(1);
    w.run(200_000);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
  });

  it('keeps its pair: connecting from it is EADDRINUSE until it ends', () => {
    const { w, a } = waiting();
    const again = (): unknown => a.tcp.connect({ address: '10.0.0.2', port: 1234, localPort: 80 });
    expect(code(again)).toBe('EADDRINUSE');
    w.run(2 * MSL);
    expect(code(again)).toBe('none');
  });

  it('of one connection does not keep another from listening on the port', () => {
    const { a } = waiting();
    const [listener] = a.tcp.listeners;
    listener!.close();
    expect(code(() => a.tcp.listen({ port: 80 }))).toBe('none');
  });

  it('what was received before it can still be read', () => {
    const w = new World();
    const { a, raw } = w.victim();
    const listener = a.tcp.listen({ port: 80 });
    const next = shake(raw);
    const socket = listener.accept()!;
    socket.end();
    w.run(0);
    ask(raw, forge('FIN,PSH,ACK', { ...next, ack: next.ack + 1, data: 'last words' }));
    expect(socket.state).toBe('TIME-WAIT');
    w.run(100_000);
    expect(new TextDecoder().decode(drain(socket))).toBe('last words');
    expect(socket.atEnd).toBe(true);
  });
});

describe('F10: many TIME-WAIT records', () => {
  it('number no more than maxTimeWaits; the overflow is counted, and the oldest gives way', () => {
    const { w, a, raw } = waiting(1, { tcp: { maxTimeWaits: 100 } });
    w.log = false;
    for (let sport = 2; sport <= 500; sport++) closeBy(raw, sport);
    expect(a.tcp.timeWaits.size).toBe(100);
    expect(a.tcp.table.size).toBe(100);
    expect(a.tcp.counters.TcpExtTCPTimeWaitOverflow).toBe(400);
    const ports = [...a.tcp.entries()].map((e) => e.remotePort).sort((x, y) => x - y);
    expect([ports[0], ports[99]]).toEqual([401, 500]);
    w.run(2 * MSL);
    expect([a.tcp.table.size, a.tcp.timeWaits.size, w.scheduler.size]).toEqual([0, 0, 0]);
  });

  it('hold nothing but numbers and two addresses: no socket, no TCB, no buffer', () => {
    const { a } = waiting();
    const [record] = [...a.tcp.entries()];
    expect(record).toBeInstanceOf(TimeWaitEntry);
    const kinds = Object.values(record!).map((value) => (value === null ? 'null' : (value as object).constructor.name));
    expect([...new Set(kinds)].sort()).toEqual(['Address', 'Boolean', 'Number', 'null']);
  });

  it('take part in no scheduling of their own: one appointment serves all', () => {
    const { w, a, raw } = waiting(1);
    for (let sport = 2; sport <= 200; sport++) closeBy(raw, sport);
    w.run(100);
    expect(a.tcp.timeWaits.size).toBe(200);
    expect(w.scheduler.size).toBe(1);
  });
});

describe('F12: churn', () => {
  it('300 opens and aborts on 160 pairs all succeed and leave nothing', () => {
    const w = new World();
    w.log = false;
    const { a, b } = w.pair();
    const log: string[] = [];
    b.tcp.listen({ port: 80, onConnection: () => {} });
    let opened = 0;
    for (let i = 0; i < 300; i++) {
      const socket = a.tcp.connect({
        address: '10.0.0.2',
        port: 80,
        localPort: 5000 + (i % 160),
        handler: recorder(log, 'a'),
      });
      w.run(1);
      if (socket.state === 'ESTABLISHED') opened++;
      socket.abort();
      w.run(1);
    }
    expect(opened).toBe(300);
    expect([a.tcp.table.size, b.tcp.table.size]).toEqual([0, 0]);
    w.run(100);
    expect(w.scheduler.size).toBe(0);
    w.judge();
  });

  it('a pair is used again at once through TIME-WAIT, a hundred times over, whichever side closed', () => {
    const w = new World();
    w.log = false;
    const { a, b } = w.pair();
    b.tcp.listen({ port: 80, onConnection: (s) => s.end(), handler: {} });
    // The server closes first and keeps the records; the client's next SYN is newer each time.
    for (let i = 0; i < 100; i++) {
      const socket = a.tcp.connect({
        address: '10.0.0.2',
        port: 80,
        localPort: 5000,
        handler: { onEnd: (s) => s.end() },
      });
      w.run(10);
      expect(socket.state).toBe('CLOSED');
      expect(b.tcp.timeWaits.size).toBe(1);
    }
    expect(b.tcp.counters.TcpExtTWRecycled).toBe(99);
    expect(a.tcp.table.size).toBe(0);
    w.run(60_000);
    expect([b.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
    w.judge();
  });

  it('ephemeral ports towards one peer do not come back before the others were used (RFC 6056)', () => {
    const w = new World();
    w.log = false;
    const { a, b } = w.pair({}, { ports: { first: 50_000, last: 50_099 } });
    b.tcp.listen({ port: 80, onConnection: (s) => s.abort() });
    const ports: number[] = [];
    for (let i = 0; i < 100; i++) {
      ports.push(a.tcp.connect({ address: '10.0.0.2', port: 80 }).localPort);
      w.run(1);
    }
    expect(new Set(ports).size).toBe(100);
    expect(a.tcp.table.size).toBe(0);
  });
});

describe('a pair of ports in TIME-WAIT', () => {
  /** a has connected to itself by `address` from port 5000 and closed first. */
  function rested(
    reuseTimeWait: 'off' | 'loopback' | 'on',
    address: string,
    timestamps = true,
  ): Waiting['w'] & { a: Stack } {
    const w = new World();
    const { a, b } = w.pair({}, { tcp: { reuseTimeWait } });
    const server = address === '10.0.0.2' ? b : a;
    server.tcp.listen({ port: 80, handler: { onEnd: (s) => s.end() } });
    const client = a.tcp.connect({ address, port: 80, localPort: 5000, options: { timestamps } });
    w.run(100);
    client.write(new Uint8Array(300_000)); // further than the clock of ISNs goes in a second
    w.run(100);
    server.tcp.listeners.find(client.remote, 80)!.accept()!;
    client.end();
    w.run(100);
    return Object.assign(w, { a });
  }

  const again = (a: Stack, address: string): string =>
    code(() => a.tcp.connect({ address, port: 80, localPort: 5000 }));

  it('may be taken by a connect after a second, where that is asked for: over loopback, or anywhere', () => {
    for (const [reuse, address, after] of [
      ['off', '127.0.0.1', 'EADDRINUSE'],
      ['loopback', '127.0.0.1', 'none'],
      ['loopback', '10.0.0.2', 'EADDRINUSE'],
      ['on', '10.0.0.2', 'none'],
    ] as const) {
      const w = rested(reuse, address);
      expect(states(w.a).filter((state) => state === 'TIME-WAIT').length, reuse).toBe(1);
      expect(again(w.a, address), reuse).toBe('EADDRINUSE');
      w.run(1000);
      expect(again(w.a, address), `${reuse} ${address}`).toBe(after);
    }
  });

  it('is not taken without timestamps, which tell the segments of the old connection', () => {
    const w = rested('on', '127.0.0.1', false);
    w.run(1000);
    expect(again(w.a, '127.0.0.1')).toBe('EADDRINUSE');
  });

  it('is taken by a connection that starts beyond all that the old one sent, and is established', () => {
    const w = rested('loopback', '127.0.0.1');
    const record = [...w.a.tcp.entries()].find((entry) => entry instanceof TimeWaitEntry) as TimeWaitEntry;
    w.run(1000);
    const next = w.a.tcp.connect({ address: '127.0.0.1', port: 80, localPort: 5000 });
    expect((next.tcb.snd.iss - record.sndNxt) | 0).toBeGreaterThanOrEqual(65536);
    w.run(100);
    expect(next.state).toBe('ESTABLISHED');
    expect(states(w.a).filter((state) => state === 'TIME-WAIT')).toEqual([]);
  });

  it('is what an ephemeral port is taken from when the range has gone round', () => {
    const w = new World();
    const { a } = w.pair({}, { ports: { first: 50_000, last: 50_003 }, tcp: { reuseTimeWait: 'loopback' } });
    a.tcp.listen({ port: 80, handler: { onEnd: (s) => s.end() }, onConnection: () => {} });
    for (let i = 0; i < 12; i++) {
      const client = a.tcp.connect({ address: '127.0.0.1', port: 80 });
      w.run(10);
      client.end();
      w.run(500);
      expect(client.state, String(i)).toBe('TIME-WAIT');
    }
  });
});
