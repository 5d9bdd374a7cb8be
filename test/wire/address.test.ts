import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import {
  Address,
  ALL_NODES,
  ALL_ROUTERS,
  ANY4,
  ANY6,
  broadcastOf,
  formatAddress,
  formatEndpoint,
  formatPrefix,
  isLimitedBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  LOOPBACK4,
  LOOPBACK6,
  networkOf,
  parseAddress,
  parsePrefix,
  readAddress4,
  readAddress6,
  sameAddress,
  solicitedNode,
  writeAddress,
} from '../../src/wire/address.ts';
import { address4, address6, anyAddress, RUNS } from '../helpers/wire.ts';

const at = (text: string): Address => parseAddress(text)!;

function octets(a: Address): number[] {
  const bytes = new Uint8Array(16);
  return Array.from(bytes.subarray(0, writeAddress(a, bytes, 0)));
}

describe('addresses as text', () => {
  test('what is formatted parses to the same address', () => {
    fc.assert(
      fc.property(anyAddress, (a) => {
        expect(parseAddress(formatAddress(a))).toEqual(a);
      }),
      RUNS,
    );
  });

  test('IPv4 is formatted as ipaddr.js does', () => {
    fc.assert(
      fc.property(address4, (a) => {
        expect(formatAddress(a)).toBe(ipaddr.fromByteArray(octets(a)).toString());
      }),
      RUNS,
    );
  });

  test('IPv6 is formatted as the RFC 5952 form of ipaddr.js, but for IPv4-mapped ones', () => {
    fc.assert(
      fc.property(address6, (a) => {
        const oracle = ipaddr.fromByteArray(octets(a)) as ipaddr.IPv6;
        if (!oracle.isIPv4MappedAddress()) expect(formatAddress(a)).toBe(oracle.toRFC5952String());
      }),
      { ...RUNS, numRuns: 2000 },
    );
  });

  test('what parses here, ipaddr.js takes for the same address', () => {
    const alphabet = fc.constantFrom(
      '0',
      '1',
      '00',
      '255',
      '256',
      'f',
      'ffff',
      'g',
      ':',
      '::',
      '.',
      '%',
      '-',
      ' ',
      '10.1.2.3',
    );
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 16 }), (parts) => {
        const text = parts.join('');
        const a = parseAddress(text);
        // ipaddr.js takes IPv4-compatible addresses (RFC 4291 2.5.5.1) for mapped ones.
        if (a === null || /^::[0-9]+\./.test(text)) return;
        accepted++;
        expect(ipaddr.isValid(text)).toBe(true);
        expect(ipaddr.parse(text).toByteArray()).toEqual(octets(a));
      }),
      { ...RUNS, numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });

  test.each([
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['2001:0DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::ffff:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
  ])('%s is read, and written %s', (text, canonical) => {
    expect(formatAddress(at(text))).toBe(canonical);
  });

  test.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '0x7f.0.0.1',
    '127.1',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.-4',
    '1..2.3',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1::2::3',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1.2.3.4::',
    '::1.2.3',
    '::01.2.3.4',
    'fe80::1%eth0',
    '[::1]',
    ':1::',
    '1:',
    ':1',
    '::'.repeat(30),
    '1'.repeat(10_000),
  ])('%s is refused', (text) => {
    expect(parseAddress(text)).toBeNull();
  });

  test('an endpoint is written with brackets for IPv6 only', () => {
    expect(formatEndpoint(at('192.0.2.1'), 80)).toBe('192.0.2.1:80');
    expect(formatEndpoint(at('::1'), 80)).toBe('[::1]:80');
  });
});

describe('addresses as bytes', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(anyAddress, (a) => {
        const bytes = new Uint8Array(20);
        const length = writeAddress(a, bytes, 3);
        const into = new Address();
        if (a.family === 4) readAddress4(bytes, 3, into);
        else readAddress6(bytes, 3, into);
        expect(length).toBe(a.family === 4 ? 4 : 16);
        expect(sameAddress(into, a)).toBe(true);
      }),
      RUNS,
    );
  });

  test('an IPv4 address and the IPv6 address that maps it are two', () => {
    expect(sameAddress(at('192.0.2.1'), at('::ffff:192.0.2.1'))).toBe(false);
  });
});

describe('kinds of address', () => {
  test('the kinds are those of ipaddr.js', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyAddress, fc.constantFrom(ANY4, ANY6, LOOPBACK4, LOOPBACK6, ALL_NODES, ALL_ROUTERS)),
        fc.constantFrom(null, [127], [169, 254], [224], [255, 255, 255, 255], [0xfe, 0x80], [0xff, 0x02]),
        (base, lead) => {
          const bytes = octets(base);
          if (lead !== null) bytes.splice(0, lead.length, ...lead);
          const oracle = ipaddr.fromByteArray(bytes);
          const a = at(oracle.toString());
          const range = oracle.range();
          expect(isUnspecified(a)).toBe(bytes.every((octet) => octet === 0));
          expect(isLoopback(a)).toBe(range === 'loopback');
          expect(isMulticast(a)).toBe(range === 'multicast');
          expect(isLinkLocal(a)).toBe(range === 'linkLocal');
          expect(isLimitedBroadcast(a)).toBe(range === 'broadcast');
        },
      ),
      { ...RUNS, numRuns: 1000 },
    );
  });

  test('a solicited-node address ends in the last 24 bits', () => {
    expect(formatAddress(solicitedNode(at('2001:db8::1:abcd:ef12')))).toBe('ff02::1:ffcd:ef12');
  });
});

describe('prefixes', () => {
  test('they contain what ipaddr.js matches', () => {
    const family4 = fc.tuple(address4, address4, fc.integer({ min: 0, max: 32 }));
    const family6 = fc.tuple(address6, address6, fc.integer({ min: 0, max: 128 }));
    fc.assert(
      fc.property(fc.oneof(family4, family6), fc.boolean(), ([a, other, length], near) => {
        const prefix = parsePrefix(`${formatAddress(a)}/${length}`)!;
        // A random address is hardly ever inside: take one that differs in a late bit.
        const b = near ? new Address(a.family, a.w0, a.w1, a.w2, a.w3 ^ (other.w3 & 0xff)) : other;
        const match = (ipaddr.fromByteArray(octets(b)) as ipaddr.IPv6).match(
          ipaddr.fromByteArray(octets(a)) as ipaddr.IPv6,
          length,
        );
        expect(prefix.contains(b)).toBe(match);
        expect(prefix.contains(networkOf(prefix))).toBe(true);
      }),
      { ...RUNS, numRuns: 1000 },
    );
  });

  test('a prefix holds no address of the other family', () => {
    expect(parsePrefix('::/0')!.contains(at('192.0.2.1'))).toBe(false);
    expect(parsePrefix('0.0.0.0/0')!.contains(at('::1'))).toBe(false);
    expect(parsePrefix('::ffff:0:0/96')!.contains(at('192.0.2.1'))).toBe(false);
  });

  test('network and broadcast of 192.0.2.77/26 are .64 and .127', () => {
    const prefix = parsePrefix('192.0.2.77/26')!;
    expect(formatPrefix(prefix)).toBe('192.0.2.77/26');
    expect(formatAddress(networkOf(prefix))).toBe('192.0.2.64');
    expect(formatAddress(broadcastOf(prefix)!)).toBe('192.0.2.127');
  });

  test('/31, /32 and IPv6 have no broadcast address', () => {
    expect(broadcastOf(parsePrefix('192.0.2.0/31')!)).toBeNull();
    expect(broadcastOf(parsePrefix('192.0.2.0/32')!)).toBeNull();
    expect(broadcastOf(parsePrefix('fd00::/64')!)).toBeNull();
    expect(formatAddress(broadcastOf(parsePrefix('10.0.0.0/30')!)!)).toBe('10.0.0.3');
  });

  test.each([
    '10.0.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/08',
    '10/8',
    '10.0.0.0/+8',
    '/8',
    '::/64/64',
    '::/-1',
  ])('%s is refused', (text) => {
    expect(parsePrefix(text)).toBeNull();
  });
});
