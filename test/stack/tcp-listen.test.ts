import { describe, expect, it } from 'vitest';
import type { PartialConfig } from '../../src/stack/config.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { Address } from '../../src/wire/address.ts';
import { address, type Raw, World } from './hosts.ts';
import { answers, ask, drain, echo, forge, recorder, see, shake } from './tcp-peer.ts';

function bench(config: PartialConfig = {}): { w: World; a: Stack; raw: Raw } {
  const w = new World();
  const { a, raw } = w.victim({}, config);
  return { w, a, raw };
}

/** Address and port of the nth spoofed peer. */
function spoofed(n: number): { from: Address; sport: number; seq: number } {
  return { from: new Address(4, 0, 0, 0xffff, 0x0a000100 + (n % 65_000)), sport: 1024 + (n % 60_000), seq: n };
}

describe('F01: a flood of SYNs from everywhere, without cookies', () => {
  const N = 6000;

  function flooded(): { w: World; a: Stack; raw: Raw } {
    const w = new World();
    w.log = false;
    const { a, raw, ia } = w.victim({}, { tcp: { maxHalfOpen: 64, synCookies: 'off' } });
    ia.addAddress('10.1.0.1/8');
    raw.keep = false;
    a.tcp.listen({ port: 80, handler: recorder([], 'x') });
    for (let i = 0; i < N; i++) {
      raw.send(forge('SYN', spoofed(i)));
      if (i % 100 === 99) w.run(1);
    }
    return { w, a, raw };
  }

  it('keeps at most maxHalfOpen connections, answers each SYN once, and forgets all of them in the end', () => {
    const { w, a, raw } = flooded();
    const [listener] = a.tcp.listeners;
    expect(listener!.halfOpen).toBeLessThanOrEqual(64);
    expect(a.tcp.table.size).toBeLessThanOrEqual(64);
    expect(raw.count).toBeLessThanOrEqual(N);
    expect(a.tcp.counters.TcpExtTCPReqQFullDrop).toBe(N - 64);
    w.run(200_000);
    expect([listener!.halfOpen, a.tcp.table.size, w.scheduler.size]).toEqual([0, 0, 0]);
    expect(listener!.waiting).toEqual([]);
    // A SYN,ACK goes out at most 1 + 7 times in three minutes.
    expect(raw.count).toBeLessThanOrEqual(N + 64 * 7);
    w.judge();
  });

  it('lets a genuine client in while it lasts and afterwards', () => {
    const { w, a, raw } = flooded();
    const [listener] = a.tcp.listeners;
    raw.keep = true;
    for (let i = 0; i < 20; i++) {
      const [synAck] = ask(raw, forge('SYN', { sport: 3000 + i }));
      for (let j = 0; j < 40; j++) raw.send(forge('SYN', spoofed(i * 40 + j)));
      raw.ask(forge('ACK', { sport: 3000 + i, seq: 1001, ack: synAck!.seq + 1 }));
    }
    expect(listener!.waiting.length).toBe(20);
    w.run(200_000);
    shake(raw, { sport: 4000, seq: 78 });
    expect(listener!.waiting.length).toBe(21);
    expect(listener!.waiting.every((socket) => socket.state === 'ESTABLISHED')).toBe(true);
  });

  it('does not push out what is established in the same burst', () => {
    const { w, a, raw } = bench({ tcp: { maxHalfOpen: 4, synCookies: 'off' } });
    const log: string[] = [];
    const listener = a.tcp.listen({ port: 80, handler: recorder(log, 'x') });
    const [synAck] = ask(raw, forge('SYN', { sport: 1 }));
    raw.send(forge('ACK', { sport: 1, seq: 1001, ack: synAck!.seq + 1 }));
    for (let i = 0; i < 10; i++) raw.send(forge('SYN', { sport: 100 + i }));
    w.run(0);
    expect(log).toEqual(['x connect']);
    expect(listener.accept()?.state).toBe('ESTABLISHED');
    expect(listener.halfOpen).toBe(4);
    expect(a.tcp.table.size).toBe(5);
  });

  it('to closed ports costs one reset each and no memory', () => {
    const { w, a, raw } = bench();
    raw.keep = false;
    for (let i = 0; i < 3000; i++) raw.send(forge('SYN', { sport: 1 + i, dport: 81 + (i % 100) }));
    w.run(0);
    expect(raw.count).toBe(3000);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
    const made = w.pool.made;
    for (let i = 0; i < 3000; i++) raw.send(forge('SYN', { sport: 1 + i, dport: 81 + (i % 100) }));
    w.run(0);
    expect(w.pool.made).toBe(made);
  });
});

describe('F03: the accept queue', () => {
  it('never holds more than the backlog, though the ACKs come in one burst', () => {
    const { w, a, raw } = bench();
    const listener = a.tcp.listen({ port: 80, backlog: 10 });
    const synAcks = Array.from({ length: 40 }, (_, i) => ask(raw, forge('SYN', { sport: 2000 + i }))[0]!);
    for (const s of synAcks) raw.send(forge('ACK', { sport: s.dport, seq: 1001, ack: s.seq + 1 }));
    raw.received.length = 0;
    w.run(0);
    expect(listener.waiting.length).toBe(10);
    expect(listener.halfOpen).toBe(30);
    expect(raw.received.map((packet) => see(packet)!.flags)).toEqual([]);
    expect(a.tcp.counters.TcpExtListenOverflows).toBe(30);
    w.judge();
  });

  it('full, drops the ACK and no reset is sent; once there is room the handshake completes, text and all', () => {
    const { w, a, raw } = bench();
    const listener = a.tcp.listen({ port: 80, backlog: 1 });
    shake(raw, { sport: 1 });
    const [synAck] = ask(raw, forge('SYN', { sport: 2 }));
    expect(synAck).toBeUndefined(); // not even begun
    const first = listener.accept()!;
    const [second] = ask(raw, forge('SYN', { sport: 2 }));
    const [third] = ask(raw, forge('SYN', { sport: 3 }));
    const fields = { sport: 3, seq: 1001, ack: third!.seq + 1 };
    raw.ask(forge('ACK', { sport: 2, seq: 1001, ack: second!.seq + 1 }));
    expect(answers(raw, forge('ACK', fields))).toEqual([]);
    expect(answers(raw, forge('PSH,ACK', { ...fields, data: 'hello' }))).toEqual([]);
    expect(listener.waiting.length).toBe(1);
    // The SYN,ACK is said again, which makes the client say its ACK again.
    raw.received.length = 0;
    w.run(1000);
    expect(raw.received.map((packet) => see(packet)!.flags)).toEqual(['SYN,ACK']);
    expect(listener.accept()?.remotePort).toBe(2);
    expect(answers(raw, forge('PSH,ACK', { ...fields, data: 'hello' }))).not.toContain('RST');
    const late = listener.accept()!;
    expect(late.remotePort).toBe(3);
    expect(new TextDecoder().decode(drain(late))).toBe('hello');
    expect(first.state).toBe('ESTABLISHED');
    w.judge();
  });

  it('with backlog 10 takes sixty clients at once, ten at each repetition of the SYN,ACK, and hundreds one by one', () => {
    const w = new World();
    w.log = false;
    const { a, b } = w.pair();
    const listener = b.tcp.listen({ port: 80, backlog: 10 });
    const clients: TcpSocket[] = [];
    const errors: string[] = [];
    const client = (): void => {
      const handler = {
        onClose: (_: TcpSocket, error: { code: string } | null) => void errors.push(error?.code ?? 'null'),
      };
      clients.push(a.tcp.connect({ address: '10.0.0.2', port: 80, handler }));
    };
    for (let i = 0; i < 60; i++) client();
    let accepted = 0;
    for (let round = 0; round < 700; round++) {
      if (round >= 400) client();
      w.run(100);
      expect(listener.waiting.length).toBeLessThanOrEqual(10);
      for (let s = listener.accept(); s !== null; s = listener.accept()) {
        accepted++;
        s.end();
      }
    }
    expect(accepted).toBe(360);
    expect(errors).toEqual([]);
    for (const socket of clients) socket.end();
    w.run(300_000);
    expect(errors).toEqual(new Array(360).fill('null'));
    expect([a.tcp.table.size, b.tcp.table.size, w.scheduler.size]).toEqual([0, 0, 0]);
    w.judge();
  });

  it('hands what waits to onConnection when that is set, then everything that comes', () => {
    const { a, raw } = bench();
    const listener = a.tcp.listen({ port: 80 });
    shake(raw, { sport: 1 });
    shake(raw, { sport: 2 });
    const taken: number[] = [];
    listener.onConnection = (socket) => void taken.push(socket.remotePort);
    shake(raw, { sport: 3 });
    expect(taken).toEqual([1, 2, 3]);
    expect(listener.accept()).toBeNull();
  });

  it('what was reset before anyone heard of it tells nobody anything', () => {
    const { w, a, raw } = bench();
    const log: string[] = [];
    const taken: TcpSocket[] = [];
    a.tcp.listen({ port: 80, handler: recorder(log, 'x'), onConnection: (s) => void taken.push(s) });
    const [synAck] = ask(raw, forge('SYN'));
    raw.send(forge('ACK', { seq: 1001, ack: synAck!.seq + 1 }));
    raw.send(forge('RST', { seq: 1001 }));
    w.run(1000);
    expect([log, taken]).toEqual([[], []]);
    expect([a.tcp.table.size, w.scheduler.size]).toEqual([0, 0]);
  });
});

describe('closing a listener', () => {
  it('resets what is half open or waits; what was handed over stays', () => {
    const { w, a, raw } = bench();
    const log: string[] = [];
    const listener = a.tcp.listen({ port: 80, handler: recorder(log, 'x') });
    const kept = shake(raw, { sport: 1 });
    const socket = listener.accept()!;
    shake(raw, { sport: 2 });
    ask(raw, forge('SYN', { sport: 3 }));
    log.length = 0;
    raw.received.length = 0;
    listener.close();
    listener.close();
    w.run(0);
    const out = raw.received.map((packet) => see(packet)!).map((s) => `${s.flags} to ${s.dport}`);
    expect(out).toEqual(['RST,ACK to 2', 'RST,ACK to 3']);
    // Of the half-open one nobody had heard.
    expect(log).toEqual(['x close null']);
    expect(socket.state).toBe('ESTABLISHED');
    expect(answers(raw, forge('SYN', { sport: 4 }))).toEqual(['RST,ACK']);
    raw.ask(forge('PSH,ACK', { sport: 1, ...kept, data: 'still here' }));
    expect(new TextDecoder().decode(drain(socket))).toBe('still here');
    expect(a.tcp.table.size).toBe(1);
    w.judge();
  });

  it('from within a handler is as good', () => {
    const { w, a, raw } = bench();
    const listener = a.tcp.listen({
      port: 80,
      onConnection: (socket) => {
        listener.close();
        socket.write(new Uint8Array([65]));
      },
    });
    const synAcks = [1, 2, 3].map((sport) => ask(raw, forge('SYN', { sport }))[0]!);
    for (const s of synAcks) raw.send(forge('ACK', { sport: s.dport, seq: 1001, ack: s.seq + 1 }));
    raw.received.length = 0;
    w.run(0);
    const out = raw.received.map((packet) => see(packet)!).map((s) => `${s.flags} to ${s.dport}`);
    expect(out.sort()).toEqual(['PSH,ACK to 1', 'RST,ACK to 2', 'RST,ACK to 3']);
    expect(a.tcp.table.size).toBe(1);
  });

  it('leaves the port to the next listener while old connections live on', () => {
    const { w, a, raw } = bench();
    const first = echo(a, 80);
    const old = shake(raw, { sport: 1 });
    first.close();
    echo(a, 80);
    shake(raw, { sport: 2 });
    expect(ask(raw, forge('PSH,ACK', { sport: 1, ...old, data: 'x' })).map((s) => s.text[0])).toEqual([120]);
    expect(a.tcp.table.size).toBe(2);
    w.judge();
  });
});

describe('a half-open connection', () => {
  it('that gets a reset leaves its listener as it was (MUST-11)', () => {
    const { w, a, raw } = bench();
    const log: string[] = [];
    const listener = a.tcp.listen({ port: 80, handler: recorder(log, 'x') });
    for (let i = 0; i < 3; i++) {
      ask(raw, forge('SYN', { seq: 1000 + i }));
      expect(listener.halfOpen).toBe(1);
      raw.ask(forge('RST', { seq: 1001 + i }));
      expect(listener.halfOpen).toBe(0);
    }
    shake(raw);
    expect(log).toEqual(['x connect']);
    w.judge();
  });

  it('answers a wrong ACK with a reset and goes on (RFC 9293 3.10.7.4)', () => {
    const { a, raw } = bench();
    const listener = a.tcp.listen({ port: 80 });
    const [synAck] = ask(raw, forge('SYN'));
    expect(answers(raw, forge('ACK', { seq: 1001, ack: synAck!.seq + 77 }))).toEqual(['RST']);
    raw.ask(forge('ACK', { seq: 1001, ack: synAck!.seq + 1 }));
    expect(listener.waiting.length).toBe(1);
  });

  it('gives text that came with the SYN to the application once it is established, not before', () => {
    const { a, raw } = bench();
    const listener = a.tcp.listen({ port: 80 });
    const [synAck] = ask(raw, forge('SYN', { data: 'early' }));
    expect(listener.accept()).toBeNull();
    raw.ask(forge('ACK', { seq: 1006, ack: synAck!.seq + 1 }));
    expect(new TextDecoder().decode(drain(listener.accept()!))).toBe('early');
  });

  it('listening on every address remembers which one was called (MUST-43)', () => {
    const { a, raw } = bench();
    const [iface] = a.interfaces().slice(1);
    iface!.addAddress('10.0.0.11/24');
    a.tcp.listen({ port: 80 });
    const to = address('10.0.0.11');
    shake(raw, { to });
    const [listener] = a.tcp.listeners;
    expect(listener!.accept()!.localAddress).toBe('10.0.0.11');
  });
});
