/**
 * Owns: what the SYNs agree on: each option wanted and not, by the kernel (its `net.ipv4` settings) and by tsyn, whoever
 * opens; and congestion marks on the way (RFC 7323, RFC 2018, RFC 3168, RFC 7413). Both sides are asked: `ss -ti` and
 * `socket.info()`.
 */

import assert from 'node:assert/strict';
import { ACK, CWR, ECE } from '../../dist/wire/index.js';
import { flagsOf } from '../packets.mjs';
import { server, tool } from '../tools.mjs';
import { until } from '../wait.mjs';
import { talk, test } from './define.mjs';
import { BUSY, CLIENT, SERVER, TFO } from './fastopen.mjs';

const PORT = 50_201;
const OPENERS = ['kernel', 'tsyn'];

/**
 * Opens a connection each way for each setting of the kernel's and of tsyn's; `check` is given both wishes, and
 * what both sides say: `{ family, kernel, tsyn, opener, theirs (words and fields of ss), ours (info), what (a title) }`.
 */
async function eachCombination({ world, note, family }, { sysctl, kernel, option, tsyn }, check) {
  let count = 0;
  for (const theirWish of kernel) {
    await world.kernel.sysctl({ [sysctl]: theirWish });
    for (const ourWish of tsyn) {
      for (const opener of OPENERS) {
        const { flow, socket } = await world.pair(opener, { tcp: { [option]: ourWish } });
        await talk(flow, socket);
        const seen = { family, kernel: theirWish, tsyn: ourWish, opener, theirs: await world.kernelInfo(flow) };
        const what = `${sysctl} ${theirWish}, ${option} ${ourWish}, opened by ${opener}`;
        check({ ...seen, ours: flow.socket.info(), what });
        flow.end();
        await socket.ended();
        await socket.end();
        await flow.untilClosed();
        assert.equal(flow.error, null, what);
        count++;
      }
    }
  }
  note(`${count} connections`);
}

/** Settings of cases with many handshakes. */
const MANY = { world: { sysctls: {} }, lane: 'few', limit: 60_000 };

const agreed = (title, sysctl, option, check) =>
  test(title, { ...MANY, allow: BUSY }, (context) =>
    eachCombination(context, { sysctl, kernel: [1, 0], option, tsyn: [true, false] }, (seen) => {
      check(seen, seen.kernel === 1 && seen.tsyn);
    }),
  );

/** Whether text was carried by a SYN: of each of three connections, after the first has fetched a cookie. */
const EARLY = ['late', 'early', 'early'];
const LATE = ['late', 'late', 'late'];

/** A wire on which some packets are marked. The kernel's own choice would be BBR, which does not care. */
const MARKED = {
  world: {
    sysctls: { tcp_ecn: 1, tcp_congestion_control: 'reno' },
    tcpOptions: { ecn: 'request' },
    offload: false,
    marks: true,
    faults: true,
    rtoMin: 2000,
  },
  allow: ['window_update', 'window_full'],
  lane: 'few',
  limit: 60_000,
};

/** Segments that were recorded, as far as they have all of `flags`. */
function having(packets, flags) {
  return packets.filter((bytes) => (flagsOf(bytes) & flags) === flags).length;
}

export const options = [
  agreed('selective acknowledgment is agreed on where both want it', 'tcp_sack', 'sack', (seen, both) => {
    assert.equal(seen.theirs.words.has('sack'), both, seen.what);
    assert.equal(seen.ours.options.sack, both, seen.what);
  }),

  agreed('timestamps are agreed on where both want them', 'tcp_timestamps', 'timestamps', (seen, both) => {
    assert.equal(seen.theirs.words.has('ts'), both, seen.what);
    assert.equal(seen.ours.options.timestamps, both, seen.what);
    // Twelve octets of every segment.
    assert.equal(Number(seen.theirs.fields.get('mss')), seen.ours.sndMss, seen.what);
    assert.equal(seen.ours.pmtu - seen.ours.sndMss, (seen.family === 4 ? 40 : 60) + (both ? 12 : 0), seen.what);
  }),

  agreed('windows are scaled where both can', 'tcp_window_scaling', 'windowScaling', (seen, both) => {
    const { options: agreement, sndWscale, rcvWscale, rcvWnd, sndWnd } = seen.ours;
    assert.equal(agreement.wscale, both, seen.what);
    const shifts = both ? `${rcvWscale},${sndWscale}` : undefined;
    assert.equal(seen.theirs.fields.get('wscale'), shifts, seen.what);
    assert.equal(sndWscale > 0 && rcvWscale > 0, both, seen.what);
    if (!both) assert.ok(rcvWnd <= 65_535 && sndWnd <= 65_535, `${seen.what}: ${rcvWnd}, ${sndWnd}`);
  }),

  test('congestion notification is agreed on where one asks for it and the other accepts', {
    ...MANY,
    allow: BUSY,
  }, (context) => {
    const wishes = { sysctl: 'tcp_ecn', kernel: [0, 1, 2], option: 'ecn', tsyn: ['off', 'accept', 'request'] };
    return eachCombination(context, wishes, ({ kernel, tsyn, opener, theirs, ours, what }) => {
      const both = opener === 'kernel' ? kernel === 1 && tsyn !== 'off' : tsyn === 'request' && kernel !== 0;
      assert.equal(theirs.words.has('ecn'), both, what);
      assert.equal(ours.options.ecn, both, what);
      // And text was sent that may be marked.
      assert.equal(theirs.words.has('ecnseen'), both, what);
      assert.equal(ours.options.ecnSeen, both, what);
    });
  }),

  test('a network that drops SYNs which ask for congestion notification costs either side one repetition', {
    world: { sysctls: { tcp_ecn: 1 }, faults: true, rtoMin: 1000, tcpOptions: { ecn: 'request' } },
    allow: ['retransmission', 'spurious_retransmission', 'duplicate_ack', 'out_of_order'],
  }, async ({ world }) => {
    for (const opener of OPENERS) {
      const syns = world.record(opener, 'SYN');
      const asks = (packet) => (flagsOf(packet.buf.subarray(packet.off)) & (ECE | CWR)) === (ECE | CWR);
      const which = world.are(opener, 'SYN');
      const lost = world.wire.drop((packet, direction) => which(packet, direction) && asks(packet));
      const { flow, socket } = await world.pair(opener);
      await talk(flow, socket);
      assert.equal(lost.count, 1, opener);
      // Those of tsyn are lost before the device.
      assert.equal(syns.length, opener === 'kernel' ? 2 : 1, opener);
      assert.equal(flow.socket.info().options.ecn, false, opener);
      assert.equal((await world.kernelInfo(flow)).words.has('ecn'), false, opener);
    }
  }),

  test('the kernel opens fast where its setting and the listener of tsyn allow it', {
    ...MANY,
    allow: TFO,
  }, async ({ world }) => {
    const client = async (port) => {
      const words = ['python3', '-c', CLIENT, world.address, `${port}`, world.kernelAddress, 'text'];
      const [command, ...rest] = world.kernel.command(...words);
      return (await tool(command, rest)).said.trim().replace(/^text /, '');
    };
    for (const setting of [2, 1]) {
      await world.kernel.sysctl({ tcp_fastopen: setting });
      for (const fastOpen of [false, true]) {
        world.attach();
        const infos = [];
        world.wake();
        const { port } = world.stack.tcp.listen({
          port: 0,
          fastOpen,
          onConnection: () => {},
          handler: {
            onReadable: (socket) => {
              if (socket.readableLength > 0) infos.push(socket.info());
              socket.consume(socket.write(socket.peek()));
              if (socket.atEnd) socket.end();
            },
            onEnd: (socket) => {
              if (socket.atEnd) socket.end();
            },
          },
        });
        const said = [await client(port), await client(port), await client(port)];
        const what = `tcp_fastopen ${setting}, fastOpen ${fastOpen}`;
        assert.deepEqual(said, setting === 1 && fastOpen ? EARLY : LATE, what);
        const taken = infos.map(({ options: { synData } }) => (synData ? 'early' : 'late'));
        assert.deepEqual(taken, said, what);
      }
    }
  }),

  test('tsyn opens fast where its setting and that of the kernel allow it', {
    ...MANY,
    allow: TFO,
  }, async ({ world }) => {
    const [command, ...words] = world.kernel.command('python3', '-c', SERVER, world.kernelAddress, `${PORT}`);
    const service = server(command, words);
    try {
      await until(() => world.kernelListens(PORT), 'the service to listen');
      for (const setting of [1, 2]) {
        await world.kernel.sysctl({ tcp_fastopen: setting });
        for (const fastOpen of [false, true]) {
          // A new stack has no cookies, and bears no service a grudge.
          world.attach();
          const said = [];
          const taken = [];
          for (let i = 0; i < 3; i++) {
            const flow = world.connect(PORT, { options: { fastOpen }, flow: { keep: true } });
            flow.socket.write(new TextEncoder().encode('text'));
            await flow.untilEnd();
            said.push(flow.kept.toString().replace(/^text /, ''));
            taken.push(flow.socket.info().options.synData ? 'early' : 'late');
            flow.end();
            await flow.untilClosed();
          }
          const what = `tcp_fastopen ${setting}, fastOpen ${fastOpen}`;
          assert.deepEqual(said, setting === 2 && fastOpen ? EARLY : LATE, what);
          assert.deepEqual(taken, said, what);
        }
      }
    } finally {
      await service.stop();
    }
  }),

  test('tsyn slows down when the kernel echoes a mark, and says so once', MARKED, async ({ world, note }) => {
    const { flow, socket } = await world.pair('tsyn');
    await flow.write(3, 100_000);
    await socket.received(100_000);
    const before = flow.socket.info();
    assert.equal(before.sndSsthresh, Infinity);
    const [acks, segments] = [world.record('kernel', 'any'), world.record('tsyn', 'any')];
    const marks = world.marks.mark(world.are('tsyn', 'any'), 1);
    await flow.write(3, 1_000_000);
    await socket.received(1_100_000);
    await until(() => flow.socket.info().unacked === 0, 'everything to be acknowledged');
    assert.equal(marks.count, 1);
    const echoes = having(acks, ECE | ACK);
    assert.ok(echoes >= 1, 'no echo');
    assert.equal(having(acks.slice(-1), ECE), 0, 'it is echoed for ever');
    assert.equal(having(segments, CWR), 1);
    const { deliveredCe, totalRetrans, sndSsthresh } = flow.socket.info();
    assert.equal(deliveredCe, echoes);
    assert.equal(world.tcpCounters.TcpEcnReductions, 1);
    assert.equal(totalRetrans, 0);
    assert.ok(sndSsthresh < Infinity);
    note(`${echoes} echoes`);
  }),

  test('the kernel slows down when tsyn echoes a mark, until it says so', MARKED, async ({ world, note }) => {
    const { flow, socket } = await world.pair('kernel');
    await socket.write(3, 100_000);
    await flow.untilReceived(100_000);
    assert.equal((await world.kernelInfo(flow)).fields.get('ssthresh'), undefined);
    const [segments, acks] = [world.record('kernel', 'any'), world.record('tsyn', 'any')];
    const marks = world.marks.mark(world.are('kernel', 'any'), 1);
    await socket.write(3, 1_000_000);
    await flow.untilReceived(1_100_000);
    const { timers } = flow.socket.tcb;
    await until(() => timers.delayedAck === Number.POSITIVE_INFINITY, 'the last ACK');
    assert.equal(marks.count, 1);
    const echoes = having(acks, ECE | ACK);
    assert.ok(echoes >= 1, 'no echo');
    assert.equal(having(acks.slice(-1), ECE), 0, 'it is echoed for ever');
    assert.equal(having(segments, CWR), 1);
    const { fields } = await world.kernelInfo(flow);
    assert.ok(Number(fields.get('ssthresh')) > 0);
    // It counts segments, and an ACK with an echo is about several.
    assert.ok(Number(fields.get('delivered_ce')) >= echoes);
    assert.equal(fields.get('bytes_retrans'), undefined);
    note(`${echoes} echoes`);
  }),
];
