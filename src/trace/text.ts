/**
 * Owns: trace events as text: a segment in one line with relative sequence numbers, widths on a terminal where Chinese
 * characters take two columns, JSON lines, and UTF-8 (the core has no runtime to ask).
 */

import { ACK, flagsText, RST, SYN, URG } from '../wire/tcp.ts';
import type { SegmentEvent, SegmentView, TraceEvent } from './events.ts';

/** A flow's memory: what its numbers are relative to. */
interface Flow {
  /** Sequence number shown as 0. */
  base: number;
  /** The furthest number seen, as it is shown; whether they have come round since. */
  furthest: number;
  round: boolean;
  known: boolean;
  /** Window scale of its SYN; -1 when that had none. */
  scale: number;
}

/**
 * Sequence numbers relative to each direction's initial one, as Wireshark shows them: the SYN is 0, the first octet of
 * text 1. A flow whose SYN was not seen starts at 1. What lies before the initial one, such as a segment of an older connection,
 * is negative, where Wireshark shows a number of ten digits.
 */
export class RelativeNumbers {
  readonly #flows: Map<string, Flow> = new Map();
  /** The segment that was asked about last, its direction and the other one: mostly it is asked about again. */
  #last: { readonly event: SegmentEvent; readonly flow: Flow; readonly back: Flow } | null = null;

  /** Learns from a segment; say it for every segment, in order, before asking for its text. */
  see(event: SegmentEvent): void {
    const { segment } = event;
    const { flow, back } = this.#both(event);
    if (segment.flags & SYN) {
      flow.base = segment.seq;
      flow.furthest = 0;
      flow.round = false;
      flow.known = true;
      flow.scale = segment.windowScale ?? -1;
    } else if (!flow.known) {
      flow.base = segment.flags & RST ? segment.seq : segment.seq - 1;
      flow.known = true;
    }
    const at = (segment.seq - flow.base) >>> 0;
    if (((at - flow.furthest) | 0) > 0) {
      flow.round ||= at < flow.furthest;
      flow.furthest = at;
    }
    if (segment.flags & ACK && !back.known) {
      back.base = segment.ack - 1;
      back.known = true;
    }
  }

  /**
   * `SYN,ACK seq=0 ack=1 win=65535 mss=1460 sackOK ws=7 ts`; windows are scaled where the scale is known.
   *
   * @param windows whether `win=` is said
   */
  text(event: SegmentEvent, windows: boolean = true): string {
    const { segment } = event;
    const { flow, back } = this.#both(event);
    const parts = [briefText(segment, flow, back)];
    if (windows) parts.push(`win=${segment.window * scaleOf(segment, flow, back)}`);
    if (segment.flags & URG) parts.push(`urg=${segment.urgent}`);
    if (segment.mss !== undefined) parts.push(`mss=${segment.mss}`);
    if (segment.sackPermitted === true) parts.push('sackOK');
    if (segment.windowScale !== undefined) parts.push(`ws=${segment.windowScale}`);
    if (segment.fastOpen !== undefined) parts.push(segment.fastOpen === '' ? 'tfo' : `tfo=${segment.fastOpen}`);
    if (segment.flags & SYN && segment.tsVal !== undefined) parts.push('ts');
    if (segment.sack !== undefined && segment.sack.length > 0) {
      parts.push(`sack=${segment.sack.map(([from, to]) => `${relative(from, back)}-${relative(to, back)}`).join(',')}`);
    }
    return parts.join(' ');
  }

  /** `SYN,ACK seq=0 ack=1`: the text without window, urgent pointer and options. */
  short(event: SegmentEvent): string {
    const { flow, back } = this.#both(event);
    return briefText(event.segment, flow, back);
  }

  #both(event: SegmentEvent): { readonly flow: Flow; readonly back: Flow } {
    if (this.#last?.event !== event) {
      const { src, dst, incarnation = 0 } = event;
      const { srcPort, dstPort } = event.segment;
      const flow = this.#flow(`${src} ${srcPort} ${dst} ${dstPort} ${incarnation}`);
      const back = this.#flow(`${dst} ${dstPort} ${src} ${srcPort} ${incarnation}`);
      this.#last = { event, flow, back };
    }
    return this.#last;
  }

  #flow(key: string): Flow {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = { base: 0, furthest: 0, round: false, known: false, scale: -1 };
      this.#flows.set(key, flow);
    }
    return flow;
  }
}

function briefText({ flags, seq, length, ack }: SegmentView, flow: Flow, back: Flow): string {
  let text = `${flagsText(flags) || '(no flags)'} seq=${relative(seq, flow)}`;
  if (length > 0) text += ` len=${length}`;
  if (flags & ACK) text += ` ack=${relative(ack, back)}`;
  return text;
}

function relative(n: number, { base, furthest, round }: Flow): number {
  const at = (n - base) >>> 0;
  const near = furthest + ((at - furthest) | 0);
  return near < 0 && !round ? near : at;
}

function scaleOf(segment: SegmentView, flow: Flow, back: Flow): number {
  // RFC 7323 2.2: SYN windows are never scaled, others only when both SYNs carried the option.
  if (segment.flags & SYN || flow.scale < 0 || back.scale < 0) return 1;
  return 1 << Math.min(flow.scale, 14);
}

/** `192.0.2.1:80`, `[2001:db8::1]:80`: as connections are named. */
export function endpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Columns a text takes on a terminal: wide characters two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character.codePointAt(0)!);
  return width;
}

function characterWidth(code: number): number {
  if (code < 0x300) return 1;
  if (code < 0x370 || (code >= 0x200b && code <= 0x200f) || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** The East Asian Wide and Fullwidth blocks (Unicode Standard Annex 11). */
const WIDE: ReadonlyArray<readonly [number, number]> = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** Spaces after the text up to `width` columns. */
export function padEnd(text: string, width: number, fill: string = ' '): string {
  return text + fill.repeat(Math.max(0, width - displayWidth(text)));
}

/** Spaces before the text up to `width` columns. */
export function padStart(text: string, width: number, fill: string = ' '): string {
  return fill.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** The text within `width` columns, its end replaced by `~` where it is longer. */
export function clip(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const character of text) {
    const w = characterWidth(character.codePointAt(0)!);
    if (used + w > width - 1) break;
    out += character;
    used += w;
  }
  return `${out}~`;
}

/** One event a line, as JSON; a final line feed when there is any. */
export function toJsonLines(events: Iterable<TraceEvent>): string {
  let text = '';
  for (const event of events) text += `${JSON.stringify(event)}\n`;
  return text;
}

/** The text in UTF-8; an unpaired surrogate becomes U+FFFD. */
export function utf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    let code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) out.push(code);
    else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return Uint8Array.from(out);
}

/** The text that is there in UTF-8; U+FFFD for what is none. */
export function fromUtf8(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; ) {
    const first = octets[at++]!;
    const more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    let code = more < 0 ? -1 : more === 0 ? first : first & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const next = octets[at] ?? 0;
      if (next >> 6 !== 2) {
        code = -1;
        break;
      }
      code = (code << 6) | (next & 0x3f);
      at++;
    }
    text += String.fromCodePoint(isCharacter(code, more) ? code : 0xfffd);
  }
  return text;
}

/** Whether UTF-8 has this code point in so many octets behind the first. */
function isCharacter(code: number, more: number): boolean {
  if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
  return code >= (more === 2 ? 0x800 : more === 3 ? 0x10000 : 0);
}
