import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArpPacket, parseArp, writeArp } from '../../src/wire/arp.ts';
import { writeU16 } from '../../src/wire/bytes.ts';
import { transportChecksum } from '../../src/wire/checksum.ts';
import { BROADCAST_MAC, EthernetHeader, Mac, parseEthernet, writeEthernet } from '../../src/wire/ethernet.ts';
import { IcmpMessage, parseIcmp, writeIcmp } from '../../src/wire/icmp.ts';
import { parseIcmpv6, writeIcmpv6 } from '../../src/wire/icmpv6.ts';
import { Ipv4Header, PROTO_ICMP, PROTO_ICMPV6, PROTO_UDP, parseIpv4, parseIpv4Quote } from '../../src/wire/ipv4.ts';
import { Ipv6Header, NEXT_DESTINATION, NEXT_FRAGMENT, parseIpv6, parseIpv6Quote } from '../../src/wire/ipv6.ts';
import { packetLine } from '../../src/wire/line.ts';
import { NdMessage, parseNd, writeNd } from '../../src/wire/nd.ts';
import { seq } from '../../src/wire/seq.ts';
import { ACK, parseTcp, Segment, SYN } from '../../src/wire/tcp.ts';
import { parseUdp, UdpHeader, writeUdp } from '../../src/wire/udp.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { frame, ipPacket, RUNS, tcpPacket, V4_A, V4_B, V6_A, V6_B } from '../helpers/wire.ts';

/** Every parser there is, with fresh records: a result is a word, and 'ok' only for what lies within the bounds. */
const parsers: ReadonlyArray<readonly [string, (buf: Uint8Array, off: number, len: number) => string]> = [
  ['ethernet', (b, o, n) => parseEthernet(b, o, n, new EthernetHeader())],
  ['arp', (b, o, n) => parseArp(b, o, n, new ArpPacket())],
  [
    'ipv4',
    (b, o, n) => {
      const h = new Ipv4Header();
      const result = parseIpv4(b, null, o, n, h);
      if (result === 'ok') inside(h.payloadOffset, h.payloadLength, o, n);
      return result;
    },
  ],
  [
    'ipv4 quote',
    (b, o, n) => {
      const h = new Ipv4Header();
      const result = parseIpv4Quote(b, o, n, h);
      if (result === 'ok') inside(h.payloadOffset, h.payloadLength, o, n);
      return result;
    },
  ],
  [
    'ipv6',
    (b, o, n) => {
      const h = new Ipv6Header();
      const result = parseIpv6(b, o, n, h);
      if (result === 'ok') {
        inside(h.payloadOffset, h.payloadLength, o, n);
        if (h.hasFragment) inside(h.fragmentablePartOffset, h.fragmentablePartLength, o, n);
      }
      if (result !== 'truncated' && result !== 'version') expect(h.problemPointer).toBeLessThan(n);
      return result;
    },
  ],
  [
    'ipv6 quote',
    (b, o, n) => {
      const h = new Ipv6Header();
      const result = parseIpv6Quote(b, o, n, h);
      if (result === 'ok') inside(h.payloadOffset, h.payloadLength, o, n);
      return result;
    },
  ],
  ['icmp', (b, o, n) => parseIcmp(b, null, o, n, new IcmpMessage())],
  ['icmpv6', (b, o, n) => parseIcmpv6(b, null, o, n, V6_A, V6_B, new IcmpMessage())],
  ['nd', (b, o, n) => parseNd(b, o, n, 255, V6_A, V6_B, new NdMessage())],
  [
    'udp',
    (b, o, n) => {
      const h = new UdpHeader();
      const result = parseUdp(b, o, n, h);
      if (result !== 'truncated') inside(h.payloadOffset, h.payloadLength, o, n);
      return result;
    },
  ],
  [
    'tcp',
    (b, o, n) => {
      const s = new Segment();
      const result = parseTcp(b, o, n, s);
      if (result !== 'truncated') inside(s.dataOffset, s.dataLength, o, n);
      return result;
    },
  ],
];

function inside(offset: number, length: number, off: number, len: number): void {
  if (length < 0 || offset < off || offset + length > off + len) {
    throw new Error(`${offset}+${length} is not within ${off}+${len}`);
  }
}

/** A buffer of exactly these octets, and one in which they are surrounded: a parser that reads outside would differ. */
function check(bytes: Uint8Array): void {
  const around = [0x00, 0xff].map((fill) => {
    const buf = new Uint8Array(bytes.length + 200).fill(fill);
    buf.set(bytes, 100);
    return buf;
  });
  for (const [name, parse] of parsers) {
    const results = around.map((buf) => parse(buf, 100, bytes.length));
    results.push(parse(bytes, 0, bytes.length));
    for (const result of results) expect(result, name).toMatch(/^[a-z0-9-]+$/);
    expect(new Set(results).size, `${name} reads beyond its bounds: ${results.join()}`).toBe(1);
  }
  for (const medium of ['ip', 'ethernet'] as const) {
    const lines = [
      ...around.map((buf) => packetLine(buf, 100, bytes.length, medium)),
      packetLine(bytes, 0, bytes.length, medium),
    ];
    expect(new Set(lines).size).toBe(1);
    expect(lines[0]).toMatch(/^[ -~]+$/);
    checkFrame(bytes, medium);
  }
}

/** Sound packets of every kind, as IP packets. */
const sound: ReadonlyArray<readonly [string, Uint8Array]> = (() => {
  const syn = new Segment();
  Object.assign(syn, { srcPort: 49152, dstPort: 80, flags: SYN, mss: 1460, windowScale: 7, sackPermitted: true });
  Object.assign(syn, { timestamps: true, tsVal: 1, window: 65535, fastOpenLength: 4 });
  const data = new Segment();
  Object.assign(data, {
    srcPort: 49152,
    dstPort: 80,
    flags: ACK,
    seq: seq(1),
    ack: seq(2),
    timestamps: true,
    sackCount: 2,
  });
  data.sack.splice(0, 4, seq(10), seq(20), seq(30), seq(40));
  const udp = new Uint8Array(20);
  writeUdp(udp, 0, 53, 5353, 20);
  const text = new Uint8Array([1, 2, 3]);
  const list: [string, Uint8Array][] = [
    ['SYN', tcpPacket(V4_A, V4_B, syn)],
    ['data', tcpPacket(V4_A, V4_B, data, text)],
    ['SYN over IPv6', tcpPacket(V6_A, V6_B, syn)],
    ['data over IPv6', tcpPacket(V6_A, V6_B, data, text)],
    ['UDP', ipPacket(V4_A, V4_B, PROTO_UDP, udp)],
    ['UDP over IPv6', ipPacket(V6_A, V6_B, PROTO_UDP, udp)],
  ];
  const echo = new Uint8Array(16);
  writeIcmp(echo, null, 0, 16, 8, 0, 0x00010002);
  list.push(['echo', ipPacket(V4_A, V4_B, PROTO_ICMP, echo)]);
  const error = new Uint8Array(8 + 28);
  error.set(list[1]![1].subarray(0, 28), 8);
  writeIcmp(error, null, 0, error.length, 3, 4, 1400);
  list.push(['unreachable', ipPacket(V4_B, V4_A, PROTO_ICMP, error)]);
  const error6 = new Uint8Array(8 + 60);
  error6.set(list[3]![1].subarray(0, 60), 8);
  writeIcmpv6(error6, null, 0, error6.length, 2, 0, 1400, V6_B, V6_A);
  list.push(['packet too big', ipPacket(V6_B, V6_A, PROTO_ICMPV6, error6)]);
  for (const type of [133, 134, 135, 136]) {
    const m = new NdMessage();
    Object.assign(m, { type, target: V6_B, hasSourceMac: true, mtu: 1500, prefixCount: type === 134 ? 2 : 0 });
    const bytes = new Uint8Array(200);
    const packet = ipPacket(V6_A, V6_B, PROTO_ICMPV6, bytes.subarray(0, writeNd(bytes, 0, m)));
    packet[7] = 255;
    list.push([`ND ${type}`, packet]);
  }
  const extended = new Uint8Array(16 + 20);
  extended.set([NEXT_FRAGMENT, 0, 1, 4, 0, 0, 0, 0, PROTO_UDP, 0, 0, 0, 0, 0, 0, 7]);
  extended.set(udp, 16);
  writeU16(extended, 22, transportChecksum(udp, null, 0, udp.length, PROTO_UDP, V6_A, V6_B));
  list.push(['extension headers', ipPacket(V6_A, V6_B, NEXT_DESTINATION, extended)]);
  return list;
})();

describe('hostile octets', () => {
  test('any octets have a result, and nothing outside them is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        check(bytes);
      }),
      RUNS,
    );
  });

  test('octets that begin like a header have a result too', () => {
    const lead = fc.constantFrom(
      [0x45],
      [0x46],
      [0x4f],
      [0x60],
      [0x60, 0, 0, 0, 0, 40, 0],
      [0x60, 0, 0, 0, 0, 60, 44],
      [0, 1, 8, 0, 6, 4],
    );
    fc.assert(
      fc.property(lead, fc.uint8Array({ minLength: 40, maxLength: 120 }), (start, bytes) => {
        bytes.set(start);
        check(bytes);
      }),
      { ...RUNS, numRuns: 1000 },
    );
  });

  test.each(sound)('%s: every truncation and every changed octet has a result', (_, packet) => {
    for (let n = 0; n <= packet.length; n++) check(packet.slice(0, n));
    for (let i = 0; i < packet.length; i++) {
      for (const value of [0, 1, 255, packet[i]! ^ 0x80]) {
        const copy = packet.slice();
        copy[i] = value;
        check(copy);
      }
    }
  });

  test.each(sound)('%s: the oracle finds nothing wrong, bare or in a frame', (name, packet) => {
    // The record the tests begin with is not all that a stack would send.
    const lenient = { lenient: name.startsWith('ND') };
    expect(checkFrame(packet, 'ip', lenient)).toEqual([]);
    expect(checkFrame(frame(packet), 'ethernet', lenient)).toEqual([]);
  });

  test('the oracle notices a flipped bit wherever a checksum covers it', () => {
    let noticed = 0;
    for (const [, packet] of sound) {
      const covered = packet[0]! >> 4 === 4 ? 0 : 8; // IPv6 does not cover its own first words
      for (let bit = covered * 8; bit < packet.length * 8; bit++) {
        const copy = packet.slice();
        copy[bit >> 3]! ^= 1 << (bit & 7);
        if (checkFrame(copy, 'ip').length > 0) noticed++;
        else {
          // What is left are octets that only extension headers, which no checksum covers, hold; or another protocol.
          expect(packet[0]! >> 4).toBe(6);
        }
      }
    }
    expect(noticed).toBeGreaterThan(5000);
  });

  test('a line can be had of more octets than the buffer has', () => {
    expect(packetLine(new Uint8Array(3), 0, 100, 'ip')).toBe('IP [version 0], length 3');
    expect(packetLine(new Uint8Array(3), 50, 100, 'ip')).toBe('IP [truncated], length 0');
    expect(packetLine(new Uint8Array(3), -5, -5, 'ethernet')).toBe('Ethernet [truncated], length 0');
  });
});

describe('lines', () => {
  const line = (name: string): string => {
    const packet = sound.find(([other]) => other === name)![1];
    return packetLine(packet, 0, packet.length, 'ip');
  };

  test('they read like those of tcpdump', () => {
    expect(sound.map(([name]) => line(name))).toMatchInlineSnapshot(`
      [
        "IP 192.0.2.1.49152 > 192.0.2.2.80: Flags [S], seq 0, win 65535, options [mss 1460,sackOK,TS val 1 ecr 0,wscale 7,tfo cookie 00000000], length 0",
        "IP 192.0.2.1.49152 > 192.0.2.2.80: Flags [.], seq 1:4, ack 2, win 0, options [TS val 0 ecr 0,sack 2 {10:20}{30:40}], length 3",
        "IP6 2001:db8::1.49152 > 2001:db8::2.80: Flags [S], seq 0, win 65535, options [mss 1460,sackOK,TS val 1 ecr 0,wscale 7,tfo cookie 00000000], length 0",
        "IP6 2001:db8::1.49152 > 2001:db8::2.80: Flags [.], seq 1:4, ack 2, win 0, options [TS val 0 ecr 0,sack 2 {10:20}{30:40}], length 3",
        "IP 192.0.2.1.53 > 192.0.2.2.5353: UDP, length 12",
        "IP6 2001:db8::1.53 > 2001:db8::2.5353: UDP, length 12",
        "IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1, seq 2, length 16",
        "IP 192.0.2.2 > 192.0.2.1: ICMP unreachable, code 4, mtu 1400 about TCP 192.0.2.1.49152 > 192.0.2.2.80, length 36",
        "IP6 2001:db8::2 > 2001:db8::1: ICMP6 packet too big, code 0, mtu 1400 about TCP 2001:db8::1.49152 > 2001:db8::2.80, length 68",
        "IP6 2001:db8::1 > 2001:db8::2: ICMP6 router solicitation, code 0, length 24",
        "IP6 2001:db8::1 > 2001:db8::2: ICMP6 router advertisement, code 0, length 96",
        "IP6 2001:db8::1 > 2001:db8::2: ICMP6 neighbor solicitation, who has 2001:db8::2, length 40",
        "IP6 2001:db8::1 > 2001:db8::2: ICMP6 neighbor advertisement, tgt is 2001:db8::2, length 40",
        "IP6 2001:db8::1.53 > 2001:db8::2.5353: UDP, length 12 (frag 7:20@0)",
      ]
    `);
  });

  test('frames and ARP have lines', () => {
    const bytes = new Uint8Array(42);
    writeEthernet(bytes, 0, BROADCAST_MAC, new Mac(0x0200, 1), 0x0806);
    const arp = new ArpPacket();
    Object.assign(arp, { operation: 1, senderMac: new Mac(0x0200, 1), senderAddress: V4_A, targetAddress: V4_B });
    writeArp(bytes, 14, arp);
    expect(packetLine(bytes, 0, 42, 'ethernet')).toBe('ARP, Request who-has 192.0.2.2 tell 192.0.2.1, length 28');
    arp.operation = 2;
    writeArp(bytes, 14, arp);
    expect(packetLine(bytes, 0, 42, 'ethernet')).toBe('ARP, Reply 192.0.2.1 is-at 02:00:00:00:00:01, length 28');
    writeEthernet(bytes, 0, BROADCAST_MAC, new Mac(0x0200, 1), 0x88cc);
    expect(packetLine(bytes, 0, 42, 'ethernet')).toBe(
      '02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, ethertype 0x88cc, length 42',
    );
    expect(packetLine(frame(sound[0]![1]), 0, 1000, 'ethernet')).toBe(line('SYN'));
  });
});
