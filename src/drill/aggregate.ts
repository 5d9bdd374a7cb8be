/**
 * Owns: segments that a script may write as one. A script's large segment is what a host with segmentation offload hands to its
 * device; one without sends the same in several.
 */

import type { LivePacket, LiveTcp } from './live.ts';

export interface SegmentPacket extends LivePacket {
  readonly content: LiveTcp;
}

const FIN = 0x01;
const PSH = 0x08;
const CWR = 0x80;
const MAY_DIFFER = FIN | PSH | CWR;

/**
 * Why `next` cannot be more of what `before` began, or null: it must continue it, with the same header but for FIN, PSH and CWR,
 * and all pieces but the last are of one size.
 *
 * @param rest octets that are still missing
 */
export function whyNotPart(before: SegmentPacket, next: SegmentPacket, rest: number): string | null {
  const a = before.content;
  const b = next.content;
  if (((a.flags ^ b.flags) & ~MAY_DIFFER) !== 0) return 'the flags differ';
  if (b.seq !== (a.seq + a.length) >>> 0) return 'it does not follow';
  if (a.ack !== b.ack) return 'the acknowledgment differs';
  if (a.window !== b.window) return 'the window differs';
  if (a.urgent !== b.urgent) return 'the urgent pointer differs';
  if (optionKinds(a) !== optionKinds(b)) return 'the options differ';
  if (b.length < rest && b.length !== a.length) return 'the pieces are not of one size';
  return null;
}

function optionKinds(segment: LiveTcp): string {
  return segment.options.map((option) => option.kind).join();
}

/** One packet of several: the place and CWR of the first, everything else of the last. */
export function aggregate(parts: readonly SegmentPacket[]): SegmentPacket {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  if (first === last) return first;
  return {
    ...last,
    content: {
      ...last.content,
      seq: first.content.seq,
      flags: (last.content.flags & ~CWR) | (first.content.flags & CWR),
      length: parts.reduce((sum, part) => sum + part.content.length, 0),
      zeros: parts.every((part) => part.content.zeros),
    },
  };
}
