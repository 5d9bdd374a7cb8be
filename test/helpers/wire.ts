/** Makers of packets and fast-check arbitraries for the records of `src/wire`, shared by tests. */

import fc from 'fast-check';
import { Address } from '../../src/wire/address.ts';
import { writeU16 } from '../../src/wire/bytes.ts';
import { transportChecksum } from '../../src/wire/checksum.ts';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, Mac, writeEthernet } from '../../src/wire/ethernet.ts';
import { Ipv4Header, PROTO_ICMPV6, PROTO_TCP, PROTO_UDP, writeIpv4 } from '../../src/wire/ipv4.ts';
import { Ipv6Header, writeIpv6 } from '../../src/wire/ipv6.ts';
import { type Seq, seq } from '../../src/wire/seq.ts';
import { ABSENT, Segment, tcpHeaderLength, writeTcp } from '../../src/wire/tcp.ts';

/** Runs of every property are the same each time; fast-check prints seed and counter-example when one fails. */
export const RUNS = { seed: 20260101, numRuns: 300 } as const;

export const u8 = fc.integer({ min: 0, max: 0xff });
export const u16 = fc.integer({ min: 0, max: 0xffff });
export const u32 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
);
export const seqs: fc.Arbitrary<Seq> = u32.map(seq);
export const address4: fc.Arbitrary<Address> = u32.map((w) => new Address(4, 0, 0, 0xffff, w));
const word6 = fc.oneof(u32, fc.constantFrom(0, 0, 0xffff, 0x10000));
export const address6: fc.Arbitrary<Address> = fc
  .tuple(word6, word6, word6, word6)
  .map(([a, b, c, d]) => new Address(6, a, b, c, d));
export const anyAddress: fc.Arbitrary<Address> = fc.oneof(address4, address6);
export const mac: fc.Arbitrary<Mac> = fc.tuple(u16, u32).map(([hi, lo]) => new Mac(hi, lo));

/** Segments whose options all fit: what `writeTcp` writes, `parseTcp` gives back. */
export const segments: fc.Arbitrary<Segment> = fc
  .record({
    ports: fc.tuple(u16, u16),
    seq: seqs,
    ack: seqs,
    flags: u8,
    window: u16,
    urgent: u16,
    mss: fc.option(u16, { nil: ABSENT }),
    windowScale: fc.option(fc.integer({ min: 0, max: 14 }), { nil: ABSENT }),
    sackPermitted: fc.boolean(),
    timestamps: fc.option(fc.tuple(u32, u32), { nil: null }),
    userTimeout: fc.option(u16, { nil: ABSENT }),
    sack: fc.array(fc.tuple(seqs, seqs), { maxLength: 4 }),
    cookie: fc.option(
      fc.constantFrom(0, 4, 6, 8, 16).chain((n) => fc.uint8Array({ minLength: n, maxLength: n })),
      { nil: null },
    ),
    experimental: fc.boolean(),
  })
  .map((r) => {
    const s = new Segment();
    [s.srcPort, s.dstPort] = r.ports;
    s.seq = r.seq;
    s.ack = r.ack;
    s.flags = r.flags;
    s.window = r.window;
    s.urgent = r.urgent;
    s.mss = r.mss;
    s.windowScale = r.windowScale;
    s.sackPermitted = r.sackPermitted;
    s.userTimeout = r.userTimeout;
    if (r.timestamps !== null) {
      s.timestamps = true;
      [s.tsVal, s.tsEcr] = [seq(r.timestamps[0]), seq(r.timestamps[1])];
    }
    const bare = tcpHeaderLength(s) - 20;
    const room = Math.max(0, Math.floor((40 - bare - 4) / 8));
    s.sackCount = Math.min(r.sack.length, room);
    r.sack.slice(0, s.sackCount).forEach(([left, right], i) => {
      s.sack[i * 2] = left;
      s.sack[i * 2 + 1] = right;
    });
    if (r.cookie !== null && tcpHeaderLength(s) + 4 * Math.ceil((r.cookie.length + 4) / 4) <= 60) {
      s.fastOpenExperimental = r.experimental;
      s.fastOpenLength = r.cookie.length;
      s.fastOpenCookie.set(r.cookie);
    }
    return s;
  });

/** The fields of a segment that are on the wire, for comparison. */
export function shown(s: Segment): object {
  return {
    ports: [s.srcPort, s.dstPort],
    seq: s.seq,
    ack: s.ack,
    flags: s.flags,
    window: s.window,
    urgent: s.urgent,
    mss: s.mss,
    windowScale: s.windowScale,
    sackPermitted: s.sackPermitted,
    userTimeout: s.userTimeout,
    timestamps: s.timestamps ? [s.tsVal, s.tsEcr] : null,
    sack: s.sack.slice(0, s.sackCount * 2),
    cookie: s.fastOpenLength === ABSENT ? null : Array.from(s.fastOpenCookie.subarray(0, s.fastOpenLength)),
    experimental: s.fastOpenExperimental,
  };
}

export const V4_A: Address = new Address(4, 0, 0, 0xffff, 0xc0000201);
export const V4_B: Address = new Address(4, 0, 0, 0xffff, 0xc0000202);
export const V6_A: Address = new Address(6, 0x20010db8, 0, 0, 1);
export const V6_B: Address = new Address(6, 0x20010db8, 0, 0, 2);

/** An IP packet around a transport message, as bytes. Its transport checksum is filled in for TCP, UDP and ICMPv6. */
export function ipPacket(src: Address, dst: Address, protocol: number, transport: Uint8Array): Uint8Array {
  const header = src.family === 4 ? 20 : 40;
  const bytes = new Uint8Array(header + transport.length);
  bytes.set(transport, header);
  if (src.family === 4) {
    const ip = new Ipv4Header();
    ip.totalLength = bytes.length;
    ip.ttl = 64;
    ip.protocol = protocol;
    ip.src = src;
    ip.dst = dst;
    writeIpv4(bytes, 0, ip);
  } else {
    const ip = new Ipv6Header();
    ip.hopLimit = 64;
    ip.src = src;
    ip.dst = dst;
    writeIpv6(bytes, 0, ip, transport.length, protocol);
  }
  const place = protocol === PROTO_TCP ? 16 : protocol === PROTO_UDP ? 6 : protocol === PROTO_ICMPV6 ? 2 : -1;
  if (place >= 0 && transport.length >= place + 2) {
    writeU16(bytes, header + place, 0);
    writeU16(bytes, header + place, transportChecksum(bytes, null, header, transport.length, protocol, src, dst));
  }
  return bytes;
}

/** A TCP packet as bytes. */
export function tcpPacket(
  src: Address,
  dst: Address,
  segment: Segment,
  text: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const header = tcpHeaderLength(segment);
  const bytes = new Uint8Array(header + text.length);
  writeTcp(bytes, 0, segment);
  bytes.set(text, header);
  return ipPacket(src, dst, PROTO_TCP, bytes);
}

/** An Ethernet frame around an IP packet, as bytes. */
export function frame(packet: Uint8Array, dst: Mac = new Mac(0x0200, 2), src: Mac = new Mac(0x0200, 1)): Uint8Array {
  const bytes = new Uint8Array(14 + packet.length);
  writeEthernet(bytes, 0, dst, src, packet[0]! >> 4 === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
  bytes.set(packet, 14);
  return bytes;
}
