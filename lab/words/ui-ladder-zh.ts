/** Owns: the same words in Chinese as in `ui-ladder-en.ts`. */

import type { TimerName } from 'tsyn/trace';
import type { Fate, HostName } from '../engine/types.ts';
import type { PacketAction } from '../ui/faults/actions.ts';
import type { LadderWords } from './ui-ladder-en.ts';

const fates: Readonly<Record<Fate, string>> = {
  delivered: '已送达',
  lost: '已丢失',
  corrupted: '已损坏，被丢弃',
  'in flight': '在途中',
};

const actions: Readonly<Record<PacketAction, string>> = {
  lose: '丢失',
  duplicate: '复制',
  delay: '延迟',
  swap: '交换',
  corrupt: '损坏',
  inject: '重放',
};

const calls = { open: '打开', listen: '监听', send: '发送', receive: '接收', close: '关闭', abort: '中止' };

const fires: Readonly<Record<TimerName, string>> = {
  retransmission: 'RTO 到期',
  'tail-loss-probe': 'TLP 到期',
  reordering: 'RACK 到期',
  persist: '该探测了',
  'delayed-ack': '该发 ACK 了',
  'keep-alive': '保活',
  pacing: '步速',
  user: '用户超时',
  linger: 'linger 到期',
  cork: 'cork 到期',
  'time-wait': '2 MSL 已满',
  'fin-wait-2': '等得太久',
};

function partition(host: HostName | null): string {
  return host === null ? '双向中断' : `${host} 发出的全部丢失`;
}

export const ladderZh: LadderWords = {
  frame: {
    skip: '跳到时序图',
    story: '这个场景讲什么',
    ladder: '报文段时序图',
    host: (host) => `主机 ${host}`,
    tabs: '细节',
    transport: '时间',
    help: '帮助：全部按键',
    close: '关闭',
    failed: (reason) => `这个输入无法运行：${reason}`,
  },
  transport: {
    start: '回到开头',
    back: '后退一步',
    play: '运行',
    pause: '暂停',
    again: '重新运行',
    step: '单步',
    next: '到下一次状态变化或断点',
    end: '到结尾',
    slider: '运行到第几步',
    position: (step, all, time) => `第 ${step} 步，共 ${all} 步，${time} 毫秒`,
    time: '虚拟时间：这里什么都不等真实的时钟',
    settings: '速度和断点',
    speed: '速度',
    halt: '遇到以下情况时停住',
    view: '显示',
    foresight: '用轮廓画出还没发生的事',
    breakpoints: {
      state: '状态变化',
      lost: '丢失或丢弃',
      retransmission: '重传',
      timer: '定时器到期',
      reset: '复位（RST）',
    },
  },
  ladder: {
    title: '时序图',
    time: '毫秒',
    empty: '还什么都没有发生。按“运行”，或按“单步”逐个事件地看。',
    run: '运行',
    step: '单步',
    hostMenu: (host) => `主机 ${host}：崩溃、切断`,
    fires,
    waits: (timer, time) => `${timer === 'time-wait' ? '2 MSL' : timer === 'persist' ? '坚持' : timer} ${time}`,
    crashes: (host) => `${host} 崩溃了`,
    fold: (time) => `静默 ${time}`,
    arrow: (it) => {
      const numbers = `序号 ${it.seq}${it.ack === null ? '' : `，确认号 ${it.ack}`}`;
      const text = it.octets === 0 ? '' : `，${it.octets} 字节`;
      const marks = `${it.retransmission ? '，重传' : ''}${it.copy ? '，副本' : ''}`;
      const what = it.flags === '' ? '数据' : it.flags;
      return `${it.from} 到 ${it.to}，${what}，${numbers}${text}${marks}，${fates[it.fate]}，${it.sent} 到 ${it.arrives} 毫秒`;
    },
  },
  faults: {
    hint: '点一个箭头，就可以丢失、复制或延迟这个报文段。',
    hintDrag: '也可以拖动它：拖出泳道，或者往下拖。',
    actions: '可以对这个报文段做什么',
    copy: '副本',
    claims: (host) => `冒充 ${host}`,
    short: actions,
    action: (action, ms) =>
      ({
        lose: '让它丢失',
        duplicate: `复制它，晚 ${ms} 毫秒到`,
        delay: `延迟 ${ms} 毫秒`,
        swap: '和下一个交换先后',
        corrupt: '弄坏它的校验和',
        inject: '现在再发一次',
      })[action],
    partition: (host) => `切断 ${host} 发出的……`,
    crash: (host) => `让 ${host} 崩溃`,
    bin: '拖到这里，让它丢失',
    shelf: '旧报文段',
    shelfHint: '所有发出过的报文段。点一个，或把它拖到时序图上，它就会再来一次。',
    edits: '你的改动',
    none: '还没有',
    undo: '撤销',
    redo: '重做',
    idle: '没有可改的东西',
    remove: (text) => `取消：${text}`,
    edit: (edit) => {
      switch (edit.op) {
        case 'partition':
          return `${partition(edit.host)}，${edit.at} 到 ${edit.until} 毫秒`;
        case 'crash':
          return `${edit.host} 在 ${edit.at} 毫秒崩溃`;
        case 'call':
          return `${edit.host}：在 ${edit.at} 毫秒${calls[edit.call]}${edit.octets === undefined ? '' : ` ${edit.octets} 字节`}`;
        default: {
          const name = `${edit.packet.host}#${edit.packet.nth}`;
          const done = { lose: '丢失', corrupt: '损坏', swap: '与下一个交换' };
          if (edit.op === 'duplicate') return `${name} 在 ${edit.by} 毫秒后复制`;
          if (edit.op === 'delay') return `${name} 延迟 ${edit.by} 毫秒`;
          return edit.op === 'inject' ? `${name} 在 ${edit.at} 毫秒重放` : `${name} ${done[edit.op]}`;
        }
      }
    },
    drag: {
      lose: '丢失',
      none: '',
      swap: '和下一个交换',
      delay: (ms) => `延迟 ${ms} 毫秒`,
      duplicate: (ms) => `${ms} 毫秒后复制`,
      inject: (ms) => `在 ${ms} 毫秒再来一次`,
      partition: (host, at, until) => `${partition(host)}：${at} 到 ${until} 毫秒`,
    },
  },
};
