/** Owns: what `tsyn explain` says besides stories, in English and Chinese. */

import type { Language } from '../../trace/index.ts';

/** How a connection opened and ended, in a word or two, for the table. */
export type Opened = 'one-way' | 'handshake' | 'refused' | 'unanswered' | 'answer' | 'middle';
export type Ended = 'closed' | 'half-closed' | 'reset' | 'open' | 'refused';

export interface ExplainTexts {
  readonly columns: {
    readonly stream: string;
    readonly from: string;
    readonly to: string;
    readonly packets: string;
    readonly octets: string;
    readonly duration: string;
    readonly roundTrip: string;
    readonly rate: string;
    readonly loss: string;
    readonly opened: string;
    readonly ended: string;
    readonly anomalies: string;
  };
  readonly opened: Readonly<Record<Opened, string>>;
  readonly ended: Readonly<Record<Ended, string>>;
  connections(count: number, packets: number): string;
  none(packets: number): string;
  readonly stream: string;
  notDrawn(count: number): string;
  crowded: string;
  dropped(count: number): string;
  malformed(count: number): string;
  written(path: string): string;
  readable(packets: number): string;
  readonly page: {
    title(file: string): string;
    readonly estimated: string;
    readonly ladder: string;
    readonly states: string;
    readonly sequence: string;
    readonly segments: string;
    readonly frame: string;
    readonly time: string;
    readonly what: string;
    only(count: number): string;
  };
}

const en: ExplainTexts = {
  columns: {
    stream: 'stream',
    from: 'from',
    to: 'to',
    packets: 'packets',
    octets: 'octets',
    duration: 'duration',
    roundTrip: 'RTT',
    rate: 'rate',
    loss: 'again',
    opened: 'opened',
    ended: 'ended',
    anomalies: 'anomalies',
  },
  opened: {
    'one-way': 'one way',
    handshake: 'handshake',
    refused: 'refused',
    unanswered: 'no answer',
    answer: 'SYN missing',
    middle: 'before',
  },
  ended: { closed: 'closed', 'half-closed': 'half-closed', reset: 'reset', open: 'open', refused: 'refused' },
  connections: (count, packets) =>
    `${count} TCP connection${count === 1 ? '' : 's'} in ${packets} packet${packets === 1 ? '' : 's'}`,
  none: (packets) => `no TCP in ${packets} packet${packets === 1 ? '' : 's'}`,
  stream: 'Stream',
  notDrawn: (count) => `${count} more segments`,
  crowded: '--connection N tells the story of one',
  dropped: (count) => `${count} connections more are not in the table: there are too many`,
  malformed: (count) => `${count} packets could not be read: cut off, or their headers make no sense`,
  written: (path) => `written: ${path}`,
  readable: (packets) => `what is told is of the ${packets} packet${packets === 1 ? '' : 's'} before that`,
  page: {
    title: (file) => `TCP in ${file}`,
    estimated:
      'A capture has one time for each packet. In the ladder a packet is sent half of the least round trip to its sender earlier, and received half of the other’s later.',
    ladder: 'Ladder',
    states: 'States',
    sequence: 'Sequence numbers',
    segments: 'Segments, explained',
    frame: 'frame',
    time: 'time',
    what: 'what it is',
    only: (count) => `Stories of the first ${count} connections follow; tsyn explain --connection N tells another.`,
  },
};

const zh: ExplainTexts = {
  columns: {
    stream: '流',
    from: '从',
    to: '到',
    packets: '包',
    octets: '字节',
    duration: '时长',
    roundTrip: 'RTT',
    rate: '速率',
    loss: '重传',
    opened: '建立',
    ended: '结束',
    anomalies: '异常',
  },
  opened: {
    'one-way': '单向',
    handshake: '握手',
    refused: '被拒绝',
    unanswered: '无应答',
    answer: '缺 SYN',
    middle: '捕获之前',
  },
  ended: { closed: '关闭', 'half-closed': '半关闭', reset: 'RST', open: '未结束', refused: '被拒绝' },
  connections: (count, packets) => `${packets} 个包里有 ${count} 个 TCP 连接`,
  none: (packets) => `${packets} 个包里没有 TCP`,
  stream: '流',
  notDrawn: (count) => `还有 ${count} 个报文段`,
  crowded: '用 --connection N 看其中一个的经过',
  dropped: (count) => `连接太多，另有 ${count} 个不在表里`,
  malformed: (count) => `有 ${count} 个包读不了：被截断，或者头部自相矛盾`,
  written: (path) => `已写入：${path}`,
  readable: (packets) => `以上只涉及此前的 ${packets} 个包`,
  page: {
    title: (file) => `${file} 里的 TCP`,
    estimated:
      '捕获文件给每个包只记一个时间。在时序图里，发送时间提前了到发送方最短往返时间的一半，接收时间推后了到接收方最短往返时间的一半。',
    ladder: '时序图',
    states: '状态',
    sequence: '序号',
    segments: '逐段讲解',
    frame: '帧',
    time: '时间',
    what: '说明',
    only: (count) => `下面是前 ${count} 个连接的经过；其余的用 tsyn explain --connection N 查看。`,
  },
};

export const EXPLAIN_TEXTS: Readonly<Record<Language, ExplainTexts>> = { en, zh };
