import { describe, expect, it } from 'vitest';
import { verdictAfter } from './verdict.ts';

const OPEN = [
  '`/defaults.sh',
  ' sysctl -q net.ipv4.tcp_timestamps=0`',
  '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
  '+0 bind(3, ..., ...) = 0',
  '+0 listen(3, 1) = 0',
  '+0 < S 0:0(0) win 32000 <mss 1000,sackOK,nop,nop,nop,wscale 10>',
  '+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>',
  '+.01 < . 1:1(0) ack 1 win 500',
  '+0 accept(3, ..., ...) = 4',
];

const verdict = verdictAfter(OPEN);

const ALL = ['TX_SCHED', 'TX_SOFTWARE', 'TX_ACK', 'SOFTWARE', 'OPT_ID'];

function ask(flags: readonly string[], result = '0'): string {
  const value = flags.map((flag) => `SOF_TIMESTAMPING_${flag}`).join(' | ');
  return `+0 setsockopt(4, SOL_SOCKET, SO_TIMESTAMPING, [${value}], 4) = ${result}`;
}

/** Reads a time stamp. `ms`: when; null where none comes with it. */
function stamp(what: string, ms: number | null, key: number, flags = 'MSG_ERRQUEUE|MSG_TRUNC'): string {
  const time = `{cmsg_level=SOL_SOCKET, cmsg_type=SCM_TIMESTAMPING, cmsg_data={scm_sec=0,scm_nsec=${(ms ?? 0) * 1e6}}}`;
  const error = `{ee_errno=ENOMSG, ee_origin=SO_EE_ORIGIN_TIMESTAMPING, ee_type=0, ee_code=0, ee_info=SCM_TSTAMP_${what}, ee_data=${key}}`;
  const control = `${ms === null ? '' : `${time}, `}{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data=${error}}`;
  return `+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{...,0}], msg_flags=${flags}, msg_control=[${control}]}, MSG_ERRQUEUE) = 0`;
}

const NOTHING =
  '+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{...,0}], msg_flags=0, msg_control=[]}, MSG_ERRQUEUE) = -1 EAGAIN (empty)';

describe('SO_TIMESTAMPING', () => {
  it('tells when the last octet of a send was queued, sent, sent again and acknowledged, by its offset', () => {
    expect(
      verdict(
        ask(ALL),
        '+0 write(4, ..., 1000) = 1000',
        '+0 > P. 1:1001(1000) ack 1',
        '+.2~+.3 > P. 1:1001(1000) ack 1',
        '+.01 < . 1:1(0) ack 1001 win 500',
        '+0 poll([{fd=4, events=POLLIN|POLLERR, revents=POLLERR}], 1, 0) = 1',
        stamp('SCHED', 10, 999),
        stamp('SND', 10, 999),
        stamp('SCHED', 0, 999),
        stamp('SND', 0, 999),
        stamp('ACK', 0, 999),
        '+0 poll([{fd=4, events=POLLIN|POLLERR, revents=0}], 1, 0) = 0',
        NOTHING,
      ),
    ).toBe('pass');
  });

  it('is compared with the tolerance of the script', () => {
    const lines = [ask(ALL), '+0 write(4, ..., 1000) = 1000', '+0 > P. 1:1001(1000) ack 1'];
    expect(verdict(...lines, stamp('SCHED', 13, 999))).toBe('pass');
    expect(verdict(...lines, stamp('SCHED', 15, 999))).toMatch(
      /^fail 4: time stamp: expected 15000 us, actual 10000 us/,
    );
  });

  it('marks the end of a write that leaves in several segments, and not the others', () => {
    expect(
      verdict(
        ask(ALL),
        '+0 write(4, ..., 11000) = 11000',
        '+0 > P. 1:10001(10000) ack 1',
        NOTHING,
        '+.01 < . 1:1(0) ack 10001 win 500',
        '+0 > P. 10001:11001(1000) ack 1',
        stamp('SCHED', 20, 10999),
        stamp('SND', 20, 10999),
        '+.01 < . 1:1(0) ack 11001 win 500',
        stamp('ACK', 30, 10999),
      ),
    ).toBe('pass');
  });

  it('keeps one mark for writes that wait in one piece', () => {
    expect(
      verdict(
        '+0 setsockopt(4, SOL_TCP, TCP_CORK, [1], 4) = 0',
        ask(['TX_ACK', 'SOFTWARE', 'OPT_ID']),
        '+0 write(4, ..., 100) = 100',
        '+0 write(4, ..., 100) = 100',
        '+0 setsockopt(4, SOL_TCP, TCP_CORK, [0], 4) = 0',
        '+0 > P. 1:201(200) ack 1',
        '+.01 < . 1:1(0) ack 201 win 500',
        stamp('ACK', 20, 199),
        NOTHING,
      ),
    ).toBe('pass');
  });

  it('tells no time without SOFTWARE, no offset without OPT_ID and brings no text with OPT_TSONLY', () => {
    expect(
      verdict(
        ask(['TX_SOFTWARE', 'OPT_TSONLY']),
        '+0 write(4, ..., 1000) = 1000',
        '+0 > P. 1:1001(1000) ack 1',
        stamp('SND', null, 0, 'MSG_ERRQUEUE'),
      ),
    ).toBe('pass');
  });

  it('counts offsets from what is acknowledged, with OPT_ID_TCP from what is written', () => {
    const lines = (flags: string[], key: number) => [
      '+0 write(4, ..., 1000) = 1000',
      '+0 > P. 1:1001(1000) ack 1',
      ask(['TX_SOFTWARE', 'SOFTWARE', 'OPT_ID', ...flags]),
      '+0 write(4, ..., 500) = 500',
      '+0 > P. 1001:1501(500) ack 1',
      stamp('SND', 10, key),
    ];
    expect(verdict(...lines([], 1499))).toBe('pass');
    expect(verdict(...lines(['OPT_ID_TCP'], 499))).toBe('pass');
  });

  it('refuses what makes no sense', () => {
    expect(verdict(ask(['OPT_ID_TCP'], '-1 EINVAL (needs OPT_ID)'), ask(['OPT_STATS'], '-1 EINVAL (no room)'))).toBe(
      'pass',
    );
    const unconnected = ask(['OPT_ID'], '-1 EINVAL (not connected)').replace('(4', '(5');
    expect(verdict('+0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 5', unconnected)).toBe('pass');
  });
});
