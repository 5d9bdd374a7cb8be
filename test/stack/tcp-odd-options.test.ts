import { describe, expect, it } from 'vitest';
import type { Stack } from '../../src/stack/stack.ts';
import type { TcpListener } from '../../src/stack/tcp-listener.ts';
import { writeU16, writeU32 } from '../../src/wire/bytes.ts';
import { transportChecksum } from '../../src/wire/checksum.ts';
import { PROTO_TCP } from '../../src/wire/ipv4.ts';
import { SYN } from '../../src/wire/tcp.ts';
import { pattern } from '../helpers/endpoint.ts';
import { ipPacket } from '../helpers/wire.ts';
import { drops, type Raw, World } from './hosts.ts';
import { ask, forge, PEER, type Seen, see, US } from './tcp-peer.ts';

const NOP = 1;
const EOL = 0;
const MSS = [2, 4, 5, 180]; // 1460
const SCALE = [3, 3, 7];
const SACK = [4, 2];
const TIMES = [8, 10, 0, 0, 0, 9, 0, 0, 0, 0];

/** A SYN from 10.0.0.2:1234 to 10.0.0.1:80 with these octets for options, padded with zeros, ISN 1000. */
function syn(options: readonly number[], sport = 1234): Uint8Array {
  const header = 20 + ((options.length + 3) & ~3);
  const bytes = new Uint8Array(header);
  writeU16(bytes, 0, sport);
  writeU16(bytes, 2, 80);
  writeU32(bytes, 4, 1000);
  bytes[12] = (header >> 2) << 4;
  bytes[13] = SYN;
  writeU16(bytes, 14, 65_535);
  bytes.set(options, 20);
  writeU16(bytes, 16, transportChecksum(bytes, null, 0, header, PROTO_TCP, PEER, US));
  return ipPacket(PEER, US, PROTO_TCP, bytes);
}

interface Bench {
  w: World;
  a: Stack;
  raw: Raw;
  listener: TcpListener;
}

function bench(fastOpen: boolean = false): Bench {
  const w = new World();
  const { a, raw } = w.victim();
  return { w, a, raw, listener: a.tcp.listen({ port: 80, fastOpen }) };
}

/** A handshake that begins with this SYN. */
function open({ raw }: Bench, options: readonly number[]): Seen {
  const [synAck] = ask(raw, syn(options));
  expect(synAck!.flags).toBe('SYN,ACK');
  const ts = synAck!.timestamps ? { tsVal: 10, tsEcr: synAck!.tsVal } : {};
  ask(raw, forge('ACK', { seq: 1001, ack: synAck!.seq + 1, ...ts }));
  return synAck!;
}

describe('a SYN with an odd option', () => {
  it('an MSS of next to nothing is not believed: segments have 88 octets at least (CVE-2019-11479)', () => {
    for (const mss of [0, 1, 7, 87]) {
      const b = bench();
      open(b, [2, 4, mss >> 8, mss & 255]);
      const socket = b.listener.accept()!;
      socket.write(pattern(5000));
      b.w.run(0);
      const out = b.raw.received.splice(0).map((packet) => see(packet)!.text.length);
      expect(out.length).toBeGreaterThan(0);
      expect(new Set(out)).toEqual(new Set([88]));
      expect(b.a.tcp.counters.TcpOddOptions).toBe(1);
      b.w.judge();
    }
    const b = bench();
    open(b, [2, 4, 0, 88]);
    expect(b.a.tcp.counters.TcpOddOptions).toBe(0);
  });

  it('a window shift above 14 counts as 14 (RFC 7323 2.3)', () => {
    for (const [shift, taken, odd] of [
      [14, 14, 0],
      [15, 14, 1],
      [255, 14, 1],
    ] as const) {
      const b = bench();
      open(b, [3, 3, shift]);
      const { tcb } = b.listener.accept()!;
      expect([tcb.scaling, tcb.snd.shift, b.a.tcp.counters.TcpOddOptions]).toEqual([true, taken, odd]);
    }
  });

  it('of an option that comes twice the last one holds', () => {
    const b = bench();
    open(b, [...MSS, 2, 4, 2, 88, ...SCALE, 3, 3, 2, ...SACK, ...SACK, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0]);
    const { tcb } = b.listener.accept()!;
    expect(tcb).toMatchObject({ peerMss: 600, sack: true, snd: { shift: 2 }, ts: { on: true } });
    expect(b.a.tcp.counters.TcpOddOptions).toBe(1); // once a segment
    for (const twice of [
      [...MSS, ...MSS],
      [...SCALE, ...SCALE],
      [...SACK, ...SACK],
      [...TIMES, ...TIMES],
    ]) {
      const c = bench();
      open(c, twice);
      expect(c.a.tcp.counters.TcpOddOptions).toBe(1);
    }
  });

  it('options in any order, with padding anywhere, mean the same', () => {
    const all = [MSS, SCALE, SACK, TIMES];
    const orders = all.flatMap((_, i) => [
      [...all.slice(i), ...all.slice(0, i)],
      [...all.slice(i), ...all.slice(0, i)].reverse(),
    ]);
    for (const order of orders) {
      for (const options of [
        order.flat(),
        order.flatMap((option) => [NOP, NOP, ...option, NOP]),
        [...order.flat(), EOL, 255],
      ]) {
        const b = bench();
        const synAck = open(b, options);
        expect([synAck.windowScale >= 0, synAck.sackPermitted, synAck.timestamps]).toEqual([true, true, true]);
        const { tcb } = b.listener.accept()!;
        expect(tcb).toMatchObject({ peerMss: 1460, sack: true, scaling: true, snd: { shift: 7 }, ts: { on: true } });
        expect(b.a.tcp.counters.TcpOddOptions).toBe(0);
      }
    }
  });

  it('what follows the end of the list is not read', () => {
    const b = bench();
    open(b, [...SACK, EOL, ...SCALE]);
    expect(b.listener.accept()!.tcb).toMatchObject({ sack: true, scaling: false });
  });

  it('an option of a wrong length, or beyond the header, drops the segment: nothing is remembered', () => {
    const b = bench();
    const wrong = [
      [2, 3, 5],
      [2, 5, 5, 180, 0],
      [2, 0],
      [2, 1],
      [2, 40, 5, 180],
      [2],
      [3, 2],
      [3, 4, 7, 0],
      [4, 3, 0],
      [8, 9, 0, 0, 0, 0, 0, 0, 0],
      [8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [NOP, NOP, NOP, 34],
      [254, 1, 0xf9, 0x89],
    ];
    for (const options of wrong) {
      // NOPs, so that a length that runs over the end does so.
      const padded = [...new Array<number>((4 - (options.length & 3)) & 3).fill(NOP), ...options];
      expect([padded, ask(b.raw, syn(padded))]).toEqual([padded, []]);
    }
    expect(drops(b.a)).toEqual({ 'tcp-option-length': wrong.length });
    expect([b.a.tcp.table.size, b.listener.halfOpen, b.w.scheduler.size]).toEqual([0, 0, 0]);
  });

  it('E07: a fast open cookie of an impossible length is no cookie: a plain handshake, its text unread', () => {
    const text = (n: number): number[] => new Array<number>(n).fill(7);
    let odd = 0;
    for (const [kind, lead] of [
      [34, []],
      [254, [0xf9, 0x89]],
    ] as const) {
      for (const length of [1, 2, 3, 5, 7, 9, 15, 17, 18, 30]) {
        const b = bench(true);
        const option = [kind, 2 + lead.length + length, ...lead, ...text(length)];
        const [synAck] = ask(b.raw, syn(option));
        expect([length, synAck!.ack, synAck!.cookie]).toEqual([length, 1001, null]);
        expect(b.a.tcp.counters).toMatchObject({
          TcpOddOptions: 1,
          TcpExtTCPFastOpenPassiveFail: 0,
          TcpExtTCPFastOpenCookieReqd: 0,
        });
        odd++;
      }
    }
    expect(odd).toBe(20);
  });

  it('an option of kind 254 that is another experiment, or none, is passed over', () => {
    for (const option of [
      [254, 2],
      [254, 3, 0xf9],
      [254, 4, 0xf9, 0x88],
      [253, 4, 0xf9, 0x89],
      [254, 8, 1, 2, 3, 4, 5, 6],
    ]) {
      const b = bench(true);
      const [synAck] = ask(b.raw, syn(option));
      expect([synAck!.ack, synAck!.cookie]).toEqual([1001, null]);
      expect(b.a.tcp.counters).toMatchObject({ TcpOddOptions: 0, TcpExtTCPFastOpenCookieReqd: 0 });
    }
  });

  it('is answered by a SYN cookie as well', () => {
    const w = new World();
    const { a, raw } = w.victim({}, { tcp: { synCookies: 'always' } });
    const b = { w, a, raw, listener: a.tcp.listen({ port: 80 }) };
    open(b, [2, 4, 0, 0, 3, 3, 99, ...TIMES]);
    expect(b.listener.accept()!.tcb).toMatchObject({ peerMss: 88, snd: { shift: 14 } });
    expect(a.tcp.counters.TcpOddOptions).toBe(2);
    w.judge();
  });
});
