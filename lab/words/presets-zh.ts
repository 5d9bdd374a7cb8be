/** Owns: what the presets say, in Chinese. */

import type { PresetId } from '../presets/ids.ts';
import type { PresetWords } from './types.ts';

export const presets: Readonly<Record<PresetId, PresetWords>> = {
  handshake: {
    title: '三次握手：为什么是三次？',
    story: [
      'A 上的程序想和 B 上的程序通话。传数据之前，双方都得确认：对方此刻确实在，以及对方从几号开始给字节编号。',
      'A 用 SYN 报出自己的序号。B 用 SYN,ACK 报出自己的序号，同时把 A 的序号加一送回去：“你的，我听到了。”A 再把 B 的序号加一送回去：“你的，我也听到了。”',
      '两次询问，两次回答。B 的回答和 B 的询问合在同一个报文段里，所以一共三个。',
    ],
    predict: {
      question: 'B 发出 SYN,ACK 的时候，它知道什么？',
      answers: ['A 就在那里，而且听得到自己', '只知道来了一个 SYN，别的都不知道', '连接已经建立'],
      right: 1,
      because:
        '这个 SYN 可能是旧的，也可能是伪造的；B 的回答也可能丢失。只有第三个报文段能证明，真的有人听到了 B 的序号。在那之前 B 停在 SYN-RECEIVED。',
    },
    challenge: {
      task: '丢掉一个报文段，让连接仍然能建立，但要花一秒以上。',
      hint: '丢掉 A 的第一个 SYN。没有人应答，一秒之后 A 的重传定时器就会触发。',
      praise: '没有谁告诉 TCP 丢了包。它手里只有沉默，和一只钟。',
    },
  },
  'lost-synack': {
    title: 'SYN,ACK 丢了',
    story: [
      'B 的应答没有送到。B 以为自己已经答过，A 以为那边没有人。',
      '双方都发过必须得到确认的东西，所以双方都有定时器在走。谁的先到，谁就再说一遍。',
      'SYN 第二次到达。B 认得它，于是用同一个序号把应答再发一次。',
    ],
    predict: {
      question: 'A 的 SYN 第二次到达 B，B 会怎样？',
      answers: ['再打开一个连接', '把同一个 SYN,ACK 再发一次', '回一个 RST'],
      right: 1,
      because: '序号相同，就是同一个 SYN。它又来了，说明应答丢了，所以 B 再说一遍。',
    },
    challenge: {
      task: '让情况更糟：两秒之后连接才能建立。',
      hint: '把 B 的第二个 SYN,ACK 也丢掉。',
      praise: '每沉默一次，等待就加倍：1 秒、2 秒、4 秒……这样，本来就有麻烦的网络不会再被重传淹没。',
    },
  },
  'half-close': {
    title: '半关闭：为什么是四次？',
    story: [
      '一个连接其实是两条数据流，一来一去。A 发完请求就关闭：它的 FIN 说的是“我没有话要说了”，不是“我不听了”。',
      'B 确认这个 FIN，然后继续发送回答，要多久就多久。A 在 FIN-WAIT-2 照常接收，照常确认。',
      'B 说完了，也关闭。两个 FIN，各要一次确认：这就是四次。',
    ],
    predict: {
      question: 'A 已经关闭了。B 现在发来的数据会怎样？',
      answers: ['A 照常接收', 'A 回一个 RST', 'B 已经不能再发'],
      right: 0,
      because: '每个方向由它的发送方来关闭，A 关的只是自己那一边。B 处在 CLOSE-WAIT，再发几个小时也可以。',
    },
    challenge: {
      task: '让 B 的程序在回答的途中得知一个错误（ECONNRESET）。',
      hint: '让 A 的程序在等待回答时中止连接：A，ABORT，500 ms。',
      praise: 'FIN 是礼貌地结束一个方向。RST 则让两个方向立刻同时结束，路上的一切都作废。',
    },
  },
};
