import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/base/random.ts';
import { createPipe, DEFAULT_NAT_LIMITS, NatLink, type Packet } from '../../src/link/index.ts';
import { type Address, parseAddress, sameAddress } from '../../src/wire/address.ts';
import { writeU16 } from '../../src/wire/bytes.ts';
import { Ipv4Header, PROTO_ICMP, PROTO_UDP, parseIpv4 } from '../../src/wire/ipv4.ts';
import { Recorder, type World, world } from '../helpers/links.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { ipPacket, RUNS, segments, tcpPacket, u16 } from '../helpers/wire.ts';

const INSIDE = parseAddress('10.0.0.7')!;
const OUTSIDE = parseAddress('192.0.2.1')!;
const PEER = parseAddress('203.0.113.9')!;

interface Setup extends World {
  readonly nat: NatLink;
  /** What leaves, and what comes in. */
  readonly peer: Recorder;
  readonly home: Recorder;
  out(octets: Uint8Array): Uint8Array | null;
  in(octets: Uint8Array): Uint8Array | null;
}

function setup(): Setup {
  const { scheduler, pool } = world();
  const [near, far] = createPipe(scheduler, pool, { mtu: 65_535 });
  const options = {
    address: OUTSIDE,
    random: new SeededRandom(1),
    limits: DEFAULT_NAT_LIMITS,
    name: 'nat',
    trace: null,
  };
  const nat = new NatLink(near, scheduler, pool, options);
  const peer = new Recorder({ scheduler, pool }, far);
  const home = new Recorder({ scheduler, pool }, nat);
  const pass = (link: { send(packet: Packet): void }, to: Recorder) => (octets: Uint8Array) => {
    const before = to.packets.length;
    const packet = pool.take(octets.length);
    packet.len = octets.length;
    packet.buf.set(octets, packet.off);
    link.send(packet);
    scheduler.runUntil(scheduler.now);
    expect(pool.out).toBe(0);
    return to.packets.length > before ? to.packets.at(-1)! : null;
  };
  return { scheduler, pool, nat, peer, home, out: pass(nat, peer), in: pass(far, home) };
}

function ends(octets: Uint8Array): { src: Address; dst: Address } {
  const header = new Ipv4Header();
  expect(parseIpv4(octets, null, 0, octets.length, header)).toBe('ok');
  return { src: header.src.clone(), dst: header.dst.clone() };
}

function udp(src: Address, srcPort: number, dst: Address, dstPort: number, text: Uint8Array, sum: boolean): Uint8Array {
  const datagram = new Uint8Array(8 + text.length);
  writeU16(datagram, 0, srcPort);
  writeU16(datagram, 2, dstPort);
  writeU16(datagram, 4, datagram.length);
  datagram.set(text, 8);
  const packet = ipPacket(src, dst, PROTO_UDP, datagram);
  if (!sum) writeU16(packet, 26, 0);
  return packet;
}

/** Port unreachable, about the beginning of a packet. */
function unreachable(src: Address, dst: Address, about: Uint8Array, octets: number): Uint8Array {
  const message = new Uint8Array(8 + Math.min(octets, about.length));
  message.set([3, 3]);
  message.set(about.subarray(0, octets), 8);
  let sum = 0;
  for (let i = 0; i < message.length; i++) sum += message[i]! << (i & 1 ? 0 : 8);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  writeU16(message, 2, sum ^ 0xffff);
  return ipPacket(src, dst, PROTO_ICMP, message);
}

describe('a NAT around a link', () => {
  it('mends the checksums of TCP, both ways', () => {
    fc.assert(
      fc.property(segments, fc.uint8Array({ maxLength: 60 }), (segment, text) => {
        const { out, in: into } = setup();
        const left = out(tcpPacket(INSIDE, PEER, segment, text))!;
        expect(checkFrame(left, 'ip', { lenient: true })).toEqual([]);
        expect([sameAddress(ends(left).src, OUTSIDE), sameAddress(ends(left).dst, PEER)]).toEqual([true, true]);
        const { srcPort, dstPort } = segment;
        const back = Object.assign(segment, { srcPort: dstPort, dstPort: (left[20]! << 8) | left[21]! });
        const came = into(tcpPacket(PEER, OUTSIDE, back, text))!;
        expect(checkFrame(came, 'ip', { lenient: true })).toEqual([]);
        expect([sameAddress(ends(came).dst, INSIDE), (came[22]! << 8) | came[23]!]).toEqual([true, srcPort]);
      }),
      RUNS,
    );
  });

  it('mends that of UDP, and leaves a datagram without one as it is', () => {
    fc.assert(
      fc.property(u16, u16, fc.uint8Array({ maxLength: 60 }), fc.boolean(), (from, to, text, sum) => {
        const { out, in: into } = setup();
        const left = out(udp(INSIDE, from, PEER, to, text, sum))!;
        const port = (left[20]! << 8) | left[21]!;
        expect(left).toEqual(udp(OUTSIDE, port, PEER, to, text, sum));
        expect(into(udp(PEER, to, OUTSIDE, port, text, sum))).toEqual(udp(PEER, to, INSIDE, from, text, sum));
      }),
      RUNS,
    );
  });

  it('gives an error back as the packet that it is about was sent, however much of it is quoted', () => {
    fc.assert(
      fc.property(
        u16,
        u16,
        fc.uint8Array({ maxLength: 60 }),
        fc.integer({ min: 28, max: 90 }),
        (from, to, text, octets) => {
          const { nat, out, in: into } = setup();
          // Somebody else has the port, so that it is translated, too.
          nat.table.outward(PROTO_UDP, 1, from, 0);
          const sent = udp(INSIDE, from, PEER, to, text, true);
          const left = out(sent)!;
          expect((left[20]! << 8) | left[21]!).not.toBe(from);
          expect(into(unreachable(PEER, OUTSIDE, left, octets))).toEqual(unreachable(PEER, INSIDE, sent, octets));
          const reply = udp(PEER, to, OUTSIDE, (left[20]! << 8) | left[21]!, text, true);
          const came = into(reply)!;
          expect(out(unreachable(INSIDE, PEER, came, octets))).toEqual(unreachable(OUTSIDE, PEER, reply, octets));
        },
      ),
      RUNS,
    );
  });

  it('takes whatever comes, and gives every packet back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), fc.boolean(), (octets, outwards) => {
        const { out, in: into } = setup();
        const packet = octets.length > 40 ? ipPacket(INSIDE, OUTSIDE, octets[0]! & 31, octets.subarray(1)) : octets;
        (outwards ? out : into)(packet);
      }),
      RUNS,
    );
  });

  it('drops what it cannot translate, by reason', () => {
    const { nat, out, in: into } = setup();
    const gre = ipPacket(INSIDE, PEER, 47, new Uint8Array(20));
    const short = ipPacket(INSIDE, PEER, PROTO_UDP, new Uint8Array(3));
    const stranger = udp(PEER, 1, OUTSIDE, 2, new Uint8Array(1), true);
    const later = udp(INSIDE, 1, PEER, 2, new Uint8Array(1), true);
    later[7] = 1;
    expect([out(gre), out(short), into(stranger), out(later)]).toEqual([null, null, null, null]);
    expect(nat.drops).toEqual({
      'nat-protocol': 1,
      'nat-truncated': 1,
      'nat-no-mapping': 1,
      'nat-fragment': 1,
      'nat-full': 0,
    });
  });
});
