import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatEvent,
  formatExpression,
  formatPacket,
  formatScript,
  formatSeconds,
  formatTcpOption,
} from '../../src/drill/format.ts';
import { encodeOptions } from '../../src/drill/options.ts';
import type {
  CallAction,
  EventTime,
  Expression,
  IcmpSpec,
  IpInfo,
  OptionSpec,
  PacketAction,
  Script,
  ScriptEvent,
  TcpSpec,
  UdpSpec,
} from '../../src/drill/script.ts';
import { bare, event, parse } from '../helpers/script.ts';
import { RUNS } from '../helpers/wire.ts';

describe('a script is written', () => {
  test('a line an event, what begins and what ends it apart', () => {
    const text = `
      --mss=1000 --remote_ip="192.0.2.1" --init_scripts="a b" -DCC="reno" --strict_segments
      --ip_version=ipv4-mapped-ipv6 --tolerance_percent=12.5 --local_ip=fd3d::1
      \`./defaults.sh
      sysctl -q net.ipv4.tcp_sack=0\` // no SACK
      0.000 socket(...,SOCK_STREAM , IPPROTO_TCP)=3  +0.500 < [ ect0 ] P5. 4294967295:1(2) ack 1 win 257
    `;
    expect(formatScript(parse(text))).toMatchInlineSnapshot(`
      "--mss=1000
      --remote_ip=192.0.2.1
      --init_scripts="a b"
      --define=CC="reno"
      --strict_segments
      --ip_version="ipv4-mapped-ipv6"
      --tolerance_percent="12.5"
      --local_ip=fd3d::1
      \`./defaults.sh
            sysctl -q net.ipv4.tcp_sack=0\`

      0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
      +0.5 < [ect0] P.5 4294967295:1(2) ack 1 win 257
      "
    `);
  });

  test('so that the parser reads the same again', () => {
    for (const line of LINES) {
      const script = parse(`0 close(3) = 0\n${line}`);
      expect(bare(parse(formatScript(script)).events), line).toEqual(bare(script.events));
    }
  });

  test('as a person would', () => {
    expect(LINES.map((line) => formatEvent(parse(`0 close(3) = 0\n${line}`).events[1]!)).join('\n')).toBe(
      LINES.join('\n'),
    );
  });
});

/** Every form there is, as it should be written. */
const LINES = [
  '1 > P. 1:1001(1000) ack 1 win 256 <nop,nop,TS val 100 ecr 700>',
  '+0.1 < S 0:0(0) win 65535 <mss 1460,sackOK,nop,nop,nop,wscale 8>',
  '* > - 1:1(0)',
  '0.25~0.5 > SEWA 0:0(0) <...>',
  '+0~+1 > [ect0] P.5 1:11(10) ack 1',
  '+0.000001 < [tos 0x0a, ttl 1, flowlabel 0xabc] 1024 > 80 F. 1:1(0) ack 9 win 0 urg 5',
  '+0 > . 1:1(0) ack 1 <nop,nop,sack 1:2 3:4>',
  '+0 > S 0:0(0) <FO,nop,nop,FOEXP,FO abcd1234,nop,nop>',
  '+0 > . 1:1(0) <nop,nop,md5 000102030405060708090a0b0c0d0e0f,eol,eol,eol,eol>',
  '+0 > . 1:1(0) <nop,ECN e1b 1 ceb 2 e0b 3>',
  '+0 > . 1:1(0) <ECN e0b 1 ceb 2>',
  '+0 > udp(1400)',
  '+0 < [ttl 3] udp 53 > 1024 (10)',
  '+0 < icmp unreachable frag_needed mtu 1200 [1:1461(1460)]',
  '+0 < icmp packet_too_big mtu 1280 [udp(1400)]',
  '+0 > icmp echo_reply id 7',
  '+0...0.5 read(4, ..., 1000) = -1 EAGAIN (Resource temporarily unavailable)',
  '+0 close(4) = 0',
  '+0 setsockopt(4, SOL_TCP, TCP_CONGESTION, "reno\\x00", 5) = 0 (fine)',
  '+0 poll([{fd=4, events=POLLIN|~1, revents=0}], 1, 0x10) = 1',
  '+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 10}], msg_flags=0}, 0) = 10',
  '+0 bind(3, {sin_port=htons(8080), sin_addr=inet_addr("192.0.2.1")}, ...) = 0 EISCONN',
  '+0 f() = []',
  '+0 `echo 1`',
  '+0 %{ assert tcpi_state == 1 }%',
  '+0 %{\na = 1\nassert a\n}%',
];

test('a time is written with no digit too many', () => {
  expect([0, 1, 10, 100_000, 1_000_000, 1_500_000, 10_000_000, 123_456_789].map(formatSeconds).join(' ')).toBe(
    '0 0.000001 0.00001 0.1 1 1.5 10 123.456789',
  );
});

test('a packet alone is written without a direction', () => {
  const { action } = event('0 > [ce] . 1:1(0) ack 1');
  expect(action.kind === 'packet' && formatPacket(action.packet)).toBe('[ce] . 1:1(0) ack 1');
});

test('a count without other flags, which the grammar cannot say, is written as flags', () => {
  const { action } = event('0 > . 1:1(0)');
  if (action.kind !== 'packet' || action.packet.protocol !== 'tcp') throw new Error(action.kind);
  const spec = { ...action.packet, flags: '' };
  expect([0, 1, 2, 4, 7].map((ace) => formatPacket({ ...spec, ace }).split(' ')[0]).join(' ')).toBe('- E W A AWE');
});

describe('whatever can be written is read as it was:', () => {
  const u8 = fc.nat(0xff);
  const u16 = fc.nat(0xffff);
  const u24 = fc.nat(0xff_ffff);
  const u32 = fc.nat(0xffff_ffff);
  const maybe = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null });
  const octets = (min: number, max: number) => fc.array(u8, { minLength: min, maxLength: max });
  const at = { line: 1, column: 1 };

  const option: fc.Arbitrary<OptionSpec> = fc.oneof(
    fc.record({ kind: fc.constant('mss' as const), value: u16 }),
    fc.record({ kind: fc.constant('wscale' as const), value: u8 }),
    fc.constantFrom<OptionSpec>({ kind: 'sackOK' }, { kind: 'nop' }, { kind: 'eol' }),
    fc.record({
      kind: fc.constant('sack' as const),
      blocks: fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant('timestamp' as const), value: u32, echo: u32 }),
    fc.record({ kind: fc.constant('fastOpen' as const), experimental: fc.boolean(), cookie: octets(0, 16) }),
    fc.record({ kind: fc.constant('md5' as const), digest: octets(16, 16) }),
    fc
      .tuple(fc.constantFrom(['e0b', 'ceb', 'e1b'] as const, ['e1b', 'ceb', 'e0b'] as const), octets(1, 3), u24)
      .map(([names, { length }, value]) => ({
        kind: 'accEcn' as const,
        counters: names.slice(0, length).map((name) => [name, value] as const),
      })),
  );

  /** As many as fit, filled up. */
  const options = fc.array(option, { maxLength: 6 }).map((some) => {
    const fitting: OptionSpec[] = [];
    let length = 0;
    for (const one of some) {
      if (length + encodeOptions([one]).length > 40) continue;
      fitting.push(one);
      length += encodeOptions([one]).length;
    }
    for (; length % 4 !== 0; length++) fitting.push({ kind: 'nop' });
    return fitting;
  });

  const ip: fc.Arbitrary<IpInfo> = fc
    .record({
      ecn: maybe(fc.constantFrom('noecn', 'ect0', 'ect1', 'ce')),
      tos: maybe(u8),
      ttl: maybe(u8),
      flowLabel: maybe(fc.nat(0xf_ffff)),
    })
    .map((info) => ({ ...info, tos: info.ecn === null ? info.tos : null }) as IpInfo);
  const ports = maybe(fc.tuple(u16, u16));
  const flags = fc
    .tuple(fc.subarray([...'FSRPU']), fc.subarray([...'EWA']), maybe(fc.nat(7)), fc.constantFrom('', '.'))
    .map(([plain, marks, count, ack]) => {
      const ace = plain.length + ack.length === 0 ? null : count;
      return { flags: `${plain.join('')}${ace === null ? marks.join('') : ''}${ack}`, ace };
    });

  const tcp: fc.Arbitrary<TcpSpec> = fc
    .record({
      protocol: fc.constant('tcp' as const),
      ip,
      ports,
      seq: u32,
      length: fc.nat(65_000),
      ack: maybe(u32),
      window: u16,
      urgent: maybe(u16),
      options,
    })
    .chain((spec) => flags.map((some) => ({ ...spec, ...some })));
  const udp: fc.Arbitrary<UdpSpec> = fc.record({
    protocol: fc.constant('udp' as const),
    ip: ip.map((info) => ({ ...info, ecn: null })),
    ports,
    length: fc.nat(65_507),
  });
  const icmp: fc.Arbitrary<IcmpSpec> = fc
    .tuple(
      fc.constantFrom(
        ['unreachable', 'frag_needed', 1200] as const,
        ['packet_too_big', null, 1280] as const,
        ['type_9', 'code_1', null] as const,
        ['echo_request', null, null] as const,
      ),
      ip,
      maybe(u16),
      fc.option(
        fc.oneof(
          fc.record({ protocol: fc.constant('tcp' as const), seq: u32, length: u16 }),
          fc.record({ protocol: fc.constant('udp' as const), length: u16 }),
        ),
        { nil: null },
      ),
    )
    .map(([[type, code, mtu], info, id, quoted]) => ({ protocol: 'icmp', ip: info, type, code, mtu, id, quoted, at }));

  const name = fc.stringMatching(/^[A-Z_]{1,8}$/);
  const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 4 },
      fc
        .oneof(
          fc.integer().map(String),
          u32.map((n) => `0x${n.toString(16)}`),
        )
        .map((text): Expression => ({ kind: 'integer', value: Number(text), text, at })),
      name.map((word): Expression => ({ kind: 'word', name: word, at })),
      octets(0, 9).map((some): Expression => ({ kind: 'string', value: String.fromCharCode(...some), at })),
      fc.constant<Expression>({ kind: 'ellipsis', at }),
      fc.array(name, { minLength: 2, maxLength: 4 }).map(
        (words): Expression => ({
          kind: 'operator',
          operator: '|',
          operands: words.map((word) => ({ kind: 'word', name: word, at })),
          at,
        }),
      ),
      name.map(
        (word): Expression => ({
          kind: 'operator',
          operator: '~',
          operands: [{ kind: 'word', name: word, at }],
          at,
        }),
      ),
      fc.array(tie('expression'), { maxLength: 3 }).map((items): Expression => ({ kind: 'list', items, at })),
      fc
        .array(
          fc.oneof(
            fc.record({ name, parameter: maybe(tie('expression')), value: tie('expression') }),
            fc.record({ name: fc.constant(null), parameter: fc.constant(null), value: tie('expression') }),
          ),
          { minLength: 1, maxLength: 3 },
        )
        .map((fields): Expression => ({ kind: 'record', fields, at })),
      fc
        .tuple(name, fc.array(tie('expression'), { maxLength: 2 }))
        .map(([word, args]): Expression => ({ kind: 'application', name: word, args, at })),
    ),
  }));
  const call: fc.Arbitrary<CallAction> = fc.record({
    kind: fc.constant('call' as const),
    at: fc.constant(at),
    name,
    args: fc.array(expression, { maxLength: 4 }),
    result: expression.filter(({ kind }) => kind !== 'application'),
    errno: maybe(fc.constantFrom('EAGAIN', 'EPIPE')),
    note: maybe(fc.constantFrom('Broken pipe', "it's 100%, or so", 'no 9:9')),
  });

  const microseconds = fc.nat(1_000_000_000);
  const when: fc.Arbitrary<EventTime> = fc.oneof(
    fc.constant<EventTime>({ kind: 'any', relative: false, start: 0, end: 0 }),
    fc
      .record({ kind: fc.constant('at' as const), start: microseconds })
      .map((t) => ({ ...t, relative: true, end: t.start })),
    fc
      .tuple(microseconds, microseconds)
      .map(([start, more]) => ({ kind: 'range' as const, relative: true, start, end: start + more })),
  );

  /** The event, after one at time 0. */
  function roundTrip(one: ScriptEvent): void {
    const first = event('0 `true`');
    const script: Script = { name: 'a', text: '', options: [], init: null, events: [first, one], cleanup: null };
    const text = formatScript(script);
    expect(bare(parse(text).events[1]), text).toEqual(bare(one));
  }

  function packets(spec: fc.Arbitrary<PacketAction['packet']>): void {
    const direction = fc.constantFrom('inbound' as const, 'outbound' as const);
    fc.assert(
      fc.property(spec, direction, when, (packet, way, time) => {
        const inbound: EventTime = { kind: 'at', relative: true, start: time.start, end: time.start };
        roundTrip({
          at,
          time: way === 'inbound' ? inbound : time,
          action: { kind: 'packet', at, direction: way, packet },
        });
      }),
      RUNS,
    );
  }

  test('segments', () => packets(tcp));
  test('datagrams', () => packets(udp));
  test('ICMP messages', () => packets(icmp));

  test('calls', () => {
    fc.assert(
      fc.property(call, microseconds, microseconds, fc.boolean(), (action, start, more, blocks) => {
        const kind = blocks ? 'blocking' : 'at';
        roundTrip({ at, time: { kind, relative: true, start, end: blocks ? start + more : start }, action });
      }),
      RUNS,
    );
  });

  test('an option and an expression, each alone', () => {
    fc.assert(
      fc.property(option, (one) => {
        const padding = ',nop'.repeat((4 - (encodeOptions([one]).length % 4)) % 4);
        const { action } = event(`0 > . 1:1(0) <${formatTcpOption(one)}${padding}>`);
        const packet = action.kind === 'packet' ? action.packet : null;
        expect(packet?.protocol === 'tcp' && packet.options?.[0]).toEqual(one);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(expression, (one) => {
        const { action } = event(`0 f(${formatExpression(one)}) = 0`);
        expect(action.kind === 'call' && bare(action.args)).toEqual([bare(one)]);
      }),
      RUNS,
    );
  });
});
