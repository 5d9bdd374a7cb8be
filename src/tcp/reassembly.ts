/**
 * Owns: putting text in its place (SHLD-31). In-order text extends `rcv.text`; text beyond a gap goes straight to where it will
 * belong in the same ring and is remembered as a range. The memory is the receive buffer's, whatever arrives; the ranges
 * have a bound. Octets that came first win over octets that overlap them.
 */

import { diff, ge, gt, le, lt, max, type Seq, seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import type { Tcb } from './tcb.ts';

/**
 * Takes `length` octets of text that stand at `start`, which lies in the window and not before RCV.NXT.
 * RCV.NXT advances over whatever is now in order.
 *
 * @returns false when the text was dropped because there are too many ranges already
 */
export function takeText(tcb: Tcb, env: TcpEnv, start: Seq, data: Uint8Array, offset: number, length: number): boolean {
  const rcv = tcb.rcv;
  if (rcv.held === null && start === rcv.nxt) {
    rcv.text.push(env.buffers, data, offset, length);
    rcv.nxt = seq(rcv.nxt + length);
    return true;
  }
  if (!hold(tcb, env, start, data, offset, length)) return false;
  advance(tcb);
  return true;
}

/** Remembers text without advancing RCV.NXT (text on a SYN waits like this for ESTABLISHED). */
export function hold(tcb: Tcb, env: TcpEnv, start: Seq, data: Uint8Array, offset: number, length: number): boolean {
  if (length <= 0) return true;
  const rcv = tcb.rcv;
  const end = seq(start + length);
  rcv.held ??= [];
  const held = rcv.held;

  // The ranges [first, last) touch or overlap the new one and become one with it.
  const first = lowerBound(held, start);
  let last = first;
  while (last < held.length && le(held[last]!, end)) last += 2;
  if (first === last && held.length >= 2 * env.config.maxReorderRanges && gt(start, rcv.nxt)) {
    if (held.length === 0) rcv.held = null;
    env.counters.TcpExtTCPOFODrop++;
    return false;
  }

  if (last - first === 2 && le(held[first]!, start) && ge(held[first + 1]!, end)) noteTwice(tcb, start, end);
  // Write only the parts that are not there yet.
  const base = rcv.text.length;
  let at = start;
  for (let i = first; i < last && lt(at, end); i += 2) {
    if (lt(at, held[i]!)) put(tcb, env, base, at, held[i]!, start, data, offset);
    at = max(at, held[i + 1]!);
  }
  if (lt(at, end)) put(tcb, env, base, at, end, start, data, offset);

  let left = start;
  let right = end;
  if (first < last) {
    if (lt(held[first]!, left)) left = held[first]!;
    right = max(right, held[last - 1]!);
  }
  if (last - first === 2) {
    held[first] = left;
    held[first + 1] = right;
  } else {
    held.splice(first, last - first, left, right);
  }
  rcv.heldLast = start;
  return true;
}

/** Moves RCV.NXT over a held range that begins there. */
export function advance(tcb: Tcb): void {
  const rcv = tcb.rcv;
  const held = rcv.held;
  if (held === null || gt(held[0]!, rcv.nxt)) return;
  const right = held[1]!;
  const count = diff(right, rcv.nxt);
  if (count > 0) {
    rcv.text.extend(count);
    rcv.nxt = right;
  }
  if (held.length === 2) rcv.held = null;
  else held.splice(0, 2);
}

function put(
  tcb: Tcb,
  env: TcpEnv,
  base: number,
  from: Seq,
  to: Seq,
  start: Seq,
  data: Uint8Array,
  offset: number,
): void {
  const at = base + diff(from, tcb.rcv.nxt);
  tcb.rcv.text.put(env.buffers, at, data, offset + diff(from, start), diff(to, from));
}

/** Index of the first range whose right edge is not before `start`. */
function lowerBound(held: readonly Seq[], start: Seq): number {
  let low = 0;
  let high = held.length >> 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ge(held[middle * 2 + 1]!, start)) high = middle;
    else low = middle + 1;
  }
  return low * 2;
}

/** [left, right) has come a second time: the peer may like to know that it need not have sent it (RFC 2883 4). */
export function noteTwice(tcb: Tcb, left: Seq, right: Seq): void {
  if (!tcb.sack) return;
  tcb.rcv.twiceLeft = left;
  tcb.rcv.twiceRight = right;
}

/**
 * The SACK blocks to report: what came twice (RFC 2883 4), then the range that arrived last, then the others (RFC 2018 4),
 * at most `limit`.
 *
 * @returns the number of blocks written to `blocks` as pairs
 */
export function sackBlocks(tcb: Tcb, blocks: Seq[], limit: number): number {
  const { held, twiceLeft, twiceRight } = tcb.rcv;
  let count = 0;
  if (twiceLeft !== twiceRight) {
    blocks[0] = twiceLeft;
    blocks[1] = twiceRight;
    count = 1;
  }
  if (held === null) return count;
  const recent = Math.min(lowerBound(held, tcb.rcv.heldLast), held.length - 2);
  blocks[count * 2] = held[recent]!;
  blocks[count * 2 + 1] = held[recent + 1]!;
  count++;
  for (let i = 0; i < held.length && count < limit; i += 2) {
    if (i === recent) continue;
    blocks[count * 2] = held[i]!;
    blocks[count * 2 + 1] = held[i + 1]!;
    count++;
  }
  return count;
}
