/** Owns: the text of a sequence range, `1:1001(1000)`, of TCP segments and of what ICMP quotes of them. */

import type { Cursor } from './cursor.ts';

const U16 = 0xffff;
const U32 = 0xffff_ffff;

/** `seq:end(length)`; end is what follows, modulo 2^32. */
export function parseSequence(cursor: Cursor): { readonly seq: number; readonly length: number } {
  const first = cursor.peek();
  if (first.kind !== 'integer') throw cursor.found('a sequence range such as 1:1001(1000)');
  const seq = cursor.integer('the sequence number', U32);
  cursor.expect(':', 'and the end of the sequence range');
  const ending = cursor.peek();
  const end = cursor.integer('the end of the sequence range', U32);
  cursor.expect('(', 'and the length');
  const length = cursor.integer('the length', U16);
  cursor.expect(')', 'after the length');
  const right = sequenceEnd(seq, length);
  if (end === right) return { seq, length };
  throw cursor.error(ending.at, `${seq} and ${length} octets end at ${right}, found ${end}`);
}

/** The sequence number after so many octets. */
export function sequenceEnd(seq: number, length: number): number {
  return (seq + length) % (U32 + 1);
}
