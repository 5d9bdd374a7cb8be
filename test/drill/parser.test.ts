import { describe, expect, test } from 'vitest';
import { formatExpression } from '../../src/drill/format.ts';
import type { Expression } from '../../src/drill/script.ts';
import { bare, event, parse } from '../helpers/script.ts';

const SERVER = `// A server takes a connection and reads.
--tolerance_usecs=10000
--define=SIZE=1000

\`./defaults.sh\`

0    socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0   bind(3, ..., ...) = 0
+0   listen(3, 1) = 0
+.1  < S 0:0(0) win 65535 <mss 1460,sackOK,nop,nop,nop,wscale 7>
+0   > S. 0:0(0) ack 1 <...>
+.01 < . 1:1(0) ack 1 win 257
+0   accept(3, ..., ...) = 4
+0...0.2 read(4, ..., SIZE) = 1000
+.1  < P. 1:1001(1000) ack 1 win 257
*    > . 1:1(0) ack 1001
+0   %{ assert tcpi_state == TCP_ESTABLISHED }%

\`sysctl -q net.ipv4.tcp_sack=1\`
`;

describe('a script', () => {
  test('is options, a command to begin with, events, and a command to end with', () => {
    const script = parse(SERVER);
    expect(script.name).toBe('a.pkt');
    expect(script.text).toBe(SERVER);
    expect(bare(script.options)).toEqual([
      { name: 'tolerance_usecs', value: '10000' },
      { name: 'define', value: 'SIZE=1000' },
    ]);
    expect(bare(script.init)).toEqual({ kind: 'shell', command: './defaults.sh' });
    expect(script.events.map(({ action }) => action.kind).join(' ')).toBe(
      'call call call packet packet packet call call packet packet code',
    );
    expect(bare(script.cleanup)).toEqual({ kind: 'shell', command: 'sysctl -q net.ipv4.tcp_sack=1' });
  });

  test('needs one event and nothing else', () => {
    const script = parse('0 `true`');
    expect(script.options).toEqual([]);
    expect(script.init).toBeNull();
    expect(bare(script.events)).toEqual([
      {
        time: { kind: 'at', relative: false, start: 0, end: 0 },
        action: { kind: 'shell', command: 'true' },
      },
    ]);
    expect(script.cleanup).toBeNull();
  });

  test('says of every event and action where it stands', () => {
    const { events } = parse('\n 0 close(3) = 0 +1\n\t> . 1:1(0) +0 `a` +0 %{ b }%');
    expect(events.map(({ at, action }) => [at.line, at.column, action.at.line, action.at.column])).toEqual([
      [2, 2, 2, 4],
      [2, 17, 3, 2],
      [3, 13, 3, 16],
      [3, 20, 3, 23],
    ]);
  });

  test('may have lines that end as on Windows', () => {
    expect(bare(parse(SERVER.replaceAll('\n', '\r\n')).events)).toEqual(bare(parse(SERVER).events));
  });

  test('takes every option there is', () => {
    const options = [
      '--ip_version=ipv4-mapped-ipv6',
      '--bind_port=80 --connect_port=65535',
      '--local_ip=192.168.0.1 --remote_ip=192.0.2.1/24 --gateway_ip=fd3d::1 --netmask_ip=255.255.0.0',
      '--mss=1000 --mtu=1520',
      '--tolerance_usecs=1 --tolerance_percent=12.5',
      '--tcp_ts_tick_usecs=1000 --tcp_ts_ecr_scaled --strict_segments --send_omit_free',
      '--non_fatal="packet, syscall" --init_scripts=a.sh -D A=b --define=C="d e"',
    ];
    expect(bare(parse(`${options.join('\n')}\n0 close(3) = 0`).options)).toMatchInlineSnapshot(`
      [
        {
          "name": "ip_version",
          "value": "ipv4-mapped-ipv6",
        },
        {
          "name": "bind_port",
          "value": "80",
        },
        {
          "name": "connect_port",
          "value": "65535",
        },
        {
          "name": "local_ip",
          "value": "192.168.0.1",
        },
        {
          "name": "remote_ip",
          "value": "192.0.2.1/24",
        },
        {
          "name": "gateway_ip",
          "value": "fd3d::1",
        },
        {
          "name": "netmask_ip",
          "value": "255.255.0.0",
        },
        {
          "name": "mss",
          "value": "1000",
        },
        {
          "name": "mtu",
          "value": "1520",
        },
        {
          "name": "tolerance_usecs",
          "value": "1",
        },
        {
          "name": "tolerance_percent",
          "value": "12.5",
        },
        {
          "name": "tcp_ts_tick_usecs",
          "value": "1000",
        },
        {
          "name": "tcp_ts_ecr_scaled",
          "value": "",
        },
        {
          "name": "strict_segments",
          "value": "",
        },
        {
          "name": "send_omit_free",
          "value": "",
        },
        {
          "name": "non_fatal",
          "value": "packet, syscall",
        },
        {
          "name": "init_scripts",
          "value": "a.sh",
        },
        {
          "name": "define",
          "value": "A=b",
        },
        {
          "name": "define",
          "value": "C="d e"",
        },
      ]
    `);
  });
});

describe('a time', () => {
  const time = (text: string): unknown => parse(`0 close(3) = 0\n${text}`).events[1]!.time;

  test('is absolute or relative, one or a range, any, or the two ends of a call', () => {
    expect(time('0.1 close(3) = 0')).toEqual({ kind: 'at', relative: false, start: 100_000, end: 100_000 });
    expect(time('+2 close(3) = 0')).toEqual({ kind: 'at', relative: true, start: 2_000_000, end: 2_000_000 });
    expect(time('* > . 1:1(0)')).toEqual({ kind: 'any', relative: false, start: 0, end: 0 });
    expect(time('.1~.25 > . 1:1(0)')).toEqual({ kind: 'range', relative: false, start: 100_000, end: 250_000 });
    expect(time('+0~+1 > . 1:1(0)')).toEqual({ kind: 'range', relative: true, start: 0, end: 1_000_000 });
    expect(time('0.1...0.2 read(3, ..., 1) = 1')).toEqual({
      kind: 'blocking',
      relative: false,
      start: 100_000,
      end: 200_000,
    });
    expect(time('+0...1 read(3, ..., 1) = 1')).toEqual({ kind: 'blocking', relative: true, start: 0, end: 1_000_000 });
  });

  test.each([
    ['0.000001', 1],
    ['0.0000004999', 0],
    ['0.0000005', 1],
    ['0.29', 290_000],
    ['1.1', 1_100_000],
    ['4.35', 4_350_000],
    ['.9999995', 1_000_000],
    ['123456.789012', 123_456_789_012],
    ['1000000000', 1_000_000_000_000_000],
  ])('of %s s is %d µs: exact, and rounded to the nearest', (seconds, µs) => {
    expect(parse(`0 close(3) = 0\n${seconds} close(3) = 0`).events[1]!.time.start).toBe(µs);
  });
});

describe('a symbol', () => {
  const firstArgument = (defines: Record<string, string>, head = ''): unknown => {
    const { action } = event(`${head}\n0 f(X) = 0`, defines);
    return action.kind === 'call' ? bare(action.args[0]) : null;
  };

  test('stands for a number, a string, or a word', () => {
    expect(firstArgument({ X: '12' })).toEqual({ kind: 'integer', value: 12, text: '12' });
    expect(firstArgument({ X: '-0x' })).toEqual({ kind: 'word', name: '-0x' });
    expect(firstArgument({ X: '0x1f' })).toEqual({ kind: 'integer', value: 31, text: '0x1f' });
    expect(firstArgument({ X: '"12"' })).toEqual({ kind: 'string', value: '12' });
    expect(firstArgument({ X: 'SOL_IP' })).toEqual({ kind: 'word', name: 'SOL_IP' });
  });

  test('comes from the options of the script, unless the caller says otherwise', () => {
    expect(firstArgument({}, '--define=X=1 -DX=2')).toEqual({ kind: 'integer', value: 2, text: '2' });
    expect(firstArgument({ X: '3' }, '--define=X=1')).toEqual({ kind: 'integer', value: 3, text: '3' });
  });

  test('is not looked up again in what it stands for', () => {
    expect(firstArgument({ X: 'Y', Y: 'Z' })).toEqual({ kind: 'word', name: 'Y' });
  });

  test('may be a command, also the one to begin and the one to end with', () => {
    const script = parse('-D UNDO=`undo it`\nUNDO 0 UNDO UNDO');
    expect([script.init, script.events[0]!.action, script.cleanup].map(bare)).toEqual(
      Array(3).fill({ kind: 'shell', command: 'undo it' }),
    );
  });

  test('is none of the words of the language', () => {
    expect(bare(event('0 > . 1:1(0) ack 1', { ack: 'win' }).action)).toMatchObject({ packet: { ack: 1 } });
  });

  test('within a string or a longer word is left alone', () => {
    const { action } = event('0 f("X", X1, X) = 0', { X: '1' });
    expect(action.kind === 'call' && action.args.map(formatExpression)).toEqual(['"X"', 'X1', '1']);
  });
});

describe('a call', () => {
  const call = (text: string): unknown => bare(event(`0 ${text}`).action);
  /** The only argument. */
  const argument = (text: string): Expression => {
    const { action } = event(`0 f(${text}) = 0`);
    if (action.kind !== 'call' || action.args.length !== 1) throw new Error(text);
    return bare(action.args[0]) as Expression;
  };
  const word = (name: string) => ({ kind: 'word', name });
  const integer = (text: string) => ({ kind: 'integer', value: Number(text), text });
  const ellipsis = { kind: 'ellipsis' };

  test('has a name, arguments and a result', () => {
    expect(call('read(4, ..., 1000) = 1000')).toEqual({
      kind: 'call',
      name: 'read',
      args: [integer('4'), ellipsis, integer('1000')],
      result: integer('1000'),
      errno: null,
      note: null,
    });
    expect(call('fork() = 0')).toMatchObject({ args: [] });
  });

  test('may fail, with an errno and a note for people', () => {
    expect(call('connect(3, ..., ...) = -1 EINPROGRESS (Operation now\n  in progress)')).toMatchObject({
      result: integer('-1'),
      errno: 'EINPROGRESS',
      note: 'Operation now in progress',
    });
    expect(call("write(3, NULL, 1) = -1 EFAULT (It's bad, 100%: NULL!)")).toMatchObject({
      note: "It's bad, 100%: NULL!",
    });
    expect(call('close(3) = -1 EBADF')).toMatchObject({ errno: 'EBADF', note: null });
    expect(call('close(3) = 0 (closed)')).toMatchObject({ errno: null, note: 'closed' });
    expect(call('fcntl(3, F_GETFL) = O_RDWR|O_APPEND (flags)')).toMatchObject({
      result: { operands: [word('O_RDWR'), word('O_APPEND')] },
      note: 'flags',
    });
  });

  test('has constants, alone, joined by | and inverted by ~', () => {
    expect(argument('O_RDWR')).toEqual(word('O_RDWR'));
    expect(argument('O_RDWR | O_NONBLOCK|1')).toEqual({
      kind: 'operator',
      operator: '|',
      operands: [word('O_RDWR'), word('O_NONBLOCK'), integer('1')],
    });
    expect(argument('~A|~~B')).toMatchObject({
      operands: [
        { operator: '~', operands: [word('A')] },
        { operator: '~', operands: [{ operator: '~', operands: [word('B')] }] },
      ],
    });
  });

  test('keeps the text of a number, which may be more than a number can be exactly', () => {
    expect(argument('0x00000000ffffffff')).toEqual({ kind: 'integer', value: 4294967295, text: '0x00000000ffffffff' });
    expect(argument('18446744073709551615')).toMatchObject({ text: '18446744073709551615' });
    expect(argument('-9223372036854775808')).toMatchObject({ text: '-9223372036854775808' });
  });

  test('has strings; side by side they are one', () => {
    expect(argument('"re" "no" /* and */\n"\\x00"')).toEqual({ kind: 'string', value: 'reno\0' });
  });

  test('has lists and structures, with names and without', () => {
    expect(argument('[]')).toEqual({ kind: 'list', items: [] });
    expect(argument('[{fd=4, events=POLLIN|POLLOUT}, {..., 10}]')).toEqual({
      kind: 'list',
      items: [
        {
          kind: 'record',
          fields: [
            { name: 'fd', parameter: null, value: integer('4') },
            {
              name: 'events',
              parameter: null,
              value: { kind: 'operator', operator: '|', operands: [word('POLLIN'), word('POLLOUT')] },
            },
          ],
        },
        {
          kind: 'record',
          fields: [
            { name: null, parameter: null, value: ellipsis },
            { name: null, parameter: null, value: integer('10') },
          ],
        },
      ],
    });
  });

  test('has structures whose fields have a parameter', () => {
    expect(argument('{msg_name(...)=..., msg_iov(2)=[{..., 5},\n {..., 6}], msg_flags=MSG_EOR}')).toMatchObject({
      fields: [
        { name: 'msg_name', parameter: ellipsis, value: ellipsis },
        { name: 'msg_iov', parameter: integer('2'), value: { kind: 'list' } },
        { name: 'msg_flags', parameter: null, value: word('MSG_EOR') },
      ],
    });
  });

  test('has addresses', () => {
    expect(argument('{sa_family = AF_INET, sin_port = htons(8080), sin_addr = inet_addr("192.0.2.1")}')).toMatchObject({
      fields: [
        { name: 'sa_family', value: word('AF_INET') },
        { name: 'sin_port', value: { kind: 'application', name: 'htons', args: [integer('8080')] } },
        { name: 'sin_addr', value: { args: [{ kind: 'string', value: '192.0.2.1' }] } },
      ],
    });
  });
});
