import { describe, expect, test } from 'vitest';
import type { IcmpSpec, OptionSpec, PacketSpec, TcpSpec, UdpSpec } from '../../src/drill/script.ts';
import { bare, event } from '../helpers/script.ts';

const NO_IP = { ecn: null, tos: null, ttl: null, flowLabel: null };

function packet(text: string, defines: Record<string, string> = {}): PacketSpec {
  const { action } = event(`0 ${text}`, defines);
  if (action.kind !== 'packet') throw new Error(text);
  return bare(action.packet) as PacketSpec;
}

const tcp = (text: string): TcpSpec => packet(text) as TcpSpec;

describe('a segment', () => {
  test('has flags, a sequence range, and what else is written', () => {
    expect(tcp('< P. 1:1001(1000) ack 21 win 257 urg 3 <nop,nop,TS val 100 ecr 700>')).toEqual({
      protocol: 'tcp',
      ip: NO_IP,
      ports: null,
      flags: 'P.',
      ace: null,
      seq: 1,
      length: 1000,
      ack: 21,
      window: 257,
      urgent: 3,
      options: [{ kind: 'nop' }, { kind: 'nop' }, { kind: 'timestamp', value: 100, echo: 700 }],
    });
  });

  test('that is expected may leave out acknowledgment, window and options', () => {
    expect(tcp('> F 5:5(0)')).toMatchObject({ ack: null, window: null, urgent: null, options: [] });
    expect(tcp('> F 5:5(0) <...>').options).toBeNull();
  });

  test('goes in one of two directions', () => {
    expect(event('0 < R 1:1(0) win 0').action).toMatchObject({ direction: 'inbound' });
    expect(event('0 > R 1:1(0)').action).toMatchObject({ direction: 'outbound' });
  });

  test.each([
    ['-', '', null],
    ['.', '.', null],
    ['S', 'S', null],
    ['FSRPUEWA.', 'FSRPUEWA.', null],
    ['.5', '.', 5],
    ['P.5', 'P.', 5],
    ['P5.', 'P.', 5],
    ['P5', 'P', 5],
    ['S0.', 'S.', 0],
  ])('with the flags %s has the letters "%s" and the count %s', (text, flags, ace) => {
    expect(tcp(`> ${text} 1:1(0)`)).toMatchObject({ flags, ace });
  });

  test('may name its ports', () => {
    expect(tcp('> 8080 > 49152 . 1:1(0)').ports).toEqual([8080, 49152]);
  });

  test('may end beyond the greatest sequence number', () => {
    expect(tcp('> . 4294967295:4(5)')).toMatchObject({ seq: 4294967295, length: 5 });
  });

  test.each([
    ['[noecn]', { ecn: 'noecn' }],
    ['(ect0)', { ecn: 'ect0' }],
    ['[ect1]', { ecn: 'ect1' }],
    ['[ect01]', { ecn: 'ect01' }],
    ['[ce, ttl 1]', { ecn: 'ce', ttl: 1 }],
    ['[tos 0xb8,flowlabel 0xabcde]', { tos: 0xb8, flowLabel: 0xabcde }],
    ['(ttl 64)', { ttl: 64 }],
    ['[flowlabel 7, tos 16]', { tos: 16, flowLabel: 7 }],
  ])('may say %s of its IP header', (text, ip) => {
    expect(tcp(`> ${text} . 1:1(0)`).ip).toEqual({ ...NO_IP, ...ip });
  });
});

describe('a TCP option', () => {
  const option = (text: string, defines: Record<string, string> = {}): OptionSpec =>
    (packet(`> S 0:0(0) <${text}>`, defines) as TcpSpec).options![0]!;

  test('is one of those there are', () => {
    expect(option('mss 1460')).toEqual({ kind: 'mss', value: 1460 });
    expect(option('wscale 255,nop')).toEqual({ kind: 'wscale', value: 255 });
    expect(option('sackOK,eol,eol')).toEqual({ kind: 'sackOK' });
    expect(option('eol,eol,eol,eol')).toEqual({ kind: 'eol' });
    expect(option('TS val 4294967295 ecr 0,nop,nop')).toEqual({ kind: 'timestamp', value: 4294967295, echo: 0 });
  });

  test('may be a list of SACK blocks', () => {
    expect(option('sack 1:2,nop,nop')).toEqual({ kind: 'sack', blocks: [[1, 2]] });
    expect(option('sack 1:2 30:40 500:600 4294967295:0,nop,nop')).toMatchObject({
      blocks: [
        [1, 2],
        [30, 40],
        [500, 600],
        [4294967295, 0],
      ],
    });
  });

  test('may be a cookie, as word or as digits, or the request for one', () => {
    const ask = { kind: 'fastOpen', experimental: false, cookie: [] };
    expect(option('FO,nop,nop')).toEqual(ask);
    expect(option('FOEXP')).toEqual({ ...ask, experimental: true });
    expect(option('FO abCD1234,nop,nop')).toEqual({ ...ask, cookie: [0xab, 0xcd, 0x12, 0x34] });
    expect(option('FOEXP 00000001')).toEqual({ ...ask, experimental: true, cookie: [0, 0, 0, 1] });
  });

  test('may have a cookie that is defined elsewhere, to the last digit', () => {
    const octets = (hex: string): unknown => option('FO TFO_COOKIE,nop,nop', { TFO_COOKIE: hex });
    expect(octets('3021b9d889017eeb')).toMatchObject({ cookie: [0x30, 0x21, 0xb9, 0xd8, 0x89, 0x01, 0x7e, 0xeb] });
    expect(octets('0000000000000001')).toMatchObject({ cookie: [0, 0, 0, 0, 0, 0, 0, 1] });
    expect(octets('9999999999999999')).toMatchObject({ cookie: Array(8).fill(0x99) });
    expect(octets('12345678e1234567')).toMatchObject({ cookie: [0x12, 0x34, 0x56, 0x78, 0xe1, 0x23, 0x45, 0x67] });
  });

  test('may be a digest', () => {
    const digest = Array.from({ length: 16 }, (_, i) => i);
    expect(option('md5 000102030405060708090a0b0c0d0e0f,nop,nop')).toEqual({ kind: 'md5', digest });
  });

  test.each([
    ['e0b 1,nop,nop,nop', [['e0b', 1]]],
    [
      'e0b 1 ceb 2',
      [
        ['e0b', 1],
        ['ceb', 2],
      ],
    ],
    [
      'e0b 1 ceb 2 e1b 3,nop',
      [
        ['e0b', 1],
        ['ceb', 2],
        ['e1b', 3],
      ],
    ],
    ['e1b 16777215,nop,nop,nop', [['e1b', 16777215]]],
    [
      'e1b 1 ceb 2',
      [
        ['e1b', 1],
        ['ceb', 2],
      ],
    ],
    [
      'e1b 1 ceb 2 e0b 3,nop',
      [
        ['e1b', 1],
        ['ceb', 2],
        ['e0b', 3],
      ],
    ],
  ])('may count marks: ECN %s', (text, counters) => {
    expect(option(`ECN ${text}`)).toEqual({ kind: 'accEcn', counters });
  });
});

describe('a datagram', () => {
  test('is UDP with a length, and perhaps ports', () => {
    expect(packet('> udp(1400)') as UdpSpec).toEqual({ protocol: 'udp', ip: NO_IP, ports: null, length: 1400 });
    expect(packet('< [ttl 1] udp 53 > 1024 (0)')).toMatchObject({ ip: { ttl: 1 }, ports: [53, 1024], length: 0 });
  });
});

describe('an ICMP message', () => {
  const icmp = (text: string): IcmpSpec => packet(text) as IcmpSpec;

  test('has a type, and perhaps a code and what it is about', () => {
    expect(icmp('< icmp unreachable frag_needed mtu 1200 [1:1461(1460)]')).toEqual({
      protocol: 'icmp',
      ip: NO_IP,
      type: 'unreachable',
      code: 'frag_needed',
      mtu: 1200,
      id: null,
      quoted: { protocol: 'tcp', seq: 1, length: 1460 },
    });
    expect(icmp('> icmp echo_reply id 7')).toMatchObject({ type: 'echo_reply', code: null, id: 7, quoted: null });
    expect(icmp('< [ect1] icmp packet_too_big mtu 70000 [udp(9000)]')).toMatchObject({
      ip: { ecn: 'ect1' },
      mtu: 70000,
      quoted: { protocol: 'udp', length: 9000 },
    });
  });

  test('may be numbered', () => {
    expect(icmp('< icmp type_3 code_4 mtu 576')).toMatchObject({ type: 'type_3', code: 'code_4', mtu: 576 });
    expect(icmp('< icmp unreachable code_255')).toMatchObject({ code: 'code_255' });
  });

  test('may have its code defined elsewhere', () => {
    expect(packet('< icmp unreachable CODE', { CODE: 'host_unreachable' })).toMatchObject({ code: 'host_unreachable' });
  });

  test('says where it stands, for what only the IP version tells', () => {
    const { action } = event('0 < icmp redirect');
    expect(action).toMatchObject({ packet: { at: { line: 1, column: 5 } } });
  });
});
