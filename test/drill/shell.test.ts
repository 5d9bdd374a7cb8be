import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DrillSkip } from '../../src/drill/errors.ts';
import { parseShell, type ShellEffect } from '../../src/drill/shell.ts';
import { RUNS } from '../helpers/wire.ts';

const DEFAULTS: readonly ShellEffect[] = [{ kind: 'profile', name: 'defaults' }, { kind: 'forget-peers' }];
const set = (name: string, value: string): ShellEffect => ({ kind: 'sysctl', name, value });

describe('what commands mean', () => {
  test.each<[string, readonly ShellEffect[]]>([
    ['../../common/defaults.sh', DEFAULTS],
    ['scripts/defaults.sh', DEFAULTS],
    ['./defaults.sh', [{ kind: 'profile', name: 'selftests' }, { kind: 'forget-peers' }]],
    [
      'common/defaults.sh\n  ../set_sysctls.py /proc/sys/net/ipv4/tcp_timestamps=0\\\n /proc/sys/net/ipv4/tcp_fastopen=5\\\n',
      [...DEFAULTS, set('tcp_timestamps', '0'), set('tcp_fastopen', '5')],
    ],
    ['sysctl -q net.ipv4.tcp_ecn=2  # when asked', [set('tcp_ecn', '2')]],
    ['sysctl -e -q net/ipv4/tcp_min_tso_segs=2', [set('tcp_min_tso_segs', '2')]],
    [
      'sysctl -q -w net.ipv4.tcp_sack=0 net.ipv4.tcp_ecn=1 > /dev/null 2>&1',
      [set('tcp_sack', '0'), set('tcp_ecn', '1')],
    ],
    ['sysctl net.ipv4.tcp_rmem="4096 131072 $((32*1024*1024))"', [set('tcp_rmem', '4096 131072 33554432')]],
    ["sysctl 'net.ipv4.tcp_wmem=4096 8192 9000'", [set('tcp_wmem', '4096 8192 9000')]],
    ['echo 0 > /proc/sys/net/ipv4/tcp_timestamps', [set('tcp_timestamps', '0')]],
    ['sysctl -n net.ipv4.tcp_sack', []],
    ['/tmp/sysctl_restore_$PPID.sh', [{ kind: 'restore' }]],
    [`/tmp/sysctl_restore_$${'{PPID}'}.sh`, [{ kind: 'restore' }]],
    ['ip tcp_metrics flush all > /dev/null 2>&1', [{ kind: 'forget-peers' }]],
    ['tsyn defaults', [{ kind: 'own-defaults' }]],
    ['tsyn defaults; tsyn handlers', [{ kind: 'own-defaults' }, { kind: 'handlers' }]],
    ['ethtool -K tun0 tso off gso off', [{ kind: 'plain-segments' }]],
    ['echo 3 > /sys/module/tcp_cubic/parameters/hystart_detect', [{ kind: 'hystart', detect: 3 }]],
    ['ip link set dev tun0 mtu 9000', [{ kind: 'mtu', mtu: 9000 }]],
    [
      'tc qdisc delete dev tun0 root 2>/dev/null ; tc qdisc add dev tun0 root pfifo limit 0',
      [
        { kind: 'queue', discipline: 'pfifo_fast', limit: null },
        { kind: 'queue', discipline: 'pfifo', limit: 0 },
      ],
    ],
    ['tc qdisc replace dev tun0 root fq', [{ kind: 'queue', discipline: 'fq', limit: null }]],
    [
      'ip -6 route change 2001:db8::1 via fd00::1 dev tun0 advmss 600 mtu lock 660 initcwnd 11',
      [{ kind: 'route', destination: '2001:db8::1', advmss: 600, mtu: 660, mtuLocked: true, initcwnd: 11 }],
    ],
    ['nstat -n', [{ kind: 'mark-counters' }]],
    ['nstat > /dev/null', [{ kind: 'mark-counters' }]],
    [
      'nstat | grep TcpExtBeyondWindow | grep -q " 3 "',
      [{ kind: 'expect-counter', name: 'TcpExtBeyondWindow', value: 3, mark: true }],
    ],
    [
      'nstat -s | grep TcpExtTCPRcvQDrop| grep -q " 1 "',
      [{ kind: 'expect-counter', name: 'TcpExtTCPRcvQDrop', value: 1, mark: false }],
    ],
    [
      'nstat | grep TcpExtOutOfWindowIcmps > /dev/null',
      [{ kind: 'expect-counter', name: 'TcpExtOutOfWindowIcmps', value: null, mark: true }],
    ],
    [
      'grep " 0A " /proc/net/tcp /proc/net/tcp6 | grep ":1F90"',
      [{ kind: 'expect-socket', state: 'LISTEN', port: 8080 }],
    ],
    [
      'ss -4 -n state SYN-RECV | grep 192.168.0.1:8080 > /dev/null',
      [{ kind: 'expect-socket', state: 'SYN_RECV', port: 8080 }],
    ],
    ["ss -6 -n '( sport = :8080 )' | grep fd00::1:8080", [{ kind: 'expect-socket', state: null, port: 8080 }]],
    ['true; : && true', []],
    ['', []],
    ['# nothing\n', []],
  ])('%s', (command, effects) => {
    expect(parseShell(command)).toEqual(effects);
  });

  test('what stands after || is done only when what stands before it cannot be', () => {
    expect(parseShell('sysctl net.ipv4.tcp_nothing=0 &> /dev/null ||\\\n ip tcp_metrics flush all')).toEqual([
      { kind: 'forget-peers' },
    ]);
    expect(parseShell('sysctl net.ipv4.tcp_sack=0 || ip tcp_metrics flush all')).toEqual([set('tcp_sack', '0')]);
    expect(() => parseShell('reboot || halt')).toThrow('unsupported shell command: halt');
  });
});

describe('what is not known', () => {
  test.each([
    ['sleep 1', 'sleep 1'],
    ['../common/defaults.sh\n  reboot   now # soon', 'reboot now'],
    ['sysctl -w net.inet.tcp.rfc5827=1', 'sysctl -w net.inet.tcp.rfc5827=1'],
    ['sysctl -q net.ipv4.tcp_sack=7', 'sysctl -q net.ipv4.tcp_sack=7 (unsupported value of net.ipv4.tcp_sack: 7)'],
    ['sysctl -q net.ipv4.tcp_new=7', 'sysctl -q net.ipv4.tcp_new=7 (unsupported setting: net.ipv4.tcp_new)'],
    ["sockstat | awk '{print $8}'", "sockstat | awk '{print $8}'"],
    ['tc qdisc add dev tun0 root netem loss 1%', 'tc qdisc add dev tun0 root netem loss 1%'],
    ['tsyn up', 'tsyn up'],
    ['ethtool -K tun0 tso on', 'ethtool -K tun0 tso on'],
    ['nstat | wc -l', 'nstat | wc -l'],
    ['nstat | grep A | grep B', 'nstat | grep A | grep B'],
    ['echo 3 > /etc/passwd', 'echo 3 > /etc/passwd'],
    ['(true)', '(true)'],
    ['sysctl "net.ipv4.tcp_sack', 'sysctl "net.ipv4.tcp_sack (a quote is not closed)'],
    ['sysctl net.ipv4.tcp_sack=$(cat x)', 'sysctl net.ipv4.tcp_sack=$(cat x)'],
    ['sysctl net.ipv4.tcp_sack=$((1+))', 'sysctl net.ipv4.tcp_sack=$((1+))'],
    ['toString', 'toString'],
  ])('%j skips the script and is named', (command, named) => {
    expect(() => parseShell(command)).toThrow(new DrillSkip(`unsupported shell command: ${named}`));
  });

  test('any text is known or skipped, and nothing else comes of it', () => {
    const piece = fc.constantFrom(
      'sysctl',
      'nstat',
      '|',
      '||',
      '&&',
      '"',
      "'",
      '$((',
      '))',
      '\\',
      '\n',
      '>',
      '2>&1',
      'grep',
      '#',
      'ip',
      'route',
      'tc',
      ';',
      'x=1',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join(' ')),
        ),
        (command) => {
          try {
            parseShell(command);
          } catch (error) {
            expect(error).toBeInstanceOf(DrillSkip);
          }
        },
      ),
      RUNS,
    );
  });
});
