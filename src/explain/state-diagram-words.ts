/** Owns: the words of the state diagram. Names of states, calls and flags stay the RFC's. */

import type { Arrow, State } from '../tcp/state.ts';
import type { Language } from '../trace/words.ts';

export interface StateWords {
  readonly title: string;
  /** What leads along an arrow. */
  event(arrow: Arrow): string;
  count(seen: number, all: number): string;
  current(state: State): string;
  way(from: State, steps: readonly { readonly to: State; readonly event: string }[]): string;
}

const en: StateWords = {
  title: 'The states of a connection',
  event: ({ event }) => event,
  count: (seen, all) => `${seen} of ${all} arrows seen; ○ is CLOSED`,
  current: (state) => `It is in ${state}.`,
  way: (from, steps) =>
    steps.length === 0
      ? `The connection has not left ${from}.`
      : `From ${from} to ${steps.map(({ to, event }) => `${to} (${event})`).join(', then ')}.`,
};

/** The same in Chinese, by arrow. */
export const EVENTS_ZH: Readonly<Record<string, string>> = {
  'CLOSED LISTEN': '被动 OPEN',
  'CLOSED SYN-SENT': '主动 OPEN / SYN',
  'LISTEN SYN-RECEIVED': '收到 SYN / SYN,ACK',
  'LISTEN SYN-SENT': '指定对端的 OPEN 或 SEND / SYN',
  'LISTEN CLOSED': 'CLOSE 或 ABORT',
  'SYN-SENT SYN-RECEIVED': '收到 SYN / SYN,ACK（同时打开）',
  'SYN-SENT ESTABLISHED': '收到 SYN,ACK / ACK',
  'SYN-SENT CLOSED': 'CLOSE、ABORT、收到 RST 或 R2',
  'SYN-RECEIVED ESTABLISHED': '收到对 SYN 的 ACK',
  'SYN-RECEIVED FIN-WAIT-1': 'CLOSE / FIN',
  'SYN-RECEIVED LISTEN': '收到 RST 或 SYN，或 R2（被动 OPEN）',
  'SYN-RECEIVED CLOSED': '收到 RST、R2（主动 OPEN）或 ABORT',
  'ESTABLISHED FIN-WAIT-1': 'CLOSE / FIN',
  'ESTABLISHED CLOSE-WAIT': '收到 FIN / ACK',
  'ESTABLISHED CLOSED': '收到 RST、R2 或 ABORT',
  'FIN-WAIT-1 FIN-WAIT-2': '收到对 FIN 的 ACK',
  'FIN-WAIT-1 CLOSING': '收到 FIN / ACK（同时关闭）',
  'FIN-WAIT-1 TIME-WAIT': '收到 FIN 及对 FIN 的 ACK / ACK',
  'FIN-WAIT-1 CLOSED': '收到 RST、R2 或 ABORT',
  'FIN-WAIT-2 TIME-WAIT': '收到 FIN / ACK',
  'FIN-WAIT-2 CLOSED': '收到 RST、ABORT 或无主过久',
  'CLOSE-WAIT LAST-ACK': 'CLOSE / FIN',
  'CLOSE-WAIT CLOSED': '收到 RST、R2 或 ABORT',
  'CLOSING TIME-WAIT': '收到对 FIN 的 ACK',
  'CLOSING CLOSED': '收到 RST、R2 或 ABORT',
  'LAST-ACK CLOSED': '收到对 FIN 的 ACK、RST、R2 或 ABORT',
  'TIME-WAIT CLOSED': '2 MSL',
  'TIME-WAIT SYN-RECEIVED': '收到更新的 SYN / SYN,ACK（MAY-2，RFC 6191）',
  'SYN-RECEIVED TIME-WAIT': '收到 RST：较新的 SYN 原来是旧的（MAY-2）',
};

const zh: StateWords = {
  title: '连接的状态',
  event: (arrow) => EVENTS_ZH[`${arrow.from} ${arrow.to}`] ?? arrow.event,
  count: (seen, all) => `已走过 ${all} 条箭头中的 ${seen} 条；○ 即 CLOSED`,
  current: (state) => `当前状态：${state}。`,
  way: (from, steps) =>
    steps.length === 0
      ? `连接仍在 ${from}。`
      : `从 ${from} 到 ${steps.map(({ to, event }) => `${to}（${event}）`).join('，再到 ')}。`,
};

export const STATE_WORDS: Readonly<Record<Language, StateWords>> = { en, zh };
