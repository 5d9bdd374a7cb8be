import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress } from '../../src/wire/address.ts';
import { ArpPacket, parseArp, writeArp } from '../../src/wire/arp.ts';
import {
  BROADCAST_MAC,
  EthernetHeader,
  formatMac,
  isGroupMac,
  linkLocalOf,
  Mac,
  multicastMac,
  parseEthernet,
  parseMac,
  sameMac,
  writeEthernet,
} from '../../src/wire/ethernet.ts';
import { checkFrame } from '../helpers/oracle.ts';
import { address4, mac, RUNS } from '../helpers/wire.ts';

describe('hardware addresses', () => {
  test('what is formatted parses to the same address', () => {
    fc.assert(
      fc.property(mac, (m) => {
        expect(parseMac(formatMac(m))).toEqual(m);
        expect(parseMac(formatMac(m).toUpperCase().replaceAll(':', '-'))).toEqual(m);
      }),
      RUNS,
    );
  });

  test.each([
    '',
    '02:00:00:00:00',
    '02:00:00:00:00:01:02',
    '2:0:0:0:0:1',
    '02:00:00:00:00:0g',
    '02-00:00:00:00:01',
    '020000000001',
  ])('%s is refused', (text) => {
    expect(parseMac(text)).toBeNull();
  });

  test('multicast groups map to their hardware addresses (RFC 1112 6.4, RFC 2464 7)', () => {
    expect(formatMac(multicastMac(parseAddress('239.129.2.3')!))).toBe('01:00:5e:01:02:03');
    expect(formatMac(multicastMac(parseAddress('ff02::1:ff01:203')!))).toBe('33:33:ff:01:02:03');
  });

  test('the group bit tells broadcast and multicast from stations', () => {
    expect(isGroupMac(BROADCAST_MAC)).toBe(true);
    expect(isGroupMac(parseMac('01:00:5e:00:00:01')!)).toBe(true);
    expect(isGroupMac(parseMac('02:00:5e:00:00:01')!)).toBe(false);
    expect(sameMac(BROADCAST_MAC, new Mac(0xffff, -1))).toBe(true);
  });

  test('the link-local address carries the modified EUI-64 (RFC 4291 appendix A)', () => {
    expect(formatAddress(linkLocalOf(parseMac('34:56:78:9a:bc:de')!))).toBe('fe80::3656:78ff:fe9a:bcde');
  });
});

describe('Ethernet frames', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(
        mac,
        mac,
        fc.integer({ min: 0x600, max: 0xffff }),
        fc.integer({ min: 0, max: 3 }),
        (dst, src, type, off) => {
          const buf = new Uint8Array(20);
          expect(writeEthernet(buf, off, dst, src, type)).toBe(14);
          const h = new EthernetHeader();
          expect(parseEthernet(buf, off, 14, h)).toBe('ok');
          expect([h.dst0, h.dst1, h.src0, h.src1, h.type]).toEqual([dst.hi, dst.lo, src.hi, src.lo, type]);
        },
      ),
      RUNS,
    );
  });

  test('0 to 13 octets are truncated; a type below 0x600 is a length', () => {
    const buf = new Uint8Array(64);
    for (let length = 0; length < 14; length++) {
      expect(parseEthernet(buf, 0, length, new EthernetHeader())).toBe('truncated');
    }
    for (const type of [0, 46, 0x5dc, 0x5ff]) {
      writeEthernet(buf, 0, BROADCAST_MAC, new Mac(), type);
      expect(parseEthernet(buf, 0, 64, new EthernetHeader())).toBe('length-field');
    }
  });
});

describe('ARP', () => {
  const arps = fc
    .tuple(fc.constantFrom(1, 2), mac, address4, mac, address4)
    .map(([operation, senderMac, senderAddress, targetMac, targetAddress]) =>
      Object.assign(new ArpPacket(), { operation, senderMac, senderAddress, targetMac, targetAddress }),
    );

  test('what is written is read back, and the oracle finds it sound', () => {
    fc.assert(
      fc.property(arps, (arp) => {
        const buf = new Uint8Array(14 + 28);
        writeEthernet(buf, 0, BROADCAST_MAC, new Mac(0x0200, 1), 0x0806);
        expect(writeArp(buf, 14, arp)).toBe(28);
        const back = new ArpPacket();
        expect(parseArp(buf, 14, 28, back)).toBe('ok');
        expect(back).toEqual(arp);
        if (!isGroupMac(arp.senderMac)) expect(checkFrame(buf, 'ethernet')).toEqual([]);
      }),
      RUNS,
    );
  });

  test('every prefix is truncated, and every changed fixed field has its reason', () => {
    const buf = new Uint8Array(28);
    const arp = new ArpPacket();
    arp.operation = 1;
    writeArp(buf, 0, arp);
    for (let length = 0; length < 28; length++) expect(parseArp(buf, 0, length, new ArpPacket())).toBe('truncated');
    const changed = (at: number, value: number): string => {
      const copy = buf.slice();
      copy[at] = value;
      return parseArp(copy, 0, 28, new ArpPacket());
    };
    expect(changed(1, 6)).toBe('hardware-type');
    expect(changed(2, 0x86)).toBe('protocol-type');
    for (const length of [0, 5, 7, 255]) expect(changed(4, length)).toBe('address-length');
    for (const length of [0, 3, 16, 255]) expect(changed(5, length)).toBe('address-length');
    for (const operation of [0, 3, 255]) expect(changed(7, operation)).toBe('operation');
  });
});
