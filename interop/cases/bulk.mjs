/** Owns: much text, bad wires, closed windows, many connections (RFC 9293 3.8). */

import assert from 'node:assert/strict';
import { patternDigest } from '../pattern.mjs';
import { sleep, until } from '../wait.mjs';
import { BENIGN, exchange, test } from './define.mjs';

const MIB = 2 ** 20;

const both = (title, world, opener) =>
  test(`100 MiB each way at once arrive whole ${title}`, {
    world: { trace: false, impaired: false, ...world },
    allow: BENIGN,
    lane: 'alone',
    limit: 120_000,
  }, async ({ world: w, quick, note }) => {
    const octets = (quick ? 10 : 100) * MIB;
    const seconds = await exchange(await w.pair(opener), octets, 100_000);
    note(`${((octets * 2 * 8) / seconds / 1e6).toFixed(0)} Mbit/s both ways together`);
  });

const oneWay = (sender, world, how) =>
  test(`100 MiB from ${sender} arrive whole ${how}`, {
    world: { trace: false, impaired: false, ...world },
    allow: BENIGN,
    lane: 'alone',
    limit: 120_000,
  }, async ({ world: w, quick, note }) => {
    const octets = (quick ? 10 : 100) * MIB;
    const { flow, socket } = await w.pair('kernel');
    const began = performance.now();
    const done = sender === 'tsyn' ? socket.received(octets, 100_000) : flow.untilReceived(octets, 100_000);
    await Promise.all([sender === 'tsyn' ? flow.write(3, octets, 100_000) : socket.write(3, octets), done]);
    const seconds = (performance.now() - began) / 1000;
    assert.equal(sender === 'tsyn' ? await socket.digest() : flow.digest(), patternDigest(3, octets));
    note(`${((octets * 8) / seconds / 1e6).toFixed(0)} Mbit/s`);
  });

const BAD = { loss: 0.01, duplicate: 0.01, reorder: 0.05, reorderDelay: 2 };

const bad = (opener, world, how) =>
  test(`100 MiB each way at once arrive whole although 1 % of segments are lost, 1 % doubled and 5 % late${how}`, {
    world: { trace: false, faults: true, ...world },
    allow: 'anything',
    lane: 'alone',
    limit: 180_000,
  }, async ({ world: w, quick, note }) => {
    const octets = (quick ? 4 : 100) * MIB;
    const pair = await w.pair(opener);
    w.wire.set('both', BAD);
    const seconds = await exchange(pair, octets, 170_000);
    const { send, receive } = w.wire.counters;
    for (const lane of [send, receive]) {
      for (const fate of ['lost', 'duplicated', 'reordered']) assert.ok(lane[fate] > 0, fate);
    }
    const { TcpFastRetransmits, TcpExtTCPTimeouts, TcpRetransSegs } = w.tcpCounters;
    note(`${((octets * 2 * 8) / seconds / 1e6).toFixed(0)} Mbit/s both ways together`);
    note(
      `${send.lost} + ${receive.lost} lost, tsyn sent ${TcpRetransSegs} again, ${TcpFastRetransmits} recoveries, ${TcpExtTCPTimeouts} time-outs`,
    );
  });

/** What a closed window looks like to Wireshark. */
const CLOSED = [...BENIGN, 'keep_alive', 'keep_alive_ack', 'duplicate_ack'];

/** So much at once that an ACK is sometimes later than the patience of a tail loss probe (RFC 8985 7). */
const PROBED = [...BENIGN, 'retransmission', 'spurious_retransmission', 'out_of_order', 'duplicate_ack'];

export const bulk = [
  test('a kernel that does not read for 10 s gets all of 24 MiB in the end', {
    world: { trace: false, rtoMin: 200 },
    allow: CLOSED,
  }, async ({ world, quick }) => {
    const octets = 24 * MIB;
    const { flow, socket } = await world.pair('kernel', { options: { paused: true } });
    const written = flow.write(3, octets, 30_000);
    await until(() => flow.socket.tcb.snd.wnd === 0, 'the window to close');
    await sleep(quick ? 2000 : 10_000);
    assert.equal(flow.socket.tcb.snd.wnd, 0);
    assert.ok(world.tcpCounters.TcpExtTCPWinProbe > 1, `${world.tcpCounters.TcpExtTCPWinProbe} probes`);
    assert.equal((await socket.now()).received, 0);
    await socket.resume();
    await written;
    flow.end();
    await socket.ended();
    assert.equal(await socket.digest(), patternDigest(3, octets));
  }),

  test('a tsyn that does not read for 10 s gets all of 24 MiB in the end', {
    world: { trace: false, rtoMin: 200 },
    allow: CLOSED,
  }, async ({ world, quick }) => {
    const octets = 24 * MIB;
    const { flow, socket } = await world.pair('tsyn', { flow: { paused: true } });
    const written = socket.write(3, octets);
    const room = flow.socket.tcb.options.receiveBuffer;
    await until(() => flow.socket.readableLength > room - 2000, 'the window to close');
    await sleep(quick ? 2000 : 10_000);
    assert.ok(flow.socket.readableLength <= room);
    flow.resume();
    await written;
    await socket.end();
    await flow.untilEnd();
    assert.equal(flow.digest(), patternDigest(3, octets));
  }),

  test('4 MiB each way arrive whole without timestamps, scaling and selective acknowledgment', {
    world: { trace: false, tcpOptions: { timestamps: false, windowScaling: false, sack: false } },
    allow: CLOSED,
  }, async ({ world }) => {
    await exchange(await world.pair('tsyn'), 4 * MIB, 30_000);
    await exchange(await world.pair('kernel'), 4 * MIB, 30_000);
  }),

  test('400 connections of the kernel at once are echoed by tsyn', {
    world: { trace: false },
    allow: PROBED,
    lane: 'alone',
  }, async ({ world }) => {
    const listener = world.listen({ echo: true });
    const where = { host: world.address, port: listener.port };
    const counts = await world.kernel.order('echoes', { where, count: 400, octets: 20_000 });
    assert.deepEqual(counts, { equal: 400 });
    assert.equal(listener.flows.length, 400);
    await until(() => listener.flows.every((flow) => flow.closed && flow.error === null), 'tsyn to be done with all');
  }),

  test('400 connections of tsyn at once are echoed by the kernel', {
    world: { trace: false },
    allow: PROBED,
    lane: 'alone',
  }, async ({ world }) => {
    const server = await world.kernel.listen(world.kernelAddress, 0, { echo: true });
    const octets = (i) => 20_000 + i;
    const flows = Array.from({ length: 400 }, () => world.connect(server.port));
    await Promise.all(
      flows.map(async (flow, i) => {
        await flow.write(i % 8, octets(i));
        flow.end();
        await flow.untilEnd();
      }),
    );
    for (const [i, flow] of flows.entries()) assert.equal(flow.digest(), patternDigest(i % 8, octets(i)));
    await until(() => flows.every((flow) => flow.closed && flow.error === null), 'tsyn to be done with all');
  }),

  both('with super-segments', {}, 'kernel'),
  both('without super-segments', { offload: false }, 'tsyn'),
  oneWay('the kernel', {}, 'with super-segments'),
  oneWay('tsyn', {}, 'with super-segments'),
  oneWay('the kernel', { offload: false }, 'without super-segments'),
  oneWay('tsyn', { offload: false }, 'without super-segments'),
  bad('kernel', {}, ''),
  bad('tsyn', { offload: false }, ', without offload'),
];
