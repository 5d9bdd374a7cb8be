import { describe, expect, it } from 'vitest';
import { type DrillOptions, type DrillResult, playText } from '../../src/drill/index.ts';

const LISTEN = `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
`;
const OPEN = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 65535
+0 accept(3, ..., ...) = 4
`;

function run(text: string, options: DrillOptions = {}): DrillResult {
  return playText('script', text, 'ipv4', options);
}

/** 'pass', or the line and reason of the first failure. */
function verdict(text: string, options: DrillOptions = {}): string {
  const { result, failures } = run(text, options);
  return failures.length === 0 ? result : `${failures[0]!.line}: ${failures[0]!.reason}`;
}

describe('time', () => {
  const answer = (time: string): string => `0 < S 7:7(0) win 1\n${time} > R. 0:0(0) ack 1\n`;

  it('allows 4 ms, or an eighth of the time since the event before', () => {
    expect(verdict(answer('+.004'))).toBe('pass');
    expect(verdict(answer('+.0041'))).toBe('2: time: expected 0.004100, actual 0.000000, tolerance 0.004000');
    const close = (time: string): string => `${OPEN}+0 write(4, ..., 500) = 500
+0 > P. 1:501(500) ack 1
${time} > P. 1:501(500) ack 1
`;
    // The time-out of the first text is RTO = SRTT + 200 ms = 300 ms, and a probe of the tail is earlier.
    expect(verdict(close('+.3'))).toBe('pass');
    expect(verdict(close('+.27'))).toBe('pass');
    expect(verdict(close('+.26'))).toMatch(/^10: time: expected/);
  });

  it('takes ranges, and any time', () => {
    expect(verdict(answer('+0~+1'))).toBe('pass');
    expect(verdict(answer('*'))).toBe('pass');
    expect(verdict(answer('+.1~+1'))).toMatch(/^2: time: expected 0\.100000~1\.000000/);
  });

  it('counts a relative time from the end of the event before, and between inbound packets from its time', () => {
    const script = `${OPEN}+0 < P. 1:11(10) ack 1 win 65535
+.01 < P. 11:21(10) ack 1 win 65535
+.01 read(4, ..., 100) = 20
`;
    expect(run(script)).toMatchObject({ result: 'pass', duration: 0.12 });
  });

  it('fails an event for which what was expected before came too late', () => {
    const script = `${OPEN}0.2 write(4, ..., 500) = 500
0.2~0.6 > P. 1:501(500) ack 1
* > P. 1:501(500) ack 1
0.3 close(4) = 0
`;
    expect(verdict(script)).toMatch(/^11: time: expected 0\.300000/);
  });

  it('passes quickly however long it is', () => {
    expect(run(`${LISTEN}+36000 close(3) = 0\n`)).toMatchObject({ result: 'pass', duration: 36_000 });
  });
});

describe('packets', () => {
  it('several segments may be what the script writes as one, if their last has PSH as written', () => {
    const script = (line: string): string => `${OPEN}+0 write(4, ..., 3000) = 3000\n+0 > ${line}\n`;
    expect(verdict(script('P. 1:3001(3000) ack 1'))).toBe('pass');
    expect(verdict(script('. 1:3001(3000) ack 1'))).toBe('9: PSH: expected 0, actual 1');
    expect(verdict(script('P. 1:2501(2500) ack 1'))).toMatch(/^9: length: expected 2500/);
    expect(verdict(`--strict_segments\n${script('P. 1:3001(3000) ack 1')}`)).toMatch(/^10: /);
  });

  it('what is not expected shows at the next line, and at the end does no harm', () => {
    const script = `${OPEN}+0 write(4, ..., 100) = 100\n`;
    expect(verdict(script)).toBe('pass');
    expect(verdict(`${script}+0 shutdown(4, SHUT_WR) = 0\n+0 > F. 101:101(0) ack 1\n`)).toMatch(/^10: /);
  });

  it('an echoed timestamp is compared as written, unless it is not to be', () => {
    const script = (echo: number): string => `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000,sackOK,TS val 300 ecr 0>
+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr ${echo}>
`;
    expect(verdict(script(300))).toBe('pass');
    expect(verdict(script(301))).toBe('5: TS ecr: expected 301, actual 300');
    expect(verdict(script(301), { compareEcho: false })).toBe('pass');
  });

  it('a timestamp that was never sent cannot be echoed', () => {
    const script = `${LISTEN}+0 < S 0:0(0) win 65535 <mss 1000,sackOK,TS val 300 ecr 0>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 65535 <nop,nop,TS val 300 ecr 77>
`;
    expect(verdict(script)).toBe('6: TS ecr 77 echoes no TS val that was sent');
  });

  it('a host that does not answer is a failure at the line that expects it to', () => {
    expect(verdict(`${LISTEN}+0 < . 5:5(0) win 1\n+0 > S. 0:0(0) ack 6\n`)).not.toBe('pass');
    expect(verdict(`${LISTEN}+0 < R 5:5(0) win 1\n* > R 0:0(0)\n`)).toBe('5: nothing was sent');
  });

  it('a packet that belongs to no socket begins a flow of its own', () => {
    expect(verdict('0 < . 5:5(0) ack 9 win 1\n+0 > R 9:9(0)\n')).toBe('pass');
  });
});

describe('system calls', () => {
  it('that would block fail, unless the script lets them', () => {
    expect(verdict(`${LISTEN}+0 accept(3, ..., ...) = 4\n`)).toBe('4: accept would block');
  });

  it('that block return when what they wait for comes', () => {
    const script = (end: string): string => `${LISTEN}+0...${end} accept(3, ..., ...) = 4
+.1 < S 0:0(0) win 65535 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+.1 < . 1:1(0) ack 1 win 65535
+0 close(4) = 0
`;
    expect(verdict(script('0.2'))).toBe('pass');
    expect(verdict(script('0.3'))).toBe('4: accept returns at 0.200000, expected at 0.300000, tolerance 0.037500');
  });

  it('that block for ever fail at the end of the script', () => {
    expect(verdict(`${LISTEN}+0...1 accept(3, ..., ...) = 4\n`)).toMatch(/^4: .*accept has not returned/);
  });

  it('fail with EINVAL where the stack refuses a value', () => {
    const script = `${OPEN}+0 setsockopt(4, SOL_TCP, TCP_KEEPIDLE, [0], 4) = -1 EINVAL (Invalid argument)\n`;
    expect(verdict(script)).toBe('pass');
  });

  it('are compared by result and errno', () => {
    expect(verdict(`${OPEN}+0 read(4, ..., 100) = 1\n`)).toBe('8: read would block');
    const read = (result: string): string =>
      `${OPEN}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 read(4, ..., 9) = ${result}\n`;
    expect(verdict(read('-1 EAGAIN (Resource temporarily unavailable)'))).toBe('pass');
    expect(verdict(read('-1 EPIPE (Broken pipe)'))).toBe('9: read returns something else');
    expect(verdict(read('0'))).toBe('9: read returns something else');
  });
});

describe('a verdict', () => {
  it('waits for assertions until the script is over, and keeps their variables', () => {
    const script = (sum: number): string => `${OPEN}+0 %{ a = tcpi_snd_cwnd }%
+0 %{ a += 1
assert a == ${sum}, 'it is %d' % a }%
+0 close(4) = 0
`;
    expect(verdict(script(11))).toBe('pass');
    expect(verdict(script(12))).toMatch(/^9: assert a == 12.*it is 11/);
  });

  it('is a skip where a command or a call is not known, by name', () => {
    expect(run('0 `reboot`\n0 < S 0:0(0) win 1\n')).toMatchObject({
      result: 'skip',
      reason: expect.stringContaining('reboot'),
    });
    expect(run('0 fork() = 0\n')).toMatchObject({ result: 'skip', reason: 'unsupported system call fork' });
  });

  it('is a skip where the stack refuses what the script sets', () => {
    for (const head of ['--mtu=100', '--local_ip=224.0.0.1', '`sysctl -q net.ipv4.tcp_rmem="1 1 1"`']) {
      const { result, reason } = playText('script', `${head}\n${LISTEN}`, head.includes('ip') ? 'ipv4' : 'ipv6');
      expect([result, reason], head).toEqual(['skip', expect.stringContaining('refuses')]);
    }
    expect(run('0 < udp (10)\n')).toMatchObject({ result: 'skip', reason: 'UDP is not under test here' });
  });

  it('has the first difference, or with keepGoing all of them', () => {
    const script = '0 < S 7:7(0) win 1\n+0 > R. 0:0(0) ack 9\n+0 < S 7:7(0) win 1\n+0 > R. 1:1(0) ack 1\n';
    expect(run(script).failures.map(({ line }) => line)).toEqual([2]);
    expect(run(script, { keepGoing: true }).failures.map(({ line }) => line)).toEqual([2, 4]);
  });

  it('runs the command that cleans up, whatever happened', () => {
    expect(run('0 < S 7:7(0) win 1\n+0 > R. 0:0(0) ack 9\n`reboot`\n').result).toBe('skip');
  });

  it('shows both sides in the grammar of scripts', () => {
    expect(run('0 < S 7:7(0) win 1\n+0 > R. 0:0(0) ack 9\n').failures[0]).toMatchObject({
      expected: '0.000000 > R. 0:0(0) ack 9',
      actual: '0.000000 > R. 0:0(0) ack 1 win 0',
    });
  });
});
