import { describe, expect, test } from 'vitest';
import { DrillSkip, DrillSyntaxError } from '../../src/drill/errors.ts';
import { fault, parse } from '../helpers/script.ts';

/** The first line of what a text is refused with, without the name of file and error. */
function reason(text: string, defines: Record<string, string> = {}): string {
  return fault(text, defines).split('\n')[0]!.replace('DrillSyntaxError a.pkt:', '');
}

/** What an event after time 0 is refused with; it begins at 2:1. */
const refused = (text: string): string => reason(`0 close(3) = 0\n${text}`);

/** Each text, and what it is refused with. */
function table(texts: readonly string[], refuse: (text: string) => string): string {
  return texts.map((text) => `${text.trimEnd()}\n    ${refuse(text)}`).join('\n');
}

describe('an error', () => {
  test('says file, line and column, what was found and expected, and shows the line', () => {
    expect(fault('0 close(3) = 0\n+0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale>\n')).toMatchInlineSnapshot(`
      "DrillSyntaxError a.pkt:2:42: expected the window scale, found '>'
          +0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale>
                                                   ^"
    `);
  });

  test('is a DrillSyntaxError that programs can ask', () => {
    let error: unknown;
    try {
      parse('0 close(3) = 0\n  0.1 < . 1:1(0) ack 1');
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(DrillSyntaxError);
    expect(error).toMatchObject({ code: 'ERR_DRILL_SYNTAX', file: 'a.pkt', at: { line: 2, column: 23 } });
  });

  test('stays a line, whatever the script has for words', () => {
    expect(reason(`0 ${'x'.repeat(100_000)}`).length).toBeLessThan(200);
    expect(reason('0 "\\n\\x1b[31m"')).toMatchInlineSnapshot(
      `"1:3: expected a packet (< or >), a system call, a \`command\` or a %{ Python block }%, found the string "??[31m""`,
    );
  });
});

describe('a script is refused', () => {
  test('without events', () => {
    expect(reason('')).toMatchInlineSnapshot(`"1:1: expected an event, found the end of the file"`);
    expect(reason('// nothing\n--mss=1000\n`./defaults.sh`\n')).toMatchInlineSnapshot(
      `"4:1: expected an event, found the end of the file"`,
    );
  });

  test('with more after the command that cleans up', () => {
    expect(reason('0 close(3) = 0\n`undo`\n+1 close(3) = 0')).toMatchInlineSnapshot(
      `"3:1: expected the end of the file after the command that cleans up, found '+'"`,
    );
    expect(reason('0 close(3) = 0\n`undo` `undo`')).toMatchInlineSnapshot(
      `"2:8: expected the end of the file after the command that cleans up, found the shell command \`undo\`"`,
    );
  });

  test('with two commands to begin with', () => {
    expect(reason('`a`\n`b`\n0 close(3) = 0')).toMatchInlineSnapshot(
      `"2:1: expected a time (0.1, +0.1, or *), found the shell command \`b\`"`,
    );
  });

  test('that is no text', () => {
    expect(reason('\x7fELF\x02\x01')).toMatchInlineSnapshot(
      `"1:1: this is no text file: found the control octet 0x7f"`,
    );
    expect(reason('0 close(3) = 0 // \ufffd')).toMatchInlineSnapshot(
      `"1:19: this is no text file: found an octet that is no UTF-8"`,
    );
  });

  test('with an option nobody knows, or a value that is none', () => {
    const texts = [
      '--color=red',
      '--mss',
      '--mss=0',
      '--mss=many',
      '--strict_segments=1',
      '--ip_version=6',
      '--local_ip=192.168.0.256',
      '--remote_ip=fd3d::1/129',
      '--bind_port=65536',
      '--tolerance_percent=100.1',
      '--tolerance_usecs=-1',
      '--non_fatal=time',
      '--define',
    ];
    expect(table(texts, (option) => reason(`${option}\n0 close(3) = 0`))).toMatchInlineSnapshot(`
      "--color=red
          1:1: unknown option --color: expected one of ip_version, bind_port, connect_port, local_ip, remote_ip, gateway_ip, netmask_ip, mss, mtu, tolerance_usecs, tolerance_percent, tcp_ts_tick_usecs, tcp_ts_ecr_scaled, strict_segments, send_omit_free, non_fatal, init_scripts, define
      --mss
          1:1: --mss wants a value: a number from 1 to 65535
      --mss=0
          1:1: --mss is a number from 1 to 65535, found 0
      --mss=many
          1:1: --mss is a number from 1 to 65535, found many
      --strict_segments=1
          1:1: --strict_segments takes no value, found 1
      --ip_version=6
          1:1: --ip_version is one of ipv4, ipv6, ipv4-mapped-ipv6, found 6
      --local_ip=192.168.0.256
          1:1: --local_ip is an IP address, found 192.168.0.256
      --remote_ip=fd3d::1/129
          1:1: --remote_ip is an IP address, found fd3d::1/129
      --bind_port=65536
          1:1: --bind_port is a number from 1 to 65535, found 65536
      --tolerance_percent=100.1
          1:1: --tolerance_percent is a number from 0 to 100, found 100.1
      --tolerance_usecs=-1
          1:1: --tolerance_usecs is a number from 1 to 2147483647, found -1
      --non_fatal=time
          1:1: --non_fatal is packet, syscall, or both, found time
      --define
          1:1: --define wants a value: NAME=value"
    `);
  });

  test('with options after the first event', () => {
    expect(refused('--mss=1000')).toMatchInlineSnapshot(`"2:1: options stand before the first event"`);
  });

  test('with a symbol whose value is not closed', () => {
    expect(fault('0 f(X) = 0', { X: '"reno' })).toMatchInlineSnapshot(`
      "DrillSyntaxError --define=X:1:1: this string is not closed on its line: expected "
          "reno
          ^"
    `);
  });
});

describe('a time is refused', () => {
  test('at the beginning unless it is 0', () => {
    expect(reason('0.1 close(3) = 0')).toMatchInlineSnapshot(`"1:1: the first event is at time 0"`);
    expect(reason('+.000001 close(3) = 0')).toMatchInlineSnapshot(`"1:1: the first event is at time 0"`);
  });

  test('that goes back', () => {
    expect(reason('0 close(3) = 0\n1 close(3) = 0\n+1 close(3) = 0\n0.999999 close(3) = 0')).toMatchInlineSnapshot(
      `"4:1: time goes back: the event of line 2 is later"`,
    );
  });

  test('that is none', () => {
    expect(refused('close(3) = 0')).toMatchInlineSnapshot(
      `"2:1: expected an errno (as EAGAIN), a (note), or the time of the next event, found 'close'"`,
    );
    expect(refused('-1 close(3) = 0')).toMatchInlineSnapshot(`"2:1: a time is not negative, found -1"`);
    expect(refused('+-1 close(3) = 0')).toMatchInlineSnapshot(`"2:2: a time is not negative, found -1"`);
    expect(refused('0x1 close(3) = 0')).toMatchInlineSnapshot(`"2:1: expected a time (0.1, +0.1, or *), found 0x1"`);
    expect(refused('1000000001 close(3) = 0')).toMatchInlineSnapshot(`"2:1: a time is at most 1000000000 s"`);
  });

  test('that leaves open when something is done', () => {
    expect(refused('* close(3) = 0')).toMatchInlineSnapshot(`"2:1: the time * is only for packets expected (>)"`);
    expect(refused('* < . 1:1(0) win 0')).toMatchInlineSnapshot(`"2:1: the time * is only for packets expected (>)"`);
    expect(refused('1~2 `true`')).toMatchInlineSnapshot(`"2:1: a range of times is only for packets expected (>)"`);
    expect(refused('+1~+2 %{ assert 1 }%')).toMatchInlineSnapshot(
      `"2:1: a range of times is only for packets expected (>)"`,
    );
  });

  test('that ends before it begins, or as it did not begin', () => {
    expect(refused('2~1 > . 1:1(0)')).toMatchInlineSnapshot(`"2:1: the range of times ends before it begins"`);
    expect(refused('+1~2 > . 1:1(0)')).toMatchInlineSnapshot(
      `"2:4: expected '+' before the end of a range that begins with +, found 2"`,
    );
    expect(refused('1~+2 > . 1:1(0)')).toMatchInlineSnapshot(
      `"2:3: expected the end of the range as an absolute time, as its beginning, found '+'"`,
    );
    expect(refused('2...1 read(4, ..., 1) = 1')).toMatchInlineSnapshot(`"2:2: the call returns before it begins"`);
    expect(refused('+1...+2 read(4, ..., 1) = 1')).toMatchInlineSnapshot(
      `"2:6: expected the time at which the call returns, without +: it is relative if its beginning is, found '+'"`,
    );
  });

  test('that blocks what cannot', () => {
    expect(refused('1...2 > . 1:1(0)')).toMatchInlineSnapshot(
      `"2:7: expected a system call after the time at which it returns, found '>'"`,
    );
    expect(refused('*...2 read(4, ..., 1) = 1')).toMatchInlineSnapshot(`"2:2: a call that blocks begins at one time"`);
    expect(refused('1~2...3 read(4, ..., 1) = 1')).toMatchInlineSnapshot(
      `"2:4: a call that blocks begins at one time"`,
    );
  });
});

describe('a segment is refused', () => {
  test('whose numbers disagree', () => {
    expect(refused('1 > P. 1:1000(1000) ack 1')).toMatchInlineSnapshot(
      `"2:10: 1 and 1000 octets end at 1001, found 1000"`,
    );
    expect(refused('1 > P. 4294967295:4294967296(1) ack 1')).toMatchInlineSnapshot(
      `"2:19: the end of the sequence range is from 0 to 4294967295, found 4294967296"`,
    );
  });

  test('that is sent in without a window or without options to write', () => {
    expect(refused('1 < . 1:1(0) ack 1')).toMatchInlineSnapshot(
      `"2:19: expected 'win' (a packet sent in needs its window), found the end of the file"`,
    );
    expect(refused('1 < . 1:1(0) ack 1 <nop,nop,nop,nop>')).toMatchInlineSnapshot(
      `"2:20: expected 'win' (a packet sent in needs its window), found '<'"`,
    );
    expect(refused('1 < . 1:1(0) ack 1 win 100 <...>')).toMatchInlineSnapshot(
      `"2:28: <...> is only for packets expected (>): a packet sent in needs its options"`,
    );
  });

  test('with a number out of range', () => {
    const texts = [
      '1 > . -1:0(1)',
      '1 > . 1:65537(65536)',
      '1 > . 1:65517(65516)',
      '1 > . 1:1(0) ack 4294967296',
      '1 > . 1:1(0) ack -1',
      '1 > . 1:1(0) win 65536',
      '1 > . 1:1(0) urg 65536',
      '1 > 0 > 65536 . 1:1(0)',
      '1 > [tos 0x100] . 1:1(0)',
      '1 > [ttl 256] . 1:1(0)',
      '1 > [flowlabel 0x100000] . 1:1(0)',
      '1 > . 1:1(0) <mss 65536>',
      '1 > . 1:1(0) <wscale 256,nop>',
      '1 > . 1:1(0) <TS val 4294967296 ecr 0,nop,nop>',
      '1 > . 1:1(0) <TS val 0 ecr -1,nop,nop>',
      '1 > . 1:1(0) <sack 1:4294967296,nop,nop>',
      '1 > . 1:1(0) <ECN e0b 16777216>',
    ];
    expect(table(texts, refused)).toMatchInlineSnapshot(`
      "1 > . -1:0(1)
          2:7: the sequence number is from 0 to 4294967295, found -1
      1 > . 1:65537(65536)
          2:15: the length is from 0 to 65535, found 65536
      1 > . 1:65517(65516)
          2:7: the packet has 65556 octets with its headers, 65535 fit
      1 > . 1:1(0) ack 4294967296
          2:18: ack is from 0 to 4294967295, found 4294967296
      1 > . 1:1(0) ack -1
          2:18: ack is from 0 to 4294967295, found -1
      1 > . 1:1(0) win 65536
          2:18: win is from 0 to 65535, found 65536
      1 > . 1:1(0) urg 65536
          2:18: urg is from 0 to 65535, found 65536
      1 > 0 > 65536 . 1:1(0)
          2:9: the destination port is from 0 to 65535, found 65536
      1 > [tos 0x100] . 1:1(0)
          2:10: tos is from 0 to 255, found 0x100
      1 > [ttl 256] . 1:1(0)
          2:10: ttl is from 0 to 255, found 256
      1 > [flowlabel 0x100000] . 1:1(0)
          2:16: flowlabel is from 0 to 1048575, found 0x100000
      1 > . 1:1(0) <mss 65536>
          2:19: the MSS is from 0 to 65535, found 65536
      1 > . 1:1(0) <wscale 256,nop>
          2:22: the window scale is from 0 to 255, found 256
      1 > . 1:1(0) <TS val 4294967296 ecr 0,nop,nop>
          2:22: TS val is from 0 to 4294967295, found 4294967296
      1 > . 1:1(0) <TS val 0 ecr -1,nop,nop>
          2:28: TS ecr is from 0 to 4294967295, found -1
      1 > . 1:1(0) <sack 1:4294967296,nop,nop>
          2:22: the right edge of a SACK block is from 0 to 4294967295, found 4294967296
      1 > . 1:1(0) <ECN e0b 16777216>
          2:23: e0b is from 0 to 16777215, found 16777216"
    `);
  });

  test('that is written wrongly', () => {
    const texts = [
      '1 > 1:1(0)',
      '1 > X 1:1(0)',
      '1 > SS 1:1(0)',
      '1 > S8 1:1(0)',
      '1 > P5.6 1:1(0)',
      '1 > E.5 1:1(0)',
      '1 > P 0.5 1:1(0)',
      '1 > . ack 1',
      '1 > . 1:1 ack 1',
      '1 > . 1(0)',
      '1 > . 1:1(0) win 1 ack 1',
      '1 > . 1:1(0) ack 1 ack 1',
      '1 > [df] . 1:1(0)',
      '1 > [ect0, tos 1] . 1:1(0)',
      '1 > [ttl 1, ttl 2] . 1:1(0)',
      '1 > [ect0) . 1:1(0)',
      '1 < [ect01] . 1:1(0) win 1',
    ];
    expect(table(texts, refused)).toMatchInlineSnapshot(`
      "1 > 1:1(0)
          2:5: expected TCP flags (of FSRPUEWA, a digit, . for ACK; - for none), found 1
      1 > X 1:1(0)
          2:5: 'X' is not TCP flags: expected TCP flags (of FSRPUEWA, a digit, . for ACK; - for none)
      1 > SS 1:1(0)
          2:5: the flag 'S' stands twice: expected TCP flags (of FSRPUEWA, a digit, . for ACK; - for none)
      1 > S8 1:1(0)
          2:5: 'S8' is not TCP flags: expected TCP flags (of FSRPUEWA, a digit, . for ACK; - for none)
      1 > P5.6 1:1(0)
          2:5: more than one digit stands for AE, CWR and ECE: expected TCP flags (of FSRPUEWA, a digit, . for ACK; - for none)
      1 > E.5 1:1(0)
          2:5: a digit stands for the flags A, W and E, and excludes them: expected TCP flags (of FSRPUEWA, a digit, . for ACK; - for none)
      1 > P 0.5 1:1(0)
          2:7: expected a sequence range such as 1:1001(1000), found 0.5
      1 > . ack 1
          2:7: expected a sequence range such as 1:1001(1000), found 'ack'
      1 > . 1:1 ack 1
          2:11: expected '(' and the length, found 'ack'
      1 > . 1(0)
          2:8: expected ':' and the end of the sequence range, found '('
      1 > . 1:1(0) win 1 ack 1
          2:20: 'ack' stands once, and in the order ack, win, urg
      1 > . 1:1(0) ack 1 ack 1
          2:20: 'ack' stands once, and in the order ack, win, urg
      1 > [df] . 1:1(0)
          2:6: expected a field of the IP header (noecn, ect0, ect1, ect01, ce, tos, ttl, flowlabel), found 'df'
      1 > [ect0, tos 1] . 1:1(0)
          2:12: 'tos' contradicts what stands before it
      1 > [ttl 1, ttl 2] . 1:1(0)
          2:13: 'ttl' contradicts what stands before it
      1 > [ect0) . 1:1(0)
          2:10: expected ']' or ',', found ')'
      1 < [ect01] . 1:1(0) win 1
          2:5: ect01 is either of two, and only for packets expected (>)"
    `);
  });

  test('with options that cannot be', () => {
    const texts = [
      'mss',
      'mss 1460 nop',
      'mss 1460,',
      '',
      'cookie',
      'nop',
      'mss 1460,wscale 7',
      'sack',
      'sack 1',
      'sack 1:2 3:4 5:6 7:8 9:10,nop,nop',
      'sack 1:2 3:4 5:6 7:8,TS val 1 ecr 1',
      'TS 1 2,nop,nop',
      'TS val 1 nop,nop,nop',
      'FO abc,nop',
      'FO xyz1,nop',
      'FO TFO_COOKIE,nop,nop',
      'FO 0x1234,nop,nop',
      `FO ${'00'.repeat(39)}`,
      `FO ${'00'.repeat(20)},sackOK,wscale 1,mss 1460,TS val 1 ecr 1`,
      'md5',
      'md5 0011',
      'ECN ceb 1,nop,nop,nop',
      'ECN e0b 1 e1b 2',
      '...,nop',
    ];
    expect(table(texts, (options) => refused(`1 > . 1:1(0) <${options}>`))).toMatchInlineSnapshot(`
      "mss
          2:18: expected the MSS, found '>'
      mss 1460 nop
          2:24: expected '>' or ',', found 'nop'
      mss 1460,
          2:24: expected a TCP option (mss, wscale, sackOK, sack, TS, nop, eol, FO, FOEXP, md5, ECN), found '>'

          2:15: expected a TCP option (mss, wscale, sackOK, sack, TS, nop, eol, FO, FOEXP, md5, ECN), found '>'
      cookie
          2:15: expected a TCP option (mss, wscale, sackOK, sack, TS, nop, eol, FO, FOEXP, md5, ECN), found 'cookie'
      nop
          2:14: the length of the options is 1, no multiple of 4: fill up with nop
      mss 1460,wscale 7
          2:14: the length of the options is 7, no multiple of 4: fill up with nop
      sack
          2:19: expected the left edge of a SACK block, found '>'
      sack 1
          2:21: expected ':' and the right edge of the SACK block, found '>'
      sack 1:2 3:4 5:6 7:8 9:10,nop,nop
          2:36: no more than 4 SACK blocks fit into a header
      sack 1:2 3:4 5:6 7:8,TS val 1 ecr 1
          2:36: the length of the options is 44 up to here, and 40 fit
      TS 1 2,nop,nop
          2:18: expected 'val' after TS, found 1
      TS val 1 nop,nop,nop
          2:24: expected 'ecr' after TS val, found 'nop'
      FO abc,nop
          2:18: a cookie has two digits an octet, found 3 digits
      FO xyz1,nop
          2:18: a cookie is written in hexadecimal digits, found 'xyz1'
      FO TFO_COOKIE,nop,nop
          2:18: a cookie is written in hexadecimal digits, found 'TFO_COOKIE' (a symbol is defined with --define=TFO_COOKIE=value)
      FO 0x1234,nop,nop
          2:18: expected a cookie in hexadecimal digits, found 0x1234
      FO 000000000000000000000000000000000000000000000000000000000000000000000000000000
          2:15: the length of the options is 41 up to here, and 40 fit
      FO 0000000000000000000000000000000000000000,sackOK,wscale 1,mss 1460,TS val 1 ecr 1
          2:84: the length of the options is 41 up to here, and 40 fit
      md5
          2:18: expected an MD5 digest in hexadecimal digits, found '>'
      md5 0011
          2:19: an MD5 digest is 16 octets, found 2
      ECN ceb 1,nop,nop,nop
          2:19: expected 'e0b' or 'e1b' after ECN, found 'ceb'
      ECN e0b 1 e1b 2
          2:25: expected '>' or ',', found 'e1b'
      ...,nop
          2:18: expected '>' after <..., found ','"
    `);
  });
});

describe('another packet is refused', () => {
  test('that is written wrongly', () => {
    const texts = [
      '1 > udp',
      '1 > udp(65508)',
      '1 > udp 1 > 2',
      '1 > [ce] udp(1)',
      '1 < icmp',
      '1 < icmp hello',
      '1 < icmp type_256',
      '1 < icmp unreachable exceeded_hop_limit',
      '1 < icmp redirect host_unreachable',
      '1 < icmp unreachable code_x',
      '1 < icmp unreachable host_unreachable mtu 1200',
      '1 < icmp unreachable frag_needed mtu 65536',
      '1 < icmp echo_request id 65536',
      '1 < icmp unreachable [1:2(0)]',
      '1 < icmp unreachable [udp 5]',
      '1 < icmp unreachable [1:1(0)',
    ];
    expect(table(texts, refused)).toMatchInlineSnapshot(`
      "1 > udp
          2:8: expected '(' and the length of the UDP payload, found the end of the file
      1 > udp(65508)
          2:9: the length of the UDP payload is from 0 to 65507, found 65508
      1 > udp 1 > 2
          2:14: expected '(' and the length of the UDP payload, found the end of the file
      1 > [ce] udp(1)
          2:5: ECN is only for TCP and ICMP packets
      1 < icmp
          2:9: expected a type of ICMP message, found the end of the file
      1 < icmp hello
          2:10: 'hello' is no type of ICMP message: expected type_N or one of echo_reply, unreachable, source_quench, redirect, echo_request, time_exceeded, parameter_problem, timestamp_request, timestamp_reply, information_request, information_reply, address_mask_request, address_mask_reply, packet_too_big
      1 < icmp type_256
          2:10: 'type_256' is no type of ICMP message: expected type_N or one of echo_reply, unreachable, source_quench, redirect, echo_request, time_exceeded, parameter_problem, timestamp_request, timestamp_reply, information_request, information_reply, address_mask_request, address_mask_reply, packet_too_big
      1 < icmp unreachable exceeded_hop_limit
          2:22: 'exceeded_hop_limit' is no code of unreachable: expected code_N or one of net_unreachable, host_unreachable, protocol_unreachable, port_unreachable, frag_needed, source_route_failed, net_unknown, host_unknown, source_host_isolated, net_prohibited, host_prohibited, net_unreachable_for_tos, host_unreachable_for_tos, packet_filtered, precedence_violation, precedence_cutoff, no_route, admin_prohibited, not_neighbour, address_unreachable
      1 < icmp redirect host_unreachable
          2:19: 'host_unreachable' is no code of redirect: expected code_N
      1 < icmp unreachable code_x
          2:22: 'code_x' is no code of unreachable: expected code_N or one of net_unreachable, host_unreachable, protocol_unreachable, port_unreachable, frag_needed, source_route_failed, net_unknown, host_unknown, source_host_isolated, net_prohibited, host_prohibited, net_unreachable_for_tos, host_unreachable_for_tos, packet_filtered, precedence_violation, precedence_cutoff, no_route, admin_prohibited, not_neighbour, address_unreachable
      1 < icmp unreachable host_unreachable mtu 1200
          2:39: only unreachable frag_needed and packet_too_big tell an MTU
      1 < icmp unreachable frag_needed mtu 65536
          2:38: mtu is from 0 to 65535, found 65536
      1 < icmp echo_request id 65536
          2:26: id is from 0 to 65535, found 65536
      1 < icmp unreachable [1:2(0)]
          2:25: 1 and 0 octets end at 1, found 2
      1 < icmp unreachable [udp 5]
          2:27: expected '(' and the length of the UDP payload, found 5
      1 < icmp unreachable [1:1(0)
          2:29: expected ']' after the sequence range, found the end of the file"
    `);
  });

  test.each([['1 > gre: . 1:1(0)'], ['1 < ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0)'], ['1 < icmp unreachable [raw(4)]']])(
    'as not supported, which skips the script: %s',
    (text) => {
      expect(() => parse(`0 close(3) = 0\n${text}`)).toThrow(DrillSkip);
      expect(fault(`0 close(3) = 0\n${text}`)).toMatch(/^DrillSkip a\.pkt:2:\d+: .* not supported$/);
    },
  );
});

describe('an action is refused', () => {
  test('that is written wrongly', () => {
    const texts = [
      '1',
      '1 7',
      '1 | close(3) = 0',
      '1 close',
      '1 close(3)',
      '1 close(3) =',
      '1 close(3 4) = 0',
      '1 close(3,) = 0',
      '1 close(3 = 0',
      '1 close(3) = 0 okay',
      '1 close(3) = -1 EBADF (never closed\n\n\n',
      '1 f(a|) = 0',
      '1 f(0.5) = 0',
      '1 f([1, 2) = 0',
      '1 f({}) = 0',
      '1 f({fd=4) = 0',
      '1 f({fd=}) = 0',
      '1 f({"fd"=4}) = 0',
      '1 f({g(1, 2)=4}) = 0',
      '1 f(a=4) = 0',
      '1 f(18446744073709551616) = 0',
      '1 f(-9223372036854775809) = 0',
    ];
    expect(table(texts, refused)).toMatchInlineSnapshot(`
      "1
          2:2: expected a packet (< or >), a system call, a \`command\` or a %{ Python block }%, found the end of the file
      1 7
          2:3: expected a packet (< or >), a system call, a \`command\` or a %{ Python block }%, found 7
      1 | close(3) = 0
          2:3: expected a packet (< or >), a system call, a \`command\` or a %{ Python block }%, found '|'
      1 close
          2:8: expected '(' and the arguments of close, found the end of the file
      1 close(3)
          2:11: expected '=' and what close returns, found the end of the file
      1 close(3) =
          2:13: expected a value, found the end of the file
      1 close(3 4) = 0
          2:11: expected ')' or ',', found 4
      1 close(3,) = 0
          2:11: expected a value, found ')'
      1 close(3 = 0
          2:11: expected ')' or ',', found '='
      1 close(3) = 0 okay
          2:16: expected an errno (as EAGAIN), a (note), or the time of the next event, found 'okay'
      1 close(3) = -1 EBADF (never closed
          2:23: this note is not closed: expected ')'
      1 f(a|) = 0
          2:7: expected a value, found ')'
      1 f(0.5) = 0
          2:5: expected a value, found 0.5
      1 f([1, 2) = 0
          2:10: expected ']' or ',', found ')'
      1 f({}) = 0
          2:6: expected a value, found '}'
      1 f({fd=4) = 0
          2:10: expected '}' or ',', found ')'
      1 f({fd=}) = 0
          2:9: expected a value, found '}'
      1 f({"fd"=4}) = 0
          2:6: only a name, or name(parameter), can stand before =
      1 f({g(1, 2)=4}) = 0
          2:6: only a name, or name(parameter), can stand before =
      1 f(a=4) = 0
          2:6: expected ')' or ',', found '='
      1 f(18446744073709551616) = 0
          2:5: 18446744073709551616 does not fit into 64 bits
      1 f(-9223372036854775809) = 0
          2:5: -9223372036854775809 does not fit into 64 bits"
    `);
  });
});

describe('a hostile megabyte', () => {
  const MEGABYTE = 1_000_000;
  const fill = (text: string): string => text.repeat(Math.ceil(MEGABYTE / text.length));

  test.each([
    ['brackets', `0 f(${fill('[')}`],
    ['braces', `0 f(${fill('{a=')}`],
    ['inversions', `0 f(${fill('~')}`],
    ['applications', `0 f(${fill('g(')}`],
    ['quotation marks', fill('"')],
    ['open comments', fill('/*')],
    ['open blocks', fill('%{')],
    ['back slashes', `0 f("${fill('\\')}`],
    ['digits of a time', `0.${fill('9')} 1`],
    ['digits of a number', `0 f(${fill('9')}) = 0`],
    ['digits of a cookie', `0 > . 1:1(0) <FO ${fill('0')}>`],
    ['flags', `0 > ${fill('S')}`],
    ['SACK blocks', `0 > . 1:1(0) <sack ${fill('1:2 ')}`],
    ['nops', `0 > . 1:1(0) <${fill('nop,')}`],
    ['points', `0 f(${fill('.')}`],
    ['signs', fill('-')],
    ['lines of nothing', fill('\n')],
    ['a note', `0 f() = 0 (${fill('a ')}`],
  ])('of %s is refused in time', { timeout: 20_000 }, (_, text) => {
    expect(fault(text)).toMatch(/^DrillSyntaxError a\.pkt:\d+:\d+: /);
  });

  test.each([
    ['events', fill('+0 > . 1:1(0) ack 1\n'), 50_000],
    ['events on one line', fill('0 > . 1:1(0) ack 1 '), 52_632],
    ['arguments', `0 f(1${fill(',1')}) = 0`, 1],
    ['alternatives', `0 f(1${fill('|1')}) = 0`, 1],
    ['strings', `0 f(${fill('"a"')}) = 0`, 1],
    ['comment', `0 f() = 0 //${fill('*')}`, 1],
    ['Python', `0 %{${fill('}')} }%`, 1],
  ])('of %s is read in time', { timeout: 20_000 }, (_, text, events) => {
    expect(parse(text).events.length).toBe(events);
  });
});
