/**
 * Owns: faults in words, in English and Chinese: which packet it was, what it carried, and what happened to it.
 */

import type { SegmentEvent, TraceEvent } from '../trace/events.ts';
import { RelativeNumbers } from '../trace/text.ts';
import { duration, type Language, trimmed, WORDS } from '../trace/words.ts';
import type { Fault, FaultRecord } from './plan.ts';

/** A link's name, and those of what is at its ends. */
export interface LinkNames {
  readonly name: string;
  readonly ends: readonly [string, string];
}

export interface FaultWordsOptions {
  /** Default 'en'. */
  readonly lang?: Language;
  /** Of the run: what packets carried is found here by their names. Default none. */
  readonly trace?: readonly TraceEvent[];
  /** Links by name: packets go from an end to the other. Of a link that is not here its name is said. */
  readonly links?: readonly LinkNames[];
}

/**
 * Each fault in words, in order: `the 3rd packet from client to server, PSH,ACK seq=1 len=5 ack=1, was lost (at 30 ms)`.
 */
export function faultWords(records: readonly FaultRecord[], options: FaultWordsOptions = {}): string[] {
  const { lang = 'en', trace = [], links = [] } = options;
  const carried = segmentTexts(trace, new Set(records.map(({ packet }) => packet)));
  const sentence = lang === 'zh' ? chinese : english;
  return records.map(({ fault, time, packet }) => {
    return sentence(fault, pathOf(fault, links), carried.get(packet) ?? null, trimmed(time, 3));
  });
}

/** The way a packet went, or null where its link is not known. */
interface Path {
  readonly from: string;
  readonly to: string;
  /** Of several links between the two the one; else null. */
  readonly link: string | null;
}

function pathOf(fault: Fault, links: readonly LinkNames[]): Path | null {
  if (fault.kind === 'chance') return null;
  const link = links.find(({ name }) => name === fault.link);
  if (link === undefined) return null;
  const [from, to] = fault.direction === 'forth' ? link.ends : ([link.ends[1], link.ends[0]] as const);
  const alike = links.filter(({ ends }) => ends.includes(from) && ends.includes(to));
  return { from, to, link: alike.length > 1 ? link.name : null };
}

/** What the segments of these packets say, in relative numbers. */
function segmentTexts(trace: readonly TraceEvent[], packets: ReadonlySet<number>): ReadonlyMap<number, string> {
  const numbers = new RelativeNumbers();
  const texts = new Map<number, string>();
  const sent = trace.filter((event): event is SegmentEvent => event.type === 'segment-sent');
  for (const event of sent) {
    numbers.see(event);
    if (event.packet !== 0 && packets.has(event.packet)) texts.set(event.packet, numbers.text(event, false));
  }
  return texts;
}

function english(fault: Fault, path: Path | null, segment: string | null, time: string): string {
  const at = `(at ${time} ms)`;
  if (fault.kind === 'chance') {
    return `the scenario's decision '${fault.name}' was yes the ${ordinal(fault.ask)} time it was asked ${at}`;
  }
  const way =
    path === null
      ? `on link '${fault.link}' (${fault.direction})`
      : `from ${path.from} to ${path.to}${path.link === null ? '' : ` on link '${path.link}'`}`;
  const packet = `the ${ordinal(fault.packet)} packet ${way}${segment === null ? '' : `, ${segment},`}`;
  return `${'copy' in fault ? `the copy of ${packet}` : packet} ${englishFate(fault)} ${at}`;
}

function englishFate(fault: Exclude<Fault, { kind: 'chance' }>): string {
  switch (fault.kind) {
    case 'loss':
      return 'was lost';
    case 'duplicate':
      return 'arrived twice';
    case 'corrupt':
      return `had a bit flipped: bit ${fault.bit % 8} of octet ${Math.floor(fault.bit / 8)}`;
    case 'jitter':
      return `was late by ${duration(fault.by, WORDS.en)}`;
    case 'reorder':
      return `was held back for ${duration(fault.by, WORDS.en)}, so that others could pass it`;
  }
}

function ordinal(n: number): string {
  const tens = n % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${suffix}`;
}

function chinese(fault: Fault, path: Path | null, segment: string | null, time: string): string {
  const at = `（在 ${time} 毫秒）`;
  if (fault.kind === 'chance') return `场景的随机决定“${fault.name}”第 ${fault.ask} 次被问到时为“是”${at}`;
  const way =
    path === null
      ? `链路“${fault.link}”（${fault.direction}）上`
      : `${path.link === null ? '' : `链路“${path.link}”上`}从 ${path.from} 到 ${path.to} `;
  const packet = `${way}的第 ${fault.packet} 个包${segment === null ? '' : `（${segment}）`}`;
  return `${packet}${'copy' in fault ? '的副本' : ''}${chineseFate(fault)}${at}`;
}

function chineseFate(fault: Exclude<Fault, { kind: 'chance' }>): string {
  switch (fault.kind) {
    case 'loss':
      return '丢失了';
    case 'duplicate':
      return '到达了两次';
    case 'corrupt':
      return `有一个比特被翻转：第 ${Math.floor(fault.bit / 8)} 个字节的第 ${fault.bit % 8} 位`;
    case 'jitter':
      return `晚到了 ${duration(fault.by, WORDS.zh)}`;
    case 'reorder':
      return `被滞留了 ${duration(fault.by, WORDS.zh)}，其他包可以超过它`;
  }
}
