import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Packet } from '../../src/link/packet.ts';
import type { Stack } from '../../src/stack/stack.ts';
import type { IcmpError, IpView, TransportProtocol } from '../../src/stack/transport.ts';
import { Address, ALL_NODES, solicitedNode } from '../../src/wire/address.ts';
import { writeU16 } from '../../src/wire/bytes.ts';
import { BROADCAST_MAC, Mac } from '../../src/wire/ethernet.ts';
import { Segment } from '../../src/wire/tcp.ts';
import { frame, ipPacket, tcpPacket } from '../helpers/wire.ts';
import { address, drops, MAC_A, MAC_B, mac, type Raw, World } from './hosts.ts';
import {
  arpFrame,
  counting,
  echoPacket,
  fragment4,
  fragment6,
  icmpPacket,
  ndPacket,
  reChecksum,
  udpPacket,
} from './packets.ts';

const RUNS = { seed: 20260103, numRuns: 300 } as const;
const US = address('10.0.0.1');
const PEER = address('10.0.0.2');
const US6 = address('fd00::1');
const PEER6 = address('fd00::2');
const A = mac(MAC_A);
const B = mac(MAC_B);

/** A transport that notes what it gets, in the place of protocol 253. */
class Fake implements TransportProtocol {
  readonly texts: Uint8Array[] = [];
  readonly broadcasts: boolean[] = [];
  readonly errors: Array<{
    kind: string;
    mtu: number;
    hard: boolean;
    code: number;
    remote: string;
    quote: Uint8Array;
  }> = [];
  bursts = 0;
  readonly #stack: Stack;

  constructor(stack: Stack, protocol = 253) {
    this.#stack = stack;
    stack.registerTransport(protocol, this);
  }

  input(packet: Packet, ip: IpView): void {
    this.texts.push(packet.buf.slice(ip.payloadOffset, ip.payloadOffset + ip.payloadLength));
    this.broadcasts.push(ip.broadcast);
    this.#stack.pool.give(packet);
  }

  error(e: IcmpError): void {
    const { kind, mtu, hard, code } = e;
    const quote = e.buf.slice(e.quoteOffset, e.quoteOffset + e.quoteLength);
    this.errors.push({ kind, mtu, hard, code, remote: String(e.remote.w3 >>> 0), quote });
  }

  burstEnd(): void {
    this.bursts++;
  }
}

function bench(medium: 'ip' | 'ethernet' = 'ip'): { w: World; a: Stack; raw: Raw; fake: Fake } {
  const w = new World();
  const { a, raw } = w.victim({ medium });
  return { w, a, raw, fake: new Fake(a) };
}

function segment(flags: number): Segment {
  const s = new Segment();
  s.srcPort = 1234;
  s.dstPort = 80;
  s.flags = flags;
  return s;
}

function total(a: Stack): number {
  return Object.values(drops(a)).reduce((x, y) => x + y, 0);
}

describe('frames', () => {
  it('A01: runts, unknown types, VLAN stubs, types that lie: a drop each, nothing else', () => {
    const { a, raw } = bench('ethernet');
    let sent = 0;
    const echo = frame(echoPacket(PEER, US), A, B);
    for (let length = 0; length <= 64; length++) {
      // Of a whole echo request every proper prefix is too short.
      if (length < echo.length) raw.send(echo.subarray(0, length));
      else continue;
      sent++;
    }
    for (const type of [0, 46, 0x5ff, 0x600, 0x8100, 0x88a8, 0x9000, 0xffff]) {
      const odd = echo.slice();
      writeU16(odd, 12, type);
      raw.send(odd);
      sent++;
    }
    const six = frame(echoPacket(PEER6, US6), A, B);
    writeU16(six, 12, 0x0800);
    const four = echo.slice();
    writeU16(four, 12, 0x86dd);
    raw.send(six);
    raw.send(four);
    expect(raw.ask(frame(echoPacket(PEER, US), new Mac(0x0200, 77), B))).toEqual([]);
    expect(total(a)).toBe(sent + 3);
    expect(raw.ask(frame(echoPacket(PEER, US), A, new Mac(0x0100, 1)))).toEqual([]);
    expect(a.mib.drops['ethernet-source']).toBe(1);
  });

  it('answer to nothing that is random', () => {
    const w = new World();
    const { a, raw } = w.victim({ medium: 'ethernet' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x0800, 0x86dd, 0x0806), (bytes, type) => {
        const whole = new Uint8Array(14 + bytes.length);
        whole.set([2, 0, 0, 0, 0, 0x0a, 2, 0, 0, 0, 0, 0x0b]);
        writeU16(whole, 12, type);
        whole.set(bytes, 14);
        const before = total(a);
        raw.send(whole);
        w.run(0);
        expect(total(a)).toBe(before + 1);
      }),
      { ...RUNS, numRuns: 2000 },
    );
    expect(raw.received).toEqual([]);
    w.judge();
  });

  it.each(['ip', 'ethernet'] as const)(
    'on %s links: mutated packets cause no throw, no unsound reply, no leak',
    (medium) => {
      const w = new World();
      w.log = false;
      const { a, ia, raw } = w.victim({ medium });
      raw.keep = false;
      new Fake(a);
      const packets = [
        echoPacket(PEER, US, 40),
        echoPacket(PEER6, US6, 40),
        udpPacket(PEER, US, 5, 9, counting(30)),
        udpPacket(PEER6, US6, 5, 9, counting(30)),
        icmpPacket(PEER, US, 3, 1, 0, udpPacket(US, PEER, 5, 9, counting(8))),
        icmpPacket(PEER6, US6, 2, 0, 1280, udpPacket(US6, PEER6, 5, 9, counting(8))),
        tcpPacket(PEER, US, segment(2)),
        tcpPacket(PEER6, US6, segment(16), counting(10)),
        fragment4(PEER, US, 17, 1, 0, true, counting(64)),
        fragment6(PEER6, US6, 17, 1, 64, false, counting(64)),
        ndPacket(PEER6, solicitedNode(US6), 255, (m) => {
          m.type = 135;
          m.target = US6;
          m.hasSourceMac = true;
          m.sourceMac = B;
        }),
      ];
      const arp = { operation: 1, senderMac: B, senderAddress: PEER, targetAddress: US };
      const seeds =
        medium === 'ip'
          ? packets
          : [...packets.map((p) => frame(p, A, B)), arpFrame(arp), arpFrame({ ...arp, operation: 2 })];
      const change = fc.tuple(fc.nat(1000), fc.nat(255));
      const round = (): void =>
        fc.assert(
          fc.property(
            fc.constantFrom(...seeds),
            fc.array(change, { maxLength: 4 }),
            fc.nat(100),
            fc.boolean(),
            (seed, changes, cut, fix) => {
              const bytes = seed.slice(0, Math.max(1, cut < 50 ? seed.length : seed.length - (cut - 50)));
              for (const [at, value] of changes) bytes[at % bytes.length] = value;
              const ip = medium === 'ip' ? 0 : 14;
              if (fix && bytes.length >= ip + 60 && bytes[ip]! >> 4 === 4) reChecksum(bytes, ip);
              raw.send(bytes);
              w.run(0);
            },
          ),
          { ...RUNS, numRuns: 3000 },
        );
      const made: number[] = [];
      for (let i = 0; i < 3; i++) {
        round();
        w.run(1_300_000); // everything has timed out
        made.push(w.pool.made);
      }
      w.judge();
      expect(a.ip.reassembly.used).toBe(0);
      expect(ia.neighbours?.size ?? 0).toBe(0);
      expect(raw.count).toBeGreaterThan(100);
      expect(made[2]).toBe(made[0]);
    },
  );
});

describe('IPv4 input', () => {
  it('B01: every proper prefix of good packets is dropped in silence', () => {
    const { a, raw } = bench();
    let sent = 0;
    for (const good of [
      echoPacket(PEER, US),
      udpPacket(PEER, US, 1, 2, counting(9)),
      tcpPacket(PEER, US, segment(2)),
    ]) {
      for (let length = 1; length < good.length; length++, sent++) raw.send(good.subarray(0, length));
    }
    a.scheduler.runUntil(a.scheduler.now);
    expect(raw.received).toEqual([]);
    expect(total(a)).toBe(sent);
  });

  it('B02: version, header length and total length that cannot be are dropped; padding is cut off', () => {
    const { a, raw, fake } = bench();
    const good = ipPacket(PEER, US, 253, counting(12));
    for (let first = 0; first < 256; first++) {
      if (first === 0x45) continue;
      const bad = good.slice();
      bad[0] = first;
      raw.send(bad);
    }
    for (const length of [0, 1, 19, 33, 1000, 65_535]) {
      const bad = good.slice();
      writeU16(bad, 2, length);
      raw.send(reChecksum(bad));
    }
    expect(raw.ask(good.subarray(0, 0))).toEqual([]);
    expect(fake.texts).toEqual([]);
    expect(total(a)).toBe(255 + 6 + 1);
    const padded = new Uint8Array(60);
    padded.set(good);
    padded.fill(0xee, good.length);
    raw.ask(padded);
    expect(fake.texts).toEqual([counting(12)]);
  });

  it('B03: a wrong header checksum is dropped', () => {
    const { a, raw } = bench();
    const bad = echoPacket(PEER, US);
    bad[10]! ^= 1;
    expect(raw.ask(bad)).toEqual([]);
    expect(a.mib.drops['ipv4-header-checksum']).toBe(1);
    expect(a.mib.IpInHdrErrors).toBe(1);
  });

  it('B04: options of any shape end, and source routes are not honoured', () => {
    const w = new World();
    const { a, raw } = w.victim({}, { ip: { forwarding: true } });
    const shapes: number[][] = [];
    for (const type of [131, 137, 7, 68, 130, 255])
      for (const length of [0, 1, 2, 3, 7, 40, 255]) shapes.push([type, length, 4, 10, 0, 0, 77, 131, 7, 4, 1, 1]);
    for (const options of shapes) {
      const plain = echoPacket(PEER, US);
      const bytes = new Uint8Array(plain.length + 12);
      bytes.set(plain.subarray(0, 20));
      bytes.set(options, 20);
      bytes.set(plain.subarray(20), 32);
      bytes[0] = 0x48;
      writeU16(bytes, 2, bytes.length);
      const replies = raw.ask(reChecksum(bytes));
      expect(replies.length).toBeLessThanOrEqual(1);
      for (const r of replies) expect([r[0], ...r.subarray(16, 20)]).toEqual([0x45, 10, 0, 0, 2]);
    }
    expect(a.mib.IpForwDatagrams).toBe(0);
    w.judge();
  });

  it('B05: LAND: nothing from an own address is taken or answered', () => {
    const { a, raw, fake } = bench();
    for (const [us, fakeUs] of [
      [US, US],
      [US6, US6],
      [US, address('127.0.0.1')],
    ] as const) {
      raw.send(echoPacket(fakeUs, us));
      raw.send(udpPacket(fakeUs, us, 9, 9, counting(4)));
      for (const flags of [2, 0x12, 0x10, 4, 1]) raw.send(tcpPacket(fakeUs, us, segment(flags)));
      raw.send(ipPacket(fakeUs, us, 253, counting(4)));
    }
    expect(raw.ask(echoPacket(US, US))).toEqual([]);
    expect(fake.texts).toEqual([]);
    expect(a.mib.drops['ip-source-is-ours']).toBe(17);
    expect(a.mib.drops['ip-source-martian']).toBe(8);
  });

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '127.0.0.1',
    '224.0.0.1',
    '239.255.255.255',
    '255.255.255.255',
    '10.0.0.255',
    '10.0.0.0',
  ])('B06: nothing from %s is answered', (source) => {
    const { a, raw, fake } = bench();
    const src = address(source);
    raw.send(echoPacket(src, US));
    raw.send(udpPacket(src, US, 1, 2, counting(4)));
    raw.send(ipPacket(src, US, 99, counting(4)));
    expect(raw.ask(ipPacket(src, US, 253, counting(4)))).toEqual([]);
    expect(fake.texts).toEqual([]);
    expect(a.mib.drops['ip-source-martian']).toBe(4);
  });

  it.each(['::', '::1', 'ff02::1', '::ffff:10.0.0.2'])('B06: nothing from %s is answered', (source) => {
    const { a, raw } = bench();
    const src = address(source);
    raw.send(echoPacket(new Address(6, src.w0, src.w1, src.w2, src.w3), US6));
    expect(raw.ask(udpPacket(new Address(6, src.w0, src.w1, src.w2, src.w3), US6, 1, 2, counting(4)))).toEqual([]);
    expect(a.mib.drops['ip-source-martian']).toBe(2);
  });

  it.each(['255.255.255.255', '10.0.0.255', '10.0.0.0', '224.0.0.1', '239.1.2.3'])(
    'B07: what goes to %s is marked as broadcast or dropped, and causes no reply',
    (destination) => {
      const { raw, fake } = bench();
      const dst = address(destination);
      raw.send(echoPacket(PEER, dst));
      raw.send(udpPacket(PEER, dst, 1, 2, counting(4)));
      raw.send(tcpPacket(PEER, dst, segment(2)));
      raw.send(ipPacket(PEER, dst, 99, counting(4)));
      expect(raw.ask(ipPacket(PEER, dst, 253, counting(4)))).toEqual([]);
      expect(fake.broadcasts).toEqual(destination === '239.1.2.3' ? [] : [true]);
    },
  );

  it('B07: a unicast datagram in a broadcast frame is dropped', () => {
    const { a, raw } = bench('ethernet');
    expect(raw.ask(frame(echoPacket(PEER, US), BROADCAST_MAC, B))).toEqual([]);
    expect(raw.ask(frame(echoPacket(PEER6, US6), BROADCAST_MAC, B))).toEqual([]);
    expect(a.mib.drops['ip-unicast-in-link-broadcast']).toBe(2);
  });

  it('B08: a host does not forward', () => {
    const { a, raw } = bench();
    for (const dst of ['10.0.0.3', '192.0.2.1', '0.0.0.0', '127.0.0.1', '240.0.0.1'])
      raw.send(echoPacket(PEER, address(dst)));
    for (const dst of ['fd00::3', '::1', '::']) raw.send(echoPacket(PEER6, address(dst)));
    a.scheduler.runUntil(a.scheduler.now);
    expect(raw.received).toEqual([]);
    expect(a.mib.IpInAddrErrors).toBe(5);
    expect(a.mib.Ip6InAddrErrors).toBe(3);
    expect(a.mib.drops['ip-not-for-us']).toBe(3);
  });

  it('B09: each unknown protocol gets at most one rate-limited protocol unreachable', () => {
    const { w, a, raw } = bench();
    let answered = 0;
    for (let protocol = 0; protocol < 256; protocol++) {
      if (a.transports[protocol] !== null && protocol !== 58) continue;
      const replies = raw.ask(ipPacket(PEER, US, protocol, counting(24)));
      expect(replies.length).toBeLessThanOrEqual(1);
      for (const r of replies) expect([r[9], r[20], r[21], r[28 + 9]]).toEqual([1, 3, 2, protocol]);
      answered += replies.length;
      w.run(50);
    }
    expect(answered).toBeGreaterThan(200);
    w.judge();
  });

  it('D06: storms of errors about errors get no reply', () => {
    const { a, raw } = bench();
    for (let type = 0; type < 256; type++) {
      if (type === 8) continue;
      for (const code of [0, 1, 3, 15]) raw.send(icmpPacket(PEER, US, type, code, 0, counting(28)));
    }
    // Protocol unreachable about an ICMP error nobody knows: still none.
    raw.send(fragment4(PEER, US, 99, 1, 8, false, counting(8)));
    a.scheduler.runUntil(a.scheduler.now + 100_000);
    expect(raw.received).toEqual([]);
  });
});

describe('IPv6 input', () => {
  /** An IPv6 packet with extension headers; each is [type of the header, its octets from the third on]. */
  function chain(
    headers: ReadonlyArray<readonly [number, number[]]>,
    upper = 253,
    text = counting(16),
    dst = US6,
  ): Uint8Array {
    const parts: number[] = [];
    headers.forEach(([, body], i) => {
      const size = Math.ceil((body.length + 2) / 8) * 8;
      parts.push(
        headers[i + 1]?.[0] ?? upper,
        size / 8 - 1,
        ...body,
        ...new Array<number>(size - 2 - body.length).fill(0),
      );
    });
    return ipPacket(PEER6, dst, headers[0]?.[0] ?? upper, Uint8Array.from([...parts, ...text]));
  }
  const pad = [1, 4, 0, 0, 0, 0];

  it('takes known extension headers and passes them over', () => {
    const { raw, fake } = bench();
    raw.ask(
      chain([
        [0, pad],
        [60, pad],
        [43, [0, 0]],
      ]),
    );
    expect(fake.texts).toEqual([counting(16)]);
  });

  it('J01: cut anywhere, a chain is dropped in silence', () => {
    const { a, raw } = bench();
    const whole = chain([
      [0, pad],
      [60, pad],
      [60, pad],
    ]);
    for (let length = 1; length < whole.length; length++) raw.send(whole.subarray(0, length));
    for (let length = 0; length < whole.length - 40 - 16; length++) {
      const lie = whole.slice();
      writeU16(lie, 4, length);
      if (length !== 8 && length !== 16) raw.send(lie);
    }
    a.scheduler.runUntil(a.scheduler.now);
    // A payload length that ends right after a header leaves an upper layer of nothing, which is its own matter.
    expect(raw.received.length).toBeLessThanOrEqual(1);
  });

  it.each([
    ['60 headers', new Array(60).fill([60, pad]), 'ipv6-too-many-headers', null],
    ['nine options', [[60, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]]], 'ipv6-too-many-options', null],
    ['PadN beyond its header', [[60, [1, 200, 0, 0, 0, 0]]], 'ipv6-option-length', null],
    ['RH0 with segments left', [[43, [0, 1, 0, 0, 0, 0]]], 'ipv6-routing-type', [4, 0, 42]],
    ['an option to discard', [[60, [0x41, 0, 0, 0, 0, 0]]], 'ipv6-option-discard', null],
    ['an option to answer', [[60, [0x81, 0, 0, 0, 0, 0]]], 'ipv6-option-unknown', [4, 2, 42]],
    [
      'hop-by-hop options that are not first',
      [
        [60, pad],
        [0, pad],
      ],
      'ipv6-next-header',
      [4, 1, 40],
    ],
  ] as const)('J01: %s', (_name, headers, reason, answer) => {
    const { w, a, raw, fake } = bench();
    const replies = raw.ask(chain(headers as never));
    expect(fake.texts).toEqual([]);
    expect(a.mib.drops[reason]).toBe(1);
    expect(replies.map((r) => [r[40], r[41], r[47]])).toEqual(answer === null ? [] : [answer]);
    w.judge();
  });

  it('answers an unknown option sent to a group only where the option says so', () => {
    const { raw } = bench();
    expect(raw.ask(chain([[60, [0x81, 0, 0, 0, 0, 0]]], 253, counting(8), ALL_NODES)).length).toBe(1);
    expect(raw.ask(chain([[60, [0xc1, 0, 0, 0, 0, 0]]], 253, counting(8), ALL_NODES))).toEqual([]);
    expect(raw.ask(chain([[43, [0, 1]]], 253, counting(8), solicitedNode(US6)))).toEqual([]);
  });

  it('answers an unknown next header with a pointer to it', () => {
    const { w, raw } = bench();
    const [reply] = raw.ask(chain([[60, pad]], 99));
    expect([reply?.[40], reply?.[41], reply?.[47]]).toEqual([4, 1, 40]);
    expect(raw.ask(chain([], 59))).toEqual([]); // no next header
    w.judge();
  });
});

describe('ICMP', () => {
  it('D01: malformed messages and quotes are dropped', () => {
    const { a, raw, fake } = bench();
    const quote = ipPacket(US, PEER, 253, counting(8));
    for (let length = 0; length < quote.length; length++)
      raw.send(icmpPacket(PEER, US, 3, 1, 0, quote.slice(0, length)));
    const wrong = icmpPacket(PEER, US, 3, 1, 0, quote);
    wrong[22]! ^= 1;
    raw.send(wrong);
    raw.send(icmpPacket(PEER, US, 3, 1, 0, ipPacket(PEER, US, 253, counting(8)))); // not ours
    const late = quote.slice();
    writeU16(late, 6, 10);
    raw.send(icmpPacket(PEER, US, 3, 1, 0, late)); // not a first fragment
    for (let length = 0; length < 8; length++) raw.send(ipPacket(PEER, US, 1, counting(length)));
    expect(raw.ask(icmpPacket(PEER, US, 8, 0, 0, counting(1)).subarray(0, 27))).toEqual([]);
    expect(fake.errors).toEqual([]);
    expect(raw.received).toEqual([]);
    expect(a.mib.IcmpInCsumErrors).toBe(1);
    expect(a.mib.drops['icmp-quote']).toBe(quote.length + 2);
  });

  it('delivers errors with the quoted transport header to the protocol, hard and soft', () => {
    const { raw, fake } = bench();
    const quote = ipPacket(US, PEER, 253, counting(8));
    for (const code of [0, 1, 2, 3, 13]) raw.ask(icmpPacket(PEER, US, 3, code, 0, quote));
    raw.ask(icmpPacket(PEER, US, 3, 4, 1400, quote));
    raw.ask(icmpPacket(PEER, US, 3, 4, 0, quote));
    raw.ask(icmpPacket(PEER, US, 11, 0, 0, quote));
    raw.ask(icmpPacket(PEER, US, 12, 0, 0, quote));
    expect(fake.errors.map((e) => [e.kind, e.hard, e.mtu])).toEqual([
      ['unreachable', false, 0],
      ['unreachable', false, 0],
      ['unreachable', true, 0],
      ['unreachable', true, 0],
      ['unreachable', false, 0],
      ['packet-too-big', false, 1400],
      ['packet-too-big', false, 68],
      ['time-exceeded', false, 0],
      ['parameter-problem', false, 0],
    ]);
    expect(fake.errors[0]!.quote).toEqual(counting(8));
  });

  it('does the same for IPv6', () => {
    const { raw, fake } = bench();
    const quote = ipPacket(US6, PEER6, 253, counting(8));
    for (const code of [0, 1, 3, 4]) raw.ask(icmpPacket(PEER6, US6, 1, code, 0, quote));
    raw.ask(icmpPacket(PEER6, US6, 2, 0, 1300, quote));
    raw.ask(icmpPacket(PEER6, US6, 3, 0, 0, quote));
    raw.ask(icmpPacket(PEER6, US6, 4, 1, 40, quote));
    expect(fake.errors.map((e) => [e.kind, e.hard, e.mtu])).toEqual([
      ['unreachable', false, 0],
      ['unreachable', true, 0],
      ['unreachable', false, 0],
      ['unreachable', true, 0],
      ['packet-too-big', false, 1300],
      ['time-exceeded', false, 0],
      ['parameter-problem', true, 0],
    ]);
  });

  it('D04, D05: source quench and redirects reach nobody and are counted', () => {
    const { a, raw, fake } = bench();
    const quote = ipPacket(US, PEER, 253, counting(8));
    raw.send(icmpPacket(PEER, US, 4, 0, 0, quote));
    for (let code = 0; code < 4; code++) raw.send(icmpPacket(PEER, US, 5, code, 0x0a000063, quote));
    expect(raw.ask(icmpPacket(PEER6, US6, 137, 0, 0, counting(32)))).toEqual([]);
    expect(fake.errors).toEqual([]);
    expect(a.mib.IcmpInSrcQuenchs).toBe(1);
    expect(a.mib.IcmpInRedirects).toBe(4);
    expect(a.mib.Icmp6InRedirects).toBe(1);
  });

  it('D07: errors stay within the token buckets, one destination within its own', () => {
    const { w, a, raw } = bench();
    w.log = false;
    raw.keep = false;
    const { errorRate, errorBurst, errorRatePerHost, errorBurstPerHost } = a.config.icmp;
    for (let i = 0; i < 20_000; i++) {
      raw.send(udpPacket(new Address(4, 0, 0, 0xffff, 0x0a000002 + (i % 200)), US, 1, 2, counting(1)));
      if (i % 20 === 19) w.run(1);
    }
    expect(raw.count).toBeGreaterThan(errorRate / 3);
    expect(raw.count).toBeLessThanOrEqual(errorRate + errorBurst);
    const before = raw.count;
    w.run(10_000);
    for (let i = 0; i < 5000; i++) {
      raw.send(udpPacket(PEER, US, 1, 2, counting(1)));
      if (i % 5 === 4) w.run(1);
    }
    expect(raw.count - before).toBeLessThanOrEqual(errorRatePerHost + errorBurstPerHost);
    expect(a.mib.IcmpOutRateLimitHost).toBeGreaterThan(0);
    expect(a.mib.IcmpOutRateLimitGlobal).toBeGreaterThan(0);
    w.judge();
  });

  it('D08: one reply for a request, none for a broadcast', () => {
    const { raw } = bench();
    expect(raw.ask(echoPacket(PEER, US)).length).toBe(1);
    expect(raw.ask(echoPacket(PEER, address('10.0.0.255')))).toEqual([]);
    expect(raw.ask(echoPacket(PEER6, ALL_NODES))).toEqual([]);
  });

  it('takes no reply that nobody waits for', () => {
    const { a, raw } = bench();
    expect(raw.ask(icmpPacket(PEER, US, 0, 0, 1, counting(56)))).toEqual([]);
    expect(a.mib.drops['icmp-unmatched']).toBe(1);
  });
});

describe('transports', () => {
  it('are told when a burst ends', () => {
    const { w, raw, fake } = bench();
    raw.send(ipPacket(PEER, US, 253, counting(4)));
    raw.send(ipPacket(PEER, US, 253, counting(4)));
    w.run(0);
    expect(fake.texts.length).toBe(2);
    expect(fake.bursts).toBe(1);
  });
});
