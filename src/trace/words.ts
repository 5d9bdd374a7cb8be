/**
 * Owns: the words of pictures, in English and Chinese. Flags, states and calls keep the RFC's names in both.
 */

import type { TimerName } from './events.ts';

/** The languages a ladder speaks. */
export type Language = 'en' | 'zh';

/** What happens to a packet besides arriving. */
export type Mark =
  | 'lost'
  | 'dropped'
  | 'duplicated'
  | 'copy'
  | 'reordered'
  | 'corrupted'
  | 'held'
  | 'released'
  | 'injected'
  | 'retransmission'
  /** An analysis found something; its words are its own. */
  | 'remarked';

export interface Words {
  readonly marks: Readonly<Record<Mark, string>>;
  readonly timers: Readonly<Record<TimerName, string>>;
  /** A timer fires; is set for a while; is stopped. */
  fires(timer: string): string;
  set(timer: string, wait: string): string;
  stopped(timer: string): string;
  octets(count: number): string;
  /** The line in place of a time in which nothing happens. */
  later(time: string): string;
  port: string;
  state: string;
  /** Who is at the other end. */
  peer: string;
  second: string;
  millisecond: string;
}

const en: Words = {
  marks: {
    lost: 'lost',
    dropped: 'dropped',
    duplicated: 'duplicated',
    copy: 'copy',
    reordered: 'delayed: reordered',
    corrupted: 'corrupted',
    held: 'held',
    released: 'released',
    injected: 'injected',
    retransmission: 'retransmission',
    remarked: 'remarked',
  },
  timers: {
    retransmission: 'retransmission',
    'tail-loss-probe': 'tail-loss-probe',
    reordering: 'reordering',
    persist: 'persist',
    'delayed-ack': 'delayed-ACK',
    'keep-alive': 'keep-alive',
    pacing: 'pacing',
    user: 'user',
    linger: 'linger',
    cork: 'cork',
    'time-wait': 'TIME-WAIT',
    'fin-wait-2': 'FIN-WAIT-2',
  },
  fires: (timer) => `${timer} timer fires`,
  set: (timer, wait) => `${timer} timer set: ${wait}`,
  stopped: (timer) => `${timer} timer stopped`,
  octets: (count) => `${count} octet${count === 1 ? '' : 's'}`,
  later: (time) => `... ${time} later ...`,
  port: 'port',
  state: 'state',
  peer: 'peer',
  second: 's',
  millisecond: 'ms',
};

const zh: Words = {
  marks: {
    lost: '丢失',
    dropped: '丢弃',
    duplicated: '被复制',
    copy: '副本',
    reordered: '延迟，乱序',
    corrupted: '损坏',
    held: '扣留',
    released: '放行',
    injected: '注入',
    retransmission: '重传',
    remarked: '注明',
  },
  timers: {
    retransmission: '重传',
    'tail-loss-probe': '尾丢包探测',
    reordering: '乱序等待',
    persist: '坚持',
    'delayed-ack': '延迟确认',
    'keep-alive': '保活',
    pacing: '发送节奏',
    user: '用户超时',
    linger: '关闭等待',
    cork: '合并等待',
    'time-wait': 'TIME-WAIT',
    'fin-wait-2': 'FIN-WAIT-2',
  },
  fires: (timer) => `${spaced(timer)}定时器到期`,
  set: (timer, wait) => `${spaced(timer)}定时器启动：${wait}`,
  stopped: (timer) => `${spaced(timer)}定时器停止`,
  octets: (count) => `${count} 字节`,
  later: (time) => `…… ${time}之后 ……`,
  port: '端口',
  state: '状态',
  peer: '对端',
  second: '秒',
  millisecond: '毫秒',
};

/** A space between Latin letters and the Chinese that follows. */
function spaced(word: string): string {
  return /\w$/.test(word) ? `${word} ` : word;
}

export const WORDS: Readonly<Record<Language, Words>> = { en, zh };

/** `60 s`, `250 ms`, `1.5 s`: a time a person reads at a glance. */
export function duration(ms: number, words: Words): string {
  const [value, unit] = ms >= 1000 ? [ms / 1000, words.second] : [ms, words.millisecond];
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${trimmed(value, digits)} ${unit}`;
}

/** A number with at most `digits` decimals and no zeros at its end. */
export function trimmed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
