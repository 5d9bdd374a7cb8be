import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ipv4Header, parseIpv4, parseIpv4Quote, writeIpv4 } from '../../src/wire/ipv4.ts';
import {
  Ipv6Header,
  NEXT_DESTINATION,
  NEXT_FRAGMENT,
  NEXT_HOP_BY_HOP,
  NEXT_NONE,
  NEXT_ROUTING,
  parseIpv6,
  parseIpv6Quote,
  writeFragmentHeader,
  writeIpv6,
} from '../../src/wire/ipv6.ts';
import { checkFrame, onesComplementZero } from '../helpers/oracle.ts';
import { address4, address6, RUNS, u8, u16, u32, V4_A, V4_B, V6_A, V6_B } from '../helpers/wire.ts';

/** Recomputes the header checksum of an IPv4 packet that a test has changed. */
function seal(packet: Uint8Array): Uint8Array {
  packet[10] = 0;
  packet[11] = 0;
  let total = 0;
  for (let i = 0; i < (packet[0]! & 15) * 4; i += 2) total += packet[i]! * 256 + packet[i + 1]!;
  const value = 65535 - (total % 65535);
  packet[10] = value >> 8;
  packet[11] = value & 255;
  return packet;
}

function ipv4(change: (bytes: Uint8Array) => void = () => {}, payload = 40): Uint8Array {
  const packet = new Uint8Array(20 + payload);
  const h = new Ipv4Header();
  Object.assign(h, { totalLength: 20 + payload, ttl: 64, protocol: 253, src: V4_A, dst: V4_B });
  writeIpv4(packet, 0, h);
  change(packet);
  return seal(packet);
}

const parse4 = (packet: Uint8Array, into: Ipv4Header = new Ipv4Header()): string =>
  parseIpv4(packet, null, 0, packet.length, into);

describe('IPv4 headers', () => {
  const headers = fc
    .record({
      tos: u8,
      payload: fc.integer({ min: 1, max: 100 }).map((n) => n * 8),
      id: u16,
      dontFragment: fc.boolean(),
      moreFragments: fc.boolean(),
      fragmentOffset: fc.integer({ min: 0, max: 8000 }).map((n) => n * 8),
      ttl: fc.integer({ min: 1, max: 255 }),
      protocol: u8,
      src: address4,
      dst: address4,
    })
    .map(({ payload, ...r }) => Object.assign(new Ipv4Header(), r, { totalLength: payload + 20 }));

  test('what is written is read back, and its checksum is right', () => {
    fc.assert(
      fc.property(headers, fc.integer({ min: 0, max: 40 }), (h, padding) => {
        const words = new Uint32Array(500);
        const buf = new Uint8Array(words.buffer);
        expect(writeIpv4(buf, 46, h)).toBe(20);
        expect(onesComplementZero(buf.subarray(46, 66))).toBe(true);
        const back = new Ipv4Header();
        expect(parseIpv4(buf, words, 46, h.totalLength + padding, back)).toBe('ok');
        expect(back).toEqual(Object.assign(h, { payloadOffset: 66, payloadLength: h.totalLength - 20 }));
        const cut = h.totalLength > 20 ? 'total-length' : 'ok';
        expect(parseIpv4(buf, words, 46, h.totalLength - 1, back)).toBe(cut);
      }),
      RUNS,
    );
  });

  test('every proper prefix is refused', () => {
    const packet = ipv4();
    for (let length = 0; length < packet.length; length++) {
      expect(parseIpv4(packet, null, 0, length, new Ipv4Header())).toBe(length < 20 ? 'truncated' : 'total-length');
    }
  });

  test('another version, an impossible header length and a lying total length each have a reason', () => {
    for (let version = 0; version < 16; version++) {
      if (version !== 4) expect(parse4(ipv4((p) => (p[0] = (version << 4) | 5)))).toBe('version');
    }
    for (let words = 0; words < 5; words++) expect(parse4(ipv4((p) => (p[0] = 0x40 | words)))).toBe('header-length');
    expect(parse4(ipv4((p) => (p[0] = 0x4f), 36))).toBe('header-length');
    for (const length of [0, 19, 61, 65535]) {
      const packet = ipv4((p) => {
        p[2] = length >> 8;
        p[3] = length & 255;
      });
      expect(parse4(packet)).toBe('total-length');
    }
  });

  test('every flipped bit of the header is noticed', () => {
    const packet = ipv4();
    for (let bit = 0; bit < 160; bit++) {
      const copy = packet.slice();
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(parse4(copy)).not.toBe('ok');
    }
  });

  test('any octets as options are passed over', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 40, maxLength: 40 }),
        fc.integer({ min: 6, max: 15 }),
        (options, words) => {
          const packet = ipv4((p) => {
            p.set(options, 20);
            p[0] = 0x40 | words;
          });
          const h = new Ipv4Header();
          expect(parse4(packet, h)).toBe('ok');
          expect([h.headerLength, h.payloadOffset, h.payloadLength]).toEqual([words * 4, words * 4, 60 - words * 4]);
        },
      ),
      RUNS,
    );
  });

  test('a fragment beyond 65,535 octets is refused, the last that fits is not (ping of death)', () => {
    const at = (offset: number): Uint8Array =>
      ipv4((p) => {
        p[6] = (offset >> 3) >> 8;
        p[7] = (offset >> 3) & 255;
      });
    expect(parse4(at(65528))).toBe('fragment-overflow');
    expect(parse4(at(65480))).toBe('fragment-overflow');
    expect(parse4(at(65472))).toBe('ok');
  });

  test('a fragment that is not the last is whole multiples of 8 and not empty', () => {
    const more = (payload: number): string =>
      parse4(
        ipv4((p) => {
          p[6] = 0x20;
        }, payload),
      );
    expect([more(0), more(1), more(7), more(8), more(12), more(16)]).toEqual([
      'fragment-length',
      'fragment-length',
      'fragment-length',
      'ok',
      'fragment-length',
      'ok',
    ]);
  });

  test('a quote may be cut short and its checksum stale', () => {
    const packet = ipv4();
    packet[8] = 1;
    const h = new Ipv4Header();
    expect(parseIpv4Quote(packet, 0, 28, h)).toBe('ok');
    expect([h.payloadOffset, h.payloadLength]).toEqual([20, 8]);
    expect(parseIpv4Quote(packet, 0, 20, h)).toBe('ok');
    expect(h.payloadLength).toBe(0);
    expect(parseIpv4Quote(packet, 0, 19, h)).toBe('truncated');
    packet[2] = 0;
    packet[3] = 19;
    expect(parseIpv4Quote(packet, 0, 28, h)).toBe('total-length');
  });
});

/** An IPv6 packet from parts: the first next header, then what follows. */
function ipv6(next: number, ...parts: ReadonlyArray<ReadonlyArray<number>>): Uint8Array {
  const body = parts.flat();
  const packet = new Uint8Array(40 + body.length);
  const h = new Ipv6Header();
  Object.assign(h, { hopLimit: 64, src: V6_A, dst: V6_B });
  writeIpv6(packet, 0, h, body.length, next);
  packet.set(body, 40);
  return packet;
}

const zeros = (n: number): number[] => new Array<number>(n).fill(0);
/** An extension header of 8 octets with 6 of padding. */
const padded = (next: number): number[] => [next, 0, 1, 4, 0, 0, 0, 0];
const fragment = (next: number, offset: number, more: boolean): number[] => {
  const bytes = new Uint8Array(8);
  writeFragmentHeader(bytes, 0, next, offset, more, 0x01020304);
  return Array.from(bytes);
};
function parse6(packet: Uint8Array): { result: string; h: Ipv6Header } {
  const h = new Ipv6Header();
  return { result: parseIpv6(packet, 0, packet.length, h), h };
}

describe('IPv6 headers', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(
        u8,
        fc.integer({ min: 0, max: 0xfffff }),
        fc.integer({ min: 61, max: 252 }),
        u8,
        address6,
        address6,
        fc.integer({ min: 0, max: 60 }),
        (trafficClass, flowLabel, protocol, hopLimit, src, dst, payloadLength) => {
          const buf = new Uint8Array(120);
          const h = Object.assign(new Ipv6Header(), {
            trafficClass,
            flowLabel,
            protocol,
            hopLimit,
            src,
            dst,
            payloadLength,
          });
          if (protocol === 60) return;
          expect(writeIpv6(buf, 5, h)).toBe(40);
          const back = new Ipv6Header();
          expect(parseIpv6(buf, 5, 115, back)).toBe('ok');
          expect(back).toEqual(Object.assign(h, { payloadOffset: 45, problemPointer: 6 }));
        },
      ),
      RUNS,
    );
  });

  test('every proper prefix is refused', () => {
    const packet = ipv6(NEXT_HOP_BY_HOP, padded(NEXT_DESTINATION), padded(253), zeros(12));
    for (let length = 0; length < packet.length; length++) {
      expect(parseIpv6(packet, 0, length, new Ipv6Header())).toBe(length < 40 ? 'truncated' : 'payload-length');
    }
    expect(parse6(packet).result).toBe('ok');
  });

  test('link padding is cut off', () => {
    const h = new Ipv6Header();
    const packet = new Uint8Array([...ipv6(253, zeros(3)), ...zeros(9)]);
    expect(parseIpv6(packet, 0, packet.length, h)).toBe('ok');
    expect(h.payloadLength).toBe(3);
  });

  test('extension headers are walked to the upper layer, and the octet that named it is remembered', () => {
    const routing = [NEXT_DESTINATION, 0, 0, 0, 0, 0, 0, 0];
    const { result, h } = parse6(ipv6(NEXT_HOP_BY_HOP, padded(NEXT_ROUTING), routing, padded(6), zeros(20)));
    expect(result).toBe('ok');
    expect([h.protocol, h.payloadOffset, h.payloadLength, h.problemPointer]).toEqual([6, 64, 20, 56]);
  });

  test('no next header has no upper layer', () => {
    expect(parse6(ipv6(NEXT_NONE)).h.protocol).toBe(NEXT_NONE);
  });

  test('eight extension headers are walked and nine are not', () => {
    const chain = (n: number): Uint8Array =>
      ipv6(NEXT_DESTINATION, ...Array.from({ length: n }, (_, i) => padded(i === n - 1 ? 253 : NEXT_DESTINATION)));
    expect(parse6(chain(8)).result).toBe('ok');
    expect(parse6(chain(9)).result).toBe('too-many-headers');
    expect(parse6(chain(60)).result).toBe('too-many-headers');
  });

  test('eight options are walked and nine are not', () => {
    const options = (n: number): number[] => [
      253,
      2,
      ...Array.from({ length: n }, () => [1, 0]).flat(),
      1,
      20 - n * 2,
      ...zeros(20 - n * 2),
    ];
    expect(parse6(ipv6(NEXT_DESTINATION, options(7))).result).toBe('ok');
    expect(parse6(ipv6(NEXT_DESTINATION, options(8))).result).toBe('too-many-options');
    expect(parse6(ipv6(NEXT_DESTINATION, [253, 1, ...zeros(14)])).result).toBe('too-many-options');
  });

  test('an option beyond its header is refused', () => {
    expect(parse6(ipv6(NEXT_DESTINATION, [253, 0, 1, 5, 0, 0, 0, 0])).result).toBe('option-length');
    expect(parse6(ipv6(NEXT_DESTINATION, [253, 0, 1, 255, 0, 0, 0, 0])).result).toBe('option-length');
    expect(parse6(ipv6(NEXT_DESTINATION, [253, 0, 1, 3, 0, 0, 0, 1])).result).toBe('option-length');
  });

  test('an option not known is treated as its two highest bits say', () => {
    const option = (type: number): { result: string; h: Ipv6Header } =>
      parse6(ipv6(NEXT_HOP_BY_HOP, [253, 0, 1, 0, type, 2, 0, 0]));
    expect(option(0x1e).result).toBe('ok');
    expect(option(0x5e).result).toBe('option-discard');
    expect(option(0x9e).result).toBe('option-unknown');
    expect(option(0xde).result).toBe('option-unknown-unicast');
    expect(option(0x9e).h.problemPointer).toBe(44);
  });

  test('a routing header with segments left is refused, of type 0 too, and one without is passed over (RFC 5095)', () => {
    const routing = (type: number, left: number): { result: string; h: Ipv6Header } =>
      parse6(ipv6(NEXT_ROUTING, [253, 2, type, left, ...zeros(20)], zeros(4)));
    expect(routing(0, 1).result).toBe('routing-type');
    expect(routing(0, 1).h.problemPointer).toBe(42);
    expect(routing(4, 255).result).toBe('routing-type');
    expect(routing(0, 0).result).toBe('ok');
  });

  test('hop-by-hop options after another header are an unknown next header', () => {
    const { result, h } = parse6(ipv6(NEXT_DESTINATION, padded(NEXT_HOP_BY_HOP), padded(253)));
    expect([result, h.problemPointer]).toEqual(['next-header', 40]);
  });

  test('an extension header that runs out of the packet is refused', () => {
    expect(parse6(ipv6(NEXT_DESTINATION, [253])).result).toBe('extension-length');
    expect(parse6(ipv6(NEXT_DESTINATION, [253, 1, ...zeros(6)])).result).toBe('extension-length');
    expect(parse6(ipv6(NEXT_HOP_BY_HOP)).result).toBe('extension-length');
    expect(parse6(ipv6(NEXT_FRAGMENT, zeros(7))).result).toBe('extension-length');
  });

  test('a later fragment is not looked into', () => {
    const { result, h } = parse6(
      ipv6(NEXT_HOP_BY_HOP, padded(NEXT_FRAGMENT), fragment(NEXT_DESTINATION, 1232, true), zeros(16)),
    );
    expect(result).toBe('ok');
    expect(h).toMatchObject({
      hasFragment: true,
      fragmentOffset: 1232,
      moreFragments: true,
      fragmentId: 0x01020304,
      fragmentHeaderOffset: 48,
      fragmentPointerOffset: 40,
      fragmentNextHeader: NEXT_DESTINATION,
      fragmentablePartOffset: 56,
      fragmentablePartLength: 16,
      protocol: NEXT_DESTINATION,
    });
  });

  test('a first fragment holds the whole chain and the upper header (RFC 7112)', () => {
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(6, 0, true), zeros(24))).result).toBe('ok');
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(6, 0, true), zeros(16))).result).toBe('first-fragment-chain');
    const cut = [NEXT_DESTINATION, 3, ...zeros(6)];
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(NEXT_DESTINATION, 0, true), cut)).result).toBe('first-fragment-chain');
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(17, 0, true), zeros(8))).result).toBe('ok');
  });

  test('an atomic fragment is a whole packet (RFC 6946)', () => {
    const { result, h } = parse6(ipv6(NEXT_FRAGMENT, fragment(6, 0, false), zeros(5)));
    expect([result, h.protocol, h.payloadOffset, h.payloadLength]).toEqual(['ok', 6, 48, 5]);
    expect([h.hasFragment, h.fragmentOffset, h.moreFragments]).toEqual([true, 0, false]);
  });

  test('fragments within fragments, odd lengths and offsets beyond 65,535 are refused', () => {
    const nested = ipv6(NEXT_FRAGMENT, fragment(NEXT_FRAGMENT, 0, true), fragment(6, 0, true), zeros(24));
    expect(parse6(nested).result).toBe('nested-fragment');
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(253, 0, true), zeros(9)))).toMatchObject({
      result: 'fragment-length',
      h: { problemPointer: 4 },
    });
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(253, 8, true))).result).toBe('fragment-length');
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(253, 65528, false), zeros(8)))).toMatchObject({
      result: 'fragment-overflow',
      h: { problemPointer: 42 },
    });
    expect(parse6(ipv6(NEXT_FRAGMENT, fragment(253, 65520, false), zeros(8))).result).toBe('ok');
  });

  test('a record used before shows nothing of the packet before', () => {
    const h = new Ipv6Header();
    const before = ipv6(NEXT_FRAGMENT, fragment(253, 8, true), zeros(8));
    parseIpv6(before, 0, before.length, h);
    const packet = ipv6(253, zeros(4));
    expect(parseIpv6(packet, 0, packet.length, h)).toBe('ok');
    expect([h.hasFragment, h.fragmentOffset, h.moreFragments, h.payloadLength]).toEqual([false, 0, false, 4]);
  });

  test('a quote is read as far as it goes', () => {
    const packet = ipv6(NEXT_DESTINATION, padded(6), zeros(20));
    const h = new Ipv6Header();
    expect(parseIpv6Quote(packet, 0, 56, h)).toBe('ok');
    expect([h.protocol, h.payloadOffset, h.payloadLength]).toEqual([6, 48, 8]);
    expect(parseIpv6Quote(packet, 0, 44, h)).toBe('extension-length');
    expect(h.payloadLength).toBe(0);
    expect(parseIpv6Quote(packet, 0, 39, h)).toBe('truncated');
  });

  test('the oracle finds what is written sound', () => {
    fc.assert(
      fc.property(u32, (id) => {
        const packet = ipv6(NEXT_FRAGMENT, fragment(253, 8, true), zeros(8));
        packet[44] = id & 255;
        expect(checkFrame(packet, 'ip')).toEqual([]);
      }),
      RUNS,
    );
    expect(checkFrame(ipv4(), 'ip')).toEqual([]);
  });
});
