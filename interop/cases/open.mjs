/** Owns: how connections begin, or do not (RFC 9293 3.5, 3.10.7.1 to 3.10.7.3). */

import assert from 'node:assert/strict';
import { until } from '../wait.mjs';
import { SLOW, talk, test } from './define.mjs';

const PORT = 50_001;

/** Wireshark knows no simultaneous open: the SYN,ACKs say again what the SYNs said. */
const CROSSED = ['retransmission', 'window_update', 'duplicate_ack'];

export const open = [
  test('the kernel connects to tsyn in three segments', { world: SLOW }, async ({ world }) => {
    const listener = world.listen();
    const states = (kernel, tsyn) => world.states(PORT, listener.port, kernel, tsyn);
    const syn = world.freeze('kernel', 'SYN');
    const synAck = world.freeze('tsyn', 'SYN,ACK');
    const ack = world.freeze('kernel', 'ACK');
    const socket = await world.kernelConnect(listener.port, { localPort: PORT });
    await syn.caught();
    await states('SYN-SENT', 'CLOSED');
    syn.go();
    await synAck.caught();
    await states('SYN-SENT', 'SYN-RECEIVED');
    synAck.go();
    await ack.caught();
    await states('ESTABLISHED', 'SYN-RECEIVED');
    ack.go();
    await states('ESTABLISHED', 'ESTABLISHED');
    await talk(await listener.accept(), socket);
  }),

  test('tsyn connects to the kernel in three segments', { world: SLOW }, async ({ world }) => {
    const server = await world.kernel.listen(world.kernelAddress);
    const states = (kernel, tsyn) => world.states(server.port, PORT, kernel, tsyn);
    const syn = world.freeze('tsyn', 'SYN');
    const synAck = world.freeze('kernel', 'SYN,ACK');
    const ack = world.freeze('tsyn', 'ACK');
    const flow = world.connect(server.port, { localPort: PORT });
    await syn.caught();
    await states('CLOSED', 'SYN-SENT');
    syn.go();
    await synAck.caught();
    await states('SYN-RECEIVED', 'SYN-SENT');
    synAck.go();
    await ack.caught();
    await states('SYN-RECEIVED', 'ESTABLISHED');
    ack.go();
    await states('ESTABLISHED', 'ESTABLISHED');
    await talk(flow, await server.accept());
  }),

  test('SYNs that cross make one connection', { world: SLOW, allow: CROSSED }, async ({ world }) => {
    const theirPort = PORT + 1;
    const states = (kernel, tsyn) => world.states(theirPort, PORT, kernel, tsyn);
    const syns = [world.freeze('kernel', 'SYN'), world.freeze('tsyn', 'SYN')];
    const socket = await world.kernelConnect(PORT, { localPort: theirPort });
    const flow = world.connect(theirPort, { localPort: PORT });
    for (const syn of syns) await syn.caught();
    await states('SYN-SENT', 'SYN-SENT');
    const synAcks = [world.freeze('kernel', 'SYN,ACK'), world.freeze('tsyn', 'SYN,ACK')];
    for (const syn of syns) syn.go();
    for (const synAck of synAcks) await synAck.caught();
    await states('SYN-RECEIVED', 'SYN-RECEIVED');
    for (const synAck of synAcks) synAck.go();
    await states('ESTABLISHED', 'ESTABLISHED');
    await talk(flow, socket);
    socket.end();
    flow.end();
    await flow.untilClosed();
    assert.equal(flow.error, null);
  }),

  test('the kernel is refused at a port where tsyn does not listen', {}, async ({ world }) => {
    const socket = await world.kernelConnect(PORT);
    await socket.closed();
    assert.equal(socket.state.error, 'ECONNREFUSED');
    assert.equal(world.tcpCounters.TcpOutRsts, 1);
  }),

  test('tsyn is refused at a port where the kernel does not listen', {}, async ({ world }) => {
    const flow = world.connect(PORT);
    await flow.untilClosed();
    assert.equal(flow.error.code, 'ECONNREFUSED');
    assert.equal(flow.established, false);
  }),

  test('tsyn gives up a SYN that nobody answers after R2', {
    world: { tcp: { synR2: 3000 } },
    allow: ['retransmission'],
  }, async ({ world, note }) => {
    const syns = world.record('tsyn', 'SYN');
    const began = performance.now();
    const flow = world.connect(PORT, { address: world.silent });
    await flow.untilClosed();
    const waited = performance.now() - began;
    assert.equal(flow.error.code, 'ETIMEDOUT');
    assert.ok(waited > 2990 && waited < 4500, `it waited ${waited} ms`);
    // At 0 and 1 s, perhaps just at 3 s.
    assert.ok(syns.length === 2 || syns.length === 3, `${syns.length} SYNs`);
    note(`${syns.length} SYNs`);
  }),

  test('the kernel sends its SYN again to a tsyn that missed it', { allow: ['retransmission'] }, async ({ world }) => {
    const lost = world.wire.drop(world.are('kernel', 'SYN'), 1);
    const listener = world.listen();
    const socket = await world.kernelConnect(listener.port);
    await talk(await listener.accept(), socket);
    assert.equal(lost.count, 1);
  }),

  test('a SYN,ACK that is lost is sent again, by either side', {
    allow: ['retransmission', 'spurious_retransmission', 'duplicate_ack', 'out_of_order'],
    world: { faults: true },
  }, async ({ world }) => {
    const lost = [world.wire.drop(world.are('kernel', 'SYN,ACK'), 1), world.wire.drop(world.are('tsyn', 'SYN,ACK'), 1)];
    for (const opener of ['kernel', 'tsyn']) {
      const { flow, socket } = await world.pair(opener);
      await talk(flow, socket);
    }
    assert.deepEqual(
      lost.map((drop) => drop.count),
      [1, 1],
    );
  }),

  test('a first segment of text that overtakes the last ACK establishes the connection', { world: SLOW }, async ({
    world,
  }) => {
    const listener = world.listen();
    const lost = world.wire.drop(world.are('kernel', 'ACK'), 1);
    const socket = await world.kernelConnect(listener.port);
    await socket.connected();
    await until(() => lost.count === 1, 'the ACK to be lost');
    await socket.write(3, 500);
    const flow = await listener.accept();
    await flow.untilReceived(500);
    await talk(flow, socket);
  }),
];
