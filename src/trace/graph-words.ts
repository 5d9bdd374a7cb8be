/** Owns: the words of graphs over time, in English and Chinese. */

import { type Language, trimmed } from './words.ts';

export interface GraphWords {
  readonly sequence: string;
  readonly congestion: string;
  /** Axes. */
  readonly sequenceNumber: string;
  readonly octets: string;
  /** What is shown. */
  readonly sent: string;
  readonly again: string;
  readonly lost: string;
  readonly acknowledged: string;
  readonly edge: string;
  readonly reported: string;
  readonly duplicate: string;
  readonly zero: string;
  readonly syn: string;
  readonly fin: string;
  readonly rst: string;
  readonly cwnd: string;
  readonly ssthresh: string;
  readonly pipe: string;
  readonly phases: Readonly<Record<'slow-start' | 'congestion-avoidance' | 'fast-recovery' | 'loss', string>>;
  readonly undone: string;
  readonly nothing: string;
  clock(ms: number, seconds: boolean): string;
  describeSequence(segments: number, octets: number, again: number, from: string, to: string): string;
  describeCongestion(changes: number, most: number, reductions: number): string;
}

const en: GraphWords = {
  sequence: 'Sequence numbers over time',
  congestion: 'The congestion window over time',
  sequenceNumber: 'sequence number',
  octets: 'octets',
  sent: 'segment',
  again: 'sent again',
  lost: 'lost on the way',
  acknowledged: 'acknowledged up to here',
  edge: 'the window ends here',
  reported: 'reported by SACK',
  duplicate: 'duplicate ACK',
  zero: 'zero window',
  syn: 'SYN',
  fin: 'FIN',
  rst: 'RST',
  cwnd: 'congestion window (cwnd)',
  ssthresh: 'slow start threshold (ssthresh)',
  pipe: 'in the network (pipe)',
  phases: {
    'slow-start': 'slow start',
    'congestion-avoidance': 'congestion avoidance',
    'fast-recovery': 'fast recovery',
    loss: 'after a timeout',
  },
  undone: 'reduction undone',
  nothing: 'nothing to show',
  clock: (ms, seconds) => (seconds ? `${trimmed(ms / 1000, 3)} s` : `${trimmed(ms, 3)} ms`),
  describeSequence: (segments, octets, again, from, to) =>
    `${segments} segments with ${octets} octets from ${from} to ${to}, ${again} of them sent again.`,
  describeCongestion: (changes, most, reductions) =>
    `${changes} changes of the congestion window, which reaches ${most} octets and is reduced ${reductions} times.`,
};

const zh: GraphWords = {
  sequence: '序列号随时间的变化',
  congestion: '拥塞窗口随时间的变化',
  sequenceNumber: '序列号',
  octets: '字节',
  sent: '报文段',
  again: '重传',
  lost: '途中丢失',
  acknowledged: '已确认到此',
  edge: '窗口到此为止',
  reported: 'SACK 报告已收到',
  duplicate: '重复 ACK',
  zero: '零窗口',
  syn: 'SYN',
  fin: 'FIN',
  rst: 'RST',
  cwnd: '拥塞窗口（cwnd）',
  ssthresh: '慢启动阈值（ssthresh）',
  pipe: '网络中（pipe）',
  phases: {
    'slow-start': '慢启动',
    'congestion-avoidance': '拥塞避免',
    'fast-recovery': '快速恢复',
    loss: '超时之后',
  },
  undone: '撤销缩减',
  nothing: '没有可显示的内容',
  clock: (ms, seconds) => (seconds ? `${trimmed(ms / 1000, 3)} 秒` : `${trimmed(ms, 3)} 毫秒`),
  describeSequence: (segments, octets, again, from, to) =>
    `从 ${from} 到 ${to} 的 ${segments} 个报文段，共 ${octets} 字节，其中 ${again} 个是重传。`,
  describeCongestion: (changes, most, reductions) =>
    `拥塞窗口变化 ${changes} 次，最大 ${most} 字节，缩减 ${reductions} 次。`,
};

export const GRAPH_WORDS: Readonly<Record<Language, GraphWords>> = { en, zh };
