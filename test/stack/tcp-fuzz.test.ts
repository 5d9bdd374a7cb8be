import { describe, expect, it } from 'vitest';
import { below, SeededRandom } from '../../src/base/random.ts';
import { createPipe } from '../../src/link/pipe.ts';
import type { Stack } from '../../src/stack/stack.ts';
import { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { type Address, transportChecksum, writeU16, writeU32 } from '../../src/wire/index.ts';
import { PROTO_TCP } from '../../src/wire/ipv4.ts';
import { pattern } from '../helpers/endpoint.ts';
import { type Raw, World } from './hosts.ts';
import { reChecksum } from './packets.ts';
import { answers, ask, drain, echo, forge, PEER, PEER6, shake, US, US6 } from './tcp-peer.ts';

/** Values that programs stumble over. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** A connection of the victim in some state, as its peer knows it. */
interface Target {
  readonly six: boolean;
  readonly sport: number;
  readonly dport: number;
  readonly seq: number;
  readonly ack: number;
}

/** Fast open cookies of the peer: good ones under the key below, and others. */
const KEY = pattern(16);
const COOKIES4: readonly number[][] = [goodCookie(PEER, US), [], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4]];
const COOKIES6: readonly number[][] = [goodCookie(PEER6, US6), [], [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4]];

function goodCookie(from: Address, to: Address): number[] {
  const { a, raw } = new World().victim();
  a.tcp.setFastOpenKeys(KEY);
  a.tcp.listen({ port: 80, fastOpen: 1 });
  return ask(raw, forge('SYN', { from, to, cookie: [] }))[0]!.cookie!;
}

class Fuzz {
  readonly w: World = new World();
  readonly a: Stack;
  readonly b: Stack;
  readonly raw: Raw;
  readonly random: SeededRandom;
  readonly canary: TcpSocket;
  /** A number that depends on every octet the victim has emitted. */
  print = 0;
  #sport = 1000;
  #targets: Target[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.w.log = false;
    const { a, raw } = this.w.victim({}, { tcp: { maxHalfOpen: 32 } });
    this.a = a;
    this.raw = raw;
    const [left, right] = createPipe(this.w.scheduler, this.w.pool);
    this.b = this.w.stack('b');
    a.addInterface({ link: left, addresses: ['10.9.0.1/24'] });
    this.b.addInterface({ link: right, addresses: ['10.9.0.2/24'] });
    echo(a, 7);
    a.tcp.listen({ port: 80, fastOpen: 8, onConnection: () => {} });
    a.tcp.listen({ port: 81, backlog: 4, fastOpen: 2 });
    a.tcp.setFastOpenKeys(KEY);
    this.canary = this.b.tcp.connect({ address: '10.9.0.1', port: 7 });
    this.w.run(10);
  }

  /** A number from 0 to `n` - 1. */
  #die(n: number): number {
    return below(this.random, n);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#die(from.length)]!;
  }

  /** One connection in each state. */
  prepare(): void {
    this.#targets = [];
    for (const six of [false, true]) {
      const ends = six ? { from: PEER6, to: US6 } : { from: PEER, to: US };
      const begin = (dport: number): { t: Target; socket: TcpSocket } => {
        const sport = ++this.#sport;
        const next = shake(this.raw, { ...ends, sport, dport, seq: this.random.uint32() });
        return { t: { six, sport, dport, ...next }, socket: this.#socket(sport) };
      };
      const say = (flags: string, t: Target, seq = t.seq, ack = t.ack): void => {
        this.raw.ask(forge(flags, { ...ends, sport: t.sport, dport: t.dport, seq, ack }));
      };
      const add = (t: Target, more = 0): number => this.#targets.push({ ...t, seq: (t.seq + more) >>> 0 });
      const up = (t: Target): number => (t.ack + 1) >>> 0;
      add(begin(7).t); // ESTABLISHED, with an application that answers
      const half = begin(80); // ESTABLISHED, text in flight and a gap in what came
      half.socket.write(pattern(3000));
      say('ACK', half.t, half.t.seq + 500);
      add(half.t);
      const closeWait = begin(80);
      say('FIN,ACK', closeWait.t);
      add(closeWait.t, 1);
      const lastAck = begin(80);
      say('FIN,ACK', lastAck.t);
      lastAck.socket.end();
      add(lastAck.t, 1);
      const finWait1 = begin(80);
      finWait1.socket.end();
      add(finWait1.t);
      const finWait2 = begin(80);
      finWait2.socket.end();
      say('ACK', finWait2.t, finWait2.t.seq, up(finWait2.t));
      add(finWait2.t);
      const closing = begin(80);
      closing.socket.end();
      say('FIN,ACK', closing.t);
      add(closing.t, 1);
      const timeWait = begin(80);
      timeWait.socket.end();
      say('FIN,ACK', timeWait.t, timeWait.t.seq, up(timeWait.t));
      add(timeWait.t, 1);
      const synReceived: Target = { six, sport: ++this.#sport, dport: 80, seq: 77, ack: 0 };
      const [synAck] = ask(this.raw, forge('SYN', { ...ends, sport: synReceived.sport, seq: 76 }));
      this.#targets.push({ ...synReceived, ack: (synAck!.seq + 1) >>> 0 });
      const early: Target = { six, sport: ++this.#sport, dport: 80, seq: 82, ack: 0 };
      const cookie = (six ? COOKIES6 : COOKIES4)[0]!;
      const [answer] = ask(this.raw, forge('SYN', { ...ends, sport: early.sport, seq: 76, data: 'hello', cookie }));
      this.#targets.push({ ...early, ack: (answer!.seq + 1) >>> 0 });
      this.raw.received.length = 0;
      const opening = this.a.tcp.connect({
        address: six ? 'fd00::2' : '10.0.0.2',
        port: ++this.#sport,
        options: { fastOpen: true },
      });
      this.w.run(0);
      add({
        six,
        sport: this.#sport,
        dport: opening.localPort,
        seq: this.random.uint32(),
        ack: (opening.tcb.snd.iss + 1) >>> 0,
      });
      add({ six, sport: ++this.#sport, dport: 80, seq: 5, ack: 9 }); // LISTEN
    }
    this.raw.received.length = 0;
  }

  /** Sends one mutated packet, and lets up to a second pass. */
  step(): void {
    const packet = this.#die(20) === 0 ? this.#noise() : this.#mutant();
    this.raw.send(packet);
    this.w.run(this.#pick([0, 0, 0, 1, 50, 1000]));
    for (const frame of this.raw.received.splice(0)) {
      for (const octet of frame) this.print = (Math.imul(this.print, 31) + octet) | 0;
    }
  }

  #noise(): Uint8Array {
    const bytes = Uint8Array.from({ length: this.#die(120) }, () => this.#die(256));
    if (bytes.length > 0 && this.#die(2) === 0) bytes[0] = this.#pick([0x45, 0x60, 0x46, 0x4f]);
    return bytes;
  }

  #mutant(): Uint8Array {
    const t = this.#pick(this.#targets);
    const ends = t.six ? { from: PEER6, to: US6 } : { from: PEER, to: US };
    const flags = this.#pick([
      'ACK',
      'ACK',
      'PSH,ACK',
      'FIN,ACK',
      'SYN',
      'SYN,ACK',
      'RST',
      'RST,ACK',
      'ACK,URG',
      'FIN',
      '',
    ]);
    const near = [0, 0, 0, 0, 1, -1, 2, 500, 1460, -1460, 65_535, 2 ** 31, -(2 ** 31)];
    const packet = forge(flags, {
      ...ends,
      sport: flags === 'SYN' && this.#die(2) === 0 ? ++this.#sport : t.sport,
      dport: t.dport,
      seq: (t.seq + this.#pick(near)) >>> 0,
      ack: (t.ack + this.#pick(near)) >>> 0,
      window: this.#pick([65_535, 65_535, 0, 1, 1000]),
      data: pattern(this.#pick([0, 0, 1, 5, 100, 1400])),
      ...(this.#die(4) === 0
        ? { cookie: this.#pick(t.six ? COOKIES6 : COOKIES4), experimental: this.#die(4) === 0 }
        : {}),
      ...(this.#die(3) === 0 ? { tsVal: this.random.uint32(), tsEcr: this.random.uint32() } : {}),
    });
    return this.#mutate(packet, t.six ? 40 : 20);
  }

  /** Up to three changes; then, mostly, checksums that are right again. */
  #mutate(original: Uint8Array, tcp: number): Uint8Array {
    let packet: Uint8Array = original.slice();
    for (let changes = this.#die(4); changes > 0; changes--) {
      const at = this.#die(packet.length);
      switch (this.#die(9)) {
        case 0:
          packet[at] = packet[at]! ^ (1 << this.#die(8));
          break;
        case 1:
          packet[at] = this.#die(256);
          break;
        case 2:
          if (packet.length >= tcp + 20) writeU32(packet, tcp + 4, this.#pick(EDGES));
          break;
        case 3:
          if (packet.length >= tcp + 20) writeU32(packet, tcp + 8, this.#pick(EDGES));
          break;
        case 4: // data offset and flags
          if (packet.length >= tcp + 20) packet[tcp + 12 + this.#die(2)] = this.#die(256);
          break;
        case 5: // window, urgent pointer
          if (packet.length >= tcp + 20) writeU16(packet, tcp + this.#pick([14, 18]), this.#pick(EDGES) & 0xffff);
          break;
        case 6:
          packet = packet.slice(0, this.#die(packet.length + 1));
          break;
        case 7:
          packet = this.#withOptions(packet, tcp);
          break;
        default:
          if (packet.length >= tcp + 20) packet[tcp + 13] = this.#die(256);
      }
      if (packet.length === 0) return packet;
    }
    if (this.#die(8) > 0) this.#mend(packet, tcp);
    return packet;
  }

  /** Random options in place of those there were. */
  #withOptions(packet: Uint8Array, tcp: number): Uint8Array {
    if (packet.length < tcp + 20) return packet;
    const options: number[] = [];
    while (options.length < 40 && this.#die(6) > 0) {
      const kind = this.#pick([0, 1, 2, 3, 4, 5, 5, 8, 8, 34, 253, this.#die(256)]);
      options.push(kind);
      if (kind < 2) continue;
      const length = this.#pick([0, 1, 2, 3, 4, 10, 10, 18, 34, 255, this.#die(256)]);
      options.push(length);
      for (let i = 2; i < length && options.length < 40; i++) options.push(this.#die(256));
    }
    while (options.length % 4 !== 0) options.push(this.#die(2));
    const text = packet.subarray(Math.min(tcp + ((packet[tcp + 12]! >> 4) << 2), packet.length));
    const out = new Uint8Array(tcp + 20 + Math.min(options.length, 40) + text.length);
    out.set(packet.subarray(0, tcp + 20));
    out.set(options.slice(0, 40), tcp + 20);
    out.set(text, out.length - text.length);
    out[tcp + 12] = ((20 + Math.min(options.length, 40)) >> 2) << 4;
    return out;
  }

  /** Lengths and checksums as they should be. */
  #mend(packet: Uint8Array, tcp: number): void {
    if (packet.length < tcp + 18 || this.#version(packet) !== (tcp === 20 ? 4 : 6)) return;
    const six = tcp === 40;
    if (six) writeU16(packet, 4, packet.length - 40);
    else {
      packet[0] = 0x45;
      writeU16(packet, 2, packet.length);
      reChecksum(packet);
    }
    writeU16(packet, tcp + 16, 0);
    const [from, to] = six ? [PEER6, US6] : [PEER, US];
    writeU16(packet, tcp + 16, transportChecksum(packet, null, tcp, packet.length - tcp, PROTO_TCP, from, to));
  }

  #version(packet: Uint8Array): number {
    return packet[0]! >> 4;
  }

  #socket(sport: number): TcpSocket {
    for (const entry of this.a.tcp.entries()) {
      if (entry instanceof TcpSocket && entry.remotePort === sport) return entry;
    }
    throw new Error(`no socket for ${sport}`);
  }

  /** The canary still sings. */
  sings(): boolean {
    const song = pattern(3000, this.#die(1000));
    this.canary.write(song);
    this.w.run(100);
    const heard = drain(this.canary);
    return Buffer.from(heard).equals(song);
  }

  /** Ends all of the victim's connections but the canary's. */
  clear(): void {
    for (const entry of [...this.a.tcp.entries()]) {
      if (entry instanceof TcpSocket && entry.remotePort !== this.canary.localPort) entry.abort();
    }
    for (const listener of this.a.tcp.listeners) while (listener.accept() !== null);
    this.w.run(0);
    this.raw.received.length = 0;
  }
}

function run(seed: number, rounds: number, steps: number): { print: number; counters: string } {
  const fuzz = new Fuzz(seed);
  let step = 0;
  try {
    for (let round = 0; round < rounds; round++) {
      fuzz.prepare();
      for (let i = 0; i < steps; i++, step++) fuzz.step();
      expect(fuzz.sings(), `the canary, seed ${seed}, step ${step}`).toBe(true);
      expect(fuzz.a.tcp.table.size).toBeLessThan(24 + 32 + 10 + steps);
      fuzz.clear();
      // What is left are TIME-WAIT records and the canary.
      expect(fuzz.a.tcp.table.size).toBe(fuzz.a.tcp.timeWaits.size + 1);
    }
  } catch (error) {
    throw new Error(`seed ${seed}, step ${step}: ${(error as Error).stack}`);
  }
  const { w, a, b } = fuzz;
  expect(a.tcp.counters.TcpExtTCPFastOpenPassive).toBeGreaterThanOrEqual(2 * rounds);
  fuzz.canary.end();
  w.run(200_000);
  expect([a.tcp.table.size, b.tcp.table.size, w.scheduler.size], `seed ${seed}`).toEqual([0, 0, 0]);
  expect(w.problems, `seed ${seed}`).toEqual([]);
  expect(w.pool.made).toBeLessThan(200);
  return { print: fuzz.print, counters: JSON.stringify([a.counters(), w.pool.made]) };
}

describe('L01, L02: mutated segments into connections in every state', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    it(`throw nothing, leave nothing, and a canary goes on singing (seed ${seed})`, () => {
      run(seed, 12, 100);
    });
  }

  it('have the same course twice with one seed', () => {
    expect(run(9, 3, 100)).toEqual(run(9, 3, 100));
  });
});

describe('E05: every combination of flags', () => {
  const NAMES = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

  it('to an open port, a closed one and port 0: one answer at most, none to a reset, and only a clean SYN opens', () => {
    for (const [from, to] of [
      [PEER, US],
      [PEER6, US6],
    ] as const) {
      const w = new World();
      const { a, raw } = w.victim();
      const listener = a.tcp.listen({ port: 80 });
      let sport = 1;
      for (let bits = 0; bits < 64; bits++) {
        const flags = NAMES.filter((_, i) => bits & (1 << i)).join(',');
        const [syn, rst, ack] = [bits & 2, bits & 4, bits & 16];
        for (const data of ['', 'text']) {
          for (const dport of [80, 81, 0]) {
            const out = answers(raw, forge(flags, { from, to, sport: ++sport, dport, data, ack: 5 }));
            const what = `${flags} to ${dport}`;
            if (dport === 0 || rst) expect(out, what).toEqual([]);
            else if (dport === 81) expect(out, what).toEqual([ack ? 'RST' : 'RST,ACK']);
            else if (ack) expect(out, what).toEqual(['RST']);
            else expect(out, what).toEqual(syn ? ['SYN,ACK'] : []);
          }
          expect(answers(raw, forge(flags, { from, to, sport: 0, data }))).toEqual([]);
        }
      }
      // SYN with any of FIN, PSH, URG; with text and without; not with ACK or RST.
      expect(listener.halfOpen).toBe(16);
      expect(a.tcp.table.size).toBe(16);
      w.judge();
    }
  });

  it('to an established connection: one answer at most, and no reset', () => {
    const w = new World();
    const { a, raw } = w.victim();
    a.tcp.listen({ port: 80, onConnection: () => {} });
    for (let bits = 0; bits < 64; bits++) {
      const flags = NAMES.filter((_, i) => bits & (1 << i)).join(',');
      for (const offset of [0, 10, -10, 100_000]) {
        const sport = 1000 + bits;
        const next = shake(raw, { sport });
        const out = answers(raw, forge(flags, { ...next, sport, seq: (next.seq + offset) >>> 0, data: 'x' }));
        expect(out.length, `${flags} at ${offset}`).toBeLessThanOrEqual(1);
        expect(out.some((f) => f.includes('RST'))).toBe(false);
        for (const entry of [...a.tcp.entries()]) if (entry instanceof TcpSocket) entry.abort();
        w.run(0);
      }
    }
  });

  it('E01, E02: a data offset or a checksum that is wrong is dropped without an answer', () => {
    const w = new World();
    const { a, raw } = w.victim();
    a.tcp.listen({ port: 80 });
    for (let offset = 0; offset < 16; offset++) {
      if (offset === 5) continue;
      const packet = forge('SYN');
      packet[32] = offset << 4;
      writeU16(packet, 36, 0);
      writeU16(packet, 36, transportChecksum(packet, null, 20, packet.length - 20, PROTO_TCP, PEER, US));
      expect(raw.ask(packet), `offset ${offset}`).toEqual([]);
    }
    for (let bit = 0; bit < 160; bit++) {
      const packet = forge('SYN');
      packet[20 + (bit >> 3)] = packet[20 + (bit >> 3)]! ^ (1 << (bit & 7));
      expect(raw.ask(packet), `bit ${bit}`).toEqual([]);
    }
    expect(a.tcp.counters.TcpInCsumErrors).toBe(160);
    expect(a.tcp.table.size).toBe(0);
  });

  it('E03: options of every kind and length end the parse, and the connection lives', () => {
    const w = new World();
    const { a, raw } = w.victim();
    echo(a, 80);
    for (let kind = 0; kind < 40; kind++) {
      for (const length of [0, 1, 2, 3, 4, 5, 9, 10, 11, 18, 34, 40, 41, 255]) {
        for (const flags of ['SYN', 'ACK']) {
          const base = forge(flags, { sport: 5000 + kind });
          const packet = new Uint8Array(80);
          packet.set(base.subarray(0, 40));
          packet.fill(1, 40);
          packet.set([kind, length], 40);
          packet[32] = 15 << 4;
          writeU16(packet, 2, 80);
          reChecksum(packet);
          writeU16(packet, 36, 0);
          writeU16(packet, 36, transportChecksum(packet, null, 20, 60, PROTO_TCP, PEER, US));
          expect(raw.ask(packet).length).toBeLessThanOrEqual(1);
        }
        for (const entry of [...a.tcp.entries()]) if (entry instanceof TcpSocket) entry.abort();
        w.run(0);
      }
    }
    const next = shake(raw);
    expect(ask(raw, forge('PSH,ACK', { ...next, data: 'x' })).map((s) => s.text.length)).toEqual([1]);
    w.judge();
  });
});
