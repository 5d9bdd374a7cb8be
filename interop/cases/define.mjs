/** Owns: how a case is written down, and what many of them do. */

import assert from 'node:assert/strict';
import { patternDigest } from '../pattern.mjs';
import { until } from '../wait.mjs';

/**
 * A case: a title that is a fact, and a function that finds out. It runs for IPv4 and for IPv6.
 *
 * `settings`: world (options of `World.open`), allow (the flags of Wireshark that the case explains), lane (which
 * cases run beside it: see `LANES` in `suite.mjs`), limit (ms). `run` is given `{ world, quick, family, note, directory }`.
 */
export function test(title, settings, run) {
  return { title, ...settings, run };
}

/** For cases that stop segments on the wire: nobody sends again while states are looked at. */
export const SLOW = { rtoMin: 5000 };

/**
 * Flow control at work: a sender that has used all of the window, a reader that is slower than the sender for a moment and
 * says so, and again when there is room. Nothing wrong with that.
 */
export const BENIGN = ['window_full', 'window_update', 'zero_window', 'zero_window_probe', 'zero_window_probe_ack'];

/** A little text each way, all of it acknowledged in the end. */
export async function talk(flow, socket) {
  const { received } = flow;
  const before = (await socket.now()).received;
  await Promise.all([flow.write(1, 1000), socket.write(2, 2000)]);
  await Promise.all([flow.untilReceived(received + 2000), socket.received(before + 1000)]);
  const { timers } = flow.socket.tcb;
  await until(() => timers.delayedAck === Number.POSITIVE_INFINITY, 'the delayed ACK');
}

/** So much text each way at once, then both close. Digests must agree. @returns seconds it took */
export async function exchange({ flow, socket }, octets, limit) {
  const began = performance.now();
  const [up, down] = [
    { seed: 5, octets },
    { seed: 6, octets },
  ];
  const send = async (side, { seed, octets: count }) => {
    await side.write(seed, count, limit);
    await side.end();
  };
  await Promise.all([send(flow, up), send(socket, down), flow.untilEnd(limit), socket.received(octets, limit)]);
  const seconds = (performance.now() - began) / 1000;
  await Promise.all([flow.untilClosed(), socket.closed()]);
  assert.equal(flow.error, null);
  assert.equal(socket.state.error, null);
  assert.equal(flow.received, octets);
  assert.equal(flow.digest(), patternDigest(down.seed, octets));
  assert.equal(await socket.digest(), patternDigest(up.seed, octets));
  return seconds;
}
