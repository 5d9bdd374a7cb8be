import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Address, parseAddress, solicitedNode } from '../../src/wire/address.ts';
import { IcmpMessage, isIcmpError, parseIcmp, writeIcmp } from '../../src/wire/icmp.ts';
import {
  checksumIcmpv6,
  ICMPV6_NEIGHBOR_ADVERTISEMENT,
  ICMPV6_NEIGHBOR_SOLICITATION,
  ICMPV6_REDIRECT,
  ICMPV6_ROUTER_ADVERTISEMENT,
  ICMPV6_ROUTER_SOLICITATION,
  isIcmpv6Error,
  parseIcmpv6,
  writeIcmpv6,
} from '../../src/wire/icmpv6.ts';
import { PROTO_ICMP, PROTO_ICMPV6, PROTO_UDP } from '../../src/wire/ipv4.ts';
import { MAX_ND_PREFIXES, NdMessage, parseNd, writeNd } from '../../src/wire/nd.ts';
import { parseUdp, UdpHeader, writeUdp } from '../../src/wire/udp.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { address6, ipPacket, mac, RUNS, u8, u16, u32, V4_A, V4_B, V6_A, V6_B } from '../helpers/wire.ts';

describe('UDP', () => {
  test('what is written is read back, and the oracle finds it sound in both families', () => {
    fc.assert(
      fc.property(u16, fc.integer({ min: 1, max: 65535 }), fc.uint8Array({ maxLength: 40 }), (src, dst, text) => {
        const datagram = new Uint8Array(8 + text.length);
        expect(writeUdp(datagram, 0, src, dst, datagram.length)).toBe(8);
        datagram.set(text, 8);
        const h = new UdpHeader();
        expect(parseUdp(datagram, 0, datagram.length, h)).toBe('ok');
        expect([h.srcPort, h.dstPort, h.length, h.checksum]).toEqual([src, dst, datagram.length, 0]);
        expect([h.payloadOffset, h.payloadLength]).toEqual([8, text.length]);
        expect(checkFrame(ipPacket(V4_A, V4_B, PROTO_UDP, datagram), 'ip')).toEqual([]);
        const v6 = ipPacket(V6_A, V6_B, PROTO_UDP, datagram);
        // A sum that comes out as 0 is sent as 0xffff, which is the stack's to do.
        if (v6[46] !== 0 || v6[47] !== 0) expect(checkFrame(v6, 'ip')).toEqual([]);
      }),
      RUNS,
    );
  });

  test('a length of 0, 7 or more than there is is refused; what is beyond it is cut off', () => {
    const datagram = new Uint8Array(20);
    const parse = (length: number): string => {
      writeUdp(datagram, 0, 1, 2, length);
      return parseUdp(datagram, 0, 20, new UdpHeader());
    };
    expect([0, 1, 7, 21, 65535].map(parse)).toEqual(['length', 'length', 'length', 'length', 'length']);
    expect([8, 12, 20].map(parse)).toEqual(['ok', 'ok', 'ok']);
    for (let n = 0; n < 8; n++) expect(parseUdp(datagram, 0, n, new UdpHeader())).toBe('truncated');
  });
});

describe('ICMP and ICMPv6', () => {
  const message = fc.tuple(u8, u8, u32, fc.uint8Array({ maxLength: 60 }));

  test('what is written is read back, and every other checksum is refused', () => {
    fc.assert(
      fc.property(message, u8, ([type, code, rest, body], bit) => {
        const bytes = new Uint8Array(8 + body.length);
        bytes.set(body, 8);
        expect(writeIcmp(bytes, null, 0, bytes.length, type, code, rest)).toBe(8);
        const m = new IcmpMessage();
        expect(parseIcmp(bytes, null, 0, bytes.length, m)).toBe('ok');
        expect([m.type, m.code, m.rest, m.bodyOffset, m.bodyLength]).toEqual([type, code, rest, 8, body.length]);
        expect([m.id, m.sequence]).toEqual([rest >>> 16, rest & 0xffff]);
        if (!isIcmpError(type)) expect(checkFrame(ipPacket(V4_A, V4_B, PROTO_ICMP, bytes), 'ip')).toEqual([]);
        bytes[(bit >> 3) % bytes.length]! ^= 1 << (bit & 7);
        expect(parseIcmp(bytes, null, 0, bytes.length, m)).toBe('checksum');
      }),
      RUNS,
    );
  });

  test('what is written for IPv6 is read back, and only between its own addresses', () => {
    fc.assert(
      fc.property(message, address6, address6, ([type, code, rest, body], src, dst) => {
        const bytes = new Uint8Array(8 + body.length);
        bytes.set(body, 8);
        writeIcmpv6(bytes, null, 0, bytes.length, type, code, rest, src, dst);
        const m = new IcmpMessage();
        expect(parseIcmpv6(bytes, null, 0, bytes.length, src, dst, m)).toBe('ok');
        expect([m.type, m.code, m.rest]).toEqual([type, code, rest]);
        const other = dst.clone();
        other.w3 ^= 1;
        expect(parseIcmpv6(bytes, null, 0, bytes.length, src, other, m)).toBe('checksum');
        if (!isIcmpv6Error(type) && !(type >= 133 && type <= 137) && src.w0 >>> 24 !== 255) {
          expect(checkFrame(ipPacket(src, dst, PROTO_ICMPV6, bytes), 'ip')).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  test('fewer than 8 octets are truncated', () => {
    for (let n = 0; n < 8; n++) {
      expect(parseIcmp(new Uint8Array(20), null, 0, n, new IcmpMessage())).toBe('truncated');
      expect(parseIcmpv6(new Uint8Array(20), null, 0, n, V6_A, V6_B, new IcmpMessage())).toBe('truncated');
    }
  });
});

const HOST = parseAddress('fe80::1')!;
const ANY = parseAddress('::')!;
const GROUP = parseAddress('ff02::1')!;

function nd(type: number, change: (m: NdMessage) => void = () => {}): NdMessage {
  const m = new NdMessage();
  m.type = type;
  m.target = V6_B;
  change(m);
  return m;
}

function parse(
  m: NdMessage,
  src: Address = HOST,
  dst: Address = V6_B,
  hopLimit = 255,
  edit = (_: Uint8Array): void => {},
): string {
  const bytes = new Uint8Array(400);
  const length = writeNd(bytes, 0, m);
  edit(bytes);
  return parseNd(bytes, 0, length, hopLimit, src, dst, new NdMessage());
}

describe('Neighbor Discovery', () => {
  const prefix = fc.record({
    prefix: address6,
    length: fc.integer({ min: 0, max: 128 }),
    onLink: fc.boolean(),
    autonomous: fc.boolean(),
    validLifetime: u32,
    preferredLifetime: u32,
  });
  const target = address6.filter((a) => a.w0 >>> 24 !== 255);
  const options = {
    hasSourceMac: fc.boolean(),
    sourceMac: mac,
    hasTargetMac: fc.boolean(),
    targetMac: mac,
  };
  const messages = fc.oneof(
    fc.record({ type: fc.constantFrom(ICMPV6_ROUTER_SOLICITATION), ...options }),
    fc.record({ type: fc.constantFrom(ICMPV6_NEIGHBOR_SOLICITATION), target, ...options }),
    fc.record({
      type: fc.constantFrom(ICMPV6_NEIGHBOR_ADVERTISEMENT),
      target,
      router: fc.boolean(),
      solicited: fc.boolean(),
      override: fc.boolean(),
      ...options,
    }),
    fc.record({
      type: fc.constantFrom(ICMPV6_ROUTER_ADVERTISEMENT),
      curHopLimit: u8,
      managed: fc.boolean(),
      otherConfig: fc.boolean(),
      routerLifetime: u16,
      reachableTime: u32,
      retransTimer: u32,
      mtu: u32,
      prefixes: fc.array(prefix, { maxLength: MAX_ND_PREFIXES }),
      ...options,
    }),
  );

  test('what is written is read back', () => {
    fc.assert(
      fc.property(messages, (fields) => {
        const m = Object.assign(new NdMessage(), fields);
        m.prefixCount = 'prefixes' in fields ? fields.prefixes.length : 0;
        const bytes = new Uint8Array(500).fill(0xa5);
        const length = writeNd(bytes, 3, m);
        const back = new NdMessage();
        expect(parseNd(bytes, 3, length, 255, HOST, V6_B, back)).toBe('ok');
        for (const [key, value] of Object.entries(fields)) {
          if (key === 'sourceMac' && !m.hasSourceMac) continue;
          if (key === 'targetMac' && !m.hasTargetMac) continue;
          const seen = back[key as keyof NdMessage];
          if (key === 'prefixes') expect((seen as object[]).slice(0, m.prefixCount)).toEqual(value);
          else expect(seen, key).toEqual(value);
        }
        expect(back.prefixCount).toBe(m.prefixCount);
        checksumIcmpv6(bytes, null, 3, length, HOST, V6_B);
        const packet = ipPacket(HOST, V6_B, PROTO_ICMPV6, bytes.subarray(3, 3 + length));
        packet[7] = 255;
        expect(checkFrame(packet, 'ip')).toEqual([]);
      }),
      RUNS,
    );
  });

  test('every prefix of every message is truncated or ends within an option, or is a message with fewer options', () => {
    for (const type of [133, 134, 135, 136]) {
      const m = nd(type, (x) => {
        x.hasSourceMac = true;
        x.mtu = 1500;
      });
      const bytes = new Uint8Array(100);
      const length = writeNd(bytes, 0, m);
      for (let n = 0; n < length; n++) {
        const fixed = type === 133 ? 8 : type === 134 ? 16 : 24;
        const result = parseNd(bytes, 0, n, 255, HOST, V6_B, new NdMessage());
        expect(result, `${type}: ${n}`).toBe(n < fixed ? 'truncated' : (n - fixed) % 8 === 0 ? 'ok' : 'option-length');
      }
    }
  });

  test('a hop limit other than 255, a code other than 0 and an option of length 0 are refused', () => {
    for (const type of [133, 134, 135, 136]) {
      const m = nd(type, (x) => {
        x.hasSourceMac = true;
      });
      expect(parse(m)).toBe('ok');
      for (const hops of [0, 1, 64, 254]) expect(parse(m, HOST, V6_B, hops)).toBe('hop-limit');
      expect(parse(m, HOST, V6_B, 255, (b) => (b[1] = 1))).toBe('code');
      const option = type === 133 ? 8 : type === 134 ? 16 : 24;
      expect(parse(m, HOST, V6_B, 255, (b) => (b[option + 1] = 0))).toBe('option-length');
      expect(parse(m, HOST, V6_B, 255, (b) => (b[option + 1] = 2))).toBe('option-length');
    }
  });

  test('the other checks of RFC 4861 6.1 and 7.1 are made', () => {
    const source = (x: NdMessage): void => {
      x.hasSourceMac = true;
    };
    expect(parse(nd(ICMPV6_ROUTER_SOLICITATION, source), ANY)).toBe('source-option');
    expect(parse(nd(ICMPV6_ROUTER_SOLICITATION), ANY)).toBe('ok');
    expect(parse(nd(ICMPV6_ROUTER_ADVERTISEMENT), V6_A)).toBe('source');
    const groupTarget = (x: NdMessage): void => {
      x.target = GROUP;
    };
    expect(parse(nd(ICMPV6_NEIGHBOR_SOLICITATION, groupTarget))).toBe('target');
    expect(parse(nd(ICMPV6_NEIGHBOR_ADVERTISEMENT, groupTarget))).toBe('target');
    expect(parse(nd(ICMPV6_NEIGHBOR_SOLICITATION), ANY, V6_B)).toBe('destination');
    expect(parse(nd(ICMPV6_NEIGHBOR_SOLICITATION), ANY, solicitedNode(V6_B))).toBe('ok');
    expect(parse(nd(ICMPV6_NEIGHBOR_SOLICITATION, source), ANY, solicitedNode(V6_B))).toBe('source-option');
    const solicited = (x: NdMessage): void => {
      x.solicited = true;
    };
    expect(parse(nd(ICMPV6_NEIGHBOR_ADVERTISEMENT, solicited), HOST, GROUP)).toBe('destination');
    expect(parse(nd(ICMPV6_NEIGHBOR_ADVERTISEMENT), HOST, GROUP)).toBe('ok');
    expect(parse(nd(ICMPV6_REDIRECT))).toBe('type');
  });

  test('a record used before shows no option of the message before', () => {
    const bytes = new Uint8Array(500);
    const into = new NdMessage();
    const full = nd(ICMPV6_ROUTER_ADVERTISEMENT, (m) => {
      m.hasSourceMac = true;
      m.mtu = 1400;
      m.prefixCount = MAX_ND_PREFIXES;
    });
    parseNd(bytes, 0, writeNd(bytes, 0, full), 255, HOST, V6_B, into);
    expect(into.prefixCount).toBe(MAX_ND_PREFIXES);
    parseNd(bytes, 0, writeNd(bytes, 0, nd(ICMPV6_ROUTER_ADVERTISEMENT)), 255, HOST, V6_B, into);
    expect([into.hasSourceMac, into.mtu, into.prefixCount]).toEqual([false, 0, 0]);
  });

  test('prefixes beyond the bound are passed over', () => {
    const bytes = new Uint8Array(16 + 32 * 20);
    bytes[0] = ICMPV6_ROUTER_ADVERTISEMENT;
    for (let at = 16; at < bytes.length; at += 32) bytes.set([3, 4, 64], at);
    const into = new NdMessage();
    expect(parseNd(bytes, 0, bytes.length, 255, HOST, GROUP, into)).toBe('ok');
    expect(into.prefixCount).toBe(MAX_ND_PREFIXES);
  });
});
