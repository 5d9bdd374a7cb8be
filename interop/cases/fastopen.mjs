/** Owns: handshakes with SYN cookies (RFC 4987) and TCP Fast Open (RFC 7413), each side of them. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { server, tool } from '../tools.mjs';
import { until } from '../wait.mjs';
import { BENIGN, exchange, test } from './define.mjs';

const PORT = 50_101;

/** Fast open for both sides of the kernel in the suite's namespace. */
function kernelFastOpen() {
  writeFileSync('/proc/sys/net/ipv4/tcp_fastopen', '3');
}

/** `TCPI_OPT_SYN_DATA` of `TCP_INFO`: text on the SYN was acknowledged by the SYN,ACK. */
const EARLY = "'early' if s.getsockopt(socket.IPPROTO_TCP, 11, 8)[5] & 32 else 'late'";

/**
 * Sends each text over a connection of its own, with MSG_FASTOPEN unless the kernel refuses that; prints what came back
 * and whether the SYN brought it.
 */
export const CLIENT = `
import socket, sys
there, port, here, *texts = sys.argv[1:]
sockets = [socket.socket(socket.AF_INET6 if ':' in there else socket.AF_INET) for text in texts]
for s, text in zip(sockets, texts):
    s.bind((here, 0))
    try:
        s.sendto(text.encode(), 0x20000000, (there, int(port)))
    except OSError:
        s.connect((there, int(port)))
        s.sendall(text.encode())
for s in sockets:
    s.shutdown(socket.SHUT_WR)
    got = b''
    while piece := s.recv(65536):
        got += piece
    print(got.decode(), ${EARLY})
`;

/** Answers each connection's first text with the same and whether a SYN brought it, and closes. */
export const SERVER = `
import socket, sys
here, port = sys.argv[1:]
listener = socket.socket(socket.AF_INET6 if ':' in here else socket.AF_INET)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.setsockopt(socket.IPPROTO_TCP, 23, 16)
listener.bind((here, int(port)))
listener.listen()
while True:
    s, _ = listener.accept()
    s.sendall(s.recv(65536) + b' ' + (${EARLY}).encode())
    s.close()
`;

/** tsyn answers text with the same text; notes in which state it came. */
function answer(world, fastOpen) {
  const states = [];
  world.wake();
  const listener = world.stack.tcp.listen({
    port: 0,
    fastOpen,
    onConnection: () => {},
    handler: {
      onReadable: (socket) => {
        if (socket.readableLength > 0) states.push(socket.state);
        const view = socket.peek();
        socket.consume(socket.write(view));
        if (socket.atEnd) socket.end();
      },
      onEnd: (socket) => {
        if (socket.atEnd) socket.end();
      },
    },
  });
  return { port: listener.port, states };
}

async function ask(world, port, ...texts) {
  const words = ['-c', CLIENT, world.address, `${port}`, world.kernelAddress, ...texts];
  return (await tool('python3', words)).said.trim();
}

/** The kernel repeats a SYN or SYN,ACK after a second, whatever the route says; a busy machine may need longer. */
export const BUSY = ['retransmission', 'spurious_retransmission', 'duplicate_ack', 'out_of_order'];
export const TFO = ['tfo_syn', 'tfo_ack', 'tfo_ignored', ...BUSY];

export const fastOpen = [
  test('a connection made from a SYN cookie has all options of the kernel’s SYN, and carries streams', {
    world: { tcp: { synCookies: 'always' } },
    allow: [...BENIGN, ...BUSY],
  }, async ({ world, quick }) => {
    const { flow, socket } = await world.pair('kernel');
    const { scaling, sack, ts, rcv, snd } = flow.socket.tcb;
    assert.deepEqual([scaling, sack, ts.on], [true, true, true]);
    assert.ok(rcv.shift > 0 && snd.shift > 0);
    assert.equal(world.tcpCounters.TcpExtSyncookiesRecv, 1);
    await exchange({ flow, socket }, quick ? 500_000 : 5_000_000, 20_000);
  }),

  test('many clients of the kernel get in by cookies, one after the other', {
    world: { tcp: { synCookies: 'always' } },
    allow: BUSY,
  }, async ({ world }) => {
    const { port } = answer(world, false);
    const texts = Array.from({ length: 8 }, (_, i) => `client-${i}`);
    const said = await ask(world, port, ...texts);
    assert.deepEqual(
      said.split('\n'),
      texts.map((text) => `${text} late`),
    );
    assert.equal(world.tcpCounters.TcpExtSyncookiesRecv, 8);
    assert.equal(world.tcpCounters.TcpExtSyncookiesFailed, 0);
  }),

  test('the kernel opens fast to tsyn once it has a cookie, also by the key before the last, not by older ones', {
    allow: TFO,
  }, async ({ world }) => {
    kernelFastOpen();
    const { port, states } = answer(world, true);
    assert.equal(await ask(world, port, 'first'), 'first late');
    assert.equal(await ask(world, port, 'second'), 'second early');
    world.stack.tcp.rotateFastOpenKey();
    assert.equal(await ask(world, port, 'third'), 'third early');
    assert.equal(await ask(world, port, 'fourth'), 'fourth early');
    world.stack.tcp.setFastOpenKeys(new Uint8Array(16));
    assert.equal(await ask(world, port, 'fifth'), 'fifth late');
    assert.equal(await ask(world, port, 'sixth'), 'sixth early');
    assert.equal(states.filter((state) => state === 'SYN-RECEIVED').length, 4);
    const { TcpExtTCPFastOpenCookieReqd: asked, TcpExtTCPFastOpenPassiveFail: failed } = world.tcpCounters;
    assert.deepEqual([asked, failed, world.tcpCounters.TcpExtTCPFastOpenPassive], [1, 1, 4]);
  }),

  test('tsyn opens fast to the kernel once it has a cookie', {
    allow: TFO,
  }, async ({ world }) => {
    kernelFastOpen();
    const service = server('python3', ['-c', SERVER, world.kernelAddress, `${PORT}`]);
    try {
      await until(() => world.kernelListens(PORT), 'the service to listen');
      for (const [text, how] of [
        ['first', 'late'],
        ['second', 'early'],
        ['third', 'early'],
      ]) {
        const flow = world.connect(PORT, { options: { fastOpen: true }, flow: { keep: true } });
        flow.socket.write(new TextEncoder().encode(text));
        await flow.untilEnd();
        assert.equal(flow.kept.toString(), `${text} ${how}`);
        assert.equal(flow.socket.tcb.fastOpened, how === 'early');
        flow.end();
        await flow.untilClosed();
        assert.equal(flow.error, null);
      }
      assert.equal(world.tcpCounters.TcpExtTCPFastOpenActive, 2);
      assert.equal(world.tcpCounters.TcpExtTCPFastOpenActiveFail, 0);
    } finally {
      await service.stop();
    }
  }),

  test('a network that drops SYNs with text costs tsyn one repetition, and the next connection nothing', {
    allow: 'anything',
    world: { faults: true },
  }, async ({ world }) => {
    kernelFastOpen();
    const service = server('python3', ['-c', SERVER, world.kernelAddress, `${PORT}`]);
    try {
      await until(() => world.kernelListens(PORT), 'the service to listen');
      const syns = world.record('tsyn', 'SYN');
      const fetch = async (text) => {
        const flow = world.connect(PORT, { options: { fastOpen: true }, flow: { keep: true } });
        flow.socket.write(new TextEncoder().encode(text));
        await flow.untilEnd();
        assert.equal(flow.kept.toString(), `${text} late`);
        flow.end();
        await flow.untilClosed();
      };
      await fetch('first');
      const lost = world.wire.drop(world.are('tsyn', 'SYN'), 1);
      await fetch('second');
      assert.equal(lost.count, 1);
      const before = syns.length;
      await fetch('third');
      assert.equal(syns.length, before + 1);
      assert.equal(world.tcpCounters.TcpExtTCPFastOpenActiveFail, 1);
    } finally {
      await service.stop();
    }
  }),
];
