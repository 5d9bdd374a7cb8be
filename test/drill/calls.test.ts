import { describe, expect, it } from 'vitest';
import { verdictAfter } from './verdict.ts';

const OPEN = [
  '`/defaults.sh`',
  '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
  '+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0',
  '+0 bind(3, ..., ...) = 0',
  '+0 listen(3, 1) = 0',
  '+0 < S 0:0(0) win 32000 <mss 1000,sackOK,nop,nop,nop,wscale 10>',
  '+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 8>',
  '+.01 < . 1:1(0) ack 1 win 500',
  '+0 accept(3, ..., ...) = 4',
  '+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0',
];

const verdict = verdictAfter(OPEN);

describe('a buffer that is NULL', () => {
  it('fails a write with EFAULT, and nothing is sent', () => {
    expect(
      verdict(
        '+0 write(4, NULL, 1000) = -1 EFAULT (bad)',
        '+0 send(4, NULL, 1000, 0) = -1 EFAULT (bad)',
        '+0 sendto(4, NULL, 1000, 0, ..., ...) = -1 EFAULT (bad)',
        '+0 write(4, NULL, 0) = 0',
        '+0 write(4, ..., 10) = 10',
        '+0 > P. 1:11(10) ack 1',
        '+0 shutdown(4, SHUT_WR) = 0',
        '+0 write(4, NULL, 1000) = -1 EPIPE (broken)',
      ),
    ).toBe('pass');
  });

  it('fails a read with EFAULT where something waits, which stays', () => {
    expect(
      verdict(
        '+0 read(4, NULL, 1000) = -1 EAGAIN (nothing)',
        '+0 < P. 1:1001(1000) ack 1 win 500',
        '+0 > . 1:1(0) ack 1001',
        '+0 read(4, NULL, 1000) = -1 EFAULT (bad)',
        '+0 recv(4, NULL, 1000, 0) = -1 EFAULT (bad)',
        '+0 recvfrom(4, NULL, 1000, 0, ..., ...) = -1 EFAULT (bad)',
        '+0 read(4, ..., 2000) = 1000',
      ),
    ).toBe('pass');
  });
});

describe('splice', () => {
  it('moves what waits up to the urgent octet, and does not wait for more', () => {
    expect(
      verdict(
        '+0 pipe([5, 6]) = 0',
        '+0 < PU. 1:101(100) ack 1 win 500 urg 100',
        '+0 > . 1:1(0) ack 101',
        '+0 splice(4, NULL, 6, NULL, 60, 0) = 60',
        '+0 splice(4, NULL, 6, NULL, 60, 0) = 39',
        '+0 splice(4, NULL, 6, NULL, 1, 0) = 0',
        '+0 read(5, ..., 200) = 99',
      ),
    ).toBe('pass');
  });
});
