import { expect, test } from 'vitest';
import { ipPacketOf, ipStart } from '../../src/trace/capture-link.ts';
import { joined, PACKET } from './captures.ts';

const V6 = Uint8Array.of(0x60, 1, 2, 3);
const MACS = Array(12).fill(1);

/** As it lies in a piece of a file: other octets stand before and behind it. */
function frame(linkType: number, octets: Uint8Array) {
  return { linkType, buf: joined(V6, octets, PACKET, V6), off: V6.length, kept: octets.length };
}

test.each([
  ['raw', 101, [], PACKET],
  ['raw, by an old number', 12, [], V6],
  ['raw, by that of OpenBSD', 14, [], V6],
  ['IPv4', 228, [], PACKET],
  ['IPv6', 229, [], V6],
  ['loopback of BSD', 0, [2, 0, 0, 0], PACKET],
  ['loopback of BSD, big-endian', 0, [0, 0, 0, 2], PACKET],
  ['loopback of macOS, IPv6', 0, [30, 0, 0, 0], V6],
  ['loopback of OpenBSD, IPv6', 108, [0, 0, 0, 24], V6],
  ['Ethernet', 1, [...MACS, 8, 0], PACKET],
  ['Ethernet, IPv6', 1, [...MACS, 0x86, 0xdd], V6],
  ['Ethernet with two tags', 1, [...MACS, 0x88, 0xa8, 0, 1, 0x81, 0, 0, 2, 8, 0], PACKET],
  ['Ethernet with SNAP', 1, [...MACS, 0, 29, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], PACKET],
  ['Ethernet with PPPoE', 1, [...MACS, 0x88, 0x64, 0x11, 0, 0, 1, 0, 23, 0, 0x21], PACKET],
  ['PPPoE', 51, [0x11, 0, 0, 1, 0, 23, 0, 0x57], V6],
  ['PPP', 9, [0, 0x21], PACKET],
  ['PPP like HDLC', 50, [0xff, 3, 0, 0x57], V6],
  ['cooked', 113, [...Array(14).fill(0), 8, 0], PACKET],
  ['cooked, tagged', 113, [...Array(14).fill(0), 0x81, 0, 0, 9, 0x86, 0xdd], V6],
  ['cooked, second version', 276, [8, 0, ...Array(18).fill(0)], PACKET],
  ['cooked, second version, tagged', 276, [0x81, 0, ...Array(18).fill(0), 0, 9, 8, 0], PACKET],
])('the IP packet of a frame is found: %s', (_name, linkType, header, packet) => {
  const octets = joined(Uint8Array.from(header), packet);
  expect(ipPacketOf(frame(linkType, octets))).toEqual(packet);
  expect(ipStart(frame(linkType, octets))).toBe(V6.length + header.length);
});

test.each([
  ['ARP', 1, [...MACS, 8, 6, 0x45]],
  ['a frame of another version than its type', 1, [...MACS, 8, 0, 0x60]],
  ['tags without end', 1, [...MACS, ...Array(100).fill([0x81, 0, 0, 0]).flat()]],
  ['nothing behind the type', 1, [...MACS, 8, 0]],
  ['LLC without SNAP', 1, [...MACS, 0, 4, 0x42, 0x42, 3, 0x45]],
  ['SNAP of SNAP', 1, [...MACS, 0, 29, 0xaa, 0xaa, 3, 0, 0, 0, 0, 29, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, 0x45]],
  ['a cooked frame of ARP', 113, [...Array(14).fill(0), 8, 6, 0x45]],
  ['a cooked frame, second version, of ARP', 276, [8, 6, ...Array(18).fill(0), 0x45]],
  ['another family', 0, [7, 0, 0, 0, 0x45]],
  ['no family', 0, [1, 2, 3, 4, 0x45]],
  ['PPP of another protocol', 9, [0xc0, 0x21, 0x45]],
  ['a link type that has no IP', 147, [0x45]],
  ['an empty frame', 1, []],
  ['no IP packet', 101, [0x35]],
])('a frame without an IP packet has none: %s', (_name, linkType, octets) => {
  expect(ipPacketOf(frame(linkType, Uint8Array.from(octets)))).toBeNull();
});
