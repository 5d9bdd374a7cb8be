/**
 * Owns: what the handshake, the four-way close and TIME-WAIT are for, with the kernel as the witness: old SYNs, lost last
 * ACKs, port pairs used again, hosts that crash (RFC 9293 3.5, 3.5.1, 3.6.1, RFC 6191, RFC 5961 4).
 */

import assert from 'node:assert/strict';
import { moved } from '../packets.mjs';
import { sleep, until } from '../wait.mjs';
import { talk, test } from './define.mjs';

const PORT = 50_001;
const MSL = 1500;

/** What a SYN that comes back, or that only one of the captures shows, looks like to Wireshark. */
const OLD_SYN = [
  'reused_ports',
  'retransmission',
  'spurious_retransmission',
  'out_of_order',
  'duplicate_ack',
  'keep_alive',
  'lost_segment',
  'ack_lost_segment',
  'tfo_ack',
];

const FAULTS = { faults: true, rtoMin: 2000 };
const WAITING = { ...FAULTS, tcp: { msl: MSL } };

/** A connection of the kernel's from {@link PORT}, closed without leaving anything at either side. @returns its SYN */
async function past(world, listener) {
  const syns = world.record('kernel', 'SYN');
  const socket = await world.kernelConnect(listener.port, { localPort: PORT });
  const flow = await listener.accept();
  await talk(flow, socket);
  await socket.reset();
  await flow.untilClosed();
  await world.states(PORT, listener.port, 'CLOSED', 'CLOSED');
  return syns[0];
}

/** tsyn closes first a connection from the kernel's {@link PORT}, and stays in TIME-WAIT alone. */
async function timeWait(world, listener) {
  const socket = await world.kernelConnect(listener.port, { localPort: PORT });
  const flow = await listener.accept();
  await talk(flow, socket);
  flow.end();
  await socket.ended();
  await socket.end();
  await flow.untilClosed();
  await socket.closed();
  await world.states(PORT, listener.port, 'CLOSED', 'TIME-WAIT');
}

export const mission = [
  test('an old SYN gets a SYN,ACK, the kernel resets it, and tsyn listens as before', {
    world: FAULTS,
    allow: OLD_SYN,
  }, async ({ world }) => {
    const listener = world.listen();
    const syn = await past(world, listener);
    const synAcks = world.record('tsyn', 'SYN,ACK');
    const resets = world.record('kernel', 'RST');
    const reset = world.freeze('kernel', 'RST');
    world.inject(syn);
    await reset.caught();
    await world.states(PORT, listener.port, 'CLOSED', 'SYN-RECEIVED');
    assert.equal(listener.listener.halfOpen, 1);
    reset.go();
    await world.states(PORT, listener.port, 'CLOSED', 'CLOSED');
    assert.equal(listener.listener.halfOpen, 0);
    assert.deepEqual([synAcks.length, resets.length], [1, 1]);
    assert.equal(listener.flows.length, 1, 'nobody heard of it');
    const socket = await world.kernelConnect(listener.port, { localPort: PORT });
    await talk(await listener.accept(), socket);
  }),

  test('an old SYN on a live connection gets a challenge ACK, and the connection lives', {
    world: FAULTS,
    allow: OLD_SYN,
  }, async ({ world }) => {
    const listener = world.listen();
    const syn = await past(world, listener);
    const socket = await world.kernelConnect(listener.port, { localPort: PORT });
    const flow = await listener.accept();
    await talk(flow, socket);
    const acks = world.record('tsyn', 'ACK');
    world.inject(syn);
    await until(() => acks.length > 0, 'a challenge ACK');
    assert.equal(world.tcpCounters.TcpExtTCPChallengeACK, 1);
    await talk(flow, socket);
    await world.states(PORT, listener.port, 'ESTABLISHED', 'ESTABLISHED');
  }),

  test('a last ACK that is lost is said again by tsyn in TIME-WAIT, which begins anew', {
    world: { faults: true, rtoMin: 800, tcp: { msl: MSL } },
    allow: ['retransmission', 'spurious_retransmission', 'duplicate_ack', 'out_of_order'],
  }, async ({ world }) => {
    const { flow, socket } = await world.pair('kernel');
    await talk(flow, socket);
    const states = (kernel, tsyn) => world.states(socket.state.localPort, flow.localPort, kernel, tsyn);
    flow.end();
    await states('CLOSE-WAIT', 'FIN-WAIT-2');
    const lost = world.wire.drop(world.are('tsyn', 'ACK'), 1);
    await socket.end();
    await states('LAST-ACK', 'TIME-WAIT');
    assert.equal(lost.count, 1);
    const due = performance.now() + world.entryOf(flow.localPort, flow.remotePort).timeLeft;
    await states('CLOSED', 'TIME-WAIT');
    const later = performance.now() + world.entryOf(flow.localPort, flow.remotePort).timeLeft - due;
    assert.ok(later > 300, `TIME-WAIT ends only ${later} ms later`);
    await socket.closed();
    assert.equal(socket.state.error, null);
    assert.equal(flow.error, null);
    await states('CLOSED', 'CLOSED');
  }),

  test('a last ACK that is lost is said again by the kernel in TIME-WAIT to tsyn in LAST-ACK', {
    world: { faults: true, rtoMin: 800 },
    allow: ['retransmission', 'spurious_retransmission', 'duplicate_ack', 'out_of_order'],
  }, async ({ world }) => {
    const { flow, socket } = await world.pair('tsyn');
    await talk(flow, socket);
    const states = (kernel, tsyn) => world.states(socket.state.localPort, flow.localPort, kernel, tsyn);
    await socket.end();
    await states('FIN-WAIT-2', 'CLOSE-WAIT');
    const lost = world.wire.drop(world.are('kernel', 'ACK'), 1);
    flow.end();
    await states('TIME-WAIT', 'LAST-ACK');
    assert.equal(lost.count, 1);
    await states('TIME-WAIT', 'CLOSED');
    assert.equal(flow.closed, true);
    assert.equal(flow.error, null);
  }),

  test('a newer SYN of the kernel opens the pair that tsyn keeps in TIME-WAIT', {
    world: WAITING,
    allow: OLD_SYN,
  }, async ({ world }) => {
    const listener = world.listen();
    await timeWait(world, listener);
    const socket = await world.kernelConnect(listener.port, { localPort: PORT });
    await talk(await listener.accept(), socket);
    await world.states(PORT, listener.port, 'ESTABLISHED', 'ESTABLISHED');
    assert.equal(world.tcpCounters.TcpExtTWRecycled, 1);
  }),

  test('a newer SYN of tsyn opens the pair that the kernel keeps in TIME-WAIT', {
    world: WAITING,
    allow: OLD_SYN,
  }, async ({ world }) => {
    const server = await world.kernel.listen(world.kernelAddress);
    const first = world.connect(server.port, { localPort: PORT });
    const socket = await server.accept();
    await talk(first, socket);
    await socket.end();
    await first.untilEnd();
    first.end();
    await first.untilClosed();
    await world.states(server.port, PORT, 'TIME-WAIT', 'CLOSED');
    const second = world.connect(server.port, { localPort: PORT });
    await talk(second, await server.accept());
    await world.states(server.port, PORT, 'ESTABLISHED', 'ESTABLISHED');
  }),

  test('an old SYN does not open the pair that tsyn keeps in TIME-WAIT', { world: WAITING, allow: OLD_SYN }, async ({
    world,
  }) => {
    const listener = world.listen();
    const syn = await past(world, listener);
    await timeWait(world, listener);
    const answers = world.record('tsyn', 'any');
    world.inject(syn);
    await sleep(100);
    assert.equal(answers.length, 0);
    assert.equal(world.tcpCounters.TcpExtTWRecycled, 0);
    await world.states(PORT, listener.port, 'CLOSED', 'TIME-WAIT');
  }),

  test('a SYN that looked newer and proves old leaves the rest of TIME-WAIT as it was', {
    world: WAITING,
    allow: OLD_SYN,
  }, async ({ world }) => {
    const listener = world.listen();
    const syns = world.record('kernel', 'SYN');
    await timeWait(world, listener);
    const ends = () => world.stack.now() + world.entryOf(listener.port, PORT).timeLeft;
    const due = ends();
    const reset = world.freeze('kernel', 'RST');
    world.inject(moved(syns[0], { sequence: 1_000_000, timestamp: 10_000 }));
    await reset.caught();
    await world.states(PORT, listener.port, 'CLOSED', 'SYN-RECEIVED');
    await sleep(300);
    reset.go();
    await world.states(PORT, listener.port, 'CLOSED', 'TIME-WAIT');
    // What was left when it was interrupted is left now.
    const later = ends() - due;
    const times = ['SYN-RECEIVED', 'TIME-WAIT'].map((to) => world.enteredAt(to));
    const asleep = times[1] - times[0];
    assert.ok(asleep > 250 && Math.abs(later - asleep) < 1, `it ends ${later} ms later, after ${asleep} ms asleep`);
    assert.equal(world.tcpCounters.TcpTimeWaitResumed, 1);
    assert.equal(listener.flows.length, 1);
    await world.states(PORT, listener.port, 'CLOSED', 'CLOSED');
  }),

  test('a kernel that crashed and came back resets what tsyn still thinks open', {
    world: FAULTS,
    allow: ['lost_segment', 'ack_lost_segment'],
  }, async ({ world }) => {
    const { flow, socket } = await world.pair('tsyn', { options: { paused: true } });
    await flow.write(4, 1000);
    await until(() => flow.socket.writableLength === 0, 'the text to be acknowledged');
    const { localPort } = socket.state;
    const hole = world.wire.drop((_packet, direction) => direction === 'receive');
    // With text unread the kernel's farewell is a reset, said once.
    await world.kernel.kill();
    await until(() => hole.count > 0, 'the reset to be lost');
    await world.states(localPort, flow.localPort, 'CLOSED', 'ESTABLISHED');
    hole.stop();
    const server = await world.newKernel().listen(world.kernelAddress, localPort);
    await flow.write(4, 100);
    await flow.untilClosed();
    assert.equal(flow.error?.code, 'ECONNRESET');
    const again = world.connect(server.port);
    await talk(again, await server.accept());
  }),

  test('a kernel that crashed and connects from the same port gets through to a tsyn that still thinks it open', {
    world: FAULTS,
    allow: OLD_SYN,
  }, async ({ world }) => {
    const listener = world.listen({ paused: true });
    const socket = await world.kernelConnect(listener.port, { localPort: PORT, paused: true });
    const old = await listener.accept();
    await old.write(4, 1000);
    await until(() => old.socket.writableLength === 0, 'the text to be acknowledged');
    await socket.connected();
    const hole = world.wire.drop((_packet, direction) => direction === 'receive');
    await world.kernel.kill();
    await until(() => hole.count > 0, 'the reset to be lost');
    await world.states(PORT, listener.port, 'CLOSED', 'ESTABLISHED');
    hole.stop();
    // RFC 9293 figure 9: SYN, challenge ACK, RST, and the SYN again.
    const again = await world.kernelConnect(listener.port, { localPort: PORT, kernel: world.newKernel() });
    await old.untilClosed();
    assert.equal(old.error?.code, 'ECONNRESET');
    const flow = await listener.accept();
    flow.resume();
    await talk(flow, again);
  }),

  test('a tsyn that crashed and came back resets what the kernel still thinks open', { world: FAULTS }, async ({
    world,
  }) => {
    const { flow, socket } = await world.pair('kernel');
    await talk(flow, socket);
    world.attach();
    await sleep(50);
    assert.equal(world.kernelStateOf(socket.state.localPort, flow.localPort), 'ESTABLISHED');
    await socket.write(4, 100);
    await socket.closed();
    assert.equal(socket.state.error, 'ECONNRESET');
    assert.equal(world.tcpCounters.TcpOutRsts, 1);
    const fresh = await world.pair('kernel');
    await talk(fresh.flow, fresh.socket);
  }),

  test('a tsyn that crashed and connects from the same port gets through to a kernel that still thinks it open', {
    world: FAULTS,
    allow: OLD_SYN,
  }, async ({ world }) => {
    const server = await world.kernel.listen(world.kernelAddress);
    const first = world.connect(server.port, { localPort: PORT });
    const old = await server.accept();
    await talk(first, old);
    world.attach();
    const second = world.connect(server.port, { localPort: PORT });
    await old.closed();
    assert.equal(old.state.error, 'ECONNRESET');
    await talk(second, await server.accept());
  }),
];
