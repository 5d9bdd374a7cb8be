/**
 * Owns: putting text in its place (SHLD-31). In-order text extends `rcv.text`; text beyond a gap goes straight to where it will
 * belong in the same ring and is remembered as a range. The memory is the receive buffer's, whatever arrives; the ranges
 * have a bound. Octets that came first win over octets that overlap them.
 */

import { add, diff, ge, gt, lt, type Seq, seq } from '../wire/seq.ts';
import type { TcpEnv } from './env.ts';
import type { Ranges } from './ranges.ts';
import { Held, type Tcb } from './tcb.ts';

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
  const held = rcv.held ?? new Held();
  const { ranges } = held;
  if (ranges.count >= mostRanges(tcb, env) && gt(start, rcv.nxt) && isApart(ranges, start, end)) {
    env.counters.TcpExtTCPOFODrop++;
    return false;
  }
  rcv.held = held;
  noteOverlap(tcb, ranges, start, end);
  // Write only the parts that are not there yet.
  const base = rcv.text.length;
  for (let at = start; lt(at, end) && ranges.findHole(at, end); at = ranges.right) {
    const { left, right } = ranges;
    rcv.text.put(env.buffers, base + diff(left, rcv.nxt), data, offset + diff(left, start), diff(right, left));
  }
  ranges.add(start, end);
  if (gt(start, rcv.nxt)) noteRecent(held.recent, start, ranges.left, ranges.right);
  return true;
}

/** Of [start, end) the first part that is there already has come twice (RFC 2883 4.1, 4.2). */
function noteOverlap(tcb: Tcb, ranges: Ranges, start: Seq, end: Seq): void {
  if (!ranges.findHole(start, end)) {
    noteTwice(tcb, start, end);
    return;
  }
  const { left, right } = ranges;
  if (left !== start) noteTwice(tcb, start, left);
  else if (lt(right, end)) noteTwice(tcb, right, ranges.findHole(right, end) ? ranges.left : end);
}

/** Ranges that one connection may have: enough for every second segment of its window to be missing. */
function mostRanges(tcb: Tcb, env: TcpEnv): number {
  return Math.min(env.config.maxReorderRanges, Math.max(tcb.rcv.buffer >> 10, 512));
}

/** [start, end) would be a range of its own. */
function isApart(ranges: Ranges, start: Seq, end: Seq): boolean {
  return !ranges.find(add(start, -1)) || gt(ranges.left, end);
}

/** The range [left, right), in which `at` lies, has grown last: the others step back. */
function noteRecent(recent: Seq[], at: Seq, left: Seq, right: Seq): void {
  let i = 0;
  while (i < recent.length && (lt(recent[i]!, left) || ge(recent[i]!, right))) i++;
  if (i === recent.length && i < MOST_BLOCKS) recent.push(at);
  for (i = Math.min(i, recent.length - 1); i > 0; i--) recent[i] = recent[i - 1]!;
  recent[0] = at;
}

/** What lies before `nxt` is held no more: the others move up, so that they are repeated (RFC 2018 4). */
function forgetRecent(recent: Seq[], nxt: Seq): void {
  let kept = 0;
  for (const at of recent) if (!lt(at, nxt)) recent[kept++] = at;
  recent.length = kept;
}

/** SACK blocks that have room in a header (RFC 2018 3). */
const MOST_BLOCKS = 4;

/** Moves RCV.NXT over a held range that begins there. */
export function advance(tcb: Tcb): void {
  const rcv = tcb.rcv;
  if (rcv.held === null) return;
  const { ranges } = rcv.held;
  if (!ranges.find(seq(rcv.nxt - 1)) || gt(ranges.left, rcv.nxt)) return;
  const { right } = ranges;
  const count = diff(right, rcv.nxt);
  if (count > 0) {
    rcv.text.extend(count);
    rcv.nxt = right;
  }
  ranges.dropBefore(rcv.nxt);
  if (ranges.count === 0) rcv.held = null;
  else forgetRecent(rcv.held.recent, rcv.nxt);
}

/** [left, right) has come a second time: the peer may like to know that it need not have sent it (RFC 2883 4). */
export function noteTwice(tcb: Tcb, left: Seq, right: Seq): void {
  if (!tcb.sack) return;
  tcb.rcv.twiceLeft = left;
  tcb.rcv.twiceRight = right;
}

/**
 * The SACK blocks to report: what came twice (RFC 2883 4), then the range that arrived last, then those that did before it
 * (RFC 2018 4), then the lowest others; at most `limit`.
 *
 * @returns the number of blocks written to `blocks` as pairs
 */
export function sackBlocks(tcb: Tcb, blocks: Seq[], limit: number): number {
  const { held, twiceLeft, twiceRight, nxt } = tcb.rcv;
  let count = 0;
  if (twiceLeft !== twiceRight) {
    blocks[0] = twiceLeft;
    blocks[1] = twiceRight;
    count = 1;
  }
  if (held === null) return count;
  const first = count;
  const { ranges, recent } = held;
  for (let i = 0; i < recent.length && count < limit; i++) {
    const at = recent[i]!;
    if (lt(at, nxt) || !ranges.find(at)) continue;
    count = report(blocks, first, count, ranges.left, ranges.right);
  }
  for (let at = nxt; count < limit && count - first < ranges.count && ranges.find(at); at = ranges.right) {
    count = report(blocks, first, count, ranges.left, ranges.right);
  }
  return count;
}

/** Adds a block unless it is among those from `first` on. @returns the number of blocks */
function report(blocks: Seq[], first: number, count: number, left: Seq, right: Seq): number {
  for (let i = first; i < count; i++) if (blocks[2 * i] === left) return count;
  blocks[2 * count] = left;
  blocks[2 * count + 1] = right;
  return count + 1;
}
