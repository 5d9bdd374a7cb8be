/** Owns: how connections end (RFC 9293 3.6, 3.5.3): the close of either side, of both at once, of one direction, and resets. */

import assert from 'node:assert/strict';
import { patternDigest } from '../pattern.mjs';
import { until } from '../wait.mjs';
import { BENIGN, SLOW, talk, test } from './define.mjs';

const MSL = 1000;
const OPENERS = ['kernel', 'tsyn'];

function watch(world, flow, socket) {
  const [kernelPort, tsynPort] = [socket.state.localPort, flow.localPort];
  return (kernel, tsyn) => world.states(kernelPort, tsynPort, kernel, tsyn);
}

const kernelFirst = (opener) =>
  test(`the kernel closes first what ${opener === 'kernel' ? 'it' : 'tsyn'} has opened`, { world: SLOW }, async ({
    world,
  }) => {
    const { flow, socket } = await world.pair(opener);
    await talk(flow, socket);
    const states = watch(world, flow, socket);
    const fin = world.freeze('kernel', 'FIN');
    await socket.end();
    await fin.caught();
    await states('FIN-WAIT-1', 'ESTABLISHED');
    const ack = world.freeze('tsyn', 'ACK');
    fin.go();
    await ack.caught();
    await states('FIN-WAIT-1', 'CLOSE-WAIT');
    ack.go();
    await states('FIN-WAIT-2', 'CLOSE-WAIT');
    const secondFin = world.freeze('tsyn', 'FIN');
    flow.end();
    await secondFin.caught();
    await states('FIN-WAIT-2', 'LAST-ACK');
    const lastAck = world.freeze('kernel', 'ACK');
    secondFin.go();
    await lastAck.caught();
    await states('TIME-WAIT', 'LAST-ACK');
    lastAck.go();
    await states('TIME-WAIT', 'CLOSED');
    await flow.untilClosed();
    assert.equal(flow.error, null);
    await socket.closed();
    assert.equal(socket.state.error, null);
  });

const tsynFirst = (opener) =>
  test(`tsyn closes first what ${opener === 'tsyn' ? 'it' : 'the kernel'} has opened`, {
    world: { ...SLOW, tcp: { msl: MSL } },
  }, async ({ world }) => {
    const { flow, socket } = await world.pair(opener);
    await talk(flow, socket);
    const states = watch(world, flow, socket);
    const fin = world.freeze('tsyn', 'FIN');
    flow.end();
    await fin.caught();
    await states('ESTABLISHED', 'FIN-WAIT-1');
    const ack = world.freeze('kernel', 'ACK');
    fin.go();
    await ack.caught();
    await states('CLOSE-WAIT', 'FIN-WAIT-1');
    ack.go();
    await states('CLOSE-WAIT', 'FIN-WAIT-2');
    const secondFin = world.freeze('kernel', 'FIN');
    await socket.end();
    await secondFin.caught();
    await states('LAST-ACK', 'FIN-WAIT-2');
    const lastAck = world.freeze('tsyn', 'ACK');
    secondFin.go();
    const began = performance.now();
    await lastAck.caught();
    await states('LAST-ACK', 'TIME-WAIT');
    lastAck.go();
    await states('CLOSED', 'TIME-WAIT');
    await flow.untilClosed();
    assert.equal(flow.error, null);
    await states('CLOSED', 'CLOSED');
    const waited = performance.now() - began;
    assert.ok(waited >= 2 * MSL - 5, `TIME-WAIT lasted ${waited} ms`);
  });

const reset = (opener, resetter) =>
  test(`a reset by ${resetter === 'kernel' ? 'the kernel' : 'tsyn'} ends what ${opener === 'kernel' ? 'the kernel' : 'tsyn'} has opened`, {}, async ({
    world,
  }) => {
    const { flow, socket } = await world.pair(opener);
    await talk(flow, socket);
    if (resetter === 'kernel') await socket.reset();
    else flow.abort();
    await flow.untilClosed();
    await socket.closed();
    assert.equal(flow.error?.code ?? null, resetter === 'kernel' ? 'ECONNRESET' : null);
    assert.equal(socket.state.error, resetter === 'kernel' ? null : 'ECONNRESET');
    await watch(world, flow, socket)('CLOSED', 'CLOSED');
  });

export const close = [
  ...OPENERS.map(kernelFirst),
  ...OPENERS.map(tsynFirst),

  test('FINs that cross take both sides through CLOSING', { world: { ...SLOW, tcp: { msl: MSL } } }, async ({
    world,
  }) => {
    const { flow, socket } = await world.pair('kernel');
    await talk(flow, socket);
    const states = watch(world, flow, socket);
    const fins = [world.freeze('kernel', 'FIN'), world.freeze('tsyn', 'FIN')];
    await socket.end();
    flow.end();
    for (const fin of fins) await fin.caught();
    await states('FIN-WAIT-1', 'FIN-WAIT-1');
    const acks = [world.freeze('kernel', 'ACK'), world.freeze('tsyn', 'ACK')];
    for (const fin of fins) fin.go();
    for (const ack of acks) await ack.caught();
    await states('CLOSING', 'CLOSING');
    for (const ack of acks) ack.go();
    await states('TIME-WAIT', 'TIME-WAIT');
    await flow.untilClosed();
    assert.equal(flow.error, null);
    await states('TIME-WAIT', 'CLOSED');
  }),

  test('tsyn sends 10 MiB to a kernel that has closed its direction', { allow: BENIGN }, async ({ world, quick }) => {
    const octets = (quick ? 1 : 10) * 2 ** 20;
    const { flow, socket } = await world.pair('kernel');
    await socket.write(7, 1000);
    await socket.end();
    await flow.untilEnd();
    const states = watch(world, flow, socket);
    await states('FIN-WAIT-2', 'CLOSE-WAIT');
    await flow.write(8, octets);
    await socket.received(octets);
    await states('FIN-WAIT-2', 'CLOSE-WAIT');
    flow.end();
    await socket.closed();
    assert.equal(await socket.digest(), patternDigest(8, octets));
    assert.equal(flow.digest(), patternDigest(7, 1000));
    await states('TIME-WAIT', 'CLOSED');
  }),

  test('the kernel sends 10 MiB to a tsyn that has closed its direction', { allow: BENIGN }, async ({
    world,
    quick,
  }) => {
    const octets = (quick ? 1 : 10) * 2 ** 20;
    const { flow, socket } = await world.pair('tsyn');
    await flow.write(7, 1000);
    flow.end();
    await socket.ended();
    const states = watch(world, flow, socket);
    await states('CLOSE-WAIT', 'FIN-WAIT-2');
    await socket.write(8, octets);
    await flow.untilReceived(octets);
    await states('CLOSE-WAIT', 'FIN-WAIT-2');
    await socket.end();
    await flow.untilEnd();
    assert.equal(flow.digest(), patternDigest(8, octets));
    assert.equal(await socket.digest(), patternDigest(7, 1000));
    await states('CLOSED', 'TIME-WAIT');
  }),

  ...OPENERS.map((opener) => reset(opener, 'kernel')),
  ...OPENERS.map((opener) => reset(opener, 'tsyn')),

  test('what the kernel left unread when it closed comes back as a reset', {}, async ({ world }) => {
    const { flow, socket } = await world.pair('tsyn', { options: { paused: true } });
    await flow.write(9, 5000);
    await until(() => flow.socket.writableLength === 0, 'the text to be acknowledged');
    await world.kernel.kill();
    await flow.untilClosed();
    assert.equal(flow.error?.code, 'ECONNRESET');
    assert.equal(await world.kernelStateOf(socket.state.localPort, flow.localPort), 'CLOSED');
  }),

  test('what tsyn left unread when it closed comes back as a reset', {}, async ({ world }) => {
    const { flow, socket } = await world.pair('kernel', { flow: { paused: true } });
    await socket.write(9, 5000);
    await until(() => flow.socket.readableLength === 5000, 'the text at tsyn');
    world.wake();
    flow.socket.destroy();
    await socket.closed();
    assert.equal(socket.state.error, 'ECONNRESET');
  }),
];
