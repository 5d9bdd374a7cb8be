import { describe, expect, it } from 'vitest';
import { play } from '../../src/drill/play.ts';
import { parse } from '../helpers/script.ts';

/** What playing says: 'pass', or what is wrong and where. */
function verdict(...lines: string[]): string {
  const text = ['`/defaults.sh', ' sysctl -q net.ipv4.tcp_timestamps=0`', ...lines].join('\n');
  const { result, reason, failures } = play(parse(text));
  return result === 'pass' ? 'pass' : `${result} ${(failures[0]?.line ?? 2) - 2}: ${reason}`;
}

const OPTIONS = 'mss 1460,nop,nop,sackOK,nop,wscale 8';
const ANSWER = 'mss 1460,nop,nop,sackOK,nop,wscale 6';
const COOKIE = 'FO 1122334455667788,nop,nop';

/** A first connection, from which the host has a cookie. */
const LEARN = [
  '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
  '+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0',
  '+0 sendto(3, ..., 0, MSG_FASTOPEN, ..., ...) = -1 EINPROGRESS (in progress)',
  `+0 > S 0:0(0) <${OPTIONS},FO,nop,nop>`,
  `+.01 < S. 0:0(0) ack 1 win 9000 <${ANSWER},${COOKIE}>`,
  '+0 > . 1:1(0) ack 1',
  '+0 close(3) = 0',
];

const NEW = ['+.1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4', '+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0'];

describe('sendto with MSG_FASTOPEN', () => {
  it('without a cookie takes nothing and asks for one; a blocking call sends after the handshake, with its ACK', () => {
    expect(
      verdict(
        '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
        '+0...0.02 sendto(3, ..., 100, MSG_FASTOPEN, ..., ...) = 100',
        `+0 > S 0:0(0) <${OPTIONS},FO,nop,nop>`,
        `+.02 < S. 0:0(0) ack 1 win 9000 <${ANSWER}>`,
        '+0 > P. 1:101(100) ack 1',
      ),
    ).toBe('pass');
  });

  it('with a cookie takes what the SYN carries, and says that it connects already when asked again', () => {
    expect(
      verdict(
        ...LEARN,
        ...NEW,
        '+0 sendto(4, ..., 5000, MSG_FASTOPEN, ..., ...) = 1420',
        `+0 > S 0:1420(1420) <${OPTIONS},${COOKIE}>`,
        '+0 sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = -1 EALREADY (already)',
        '+0 write(4, ..., 10) = -1 EAGAIN (again)',
        `+.01 < S. 0:0(0) ack 1421 win 9000 <${ANSWER}>`,
        '+0 > . 1421:1421(0) ack 1',
        '+0 %{ assert tcpi_options & TCPI_OPT_SYN_DATA and tcpi_delivered == 1 }%',
        '+0 sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = 10',
        '+0 > P. 1421:1431(10) ack 1',
        '+0 sendto(4, ..., 10, MSG_FASTOPEN, ..., ...) = -1 EISCONN (connected)',
      ),
    ).toBe('pass');
  });

  it('blocks until the handshake is over, and then for the rest', () => {
    expect(
      verdict(
        ...LEARN,
        '+.1 socket(..., SOCK_STREAM, IPPROTO_TCP) = 4',
        '+0...0.02 sendto(4, ..., 2000, MSG_FASTOPEN, ..., ...) = 2000',
        `+0 > S 0:1420(1420) <${OPTIONS},${COOKIE}>`,
        `+.02 < S. 0:0(0) ack 1421 win 9000 <${ANSWER}>`,
        '+0 > P. 1421:2001(580) ack 1',
      ),
    ).toBe('pass');
  });

  it('is refused where the host has no fast open, and where the address is none', () => {
    expect(
      verdict(
        '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
        '+0 sendto(3, ..., 9, MSG_FASTOPEN, AF_UNSPEC, ...) = -1 EOPNOTSUPP (no address)',
        '+0 `sysctl -q net.ipv4.tcp_fastopen=2`',
        '+0 sendto(3, ..., 9, MSG_FASTOPEN, ..., ...) = -1 EOPNOTSUPP (off)',
        '+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN_CONNECT, [1], 4) = -1 EOPNOTSUPP (off)',
      ),
    ).toBe('pass');
  });
});

describe('TCP_FASTOPEN_CONNECT', () => {
  const CONNECT = ['+0 setsockopt(4, SOL_TCP, TCP_FASTOPEN_CONNECT, [1], 4) = 0', '+0 connect(4, ..., ...) = 0'];

  it('lets connect return at once; the SYN waits for the first write', () => {
    expect(
      verdict(
        ...LEARN,
        ...NEW,
        ...CONNECT,
        '+.5 poll([{fd=4, events=POLLIN|POLLOUT, revents=POLLOUT}], 1, 0) = 1',
        '+0 read(4, ..., 10) = -1 EAGAIN (again)',
        '+0 connect(4, ..., ...) = -1 EISCONN (connected, as it were)',
        '+.5 write(4, ..., 100) = 100',
        `+0 > S 0:100(100) <${OPTIONS},${COOKIE}>`,
      ),
    ).toBe('pass');
  });

  it('closed before it has written has sent nothing', () => {
    expect(
      verdict(
        ...LEARN,
        ...NEW,
        ...CONNECT,
        '+0 close(4) = 0',
        ...NEW,
        '+0 connect(4, ..., ...) = -1 EINPROGRESS (in progress)',
        `+0 > S 0:0(0) <${OPTIONS}>`,
      ),
    ).toBe('pass');
  });

  it('is for sockets that have not begun', () => {
    expect(
      verdict(
        ...LEARN,
        ...NEW,
        ...CONNECT,
        '+0 setsockopt(4, SOL_TCP, TCP_FASTOPEN_CONNECT, [0], 4) = -1 EINVAL (too late)',
        '+0 setsockopt(4, SOL_TCP, TCP_FASTOPEN_CONNECT, [2], 4) = -1 EINVAL (neither)',
        '+0 getsockopt(4, SOL_TCP, TCP_FASTOPEN_CONNECT, [1], [4]) = 0',
      ),
    ).toBe('pass');
  });
});

describe('TCP_FASTOPEN_NO_COOKIE', () => {
  it('has text go with any SYN, and taken from any', () => {
    expect(
      verdict(
        '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
        '+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0',
        '+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, [1], 4) = 0',
        '+0 sendto(3, ..., 100, MSG_FASTOPEN, ..., ...) = 100',
        `+0 > S 0:100(100) <${OPTIONS}>`,
      ),
    ).toBe('pass');
    expect(
      verdict(
        '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
        '+0 bind(3, ..., ...) = 0',
        '+0 listen(3, 1) = 0',
        '+0 setsockopt(3, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, [1], 4) = 0',
        '+0 < S 0:100(100) win 9000 <mss 1460>',
        '+0 > S. 0:0(0) ack 101 <mss 1460>',
        '+0 accept(3, ..., ...) = 4',
        '+0 read(4, ..., 1000) = 100',
      ),
    ).toBe('pass');
  });
});

describe('connect to AF_UNSPEC', () => {
  it('ends the connection, and the socket may connect anew', () => {
    expect(
      verdict(
        '0 socket(..., SOCK_STREAM|SOCK_NONBLOCK, IPPROTO_TCP) = 4',
        '+0 connect(4, ..., ...) = -1 EINPROGRESS (in progress)',
        `+0 > S 0:0(0) <${OPTIONS}>`,
        `+0 < S. 0:0(0) ack 1 win 9000 <${ANSWER}>`,
        '+0 > . 1:1(0) ack 1',
        '+0 connect(4, AF_UNSPEC, ...) = 0',
        '+0 > R. 1:1(0) ack 1',
        '+0 connect(4, ..., ...) = -1 EINPROGRESS (in progress)',
        `+0 > S 0:0(0) <${OPTIONS}>`,
      ),
    ).toBe('pass');
  });
});

describe('MSG_ZEROCOPY', () => {
  const completed = (first: number, last: number): string =>
    `+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 0}], msg_flags=MSG_ERRQUEUE,
      msg_control=[{cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=0, ee_origin=SO_EE_ORIGIN_ZEROCOPY,
      ee_type=0, ee_code=SO_EE_CODE_ZEROCOPY_COPIED, ee_info=${first}, ee_data=${last}}}]}, MSG_ERRQUEUE) = 0`;
  const none =
    '+0 recvmsg(4, {msg_name(...)=..., msg_iov(1)=[{..., 0}], msg_flags=0}, MSG_ERRQUEUE) = -1 EAGAIN (nothing)';
  const ready = (events: string, count: number): string =>
    `+0 poll([{fd=4, events=POLLERR, revents=${events}}], 1, 0) = ${count}`;

  it('completes when the text is acknowledged; completions in a row are one', () => {
    expect(
      verdict(
        '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
        '+0 setsockopt(3, SOL_SOCKET, SO_ZEROCOPY, [1], 4) = 0',
        '+0 bind(3, ..., ...) = 0',
        '+0 listen(3, 1) = 0',
        '+0 < S 0:0(0) win 9000 <mss 1460>',
        '+0 > S. 0:0(0) ack 1 <mss 1460>',
        '+0 < . 1:1(0) ack 1 win 9000',
        '+0 accept(3, ..., ...) = 4',
        '+0 send(4, ..., 500, MSG_ZEROCOPY) = 500',
        '+0 > P. 1:501(500) ack 1',
        none,
        ready('0', 0),
        '+0 < . 1:1(0) ack 501 win 9000',
        ready('POLLERR', 1),
        completed(0, 0),
        ready('0', 0),
        '+0 send(4, ..., 500, 0) = 500',
        '+0 send(4, ..., 0, MSG_ZEROCOPY) = 0',
        '+0 > P. 501:1001(500) ack 1',
        '+0 < . 1:1(0) ack 1001 win 9000',
        none,
        '+0 send(4, ..., 1460, MSG_ZEROCOPY) = 1460',
        '+0 send(4, ..., 1460, MSG_ZEROCOPY) = 1460',
        '+0 > P. 1001:2461(1460) ack 1',
        '+0 > P. 2461:3921(1460) ack 1',
        '+0 < . 1:1(0) ack 3921 win 9000',
        completed(1, 2),
        none,
      ),
    ).toBe('pass');
  });
});
