/**
 * Owns: which section of which RFC tells of what. In the tables a section of RFC 9293 is its number alone, one of another is
 * `5681:3.2`; spaces part several.
 */

import type { CallEvent, CongestionEvent, LinkEvent, TimerName } from '../trace/events.ts';
import { CWR, ECE, SYN, URG } from '../wire/tcp.ts';
import type { Arrival, Kind, Meaning } from './meaning.ts';
import type { Again, ArrowName, Ending } from './sentences.ts';

/** `RFC 9293 3.5` and so on, of a word of the tables. */
export function sectionsOf(words: string): string[] {
  return words
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => `RFC ${word.includes(':') ? word.replace(':', ' ') : `9293 ${word}`}`);
}

/** @param section e.g. `RFC 9293 3.5` */
export function rfcUrl(section: string): string {
  const [, number, part] = section.split(' ');
  return `https://www.rfc-editor.org/rfc/rfc${number}${part === undefined ? '' : `#section-${part}`}`;
}

/** Of a segment that is sent. `again`: why, if it was sent before. */
export function rfcOf({ kind, sack, twice, fin }: Meaning, flags: number, again: Again | null): string {
  return [
    again === null ? RFC[kind] : RFC_AGAIN[again],
    fin && again === null && kind === 'text' ? '3.6' : '',
    sack.length > 0 ? '2018:4' : '',
    twice === null ? '' : '2883:4',
    flags & (ECE | CWR) ? (flags & SYN ? '3168:6.1.1' : '3168:6.1') : '',
    flags & URG ? '3.8.5' : '',
  ].join(' ');
}

/** Of a segment that arrives. */
export function rfcOfArrival({ meaning, place, acked, syn, fin, duplicate }: Arrival): string {
  const { kind } = meaning;
  if (kind === 'refusal' || kind === 'no-connection' || kind === 'abort') {
    return place === 'outside' ? '5961:3.2' : '3.5.3';
  }
  if (kind === 'syn' && place !== 'next') return '5961:4.2';
  if (duplicate > 0) return '5681:3.2';
  if (place === 'beyond' || place === 'fills') return '5681:4.2 3.10.7.4';
  if (place === 'aged') return '7323:5.3';
  if (place === 'old' || place === 'outside') return '3.4 3.10.7.4';
  return acked > 0 || syn || fin || place === 'none' ? '3.4 3.10.7.4' : '3.10.7';
}

export const RFC: Readonly<Record<Kind | 'forged', string>> = {
  syn: '3.5 3.4.1',
  'syn-ack': '3.5',
  'syn-both': '3.5',
  handshake: '3.5',
  text: '3.8',
  fin: '3.6',
  ack: '3.4 3.8.6.3',
  'ack-again': '3.10.7.4',
  'ack-fin': '3.6',
  'ack-fin-again': '3.10.7.4',
  duplicate: '5681:4.2',
  window: '3.8.6.2.2',
  'zero-window': '3.8.6',
  'window-probe': '3.8.6.1',
  'probe-answer': '3.8.6.1',
  'keep-alive': '3.8.4',
  'keep-alive-answer': '3.8.4',
  challenge: '5961:7',
  refusal: '3.5.2',
  'no-connection': '3.5.2 3.5.1',
  abort: '3.10.5',
  forged: '5961:1',
};

export const RFC_AGAIN: Readonly<Record<Again, string>> = {
  'time-out': '6298:5 3.8.1',
  missing: '5681:3.2 6675:5',
  probe: '8985:7',
  unknown: '3.8.1',
};

export const RFC_ARROWS: Readonly<Record<ArrowName, string>> = {
  'CLOSED>LISTEN': '3.10.1',
  'CLOSED>SYN-SENT': '3.10.1 3.5',
  'LISTEN>SYN-RECEIVED': '3.10.7.2 3.5',
  'LISTEN>SYN-SENT': '3.10.1',
  'LISTEN>CLOSED': '3.10.4',
  'SYN-SENT>SYN-RECEIVED': '3.10.7.3 3.5',
  'SYN-SENT>ESTABLISHED': '3.10.7.3 3.5',
  'SYN-RECEIVED>ESTABLISHED': '3.10.7.4 3.5',
  'SYN-RECEIVED>FIN-WAIT-1': '3.10.4',
  'SYN-RECEIVED>LISTEN': '3.10.7.4 3.5.3',
  'ESTABLISHED>FIN-WAIT-1': '3.10.4 3.6',
  'ESTABLISHED>CLOSE-WAIT': '3.10.7.4 3.6.1',
  'FIN-WAIT-1>FIN-WAIT-2': '3.10.7.4 3.6.1',
  'FIN-WAIT-1>CLOSING': '3.10.7.4 3.6',
  'FIN-WAIT-1>TIME-WAIT': '3.10.7.4 3.6',
  'FIN-WAIT-2>TIME-WAIT': '3.10.7.4 3.6',
  'CLOSE-WAIT>LAST-ACK': '3.10.4 3.6',
  'CLOSING>TIME-WAIT': '3.10.7.4 3.6',
  'LAST-ACK>CLOSED': '3.10.7.4 3.6',
  'TIME-WAIT>CLOSED': '3.10.8 3.6',
  'TIME-WAIT>SYN-RECEIVED': '3.6 6191:2',
  'SYN-RECEIVED>TIME-WAIT': '3.6',
};

export const RFC_ENDS: Readonly<Record<Ending, string>> = {
  reset: '3.5.3',
  timeout: '3.8.3',
  orphan: '3.6.1',
  call: '3.10.5',
};

export const RFC_TIMERS: Readonly<Record<TimerName, string>> = {
  retransmission: '6298:5 3.8.1',
  'tail-loss-probe': '8985:7',
  reordering: '8985:6.2',
  persist: '3.8.6.1',
  'delayed-ack': '3.8.6.3',
  'keep-alive': '3.8.4',
  pacing: '3.8.2',
  user: '3.8.3',
  linger: '3.6',
  cork: '3.7.4',
  'time-wait': '3.6 3.4.2',
  'fin-wait-2': '3.6.1',
};

export const RFC_PHASES: Readonly<Record<CongestionEvent['phase'], string>> = {
  'slow-start': '5681:3.1',
  'congestion-avoidance': '5681:3.1',
  'fast-recovery': '5681:3.2 6675:5',
  loss: '5681:3.1 6298:5',
};

export const RFC_CALLS: Readonly<Record<CallEvent['call'], string>> = {
  OPEN: '3.10.1',
  SEND: '3.10.2',
  RECEIVE: '3.10.3',
  CLOSE: '3.10.4',
  ABORT: '3.10.5',
};

export const RFC_LINK: Readonly<Record<LinkEvent['type'], string>> = {
  'packet-lost': '3.8.1',
  'packet-duplicated': '3.4',
  'packet-reordered': '3.4',
  'packet-corrupted': '3.1',
  'packet-held': '',
  'packet-released': '',
  'packet-injected': '3.4.1 5961:1',
};
