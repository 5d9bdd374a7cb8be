/** Owns: how a time, a packet and its numbers are said: on the ladder, in lists, and to those who listen. */

import { computed } from '@preact/signals';
import type { PacketRecord } from '../../engine/types.ts';
import type { Words } from '../../words/index.ts';
import { relative, run } from '../store.ts';

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
const ACK = 16;

export type Kind = 'syn' | 'data' | 'ack' | 'fin' | 'rst';

/** What a segment is for, by what is rarest in it. */
export function kindOf({ segment: { flags, length } }: Pick<PacketRecord, 'segment'>): Kind {
  if (flags & RST) return 'rst';
  if (flags & SYN) return 'syn';
  if (flags & FIN) return 'fin';
  return length > 0 ? 'data' : 'ack';
}

/** Milliseconds, with as many decimals as are worth reading. */
export function clock(time: number): string {
  return Number.isInteger(time) ? String(time) : time.toFixed(time < 1000 ? 1 : 0);
}

/** `40 ms`, `60 s`. */
export function span(ms: number): string {
  return ms < 1000 ? `${clock(ms)} ms` : `${clock(ms / 1000)} s`;
}

/** Each packet's sequence and acknowledgment number from its connection's first one, by packet - 1. */
const counted = computed(() => {
  const first = new Map<string, number>();
  return (run.value?.packets ?? []).map(({ claims, segment: { seq, ack, flags, srcPort, dstPort } }) => {
    const ours = `${claims} ${srcPort} ${dstPort}`;
    const theirs = `${srcPort} ${dstPort}`;
    if (flags & SYN || !first.has(ours)) {
      first.set(ours, seq);
      for (const other of ['A', 'B', 'C']) {
        if (other !== claims) first.set(`to ${other} ${theirs}`, seq);
      }
    }
    const base = first.get(`to ${claims} ${dstPort} ${srcPort}`);
    // What is of an older connection lies before the first.
    return { seq: (seq - first.get(ours)!) | 0, ack: base === undefined ? ack : (ack - base) | 0 };
  });
});

/** The numbers of a packet as the reader wants to see them. */
export function numbers({ packet, segment }: PacketRecord): { readonly seq: number; readonly ack: number } {
  return (relative.value && counted.value[packet - 1]) || segment;
}

/** `SYN,ACK`; `data` has no flag of its own. */
export function flagsText(flags: number): string {
  const names: readonly (readonly [number, string])[] = [
    [SYN, 'SYN'],
    [FIN, 'FIN'],
    [RST, 'RST'],
    [ACK, 'ACK'],
  ];
  return names
    .filter(([bit]) => flags & bit)
    .map(([, name]) => name)
    .join(',');
}

/** Its flags and numbers, as on its arrow but shorter. */
function summary(packet: PacketRecord): string {
  const { flags, length } = packet.segment;
  const { seq, ack } = numbers(packet);
  const parts = [flagsText(length > 0 ? flags & ~ACK : flags)];
  if (length > 0) parts.push(`${length} B`);
  if (length > 0 || flags & (SYN | FIN | RST)) parts.push(`seq=${seq}`);
  if (flags & ACK) parts.push(`ack=${ack}`);
  return parts.filter(Boolean).join(' ');
}

/** What is written at the beginning of a steep arrow. */
export function stub(packet: PacketRecord): string {
  const { length, flags } = packet.segment;
  const { seq, ack } = numbers(packet);
  return length > 0 || flags & (SYN | FIN | RST)
    ? `${length > 0 ? '' : `${flagsText(flags)} `}seq=${seq}`
    : `ack=${ack}`;
}

/** The least: who to whom, and what for. */
export function title({ from, to, segment: { flags, length } }: PacketRecord): string {
  return `${from} → ${to} ${length > 0 ? `${length} B` : flagsText(flags)}`;
}

/** A packet in a line: who to whom, and what. */
export function label(packet: PacketRecord, { faults }: Words): string {
  const { from, to, claims } = packet;
  return `${from} → ${to}  ${summary(packet)}${claims === from ? '' : ` (${faults.claims(claims)})`}`;
}

/** The same as a sentence. @param over whether the reader knows what became of it */
export function sentence(packet: PacketRecord, over: boolean, { ladder }: Words): string {
  const { from, to, segment, fate, sent, arrives, retransmission, copyOf } = packet;
  const { seq, ack } = numbers(packet);
  return ladder.arrow({
    from,
    to,
    flags: flagsText(segment.flags),
    octets: segment.length,
    seq,
    ack: segment.flags & ACK ? ack : null,
    retransmission,
    copy: copyOf !== null,
    fate: over ? fate : 'in flight',
    sent: clock(sent),
    arrives: clock(arrives),
  });
}
