/**
 * Owns: initial sequence numbers and timestamp offsets (RFC 9293 3.4.1, RFC 6528; RFC 7323 7.1): a clock that ticks
 * every 4 microseconds plus a keyed hash of the connection's ends (SHLD-1). The key is given; it never leaves (MUST-9).
 */

import { type Key128, siphash } from '../base/siphash.ts';
import { putWords } from '../wire/address.ts';
import { type Seq, seq } from '../wire/seq.ts';
import type { Ends } from './env.ts';

const words = new Int32Array(10);

function hashEnds(key: Key128, ends: Ends, salt: number): number {
  const at = putWords(words, putWords(words, 0, ends.local), ends.remote);
  words[at] = (ends.localPort << 16) | ends.remotePort;
  words[at + 1] = salt;
  return siphash(key, words, 10).lo;
}

/** Ticks of the ISN clock in a millisecond (MUST-8: about one every 4 microseconds). */
const TICKS = 250;

/** ISN = M + F(local, remote, key). `now` in ms. */
export function initialSequence(key: Key128, ends: Ends, now: number): Seq {
  return seq((Math.floor(now * TICKS) % 4294967296) + hashEnds(key, ends, 0x49534e));
}

export function timestampOffset(key: Key128, ends: Ends): Seq {
  return seq(hashEnds(key, ends, 0x5453));
}
