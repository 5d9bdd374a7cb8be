import { describe, expect, it } from 'vitest';
import { play } from '../../src/drill/play.ts';
import { parse } from '../helpers/script.ts';

const OPEN = [
  '`/defaults.sh`',
  '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
  '+0 bind(3, ..., ...) = 0',
  '+0 listen(3, 1) = 0',
  '+0 < S 0:0(0) win 32000 <mss 1000,sackOK,nop,nop,nop,wscale 10>',
  '+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>',
  '+.1 < . 1:1(0) ack 1 win 500',
  '+0 accept(3, ..., ...) = 4',
];

const FULL = '+0 `tc qdisc replace dev tun0 root pfifo limit 0`';
const EMPTY = '+0 `tc qdisc delete dev tun0 root`';

function verdict(...lines: string[]): string {
  const { result, reason, failures } = play(parse([...OPEN, ...lines].join('\n')));
  return result === 'pass' ? 'pass' : `${result} ${(failures[0]?.line ?? 0) - OPEN.length}: ${reason}`;
}

describe('a queue of the device that takes nothing', () => {
  it('keeps text back, which leaves within half a second of its end', () => {
    expect(
      verdict(
        FULL,
        '+0 write(4, ..., 100) = 100',
        '+.9 %{ assert tcpi_probes == 2, tcpi_probes }%',
        '+0 %{ assert (tcpi_backoff, tcpi_unacked, tcpi_notsent_bytes) == (0, 0, 100) }%',
        EMPTY,
        '+.4 > P. 1:101(100) ack 1',
        '+.1 < . 1:101(100) ack 101 win 500',
        '+0 > . 101:101(0) ack 101',
        '+0 %{ assert tcpi_probes == 0, tcpi_probes }%',
      ),
    ).toBe('pass');
  });

  it('ends the connection where it lasts as long as TCP_USER_TIMEOUT says, counted from the first attempt', () => {
    expect(
      verdict(
        '+0 setsockopt(4, SOL_TCP, TCP_USER_TIMEOUT, [1000], 4) = 0',
        FULL,
        '+0 write(4, ..., 100) = 100',
        '+1.2 write(4, ..., 100) = 100',
        '+.15 write(4, ..., 100) = -1 ETIMEDOUT (timed out)',
      ),
    ).toBe('pass');
  });

  it('keeps back what would be sent again, too, and it does not count as sent', () => {
    expect(
      verdict(
        '+0 write(4, ..., 4000) = 4000',
        '+0 > P. 1:4001(4000) ack 1',
        FULL,
        '+.1 < . 1:1(0) ack 1 win 500 <sack 1001:4001,nop,nop>',
        '+0 %{ assert (tcpi_lost, tcpi_retrans, tcpi_total_retrans) == (1, 0, 0) }%',
      ),
    ).toBe('pass');
  });
});
