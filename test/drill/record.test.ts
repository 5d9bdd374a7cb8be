import { describe, expect, test } from 'vitest';
import { parseScript } from '../../src/drill/parser.ts';
import { play } from '../../src/drill/play.ts';
import { recordCapture, recordTrace } from '../../src/drill/record.ts';
import { playText } from '../../src/drill/suite.ts';
import type { Impairment } from '../../src/link/index.ts';
import { tap } from '../../src/link/index.ts';
import { World } from '../../src/sim/index.ts';
import type { TcpSocket } from '../../src/stack/tcp-socket.ts';
import { LINKTYPE_RAW } from '../../src/trace/capture.ts';
import type { TraceEvent } from '../../src/trace/index.ts';
import { PcapngWriter } from '../../src/trace/pcapng.ts';

interface Course {
  readonly trace: readonly TraceEvent[];
  /** Of both ends, as pcapng. */
  readonly captures: readonly [client: Uint8Array, server: Uint8Array];
}

interface Plan {
  readonly address?: string;
  readonly request?: number;
  readonly answer?: number;
  readonly forth?: Partial<Impairment>;
  readonly back?: Partial<Impairment>;
  readonly seed?: number;
}

/** A client asks, a server answers and closes, the client closes. */
function conversation({
  address = '10.0.0.2',
  request = 300,
  answer = 5000,
  forth,
  back,
  seed = 1,
}: Plan = {}): Course {
  const trace: TraceEvent[] = [];
  const world = new World({ seed, trace: (event) => trace.push(event) });
  const [a, b] = [world.host('client'), world.host('server')];
  const blocks: [Uint8Array[], Uint8Array[]] = [[], []];
  const writers = [new PcapngWriter(), new PcapngWriter()] as const;
  for (const side of [0, 1] as const)
    blocks[side].push(writers[side].header(), writers[side].interface({ linkType: LINKTYPE_RAW }));
  world.join(a, b, {
    forth: { delay: 10, ...forth },
    back: { delay: 10, ...back },
    wrap: (link, host) => {
      const side = host === a ? 0 : 1;
      return tap(link, world.scheduler, (_direction, time, packet) => {
        blocks[side].push(writers[side].packet(0, time, packet.buf, packet.off, packet.len));
      });
    },
  });
  b.tcp.listen({
    port: 80,
    onConnection: (socket) => {
      let answered = false;
      socket.handler = {
        onReadable: () => {
          drain(socket);
          if (answered || socket.tcb.stats.bytesReceived < request) return;
          answered = true;
          socket.write(new Uint8Array(answer));
          socket.end();
        },
      };
    },
  });
  const client = a.tcp.connect({ address, port: 80 });
  client.handler = {
    onReadable: () => drain(client),
  };
  world.run(30);
  client.write(new Uint8Array(request));
  world.run(world.now + 20_000);
  client.end();
  world.run(world.now + 30_000);
  const joined = (list: readonly Uint8Array[]): Uint8Array => Uint8Array.from(list.flatMap((block) => [...block]));
  return { trace, captures: [joined(blocks[0]), joined(blocks[1])] };
}

function drain(socket: TcpSocket): void {
  for (let view = socket.peek(); view.length > 0; view = socket.peek()) socket.consume(view.length);
}

function verdict(text: string): string {
  const { result, failures } = play(parseScript('recorded', text));
  const [first] = failures;
  return first === undefined
    ? result
    : `line ${first.line}: ${first.reason}\n${first.expected}\n${first.actual}\n${text}`;
}

const RATE = { rate: 1e7 };

describe('a trace', () => {
  test.each<[string, Plan]>([
    ['a short conversation', {}],
    ['over IPv6', { address: 'fd00::2' }],
    ['without an answer', { answer: 0 }],
    ['a long answer', { answer: 60_000 }],
    ['what the server sends is lost at times', { answer: 40_000, forth: RATE, back: { ...RATE, loss: 0.1 }, seed: 3 }],
    ['what the client sends is lost at times', { answer: 40_000, forth: { ...RATE, loss: 0.2 }, back: RATE, seed: 5 }],
    ['packets are doubled', { answer: 20_000, forth: { ...RATE, duplicate: 0.3 }, back: { ...RATE, duplicate: 0.3 } }],
  ])('becomes a script that passes, for either end: %s', (_name, plan) => {
    const { trace } = conversation(plan);
    expect(verdict(recordTrace(trace))).toBe('pass');
    expect(verdict(recordTrace(trace, { local: 'client' }))).toBe('pass');
  });

  test('is of one host, by its name or address, or by default the one that answers the SYN', () => {
    const { trace } = conversation();
    expect(recordTrace(trace)).toContain('listen(3, 1) = 0');
    expect(recordTrace(trace, { local: 'server' })).toBe(recordTrace(trace));
    expect(recordTrace(trace, { local: '10.0.0.2' })).toBe(recordTrace(trace));
    expect(recordTrace(trace, { local: '10.0.0.1' })).toContain('connect(3, ..., ...) = -1 EINPROGRESS');
  });

  test('has the connections that open in it', () => {
    const { trace } = conversation();
    expect(() => recordTrace(trace, { connection: 1 })).toThrow('there are 1 connections, counted from 0');
    expect(() => recordTrace([])).toThrow('no connection opens here');
    expect(() => recordTrace(trace, { local: 'nobody' })).toThrow('nobody is no end of the connection');
  });
});

/** Clients that speak as soon as they are connected, one after the other, and close when the server has answered and closed. */
function handlers(count: number): readonly TraceEvent[] {
  const trace: TraceEvent[] = [];
  const world = new World({ seed: 2, trace: (event) => trace.push(event) });
  const [a, b] = [world.host('client'), world.host('server')];
  world.join(a, b, { forth: { delay: 10 }, back: { delay: 10 } });
  b.tcp.listen({
    port: 80,
    onConnection: (socket) => {
      socket.handler = {
        onReadable: () => {
          drain(socket);
          socket.write(new Uint8Array(20));
        },
        onEnd: () => socket.end(),
      };
    },
  });
  for (let n = 0; n < count; n++) {
    const socket = a.tcp.connect({ address: '10.0.0.2', port: 80 });
    socket.handler = {
      onConnect: () => void socket.write(new Uint8Array(10 + n)),
      onReadable: () => {
        drain(socket);
        socket.end();
      },
    };
    world.run(world.now + 1000);
  }
  return trace;
}

describe('a trace of applications that act from within the stack', () => {
  test('becomes a script that has them act there, and passes, for either end', () => {
    for (const local of ['client', 'server']) {
      const script = recordTrace(handlers(1), { local });
      expect(script).toContain('`tsyn defaults; tsyn handlers`');
      expect(verdict(script)).toBe('pass');
      // Called later they come too late for the acknowledgment.
      expect(verdict(script.replace('; tsyn handlers', ''))).toMatch(/expected 1, actual 0/);
    }
  });

  test('has the calls of its connection in it, and not those of others between the same hosts', () => {
    for (const connection of [0, 1, 2]) {
      const script = recordTrace(handlers(3), { local: 'client', connection });
      expect(script).toContain(`write(3, ..., ${10 + connection}) = ${10 + connection}`);
      expect(verdict(script)).toBe('pass');
    }
  });
});

describe('a call after a packet', () => {
  const script = (head: string, calls: string): string => `\`tsyn defaults${head}\`

0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <...>
+0 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
+0 < F. 1:1(0) ack 1 win 1000
${calls}
`;

  test("is made before the host answers where the script's head says `tsyn handlers`", () => {
    expect(verdict(script('; tsyn handlers', '+0 close(4) = 0\n+0 > F. 1:1(0) ack 2'))).toBe('pass');
    expect(verdict(script('', '+0 > . 1:1(0) ack 2\n+0 close(4) = 0\n+0 > F. 1:1(0) ack 2'))).toBe('pass');
  });

  test('is made after it where it comes later, and a difference in it is told with its line', () => {
    expect(verdict(script('; tsyn handlers', '+.1 > . 1:1(0) ack 2\n+.1 close(4) = 0'))).toMatch(/^line 11: time/);
    const later = '+0 > . 1:1(0) ack 2\n+.1 close(4) = 0\n+0 > F. 1:1(0) ack 2';
    expect(verdict(script('; tsyn handlers', later))).toBe('pass');
    expect(verdict(script('; tsyn handlers', '+0 read(4, ..., 10) = 5'))).toMatch(
      /^line 11: read returns something else/,
    );
  });
});

describe('a capture', () => {
  test.each<[string, Plan]>([
    ['a short conversation', {}],
    ['over IPv6', { address: 'fd00::2' }],
    ['segments lost on the way', { answer: 40_000, forth: RATE, back: { ...RATE, loss: 0.1 }, seed: 3 }],
  ])('becomes a script with the calls that explain it: %s', (_name, plan) => {
    const { captures } = conversation(plan);
    expect(verdict(recordCapture(captures[1], { own: true }))).toBe('pass');
    const address = plan.address === undefined ? '10.0.0.1' : 'fd00::1';
    expect(verdict(recordCapture(captures[0], { own: true, local: address }))).toBe('pass');
  });

  test('is written in relative numbers and times', () => {
    expect(recordCapture(conversation().captures[1]).split('\n')).toEqual([
      '// 10.0.0.2 in conversation with 10.0.0.1.',
      '',
      '0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3',
      '+0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0',
      '+0 bind(3, ..., ...) = 0',
      '+0 listen(3, 1) = 0',
      '+0 < S 0:0(0) win 65535 <mss 1460,sackOK,TS val 100 ecr 0,nop,wscale 10>',
      '+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 100,nop,wscale 10>',
      '+0.02 < . 1:1(0) ack 1 win 512 <nop,nop,TS val 120 ecr 100>',
      '+0 accept(3, ..., ...) = 4',
      '+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0',
      '+0.01 < P. 1:301(300) ack 1 win 512 <nop,nop,TS val 130 ecr 100>',
      '+0 send(4, ..., 5000, MSG_MORE) = 5000',
      '+0 shutdown(4, SHUT_WR) = 0',
      '+0 read(4, ..., 300) = 300',
      '+0 > . 1:1449(1448) ack 301 <nop,nop,TS val 130 ecr 130>',
      '+0 > . 1449:2897(1448) ack 301 <nop,nop,TS val 130 ecr 130>',
      '+0 > . 2897:4345(1448) ack 301 <nop,nop,TS val 130 ecr 130>',
      '+0 > FP. 4345:5001(656) ack 301 <nop,nop,TS val 130 ecr 130>',
      '+0.02 < . 301:301(0) ack 5002 win 512 <nop,nop,TS val 150 ecr 130>',
      '+19.98 < F. 301:301(0) ack 5002 win 512 <nop,nop,TS val 20130 ecr 130>',
      '+0 > . 5002:5002(0) ack 302 <nop,nop,TS val 20130 ecr 20130>',
      '',
    ]);
  });

  test('what is none is refused', () => {
    expect(() => recordCapture(Uint8Array.of(1, 2, 3, 4))).toThrow('neither pcap nor pcapng');
  });
});

describe('settings after `tsyn defaults`', () => {
  const script = (settings: string, options: string): string => `\`tsyn defaults${settings}\`
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) ${options}
`;

  test('change what they name, and nothing else', () => {
    const off = '; sysctl -q net.ipv4.tcp_timestamps=0 net.ipv4.tcp_window_scaling=0';
    expect(playText('a.pkt', script(off, '<mss 1460,nop,nop,sackOK>'), 'ipv4').reason).toBe('');
    expect(playText('a.pkt', script('', '<mss 1460,nop,nop,sackOK>'), 'ipv4').result).toBe('fail');
  });
});
